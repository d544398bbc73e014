//! From flags to what the engine works on: loaded files, credentials, a fleet. Nothing is contacted here.

use std::{collections::BTreeSet, sync::Arc};

use appaccess_core::access::ObjectName;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    credentials::FileCredentials,
    error::CommandError,
    flags::{FileFlags, ReachFlags},
    output::{
        self,
        escape::printable,
        progress::{Board, Progress},
    },
};
use crate::{
    connector,
    load::{Loaded, Problem, files},
    sync::{Clock, Fleet},
};

/// How many apps are worked on at once: they are other people's machines.
const CONCURRENCY: usize = 8;
/// Problems beyond this number are counted.
const MOST_SHOWN: usize = 100;

/// Everything that a command over files works on.
pub(super) struct Session {
    /// The objects.
    pub(super) loaded: Loaded,
    /// Works on target apps.
    pub(super) fleet: Fleet,
    /// The apps that were chosen; empty for all.
    pub(super) chosen: BTreeSet<ObjectName>,
    /// What the work on the apps tells.
    board: Arc<Board>,
}

impl Session {
    /// Reads the files and refuses them if anything is wrong with them.
    pub(super) fn open(
        files: &FileFlags,
        reach: &ReachFlags,
        clock: Clock,
        stop: &CancellationToken,
    ) -> Result<Self, CommandError> {
        let mut loaded = checked(files)?;
        let fleet = fleet(reach, &mut loaded, clock, stop);
        let board = Arc::<Board>::default();
        let fleet = Fleet { progress: board.listener(), ..fleet };
        Ok(Self { loaded, fleet, chosen: files.app.iter().cloned().collect(), board })
    }

    /// Shows how work that is called `what` goes on, until the value is dropped.
    pub(super) fn progress(&self, what: &'static str, quiet: bool) -> Progress {
        let apps = if self.chosen.is_empty() { self.loaded.target_apps.len() } else { self.chosen.len() };
        Progress::start(what, apps, quiet, &self.board)
    }

    /// The time by the fleet's clock.
    pub(super) fn now(&self) -> Timestamp {
        (self.fleet.clock)()
    }
}

/// The fleet over what was loaded. What it waits for is logged.
pub(super) fn fleet(reach: &ReachFlags, loaded: &mut Loaded, clock: Clock, stop: &CancellationToken) -> Fleet {
    Fleet {
        connectors: connector::Options {
            allow_loopback: reach.allow_loopback,
            timeout: Some(reach.timeout.to_std()),
            ..connector::Options::default()
        },
        credentials: Arc::new(FileCredentials::new(reach, loaded)),
        clock,
        stop: stop.clone(),
        concurrency: CONCURRENCY,
        progress: Arc::<Board>::default().listener(),
    }
}

/// Reads the files; any fault in them is shown, and refused.
pub(super) fn checked(flags: &FileFlags) -> Result<Loaded, CommandError> {
    let loaded = faultless(flags)?;
    if loaded.is_empty() {
        let passed = match loaded.other_kinds {
            0 => String::new(),
            count => format!("; {count} documents of other kinds were passed over"),
        };
        let what = format!("nothing was contacted: no object of `appaccess.dev/v1alpha1` is among the files{passed}");
        return Err(CommandError::usage(what, "name files with a TargetApp and an AppAccess by `-f`"));
    }
    if loaded.other_kinds > 0 {
        tracing::info!(count = loaded.other_kinds, "documents of other kinds were passed over");
    }
    refuse_unknown(&flags.app, &loaded.target_apps.keys().collect())?;
    Ok(loaded)
}

/// Refuses an app that was chosen and is not there.
pub(super) fn refuse_unknown(chosen: &[ObjectName], known: &BTreeSet<&ObjectName>) -> Result<(), CommandError> {
    let Some(app) = chosen.iter().find(|app| !known.contains(app)) else { return Ok(()) };
    let known: Vec<String> = known.iter().take(10).map(ToString::to_string).collect();
    let remedy = match known.as_slice() {
        [] => "name files with a TargetApp by `-f`".to_owned(),
        known => format!("write one of {}", known.join(", ")),
    };
    let what = format!("nothing was contacted: there is no TargetApp {app} among the files");
    Err(CommandError::usage(what, remedy))
}

/// Reads the files, which may hold nothing of ours; any fault in them is shown, and refused.
pub(super) fn faultless(flags: &FileFlags) -> Result<Loaded, CommandError> {
    let loaded = files::read(&flags.filename)?;
    show_problems(&loaded.problems);
    if loaded.problems.is_empty() { Ok(loaded) } else { Err(CommandError::Invalid { problems: loaded.problems }) }
}

/// Shows what is wrong with files, in three lines each.
pub(super) fn show_problems(problems: &[Problem]) {
    for problem in problems.iter().take(MOST_SHOWN) {
        let object = problem.object.as_deref().map(|object| format!(" {object}")).unwrap_or_default();
        let path = if problem.path.is_empty() { String::new() } else { format!(" {}", problem.path) };
        let what = format!("{}:{object}{path}", problem.place);
        let help = if problem.help.is_empty() { "correct it at that place" } else { &problem.help };
        output::three_lines(&what, &problem.message, help);
    }
    if problems.len() > MOST_SHOWN {
        output::note(&printable(&format!("and {} more", problems.len() - MOST_SHOWN)));
        output::note("\n");
    }
}
