//! From a `TargetApp` to the connector for Clockify: key, hosts of all regions, and a rate that follows the plan.

use std::sync::Arc;

use super::{Connection, Options, Supplies, VendorAccess, key, vendor_client};
use crate::{
    api::{TargetAppSpec, connector::ClockifyConnector},
    connector::{ConnectorError, clockify},
    http::Auth,
};

/// Opens the connector. Nothing is sent.
pub(super) fn open(
    connector: &ClockifyConnector,
    spec: &TargetAppSpec,
    supplies: Supplies,
    options: &Options,
) -> Result<Connection, ConnectorError> {
    let Supplies { keys, learnt, .. } = supplies;
    let token = key(&keys, "token")?;
    let mark = clockify::mark(&token);
    let access = VendorAccess {
        base: clockify::BASE,
        declared_base: connector.base_url.as_deref(),
        hosts: &clockify::HOSTS,
        auth: Auth::Header { name: clockify::KEY_HEADER.to_owned(), prefix: String::new(), token },
        rate: clockify::rate(&learnt),
    };
    let client = vendor_client(access, spec, &keys, options)?;
    let (reader, writer) = clockify::open(clockify::Settings {
        client: client.clone(),
        workspace: connector.workspace_id.to_string().into(),
        key: mark,
        learnt,
        clock: Arc::clone(&options.clock),
    });
    Ok(Connection::new(reader, writer, client))
}
