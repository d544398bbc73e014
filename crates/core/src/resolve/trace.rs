//! The way from a claim to a person, and what keeps a claim from counting: the questions of one person, asked of the same
//! rules that decide.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    GrantClaims, expand, permit,
    world::{Access, Grant, Leavers, Subject, SubjectEntry, World},
};
use crate::access::{
    AppPolicy, Capabilities, ClaimName, Level, Mail, Memory, ObjectName, Person, PersonKey, Slot, Text,
};

/// Ways that are told of one claim.
const MOST_WAYS: usize = 8;
/// Subjects that are looked at for one claim: teams that name each other many times over end here.
const MOST_LOOKS: usize = 20_000;
/// How deep teams may nest, as when they are resolved.
const MAXIMUM_DEPTH: usize = 32;

/// Whom a text means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This person: known to a directory, or a literal of whom nothing more is known.
    Person(Box<Person>),
    /// An address that its directory does not know, and why that is said.
    Unsure(PersonKey, Text),
    /// More than one person bears it.
    Ambiguous,
}

/// Finds the person that a text means: any address, a login, or the directory and the immutable id with `:` or `/`
/// between, as it is in the canonical key.
#[must_use]
pub fn find_person(world: &World, text: &str, now: Timestamp) -> Found {
    for (name, directory) in &world.directories {
        let key = text.strip_prefix("id:").unwrap_or(text);
        let id = key.strip_prefix(&name.to_string()).and_then(|rest| rest.strip_prefix([':', '/']));
        if let Some(person) = id.and_then(|id| directory.people.get(id)) {
            return Found::Person(Box::new(person.clone()));
        }
    }
    let service = Subject::Service(text.into());
    let subject = if is_named_as_service(world, text) { service } else { Subject::User(text.into()) };
    let mut members = alone(&expand::People::new(world, now), "", &subject);
    if let Some((_, member)) = members.certain.pop_first() {
        return Found::Person(Box::new(member.person.into_owned()));
    }
    members.maybe.pop_first().map_or(Found::Ambiguous, |(key, why)| Found::Unsure(key, why))
}

fn entries(world: &World) -> impl Iterator<Item = &SubjectEntry> {
    let grants = world.accesses.values().flat_map(|access| &access.grants);
    let teams = world.teams.values().flat_map(|team| team.parts.iter().chain(&team.except));
    grants.flat_map(|grant| grant.subjects.iter().chain(&grant.except)).chain(teams)
}

fn is_named_as_service(world: &World, text: &str) -> bool {
    entries(world).any(|entry| matches!(&entry.subject, Subject::Service(login) if login.eq_ignore_ascii_case(text)))
}

/// Every address and login that directories and declarations name, in canonical form: for whoever mistyped one.
#[must_use]
pub fn known_names(world: &World) -> BTreeSet<Text> {
    let people = world.directories.values().flat_map(|directory| directory.people.values());
    let mails = people.clone().flat_map(Person::mails).map(|mail| mail.text().clone());
    let labels = people.map(|person| person.label.clone());
    let written = entries(world).filter_map(|entry| match &entry.subject {
        Subject::User(text) => {
            Some(Mail::parse(text).map_or_else(|_| text.to_lowercase().into(), |mail| mail.text().clone()))
        }
        Subject::Service(login) => Some(login.to_ascii_lowercase().into()),
        _ => None,
    });
    mails.chain(labels).chain(written).collect()
}

/// One step on the way from a claim to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who is named, as written.
    pub subject: Subject,
    /// Its place in the list where it stands: subjects or exceptions of the grant, else parts or exceptions of the team
    /// of the step before.
    pub index: usize,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// Who is taken out again, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The team whose exception it is; `None` for the grant's own.
    pub team: Option<ObjectName>,
    /// The way from there to the person.
    pub steps: Vec<Step>,
}

/// One way from a claim to a person, windows apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// From the grant to the person, the outermost first.
    pub steps: Vec<Step>,
    /// What takes the person out again.
    pub exception: Option<Exception>,
}

/// What keeps a claim from counting for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It begins later.
    NotBegun(Timestamp),
    /// It has ended.
    Over(Timestamp),
    /// An exception takes the person out.
    Excepted,
    /// Nobody can tell whether it names the person, and why.
    Unsure(Text),
    /// It does not name the person.
    NotNamed,
    /// The app lets this namespace claim nothing.
    NamespaceNotAllowed,
    /// The app does not let this namespace give these to this person for this long.
    NotPermitted(Vec<Slot>),
    /// The app does not have it, in words.
    NotSupported(String),
}

