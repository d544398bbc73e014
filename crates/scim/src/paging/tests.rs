//! Listings read from a model server with every quirk that is known; no socket.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What a server gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quirk {
    None,
    Caps(u64),
    IgnoresPaging,
    AlwaysFirstPage,
    WrapsAround,
    NoTotal,
    TotalIsPage,
    TotalTooHigh,
    TotalTooLow,
    ZeroTotal,
    Truncates,
    RepeatsOne,
    ChangesTotalOnce,
    ForcesCursor,
    CursorLoops,
}

/// A server with ids `0..size`.
struct Server {
    size: u64,
    quirk: Quirk,
    calls: u64,
}

impl Server {
    fn answer(&mut self, request: &PageRequest) -> (Vec<String>, PageHead) {
        self.calls += 1;
        let by_cursor = request.cursor.is_some() || self.quirk == Quirk::ForcesCursor;
        let mut start = match request.cursor.as_deref() {
            Some("") => 0,
            Some(cursor) => cursor.parse().unwrap(),
            None => request.start_index.unwrap_or(1).max(1) - 1,
        };
        let mut count = request.count.unwrap_or(u64::MAX);
        match self.quirk {
            Quirk::Caps(cap) => count = count.min(cap),
            Quirk::IgnoresPaging => (start, count) = (0, u64::MAX),
            Quirk::AlwaysFirstPage => start = 0,
            Quirk::WrapsAround if start >= self.size => start = 0,
            _ => {}
        }
        let end = start.saturating_add(count).min(self.size);
        let mut ids: Vec<String> = (start..end.max(start)).map(|id| format!("id-{id}")).collect();
        match self.quirk {
            Quirk::Truncates if ids.len() > 1 => drop(ids.pop()),
            Quirk::RepeatsOne if start > 0 && !ids.is_empty() => ids[0] = "id-0".to_owned(),
            _ => {}
        }
        let received = ids.len() as u64;
        let total = match self.quirk {
            Quirk::NoTotal => None,
            Quirk::TotalIsPage => Some(received),
            Quirk::TotalTooHigh => Some(self.size + 1),
            Quirk::TotalTooLow => Some(self.size.saturating_sub(1)),
            Quirk::ZeroTotal => Some(0),
            Quirk::ChangesTotalOnce if self.calls == 2 => Some(self.size + 1),
            _ => Some(self.size),
        };
        let next_cursor = match self.quirk {
            Quirk::CursorLoops if by_cursor => Some("0".to_owned()),
            _ => (by_cursor && start + received < self.size && received > 0).then(|| (start + received).to_string()),
        };
        (ids, PageHead { total_results: total, next_cursor, received, ..PageHead::default() })
    }
}

/// Reads a listing as a client does.
fn read(server: &mut Server, options: Options, parallel: bool) -> (Step, BTreeSet<String>) {
    let mut listing = Listing::new(options);
    let mut collected = BTreeSet::new();
    let mut queue = vec![listing.first()];
    loop {
        let request = queue.pop().expect("a step names the next page");
        let (ids, head) = server.answer(&request);
        for id in ids {
            if listing.see(&id) {
                collected.insert(id);
            }
        }
        match listing.page(&head) {
            Step::Ask(next) => {
                let rest = if parallel { listing.fan_out() } else { Vec::new() };
                queue = if rest.is_empty() { vec![next] } else { rest };
            }
            Step::Restart(next) => {
                collected.clear();
                queue = vec![next];
            }
            Step::Wait => {}
            end => return (end, collected),
        }
    }
}

fn server(size: u64, quirk: Quirk) -> Server {
    Server { size, quirk, calls: 0 }
}

fn options(page_size: u64, mode: Mode) -> Options {
    Options { mode, page_size, ..Options::default() }
}

#[test]
fn a_plain_listing_takes_exactly_the_fewest_calls() {
    for mode in [Mode::Index, Mode::Cursor] {
        for parallel in [false, true] {
            for page in [1_u64, 2, 7, 100] {
                for size in [0, 1, page - 1, page, page + 1, 10 * page + 1] {
                    let mut server = server(size, Quirk::None);
                    let (end, collected) = read(&mut server, options(page, mode), parallel);
                    assert_eq!((end, collected.len() as u64), (Step::Complete, size));
                    assert_eq!(server.calls, size.div_ceil(page).max(1), "{mode:?} {page} {size}");
                }
            }
        }
    }
}

#[test]
fn a_silent_cap_is_followed_and_learnt() {
    let mut listing = Listing::new(options(100, Mode::Index));
    let mut server = server(120, Quirk::Caps(50));
    let mut request = listing.first();
    loop {
        let (ids, head) = server.answer(&request);
        for id in &ids {
            listing.see(id);
        }
        match listing.page(&head) {
            Step::Ask(next) => request = next,
            end => {
                assert_eq!(end, Step::Complete);
                break;
            }
        }
    }
    assert_eq!((server.calls, listing.page_cap()), (3, Some(50)));
}

