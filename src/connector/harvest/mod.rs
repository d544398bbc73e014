//! The connector to Harvest, by its API v2. Knows HTTP by [`crate::http`] and Harvest's documents; why a change is made
//! it does not know.
//!
//! The unit is the Harvest account; people are its users, archived ones among them. With P(x) pages of 2,000 rows (1 for
//! none), N people, R business roles and C changed accounts, the floor is
//!
//! | | requests |
//! | --- | --- |
//! | once a day | 2: whose the token is, and what the account is |
//! | steady | P(N), and P(R) where claims name business roles |
//! | first sync of N people | steady + N creations + for each business role 1 that is made, else 1 read and 1 change + read-back |
//! | one person changed | steady + 1; a manager's access roles are read right before: + 1; + read-back |
//! | read-back | the less of C and P(N); + P(R) where a business role was made |
//!
//! Harvest knows no single look-up by mail, tells no last activity beside time entries, and replaces lists whole:
//! these are read right before they are written.

mod access;
mod batch;
mod observe;
mod people;
mod probe;
mod roles;
mod shared;
mod wire;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use appaccess_core::access::{
    AccountId, Capabilities, EntitlementKind, LookUp, Observation, ObservedAccount, Person, Provisioning, Text,
};
use futures::future::BoxFuture;
use jiff::SignedDuration;

pub(super) use writer::HarvestWriter;

use self::shared::Shared;
use super::{Calls, ConnectorError, ReadBack, Reader, Scope, scim::Clock};
use crate::http::{self, Client};

/// The base address that Harvest documents.
pub(super) const BASE: &str = "https://api.harvestapp.com/v2";
/// Where Harvest tells which accounts a token may use.
pub(super) const IDENTITY: &str = "https://id.getharvest.com/api/v2";

/// The type of business roles.
const BUSINESS_ROLE: &str = "business-role";
/// The type of what managers may be permitted beside.
const PERMISSION: &str = "permission";

/// What a connector is made of.
pub(super) struct Settings {
    /// The client, bound to the base of the API.
    pub(super) client: Client,
    /// What asks the identity service, where the credential may go there.
    pub(super) identity: Option<http::Reader>,
    /// The account's id, as declared.
    pub(super) account: String,
    /// What was learnt before; see [`Reader::learnt`].
    pub(super) learnt: BTreeMap<String, String>,
    /// The present time, for the age of what was learnt.
    pub(super) clock: Clock,
}

/// Opens the two halves of a connector, which share what they saw. Nothing is sent.
///
/// # Errors
/// [`ConnectorError::Settings`] for an account id that cannot be sent.
pub(super) fn open(settings: Settings) -> Result<(HarvestReader, HarvestWriter), ConnectorError> {
    let client = settings.client.clone();
    let shared = Arc::new(Shared::new(settings)?);
    Ok((HarvestReader(Arc::clone(&shared)), HarvestWriter::new(shared, client)))
}

/// What can be held in Harvest beside the account.
pub(super) fn kinds() -> BTreeMap<Text, EntitlementKind> {
    let role = EntitlementKind {
        required: true,
        privileged: BTreeSet::from(["administrator".into()]),
        ..EntitlementKind::single(&access::MAIN)
    };
    let business_role = EntitlementKind { creatable: true, ..EntitlementKind::set() };
    BTreeMap::from([
        ("role".into(), role),
        (PERMISSION.into(), EntitlementKind::set()),
        (BUSINESS_ROLE.into(), business_role),
    ])
}

/// What Harvest can do. Which plan it is makes no difference here.
fn capabilities() -> Capabilities {
    let groups = "Harvest has no groups; what comes closest are entitlements of type `business-role`";
    Capabilities {
        kinds: kinds(),
        absent: BTreeMap::from([("group".into(), groups.into())]),
        delete: true,
        needs_full_name: true,
        attributes: vec!["name".into()],
        renames: true,
        ..Capabilities::new(Provisioning::Create)
    }
}

/// The half that reads: what it holds cannot send a change.
pub(super) struct HarvestReader(Arc<Shared>);

impl fmt::Debug for HarvestReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("HarvestReader").finish_non_exhaustive()
    }
}

impl Reader for HarvestReader {
    fn capabilities(&self) -> BoxFuture<'_, Result<Capabilities, ConnectorError>> {
        Box::pin(async {
            self.0.probe().await?;
            Ok(capabilities())
        })
    }

    fn observe<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Observation, ConnectorError>> {
        Box::pin(self.0.observe(scope.has(BUSINESS_ROLE)))
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
        _groups: &'a BTreeSet<Text>,
    ) -> BoxFuture<'a, Result<ReadBack, ConnectorError>> {
        Box::pin(self.0.read_back(scope.has(BUSINESS_ROLE), accounts))
    }

    fn clock_skew(&self) -> Option<SignedDuration> {
        self.0.http.clock_skew()
    }

    fn calls(&self) -> Calls {
        let calls = self.0.http.calls();
        let asked = self.0.identity.as_ref().map(http::Reader::calls).unwrap_or_default();
        Calls { reads: calls.reads + asked.reads, writes: calls.writes }
    }

    fn learnt(&self) -> BTreeMap<String, String> {
        self.0.seen(|seen| seen.learnt.clone())
    }
}
