//! The times at which something begins or ends for one app, on either side of a change. It knows what is declared, and resolves
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{AppPolicy, ClaimName, ObjectName},
    resolve::{Grant, Subject, SubjectEntry, Team, World},
};
use jiff::{SignedDuration, Timestamp};

/// What ends within this time is told although nothing of it changes.
pub(super) const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What one side declares of one app: its claims, and the teams that they reach.
#[derive(Debug, Default)]
pub(super) struct Reach<'a> {
    grants: BTreeMap<ClaimName, &'a Grant>,
    teams: BTreeMap<&'a ObjectName, &'a Team>,
}

/// The times to look at, in order, all of them after now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// Those that are looked at, on both sides alike.
    pub(super) chosen: Vec<Timestamp>,
    /// How many there are.
    pub(super) all: usize,
}

impl Times {
    /// Whether all of them are looked at.
    pub(super) const fn is_whole(&self) -> bool {
        self.chosen.len() == self.all
    }
}

impl<'a> Reach<'a> {
    pub(super) fn new(world: &'a World, app: &ObjectName) -> Self {
        let mut reach = Self::default();
        for access in world.accesses.values().filter(|access| access.app == *app) {
            let named = access.grants.iter().map(|grant| (ClaimName::new(access.name.clone(), &grant.name), grant));
            reach.grants.extend(named);
        }
        let entries = reach.grants.values().flat_map(|grant| grant.subjects.iter().chain(&grant.except));
        let mut next: Vec<&ObjectName> = entries.filter_map(team_of).collect();
        while let Some(name) = next.pop() {
            let Some((name, found)) = world.teams.get_key_value(name) else { continue };
            if reach.teams.insert(name, found).is_none() {
                next.extend(found.parts.iter().chain(&found.except).filter_map(team_of));
            }
        }
        reach
    }

    /// How many subjects the claims name.
    pub(super) fn len(&self) -> usize {
        self.grants.values().map(|grant| grant.subjects.len()).sum()
    }

    /// The teams that the claims reach, through teams as well.
    pub(super) fn teams(&self) -> impl Iterator<Item = &'a ObjectName> {
        self.teams.keys().copied()
    }

    /// Whether these entries lead to one of the teams, through teams as well.
    fn leads_to(&self, entries: &[&SubjectEntry], teams: &BTreeSet<&ObjectName>) -> bool {
        if teams.is_empty() {
            return false;
        }
        let mut next: Vec<&ObjectName> = entries.iter().copied().filter_map(team_of).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = next.pop() {
            if teams.contains(name) {
                return true;
            }
            let fresh = self.teams.get(name).filter(|_| seen.insert(name));
            next.extend(fresh.into_iter().flat_map(|team| team.parts.iter().chain(&team.except)).filter_map(team_of));
        }
        false
    }
}

fn team_of(entry: &SubjectEntry) -> Option<&ObjectName> {
    match &entry.subject {
        Subject::Team(name) => Some(name),
        _ => None,
    }
}

/// Both sides of a change for one app.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'a> {
    pub(super) before: &'a Reach<'a>,
    pub(super) after: &'a Reach<'a>,
    /// How each is judged; nothing where the app is not there.
    pub(super) policies: (Option<&'a AppPolicy>, Option<&'a AppPolicy>),
    pub(super) now: Timestamp,
}

/// At most `most` times at which something may begin or end, those first that the change moves.
pub(super) fn times(sides: Sides<'_>, most: usize) -> Times {
    let Sides { before, after, policies, now } = sides;
    let mut all: BTreeSet<Timestamp> = BTreeSet::new();
    for reach in [before, after] {
        all.extend(reach.grants.values().flat_map(|grant| of_grant(grant)));
        all.extend(reach.teams.values().flat_map(|team| of_entries(team.parts.iter().chain(&team.except))));
    }
    let permitted = permitted_from(&all, policies);
    all.extend(permitted);
    all.retain(|time| *time > now);
    let teams = differing_teams(before, after);
    let moved = moved(before, after, &teams);
    if policies.0 == policies.1 && teams.is_empty() && before.grants == after.grants {
        let horizon = now.checked_add(SOON).unwrap_or(Timestamp::MAX);
        all.retain(|time| *time <= horizon);
    }
    let (moved, still): (Vec<Timestamp>, Vec<Timestamp>) = all.iter().partition(|time| moved.contains(time));
    let chosen: BTreeSet<Timestamp> = moved.into_iter().chain(still).take(most).collect();
    Times { chosen: chosen.into_iter().collect(), all: all.len() }
}

