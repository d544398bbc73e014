//! `import`: writes down what an app holds now, as claims. Sends reads alone; decides nothing.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use appaccess_core::{access::ObjectName, status::Failure};
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, ReachFlags},
    output::{self, document::ErrorEntry, escape::printable, places::locate_errors, words::counted},
    session::Session,
};
use crate::{
    import::{self, Imported, Object},
    load::{Loaded, files::LARGEST_FILE, world},
    sync::{Declared, Holdings, machine_clock, read_directories},
};

/// The flags of `import`.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("app", |app| app.required(true)))]
#[command(after_help = "Examples:\n  \
    appaccess import -f access/ --app studio/planner --out access/planner\n  \
    appaccess import -f access/ --app studio/planner --as-teams --out access/planner")]
pub struct Flags {
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    reach: ReachFlags,
    /// Write one file for each object into this folder instead of standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long, requires = "out")]
    overwrite: bool,
    /// Name people who share several entitlements, or who are exactly a team, as a team
    #[arg(long)]
    as_teams: bool,
}

/// Reads the app and writes.
pub(super) async fn run(flags: &Flags, quiet: bool) -> Result<Exit, CommandError> {
    let [app] = flags.files.app.as_slice() else {
        return Err(CommandError::usage(
            "nothing was read: `import` takes one app at a time",
            "name one app by `--app`",
        ));
    };
    let session = Session::open(&flags.files, &flags.reach, machine_clock(), &CancellationToken::new())?;
    let imported = match imported(&session, app, flags.as_teams, quiet).await? {
        Ok(imported) => imported,
        Err(failure) => {
            let mut errors = [ErrorEntry {
                app: Some(app.to_string()),
                object: format!("TargetApp {app}"),
                reason: failure.reason,
                message: failure.message,
                remedy: failure.remedy,
                place: None,
            }];
            locate_errors(&mut errors, &session.loaded);
            output::failures(&errors);
            return Ok(Exit::Failed);
        }
    };
    match &flags.out {
        Some(folder) => write(folder, flags.overwrite, app, &imported)?,
        None => print(&imported)?,
    }
    tell(&session.loaded, app, &imported);
    Ok(Exit::Done)
}

async fn imported(
    session: &Session,
    app: &ObjectName,
    as_teams: bool,
    quiet: bool,
) -> Result<Result<Imported, Failure>, CommandError> {
    let _progress = session.progress("reading the app", quiet);
    let now = session.now();
    let readings = read_directories(&session.loaded, None, now).await?;
    let world = world(&session.loaded, &readings);
    let declared = Declared { loaded: &session.loaded, world: &world };
    let Holdings { policy, capabilities, observation } = match session.fleet.holdings(declared, app, now).await {
        Ok(holdings) => holdings,
        Err(failure) => return Ok(Err(failure)),
    };
    let source =
        import::Source { policy: &policy, capabilities: &capabilities, observation: &observation, world: &world, now };
    let options = import::Options { as_teams, taken: taken(&session.loaded, app) };
    Ok(Ok(import::import(&source, &options)))
}

/// Names that other objects bear. What declares this very app is what an import takes the place of.
fn taken(loaded: &Loaded, app: &ObjectName) -> BTreeSet<ObjectName> {
    let others = loaded.app_accesses.keys().filter(|name| !claims(loaded, name, app));
    others.chain(loaded.teams.keys()).cloned().collect()
}

/// Whether an `AppAccess` is about this app.
fn claims(loaded: &Loaded, access: &ObjectName, app: &ObjectName) -> bool {
    loaded.app_accesses.get(access).is_some_and(|located| {
        let reference = &located.object.spec.app_ref;
        *reference.name == *app.name && reference.namespace.as_deref().unwrap_or(&access.namespace) == &*app.namespace
    })
}

fn print(imported: &Imported) -> Result<(), CommandError> {
    let text = imported.text();
    if text.len() as u64 > LARGEST_FILE {
        output::note("this is more than one file may hold: `--out DIR` writes one file for each object\n");
    }
    output::plain(&text)
}

/// Writes one file for each object, all of them or none where one is in the way.
fn write(folder: &Path, overwrite: bool, app: &ObjectName, imported: &Imported) -> Result<(), CommandError> {
    let failed = |path: &Path, source: io::Error| CommandError::File { verb: "write", path: path.to_owned(), source };
    let comments = Object { kind: "AppAccess", name: app.clone(), yaml: imported.text() };
    let objects = if imported.objects.is_empty() { std::slice::from_ref(&comments) } else { &imported.objects };
    let files: Vec<(PathBuf, &str)> =
        objects.iter().map(|object| (folder.join(file(object)), object.yaml.as_str())).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| !overwrite && path.exists()) {
        let what = format!("nothing was written: {} is there already", path.display());
        return Err(CommandError::refused(what, "name another folder by --out, or add --overwrite"));
    }
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    for (path, text) in &files {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).create_new(!overwrite);
        let mut opened = options.open(path).map_err(|source| failed(path, source))?;
        opened.write_all(text.as_bytes()).map_err(|source| failed(path, source))?;
    }
    Ok(())
}

/// The name of an object's file. Names of objects hold nothing that leads out of a folder.
fn file(object: &Object) -> String {
    let kind = if object.kind == "Team" { "team-" } else { "" };
    format!("{kind}{}.yaml", object.name.name)
}

/// Says beside the result what it comes to.
fn tell(loaded: &Loaded, app: &ObjectName, imported: &Imported) {
    let objects = counted(imported.objects.len(), "object", "objects");
    let grants = counted(imported.grants, "grant", "grants");
    let mut text = format!("{objects} with {grants}");
    if !imported.left_out.is_empty() {
        let rows = counted(imported.left_out.len(), "row", "rows");
        text = format!("{text}; {rows} not declared, named in comments with the reason");
    }
    let declared: Vec<String> =
        loaded.app_accesses.keys().filter(|name| claims(loaded, name, app)).map(ToString::to_string).collect();
    if let Some(first) = declared.first() {
        text = format!(
            "{text}\n{} about this app already, {first} for one: what was written declares all of it again, to take their place",
            counted(declared.len(), "object is", "objects are")
        );
    }
    for line in text.lines() {
        output::note(&format!("{}\n", printable(line)));
    }
}
