//! What a piece of work is, and in which order requests go. Pure.

use std::collections::BTreeMap;

use appaccess_core::plan::Action;

use super::Kind;
use crate::connector::Work;

/// Most invitations that are sent before their ids are read, together.
pub(super) const INVITATIONS: usize = 20;

/// What a piece of work is, in the order in which requests go: what makes before what gives, what takes before what
/// suspends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// Invites somebody.
    Invite,
    /// Makes a group.
    CreateGroup,
    /// Lets somebody in again.
    Activate,
    /// Sets the role.
    SetRole,
    /// Gives a group, or the management of a group or project.
    Give(Kind),
    /// Takes that away.
    Take(Kind),
    /// Shuts somebody out.
    Suspend,
    /// Nothing that this interface can do.
    Impossible,
}

/// What a piece of work is.
pub(super) fn task(work: &Work) -> Task {
    let slot = &work.change.slot;
    let action = work.change.action;
    if slot.is_account() {
        return match action {
            Action::Create | Action::Invite => Task::Invite,
            Action::Activate => Task::Activate,
            Action::Suspend => Task::Suspend,
            _ => Task::Impossible,
        };
    }
    match (Kind::of(&slot.kind), action) {
        (Some(Kind::Group), Action::Create) => Task::CreateGroup,
        (Some(Kind::Role), Action::Grant | Action::Change | Action::Revoke) => Task::SetRole,
        (Some(kind), Action::Grant) => Task::Give(kind),
        (Some(kind), Action::Revoke) => Task::Take(kind),
        _ => Task::Impossible,
    }
}

/// The batches of `work`: invitations together, as one read tells the ids of many; all else alone.
pub(super) fn batches(work: &[Work]) -> Vec<Vec<usize>> {
    let mut by_task: BTreeMap<Task, Vec<usize>> = BTreeMap::new();
    for (index, one) in work.iter().enumerate() {
        by_task.entry(task(one)).or_default().push(index);
    }
    let mut batches = Vec::new();
    for (task, indices) in by_task {
        let size = if task == Task::Invite { INVITATIONS } else { 1 };
        batches.extend(indices.chunks(size).map(<[usize]>::to_vec));
    }
    batches
}

#[cfg(test)]
mod tests {
    use appaccess_core::{
        access::{Evidence, Slot},
        plan::{Cause, Change},
    };

    use super::*;

    fn work(action: Action, slot: Slot) -> Work {
        let change = Change {
            action,
            person: None,
            label: "ana@example.com".into(),
            account: None,
            slot,
            from: None,
            to: None,
            attributes: BTreeMap::new(),
            cause: Cause::Declared,
            evidence: Evidence::Claims(Vec::new()),
            permitted: true,
            held: None,
            due: None,
            task: None,
        };
        Work { change, person: None, account: None, entitlement: None }
    }

    #[test]
    fn invitations_go_first_and_together_and_all_else_alone() {
        let mut all = vec![
            work(Action::Suspend, Slot::account()),
            work(Action::Revoke, Slot::group("Studio")),
            work(Action::Grant, Slot::group("Studio")),
            work(Action::Change, Slot::new("role", "")),
            work(Action::Create, Slot::group("Studio")),
        ];
        all.extend((0..=INVITATIONS).map(|_| work(Action::Invite, Slot::account())));
        let batches = batches(&all);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [INVITATIONS, 1, 1, 1, 1, 1, 1]);
        assert_eq!(batches.concat()[INVITATIONS + 1..], [4, 3, 2, 1, 0]);
        let mut indices = batches.concat();
        indices.sort_unstable();
        assert_eq!(indices, (0..all.len()).collect::<Vec<_>>());
    }

    #[test]
    fn what_the_interface_cannot_do_is_known() {
        assert_eq!(task(&work(Action::Delete, Slot::account())), Task::Impossible);
        assert_eq!(task(&work(Action::Create, Slot::new("team-manager", "Studio"))), Task::Impossible);
        assert_eq!(task(&work(Action::Grant, Slot::new("workspace", "Studio"))), Task::Impossible);
        assert_eq!(task(&work(Action::Grant, Slot::new("team-manager", "Studio"))), Task::Give(Kind::TeamManager));
    }
}
