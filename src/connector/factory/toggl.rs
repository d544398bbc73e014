//! From a `TargetApp` to the connector of Toggl Track.

use std::{fmt::Write as _, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{Connection, Options, Supplies, VendorAccess, key, vendor_client};
use crate::{
    api::{TargetAppSpec, connector::TogglConnector},
    connector::{ConnectorError, toggl},
    http::Auth,
};

/// Opens the connector. The API token is the user name of HTTP Basic, and a fixed word its password.
pub(super) fn open(
    connector: &TogglConnector,
    spec: &TargetAppSpec,
    supplies: Supplies,
    options: &Options,
) -> Result<Connection, ConnectorError> {
    let Supplies { keys, learnt, .. } = supplies;
    let token = key(&keys, "token")?;
    let access = VendorAccess {
        base: toggl::BASE,
        declared_base: connector.base_url.as_deref(),
        hosts: &[],
        auth: Auth::Basic { username: token.clone(), password: SecretString::from("api_token") },
        rate: toggl::rate(&learnt),
    };
    let client = vendor_client(access, spec, &keys, options)?;
    let (reader, writer) = toggl::open(toggl::Settings {
        client: client.clone(),
        organization: connector.organization_id.as_str().into(),
        default_workspace: connector.default_workspace_id.as_ref().map(|id| id.as_str().into()),
        credential: digest(&token),
        learnt,
        clock: Arc::clone(&options.clock),
    });
    Ok(Connection::new(reader, writer, client))
}

/// Tells one credential from another, and nothing about it: the first 32 bits of a digest.
fn digest(token: &SecretString) -> String {
    let digest = Sha256::digest(token.expose_secret().as_bytes());
    digest.iter().take(4).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
