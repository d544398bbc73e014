//! When a credential ceases to be valid, where it says so itself. Verifies nothing, and nothing is decided by it: that is
//! the app's to do.

use std::sync::{Arc, Mutex, PoisonError};

use appaccess_core::{access::ObjectName, status::Failure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::{api::connector::Roster, connector::Keys, load::Loaded, sync::Credentials};

/// The largest payload of a token that is looked into, in bytes as it is written.
const LARGEST: usize = 16 * 1024;

/// What is known of a credential's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expiry {
    /// The credential was not read.
    #[default]
    NotRead,
    /// It does not say.
    NotSaid,
    /// It says when.
    At(Timestamp),
}

/// Hands out the credentials of another, and notes when the last of them ends.
pub(super) struct Noting {
    from: Arc<dyn Credentials>,
    expiry: Mutex<Expiry>,
}

impl Noting {
    pub(super) fn new(from: Arc<dyn Credentials>) -> Arc<Self> {
        Arc::new(Self { from, expiry: Mutex::default() })
    }

    /// What the last credential that was read says of its end.
    pub(super) fn expiry(&self) -> Expiry {
        *self.expiry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Credentials for Noting {
    fn read<'a>(&'a self, namespace: &'a str, secret: &'a str) -> BoxFuture<'a, Result<Keys, Failure>> {
        Box::pin(async move {
            let keys = self.from.read(namespace, secret).await?;
            let expiry = keys.get("token").and_then(|token| end_of(token.expose_secret()));
            *self.expiry.lock().unwrap_or_else(PoisonError::into_inner) = expiry.map_or(Expiry::NotSaid, Expiry::At);
            Ok(keys)
        })
    }

    fn roster<'a>(
        &'a self,
        loaded: &'a Loaded,
        app: &'a ObjectName,
        roster: &'a Roster,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        self.from.roster(loaded, app, roster)
    }
}

#[derive(Deserialize)]
struct Claims {
    exp: serde_json::Number,
}

/// The end of a JSON Web Token: its claim `exp`, in seconds since 1970 (RFC 7519 section 4.1.4). `None` of anything else.
fn end_of(token: &str) -> Option<Timestamp> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || payload.len() > LARGEST {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    // A number with a fraction is one, too.
    let seconds = claims.exp.as_i64().or_else(|| claims.exp.to_string().split_once('.')?.0.parse().ok())?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    struct Fixed(String);

    impl Credentials for Fixed {
        fn read<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Keys, Failure>> {
            let keys = Keys::from([("token".to_owned(), SecretString::from(self.0.as_str()))]);
            Box::pin(async move { Ok(keys) })
        }
    }

    fn token(claims: &str) -> String {
        format!("eyJhbGciOiJSUzI1NiJ9.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(claims))
    }

    #[tokio::test]
    async fn a_token_that_says_when_it_ends_is_believed_that_and_of_others_nothing_is_guessed() {
        let end = Timestamp::from_second(1_800_000_000).unwrap();
        for (text, expected) in [
            (token(r#"{"exp": 1800000000, "sub": "us"}"#), Expiry::At(end)),
            (token(r#"{"exp": 1800000000.75}"#), Expiry::At(end)),
            (token(r#"{"sub": "us"}"#), Expiry::NotSaid),
            (token(r#"{"exp": "soon"}"#), Expiry::NotSaid),
            (token(r#"{"exp": 1e300}"#), Expiry::NotSaid),
            (token("no claims"), Expiry::NotSaid),
            (token(&format!("{{\"exp\": 1800000000, \"a\": \"{}\"}}", "a".repeat(LARGEST))), Expiry::NotSaid),
            (format!("{}.more", token(r#"{"exp": 1800000000}"#)), Expiry::NotSaid),
            ("an.opaque.token".to_owned(), Expiry::NotSaid),
            ("opaque".to_owned(), Expiry::NotSaid),
        ] {
            let noting = Noting::new(Arc::new(Fixed(text.clone())));
            assert_eq!(noting.expiry(), Expiry::NotRead);
            assert!(noting.read("it", "boards").await.is_ok());
            assert_eq!(noting.expiry(), expected, "{text}");
        }
    }
}
