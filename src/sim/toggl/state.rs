//! What the organisation holds, and what tests do to it behind the client's back.

use std::collections::{BTreeMap, BTreeSet};

use super::habits::Habits;

/// Ids of the three kinds begin far apart, so that one taken for another never fits by accident.
const FIRST_USER: u64 = 7_000_001;
const FIRST_ORGANIZATION_USER: u64 = 9_100_001;
const FIRST_WORKSPACE_USER: u64 = 8_200_001;

/// A role of the organisation or of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) id: u64,
    pub(super) code: String,
    pub(super) name: String,
    /// `organization`, `workspace` or `project`.
    pub(super) entity: &'static str,
    /// The legacy word; empty for a custom role.
    pub(super) word: &'static str,
}

/// Somebody in one workspace.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) workspace_user_id: u64,
    pub(super) role: u64,
    /// An hourly rate that somebody set by hand.
    pub(super) rate: Option<f64>,
}

/// A member of the organisation.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) user_id: u64,
    pub(super) organization_user_id: u64,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) role: u64,
    pub(super) inactive: bool,
    pub(super) joined: bool,
    pub(super) invitation: Option<u64>,
    /// Has organisations beside this one, so that nobody here may change the address.
    pub(super) elsewhere: bool,
    pub(super) created_at: String,
    pub(super) places: BTreeMap<u64, Place>,
}

/// A group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) users: BTreeSet<u64>,
    pub(super) workspaces: BTreeSet<u64>,
    /// Listings that still do not show it.
    pub(super) hidden: u32,
}

/// Everything that an organisation is.
#[derive(Debug, Clone)]
pub struct State {
    /// How it behaves.
    pub habits: Habits,
    pub(super) organization: u64,
    pub(super) organization_name: String,
    /// By the global user id.
    pub(super) people: BTreeMap<u64, Person>,
    pub(super) workspaces: BTreeMap<u64, String>,
    pub(super) groups: BTreeMap<u64, Group>,
    pub(super) roles: Vec<Role>,
    pub(super) paying: u64,
    /// Whose the credential is.
    pub(super) caller: u64,
    /// Every invitation that was mailed, oldest first.
    pub(super) mailed: Vec<String>,
    pub(super) next: u64,
}

/// One person as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPerson {
    /// The global user id.
    pub id: String,
    /// `active`, `suspended` or `invited`.
    pub state: &'static str,
    /// Role in the organisation, by its legacy word, or by its name for a custom one.
    pub role: String,
    /// Level by name of the workspace.
    pub workspaces: BTreeMap<String, String>,
    /// Names of groups.
    pub groups: BTreeSet<String>,
    /// The name.
    pub name: String,
}

/// The organisation as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// People by mail address.
    pub people: BTreeMap<String, SeenPerson>,
    /// Mail addresses of members by name of the group.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// Mail addresses to which invitations were sent, oldest first.
    pub mailed: Vec<String>,
}

impl Default for State {
    /// An organisation of its owner alone, who is also the caller and pays, with one workspace, `Main`.
    fn default() -> Self {
        let role = |id, code: &str, name: &str, entity, word| Role {
            id,
            code: code.to_owned(),
            name: name.to_owned(),
            entity,
            word,
        };
        let mut state = Self {
            habits: Habits::default(),
            organization: 500,
            organization_name: "Birch".to_owned(),
            people: BTreeMap::new(),
            workspaces: BTreeMap::new(),
            groups: BTreeMap::new(),
            // Ids, codes and names are inferred: the vendor publishes none of them.
            roles: vec![
                role(1, "organization_owner", "Owner", "organization", "owner"),
                role(2, "organization_admin", "Organization admin", "organization", "admin"),
                role(3, "organization_member", "Member", "organization", "member"),
                role(10, "workspace_admin", "Workspace admin", "workspace", "admin"),
                role(11, "workspace_member", "Member", "workspace", "user"),
                role(12, "workspace_project_lead", "Project lead", "workspace", "projectlead"),
                role(13, "workspace_team_lead", "Team lead", "workspace", "teamlead"),
                role(21, "project_manager", "Project manager", "project", ""),
            ],
            paying: 0,
            caller: 0,
            mailed: Vec::new(),
            next: 0,
        };
        state.add_workspace("Main");
        let owner = state.add_person("owner@birch.example.com");
        state.set_role("owner@birch.example.com", "owner");
        state.paying = owner;
        state.caller = owner;
        state
    }
}

impl State {
    pub(super) fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The organisation's id.
    #[must_use]
    pub fn organization(&self) -> u64 {
        self.organization
    }

