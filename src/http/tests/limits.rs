//! Bounds on what a server can make us hold or wait for.

use std::time::Duration;

use super::world::{Reply, Vendor, send, settings, users};
use crate::http::{Client, FailureKind, Get, HttpError, Request, Safety, check_depth};

fn tight(vendor: &std::sync::Arc<Vendor>) -> Client {
    let mut settings = settings(vendor);
    settings.limits.body = 100;
    settings.limits.attempts = 1;
    Client::new(settings).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_body_up_to_the_limit_is_read_and_not_a_byte_more() {
    for (length, fits) in [(0, true), (99, true), (100, true), (101, false), (1_000_000, false)] {
        let vendor = Vendor::replying([Reply::body(200, vec![b'x'; length])]);
        let result = send(&tight(&vendor), Safety::Read).await;
        match result {
            Ok(response) => assert!(fits && response.body.len() == length),
            Err(error) => assert!(!fits && matches!(error, HttpError::BodyTooLarge { limit: 100 }), "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_answered_with_too_much_is_unknown() {
    let vendor = Vendor::replying([Reply::body(201, vec![b'x'; 101])]);
    let result = send(&tight(&vendor), Safety::Once).await;
    assert!(matches!(result, Err(HttpError::Unknown { status: Some(201), .. })), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn an_error_page_without_end_is_cut_and_still_an_error() {
    let vendor = Vendor::replying([Reply::body(404, vec![b'x'; 3_000_000])]);
    let response = send(&tight(&vendor), Safety::Read).await.unwrap();
    assert!(response.status == 404 && response.body.len() <= 256 * 1024);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_deadline_for_headers_and_a_drip_with_the_deadline_for_all() {
    for (reply, seconds) in [(Reply::Silence, 30), (Reply::Drip, 120)] {
        let vendor = Vendor::replying([reply]);
        let mut settings = settings(&vendor);
        settings.limits.attempts = 1;
        let started = tokio::time::Instant::now();
        let result = send(&Client::new(settings).unwrap(), Safety::Read).await;
        let Err(HttpError::Interrupted { source, .. }) = result else { panic!("{result:?}") };
        assert_eq!((source.kind, started.elapsed()), (FailureKind::TimedOut, Duration::from_secs(seconds)));
    }
}

#[tokio::test(start_paused = true)]
async fn no_compression_is_asked_for_and_the_servers_clock_is_handed_on() {
    let vendor = Vendor::replying([Reply::status(200).with("date", "Sat, 21 Nov 2026 12:00:42 GMT")]);
    let client = tight(&vendor);
    assert_eq!(client.clock_skew(), None);
    let response = send(&client, Safety::Once).await.unwrap();
    let date = response.server_date.unwrap();
    let skew = date.duration_since(jiff::Timestamp::now());
    assert!(client.clock_skew().is_some_and(|told| told >= skew), "measured when it came");
    assert_eq!(response.server_date.unwrap().to_string(), "2026-11-21T12:00:42Z");
    let arrived = vendor.arrived.lock().unwrap();
    assert_eq!(arrived[0].headers["accept-encoding"], "identity");
    assert_eq!(arrived[0].body, "{}");
    assert!(arrived[0].headers["user-agent"].to_str().unwrap().starts_with("appaccess/"));
}

#[test]
fn a_reader_can_only_ask_for_reads() {
    let request = Request::from(Get::new(users()).query("count", "1"));
    assert_eq!((request.method, request.safety), (::http::Method::GET, Safety::Read));
}

#[test]
fn depth_counts_brackets_outside_of_strings_alone() {
    let rows: [(&str, bool); 9] = [
        ("", true),
        ("[[[]]]", true),
        ("[[[[]]]]", false),
        ("[{\"a\":[]}]", true),
        ("[{\"a\":[{}]}]", false),
        ("\"[[[[[[\"", true),
        ("\"\\\"[[[[[\"", true),
        ("\"\\\\\"[[[[", false),
        ("[],[],[],[],[]", true),
    ];
    for (json, fits) in rows {
        assert_eq!(check_depth(json.as_bytes(), 3).is_ok(), fits, "{json}");
    }
    assert!(matches!(check_depth("[".repeat(1_000_000).as_bytes(), 64), Err(HttpError::TooDeep { limit: 64 })));
}
