//! Declarations and people become desired edges: three-valued, because not knowing is not the same as not wanting.

mod desired;
mod directory;
mod expand;
mod permit;
mod trace;
mod unmet;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use desired::{ClaimProblem, ClaimReport, Desired, DesiredEdge, ProblemKind, State};
pub use directory::{
    Absence, Breaker, DirectoryMemory, DirectoryPolicy, LeaverProof, Reading, Verdict, breaker_digest, judge,
};
pub use expand::{TeamMembers, glob, team_members};
pub use trace::{Exception, Found, Step, Stop, Traced, Way, find_person, known_names, left, trace};
pub use world::{
    Access, DirectoryView, Freshness, Grant, Leavers, Match, MatchOperator, Subject, SubjectEntry, Team, Undecodable,
    Wanted, World,
};

use self::unmet::Unmet;
use crate::access::{
    AppPolicy, Capabilities, Claim, ClaimName, Edge, Level, Memory, ObjectName, PersonKey, Shape, Slot, Text,
};

/// How long a refused claim counts as unknown before it counts as withdrawn, in seconds.
const REFUSAL_GRACE: i64 = 24 * 60 * 60;

/// Works out who should hold what in one target app at `now`.
///
/// `memory` tells since when `allow` refuses a claim, and what an object that cannot be read was seen to claim; nothing
/// else of it is read.
#[must_use]
pub fn resolve(
    world: &World,
    policy: &AppPolicy,
    capabilities: &Capabilities,
    memory: &Memory,
    now: Timestamp,
) -> Desired {
    let people = expand::People::new(world, now);
    let teams = permit::teams(policy, &people);
    let mut desired = Desired::default();
    for access in world.accesses.values() {
        let is_here = access.app == policy.app;
        if !is_here && !world.missing_apps.contains(&access.app) {
            continue;
        }
        for grant in &access.grants {
            let mut claims =
                GrantClaims { world, policy, capabilities, memory, people: &people, teams: &teams, now, access, grant };
            if is_here {
                claims.collect(&mut desired);
            } else {
                claims.leave_for_lack_of_app(&mut desired);
            }
        }
    }
    desired.merge(capabilities);
    desired.note_unreadable(world, policy, memory);
    desired.note_directories(world, &people);
    desired.next_boundary = people.next_boundary(&desired, world, policy);
    desired
}

/// Words as people list them.
fn listed<'a>(words: impl Iterator<Item = &'a Text>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// One grant on its way to edges.
struct GrantClaims<'a> {
    world: &'a World,
    policy: &'a AppPolicy,
    capabilities: &'a Capabilities,
    memory: &'a Memory,
    people: &'a expand::People<'a>,
    /// Who is in the teams that `allow` names.
    teams: &'a BTreeMap<ObjectName, BTreeSet<PersonKey>>,
    now: Timestamp,
    access: &'a Access,
    grant: &'a Grant,
}

