//! What a Harvest account holds, and the direct ways of tests to seed and edit it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// 2026-01-05T09:00:00Z, where the account's clock begins.
const FIRST_SECOND: i64 = 1_767_603_600;

/// The access roles of which everybody has exactly one.
pub(super) const MAIN: [&str; 3] = ["member", "manager", "administrator"];

/// What can be given to managers only.
pub(super) const EXTRAS: [&str; 7] = [
    "project_creator",
    "billable_rates_manager",
    "managed_projects_invoice_drafter",
    "managed_projects_invoice_manager",
    "client_and_task_manager",
    "time_and_expenses_manager",
    "estimates_manager",
];

/// How this account differs from the plainest one.
#[derive(Debug, Clone)]
pub struct Habits {
    /// What another account's id, or none, is answered with. Inferred: documents do not tell.
    pub wrong_account: u16,
    /// Ids come as texts. Inferred: it never did so far.
    pub ids_as_texts: bool,
    /// Answers have fields that no document names.
    pub unknown_fields: bool,
    /// Most rows that a page has, whatever is asked for.
    pub page_max: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self { wrong_account: 401, ids_as_texts: false, unknown_fields: false, page_max: 2000 }
    }
}

/// A person of the account.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) is_active: bool,
    /// The main role first.
    pub(super) access_roles: Vec<String>,
    pub(super) teammates: BTreeSet<u64>,
    /// Whether time or expenses are recorded, so that the person cannot be deleted.
    pub(super) has_entries: bool,
    pub(super) created: i64,
    pub(super) updated: i64,
}

/// A business role.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) user_ids: BTreeSet<u64>,
    pub(super) created: i64,
    pub(super) updated: i64,
}

/// Everything that an account holds.
#[derive(Debug, Clone)]
pub struct State {
    /// How it differs from the plainest account.
    pub habits: Habits,
    pub(super) people: BTreeMap<u64, Person>,
    pub(super) roles: BTreeMap<u64, Role>,
    pub(super) own: u64,
    pub(super) owner: u64,
    pub(super) plan: String,
    pub(super) is_active: bool,
    pub(super) seats: Option<u64>,
    pub(super) quota: Option<u32>,
    pub(super) mails: BTreeMap<String, u32>,
    next: u64,
    second: i64,
}

/// One person, as a test looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPerson {
    /// The id.
    pub id: u64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// False for archived people.
    pub active: bool,
    /// Access roles; `people_manager` among them for who has teammates.
    pub access: BTreeSet<String>,
    /// Names of business roles.
    pub roles: BTreeSet<String>,
    /// How many teammates the person manages.
    pub teammates: usize,
}

/// All that a test compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// People by mail address, in small letters.
    pub people: BTreeMap<String, SeenPerson>,
    /// Mail addresses of the holders of each business role.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// How many invitations went to each address.
    pub mails: BTreeMap<String, u32>,
}

impl Default for State {
    /// An account with one person: its owner, an administrator, to whom the token belongs.
    fn default() -> Self {
        let mut this = Self {
            habits: Habits::default(),
            people: BTreeMap::new(),
            roles: BTreeMap::new(),
            own: 0,
            owner: 0,
            plan: "business-v4".to_owned(),
            is_active: true,
            seats: None,
            quota: None,
            mails: BTreeMap::new(),
            next: 3000,
            second: FIRST_SECOND,
        };
        this.own = this.add_person("Ops", "Automation", "ops@vendor.example.com");
        this.owner = this.own;
        this.set_access(this.own, &["administrator"]);
        this
    }
}

impl State {
    /// Adds an active member.
    pub fn add_person(&mut self, first_name: &str, last_name: &str, email: &str) -> u64 {
        let created = self.tick();
        let person = Person {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
            is_active: true,
            access_roles: vec!["member".to_owned()],
            teammates: BTreeSet::new(),
            has_entries: false,
            created,
            updated: created,
        };
        let id = self.next_id();
        self.people.insert(id, person);
        id
    }

    /// Takes a person out, as by hand.
    pub fn remove_person(&mut self, id: u64) {
        self.people.remove(&id);
        for role in self.roles.values_mut() {
            role.user_ids.remove(&id);
        }
        for person in self.people.values_mut() {
            person.teammates.remove(&id);
        }
    }

    /// Archives a person, or brings one back.
    pub fn set_active(&mut self, id: u64, active: bool) {
        self.edit(id, |person| person.is_active = active);
    }

    /// Sets the access roles, the main one first.
    pub fn set_access(&mut self, id: u64, access: &[&str]) {
        self.edit(id, |person| person.access_roles = access.iter().map(|&role| role.to_owned()).collect());
    }

    /// Sets whom a person manages.
    pub fn set_teammates(&mut self, id: u64, teammates: &[u64]) {
        self.edit(id, |person| person.teammates = teammates.iter().copied().collect());
    }

