//! `explain --cluster`: why a person has, lacks or will lose each thing, by the objects of the cluster and what the
//! operator wrote into their status. With a store of its own by `--state`, by that.

use std::collections::BTreeMap;

use appaccess_core::access::{ObjectName, Person};
use jiff::Timestamp;

use super::{connect, objects, word};
use crate::{
    api::{
        AccessPlan, TargetApp,
        app_access::{ClaimRow, ClaimState},
        condition,
        reference::Entitlement as Written,
    },
    cli::{
        error::CommandError,
        explain::{Flags, build, finished, last, scene::Scene, whom},
        flags::DEFAULT_STATE,
        output::{
            document::Entitlement,
            explain::{Change, ExplainApp, ExplainDocument, Thing},
        },
    },
    load::{Loaded, world},
    store::Store,
    sync::read_directories,
};

/// Rows that a status lists.
const MOST_ROWS: usize = 20;

/// Reads the objects and tells what they and their status say.
pub(in crate::cli) async fn document(flags: &Flags) -> Result<ExplainDocument, CommandError> {
    let loaded = objects::read(&connect(&flags.cluster).await?).await?;
    super::known(&loaded, &flags.files.app)?;
    // The store beside a shell is not the operator's, unless it is named.
    let store =
        if *flags.state.state == *DEFAULT_STATE { None } else { Store::open_existing(&flags.state.state).await? };
    let now = Timestamp::now();
    let readings = read_directories(&loaded, store.as_ref(), now).await?;
    let world = world(&loaded, &readings);
    let who = whom(&world, store.as_ref(), &flags.person, now).await?;
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
        let note = note(&located.object, is_remembered);
        let mut app = build::app(&loaded, &world, &scene, &who.person, told.lines, note, now);
        if !is_remembered {
            app.basis = "status";
            by_status(&loaded, name, &located.object, &who.person, &mut app);
        }
        apps.push(app);
    }
    finished(flags, &world, &who, apps, Vec::new())
}

/// What it rests on, in words.
fn note(app: &TargetApp, is_remembered: bool) -> String {
    if is_remembered {
        return "as the store remembers it".to_owned();
    }
    let status = app.status.clone().unwrap_or_default();
    let ready = condition::find(&status.conditions, condition::READY);
    let late = if status.observed_generation < app.metadata.generation { ", before its last edit" } else { "" };
    match ready {
        Some(ready) => format!("by its status{late}: Ready is {} ({})", ready.status, ready.reason),
        None => "no operator has looked at it yet".to_owned(),
    }
}

/// Puts what the operator wrote in the place of what the declarations alone tell.
fn by_status(loaded: &Loaded, name: &ObjectName, app: &TargetApp, person: &Person, told: &mut ExplainApp) {
    let called = |text: &str| {
        text.eq_ignore_ascii_case(&person.label)
            || text == person.key.to_string()
            || person.mails().any(|mail| mail.as_str().eq_ignore_ascii_case(text))
    };
    for thing in told.things.iter_mut().filter(|thing| thing.standing == "declared") {
        claimed(loaded, thing, &called);
    }
    if let Some(plan) = loaded.plans.get(name) {
        held(&plan.object, &called, told);
    }
    let status = app.status.clone().unwrap_or_default();
    for drift in status.drift.iter().filter(|drift| drift.person.as_deref().is_some_and(called)) {
        let Some(written) = &drift.entitlement else { continue };
        let Some(thing) = place_of(&mut told.things, written) else { continue };
        if thing.standing == "lacks" {
            thing.standing = "undeclared";
            thing.account.clone_from(&drift.account);
        }
    }
}

