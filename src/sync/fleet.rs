//! All target apps together: opened with their credentials, worked on side by side, none in the way of another.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use appaccess_core::{
    access::{AppPolicy, Memory, Mode, ObjectName},
    resolve::World,
    status::Failure,
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Clock, Options, Progress, Report, Step, SyncError, Task, decisions, failure, look, pass};
use crate::{
    api::{
        TargetApp,
        connector::{Connector, Roster},
    },
    connector::{self, Calls, Connection, ConnectorError, Keys, Supplies, target_key},
    load::{self, Loaded, by_age, policy::policy},
    store::{ResultLine, Store, Update, Writer},
};

/// Hands out what stands outside the objects, on each pass: what a Secret holds, and rosters.
pub trait Credentials: Send + Sync {
    /// The keys of one Secret of the namespace of the object that names it.
    fn read<'a>(&'a self, namespace: &'a str, secret: &'a str) -> BoxFuture<'a, Result<Keys, Failure>>;

    /// The roster of a target app without an interface: from the files, unless this says otherwise.
    fn roster<'a>(
        &'a self,
        loaded: &'a Loaded,
        app: &'a ObjectName,
        roster: &'a Roster,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move { Ok(load::roster::read(loaded, app, roster)?) })
    }
}

/// Everything declared, ready for the core.
#[derive(Clone, Copy)]
pub struct Declared<'a> {
    /// The objects.
    pub loaded: &'a Loaded,
    /// The same as the core's input, with what the directories say.
    pub world: &'a World,
}

/// What became of one target app.
#[derive(Debug)]
pub enum AppResult {
    /// It was read, and worked on as far as was asked.
    Worked(Box<Report>),
    /// Work on it is stopped, by whom and until when.
    Suspended(String),
    /// Only an edit of the object helps.
    Stalled(Failure),
    /// It could not be worked on.
    Failed(Failure),
}

/// What became of one target app, with its name and mode.
#[derive(Debug)]
pub struct AppReport {
    /// The target app.
    pub app: ObjectName,
    /// How far we may go.
    pub mode: Mode,
    /// What became of it.
    pub result: AppResult,
}

/// Works on target apps side by side.
#[derive(Clone)]
pub struct Fleet {
    /// What the process decides for all connectors.
    pub connectors: connector::Options,
    /// Hands out credentials.
    pub credentials: Arc<dyn Credentials>,
    /// Tells the time.
    pub clock: Clock,
    /// Asks for a stop between two changes.
    pub stop: CancellationToken,
    /// How many apps are worked on at once.
    pub concurrency: usize,
    /// Told how far the work came.
    pub progress: Progress,
}

/// A target app that can be worked on.
pub(super) struct Ready {
    pub(super) policy: AppPolicy,
    pub(super) connection: Connection,
    pub(super) target_key: String,
    pub(super) options: Options,
}

impl Fleet {
    /// Plans for the chosen apps, all where `chosen` is empty, and changes nothing, not even the store.
    pub async fn plan(
        &self,
        declared: Declared<'_>,
        store: Option<&Store>,
        chosen: &BTreeSet<ObjectName>,
        options: &Options,
        now: Timestamp,
    ) -> Vec<AppReport> {
        self.each(
            declared,
            chosen,
            |name, app| async move { self.plan_one(declared, store, name, app, options, now).await },
        )
        .await
    }

    /// Works on the chosen apps, all where `chosen` is empty.
    pub async fn pass(
        &self,
        declared: Declared<'_>,
        writer: &Writer,
        chosen: &BTreeSet<ObjectName>,
        options: &Options,
    ) -> Vec<AppReport> {
        self.each(declared, chosen, |name, app| async move {
            self.pass_one(declared, writer, name, app, options, None).await
        })
        .await
    }

