//! The client: from a request to a definite answer, with the credential in its one place.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ::http::header::AUTHORIZATION;
use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::exchange::Call;
use super::headers::Quota;
use super::oauth::{self, Token};
use super::rate::{Class, RateSettings};
use super::request::{Get, Request, Response, Safety};
use super::settings::{Auth, Settings};
use super::shared::{Credential, Fingerprint, fingerprint};
use super::transport::Transport;
use super::waiting::Waiting;
use super::watch::News;
use super::{HttpError, auth, redact};

/// How many requests were sent, retries, token requests and discovery included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Requests that change nothing.
    pub reads: u64,
    /// Requests that may change something.
    pub writes: u64,
}

/// What the server last said about the credential's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldQuota {
    /// Calls in all, where it tells.
    pub limit: Option<u32>,
    /// Calls left.
    pub remaining: u32,
    /// When the count starts anew, where it tells.
    pub resets_at: Option<Timestamp>,
}

/// Sends requests to one base with one credential. Clones are the same client.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) settings: Settings,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) credential: Arc<Credential>,
    pub(super) secrets: Vec<SecretString>,
    pub(super) waiting: Waiting,
    header: Option<(HeaderName, HeaderValue)>,
    /// Set by the first 401, with what the vendor said.
    rejected: OnceLock<Option<String>>,
    reads: AtomicU64,
    writes: AtomicU64,
    /// How far the server's clock was ahead of this machine's, by the last answer that told.
    skew: Mutex<Option<SignedDuration>>,
    /// By the last answer that told.
    quota: Mutex<Option<ToldQuota>>,
}

impl Client {
    /// Checks the settings; nothing is sent.
    ///
    /// # Errors
    /// [`HttpError::InvalidUrl`], [`HttpError::CredentialHostMismatch`], [`HttpError::AddressRefused`],
    /// [`HttpError::InvalidCredential`]: each names what to change.
    pub fn new(settings: Settings) -> Result<Self, HttpError> {
        settings.check(&settings.base)?;
        if settings.base.query().is_some() || settings.base.fragment().is_some() {
            let host = settings.base.host_str().unwrap_or_default().to_owned();
            return Err(HttpError::InvalidUrl { host, why: "a base has neither query nor fragment" });
        }
        if let Auth::OAuth2 { token_url, client_id, client_secret, scopes } = &settings.auth {
            settings.check(token_url)?;
            oauth::request(client_id, client_secret, scopes)?;
        }
        let header = auth::header(&settings.auth)?;
        let secrets = auth::secrets(&settings.auth);
        let transport = settings.shared.transport(settings.allow_loopback)?;
        let credential = settings.shared.credential(identity(&settings), settings.rate);
        Ok(Self(Arc::new(Inner {
            settings,
            transport,
            credential,
            secrets,
            waiting: Waiting::default(),
            header,
            rejected: OnceLock::new(),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            skew: Mutex::default(),
            quota: Mutex::default(),
        })))
    }

