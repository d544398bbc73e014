//! What two readings of a directory say about who left, and the breaker against too many at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::access::{Budget, Decision, Directive, ObjectName, Text};

/// Seconds of the rolling window.
const WINDOW: i64 = 24 * 60 * 60;

/// What proves that somebody left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeaverProof {
    /// The source says disabled.
    #[default]
    Disabled,
    /// The source says disabled or deleted, or two complete readings in a row lack the person.
    DisabledOrDeleted,
}

/// One complete reading of a directory: who is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Immutable id to whether the person is active.
    pub people: BTreeMap<Text, bool>,
    /// Ids that the source says are deleted.
    pub deleted: BTreeSet<Text>,
}

/// What a directory's owner decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryPolicy {
    /// The directory.
    pub name: ObjectName,
    /// What proves that somebody left.
    pub proof: LeaverProof,
    /// How many may leave in rolling 24 hours.
    pub maximum_shrink: Budget,
    /// How often it is read. Readings that are closer together than this are one, as far as proof by absence goes.
    pub interval: Duration,
}

/// A known person whom complete readings lack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absence {
    /// How many in a row, two at most: more proves no more.
    pub readings: u32,
    /// When the last of them was counted; unknown of what was remembered before this was kept.
    pub counted: Option<Timestamp>,
}

/// What we remember of a directory between readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryMemory {
    /// Everybody seen in the last complete reading, and whether active; `None` before the first.
    pub last: Option<BTreeMap<Text, bool>>,
    /// Known people whom the last reading lacked.
    pub missing: BTreeMap<Text, Absence>,
    /// Proven leavers and what proved it.
    pub left: BTreeMap<Text, Text>,
    /// When somebody was first found disabled, deleted or absent, within 24 hours.
    pub shrunk: BTreeMap<Text, Timestamp>,
    /// Decisions on the breaker's digest.
    pub decisions: BTreeSet<Decision>,
    /// People whose leaving somebody approved.
    pub approved: BTreeSet<Text>,
}

/// A breaker that waits for one decision for all apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// What an approval must name.
    pub digest: Text,
    /// The people who would be taken out.
    pub people: BTreeSet<Text>,
    /// How many may leave.
    pub allowed: u64,
    /// Whether somebody said no.
    pub rejected: bool,
}

/// What a reading means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Proven leavers: id and `disabled`, `deleted` or `absent`.
    pub left: BTreeMap<Text, Text>,
    /// Known people whom the reading lacks, without proof that they left.
    pub absent: BTreeSet<Text>,
    /// Set where too many left at once.
    pub breaker: Option<Breaker>,
    /// What to remember.
    pub memory: DirectoryMemory,
}

/// Judges one complete reading against what is remembered.
#[must_use]
pub fn judge(policy: &DirectoryPolicy, before: &DirectoryMemory, reading: &Reading, now: Timestamp) -> Verdict {
    let mut memory = before.clone();
    let mut left = BTreeMap::new();
    let mut absent = BTreeSet::new();
    for (id, active) in &reading.people {
        memory.missing.remove(id);
        if *active {
            memory.shrunk.remove(id);
            memory.approved.remove(id);
        } else {
            left.insert(id.clone(), Text::from("disabled"));
        }
    }
    let known: BTreeSet<&Text> = before.last.iter().flat_map(BTreeMap::keys).chain(before.missing.keys()).collect();
    for id in known.into_iter().filter(|id| !reading.people.contains_key(*id)) {
        let absence = before.missing.get(id).copied().unwrap_or_default().again(policy.interval, now);
        memory.missing.insert(id.clone(), absence);
        let proven = policy.proof == LeaverProof::DisabledOrDeleted;
        if reading.deleted.contains(id) && proven {
            left.insert(id.clone(), "deleted".into());
        } else if absence.readings >= 2 && proven {
            left.insert(id.clone(), "absent".into());
        } else if before.left.get(id).is_some_and(|says| &**says == "disabled") {
            left.insert(id.clone(), "disabled".into());
        } else {
            absent.insert(id.clone());
        }
    }
    let tripped = before.is_tripped(policy);
    note_shrinking(&mut memory, before, &left, &absent, tripped, now);
    let breaker = breaker(policy, &mut memory, before, &left, now);
    memory.last = Some(reading.people.clone());
    memory.left.clone_from(&left);
    Verdict { left, absent, breaker, memory }
}

