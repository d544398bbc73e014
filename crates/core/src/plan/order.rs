//! The order of a plan: additions before removals, what others need first, suspends before deletes.

use super::{Action, Change};

/// Sorts changes into the order in which they are applied; the same changes always come out the same way.
pub(super) fn sort(changes: &mut [Change]) {
    changes.sort_by(|left, right| {
        rank(left)
            .cmp(&rank(right))
            .then_with(|| left.slot.cmp(&right.slot))
            .then_with(|| left.label.cmp(&right.label))
            .then_with(|| left.account.cmp(&right.account))
            .then_with(|| left.person.cmp(&right.person))
    });
}

/// The step in which a change is made.
fn rank(change: &Change) -> u8 {
    match change.action {
        Action::Adopt => 0,
        Action::Create | Action::Invite if change.slot.is_account() => 1,
        Action::Activate => 2,
        Action::Update => 3,
        Action::Create | Action::Invite => 4,
        Action::Grant => 5,
        Action::Change if !change.is_removal() => 6,
        Action::Change => 7,
        Action::Revoke => 8,
        Action::Suspend => 9,
        Action::Delete => 10,
    }
}
