//! What the account holds, and what tests do to it behind the client's back.

use std::collections::BTreeMap;

use super::Role;

/// When everything was made: the vendor asks for no time.
pub(super) const MADE: &str = "2026-01-05T09:00:00.000Z";
/// The address of the key's own user.
const OWN: &str = "access-robot@birch.example.com";

/// What was bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Everybody takes a paid seat, viewers too.
    Premium,
    /// Reviewers and viewers take no paid seat.
    Enterprise,
    /// As `Enterprise`, with custom roles.
    EnterprisePlus,
}

/// Which parts of the account somebody administers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Administers {
    pub(super) account: bool,
    pub(super) billing: bool,
    pub(super) configuration: bool,
}

impl Administers {
    pub(super) const fn all(yes: bool) -> Self {
        Self { account: yes, billing: yes, configuration: yes }
    }

    pub(super) const fn any(self) -> bool {
        self.account || self.billing || self.configuration
    }
}

#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) enabled: bool,
    pub(super) administers: Administers,
    pub(super) accessed_at: Option<String>,
    /// Roles by product.
    pub(super) roles: BTreeMap<u64, Role>,
    /// Custom roles by product: id and name.
    pub(super) custom: BTreeMap<u64, (u64, String)>,
    pub(super) seat_group: Option<u64>,
}

impl User {
    pub(super) fn new(first: &str, last: &str, email: &str) -> Self {
        Self {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: email.to_owned(),
            enabled: true,
            administers: Administers::default(),
            accessed_at: None,
            roles: BTreeMap::new(),
            custom: BTreeMap::new(),
            seat_group: None,
        }
    }

    pub(super) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) is_line: bool,
    /// Whether a role in it tells its name.
    pub(super) named_in_roles: bool,
}

#[derive(Debug, Clone)]
pub(super) struct SeatGroup {
    pub(super) name: String,
    pub(super) capacity: u64,
    pub(super) administrator: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Team {
    pub(super) name: String,
    /// Users by the id of their membership.
    pub(super) members: BTreeMap<u64, u64>,
}

/// What the account holds.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) domain: String,
    pub(super) users: BTreeMap<u64, User>,
    pub(super) products: BTreeMap<u64, Product>,
    pub(super) seat_groups: BTreeMap<u64, SeatGroup>,
    pub(super) teams: BTreeMap<u64, Team>,
    pub(super) own: u64,
    pub(super) plan: Plan,
    pub(super) seats: Option<usize>,
    pub(super) number_ids: bool,
    pub(super) unknown_fields: bool,
    quota: Option<u32>,
    is_key_revoked: bool,
    next: u64,
}

/// One person as a test sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The vendor's id.
    pub id: String,
    /// First and last name.
    pub name: String,
    /// Whether they can log in.
    pub enabled: bool,
    /// Whether they administer any part of the account.
    pub administrator: bool,
    /// Roles by the product's name.
    pub products: BTreeMap<String, Role>,
}

/// Everybody by mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The people, the key's own user among them.
    pub people: BTreeMap<String, Seen>,
}