/// Counts people from the reading in which they first left; the first reading ever counts nobody. Whoever waits for a
/// decision goes on counting after a day: a breaker does not open by itself.
fn note_shrinking(
    memory: &mut DirectoryMemory,
    before: &DirectoryMemory,
    left: &BTreeMap<Text, Text>,
    absent: &BTreeSet<Text>,
    tripped: bool,
    now: Timestamp,
) {
    let waits = |id: &Text| tripped && !before.approved.contains(id) && (left.contains_key(id) || absent.contains(id));
    memory.shrunk.retain(|id, at| now.as_second() - at.as_second() < WINDOW || waits(id));
    let Some(last) = &before.last else { return };
    for id in left.keys().chain(absent) {
        let was_there = last.get(id).copied().unwrap_or(false);
        if was_there && !before.left.contains_key(id) {
            memory.shrunk.entry(id.clone()).or_insert(now);
        }
    }
}

fn breaker(
    policy: &DirectoryPolicy,
    memory: &mut DirectoryMemory,
    before: &DirectoryMemory,
    left: &BTreeMap<Text, Text>,
    now: Timestamp,
) -> Option<Breaker> {
    let counted: BTreeSet<Text> = memory.shrunk.keys().filter(|id| !memory.approved.contains(*id)).cloned().collect();
    let allowed = policy.maximum_shrink.allowed(before.base());
    if u64::try_from(counted.len()).unwrap_or(u64::MAX) <= allowed {
        return None;
    }
    let people: BTreeSet<Text> =
        counted.into_iter().filter(|id| left.contains_key(id) || memory.missing.contains_key(id)).collect();
    let digest = breaker_digest(&policy.name, &people);
    memory.decisions.retain(|decision| decision.not_after > now);
    let says = |directive| {
        memory.decisions.iter().any(|decision| decision.digest == digest && decision.directive == directive)
    };
    let rejected = says(Directive::Reject);
    if says(Directive::Approve) && !rejected {
        memory.approved.extend(people);
        return None;
    }
    Some(Breaker { digest, people, allowed, rejected })
}

impl Absence {
    /// The same after one more reading. Another process, or the same one after a failure, may look again within seconds:
    /// that is no second reading. Nor does a clock that was set make one: the wait begins anew.
    fn again(self, interval: Duration, now: Timestamp) -> Self {
        let waited = self.counted.map(|counted| now.duration_since(counted));
        match (self.readings, waited) {
            (0, _) => Self { readings: 1, counted: Some(now) },
            (1, Some(waited)) if !waited.is_negative() && waited.unsigned_abs() >= interval => {
                Self { readings: 2, counted: Some(now) }
            }
            (1, Some(waited)) if !waited.is_negative() => self,
            (1, _) => Self { counted: Some(now), ..self },
            _ => self,
        }
    }
}

impl DirectoryMemory {
    /// How many people there were before they began to leave.
    fn base(&self) -> u64 {
        let active = self.last.as_ref().map_or(0, |last| last.values().filter(|active| **active).count());
        u64::try_from(active.saturating_add(self.shrunk.len())).unwrap_or(u64::MAX)
    }

    /// Whether the last reading left too many people waiting for a decision.
    fn is_tripped(&self, policy: &DirectoryPolicy) -> bool {
        let waiting = self.shrunk.keys().filter(|id| !self.approved.contains(*id)).count();
        u64::try_from(waiting).unwrap_or(u64::MAX) > policy.maximum_shrink.allowed(self.base())
    }
}

/// The digest of a breaker: SHA-256 over the directory and the sorted ids of the people who would be taken out.
#[must_use]
pub fn breaker_digest(directory: &ObjectName, people: &BTreeSet<Text>) -> Text {
    let mut hash = Sha256::new();
    hash.update(format!("directory\n{directory}\n"));
    for id in people {
        hash.update(format!("{}:{id}\n", id.len()));
    }
    crate::plan::digest_text(&hash.finalize()).into()
}
