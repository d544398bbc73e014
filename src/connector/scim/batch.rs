//! Which changes one request can carry, and in which order the requests go. Pure.
//!
//! What gives goes before what takes, suspensions before deletions; an account is made before its groups, so that a
//! group can be made with its members.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{access::Text, plan::Action};

use super::shared::fold;
use crate::connector::Work;

/// What a request is about. The order is the order in which requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Create,
    Gain,
    GroupGain,
    GroupLoss,
    Lose,
    Suspend,
    Delete,
    Other,
}

/// What one piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Makes an account.
    CreateAccount,
    /// Gives or updates something of one account.
    Gain,
    /// Takes something from one account.
    Lose,
    /// Suspends an account.
    Suspend,
    /// Deletes an account.
    DeleteAccount,
    /// Makes a group.
    CreateGroup,
    /// Adds a member.
    AddMember,
    /// Takes a member out.
    RemoveMember,
    /// Nothing that SCIM can do.
    Other,
}

/// What a piece of work is.
pub(super) fn kind(work: &Work) -> Kind {
    let slot = &work.change.slot;
    if slot.is_account() {
        return match work.change.action {
            Action::Create => Kind::CreateAccount,
            Action::Update | Action::Activate => Kind::Gain,
            Action::Suspend => Kind::Suspend,
            Action::Delete => Kind::DeleteAccount,
            _ => Kind::Other,
        };
    }
    match (work.change.action, slot.is_group(), slot.is_role()) {
        (Action::Create, true, _) => Kind::CreateGroup,
        (Action::Grant, true, _) => Kind::AddMember,
        (Action::Revoke, true, _) => Kind::RemoveMember,
        (Action::Change, _, true) if work.change.is_removal() => Kind::Lose,
        (Action::Grant | Action::Change, _, true) => Kind::Gain,
        (Action::Revoke, _, true) => Kind::Lose,
        _ => Kind::Other,
    }
}

/// Whose account it is about: the person where one is known, so that a role goes along with its account's creation.
fn whose(work: &Work) -> Text {
    work.change.whose()
}

#[derive(Default)]
struct OfGroup {
    create: Vec<usize>,
    add: Vec<usize>,
    remove: Vec<usize>,
}

/// The batches of `work`, with at most `members_max` member changes in one, at least one.
pub(super) fn batches(work: &[Work], members_max: usize) -> Vec<Vec<usize>> {
    let those_of =
        |wanted: Kind| -> BTreeSet<Text> { work.iter().filter(|work| kind(work) == wanted).map(whose).collect() };
    let (created, suspended) = (those_of(Kind::CreateAccount), those_of(Kind::Suspend));
    let mut of_accounts: BTreeMap<(Phase, Text), Vec<usize>> = BTreeMap::new();
    let mut of_groups: BTreeMap<String, OfGroup> = BTreeMap::new();
    let mut found: Vec<(Phase, Vec<usize>)> = Vec::new();
    for (index, one) in work.iter().enumerate() {
        let mut of_account = |phase| of_accounts.entry((phase, whose(one))).or_default().push(index);
        match kind(one) {
            Kind::CreateAccount => of_account(Phase::Create),
            Kind::Gain if created.contains(&whose(one)) => of_account(Phase::Create),
            Kind::Gain => of_account(Phase::Gain),
            Kind::Lose if suspended.contains(&whose(one)) => of_account(Phase::Suspend),
            Kind::Lose => of_account(Phase::Lose),
            Kind::Suspend => of_account(Phase::Suspend),
            Kind::DeleteAccount => found.push((Phase::Delete, vec![index])),
            Kind::CreateGroup => of_groups.entry(fold(&one.change.slot.name)).or_default().create.push(index),
            Kind::AddMember => of_groups.entry(fold(&one.change.slot.name)).or_default().add.push(index),
            Kind::RemoveMember => of_groups.entry(fold(&one.change.slot.name)).or_default().remove.push(index),
            Kind::Other => found.push((Phase::Other, vec![index])),
        }
    }
    found.extend(of_accounts.into_iter().map(|((phase, _), indices)| (phase, indices)));
    for group in of_groups.into_values() {
        group.split(members_max.max(1), &mut found);
    }
    found.sort_by_key(|(phase, indices)| (*phase, indices.iter().min().copied()));
    found.into_iter().map(|(_, indices)| indices).collect()
}