/// One claim on an app, as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Which.
    pub claim: ClaimName,
    /// Its place among the grants of its object.
    pub index: usize,
    /// What it gives, in the app's own terms.
    pub slots: Vec<(Slot, Option<Level>)>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// The reason that it gives.
    pub reason: Option<Text>,
    /// How it comes to the person, at most eight ways.
    pub ways: Vec<Way>,
    /// What keeps it from counting; empty where it counts.
    pub stops: Vec<Stop>,
}

impl Traced {
    /// Whether it names the person in any way, be it in vain.
    #[must_use]
    pub fn names_the_person(&self) -> bool {
        !self.ways.is_empty() || self.stops.iter().any(|stop| matches!(stop, Stop::Unsure(_)))
    }
}

/// Every claim on one app as `person` sees it, in the order of their names.
#[must_use]
pub fn trace(
    world: &World,
    policy: &AppPolicy,
    capabilities: &Capabilities,
    memory: &Memory,
    person: &PersonKey,
    now: Timestamp,
) -> Vec<Traced> {
    let people = expand::People::new(world, now);
    let teams = permit::teams(policy, &people);
    let mut traced = Vec::new();
    for access in world.accesses.values().filter(|access| access.app == policy.app) {
        for (index, grant) in access.grants.iter().enumerate() {
            let claims =
                GrantClaims { world, policy, capabilities, memory, people: &people, teams: &teams, now, access, grant };
            traced.push(one(&claims, index, person));
        }
    }
    traced
}

fn one(claims: &GrantClaims<'_>, index: usize, person: &PersonKey) -> Traced {
    let GrantClaims { world, people, access, grant, now, .. } = claims;
    let (slots, unmet) = claims.slots();
    let namespace = &access.name.namespace;
    let mut search = Search::new(world, people, person, *now);
    search.entries(namespace, &grant.subjects, &mut Vec::new());
    let mut ways = search.ways;
    let mut stops: Vec<Stop> = unmet.into_iter().filter_map(|one| one.message).map(Stop::NotSupported).collect();
    let from_window = window(grant.from, grant.until, *now);
    stops.extend(from_window.clone());
    let members = people.grant_members(access, grant);
    if let Some(member) = members.certain.get(person) {
        let until = super::earliest(member.until, grant.until);
        if !claims.policy_names_namespace() {
            stops.push(Stop::NamespaceNotAllowed);
        } else if from_window.is_none() {
            let refused =
                slots.iter().filter(|(slot, level)| !permit::permits(claims, person, slot, level.as_ref(), until));
            let refused: Vec<Slot> = refused.map(|(slot, _)| slot.clone()).collect();
            stops.extend((!refused.is_empty()).then_some(Stop::NotPermitted(refused)));
        }
    } else if let Some(why) = members.maybe.get(person) {
        stops.push(Stop::Unsure(why.clone()));
    } else if let Some(stop) = (ways.iter().filter(|way| way.exception.is_none())).find_map(|way| closed(way, *now)) {
        stops.push(stop);
    } else if ways.is_empty() {
        stops.push(members.anyone.first().map_or(Stop::NotNamed, |why| Stop::Unsure(why.clone())));
    } else {
        stops.push(Stop::Excepted);
        except_of_grant(claims, person, &mut ways);
    }
    Traced {
        claim: ClaimName::new(access.name.clone(), &grant.name),
        index,
        slots,
        from: grant.from,
        until: grant.until,
        reason: grant.reason.clone(),
        ways,
        stops,
    }
}

/// Names the grant's own exception on the ways that none of a team closes.
fn except_of_grant(claims: &GrantClaims<'_>, person: &PersonKey, ways: &mut [Way]) {
    let GrantClaims { world, people, access, grant, now, .. } = claims;
    let mut search = Search { only_open: true, ..Search::new(world, people, person, *now) };
    search.entries(&access.name.namespace, &grant.except, &mut Vec::new());
    let Some(except) = search.ways.into_iter().next() else { return };
    for way in ways.iter_mut().filter(|way| way.exception.is_none()) {
        way.exception = Some(Exception { team: None, steps: except.steps.clone() });
    }
}

