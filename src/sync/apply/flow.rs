//! Which requests may be under way at the same time. Pure.

use std::collections::BTreeSet;

use appaccess_core::{access::Text, plan::Action};

use crate::connector::Work;

/// Most requests that one pass has under way; how many a credential bears is for the client to say.
pub(super) const MOST_UNDER_WAY: usize = 8;

/// What a request makes, changes or rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    /// What it makes or changes.
    changes: BTreeSet<Text>,
    /// Whose account it rests on.
    rests_on: BTreeSet<Text>,
    /// The kinds of change that it carries.
    kinds: BTreeSet<(Text, Action)>,
    /// Whether it takes something away.
    removes: bool,
}

impl Footprint {
    /// The footprint of a request that carries `work`.
    pub(super) fn of<'a>(work: impl IntoIterator<Item = &'a Work>) -> Self {
        let mut footprint = Self::default();
        for one in work {
            let change = &one.change;
            let whose = change.whose();
            if change.slot.is_group() {
                footprint.changes.insert(format!("group:{}", change.slot.name.to_lowercase()).into());
                footprint.rests_on.insert(whose);
            } else {
                footprint.changes.insert(whose);
            }
            footprint.kinds.insert((Text::clone(&change.slot.kind), change.action));
            footprint.removes |= change.is_removal();
        }
        footprint
    }

    /// Whether both may be under way: neither changes what the other changes or rests on. Removals go one by one, so
    /// that the first surprise stops the rest.
    fn agrees_with(&self, other: &Self) -> bool {
        !self.removes
            && !other.removes
            && self.changes.is_disjoint(&other.changes)
            && self.changes.is_disjoint(&other.rests_on)
            && self.rests_on.is_disjoint(&other.changes)
    }
}

/// What is under way, and what this pass has already learnt of the app.
#[derive(Debug, Default)]
pub(super) struct Flow {
    under_way: Vec<Footprint>,
    known: BTreeSet<(Text, Action)>,
    learning: bool,
}

impl Flow {
    /// Whether the next request may leave now. The first of each kind goes alone: what its answer teaches about the app
    /// need not be learnt, or refused, eight times.
    pub(super) fn admits(&self, next: &Footprint) -> bool {
        let fits = self.under_way.len() < MOST_UNDER_WAY && !self.learning;
        let is_known = next.kinds.is_subset(&self.known);
        fits && (is_known || self.under_way.is_empty()) && self.under_way.iter().all(|other| next.agrees_with(other))
    }

    /// A request leaves.
    pub(super) fn leaves(&mut self, footprint: Footprint) {
        self.learning |= !footprint.kinds.is_subset(&self.known);
        self.under_way.push(footprint);
    }

    /// A request was answered.
    pub(super) fn lands(&mut self, footprint: &Footprint) {
        if let Some(at) = self.under_way.iter().position(|other| other == footprint) {
            self.under_way.swap_remove(at);
        }
        self.known.extend(footprint.kinds.iter().cloned());
        self.learning = false;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use appaccess_core::{
        access::{Evidence, Mail, PersonKey, Slot},
        plan::{Cause, Change},
    };

    use super::*;

    const ANA: Option<&str> = Some("ana@example.com");
    const JOEL: Option<&str> = Some("joel@example.com");

    fn work(action: Action, person: Option<&str>, slot: Slot) -> Work {
        let change = Change {
            action,
            person: person.map(|mail| PersonKey::Mail(Mail::parse(mail).unwrap())),
            label: "label".into(),
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

    fn footprint(work: &[Work]) -> Footprint {
        Footprint::of(work)
    }

    fn warm() -> Flow {
        let known = [("account", Action::Create), ("group", Action::Grant), ("account", Action::Suspend)];
        Flow { known: known.map(|(kind, action)| (kind.into(), action)).into(), ..Flow::default() }
    }

    #[test]
    fn accounts_are_made_side_by_side_and_groups_wait_for_their_members() {
        let mut flow = warm();
        flow.leaves(footprint(&[work(Action::Create, ANA, Slot::account())]));
        assert!(flow.admits(&footprint(&[work(Action::Create, JOEL, Slot::account())])));
        assert!(!flow.admits(&footprint(&[work(Action::Grant, ANA, Slot::group("Staff"))])));
        assert!(flow.admits(&footprint(&[work(Action::Grant, JOEL, Slot::group("Staff"))])));
    }

    #[test]
    fn one_group_is_changed_by_one_request_at_a_time_and_one_person_joins_two_groups_at_once() {
        let mut flow = warm();
        flow.leaves(footprint(&[work(Action::Grant, ANA, Slot::group("Staff"))]));
        assert!(!flow.admits(&footprint(&[work(Action::Grant, JOEL, Slot::group("STAFF"))])));
        assert!(flow.admits(&footprint(&[work(Action::Grant, ANA, Slot::group("Others"))])));
    }

    #[test]
    fn the_first_of_a_kind_goes_alone() {
        let mut flow = Flow::default();
        let first = footprint(&[work(Action::Create, ANA, Slot::account())]);
        let second = footprint(&[work(Action::Create, JOEL, Slot::account())]);
        assert!(flow.admits(&first));
        flow.leaves(first.clone());
        assert!(!flow.admits(&second));
        flow.lands(&first);
        assert!(flow.admits(&second));
    }

    #[test]
    fn removals_go_one_by_one() {
        let mut flow = warm();
        flow.leaves(footprint(&[work(Action::Suspend, ANA, Slot::account())]));
        assert!(!flow.admits(&footprint(&[work(Action::Suspend, JOEL, Slot::account())])));
    }

    #[test]
    fn no_more_than_eight_are_under_way() {
        let mut flow = warm();
        for number in 0..MOST_UNDER_WAY {
            let next = footprint(&[work(Action::Create, Some(&format!("p{number}@example.com")), Slot::account())]);
            assert!(flow.admits(&next));
            flow.leaves(next);
        }
        assert!(!flow.admits(&footprint(&[work(Action::Create, ANA, Slot::account())])));
    }
}