#[test]
fn each_quirk_ends_as_it_should() {
    let end = |size: u64, quirk: Quirk, mode: Mode| read(&mut server(size, quirk), options(10, mode), false).0;
    assert_eq!(end(25, Quirk::IgnoresPaging, Mode::Index), Step::Complete);
    assert_eq!(end(25, Quirk::AlwaysFirstPage, Mode::Index), Step::Incomplete(Reason::PageRepeated));
    assert_eq!(end(25, Quirk::TotalTooHigh, Mode::Index), Step::Incomplete(Reason::EndedEarly));
    assert_eq!(end(9, Quirk::TotalTooLow, Mode::Index), Step::Incomplete(Reason::MoreThanTotal));
    assert_eq!(end(5, Quirk::ZeroTotal, Mode::Index), Step::Incomplete(Reason::MoreThanTotal));
    assert_eq!(end(0, Quirk::ZeroTotal, Mode::Index), Step::Complete);
    assert_eq!(end(25, Quirk::NoTotal, Mode::Index), Step::Incomplete(Reason::NoTotal));
    assert_eq!(end(25, Quirk::NoTotal, Mode::Cursor), Step::Complete);
    assert_eq!(end(25, Quirk::RepeatsOne, Mode::Index), Step::Incomplete(Reason::EndedEarly));
    assert_eq!(end(25, Quirk::ChangesTotalOnce, Mode::Index), Step::Complete);
    assert_eq!(end(25, Quirk::ForcesCursor, Mode::Index), Step::Complete);
    assert_eq!(end(25, Quirk::CursorLoops, Mode::Cursor), Step::Incomplete(Reason::CursorLoop));
    assert_eq!(end(25, Quirk::None, Mode::Single), Step::Complete);
    assert_eq!(end(25, Quirk::Caps(10), Mode::Single), Step::Incomplete(Reason::EndedEarly));
}

#[test]
fn a_total_that_is_only_the_page_size_is_found_by_one_more_call() {
    let doubting = Options { doubt_totals: true, ..options(10, Mode::Index) };
    let (end, _) = read(&mut server(25, Quirk::TotalIsPage), doubting, false);
    assert_eq!(end, Step::Incomplete(Reason::TotalIsPageSize));
    let mut honest = server(10, Quirk::None);
    assert_eq!(read(&mut honest, doubting, false).0, Step::Complete);
    assert_eq!(honest.calls, 2);
    assert_eq!(read(&mut server(10, Quirk::WrapsAround), doubting, false).0, Step::Complete);
}

#[test]
fn a_lost_cursor_starts_over_once() {
    let mut listing = Listing::new(options(10, Mode::Cursor));
    assert_eq!(listing.cursor_lost(), Step::Restart(listing.first()));
    assert_eq!(listing.cursor_lost(), Step::Incomplete(Reason::CursorLost));
    assert_eq!(listing.page(&PageHead::default()), Step::Incomplete(Reason::CursorLost));
}

#[test]
fn an_endless_listing_ends_at_the_page_cap() {
    let few = Options { pages_max: 3, ..options(1, Mode::Index) };
    let mut server = server(1_000, Quirk::None);
    assert_eq!(read(&mut server, few, false).0, Step::Incomplete(Reason::TooManyPages));
    assert_eq!(server.calls, 3);
}

#[test]
fn a_resource_without_an_id_never_completes_a_listing() {
    let mut listing = Listing::new(options(10, Mode::Index));
    assert!(!listing.see(""));
    let head = PageHead { total_results: Some(1), received: 1, ..PageHead::default() };
    assert_ne!(listing.page(&head), Step::Complete);
}

fn quirk() -> impl Strategy<Value = Quirk> {
    prop_oneof![
        (1_u64..9).prop_map(Quirk::Caps),
        proptest::sample::select(vec![
            Quirk::None,
            Quirk::IgnoresPaging,
            Quirk::AlwaysFirstPage,
            Quirk::WrapsAround,
            Quirk::NoTotal,
            Quirk::TotalTooHigh,
            Quirk::Truncates,
            Quirk::RepeatsOne,
            Quirk::ChangesTotalOnce,
            Quirk::ForcesCursor,
            Quirk::CursorLoops,
        ])
    ]
}

proptest! {
    #[test]
    fn a_complete_listing_misses_nobody(
        size in 0_u64..60,
        page_size in 1_u64..20,
        quirk in quirk(),
        mode in proptest::sample::select(vec![Mode::Index, Mode::Cursor, Mode::Single]),
        parallel in any::<bool>(),
        doubt_totals in any::<bool>(),
    ) {
        let mut server = server(size, quirk);
        let options = Options { mode, page_size, pages_max: 200, doubt_totals };
        let (end, collected) = read(&mut server, options, parallel);
        prop_assert!(server.calls <= 200);
        if end == Step::Complete {
            prop_assert_eq!(collected.len() as u64, size);
        }
        if quirk == Quirk::None {
            prop_assert_eq!(end, Step::Complete);
        }
    }

    #[test]
    fn a_server_whose_total_is_the_page_never_passes_a_doubting_client(size in 0_u64..60, page_size in 1_u64..20) {
        let mut server = server(size, Quirk::TotalIsPage);
        let options = Options { page_size, doubt_totals: true, ..Options::default() };
        let (end, collected) = read(&mut server, options, false);
        prop_assert!(end != Step::Complete || collected.len() as u64 == size);
    }
}