    /// Runs `work` for each chosen app, so many at a time; a panic in one is that app's failure. Ordered by name.
    async fn each<'a, F>(
        &self,
        declared: Declared<'a>,
        chosen: &BTreeSet<ObjectName>,
        work: impl Fn(&'a ObjectName, &'a TargetApp) -> F,
    ) -> Vec<AppReport>
    where
        F: Future<Output = AppResult>,
    {
        let results = self.side_by_side(declared, chosen, work).await;
        let reports = results.into_iter().map(|(name, app, result)| {
            let result = result.unwrap_or_else(AppResult::Failed);
            AppReport { app: name.clone(), mode: mode(app), result }
        });
        reports.collect()
    }

    /// Runs `work` for each chosen app, so many at a time, with a panic as a failure. Ordered by name.
    pub(super) async fn side_by_side<'a, T, F>(
        &self,
        declared: Declared<'a>,
        chosen: &BTreeSet<ObjectName>,
        work: impl Fn(&'a ObjectName, &'a TargetApp) -> F,
    ) -> Vec<(&'a ObjectName, &'a TargetApp, Result<T, Failure>)>
    where
        F: Future<Output = T>,
    {
        let apps = declared.loaded.target_apps.iter().filter(|(name, _)| chosen.is_empty() || chosen.contains(*name));
        let tasks = apps.map(|(name, located)| {
            // A pass is a large value: it is kept on the heap, and moved as a pointer.
            let work = Box::pin(work(name, &located.object));
            let progress = self.progress.of(name);
            async move {
                progress.tell(&Step::Begins);
                let result = AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Failure {
                    reason: "InternalError".into(),
                    message: "the work on this app ended by a fault of ours; the others go on".into(),
                    remedy: "report it with the log around this time".into(),
                });
                progress.tell(&Step::Ends);
                (name, &located.object, result)
            }
        });
        let mut results: Vec<_> = stream::iter(tasks).buffer_unordered(self.concurrency.max(1)).collect().await;
        results.sort_by_key(|(name, ..)| *name);
        results
    }

    async fn plan_one(
        &self,
        declared: Declared<'_>,
        store: Option<&Store>,
        name: &ObjectName,
        app: &TargetApp,
        options: &Options,
        now: Timestamp,
    ) -> AppResult {
        if let Some(result) = stopped(declared, name, app, now) {
            return result;
        }
        let planned = async {
            let ready = self.open(declared, store, name, app, options).await?;
            let mut memory = match store {
                Some(store) => store.memory(name, now).await.map_err(SyncError::from)?,
                None => Memory::default(),
            };
            let used = match store {
                Some(store) => store.holds(name, now).await.map_err(SyncError::from)?,
                None => Vec::new(),
            };
            let decided = decisions::declared(declared.loaded, name, now);
            let open = decided
                .into_iter()
                .filter(|decision| !used.iter().any(|hold| hold.used_up && hold.digest == decision.digest));
            memory.decisions.extend(open);
            let reader = &*ready.connection.reader;
            let look = look(&ready.policy, declared.world, reader, memory.clone(), &ready.options, now)
                .await
                .map_err(SyncError::from)?;
            Ok(Report { rate: ready.connection.rate(), ..Report::quiet(look, memory, reader.calls()) })
        };
        result(planned.await)
    }

    /// Works on one target app. `status_sequence` is the intent number that the object's status shows, where there is
    /// one: a status that does not fit the store means that one of them went back in time.
    pub async fn pass_one(
        &self,
        declared: Declared<'_>,
        writer: &Writer,
        name: &ObjectName,
        app: &TargetApp,
        options: &Options,
        status_sequence: Option<u64>,
    ) -> AppResult {
        let now = (self.clock)();
        if let Some(result) = stopped(declared, name, app, now) {
            return result;
        }
        let passed = async {
            let store = writer.store();
            let ready = self.open(declared, Some(store), name, app, options).await?;
            for decision in decisions::declared(declared.loaded, name, now) {
                store.decide(name, &decision, now).await.map_err(SyncError::from)?;
            }
            close_unfinished(writer, name, now).await?;
            let mut memory = store.memory(name, now).await.map_err(SyncError::from)?;
            let written = store.status_sequence(name).await.map_err(SyncError::from)?;
            if went_back(memory.sequence, written, status_sequence) {
                mark_restored(writer, name, &mut memory, now).await?;
            }
            let task = Task {
                policy: &ready.policy,
                world: declared.world,
                reader: &*ready.connection.reader,
                writer: &*ready.connection.writer,
                store: writer,
                options: ready.options.clone(),
                clock: &self.clock,
                stop: &self.stop,
                progress: self.progress.of(name),
            };
            let report = pass(&task, memory).await;
            let learnt = ready.connection.reader.learnt();
            writer.keep_learnt(&ready.target_key, &learnt, now).await.map_err(SyncError::from)?;
            let rate = ready.connection.rate();
            report.map(|report| Report { rate, ..report }).map_err(Failure::from)
        };
        result(Box::pin(passed).await)
    }

    pub(super) async fn open(
        &self,
        declared: Declared<'_>,
        store: Option<&Store>,
        name: &ObjectName,
        app: &TargetApp,
        options: &Options,
    ) -> Result<Ready, Failure> {
        let keys = match &app.spec.credentials {
            Some(credentials) => self.credentials.read(&name.namespace, &credentials.secret_ref.name).await?,
            None => Keys::default(),
        };
        let target_key = target_key(&app.spec, name);
        let learnt = match store {
            Some(store) => store.learnt(&target_key).await.map_err(SyncError::from)?,
            None => BTreeMap::new(),
        };
        let roster = match &app.spec.connector {
            Connector::Manual(manual) => Some(self.credentials.roster(declared.loaded, name, &manual.roster).await?),
            _ => None,
        };
        let supplies = Supplies { keys, roster, learnt };
        let connection = match self.progress.of(name).watch() {
            Some(watch) => {
                let watched = connector::Options { watch, ..self.connectors.clone() };
                connector::open(&app.spec, supplies, &watched)
            }
            None => connector::open(&app.spec, supplies, &self.connectors),
        };
        let connection = connection.map_err(|error| failure(&error))?;
        connection.begin_pass();
        let mut options = options.clone();
        options.terminating |= app.metadata.deletion_timestamp.is_some();
        Ok(Ready { policy: policy(name, &app.spec, &declared.loaded.namespaces), connection, target_key, options })
    }
}

