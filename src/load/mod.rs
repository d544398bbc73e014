//! From files to checked objects, each with the place that it came from. It must not know apps, stores or clusters.
//!
//! One bad document never hides the others: what cannot be read becomes a [`Problem`] and, where it is one of our kinds, a
//! [`Broken`] object, so that nobody takes it for withdrawn.

mod declared;
mod decode;
mod document;
pub mod files;
pub mod glance;
pub mod locate;
mod malformed;
mod path;
mod plain;
pub mod policy;
mod references;
pub mod roster;
pub mod secrets;
mod suggest;
pub mod validate;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

pub use appaccess_core::access::ObjectName;

pub use self::{
    declared::{DirectoryReading, by_age, domain_owners, inline_people, inline_reading, world},
    references::{Finding, references, target_key},
};
pub(crate) use self::{plain::mistaken_for, suggest::nearest, validate::is_visible};
use crate::api::{AccessApproval, AccessPlan, AppAccess, Directory, Kind, TargetApp, Team, source::Source};

/// Namespace of objects that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file as it was named or found; `-` for standard input.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

/// An object and the place where its document begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The object.
    pub object: T,
    /// Where its document begins.
    pub place: Place,
}

/// What is wrong with a file, a document or a field. Ordered by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// As near to the fault as can be told.
    pub place: Place,
    /// The object, as `TargetApp it/boards`, where it is known.
    pub object: Option<String>,
    /// The field, as `spec.grants[0].until`; empty for the document as a whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead; empty where the message says it already.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.place)?;
        if let Some(object) = &self.object {
            write!(formatter, "{object}: ")?;
        }
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(formatter, "; {}", self.help) }
    }
}

/// An object of ours that could not be read: what it claims or provides is unknown, not withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Its kind.
    pub kind: Kind,
    /// Its name, where that much could be read.
    pub name: Option<ObjectName>,
    /// Where its document begins.
    pub place: Place,
}

/// Objects of one kind by name.
pub type Objects<T> = BTreeMap<ObjectName, Located<T>>;

/// Everything that the files hold.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Target apps.
    pub target_apps: Objects<TargetApp>,
    /// Claims.
    pub app_accesses: Objects<AppAccess>,
    /// Teams.
    pub teams: Objects<Team>,
    /// Directories.
    pub directories: Objects<Directory>,
    /// Decisions.
    pub approvals: Objects<AccessApproval>,
    /// Plans, as somebody may have exported them; nothing rests on them.
    pub plans: Objects<AccessPlan>,
    /// Labels of Namespaces.
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// Texts of `ConfigMap`s, for rosters.
    pub config_maps: Objects<BTreeMap<String, String>>,
    /// Credentials among the files.
    pub secrets: secrets::SecretDocuments,
    /// Objects of ours that could not be read.
    pub broken: Vec<Broken>,
    /// What is wrong, in order.
    pub problems: Vec<Problem>,
    /// Documents of other kinds, which were passed over.
    pub other_kinds: usize,
}

impl Loaded {
    /// How many objects of ours were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.target_apps.len()
            + self.app_accesses.len()
            + self.teams.len()
            + self.directories.len()
            + self.approvals.len()
            + self.plans.len()
    }

    /// The Secrets that target apps and directories name.
    #[must_use]
    pub fn declared_secrets(&self) -> BTreeSet<ObjectName> {
        let apps = self.target_apps.iter().filter_map(|(name, app)| {
            let credentials = app.object.spec.credentials.as_ref()?;
            Some(ObjectName::new(&name.namespace, &credentials.secret_ref.name))
        });
        let directories = self.directories.iter().filter_map(|(name, directory)| {
            let spec = &directory.object.spec;
            let secret = match (&spec.credentials, &spec.source) {
                (Some(credentials), _) => &credentials.secret_ref,
                (None, Source::Scim(scim)) => &scim.tokens.secret_ref,
                (None, _) => return None,
            };
            Some(ObjectName::new(&name.namespace, &secret.name))
        });
        apps.chain(directories).collect()
    }

    /// Whether no object of ours was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
