//! What is declared, as values: the decoded objects of one installation.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::access::{Mail, ObjectName, Person, PersonName, Text};

/// Everything declared, and what the directories say.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The `AppAccess` objects.
    pub accesses: BTreeMap<ObjectName, Access>,
    /// `AppAccess` objects that could not be decoded.
    pub undecodable: Vec<Undecodable>,
    /// Target apps that `AppAccess` objects name and that are not there, or cannot be read.
    pub missing_apps: BTreeSet<ObjectName>,
    /// The teams.
    pub teams: BTreeMap<ObjectName, Team>,
    /// The directories, with what they last said.
    pub directories: BTreeMap<ObjectName, DirectoryView>,
    /// Further addresses of people, for the whole installation: any address to the others of the same person.
    pub aliases: BTreeMap<Mail, BTreeSet<Mail>>,
}

/// One `AppAccess`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its name.
    pub name: ObjectName,
    /// The target app that it names.
    pub app: ObjectName,
    /// Its grants.
    pub grants: Vec<Grant>,
}

/// An `AppAccess` that could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// Its name.
    pub name: ObjectName,
    /// The target app, where that much could be read.
    pub app: Option<ObjectName>,
}

/// One grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Its label within the object.
    pub name: Text,
    /// Who.
    pub subjects: Vec<SubjectEntry>,
    /// Who not.
    pub except: Vec<SubjectEntry>,
    /// What beside the account.
    pub wanted: Vec<Wanted>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Option<Text>,
}

impl Grant {
    /// Whether the grant's own window is open.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        is_open(self.from, self.until, now)
    }
}

/// An entitlement as written: the app's shape decides which slot that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The type.
    pub kind: Text,
    /// The name; the value for types of which one is held.
    pub name: Text,
    /// The level, for types with levels.
    pub level: Option<Text>,
}

/// One subject with its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectEntry {
    /// Who.
    pub subject: Subject,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// The name, for a literal user.
    pub name: PersonName,
}

impl SubjectEntry {
    /// A subject without a window.
    #[must_use]
    pub fn always(subject: Subject) -> Self {
        Self { subject, from: None, until: None, name: PersonName::default() }
    }
}

/// Who a claim is about, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A mail address, or a login of an app that has no mails.
    User(Text),
    /// The login of a service account.
    Service(Text),
    /// A team.
    Team(ObjectName),
    /// A group of a directory.
    DirectoryGroup {
        /// The directory.
        directory: ObjectName,
        /// The group's name there.
        group: Text,
    },
    /// People of a directory by their attributes.
    Match(Match),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(text) => formatter.write_str(text),
            Self::Service(text) => write!(formatter, "service {text}"),
            Self::Team(name) => write!(formatter, "team {name}"),
            Self::DirectoryGroup { directory, group } => write!(formatter, "group {group} of {directory}"),
            Self::Match(terms) => write!(formatter, "a match over {}", terms.directory),
        }
    }
}

/// A selection of people by attributes, all of whose terms must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The directory.
    pub directory: ObjectName,
    /// Key, operator and values; an attribute that a person lacks satisfies `DoesNotExist` only.
    pub terms: Vec<(Text, MatchOperator, BTreeSet<Text>)>,
}

/// The operators of a label selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOperator {
    /// The value is one of these.
    In,
    /// There is a value, and it is none of these.
    NotIn,
    /// There is a value.
    Exists,
    /// There is none.
    DoesNotExist,
}

/// A named set of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// Users, groups, matches and other teams.
    pub parts: Vec<SubjectEntry>,
    /// Who not.
    pub except: Vec<SubjectEntry>,
    /// Namespaces that may name it beside its own.
    pub share_with: BTreeSet<Text>,
    /// Whether the object could not be decoded: then nobody can tell who is in it.
    pub undecodable: bool,
}

/// Whether what a directory said can still be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The last complete reading is young enough, or the directory is pushed to us.
    Fresh,
    /// It is not, or there never was one.
    Stale(Text),
}

/// What is done about leavers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leavers {
    /// Shown, and nothing else.
    #[default]
    Report,
    /// Taken out of every app.
    Act,
}

/// What one directory says, judged.
#[derive(Clone, Debug)]
pub struct DirectoryView {
    /// The mail domains that it owns, after older owners had theirs.
    pub domains: BTreeSet<Text>,
    /// Its people by immutable id, the disabled ones among them.
    pub people: BTreeMap<Text, Person>,
    /// Its groups: names to ids of people.
    pub groups: BTreeMap<Text, BTreeSet<Text>>,
    /// The attributes that may be matched on.
    pub attributes: BTreeSet<Text>,
    /// Namespaces that may name its groups and attributes beside its own.
    pub share_with: BTreeSet<Text>,
    /// Whether it can be relied on.
    pub freshness: Freshness,
    /// What is done about leavers.
    pub leavers: Leavers,
    /// Proven leavers, with what the source says: `disabled`, `deleted` or `absent`.
    pub left: BTreeMap<Text, Text>,
    /// Whether too many left at once, so that removals on its word wait for a decision.
    pub breaker: bool,
}

/// Whether a window is open at `now`: from its start on, until before its end.
pub(super) fn is_open(from: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> bool {
    from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
}
