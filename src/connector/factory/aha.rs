//! From a `TargetApp` to the connector to Aha!.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{Connection, Options, Supplies, VendorAccess, key, vendor_client};
use crate::{
    api::{TargetAppSpec, connector::AhaConnector},
    connector::{ConnectorError, aha},
    http::{Auth, RateSettings},
};

/// What Aha! grants an account: so many requests a minute, and no more than twenty in a second. What is saved up goes at
/// once, and with what comes in meanwhile it stays below that.
const PER_MINUTE: u32 = 300;
const AT_ONCE: u32 = 14;

pub(super) fn open(
    connector: &AhaConnector,
    spec: &TargetAppSpec,
    supplies: Supplies,
    options: &Options,
) -> Result<Connection, ConnectorError> {
    let Supplies { keys, learnt, .. } = supplies;
    let token = key(&keys, "token")?;
    let domain = connector.domain.to_ascii_lowercase();
    let base = format!("https://{domain}.aha.io/api/v1");
    let key_mark = mark(&token);
    let access = VendorAccess {
        base: &base,
        declared_base: connector.base_url.as_deref(),
        hosts: &[],
        auth: Auth::Bearer(token),
        rate: RateSettings::new(PER_MINUTE, Duration::from_mins(1), Some(AT_ONCE)),
    };
    let client = vendor_client(access, spec, &keys, options)?;
    let clock = Arc::clone(&options.clock);
    let (reader, writer) = aha::open(aha::Settings { client: client.clone(), domain, key_mark, learnt, clock });
    Ok(Connection::new(reader, writer, client))
}

/// What tells one key from another: a part of its digest, from which the key cannot be had.
fn mark(token: &SecretString) -> String {
    let digest = Sha256::digest(token.expose_secret().as_bytes());
    digest.iter().take(8).fold(String::new(), |mut mark, byte| {
        // Writing into a text cannot fail.
        let _ = write!(mark, "{byte:02x}");
        mark
    })
}