impl GrantClaims<'_> {
    fn collect(&mut self, desired: &mut Desired) {
        let name = ClaimName::new(self.access.name.clone(), &self.grant.name);
        let report = desired.reports.entry(self.access.name.clone()).or_default();
        report.subjects += self.grant.subjects.len();
        let (slots, unmet) = self.slots();
        for message in unmet.iter().filter_map(|unmet| unmet.message.clone()) {
            report.problems.push(ClaimProblem { claim: name.clone(), kind: ProblemKind::NotSupported, message });
        }
        if !self.grant.is_live(self.now) {
            return;
        }
        if !self.policy_names_namespace() {
            self.refuse(desired, &name, &slots, None);
            if is_fresh_refusal(self.memory, &name, self.now) {
                let members = self.people.grant_members(self.access, self.grant);
                self.leave_alone(desired, &name, (&slots, &unmet), &members);
            }
            return;
        }
        let members = self.people.grant_members(self.access, self.grant);
        self.leave_alone(desired, &name, (&slots, &unmet), &members);
        for why in &members.problems {
            desired.reports.entry(self.access.name.clone()).or_default().problems.push(ClaimProblem {
                claim: name.clone(),
                kind: ProblemKind::Unresolved,
                message: why.clone(),
            });
        }
        for (slot, level) in &slots {
            for why in &members.anyone {
                desired.anyone.entry(slot.clone()).or_insert_with(|| why.clone());
            }
            for (person, why) in &members.maybe {
                let edge = Edge::new(person.clone(), slot.clone());
                desired.maybe.entry(edge).or_insert_with(|| why.clone());
            }
            for (person, member) in &members.certain {
                let claim = Claim {
                    name: name.clone(),
                    subject: member.subject.clone(),
                    until: earliest(member.until, self.grant.until),
                    level: level.clone(),
                    reason: self.grant.reason.clone(),
                };
                if permit::permits(self, person, slot, level.as_ref(), claim.until) {
                    desired.claim(Edge::new(person.clone(), slot.clone()), level.clone(), claim);
                } else {
                    self.refuse(desired, &name, &[(slot.clone(), level.clone())], Some(person));
                }
            }
        }
        for (person, member) in members.certain {
            desired.people.entry(person).or_insert_with(|| member.person.into_owned());
        }
    }

    /// The slots of the grant in the app's own terms, the account first, and what the app cannot give.
    fn slots(&self) -> (Vec<(Slot, Option<Level>)>, Vec<Unmet>) {
        let mut slots = vec![(Slot::account(), None)];
        let mut unmet = Vec::new();
        if self.grant.wanted.is_empty() && !self.capabilities.account_alone {
            unmet.push(Unmet::account(Some(format!(
                "{} has no account without anything in it; add an entitlement to the grant: {}",
                self.policy.app,
                listed(self.capabilities.kinds.keys())
            ))));
            return (Vec::new(), unmet);
        }
        for wanted in &self.grant.wanted {
            match self.slot(wanted) {
                Ok(slot) => slots.push(slot),
                Err(one) => unmet.push(one),
            }
        }
        if slots.len() == 1 && !unmet.is_empty() && !self.capabilities.account_alone {
            slots.clear();
            unmet.push(Unmet::account(None));
        }
        (slots, unmet)
    }

    /// One entitlement in the app's own terms; a name without a level goes to the lowest. Else why the app does not have
    /// it.
    fn slot(&self, wanted: &Wanted) -> Result<(Slot, Option<Level>), Unmet> {
        let app = &self.policy.app;
        let Wanted { kind: word, name, level } = wanted;
        let Some(kind) = self.capabilities.kinds.get(word) else {
            return Err(Unmet::of_no_type(match self.capabilities.absent.get(word) {
                Some(why) => format!("{app} has no {word} `{name}`: {why}"),
                None => format!("{app} has no {word} `{name}`; remove it from the grant"),
            }));
        };
        let slot = Slot { kind: word.clone(), name: if kind.is_single() { "".into() } else { name.clone() } };
        let grantable = || {
            let order = kind.order().iter();
            listed(order.filter(|value| !kind.not_grantable.contains(*value)))
        };
        let value = if kind.is_single() { Some(name) } else { level.as_ref() };
        let given = [Some(name), value].into_iter().flatten();
        if let Some(refused) = given.into_iter().find(|value| kind.not_grantable.contains(*value)) {
            let message = format!(
                "{app} has no {word} `{refused}` that its interface can give; give it there by hand, or claim {}",
                grantable()
            );
            return Err(Unmet::of(slot, message));
        }
        if let Some(value) = value.filter(|value| !kind.order().is_empty() && kind.rank(value).is_none()) {
            let what = if kind.is_single() { "" } else { " level" };
            let message = format!("{app} has no {word}{what} `{value}`; it has {}", grantable());
            return Err(Unmet::of(slot, message));
        }
        Ok(match &kind.shape {
            Shape::Set => (slot, None),
            Shape::Levelled { order } => (slot, level.clone().or_else(|| order.first().cloned())),
            Shape::Single { .. } => (slot, Some(name.clone())),
        })
    }

    fn policy_names_namespace(&self) -> bool {
        permit::namespace_may_claim(self.policy, &self.access.name.namespace)
    }

    /// A claim that is not permitted: unknown for a day, so that a label's typo takes nothing away, then withdrawn.
    fn refuse(
        &self,
        desired: &mut Desired,
        name: &ClaimName,
        slots: &[(Slot, Option<Level>)],
        person: Option<&PersonKey>,
    ) {
        desired.refused.insert(name.clone());
        let fresh = is_fresh_refusal(self.memory, name, self.now);
        let why: Text = format!("the claim {name} is refused").into();
        if fresh {
            for (slot, _) in slots {
                match person {
                    Some(person) => {
                        let edge = Edge::new(person.clone(), slot.clone());
                        desired.maybe.entry(edge).or_insert_with(|| why.clone());
                    }
                    None => self.refuse_everybody(desired, name, slot, &why),
                }
            }
        }
        let problem = ClaimProblem {
            claim: name.clone(),
            kind: ProblemKind::NotPermitted,
            message: format!(
                "{} is not there, or does not permit {} this; ask its owner to name the namespace, people and \
                 entitlements under `allow`",
                self.policy.app, self.access.name.namespace
            ),
        };
        let problems = &mut desired.reports.entry(self.access.name.clone()).or_default().problems;
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// A whole grant refused: whatever we own on its word stays for now.
    fn refuse_everybody(&self, desired: &mut Desired, name: &ClaimName, slot: &Slot, why: &Text) {
        for (edge, owned) in &self.memory.inventory {
            if edge.slot == *slot && owned.claims.contains_key(name) {
                desired.maybe.entry(edge.clone()).or_insert_with(|| why.clone());
            }
        }
    }
}

/// Whether a refused claim still counts as unknown.
fn is_fresh_refusal(memory: &Memory, name: &ClaimName, now: Timestamp) -> bool {
    memory.refused.get(name).is_none_or(|since| now.as_second() - since.as_second() < REFUSAL_GRACE)
}

/// The earlier of two ends, where `None` is never.
fn earliest(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (one, other) => one.or(other),
    }
}

/// The later of two ends, where `None` is never.
fn latest(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    Some(left?.max(right?))
}
