//! A small studio for the demonstration: a simulated vendor, what is declared about it, a store in memory, and a clock
//! that can be moved on.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
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
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    connector::{self, Keys},
    load::{self, Loaded, files},
    sim::scim::{Server, State},
    store::{Store, StoreError, Writer},
    sync::{AppReport, Clock, Credentials, Declared, Fleet, Options, read_directories, remember_directories},
};

/// What stands in the files at one moment of the story.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) mode: &'static str,
    pub(super) joel_is_active: bool,
    pub(super) design: &'static [&'static str],
    pub(super) freelancer: bool,
    pub(super) approved: Vec<String>,
}

/// Why the demonstration could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    /// The simulated vendor could not be started.
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

/// The studio.
pub(super) struct Studio {
    pub(super) vendor: Server,
    fleet: Fleet,
    store: Store,
    writer: Writer,
    seconds: Arc<AtomicI64>,
}

struct Token(SecretString);

impl Credentials for Token {
    fn read<'a>(&'a self, _namespace: &'a str, _secret: &'a str) -> BoxFuture<'a, Result<Keys, Failure>> {
        Box::pin(async { Ok(Keys::from([("token".to_owned(), self.0.clone())])) })
    }
}

impl Studio {
    /// Starts the vendor with what a grown app looks like: people, a group, a stranger and a robot.
    pub(super) async fn open() -> Result<Self, DemoError> {
        let vendor = Server::start(crate::sim::scim::Options::default()).await.map_err(DemoError::Vendor)?;
        vendor.edit(furnish);
        vendor.clear_requests();
        let seconds = Arc::new(AtomicI64::new(Timestamp::now().as_second()));
        let told = Arc::clone(&seconds);
        let clock: Clock =
            Arc::new(move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH));
        let store = Store::open(":memory:").await?;
        let writer = store.become_writer("demo", clock(), SignedDuration::from_hours(24 * 30)).await?;
        let connectors =
            connector::Options { allow_loopback: true, clock: Arc::clone(&clock), ..connector::Options::default() };
        let credentials = Arc::new(Token(SecretString::from(vendor.token())));
        let fleet = Fleet { connectors, credentials, clock, stop: CancellationToken::new(), concurrency: 1 };
        Ok(Self { vendor, fleet, store, writer, seconds })
    }

    /// Time passes.
    pub(super) fn wait(&self, duration: SignedDuration) {
        self.seconds.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        (self.fleet.clock)()
    }

    fn load(&self, files: &Files) -> Result<Loaded, DemoError> {
        let text = files.text(self.vendor.base_url(), self.now());
        let loaded = files::read_with(&[PathBuf::from("-")], || Cursor::new(text.clone()))?;
        match loaded.problems.first() {
            Some(problem) => Err(DemoError::Otherwise(problem.to_string())),
            None => Ok(loaded),
        }
    }

    /// A plan, which changes nothing.
    pub(super) async fn plan(&self, files: &Files) -> Result<Vec<AppReport>, DemoError> {
        let loaded = self.load(files)?;
        let readings = read_directories(&loaded, Some(&self.store), self.now()).await?;
        let world = load::world(&loaded, &readings);
        let declared = Declared { loaded: &loaded, world: &world };
        let everything = BTreeSet::<ObjectName>::new();
        Ok(self.fleet.plan(declared, Some(&self.store), &everything, &Options::default(), self.now()).await)
    }

    /// One pass, as `run` and the operator make it.
    pub(super) async fn pass(&self, files: &Files) -> Result<Vec<AppReport>, DemoError> {
        let loaded = self.load(files)?;
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

fn furnish(state: &mut State) {
    let mara = state.add_user_with("mara@birch.example.com", &json!({"roles": [{"value": "admin"}]}));
    let joel = state.add_user_with("joel@birch.example.com", &json!({"roles": [{"value": "editor"}]}));
    state.add_user_with("piet@birch.example.com", &json!({"roles": [{"value": "editor"}]}));
    state.add_user("deploy-bot");
    state.add_group("Studio", &[&joel]);
    state.add_group("Payroll", &[&mara]);
}

impl Files {
    fn text(&self, base: &str, now: Timestamp) -> String {
        let freelance = if self.freelancer {
            "    - name: freelance\n      subjects: [{user: lea@freelance.example.org}]\n      groups: [Studio]\n      \
             reason: contract 2026-17"
        } else {
            ""
        };
        let design: Vec<String> = self.design.iter().map(|name| format!("{name}@birch.example.com")).collect();
        let mut text = include_str!("app.yaml")
            .replace("@BASE@", base)
            .replace("@MODE@", self.mode)
            .replace("@JOEL@", if self.joel_is_active { "true" } else { "false" })
            .replace("@DESIGN@", &design.join(", "))
            .replace("@FREELANCE@", freelance);
        for (number, digest) in self.approved.iter().enumerate() {
            let not_after = now.checked_add(SignedDuration::from_hours(48)).unwrap_or(now);
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "---\napiVersion: appaccess.dev/v1alpha1\nkind: AccessApproval\nmetadata: {{name: decision-{number}, \
                 namespace: access}}\nspec: {{appRef: {{name: tracker}}, digest: \"{digest}\", decision: Approve, \
                 notAfter: \"{not_after}\"}}\n"
            );
        }
        text
    }
}
