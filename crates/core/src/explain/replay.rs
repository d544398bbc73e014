//! Who held what at a time: the journal's results, played again over what the inventory knows. It says of each answer what
//! proves it, and never more than was written down.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    access::{Level, Slot, Text},
    plan::Action,
};

/// One change that was sent to the app, and answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The number of its intent.
    pub sequence: u64,
    /// When it was read back, or else answered.
    pub at: Timestamp,
    /// Whether a later read showed it.
    pub read_back: bool,
    /// Whose: a canonical person key, or `account:ID`.
    pub whose: Text,
    /// In which slot.
    pub slot: Slot,
    /// What was done.
    pub action: Action,
    /// The value before.
    pub from: Option<Level>,
    /// The value after.
    pub to: Option<Level>,
}

/// What the inventory says of an edge today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Since when it is ours.
    pub since: Timestamp,
    /// Its value.
    pub value: Option<Level>,
}

/// What proves that somebody held something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// We made it, and the app showed it.
    ReadBack,
    /// It was there and declared, and we took it into the inventory: known since then, there perhaps before.
    Adopted,
    /// It was changed or removed later, so it was there; since when is not recorded.
    ChangedLater,
    /// We sent a change that no reading has shown.
    Unverified,
    /// We made it, and it went without us: since when is not recorded.
    LostTrack,
}

impl Proof {
    /// The word of documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadBack => "readBack",
            Self::Adopted => "adopted",
            Self::ChangedLater => "changedLater",
            Self::Unverified => "unverified",
            Self::LostTrack => "lostTrack",
        }
    }
}

/// Something that somebody held at the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Whose: a canonical person key, or `account:ID`.
    pub whose: Text,
    /// What.
    pub slot: Slot,
    /// Its value, where it has one.
    pub value: Option<Level>,
    /// Since when, as far as it was recorded.
    pub since: Option<Timestamp>,
    /// What proves it.
    pub proof: Proof,
    /// The intent that it rests on, where there is one.
    pub sequence: Option<u64>,
}

type Key = (Text, Slot);

/// Who held what in one app at `at`, by whose and what. An account that we suspended or deleted holds nothing: nobody can
/// log in.
///
/// `deeds` are all of the app, in any order; those of which nobody knows whether the app took them are not `read_back`.
/// Deeds that failed are none.
#[must_use]
pub fn holdings_at(deeds: &[Deed], owned: &BTreeMap<Key, Owned>, at: Timestamp) -> Vec<Holding> {
    let mut by_edge: BTreeMap<Key, Vec<&Deed>> = BTreeMap::new();
    for deed in deeds.iter().filter(|deed| !matches!(deed.action, Action::Adopt | Action::Update)) {
        by_edge.entry((deed.whose.clone(), deed.slot.clone())).or_default().push(deed);
    }
    for list in by_edge.values_mut() {
        list.sort_by_key(|deed| (deed.at, deed.sequence));
    }
    let keys: BTreeSet<&Key> = by_edge.keys().chain(owned.keys()).collect();
    let mut holdings = Vec::new();
    let mut locked_out = BTreeSet::new();
    for key in keys {
        let list = by_edge.get(key).map(Vec::as_slice).unwrap_or_default();
        let split = list.partition_point(|deed| deed.at <= at);
        let (past, future) = list.split_at(split);
        match one(key, past, future, owned.get(key), at) {
            Some(holding) => holdings.push(holding),
            None if key.1.is_account() && !past.is_empty() => drop(locked_out.insert(key.0.clone())),
            None => {}
        }
    }
    holdings.retain(|holding| !locked_out.contains(&holding.whose));
    holdings
}

fn one(key: &Key, past: &[&Deed], future: &[&Deed], owned: Option<&Owned>, at: Timestamp) -> Option<Holding> {
    let holding = |value: Option<Level>, since: Option<Timestamp>, proof: Proof, sequence: Option<u64>| Holding {
        whose: key.0.clone(),
        slot: key.1.clone(),
        value,
        since,
        proof,
        sequence,
    };
    let next = future.first();
    let adopted = |after: Option<Timestamp>| {
        let owned = owned.filter(|owned| owned.since <= at && after.is_none_or(|after| owned.since > after))?;
        let earlier = next.filter(|next| next.action == Action::Change).and_then(|next| next.from.clone());
        Some(holding(earlier.or_else(|| owned.value.clone()), Some(owned.since), Proof::Adopted, None))
    };
    let changed_later = || {
        let later = next.filter(|next| was_there(next))?;
        Some(holding(later.from.clone(), None, Proof::ChangedLater, Some(later.sequence)))
    };
    let Some(last) = past.last() else { return adopted(None).or_else(changed_later) };
    if takes_away(last.action) {
        // A removal that nobody has seen done may not be.
        let unseen =
            (!last.read_back).then(|| holding(last.from.clone(), None, Proof::Unverified, Some(last.sequence)));
        // Clearing away an account that nobody can log in with does not show that somebody could.
        let clears_away = last.action == Action::Suspend && next.is_some_and(|next| next.action == Action::Delete);
        let came_back = if clears_away { None } else { changed_later() };
        return adopted(Some(last.at)).or(unseen).or(came_back);
    }
    let vanished = match next {
        Some(next) => gives(next.action),
        None => owned.is_none(),
    };
    let proof = match (vanished, last.read_back) {
        (true, _) => Proof::LostTrack,
        (false, true) => Proof::ReadBack,
        (false, false) => Proof::Unverified,
    };
    Some(holding(last.to.clone(), Some(begin(past).unwrap_or(last.at)), proof, Some(last.sequence)))
}

