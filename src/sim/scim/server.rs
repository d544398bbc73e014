//! The vendor on a socket of the loopback interface: turns HTTP into calls, and faults into what a client sees of them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use futures::stream;
use percent_encoding::percent_decode_str;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    dialect::Dialect,
    exchange::{Answer, Call, Refusal},
    fault::{self, Fault, Kind, Queue},
    journal::{Journal, Recorded},
    state::{Snapshot, State},
    vendor::{self, View},
};

/// Where the vendor's collections begin.
const PREFIX: &str = "/scim/v2";
/// How long a stop waits for requests under way.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What a simulated vendor is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it behaves.
    pub dialect: Dialect,
    /// The bearer token that it takes.
    pub token: String,
    /// Largest request body, in bytes; a larger one is answered with 413.
    pub body_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { dialect: Dialect::default(), token: "simulated-token".to_owned(), body_max: 4 * 1024 * 1024 }
    }
}

impl From<Dialect> for Options {
    fn from(dialect: Dialect) -> Self {
        Self { dialect, ..Self::default() }
    }
}

/// Everything that changes.
#[derive(Debug, Default)]
struct World {
    state: State,
    dialect: Dialect,
    journal: Journal,
    faults: Queue,
}

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    base: String,
    token: String,
    body_max: usize,
    stopped: CancellationToken,
}

impl Inner {
    fn world(&self) -> MutexGuard<'_, World> {
        // A test that failed inside `edit` must not hide its own message behind a poisoned lock.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running vendor. Stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    inner: Arc<Inner>,
    address: SocketAddr,
    task: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a vendor on a free port of the loopback interface.
    pub async fn start(options: impl Into<Options>) -> io::Result<Self> {
        let options = options.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut world = World { dialect: options.dialect, ..World::default() };
        world.state.awkward_ids = world.dialect.awkward_ids;
        let inner = Arc::new(Inner {
            world: Mutex::new(world),
            base: format!("http://{address}{PREFIX}"),
            token: options.token,
            body_max: options.body_max,
            stopped: CancellationToken::new(),
        });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&inner));
        let stopped = inner.stopped.clone();
        let task = tokio::spawn(async move {
            // Serving ends only by the stop; an error of a single connection is the client's to see.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned()).await;
        });
        Ok(Self { inner, address, task: Some(task) })
    }

    /// The address below which the collections are, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.inner.base
    }

    /// The socket that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bearer token that it takes.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// Stops listening, lets held requests go unanswered and waits for the others, at most five seconds.
    pub async fn stop(mut self) {
        self.inner.stopped.cancel();
        if let Some(task) = self.task.take() {
            let handle = task.abort_handle();
            if tokio::time::timeout(STOP_PATIENCE, task).await.is_err() {
                handle.abort();
            }
        }
    }

    /// Queues a fault. Faults befall requests in the order in which they were queued.
    pub fn fault(&self, fault: Fault) {
        self.inner.world().faults.push(fault);
    }

    /// How many faults are still to come.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.inner.world().faults.len()
    }

    /// Forgets all faults that are still to come.
    pub fn clear_faults(&self) {
        self.inner.world().faults.clear();
    }

    /// All requests since the last clearing, oldest first; the oldest beyond 100,000 are dropped.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.inner.world().journal.all()
    }

    /// Forgets all requests and sets the counts to zero.
    pub fn clear_requests(&self) {
        self.inner.world().journal.clear();
    }

    /// How many requests since the last clearing only read.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.inner.world().journal.reads
    }

    /// How many requests since the last clearing asked for a change, whatever became of it.
    #[must_use]
    pub fn mutations(&self) -> u64 {
        self.inner.world().journal.mutations
    }

    /// Seeds or edits what the vendor holds, behind the client's back. Not a request: nothing is recorded.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut State) -> T) -> T {
        edit(&mut self.inner.world().state)
    }

    /// Changes how the vendor behaves from now on.
    pub fn edit_dialect<T>(&self, edit: impl FnOnce(&mut Dialect) -> T) -> T {
        let mut world = self.inner.world();
        let result = edit(&mut world.dialect);
        world.state.awkward_ids = world.dialect.awkward_ids;
        result
    }

    /// The users and groups as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.inner.world().state.snapshot()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.stopped.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn handle(Shared(inner): Shared<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, inner.body_max).await;
    let mut call = call_of(&parts);
    let too_large = body.is_err();
    call.body = body.map(Vec::from).unwrap_or_default();
    let (number, fault) = {
        let mut world = inner.world();
        let number = world.journal.note(recorded(&parts, call.body.len()));
        (number, world.faults.take(&call))
    };
    let response = if too_large {
        let numeric = inner.world().dialect.numeric_error_status;
        to_response(&Refusal::new(413, "the body is too large").into_answer(numeric))
    } else {
        answered(&inner, &call, fault).await
    };
    inner.world().journal.answered(number, response.status().as_u16());
    response
}

