//! The connector to Clockify by its own API. Knows one workspace, HTTP by [`crate::http`], and no other vendor.
//!
//! ```text
//! Reader: discovery (once a day) ─▶ capabilities     lists of users, groups, admins ─▶ observation
//! Writer: batches (pure) ─▶ invitations / standing / roles / groups ─▶ request ─▶ read again where refused
//! ```
//!
//! # The fewest calls
//!
//! The vendor has no bulk form but the listing, 200 rows to a page.
//!
//! | what | requests |
//! | --- | --- |
//! | discovery, once a day and for each new key | 3: own user, workspace, own row |
//! | a reading of N people | ⌈N/200⌉ for users; 1 for the workspace; ⌈groups/200⌉ where a claim or the inventory names a group; ⌈projects/200⌉ where one names a project; 2 for admins and owner until the listing is proven to tell them |
//! | N newcomers in one group | N invitations, ⌈N/20⌉ reads for their ids, N for the group, one reading |
//! | one change of one person | 1, and one reading; in workspaces of more than 200 people one read for that person in its place |
//!
//! # Roles
//!
//! The form in which the listing tells roles is in no document, so that it is believed only once it agrees with the
//! documented search by role, on an admin beside the owner. Until then, and where it never does, the search is asked each
//! time. The name of a manager's entity is believed once an admin's or the owner's role names the workspace.
//!
//! # Whether a reading is whole
//!
//! Lists tell no totals. The workspace tells its members, though, so that a listing which lacks one is not whole; nor is
//! one that lacks our own account or an admin, or that was read with the key of somebody who is neither admin nor owner.
//!
//! # What is not told
//!
//! When somebody was invited, or last active: the latter would take a request for each person, in a time zone that the
//! account chooses.

mod beside;
mod capabilities;
mod invitations;
mod learnt;
mod listing;
mod look_up;
mod observe;
mod roles;
mod shared;
mod wire;
mod work;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use appaccess_core::access::{AccountId, Capabilities, LookUp, Observation, ObservedAccount, Person, Text};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

pub(super) use capabilities::kinds;
pub use writer::ClockifyWriter;

use self::shared::Shared;
use super::{Calls, ConnectorError, ReadBack, Reader, Scope};
use crate::http::{Client, RateSettings};

/// The base that the vendor documents.
pub(super) const BASE: &str = "https://api.clockify.me/api/v1";

/// The vendor's further hosts, by region.
pub(super) const HOSTS: [&str; 4] = ["euc1.clockify.me", "use2.clockify.me", "euw2.clockify.me", "apse2.clockify.me"];

/// The header of the key.
pub(super) const KEY_HEADER: &str = "X-Api-Key";

/// A source of the present time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// An entitlement type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Role,
    Group,
    TeamManager,
    ProjectManager,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Group => "group",
            Self::TeamManager => "team-manager",
            Self::ProjectManager => "project-manager",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Role, Self::Group, Self::TeamManager, Self::ProjectManager].into_iter().find(|kind| kind.word() == word)
    }
}

/// What a connector is made of.
#[derive(Clone)]
pub struct Settings {
    /// The client, bound to the base of the API.
    pub client: Client,
    /// The id of the workspace.
    pub workspace: Text,
    /// A mark of the key, so that another key is noticed; see [`mark`].
    pub key: Text,
    /// What was learnt before; see [`Reader::learnt`].
    pub learnt: BTreeMap<String, String>,
    /// The present time, for the age of what discovery said.
    pub clock: Clock,
}

/// A mark by which one key is told from another, and from which neither can be had: 32 bits of its digest.
#[must_use]
pub fn mark(key: &SecretString) -> Text {
    let digest = Sha256::digest(key.expose_secret().as_bytes());
    let bits = digest.iter().take(4).fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
    format!("{bits:08x}").into()
}

/// How fast a key may be used, by what was learnt of the plan: a paid workspace bears 50 requests a second, of which half
/// is left to others; a new free one 30 an hour, and which free ones are new is not told. Before the plan is known only
/// a handful of reads is sent.
#[must_use]
pub fn rate(learnt: &BTreeMap<String, String>) -> RateSettings {
    match learnt::is_free(learnt) {
        Some(true) => RateSettings::new(30, Duration::from_hours(1), None),
        Some(false) => RateSettings::new(25, Duration::from_secs(1), None),
        None => RateSettings::new(5, Duration::from_secs(1), None),
    }
}

/// Opens the two halves of a connector, which share what they learn. Nothing is sent.
#[must_use]
pub fn open(settings: Settings) -> (ClockifyReader, ClockifyWriter) {
    let client = settings.client.clone();
    let shared = Arc::new(Shared::new(client.reader(), settings));
    (ClockifyReader(Arc::clone(&shared)), ClockifyWriter::new(shared, client))
}

/// The half that reads: what it holds cannot send a change.
pub struct ClockifyReader(Arc<Shared>);

impl fmt::Debug for ClockifyReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ClockifyReader").finish_non_exhaustive()
    }
}

impl Reader for ClockifyReader {
    fn capabilities(&self) -> BoxFuture<'_, Result<Capabilities, ConnectorError>> {
        Box::pin(self.0.capabilities())
    }

    fn observe<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Observation, ConnectorError>> {
        Box::pin(self.0.observe(scope))
    }

    fn look_up<'a>(
        &'a self,
        question: &'a LookUp,
        person: Option<&'a Person>,
    ) -> BoxFuture<'a, Result<Vec<ObservedAccount>, ConnectorError>> {
        Box::pin(self.0.look_up(question, person))
    }

    fn read_back<'a>(
        &'a self,
        scope: &'a Scope,
        accounts: &'a BTreeSet<AccountId>,
        groups: &'a BTreeSet<Text>,
    ) -> BoxFuture<'a, Result<ReadBack, ConnectorError>> {
        Box::pin(self.0.read_back(scope, accounts, groups))
    }

    fn clock_skew(&self) -> Option<SignedDuration> {
        self.0.http.clock_skew()
    }

    fn calls(&self) -> Calls {
        self.0.http.calls()
    }

    fn learnt(&self) -> BTreeMap<String, String> {
        self.0.learnt(learnt::Learnt::to_words)
    }
}
