//! What somebody has said yes or no to.

use std::collections::BTreeSet;

use super::is_among;
use crate::{
    access::{Directive, Edge, Text},
    plan::{Change, Input},
};

/// Decisions that count now, as rows: of holds, and of what an intent digest was found to stand for.
pub(super) struct Approvals<'a> {
    approved: BTreeSet<Text>,
    rejected: BTreeSet<Text>,
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
        Self {
            approved: rows(Directive::Approve),
            rejected: rows(Directive::Reject),
            given: input.options.approved_withdrawals,
        }
    }

    pub(super) fn approves(&self, change: &Change) -> bool {
        if self.rejects(change) {
            return false;
        }
        let given = || {
            let edge = change.person.as_ref().map(|person| Edge::new(person.clone(), change.slot.clone()));
            edge.is_some_and(|edge| self.given.is_some_and(|given| given.contains(&edge)))
        };
        is_among(change, &self.approved) || (self.given.is_some() && change.is_removal() && given())
    }

    /// Whoever said no is not outvoted: the row waits until the declarations say what was decided.
    pub(super) fn rejects(&self, change: &Change) -> bool {
        is_among(change, &self.rejected)
    }
}
