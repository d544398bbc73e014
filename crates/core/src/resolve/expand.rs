//! Subjects become people: who certainly, who perhaps, and whether there may be others.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
};

use jiff::Timestamp;

use super::{
    Desired, earliest, latest,
    world::{
        Access, DirectoryView, Freshness, Grant, Match, MatchOperator, Subject, SubjectEntry, Team, World, is_open,
    },
};
use crate::access::{AppPolicy, Mail, ObjectName, Person, PersonKey, Text};

/// How deep teams may nest.
const MAXIMUM_DEPTH: usize = 32;

/// Somebody whom a subject names.
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub(super) person: Cow<'a, Person>,
    /// The subject as written where the person stands.
    pub(super) subject: Text,
    pub(super) until: Option<Timestamp>,
}

/// A set of people, three-valued.
#[derive(Clone, Debug, Default)]
pub(super) struct Members<'a> {
    pub(super) certain: BTreeMap<PersonKey, Member<'a>>,
    /// People about whom nobody can tell, and why.
    pub(super) maybe: BTreeMap<PersonKey, Text>,
    /// Why there may be people whom nobody can name.
    pub(super) anyone: Vec<Text>,
    /// What could not be resolved, for the author.
    pub(super) problems: Vec<String>,
}

impl<'a> Members<'a> {
    fn add(&mut self, other: Self) {
        if self.certain.is_empty() {
            self.certain = other.certain;
        } else {
            self.add_certain(other.certain);
        }
        self.maybe.extend(other.maybe);
        self.anyone.extend(other.anyone);
        self.problems.extend(other.problems);
    }

    fn add_certain(&mut self, others: BTreeMap<PersonKey, Member<'a>>) {
        for (key, member) in others {
            match self.certain.get_mut(&key) {
                Some(known) => known.until = latest(known.until, member.until),
                None => drop(self.certain.insert(key, member)),
            }
        }
    }

    fn person(&mut self, person: Cow<'a, Person>, subject: &Text, until: Option<Timestamp>) {
        match self.certain.entry(person.key.clone()) {
            Entry::Occupied(known) => {
                let known = known.into_mut();
                known.until = latest(known.until, until);
            }
            Entry::Vacant(vacant) => drop(vacant.insert(Member { person, subject: subject.clone(), until })),
        }
    }

    fn unresolved(&mut self, why: &str) {
        self.anyone.push(why.into());
        self.problems.push(why.to_owned());
    }

    /// Takes `except` out. Where that did not resolve, nobody can tell who stays.
    fn less(&mut self, except: Self) {
        for key in except.certain.keys() {
            self.certain.remove(key);
            self.maybe.remove(key);
        }
        let unresolved = except.anyone.first().cloned();
        let doubtful: Vec<PersonKey> = self
            .certain
            .keys()
            .filter(|key| unresolved.is_some() || except.maybe.contains_key(*key))
            .cloned()
            .collect();
        for key in doubtful {
            self.certain.remove(&key);
            let why = except.maybe.get(&key).or(unresolved.as_ref()).cloned().unwrap_or_else(|| "an exception".into());
            self.maybe.insert(key, why);
        }
        self.problems.extend(except.problems);
    }
}

/// Everybody whom directories know, found by any of their addresses.
pub(super) struct People<'a> {
    world: &'a World,
    now: Timestamp,
    /// Canonical mail to the people who bear it.
    by_mail: BTreeMap<Mail, BTreeSet<(ObjectName, Text)>>,
    /// Domain to the directory that owns it.
    owners: BTreeMap<Text, ObjectName>,
}

