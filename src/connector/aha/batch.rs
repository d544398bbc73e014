//! Which changes one request can carry, and in which order the requests go. Pure.
//!
//! An account is made inside a product, so that its creation carries its first role; whatever is written on the user
//! itself (address, log-in, administration) is one request; every further role in a product is one.

use std::collections::BTreeMap;

use appaccess_core::{
    access::{Slot, Text},
    plan::Action,
};

use super::{PRODUCT, USER};
use crate::connector::Work;

/// What one piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Makes an account.
    Create,
    /// Says of the user itself what it should be.
    Write,
    /// Gives a role in a product, or another one.
    Give,
    /// Takes a role in a product.
    Take,
    /// Nothing that Aha! can do.
    Other,
}

/// What a piece of work is.
pub(super) fn kind(work: &Work) -> Kind {
    let Slot { kind, .. } = &work.change.slot;
    match (work.change.action, &**kind) {
        (Action::Create, "account") => Kind::Create,
        (Action::Update | Action::Activate | Action::Suspend, "account")
        | (Action::Grant | Action::Change | Action::Revoke, "role") => Kind::Write,
        (Action::Grant | Action::Change, PRODUCT) => Kind::Give,
        (Action::Revoke, PRODUCT) => Kind::Take,
        _ => Kind::Other,
    }
}

/// Whether a role is what every new account has without being told.
fn is_usual(work: &Work) -> bool {
    work.change.slot.is_role() && work.change.to.as_deref() == Some(USER)
}

/// The batches of `work`: those of one person in the order of the plan.
pub(super) fn batches(work: &[Work]) -> Vec<Vec<usize>> {
    let mut made: BTreeMap<Text, usize> = BTreeMap::new();
    let mut written: BTreeMap<Text, usize> = BTreeMap::new();
    let mut found: Vec<Vec<usize>> = Vec::new();
    let creates = work.iter().enumerate().filter(|(_, one)| kind(one) == Kind::Create);
    for (index, one) in creates {
        made.insert(one.change.whose(), found.len());
        found.push(vec![index]);
    }
    for (index, one) in work.iter().enumerate() {
        let whose = one.change.whose();
        let creation = made.get(&whose).and_then(|&at| found.get_mut(at));
        match (kind(one), creation) {
            (Kind::Create, _) => {}
            (Kind::Give, Some(batch))
                if !batch.iter().any(|&at| work.get(at).is_some_and(|it| kind(it) == Kind::Give)) =>
            {
                batch.push(index);
            }
            (Kind::Write, Some(batch)) if is_usual(one) => batch.push(index),
            (Kind::Write, _) => {
                if let Some(batch) = written.get(&whose).and_then(|&at| found.get_mut(at)) {
                    batch.push(index);
                } else {
                    written.insert(whose, found.len());
                    found.push(vec![index]);
                }
            }
            _ => found.push(vec![index]),
        }
    }
    // A creation carries what comes later in the plan: its place is its own, before all that rests on it.
    found.sort_by_key(|batch| batch.first().copied());
    found
}

#[cfg(test)]
mod tests {
    use appaccess_core::{
        access::{AccountId, Evidence, Mail, Person, PersonKey},
        plan::{Cause, Change},
    };
    use proptest::prelude::*;

    use super::*;

    fn work(action: Action, person: &str, slot: Slot, to: Option<&str>) -> Work {
        let key = PersonKey::Mail(Mail::parse(&format!("{person}@example.com")).unwrap());
        Work {
            change: Change {
                action,
                person: Some(key.clone()),
                label: person.into(),
                account: None,
                slot,
                from: None,
                to: to.map(Text::from),
                attributes: BTreeMap::new(),
                cause: Cause::Declared,
                evidence: Evidence::Claims(Vec::new()),
                permitted: true,
                held: None,
                due: None,
                task: None,
            },
            person: Some(Person::literal(key)),
            account: Some(AccountId::new(person)),
            entitlement: None,
        }
    }

    fn product(name: &str) -> Slot {
        Slot::new(PRODUCT, name)
    }

    #[test]
    fn an_account_is_made_with_its_first_role_and_the_others_follow() {
        let role = || Slot::new("role", "");
        let all = [
            work(Action::Create, "ana", Slot::account(), None),
            work(Action::Create, "joel", Slot::account(), None),
            work(Action::Grant, "ana", product("App"), Some("viewer")),
            work(Action::Grant, "ana", product("Web"), Some("viewer")),
            work(Action::Grant, "joel", product("App"), Some("viewer")),
            work(Action::Grant, "ana", role(), Some("user")),
            work(Action::Grant, "joel", role(), Some("administrator")),
        ];
        assert_eq!(batches(&all), [vec![0, 2, 5], vec![1, 4], vec![3], vec![6]]);
    }

    #[test]
    fn what_is_written_on_the_user_is_one_request() {
        let all = [
            work(Action::Activate, "ana", Slot::account(), None),
            work(Action::Update, "ana", Slot::account(), None),
            work(Action::Grant, "ana", product("App"), Some("viewer")),
            work(Action::Change, "ana", Slot::new("role", ""), Some("administrator")),
            work(Action::Suspend, "joel", Slot::account(), None),
            work(Action::Revoke, "joel", product("App"), None),
        ];
        assert_eq!(batches(&all), [vec![0, 1, 3], vec![2], vec![4], vec![5]]);
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
            product("App"),
            product("Web"),
            Slot::new("role", ""),
            Slot::new("other", "x"),
        ]);
        let to = proptest::sample::select(vec![None, Some("user"), Some("viewer")]);
        (action, 0..3_u8, slot, to).prop_map(|(action, person, slot, to)| work(action, &format!("p{person}"), slot, to))
    }

    proptest! {
        #[test]
        fn every_change_is_in_exactly_one_batch(all in proptest::collection::vec(any_work(), 0..30)) {
            let mut indices: Vec<usize> = batches(&all).into_iter().flatten().collect();
            indices.sort_unstable();
            prop_assert_eq!(indices, (0..all.len()).collect::<Vec<_>>());
        }
    }
}
