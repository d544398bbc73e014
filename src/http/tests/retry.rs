//! What is repeated, and what is left to the caller to observe.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::world::{Reply, Vendor, client, send, settings};
use crate::http::retry::back_off;
use crate::http::{Calls, Client, FailureKind, HttpError, News, Safety, Wait, Watch, Why};

/// How a call ends if the vendor always answers the same.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Answer,
    Unavailable,
    Unreachable,
    Interrupted,
    Unknown,
    RateLimited,
    Redirected,
    Rejected,
    Forbidden,
    AddressRefused,
}

fn end<T>(result: &Result<T, HttpError>) -> End {
    match result {
        Ok(_) => End::Answer,
        Err(HttpError::Unavailable { .. }) => End::Unavailable,
        Err(HttpError::Unreachable { .. }) => End::Unreachable,
        Err(HttpError::Interrupted { .. }) => End::Interrupted,
        Err(HttpError::Unknown { .. }) => End::Unknown,
        Err(HttpError::RateLimited { .. }) => End::RateLimited,
        Err(HttpError::Redirected { .. }) => End::Redirected,
        Err(HttpError::CredentialsRejected { .. }) => End::Rejected,
        Err(HttpError::Forbidden { .. }) => End::Forbidden,
        Err(HttpError::AddressRefused { .. }) => End::AddressRefused,
        Err(other) => panic!("unexpected: {other}"),
    }
}

/// The whole table: what the vendor always does, then how often it is sent and how that ends, for a read, an
/// idempotent change and one that must not be repeated.
fn table() -> Vec<(Reply, [(usize, End); 3])> {
    use End::*;
    let mut rows = vec![
        (Reply::status(429), [(6, RateLimited), (6, RateLimited), (6, RateLimited)]),
        (Reply::status(429).with("retry-after", 2), [(6, RateLimited), (6, RateLimited), (6, RateLimited)]),
        (Reply::status(503), [(6, Unavailable), (6, Unavailable), (1, Unknown)]),
        (Reply::status(503).with("retry-after", 2), [(6, RateLimited), (6, RateLimited), (6, RateLimited)]),
        (Reply::status(503).with("retry-after", "soon"), [(6, Unavailable), (6, Unavailable), (1, Unknown)]),
        (Reply::status(401), [(1, Rejected), (1, Rejected), (1, Rejected)]),
        (Reply::status(403), [(1, Forbidden), (1, Forbidden), (1, Forbidden)]),
        (Reply::Fail(FailureKind::NotSent), [(6, Unreachable), (6, Unreachable), (6, Unreachable)]),
        (Reply::Fail(FailureKind::Certificate), [(1, Unreachable), (1, Unreachable), (1, Unreachable)]),
        (Reply::Fail(FailureKind::AddressRefused), [(1, AddressRefused), (1, AddressRefused), (1, AddressRefused)]),
        (Reply::Fail(FailureKind::Lost), [(6, Interrupted), (1, Unknown), (1, Unknown)]),
        (Reply::Fail(FailureKind::TimedOut), [(6, Interrupted), (1, Unknown), (1, Unknown)]),
        (Reply::CutShort(200), [(6, Interrupted), (1, Unknown), (1, Unknown)]),
        (Reply::CutShort(404), [(1, Answer), (1, Answer), (1, Answer)]),
        (Reply::Silence, [(6, Interrupted), (1, Unknown), (1, Unknown)]),
        (Reply::Drip, [(6, Interrupted), (1, Unknown), (1, Unknown)]),
    ];
    for status in [408, 502, 504] {
        rows.push((Reply::status(status), [(6, Unavailable), (6, Unknown), (1, Unknown)]));
    }
    for status in [500, 505, 520, 599] {
        rows.push((Reply::status(status), [(6, Unavailable), (1, Unknown), (1, Unknown)]));
    }
    for status in [200, 201, 204, 304, 400, 402, 404, 405, 409, 410, 412, 413, 422, 501] {
        rows.push((Reply::status(status), [(1, Answer), (1, Answer), (1, Answer)]));
    }
    for status in [301, 307, 308] {
        rows.push((Reply::status(status), [(1, Redirected), (1, Redirected), (1, Redirected)]));
    }
    for status in [302, 303] {
        rows.push((Reply::status(status), [(1, Redirected), (1, Unknown), (1, Unknown)]));
    }
    rows
}