    /// Makes a workspace and gives its id.
    pub fn add_workspace(&mut self, name: &str) -> u64 {
        let id = 600 + self.next();
        self.workspaces.insert(id, name.to_owned());
        id
    }

    /// The id of a workspace.
    #[must_use]
    pub fn workspace_id(&self, name: &str) -> Option<u64> {
        self.workspaces.iter().find(|(_, known)| *known == name).map(|(id, _)| *id)
    }

    /// Adds somebody who has joined, a member of the first workspace, and gives the global user id.
    pub fn add_person(&mut self, email: &str) -> u64 {
        let user_id = self.add_pending(email, email.split('@').next().unwrap_or_default());
        if let Some(person) = self.people.get_mut(&user_id) {
            person.joined = true;
            person.invitation = None;
        }
        if let Some(workspace) = self.workspaces.keys().next().copied() {
            self.place(user_id, workspace, 11);
        }
        user_id
    }

    /// Adds somebody who was invited to the first workspace and has not joined.
    pub fn add_invited(&mut self, email: &str) -> u64 {
        let user_id = self.add_pending(email, "");
        if let Some(workspace) = self.workspaces.keys().next().copied() {
            self.place(user_id, workspace, 11);
        }
        user_id
    }

    pub(super) fn add_pending(&mut self, email: &str, name: &str) -> u64 {
        let next = self.next();
        let user_id = FIRST_USER + next;
        let person = Person {
            user_id,
            organization_user_id: FIRST_ORGANIZATION_USER + next,
            name: name.to_owned(),
            email: email.to_owned(),
            role: 3,
            inactive: false,
            joined: false,
            invitation: Some(400_000 + next),
            elsewhere: false,
            created_at: "2027-01-15T08:00:00Z".to_owned(),
            places: BTreeMap::new(),
        };
        self.people.insert(user_id, person);
        user_id
    }

    pub(super) fn place(&mut self, user_id: u64, workspace: u64, role: u64) -> u64 {
        let workspace_user_id = FIRST_WORKSPACE_USER + self.next();
        let Some(person) = self.people.get_mut(&user_id) else { return 0 };
        let place = person.places.entry(workspace).or_insert(Place { workspace_user_id, role, rate: None });
        place.role = role;
        place.workspace_user_id
    }

    fn person_mut(&mut self, email: &str) -> Option<&mut Person> {
        self.people.values_mut().find(|person| person.email == email)
    }

    /// The global user id of somebody.
    #[must_use]
    pub fn user_id(&self, email: &str) -> Option<u64> {
        self.people.values().find(|person| person.email == email).map(|person| person.user_id)
    }

    /// Everybody who was invited accepts.
    pub fn accept_all(&mut self) {
        for person in self.people.values_mut() {
            person.joined = true;
            person.invitation = None;
        }
    }

    /// Somebody accepts an invitation.
    pub fn accept(&mut self, email: &str) {
        if let Some(person) = self.person_mut(email) {
            person.joined = true;
            person.invitation = None;
        }
    }

    /// Switches somebody off, or on again.
    pub fn set_inactive(&mut self, email: &str, inactive: bool) {
        if let Some(person) = self.person_mut(email) {
            person.inactive = inactive;
        }
    }

    /// Gives a role in the organisation, by its legacy word or the name of a custom role.
    pub fn set_role(&mut self, email: &str, role: &str) {
        let id =
            self.roles.iter().find(|known| known.entity == "organization" && is(known, role)).map(|known| known.id);
        if let (Some(id), Some(person)) = (id, self.person_mut(email)) {
            person.role = id;
        }
    }

    /// Puts somebody into a workspace at a level, by its legacy word or the name of a custom role.
    pub fn set_level(&mut self, email: &str, workspace: &str, level: &str) {
        let role =
            self.roles.iter().find(|known| known.entity == "workspace" && is(known, level)).map(|known| known.id);
        if let (Some(user), Some(workspace), Some(role)) = (self.user_id(email), self.workspace_id(workspace), role) {
            self.place(user, workspace, role);
        }
    }

    /// Sets an hourly rate of somebody in a workspace.
    pub fn set_rate(&mut self, email: &str, workspace: &str, rate: f64) {
        let workspace = self.workspace_id(workspace).unwrap_or_default();
        if let Some(place) = self.person_mut(email).and_then(|person| person.places.get_mut(&workspace)) {
            place.rate = Some(rate);
        }
    }

