//! Two-sided trust: what a target app lets other namespaces claim, for whom and for how long.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    GrantClaims,
    expand::{People, glob, is_member_of_group, people_of_team},
};
use crate::access::{Allow, AppPolicy, Level, ObjectName, PersonKey, Slot, SlotPattern};

/// Whether objects of this namespace may claim anything in the app at all.
pub(super) fn namespace_may_claim(policy: &AppPolicy, namespace: &str) -> bool {
    *policy.app.namespace == *namespace || policy.allow.iter().any(|allow| allow.namespaces.contains(namespace))
}

/// The people of the teams that `allow` names, each team read once however many claims are judged by it.
pub(super) fn teams(policy: &AppPolicy, people: &People<'_>) -> BTreeMap<ObjectName, BTreeSet<PersonKey>> {
    let named: BTreeSet<&ObjectName> =
        policy.allow.iter().flat_map(|allow| allow.people.teams.iter().flatten()).collect();
    named.into_iter().map(|team| (team.clone(), people_of_team(people, team))).collect()
}

/// All patterns that a namespace may claim.
pub(super) fn patterns(policy: &AppPolicy, namespace: &str) -> Vec<SlotPattern> {
    let entries = policy.allow.iter().filter(|allow| allow.namespaces.contains(namespace));
    entries.flat_map(|allow| allow.entitlements.iter().cloned()).collect()
}

/// Whether a slot, whatever its value, is covered by a pattern.
pub(super) fn covered(patterns: &[SlotPattern], namespace: &str, slot: &Slot) -> bool {
    patterns.iter().any(|pattern| {
        pattern.kind == slot.kind
            && (slot.name.is_empty() || glob(&pattern.name.replace("{namespace}", namespace), &slot.name))
    })
}

/// Whether the app permits this claim. Its own namespace always may, all of it.
pub(super) fn permits(
    claims: &GrantClaims<'_>,
    person: &PersonKey,
    slot: &Slot,
    level: Option<&Level>,
    until: Option<Timestamp>,
) -> bool {
    let namespace = &claims.access.name.namespace;
    let policy = claims.policy;
    *policy.app.namespace == **namespace
        || policy.allow.iter().any(|allow| {
            allow.namespaces.contains(namespace)
                && permits_slot(claims, allow, slot, level)
                && permits_duration(allow, claims, until)
                && permits_person(allow, claims, person)
        })
}

fn permits_slot(claims: &GrantClaims<'_>, allow: &Allow, slot: &Slot, level: Option<&Level>) -> bool {
    if slot.is_account() {
        return true;
    }
    let namespace = &*claims.access.name.namespace;
    let name = if slot.name.is_empty() { level.map_or("", |level| &**level) } else { &*slot.name };
    let kind = claims.capabilities.kind(slot);
    let by_app = |value: &str| kind.is_some_and(|kind| kind.privileged.contains(value));
    let by_owner = slot.is_role() && claims.policy.roles.privileged.contains(name);
    let privileged = by_owner || by_app(name) || level.is_some_and(|level| by_app(level));
    allow.entitlements.iter().any(|pattern| {
        let text = pattern.name.replace("{namespace}", namespace);
        pattern.kind == slot.kind && if privileged { text == name } else { glob(&text, name) }
    })
}

fn permits_duration(allow: &Allow, claims: &GrantClaims<'_>, until: Option<Timestamp>) -> bool {
    let Some(maximum) = allow.maximum_duration else { return true };
    let Some(until) = until else { return false };
    let from = claims.grant.from.unwrap_or(claims.now);
    let seconds = until.as_second().saturating_sub(from.as_second());
    u64::try_from(seconds).unwrap_or(0) <= maximum.as_secs()
}

fn permits_person(allow: &Allow, claims: &GrantClaims<'_>, person: &PersonKey) -> bool {
    let scope = &allow.people;
    if scope.is_anybody() {
        return true;
    }
    let in_domain = scope.domains.as_ref().is_some_and(|domains| {
        claims.people.person(person).is_some_and(|known| known.mails().any(|mail| domains.contains(mail.domain())))
    });
    let in_group = || {
        let mut groups = scope.directory_groups.iter().flatten();
        groups.any(|(directory, group)| is_member_of_group(claims.world, directory, group, person))
    };
    let in_team = || {
        let mut teams = scope.teams.iter().flatten();
        teams.any(|team| claims.teams.get(team).is_some_and(|people| people.contains(person)))
    };
    in_domain || in_group() || in_team()
}
