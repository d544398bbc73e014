//! The Kubernetes shell: watches in, passes, status, Events and metrics out. Decides nothing about access, and does not
//! know the command line.
//!
//! The watches fill shelves ([`cluster`]); the manager turns them into one picture of everything declared ([`snapshot`])
//! and wakes the worker of each target app to which something new matters; a worker takes its turn: the engine's pass,
//! then the status, the `AccessPlan` and the Event that tell of it. What no pass tells of, the clerk keeps. Every write to
//! the API server goes through the ledger, which writes only what differs.

mod clerk;
mod cluster;
mod deadline;
mod definition;
mod directories;
pub mod events;
mod expiry;
mod guarded;
mod lease;
mod ledger;
mod manager;
mod metrics;
mod secrets;
mod serve;
mod signals;
mod snapshot;
mod standby;
pub mod status;
mod timing;
mod turn;
mod watch;
mod worker;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use kube::Client;
use tokio::{
    sync::{Notify, Semaphore, watch as channel},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use self::{
    cluster::Cluster, events::Events, ledger::Ledger, metrics::Metrics, secrets::ClusterSecrets, serve::Answers,
    serve::Readiness, snapshot::Snapshot,
};
use crate::{
    connector,
    store::{Location, StoreError, Writer},
    sync::{Fleet, Progress, machine_clock},
};

/// Field manager of every write, and the name that Events carry.
const MANAGER: &str = "appaccess";

/// How long answers of apps and of the store are waited for once somebody else is the writer.
const LAST_ANSWERS: Duration = Duration::from_secs(20);

/// What the operator is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The store: the path of a SQLite file, or the URL of a PostgreSQL database that several operators share.
    pub state: Location,
    /// Where `/metrics`, `/healthz` and `/readyz` are served.
    pub listen: SocketAddr,
    /// Accept loopback addresses of apps, plain HTTP among them.
    pub allow_loopback: bool,
    /// How many apps are worked on at once.
    pub concurrency: usize,
    /// Who we are to other writers of the store; the pod's or the host's name where absent. Two processes that run at
    /// the same time must not share it.
    pub identity: Option<String>,
}

/// Why the operator ended.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The configuration of the client names no cluster that can be used.
    #[error("no Kubernetes cluster is configured")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address for metrics and health cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// As it was given.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The store cannot be used.
    #[error("the store cannot be used ({})", .0.remedy())]
    Store(#[from] StoreError),
    /// Somebody else has become the writer of the store.
    #[error("somebody else has become the writer: nothing more was changed")]
    Lost,
    /// A part of the operator ended by a fault of ours.
    #[error("a part of the operator ended by itself; report it with the log around this time")]
    Fault,
}

/// What every part shares.
struct Context {
    cluster: Cluster,
    ledger: Ledger,
    events: Events,
    writer: Writer,
    fleet: Fleet,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
    /// Everything declared; `None` while the cluster cannot be relied on.
    snapshot: channel::Sender<Option<Arc<Snapshot>>>,
    /// Places for passes at the same time, first come, first served.
    places: Semaphore,
    /// Asks all parts to end between two changes.
    stop: CancellationToken,
    /// Somebody else is the writer: nothing may be written any more, not even a status. Ledger and Events see to it.
    lost: CancellationToken,
}

/// Reconciles until SIGTERM or SIGINT, and returns when what was under way has ended.
///
/// # Errors
/// [`OperatorError`]: what keeps it from starting, or from going on.
pub async fn run(options: Options) -> Result<(), OperatorError> {
    let stop = signals::stop();
    let readiness = Arc::new(Readiness::default());
    readiness.set(serve::LEASE, Some("not the writer of the store yet".to_owned()));
    readiness.set(serve::CLUSTER, Some("the API server has not answered yet".to_owned()));
    let metrics = Arc::new(Metrics::new());
    let address = options.listen;
    let listener = serve::listen(address).await.map_err(|source| OperatorError::Listen { address, source })?;
    let quit = CancellationToken::new();
    let answers = Answers { metrics: Arc::clone(&metrics), readiness: Arc::clone(&readiness) };
    let server = tokio::spawn(serve::serve(listener, answers, quit.clone()));
    let outcome = with_store(&options, metrics, readiness, stop).await;
    quit.cancel();
    let _ = server.await;
    outcome
}