    /// Sets the mail address.
    pub fn set_email(&mut self, id: u64, email: &str) {
        self.edit(id, |person| email.clone_into(&mut person.email));
    }

    /// Records time for a person, who can no longer be deleted.
    pub fn track_time(&mut self, id: u64) {
        self.edit(id, |person| person.has_entries = true);
    }

    /// Adds a business role.
    pub fn add_role(&mut self, name: &str, user_ids: &[u64]) -> u64 {
        let created = self.tick();
        let id = self.next_id();
        let user_ids = user_ids.iter().copied().collect();
        self.roles.insert(id, Role { name: name.to_owned(), user_ids, created, updated: created });
        id
    }

    /// Gives somebody a business role.
    pub fn hold_role(&mut self, role: u64, person: u64) {
        if let Some(role) = self.roles.get_mut(&role) {
            role.user_ids.insert(person);
        }
    }

    /// The business role of this name.
    #[must_use]
    pub fn role_id(&self, name: &str) -> Option<u64> {
        self.roles.iter().find(|(_, role)| role.name == name).map(|(id, _)| *id)
    }

    /// The person with this mail address.
    #[must_use]
    pub fn id_of(&self, email: &str) -> Option<u64> {
        self.people.iter().find(|(_, person)| person.email.eq_ignore_ascii_case(email)).map(|(id, _)| *id)
    }

    /// The person to whom the token belongs.
    #[must_use]
    pub fn own(&self) -> u64 {
        self.own
    }

    /// Says to whom the token belongs.
    pub fn set_own(&mut self, id: u64) {
        self.own = id;
    }

    /// Says who owns the account.
    pub fn set_owner(&mut self, id: u64) {
        self.owner = id;
    }

    /// How many seats were bought; as many as one likes where absent.
    pub fn set_seats(&mut self, seats: Option<u64>) {
        self.seats = seats;
    }

    /// The plan's word.
    pub fn set_plan(&mut self, plan: &str) {
        plan.clone_into(&mut self.plan);
    }

    /// Whether the whole account is in use.
    pub fn set_account_active(&mut self, active: bool) {
        self.is_active = active;
    }

    /// How many requests are answered before the limit of 15 s is reached; as many as one likes where absent.
    pub fn set_quota(&mut self, requests: Option<u32>) {
        self.quota = requests;
    }

    /// What the account holds, for comparisons.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let email = |id: &u64| self.people.get(id).map(|person| person.email.to_lowercase());
        let people = self.people.iter().map(|(id, person)| {
            let seen = SeenPerson {
                id: *id,
                first_name: person.first_name.clone(),
                last_name: person.last_name.clone(),
                active: person.is_active,
                access: person.shown_access().into_iter().collect(),
                roles: self.roles_of(*id).map(str::to_owned).collect(),
                teammates: person.teammates.len(),
            };
            (person.email.to_lowercase(), seen)
        });
        let roles =
            self.roles.values().map(|role| (role.name.clone(), role.user_ids.iter().filter_map(email).collect()));
        Snapshot { people: people.collect(), roles: roles.collect(), mails: self.mails.clone() }
    }

    /// The names of a person's business roles.
    pub(super) fn roles_of(&self, id: u64) -> impl Iterator<Item = &str> {
        self.roles.values().filter(move |role| role.user_ids.contains(&id)).map(|role| role.name.as_str())
    }

    /// Whether one more active person would exceed the seats.
    pub(super) fn is_full(&self) -> bool {
        let active = self.people.values().filter(|person| person.is_active).count();
        self.seats.is_some_and(|seats| u64::try_from(active).unwrap_or(u64::MAX) >= seats)
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The account's clock, moved on.
    pub(super) fn tick(&mut self) -> i64 {
        self.second += 1;
        self.second
    }

    fn edit(&mut self, id: u64, edit: impl FnOnce(&mut Person)) {
        let now = self.tick();
        if let Some(person) = self.people.get_mut(&id) {
            person.updated = now;
            edit(person);
        }
    }
}

impl Person {
    /// The access roles as they are shown: who manages somebody is a people manager too.
    pub(super) fn shown_access(&self) -> Vec<String> {
        let manages = (!self.teammates.is_empty()).then(|| "people_manager".to_owned());
        self.access_roles.iter().cloned().chain(manages).collect()
    }

    /// The one main role.
    pub(super) fn main(&self) -> &str {
        self.access_roles.iter().find(|role| MAIN.contains(&role.as_str())).map_or("member", String::as_str)
    }
}

/// A time as it is written in answers.
pub(super) fn written(second: i64) -> String {
    Timestamp::from_second(second).map(|time| time.to_string()).unwrap_or_default()
}