    /// The same client, unable to change anything.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader(self.clone())
    }

    /// Sends a request and waits for a definite answer, within the limits and the budgets.
    ///
    /// # Errors
    /// See [`HttpError`]. After a change, only [`HttpError::Unknown`] leaves open whether it was done.
    pub async fn send(&self, request: impl Into<Request>) -> Result<Response, HttpError> {
        let Request { method, target, query, headers, body, safety, apart } = request.into();
        let inner = &self.0;
        let url = target.url(&inner.settings.base, &query);
        inner.settings.check(&url)?;
        let mut call = Call { method, url, headers, body, safety, apart, token: None };
        inner.authorise(&mut call).await?;
        let mut response = inner.deliver(&call).await?;
        if response.status == 401 && call.token.is_some() {
            inner.forget(&call).await;
            inner.authorise(&mut call).await?;
            response = inner.deliver(&call).await?;
        }
        inner.note_date(response.server_date);
        if response.status == 401 { Err(inner.reject(&response, &call)) } else { Ok(response) }
    }

    /// What was sent so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        Calls { reads: self.0.reads.load(Ordering::Relaxed), writes: self.0.writes.load(Ordering::Relaxed) }
    }

    /// How far the server's clock is ahead of this machine's, by the `Date` of its last answer; `None` where it tells
    /// none.
    #[must_use]
    pub fn clock_skew(&self) -> Option<SignedDuration> {
        *self.0.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server last said about the quota; `None` where it says nothing of it.
    #[must_use]
    pub fn quota(&self) -> Option<ToldQuota> {
        *self.0.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How fast the credential may be used.
    #[must_use]
    pub fn rate(&self) -> RateSettings {
        self.0.settings.rate
    }

    /// Gives the full budget for waiting again, at the start of a pass.
    pub fn renew_waiting(&self) {
        self.0.waiting.renew(Instant::now());
    }

    /// The base URL.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.0.settings.base
    }

    /// A mark that changes with the credential and tells nothing about it: for what was learnt by one credential and is
    /// not true of another.
    #[must_use]
    pub fn credential_mark(&self) -> String {
        let digest = identity(&self.0.settings);
        let mark = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        format!("{mark:016x}")
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// A client that can only read. There is no way back to the client it came from.
#[derive(Debug, Clone)]
pub struct Reader(Client);

impl Reader {
    /// Sends a read.
    ///
    /// # Errors
    /// As [`Client::send`], but never [`HttpError::Unknown`].
    pub async fn get(&self, get: Get) -> Result<Response, HttpError> {
        self.0.send(get).await
    }

    /// What the client and all its readers sent so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.0.calls()
    }

    /// See [`Client::clock_skew`].
    #[must_use]
    pub fn clock_skew(&self) -> Option<SignedDuration> {
        self.0.clock_skew()
    }

    /// The base URL.
    #[must_use]
    pub fn base(&self) -> &Url {
        self.0.base()
    }

    /// Tells whoever watches how far a listing of `what` came, and how many rows it has where that is known.
    pub(crate) fn listed(&self, what: &'static str, rows: u64, of: Option<u64>) {
        self.0.0.settings.watch.tell(|| News::Listed { what, rows, of });
    }
}

impl Inner {
    fn note_date(&self, date: Option<Timestamp>) {
        if let Some(date) = date {
            let skew = date.duration_since(Timestamp::now());
            *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(skew);
        }
    }

    /// Takes note of what an answer said about the quota.
    pub(super) fn note_quota(&self, quota: Quota, now: Timestamp) {
        let Some(remaining) = quota.remaining else { return };
        let resets_in = quota.resets_in.and_then(|resets_in| SignedDuration::try_from(resets_in).ok());
        let resets_at = resets_in.and_then(|resets_in| now.checked_add(resets_in).ok());
        let told = ToldQuota { limit: quota.limit, remaining, resets_at };
        *self.quota.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// Counts a request that goes out; `false` takes it back when it turns out that it did not.
    pub(super) fn count(&self, class: Class, sent: bool) {
        let counter = if class == Class::Read { &self.reads } else { &self.writes };
        if sent {
            counter.fetch_add(1, Ordering::Relaxed);
        } else {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Puts the credential on a call, unless it was rejected before.
    async fn authorise(&self, call: &mut Call) -> Result<(), HttpError> {
        if let Some(detail) = self.rejected.get() {
            return Err(HttpError::CredentialsRejected { detail: detail.clone() });
        }
        if let Some((name, value)) = &self.header {
            call.headers.insert(name.clone(), value.clone());
            return Ok(());
        }
        let token = self.token().await?;
        call.headers.insert(AUTHORIZATION, auth::bearer(&token).map_err(|_| HttpError::InvalidToken)?);
        call.token = Some(token);
        Ok(())
    }

    /// A fresh access token. Those who need one at the same time wait for one request.
    async fn token(&self) -> Result<SecretString, HttpError> {
        let Auth::OAuth2 { token_url, scopes, client_id, client_secret } = &self.settings.auth else {
            return Err(HttpError::InvalidToken);
        };
        let mut kept = self.credential.token.lock().await;
        if let Some(Token { value, fresh_until }) = &*kept
            && *fresh_until > Instant::now()
        {
            return Ok(value.clone());
        }
        let (headers, body) = oauth::request(client_id, client_secret, scopes)?;
        let (method, url) = (Method::POST, token_url.clone());
        let call = Call { method, url, headers, body, safety: Safety::Read, apart: false, token: None };
        let response = self.deliver(&call).await?;
        // Section 5.2: a wrong client is 400 or 401, and no retry makes it right.
        if matches!(response.status, 400 | 401) {
            return Err(self.reject(&response, &call));
        }
        if !response.is_success() {
            return Err(HttpError::InvalidToken);
        }
        let token = oauth::token(&response.body, Instant::now())?;
        let value = token.value.clone();
        *kept = Some(token);
        Ok(value)
    }

    /// Drops the token that a call was rejected with, unless somebody has renewed it meanwhile.
    async fn forget(&self, call: &Call) {
        let mut kept = self.credential.token.lock().await;
        let rejected = call.token.as_ref().map(ExposeSecret::expose_secret);
        if kept.as_ref().map(|token| token.value.expose_secret()) == rejected {
            *kept = None;
        }
    }

    /// Opens the circuit for good.
    fn reject(&self, response: &Response, call: &Call) -> HttpError {
        let detail = redact::detail(&response.body, &self.hidden(call));
        let _ = self.rejected.set(detail.clone());
        HttpError::CredentialsRejected { detail }
    }

    /// All that must not show in what comes back for a call.
    pub(super) fn hidden(&self, call: &Call) -> Vec<SecretString> {
        self.secrets.iter().chain(&call.token).cloned().collect()
    }

    /// The headers of a call as they go out.
    pub(super) fn outgoing_headers(&self, call: &Call) -> HeaderMap {
        use ::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, USER_AGENT};
        let mut headers = call.headers.clone();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        // A compressed body would escape the cap on its size.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        // RFC 9110 section 8.6; the stack below leaves it out, and some servers answer 411.
        if call.body.is_empty() && [Method::POST, Method::PUT, Method::PATCH].contains(&call.method) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        headers.insert(USER_AGENT, HeaderValue::from_static(self.settings.user_agent));
        headers
    }
}

/// What the vendor's limits belong to: the credential on its host.
fn identity(settings: &Settings) -> Fingerprint {
    let port = settings.base.port_or_known_default().unwrap_or_default().to_string();
    let mut parts = vec![settings.base.host_str().unwrap_or_default(), &port];
    match &settings.auth {
        Auth::Bearer(token) => parts.extend(["bearer", token.expose_secret()]),
        Auth::Header { name, prefix, token } => parts.extend(["header", name, prefix, token.expose_secret()]),
        Auth::Basic { username, password } => {
            parts.extend(["basic", username.expose_secret(), password.expose_secret()]);
        }
        Auth::OAuth2 { token_url, scopes, client_id, client_secret } => {
            parts.extend(["oauth2", token_url.as_str(), client_id.expose_secret(), client_secret.expose_secret()]);
            parts.extend(scopes.iter().map(String::as_str));
        }
    }
    fingerprint(parts)
}
