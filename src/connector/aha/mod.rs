//! The connector to Aha!, by its own REST interface: <https://www.aha.io/api>. Knows one account (`domain`.aha.io), its
//! users and their roles in products, and nothing of how the rest of the project uses that.
//!
//! Facts are the vendor's, from its interface's pages and its specification "generated from actual test responses", unless
//! a comment says *inferred*. What is only inferred is never acted on without a proof: a read-back, or a probe.
//!
//! Accounts come into being inside a product only, so that an account and its first role are one request. Calls, with `N`
//! accounts and `P` products, 200 to a page:
//!
//! | what | reads | changes |
//! | --- | --- | --- |
//! | once a day | 1 (`/me`) | |
//! | a steady pass | ⌈N/200⌉ + ⌈P/200⌉ | |
//! | a claim on a product that no listing shows | 1 | |
//! | a newcomer with `R` products | | `R`, and 1 if an administrator |
//! | a role given, changed or taken | | 1 |
//! | suspension, activation, another address, administration: any of these at once | | 1 |
//! | read-back of `C` accounts | the lesser of `C` and ⌈N/200⌉ | |

mod batch;
mod learnt;
mod listing;
mod names;
mod observe;
mod shared;
mod wire;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use appaccess_core::access::{
    AccountId, ByHand, Capabilities, EntitlementKind, LookUp, Observation, ObservedAccount, Person, Provisioning, Text,
};
use futures::future::BoxFuture;
use jiff::SignedDuration;

pub(super) use writer::AhaWriter;

use self::shared::Shared;
use super::{Calls, ConnectorError, ReadBack, Reader, Scope, scim::Clock};
use crate::http::Client;

/// The type of what is held in a product.
const PRODUCT: &str = "product";
/// Levels in a product, from low to high, as they are written.
const LEVELS: [&str; 4] = ["viewer", "reviewer", "contributor", "product_owner"];
/// A level that is read and that nobody can write: no word for it is documented.
const DEVELOPER: &str = "developer";
/// Everybody's role in the account.
const USER: &str = "user";
/// The role of who administers some parts of the account: read, never written.
const PARTIAL: &str = "partial-administrator";
/// The role of who administers the whole account.
const ADMINISTRATOR: &str = "administrator";

/// What a connector is made of.
pub(super) struct Settings {
    /// The client, bound to the account's address.
    pub(super) client: Client,
    /// The account's subdomain.
    pub(super) domain: String,
    /// What tells one key from another without telling the key.
    pub(super) key_mark: String,
    /// What was learnt before; see [`Reader::learnt`].
    pub(super) learnt: BTreeMap<String, String>,
    /// The present time.
    pub(super) clock: Clock,
}

/// Opens the two halves of a connector. Nothing is sent.
pub(super) fn open(settings: Settings) -> (AhaReader, AhaWriter) {
    let client = settings.client.clone();
    let shared = Arc::new(Shared::new(settings));
    (AhaReader(Arc::clone(&shared)), AhaWriter::new(shared, client))
}

/// The entitlement types of every account.
///
/// `developer` has no place in the order: where it stands beside `contributor` depends on the suite that was bought, so
/// that a change from it counts as a loss.
pub(super) fn kinds() -> BTreeMap<Text, EntitlementKind> {
    let texts = |words: &[&str]| words.iter().map(|&word| Text::from(word)).collect();
    let product = EntitlementKind {
        not_grantable: texts(&[DEVELOPER]),
        privileged: texts(&["product_owner"]),
        ..EntitlementKind::levelled(&LEVELS)
    };
    let role = EntitlementKind {
        not_grantable: texts(&[PARTIAL]),
        privileged: texts(&[ADMINISTRATOR]),
        required: true,
        ..EntitlementKind::single(&[USER, PARTIAL, ADMINISTRATOR])
    };
    BTreeMap::from([(PRODUCT.into(), product), ("role".into(), role)])
}

/// What every account can do, and what its interface cannot.
fn capabilities() -> Capabilities {
    let absent = [
        (
            "group",
            "Aha! has no groups that give access: its teams plan capacity, and its user groups are for mentions. Claim \
             products instead",
        ),
        (
            "custom-role",
            "Aha!'s interface does not list the custom roles of Enterprise+, so that none can be named. Give them by \
             hand; they are left alone",
        ),
    ];
    let delete = "Settings → Account → Billing → Users → the person's name → Delete";
    Capabilities {
        kinds: kinds(),
        absent: absent.into_iter().map(|(kind, why)| (kind.into(), why.into())).collect(),
        account_alone: false,
        renames: true,
        by_hand: ByHand {
            delete: true,
            clicks: BTreeMap::from([("delete".into(), delete.into())]),
            ..ByHand::default()
        },
        ..Capabilities::new(Provisioning::Create)
    }
}

/// The half that reads: what it holds cannot send a change.
pub(super) struct AhaReader(Arc<Shared>);

impl fmt::Debug for AhaReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AhaReader").finish_non_exhaustive()
    }
}

impl Reader for AhaReader {
    fn capabilities(&self) -> BoxFuture<'_, Result<Capabilities, ConnectorError>> {
        Box::pin(async {
            self.0.own_account().await?;
            Ok(capabilities())
        })
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
        _groups: &'a BTreeSet<Text>,
    ) -> BoxFuture<'a, Result<ReadBack, ConnectorError>> {
        Box::pin(self.0.read_back(scope, accounts))
    }

    fn clock_skew(&self) -> Option<SignedDuration> {
        self.0.http.clock_skew()
    }

    fn calls(&self) -> Calls {
        self.0.http.calls()
    }

    fn learnt(&self) -> BTreeMap<String, String> {
        self.0.learnt.lock().to_words()
    }
}
