//! Where the demonstration plays: a store in memory, a clock that can be moved on, and the very engine of `run` over the
//! YAML of the moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use appaccess_core::{access::ObjectName, status::Failure};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::{
    connector::{self, Keys},
    load::{self, Loaded, files},
    store::{Store, StoreError, Writer},
    sync::{AppReport, Clock, Credentials, Declared, Fleet, Options, Progress, read_directories, remember_directories},
};

/// Why the demonstration could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    /// A simulated vendor could not be started.
    #[error("the simulated vendor could not be started")]
    Vendor(#[source] std::io::Error),
    /// The store could not be used.
    #[error("the store could not be used")]
    Store(#[from] StoreError),
    /// The files of the story could not be read.
    #[error("the files of the story could not be read")]
    Files(#[from] files::LoadError),
    /// The story came out otherwise than it is told.
    #[error("the story came out otherwise than told: {0}")]
    Otherwise(String),
}

/// The credentials of the simulated vendors, each a `token`, by the name of their Secret.
struct Tokens(BTreeMap<&'static str, SecretString>);

impl Credentials for Tokens {
    fn read<'a>(&'a self, _namespace: &'a str, secret: &'a str) -> BoxFuture<'a, Result<Keys, Failure>> {
        let token = self.0.get(secret).cloned();
        Box::pin(async move { Ok(token.into_iter().map(|token| ("token".to_owned(), token)).collect()) })
    }
}

/// The engine with its store and its clock.
pub(super) struct Stage {
    fleet: Fleet,
    store: Store,
    writer: Writer,
    seconds: Arc<AtomicI64>,
}

impl Stage {
    /// Opens the stage with what the Secrets of the story hold.
    pub(super) async fn open(tokens: impl IntoIterator<Item = (&'static str, String)>) -> Result<Self, DemoError> {
        let seconds = Arc::new(AtomicI64::new(Timestamp::now().as_second()));
        let told = Arc::clone(&seconds);
        let clock: Clock =
            Arc::new(move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH));
        let store = Store::open(":memory:").await?;
        let writer = store.become_writer("demo", clock(), SignedDuration::from_hours(24 * 30)).await?;
        let connectors =
            connector::Options { allow_loopback: true, clock: Arc::clone(&clock), ..connector::Options::default() };
        let tokens = tokens.into_iter().map(|(name, token)| (name, SecretString::from(token))).collect();
        let credentials = Arc::new(Tokens(tokens));
        let fleet = Fleet {
            connectors,
            credentials,
            clock,
            stop: CancellationToken::new(),
            concurrency: 6,
            progress: Progress::default(),
        };
        Ok(Self { fleet, store, writer, seconds })
    }

    /// Time passes.
    pub(super) fn wait(&self, duration: SignedDuration) {
        self.seconds.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.fleet.clock)()
    }

    fn load(text: &str) -> Result<Loaded, DemoError> {
        let loaded = files::read_with(&[PathBuf::from("-")], || Cursor::new(text.to_owned()))?;
        match loaded.problems.first() {
            Some(problem) => Err(DemoError::Otherwise(problem.to_string())),
            None => Ok(loaded),
        }
    }

    /// A plan, which changes nothing.
    pub(super) async fn plan(&self, text: &str) -> Result<Vec<AppReport>, DemoError> {
        let loaded = Self::load(text)?;
        let readings = read_directories(&loaded, Some(&self.store), self.now()).await?;
        let world = load::world(&loaded, &readings);
        let declared = Declared { loaded: &loaded, world: &world };
        let everything = BTreeSet::<ObjectName>::new();
        Ok(self.fleet.plan(declared, Some(&self.store), &everything, &Options::default(), self.now()).await)
    }

    /// One pass, as `run` and the operator make it.
    pub(super) async fn pass(&self, text: &str) -> Result<Vec<AppReport>, DemoError> {
        let loaded = Self::load(text)?;
        let readings = read_directories(&loaded, Some(&self.store), self.now()).await?;
        remember_directories(&loaded, &readings, &self.writer, self.now()).await?;
        let world = load::world(&loaded, &readings);
        let declared = Declared { loaded: &loaded, world: &world };
        Ok(self.fleet.pass(declared, &self.writer, &BTreeSet::new(), &Options::default()).await)
    }

    /// How many transactions were written to the store.
    pub(super) fn store_writes(&self) -> u64 {
        self.store.writes()
    }
}

/// An approval of a hold, as a document of its own.
pub(super) fn approval(number: usize, app: &str, digest: &str, now: Timestamp) -> String {
    let not_after = now.checked_add(SignedDuration::from_hours(48)).unwrap_or(now);
    format!(
        "---\napiVersion: appaccess.dev/v1alpha1\nkind: AccessApproval\nmetadata: {{name: decision-{number}, \
         namespace: access}}\nspec: {{appRef: {{name: {app}}}, digest: \"{digest}\", decision: Approve, notAfter: \
         \"{not_after}\"}}\n"
    )
}
