//! What somebody has said yes or no to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::is_among;
use crate::{
    access::{Directive, Edge, Text},
    plan::{Change, Input, Withdrawal, intent_digest},
    resolve::State,
};

/// Decisions that count now, as rows and edges.
pub(super) struct Approvals<'a> {
    approved: BTreeSet<Text>,
    rejected: BTreeSet<Text>,
    edges: BTreeSet<Edge>,
    given: Option<&'a BTreeSet<Edge>>,
}

impl<'a> Approvals<'a> {
    pub(super) fn new(input: &Input<'a>) -> Self {
        let valid = || input.memory.decisions.iter().filter(|decision| decision.not_after > input.now);
        let rows = |directive: Directive| -> BTreeSet<Text> {
            let digests = valid().filter(|decision| decision.directive == directive);
            let holds = digests.filter_map(|decision| input.memory.holds.get(&decision.digest));
            holds.flat_map(|hold| hold.rows.iter().cloned()).collect()
        };
        let digests: BTreeSet<&Text> = valid()
            .filter(|decision| decision.directive == Directive::Approve)
            .map(|decision| &decision.digest)
            .collect();
        Self {
            approved: rows(Directive::Approve),
            rejected: rows(Directive::Reject),
            edges: edges_of_intents(input, &digests),
            given: input.options.approved_withdrawals,
        }
    }

    pub(super) fn approves(&self, change: &Change) -> bool {
        let edge = change.person.as_ref().map(|person| Edge::new(person.clone(), change.slot.clone()));
        is_among(change, &self.approved)
            || edge
                .is_some_and(|edge| self.edges.contains(&edge) || self.given.is_some_and(|given| given.contains(&edge)))
    }

    pub(super) fn rejects(&self, change: &Change) -> bool {
        is_among(change, &self.rejected) && !self.approves(change)
    }
}

/// The edges whose withdrawal a pull request's digest approved: what was found withdrawn in one pass is one intent.
fn edges_of_intents(input: &Input<'_>, digests: &BTreeSet<&Text>) -> BTreeSet<Edge> {
    if digests.is_empty() {
        return BTreeSet::new();
    }
    let mut intents: BTreeMap<Timestamp, (BTreeSet<Withdrawal>, BTreeSet<Edge>)> = BTreeMap::new();
    for (edge, clock) in &input.memory.withdrawn {
        let (withdrawals, edges) = intents.entry(clock.since).or_default();
        let Some(owned) = input.memory.inventory.get(edge) else { continue };
        let live = match input.desired.state(edge) {
            State::Desired(desired) => Some(desired),
            State::Absent => None,
            State::Unknown(_) => continue,
        };
        edges.insert(edge.clone());
        for (name, seen) in &owned.claims {
            let now = live.and_then(|live| live.claims.iter().find(|claim| claim.name == *name));
            let lowered = now.filter(|now| now.level != seen.level);
            if now.is_some() && lowered.is_none() {
                continue;
            }
            withdrawals.insert(Withdrawal {
                claim: name.clone(),
                subject: seen.subject.clone(),
                slot: edge.slot.clone(),
                from: lowered.and(seen.level.clone()),
                to: lowered.and_then(|now| now.level.clone()),
            });
        }
    }
    let approved = intents
        .into_values()
        .filter(|(withdrawals, _)| digests.contains(&intent_digest(&input.policy.app, withdrawals)));
    approved.flat_map(|(_, edges)| edges).collect()
}
