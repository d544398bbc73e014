//! Claims: one grant of one `AppAccess` on one edge.

use std::fmt;

use jiff::Timestamp;

use super::{Level, ObjectName, Text};

/// The name of a claim everywhere: `namespace/object#grant`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimName {
    /// The `AppAccess`.
    pub object: ObjectName,
    /// The grant's name within it.
    pub grant: Text,
}

impl ClaimName {
    /// A claim's name from its parts.
    #[must_use]
    pub fn new(object: ObjectName, grant: &str) -> Self {
        Self { object, grant: grant.into() }
    }

    /// Reads `namespace/object#grant`; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (object, grant) = text.split_once('#')?;
        Some(Self::new(ObjectName::parse(object).ok()?, grant))
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", self.object, self.grant)
    }
}

/// One live claim on one edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// Which grant.
    pub name: ClaimName,
    /// The subject as written (of a team, the member as written there).
    pub subject: Text,
    /// When the claim ends; `None` means never.
    pub until: Option<Timestamp>,
    /// The value that it claims, where the slot has one.
    pub level: Option<Level>,
    /// The reason that the grant gives.
    pub reason: Option<Text>,
}

/// Why an edge goes or comes, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Claims that live now.
    Claims(Vec<Claim>),
    /// The directory says disabled or deleted.
    Directory {
        /// Which directory.
        directory: ObjectName,
        /// What it says: `disabled`, `deleted` or `absent`.
        says: Text,
    },
    /// The last claim ended at this time.
    Ended(Timestamp),
    /// The claims that carried the edge are gone from the declarations.
    Gone(Vec<ClaimName>),
    /// A policy of the target app names the class or the group.
    Policy(Text),
}