#[tokio::test(start_paused = true)]
async fn only_what_is_safe_to_repeat_is_repeated() {
    for (reply, columns) in table() {
        let safeties = [Safety::Read, Safety::Idempotent, Safety::Once];
        for (safety, (sent, expected)) in safeties.into_iter().zip(columns) {
            let vendor = Vendor::replying([reply.clone()]);
            let mut settings = settings(&vendor);
            settings.limits.waiting = Duration::from_hours(1);
            let result = send(&Client::new(settings).unwrap(), safety).await;
            assert_eq!((vendor.requests(), end(&result)), (sent, expected), "{safety:?} answered with {reply:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_passes_is_not_noticed_by_the_caller() {
    for reply in [Reply::status(502), Reply::status(429), Reply::Fail(FailureKind::NotSent)] {
        let vendor = Vendor::replying([reply, Reply::body(200, "{}")]);
        let client = client(&vendor);
        assert_eq!(send(&client, Safety::Idempotent).await.unwrap().body, "{}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_an_earlier_attempt_may_have_done_never_ends_as_not_done() {
    let endings = [
        Reply::Fail(FailureKind::NotSent),
        Reply::status(503),
        Reply::status(429),
        Reply::status(401),
        Reply::status(403),
        Reply::status(429).with("retry-after", 3000),
    ];
    for ending in endings {
        let vendor = Vendor::replying([Reply::status(504), ending.clone()]);
        let result = send(&client(&vendor), Safety::Idempotent).await;
        assert_eq!(end(&result), End::Unknown, "{ending:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_budget_is_reported_at_once() {
    let vendor = Vendor::replying([Reply::status(429).with("retry-after", 301)]);
    let client = client(&vendor);
    let started = tokio::time::Instant::now();
    let Err(HttpError::RateLimited { wait, .. }) = send(&client, Safety::Once).await else { panic!("not limited") };
    assert_eq!((wait, started.elapsed()), (Duration::from_secs(301), Duration::ZERO));
    // Nor does anything else go out before.
    assert_eq!(end(&send(&client, Safety::Read).await), End::RateLimited);
    assert_eq!(vendor.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_time_for_waiting_is_one_budget_for_all_calls_of_a_client_until_it_is_renewed() {
    let limited = || Reply::status(429).with("retry-after", 200);
    let vendor = Vendor::replying([limited(), Reply::status(200), limited(), Reply::status(200)]);
    let client = client(&vendor);
    assert_eq!(end(&send(&client, Safety::Read).await), End::Answer);
    assert_eq!(end(&send(&client, Safety::Read).await), End::RateLimited);
    client.renew_waiting();
    assert_eq!(end(&send(&client, Safety::Read).await), End::Answer);
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_at_the_same_time_spend_the_budget_once() {
    let limited = || Reply::status(429).with("retry-after", 200);
    let vendor = Vendor::slow(Duration::from_secs(1), [limited(), limited(), limited(), limited(), Reply::status(200)]);
    let client = client(&vendor);
    let results = futures::future::join_all((0..4).map(|_| send(&client, Safety::Read))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_and_waits_are_told() {
    let vendor = Vendor::replying([Reply::status(429).with("retry-after", 7), Reply::status(200)]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut settings = settings(&vendor);
    let telling = Arc::clone(&told);
    settings.watch = Watch::by(move |news| telling.lock().unwrap().push(news.clone()));
    send(&Client::new(settings).unwrap(), Safety::Read).await.unwrap();
    let host = "api.vendor.example".to_owned();
    let wait = News::Waits(Wait { host, duration: Duration::from_secs(7), why: Why::Limited });
    assert_eq!(*told.lock().unwrap(), [News::Sent, wait, News::Sent]);
}

#[tokio::test(start_paused = true)]
async fn every_request_that_was_sent_is_counted_and_no_other() {
    let not_sent = || Reply::Fail(FailureKind::NotSent);
    let vendor = Vendor::replying([not_sent(), Reply::status(502), Reply::status(200)]);
    let client = client(&vendor);
    send(&client, Safety::Read).await.unwrap();
    send(&client, Safety::Once).await.unwrap();
    assert_eq!(client.calls(), Calls { reads: 2, writes: 1 });
    assert_eq!(client.reader().calls(), client.calls());
}

#[tokio::test(start_paused = true)]
async fn after_a_rejection_nothing_is_sent_until_there_is_a_new_client() {
    let vendor = Vendor::replying([Reply::status(401), Reply::status(200)]);
    let settings = settings(&vendor);
    let client = Client::new(settings.clone()).unwrap();
    for safety in [Safety::Read, Safety::Once, Safety::Read] {
        assert_eq!(end(&send(&client, safety).await), End::Rejected);
    }
    assert_eq!(vendor.requests(), 1);
    assert_eq!(end(&send(&Client::new(settings).unwrap(), Safety::Read).await), End::Answer);
}

#[test]
fn the_back_off_has_full_jitter_below_a_doubling_ceiling() {
    for (attempt, ceiling) in [(1, 500), (2, 1000), (3, 2000), (8, 60_000), (4_000_000_000, 60_000)] {
        assert_eq!(back_off(attempt, 0), Duration::ZERO);
        assert_eq!(back_off(attempt, ceiling), Duration::from_millis(ceiling));
        assert!((0..5000).all(|random| back_off(attempt, random * 7919) <= Duration::from_millis(ceiling)));
    }
}
