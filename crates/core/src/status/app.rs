//! The conditions of a target app.

use super::{Condition, Truth};
use crate::{
    access::{Completeness, Mode},
    plan::{Action, Change, HeldReason, Hold, Outcome, Plan},
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

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The credential could not be had, or is not enough.
    Credential,
    /// The app, which was asked.
    App,
    /// Something of ours, such as the store: the app was not asked, and nothing is known of it that was not before.
    Ours,
}

impl Failure {
    /// What it is about.
    #[must_use]
    pub fn concern(&self) -> Concern {
        match self.reason.as_str() {
            "CredentialsInvalid" | "CredentialHostMismatch" | "KeyMissing" | "Forbidden" => Concern::Credential,
            reason if reason.starts_with("Secret") => Concern::Credential,
            "InternalError" => Concern::Ours,
            reason if reason.starts_with("Roster") || self.is_of_store() => Concern::Ours,
            _ => Concern::App,
        }
    }

    /// Whether the store could not be used: that is one trouble of all apps, and not one of each.
    #[must_use]
    pub fn is_of_store(&self) -> bool {
        self.reason.starts_with("Store") || self.reason.starts_with("Writer")
    }
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
    if let Some(ready) = conditions.first().filter(|ready| ready.status == Truth::Unknown) {
        conditions.push(Condition::new("Reconciling", true, &ready.reason, ready.message.clone()));
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
        (0, _) => Some(Condition::new("TasksOverdue", false, "InTime", waiting_tasks(open))),
        _ => Some(Condition::new("TasksOverdue", true, "TasksOverdue", late_message(late, open))),
    }
}

fn late_message(late: usize, open: usize) -> String {
    let (tasks, verb) = (told(open, "task", "tasks"), if late == 1 { "is past its" } else { "are past their" });
    format!("{late} of {tasks} {verb} deadline; see `appaccess tasks`")
}

fn waiting_tasks(open: usize) -> String {
    format!("{} for a person; see `appaccess tasks`", told(open, "task waits", "tasks wait"))
}

/// [`counted`] for what is counted in memory.
fn told(number: usize, one: &str, many: &str) -> String {
    counted(u64::try_from(number).unwrap_or(u64::MAX), one, many)
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
        let message = format!(
            "{} tried again; the rows of each AppAccess name its own",
            told(count, "change failed and is", "changes failed and are")
        );
        return both(Truth::False, Truth::False, "ChangeFailed", message);
    }
    if let Some(hold) = &plan.hold {
        let message = format!(
            "{} for {} {} held; the AccessPlan of this name shows them row by row",
            counted(hold.changes, "change", "changes"),
            counted(hold.people, "person", "people"),
            if hold.changes == 1 { "is" } else { "are" }
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
        return both(
            Truth::Unknown,
            Truth::False,
            "Progressing",
            told(to_do, "change is being made", "changes are being made"),
        );
    }
    let asked = plan.tasks().count();
    if asked > 0 {
        return both(Truth::True, Truth::False, "TasksOpen", waiting_tasks(asked));
    }
    if settling > 0 {
        let one = "entitlement was withdrawn and goes once that has settled";
        let many = "entitlements were withdrawn and go once that has settled";
        return both(Truth::True, Truth::False, "Settling", told(settling, one, many));
    }
    let differs = reported(situation.mode, plan);
    if !differs.is_empty() {
        return both(Truth::True, Truth::False, "ReportedOnly", differs);
    }
    both(Truth::True, Truth::True, "InSync", "nothing differs".into())
}

/// What differs and is only reported; empty where nothing is.
fn reported(mode: Mode, plan: &Plan) -> String {
    let shown = plan.changes.iter().filter(|change| !change.permitted && change.action != Action::Adopt).count();
    let by = if mode == Mode::Full { "by `manage`".to_owned() } else { format!("in mode {}", mode.as_str()) };
    let (drift, unseen) = (plan.drift.len(), plan.unverified.len());
    let one = "difference that nobody declared is";
    let parts = [
        (shown, format!("{} only reported {by}", told(shown, "change is", "changes are"))),
        (drift, format!("{} only reported", told(drift, one, "differences that nobody declared are"))),
        (unseen, format!("{} not shown by the app yet", told(unseen, "new account is", "new accounts are"))),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, part)| part).collect();
    parts.join("; ")
}

/// Whether the app can be reached and read, where that is known.
fn reach(situation: &AppSituation<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    if situation.stalled.is_some() || situation.suspended.is_some() {
        return conditions;
    }
    if let Some(failure) = situation.failure {
        let kind = match failure.concern() {
            Concern::Credential => Some("CredentialsValid"),
            Concern::App => Some("Reachable"),
            Concern::Ours => None,
        };
        conditions.extend(kind.map(|kind| Condition::new(kind, false, &failure.reason, failure.message.clone())));
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
        (Some(hold), Some(reason)) => Condition::new("PlanHeld", true, reason.as_str(), why_held(hold, reason)),
        _ => Condition::new("PlanHeld", false, "NothingHeld", "nothing waits for a decision"),
    }
}

/// What waits, under which digest, why, and what puts it right.
fn why_held(hold: &Hold, reason: HeldReason) -> String {
    let why = match reason {
        HeldReason::ThresholdExceeded => {
            let allowed = counted(hold.allowed, "person", "people");
            format!("without a decision at most {allowed} may lose something within 24 h")
        }
        HeldReason::ApprovalRequired => "changes of this kind are decided by a person first".into(),
        HeldReason::LastAdmin => "too few people would be left in a role that `keepAtLeast` names".into(),
        HeldReason::Protected => "protected accounts are never removed or lowered".into(),
        HeldReason::LeaverBlocked => {
            "somebody who left cannot be taken out before another person has their role or protection".into()
        }
        HeldReason::SeatLimit => "more seats are needed than were purchased".into(),
        HeldReason::Cliff => {
            "a limit of the vendor would be stepped over; `acknowledgedCliffs` says that it was read".into()
        }
        HeldReason::AmbiguousMatch => "it is not certain whose account it is; `accounts` can tell".into(),
        HeldReason::IdentityReused => {
            "the account belonged to somebody who left; `accounts` can tell whose it is now".into()
        }
        HeldReason::Contended => "somebody else keeps changing the same access back".into(),
        HeldReason::StaleDirectory => {
            "too many people left a directory at once, and that is decided there first".into()
        }
        HeldReason::Rejected => "a person said no, and the declaration does not say so yet".into(),
    };
    let (changes, people) = (counted(hold.changes, "change", "changes"), counted(hold.people, "person", "people"));
    format!("{changes} for {people} {} ({}): {why}", if hold.changes == 1 { "waits" } else { "wait" }, hold.digest)
}

/// A number with its noun.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
