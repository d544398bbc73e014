//! Slots, levels and edges: the unit of state.

use std::{fmt, sync::LazyLock};

use super::{PersonKey, Text};

/// A level, role name or other value that an edge carries, as the app spells it.
pub type Level = Text;

/// Where an entitlement is held: a type and a name. A `Single` entitlement's slot has the empty name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The type: `account`, `group`, `role`, or the connector's own.
    pub kind: Text,
    /// The name, as declared; empty for the account and for `Single` types.
    pub name: Text,
}

impl Slot {
    /// A slot from its parts.
    #[must_use]
    pub fn new(kind: &str, name: &str) -> Self {
        Self { kind: kind.into(), name: name.into() }
    }

    /// The account itself.
    #[must_use]
    pub fn account() -> Self {
        static ACCOUNT: LazyLock<Slot> = LazyLock::new(|| Slot::new("account", ""));
        ACCOUNT.clone()
    }

    /// Membership in the group `name`.
    #[must_use]
    pub fn group(name: &str) -> Self {
        Self::new("group", name)
    }

    /// Whether this is the account itself.
    #[must_use]
    pub fn is_account(&self) -> bool {
        &*self.kind == "account"
    }

    /// Whether this is membership in a group.
    #[must_use]
    pub fn is_group(&self) -> bool {
        &*self.kind == "group"
    }

    /// Whether this is a role.
    #[must_use]
    pub fn is_role(&self) -> bool {
        &*self.kind == "role"
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            formatter.write_str(&self.kind)
        } else {
            write!(formatter, "{} {}", self.kind, self.name)
        }
    }
}

/// One person in one slot. The target app is given by where the edge stands: everything here is about one app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Who.
    pub person: PersonKey,
    /// Holds what.
    pub slot: Slot,
}

impl Edge {
    /// An edge from its parts.
    #[must_use]
    pub fn new(person: PersonKey, slot: Slot) -> Self {
        Self { person, slot }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} · {}", self.person, self.slot)
    }
}