impl OfGroup {
    /// The fewest requests: the group with its first members, then changes of members, additions first.
    fn split(self, members_max: usize, found: &mut Vec<(Phase, Vec<usize>)>) {
        let with_create = if self.create.is_empty() { 0 } else { self.add.len().min(members_max) };
        let (first, rest) = self.add.split_at(with_create);
        if !self.create.is_empty() {
            found.push((Phase::GroupGain, self.create.iter().chain(first).copied().collect()));
        }
        let changes: Vec<usize> = rest.iter().chain(&self.remove).copied().collect();
        for chunk in changes.chunks(members_max) {
            let loses = chunk.iter().any(|index| self.remove.contains(index));
            found.push((if loses { Phase::GroupLoss } else { Phase::GroupGain }, chunk.to_vec()));
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use appaccess_core::{
        access::{AccountId, Evidence, Mail, Person, PersonKey, Slot},
        plan::{Cause, Change},
    };
    use proptest::prelude::*;

    use super::*;

    /// A piece of work for one person, or for nobody.
    pub(crate) fn work(action: Action, person: Option<&str>, slot: Slot) -> Work {
        let key = person.map(|mail| PersonKey::Mail(Mail::parse(mail).unwrap()));
        let losing = matches!(action, Action::Revoke | Action::Suspend | Action::Delete);
        Work {
            change: Change {
                action,
                person: key.clone(),
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
            person: key.map(Person::literal),
            account: person.filter(|_| action != Action::Create).map(AccountId::new),
            entitlement: None,
        }
    }

    #[test]
    fn a_role_goes_along_with_its_account_and_members_with_their_group() {
        let all = [
            work(Action::Create, None, Slot::group("Staff")),
            work(Action::Grant, Some("a@example.com"), Slot::group("Staff")),
            work(Action::Grant, Some("a@example.com"), Slot::new("role", "admin")),
            work(Action::Create, Some("a@example.com"), Slot::account()),
            work(Action::Grant, Some("b@example.com"), Slot::group("staff")),
        ];
        assert_eq!(batches(&all, 100), [vec![2, 3], vec![0, 1, 4]]);
    }

    #[test]
    fn what_takes_comes_after_what_gives_and_deletion_last() {
        let all = [
            work(Action::Delete, Some("a@example.com"), Slot::account()),
            work(Action::Suspend, Some("b@example.com"), Slot::account()),
            work(Action::Revoke, Some("b@example.com"), Slot::group("Staff")),
            work(Action::Grant, Some("c@example.com"), Slot::group("Staff")),
            work(Action::Activate, Some("c@example.com"), Slot::account()),
            work(Action::Update, Some("c@example.com"), Slot::account()),
        ];
        assert_eq!(batches(&all, 100), [vec![4, 5], vec![3, 2], vec![1], vec![0]]);
    }

    #[test]
    fn who_is_suspended_loses_roles_in_the_same_request() {
        let all = [
            work(Action::Revoke, Some("a@example.com"), Slot::new("role", "admin")),
            work(Action::Revoke, Some("b@example.com"), Slot::new("role", "admin")),
            work(Action::Suspend, Some("a@example.com"), Slot::account()),
        ];
        assert_eq!(batches(&all, 100), [vec![1], vec![0, 2]]);
    }

    #[test]
    fn members_take_the_fewest_requests() {
        for (members, max, create, requests) in [
            (0, 2, true, 1),
            (1, 2, true, 1),
            (2, 2, true, 1),
            (3, 2, true, 2),
            (5, 2, true, 3),
            (5, 2, false, 3),
            (4, 2, false, 2),
        ] {
            let mut all: Vec<Work> = (0..members)
                .map(|index| work(Action::Grant, Some(&format!("p{index}@example.com")), Slot::group("Staff")))
                .collect();
            if create {
                all.push(work(Action::Create, None, Slot::group("Staff")));
            }
            assert_eq!(batches(&all, max).len(), requests, "{members} members, {max} at most");
        }
    }

    fn any_work() -> impl Strategy<Value = Work> {
        let action = proptest::sample::select(vec![
            Action::Create,
            Action::Update,
            Action::Activate,
            Action::Grant,
            Action::Change,
            Action::Revoke,
            Action::Suspend,
            Action::Delete,
        ]);
        let slot = proptest::sample::select(vec![
            Slot::account(),
            Slot::group("A"),
            Slot::group("B"),
            Slot::new("role", "admin"),
            Slot::new("other", "x"),
        ]);
        (action, 0..4_u8, slot).prop_map(|(action, person, slot)| {
            work(action, (person > 0).then(|| format!("p{person}@example.com")).as_deref(), slot)
        })
    }

    proptest! {
        #[test]
        fn every_change_is_in_exactly_one_batch(all in proptest::collection::vec(any_work(), 0..30), max in 1_usize..5) {
            let mut indices: Vec<usize> = batches(&all, max).into_iter().flatten().collect();
            indices.sort_unstable();
            prop_assert_eq!(indices, (0..all.len()).collect::<Vec<_>>());
        }
    }
}
