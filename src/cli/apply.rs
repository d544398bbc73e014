//! `apply`: plans, asks, applies, reads back and reports.

mod base;

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use appaccess_core::access::ObjectName;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use tokio_util::sync::CancellationToken;

use super::{
    base::refuse_one_stream,
    completions::names,
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, Format, JudgementFlags, OutputFlags, ReachFlags, StateFlags, quoted},
    inputs,
    lease::Lease,
    output::{self, Next, build::Told},
    plan::{Planned, finished, planned, unless_detailed, written},
    saved::{self, SavedPlan},
    session::Session,
    stop::{self, Begun},
};
use crate::{
    load::world,
    store::Store,
    sync::{Declared, Options, machine_clock, read_directories, remember_directories},
};

/// The flags of `apply`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = "appaccess apply [OPTIONS] <--filename <PATH>|PLANFILE>")]
#[command(after_help = "Examples:\n  \
    appaccess apply -f access/\n  \
    appaccess apply -f access/ --yes -o json\n  \
    appaccess apply -f access/ --base /tmp/before/access --yes\n  \
    appaccess plan -f access/ --out today.plan && appaccess apply today.plan --yes")]
pub struct Flags {
    /// A plan saved by `plan --out`, applied exactly or not at all, after you were asked
    #[arg(value_name = "PLANFILE", conflicts_with_all = ["filename", "app", "no_settle", "base"])]
    plan_file: Option<PathBuf>,
    /// File, folder (with all below it) or `-` for standard input; repeatable
    #[arg(short, long, value_name = "PATH", required_unless_present = "plan_file")]
    filename: Vec<PathBuf>,
    /// Only this target app; a bare NAME is in namespace `default`; repeatable
    #[arg(long, value_name = "NS/NAME", value_parser = ObjectName::parse, add = ArgValueCompleter::new(names::apps))]
    app: Vec<ObjectName>,
    /// For pipelines that keep no state: PATH is the state before a change, and what it declared counts as ours
    #[arg(long, value_name = "PATH")]
    base: Vec<PathBuf>,
    /// Answer the question "apply?" beforehand; decides no hold
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    judgement: JudgementFlags,
    #[command(flatten)]
    reach: ReachFlags,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    output: OutputFlags,
}

/// Plans, asks and applies.
pub(super) async fn run(flags: &Flags, quiet: bool) -> Result<Exit, CommandError> {
    refuse_one_stream(&flags.filename, &flags.base)?;
    let asks = !flags.yes;
    let from_stream = flags.filename.iter().any(|path| path.as_os_str() == "-");
    if asks && (from_stream || !io::stdin().is_terminal() || !io::stderr().is_terminal()) {
        let what = "nothing was changed: `apply` asks first, and there is no terminal to ask on";
        return Err(CommandError::usage(what, "look at `appaccess plan` first, then add --yes"));
    }
    let saved = flags.plan_file.as_deref().map(SavedPlan::read).transpose()?;
    let files = match &saved {
        Some(saved) => saved.files(),
        None => FileFlags { filename: flags.filename.clone(), app: flags.app.clone() },
    };
    let no_settle = saved.as_ref().map_or(flags.judgement.no_settle, |saved| saved.no_settle);
    let begun = Begun::default();
    let stop = stop::on_signal_once(begun.clone())?;
    let session = Session::open(&files, &flags.reach, machine_clock(), &stop)?;
    let options = Options { no_settle, ..Options::default() };
    let state = flags.state.again();
    let before = flags.base.iter().map(|path| format!("--base {}", quoted(&path.display().to_string())));
    let before: Vec<String> = before.collect();
    let next = match before.as_slice() {
        [] => Next { flags: format!("{}{}{state}", files.again(), flags.reach.again()), state, ..Next::default() },
        before => Next { flags: files.again(), base: Some(before.join(" ")), ..Next::default() },
    };
    let done = if flags.base.is_empty() {
        if asks || saved.is_some() {
            let planned = looked(&session, flags, &options, quiet).await?;
            if let Some(saved) = &saved {
                as_saved(&session, &planned, saved)?;
            }
            if asks {
                confirm(&planned, flags, &next)?;
            }
        }
        begun.begin();
        apply(&session, flags, &options, &stop, quiet).await?
    } else {
        begun.begin();
        base::run(&session, flags, asks, &stop, &next, quiet).await?
    };
    output::plan(&done.document, flags.output.output, &next)?;
    if stop.is_cancelled() {
        return Err(stopped(&done));
    }
    Ok(unless_detailed(done.exit, false))
}

