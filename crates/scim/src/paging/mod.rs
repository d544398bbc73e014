//! Which page to ask for next, and whether what came is everything: a state machine over index paging (RFC 7644 section
//! 3.4.2.4) and cursor paging (RFC 9865). It does no I/O and never trusts a server further than its own totals prove.
//!
//! A listing is complete only when the number of distinct ids equals the total that the server told, or, where a server
//! with cursors tells no total, when the last page has no next cursor. Ended in any other way it is incomplete, and what
//! it lacks is unknown rather than gone. People may edit while pages are read; where that shows (totals change, ids
//! repeat) the listing is read once more from the start. Where it does not show, one object may still be missed, so that
//! "not seen" always deserves a direct look-up.

#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::list::PageHead;

/// Pages in a row without a new id that a server with cursors may send before it is taken for a loop.
const BARREN_MAX: u32 = 3;

/// How a listing is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// By `startIndex` and `count`.
    #[default]
    Index,
    /// By `cursor` and `count`, starting with a bare cursor. An index listing becomes one when the server sends a cursor.
    Cursor,
    /// In one answer, without any paging parameter.
    Single,
}

/// What the caller decides about a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How to read.
    pub mode: Mode,
    /// Resources to ask for in a page; at least one.
    pub page_size: u64,
    /// Most pages to read in all.
    pub pages_max: u64,
    /// Ask for one page more when the first page alone reaches the total. Finds servers whose total is the size of the
    /// page; costs one call, so it is for a server that is met for the first time.
    pub doubt_totals: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { mode: Mode::Index, page_size: 100, pages_max: 20_000, doubt_totals: false }
    }
}

/// The paging parameters of one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// The 1-based index to start at.
    pub start_index: Option<u64>,
    /// Most resources wanted.
    pub count: Option<u64>,
    /// The cursor; the empty one asks for the first page and is sent bare.
    pub cursor: Option<String>,
}

/// What to do after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask for this page.
    Ask(PageRequest),
    /// Forget all that was collected, drop answers that are still under way, and ask for this page: the listing changed
    /// while it was read.
    Restart(PageRequest),
    /// Other pages, asked for at the same time, are still to come.
    Wait,
    /// Everything was received.
    Complete,
    /// Not everything was received, or it cannot be proven.
    Incomplete(Reason),
}

/// Why a listing is incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Reason {
    /// A page brought only ids that were there already: the server ignores paging, or starts over beyond the end.
    #[error("a page brought nothing new: the server ignores paging or starts over")]
    PageRepeated,
    /// The pages ended before the total was reached.
    #[error("the pages ended before the total was reached")]
    EndedEarly,
    /// More resources came than the total allows.
    #[error("more came than the server's total")]
    MoreThanTotal,
    /// The total differed from page to page, twice.
    #[error("the total kept changing while pages were read")]
    TotalChanged,
    /// The total is the size of a page, not of the listing.
    #[error("the server's total is only the size of a page")]
    TotalIsPageSize,
    /// The server told no total, so that nothing proves the end.
    #[error("the server told no total")]
    NoTotal,
    /// The server sent a cursor twice.
    #[error("a cursor came twice")]
    CursorLoop,
    /// The server lost the cursor twice.
    #[error("the server lost its cursor")]
    CursorLost,
    /// More pages than allowed.
    #[error("more pages than are read at most")]
    TooManyPages,
    /// A request failed for good; set by [`Listing::fail`].
    #[error("a page could not be read")]
    PageFailed,
}

/// An already well-mixed number as its own hash.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

type Seen = HashSet<u64, BuildHasherDefault<Mixed>>;

/// A listing being read.
///
/// Call [`Listing::first`], and for each page [`Listing::see`] for each id and then [`Listing::page`].
#[derive(Debug)]
pub struct Listing {
    options: Options,
    /// Fingerprints of the ids. Two ids with one fingerprint would make the listing incomplete, never wrongly complete.
    seen: Seen,
    new_on_page: u64,
    received: u64,
    pages: u64,
    total: Option<u64>,
    page_cap: Option<u64>,
    outstanding: Option<u64>,
    cursors: HashSet<u128>,
    by_cursor: bool,
    barren: u32,
    doubting: bool,
    restarted: bool,
    verdict: Option<Step>,
}

