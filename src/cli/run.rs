//! `run`: keeps reconciling over files. Files are looked at each second; every app has its own time, and none waits for
//! another.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher as _, RandomState},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use appaccess_core::{
    access::{Mode, ObjectName},
    resolve::World,
    status::Failure,
};
use clap::Args;
use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, JudgementFlags, ReachFlags, StateFlags},
    inputs,
    lease::Lease,
    output::{
        self,
        build::{Told, errors_of_files, plan_document},
        document::{Calls, PlanDocument},
    },
    session, stop,
};
use crate::{
    load::{Loaded, files, policy::policy, world},
    store::{Store, Writer},
    sync::{
        AppReport, AppResult, Clock, Declared, Fleet, Options, machine_clock,
        pace::{self, Spent},
        read_directories, remember_directories,
    },
};

/// How often files and clocks are looked at.
const TICK: Duration = Duration::from_secs(1);
/// When work is begun again that the store did not let begin.
const AGAIN: Duration = Duration::from_secs(5);
/// How many apps are worked on at once.
const CONCURRENCY: usize = 8;

/// The flags of `run`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    appaccess run -f access/\n  \
    appaccess run -f access/ --secrets /run/secrets --state /var/lib/appaccess/state.db --log-format json")]
pub struct Flags {
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    judgement: JudgementFlags,
    #[command(flatten)]
    reach: ReachFlags,
    #[command(flatten)]
    state: StateFlags,
}

/// What passes work on until the files change.
#[derive(Clone)]
struct Declarations {
    loaded: Arc<Loaded>,
    fleet: Fleet,
    digest: String,
}

/// Who is due when, and who is at work.
#[derive(Default)]
struct Schedule {
    due: BTreeMap<ObjectName, Timestamp>,
    working: BTreeSet<ObjectName>,
    told: BTreeMap<ObjectName, PlanDocument>,
    /// What a pass over each app takes of its budget.
    spent: BTreeMap<ObjectName, Spent>,
    chance: RandomState,
    turns: u64,
}

/// Reconciles until it is stopped.
pub(super) async fn run(flags: &Flags) -> Result<Exit, CommandError> {
    if flags.files.filename.iter().any(|path| path.as_os_str() == "-") {
        let remedy = "name files or folders by `-f`";
        return Err(CommandError::usage(
            "nothing was started: `run` reads its files again, which standard input cannot be",
            remedy,
        ));
    }
    let stop = stop::on_signal()?;
    let clock = machine_clock();
    let mut loaded = session::checked(&flags.files)?;
    let mut declared = declarations(flags, &mut loaded, &clock, &stop);
    let store = Store::open(&flags.state.state).await?;
    let lease = Lease::take(&store, &clock, &stop).await?;
    let mut schedule = Schedule::default();
    let mut passes: JoinSet<AppReport> = JoinSet::new();
    tracing::info!(apps = declared.loaded.target_apps.len(), "reconciling");
    let mut unread = None;
    while !stop.is_cancelled() {
        if let Some(news) = read_again(flags, &declared, &mut unread, &clock, &stop) {
            tracing::info!("the files have changed");
            declared = news;
            schedule.due.clear();
        }
        let due = schedule.take_due(flags, &declared.loaded, clock());
        if !due.is_empty() {
            match begin(flags, &declared, &lease, &due, &mut passes, clock()).await {
                Err(CommandError::Store(error)) if error.is_passing() => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        remedy = error.remedy(),
                        "nothing was begun"
                    );
                    for app in &due {
                        schedule.put_off(app, clock());
                    }
                }
                begun => begun?,
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(TICK) => {}
            Some(ended) = passes.join_next() => schedule.end(ended, &declared.loaded, clock())?,
        }
    }
    while let Some(ended) = passes.join_next().await {
        schedule.end(ended, &declared.loaded, clock())?;
    }
    lease.release().await;
    store.close().await;
    output::note("stopped\n");
    Ok(Exit::Done)
}

