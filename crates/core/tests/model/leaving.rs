//! What two readings of a directory say about who left, and the breaker against too many at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use appaccess_core::{
    access::{Budget, Decision, Directive, Text},
    resolve::{Absence, DirectoryMemory, DirectoryPolicy, LeaverProof, Reading, Verdict, judge},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    declare::okta,
    installation::{hours, noon},
};

struct Directory {
    policy: DirectoryPolicy,
    memory: DirectoryMemory,
    now: Timestamp,
}

/// Everybody active but those named with a `-`.
fn reading(people: &[&str]) -> Reading {
    let people = people.iter().map(|name| (name.trim_start_matches('-').into(), !name.starts_with('-')));
    Reading { people: people.collect::<BTreeMap<Text, bool>>(), deleted: BTreeSet::new() }
}

impl Directory {
    fn new(proof: LeaverProof) -> Self {
        let maximum_shrink = Budget { people: 1, percent: 0 };
        let policy = DirectoryPolicy { name: okta(), proof, maximum_shrink, interval: Duration::from_hours(1) };
        Self { policy, memory: DirectoryMemory::default(), now: noon() }
    }

    fn reads(&mut self, reading: &Reading) -> Verdict {
        let verdict = judge(&self.policy, &self.memory, reading, self.now);
        self.memory = verdict.memory.clone();
        self.now = self.now.checked_add(hours(1)).unwrap();
        verdict
    }
}

fn left(verdict: &Verdict) -> Vec<String> {
    verdict.left.iter().map(|(id, says)| format!("{id} {says}")).collect()
}

#[test]
fn a_disabled_person_is_a_leaver_and_an_absent_one_is_not() {
    let mut okta = Directory::new(LeaverProof::Disabled);
    okta.reads(&reading(&["a", "b", "c"]));
    let verdict = okta.reads(&reading(&["-a", "b"]));
    assert_eq!(left(&verdict), ["a disabled"]);
    assert_eq!(verdict.absent, BTreeSet::from(["c".into()]));
    for _ in 0..3 {
        assert!(!okta.reads(&reading(&["-a", "b"])).left.contains_key("c"));
    }
}

#[test]
fn with_proof_by_deletion_a_tombstone_or_two_readings_are_enough() {
    let mut okta = Directory::new(LeaverProof::DisabledOrDeleted);
    okta.reads(&reading(&["a", "b", "c"]));
    let mut second = reading(&["a"]);
    second.deleted.insert("b".into());
    let verdict = okta.reads(&second);
    assert_eq!((left(&verdict), verdict.absent.len()), (vec!["b deleted".to_owned()], 1));
    assert_eq!(left(&okta.reads(&second)), ["b deleted", "c absent"]);
}

#[test]
fn one_absence_that_is_seen_twice_within_an_interval_is_one() {
    let mut okta = Directory::new(LeaverProof::DisabledOrDeleted);
    okta.reads(&reading(&["a", "b"]));
    okta.reads(&reading(&["a"]));
    let counted = okta.memory.clone();
    for minutes in [0, 1, 59] {
        okta.now = noon().checked_add(hours(1)).unwrap() + SignedDuration::from_mins(minutes);
        let verdict = okta.reads(&reading(&["a"]));
        assert_eq!((left(&verdict), verdict.absent.len()), (vec![], 1), "after {minutes} min");
        assert_eq!(okta.memory, counted, "nothing to be written");
    }
    okta.now = noon().checked_add(hours(2)).unwrap();
    assert_eq!(left(&okta.reads(&reading(&["a"]))), ["b absent"]);
    let proven = okta.memory.clone();
    okta.reads(&reading(&["a"]));
    assert_eq!(okta.memory, proven, "nothing to be written");
}