impl std::fmt::Debug for Mixed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Listing {
    /// Starts a listing.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let options = Options { page_size: options.page_size.max(1), ..options };
        Self {
            options,
            seen: Seen::default(),
            new_on_page: 0,
            received: 0,
            pages: 0,
            total: None,
            page_cap: None,
            outstanding: None,
            cursors: HashSet::new(),
            by_cursor: options.mode == Mode::Cursor,
            barren: 0,
            doubting: false,
            restarted: false,
            verdict: None,
        }
    }

    /// The first page to ask for.
    #[must_use]
    pub fn first(&self) -> PageRequest {
        match self.options.mode {
            Mode::Index => self.index_page(1),
            Mode::Cursor => PageRequest { cursor: Some(String::new()), ..self.counted() },
            Mode::Single => PageRequest::default(),
        }
    }

    /// Takes note of an id on the present page. False when it was there before, so that the resource is to be skipped.
    /// A resource without an id never counts.
    pub fn see(&mut self, id: &str) -> bool {
        let is_new = !id.is_empty() && self.seen.insert(xxh3_64(id.as_bytes()));
        self.new_on_page += u64::from(is_new);
        is_new
    }

    /// Ends the present page and tells what to do next. After `Complete` or `Incomplete` the answer stays the same.
    pub fn page(&mut self, head: &PageHead) -> Step {
        if let Some(verdict) = &self.verdict {
            return verdict.clone();
        }
        let step = self.judge(head);
        if matches!(step, Step::Complete | Step::Incomplete(_)) {
            self.verdict = Some(step.clone());
        }
        step
    }

    /// The server refused the cursor (`invalidCursor`, `expiredCursor`): start over once.
    pub fn cursor_lost(&mut self) -> Step {
        self.again(Reason::CursorLost)
    }

    /// A page could not be read at all, whatever the cause.
    pub fn fail(&mut self) -> Step {
        let step = Step::Incomplete(Reason::PageFailed);
        self.verdict = Some(step.clone());
        step
    }

    /// All remaining pages at once, where the first page told the total of an index listing: for fast servers. Empty when
    /// pages have to be asked for one by one. When requests are returned, they are to be sent in place of the one that
    /// [`Step::Ask`] named; each answer goes through [`Listing::page`], in any order.
    pub fn fan_out(&mut self) -> Vec<PageRequest> {
        let Some(total) = self.total else { return Vec::new() };
        if self.pages != 1 || self.by_cursor || self.restarted || self.doubting || self.verdict.is_some() {
            return Vec::new();
        }
        let size = self.received.max(1);
        let pages = total.saturating_sub(self.received).div_ceil(size);
        if pages < 2 || pages + 1 > self.options.pages_max {
            return Vec::new();
        }
        self.outstanding = Some(pages);
        (0..pages)
            .map(|page| PageRequest {
                start_index: Some(self.received + page * size + 1),
                count: Some(size.min(total - self.received - page * size)),
                cursor: None,
            })
            .collect()
    }

    /// The page size that the server really gave where it gave less than was asked for and had more.
    #[must_use]
    pub fn page_cap(&self) -> Option<u64> {
        self.page_cap
    }

    /// How many distinct ids were seen.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.seen.len() as u64
    }

    /// How many pages were read, those before a restart included.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.pages
    }

    fn judge(&mut self, head: &PageHead) -> Step {
        self.pages += 1;
        let is_first = self.received == 0 && self.cursors.is_empty() && self.outstanding.is_none();
        self.received += head.received;
        let new = std::mem::take(&mut self.new_on_page);
        if let (Some(before), Some(now)) = (self.total, head.total_results)
            && before != now
        {
            return if self.doubting {
                Step::Incomplete(Reason::TotalIsPageSize)
            } else {
                self.again(Reason::TotalChanged)
            };
        }
        self.total = self.total.or(head.total_results);
        if let Some(outstanding) = self.outstanding {
            return self.one_of_many(outstanding.saturating_sub(1));
        }
        if self.doubting {
            let proven = new == 0;
            return if proven { Step::Complete } else { Step::Incomplete(Reason::TotalIsPageSize) };
        }
        if self.by_cursor || head.next_cursor.is_some() {
            return self.by_cursor(head, new);
        }
        self.by_index(head, new, is_first)
    }

    fn by_index(&mut self, head: &PageHead, new: u64, is_first: bool) -> Step {
        let Some(total) = self.total else {
            return self.without_total(head, new);
        };
        let distinct = self.distinct();
        if distinct > total || head.received > total {
            return self.again(Reason::MoreThanTotal);
        }
        if distinct == total {
            if self.options.doubt_totals && is_first && total > 0 && self.options.mode == Mode::Index {
                self.doubting = true;
                return self.ask(self.index_page(self.received + 1));
            }
            return Step::Complete;
        }
        if self.options.mode == Mode::Single || head.received == 0 {
            return self.again(Reason::EndedEarly);
        }
        if new == 0 {
            return Step::Incomplete(Reason::PageRepeated);
        }
        if self.received >= total {
            return self.again(Reason::EndedEarly);
        }
        if head.received < self.options.page_size {
            self.page_cap = self.page_cap.max(Some(head.received));
        }
        self.ask(self.index_page(self.received + 1))
    }

    /// Without a total an index listing is read to its end, for what it is worth, but proves nothing.
    fn without_total(&mut self, head: &PageHead, new: u64) -> Step {
        if head.received == 0 || new == 0 || self.options.mode == Mode::Single {
            return Step::Incomplete(Reason::NoTotal);
        }
        self.ask(self.index_page(self.received + 1))
    }

    fn by_cursor(&mut self, head: &PageHead, new: u64) -> Step {
        self.by_cursor = true;
        if let Some(cursor) = &head.next_cursor {
            if !self.cursors.insert(xxh3_128(cursor.as_bytes())) {
                return Step::Incomplete(Reason::CursorLoop);
            }
            if new == 0 && head.received > 0 {
                return Step::Incomplete(Reason::PageRepeated);
            }
            self.barren = if new == 0 { self.barren + 1 } else { 0 };
            if self.barren > BARREN_MAX {
                return Step::Incomplete(Reason::PageRepeated);
            }
            return self.ask(PageRequest { cursor: Some(cursor.clone()), ..self.counted() });
        }
        let distinct = self.distinct();
        match self.total {
            Some(total) if distinct == total => Step::Complete,
            Some(total) if distinct > total => self.again(Reason::MoreThanTotal),
            None if distinct == self.received => Step::Complete,
            _ => self.again(Reason::EndedEarly),
        }
    }

    fn one_of_many(&mut self, outstanding: u64) -> Step {
        self.outstanding = Some(outstanding);
        if outstanding > 0 {
            return Step::Wait;
        }
        if self.total == Some(self.distinct()) { Step::Complete } else { self.again(Reason::EndedEarly) }
    }

    /// Reads once more from the start, one page after the other; the second time it is over.
    fn again(&mut self, reason: Reason) -> Step {
        if self.restarted {
            return self.ended(Step::Incomplete(reason));
        }
        if self.pages >= self.options.pages_max {
            return self.ended(Step::Incomplete(Reason::TooManyPages));
        }
        let mut fresh = Self::new(self.options);
        fresh.pages = self.pages;
        fresh.page_cap = self.page_cap;
        fresh.restarted = true;
        *self = fresh;
        Step::Restart(self.first())
    }

    fn ended(&mut self, step: Step) -> Step {
        self.verdict = Some(step.clone());
        step
    }

    fn ask(&self, request: PageRequest) -> Step {
        if self.pages >= self.options.pages_max { Step::Incomplete(Reason::TooManyPages) } else { Step::Ask(request) }
    }

    fn index_page(&self, start: u64) -> PageRequest {
        PageRequest { start_index: Some(start), ..self.counted() }
    }

    fn counted(&self) -> PageRequest {
        PageRequest { count: Some(self.options.page_size), ..PageRequest::default() }
    }
}
