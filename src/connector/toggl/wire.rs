//! What comes over the wire, read leniently: unknown fields are ignored, ids are numbers or texts, and anything may be
//! missing or `null`.

use appaccess_core::access::{AccountState, Mail, Text};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    ids::{GroupId, OrganizationUserId, UserId, WorkspaceId, WorkspaceUserId},
    roles::Roles,
};
use crate::connector::rest::{WireId, bounded};

/// A user of the organisation as the listing tells.
#[derive(Debug, Deserialize)]
pub(super) struct UserRow {
    id: Option<WireId>,
    user_id: Option<WireId>,
    name: Option<String>,
    email: Option<String>,
    role_id: Option<WireId>,
    admin: Option<bool>,
    owner: Option<bool>,
    inactive: Option<bool>,
    joined: Option<bool>,
    can_edit_email: Option<bool>,
    created_at: Option<String>,
    groups: Option<Vec<GroupRef>>,
    workspaces: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct GroupRef {
    group_id: Option<WireId>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PlaceRow {
    workspace_id: Option<WireId>,
    workspace_name: Option<String>,
    workspace_user_id: Option<WireId>,
    role_id: Option<WireId>,
    role: Option<String>,
    admin: Option<bool>,
}

/// A group as the listing and the answer to its creation tell.
#[derive(Debug, Deserialize)]
pub(super) struct GroupRow {
    group_id: Option<WireId>,
    name: Option<String>,
    users: Option<Vec<MemberRow>>,
    workspaces: Option<Vec<WireId>>,
}

#[derive(Debug, Deserialize)]
struct MemberRow {
    user_id: Option<WireId>,
}

/// What the answer to an invitation tells.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Invited {
    /// One entry for each invitation.
    pub(super) data: Option<Vec<InvitedOne>>,
}

/// One invitation that was sent.
#[derive(Debug, Deserialize)]
pub(super) struct InvitedOne {
    email: Option<String>,
    workspaces: Option<Vec<InvitedPlace>>,
}

#[derive(Debug, Deserialize)]
struct InvitedPlace {
    user_id: Option<WireId>,
}

impl InvitedOne {
    /// Who was invited, and the person's id, where the answer tells it.
    pub(super) fn who(&self) -> Option<(Mail, UserId)> {
        let mail = Mail::parse(self.email.as_deref()?).ok()?;
        let id = self.workspaces.iter().flatten().find_map(|place| real(place.user_id.as_ref()))?;
        Some((mail, UserId(id)))
    }
}

/// A user of the organisation.
#[derive(Clone, Debug)]
pub(super) struct User {
    /// The identity. Of a pending user without one, the id within the organisation stands in its place.
    pub(super) account: Text,
    /// The id that changes are sent to.
    pub(super) member: OrganizationUserId,
    /// The mail address as the app spells it.
    pub(super) email: Text,
    /// Role in the organisation.
    pub(super) role: Text,
    pub(super) state: AccountState,
    /// When the organisation first knew a pending user.
    pub(super) invited_at: Option<Timestamp>,
    /// Whether the organisation may change the address.
    pub(super) can_edit_email: bool,
    pub(super) groups: Vec<(GroupId, Text)>,
    pub(super) places: Vec<Place>,
}

/// A user in one workspace.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) workspace: WorkspaceId,
    pub(super) name: Text,
    pub(super) user: Option<WorkspaceUserId>,
    pub(super) level: Text,
    /// The entry as it was listed, to be sent back whole: rates and hours stand in it.
    pub(super) raw: Box<str>,
}

impl User {
    /// The place in a workspace.
    pub(super) fn place(&self, workspace: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.workspace.as_str() == workspace)
    }

    /// Whether nothing but a message to the owner changes this account.
    pub(super) fn is_owner(&self) -> bool {
        &*self.role == "owner"
    }
}

/// An id that is not the zero value.
fn real(id: Option<&WireId>) -> Option<Text> {
    id.map(|id| &id.0).filter(|id| &***id != "0").cloned()
}

