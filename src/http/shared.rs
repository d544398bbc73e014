//! What the clients of one process share: connections, and for each credential its rate budget and access token.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::HttpError;
use super::oauth::Token;
use super::rate::{Budget, RateSettings};
use super::transport::{Transport, Wire};

/// How many credentials are remembered. One that is in use is never forgotten.
const CREDENTIALS: usize = 1024;

/// Identifies a credential on a host without holding it.
pub(super) type Fingerprint = [u8; 32];

/// What belongs to a credential rather than to a client.
pub(super) struct Credential {
    pub(super) budget: Budget,
    pub(super) token: tokio::sync::Mutex<Option<Token>>,
}

/// A handle to what is shared; clones are the same thing. One per process is enough.
#[derive(Clone, Default)]
pub struct Shared(Arc<Inner>);

#[derive(Default)]
struct Inner {
    credentials: Mutex<Credentials>,
    /// Without and with loopback.
    wires: Mutex<[Option<Arc<dyn Transport>>; 2]>,
}

#[derive(Default)]
struct Credentials {
    known: BTreeMap<Fingerprint, (u64, Arc<Credential>)>,
    uses: u64,
}

impl Shared {
    /// Shared state whose clients all use `transport` in place of the network.
    #[must_use]
    pub fn over(transport: Arc<dyn Transport>) -> Self {
        let wires = Mutex::new([Some(Arc::clone(&transport)), Some(transport)]);
        Self(Arc::new(Inner { credentials: Mutex::default(), wires }))
    }

    pub(super) fn transport(&self, allow_loopback: bool) -> Result<Arc<dyn Transport>, HttpError> {
        let mut wires = self.0.wires.lock().unwrap_or_else(PoisonError::into_inner);
        let [public, loopback] = &mut *wires;
        let wire = if allow_loopback { loopback } else { public };
        if let Some(wire) = wire {
            return Ok(Arc::clone(wire));
        }
        Ok(Arc::clone(wire.insert(Arc::new(Wire::new(allow_loopback)?))))
    }

    pub(super) fn credential(&self, fingerprint: Fingerprint, rate: RateSettings) -> Arc<Credential> {
        let mut credentials = self.0.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        let Credentials { known, uses } = &mut *credentials;
        *uses += 1;
        if let Some((used, credential)) = known.get_mut(&fingerprint) {
            *used = *uses;
            credential.budget.configure(rate);
            return Arc::clone(credential);
        }
        if known.len() >= CREDENTIALS {
            let idle = known.iter().filter(|(_, (_, credential))| Arc::strong_count(credential) == 1);
            if let Some(oldest) = idle.min_by_key(|(_, (used, _))| *used).map(|(fingerprint, _)| *fingerprint) {
                known.remove(&oldest);
            }
        }
        let budget = Budget::new(rate, Instant::now());
        let credential = Arc::new(Credential { budget, token: tokio::sync::Mutex::new(None) });
        known.insert(fingerprint, (*uses, Arc::clone(&credential)));
        credential
    }
}

#[cfg(test)]
impl Shared {
    /// How many credentials are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.0.credentials.lock().unwrap_or_else(PoisonError::into_inner).known.len()
    }
}

/// A digest over the parts of a credential; each is preceded by its length, so that no two lists look the same.
pub(super) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> Fingerprint {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().into()
}
