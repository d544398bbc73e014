//! What the rows of users do not tell and other lists do: groups, their managers, admins; and with both, an account.
//! Pure.

use std::collections::BTreeMap;

use appaccess_core::access::{AccountId, AccountState, ObservedAccount, Slot, Text};

use super::{
    Kind,
    roles::{self, Held, Holders, PROJECT_MANAGER},
    shared::{GONE, mail_of},
    wire::{Group, Named, User},
};
use crate::connector::{Scope, rest::bounded};

/// What stands beside the rows of users.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// Owner and admins.
    pub(super) holders: Holders,
    /// Groups in scope, and groups whose management is, by the id of who belongs to them or manages them.
    by_user: BTreeMap<Text, Vec<Slot>>,
    /// Projects in scope by id.
    projects: BTreeMap<Text, Vec<Slot>>,
}

impl Beside {
    /// With owner and admins, and nothing else yet.
    pub(super) fn of(holders: Holders) -> Self {
        Self { holders, ..Self::default() }
    }

    /// Takes the groups of a listing, and gives their ids by name; a name that is there twice is told apart by nobody,
    /// and comes back as the second.
    pub(super) fn take_groups(&mut self, groups: Vec<Group>, scope: &Scope) -> (BTreeMap<Text, Text>, Vec<Text>) {
        self.by_user.clear();
        let mut ids: BTreeMap<Text, Text> = BTreeMap::new();
        let mut twice = Vec::new();
        let in_scope = |kind: Kind, name: &Text| scope.named.get(kind.word()).is_some_and(|names| names.contains(name));
        for group in groups {
            let name = bounded(&group.name);
            if ids.insert(name.clone(), group.id.0).is_some() {
                twice.push(name);
                continue;
            }
            if in_scope(Kind::Group, &name) {
                self.hold(&Slot::group(&name), group.user_ids.into_iter().map(|id| id.0));
            }
            if in_scope(Kind::TeamManager, &name) {
                let slot = Slot::new(Kind::TeamManager.word(), &name);
                self.hold(&slot, group.team_managers.into_iter().map(|manager| manager.id.0));
            }
        }
        for name in &twice {
            ids.remove(name);
        }
        (ids, twice)
    }

    fn hold(&mut self, slot: &Slot, users: impl Iterator<Item = Text>) {
        for user in users {
            self.by_user.entry(user).or_default().push(slot.clone());
        }
    }

    /// Takes the projects, and gives their ids by name. A project can be named by its id as well, which is needed where
    /// two clients have one of the same name.
    pub(super) fn take_projects(&mut self, projects: Vec<Named>, scope: &Scope) -> BTreeMap<Text, Text> {
        self.projects.clear();
        let mut ids: BTreeMap<Text, Option<Text>> = BTreeMap::new();
        let wanted: Vec<&Text> = scope.names(Kind::ProjectManager.word()).collect();
        for project in projects {
            let id = project.id.0;
            if wanted.contains(&&id) {
                ids.insert(id.clone(), Some(id.clone()));
            }
            let known = ids.entry(bounded(&project.name)).or_insert_with(|| Some(id.clone()));
            if known.as_ref() != Some(&id) {
                *known = None;
            }
        }
        let ids: BTreeMap<Text, Text> = ids.into_iter().filter_map(|(name, id)| Some((name, id?))).collect();
        for name in wanted {
            if let Some(id) = ids.get(name) {
                self.projects.entry(id.clone()).or_default().push(Slot::new(Kind::ProjectManager.word(), name));
            }
        }
        ids
    }

    /// The ids of those who hold a slot of a group.
    pub(super) fn users_of(&self, slot: &Slot) -> impl Iterator<Item = AccountId> {
        let holding = self.by_user.iter().filter(move |(_, slots)| slots.contains(slot));
        holding.map(|(user, _)| AccountId(user.clone()))
    }

    /// One account, with all that it holds. `own` is the id of the key's user.
    pub(super) fn account(&self, user: &User, held: &[Held], standing: Standing, own: &str) -> ObservedAccount {
        let id = user.id();
        let login = [user.email.as_deref(), user.name.as_deref()].into_iter().flatten().find(|text| !text.is_empty());
        let mut account = ObservedAccount::new(id, "");
        account.login = bounded(login.unwrap_or(id));
        account.mails = mail_of(user).into_iter().collect();
        account.state = standing.state();
        account.service = **id == *own;
        let role = self.holders.role(id);
        account.entitlements.insert(Slot::new(Kind::Role.word(), ""), Some(role.into()));
        for slot in self.by_user.get(id).into_iter().flatten() {
            account.entitlements.insert(slot.clone(), None);
        }
        let managed = held.iter().filter(|held| held.role == PROJECT_MANAGER).filter_map(|held| held.entity.as_ref());
        for slot in managed.filter_map(|project| self.projects.get(project)).flatten() {
            account.entitlements.insert(slot.clone(), None);
        }
        account
    }
}