fn recorded(parts: &Parts, body_bytes: usize) -> Recorded {
    Recorded {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        status: None,
        body_bytes,
    }
}

fn call_of(parts: &Parts) -> Call {
    let text = |headers: &HeaderMap, name: HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let below = parts.uri.path().strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('/'));
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let query = parts.uri.query().unwrap_or_default();
    Call {
        method: parts.method.to_string(),
        path: below.map(|rest| rest.split('/').map(decode).collect()),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        authorization: text(&parts.headers, header::AUTHORIZATION),
        content_type: text(&parts.headers, header::CONTENT_TYPE),
        if_match: text(&parts.headers, header::IF_MATCH),
        if_none_match: text(&parts.headers, header::IF_NONE_MATCH),
        body: Vec::new(),
    }
}

/// The answer to a call, with what a fault makes of it.
async fn answered(inner: &Inner, call: &Call, fault: Option<Kind>) -> Response {
    match fault {
        None => to_response(&work(inner, call)),
        Some(Kind::Answer { status, headers, content_type, body }) => {
            raw_response(status, &headers, &content_type, body)
        }
        Some(Kind::AfterCommit(status)) => {
            let done = work(inner, call);
            if done.status >= 400 {
                return to_response(&done);
            }
            let numeric = inner.world().dialect.numeric_error_status;
            to_response(&Refusal::new(status, "simulated after the change").into_answer(numeric))
        }
        Some(Kind::CutOff) => cut_off(&work(inner, call)),
        Some(Kind::Truncated(missing)) => {
            let mut answer = work(inner, call);
            let resources = answer.body.as_mut().and_then(|body| body.get_mut("Resources"));
            if let Some(list) = resources.and_then(|list| list.as_array_mut()) {
                list.truncate(list.len().saturating_sub(missing));
            }
            to_response(&answer)
        }
        Some(Kind::Stale) => to_response(&stale(inner, call)),
        Some(Kind::Held { after_commit: false, waiting, released }) => {
            if pause(inner, &waiting, &released).await {
                to_response(&work(inner, call))
            } else {
                gone()
            }
        }
        Some(Kind::Held { after_commit: true, waiting, released }) => {
            let done = work(inner, call);
            if pause(inner, &waiting, &released).await { to_response(&done) } else { gone() }
        }
    }
}

fn work(inner: &Inner, call: &Call) -> Answer {
    let mut world = inner.world();
    let World { state, dialect, .. } = &mut *world;
    vendor::answer(state, dialect, &inner.base, &inner.token, call)
}

fn stale(inner: &Inner, call: &Call) -> Answer {
    let world = inner.world();
    let past = world.state.before_last_write();
    vendor::read(View { state: &past, dialect: &world.dialect, base: &inner.base }, &inner.token, call)
}

/// Waits at a gate; false when the server is being stopped.
async fn pause(
    inner: &Inner,
    waiting: &tokio::sync::watch::Sender<u64>,
    released: &tokio::sync::watch::Receiver<bool>,
) -> bool {
    tokio::select! {
        () = fault::wait(waiting, released) => true,
        () = inner.stopped.cancelled() => false,
    }
}

fn gone() -> Response {
    to_response(&Answer::empty(503))
}

fn to_response(answer: &Answer) -> Response {
    let body = answer.body.as_ref().map(ToString::to_string).unwrap_or_default();
    let content_type = if answer.body.is_some() { appaccess_scim::media::SCIM_JSON } else { "" };
    raw_response(answer.status, &answer.headers, content_type, body)
}

fn raw_response(status: u16, headers: &[(&'static str, String)], content_type: &str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    if !content_type.is_empty() {
        put("content-type", content_type);
    }
    for (name, value) in headers {
        put(name, value);
    }
    response
}

/// An answer that promises its whole length, sends half and closes the connection.
fn cut_off(answer: &Answer) -> Response {
    let whole = answer.body.as_ref().map_or_else(|| "{\"schemas\":[]}".to_owned(), ToString::to_string);
    let half = Bytes::from(whole.clone().into_bytes()).slice(..whole.len() / 2);
    let parts = stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    let mut response = Response::new(Body::from_stream(parts));
    *response.status_mut() = StatusCode::from_u16(answer.status.max(200)).unwrap_or(StatusCode::OK);
    if *response.status_mut() == StatusCode::NO_CONTENT {
        *response.status_mut() = StatusCode::OK;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(appaccess_scim::media::SCIM_JSON));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    response
}
