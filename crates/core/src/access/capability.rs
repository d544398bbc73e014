//! What an app can do, as its connector declares and has probed it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Level, Slot, Text};

/// How an entitlement type is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Many names, no value: groups.
    Set,
    /// A name with a level; the levels from low to high, empty where the app does not order them.
    Levelled {
        /// From low to high.
        order: Vec<Level>,
    },
    /// One value per account; the values from low to high, empty where the app does not order them.
    Single {
        /// From low to high.
        order: Vec<Level>,
    },
}

/// One entitlement type of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementKind {
    /// How it is held.
    pub shape: Shape,
    /// Names or values that this API cannot give.
    pub not_grantable: BTreeSet<Text>,
    /// Names or values that a glob of `allow` never matches.
    pub privileged: BTreeSet<Text>,
    /// Whether a name that does not exist can be created.
    pub creatable: bool,
    /// Whether every account must hold a value, so that an unclaimed one goes to the lowest instead of away.
    pub required: bool,
    /// Whether the app takes names that differ only in ASCII case as the same.
    pub fold_case: bool,
}

impl EntitlementKind {
    /// A type of which many names can be held.
    #[must_use]
    pub fn set() -> Self {
        Self {
            shape: Shape::Set,
            not_grantable: BTreeSet::new(),
            privileged: BTreeSet::new(),
            creatable: false,
            required: false,
            fold_case: false,
        }
    }

    /// A type of which one value can be held, ordered from low to high.
    #[must_use]
    pub fn single(order: &[&str]) -> Self {
        Self { shape: Shape::Single { order: order.iter().map(|&level| level.into()).collect() }, ..Self::set() }
    }

    /// A type of named entitlements with a level, ordered from low to high.
    #[must_use]
    pub fn levelled(order: &[&str]) -> Self {
        Self { shape: Shape::Levelled { order: order.iter().map(|&level| level.into()).collect() }, ..Self::set() }
    }

    /// The order of levels or values; empty for a set and where the app does not order them.
    #[must_use]
    pub fn order(&self) -> &[Level] {
        match &self.shape {
            Shape::Set => &[],
            Shape::Levelled { order } | Shape::Single { order } => order,
        }
    }

    /// The place of a level in the order; `None` where it is not ordered.
    #[must_use]
    pub fn rank(&self, level: &str) -> Option<usize> {
        self.order().iter().position(|known| &**known == level)
    }

    /// Whether this type holds one value per account.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(self.shape, Shape::Single { .. })
    }
}

/// How an account comes into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// The API creates it.
    Create,
    /// The API invites a mail address.
    Invite,
}

/// What an app's user name is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginSource {
    /// The main mail address.
    #[default]
    Mail,
    /// The login, where the person has one.
    Login,
    /// The directory's immutable id.
    Id,
}

/// A vendor's trap that is stepped over at a number of accounts, for example a change of the paid plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cliff {
    /// Its name, as in `acknowledgedCliffs`.
    pub id: Text,
    /// The largest number of active accounts before it.
    pub accounts: u64,
    /// What happens beyond.
    pub message: Text,
}

/// What people have to do because the app's interface cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByHand {
    /// Every change is a task: the app has no interface.
    pub everything: bool,
    /// Deleting an account is a task, once the account is suspended.
    pub delete: bool,
    /// Where to click, by the word of the action (`create`, `grant`, `delete`, …); the empty word is for all others.
    pub clicks: BTreeMap<Text, Text>,
    /// How long a task may take before it is overdue; for ever where absent.
    pub due_in: Option<Duration>,
}

impl ByHand {
    /// Whether people delete accounts, by themselves or once they are suspended.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.everything || self.delete
    }

    /// Where to click for an action.
    #[must_use]
    pub fn clicks_for(&self, action: &str) -> Option<&Text> {
        self.clicks.get(action).or_else(|| self.clicks.get(""))
    }
}

