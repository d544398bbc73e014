//! Reads a collection page by page. Each page is parsed where it lies, handed over and dropped.

use std::pin::pin;

use appaccess_scim::{
    error::ErrorKind,
    list::{self, PageHead},
    paging::{Listing, Options, PageRequest, Reason, Step},
};

use futures::stream::{self, StreamExt};

use super::{
    exchange::{self, read_failed, unexpected},
    shared::{Collection, Shared},
};
use crate::{
    connector::ConnectorError,
    http::{Get, Response},
};

/// Most pages asked for at once; the budget of the credential may let fewer go.
const PAGES_AT_ONCE: usize = 16;

/// What collects a listing.
pub(super) trait Collect {
    /// Forgets all: the listing starts over.
    fn clear(&mut self);

    /// Whether the collection may be missing altogether: an app without groups, where no group matters.
    fn may_be_missing(&self) -> bool {
        false
    }

    /// Takes the resources of one page that `listing` sees for the first time.
    fn page(&mut self, body: &[u8], listing: &mut Listing) -> Result<PageHead, list::ListError>;
}

/// How a listing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Why it is not complete; `None` when it is.
    pub(super) incomplete: Option<Reason>,
    /// How many requests it took.
    pub(super) calls: u64,
}

impl Shared {
    /// Lists a collection into `collect`.
    pub(super) async fn list(
        &self,
        collection: Collection,
        query: &[(&str, &str)],
        collect: &mut (impl Collect + Send),
    ) -> Result<Ended, ConnectorError> {
        let mut listing = Listing::new(self.options(collection));
        let mut requests = vec![listing.first()];
        let mut calls = 0;
        loop {
            let step = self.ask(collection, query, requests, &mut listing, collect, &mut calls).await?;
            let incomplete = match step {
                // The first page tells how many there are: all others at once, as many as the budget lets go.
                Some(Step::Ask(next)) => {
                    let rest = listing.fan_out();
                    requests = if rest.is_empty() { vec![next] } else { rest };
                    continue;
                }
                Some(Step::Restart(next)) => {
                    collect.clear();
                    requests = vec![next];
                    continue;
                }
                Some(Step::Incomplete(reason)) => Some(reason),
                Some(Step::Wait) => Some(Reason::PageFailed),
                Some(Step::Complete) => None,
                None => return Ok(Ended { incomplete: None, calls }),
            };
            self.learn_from(collection, &listing, incomplete);
            return Ok(Ended { incomplete, calls });
        }
    }

    /// Asks for pages, and says what to do next; `None` where the collection is missing and may be.
    async fn ask(
        &self,
        collection: Collection,
        query: &[(&str, &str)],
        requests: Vec<PageRequest>,
        listing: &mut Listing,
        collect: &mut (impl Collect + Send),
        calls: &mut u64,
    ) -> Result<Option<Step>, ConnectorError> {
        let is_fan = requests.len() > 1;
        let pages = requests.into_iter().map(|request| async move {
            let response = self.page(collection, query, &request).await;
            (request, response)
        });
        let mut pages = pin!(stream::iter(pages).buffer_unordered(PAGES_AT_ONCE));
        let mut last = Step::Wait;
        while let Some((request, response)) = pages.next().await {
            *calls += 1;
            let response = response?;
            if *calls == 1 && matches!(response.status, 404 | 501) && collect.may_be_missing() {
                return Ok(None);
            }
            last = if response.is_success() {
                let known = listing.distinct();
                let head = collect.page(&response.body, listing).map_err(|error| not_a_list(collection, &error))?;
                // A server that ignores paging is not asked for every page that it promised.
                if is_fan && head.received > 0 && listing.distinct() == known {
                    return Ok(Some(Step::Incomplete(Reason::PageRepeated)));
                }
                self.http.listed(collection.word(), listing.distinct(), head.total_results);
                listing.page(&head)
            } else {
                refused_page(collection, &request, &response, listing)?
            };
            if last != Step::Wait {
                break;
            }
        }
        Ok(Some(last))
    }

    fn options(&self, collection: Collection) -> Options {
        let profile = self.profile();
        let proven = self.learnt(|learnt| learnt.totals_proven);
        Options {
            mode: profile.paging.unwrap_or_default(),
            page_size: profile.effective_page_size(),
            doubt_totals: collection == Collection::Users && !proven,
            ..Options::default()
        }
    }

    fn learn_from(&self, collection: Collection, listing: &Listing, incomplete: Option<Reason>) {
        // A short page of a listing that was not whole may have lost some: only one that was tells how large pages are.
        let cap = listing.page_cap().filter(|_| incomplete.is_none());
        let proven = incomplete.is_none() && collection == Collection::Users && listing.pages() > 1;
        self.learn(|learnt| {
            learnt.totals_proven |= proven;
            learnt.dialect.page_cap = match (learnt.dialect.page_cap, cap) {
                (Some(known), Some(cap)) => Some(known.min(cap)),
                (known, cap) => known.or(cap),
            };
            learnt.dialect.total_is_page_size |= incomplete == Some(Reason::TotalIsPageSize);
        });
    }

    async fn page(
        &self,
        collection: Collection,
        query: &[(&str, &str)],
        request: &PageRequest,
    ) -> Result<Response, ConnectorError> {
        let what = format!("list {}", collection.word());
        let mut get = Get::new(self.target(collection, None).map_err(|error| read_failed(&what, error))?);
        for (name, value) in query {
            get = get.query(name, value);
        }
        if let Some(start) = request.start_index {
            get = get.query("startIndex", &start.to_string());
        }
        if let Some(cursor) = &request.cursor {
            get = get.query("cursor", cursor);
        }
        if let Some(count) = request.count {
            get = get.query("count", &count.to_string());
        }
        self.get(get).await.map_err(|error| read_failed(&what, error))
    }
}

fn refused_page(
    collection: Collection,
    request: &PageRequest,
    response: &Response,
    listing: &mut Listing,
) -> Result<Step, ConnectorError> {
    let lost = matches!(exchange::kind(response), Some(ErrorKind::InvalidCursor | ErrorKind::ExpiredCursor));
    if lost && request.cursor.is_some() {
        return Ok(listing.cursor_lost());
    }
    Err(unexpected(&format!("a listing of {}", collection.word()), response))
}

pub(super) fn not_a_list(collection: Collection, error: &list::ListError) -> ConnectorError {
    ConnectorError::Protocol { what: format!("a listing of {}: {error}", collection.word()) }
}
