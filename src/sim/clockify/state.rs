//! What a simulated Clockify workspace holds, and the direct access by which tests seed it and edit it behind the
//! client's back.

use std::collections::{BTreeMap, BTreeSet};

/// Where a person stands in the workspace (`membershipStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Invited, not accepted.
    Pending,
    /// A member.
    Active,
    /// Declined the invitation.
    Declined,
    /// Deactivated.
    Inactive,
}

impl Membership {
    /// The vendor's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::Declined => "DECLINED",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// The role of a person in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// No role at all.
    Member,
    /// `WORKSPACE_ADMIN`.
    Admin,
    /// `OWNER`: one person, and no call grants it.
    Owner,
}

/// How the listing tells roles, where it is asked for them. The vendor's documents do not say; each form is inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RolesForm {
    /// As the answer to a grant has them: `[{id, name, source}]`.
    #[default]
    Grants,
    /// By role, with what it is held on: `[{role, entities: [{id, name}]}]`.
    Entities,
    /// The words alone.
    Words,
    /// Not at all: `[]`.
    Nothing,
}

/// One person.
#[derive(Debug, Clone)]
pub struct User {
    /// Mail address; `None` for a limited user.
    pub email: Option<String>,
    /// Name; `None` before onboarding.
    pub name: Option<String>,
    /// Standing in the workspace.
    pub membership: Membership,
    /// The account's own status: `ACTIVE`, `NOT_REGISTERED`, `LIMITED`, `DELETED`, …
    pub account_status: &'static str,
    /// Role.
    pub role: Role,
    /// Ids of the projects that the person manages.
    pub projects: BTreeSet<String>,
    /// Ids of the people and groups that the person manages.
    pub manages: BTreeSet<String>,
    /// Whether the invitation was ever accepted.
    pub accepted: bool,
}

/// One group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Ids of the members.
    pub members: BTreeSet<String>,
}

/// One person of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPerson {
    /// The vendor's id.
    pub id: String,
    /// Standing in the workspace, in the vendor's word.
    pub membership: &'static str,
    /// Role.
    pub role: Role,
    /// Names of the groups.
    pub groups: BTreeSet<String>,
    /// What the person manages: `project Lighthouse`, `group Studio`, `person 64a…`.
    pub manages: BTreeSet<String>,
}

/// A simulated workspace with its one API key.
#[derive(Debug, Clone)]
pub struct State {
    /// The workspace's id.
    pub workspace: String,
    /// The vendor's word for the plan.
    pub plan: String,
    /// What the plan brings.
    pub features: BTreeSet<String>,
    /// Paid seats; as many as one likes where absent.
    pub seats: Option<usize>,
    /// Requests that are left of the hour; as many as one likes where absent.
    pub quota: Option<u32>,
    /// How the listing tells roles.
    pub roles_form: RolesForm,
    /// The most rows of a page, whatever is asked for.
    pub page_max: usize,
    /// Whether answers hold fields that nobody knows.
    pub unknown_fields: bool,
    /// Whether lists tell `Last-Page`.
    pub tells_last_page: bool,
    pub(super) key: Option<String>,
    pub(super) own: String,
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) projects: BTreeMap<String, String>,
    /// Mails of invitations that were sent, in order.
    pub mailed: Vec<String>,
    next: u64,
}

impl State {
    /// A workspace on a paid plan whose owner is the holder of `key`.
    #[must_use]
    pub fn new(key: &str) -> Self {
        let features = ["MANAGER_ROLE", "GRANT_PROJECT_MANAGER_ROLE", "EDIT_MEMBER_PROFILE", "AUDIT_LOG"];
        let mut state = Self {
            workspace: String::new(),
            plan: "STANDARD_2021".to_owned(),
            features: features.map(str::to_owned).into(),
            seats: None,
            quota: None,
            roles_form: RolesForm::default(),
            page_max: usize::MAX,
            unknown_fields: false,
            tells_last_page: true,
            key: Some(key.to_owned()),
            own: String::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            projects: BTreeMap::new(),
            mailed: Vec::new(),
            next: 0,
        };
        state.workspace = state.id();
        state.own = state.add("owner@clockify.example");
        let own = state.own.clone();
        state.set_role(&own, Role::Owner);
        state
    }

    /// A fresh id in the vendor's form: 24 hexadecimal digits.
    pub(super) fn id(&mut self) -> String {
        self.next += 1;
        format!("64a687e2{:016x}", self.next)
    }

    pub(super) fn invite(&mut self, email: &str) -> String {
        let id = self.id();
        let user = User {
            email: Some(email.to_owned()),
            name: None,
            membership: Membership::Pending,
            account_status: "NOT_REGISTERED",
            role: Role::Member,
            projects: BTreeSet::new(),
            manages: BTreeSet::new(),
            accepted: false,
        };
        self.users.insert(id.clone(), user);
        id
    }

