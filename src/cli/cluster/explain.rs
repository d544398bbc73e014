//! `explain --cluster`: why a person has, lacks or will lose each thing, by the objects of the cluster and what the
//! operator wrote into their status. With a store of its own by `--state`, by that.

mod status;

use jiff::Timestamp;

use super::{connect, objects};
use crate::{
    api::{TargetApp, condition},
    cli::{
        error::CommandError,
        explain::{Flags, build, finished, last, places::Places, scene::Scene, whom},
        flags::DEFAULT_STATE,
        output::explain::ExplainDocument,
    },
    load::world,
    store::Store,
    sync::read_directories,
};

/// Reads the objects and tells what they and their status say.
pub(in crate::cli) async fn document(flags: &Flags) -> Result<ExplainDocument, CommandError> {
    let client = connect(&flags.cluster).await?;
    let mut reader = objects::Reader::new(&client, flags.cluster.asked(&flags.files.app));
    let loaded = reader.everything().await?;
    super::known(&loaded, &flags.files.app)?;
    let unseen = reader.unseen();
    // The store beside a shell is not the operator's, unless it is named.
    let store =
        if *flags.state.state == *DEFAULT_STATE { None } else { Store::open_existing(&flags.state.state).await? };
    let now = Timestamp::now();
    let readings = read_directories(&loaded, store.as_ref(), now).await?;
    let world = world(&loaded, &readings);
    let who = whom(&world, store.as_ref(), &flags.person, now).await?;
    let places = Places::of(&loaded);
    let mut apps = Vec::new();
    for (name, located) in &loaded.target_apps {
        let is_chosen =
            if flags.files.app.is_empty() { flags.cluster.covers(name) } else { flags.files.app.contains(name) };
        if !is_chosen {
            continue;
        }
        let memory = match &store {
            Some(store) => Some(store.memory(name, now).await?),
            None => None,
        };
        let is_remembered = memory.is_some();
        let scene = Scene::remembered(&loaded, &world, name, &located.object.spec, memory, now);
        let told = last(store.as_ref(), name, &who.person).await?;
        let note = note(&located.object, is_remembered, unseen.as_deref());
        let mut app = build::app(&places, &world, &scene, &who.person, told.lines, note, now);
        if !is_remembered {
            app.basis = "status";
            let seen = status::Seen { loaded: &loaded, app: &located.object, policy: &scene.policy };
            status::put(seen, &who.person, &mut app);
        }
        apps.push(app);
    }
    finished(flags, &world, &who, apps, Vec::new())
}

/// What it rests on, in words.
fn note(app: &TargetApp, is_remembered: bool, unseen: Option<&str>) -> String {
    let unseen = unseen.map(|unseen| format!("; {unseen}")).unwrap_or_default();
    if is_remembered {
        return format!("as the store remembers it{unseen}");
    }
    let status = app.status.clone().unwrap_or_default();
    let ready = condition::find(&status.conditions, condition::READY);
    let late = if status.observed_generation < app.metadata.generation { ", before its last edit" } else { "" };
    match ready {
        Some(ready) => format!("by its status{late}: Ready is {} ({}){unseen}", ready.status, ready.reason),
        None => format!("no operator has looked at it yet{unseen}"),
    }
}
