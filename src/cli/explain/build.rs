//! Explanations of the core become a document, with the place and the history of each claim. Decides nothing but the order
//! of what is told.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{Origin as Made, Person, PersonKey, Slot, Text},
    explain::{Explanation, Question, Sight, Standing, explain},
    plan::{self, Action},
    resolve::{Step, Stop, Traced, World, trace},
};
use jiff::Timestamp;

use super::{
    Who,
    blame::Origin,
    places::{Places, source},
    scene::{Basis, Scene},
};
use crate::{
    cli::output::{
        build::whole_seconds,
        document::Entitlement,
        document::Line,
        explain::{self as shown, ExplainApp, Thing},
        history,
    },
    load::Place,
};

/// Everything about one person in one app. The lines of the journal are by slot; `note` says what it rests on.
pub(in crate::cli) fn app(
    places: &Places<'_>,
    world: &World,
    scene: &Scene,
    person: &Person,
    mut last: BTreeMap<Slot, history::Line>,
    note: String,
    now: Timestamp,
) -> ExplainApp {
    let Scene { policy, capabilities, desired, memory, plan, basis } = scene;
    let traced = trace(world, policy, capabilities, memory, &person.key, now);
    let sight = match basis {
        Basis::Files => Sight::Files,
        Basis::Store => Sight::Store,
        Basis::App(observation) => Sight::App(observation),
    };
    let question = Question { person: &person.key, desired, memory, plan, sight, traced: &traced };
    let mut things: Vec<Thing> = explain(&question)
        .into_iter()
        .map(|explanation| {
            let line = last.remove(&explanation.slot);
            thing(places, &traced, scene, &explanation, line)
        })
        .collect();
    // What the journal alone knows of.
    things.extend(last.into_iter().map(|(slot, line)| {
        let gone = Explanation {
            slot,
            standing: Standing::Lacks,
            value: None,
            claims: Vec::new(),
            until: None,
            owned: None,
            tombstone: None,
            withdrawn: None,
            change: None,
        };
        thing(places, &traced, scene, &gone, Some(line))
    }));
    let others = traced.iter().filter(|traced| !traced.names_the_person());
    ExplainApp {
        app: policy.app.to_string(),
        mode: policy.mode.as_str().to_owned(),
        basis: match basis {
            Basis::Files => "files",
            Basis::Store => "store",
            Basis::App(_) => "app",
        },
        note,
        things,
        others: others.map(|traced| traced.claim.to_string()).collect(),
    }
}

fn told(time: Timestamp) -> String {
    whole_seconds(time).to_string()
}

fn text(text: &Text) -> String {
    text.to_string()
}

fn thing(
    places: &Places<'_>,
    traced: &[Traced],
    scene: &Scene,
    explanation: &Explanation,
    last: Option<history::Line>,
) -> Thing {
    let slot = &explanation.slot;
    let carries = |traced: &Traced| explanation.claims.iter().any(|claim| claim.name == traced.claim);
    let about = |traced: &&Traced| traced.names_the_person() && traced.slots.iter().any(|(named, _)| named == slot);
    let mut claims: Vec<shown::Claim> =
        traced.iter().filter(about).map(|traced| claim(places, traced, slot, carries(traced))).collect();
    claims.sort_by_key(|claim| !claim.counts);
    let unknown = match &explanation.standing {
        Standing::Unknown(why) => Some(text(why)),
        _ => None,
    };
    let account = explanation.owned.as_ref().map(|owned| owned.account.to_string());
    Thing {
        entitlement: entitlement(slot, explanation.value.as_ref(), explanation.change.as_ref()),
        standing: explanation.standing.as_str(),
        unknown,
        account: account.or_else(|| explanation.change.as_ref()?.account.as_ref().map(ToString::to_string)),
        until: explanation.until.map(told),
        owned: explanation.owned.as_ref().map(|owned| shown::Owned {
            origin: match owned.origin {
                Made::Created => "created",
                Made::Adopted => "adopted",
            },
            since: told(owned.since),
        }),
        claims,
        change: explanation.change.as_ref().map(|change| self::change(change, &scene.plan)),
        removed: explanation
            .tombstone
            .as_ref()
            .map(|tombstone| shown::Removed { at: told(tombstone.at), cause: text(&tombstone.cause) }),
        last,
    }
}

fn entitlement(slot: &Slot, value: Option<&Text>, change: Option<&plan::Change>) -> Entitlement {
    let single = slot.name.is_empty() && !slot.is_account();
    let to_come = change.and_then(|change| change.to.as_ref().or(change.from.as_ref()));
    let value = value.or(to_come).map(text);
    Entitlement {
        kind: text(&slot.kind),
        name: if single { value.clone().unwrap_or_default() } else { text(&slot.name) },
        level: value.filter(|_| !single && !slot.is_account()),
    }
}

