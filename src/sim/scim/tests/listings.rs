//! The library's reader over the vendor's pages: what it calls complete is complete, whatever the vendor's habit.

use std::collections::BTreeSet;

use appaccess_scim::{
    list,
    paging::{Listing, Mode, Options as Reading, PageRequest, Reason, Step},
    resource::UserView,
};

use super::*;
use crate::sim::scim::{Fault, Paging};

fn query(request: &PageRequest) -> String {
    let pairs = [
        request.start_index.map(|start| format!("startIndex={start}")),
        request.count.map(|count| format!("count={count}")),
        request
            .cursor
            .as_ref()
            .map(|cursor| if cursor.is_empty() { "cursor".to_owned() } else { format!("cursor={cursor}") }),
    ];
    pairs.into_iter().flatten().collect::<Vec<_>>().join("&")
}

/// Reads all users and says how it ended.
async fn read(client: &Client, mode: Mode) -> (Step, BTreeSet<String>) {
    let mut listing = Listing::new(Reading { mode, page_size: 10, ..Reading::default() });
    let mut names = BTreeSet::new();
    let mut request = listing.first();
    loop {
        let body = client.get(&format!("/Users?{}", query(&request))).await.body.to_string();
        let head = list::read(body.as_bytes(), |user: UserView<'_>| {
            if listing.see(&user.id) {
                names.insert(user.user_name.into_owned());
            }
        });
        match listing.page(&head.expect("a listing")) {
            Step::Ask(next) => request = next,
            Step::Restart(next) => {
                names.clear();
                request = next;
            }
            end => return (end, names),
        }
    }
}

#[tokio::test]
async fn every_listing_that_can_be_proven_is_read_whole() {
    let client = Client::plain().await;
    client.seed(35);
    for (paging, cap, mode, calls) in [
        (Paging::Index, 100, Mode::Index, 4),
        (Paging::Index, 7, Mode::Index, 5),
        (Paging::IndexAndCursor, 100, Mode::Cursor, 4),
        (Paging::Cursor, 100, Mode::Index, 4),
        (Paging::Ignored, 100, Mode::Index, 1),
        (Paging::WrapsAround, 100, Mode::Index, 4),
    ] {
        client.server.edit_dialect(|dialect| (dialect.paging, dialect.page_cap) = (paging, cap));
        client.server.clear_requests();
        let (end, names) = read(&client, mode).await;
        assert_eq!((end, names.len()), (Step::Complete, 35), "{paging:?}");
        assert_eq!(client.server.reads(), calls, "{paging:?}");
    }
}

#[tokio::test]
async fn a_listing_that_cannot_be_proven_is_not_called_complete() {
    let client = Client::with(Dialect { paging: Paging::FirstPageOnly, ..Dialect::default() }).await;
    client.seed(35);
    assert_eq!(read(&client, Mode::Index).await.0, Step::Incomplete(Reason::PageRepeated));
}

#[tokio::test]
async fn a_page_that_lacks_its_end_is_made_up_by_the_next() {
    let client = Client::plain().await;
    client.seed(35);
    client.server.fault(Fault::truncated(3).after(1));
    let (end, names) = read(&client, Mode::Index).await;
    assert_eq!((end, names.len()), (Step::Complete, 35));
}
