//! A vendor in memory: it answers as told, and remembers what reached it and when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream;
use tokio::time::Instant;
use url::Url;

use crate::http::{
    Auth, Client, FailureKind, Get, HttpError, Incoming, Outgoing, Request, Response, Safety, Settings, Shared, Target,
    Transport, TransportError,
};

/// A token that must never show anywhere.
pub(super) const CANARY: &str = "canary-4f1b-very-secret";

/// One answer of the vendor.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Bytes,
    },
    Fail(FailureKind),
    /// It takes the request and says nothing.
    Silence,
    /// A head, then a byte a second without end.
    Drip,
    /// A head, then the connection breaks.
    CutShort(u16),
}

impl Reply {
    pub(super) fn status(status: u16) -> Self {
        Self::body(status, "")
    }

    pub(super) fn body(status: u16, body: impl Into<Bytes>) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.into() }
    }

    pub(super) fn with(self, name: &'static str, value: impl std::fmt::Display) -> Self {
        match self {
            Self::Answer { status, mut headers, body } => {
                headers.push((name, value.to_string()));
                Self::Answer { status, headers, body }
            }
            other => other,
        }
    }
}

/// A request as it reached the vendor.
pub(super) struct Arrived {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) at: Instant,
}

/// The vendor: replies in order, the last one for ever.
pub(super) struct Vendor {
    replies: Mutex<VecDeque<Reply>>,
    pub(super) arrived: Mutex<Vec<Arrived>>,
    /// How long each answer takes.
    latency: Duration,
    pub(super) in_flight: Mutex<(usize, usize)>,
}

impl Vendor {
    pub(super) fn replying(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Self::slow(Duration::ZERO, replies)
    }

    pub(super) fn slow(latency: Duration, replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self {
            replies: Mutex::new(replies.into_iter().collect()),
            arrived: Mutex::default(),
            latency,
            in_flight: Mutex::default(),
        })
    }

    pub(super) fn requests(&self) -> usize {
        self.arrived.lock().unwrap().len()
    }

    /// Seconds from the first request to each.
    pub(super) fn times(&self) -> Vec<f64> {
        let arrived = self.arrived.lock().unwrap();
        arrived.iter().map(|request| (request.at - arrived[0].at).as_secs_f64()).collect()
    }

    fn next(&self) -> Reply {
        let mut replies = self.replies.lock().unwrap();
        if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() }
    }
}

impl Transport for Vendor {
    fn exchange(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, TransportError>> {
        Box::pin(async move {
            let Outgoing { method, url, headers, body } = request;
            self.arrived.lock().unwrap().push(Arrived { method, url, headers, body, at: Instant::now() });
            {
                let mut in_flight = self.in_flight.lock().unwrap();
                in_flight.0 += 1;
                in_flight.1 = in_flight.1.max(in_flight.0);
            }
            let reply = self.next();
            tokio::time::sleep(self.latency).await;
            self.in_flight.lock().unwrap().0 -= 1;
            answer(reply).await
        })
    }
}

async fn answer(reply: Reply) -> Result<Incoming, TransportError> {
    let lost = || TransportError::new(FailureKind::Lost);
    let incoming = |status, body| Ok(Incoming { status, headers: HeaderMap::new(), body });
    match reply {
        Reply::Fail(kind) => Err(TransportError::new(kind)),
        Reply::Silence => std::future::pending().await,
        Reply::CutShort(status) => incoming(status, stream::iter([Ok(Bytes::from_static(b"{")), Err(lost())]).boxed()),
        Reply::Drip => {
            let drops = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some((Ok(Bytes::from_static(b" ")), ()))
            });
            incoming(200, drops.boxed())
        }
        Reply::Answer { status, headers, body } => {
            let headers = headers
                .into_iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::try_from(value).unwrap()))
                .collect();
            // In pieces, so that the cap is met on the way.
            let pieces: Vec<_> = body.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
            Ok(Incoming { status, headers, body: stream::iter(pieces).boxed() })
        }
    }
}

pub(super) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(super) fn token() -> Auth {
    Auth::Bearer(CANARY.into())
}

/// Settings for a client of `vendor` that keeps out of the way of what is tested: its own pace is fast.
pub(super) fn settings(vendor: &Arc<Vendor>) -> Settings {
    let shared = Shared::over(Arc::clone(vendor) as Arc<dyn Transport>);
    let mut settings = Settings::new(url("https://api.vendor.example/v2"), token(), shared);
    settings.rate.requests = 1000;
    settings.rate.burst = 1000;
    settings
}

pub(super) fn client(vendor: &Arc<Vendor>) -> Client {
    Client::new(settings(vendor)).unwrap()
}

pub(super) fn users() -> Target {
    Target::path(["Users"]).unwrap()
}

/// Sends one request of the given safety.
pub(super) async fn send(client: &Client, safety: Safety) -> Result<Response, HttpError> {
    let request = match safety {
        Safety::Read => Get::new(users()).into(),
        Safety::Idempotent => Request::change(Method::PUT, users(), safety).body("application/json", "{}"),
        Safety::Once => Request::change(Method::POST, users(), safety).body("application/json", "{}"),
    };
    client.send(request).await
}
