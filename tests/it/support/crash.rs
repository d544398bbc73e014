//! A process that ends in the middle: at a step that the test chooses, everything in memory is dropped.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use appaccess::{
    connector::{self, Applied, Calls, ConnectorError, ReadBack, Reader, Scope, Work, Writer},
    load::{self, policy::policy},
    sync::{AppProgress, Clock, Report, SyncError, Task, pass, read_directories, remember_directories},
};
use appaccess_core::access::{AccountId, Capabilities, LookUp, ObjectName, Observation, ObservedAccount, Person, Text};
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::{Mutex, Notify};

use super::installation::{APP, Installation};

/// Counts the steps of a pass, and ends the process at one of them. A request has two steps, before it is sent and after
/// the app has done it; a look at the clock, which comes before each commit to the store, has one.
pub(crate) struct Switch {
    steps: AtomicUsize,
    at: Option<usize>,
    ended: Notify,
}

/// What unwinds in place of a step of the clock.
struct Ended;

impl Switch {
    /// Ends at a step, counted from zero, or never.
    pub(crate) fn new(at: Option<usize>) -> Arc<Self> {
        Arc::new(Self { steps: AtomicUsize::new(0), at, ended: Notify::new() })
    }

    /// How many steps there were.
    pub(crate) fn steps(&self) -> usize {
        self.steps.load(Ordering::SeqCst)
    }

    fn is_the_end(&self) -> bool {
        Some(self.steps.fetch_add(1, Ordering::SeqCst)) == self.at
    }

    async fn step(&self) {
        if self.is_the_end() {
            self.ended.notify_one();
            std::future::pending::<()>().await;
        }
    }

    async fn around<T>(&self, request: impl Future<Output = T>) -> T {
        self.step().await;
        let answer = request.await;
        self.step().await;
        answer
    }
}

struct Mortal<T: ?Sized> {
    inner: Arc<T>,
    switch: Arc<Switch>,
    /// One request at a time, so that a run can be repeated step by step.
    one: Mutex<()>,
}

impl<T: ?Sized> Mortal<T> {
    fn new(inner: Arc<T>, switch: &Arc<Switch>) -> Self {
        Self { inner, switch: Arc::clone(switch), one: Mutex::new(()) }
    }
}

impl Reader for Mortal<dyn Reader> {
    fn capabilities(&self) -> BoxFuture<'_, Result<Capabilities, ConnectorError>> {
        self.switch.around(self.inner.capabilities()).boxed()
    }

    fn observe<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Observation, ConnectorError>> {
        self.switch.around(self.inner.observe(scope)).boxed()
    }

    fn look_up<'a>(
        &'a self,
        question: &'a LookUp,
        person: Option<&'a Person>,
    ) -> BoxFuture<'a, Result<Vec<ObservedAccount>, ConnectorError>> {
        self.switch.around(self.inner.look_up(question, person)).boxed()
    }

    fn read_back<'a>(
        &'a self,
        scope: &'a Scope,
        accounts: &'a BTreeSet<AccountId>,
        groups: &'a BTreeSet<Text>,
    ) -> BoxFuture<'a, Result<ReadBack, ConnectorError>> {
        self.switch.around(self.inner.read_back(scope, accounts, groups)).boxed()
    }

    fn clock_skew(&self) -> Option<jiff::SignedDuration> {
        self.inner.clock_skew()
    }

    fn calls(&self) -> Calls {
        self.inner.calls()
    }

    fn learnt(&self) -> BTreeMap<String, String> {
        self.inner.learnt()
    }
}

impl Writer for Mortal<dyn Writer> {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        self.inner.batches(work)
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Vec<Result<Applied, ConnectorError>>> {
        Box::pin(async move {
            let _one = self.one.lock().await;
            self.switch.around(self.inner.apply(batch)).await
        })
    }
}

/// One pass in a process that may end on the way; `None` where it did.
pub(crate) async fn mortal_pass(world: &Installation, switch: &Arc<Switch>) -> Option<Result<Report, SyncError>> {
    let loaded = world.load();
    let readings = read_directories(&loaded, Some(&world.store), world.now()).await.unwrap();
    remember_directories(&loaded, &readings, &world.writer, world.now()).await.unwrap();
    let declared = load::world(&loaded, &readings);
    let name = ObjectName::parse(APP).unwrap();
    let spec = &loaded.target_apps[&name].object.spec;
    let keys = world.keys().await;
    let connection =
        connector::open(spec, connector::Supplies { keys, ..Default::default() }, &world.fleet.connectors).unwrap();
    let reader = Mortal::<dyn Reader>::new(connection.reader, switch);
    let writer = Mortal::<dyn Writer>::new(connection.writer, switch);
    let (told, mortal) = (Arc::clone(&world.fleet.clock), Arc::clone(switch));
    let clock: Clock = Arc::new(move || if mortal.is_the_end() { resume_unwind(Box::new(Ended)) } else { told() });
    let policy = policy(&name, spec, &loaded.namespaces);
    let task = Task {
        policy: &policy,
        world: &declared,
        reader: &reader,
        writer: &writer,
        store: &world.writer,
        options: world.options.clone(),
        clock: &clock,
        stop: &world.fleet.stop,
        progress: AppProgress::default(),
    };
    let memory = world.store.memory(&name, world.now()).await.unwrap();
    let pass = AssertUnwindSafe(pass(&task, memory)).catch_unwind();
    tokio::select! {
        () = switch.ended.notified() => None,
        result = pass => match result {
            Ok(result) => Some(result),
            Err(panic) if panic.is::<Ended>() => None,
            Err(panic) => resume_unwind(panic),
        },
    }
}