    /// The hourly rate of somebody in a workspace.
    #[must_use]
    pub fn rate(&self, email: &str, workspace: &str) -> Option<f64> {
        let person = self.people.values().find(|person| person.email == email)?;
        person.places.get(&self.workspace_id(workspace)?)?.rate
    }

    /// Says that somebody has organisations beside this one.
    pub fn set_elsewhere(&mut self, email: &str) {
        if let Some(person) = self.person_mut(email) {
            person.elsewhere = true;
        }
    }

    /// Changes somebody's address or name by hand.
    pub fn rename(&mut self, email: &str, to: &str) {
        if let Some(person) = self.person_mut(email) {
            to.clone_into(&mut person.email);
        }
    }

    /// Takes somebody out of the organisation.
    pub fn remove_person(&mut self, email: &str) {
        if let Some(user) = self.user_id(email) {
            self.people.remove(&user);
            for group in self.groups.values_mut() {
                group.users.remove(&user);
            }
        }
    }

    /// Makes a group of people who are there.
    pub fn add_group(&mut self, name: &str, members: &[&str]) -> u64 {
        let id = 40_000 + self.next();
        let users = members.iter().filter_map(|email| self.user_id(email)).collect();
        let group = Group { name: name.to_owned(), users, workspaces: BTreeSet::new(), hidden: 0 };
        self.groups.insert(id, group);
        id
    }

    /// Puts somebody into a group, or takes them out.
    pub fn set_member(&mut self, group: &str, email: &str, member: bool) {
        let Some(user) = self.user_id(email) else { return };
        if let Some(group) = self.groups.values_mut().find(|known| known.name == group) {
            if member {
                group.users.insert(user);
            } else {
                group.users.remove(&user);
            }
        }
    }

    /// Renames a group.
    pub fn rename_group(&mut self, group: &str, to: &str) {
        if let Some(group) = self.groups.values_mut().find(|known| known.name == group) {
            to.clone_into(&mut group.name);
        }
    }

    /// Adds a custom role of the organisation or of a workspace.
    pub fn add_custom_role(&mut self, entity: &'static str, name: &str) -> u64 {
        let id = 100 + self.next();
        self.roles.push(Role { id, code: String::new(), name: name.to_owned(), entity, word: "" });
        id
    }

    /// Whose the credential is.
    pub fn set_caller(&mut self, email: &str) {
        self.caller = self.user_id(email).unwrap_or(self.caller);
    }

    /// Who pays.
    pub fn set_paying(&mut self, email: &str) {
        self.paying = self.user_id(email).unwrap_or(self.paying);
    }

    /// People who take up one of the plan's places: active or invited (inferred).
    pub(super) fn places_taken(&self) -> usize {
        self.people.values().filter(|person| !person.inactive).count()
    }

    pub(super) fn role(&self, id: u64) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// A role of an entity that the plan has.
    pub(super) fn usable_role(&self, entity: &str, id: u64) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id && role.entity == entity && self.is_in_plan(role))
    }

    pub(super) fn is_in_plan(&self, role: &Role) -> bool {
        !matches!(role.word, "projectlead" | "teamlead") || self.habits.plan.has_leads()
    }

    /// Everything as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let word = |id: u64| {
            let role = self.role(id);
            role.map(|role| if role.word.is_empty() { role.name.clone() } else { role.word.to_owned() })
                .unwrap_or_default()
        };
        let people = self.people.values().map(|person| {
            let workspaces = person
                .places
                .iter()
                .filter_map(|(id, place)| Some((self.workspaces.get(id)?.clone(), word(place.role))));
            let groups = self.groups.values().filter(|group| group.users.contains(&person.user_id));
            let seen = SeenPerson {
                id: person.user_id.to_string(),
                state: match (person.inactive, person.joined) {
                    (true, _) => "suspended",
                    (false, true) => "active",
                    (false, false) => "invited",
                },
                role: word(person.role),
                workspaces: workspaces.collect(),
                groups: groups.map(|group| group.name.clone()).collect(),
                name: person.name.clone(),
            };
            (person.email.clone(), seen)
        });
        let email = |user: &u64| self.people.get(user).map(|person| person.email.clone());
        let groups = self.groups.values();
        Snapshot {
            people: people.collect(),
            groups: groups.map(|group| (group.name.clone(), group.users.iter().filter_map(email).collect())).collect(),
            mailed: self.mailed.clone(),
        }
    }
}

fn is(role: &Role, word: &str) -> bool {
    if role.word.is_empty() { role.name == word } else { role.word == word }
}