fn window(from: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> Option<Stop> {
    match (from, until) {
        (_, Some(until)) if until <= now => Some(Stop::Over(until)),
        (Some(from), _) if from > now => Some(Stop::NotBegun(from)),
        _ => None,
    }
}

fn closed(way: &Way, now: Timestamp) -> Option<Stop> {
    way.steps.iter().find_map(|step| window(step.from, step.until, now))
}

/// Who is behind one subject, its window apart.
fn alone<'a>(people: &expand::People<'a>, namespace: &str, subject: &Subject) -> expand::Members<'a> {
    let access =
        Access { name: ObjectName::new(namespace, ""), app: ObjectName::new(namespace, ""), grants: Vec::new() };
    let grant = Grant { subjects: vec![SubjectEntry::always(subject.clone())], ..Grant::default() };
    people.grant_members(&access, &grant)
}

/// Looks for a person among subjects, through teams.
struct Search<'a, 'p> {
    world: &'a World,
    people: &'a expand::People<'p>,
    person: &'a PersonKey,
    ways: Vec<Way>,
    looks: usize,
    /// Teams that do not lead to the person.
    barren: BTreeSet<ObjectName>,
    /// Whether subjects whose window is not open are passed over: an exception takes nobody out before it begins and after
    /// it ended, while a claim of which that is so is told with its window.
    only_open: bool,
    now: Timestamp,
}

impl<'a, 'p> Search<'a, 'p> {
    fn new(world: &'a World, people: &'a expand::People<'p>, person: &'a PersonKey, now: Timestamp) -> Self {
        Self { world, people, person, ways: Vec::new(), looks: 0, barren: BTreeSet::new(), only_open: false, now }
    }

    fn entries(&mut self, namespace: &str, entries: &[SubjectEntry], before: &mut Vec<Step>) {
        for (index, entry) in entries.iter().enumerate() {
            if self.only_open && window(entry.from, entry.until, self.now).is_some() {
                continue;
            }
            self.looks += 1;
            if self.ways.len() >= MOST_WAYS || self.looks > MOST_LOOKS {
                return;
            }
            before.push(Step { subject: entry.subject.clone(), index, from: entry.from, until: entry.until });
            match &entry.subject {
                Subject::Team(name) => self.team(namespace, name, before),
                leaf => {
                    let members = alone(self.people, namespace, leaf);
                    if members.certain.contains_key(self.person) || members.maybe.contains_key(self.person) {
                        self.ways.push(Way { steps: before.clone(), exception: None });
                    }
                }
            }
            before.pop();
        }
    }

    fn team(&mut self, namespace: &str, name: &ObjectName, before: &mut Vec<Step>) {
        let Some(team) = self.world.teams.get(name) else { return };
        let shared = *name.namespace == *namespace || team.share_with.contains(namespace);
        let named = |step: &&Step| matches!(&step.subject, Subject::Team(team) if team == name);
        let is_cycle = before.iter().filter(named).count() > 1;
        if !shared || is_cycle || before.len() > MAXIMUM_DEPTH || self.barren.contains(name) {
            return;
        }
        let first = self.ways.len();
        self.entries(&name.namespace, &team.parts, before);
        if self.ways.len() == first {
            self.barren.insert(name.clone());
            return;
        }
        let fresh = Search::new(self.world, self.people, self.person, self.now);
        let mut except = Search { looks: self.looks, only_open: true, ..fresh };
        except.entries(&name.namespace, &team.except, &mut Vec::new());
        let Some(taken) = except.ways.into_iter().next() else { return };
        for way in self.ways.iter_mut().skip(first).filter(|way| way.exception.is_none()) {
            way.exception = Some(Exception { team: Some(name.clone()), steps: taken.steps.clone() });
        }
    }
}

/// What a directory says of somebody who left, and whether that is acted on.
#[must_use]
pub fn left(world: &World, person: &PersonKey) -> Option<(ObjectName, Text, bool)> {
    let PersonKey::Known { directory, id } = person else { return None };
    let view = world.directories.get(directory)?;
    Some((directory.clone(), view.left.get(id)?.clone(), view.leavers == Leavers::Act))
}

#[cfg(test)]
mod tests;
