//! Seats and cliffs: additions that would cost more than somebody decided.

use super::{HeldReason, Input, Plan, is_open};
use crate::plan::{
    cost::{billed, gains_seat},
    count::number,
};

/// Holds the additions for which no seat is left, and those that would step over a vendor's trap.
pub(super) fn judge(input: &Input<'_>, plan: &mut Plan) {
    let active = billed(input);
    let seats = input.observation.seats;
    let purchased =
        input.policy.pricing.as_ref().and_then(|pricing| pricing.purchased).or(seats.and_then(|seats| seats.purchased));
    let mut used = seats.map_or(active, |seats| seats.used);
    for change in plan.changes.iter_mut().filter(|change| is_open(change)) {
        if !change.slot.is_account() || !gains_seat(change.action) {
            continue;
        }
        if purchased.is_some_and(|purchased| used >= purchased) {
            change.held = Some(HeldReason::SeatLimit);
        } else {
            used = used.saturating_add(1);
        }
    }
    cliffs(input, plan, active);
}

/// A cliff that is not acknowledged holds every addition of the plan that would step over it.
fn cliffs(input: &Input<'_>, plan: &mut Plan, active: u64) {
    let gaining =
        |change: &crate::plan::Change| is_open(change) && change.slot.is_account() && gains_seat(change.action);
    let after = active.saturating_add(number(plan.changes.iter().filter(|change| gaining(change)).count()));
    let over = input.capabilities.cliffs.iter().any(|cliff| {
        !input.policy.acknowledged_cliffs.contains(&cliff.id) && active <= cliff.accounts && after > cliff.accounts
    });
    if over {
        for change in plan.changes.iter_mut().filter(|change| gaining(change)) {
            change.held = Some(HeldReason::Cliff);
        }
    }
}
