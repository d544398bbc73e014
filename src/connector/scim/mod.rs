//! The connector to any app that speaks SCIM 2.0. Knows HTTP by [`crate::http`], the protocol by `appaccess_scim`, and
//! no vendor: how servers differ is in the profile and in what is learnt at run time.
//!
//! ```text
//! Reader: discovery ─▶ capabilities     listing / look_up / read_back ─▶ observation
//! Writer: batches (pure) ─▶ users / groups ─▶ request ─▶ answer compared ─▶ learnt
//! ```

mod batch;
mod discovery;
mod exchange;
mod groups;
mod learnt;
mod listing;
mod look_up;
mod mapping;
mod members;
mod observe;
mod read_back;
mod replace;
mod shared;
mod users;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use appaccess_core::access::{AccountId, Capabilities, Level, LookUp, Observation, ObservedAccount, Person, Text};
use appaccess_scim::dialect::Profile;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

pub use mapping::{ExternalId, MAIL, Mapping, USER_NAME};
pub use writer::ScimWriter;

use self::shared::Shared;
use super::{Calls, ConnectorError, ReadBack, Reader, Scope};
use crate::http::Client;

/// A source of the present time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How groups are changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupUpdate {
    /// By PATCH.
    #[default]
    Patch,
    /// By PUT of the whole group, as read just before.
    Put,
    /// Not at all.
    None,
}

/// How requests to this server look beside what its profile says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Path of the users below the base.
    pub users_path: String,
    /// Path of the groups below the base.
    pub groups_path: String,
    /// Media type of what is sent and asked for.
    pub content_type: String,
    /// Further headers, none of which is a credential.
    pub headers: BTreeMap<String, String>,
    /// Whether groups can be made.
    pub group_create: bool,
    /// How groups are changed.
    pub group_update: GroupUpdate,
    /// Whether a delete is ever sent.
    pub delete: bool,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            users_path: "/Users".to_owned(),
            groups_path: "/Groups".to_owned(),
            content_type: appaccess_scim::media::SCIM_JSON.to_owned(),
            headers: BTreeMap::new(),
            group_create: true,
            group_update: GroupUpdate::Patch,
            delete: true,
        }
    }
}

/// What a connector is made of.
#[derive(Clone)]
pub struct Settings {
    /// The client, bound to the base of the SCIM service.
    pub client: Client,
    /// What is known of the vendor, with the user's overrides.
    pub profile: Profile,
    /// How requests look.
    pub wire: Wire,
    /// Which value goes into which attribute.
    pub mapping: Mapping,
    /// Roles from the lowest to the highest; empty where the app holds any number of roles without order.
    pub role_order: Vec<Level>,
    /// What was learnt before; see [`Reader::learnt`].
    pub learnt: BTreeMap<String, String>,
    /// The present time, for the age of what discovery said.
    pub clock: Clock,
}

impl Settings {
    /// A generic server with the defaults of everything.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            profile: Profile::default(),
            wire: Wire::default(),
            mapping: Mapping::default(),
            role_order: Vec::new(),
            learnt: BTreeMap::new(),
            clock: Arc::new(Timestamp::now),
        }
    }
}

/// Opens the two halves of a connector, which share what they learn. Nothing is sent.
///
/// # Errors
/// [`ConnectorError::Settings`] for a path or a header that cannot be sent.
pub fn open(settings: Settings) -> Result<(ScimReader, ScimWriter), ConnectorError> {
    let client = settings.client.clone();
    let shared = Arc::new(Shared::new(settings)?);
    Ok((ScimReader(Arc::clone(&shared)), ScimWriter::new(shared, client)))
}

/// The half that reads: what it holds cannot send a change.
pub struct ScimReader(Arc<Shared>);

impl fmt::Debug for ScimReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ScimReader").finish_non_exhaustive()
    }
}

impl Reader for ScimReader {
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