/// How a claimed thing stands: as a row of the claims' status says, or done, where the status lists all that is not.
fn claimed(loaded: &Loaded, thing: &mut Thing, called: &impl Fn(&str) -> bool) {
    let objects: BTreeMap<&str, &str> = thing
        .claims
        .iter()
        .filter(|claim| claim.counts)
        .filter_map(|claim| Some((claim.name.split_once('#')?.0, claim.name.as_str())))
        .collect();
    let mut all_told = true;
    for object in objects.keys() {
        let Some(access) = ObjectName::parse(object).ok().and_then(|name| loaded.app_accesses.get(&name)) else {
            continue;
        };
        let status = access.object.status.clone().unwrap_or_default();
        let about = |row: &&ClaimRow| {
            called(&row.subject) && row.entitlement.as_ref().is_some_and(|written| is_same(written, &thing.entitlement))
        };
        if let Some(row) = status.rows.iter().find(about) {
            return apply(row, thing);
        }
        let current =
            status.observed_generation.is_some() && status.observed_generation >= access.object.metadata.generation;
        let read =
            condition::find(&status.conditions, condition::IN_SYNC).is_some_and(|known| known.status != "Unknown");
        all_told &= current && read && status.rows.len() < MOST_ROWS;
    }
    if all_told && !objects.is_empty() {
        thing.standing = "has";
    }
}

fn apply(row: &ClaimRow, thing: &mut Thing) {
    let message = row.message.clone().filter(|message| *message != row.reason);
    thing.standing = match row.state {
        ClaimState::Unknown | ClaimState::Refused => "unknown",
        ClaimState::Pending | ClaimState::Held | ClaimState::Failed => "willGet",
    };
    if thing.standing == "unknown" {
        thing.unknown = Some(message.unwrap_or_else(|| row.reason.clone()));
        return;
    }
    let failed = row.state == ClaimState::Failed;
    thing.change = Some(Change {
        does: "grant".to_owned(),
        from: None,
        to: None,
        cause: "declared".to_owned(),
        reason: if failed { "the last try failed".to_owned() } else { "declared".to_owned() },
        permitted: true,
        held: (row.state == ClaimState::Held).then(|| row.reason.clone()),
        digest: None,
        due: None,
        by_hand: false,
        message,
    });
}

/// What waits for a decision.
fn held(plan: &AccessPlan, called: &impl Fn(&str) -> bool, told: &mut ExplainApp) {
    for row in plan.spec.rows.iter().filter(|row| row.person.as_deref().is_some_and(called)) {
        let Some(thing) = place_of(&mut told.things, &row.entitlement) else { continue };
        let does = word(row.action);
        let removes = matches!(does.as_str(), "revoke" | "suspend" | "delete");
        thing.standing = if removes { "willLose" } else { "willGet" };
        thing.account.clone_from(&row.account);
        let cause = word(row.cause);
        let yields = matches!(row.held.as_str(), "ThresholdExceeded" | "ApprovalRequired");
        thing.change = Some(Change {
            does,
            from: row.from.clone(),
            to: row.to.clone(),
            reason: row.reason.clone().unwrap_or_else(|| cause.clone()),
            cause,
            permitted: true,
            held: Some(row.held.clone()),
            digest: yields.then(|| plan.spec.digest.clone()),
            due: row.due.as_ref().map(|due| due.timestamp().to_string()),
            by_hand: false,
            message: None,
        });
    }
}

fn is_same(written: &Written, known: &Entitlement) -> bool {
    written.type_ == known.kind && (written.name == known.name || written.name.is_empty())
}

/// The thing that is meant, a new one where nothing declares it.
fn place_of<'a>(things: &'a mut Vec<Thing>, written: &Written) -> Option<&'a mut Thing> {
    let index = things.iter().position(|thing| is_same(written, &thing.entitlement)).unwrap_or_else(|| {
        things.push(Thing {
            entitlement: Entitlement {
                kind: written.type_.clone(),
                name: written.name.clone(),
                level: written.level.clone(),
            },
            standing: "lacks",
            unknown: None,
            account: None,
            owned: None,
            until: None,
            claims: Vec::new(),
            change: None,
            removed: None,
            last: None,
        });
        things.len() - 1
    });
    things.get_mut(index)
}
