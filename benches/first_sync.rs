//! How long a first sync takes over a slow way, against the bound that latency sets: `L · (reads + ceil(users / c) +
//! ceil(groups / c))` with at most eight changes under way, and against one request after the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use appaccess::{
    connector::{self, Applied, Calls, ConnectorError, Keys, ReadBack, Reader, Scope, Supplies, Work, Writer},
    load::{self, files, policy::policy},
    sim::scim::{Dialect, Server},
    store::Store,
    sync::{AppProgress, Options, Report, Task, machine_clock, pass},
};
use appaccess_core::access::{
    AccountId, Capabilities, LookUp, Memory, ObjectName, Observation, ObservedAccount, Person, Text,
};
use futures::{FutureExt, future::BoxFuture};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

const PEOPLE: u32 = 200;
const GROUPS: u32 = 10;
/// Changes under way at once.
const WIDTH: u32 = 8;
/// Capabilities, the reading and the read-back, each of which may send several requests at once.
const READS: u32 = 3;
const LATENCY: Duration = Duration::from_millis(50);

type Failure = Box<dyn std::error::Error>;

/// Adds latency to whatever is asked.
struct Slow<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Slow<T> {
    async fn after<R>(&self, answer: impl Future<Output = R>) -> R {
        tokio::time::sleep(LATENCY).await;
        answer.await
    }
}

impl Reader for Slow<dyn Reader> {
    fn capabilities(&self) -> BoxFuture<'_, Result<Capabilities, ConnectorError>> {
        self.after(self.0.capabilities()).boxed()
    }

    fn observe<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Observation, ConnectorError>> {
        self.after(self.0.observe(scope)).boxed()
    }

    fn look_up<'a>(
        &'a self,
        question: &'a LookUp,
        person: Option<&'a Person>,
    ) -> BoxFuture<'a, Result<Vec<ObservedAccount>, ConnectorError>> {
        self.after(self.0.look_up(question, person)).boxed()
    }

    fn read_back<'a>(
        &'a self,
        scope: &'a Scope,
        accounts: &'a BTreeSet<AccountId>,
        groups: &'a BTreeSet<Text>,
    ) -> BoxFuture<'a, Result<ReadBack, ConnectorError>> {
        self.after(self.0.read_back(scope, accounts, groups)).boxed()
    }

    fn clock_skew(&self) -> Option<jiff::SignedDuration> {
        self.0.clock_skew()
    }

    fn calls(&self) -> Calls {
        self.0.calls()
    }

    fn learnt(&self) -> BTreeMap<String, String> {
        self.0.learnt()
    }
}

impl Writer for Slow<dyn Writer> {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        self.0.batches(work)
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Vec<Result<Applied, ConnectorError>>> {
        self.after(self.0.apply(batch)).boxed()
    }
}

fn declared(base: &str) -> String {
    let grants: Vec<String> = (0..GROUPS)
        .map(|group| {
            let people = (0..PEOPLE).filter(|person| person % GROUPS == group);
            let users: Vec<String> = people.map(|person| format!("{{user: p{person}@birch.example.com}}")).collect();
            format!("  - {{name: g{group}, groups: [G{group}], subjects: [{}]}}\n", users.join(", "))
        })
        .collect();
    format!(
        "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: app, namespace: access}}\nspec:\n  \
         connector: {{scim: {{baseUrl: \"{base}\"}}}}\n  rateLimit: {{requests: 100000, per: 1s}}\n  mode: Full\n  \
         credentials: {{secretRef: {{name: token}}}}\n---\napiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\n\
         metadata: {{name: staff, namespace: access}}\nspec:\n  appRef: {{name: app}}\n  grants:\n{}",
        grants.concat()
    )
}

async fn first_sync(server: &Server) -> Result<(Report, Duration), Failure> {
    let text = declared(server.base_url());
    let loaded = files::read_with(&[PathBuf::from("-")], || Cursor::new(text.clone()))?;
    let world = load::world(&loaded, &BTreeMap::new());
    let name = ObjectName::new("access", "app");
    let app = loaded.target_apps.get(&name).ok_or("the app is declared")?;
    let keys = Keys::from([("token".to_owned(), server.token().into())]);
    let options = connector::Options { allow_loopback: true, ..connector::Options::default() };
    let connection = connector::open(&app.object.spec, Supplies { keys, ..Supplies::default() }, &options)?;
    let (reader, writer) = (Slow::<dyn Reader>(connection.reader), Slow::<dyn Writer>(connection.writer));
    let clock = machine_clock();
    let store = Store::open(":memory:").await?;
    let task = Task {
        policy: &policy(&name, &app.object.spec, &loaded.namespaces),
        world: &world,
        reader: &reader,
        writer: &writer,
        store: &store.become_writer("bench", clock(), SignedDuration::from_hours(1)).await?,
        options: Options::default(),
        clock: &clock,
        stop: &CancellationToken::new(),
        progress: AppProgress::default(),
    };
    let start = Instant::now();
    let report = pass(&task, Memory::default()).await?;
    Ok((report, start.elapsed()))
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a benchmark is read on standard output")]
async fn main() -> Result<(), Failure> {
    // The error only says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start(Dialect { page_cap: 1000, ..Dialect::default() }).await?;
    let (report, took) = first_sync(&server).await?;
    assert!(report.look.plan.is_in_sync(), "everybody is there");
    let bound = LATENCY * (READS + PEOPLE.div_ceil(WIDTH) + GROUPS.div_ceil(WIDTH));
    let serial = LATENCY * (READS + PEOPLE + GROUPS);
    println!(
        "first sync of {PEOPLE} people and {GROUPS} groups at {LATENCY:?}: {took:.2?}, {:.2} times the bound {bound:?}; \
         one after the other {serial:?} at the least",
        took.as_secs_f64() / bound.as_secs_f64()
    );
    Ok(())
}
