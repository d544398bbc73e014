//! `explain`: why a person has, lacks or will lose each thing. Reads files and the store; the apps only where that is
//! asked for.

mod blame;
pub(super) mod build;
pub(super) mod places;
pub(super) mod scene;

use std::collections::BTreeMap;

use appaccess_core::{
    access::{Mail, ObjectName, Person, PersonKey, Slot, Text},
    resolve::{Found, World, find_person, known_names, left},
};
use clap::{Args, builder::NonEmptyStringValueParser};
use clap_complete::engine::ArgValueCompleter;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use self::{
    places::Places,
    scene::{Basis, Scene},
};
use super::{
    cluster::{self, ClusterFlags},
    completions::names,
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, OutputFlags, ReachFlags, StateFlags},
    history::{approval, change},
    output::{
        build::{Told, errors_of_files, plan_document, whole_seconds},
        document::ErrorEntry,
        explain::{self as shown, EXPLAIN_SCHEMA, ExplainApp, ExplainDocument},
        history::Line,
    },
    session::Session,
};
use crate::{
    load::{Loaded, nearest, world},
    store::{Store, TimelineFilter, Whose},
    sync::{AppReport, AppResult, Declared, Options, machine_clock, read_directories},
};

/// Lines of the journal about one person in one app that are looked at for the last of each thing.
const MOST_LINES: u32 = 1000;
/// Names that are offered to whoever mistyped one.
const MOST_NAMES: usize = 5;

/// The flags of `explain`.
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("filename", |filename| filename.required(false).required_unless_present("cluster")),
    mut_arg("cluster", |cluster| cluster.conflicts_with_all(["filename", "live"]))
)]
#[command(after_help = "Examples:\n  \
    appaccess explain ana@birch.studio -f access/\n  \
    appaccess explain ana@birch.studio -f access/ --app studio/planner --live\n  \
    appaccess explain it/okta:00u1 -f access/ -o json\n  \
    appaccess explain ana@birch.studio --cluster\n\n\
    Reads the files and, where it is there, the store: no network and no credential. What it says of an app is what the \
    last pass over that store left; --live reads the apps, as `plan` does. With --cluster it reads the objects and their \
    status instead, and the store only where --state is given.\n\n\
    Exit codes: 0, or 3 where something of the person waits for a decision, or 1 where nobody can tell of something, a \
    change of theirs failed, an app could not be read, or nobody knows the person, or 64 for wrong usage or invalid files.")]
pub struct Flags {
    /// Mail address (any of a person's), login, or a key as NAMESPACE/DIRECTORY:ID
    #[arg(value_name = "PERSON", value_parser = NonEmptyStringValueParser::new(), add = ArgValueCompleter::new(names::people))]
    pub(super) person: String,
    #[command(flatten)]
    pub(super) files: FileFlags,
    /// Read the apps, as `plan` does; needs their credentials
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    pub(super) cluster: ClusterFlags,
    #[command(flatten)]
    reach: ReachFlags,
    #[command(flatten)]
    pub(super) state: StateFlags,
    #[command(flatten)]
    pub(super) output: OutputFlags,
}

/// Finds out and prints.
pub(super) async fn run(flags: &Flags, quiet: bool) -> Result<Exit, CommandError> {
    let document =
        if flags.cluster.cluster { cluster::explain::document(flags).await? } else { over_files(flags, quiet).await? };
    shown::print(&document, flags.output.output)?;
    let held = if document.is_held() { Exit::Held } else { Exit::Done };
    Ok(if document.is_broken() { held.worst(Exit::Failed) } else { held })
}

async fn over_files(flags: &Flags, quiet: bool) -> Result<ExplainDocument, CommandError> {
    let session = Session::open(&flags.files, &flags.reach, machine_clock(), &CancellationToken::new())?;
    let store = Store::open_existing(&flags.state.state).await?;
    let now = session.now();
    let readings = read_directories(&session.loaded, store.as_ref(), now).await?;
    let world = world(&session.loaded, &readings);
    let who = whom(&world, store.as_ref(), &flags.person, now).await?;
    let _progress = session.progress(if flags.live { "reading the apps" } else { "looking it up" }, quiet);
    let mut scenes = scenes(&session, &world, store.as_ref(), now).await?;
    let mut errors = Vec::new();
    if flags.live {
        errors = read_apps(&session, &world, store.as_ref(), now, &mut scenes).await;
    }
    let places = Places::of(&session.loaded);
    let mut apps = Vec::new();
    for (name, scene) in &scenes {
        let told = last(store.as_ref(), name, &who.person).await?;
        let note = note(&session.loaded, name, scene, told.newest, now);
        apps.push(build::app(&places, &world, scene, &who.person, told.lines, note, now));
    }
    errors.extend(errors_of_files(&session.loaded, &readings).into_iter().filter(|entry| entry.app.is_none()));
    errors.sort();
    errors.dedup();
    let origins = blame::origins(&build::places(&apps)).await;
    build::blame(&mut apps, &origins);
    finished(flags, &world, &who, apps, errors)
}

