//! Accounts by sort, as of one reading.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Counts, Input, Plan, beside::Beside, canonical::Canonical};
use crate::access::{AccountState, Class, Completeness, Edge, OwnedEdge, PersonKey, Text};

static NONE: BTreeMap<Edge, OwnedEdge> = BTreeMap::new();

/// Counts what a plan rests on and says.
pub(super) fn count(input: &Input<'_>, canonical: &Canonical<'_>, plan: &Plan) -> Counts {
    let desired = &canonical.desired;
    let to_change: BTreeSet<&PersonKey> = plan
        .changes
        .iter()
        .filter(|change| change.action != Action::Adopt)
        .filter_map(|change| change.person.as_ref())
        .collect();
    let mut accounts = Beside::new(&plan.accounts);
    // What is ours in an app that shows no account at all is there as far as anybody can tell.
    let shows_none = input.observation.completeness == Completeness::NotListable && !input.capabilities.look_up_id;
    let ours = if shows_none { canonical.inventory.as_ref() } else { &NONE };
    let mut unseen = Beside::new(ours);
    let (mut declared, mut in_sync, mut missing) = (0, 0, 0);
    for edge in desired.edges.keys().filter(|edge| edge.slot.is_account() && desired.is_wanted(&edge.person)) {
        declared += 1;
        match accounts.get(&edge.person) {
            None if unseen.get(edge).is_none() => missing += 1,
            _ if to_change.contains(&edge.person) => {}
            _ => in_sync += 1,
        }
    }
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
        declared,
        seen: number(input.observation.accounts.len()),
        in_sync,
        missing,
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
