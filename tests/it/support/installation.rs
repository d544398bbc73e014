//! A whole installation without a cluster: YAML, a simulated vendor, a store, and a clock that the test sets.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    io::Cursor,
    path::PathBuf,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use appaccess::{
    connector,
    load::{self, files},
    sim::scim::{Options as SimulatorOptions, Server},
    store::{Store, Writer},
    sync::{
        AppReport, AppResult, Credentials, Declared, Fleet, Options, Progress, Report, read_directories,
        remember_directories,
    },
};
use appaccess_core::{
    access::ObjectName,
    plan::{Action, Outcome},
    status::Failure,
};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// The target app that [`Installation`] declares.
pub(crate) const APP: &str = "access/app";

struct Fixed(connector::Keys);

impl Credentials for Fixed {
    fn read<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<connector::Keys, Failure>> {
        Box::pin(async move { Ok(self.0.clone()) })
    }
}

/// A vendor, simulated or another's server, what is declared about it, and what is remembered.
pub(crate) struct Installation<V = Server> {
    pub(crate) vendor: V,
    pub(crate) store: Store,
    pub(crate) fleet: Fleet,
    pub(crate) options: Options,
    /// What a page is asked for.
    pub(crate) page_size: u32,
    /// Further fields of the connector, as part of a YAML flow mapping: `, profile: generic`.
    pub(crate) connector: String,
    /// The whole connector as a YAML flow mapping, where it is another than SCIM.
    pub(crate) another: Option<String>,
    pub(crate) writer: Writer,
    base: String,
    seconds: Arc<AtomicI64>,
    app: String,
    claims: String,
    loaded: RefCell<Option<(String, Rc<load::Loaded>)>>,
}

impl Installation {
    /// An RFC-true vendor, and nothing declared.
    pub(crate) async fn new() -> Self {
        Self::with(SimulatorOptions::default()).await
    }

    /// A vendor with habits of its own.
    pub(crate) async fn with(options: impl Into<SimulatorOptions>) -> Self {
        let vendor = Server::start(options).await.unwrap();
        let (base, token) = (vendor.base_url().to_owned(), vendor.token());
        Self::over(vendor, &base, &token).await
    }

    /// The user names that can log in.
    pub(crate) fn active(&self) -> BTreeSet<String> {
        let users = self.vendor.snapshot().users;
        users.into_iter().filter(|(_, user)| user.active).map(|(name, _)| name).collect()
    }

    /// The members of a group by user name.
    pub(crate) fn members(&self, group: &str) -> BTreeSet<String> {
        self.vendor.snapshot().groups.get(group).cloned().unwrap_or_default()
    }
}

async fn empty_store(now: Timestamp) -> (Store, Writer) {
    let store = Store::open(":memory:").await.unwrap();
    let writer = store.become_writer("test", now, SignedDuration::from_hours(24 * 365)).await.unwrap();
    (store, writer)
}

impl<V> Installation<V> {
    /// Any SCIM vendor, by its base address and the token that it takes.
    pub(crate) async fn over(vendor: V, base: &str, token: &str) -> Self {
        let keys = connector::Keys::from([("token".to_owned(), SecretString::from(token))]);
        let mut this = Self::before(vendor, keys).await;
        base.clone_into(&mut this.base);
        this.app("mode: Full");
        this
    }

    /// Any vendor, by its connector as a YAML flow mapping (`{toggl: {…}}`) and what its Secret holds.
    pub(crate) async fn of(vendor: V, connector: &str, keys: connector::Keys) -> Self {
        let mut this = Self::before(vendor, keys).await;
        this.another = Some(connector.to_owned());
        this.app("mode: Full");
        this
    }

    async fn before(vendor: V, keys: connector::Keys) -> Self {
        crate::support::install_tls_provider();
        let seconds = Arc::new(AtomicI64::new(1_800_000_000));
        let told = Arc::clone(&seconds);
        let clock: appaccess::sync::Clock =
            Arc::new(move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap());
        let (store, writer) = empty_store(clock()).await;
        let connectors =
            connector::Options { allow_loopback: true, clock: Arc::clone(&clock), ..connector::Options::default() };
        let fleet = Fleet {
            connectors,
            credentials: Arc::new(Fixed(keys)),
            clock,
            stop: CancellationToken::new(),
            concurrency: 4,
            progress: Progress::default(),
        };
        Self {
            vendor,
            store,
            fleet,
            options: Options::default(),
            page_size: 10,
            connector: String::new(),
            another: None,
            writer,
            base: String::new(),
            seconds,
            app: String::new(),
            claims: String::new(),
            loaded: RefCell::default(),
        }
    }

