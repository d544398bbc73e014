//! Declarations, so that tests read as sentences.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{ClaimName, Mail, ObjectName, Person, PersonKey, PersonName, Text},
    resolve::{DirectoryView, Freshness, Grant, Leavers, Match, MatchOperator, Subject, SubjectEntry, Team, Wanted},
};
use jiff::Timestamp;

/// The domain that no directory owns.
pub(crate) const FREE: &str = "birch.studio";
/// The domain that the directory owns.
pub(crate) const OWNED: &str = "acme.com";

/// `ana` in the free domain; anything with an `@` as it stands.
pub(crate) fn address(name: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@{FREE}") }
}

/// The person of a literal address.
pub(crate) fn literal(name: &str) -> PersonKey {
    PersonKey::Mail(Mail::parse(&address(name)).expect("an address"))
}

/// The directory of the model.
pub(crate) fn okta() -> ObjectName {
    ObjectName::new("access", "okta")
}

/// The person whom the directory knows by this id.
pub(crate) fn known(id: &str) -> PersonKey {
    PersonKey::Known { directory: okta(), id: id.into() }
}

/// A claim's name in the app's own namespace.
pub(crate) fn claim(object: &str, grant: &str) -> ClaimName {
    ClaimName::new(ObjectName::new("access", object), grant)
}

pub(crate) fn user(name: &str) -> SubjectEntry {
    SubjectEntry::always(Subject::User(address(name).into()))
}

pub(crate) fn team(name: &str) -> SubjectEntry {
    SubjectEntry::always(Subject::Team(ObjectName::new("access", name)))
}

pub(crate) fn group_of_okta(group: &str) -> SubjectEntry {
    SubjectEntry::always(Subject::DirectoryGroup { directory: okta(), group: group.into() })
}

pub(crate) fn people_with(key: &str, operator: MatchOperator, values: &[&str]) -> SubjectEntry {
    let values: BTreeSet<Text> = values.iter().map(|&value| value.into()).collect();
    let terms = vec![(key.into(), operator, values)];
    SubjectEntry::always(Subject::Match(Match { directory: okta(), terms }))
}

/// A subject with an end.
pub(crate) fn until(mut entry: SubjectEntry, end: Timestamp) -> SubjectEntry {
    entry.until = Some(end);
    entry
}

/// A subject with a start.
pub(crate) fn from(mut entry: SubjectEntry, start: Timestamp) -> SubjectEntry {
    entry.from = Some(start);
    entry
}

/// A grant in the making.
pub(crate) struct Granting(pub(crate) Grant);

/// `grant("staff").to(user("ana")).group("Studio")`
pub(crate) fn grant(name: &str) -> Granting {
    Granting(Grant { name: name.into(), ..Grant::default() })
}

impl Granting {
    pub(crate) fn of(mut self, entry: SubjectEntry) -> Self {
        self.0.subjects.push(entry);
        self
    }

    pub(crate) fn users(mut self, names: &[&str]) -> Self {
        self.0.subjects.extend(names.iter().map(|name| user(name)));
        self
    }

    pub(crate) fn except(mut self, entry: SubjectEntry) -> Self {
        self.0.except.push(entry);
        self
    }

    pub(crate) fn group(self, name: &str) -> Self {
        self.entitled("group", name, None)
    }

    pub(crate) fn role(self, name: &str) -> Self {
        self.entitled("role", name, None)
    }

    pub(crate) fn entitled(mut self, kind: &str, name: &str, level: Option<&str>) -> Self {
        self.0.wanted.push(Wanted { kind: kind.into(), name: name.into(), level: level.map(Text::from) });
        self
    }

    pub(crate) fn until(mut self, end: Timestamp) -> Self {
        self.0.until = Some(end);
        self
    }

    pub(crate) fn from(mut self, start: Timestamp) -> Self {
        self.0.from = Some(start);
        self
    }
}

/// A team of these parts.
pub(crate) fn team_of(parts: Vec<SubjectEntry>) -> Team {
    Team { parts, ..Team::default() }
}

/// Somebody of the directory, with `NAME@acme.com`.
pub(crate) fn person(id: &str, name: &str) -> Person {
    let mail = Mail::parse(&format!("{name}@{OWNED}")).expect("an address");
    Person {
        key: known(id),
        label: mail.as_str().into(),
        mail: Some(mail),
        also: BTreeSet::new(),
        login: None,
        name: PersonName::default(),
        attributes: BTreeMap::new(),
        active: true,
    }
}

/// The directory `access/okta`, which owns `acme.com` and acts on leavers.
pub(crate) fn directory(people: Vec<Person>) -> DirectoryView {
    let people = people.into_iter().filter_map(|person| match &person.key {
        PersonKey::Known { id, .. } => Some((id.clone(), person)),
        _ => None,
    });
    DirectoryView {
        domains: BTreeSet::from([OWNED.into()]),
        people: people.collect(),
        groups: BTreeMap::new(),
        attributes: BTreeSet::from(["department".into()]),
        share_with: BTreeSet::new(),
        freshness: Freshness::Fresh,
        leavers: Leavers::Act,
        left: BTreeMap::new(),
        breaker: false,
    }
}
