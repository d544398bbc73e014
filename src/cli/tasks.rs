//! `tasks`: what people are asked to do in apps that cannot do it themselves. Reads, and changes nothing.

use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use super::{
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, ReachFlags, StateFlags},
    output::{self, tasks},
    plan::planned,
    session::Session,
};
use crate::{
    store::Store,
    sync::{Options, machine_clock},
};

/// How tasks are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people; colour only on a terminal.
    #[default]
    Text,
    /// A checklist, for an issue.
    Markdown,
    /// One document, as `appaccess schema tasks` describes it.
    Json,
    /// For a spreadsheet.
    Csv,
}

/// The flags of `tasks`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    appaccess tasks -f access/\n  \
    appaccess tasks -f access/ --app office/parking -o markdown\n  \
    appaccess tasks -f access/ -o csv > tasks.csv\n\n\
    Exit codes: 0, or 3 where a task is overdue, or 1 where an app could not be read.")]
pub struct Flags {
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    reach: ReachFlags,
    #[command(flatten)]
    state: StateFlags,
    /// How the tasks are printed
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// Reads the apps and prints what people are asked to do.
pub(super) async fn run(flags: &Flags, quiet: bool) -> Result<Exit, CommandError> {
    let session = Session::open(&flags.files, &flags.reach, machine_clock(), &CancellationToken::new())?;
    let store = Store::open_existing(&flags.state.state).await?;
    let planned = planned(&session, store.as_ref(), &Options::default(), quiet).await?;
    let document = tasks::document(&planned.reports, planned.document.errors);
    match flags.output {
        Format::Text => output::painted(&tasks::text(&document))?,
        Format::Markdown => output::plain(&tasks::markdown(&document))?,
        Format::Json => output::json(&document)?,
        Format::Csv => output::plain(&tasks::csv(&document).map_err(|error| CommandError::Machine {
            what: "write the tasks",
            source: std::io::Error::other(error),
        })?)?,
    }
    let late = if document.is_overdue() { Exit::Held } else { Exit::Done };
    Ok(if document.errors.is_empty() { late } else { late.worst(Exit::Failed) })
}
