//! `plan`: what would change and why. Sends nothing that changes anything, and creates no store.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    base,
    cluster::{self, ClusterFlags},
    error::CommandError,
    exit::Exit,
    flags::{DEFAULT_STATE, FileFlags, JudgementFlags, OutputFlags, ReachFlags, StateFlags, quoted},
    inputs,
    output::{
        self, Next,
        build::{Readings, Told, errors_of_files, plan_document},
        document::PlanDocument,
        places::locate_errors,
        words::counted,
    },
    saved::SavedPlan,
    session::Session,
};
use crate::{
    load::world,
    store::Store,
    sync::{AppReport, AppResult, Clock, Declared, Options, machine_clock, read_directories},
};

/// The flags of `plan`.
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("filename", |filename| filename.required(false).required_unless_present("cluster")),
    mut_arg("cluster", |cluster| cluster.conflicts_with_all(["filename", "base", "out", "at"]))
)]
#[command(after_help = "Examples:\n  \
    appaccess plan -f access/\n  \
    appaccess plan -f access/ --app studio/planner --out planner.plan\n  \
    appaccess plan -f access/ --at 2027-01-01T00:00:00Z\n  \
    appaccess plan -f access/ --base /tmp/main/access -o markdown\n  \
    appaccess plan --cluster --app studio/planner")]
pub struct Flags {
    #[command(flatten)]
    pub(super) files: FileFlags,
    /// What a change of the YAML means: PATH is the state before it; no app and no network is asked
    #[arg(long, value_name = "PATH", conflicts_with_all = ["out", "no_settle"])]
    pub(super) base: Vec<PathBuf>,
    /// Save the plan, to be applied exactly so
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    out: Option<PathBuf>,
    /// Exit with 2 where changes are pending
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Plan as if it were this time (RFC 3339), to preview what expires
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<Timestamp>,
    #[command(flatten)]
    cluster: ClusterFlags,
    #[command(flatten)]
    judgement: JudgementFlags,
    #[command(flatten)]
    reach: ReachFlags,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    pub(super) output: OutputFlags,
}

/// A plan for all apps that were chosen.
pub(super) struct Planned {
    /// What became of each app.
    pub(super) reports: Vec<AppReport>,
    /// The same as a document.
    pub(super) document: PlanDocument,
    /// What it stands for.
    pub(super) exit: Exit,
}

/// Plans and prints.
pub(super) async fn run(flags: &Flags, quiet: bool) -> Result<Exit, CommandError> {
    if flags.cluster.cluster {
        if *flags.state.state != *DEFAULT_STATE {
            return Err(CommandError::usage(
                "nothing is shown: --cluster shows what the operator wrote, and plans nothing from a store (--state)",
                "leave one of the two out; `appaccess explain PERSON --cluster --state …` reads the operator's store",
            ));
        }
        return cluster::show::run(&flags.cluster, &flags.files.app, flags.output.output).await;
    }
    flags.cluster.refuse_without()?;
    if !flags.base.is_empty() {
        for flag in ["--state", "--secrets"] {
            if is_written(flag) {
                let what =
                    format!("nothing was planned: {flag} means nothing with --base, which asks no store and no app");
                return Err(CommandError::usage(what, format!("leave out {flag}, or leave out --base")));
            }
        }
        return base::run(flags);
    }
    let from_stream = flags.files.filename.iter().any(|path| path.as_os_str() == "-");
    if flags.out.is_some() && from_stream {
        let remedy = "name files or folders by `-f`";
        return Err(CommandError::usage(
            "the plan cannot be saved: what came by standard input cannot be read again",
            remedy,
        ));
    }
    let clock: Clock = match flags.at {
        Some(at) => Arc::new(move || at),
        None => machine_clock(),
    };
    let session = Session::open(&flags.files, &flags.reach, clock, &CancellationToken::new())?;
    let store = Store::open_existing(&flags.state.state).await?;
    let options = Options { no_settle: flags.judgement.no_settle, ..Options::default() };
    let planned = planned(&session, store.as_ref(), &options, quiet).await?;
    if let Some(path) = &flags.out {
        let inputs = inputs::digest(&session.loaded);
        SavedPlan::new(&flags.files, options.no_settle, inputs, &planned.reports).write(path)?;
    }
    let state = flags.state.again();
    let what = match &flags.out {
        Some(path) => quoted(&path.display().to_string()),
        None => flags.files.again(),
    };
    let offers_apply = flags.out.is_some() || (!from_stream && flags.at.is_none());
    let next = Next {
        flags: format!("{what}{}{state}", flags.reach.again()),
        judgement: if flags.out.is_none() { flags.judgement.again().to_owned() } else { String::new() },
        state,
        base: None,
        offers_apply,
        written: Some(written(&planned.reports)),
    };
    output::plan(&planned.document, flags.output.output, &next)?;
    Ok(unless_detailed(planned.exit, flags.detailed_exitcode))
}

/// Whether a flag stands on the command line itself, and not in the environment alone.
fn is_written(flag: &str) -> bool {
    let same = |word: String| word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    std::env::args_os().filter_map(|word| word.into_string().ok()).any(same)
}

/// The digests of what is held now that the store has written down, so that they can be decided.
pub(super) fn written(reports: &[AppReport]) -> BTreeSet<String> {
    let looks = reports.iter().filter_map(|report| match &report.result {
        AppResult::Worked(worked) => Some(&worked.look),
        _ => None,
    });
    let digests = looks.filter_map(|look| {
        let digest = &look.plan.hold.as_ref()?.digest;
        look.memory.holds.contains_key(digest).then(|| digest.to_string())
    });
    digests.collect()
}

/// Pending changes count only where the caller asked to be told.
pub(super) fn unless_detailed(exit: Exit, detailed: bool) -> Exit {
    if exit == Exit::Pending && !detailed { Exit::Done } else { exit }
}

/// Reads directories and apps, and plans.
pub(super) async fn planned(
    session: &Session,
    store: Option<&Store>,
    options: &Options,
    quiet: bool,
) -> Result<Planned, CommandError> {
    let _progress = session.progress("reading the apps", quiet);
    let now = session.now();
    let readings = read_directories(&session.loaded, store, now).await?;
    let world = world(&session.loaded, &readings);
    let declared = Declared { loaded: &session.loaded, world: &world };
    let reports = session.fleet.plan(declared, store, &session.chosen, options, now).await;
    Ok(finished(session, reports, &readings, Told::Plan))
}

/// Adds what is wrong or held outside any app.
pub(super) fn finished(session: &Session, reports: Vec<AppReport>, readings: &Readings, told: Told) -> Planned {
    let (mut document, mut exit) = plan_document(&reports, told);
    let further = errors_of_files(&session.loaded, readings).into_iter().filter(|entry| {
        let about = entry.app.as_deref();
        session.chosen.is_empty() || about.is_none_or(|app| session.chosen.iter().any(|name| name.to_string() == app))
    });
    document.errors.extend(further);
    locate_errors(&mut document.errors, &session.loaded);
    document.errors.sort();
    if !document.errors.is_empty() {
        exit = exit.worst(Exit::Failed);
    }
    for (name, reading) in readings {
        if let Some(breaker) = &reading.verdict.breaker {
            exit = exit.worst(Exit::Held);
            let people = counted(breaker.people.len(), "person", "people");
            output::three_lines(
                &format!("Directory {name}: {people} left at once, allowed at once: {}", breaker.allowed),
                "until somebody decides, nobody of it loses anything anywhere",
                &format!("appaccess approve --directory {name} {}, if it is right", breaker.digest),
            );
        }
    }
    Planned { reports, document, exit }
}
