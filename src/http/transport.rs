//! The seam to the wire: one exchange, no policy. The real one is reqwest over rustls; tests put a world of their own.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use super::HttpError;
use super::address::may_connect;

/// How long a connection may take, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept: shorter than servers do, as one that they close under a change makes its
/// outcome unknown.
const IDLE: Duration = Duration::from_secs(20);

/// The most headers of an answer over HTTP/1, and their bytes over HTTP/2.
const HEADERS: usize = 100;
const HEADER_BYTES: u32 = 64 * 1024;

/// One request as it goes out. Its headers hold the credential: never print it.
pub struct Outgoing {
    /// Method.
    pub method: ::http::Method,
    /// Where to; already checked.
    pub url: Url,
    /// Headers, the credential's among them.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// The head of an answer, and its body as it comes.
pub struct Incoming {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body in pieces.
    pub body: BoxStream<'static, Result<Bytes, TransportError>>,
}

/// How far an exchange came before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No connection: certainly not sent, and worth another try.
    NotSent,
    /// The certificate is wrong: certainly not sent, and another try changes nothing.
    Certificate,
    /// The name leads to an address that is not public: certainly not sent.
    AddressRefused,
    /// The connection broke when the request may have arrived.
    Lost,
    /// The time ran out when the request may have arrived.
    TimedOut,
}

/// A failed exchange. Its cause names no URL.
#[derive(Debug)]
pub struct TransportError {
    /// How far it came.
    pub kind: FailureKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl TransportError {
    /// A failure without a further cause.
    #[must_use]
    pub fn new(kind: FailureKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            FailureKind::NotSent => "cannot connect",
            FailureKind::Certificate => "the server's certificate is not valid for this host",
            FailureKind::AddressRefused => "the host has no public address",
            FailureKind::Lost => "the connection was lost",
            FailureKind::TimedOut => "the server took too long",
        })
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// Carries one request to the server and its answer back. It neither retries nor follows redirects nor waits for ever
/// on a connection; deadlines, limits and policy are the client's.
pub trait Transport: Send + Sync {
    /// One exchange, up to the headers of the answer.
    fn exchange(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>>;
}

/// Turns a name into addresses.
pub(super) trait Lookup: Send + Sync {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The resolver of the operating system.
struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
    }
}

/// Hands on only addresses that we may connect to, so that what was checked and what is connected to are the same.
struct CheckedResolver {
    lookup: Arc<dyn Lookup>,
    allow_loopback: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("an address of the host is not public")]
struct Refused;

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let allow_loopback = self.allow_loopback;
        let addresses = self.lookup.lookup(host.clone());
        Box::pin(async move {
            let addresses = addresses.await?;
            // One bad address condemns the name: mixed answers are what rebinding looks like.
            if addresses.is_empty() || !addresses.iter().all(|found| may_connect(&host, found.ip(), allow_loopback)) {
                return Err(Refused.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The transport over reqwest and rustls.
pub(super) struct Wire {
    client: reqwest::Client,
    allow_loopback: bool,
}

impl Wire {
    pub(super) fn new(allow_loopback: bool) -> Result<Self, HttpError> {
        Self::with_lookup(allow_loopback, Arc::new(SystemLookup))
    }

    pub(super) fn with_lookup(allow_loopback: bool, lookup: Arc<dyn Lookup>) -> Result<Self, HttpError> {
        super::install_crypto_provider();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .https_only(!allow_loopback)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .http1_max_headers(HEADERS)
            .http2_max_header_list_size(HEADER_BYTES)
            .dns_resolver(CheckedResolver { lookup, allow_loopback })
            .build()
            .map_err(|error| HttpError::Setup(Box::new(error)))?;
        Ok(Self { client, allow_loopback })
    }
}

impl Transport for Wire {
    fn exchange(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        Box::pin(async move {
            let host = request.url.host_str().unwrap_or_default().to_owned();
            let mut outgoing = self.client.request(request.method, request.url).headers(request.headers);
            if !request.body.is_empty() {
                outgoing = outgoing.body(request.body);
            }
            let response = outgoing.send().await.map_err(failure)?;
            // Literal hosts skip the resolver; they were checked in the URL, and here once more as connected.
            if response.remote_addr().is_some_and(|peer| !may_connect(&host, peer.ip(), self.allow_loopback)) {
                return Err(TransportError::new(FailureKind::AddressRefused));
            }
            Ok(Incoming {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: response.bytes_stream().map_err(failure).boxed(),
            })
        })
    }
}

/// Says how far a request came, from the chain of causes.
fn failure(error: reqwest::Error) -> TransportError {
    let connecting = error.is_connect();
    let mut kind = if connecting { FailureKind::NotSent } else { FailureKind::Lost };
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.is::<Refused>() {
            kind = FailureKind::AddressRefused;
        } else if connecting && is_certificate(error) {
            kind = FailureKind::Certificate;
        }
        // An I/O error gives the cause of what it wraps as its own, and so hides what it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped));
    }
    TransportError { kind, source: Some(Box::new(error.without_url())) }
}

fn is_certificate(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<rustls::Error>();
    matches!(error, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented))
}
