//! The conditions of a target app.

use super::{Condition, Truth};
use crate::{
    access::{Completeness, Mode},
    plan::{Action, Change, HeldReason, Outcome, Plan},
};

/// Why an app could not be worked on at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A CamelCase word.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
}

/// Everything that the conditions of a target app rest on.
#[derive(Clone, Copy, Debug)]
pub struct AppSituation<'a> {
    /// How far we may go.
    pub mode: Mode,
    /// The plan, where there is one.
    pub plan: Option<&'a Plan>,
    /// What happened to each change, in the plan's order; empty where nothing was tried.
    pub outcomes: &'a [Outcome],
    /// How much of the app the reading shows.
    pub completeness: Option<&'a Completeness>,
    /// Why the app could not be worked on.
    pub failure: Option<&'a Failure>,
    /// Why only an edit of the object helps.
    pub stalled: Option<&'a Failure>,
    /// By whom and until when work on the app is stopped.
    pub suspended: Option<&'a str>,
}

/// What a pass over an app comes to, from best to worst; the command line's exit codes follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing differs, or what differs is only reported.
    Done,
    /// Changes are to come.
    Pending,
    /// Something is held and waits for a decision, or a person's task is past its deadline.
    Held,
    /// Something failed.
    Failed,
}

/// What a pass over an app comes to.
#[must_use]
pub fn severity(situation: &AppSituation<'_>) -> Severity {
    if situation.suspended.is_some() {
        return Severity::Done;
    }
    let incomplete = matches!(situation.completeness, Some(Completeness::Incomplete { .. }));
    if situation.failure.is_some() || situation.stalled.is_some() || incomplete || failed(situation) > 0 {
        return Severity::Failed;
    }
    let Some(plan) = situation.plan else { return Severity::Done };
    if plan.hold.is_some() || overdue(plan) > 0 {
        Severity::Held
    } else if open(situation, plan).next().is_some() {
        Severity::Pending
    } else {
        Severity::Done
    }
}

/// Changes that are permitted and not done: settling ones among them.
fn open<'a>(situation: &'a AppSituation<'_>, plan: &'a Plan) -> impl Iterator<Item = &'a Change> {
    plan.changes
        .iter()
        .enumerate()
        .filter(|(index, change)| {
            let done = matches!(situation.outcomes.get(*index), Some(Outcome::Applied | Outcome::Unverified));
            change.is_pending() && !done
        })
        .map(|(_, change)| change)
}

/// Tasks that are past their deadline.
fn overdue(plan: &Plan) -> usize {
    plan.tasks().filter(|(_, task)| task.overdue).count()
}

fn failed(situation: &AppSituation<'_>) -> usize {
    let outcomes = situation.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed { .. })).count();
    let lost = situation.plan.map_or(0, |plan| plan.unverified.values().filter(|failed| **failed).count());
    outcomes + lost
}

/// The conditions of a target app, `Ready` first. `Reconciling` and `Stalled` appear only while true.
#[must_use]
pub fn app_conditions(situation: &AppSituation<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let (ready, in_sync) = readiness(situation);
    conditions.push(ready);
    conditions.push(in_sync);
    conditions.extend(reach(situation));
    if let Some(stalled) = situation.stalled {
        conditions.push(Condition::new("Stalled", true, &stalled.reason, stalled.message.clone()));
    }
    if let Some(suspended) = situation.suspended {
        conditions.push(Condition::new("Suspended", true, "Suspended", suspended));
    }
    if conditions.first().is_some_and(|ready| ready.status == Truth::Unknown) && situation.suspended.is_none() {
        conditions.push(Condition::new("Reconciling", true, "Progressing", "permitted changes are being made"));
    }
    conditions.push(held(situation));
    conditions.extend(tasks(situation));
    conditions
}

/// Whether people are late, where they are asked to do something at all.
fn tasks(situation: &AppSituation<'_>) -> Option<Condition> {
    let plan = situation.plan?;
    let (late, open) = (overdue(plan), plan.tasks().count());
    match (late, open) {
        (_, 0) => None,
        (0, _) => Some(Condition::new("TasksOverdue", false, "InTime", format!("{} open", told(open)))),
        _ => Some(Condition::new("TasksOverdue", true, "TasksOverdue", late_message(late, open))),
    }
}

fn late_message(late: usize, open: usize) -> String {
    format!("{late} of {} past the deadline; `appaccess tasks` lists them", told(open))
}

fn told(tasks: usize) -> String {
    counted(u64::try_from(tasks).unwrap_or(u64::MAX), "task", "tasks")
}