/// Whom a text means.
pub(super) struct Who {
    /// The person.
    pub(super) person: Person,
    /// What the directory says of a leaver.
    left: Option<Text>,
    /// Why nobody can tell who it is.
    unsure: Option<Text>,
    /// Whether the journal alone knows them, and no directory says that they left.
    is_past: bool,
}

/// Finds the person by the declarations, and who left them by the journal.
pub(super) async fn whom(
    world: &World,
    store: Option<&Store>,
    text: &str,
    now: Timestamp,
) -> Result<Who, CommandError> {
    let (person, unsure) = match find_person(world, text, now) {
        Found::Person(person) => (*person, None),
        Found::Unsure(key, why) => (Person::literal(key), Some(why)),
        Found::Ambiguous => {
            let what = format!("`{text}` is the address of more than one person");
            return Err(CommandError::refused(what, "name one of them as NAMESPACE/DIRECTORY:ID"));
        }
    };
    let is_literal = !matches!(person.key, PersonKey::Known { .. });
    // Whoever is in no directory any more was called so when something was done.
    let past = match store.filter(|_| is_literal && !known_names(world).contains(&person.label)) {
        Some(store) => past(store, text, &person.label).await?,
        None => None,
    };
    let is_journalled = past.is_some();
    let (person, unsure) = past.map_or((person, unsure), |past| (past, None));
    let left = left(world, &person.key).map(|(_, says, _)| says);
    Ok(Who { is_past: is_journalled && left.is_none(), person, left, unsure })
}

/// Whom the journal knows under a name or a key.
async fn past(store: &Store, text: &str, label: &Text) -> Result<Option<Person>, CommandError> {
    let called = store.people_called(label).await?;
    if called.len() > 1 {
        let keys: Vec<String> = called.iter().take(MOST_NAMES).map(PersonKey::canonical).collect();
        let more = if called.len() > MOST_NAMES { ", …" } else { "" };
        let what = format!("`{text}` is what the journal calls {} people", called.len());
        return Err(CommandError::refused(what, format!("name one of them: {}{more}", keys.join(", "))));
    }
    if let Some(key) = called.into_iter().next() {
        return Ok(Some(Person { label: label.clone(), mail: Mail::parse(text).ok(), ..Person::literal(key) }));
    }
    let key = PersonKey::from_canonical(text).or_else(|| PersonKey::from_canonical(&format!("id:{text}")));
    Ok(key.map(Person::literal))
}

/// The document; nobody knowing the person is an error with the nearest names.
pub(super) fn finished(
    flags: &Flags,
    world: &World,
    who: &Who,
    apps: Vec<ExplainApp>,
    errors: Vec<ErrorEntry>,
) -> Result<ExplainDocument, CommandError> {
    let person = build::person(&flags.person, who);
    let chosen = !flags.files.app.is_empty();
    // What waits is decided where it was read.
    let by_status = apps.iter().any(|app| app.basis == "status");
    let again = if by_status { flags.cluster.again() } else { flags.state.again() };
    let document = ExplainDocument { schema: EXPLAIN_SCHEMA, person, apps, errors, chosen, again };
    let is_known = matches!(&who.person.key, PersonKey::Known { directory, id }
        if world.directories.get(directory).is_some_and(|view| view.people.contains_key(id)));
    if is_known || !document.is_empty() || known_names(world).contains(&who.person.label) {
        return Ok(document);
    }
    let near = near(world, &flags.person);
    let remedy = if near.is_empty() {
        "no declaration, directory or journal names anybody like it; check the address and the files".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    Err(CommandError::refused(format!("nobody knows `{}`", flags.person), remedy))
}

/// Names that may have been meant: those that hold the word, else the nearest by its letters.
fn near(world: &World, text: &str) -> Vec<String> {
    let names = known_names(world);
    let meant = text.split('@').next().unwrap_or(text).to_lowercase();
    let holds = |name: &&Text| meant.len() > 1 && name.to_lowercase().contains(&meant);
    let mut near: Vec<String> = names.iter().filter(holds).take(MOST_NAMES).map(ToString::to_string).collect();
    if near.is_empty() {
        near.extend(nearest(text, names.iter().map(|name| &**name)).map(str::to_owned));
    }
    near
}

/// What files and store tell of each app that was asked for.
async fn scenes<'a>(
    session: &'a Session,
    world: &World,
    store: Option<&Store>,
    now: Timestamp,
) -> Result<BTreeMap<&'a ObjectName, Scene>, CommandError> {
    let known = match store {
        Some(store) => store.apps().await?,
        None => std::collections::BTreeSet::new(),
    };
    let mut scenes = BTreeMap::new();
    for (name, located) in &session.loaded.target_apps {
        if !session.chosen.is_empty() && !session.chosen.contains(name) {
            continue;
        }
        let memory = match store.filter(|_| known.contains(name)) {
            Some(store) => Some(store.memory(name, now).await?),
            None => None,
        };
        let scene = Scene::remembered(&session.loaded, world, name, &located.object.spec, memory, now);
        scenes.insert(name, scene);
    }
    Ok(scenes)
}