    /// Adds an active member and says the id.
    pub fn add(&mut self, email: &str) -> String {
        let id = self.invite(email);
        self.accept(&id);
        id
    }

    /// Adds somebody who was invited by hand and has not accepted, and says the id.
    pub fn add_invited(&mut self, email: &str) -> String {
        self.invite(email)
    }

    /// Adds a limited user, who has no mail address and cannot log in, and says the id.
    pub fn add_limited(&mut self, name: &str) -> String {
        let id = self.add("");
        self.edit(&id, |user| {
            (user.email, user.account_status) = (None, "LIMITED");
            user.name = Some(name.to_owned());
        });
        id
    }

    /// Adds a group and says the id. The same name may come twice, which the vendor itself refuses.
    pub fn add_group(&mut self, name: &str) -> String {
        let id = self.id();
        self.groups.insert(id.clone(), Group { name: name.to_owned(), members: BTreeSet::new() });
        id
    }

    /// Adds a project and says the id.
    pub fn add_project(&mut self, name: &str) -> String {
        let id = self.id();
        self.projects.insert(id.clone(), name.to_owned());
        id
    }

    /// An invitation is accepted.
    pub fn accept(&mut self, id: &str) {
        self.edit(id, |user| {
            (user.membership, user.account_status, user.accepted) = (Membership::Active, "ACTIVE", true);
        });
    }

    /// Changes a person.
    pub fn edit(&mut self, id: &str, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.get_mut(id) {
            change(user);
        }
    }

    /// Sets somebody's standing.
    pub fn set_membership(&mut self, id: &str, membership: Membership) {
        self.edit(id, |user| user.membership = membership);
    }

    /// Sets somebody's role. A new owner makes the former one an admin.
    pub fn set_role(&mut self, id: &str, role: Role) {
        if role == Role::Owner {
            for user in self.users.values_mut().filter(|user| user.role == Role::Owner) {
                user.role = Role::Admin;
            }
        }
        self.edit(id, |user| user.role = role);
    }

    /// Puts somebody into a group.
    pub fn join(&mut self, group: &str, id: &str) {
        if let Some(group) = self.groups.get_mut(group) {
            group.members.insert(id.to_owned());
        }
    }

    /// Takes somebody out of a group.
    pub fn leave(&mut self, group: &str, id: &str) {
        if let Some(group) = self.groups.get_mut(group) {
            group.members.remove(id);
        }
    }

    /// Removes somebody from the workspace, as only CAKE.com's members page can.
    pub fn remove(&mut self, id: &str) {
        self.users.remove(id);
        for group in self.groups.values_mut() {
            group.members.remove(id);
        }
    }

    /// The key is revoked.
    pub fn revoke_key(&mut self) {
        self.key = None;
    }

    /// A new key takes the place of the old one, and belongs to this person.
    pub fn hold_key(&mut self, key: &str, id: &str) {
        (self.key, self.own) = (Some(key.to_owned()), id.to_owned());
    }

    /// The id of the key's own user.
    #[must_use]
    pub fn own(&self) -> &str {
        &self.own
    }

    /// The id behind a mail address.
    #[must_use]
    pub fn id_of(&self, email: &str) -> Option<String> {
        let fits = |user: &User| user.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email));
        self.users.iter().find(|(_, user)| fits(user)).map(|(id, _)| id.clone())
    }

    /// The id of the group with this name.
    #[must_use]
    pub fn group_id(&self, name: &str) -> Option<String> {
        self.groups.iter().find(|(_, group)| group.name == name).map(|(id, _)| id.clone())
    }

    /// Everybody by mail address (a limited user by name).
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, SeenPerson> {
        let named = |id: &String| match (self.projects.get(id), self.groups.get(id)) {
            (Some(project), _) => format!("project {project}"),
            (None, Some(group)) => format!("group {}", group.name),
            (None, None) => format!("person {id}"),
        };
        let people = self.users.iter().map(|(id, user)| {
            let groups = self.groups.values().filter(|group| group.members.contains(id));
            let seen = SeenPerson {
                id: id.clone(),
                membership: user.membership.word(),
                role: user.role,
                groups: groups.map(|group| group.name.clone()).collect(),
                manages: user.projects.iter().chain(&user.manages).map(named).collect(),
            };
            (user.email.clone().or_else(|| user.name.clone()).unwrap_or_default(), seen)
        });
        people.collect()
    }

    /// Seats that are taken.
    pub(super) fn seats_taken(&self) -> usize {
        let takes = |user: &&User| matches!(user.membership, Membership::Active | Membership::Pending);
        self.users.values().filter(takes).count()
    }

    pub(super) fn has_seat(&self) -> bool {
        self.seats.is_none_or(|seats| self.seats_taken() < seats)
    }

    pub(super) fn is_paid(&self) -> bool {
        self.plan != "FREE"
    }
}