impl<'a> People<'a> {
    pub(super) fn new(world: &'a World, now: Timestamp) -> Self {
        let mut by_mail: BTreeMap<Mail, BTreeSet<(ObjectName, Text)>> = BTreeMap::new();
        let mut owners = BTreeMap::new();
        for (name, directory) in &world.directories {
            for domain in &directory.domains {
                owners.entry(domain.clone()).or_insert_with(|| name.clone());
            }
            for (id, person) in &directory.people {
                for mail in person.mails() {
                    by_mail.entry(mail.clone()).or_default().insert((name.clone(), id.clone()));
                    for also in world.aliases.get(mail).into_iter().flatten() {
                        by_mail.entry(also.clone()).or_default().insert((name.clone(), id.clone()));
                    }
                }
            }
        }
        Self { world, now, by_mail, owners }
    }

    /// Address to person, for finding whose an account is.
    pub(super) fn mails(&self) -> BTreeMap<Text, PersonKey> {
        let unambiguous = self.by_mail.iter().filter_map(|(mail, bearers)| {
            let (directory, id) = bearers.first().filter(|_| bearers.len() == 1)?;
            Some((mail.text().clone(), PersonKey::Known { directory: directory.clone(), id: id.clone() }))
        });
        unambiguous.collect()
    }

    /// A person by today's key: a literal mail that a directory has come to know since is that directory's person.
    pub(super) fn of_today(&self, key: &PersonKey) -> PersonKey {
        let PersonKey::Mail(mail) = key else { return key.clone() };
        let bearer = self.by_mail.get(mail).filter(|bearers| bearers.len() == 1).and_then(BTreeSet::first);
        bearer.map_or_else(
            || key.clone(),
            |(directory, id)| PersonKey::Known { directory: directory.clone(), id: id.clone() },
        )
    }

    pub(super) fn person(&self, key: &PersonKey) -> Option<Person> {
        match key {
            PersonKey::Known { directory, id } => self.world.directories.get(directory)?.people.get(id).cloned(),
            other => Some(Person::literal(other.clone())),
        }
    }