impl UserRow {
    /// The user, or nothing where the row has no id to work with.
    pub(super) fn read(self, roles: &Roles) -> Option<User> {
        let member = real(self.id.as_ref())?;
        let account = real(self.user_id.as_ref()).unwrap_or_else(|| format!("organization-user:{member}").into());
        let is_pending = !self.joined.unwrap_or(true);
        let state = match (self.inactive.unwrap_or(false), is_pending) {
            (true, _) => AccountState::Suspended,
            (false, true) => AccountState::Invited,
            (false, false) => AccountState::Active,
        };
        let email = self.email.filter(|email| !email.is_empty()).or(self.name).unwrap_or_default();
        let role = roles.organization_level(
            real(self.role_id.as_ref()).as_deref(),
            self.admin.unwrap_or(false),
            self.owner.unwrap_or(false),
        );
        let groups = self.groups.into_iter().flatten();
        Some(User {
            email: if email.is_empty() { Text::clone(&account) } else { bounded(&email) },
            account,
            member: OrganizationUserId(member),
            role,
            state,
            invited_at: self.created_at.filter(|_| is_pending).and_then(|at| at.parse().ok()),
            can_edit_email: self.can_edit_email.unwrap_or(true),
            groups: groups.filter_map(|group| Some((GroupId(group.group_id?.0), bounded(&group.name?)))).collect(),
            places: self.workspaces.into_iter().flatten().filter_map(|raw| place(&raw, roles)).collect(),
        })
    }
}

fn place(raw: &Value, roles: &Roles) -> Option<Place> {
    let row = PlaceRow::deserialize(raw).ok()?;
    let workspace = real(row.workspace_id.as_ref())?;
    let level =
        roles.workspace_level(real(row.role_id.as_ref()).as_deref(), row.role.as_deref(), row.admin.unwrap_or(false));
    Some(Place {
        name: row.workspace_name.as_deref().filter(|name| !name.is_empty()).map_or_else(|| workspace.clone(), bounded),
        user: real(row.workspace_user_id.as_ref()).map(WorkspaceUserId),
        workspace: WorkspaceId(workspace),
        level,
        raw: raw.to_string().into(),
    })
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) name: Text,
    pub(super) users: std::collections::BTreeSet<UserId>,
    pub(super) workspaces: std::collections::BTreeSet<WorkspaceId>,
}

impl GroupRow {
    /// The group, or nothing where the row has no id or no name.
    pub(super) fn read(self) -> Option<Group> {
        let users = self.users.into_iter().flatten().filter_map(|member| real(member.user_id.as_ref()));
        Some(Group {
            id: GroupId(real(self.group_id.as_ref())?),
            name: bounded(&self.name?),
            users: users.map(UserId).collect(),
            workspaces: self.workspaces.into_iter().flatten().map(|id| WorkspaceId(id.0)).collect(),
        })
    }
}

/// A list that may be `null`, and how many of its rows make no sense.
pub(super) fn rows<T: for<'a> Deserialize<'a>>(list: Option<Vec<Value>>) -> (Vec<T>, usize) {
    let list = list.unwrap_or_default();
    let count = list.len();
    let read: Vec<T> = list.into_iter().filter_map(|row| T::deserialize(row).ok()).collect();
    let unread = count - read.len();
    (read, unread)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(row: Value) -> Option<User> {
        serde_json::from_value::<UserRow>(row).ok()?.read(&Roles::default())
    }

    #[test]
    fn a_row_is_read_with_ids_of_either_form_nulls_and_unknown_fields() {
        let row = json!({"id": "9001", "user_id": 7001, "email": "Ána@Birch.example.com", "role_id": null, "joined": true,
            "inactive": null, "groups": null, "workspaces": [{"workspace_id": 600, "workspace_name": "Main", "x": 1}],
            "shoe_size": {"eu": 41}});
        let user = user(row).unwrap();
        assert_eq!((&*user.account, user.member.as_str(), user.state), ("7001", "9001", AccountState::Active));
        assert_eq!((user.places.len(), &*user.places[0].level, user.groups.len()), (1, "user", 0));
    }

    #[test]
    fn a_pending_user_without_a_global_id_is_known_by_the_other() {
        let pending = user(json!({"id": 9002, "user_id": 0, "email": "a@b.example", "joined": false,
            "created_at": "2026-01-05T09:00:00Z"}))
        .unwrap();
        assert_eq!((&*pending.account, pending.state), ("organization-user:9002", AccountState::Invited));
        assert!(pending.invited_at.is_some());
        assert!(user(json!({"user_id": 7, "email": "a@b.example"})).is_none(), "nothing could be sent to it");
    }

    #[test]
    fn flags_stand_in_for_roles_that_nobody_told() {
        let role = |row: Value| user(row).unwrap().role;
        assert_eq!(&*role(json!({"id": 1, "user_id": 1, "owner": true, "admin": true})), "owner");
        assert_eq!(&*role(json!({"id": 1, "user_id": 1, "admin": true, "role_id": 77})), "admin");
        assert_eq!(&*role(json!({"id": 1, "user_id": 1})), "member");
    }
}
