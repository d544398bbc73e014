//! OAuth 2.0 client credentials (RFC 6749 section 4.4): the token request and what its answer means.

use std::time::Duration;

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use percent_encoding::utf8_percent_encode;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::Instant;

use super::{HttpError, auth, check_depth};

/// How long a token counts as fresh if the server does not say.
const DEFAULT_LIFE: u64 = 300;

/// A token is renewed this long before it ends, so that it does not end on the way.
const MARGIN: Duration = Duration::from_mins(1);

/// A token answer is small and flat.
const ANSWER_BYTES: usize = 64 * 1024;
const ANSWER_DEPTH: usize = 8;

/// An access token, kept in memory alone.
pub(super) struct Token {
    pub(super) value: SecretString,
    pub(super) fresh_until: Instant,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

/// Headers and body of the token request.
pub(super) fn request(
    client_id: &SecretString,
    client_secret: &SecretString,
    scopes: &[String],
) -> Result<(HeaderMap, Bytes), HttpError> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, auth::basic(&auth::form_encoded(client_id), &auth::form_encoded(client_secret))?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut body = "grant_type=client_credentials".to_owned();
    if !scopes.is_empty() {
        body.push_str("&scope=");
        body.extend(utf8_percent_encode(&scopes.join(" "), auth::FORM));
    }
    Ok((headers, body.into()))
}

/// Reads the answer to a token request; only bearer tokens are understood.
pub(super) fn token(body: &[u8], now: Instant) -> Result<Token, HttpError> {
    if body.len() > ANSWER_BYTES {
        return Err(HttpError::InvalidToken);
    }
    check_depth(body, ANSWER_DEPTH)?;
    let answer: Answer = serde_json::from_slice(body).map_err(|_| HttpError::InvalidToken)?;
    let bearer = answer.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    if !bearer || answer.access_token.is_empty() {
        return Err(HttpError::InvalidToken);
    }
    // Some servers write the number as a string.
    let life = answer.expires_in.and_then(|life| life.as_u64().or_else(|| life.as_str()?.parse().ok()));
    let life = Duration::from_secs(life.unwrap_or(DEFAULT_LIFE).min(24 * 3600));
    // A token that lives shorter than the margin is used for half of its life.
    let fresh = life.saturating_sub(MARGIN).max(life / 2);
    Ok(Token { value: answer.access_token.into(), fresh_until: now + fresh })
}
