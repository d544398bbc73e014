//! Which changes one request can carry, and in which order the requests go. Pure.
//!
//! All that happens to one person goes together, and all that happens to one business role; what gives goes before what
//! takes, people before the roles that name them, suspensions before deletions.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{access::Text, plan::Action};

use super::{BUSINESS_ROLE, PERMISSION};
use crate::connector::Work;

/// What a request is about, in the order in which requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Makes a person.
    Create,
    /// Gives one person something.
    Gain,
    /// Makes a business role or gives it to people.
    RoleGain,
    /// Takes a business role from people.
    RoleLoss,
    /// Takes something from one person.
    Lose,
    /// Archives a person.
    Suspend,
    /// Deletes a person.
    Delete,
    /// Nothing that Harvest can do.
    Other,
}

/// The phase of one piece of work, taken alone.
pub(super) fn phase(work: &Work) -> Phase {
    let change = &work.change;
    if change.slot.is_account() {
        return match change.action {
            Action::Create | Action::Invite => Phase::Create,
            Action::Update | Action::Activate => Phase::Gain,
            Action::Suspend => Phase::Suspend,
            Action::Delete => Phase::Delete,
            _ => Phase::Other,
        };
    }
    let is_access = change.slot.is_role() || &*change.slot.kind == PERMISSION;
    match (&*change.slot.kind, change.action) {
        (BUSINESS_ROLE, Action::Create | Action::Grant) => Phase::RoleGain,
        (BUSINESS_ROLE, Action::Revoke) => Phase::RoleLoss,
        (_, Action::Change) if is_access && change.is_removal() => Phase::Lose,
        (_, Action::Grant | Action::Change) if is_access => Phase::Gain,
        (_, Action::Revoke) if is_access => Phase::Lose,
        _ => Phase::Other,
    }
}

/// The batches of `work`.
pub(super) fn batches(work: &[Work]) -> Vec<Vec<usize>> {
    let those_of =
        |wanted: Phase| -> BTreeSet<Text> { work.iter().filter(|work| phase(work) == wanted).map(whose).collect() };
    let (created, suspended) = (those_of(Phase::Create), those_of(Phase::Suspend));
    let mut found: BTreeMap<(Phase, Text), Vec<usize>> = BTreeMap::new();
    for (index, one) in work.iter().enumerate() {
        let key = match phase(one) {
            Phase::Gain if created.contains(&whose(one)) => (Phase::Create, whose(one)),
            Phase::Lose if suspended.contains(&whose(one)) => (Phase::Suspend, whose(one)),
            phase @ (Phase::RoleGain | Phase::RoleLoss) => (phase, Text::clone(&one.change.slot.name)),
            phase @ (Phase::Delete | Phase::Other) => (phase, index.to_string().into()),
            phase => (phase, whose(one)),
        };
        found.entry(key).or_default().push(index);
    }
    let mut ordered: Vec<(Phase, Vec<usize>)> =
        found.into_iter().map(|((phase, _), indices)| (phase, indices)).collect();
    ordered.sort_by_key(|(phase, indices)| (*phase, indices.first().copied()));
    ordered.into_iter().map(|(_, indices)| indices).collect()
}

fn whose(work: &Work) -> Text {
    work.change.whose()
}

#[cfg(test)]
mod tests {
    use appaccess_core::{
        access::{AccountId, Evidence, Mail, PersonKey, Slot},
        plan::{Cause, Change},
    };

    use super::*;

    fn work(action: Action, person: Option<&str>, slot: Slot) -> Work {
        let losing = matches!(action, Action::Revoke | Action::Suspend | Action::Delete);
        Work {
            change: Change {
                action,
                person: person.map(|name| PersonKey::Mail(Mail::parse(&format!("{name}@example.com")).unwrap())),
                label: person.unwrap_or_default().into(),
                account: None,
                slot,
                from: None,
                to: None,
                attributes: BTreeMap::new(),
                cause: if losing { Cause::Withdrawn } else { Cause::Declared },
                evidence: Evidence::Claims(Vec::new()),
                permitted: true,
                held: None,
                due: None,
                task: None,
            },
            person: None,
            account: person.map(AccountId::new),
            entitlement: None,
        }
    }

    #[test]
    fn access_goes_along_with_its_person_and_a_role_is_made_with_its_holders() {
        let all = [
            work(Action::Create, None, Slot::new(BUSINESS_ROLE, "Designer")),
            work(Action::Grant, Some("a"), Slot::new(BUSINESS_ROLE, "Designer")),
            work(Action::Create, Some("a"), Slot::account()),
            work(Action::Grant, Some("a"), Slot::new("role", "")),
            work(Action::Grant, Some("a"), Slot::new(PERMISSION, "project_creator")),
            work(Action::Grant, Some("b"), Slot::new(BUSINESS_ROLE, "Designer")),
            work(Action::Grant, Some("b"), Slot::new(BUSINESS_ROLE, "Writer")),
        ];
        assert_eq!(batches(&all), [vec![2, 3, 4], vec![0, 1, 5], vec![6]]);
    }

    #[test]
    fn what_takes_comes_after_what_gives_and_who_is_archived_loses_roles_in_the_same_request() {
        let all = [
            work(Action::Delete, Some("d"), Slot::account()),
            work(Action::Suspend, Some("a"), Slot::account()),
            work(Action::Revoke, Some("a"), Slot::new(PERMISSION, "project_creator")),
            work(Action::Revoke, Some("b"), Slot::new(PERMISSION, "project_creator")),
            work(Action::Revoke, Some("a"), Slot::new(BUSINESS_ROLE, "Designer")),
            work(Action::Update, Some("c"), Slot::account()),
            work(Action::Activate, Some("c"), Slot::account()),
            work(Action::Grant, Some("c"), Slot::group("Staff")),
        ];
        assert_eq!(batches(&all), [vec![5, 6], vec![4], vec![3], vec![1, 2], vec![0], vec![7]]);
    }
}
