//! The one place where a secret becomes a header. The header is marked sensitive, so that its debug form hides it.

use ::http::header::AUTHORIZATION;
use ::http::{HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::HttpError;
use super::settings::Auth;

/// What `application/x-www-form-urlencoded` leaves as it is, but for the space, which is `%20` here.
pub(super) const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// Headers that a credential must not be put in: they have a meaning of their own, or we set them ourselves.
const NOT_FOR_SECRETS: [&str; 9] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
];

/// The header of a credential that needs no token request first.
pub(super) fn header(auth: &Auth) -> Result<Option<(HeaderName, HeaderValue)>, HttpError> {
    match auth {
        Auth::Bearer(token) => Ok(Some((AUTHORIZATION, bearer(token)?))),
        Auth::Header { name, prefix, token } => {
            let name = HeaderName::try_from(name.as_str())
                .ok()
                .filter(|name| !NOT_FOR_SECRETS.contains(&name.as_str()))
                .ok_or(HttpError::InvalidCredential { why: "the name of its header cannot be used" })?;
            Ok(Some((name, sensitive(prefix, token)?)))
        }
        Auth::Basic { username, password } => Ok(Some((AUTHORIZATION, basic(username, password)?))),
        Auth::OAuth2 { .. } => Ok(None),
    }
}

/// `Bearer …`.
pub(super) fn bearer(token: &SecretString) -> Result<HeaderValue, HttpError> {
    sensitive("Bearer ", token)
}

/// `Basic …`.
pub(super) fn basic(username: &SecretString, password: &SecretString) -> Result<HeaderValue, HttpError> {
    if username.expose_secret().contains(':') {
        return Err(HttpError::InvalidCredential { why: "a user name for HTTP Basic cannot contain a colon" });
    }
    sensitive("Basic ", &basic_value(username, password))
}

/// Every form in which a credential could come back in a vendor's message.
pub(super) fn secrets(auth: &Auth) -> Vec<SecretString> {
    match auth {
        Auth::Bearer(token) | Auth::Header { token, .. } => vec![token.clone()],
        Auth::Basic { username, password } => {
            vec![basic_value(username, password), password.clone(), username.clone()]
        }
        Auth::OAuth2 { client_id, client_secret, .. } => {
            let basic = basic_value(&form_encoded(client_id), &form_encoded(client_secret));
            vec![basic, client_secret.clone()]
        }
    }
}

/// A client id or secret as it becomes user name or password (RFC 6749 section 2.3.1).
pub(super) fn form_encoded(secret: &SecretString) -> SecretString {
    utf8_percent_encode(secret.expose_secret(), FORM).to_string().into()
}

fn basic_value(username: &SecretString, password: &SecretString) -> SecretString {
    STANDARD.encode(format!("{}:{}", username.expose_secret(), password.expose_secret())).into()
}

fn sensitive(prefix: &str, secret: &SecretString) -> Result<HeaderValue, HttpError> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return Err(HttpError::InvalidCredential { why: "it is empty" });
    }
    if !secret.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || secret.trim() != secret {
        let why = "it contains a line break, a space at an end or a character that is not ASCII";
        return Err(HttpError::InvalidCredential { why });
    }
    let mut value = HeaderValue::try_from(format!("{prefix}{secret}"))
        .map_err(|_| HttpError::InvalidCredential { why: "its prefix cannot be sent" })?;
    value.set_sensitive(true);
    Ok(value)
}
