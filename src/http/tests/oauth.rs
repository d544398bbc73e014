//! Access tokens: fetched when needed, kept while fresh, renewed once.

use std::sync::Arc;

use futures::future::join_all;

use super::world::{CANARY, Reply, Vendor, send, settings, url};
use crate::http::{Auth, Calls, Client, HttpError, Safety, Settings};

fn oauth(vendor: &Arc<Vendor>) -> Settings {
    let mut settings = settings(vendor);
    let token_url = url("https://login.vendor.example/token");
    settings.hosts = settings.hosts.and(&token_url);
    settings.auth = Auth::OAuth2 {
        token_url,
        scopes: vec!["users:read".to_owned(), "users:write".to_owned()],
        client_id: "our id".into(),
        client_secret: CANARY.into(),
    };
    settings
}

fn token(name: &str, life: &str) -> Reply {
    Reply::body(200, format!(r#"{{"access_token":"{name}","token_type":"Bearer","expires_in":{life}}}"#))
}

fn ok() -> Reply {
    Reply::body(200, "{}")
}

/// The path and credential of each request.
fn log(vendor: &Vendor) -> Vec<(String, String)> {
    let arrived = vendor.arrived.lock().unwrap();
    let credential = |headers: &::http::HeaderMap| headers["authorization"].to_str().unwrap().to_owned();
    arrived.iter().map(|request| (request.url.path().to_owned(), credential(&request.headers))).collect()
}

#[tokio::test(start_paused = true)]
async fn one_token_serves_all_calls_that_need_one_at_the_same_time() {
    let vendor = Vendor::replying([token("t1", "3600"), ok()]);
    let client = Client::new(oauth(&vendor)).unwrap();
    let results = join_all((0..5).map(|_| send(&client, Safety::Read))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(client.calls(), Calls { reads: 6, writes: 0 });
    let arrived = vendor.arrived.lock().unwrap();
    assert_eq!(arrived[0].method, ::http::Method::POST);
    assert_eq!(arrived[0].body, "grant_type=client_credentials&scope=users%3Aread%20users%3Awrite");
    // `our%20id:canary-4f1b-very-secret`
    assert_eq!(arrived[0].headers["authorization"], "Basic b3VyJTIwaWQ6Y2FuYXJ5LTRmMWItdmVyeS1zZWNyZXQ=");
    assert!(arrived[1..].iter().all(|request| request.headers["authorization"] == "Bearer t1"));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_shortly_before_it_ends() {
    for (life, fresh) in [("3600", 3540), ("\"3600\"", 3540), ("60", 30), ("null", 240)] {
        let vendor = Vendor::replying([token("t1", life), ok(), ok(), token("t2", life), ok()]);
        let client = Client::new(oauth(&vendor)).unwrap();
        for wait in [0, fresh - 1, 1] {
            tokio::time::advance(std::time::Duration::from_secs(wait)).await;
            send(&client, Safety::Read).await.unwrap();
        }
        let credentials: Vec<_> = log(&vendor).into_iter().map(|(_, credential)| credential).collect();
        assert_eq!(credentials[1..3], ["Bearer t1", "Bearer t1"], "{life}");
        assert_eq!(credentials[4], "Bearer t2", "{life}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_early_is_renewed_once_and_the_call_goes_on() {
    let vendor = Vendor::replying([token("t1", "3600"), Reply::status(401), token("t2", "3600"), ok()]);
    let client = Client::new(oauth(&vendor)).unwrap();
    send(&client, Safety::Once).await.unwrap();
    let credentials: Vec<_> = log(&vendor).into_iter().map(|(_, credential)| credential).collect();
    assert_eq!((credentials[1].as_str(), credentials[3].as_str()), ("Bearer t1", "Bearer t2"));
}

#[tokio::test(start_paused = true)]
async fn a_second_rejection_ends_it() {
    let vendor = Vendor::replying([token("t1", "9"), Reply::status(401), token("t2", "9"), Reply::status(401)]);
    let client = Client::new(oauth(&vendor)).unwrap();
    for _ in 0..3 {
        let result = send(&client, Safety::Read).await;
        assert!(matches!(result, Err(HttpError::CredentialsRejected { .. })), "{result:?}");
    }
    assert_eq!(vendor.requests(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_client_is_not_tried_again() {
    for status in [400, 401] {
        let vendor = Vendor::replying([Reply::body(status, r#"{"error":"invalid_client"}"#)]);
        let client = Client::new(oauth(&vendor)).unwrap();
        for _ in 0..3 {
            let error = send(&client, Safety::Once).await.unwrap_err();
            assert_eq!((error.reason(), error.detail()), ("CredentialsRejected", Some("invalid_client")));
        }
        assert_eq!(vendor.requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_not_used() {
    let nested = format!(r#"{{"access_token":{}1{}}}"#, "[".repeat(50), "]".repeat(50));
    let rows = [
        "",
        "<html>",
        "{}",
        r#"{"access_token":""}"#,
        r#"{"access_token":"a\nb"}"#,
        r#"{"access_token":7}"#,
        r#"{"access_token":"a","token_type":"mac"}"#,
        nested.as_str(),
    ];
    for body in rows {
        let vendor = Vendor::replying([Reply::body(200, body.to_owned())]);
        let error = send(&Client::new(oauth(&vendor)).unwrap(), Safety::Once).await.unwrap_err();
        assert!(matches!(error, HttpError::InvalidToken | HttpError::TooDeep { .. }), "{body}: {error}");
        assert_eq!(vendor.requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_client_of_the_same_credential_uses_the_same_token() {
    let vendor = Vendor::replying([token("t1", "3600"), ok()]);
    let settings = oauth(&vendor);
    for _ in 0..2 {
        send(&Client::new(settings.clone()).unwrap(), Safety::Read).await.unwrap();
    }
    assert_eq!(vendor.requests(), 3);
}
