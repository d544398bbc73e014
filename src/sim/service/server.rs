//! A vendor on a socket of the loopback interface: turns HTTP into calls, and faults into what a client sees of them.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body as HttpBody, to_bytes},
    extract::{Request, State as Shared},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use futures::stream;
use percent_encoding::percent_decode_str;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Answer, Call, Service,
    fault::{self, Fault, Kind, Queue},
    journal::{Journal, Recorded},
};

/// How long a stop waits for requests under way.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Everything that changes.
struct World<S> {
    service: S,
    /// The vendor before its last write, kept while a stale answer is queued.
    past: Option<S>,
    journal: Journal,
    faults: Queue,
}

struct Inner<S> {
    world: Mutex<World<S>>,
    base: String,
    body_max: usize,
    stopped: CancellationToken,
}

impl<S> Inner<S> {
    fn world(&self) -> MutexGuard<'_, World<S>> {
        // A test that failed inside `edit` must not hide its own message behind a poisoned lock.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running vendor. Stops when it is dropped.
pub struct Server<S: Service> {
    inner: Arc<Inner<S>>,
    address: SocketAddr,
    task: Option<JoinHandle<()>>,
}

impl<S: Service> fmt::Debug for Server<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl<S: Service> Server<S> {
    /// Starts a vendor on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn serve(service: S) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            body_max: service.body_max(),
            world: Mutex::new(World { service, past: None, journal: Journal::default(), faults: Queue::default() }),
            base: format!("http://{address}{}", S::PREFIX),
            stopped: CancellationToken::new(),
        });
        let router = Router::new().fallback(handle::<S>).with_state(Arc::clone(&inner));
        let stopped = inner.stopped.clone();
        let task = tokio::spawn(async move {
            // Serving ends only by the stop; an error of a single connection is the client's to see.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned()).await;
        });
        Ok(Self { inner, address, task: Some(task) })
    }

    /// The address below which the vendor's paths are, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.inner.base
    }

    /// The socket that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
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
    pub fn edit<T>(&self, edit: impl FnOnce(&mut S::State) -> T) -> T {
        edit(self.inner.world().service.state())
    }

    /// Looks at the vendor itself, or changes how it behaves from now on.
    pub fn service<T>(&self, work: impl FnOnce(&mut S) -> T) -> T {
        work(&mut self.inner.world().service)
    }
}

impl<S: Service> Drop for Server<S> {
    fn drop(&mut self) {
        self.inner.stopped.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn handle<S: Service>(Shared(inner): Shared<Arc<Inner<S>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, inner.body_max).await;
    let mut call = call_of(&parts, S::PREFIX, &inner.base);
    let too_large = body.is_err();
    call.body = body.map(Vec::from).unwrap_or_default();
    let (number, fault) = {
        let mut world = inner.world();
        let reads = world.service.is_read(&call);
        let number = world.journal.note(recorded(&parts, call.body.len(), reads));
        let is_listing = world.service.is_listing(&call);
        (number, world.faults.take(&call, reads, is_listing))
    };
    let response = if too_large {
        to_response(&inner.world().service.error(413, "the body is too large"))
    } else {
        answered(&inner, &call, fault).await
    };
    inner.world().journal.answered(number, response.status().as_u16());
    response
}

fn recorded(parts: &Parts, body_bytes: usize, reads: bool) -> Recorded {
    Recorded {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        status: None,
        body_bytes,
        reads,
    }
}

fn call_of(parts: &Parts, prefix: &str, base: &str) -> Call {
    let below = parts.uri.path().strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let query = parts.uri.query().unwrap_or_default();
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    Call {
        method: parts.method.to_string(),
        path: below.map(|rest| rest.split('/').map(decode).collect()),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: parts.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect(),
        body: Vec::new(),
        base: base.to_owned(),
    }
}

/// The answer to a call, with what a fault makes of it.
async fn answered<S: Service>(inner: &Inner<S>, call: &Call, fault: Option<Kind>) -> Response {
    match fault {
        None => to_response(&work(inner, call)),
        Some(Kind::Status { status, headers }) => {
            let mut answer = inner.world().service.error(status, "simulated");
            answer.headers.extend(headers);
            to_response(&answer)
        }
        Some(Kind::Answer(answer)) => to_response(&answer),
        Some(Kind::AfterCommit(status)) => {
            let done = work(inner, call);
            if done.status >= 400 {
                return to_response(&done);
            }
            to_response(&inner.world().service.error(status, "simulated after the change"))
        }
        Some(Kind::CutOff) => cut_off(&work(inner, call)),
        Some(Kind::Truncated(missing)) => {
            let mut answer = work(inner, call);
            inner.world().service.truncate(&mut answer, missing);
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

fn work<S: Service>(inner: &Inner<S>, call: &Call) -> Answer {
    let mut world = inner.world();
    if !world.service.is_read(call) && world.faults.expects_stale() {
        world.past = Some(world.service.clone());
    }
    world.service.answer(call)
}

fn stale<S: Service>(inner: &Inner<S>, call: &Call) -> Answer {
    let mut world = inner.world();
    let past = world.service.before_last_write().or_else(|| world.past.take());
    match past {
        Some(mut past) => past.answer(call),
        None => world.service.answer(call),
    }
}

/// Waits at a gate; false when the server is being stopped.
async fn pause<S: Service>(inner: &Inner<S>, waiting: &watch::Sender<u64>, released: &watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = fault::wait(waiting, released) => true,
        () = inner.stopped.cancelled() => false,
    }
}

fn gone() -> Response {
    to_response(&Answer::empty(503))
}

fn to_response(answer: &Answer) -> Response {
    let (content_type, body) = answer.rendered();
    let mut response = Response::new(HttpBody::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    if !content_type.is_empty() {
        put("content-type", content_type);
    }
    for (name, value) in &answer.headers {
        put(name, value);
    }
    response
}

/// An answer that promises its whole length, sends half and closes the connection.
fn cut_off(answer: &Answer) -> Response {
    let (content_type, body) = answer.rendered();
    let whole = if body.is_empty() { "{\"cut\":[]}".to_owned() } else { body };
    let half = Bytes::from(whole.clone().into_bytes()).slice(..whole.len() / 2);
    let parts = stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    let mut response = Response::new(HttpBody::from_stream(parts));
    *response.status_mut() = StatusCode::from_u16(answer.status.max(200)).unwrap_or(StatusCode::OK);
    if *response.status_mut() == StatusCode::NO_CONTENT {
        *response.status_mut() = StatusCode::OK;
    }
    let headers = response.headers_mut();
    let content_type = if content_type.is_empty() { "application/json" } else { content_type };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    response
}