    /// The people of a grant, its exceptions taken out.
    pub(super) fn grant_members(&self, access: &Access, grant: &Grant) -> Members<'a> {
        let namespace = &access.name.namespace;
        let mut members = self.entries(namespace, &grant.subjects, &mut Vec::new());
        members.less(self.entries(namespace, &grant.except, &mut Vec::new()));
        members
    }

    fn entries(&self, namespace: &str, entries: &[SubjectEntry], path: &mut Vec<ObjectName>) -> Members<'a> {
        let mut members = Members::default();
        for entry in entries.iter().filter(|entry| is_open(entry.from, entry.until, self.now)) {
            let mut found = self.subject(namespace, entry, path);
            for member in found.certain.values_mut() {
                member.until = earliest(member.until, entry.until);
            }
            members.add(found);
        }
        members
    }

    fn subject(&self, namespace: &str, entry: &SubjectEntry, path: &mut Vec<ObjectName>) -> Members<'a> {
        match &entry.subject {
            Subject::User(text) => self.user(text, entry),
            Subject::Service(login) => {
                let mut members = Members::default();
                let key = PersonKey::Service(login.to_ascii_lowercase().into());
                members.person(Cow::Owned(Person::literal(key)), login, None);
                members
            }
            Subject::Team(name) => self.team(namespace, name, path),
            Subject::DirectoryGroup { directory, group } => self.group(namespace, directory, group),
            Subject::Match(terms) => self.matching(namespace, terms),
        }
    }

    fn user(&self, text: &Text, entry: &SubjectEntry) -> Members<'a> {
        let mut members = Members::default();
        let Ok(mail) = Mail::parse(text) else {
            let key = PersonKey::Login(text.to_lowercase().into());
            let mut person = Person::literal(key);
            person.name = entry.name.clone();
            members.person(Cow::Owned(person), text, None);
            return members;
        };
        let bearers = self.by_mail.get(&mail);
        match bearers.map(BTreeSet::len) {
            Some(1) => {
                let bearer = bearers.and_then(BTreeSet::first);
                let bearer_view =
                    bearer.and_then(|(directory, id)| Some((directory, self.world.directories.get(directory)?, id)));
                if let Some((name, directory, id)) = bearer_view {
                    known(&mut members, name, directory, id, text);
                }
            }
            Some(_) => {
                let why = format!("`{text}` is the address of more than one person; name one of them by another");
                members.unresolved(&why);
            }
            None => {
                if let Some(directory) = self.owners.get(mail.domain()) {
                    let freshness = self.world.directories.get(directory).map(|directory| &directory.freshness);
                    let why = match freshness {
                        Some(Freshness::Stale(why)) => {
                            format!(
                                "whether `{text}` is in {directory}, which owns {}, is unknown: {why}",
                                mail.domain()
                            )
                        }
                        _ => format!("`{text}` is not in {directory}, which owns {}", mail.domain()),
                    };
                    members.maybe.insert(PersonKey::Mail(mail), why.as_str().into());
                    members.problems.push(why);
                } else {
                    let mut person = Person::literal(PersonKey::Mail(mail));
                    person.name = entry.name.clone();
                    members.person(Cow::Owned(person), text, None);
                }
            }
        }
        members
    }

    fn directory(&self, namespace: &str, name: &ObjectName, members: &mut Members<'_>) -> Option<&'a DirectoryView> {
        let shared = self
            .world
            .directories
            .get(name)
            .filter(|directory| *name.namespace == *namespace || directory.share_with.contains(namespace));
        match shared {
            None => {
                members.unresolved(&format!("the directory {name} is not there, or does not share with {namespace}"));
            }
            Some(directory) => {
                if let Freshness::Stale(why) = &directory.freshness {
                    members.unresolved(&format!("the directory {name} is stale: {why}"));
                    return None;
                }
            }
        }
        shared
    }

    fn group(&self, namespace: &str, name: &ObjectName, group: &Text) -> Members<'a> {
        let mut members = Members::default();
        let Some(directory) = self.directory(namespace, name, &mut members) else { return members };
        let Some(ids) = directory.groups.get(group) else {
            members.unresolved(&format!("the directory {name} has no group `{group}`"));
            return members;
        };
        let subject: Text = format!("group {group} of {name}").into();
        for id in ids {
            known(&mut members, name, directory, id, &subject);
        }
        members
    }

    fn matching(&self, namespace: &str, terms: &Match) -> Members<'a> {
        let mut members = Members::default();
        let Some(directory) = self.directory(namespace, &terms.directory, &mut members) else { return members };
        if let Some((key, ..)) = terms.terms.iter().find(|(key, ..)| !directory.attributes.contains(key)) {
            members.unresolved(&format!(
                "the directory {} does not list the attribute `{key}`; add it to its `attributes`",
                terms.directory
            ));
            return members;
        }
        let subject: Text = format!("a match over {}", terms.directory).into();
        for (id, person) in &directory.people {
            if terms.terms.iter().all(|(key, operator, values)| holds(person, key, *operator, values)) {
                known(&mut members, &terms.directory, directory, id, &subject);
            }
        }
        members
    }

    fn team(&self, namespace: &str, name: &ObjectName, path: &mut Vec<ObjectName>) -> Members<'a> {
        let mut members = Members::default();
        let shared = self
            .world
            .teams
            .get(name)
            .filter(|team| *name.namespace == *namespace || team.share_with.contains(namespace));
        match shared {
            None => members.unresolved(&format!("the team {name} is not there, or does not share with {namespace}")),
            Some(team) if team.undecodable => members.unresolved(&format!("the team {name} cannot be read")),
            Some(_) if path.contains(name) => members.unresolved(&format!("the team {name} contains itself")),
            Some(_) if path.len() >= MAXIMUM_DEPTH => {
                members.unresolved(&format!("the team {name} is nested too deep"));
            }
            Some(team) => {
                path.push(name.clone());
                members = self.team_members(name, team, path);
                path.pop();
            }
        }
        members
    }

    fn team_members(&self, name: &ObjectName, team: &Team, path: &mut Vec<ObjectName>) -> Members<'a> {
        let mut members = self.entries(&name.namespace, &team.parts, path);
        members.less(self.entries(&name.namespace, &team.except, path));
        members
    }

    /// The next time after `now` at which a window of a claim on this app, or of a team, opens or closes.
    pub(super) fn next_boundary(&self, desired: &Desired, world: &World, policy: &AppPolicy) -> Option<Timestamp> {
        let grants =
            world.accesses.values().filter(|access| access.app == policy.app).flat_map(|access| &access.grants);
        let mut entries: Vec<(Option<Timestamp>, Option<Timestamp>)> = Vec::new();
        for grant in grants {
            entries.push((grant.from, grant.until));
            entries.extend(grant.subjects.iter().chain(&grant.except).map(|entry| (entry.from, entry.until)));
        }
        for team in world.teams.values() {
            entries.extend(team.parts.iter().chain(&team.except).map(|entry| (entry.from, entry.until)));
        }
        let ends = desired.edges.values().map(|edge| edge.until);
        let times = entries.into_iter().flat_map(|(from, until)| [from, until]).chain(ends);
        times.flatten().filter(|time| *time > self.now).min()
    }
}