/// Where somebody stands in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Active,
    Invited,
    Inactive,
    /// Declined the invitation: cannot log in, and only a new invitation lets in.
    Declined,
    /// A limited user: has no login at all.
    Limited,
}

impl Standing {
    /// The standing of a user of a listing: `Ok(None)` for an account that is gone, an error where the row does not say.
    pub(super) fn of(user: &User, workspace: &str) -> Result<Option<Self>, &'static str> {
        if GONE.contains(&user.status.as_str()) {
            return Ok(None);
        }
        let here = user.memberships.iter().find(|membership| membership.is_of(workspace));
        let Some(here) = here else { return Err("a user without a membership of the workspace") };
        Ok(Some(match here.status.as_str() {
            "INACTIVE" => Self::Inactive,
            "DECLINED" => Self::Declined,
            "ACTIVE" | "PENDING" if user.status == "LIMITED" => Self::Limited,
            "ACTIVE" => Self::Active,
            "PENDING" => Self::Invited,
            _ => return Err("a user whose membership has a status that no document names"),
        }))
    }

    /// Whether somebody can log in.
    pub(super) fn state(self) -> AccountState {
        match self {
            Self::Active => AccountState::Active,
            Self::Invited => AccountState::Invited,
            Self::Inactive | Self::Declined | Self::Limited => AccountState::Suspended,
        }
    }

    /// Why this interface cannot let somebody in again.
    pub(super) fn shut(self) -> Option<&'static str> {
        match self {
            Self::Declined => Some(
                "the invitation was declined, and a second one is never sent by accident; invite the person again in \
                 Clockify under Team > Members",
            ),
            Self::Limited => Some(
                "this is a limited user, who has no login; convert it to a full member in Clockify under Team > Members",
            ),
            Self::Active | Self::Invited | Self::Inactive => None,
        }
    }
}

/// The roles of a user of a listing.
pub(super) fn held(user: &User) -> Vec<Held> {
    roles::held(&user.roles)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(status: &str, membership: &str) -> User {
        let memberships = json!([{"targetId": "p", "membershipType": "PROJECT", "membershipStatus": "ACTIVE"},
            {"targetId": "w", "membershipType": "WORKSPACE", "membershipStatus": membership}]);
        serde_json::from_value(json!({"id": "u", "status": status, "memberships": memberships})).unwrap()
    }

    #[test]
    fn only_the_membership_of_the_workspace_tells_who_can_log_in() {
        for (account, membership, standing) in [
            ("ACTIVE", "ACTIVE", Ok(Some(Standing::Active))),
            ("NOT_REGISTERED", "PENDING", Ok(Some(Standing::Invited))),
            ("ACTIVE", "INACTIVE", Ok(Some(Standing::Inactive))),
            ("ACTIVE", "DECLINED", Ok(Some(Standing::Declined))),
            ("LIMITED", "ACTIVE", Ok(Some(Standing::Limited))),
            ("DELETED", "ACTIVE", Ok(None)),
        ] {
            assert_eq!(Standing::of(&user(account, membership), "w"), standing, "{account} {membership}");
        }
        assert!(Standing::of(&user("ACTIVE", "NEW"), "w").is_err());
        assert!(Standing::of(&user("ACTIVE", "ACTIVE"), "another").is_err());
    }

    #[test]
    fn a_project_of_which_there_are_two_is_known_by_its_id_alone() {
        let projects = |names: &[(&str, &str)]| -> Vec<Named> {
            names.iter().map(|(id, name)| serde_json::from_value(json!({"id": id, "name": name})).unwrap()).collect()
        };
        let mut scope = Scope::default();
        scope.extend("project-manager", ["p2".into(), "Lighthouse".into()]);
        let mut beside = Beside::default();
        let ids = beside.take_projects(projects(&[("p1", "Site"), ("p2", "Site"), ("p3", "Lighthouse")]), &scope);
        assert_eq!(ids, [("Lighthouse".into(), "p3".into()), ("p2".into(), "p2".into())].into());
        let held = [Held { role: PROJECT_MANAGER, entity: Some("p2".into()) }];
        let account = beside.account(&user("ACTIVE", "ACTIVE"), &held, Standing::Active, "");
        assert!(account.entitlements.contains_key(&Slot::new("project-manager", "p2")));
    }
}
