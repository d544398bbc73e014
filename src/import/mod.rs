//! What an app holds becomes claims that declare exactly that: a plan with them has nothing to do but to adopt. Pure: from
//! one reading to objects and their text. It knows no shell, sends nothing and asks for no time.
//!
//! ```text
//! observation ─▶ holders (who may be declared, under which names) ─▶ trial (a plan must be empty) ─▶ grants ─▶ objects
//! ```

mod grants;
mod holders;
mod names;
mod objects;
#[cfg(test)]
mod tests;
mod trial;
mod yaml;

use std::collections::BTreeSet;

use appaccess_core::{
    access::{AppPolicy, Capabilities, ObjectName, Observation},
    resolve::World,
};
use jiff::Timestamp;

pub use objects::{Imported, Object};

/// What an import rests on.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The policy of the target app.
    pub policy: &'a AppPolicy,
    /// What the app can do.
    pub capabilities: &'a Capabilities,
    /// A reading of all that the app holds.
    pub observation: &'a Observation,
    /// The people whom directories know, and the teams; what is claimed in it does not matter.
    pub world: &'a World,
    /// The time, for the windows of teams.
    pub now: Timestamp,
}

/// How it is written down.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether people who share several entitlements, or who are exactly a team, are named as one.
    pub as_teams: bool,
    /// Names that objects of the namespace bear and that are not to be taken again.
    pub taken: BTreeSet<ObjectName>,
}

/// Who or what is not declared, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Whose account it is, as the app shows it.
    pub label: String,
    /// The entitlement; empty for the account as a whole.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// Declares what the app holds.
#[must_use]
pub fn import(source: &Source<'_>, options: &Options) -> Imported {
    let (holders, mut left_out) = holders::holders(source);
    let settled = trial::settle(source, holders, &mut left_out);
    left_out.sort();
    left_out.dedup();
    let grants = grants::grants(source, options, &settled);
    objects::objects(source, options, grants, left_out)
}