fn readiness(situation: &AppSituation<'_>) -> (Condition, Condition) {
    let both = |ready: Truth, in_sync: Truth, reason: &str, message: String| {
        (Condition::new("Ready", ready, reason, message.clone()), Condition::new("InSync", in_sync, reason, message))
    };
    if let Some(stalled) = situation.stalled {
        return both(Truth::False, Truth::Unknown, &stalled.reason, stalled.message.clone());
    }
    if let Some(suspended) = situation.suspended {
        return both(Truth::True, Truth::Unknown, "Suspended", suspended.to_owned());
    }
    if let Some(failure) = situation.failure {
        return both(Truth::False, Truth::Unknown, &failure.reason, failure.message.clone());
    }
    if let Some(Completeness::Incomplete { reason, message }) = situation.completeness {
        return both(Truth::False, Truth::Unknown, reason, message.to_string());
    }
    let Some(plan) = situation.plan else {
        return both(Truth::Unknown, Truth::Unknown, "NotReadYet", "the app has not been read yet".into());
    };
    let count = failed(situation);
    if count > 0 {
        return both(Truth::False, Truth::False, "ChangeFailed", format!("{count} changes failed"));
    }
    if let Some(hold) = &plan.hold {
        let message = format!(
            "{} for {} waiting for a decision",
            counted(hold.changes, "change", "changes"),
            counted(hold.people, "person", "people")
        );
        return both(Truth::False, Truth::False, "PlanHeld", message);
    }
    quiet(situation, plan)
}

/// Nothing failed and nothing is held.
fn quiet(situation: &AppSituation<'_>, plan: &Plan) -> (Condition, Condition) {
    let both = |ready: Truth, in_sync: Truth, reason: &str, message: String| {
        (Condition::new("Ready", ready, reason, message.clone()), Condition::new("InSync", in_sync, reason, message))
    };
    let late = overdue(plan);
    if late > 0 {
        return both(Truth::False, Truth::False, "TasksOverdue", late_message(late, plan.tasks().count()));
    }
    let settling = plan.changes.iter().filter(|change| change.permitted && change.due.is_some()).count();
    let to_do = open(situation, plan).filter(|change| change.due.is_none() && change.task.is_none()).count();
    if to_do > 0 {
        return both(Truth::Unknown, Truth::False, "Progressing", format!("{to_do} changes are being made"));
    }
    let asked = plan.tasks().count();
    if asked > 0 {
        let message = format!("{} for people; `appaccess tasks` lists them", told(asked));
        return both(Truth::True, Truth::False, "TasksOpen", message);
    }
    if settling > 0 {
        return both(Truth::True, Truth::False, "Settling", format!("{settling} withdrawn entitlements settle"));
    }
    let only_shown = plan.changes.iter().filter(|change| !change.permitted && change.action != Action::Adopt).count();
    let differs = only_shown + plan.drift.len() + plan.unverified.len();
    if differs > 0 {
        let message = format!(
            "{only_shown} changes and {} differences are reported only (mode {})",
            plan.drift.len(),
            situation.mode.as_str()
        );
        return both(Truth::True, Truth::False, "ReportedOnly", message);
    }
    both(Truth::True, Truth::True, "InSync", "nothing differs".into())
}

/// Whether the app can be reached and read, where that is known.
fn reach(situation: &AppSituation<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    if situation.stalled.is_some() || situation.suspended.is_some() {
        return conditions;
    }
    if let Some(failure) = situation.failure {
        let credential = matches!(
            failure.reason.as_str(),
            "CredentialsInvalid" | "CredentialHostMismatch" | "SecretMissing" | "SecretInvalid" | "Forbidden"
        );
        let kind = if credential { "CredentialsValid" } else { "Reachable" };
        conditions.push(Condition::new(kind, false, &failure.reason, failure.message.clone()));
    } else if situation.completeness.is_some() {
        conditions.push(Condition::new("CredentialsValid", true, "Accepted", "the app accepts the credential"));
        conditions.push(Condition::new("Reachable", true, "Answered", "the app answers"));
    }
    match situation.completeness {
        Some(Completeness::Complete) => {
            conditions.push(Condition::new("ReadComplete", true, "Complete", "the last reading is complete"));
        }
        Some(Completeness::Incomplete { reason, message }) => {
            conditions.push(Condition::new("ReadComplete", false, reason, message.to_string()));
        }
        Some(Completeness::NotListable) => conditions.push(Condition::new(
            "ReadComplete",
            false,
            "NotListable",
            "the app cannot list its accounts; it is read person by person, and what nobody declared is never seen",
        )),
        None => {}
    }
    conditions
}

/// The most urgent reason of a hold stands in the condition.
const URGENCY: [HeldReason; 12] = [
    HeldReason::LeaverBlocked,
    HeldReason::StaleDirectory,
    HeldReason::ThresholdExceeded,
    HeldReason::ApprovalRequired,
    HeldReason::LastAdmin,
    HeldReason::Protected,
    HeldReason::IdentityReused,
    HeldReason::AmbiguousMatch,
    HeldReason::Contended,
    HeldReason::SeatLimit,
    HeldReason::Cliff,
    HeldReason::Rejected,
];

fn held(situation: &AppSituation<'_>) -> Condition {
    let hold = situation.plan.and_then(|plan| plan.hold.as_ref());
    let reason = hold.and_then(|hold| URGENCY.into_iter().find(|reason| hold.reasons.contains(reason)));
    match (hold, reason) {
        (Some(hold), Some(reason)) => Condition::new(
            "PlanHeld",
            true,
            reason.as_str(),
            format!(
                "{} for {} waiting; {} allowed; {}",
                counted(hold.changes, "change", "changes"),
                counted(hold.people, "person", "people"),
                hold.allowed,
                hold.digest
            ),
        ),
        _ => Condition::new("PlanHeld", false, "NothingHeld", "nothing waits for a decision"),
    }
}

/// A number with its noun.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