/// Says how far the work came when a stop was asked for.
fn stopped(done: &Planned) -> CommandError {
    let mut changes = done.document.apps.iter().flat_map(|app| &app.changes);
    if changes.any(|change| matches!(change.outcome, Some("skipped"))) {
        let remedy = "the same command goes on: what was done is known";
        return CommandError::refused("stopped between two changes: a stop was asked for", remedy);
    }
    let what = "stopped after the last change: a stop was asked for, and the apps were not read again to the end";
    CommandError::refused(what, "`appaccess plan` with the same flags tells what they hold now")
}

async fn apply(
    session: &Session,
    flags: &Flags,
    options: &Options,
    stop: &CancellationToken,
    quiet: bool,
) -> Result<Planned, CommandError> {
    let _progress = session.progress("reading and changing the apps", quiet);
    let store = Store::open(&flags.state.state).await?;
    let lease = Lease::take(&store, &session.fleet.clock, stop).await?;
    let now = session.now();
    let readings = read_directories(&session.loaded, Some(&store), now).await?;
    remember_directories(&session.loaded, &readings, lease.writer(), now).await?;
    let world = world(&session.loaded, &readings);
    let declared = Declared { loaded: &session.loaded, world: &world };
    let reports = session.fleet.pass(declared, lease.writer(), &session.chosen, options).await;
    lease.release().await;
    store.close().await;
    Ok(finished(session, reports, &readings, Told::Outcomes))
}

/// Plans, and changes nothing.
async fn looked(session: &Session, flags: &Flags, options: &Options, quiet: bool) -> Result<Planned, CommandError> {
    let store = Store::open_existing(&flags.state.state).await?;
    let planned = planned(session, store.as_ref(), options, quiet).await?;
    if let Some(store) = store {
        store.close().await;
    }
    Ok(planned)
}

/// Refuses unless exactly the changes of the saved plan would be sent now.
fn as_saved(session: &Session, now: &Planned, saved: &SavedPlan) -> Result<(), CommandError> {
    let remedy = "save and read a new plan: `appaccess plan -f PATH --out FILE`";
    if inputs::digest(&session.loaded) != saved.inputs {
        return Err(CommandError::refused(
            "nothing was changed: the files are not those that the plan was made of",
            remedy,
        ));
    }
    let changes = saved::changes(&now.reports);
    let moved: Vec<&String> =
        saved.changes.keys().chain(changes.keys()).filter(|app| saved.changes.get(*app) != changes.get(*app)).collect();
    match moved.first() {
        None => Ok(()),
        Some(app) => {
            let what = format!(
                "nothing was changed: what the plan rests on has moved, and {app} would be changed otherwise now"
            );
            Err(CommandError::refused(what, remedy))
        }
    }
}

/// Shows a plan and asks, where there is something to ask about.
fn confirm(planned: &Planned, flags: &Flags, next: &Next) -> Result<(), CommandError> {
    if saved::changes(&planned.reports).values().all(std::collections::BTreeSet::is_empty) {
        return Ok(());
    }
    let next = &Next { written: Some(written(&planned.reports)), ..next.clone() };
    if flags.output.output == Format::Text {
        output::plan(&planned.document, Format::Text, next)?;
    } else {
        output::note(&output::as_text(&planned.document, next));
    }
    if confirmed("\nApply these changes? Only `yes` is taken as such: ")? {
        Ok(())
    } else {
        Err(CommandError::refused("nothing was changed: the answer was not `yes`", "answer `yes`, or add --yes"))
    }
}

/// Asks on the terminal.
pub(super) fn confirmed(question: &str) -> Result<bool, CommandError> {
    output::note(question);
    let mut answer = String::new();
    let failed = |source| CommandError::Machine { what: "read the answer", source };
    io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim() == "yes")
}
