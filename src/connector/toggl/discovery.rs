//! What the organisation can do: its plan, its roles, and whose the credential is. Asked once a day, and whose it is once
//! for each credential.

use appaccess_core::access::{Capabilities, EntitlementKind, Provisioning, Text};
use serde::Deserialize;
use serde_json::Value;

use super::{
    roles::{ORGANIZATION, Roles, WORKSPACE},
    shared::Shared,
    wire::rows,
};
use crate::connector::{ConnectorError, rest};

#[derive(Debug, Deserialize)]
struct OrganizationRow {
    pricing_plan_name: Option<String>,
    /// Whether the credential's account is an admin.
    admin: Option<bool>,
    /// Whether it is the owner.
    owner: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct MeRow {
    id: Option<rest::WireId>,
}

/// The entitlement types, as the connector declares them before anything is asked.
pub(in crate::connector) fn kinds() -> std::collections::BTreeMap<Text, EntitlementKind> {
    let set = |names: &[&str]| names.iter().map(|&name| Text::from(name)).collect();
    let role = EntitlementKind {
        required: true,
        not_grantable: set(&["owner"]),
        privileged: set(&["admin", "owner"]),
        ..EntitlementKind::single(&ORGANIZATION)
    };
    let workspace = EntitlementKind { privileged: set(&["admin"]), ..EntitlementKind::levelled(&WORKSPACE) };
    let group = EntitlementKind { creatable: true, ..EntitlementKind::set() };
    [("role", role), ("workspace", workspace), ("group", group)]
        .into_iter()
        .map(|(name, kind)| (name.into(), kind))
        .collect()
}

impl Shared {
    /// What the organisation can do.
    pub(super) async fn capabilities(&self) -> Result<Capabilities, ConnectorError> {
        let now = self.now();
        if !self.learn(|learnt| learnt.is_fresh(now)) {
            self.discover().await?;
        }
        if self.learn(|learnt| learnt.own(&self.credential).is_none()) {
            self.find_own_account().await?;
        }
        let mut capabilities = Capabilities::new(Provisioning::Invite);
        capabilities.kinds = kinds();
        capabilities.delete = true;
        capabilities.renames = true;
        // An invitation leads into a workspace, so that there is no account without one.
        capabilities.account_alone = self.default_workspace.is_some();
        if let Some(why) = self.learn(|learnt| learnt.groups_absent(now).map(str::to_owned)) {
            capabilities.kinds.remove("group");
            capabilities.absent.insert("group".into(), why.into());
        }
        Ok(capabilities)
    }

    async fn discover(&self) -> Result<(), ConnectorError> {
        let what =
            format!("see the organisation {}: is `organizationId` right, and is the account in it", self.organization);
        let response = self.get(&what, &[], &[]).await?;
        let organization: OrganizationRow = rest::parse("the organisation", &response)?;
        // Nobody says what a listing leaves out for those who are no admins: it might look whole.
        if organization.admin == Some(false) && organization.owner != Some(true) {
            let what = "see everybody in the organisation: make the credential's account an organisation admin";
            return Err(ConnectorError::Forbidden { what: what.to_owned() });
        }
        let roles = match self.get("list the roles", &["roles"], &[]).await {
            Ok(response) if response.is_success() => rest::parse::<Option<Vec<Value>>>("the list of roles", &response)?,
            // Without their ids the legacy flags serve.
            Ok(_) | Err(ConnectorError::Forbidden { .. }) => None,
            Err(error) => return Err(error),
        };
        let now = self.now();
        self.learn(|learnt| {
            learnt.plan = organization.pricing_plan_name.map(|name| rest::bounded(&name).to_string());
            learnt.roles = Roles::matched(rows(roles).0);
            learnt.at = Some(now);
        });
        Ok(())
    }

    /// Whose the credential is: that account is never ours to take away.
    async fn find_own_account(&self) -> Result<(), ConnectorError> {
        let what = "see whose the credential is";
        let response = match self.get_own(what, &["me"]).await {
            Err(ConnectorError::Forbidden { .. }) => return Err(ConnectorError::CredentialsRejected),
            other => other?,
        };
        let id = rest::parse::<MeRow>("the account of the credential", &response)?.id;
        let id =
            id.ok_or_else(|| ConnectorError::Protocol { what: "the credential's account has no id".to_owned() })?;
        self.learn(|learnt| learnt.own = Some((self.credential.clone(), id.0)));
        Ok(())
    }
}