/// What an app can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent abilities of an app")]
pub struct Capabilities {
    /// The entitlement types beside `account`.
    pub kinds: BTreeMap<Text, EntitlementKind>,
    /// Entitlement types that this app could have and has not, with the reason: its plan, a setting, our rights.
    pub absent: BTreeMap<Text, Text>,
    /// How an account comes into being.
    pub provisioning: Provisioning,
    /// Whether no account is made without a given and a family name.
    pub needs_full_name: bool,
    /// Whether an account can be suspended and reactivated.
    pub suspend: bool,
    /// Whether an account can be deleted.
    pub delete: bool,
    /// Whether one person can be looked up.
    pub look_up: bool,
    /// Whether one account can be looked up by its id.
    pub look_up_id: bool,
    /// Whether the vendor bills an account that was invited and has not accepted yet.
    pub bills_invited: bool,
    /// Whether suspended accounts are out of sight, so that what a reading or a look-up lacks is not proven gone.
    pub hides_suspended: bool,
    /// Whether an account without any further entitlement can exist.
    pub account_alone: bool,
    /// Attributes that are kept up to date.
    pub attributes: Vec<Text>,
    /// Whether the user name, and the mail where the app keeps it, follow the person.
    pub renames: bool,
    /// What the user name is.
    pub login: LoginSource,
    /// Traps.
    pub cliffs: Vec<Cliff>,
    /// What people have to do.
    pub by_hand: ByHand,
    /// What an owner should know about the vendor, one sentence each.
    pub notes: Vec<Text>,
}

impl Capabilities {
    /// An app whose accounts are known by mail address, can be suspended and looked up, and hold nothing else.
    #[must_use]
    pub fn new(provisioning: Provisioning) -> Self {
        Self {
            kinds: BTreeMap::new(),
            absent: BTreeMap::new(),
            provisioning,
            needs_full_name: false,
            suspend: true,
            delete: false,
            look_up: true,
            look_up_id: true,
            bills_invited: false,
            hides_suspended: false,
            account_alone: true,
            attributes: Vec::new(),
            renames: false,
            login: LoginSource::Mail,
            cliffs: Vec::new(),
            by_hand: ByHand::default(),
            notes: Vec::new(),
        }
    }

    /// What can be done, in words of one piece, in a fixed order: with accounts, by hand, the types that there are, and as
    /// `notGroup` those that there could be and are not.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let provisioning = match self.provisioning {
            Provisioning::Create => "create",
            Provisioning::Invite => "invite",
        };
        let everything = self.by_hand.everything;
        let abilities = [
            (everything, "byHand"),
            (true, provisioning),
            (self.suspend, "suspend"),
            (self.delete, "delete"),
            (self.by_hand.delete && !everything, "deleteByHand"),
            (self.look_up, "lookUp"),
        ];
        let abilities = abilities.into_iter().filter(|(can, _)| *can).map(|(_, word)| word.to_owned());
        let absent = self.absent.keys().filter(|kind| !self.kinds.contains_key(*kind)).map(|kind| without(kind));
        abilities.chain(self.kinds.keys().map(ToString::to_string)).chain(absent).collect()
    }

    /// The type of a slot; `None` for the account and for types that the app does not have.
    #[must_use]
    pub fn kind(&self, slot: &Slot) -> Option<&EntitlementKind> {
        self.kinds.get(&slot.kind)
    }

    /// Whether going from one value to another takes something away. Without an order any change does.
    #[must_use]
    pub fn lowers(&self, slot: &Slot, from: Option<&Level>, to: Option<&Level>) -> bool {
        let (Some(from), Some(to)) = (from, to) else { return from.is_some() };
        let Some(kind) = self.kind(slot) else { return from != to };
        match (kind.rank(from), kind.rank(to)) {
            (Some(from), Some(to)) => to < from,
            _ => from != to,
        }
    }
}

/// `notProjectManager` for `project-manager`.
fn without(kind: &str) -> String {
    let mut word = String::from("not");
    for part in kind.split(|letter: char| !letter.is_alphanumeric()) {
        let mut letters = part.chars();
        word.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        word.push_str(letters.as_str());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_can_do_is_told_in_words_of_a_fixed_order_with_what_it_lacks() {
        let mut capabilities = Capabilities::new(Provisioning::Invite);
        capabilities.kinds.insert("role".into(), EntitlementKind::single(&["member", "admin"]));
        capabilities.kinds.insert("group".into(), EntitlementKind::set());
        capabilities.absent.insert("project-manager".into(), "its plan has no roles".into());
        capabilities.absent.insert("group".into(), "was there a moment ago".into());
        capabilities.by_hand.delete = true;
        let words = ["invite", "suspend", "deleteByHand", "lookUp", "group", "role", "notProjectManager"];
        assert_eq!(capabilities.words(), words);
    }
}
