//! `/metrics`, `/healthz`, `/readyz`: three answers without a body to read, behind limits of their own.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::metrics::Metrics;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 64;
/// How long a client may take for its request's head.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection may last in all.
const CONNECTION: Duration = Duration::from_mins(1);
/// How long to wait after an accept that failed: for want of file descriptors, mostly.
const PAUSE: Duration = Duration::from_millis(100);

/// What is in the way in the cluster.
pub(super) const CLUSTER: &str = "cluster";
/// What is in the way to writing to the store: another writer, or no store.
pub(super) const LEASE: &str = "lease";
/// What keeps the store from being used by its writer.
pub(super) const STORE: &str = "store";

/// Whether we are ready, and what keeps us from it.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    state: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    /// What keeps us from working, by what it is about. Nothing: ready.
    obstacles: BTreeMap<&'static str, String>,
    /// Who works while we wait to go on where that one stops.
    standby: Option<String>,
}

impl Readiness {
    /// Says what keeps us from working as far as `about` goes; `None` takes it back.
    pub(super) fn set(&self, about: &'static str, obstacle: Option<String>) {
        let obstacles = &mut self.state().obstacles;
        match obstacle {
            Some(obstacle) => obstacles.insert(about, obstacle),
            None => obstacles.remove(about),
        };
    }

    /// Another process is the writer; `None` when that is over. Standing by is all that a second replica can do: it is
    /// ready whatever else is not begun yet, or no rolling update of two replicas could ever end. What is in the way in
    /// the cluster counts, though: it could not take over.
    pub(super) fn stand_by(&self, behind: Option<String>) {
        self.state().standby = behind;
    }

    fn state(&self) -> MutexGuard<'_, Standing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> Result<String, String> {
        let state = self.state();
        if let Some(behind) = &state.standby {
            let standing_by = format!("standing by: {behind}\n");
            return match state.obstacles.get(CLUSTER) {
                Some(obstacle) => Err(format!("{standing_by}{CLUSTER}: {obstacle}\n")),
                None => Ok(standing_by),
            };
        }
        if state.obstacles.is_empty() {
            return Ok("ready\n".to_owned());
        }
        let lines: Vec<String> =
            state.obstacles.iter().map(|(about, obstacle)| format!("{about}: {obstacle}")).collect();
        Err(lines.join("\n") + "\n")
    }
}

/// What the answers are made from.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) metrics: Arc<Metrics>,
    pub(super) readiness: Arc<Readiness>,
}

/// Listens at `address`.
pub(super) async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers until the stop, then lets answers under way end.
pub(super) async fn serve(listener: TcpListener, answers: Answers, stop: CancellationToken) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .with_state(answers);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (Ok(place), Ok((stream, _))) => {
                let router = router.clone();
                connections.spawn(async move {
                    let _place = place;
                    connection(stream, router).await;
                });
            }
            (_, Err(error)) => {
                tracing::debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
            (Err(_), _) => break,
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // Whatever ends it early is the client's to see.
    let _ = tokio::time::timeout(CONNECTION, served).await;
}

async fn metrics(State(answers): State<Answers>) -> Response {
    const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match answers.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, FORM)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(answers): State<Answers>) -> Response {
    match answers.readiness.text() {
        Ok(text) => text.into_response(),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, text).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_by_is_ready_once_it_could_work_and_who_works_when_nothing_is_in_the_way() {
        let readiness = Readiness::default();
        readiness.set(LEASE, Some("not the writer of the store yet".to_owned()));
        readiness.set(CLUSTER, Some("the API server has not answered yet".to_owned()));
        assert!(readiness.text().is_err());
        readiness.stand_by(Some("a is the writer".to_owned()));
        let unfit = "standing by: a is the writer\ncluster: the API server has not answered yet\n";
        assert_eq!(readiness.text().unwrap_err(), unfit);
        readiness.set(CLUSTER, None);
        assert_eq!(readiness.text().unwrap(), "standing by: a is the writer\n");
        readiness.set(CLUSTER, Some("not listed completely yet".to_owned()));
        readiness.stand_by(None);
        readiness.set(LEASE, None);
        assert_eq!(readiness.text().unwrap_err(), "cluster: not listed completely yet\n");
        readiness.set(CLUSTER, None);
        assert_eq!(readiness.text().unwrap(), "ready\n");
    }
}
