//! What a pass adds to or takes from what we remember of a target app: a value. Knows no database.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{
        AccountId, ClaimName, Decision, Edge, Memory, OpenTask, OwnedEdge, RecordedHold, RemovalRecord, Text,
        Tombstone, WithdrawnClaim,
    },
    plan::Bookkeeping,
};
use jiff::Timestamp;

/// Changes to a map: first what goes, then what is put in or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<K, V> {
    /// Put in, or put in the place of what is there.
    pub set: BTreeMap<K, V>,
    /// Taken out; what is also in `set` stays.
    pub cleared: BTreeSet<K>,
}

impl<K, V> Default for Changes<K, V> {
    fn default() -> Self {
        Self { set: BTreeMap::new(), cleared: BTreeSet::new() }
    }
}

impl<K: Ord + Clone, V: Clone + PartialEq> Changes<K, V> {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.cleared.is_empty()
    }

    /// What makes `after` of `before`.
    #[must_use]
    pub fn between(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> Self {
        let set = after.iter().filter(|(key, value)| before.get(key) != Some(value));
        let cleared = before.keys().filter(|key| !after.contains_key(key));
        Self {
            set: set.map(|(key, value)| (key.clone(), value.clone())).collect(),
            cleared: cleared.cloned().collect(),
        }
    }

    /// The part that changes something in `map`.
    #[must_use]
    pub fn news(&self, map: &BTreeMap<K, V>) -> Self {
        let set = self.set.iter().filter(|(key, value)| map.get(key) != Some(value));
        let cleared = self.cleared.iter().filter(|key| map.contains_key(key) && !self.set.contains_key(key));
        Self {
            set: set.map(|(key, value)| (key.clone(), value.clone())).collect(),
            cleared: cleared.cloned().collect(),
        }
    }

    /// Makes the changes.
    pub fn apply_to(&self, map: &mut BTreeMap<K, V>) {
        for key in &self.cleared {
            map.remove(key);
        }
        map.extend(self.set.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}

/// What changes in the memory of one target app. What only time takes away (budgets, holds, flips) has no removal here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Edges that become ours or are seen anew, and edges that are no longer ours.
    pub inventory: Changes<Edge, OwnedEdge>,
    /// Edges that we removed, and those that are evidence of nothing any more.
    pub tombstones: Changes<Edge, Tombstone>,
    /// The clocks of `settle`, started and stopped.
    pub withdrawn: Changes<Edge, WithdrawnClaim>,
    /// Claims that `allow` refuses, and those that it refuses no longer.
    pub refused: Changes<ClaimName, Timestamp>,
    /// People who lost something.
    pub removals: BTreeSet<RemovalRecord>,
    /// People who gained something.
    pub additions: BTreeSet<RemovalRecord>,
    /// Holds that were shown; one of the same digest is replaced.
    pub holds: BTreeMap<Text, RecordedHold>,
    /// Decisions whose rows are done: each leaves the memory and counts as used.
    pub decisions_used_up: BTreeSet<Decision>,
    /// Set once somebody has decided the first removals.
    pub first_removals_decided: Option<bool>,
    /// The accounts of a new complete reading: all of them.
    pub last_complete: Option<BTreeSet<AccountId>>,
    /// Edges that were found wrong again, and when.
    pub flips: BTreeMap<Edge, BTreeSet<Timestamp>>,
    /// The vendor's ids of groups, by declared name.
    pub groups: Changes<Text, Text>,
    /// Accounts that are not ours, and those that are gone or became ours.
    pub unmanaged_since: Changes<AccountId, Timestamp>,
    /// Attributes that the app does not keep, by account.
    pub not_kept: Changes<AccountId, BTreeMap<Text, Text>>,
    /// What people are asked to do, and what is done.
    pub tasks: Changes<Text, OpenTask>,
    /// Whether the store or the cluster went back in time.
    pub restored: Option<bool>,
}

impl Update {
    /// What a plan found and wants written down, at `now`.
    #[must_use]
    pub fn of(bookkeeping: &Bookkeeping, now: Timestamp) -> Self {
        let books = bookkeeping.clone();
        Self {
            inventory: Changes { set: books.owned, cleared: books.forgotten },
            tombstones: Changes { set: books.tombstones, cleared: books.revived },
            withdrawn: Changes { set: books.withdrawn, cleared: books.restored },
            refused: Changes { set: since(books.refused, now), cleared: books.no_longer_refused },
            groups: Changes { set: books.groups, cleared: BTreeSet::new() },
            holds: books.intents.into_iter().map(|(digest, rows)| (digest, RecordedHold { rows, at: now })).collect(),
            unmanaged_since: Changes { set: since(books.unmanaged_since, now), cleared: books.no_longer_unmanaged },
            ..Self::of_tasks(bookkeeping)
        }
    }

    /// The part of it that is about what people are asked to do: being asked counts as a change that was sent.
    #[must_use]
    pub fn of_tasks(bookkeeping: &Bookkeeping) -> Self {
        let decided = bookkeeping.first_removals_decided;
        Self {
            tasks: Changes { set: bookkeeping.tasks.clone(), cleared: bookkeeping.tasks_done.clone() },
            removals: bookkeeping.removals.clone(),
            additions: bookkeeping.additions.clone(),
            first_removals_decided: decided.then_some(true),
            restored: decided.then_some(false),
            ..Self::default()
        }
    }

    /// Whether nothing changes. An update that says only what is known already is not empty: see [`Update::news`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What makes `after` of `before`, as far as an update can: the sequence is not part of it, decisions come by
    /// deciding, and what time takes away is not taken by an update.
    #[must_use]
    pub fn between(before: &Memory, after: &Memory) -> Self {
        Self {
            inventory: Changes::between(&before.inventory, &after.inventory),
            tombstones: Changes::between(&before.tombstones, &after.tombstones),
            withdrawn: Changes::between(&before.withdrawn, &after.withdrawn),
            refused: Changes::between(&before.refused, &after.refused),
            removals: after.removals.difference(&before.removals).cloned().collect(),
            additions: after.additions.difference(&before.additions).cloned().collect(),
            holds: Changes::between(&before.holds, &after.holds).set,
            decisions_used_up: before.decisions.difference(&after.decisions).cloned().collect(),
            first_removals_decided: changed(before.first_removals_decided, after.first_removals_decided),
            last_complete: after.last_complete.clone().filter(|new| before.last_complete.as_ref() != Some(new)),
            flips: new_flips(&before.flips, &after.flips),
            groups: Changes::between(&before.groups, &after.groups),
            unmanaged_since: Changes::between(&before.unmanaged_since, &after.unmanaged_since),
            not_kept: Changes::between(&before.not_kept, &after.not_kept),
            tasks: Changes::between(&before.tasks, &after.tasks),
            restored: changed(before.restored, after.restored),
        }
    }

    /// The part of this update that `memory` does not say already: empty where a pass found nothing new.
    #[must_use]
    pub fn news(&self, memory: &Memory) -> Self {
        Self {
            inventory: self.inventory.news(&memory.inventory),
            tombstones: self.tombstones.news(&memory.tombstones),
            withdrawn: self.withdrawn.news(&memory.withdrawn),
            refused: self.refused.news(&memory.refused),
            removals: self.removals.difference(&memory.removals).cloned().collect(),
            additions: self.additions.difference(&memory.additions).cloned().collect(),
            holds: Changes { set: self.holds.clone(), cleared: BTreeSet::new() }.news(&memory.holds).set,
            decisions_used_up: self.decisions_used_up.intersection(&memory.decisions).cloned().collect(),
            first_removals_decided: self.first_removals_decided.filter(|new| *new != memory.first_removals_decided),
            last_complete: self.last_complete.clone().filter(|new| memory.last_complete.as_ref() != Some(new)),
            flips: new_flips(&memory.flips, &self.flips),
            groups: self.groups.news(&memory.groups),
            unmanaged_since: self.unmanaged_since.news(&memory.unmanaged_since),
            not_kept: self.not_kept.news(&memory.not_kept),
            tasks: self.tasks.news(&memory.tasks),
            restored: self.restored.filter(|new| *new != memory.restored),
        }
    }

    /// Makes the changes in a value, as the store makes them in its tables.
    pub fn apply_to(&self, memory: &mut Memory) {
        self.inventory.apply_to(&mut memory.inventory);
        self.tombstones.apply_to(&mut memory.tombstones);
        self.withdrawn.apply_to(&mut memory.withdrawn);
        self.refused.apply_to(&mut memory.refused);
        memory.removals.extend(self.removals.iter().cloned());
        memory.additions.extend(self.additions.iter().cloned());
        memory.holds.extend(self.holds.iter().map(|(digest, hold)| (digest.clone(), hold.clone())));
        for decision in &self.decisions_used_up {
            if memory.decisions.remove(decision) {
                memory.decisions_used = memory.decisions_used.saturating_add(1);
            }
        }
        if let Some(decided) = self.first_removals_decided {
            memory.first_removals_decided = decided;
        }
        if let Some(complete) = &self.last_complete {
            memory.last_complete = Some(complete.clone());
        }
        for (edge, times) in &self.flips {
            memory.flips.entry(edge.clone()).or_default().extend(times);
        }
        self.groups.apply_to(&mut memory.groups);
        self.unmanaged_since.apply_to(&mut memory.unmanaged_since);
        self.not_kept.apply_to(&mut memory.not_kept);
        self.tasks.apply_to(&mut memory.tasks);
        if let Some(restored) = self.restored {
            memory.restored = restored;
        }
    }
}

fn new_flips(
    before: &BTreeMap<Edge, BTreeSet<Timestamp>>,
    after: &BTreeMap<Edge, BTreeSet<Timestamp>>,
) -> BTreeMap<Edge, BTreeSet<Timestamp>> {
    let flips = after.iter().map(|(edge, times)| {
        let new = times.iter().filter(|time| !before.get(edge).is_some_and(|known| known.contains(time)));
        (edge.clone(), new.copied().collect::<BTreeSet<_>>())
    });
    flips.filter(|(_, times)| !times.is_empty()).collect()
}

fn since<K: Ord>(keys: BTreeSet<K>, now: Timestamp) -> BTreeMap<K, Timestamp> {
    keys.into_iter().map(|key| (key, now)).collect()
}

fn changed(before: bool, after: bool) -> Option<bool> {
    (before != after).then_some(after)
}