fn claim(places: &Places<'_>, traced: &Traced, slot: &Slot, counts: bool) -> shown::Claim {
    let level = traced.slots.iter().find(|(named, _)| named == slot).and_then(|(_, level)| level.as_ref());
    let ways = traced.ways.iter().map(|way| {
        let except = way.exception.as_ref().map(|except| steps(&except.steps, places.exception(traced, except)));
        shown::Way { steps: steps(&way.steps, places.way(traced, way)), except: except.unwrap_or_default() }
    });
    let object = places.loaded.app_accesses.get(&traced.claim.object);
    shown::Claim {
        name: traced.claim.to_string(),
        counts,
        level: level.map(text),
        from: traced.from.map(told),
        until: traced.until.map(told),
        reason: traced.reason.as_ref().map(text),
        place: places.grant(traced).map(line),
        source: object.map(|located| source(&located.object.metadata)).unwrap_or_default(),
        ways: ways.collect(),
        stops: traced.stops.iter().filter_map(|known| stop(known, slot)).collect(),
    }
}

fn line(place: Place) -> Line {
    Line { file: place.file, line: u64::try_from(place.line).unwrap_or(u64::MAX) }
}

fn steps(steps: &[Step], places: Vec<Option<Place>>) -> Vec<shown::Step> {
    let told_step = |(step, place): (&Step, Option<Place>)| shown::Step {
        names: step.subject.to_string(),
        from: step.from.map(told),
        until: step.until.map(told),
        place: place.map(line),
        commit: None,
    };
    steps.iter().zip(places).map(told_step).collect()
}

/// What keeps a claim from counting for one thing, in words.
fn stop(stop: &Stop, slot: &Slot) -> Option<String> {
    Some(match stop {
        Stop::NotBegun(from) => format!("it begins {from}"),
        Stop::Over(until) => format!("it ended {until}"),
        Stop::Excepted => "an exception takes the person out".to_owned(),
        Stop::Unsure(why) => why.to_string(),
        Stop::NotNamed => "it does not name the person".to_owned(),
        Stop::NamespaceNotAllowed => "the target app is not there, or lets this namespace claim nothing".to_owned(),
        Stop::NotPermitted(slots) => slots
            .contains(slot)
            .then(|| "the target app's `allow` does not let this namespace give it to them".to_owned())?,
        Stop::NotSupported(why) => why.clone(),
    })
}

fn change(change: &plan::Change, plan: &plan::Plan) -> shown::Change {
    let yields = change.held.is_some_and(plan::HeldReason::yields_to_approval);
    shown::Change {
        does: change.action.as_str().to_owned(),
        from: change.from.as_ref().map(text),
        to: change.to.as_ref().map(text),
        cause: change.cause.as_str().to_owned(),
        reason: change.reason(),
        permitted: change.permitted,
        held: change.held.map(|held| held.as_str().to_owned()),
        digest: plan.hold.as_ref().filter(|_| yields).map(|hold| text(&hold.digest)),
        due: change.due.map(told),
        by_hand: change.task.is_some(),
        failed: false,
        message: (change.action == Action::Adopt).then(|| "it is taken into our books; nothing is sent".to_owned()),
    }
}

/// Whom the document is about.
pub(super) fn person(asked: &str, who: &Who) -> shown::Person {
    let Who { person, left, unsure, is_past } = who;
    shown::Person {
        asked: asked.to_owned(),
        key: person.key.canonical(),
        name: text(&person.label),
        mails: person.mails().map(ToString::to_string).collect(),
        directory: match &person.key {
            PersonKey::Known { directory, .. } if !is_past => Some(directory.to_string()),
            _ => None,
        },
        left: left.as_ref().map(text),
        unsure: unsure.as_ref().map(text),
        past: *is_past,
    }
}

/// Every line whose writer is of interest.
pub(super) fn places(apps: &[ExplainApp]) -> BTreeSet<Place> {
    let steps = apps.iter().flat_map(|app| &app.things).flat_map(|thing| &thing.claims).flat_map(|claim| &claim.ways);
    let steps = steps.flat_map(|way| way.steps.iter().chain(&way.except));
    steps.filter_map(|step| Some(place(step.place.as_ref()?))).collect()
}

fn place(line: &Line) -> Place {
    Place { file: line.file.clone(), line: usize::try_from(line.line).unwrap_or(usize::MAX) }
}

/// Writes down who wrote each line.
pub(super) fn blame(apps: &mut [ExplainApp], origins: &BTreeMap<Place, Origin>) {
    let claims = apps.iter_mut().flat_map(|app| &mut app.things).flat_map(|thing| &mut thing.claims);
    let ways = claims.flat_map(|claim| &mut claim.ways);
    for step in ways.flat_map(|way| way.steps.iter_mut().chain(&mut way.except)) {
        let origin = step.place.as_ref().and_then(|line| origins.get(&place(line)));
        step.commit = origin.map(|origin| match origin {
            Origin::NotCommitted => {
                shown::Commit { hash: None, at: None, author: String::new(), subject: String::new() }
            }
            Origin::Commit(commit) => shown::Commit {
                hash: Some(commit.hash.clone()),
                at: commit.at.map(told),
                author: commit.author.clone(),
                subject: commit.subject.clone(),
            },
        });
    }
}
