//! A way to an HTTP server that notes every request: "nothing was changed there" is a count, not a belief.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use super::install_tls_provider;

/// No test sends more than this in one body.
const LARGEST_BODY: usize = 64 << 20;

/// A server on the loopback address that hands every request on to another, and gives back its answer as it is. It ends
/// with this value.
pub(crate) struct Recorder {
    /// What a client is configured with in place of the address of the server behind.
    pub(crate) base: String,
    way: Arc<Way>,
    server: JoinHandle<()>,
}

/// One request that came by.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// After the base, with its query: `/Users?count=100`.
    pub(crate) path: String,
    /// Null where there was none, or none that is JSON.
    pub(crate) body: Value,
    /// None until the server behind has answered.
    pub(crate) status: Option<u16>,
}

struct Way {
    /// The scheme and the address of the server behind.
    origin: String,
    /// The path of its base.
    prefix: String,
    client: Client,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    /// How many requests ever came by.
    count: usize,
    /// Those that are not forgotten, by their number.
    calls: BTreeMap<usize, Call>,
}

impl Call {
    /// Whether it may have changed something. A search by POST (RFC 7644 section 3.4.3) asks only.
    pub(crate) fn changes(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS) && !self.path.ends_with("/.search")
    }
}

impl Recorder {
    /// Stands before the server whose base address this is.
    pub(crate) async fn before(base: &str) -> Self {
        install_tls_provider();
        let url = Url::parse(base).expect("the base of a server is a URL");
        let way = Arc::new(Way {
            origin: url.origin().ascii_serialization(),
            prefix: url.path().trim_end_matches('/').to_owned(),
            client: Client::builder().no_proxy().build().expect("a plain HTTP client can be built"),
            notes: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let base = format!("http://{address}{}", way.prefix);
        let router = Router::new().fallback(hand_on).with_state(Arc::clone(&way));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the recorder serves until it is dropped");
        });
        Self { base, way, server }
    }

    /// All requests that came by, in the order of their arrival.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.way.notes().calls.values().cloned().collect()
    }

    /// Those of them that may have changed something.
    pub(crate) fn changes(&self) -> Vec<Call> {
        self.calls().into_iter().filter(Call::changes).collect()
    }

    /// Begins anew with an empty list.
    pub(crate) fn forget(&self) {
        self.way.notes().calls.clear();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn hand_on(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.expect("a request of the tests is whole and not too long");
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let number = way.note(&head.method, target, &body);
    // With the client's own Host header, so that the addresses in an answer lead here again.
    let mut request = way.client.request(head.method, format!("{}{target}", way.origin)).headers(head.headers);
    if !body.is_empty() {
        request = request.body(body);
    }
    let Ok(answer) = request.send().await else { return failure() };
    way.note_status(number, answer.status());
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let Ok(content) = answer.bytes().await else { return failure() };
    headers.remove(http::header::TRANSFER_ENCODING);
    headers.remove(http::header::CONNECTION);
    let mut response = Response::new(Body::from(content));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn failure() -> Response {
    let mut response = Response::new(Body::from("the server behind the recorder did not answer"));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

impl Way {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().expect("no test panics while it notes a call")
    }

    /// Notes a request at its arrival: one that nobody waits for any more was made as well.
    fn note(&self, method: &Method, target: &str, body: &[u8]) -> usize {
        let path = target.strip_prefix(&self.prefix).unwrap_or(target).to_owned();
        let body = serde_json::from_slice(body).unwrap_or_default();
        let mut notes = self.notes();
        notes.count += 1;
        let number = notes.count;
        notes.calls.insert(number, Call { method: method.clone(), path, body, status: None });
        number
    }

    fn note_status(&self, number: usize, status: StatusCode) {
        if let Some(call) = self.notes().calls.get_mut(&number) {
            call.status = Some(status.as_u16());
        }
    }
}