fn declarations(flags: &Flags, loaded: &mut Loaded, clock: &Clock, stop: &CancellationToken) -> Declarations {
    let fleet = session::fleet(&flags.reach, loaded, Clock::clone(clock), stop);
    let loaded = std::mem::take(loaded);
    let digest = fingerprint(&loaded);
    Declarations { loaded: Arc::new(loaded), fleet, digest }
}

/// Everything that a change of the files can change, faults and rosters among it.
fn fingerprint(loaded: &Loaded) -> String {
    let faults: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    format!("{} {} {}", inputs::digest(loaded), inputs::digest_of_rosters(loaded), faults.join("\n"))
}

/// The files, where they say something new. Faults are told, and what is right goes on: what a broken document may have
/// claimed is unknown, not withdrawn. `unread` is why nothing could be read last time, which is told once.
fn read_again(
    flags: &Flags,
    current: &Declarations,
    unread: &mut Option<String>,
    clock: &Clock,
    stop: &CancellationToken,
) -> Option<Declarations> {
    match files::read(&flags.files.filename) {
        Err(error) => {
            let error = CommandError::from(error);
            let why = error.what_and_why().1;
            if unread.as_ref() != Some(&why) {
                tracing::error!(
                    error = why,
                    remedy = error.remedy(),
                    "the files cannot be read: going on with what was read before"
                );
                *unread = Some(why);
            }
            None
        }
        Ok(mut loaded) => {
            if unread.take().is_some() {
                tracing::warn!("the files can be read again");
            }
            if fingerprint(&loaded) == current.digest {
                return None;
            }
            session::show_problems(&loaded.problems);
            if !loaded.problems.is_empty() {
                output::note(
                    "going on with the rest: what is at fault may claim anything, so nothing of it is taken away\n",
                );
            }
            let mut news = declarations(flags, &mut loaded, clock, stop);
            // Clients, and what they know of an app's limits, live on.
            news.fleet.connectors = current.fleet.connectors.clone();
            Some(news)
        }
    }
}

/// Begins a pass for each app that is due, side by side.
async fn begin(
    flags: &Flags,
    declared: &Declarations,
    lease: &Lease,
    due: &[ObjectName],
    passes: &mut JoinSet<AppReport>,
    now: Timestamp,
) -> Result<(), CommandError> {
    let store = lease.writer().store();
    let readings = read_directories(&declared.loaded, Some(store), now).await?;
    remember_directories(&declared.loaded, &readings, lease.writer(), now).await?;
    for entry in errors_of_files(&declared.loaded, &readings) {
        tracing::warn!(object = %entry.object, reason = %entry.reason, message = %entry.message, "not as declared");
    }
    let world: Arc<World> = Arc::new(world(&declared.loaded, &readings));
    for app in due.iter().cloned() {
        let (loaded, world, fleet) = (Arc::clone(&declared.loaded), Arc::clone(&world), declared.fleet.clone());
        let (writer, options) = (lease.writer().clone(), options(flags));
        passes.spawn(async move {
            let declared = Declared { loaded: &loaded, world: &world };
            one_pass(&fleet, declared, &writer, app, &options).await
        });
    }
    Ok(())
}

/// One pass over one app; a fault of ours in it is that app's failure.
async fn one_pass(
    fleet: &Fleet,
    declared: Declared<'_>,
    writer: &Writer,
    app: ObjectName,
    options: &Options,
) -> AppReport {
    let Some(located) = declared.loaded.target_apps.get(&app) else {
        let why = "taken out of the files".to_owned();
        return AppReport { app, mode: Mode::Observe, result: AppResult::Suspended(why) };
    };
    let mode = policy(&app, &located.object.spec, &declared.loaded.namespaces).mode;
    let work = fleet.pass_one(declared, writer, &app, &located.object, options, None);
    let result = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        AppResult::Failed(Failure {
            reason: "InternalError".into(),
            message: "the work on this app ended by a fault of ours; the others go on".into(),
            remedy: "report it with the log around this time".into(),
        })
    });
    AppReport { app, mode, result }
}

fn options(flags: &Flags) -> Options {
    Options { no_settle: flags.judgement.no_settle, ..Options::default() }
}

