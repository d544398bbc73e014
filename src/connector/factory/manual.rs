//! From a `TargetApp` to the connector of apps without an interface. Nothing is read and nothing is sent.

use super::{Connection, ConnectorError, Supplies};
use crate::{
    api::{self, TargetAppSpec, connector::ManualConnector},
    connector::manual::{self, Columns, Settings},
};

/// Opens the connector with the roster that was handed over.
pub(super) fn open(
    connector: &ManualConnector,
    spec: &TargetAppSpec,
    supplies: Supplies,
) -> Result<Connection, ConnectorError> {
    let missing = || ConnectorError::Roster { what: "was not handed to the connector".into() };
    let columns = connector.columns.as_ref();
    let tasks = connector.tasks.clone().unwrap_or_default();
    let order = spec.roles.as_ref().map(|roles| roles.order.iter().map(|role| role.as_str().into()).collect());
    let (reader, writer) = manual::open(&Settings {
        roster: supplies.roster.ok_or_else(missing)?,
        columns: Columns {
            user: columns.map(|columns| columns.user.clone()),
            name: columns.and_then(|columns| columns.name.clone()),
            active: columns.and_then(|columns| columns.active.clone()),
            role: columns.and_then(|columns| columns.role.clone()),
            groups: columns.and_then(|columns| columns.groups.clone()),
            last_active: columns.and_then(|columns| columns.last_active.clone()),
        },
        role_order: order.unwrap_or_default(),
        instructions: tasks.instructions.as_deref().map(Into::into),
        due_in: tasks.due_in.map(api::Duration::to_std),
    })?;
    Ok(Connection::without_requests(reader, writer))
}