    /// Declares the target app with these fields of its spec (a YAML block of its own indentation).
    pub(crate) fn app(&mut self, spec: &str) {
        let spec = indented(spec, "  ");
        let scim = || {
            format!(
                "{{scim: {{baseUrl: \"{}\", overrides: {{pageSize: {}}}{}}}}}",
                self.base, self.page_size, self.connector
            )
        };
        let connector = self.another.clone().unwrap_or_else(scim);
        self.app = format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: app, namespace: access}}\nspec:\n  \
             connector: {connector}\n  rateLimit: {{requests: 100000, per: 1s}}\n  credentials: {{secretRef: {{name: token}}}}\n{spec}",
        );
    }

    /// Declares these grants (YAML of `grants`), and nothing else.
    pub(crate) fn grants(&mut self, grants: &str) {
        let grants = indented(grants, "    ");
        self.claims = format!(
            "---\napiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nmetadata: {{name: staff, namespace: access}}\nspec:\n  \
             appRef: {{name: app}}\n  grants:\n{grants}"
        );
    }

    /// Declares these documents, and nothing else.
    pub(crate) fn declare(&mut self, documents: &str) {
        self.app = documents.to_owned();
        self.claims = String::new();
    }

    /// Adds documents to what is declared.
    pub(crate) fn add(&mut self, documents: &str) {
        self.claims.push_str("---\n");
        self.claims.push_str(documents);
    }

    /// The store is lost.
    pub(crate) async fn forget(&mut self) {
        (self.store, self.writer) = empty_store(self.now()).await;
    }

    /// Puts another credential into the Secret of the target app.
    pub(crate) fn put_keys(&mut self, keys: connector::Keys) {
        self.fleet.credentials = Arc::new(Fixed(keys));
    }

    /// The process ends, and another takes its place: what was kept in memory alone is gone.
    pub(crate) fn restart(&mut self) {
        self.fleet.connectors.shared = appaccess::http::Shared::default();
    }

    /// What the Secret of the target app holds.
    pub(crate) async fn keys(&self) -> connector::Keys {
        self.fleet.credentials.read("access", "token").await.unwrap()
    }

    /// Time passes.
    pub(crate) fn wait(&self, duration: SignedDuration) {
        self.seconds.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.fleet.clock)()
    }

    /// Everything declared, as YAML.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.app, self.claims)
    }

    /// The objects that are declared, read anew when something has changed.
    pub(crate) fn load(&self) -> Rc<load::Loaded> {
        let text = self.text();
        let mut last = self.loaded.borrow_mut();
        if let Some((known, loaded)) = &*last
            && *known == text
        {
            return Rc::clone(loaded);
        }
        let loaded = files::read_with(&[PathBuf::from("-")], || Cursor::new(text.clone())).unwrap();
        assert!(loaded.problems.is_empty(), "{:?}\n{text}", loaded.problems);
        let loaded = Rc::new(loaded);
        *last = Some((text, Rc::clone(&loaded)));
        loaded
    }

    /// One pass over all that is declared; the reports by name.
    pub(crate) async fn pass_all(&self) -> Vec<AppReport> {
        let loaded = self.load();
        let readings = read_directories(&loaded, Some(&self.store), self.now()).await.unwrap();
        remember_directories(&loaded, &readings, &self.writer, self.now()).await.unwrap();
        let world = load::world(&loaded, &readings);
        let declared = Declared { loaded: &loaded, world: &world };
        self.fleet.pass(declared, &self.writer, &BTreeSet::new(), &self.options).await
    }

    /// One pass; the app's own report.
    pub(crate) async fn pass(&self) -> AppReport {
        let app = ObjectName::parse(APP).unwrap();
        self.pass_all().await.into_iter().find(|report| report.app == app).unwrap()
    }

    /// One pass that must work.
    pub(crate) async fn work(&self) -> Report {
        match self.pass().await.result {
            AppResult::Worked(report) => *report,
            other => panic!("the pass did not work: {other:?}"),
        }
    }

    /// A plan, which changes nothing.
    pub(crate) async fn plan(&self) -> Report {
        let loaded = self.load();
        let readings = read_directories(&loaded, Some(&self.store), self.now()).await.unwrap();
        let world = load::world(&loaded, &readings);
        let declared = Declared { loaded: &loaded, world: &world };
        let mut reports =
            self.fleet.plan(declared, Some(&self.store), &BTreeSet::new(), &self.options, self.now()).await;
        match reports.pop().unwrap().result {
            AppResult::Worked(report) => *report,
            other => panic!("the plan did not work: {other:?}"),
        }
    }

    /// Approves the hold with this digest, as a declared object would.
    pub(crate) fn approve(&mut self, digest: &str) {
        let not_after = self.now().checked_add(SignedDuration::from_hours(24)).unwrap();
        self.add(&format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: AccessApproval\nmetadata: {{name: yes-{}, namespace: access}}\nspec:\n  \
             appRef: {{name: app}}\n  digest: \"{digest}\"\n  decision: Approve\n  notAfter: \"{not_after}\"\n",
            &digest[7..15]
        ));
    }
}

/// What a pass did, as `action label slot outcome` lines.
pub(crate) fn story(report: &Report) -> Vec<String> {
    let told = report.done.iter().filter(|done| done.change.action != Action::Adopt);
    told.map(|done| {
        let change = &done.change;
        let why = match (&done.outcome, change.held) {
            (Outcome::Held, Some(reason)) => reason.as_str().to_owned(),
            (outcome, _) => outcome.as_str().to_owned(),
        };
        let slot = if change.slot.is_account() { String::new() } else { format!(" {}", change.slot) };
        format!("{} {}{slot}: {why}", change.action.as_str(), change.label)
    })
    .collect()
}

/// Each line of a block, indented.
fn indented(block: &str, by: &str) -> String {
    block.lines().flat_map(|line| [by, line, "\n"]).collect()
}

/// Names as a set.
pub(crate) fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}
