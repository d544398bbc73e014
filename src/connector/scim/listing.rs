//! Reads a collection page by page. Each page is parsed where it lies, handed over and dropped.

use appaccess_scim::{
    error::ErrorKind,
    list::{self, PageHead},
    paging::{Listing, Options, PageRequest, Reason, Step},
};

use super::{
    exchange::{self, read_failed, unexpected},
    shared::{Collection, Shared},
};
use crate::{
    connector::ConnectorError,
    http::{Get, Response},
};

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
        let options = self.options(collection);
        let mut listing = Listing::new(options);
        let mut request = listing.first();
        let mut calls = 0;
        loop {
            calls += 1;
            let response = self.page(collection, query, &request).await?;
            if calls == 1 && matches!(response.status, 404 | 501) && collect.may_be_missing() {
                return Ok(Ended { incomplete: None, calls });
            }
            let step = if response.is_success() {
                let head =
                    collect.page(&response.body, &mut listing).map_err(|error| not_a_list(collection, &error))?;
                listing.page(&head)
            } else {
                refused_page(collection, &request, &response, &mut listing)?
            };
            match step {
                Step::Ask(next) => request = next,
                Step::Restart(next) => {
                    collect.clear();
                    request = next;
                }
                Step::Complete => {
                    self.learn_from(collection, &listing, None);
                    return Ok(Ended { incomplete: None, calls });
                }
                Step::Incomplete(reason) => {
                    self.learn_from(collection, &listing, Some(reason));
                    return Ok(Ended { incomplete: Some(reason), calls });
                }
                Step::Wait => return Ok(Ended { incomplete: Some(Reason::PageFailed), calls }),
            }
        }
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
        let cap = listing.page_cap();
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