/// A claim that would last too long for `allow` is permitted from the time on that leaves no more than that.
fn permitted_from(
    times: &BTreeSet<Timestamp>,
    policies: (Option<&AppPolicy>, Option<&AppPolicy>),
) -> BTreeSet<Timestamp> {
    let policies = [policies.0, policies.1].into_iter().flatten();
    let longest = policies.flat_map(|policy| &policy.allow).filter_map(|allow| allow.maximum_duration);
    let longest: BTreeSet<i64> = longest.filter_map(|time| i64::try_from(time.as_secs()).ok()).collect();
    let earlier = |time: &Timestamp| {
        let end = time.as_second();
        longest
            .iter()
            .filter_map(move |longest| Timestamp::from_second(end.saturating_sub(*longest)).ok())
            .collect::<Vec<_>>()
    };
    times.iter().flat_map(earlier).collect()
}

fn of_grant(grant: &Grant) -> impl Iterator<Item = Timestamp> {
    let entries = of_entries(grant.subjects.iter().chain(&grant.except));
    entries.chain([grant.from, grant.until].into_iter().flatten())
}

fn of_entries<'a>(entries: impl Iterator<Item = &'a SubjectEntry>) -> impl Iterator<Item = Timestamp> {
    entries.flat_map(|entry| [entry.from, entry.until]).flatten()
}

fn differing_teams<'a>(before: &Reach<'a>, after: &Reach<'a>) -> BTreeSet<&'a ObjectName> {
    let names = before.teams().chain(after.teams());
    names.filter(|name| before.teams.get(name) != after.teams.get(name)).collect()
}

/// The times of whatever differs between the sides.
fn moved(before: &Reach<'_>, after: &Reach<'_>, teams: &BTreeSet<&ObjectName>) -> BTreeSet<Timestamp> {
    let mut moved = BTreeSet::new();
    for name in before.grants.keys().chain(after.grants.keys()) {
        let (earlier, later) = (before.grants.get(name).copied(), after.grants.get(name).copied());
        let leads = |reach: &Reach<'_>, grant: Option<&Grant>| {
            let entries: Vec<&SubjectEntry> =
                grant.into_iter().flat_map(|grant| grant.subjects.iter().chain(&grant.except)).collect();
            reach.leads_to(&entries, teams)
        };
        match (earlier, later) {
            (Some(earlier), Some(later))
                if is_alike(earlier, later) && !leads(before, Some(earlier)) && !leads(after, Some(later)) =>
            {
                let entries = differing(&earlier.subjects, &later.subjects);
                if !entries.is_empty() {
                    moved.extend([later.from, later.until].into_iter().flatten());
                }
                moved.extend(of_entries(entries.into_iter()));
            }
            (earlier, later) => moved.extend(earlier.into_iter().chain(later).flat_map(of_grant)),
        }
    }
    for name in teams {
        let sides = [before.teams.get(name), after.teams.get(name)];
        let [earlier, later] = sides.map(|team| team.map_or(&[][..], |team| &team.parts));
        moved.extend(of_entries(differing(earlier, later).into_iter()));
        moved.extend(sides.into_iter().flatten().flat_map(|team| of_entries(team.except.iter())));
    }
    moved
}

/// Whether two grants differ in their subjects at most.
fn is_alike(one: &Grant, other: &Grant) -> bool {
    let rest = |grant: &Grant| Grant { subjects: Vec::new(), ..grant.clone() };
    rest(one) == rest(other)
}

/// The entries that one of two lists alone has.
fn differing<'a>(one: &'a [SubjectEntry], other: &'a [SubjectEntry]) -> Vec<&'a SubjectEntry> {
    let known = |entries: &'a [SubjectEntry]| -> BTreeMap<String, &'a SubjectEntry> {
        entries.iter().map(|entry| (format!("{entry:?}"), entry)).collect()
    };
    let (one, other) = (known(one), known(other));
    let alone = |one: &BTreeMap<String, &'a SubjectEntry>, other: &BTreeMap<String, &'a SubjectEntry>| {
        one.iter().filter(|(text, _)| !other.contains_key(*text)).map(|(_, entry)| *entry).collect::<Vec<_>>()
    };
    [alone(&one, &other), alone(&other, &one)].concat()
}