/// When something settles, begins, ends or is overdue next, as far as the pass could tell.
fn boundary(report: &AppReport, now: Timestamp) -> Option<Timestamp> {
    let AppResult::Worked(worked) = &report.result else { return None };
    let plan = &worked.look.plan;
    let due = plan.changes.iter().filter(|change| change.permitted).filter_map(|change| change.due);
    let deadlines = plan.tasks().filter_map(|(_, task)| task.due);
    due.chain(deadlines).chain(worked.look.desired.next_boundary).filter(|time| *time > now).min()
}

impl Schedule {
    /// The apps whose time has come, as many as may work at once.
    fn take_due(&mut self, flags: &Flags, loaded: &Loaded, now: Timestamp) -> Vec<ObjectName> {
        let chosen = &flags.files.app;
        let free = CONCURRENCY.saturating_sub(self.working.len());
        let waiting = loaded.target_apps.keys().filter(|name| {
            let meant = chosen.is_empty() || chosen.contains(*name);
            let is_due = self.due.get(*name).is_none_or(|due| *due <= now);
            meant && is_due && !self.working.contains(*name)
        });
        let mut waiting: Vec<ObjectName> = waiting.cloned().collect();
        // Who has waited longest comes first, so that nobody is left out.
        waiting.sort_by_key(|name| self.due.get(name).copied());
        waiting.truncate(free);
        self.working.extend(waiting.iter().cloned());
        for app in &waiting {
            self.due.insert(app.clone(), now);
        }
        waiting
    }

    /// Takes an app back that could not be worked on; its next turn comes soon.
    fn put_off(&mut self, app: &ObjectName, now: Timestamp) {
        self.working.remove(app);
        self.due.insert(app.clone(), now.checked_add(AGAIN).unwrap_or(Timestamp::MAX));
    }

    /// Tells what is news of a pass, and sets the time of the next.
    fn end(
        &mut self,
        ended: Result<AppReport, tokio::task::JoinError>,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        // A pass catches its own faults; what still ends a task is a fault of this process.
        let report = ended.map_err(|error| CommandError::Machine {
            what: "go on with the work on an app",
            source: std::io::Error::other(error),
        })?;
        self.working.remove(&report.app);
        if let AppResult::Worked(worked) = &report.result
            && let Some(spent) = Spent::after(self.spent.get(&report.app).copied(), Spent::of(worked))
        {
            self.spent.insert(report.app.clone(), spent);
        }
        let regular = now.checked_add(self.pause(&report.app, loaded)).unwrap_or(Timestamp::MAX);
        let next = boundary(&report, now).map_or(regular, |time| regular.min(time));
        // Cleared in the meantime: the files have changed, and another pass is due at once.
        if let Some(due) = self.due.get_mut(&report.app) {
            *due = next;
        }
        self.tell(&report)
    }

    /// The interval of an app, up to a tenth more or less, so that apps do not march in step.
    fn pause(&mut self, app: &ObjectName, loaded: &Loaded) -> Duration {
        let spent = self.spent.get(app).copied();
        let interval = loaded
            .target_apps
            .get(app)
            .map_or(pace::INTERVAL, |located| pace::interval(&located.object.spec, spent, pace::sharing(loaded, app)));
        self.turns = self.turns.wrapping_add(1);
        let tenths = u32::try_from(self.chance.hash_one((app, self.turns)) % 201).unwrap_or(100);
        interval * (900 + tenths) / 1000
    }

    fn tell(&mut self, report: &AppReport) -> Result<(), CommandError> {
        let (mut document, _) = plan_document(std::slice::from_ref(report), Told::Outcomes);
        for app in &mut document.apps {
            app.calls = Calls::default();
        }
        if self.told.get(&report.app) == Some(&document) {
            tracing::debug!(app = %report.app, calls = ?report.calls(), "nothing new");
            return Ok(());
        }
        output::painted(&output::as_text(&document, &output::Next::default()))?;
        self.told.insert(report.app.clone(), document);
        Ok(())
    }
}
