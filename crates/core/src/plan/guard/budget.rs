//! The budgets: distinct people who lose or gain something, per app and rolling 24 hours.

use std::collections::BTreeSet;

use super::{Approvals, Change, HeldReason, Input, Plan, WINDOW, allowed_removals, is_open};
use crate::{
    access::{RemovalRecord, Text},
    plan::{
        Action, Cause,
        count::number,
        task::{only_clears_away, was_let_pass},
    },
};

/// Accounts seen in the last complete reading, the present one included.
pub(super) fn seen(input: &Input<'_>) -> u64 {
    let last = input.memory.last_complete.as_ref().map_or(0, BTreeSet::len);
    number(if input.observation.is_complete() { input.observation.accounts.len() } else { last })
}

/// Holds what goes beyond the budgets, and the first removals ever.
pub(super) fn judge(input: &Input<'_>, approvals: &Approvals<'_>, plan: &mut Plan) {
    let limited =
        |change: &Change| is_limited(input, change) && !approvals.approves(change) && !was_let_pass(input, change);
    let losing: BTreeSet<Text> =
        plan.changes.iter().filter(|change| is_open(change) && limited(change)).map(Change::whose).collect();
    let people = with_recent(input, &input.memory.removals, losing);
    let exceeded = people > allowed_removals(input);
    let first = input.policy.safety.approve_first && !input.memory.first_removals_decided && !input.options.stateless;
    let reason = match (exceeded, first || input.memory.restored) {
        (true, _) => Some(HeldReason::ThresholdExceeded),
        (false, true) => Some(HeldReason::ApprovalRequired),
        (false, false) => None,
    };
    for change in plan.changes.iter_mut().filter(|change| is_open(change)) {
        if limited(change) {
            change.held = reason;
        }
    }
    judge_additions(input, approvals, plan);
}

/// Removals that count: of budgeted causes, lower levels among them; expiries, too, where nobody can tell the time.
pub(in crate::plan) fn is_limited(input: &Input<'_>, change: &Change) -> bool {
    let expires = input.options.clock_is_doubtful && change.cause == Cause::Expired;
    change.is_removal() && (change.cause.is_budgeted() || expires) && !only_clears_away(input, change)
}

fn judge_additions(input: &Input<'_>, approvals: &Approvals<'_>, plan: &mut Plan) {
    let Some(budget) = input.policy.safety.maximum_additions else { return };
    let adds = |change: &Change| {
        let gains = matches!(
            change.action,
            Action::Create | Action::Invite | Action::Activate | Action::Grant | Action::Change
        );
        let counts = gains && !change.is_removal() && change.person.is_some();
        counts && !approvals.approves(change) && !was_let_pass(input, change)
    };
    let gaining: BTreeSet<Text> =
        plan.changes.iter().filter(|change| is_open(change) && adds(change)).map(Change::whose).collect();
    if with_recent(input, &input.memory.additions, gaining) <= budget.allowed(seen(input)) {
        return;
    }
    for change in plan.changes.iter_mut().filter(|change| is_open(change)) {
        if adds(change) {
            change.held = Some(HeldReason::ThresholdExceeded);
        }
    }
}

/// How many distinct people, those of the last 24 hours included.
fn with_recent(input: &Input<'_>, records: &BTreeSet<RemovalRecord>, mut people: BTreeSet<Text>) -> u64 {
    if people.is_empty() {
        return 0;
    }
    let recent = records.iter().filter(|record| input.now.as_second() - record.at.as_second() < WINDOW);
    people.extend(recent.map(|record| record.who.clone()));
    number(people.len())
}
