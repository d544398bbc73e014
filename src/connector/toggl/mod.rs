//! The connector to Toggl Track by its API v9. The unit is the organisation: workspaces are entitlements with a level,
//! groups a set, the role in the organisation a single value. Knows HTTP by [`crate::http`], and nothing of why a change
//! is made.
//!
//! # Calls
//!
//! Every call counts against an hourly quota, so that their number is the performance. With N users, p of them in a page
//! (200, or what Toggl gives), P = max(1, ceil(N/p)), and `g` = 1 where any group is claimed or ours, else 0:
//!
//! | | calls |
//! | --- | --- |
//! | a pass in which nothing differs | P + g |
//! | once a day | 2: the plan and the roles |
//! | once for each credential | 1: whose it is (`/me`, which has a quota of its own) |
//! | invitations | 1 for each set of workspaces and levels (50 people at most), groups along where all of the set share them |
//! | a group that is made, with its members | 1 |
//! | groups that change, whatever the number of members | 1 for each, and 1 to read them anew before |
//! | role, address, suspension or reactivation of one person | 1 |
//! | people who leave a workspace | 1 for each workspace |
//! | a level of one person in a workspace | 1 |
//! | somebody who is there already joins workspaces | 1, and 1 to read that set anew before |
//! | deletions, and ends of invitations | 1 for 100 people |
//! | read-back of c accounts | min(c, P), and 1 where groups changed |
//!
//! Last activity is not told by any of these, and one report for each person would cost a call each: it is left unknown.

mod batch;
mod discovery;
mod groups;
mod ids;
mod invite;
mod learnt;
mod listing;
mod observe;
mod remove;
mod roles;
mod shared;
mod users;
mod wire;
mod workspaces;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use appaccess_core::access::{AccountId, Capabilities, LookUp, Observation, ObservedAccount, Person, Text};
use futures::future::BoxFuture;
use jiff::SignedDuration;

pub(super) use discovery::kinds;
pub use writer::TogglWriter;

use self::shared::Shared;
use super::{Calls, ConnectorError, ReadBack, Reader, Scope, scim::Clock};
use crate::http::{Client, RateSettings};

/// The base address that Toggl documents.
pub const BASE: &str = "https://api.track.toggl.com/api/v9";

/// What a connector is made of.
#[derive(Clone)]
pub struct Settings {
    /// The client, bound to the base of the API.
    pub client: Client,
    /// The organisation's id.
    pub organization: Text,
    /// Where an invitation leads that names no workspace.
    pub default_workspace: Option<Text>,
    /// A digest of the credential, which tells whether it is another than before.
    pub credential: String,
    /// What was learnt before; see [`Reader::learnt`].
    pub learnt: BTreeMap<String, String>,
    /// The present time.
    pub clock: Clock,
}

/// What the plan grants: so many requests an hour, about one a second. Until the plan is known, the least of all plans;
/// for a plan with a quota by contract, the most that is published.
#[must_use]
pub fn rate(learnt: &BTreeMap<String, String>) -> RateSettings {
    let plan = learnt.get("plan").map(|plan| plan.to_lowercase()).unwrap_or_default();
    let requests = match plan.as_str() {
        plan if plan.contains("starter") => 240,
        plan if plan.contains("premium") || plan.contains("enterprise") => 600,
        _ => 30,
    };
    let hour = RateSettings::new(requests, Duration::from_hours(1), None);
    RateSettings { spacing: Duration::from_secs(1), ..hour }
}

/// Opens the two halves of a connector, which share what they learn. Nothing is sent.
#[must_use]
pub fn open(settings: Settings) -> (TogglReader, TogglWriter) {
    let client = settings.client.clone();
    let shared = Arc::new(Shared::new(settings));
    (TogglReader(Arc::clone(&shared)), TogglWriter::new(shared, client))
}

/// The half that reads: what it holds cannot send a change.
pub struct TogglReader(Arc<Shared>);

impl fmt::Debug for TogglReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TogglReader").finish_non_exhaustive()
    }
}

impl Reader for TogglReader {
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
        self.0.learn(|learnt| learnt.to_words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_quota_of_the_plan_with_a_share_kept_for_changes() {
        for (plan, requests, kept) in [
            ("", 30, 3),
            ("Free", 30, 3),
            ("Starter", 240, 24),
            ("Premium (annual)", 600, 60),
            ("Enterprise", 600, 60),
            ("Something else", 30, 3),
        ] {
            let learnt = BTreeMap::from([("plan".to_owned(), plan.to_owned())]);
            let rate = rate(&learnt);
            assert_eq!((rate.requests, rate.kept_for_changes()), (requests, kept), "{plan}");
            assert_eq!((rate.per, rate.spacing), (Duration::from_hours(1), Duration::from_secs(1)));
        }
        assert_eq!(rate(&BTreeMap::new()).requests, 30, "until the plan is known");
    }
}