/// Reads the apps and puts what they hold in the place of what was remembered; what could not be read is told.
async fn read_apps<'a>(
    session: &'a Session,
    world: &World,
    store: Option<&Store>,
    now: Timestamp,
    scenes: &mut BTreeMap<&'a ObjectName, Scene>,
) -> Vec<ErrorEntry> {
    let declared = Declared { loaded: &session.loaded, world };
    let reports: Vec<AppReport> = session.fleet.plan(declared, store, &session.chosen, &Options::default(), now).await;
    for report in &reports {
        let located = session.loaded.target_apps.get_key_value(&report.app);
        if let (AppResult::Worked(worked), Some((name, located))) = (&report.result, located) {
            scenes.insert(name, Scene::read(&session.loaded, name, &located.object.spec, &worked.look));
        }
    }
    let (document, _) = plan_document(&reports, Told::Plan);
    // What is wrong with claims is told with the claims of the person.
    document.errors.into_iter().filter(|entry| entry.object.starts_with("TargetApp ")).collect()
}

/// The last lines of the journal.
#[derive(Default)]
pub(super) struct Journalled {
    /// The last about each thing of the person.
    pub(super) lines: BTreeMap<Slot, Line>,
    /// When the last change of the app was.
    pub(super) newest: Option<Timestamp>,
}

/// What the journal says last of each thing of a person in one app.
pub(super) async fn last(store: Option<&Store>, app: &ObjectName, person: &Person) -> Result<Journalled, CommandError> {
    let Some(store) = store else { return Ok(Journalled::default()) };
    let apps = std::collections::BTreeSet::from([app.clone()]);
    let any = TimelineFilter { apps, limit: 1, ..TimelineFilter::default() };
    let newest = store.timeline(&any).await?.first().map(|line| line.at);
    let whose = Whose { people: [person.key.clone()].into(), label: "".into() };
    let of_person = TimelineFilter { whose: Some(whose), limit: MOST_LINES, ..any };
    let found = store.timeline(&of_person).await?;
    let given = if found.is_empty() { Vec::new() } else { store.given_decisions(app).await? };
    let mut lines = BTreeMap::new();
    for line in &found {
        let change = change(&line.intent);
        let told = || Line::of(line, &change, approval(line, &change, &given));
        lines.entry(line.intent.slot.clone()).or_insert_with(told);
    }
    Ok(Journalled { lines, newest })
}

/// What an explanation of an app rests on, in words.
fn note(loaded: &Loaded, app: &ObjectName, scene: &Scene, newest: Option<Timestamp>, now: Timestamp) -> String {
    let suspended = loaded.target_apps.get(app).is_some_and(|located| {
        let spec = &located.object.spec;
        spec.suspend && spec.suspend_until.as_ref().is_none_or(|until| now < until.timestamp())
    });
    let basis = match (&scene.basis, newest) {
        (Basis::Files, _) => "by the files alone; --state or --live tells what the app holds".to_owned(),
        (Basis::Store, Some(newest)) => {
            format!("as the store remembers it, last change {}; --live reads the app", whole_seconds(newest))
        }
        (Basis::Store, None) => "as the store remembers it, nothing was changed yet; --live reads the app".to_owned(),
        (Basis::App(observation), _) if observation.is_complete() => "read now".to_owned(),
        (Basis::App(_), _) => "read now, and not as a whole".to_owned(),
    };
    if suspended { format!("suspended by its object; {basis}") } else { basis }
}
