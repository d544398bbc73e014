//! A secret shows nowhere, whatever a vendor sends back.

use std::fmt::Write as _;

use base64::Engine as _;

use super::world::{CANARY, Reply, Vendor, client, send, settings};
use crate::http::redact::{detail, sanitise};
use crate::http::{Auth, Client, HttpError, Safety, Settings};

/// Everything that a person or a log could see of an error.
fn shown(error: &HttpError) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {:?} {}", error.detail(), error.reason());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(text, " {error} {error:?}");
        cause = error.source();
    }
    text
}

#[tokio::test(start_paused = true)]
async fn an_error_never_shows_the_secret_that_a_vendor_echoes() {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("me:{CANARY}"));
    let kinds = [
        Auth::Bearer(CANARY.into()),
        Auth::Header { name: "x-api-key".into(), prefix: "key ".into(), token: CANARY.into() },
        Auth::Basic { username: "me".into(), password: CANARY.into() },
    ];
    for auth in kinds {
        for status in [400, 401, 403, 408, 429, 500, 502, 503, 599, 307] {
            let message = format!(r#"{{"detail":"bad token {CANARY} or {encoded} or {CANARY}","echo":"{CANARY}"}}"#);
            for body in [message, format!("token {CANARY} {encoded} refused"), format!("<p>{CANARY}")] {
                let vendor = Vendor::replying([Reply::body(status, body).with("location", CANARY)]);
                let client = Client::new(Settings { auth: auth.clone(), ..settings(&vendor) }).unwrap();
                for safety in [Safety::Read, Safety::Once] {
                    if let Err(error) = send(&client, safety).await {
                        let text = shown(&error);
                        let leaks =
                            text.contains(CANARY) || (matches!(auth, Auth::Basic { .. }) && text.contains(&encoded));
                        assert!(!leaks, "{text}");
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_text_of_an_error_is_ours_and_the_vendors_words_are_a_detail() {
    let vendor = Vendor::replying([Reply::body(403, r#"{"detail":"ask Ada for access"}"#)]);
    let error = send(&client(&vendor), Safety::Read).await.unwrap_err();
    assert_eq!(error.to_string(), "the credential is not permitted to do this (403)");
    assert_eq!(error.detail(), Some("ask Ada for access"));
}

#[tokio::test]
async fn debugging_clients_settings_and_answers_shows_no_secret() {
    let vendor = Vendor::replying([Reply::body(200, CANARY)]);
    let basic = Auth::Basic { username: CANARY.into(), password: CANARY.into() };
    for auth in [Auth::Bearer(CANARY.into()), basic] {
        let settings = Settings { auth, ..settings(&vendor) };
        let client = Client::new(settings.clone()).unwrap();
        let response = send(&client, Safety::Read).await.unwrap();
        let text = format!("{settings:#?} {client:#?} {:#?} {response:#?}", client.reader());
        assert!(!text.contains(CANARY), "{text}");
    }
    assert!(!format!("{:?}", vendor.arrived.lock().unwrap()[0].headers).contains(CANARY));
}

#[test]
fn a_detail_is_found_where_vendors_put_it() {
    let rows: [(&str, Option<&str>); 10] = [
        (r#"{"detail":"no such user"}"#, Some("no such user")),
        (r#"{"message":"no such user"}"#, Some("no such user")),
        (r#"{"error":{"code":7,"message":"no such user"}}"#, Some("no such user")),
        (r#"{"error":"invalid_scope","error_description":"unknown scope"}"#, Some("unknown scope")),
        (r#"{"errorSummary":"Api validation failed"}"#, Some("Api validation failed")),
        (r#""no such user""#, Some("no such user")),
        ("  no such user\n", Some("no such user")),
        ("<!doctype html><p>no", None),
        ("{\"detail\":", None),
        ("", None),
    ];
    for (body, expected) in rows {
        assert_eq!(detail(body.as_bytes(), &[]).as_deref(), expected, "{body}");
    }
}

#[test]
fn a_detail_is_one_short_harmless_line() {
    assert_eq!(sanitise("a\n\u{1b}[31mb\u{202e}c\u{200b}", &[]), "a\\u{a}\\u{1b}[31mb\\u{202e}c\\u{200b}");
    let long = sanitise(&"é".repeat(1000), &[]);
    assert_eq!((long.chars().count(), long.ends_with('…')), (301, true));
    let secret = "p@ss word/1".into();
    assert_eq!(sanitise("x p@ss word/1 y p%40ss%20word%2F1 z", &[secret]), "x [redacted] y [redacted] z");
}