/// S13: what went back in time is remembered before anything else happens: once the status shows the store's number
/// again, nothing else tells of it.
async fn mark_restored(
    writer: &Writer,
    app: &ObjectName,
    memory: &mut Memory,
    now: Timestamp,
) -> Result<(), SyncError> {
    if memory.restored {
        return Ok(());
    }
    tracing::warn!(%app, "store and status disagree, as after a restored backup: removals wait for a decision");
    let update = Update { restored: Some(true), ..Update::default() };
    writer.keep(app, now, &update).await?;
    update.apply_to(memory);
    Ok(())
}

/// S7: an intent whose answer nobody wrote down gets its result line, too. It is observed, never replayed.
async fn close_unfinished(writer: &Writer, app: &ObjectName, now: Timestamp) -> Result<(), SyncError> {
    let open = writer.store().unfinished(app).await?;
    let lines: Vec<ResultLine> = open
        .iter()
        .map(|line| ResultLine {
            sequence: line.sequence,
            outcome: "unknown".into(),
            error: Some("nobody wrote down the answer: the process ended, or the store was away".to_owned()),
        })
        .collect();
    Ok(writer.finish(app, now, &lines, &Update::default()).await?)
}

fn result(report: Result<Report, Failure>) -> AppResult {
    match report {
        Ok(report) => AppResult::Worked(Box::new(report)),
        Err(failure) if failure.reason == ConnectorError::SETTINGS => AppResult::Stalled(failure),
        Err(failure) => AppResult::Failed(failure),
    }
}

/// The mode of a target app in the core's words.
#[must_use]
pub fn mode(app: &TargetApp) -> Mode {
    match app.spec.mode {
        crate::api::target_app::Mode::Observe => Mode::Observe,
        crate::api::target_app::Mode::Additive => Mode::Additive,
        crate::api::target_app::Mode::Full => Mode::Full,
    }
}

/// Whether the app is not to be touched at all: a duplicate of an older one, or suspended.
pub(super) fn stopped(declared: Declared<'_>, name: &ObjectName, app: &TargetApp, now: Timestamp) -> Option<AppResult> {
    if let Some(older) = duplicate_of(declared.loaded, name) {
        return Some(AppResult::Stalled(Failure {
            reason: "DuplicateTarget".into(),
            message: format!("the older TargetApp {older} manages the same tenant; two writers would undo each other"),
            remedy: format!("remove this TargetApp, or {older}"),
        }));
    }
    let until = app.spec.suspend_until.as_ref().map(crate::api::Time::timestamp);
    if app.spec.suspend && until.is_none_or(|until| now < until) {
        let ends = until.map_or_else(|| "until `suspend` is taken out".to_owned(), |until| format!("until {until}"));
        return Some(AppResult::Suspended(format!("suspended by its object {ends}; nothing is read or changed")));
    }
    None
}

/// The older target app with the same tenant, where there is one.
#[must_use]
pub fn duplicate_of(loaded: &Loaded, name: &ObjectName) -> Option<ObjectName> {
    let app = loaded.target_apps.get(name)?;
    let key = target_key(&app.object.spec, name);
    let oldest =
        by_age(&loaded.target_apps).into_iter().find(|(other, located)| target_key(&located.object.spec, other) == key);
    oldest.map(|(older, _)| older.clone()).filter(|older| older != name)
}

/// S13: a status ahead of the store, or behind what the store wrote there, is a restored backup.
fn went_back(sequence: u64, written: Option<u64>, status: Option<u64>) -> bool {
    let Some(status) = status else { return false };
    status > sequence || written.is_some_and(|written| status < written)
}

impl AppReport {
    /// Requests that were sent.
    #[must_use]
    pub fn calls(&self) -> Calls {
        match &self.result {
            AppResult::Worked(report) => report.calls,
            _ => Calls::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::went_back;

    #[test]
    fn a_store_or_a_cluster_that_went_back_in_time_is_noticed() {
        assert!(!went_back(7, Some(7), Some(7)), "both agree");
        assert!(!went_back(9, Some(7), Some(7)), "intents since the last status");
        assert!(!went_back(0, None, None), "a new installation");
        assert!(went_back(3, Some(3), Some(7)), "the store was restored");
        assert!(went_back(0, None, Some(7)), "the store was lost");
        assert!(went_back(9, Some(9), Some(7)), "the cluster was restored");
    }
}
