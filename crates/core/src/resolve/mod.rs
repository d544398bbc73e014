//! Declarations and people become desired edges: three-valued, because not knowing is not the same as not wanting.

mod desired;
mod directory;
mod expand;
mod permit;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use desired::{ClaimProblem, ClaimReport, Desired, DesiredEdge, ProblemKind, State};
pub use directory::{Breaker, DirectoryMemory, DirectoryPolicy, LeaverProof, Reading, Verdict, breaker_digest, judge};
pub use expand::{TeamMembers, glob, team_members};
pub use world::{
    Access, DirectoryView, Freshness, Grant, Leavers, Match, MatchOperator, Subject, SubjectEntry, Team, Undecodable,
    Wanted, World,
};

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
    for access in world.accesses.values().filter(|access| access.app == policy.app) {
        for grant in &access.grants {
            let mut claims =
                GrantClaims { world, policy, capabilities, memory, people: &people, teams: &teams, now, access, grant };
            claims.collect(&mut desired);
        }
    }
    desired.merge(capabilities);
    desired.note_unreadable(world, policy, memory);
    desired.note_directories(world, &people);
    desired.next_boundary = people.next_boundary(&desired, world, policy);
    desired
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
        let (slots, unsupported) = self.slots();
        for wanted in unsupported {
            report.problems.push(ClaimProblem {
                claim: name.clone(),
                kind: ProblemKind::NotSupported,
                message: format!(
                    "{} has no {} `{}`; remove it from the grant",
                    self.policy.app, wanted.kind, wanted.name
                ),
            });
        }
        if !self.grant.is_live(self.now) {
            return;
        }
        if !self.policy_names_namespace() {
            self.refuse(desired, &name, &slots, None);
            return;
        }
        let members = self.people.grant_members(self.access, self.grant);
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

    /// The slots of the grant in the app's own terms, the account first, and what the app does not have.
    fn slots(&self) -> (Vec<(Slot, Option<Level>)>, Vec<Wanted>) {
        let mut slots = vec![(Slot::account(), None)];
        let mut unsupported = Vec::new();
        for wanted in &self.grant.wanted {
            match self.capabilities.kinds.get(&wanted.kind) {
                None => unsupported.push(wanted.clone()),
                Some(kind) if kind.not_grantable.contains(&wanted.name) => unsupported.push(wanted.clone()),
                Some(kind) => slots.push(match kind.shape {
                    Shape::Set => (Slot { kind: wanted.kind.clone(), name: wanted.name.clone() }, None),
                    Shape::Levelled { .. } => {
                        (Slot { kind: wanted.kind.clone(), name: wanted.name.clone() }, wanted.level.clone())
                    }
                    Shape::Single { .. } => {
                        (Slot { kind: wanted.kind.clone(), name: "".into() }, Some(wanted.name.clone()))
                    }
                }),
            }
        }
        (slots, unsupported)
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
        let since = self.memory.refused.get(name).copied();
        desired.refused.insert(name.clone());
        let fresh = since.is_none_or(|since| self.now.as_second() - since.as_second() < REFUSAL_GRACE);
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