/// Opens the store, works as its writer, and gives that back last.
async fn with_store(
    options: &Options,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
    stop: CancellationToken,
) -> Result<(), OperatorError> {
    let client = Client::try_default().await.map_err(|error| OperatorError::Client(Box::new(error)))?;
    let clock = machine_clock();
    let holder: Arc<str> = options.identity.as_deref().map_or_else(lease::identity, Into::into);
    let Some(store) = lease::open(&options.state, &stop, &readiness).await? else { return Ok(()) };
    let taken = tokio::select! {
        taken = lease::take(&store, &holder, &clock, &stop, &readiness) => taken?,
        () = standby::watch(client.clone(), Arc::clone(&readiness)) => None,
    };
    let Some(writer) = taken else { return Ok(()) };
    readiness.set(serve::CLUSTER, Some("not listed completely yet".to_owned()));
    readiness.set(serve::LEASE, None);
    readiness.stand_by(None);
    let (lost, ended) = (CancellationToken::new(), CancellationToken::new());
    let renewing = lease::keep(writer.clone(), Arc::clone(&clock), Arc::clone(&readiness), lost.clone(), ended.clone());
    let renewal = tokio::spawn(renewing);
    let fleet = Fleet {
        connectors: connector::Options {
            allow_loopback: options.allow_loopback,
            clock: Arc::clone(&clock),
            ..connector::Options::default()
        },
        credentials: ClusterSecrets::new(client.clone()),
        clock,
        stop: stop.clone(),
        concurrency: options.concurrency,
        progress: Progress::default(),
    };
    let context = Context {
        cluster: Cluster::new(),
        ledger: Ledger::new(client.clone(), Arc::clone(&metrics), lost.clone()),
        events: Events::new(client.clone(), Arc::clone(&metrics), lost.clone()),
        writer: writer.clone(),
        fleet,
        metrics,
        readiness,
        snapshot: channel::Sender::new(None),
        places: Semaphore::new(options.concurrency.max(1)),
        stop,
        lost: lost.clone(),
    };
    let outcome = work(Arc::new(context), &client).await;
    ended.cancel();
    let _ = renewal.await;
    if lost.is_cancelled() {
        return Err(OperatorError::Lost);
    }
    // Only now that nothing is under way any more.
    if let Err(error) = writer.release().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the lease was not given back; it ends by itself");
    }
    store.close().await;
    outcome
}

/// Runs all parts until the stop, and waits until they have ended.
async fn work(context: Arc<Context>, client: &Client) -> Result<(), OperatorError> {
    let news = Arc::new(Notify::new());
    let mut parts = JoinSet::new();
    context.cluster.follow(client, &news, &context.stop, &mut parts);
    parts.spawn(manager::manage(Arc::clone(&context), news));
    parts.spawn(clerk::keep(Arc::clone(&context)));
    let outcome = tokio::select! {
        () = context.stop.cancelled() => Ok(()),
        () = context.lost.cancelled() => Err(OperatorError::Lost),
        _ = parts.join_next() => if context.stop.is_cancelled() { Ok(()) } else { Err(OperatorError::Fault) },
    };
    context.stop.cancel();
    let ending = async { while parts.join_next().await.is_some() {} };
    if context.lost.is_cancelled() {
        // What is still under way could write nothing down, and somebody has to take its place.
        drop(tokio::time::timeout(LAST_ANSWERS, ending).await);
    } else {
        ending.await;
    }
    outcome
}