/// When the present stretch of holding began: with the last deed that gave it.
fn begin(past: &[&Deed]) -> Option<Timestamp> {
    past.iter().rev().find(|deed| gives(deed.action)).map(|deed| deed.at)
}

const fn gives(action: Action) -> bool {
    matches!(action, Action::Create | Action::Invite | Action::Grant | Action::Activate)
}

const fn takes_away(action: Action) -> bool {
    matches!(action, Action::Revoke | Action::Suspend | Action::Delete)
}

/// Whether a deed shows that the edge was there before it.
fn was_there(deed: &Deed) -> bool {
    takes_away(deed.action) || (deed.action == Action::Change && deed.from.is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn deed(sequence: u64, whose: &str, slot: Slot, action: Action, to: Option<&str>) -> Deed {
        Deed {
            sequence,
            at: second(i64::try_from(sequence).unwrap() * 10),
            read_back: true,
            whose: whose.into(),
            slot,
            action,
            from: None,
            to: to.map(Into::into),
        }
    }

    fn seen(deeds: &[Deed], owned: &BTreeMap<Key, Owned>, at: i64) -> Vec<(String, String, Proof)> {
        let held = holdings_at(deeds, owned, second(at)).into_iter();
        held.map(|held| (held.whose.to_string(), held.slot.to_string(), held.proof)).collect()
    }

    fn key(whose: &str, slot: Slot) -> Key {
        (whose.into(), slot)
    }

    #[test]
    fn what_was_adopted_is_known_from_then_on() {
        let owned =
            BTreeMap::from([(key("mail:a@b.example", Slot::account()), Owned { since: second(50), value: None })]);
        assert_eq!(seen(&[], &owned, 49), []);
        assert_eq!(seen(&[], &owned, 50), [("mail:a@b.example".into(), "account".into(), Proof::Adopted)]);
    }

    #[test]
    fn what_was_removed_later_was_there_before() {
        let removal = deed(2, "mail:a@b.example", Slot::group("Studio"), Action::Revoke, None);
        let there = ("mail:a@b.example".into(), "group Studio".into(), Proof::ChangedLater);
        assert_eq!(seen(std::slice::from_ref(&removal), &BTreeMap::new(), 19), [there]);
        assert_eq!(seen(&[removal], &BTreeMap::new(), 20), []);
    }

    #[test]
    fn what_went_without_us_is_told_as_lost() {
        let grant = deed(1, "mail:a@b.example", Slot::group("Studio"), Action::Grant, None);
        let found = seen(&[grant], &BTreeMap::new(), 99);
        assert_eq!(found, [("mail:a@b.example".into(), "group Studio".into(), Proof::LostTrack)]);
    }

    #[test]
    fn a_removal_that_nobody_saw_done_proves_nothing() {
        let removal = Deed { read_back: false, ..deed(1, "account:u1", Slot::account(), Action::Suspend, None) };
        assert_eq!(
            seen(&[removal], &BTreeMap::new(), 99),
            [("account:u1".into(), "account".into(), Proof::Unverified)]
        );
    }

    #[test]
    fn an_account_that_is_cleared_away_after_its_suspension_was_closed_in_between() {
        let suspended = deed(1, "mail:a@b.example", Slot::account(), Action::Suspend, None);
        let deleted = deed(3, "mail:a@b.example", Slot::account(), Action::Delete, None);
        assert_eq!(seen(&[suspended, deleted], &BTreeMap::new(), 20), []);
    }

    #[test]
    fn nobody_holds_anything_by_an_account_that_is_locked() {
        let group = deed(1, "mail:a@b.example", Slot::group("Studio"), Action::Grant, None);
        let locked = deed(2, "mail:a@b.example", Slot::account(), Action::Suspend, None);
        let owned = BTreeMap::from([(
            key("mail:a@b.example", Slot::group("Studio")),
            Owned { since: second(10), value: None },
        )]);
        assert_eq!(seen(&[group.clone(), locked.clone()], &owned, 15).len(), 2, "the account was there, too");
        assert_eq!(seen(&[group, locked], &owned, 25), []);
    }

    /// The world as a list of what is held, changed by one step after the other.
    #[derive(Clone, Debug, Default)]
    struct Model {
        held: BTreeMap<Key, (Option<Level>, Timestamp, bool)>,
        deeds: Vec<Deed>,
        history: Vec<(Timestamp, BTreeMap<Key, Option<Level>>)>,
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Give,
        Raise,
        Take,
        Adopt,
    }

    impl Model {
        /// What cannot be so is no step: nobody gives twice, or takes what is not there.
        fn step(&mut self, person: u8, slot: u8, step: Step) {
            let number = self.deeds.len() as u64 + 1;
            let now = second(i64::try_from(self.history.len()).unwrap() * 10 + 10);
            let account = Slot::account();
            let slot = if slot == 0 { account.clone() } else { Slot::new("workspace", &format!("w{slot}")) };
            let whose: Text = format!("mail:p{person}@b.example").into();
            let key = (whose.clone(), slot.clone());
            let has_account = self.held.contains_key(&(whose.clone(), account));
            let value: Option<Level> = (!slot.is_account()).then(|| format!("l{number}").into());
            let before = self.held.get(&key).map(|(value, ..)| value.clone());
            let journal = |action, from: Option<Level>, to| {
                self.deeds.push(Deed {
                    sequence: number,
                    at: now,
                    read_back: true,
                    whose,
                    slot: slot.clone(),
                    action,
                    from,
                    to,
                });
            };
            match (step, before) {
                (Step::Give, None) if slot.is_account() => {
                    journal(Action::Create, None, None);
                    self.held.insert(key, (None, now, false));
                }
                (Step::Give, None) if has_account => {
                    journal(Action::Grant, None, value.clone());
                    self.held.insert(key, (value, now, false));
                }
                (Step::Raise, Some(from)) if !slot.is_account() => {
                    journal(Action::Change, from, value.clone());
                    self.held.entry(key).and_modify(|held| held.0 = value);
                }
                (Step::Take, Some(from)) => {
                    let action = if slot.is_account() { Action::Delete } else { Action::Revoke };
                    journal(action, from, None);
                    self.held.remove(&key);
                    if slot.is_account() {
                        self.take_the_rest(&key.0, now);
                    }
                }
                (Step::Adopt, None) if slot.is_account() || has_account => {
                    self.held.insert(key, (value, now, true));
                }
                _ => {}
            }
            let held = self.held.iter().map(|(key, (value, ..))| (key.clone(), value.clone())).collect();
            self.history.push((now, held));
        }

        fn take_the_rest(&mut self, whose: &Text, now: Timestamp) {
            let rest: Vec<Key> = self.held.keys().filter(|key| key.0 == *whose).cloned().collect();
            for key in rest {
                let from = self.held.remove(&key).and_then(|held| held.0);
                let sequence = self.deeds.len() as u64 + 1;
                let (whose, slot) = key;
                let action = Action::Revoke;
                self.deeds.push(Deed { sequence, at: now, read_back: true, whose, slot, action, from, to: None });
            }
        }

        fn owned(&self) -> BTreeMap<Key, Owned> {
            let held = self.held.iter();
            held.map(|(key, (value, since, _))| (key.clone(), Owned { since: *since, value: value.clone() })).collect()
        }
    }

    fn steps() -> impl Strategy<Value = Vec<(u8, u8, Step)>> {
        let step = prop_oneof![Just(Step::Give), Just(Step::Raise), Just(Step::Take), Just(Step::Adopt)];
        prop::collection::vec((0..3_u8, 0..3_u8, step), 0..40)
    }

    proptest! {
        /// What the journal cannot know is told apart by its proof: what was adopted and removed again was there, since
        /// when is not recorded. All else equals what the model held at every time.
        #[test]
        fn the_journal_played_again_is_what_was_so(steps in steps()) {
            let mut model = Model::default();
            for (person, slot, step) in steps {
                model.step(person, slot, step);
            }
            let owned = model.owned();
            for (at, held) in &model.history {
                let told = holdings_at(&model.deeds, &owned, *at);
                let recorded: BTreeMap<Key, Option<Level>> = told
                    .iter()
                    .filter(|holding| holding.proof != Proof::ChangedLater)
                    .map(|holding| ((holding.whose.clone(), holding.slot.clone()), holding.value.clone()))
                    .collect();
                for (key, value) in &recorded {
                    prop_assert_eq!(held.get(key), Some(value), "{:?} at {}", key, at);
                }
                let all: BTreeSet<Key> =
                    told.iter().map(|holding| (holding.whose.clone(), holding.slot.clone())).collect();
                let missing: Vec<&Key> = held.keys().filter(|key| !all.contains(*key)).collect();
                prop_assert!(missing.is_empty(), "{:?} at {}", missing, at);
            }
        }
    }
}
