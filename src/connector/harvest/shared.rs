//! What both halves of a connector know: the account, what was seen of it, and how it is asked. It can only read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use appaccess_core::access::{AccountId, Completeness, ObservedAccount, Text};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{
    Settings,
    wire::{Listed, Page},
};
use crate::{
    connector::{
        ConnectorError,
        failure::read_failed,
        rest::{self, Gathered, PAGES_MAX},
        scim::Clock,
    },
    http::{self as client, Get, Response, Target},
};

/// The header that names the account.
pub(super) const ACCOUNT: HeaderName = HeaderName::from_static("harvest-account-id");
/// Rows of a page: the most that Harvest gives.
const PER_PAGE: &str = "2000";

/// What was seen of the account in this process.
#[derive(Default)]
pub(super) struct Seen {
    /// See [`super::Reader::learnt`].
    pub(super) learnt: BTreeMap<String, String>,
    /// The ids of all people that the last listing showed.
    pub(super) people: BTreeSet<AccountId>,
    /// Those among them who are archived.
    pub(super) archived: BTreeSet<AccountId>,
    /// How many requests the last listing of people took.
    pub(super) listing_calls: Option<u64>,
    /// Business roles by name, each with its id, where they were listed.
    pub(super) roles: Option<BTreeMap<Text, Text>>,
    /// Whether a business role was made since they were listed.
    pub(super) role_made: bool,
    /// A listing that was made to answer for people whom an incomplete one lacked.
    pub(super) second: Option<(Vec<ObservedAccount>, bool)>,
}

/// The state of a connector that is open.
pub(super) struct Shared {
    pub(super) http: client::Reader,
    pub(super) identity: Option<client::Reader>,
    pub(super) account: HeaderValue,
    pub(super) clock: Clock,
    /// Tells one credential from another.
    pub(super) credential: String,
    seen: Mutex<Seen>,
    /// Held while the account is asked what it is, so that it is asked once.
    pub(super) probing: tokio::sync::Mutex<()>,
}

/// A whole listing.
pub(super) struct Listing<T> {
    pub(super) rows: BTreeMap<Text, T>,
    pub(super) completeness: Completeness,
    pub(super) calls: u64,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Result<Self, ConnectorError> {
        let account = HeaderValue::try_from(&settings.account)
            .map_err(|_| ConnectorError::Settings("`accountId` cannot be the id of a Harvest account".to_owned()))?;
        Ok(Self {
            http: settings.client.reader(),
            identity: settings.identity,
            account,
            clock: settings.clock,
            credential: settings.client.credential_mark(),
            seen: Mutex::new(Seen { learnt: settings.learnt, ..Seen::default() }),
            probing: tokio::sync::Mutex::default(),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Works on what was seen.
    pub(super) fn seen<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a read of `segments`.
    pub(super) async fn get(&self, what: &str, segments: &[&str]) -> Result<Response, ConnectorError> {
        let target = Target::path(segments.iter().copied()).map_err(|error| read_failed(what, error))?;
        self.fetch(what, Get::new(target)).await
    }

    async fn fetch(&self, what: &str, get: Get) -> Result<Response, ConnectorError> {
        rest::fetch(&self.http, what, get.header(ACCOUNT, self.account.clone())).await
    }

    /// Reads one resource; `None` where Harvest says that there is none.
    pub(super) async fn one<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        segments: &[&str],
    ) -> Result<Option<T>, ConnectorError> {
        let response = self.get(what, segments).await?;
        if response.status == 404 { Ok(None) } else { rest::parse(what, &response).map(Some) }
    }

    /// The first page of a listing with this many rows.
    pub(super) async fn first_page<P: Page + serde::de::DeserializeOwned>(
        &self,
        (what, path): (&str, &str),
        rows: &str,
    ) -> Result<Vec<P::Row>, ConnectorError> {
        let target = Target::path([path]).map_err(|error| read_failed(what, error))?;
        let response = self.fetch(what, Get::new(target).query("per_page", rows)).await?;
        Ok(rest::parse::<P>(what, &response)?.parts().rows)
    }

    /// Reads a whole listing, along the links that Harvest gives.
    pub(super) async fn list<P: Page + serde::de::DeserializeOwned>(
        &self,
        (what, path): (&str, &'static str),
    ) -> Result<Listing<P::Row>, ConnectorError> {
        let target = Target::path([path]).map_err(|error| read_failed(what, error))?;
        let mut get = Get::new(target).query("per_page", PER_PAGE);
        let mut gathered = Gathered::default();
        let mut followed = BTreeSet::new();
        let mut calls = 0;
        loop {
            calls += 1;
            let response = self.fetch(what, get).await?;
            let page = rest::parse::<P>(what, &response)?.parts();
            for row in page.rows {
                let id = row.id().0.clone();
                gathered.take(&id, row);
            }
            self.http.listed(path, gathered.count(), page.total);
            let Some(link) = page.links.as_ref().and_then(|links| links.next.clone()) else {
                match page.total {
                    Some(total) => gathered.expect(total),
                    None if page.links.is_none() => {
                        gathered.doubt("NoTotal", "the last page tells neither a total nor links".to_owned());
                    }
                    None => {}
                }
                break;
            };
            if followed.len() >= PAGES_MAX as usize || !followed.insert(link.clone()) {
                gathered.doubt("CursorLoop", "the links to further pages do not end".to_owned());
                break;
            }
            get = Get::new(Target::link(self.http.base(), &link).map_err(|error| read_failed(what, error))?);
        }
        let (rows, completeness) = gathered.finish();
        Ok(Listing { rows, completeness, calls })
    }
}
