//! How Harvest is reached: its API, and the identity service that tells a wrong account from a bad token.

use std::time::Duration;

use url::Url;

use super::{Connection, Options, Supplies, VendorAccess, key, vendor_client};
use crate::{
    api::{TargetAppSpec, connector::HarvestConnector},
    connector::{ConnectorError, harvest},
    http::{Auth, RateSettings},
};

/// What Harvest grants: 100 requests in 15 seconds.
const REQUESTS: u32 = 100;
const PER: Duration = Duration::from_secs(15);

/// Opens the connector to Harvest.
pub(super) fn open(
    connector: &HarvestConnector,
    spec: &TargetAppSpec,
    supplies: Supplies,
    options: &Options,
) -> Result<Connection, ConnectorError> {
    let Supplies { keys, learnt, .. } = supplies;
    let token = key(&keys, "token")?;
    let at = |base, declared_base| {
        let (auth, rate) = (Auth::Bearer(token.clone()), RateSettings::new(REQUESTS, PER, None));
        vendor_client(VendorAccess { base, declared_base, hosts: &[], auth, rate }, spec, &keys, options)
    };
    let declared = connector.base_url.as_deref();
    let client = at(harvest::BASE, declared)?;
    // Where the credential may not go there, a wrong account id reads like a bad token; nothing else is lost.
    let beside = declared.map(identity_beside);
    let identity = at(harvest::IDENTITY, beside.as_deref()).ok().map(|client| client.reader());
    let (reader, writer) = harvest::open(harvest::Settings {
        client: client.clone(),
        identity,
        account: connector.account_id.to_string(),
        learnt,
        clock: std::sync::Arc::clone(&options.clock),
    })?;
    Ok(Connection::new(reader, writer, client))
}

/// The identity service of a stand-in for Harvest: the same host, another path.
fn identity_beside(base: &str) -> String {
    Url::parse(base).map_or_else(
        |_| base.to_owned(),
        |mut url| {
            url.set_path("/api/v2");
            url.to_string()
        },
    )
}