#[test]
fn an_absence_of_an_unknown_or_a_future_time_waits_for_an_interval_from_now() {
    let future = noon().checked_add(hours(1000)).unwrap();
    for counted in [None, Some(future)] {
        let mut okta = Directory::new(LeaverProof::DisabledOrDeleted);
        okta.reads(&reading(&["a", "b"]));
        okta.reads(&reading(&["a"]));
        okta.memory.missing.insert("b".into(), Absence { readings: 1, counted });
        assert!(okta.reads(&reading(&["a"])).left.is_empty(), "{counted:?}");
        assert_eq!(left(&okta.reads(&reading(&["a"]))), ["b absent"], "{counted:?}");
    }
}

#[test]
fn a_disabled_person_who_is_then_deleted_stays_a_leaver() {
    let mut okta = Directory::new(LeaverProof::Disabled);
    okta.reads(&reading(&["a", "b"]));
    okta.reads(&reading(&["-a", "b"]));
    for _ in 0..3 {
        assert_eq!(left(&okta.reads(&reading(&["b"]))), ["a disabled"]);
    }
    assert!(okta.reads(&reading(&["a", "b"])).left.is_empty(), "until they are back");
}

#[test]
fn whoever_was_disabled_before_the_first_reading_trips_nothing() {
    let mut okta = Directory::new(LeaverProof::Disabled);
    let verdict = okta.reads(&reading(&["-a", "-b", "-c", "d"]));
    assert_eq!((verdict.left.len(), verdict.breaker), (3, None));
}

#[test]
fn disabled_deleted_and_absent_people_trip_the_breaker_together() {
    let mut okta = Directory::new(LeaverProof::DisabledOrDeleted);
    okta.reads(&reading(&["a", "b", "c", "d"]));
    let mut second = reading(&["-a", "d"]);
    second.deleted.insert("b".into());
    let breaker = okta.reads(&second).breaker.unwrap();
    assert_eq!((breaker.people.len(), breaker.allowed), (3, 1));
}

#[test]
fn people_who_leave_over_hours_trip_it_too_and_after_a_day_they_do_not_count() {
    let mut okta = Directory::new(LeaverProof::Disabled);
    okta.reads(&reading(&["a", "b", "c"]));
    assert!(okta.reads(&reading(&["-a", "b", "c"])).breaker.is_none());
    let mut tomorrow = Directory { memory: okta.memory.clone(), now: okta.now.checked_add(hours(24)).unwrap(), ..okta };
    assert!(tomorrow.reads(&reading(&["-a", "-b", "c"])).breaker.is_none());
    assert!(tomorrow.reads(&reading(&["-a", "-b", "-c"])).breaker.is_some());
}

#[test]
fn a_breaker_does_not_open_by_itself() {
    let mut okta = Directory::new(LeaverProof::Disabled);
    okta.reads(&reading(&["a", "b", "c"]));
    let digest = okta.reads(&reading(&["-a", "-b", "c"])).breaker.unwrap().digest;
    for _ in 0..30 {
        assert_eq!(
            okta.reads(&reading(&["-a", "-b", "c"])).breaker.map(|breaker| breaker.digest),
            Some(digest.clone())
        );
    }
    assert!(okta.reads(&reading(&["a", "b", "c"])).breaker.is_none(), "unless they are back");
}

#[test]
fn one_decision_opens_it_and_stays_decided() {
    let mut okta = Directory::new(LeaverProof::Disabled);
    okta.reads(&reading(&["a", "b", "c"]));
    let away = reading(&["-a", "-b", "c"]);
    let digest = okta.reads(&away).breaker.unwrap().digest;
    let not_after = okta.now.checked_add(hours(48)).unwrap();
    let decision = |directive| Decision { digest: digest.clone(), directive, decided_by: None, not_after };
    okta.memory.decisions.insert(decision(Directive::Reject));
    assert!(okta.reads(&away).breaker.unwrap().rejected);
    okta.memory.decisions.insert(decision(Directive::Approve));
    assert!(okta.reads(&away).breaker.unwrap().rejected, "a no is not outvoted");
    okta.memory.decisions.clear();
    okta.memory.decisions.insert(decision(Directive::Approve));
    for _ in 0..60 {
        assert!(okta.reads(&away).breaker.is_none());
    }
}
