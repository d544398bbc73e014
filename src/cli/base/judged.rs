//! Who must approve a change, and what will stand in its way.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{Edge, Mode, NeedsApproval, Slot, Text},
    plan::{self, Cost},
};

use super::{compared::Compared, course::Held, times::Times};
use crate::cli::output::{
    review::{People, Review, Warning},
    words::counted,
};

/// The owners before the change: it may be they whom it takes out. Of an app that had none, those after it.
pub(super) fn owners(compared: &Compared<'_>) -> Vec<String> {
    let before = compared.earlier.map(|earlier| &earlier.owners).filter(|owners| !owners.is_empty());
    before.unwrap_or(&compared.spec.owners).clone()
}

/// What will stand in the way of the change.
pub(super) fn warnings(
    compared: &Compared<'_>,
    review: &Review,
    granted: &[plan::Change],
    cost: Option<&Cost>,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |reason, message: Option<String>| {
        warnings.extend(message.map(|message| Warning { reason, message, about: Vec::new() }));
    };
    if review.presence == "removed" {
        let message = "the target app is gone from the files: nobody loses anything in the app, and nobody looks \
                       after it from now on; withdraw the claims first if they are to go";
        warn("NotManaged", Some(message.to_owned()));
        return warnings;
    }
    warn("Suspended", compared.spec.suspend.then(|| "`suspend` is set: nothing is done until it is lifted".to_owned()));
    warn("Mode", mode(compared, review, granted));
    warn("SeatLimit", cost.and_then(seats));
    if compared.policy.mode == Mode::Full {
        if review.approved_by.is_none() {
            warn("ThresholdExceeded", budget(compared, review));
            warn("ApprovalRequired", first(compared, review));
        }
        warnings.extend(protected(compared));
    }
    warnings.extend(rules(compared, granted));
    warnings.extend(times(&compared.courses.times));
    warnings
}

/// What is told of time rests on the instants that were looked at.
fn times(times: &Times) -> Option<Warning> {
    let message = format!(
        "the claims of this app begin and end at {} instants, and {} of them were looked at, first those that this change \
         moves: what is said of time may be late, or missing; split the app or the change to see all of it",
        times.all,
        times.chosen.len()
    );
    (!times.is_whole()).then_some(Warning { reason: "TimesLeftOut", message, about: Vec::new() })
}

fn mode(compared: &Compared<'_>, review: &Review, granted: &[plan::Change]) -> Option<String> {
    match compared.policy.mode {
        Mode::Observe if !granted.is_empty() || review.people != People::default() => {
            Some("Observe only reports: nobody gains or loses anything in the app".into())
        }
        Mode::Additive if review.people.losing + review.people.losing_later > 0 => {
            Some("Additive takes nothing away: what is withdrawn stays in the app".into())
        }
        _ => None,
    }
}

fn seats(cost: &Cost) -> Option<String> {
    let bought = cost.purchased?;
    let over = cost.used_after.checked_sub(bought).filter(|over| *over > 0 && cost.used_after > cost.used)?;
    let seats = counted(over, "seat", "seats");
    Some(format!("{seats} more than the {bought} bought: who comes last waits; buy more (`seats.purchased`) first"))
}

/// The budget by what is declared: how many accounts there are, only the app tells.
fn budget(compared: &Compared<'_>, review: &Review) -> Option<String> {
    let accounts = compared.before.edges.keys().filter(|edge| edge.slot.is_account()).count();
    let allowed = compared.policy.safety.maximum_removals.allowed(u64::try_from(accounts).unwrap_or(u64::MAX));
    let losing = review.people.losing;
    (losing > allowed).then(|| {
        let people = counted(losing, "person loses", "people lose");
        format!("{people} something and {allowed} may a day: all of it waits, unless this change's intent is approved")
    })
}

/// The first removals of an app wait; whether there were any, only the store knows.
fn first(compared: &Compared<'_>, review: &Review) -> Option<String> {
    let earlier = compared.earlier.map(|earlier| earlier.mode);
    let is_new = earlier != Some(crate::api::target_app::Mode::Full);
    (is_new && compared.policy.safety.approve_first && review.people.losing > 0).then(|| {
        "the first removals of an app wait (`safety.approveFirst`), unless this change's intent is approved".to_owned()
    })
}

fn protected(compared: &Compared<'_>) -> Option<Warning> {
    let labels: BTreeSet<Text> = compared.losing().map(|person| compared.label(person, &[])).collect();
    let about: Vec<String> =
        labels.iter().filter(|label| compared.policy.protects(label)).map(ToString::to_string).collect();
    let message = "in `safety.protected`: keeps what is withdrawn, whatever is approved".to_owned();
    (!about.is_empty()).then_some(Warning { reason: "Protected", message, about })
}

/// Roles and groups of which every change waits for a word.
fn rules(compared: &Compared<'_>, granted: &[plan::Change]) -> Option<Warning> {
    let grants = granted.iter().filter(|change| change.permitted);
    let given = grants.map(|change| (&change.slot, change.to.as_ref()));
    let before = |edge: &Edge| compared.before.edges.get(edge).and_then(|before| before.value.as_ref());
    let taken = compared.lost.iter().map(|(edge, _)| (&edge.slot, before(edge)));
    let later = compared.courses.edges.iter().filter(|(edge, course)| {
        let (gains, loses) = course.later_effect(edge, &compared.capabilities);
        (gains && compared.permits(edge, false)) || (loses && compared.permits(edge, true))
    });
    let later = later.flat_map(|(edge, course)| {
        let values = course.after.iter().flat_map(|moved| [&moved.from, &moved.to]);
        values.filter_map(|held| match held {
            Held::Thing(value) => Some((&edge.slot, value.as_ref())),
            Held::Nothing => None,
        })
    });
    let moved: BTreeSet<(&Slot, Option<&Text>)> = given.chain(taken).chain(later).collect();
    let named = compared.policy.safety.approve.iter().filter_map(|rule| {
        let (kind, name) = match rule {
            NeedsApproval::Role(role) => ("role", role),
            NeedsApproval::Group(group) => ("group", group),
            NeedsApproval::Action(_) => return None,
        };
        let is_hit = |(slot, value): &&(&Slot, Option<&Text>)| {
            *slot.kind == *kind && (slot.name == *name || (slot.name.is_empty() && *value == Some(name)))
        };
        moved.iter().any(|entry| is_hit(&entry)).then(|| format!("{kind} {name}"))
    });
    let about: Vec<String> = named.collect();
    let message = "named by `safety.approve`: each such change waits for a decision of its own".to_owned();
    (!about.is_empty()).then_some(Warning { reason: "ApprovalRequired", message, about })
}