/// Somebody of a directory: certain while the directory is fresh and the person has not left.
fn known<'a>(members: &mut Members<'a>, name: &ObjectName, directory: &'a DirectoryView, id: &Text, subject: &Text) {
    let key = PersonKey::Known { directory: name.clone(), id: id.clone() };
    match (&directory.freshness, directory.people.get(id)) {
        (Freshness::Fresh, Some(person)) => members.person(Cow::Borrowed(person), subject, None),
        (Freshness::Fresh, None) => {
            members.maybe.insert(key, format!("{name} no longer lists the person").into());
        }
        (Freshness::Stale(why), _) => {
            let why = format!("the directory {name} is stale: {why}");
            members.maybe.insert(key, why.as_str().into());
            members.problems.push(why);
        }
    }
}

pub(super) fn is_member_of_group(world: &World, directory: &ObjectName, group: &Text, person: &PersonKey) -> bool {
    matches!(person, PersonKey::Known { directory: home, id } if home == directory
        && world.directories.get(directory).and_then(|view| view.groups.get(group)).is_some_and(|ids| ids.contains(id)))
}

/// Who certainly is in a team, as its own namespace sees it.
pub(super) fn people_of_team(people: &People<'_>, team: &ObjectName) -> BTreeSet<PersonKey> {
    people.team(&team.namespace, team, &mut Vec::new()).certain.into_keys().collect()
}

/// Who is in a team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamMembers {
    /// How many people are in it.
    pub certain: u64,
    /// The people who are in it.
    pub people: BTreeSet<PersonKey>,
    /// What of it could not be resolved.
    pub problems: Vec<String>,
}

/// Who is in `team` at `now`, as its own namespace sees it.
#[must_use]
pub fn team_members(world: &World, team: &ObjectName, now: Timestamp) -> TeamMembers {
    let members = People::new(world, now).team(&team.namespace, team, &mut Vec::new());
    let certain = u64::try_from(members.certain.len()).unwrap_or(u64::MAX);
    TeamMembers { certain, people: members.certain.into_keys().collect(), problems: members.problems }
}

fn holds(person: &Person, key: &Text, operator: MatchOperator, values: &BTreeSet<Text>) -> bool {
    let value = person.attributes.get(key);
    match operator {
        MatchOperator::In => value.is_some_and(|value| values.contains(value)),
        MatchOperator::NotIn => value.is_some_and(|value| !values.contains(value)),
        MatchOperator::Exists => value.is_some(),
        MatchOperator::DoesNotExist => value.is_none(),
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any text. Linear in both for one star, and bounded by their
/// product otherwise.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [("*", ""), ("a*", "ab"), ("*b", "ab"), ("a*c", "abc"), ("a*b*c", "axbxc"), ("a", "a")] {
            assert!(glob(pattern, text), "{pattern} should fit {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*a", "a"), ("*b", "ba"), ("a*b*c", "acb"), ("", "a")] {
            assert!(!glob(pattern, text), "{pattern} should not fit {text}");
        }
    }
}
