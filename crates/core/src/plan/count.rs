//! Accounts by sort, as of one reading.

use std::collections::BTreeSet;

use super::{Action, Counts, Input, Plan, canonical::Canonical};
use crate::{
    access::{AccountState, Class, PersonKey, Text},
    resolve::State,
};

/// Counts what a plan rests on and says.
pub(super) fn count(input: &Input<'_>, canonical: &Canonical<'_>, plan: &Plan) -> Counts {
    let desired = &canonical.desired;
    let declared: BTreeSet<&PersonKey> = desired
        .edges
        .keys()
        .filter(|edge| edge.slot.is_account() && matches!(desired.state(edge), State::Desired(_)))
        .map(|edge| &edge.person)
        .collect();
    let to_change: BTreeSet<&PersonKey> = plan
        .changes
        .iter()
        .filter(|change| change.action != Action::Adopt)
        .filter_map(|change| change.person.as_ref())
        .collect();
    let in_sync =
        declared.iter().filter(|person| plan.accounts.contains_key(**person) && !to_change.contains(**person));
    let class = |wanted: Class| number(plan.classes.values().filter(|class| **class == wanted).count());
    let held: BTreeSet<Text> = plan
        .changes
        .iter()
        .filter(|change| change.permitted && change.held.is_some())
        .map(super::Change::whose)
        .collect();
    let extra: BTreeSet<&PersonKey> = plan
        .changes
        .iter()
        .filter(|change| change.slot.is_account() && change.is_removal() && change.cause != super::Cause::Unmanaged)
        .filter_map(|change| change.person.as_ref())
        .collect();
    Counts {
        declared: number(declared.len()),
        seen: number(input.observation.accounts.len()),
        in_sync: number(in_sync.count()),
        missing: number(declared.iter().filter(|person| !plan.accounts.contains_key(**person)).count()),
        extra: number(extra.len()),
        orphans: class(Class::Orphan),
        unknown: class(Class::Unknown),
        invited: number(
            input.observation.accounts.iter().filter(|account| account.state == AccountState::Invited).count(),
        ),
        held: number(held.len()),
        failed: 0,
    }
}

/// A length as a count of the contract.
pub(super) fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
