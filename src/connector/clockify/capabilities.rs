//! What this workspace can do: asked once a day, as the plan decides over much of it.

use std::collections::BTreeMap;

use appaccess_core::access::{ByHand, Capabilities, EntitlementKind, Provisioning, Text};

use super::{Kind, beside::held, learnt::Discovered, roles::names_entities, shared::Shared, wire::User};
use crate::connector::{
    ConnectorError,
    rest::{get, parse},
};

/// Where to click what no call can do.
const DELETE_CLICKS: &str = "CAKE.com > Members (the workspace's owner): open the menu at the person's row and choose \
                             Remove. It is offered only once the person is inactive in every workspace of the \
                             organization";

/// The entitlement types, whatever the plan.
pub(in crate::connector) fn kinds() -> BTreeMap<Text, EntitlementKind> {
    let role = EntitlementKind {
        not_grantable: ["owner".into()].into(),
        privileged: ["admin".into(), "owner".into()].into(),
        required: true,
        ..EntitlementKind::single(&["member", "admin", "owner"])
    };
    let group = EntitlementKind { creatable: true, ..EntitlementKind::set() };
    let all = [
        (Kind::Role, role),
        (Kind::Group, group),
        (Kind::TeamManager, EntitlementKind::set()),
        (Kind::ProjectManager, EntitlementKind::set()),
    ];
    all.into_iter().map(|(kind, shape)| (kind.word().into(), shape)).collect()
}

impl Shared {
    /// What the workspace can do.
    pub(super) async fn capabilities(&self) -> Result<Capabilities, ConnectorError> {
        let told = self.discover().await?;
        let mut capabilities = Capabilities::new(Provisioning::Invite);
        capabilities.kinds = kinds();
        capabilities.by_hand =
            ByHand { delete: true, clicks: [("delete".into(), DELETE_CLICKS.into())].into(), ..ByHand::default() };
        let entities = self.learnt(|learnt| learnt.entities_listed);
        for (kind, why) in absent(&told, entities) {
            capabilities.kinds.remove(kind.word());
            capabilities.absent.insert(kind.word().into(), why.into());
        }
        Ok(capabilities)
    }

    /// Who we are, which plan this is, and how roles are told; from memory where that is not older than a day.
    pub(super) async fn discover(&self) -> Result<Discovered, ConnectorError> {
        let _one = self.discovering.lock().await;
        if let Some(told) = self.discovered() {
            return Ok(told);
        }
        let query = [("include-memberships", "false")];
        let response = get(&self.http, "the key's own user", &["user"], &query).await?;
        let own: User = parse("the key's own user", &response)?;
        let workspace = self.own_workspace().await?;
        self.probe_roles(&own).await?;
        let told = Discovered {
            at: self.now(),
            key: self.key.clone(),
            own: own.id().clone(),
            plan: workspace.plan().into(),
            managers: workspace.has("MANAGER_ROLE"),
        };
        self.learn(|learnt| learnt.discovered = Some(told.clone()));
        Ok(told)
    }

    /// Looks at our own row, as an admin's or the owner's role must name the workspace.
    async fn probe_roles(&self, own: &User) -> Result<(), ConnectorError> {
        let Some(mail) = super::shared::mail_of(own) else { return Ok(()) };
        let found = self.users_by_mail(&mail, &[("status", "ALL")]).await?;
        let row = found.iter().find(|user| user.id() == own.id());
        if row.is_some_and(|user| names_entities(&held(user), &self.workspace)) {
            self.learn(|learnt| learnt.entities_listed = true);
        }
        Ok(())
    }
}

/// What this workspace lacks, and why.
fn absent(told: &Discovered, entities: bool) -> Vec<(Kind, String)> {
    let managers = [Kind::TeamManager, Kind::ProjectManager];
    if told.managers == Some(false) {
        let plan = if told.plan.is_empty() { "without a name" } else { &*told.plan };
        let why = format!(
            "the workspace's plan ({plan}) has no manager roles (feature MANAGER_ROLE is missing); change the plan, or \
             remove it from the grant"
        );
        return managers.into_iter().map(|kind| (kind, why.clone())).collect();
    }
    if entities {
        return Vec::new();
    }
    let why = "the app does not tell which project somebody manages, so that a grant could be neither seen nor taken \
               back; appoint project managers in Clockify by hand";
    vec![(Kind::ProjectManager, why.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(managers: Option<bool>) -> Discovered {
        Discovered {
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            key: "k".into(),
            own: "u".into(),
            plan: "FREE".into(),
            managers,
        }
    }

    #[test]
    fn what_the_plan_lacks_is_absent_with_its_reason() {
        let lacking = absent(&told(Some(false)), true);
        assert_eq!(
            lacking.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            [Kind::TeamManager, Kind::ProjectManager]
        );
        assert!(lacking.iter().all(|(_, why)| why.contains("FREE") && why.contains("MANAGER_ROLE")));
        assert_eq!(absent(&told(None), true), []);
        assert_eq!(absent(&told(Some(true)), false).len(), 1);
    }
}
