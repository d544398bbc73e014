//! What both halves of the connector know: settings, what was learnt, and what was seen of the organisation. It can only
//! read.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appaccess_core::access::Text;
use jiff::{SignedDuration, Timestamp};

use super::{
    Clock, Settings,
    learnt::Learnt,
    wire::{Group, User},
};
use crate::{
    connector::{ConnectorError, rest},
    http::{Get, Reader, Response, Target},
};

/// For how long a reading that was made for a change serves the next change too. The tests' clock stands still within a
/// pass; a real one bounds how old a set may be that is sent back whole.
const SERVES: SignedDuration = SignedDuration::from_secs(10);

/// Whether the vendor takes the credential at all, asked once where something was forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    Rejected,
}

/// What was seen of the organisation by this connector.
#[derive(Default)]
pub(super) struct Seen {
    /// The users by account.
    pub(super) users: BTreeMap<Text, User>,
    /// How many pages the last whole listing had.
    pub(super) pages: u64,
    /// When the users were last read for a change or a look-up, and whether that was all of them.
    pub(super) users_read: Option<(Timestamp, bool)>,
    /// The addresses of accounts that were just made.
    pub(super) invited: BTreeMap<Text, Text>,
    /// The groups as last read for a change.
    pub(super) groups: Option<(Timestamp, Vec<Group>)>,
}

/// The state of a connector that is open.
pub(super) struct Shared {
    pub(super) http: Reader,
    /// The organisation's id.
    pub(super) organization: Text,
    /// Where an invitation leads that names no workspace.
    pub(super) default_workspace: Option<Text>,
    /// A digest of the credential.
    pub(super) credential: String,
    clock: Clock,
    learnt: Mutex<Learnt>,
    seen: Mutex<Seen>,
    verdict: Mutex<Option<Verdict>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            http: settings.client.reader(),
            organization: settings.organization,
            default_workspace: settings.default_workspace,
            credential: settings.credential,
            clock: settings.clock,
            learnt: Mutex::new(Learnt::from_words(&settings.learnt)),
            seen: Mutex::default(),
            verdict: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Looks at, or adds to, what was learnt.
    pub(super) fn learn<T>(&self, work: impl FnOnce(&mut Learnt) -> T) -> T {
        work(&mut locked(&self.learnt))
    }

    /// Looks at, or adds to, what was seen.
    pub(super) fn seen<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut locked(&self.seen))
    }

    /// A user as last seen.
    pub(super) fn user(&self, account: &str) -> Option<User> {
        self.seen(|seen| seen.users.get(account).cloned())
    }

    /// The address of an account, of one that was just made too.
    pub(super) fn mail_of(&self, account: &str) -> Option<Text> {
        self.seen(|seen| {
            let user = seen.users.get(account).map(|user| user.email.clone());
            user.or_else(|| seen.invited.get(account).cloned())
        })
    }

    /// Whether something that was read at this time still serves.
    pub(super) fn serves(&self, at: Timestamp) -> bool {
        let age = self.now().duration_since(at);
        !age.is_negative() && age <= SERVES
    }

    /// Reads below the organisation.
    pub(super) async fn get(
        &self,
        what: &str,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Response, ConnectorError> {
        if locked(&self.verdict).is_some_and(|verdict| verdict == Verdict::Rejected) {
            return Err(ConnectorError::CredentialsRejected);
        }
        let path: Vec<&str> =
            ["organizations", &self.organization].into_iter().chain(segments.iter().copied()).collect();
        match rest::get(&self.http, what, &path, query).await {
            Err(ConnectorError::Forbidden { what }) => Err(self.forbidden(what).await),
            Ok(response) if response.status == 404 => Err(self.no_such_organization(&response)),
            other => other,
        }
    }

    /// Reads what belongs to no organisation, and has a quota of its own.
    pub(super) async fn get_own(&self, what: &str, segments: &[&str]) -> Result<Response, ConnectorError> {
        let target = Target::path(segments.iter().copied())
            .map_err(|error| ConnectorError::Protocol { what: format!("{what}: {error}") })?;
        rest::fetch(&self.http, what, Get::new(target).apart()).await
    }

    fn no_such_organization(&self, response: &Response) -> ConnectorError {
        let said = rest::said(response);
        ConnectorError::Settings(format!(
            "`organizationId`: Toggl knows no organisation {} of this credential ({said}); take the number from the \
             address of the organisation's page",
            self.organization
        ))
    }

    /// Toggl answers 403 to a bad credential and to a lack of rights alike; one request tells them apart. It belongs to no
    /// organisation, so it takes nothing from the quota.
    pub(super) async fn forbidden(&self, what: String) -> ConnectorError {
        let known = *locked(&self.verdict);
        let verdict = match known {
            Some(verdict) => verdict,
            None => match self.get_own("check the credential", &["me", "logged"]).await {
                Err(ConnectorError::Forbidden { .. } | ConnectorError::CredentialsRejected) => Verdict::Rejected,
                Ok(response) if response.is_success() => Verdict::Taken,
                // Nobody can tell; what is certain is that this was not permitted.
                _ => return ConnectorError::Forbidden { what },
            },
        };
        *locked(&self.verdict) = Some(verdict);
        match verdict {
            Verdict::Rejected => ConnectorError::CredentialsRejected,
            Verdict::Taken => ConnectorError::Forbidden { what },
        }
    }
}