impl State {
    pub(super) fn new(domain: &str) -> Self {
        let mut state = Self {
            domain: domain.to_owned(),
            users: BTreeMap::new(),
            products: BTreeMap::new(),
            seat_groups: BTreeMap::new(),
            teams: BTreeMap::new(),
            own: 0,
            plan: Plan::Enterprise,
            seats: None,
            number_ids: false,
            unknown_fields: false,
            quota: None,
            is_key_revoked: false,
            next: 7_000_000_000_000_000_001,
        };
        state.own = state.make_user("Access", "Robot", OWN);
        if let Some(own) = state.users.get_mut(&state.own) {
            own.administers = Administers::all(true);
        }
        state
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn make_user(&mut self, first: &str, last: &str, email: &str) -> u64 {
        let id = self.next_id();
        self.users.insert(id, User::new(first, last, email));
        id
    }

    pub(super) fn own_user(&self) -> Option<&User> {
        self.users.get(&self.own)
    }

    /// The product of an id or a reference prefix.
    pub(super) fn product(&self, key: &str) -> Option<u64> {
        let by_id = key.parse().ok().filter(|id| self.products.contains_key(id));
        by_id.or_else(|| self.products.iter().find(|(_, product)| product.prefix == key).map(|(id, _)| *id))
    }

    pub(super) fn has_email(&self, email: &str, except: Option<u64>) -> bool {
        self.users.iter().any(|(id, user)| Some(*id) != except && user.email.eq_ignore_ascii_case(email))
    }

    /// Whether somebody takes a paid seat. Shown for disabled people as well, who are not billed.
    pub(super) fn is_paid(&self, user: &User) -> bool {
        let works = user.administers.any() || user.roles.values().any(|role| role.is_paid());
        self.plan == Plan::Premium || works
    }

    pub(super) fn takes_seat(&self, user: &User) -> bool {
        user.enabled && self.is_paid(user)
    }

    /// Whether a paid seat is left.
    pub(super) fn has_seat(&self) -> bool {
        let used = || self.users.values().filter(|user| self.takes_seat(user)).count();
        self.seats.is_none_or(|seats| used() < seats)
    }

    pub(super) fn remaining(&self) -> Option<u32> {
        self.quota
    }

    /// Takes one request from the quota; false where none is left.
    pub(super) fn spend(&mut self) -> bool {
        match &mut self.quota {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    pub(super) fn is_key_revoked(&self) -> bool {
        self.is_key_revoked
    }

    fn edit_user(&mut self, email: &str, edit: impl FnOnce(&mut User)) -> bool {
        let found = self.users.values_mut().find(|user| user.email.eq_ignore_ascii_case(email));
        found.map(edit).is_some()
    }

    fn product_named(&self, name: &str) -> Option<u64> {
        let by_name = || self.products.iter().find(|(_, product)| product.name == name).map(|(id, _)| *id);
        self.product(name).or_else(by_name)
    }

    fn edit_product(&mut self, name: &str, edit: impl FnOnce(&mut Product)) -> bool {
        let product = self.product_named(name).and_then(|id| self.products.get_mut(&id));
        product.map(edit).is_some()
    }
}

/// What tests do. An edit of somebody or something that is not there does nothing and says false.
impl State {
    /// Adds a product with its reference prefix; its id.
    pub fn add_product(&mut self, name: &str, prefix: &str) -> String {
        let product =
            Product { name: name.to_owned(), prefix: prefix.to_owned(), is_line: false, named_in_roles: true };
        let id = self.next_id();
        self.products.insert(id, product);
        id.to_string()
    }

    /// Adds a product line: it can be asked for by its key, stands in no listing, and roles in it do not tell its name.
    pub fn add_line(&mut self, name: &str, prefix: &str) -> String {
        let id = self.next_id();
        let line = Product { name: name.to_owned(), prefix: prefix.to_owned(), is_line: true, named_in_roles: false };
        self.products.insert(id, line);
        id.to_string()
    }

    /// Roles in a product no longer tell its name, as the vendor's own examples show it.
    pub fn hide_name(&mut self, product: &str) -> bool {
        self.edit_product(product, |product| product.named_in_roles = false)
    }

    /// Renames a product.
    pub fn rename_product(&mut self, product: &str, name: &str) -> bool {
        self.edit_product(product, |product| name.clone_into(&mut product.name))
    }

    /// Adds somebody who can log in, was never there and holds nothing; the id.
    pub fn add_person(&mut self, email: &str) -> String {
        let first = email.split('@').next().unwrap_or(email);
        self.make_user(first, "Example", email).to_string()
    }

    /// Adds so many people, `p0`, `p1`, … of a mail domain, each with this role in a product.
    pub fn add_people(&mut self, people: usize, domain: &str, product: &str, role: Role) {
        let product = self.product_named(product);
        for number in 0..people {
            let id = self.make_user(&format!("p{number}"), "Example", &format!("p{number}@{domain}"));
            if let Some(user) = self.users.get_mut(&id) {
                user.roles.extend(product.map(|product| (product, role)));
            }
        }
    }

    /// Whether a product answers to a name, a prefix or an id.
    #[must_use]
    pub fn has_product(&self, name: &str) -> bool {
        self.product_named(name).is_some()
    }

    /// Lets somebody log in, or not.
    pub fn set_enabled(&mut self, email: &str, enabled: bool) -> bool {
        self.edit_user(email, |user| user.enabled = enabled)
    }

    /// Gives somebody a role in a product, by its name or prefix; `None` takes it away.
    pub fn set_role(&mut self, email: &str, product: &str, role: Option<Role>) -> bool {
        let Some(product) = self.product_named(product) else { return false };
        self.edit_user(email, |user| match role {
            Some(role) => drop(user.roles.insert(product, role)),
            None => drop(user.roles.remove(&product)),
        })
    }

    /// Lets somebody administer the whole account, or nothing of it.
    pub fn set_administrator(&mut self, email: &str, yes: bool) -> bool {
        self.edit_user(email, |user| user.administers = Administers::all(yes))
    }

    /// Lets somebody administer the billing alone.
    pub fn set_billing_administrator(&mut self, email: &str) -> bool {
        self.edit_user(email, |user| user.administers = Administers { billing: true, ..Administers::default() })
    }

    /// Gives somebody a custom role in a product.
    pub fn set_custom_role(&mut self, email: &str, product: &str, name: &str) -> bool {
        let Some(product) = self.product_named(product) else { return false };
        let role = self.next_id();
        self.edit_user(email, |user| drop(user.custom.insert(product, (role, name.to_owned()))))
    }

    /// Notes when somebody was last there.
    pub fn set_accessed(&mut self, email: &str, at: &str) -> bool {
        self.edit_user(email, |user| user.accessed_at = Some(at.to_owned()))
    }

    /// Changes somebody's address.
    pub fn set_email(&mut self, email: &str, to: &str) -> bool {
        self.edit_user(email, |user| to.clone_into(&mut user.email))
    }

    /// Changes somebody's name.
    pub fn set_name(&mut self, email: &str, first: &str, last: &str) -> bool {
        self.edit_user(email, |user| {
            first.clone_into(&mut user.first_name);
            last.clone_into(&mut user.last_name);
        })
    }

    /// Deletes somebody, as a person can on Aha!'s own pages.
    pub fn delete_person(&mut self, email: &str) {
        self.users.retain(|_, user| !user.email.eq_ignore_ascii_case(email));
    }

    /// The key's own user administers the account, or no longer.
    pub fn set_own_administrator(&mut self, yes: bool) {
        if let Some(own) = self.users.get_mut(&self.own) {
            own.administers = Administers::all(yes);
        }
    }

    /// The id of the key's own user.
    #[must_use]
    pub fn own_id(&self) -> String {
        self.own.to_string()
    }

    /// Sells another plan.
    pub fn set_plan(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// Sells so many paid seats; any number where `None`.
    pub fn set_seats(&mut self, seats: Option<usize>) {
        self.seats = seats;
    }

    /// Adds a group of paid seats, administered by the key's own user or by somebody else; its id.
    pub fn add_seat_group(&mut self, name: &str, capacity: u64, is_own: bool) -> String {
        let id = self.next_id();
        let administrator = if is_own { self.own } else { 0 };
        self.seat_groups.insert(id, SeatGroup { name: name.to_owned(), capacity, administrator });
        id.to_string()
    }

    /// Puts somebody into a group of paid seats.
    pub fn set_seat_group(&mut self, email: &str, group: &str) -> bool {
        self.edit_user(email, |user| user.seat_group = group.parse().ok())
    }

    /// Adds a team of capacity planning; its id.
    pub fn add_team(&mut self, name: &str) -> String {
        let id = self.next_id();
        self.teams.insert(id, Team { name: name.to_owned(), ..Team::default() });
        id.to_string()
    }

    /// Moves the account to another domain.
    pub fn set_domain(&mut self, domain: &str) {
        domain.clone_into(&mut self.domain);
    }

    /// So many requests are left; any number where `None`.
    pub fn set_quota(&mut self, requests: Option<u32>) {
        self.quota = requests;
    }

    /// The key is taken back, or given again.
    pub fn revoke_key(&mut self, revoked: bool) {
        self.is_key_revoked = revoked;
    }

    /// Ids are shown as numbers where they are usually texts.
    pub fn show_numbers(&mut self, yes: bool) {
        self.number_ids = yes;
    }

    /// Every answer about a user has fields that nobody documents.
    pub fn show_unknown_fields(&mut self, yes: bool) {
        self.unknown_fields = yes;
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let people = self.users.iter().map(|(id, user)| {
            let products =
                user.roles.iter().filter_map(|(product, role)| Some((self.products.get(product)?.name.clone(), *role)));
            let seen = Seen {
                id: id.to_string(),
                name: user.name(),
                enabled: user.enabled,
                administrator: user.administers.any(),
                products: products.collect(),
            };
            (user.email.clone(), seen)
        });
        Snapshot { people: people.collect() }
    }
}
