//! `doctor`: how each app is, with what to do about it. Sends reads alone and writes nothing.

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    cluster::{self, ClusterFlags},
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, OutputFlags, ReachFlags, StateFlags},
    output::{
        build::errors_of_files,
        doctor::{self as shown, DoctorDocument},
    },
    session::Session,
};
use crate::{
    load::world,
    store::Store,
    sync::{Declared, machine_clock, read_directories},
};

/// The flags of `doctor`.
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("filename", |filename| filename.required(false).required_unless_present("cluster")),
    mut_arg("cluster", |cluster| cluster.conflicts_with("filename"))
)]
#[command(after_help = "Examples:\n  \
    appaccess doctor -f access/\n  \
    appaccess doctor -f access/ --app studio/planner -o json\n  \
    appaccess doctor --cluster\n\n\
    With --cluster: what the operator wrote into the status of each object; no app is asked and no credential read.\n\n\
    Exit codes: 0 nothing is broken, 1 something is, 64 wrong usage or invalid files.")]
pub struct Flags {
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
    #[command(flatten)]
    reach: ReachFlags,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    output: OutputFlags,
}

/// Looks at every app that was chosen, and prints what was found.
pub(super) async fn run(flags: &Flags, quiet: bool) -> Result<Exit, CommandError> {
    if flags.cluster.cluster {
        let document = cluster::doctor::document(&flags.cluster, &flags.files.app).await?;
        shown::print(&document, flags.output.output)?;
        return Ok(if document.is_broken() { Exit::Failed } else { Exit::Done });
    }
    let session = Session::open(&flags.files, &flags.reach, machine_clock(), &CancellationToken::new())?;
    let store = Store::open_existing(&flags.state.state).await?;
    let document = look(&session, store.as_ref(), quiet).await?;
    shown::print(&document, flags.output.output)?;
    Ok(if document.is_broken() { Exit::Failed } else { Exit::Done })
}

async fn look(session: &Session, store: Option<&Store>, quiet: bool) -> Result<DoctorDocument, CommandError> {
    let _progress = session.progress("looking at the apps", quiet);
    let now = session.now();
    let readings = read_directories(&session.loaded, store, now).await?;
    let world = world(&session.loaded, &readings);
    let declared = Declared { loaded: &session.loaded, world: &world };
    let examinations = session.fleet.examine(declared, store, &session.chosen, now).await;
    let mut errors = errors_of_files(&session.loaded, &readings);
    errors.retain(|entry| {
        let about = entry.app.as_deref();
        session.chosen.is_empty() || about.is_none_or(|app| session.chosen.iter().any(|name| name.to_string() == app))
    });
    errors.sort();
    Ok(DoctorDocument::of(&session.loaded, &examinations, errors, now))
}
