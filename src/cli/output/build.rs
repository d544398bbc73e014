//! Reports of the engine become documents. Decides nothing but the order of what is told.

use appaccess_core::{
    access::{Completeness, ObjectName},
    plan::{self, Outcome},
    resolve::{ClaimProblem, Freshness, ProblemKind},
    status::{self, AppSituation, Failure, Severity, app_conditions},
};

use jiff::Timestamp;

use super::document::{
    Activity, App, AttributeChange, Calls, Change, Condition, Cost, Counts, Drift, Entitlement, ErrorEntry, Hold,
    PLAN_SCHEMA, PlanDocument, Task, Waits,
};
use crate::{
    cli::exit::Exit,
    connector,
    load::Loaded,
    sync::{AppReport, AppResult, Done, Report},
};

/// Whether changes were sent, so that each has an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A plan: nothing was tried.
    Plan,
    /// Changes were tried.
    Outcomes,
}

/// The document of what became of the apps, and the exit code that it stands for; what is merely pending is
/// [`Exit::Pending`].
pub(crate) fn plan_document(reports: &[AppReport], told: Told) -> (PlanDocument, Exit) {
    let mut errors: Vec<ErrorEntry> = reports.iter().flat_map(errors_of).collect();
    errors.sort();
    errors.dedup();
    let apps = reports.iter().map(|report| app(report, told)).collect();
    let exit = reports.iter().map(exit_of).fold(Exit::Done, Exit::worst);
    let exit = if errors.is_empty() { exit } else { exit.worst(Exit::Failed) };
    let tried = told == Told::Outcomes;
    (PlanDocument { schema: PLAN_SCHEMA, apps, errors, touched: None, tried }, exit)
}

/// What failed outside any app: directories that cannot be read, claims on apps that are not there.
pub(crate) fn errors_of_files(loaded: &Loaded, readings: &Readings) -> Vec<ErrorEntry> {
    let mut errors = Vec::new();
    for (name, reading) in readings {
        if let Freshness::Stale(why) = &reading.freshness {
            errors.push(ErrorEntry {
                app: None,
                object: format!("Directory {name}"),
                reason: "DirectoryUnreadable".into(),
                message: why.to_string(),
                remedy: "until it can be read, nobody who is known to it alone gains or loses anything".into(),
                place: None,
            });
        }
    }
    for (name, access) in &loaded.app_accesses {
        let reference = &access.object.spec.app_ref;
        let app = ObjectName::new(reference.namespace.as_deref().unwrap_or(&name.namespace), &reference.name);
        if !loaded.target_apps.contains_key(&app) {
            errors.push(ErrorEntry {
                app: Some(app.to_string()),
                object: format!("AppAccess {name}"),
                reason: "NotAccepted".into(),
                message: format!("names the target app {app}, which is not there or does not allow this"),
                remedy: "write the name of a TargetApp among the files, with its namespace where that differs".into(),
                place: None,
            });
        }
    }
    errors
}

/// What the directories were found to say.
pub(crate) type Readings = std::collections::BTreeMap<ObjectName, crate::load::DirectoryReading>;

fn exit_of(report: &AppReport) -> Exit {
    match &report.result {
        AppResult::Worked(worked) => match worked.severity(report.mode) {
            Severity::Done => Exit::Done,
            Severity::Pending => Exit::Pending,
            Severity::Held => Exit::Held,
            Severity::Failed => Exit::Failed,
        },
        AppResult::Suspended(_) => Exit::Done,
        AppResult::Stalled(_) | AppResult::Failed(_) => Exit::Failed,
    }
}

fn errors_of(report: &AppReport) -> Vec<ErrorEntry> {
    let object = format!("TargetApp {}", report.app);
    let entry = |failure: &Failure| ErrorEntry {
        app: Some(report.app.to_string()),
        object: object.clone(),
        reason: failure.reason.clone(),
        message: failure.message.clone(),
        remedy: failure.remedy.clone(),
        place: None,
    };
    match &report.result {
        AppResult::Suspended(_) => Vec::new(),
        AppResult::Stalled(failure) | AppResult::Failed(failure) => vec![entry(failure)],
        AppResult::Worked(worked) => {
            let mut errors: Vec<ErrorEntry> = worked.failure.iter().map(&entry).collect();
            if let Completeness::Incomplete { reason, message } = &worked.look.observation.completeness {
                errors.push(entry(&Failure {
                    reason: reason.to_string(),
                    message: message.to_string(),
                    remedy: "nothing is removed on a reading that is not complete; look again, or ask the vendor"
                        .into(),
                }));
            }
            let claims = worked.look.desired.reports.values().flat_map(|report| &report.problems);
            let problems = claims.chain(&worked.look.plan.problems);
            errors.extend(problems.map(|problem| claim_error(&report.app, problem)));
            errors
        }
    }
}

/// A claim that the app cannot meet, or that nobody can resolve.
pub(crate) fn claim_error(app: &ObjectName, problem: &ClaimProblem) -> ErrorEntry {
    let (reason, remedy) = match problem.kind {
        ProblemKind::NotPermitted => ("NotPermitted", "ask the owner of the target app to `allow` it, or take it out"),
        ProblemKind::NotSupported => ("NotSupported", "take out what the app does not have; the other claims go on"),
        ProblemKind::Unresolved => {
            ("Unresolved", "correct the subject; until then nobody of it gains or loses anything")
        }
        ProblemKind::Conflict => ("Conflict", "claim one of the values only"),
    };
    ErrorEntry {
        app: Some(app.to_string()),
        object: format!("AppAccess {}", problem.claim),
        reason: reason.into(),
        message: problem.message.clone(),
        remedy: remedy.into(),
        place: None,
    }
}

fn app(report: &AppReport, told: Told) -> App {
    let mode = report.mode.as_str().to_owned();
    let name = report.app.to_string();
    let (stalled, suspended, failure) = match &report.result {
        AppResult::Worked(worked) => return worked_app(name, mode, report, worked, told),
        AppResult::Stalled(failure) => (Some(failure), None, None),
        AppResult::Suspended(why) => (None, Some(why.as_str()), None),
        AppResult::Failed(failure) => (None, None, Some(failure)),
    };
    let situation =
        AppSituation { mode: report.mode, plan: None, outcomes: &[], completeness: None, failure, stalled, suspended };
    App {
        app: name,
        mode,
        complete: Some(false),
        waits: Waits::Hold { hold: None },
        counts: Counts::default(),
        changes: Vec::new(),
        drift: Vec::new(),
        cost: None,
        conditions: conditions(app_conditions(&situation)),
        calls: calls(report.calls()),
    }
}

fn worked_app(name: String, mode: String, report: &AppReport, worked: &Report, told: Told) -> App {
    let plan = &worked.look.plan;
    App {
        app: name,
        mode,
        complete: Some(worked.look.observation.is_complete()),
        waits: Waits::Hold { hold: plan.hold.as_ref().map(hold) },
        counts: counts(&plan.counts, worked),
        changes: worked.done.iter().map(|done| change_of(plan, done, told)).collect(),
        drift: plan.drift.iter().map(drift).collect(),
        cost: plan.cost.as_ref().map(cost),
        conditions: conditions(worked.conditions(report.mode)),
        calls: calls(worked.calls),
    }
}

fn hold(hold: &plan::Hold) -> Hold {
    Hold {
        digest: hold.digest.to_string(),
        sequence: hold.sequence,
        people: hold.people,
        allowed: hold.allowed,
        reasons: hold.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
    }
}

fn counts(counts: &plan::Counts, worked: &Report) -> Counts {
    let failed: std::collections::BTreeSet<_> = worked
        .done
        .iter()
        .filter(|done| matches!(done.outcome, Outcome::Failed { .. }))
        .map(|done| done.change.whose())
        .collect();
    Counts {
        declared: counts.declared,
        seen: counts.seen,
        in_sync: counts.in_sync,
        missing: counts.missing,
        extra: counts.extra,
        orphans: counts.orphans,
        unknown: counts.unknown,
        invited: counts.invited,
        held: counts.held,
        failed: u64::try_from(failed.len()).unwrap_or(u64::MAX),
    }
}

fn text(text: &std::sync::Arc<str>) -> String {
    text.to_string()
}

/// One change with what came of it, and what the plan says of the time when it is due.
fn change_of(plan: &plan::Plan, done: &Done, told: Told) -> Change {
    let waits = plan.held_when_due.get(&plan::row(&done.change)).filter(|_| done.change.due.is_some());
    Change { held_when_due: waits.map(|reason| reason.as_str()), ..change(done, told) }
}

/// One change with what came of it.
pub(crate) fn change(done: &Done, told: Told) -> Change {
    let change = &done.change;
    let attributes: std::collections::BTreeMap<_, _> = change
        .attributes
        .iter()
        .map(|(name, (from, to))| {
            (name.to_string(), AttributeChange { from: from.as_ref().map(text), to: to.as_ref().map(text) })
        })
        .collect();
    let error = match (&done.outcome, told) {
        (Outcome::Failed { reason, message }, Told::Outcomes) => Some(format!("{reason}: {message}")),
        _ => None,
    };
    Change {
        action: change.word(),
        person: change.person.as_ref().map(|_| change.label.to_string()),
        account: change.account.as_ref().map(ToString::to_string),
        entitlement: entitlement(change),
        from: change.from.as_ref().map(text),
        to: change.to.as_ref().map(text),
        attributes: (!attributes.is_empty()).then_some(attributes),
        cause: change.cause.as_str(),
        because: change.because(),
        reason: change.reason(),
        permitted: change.permitted,
        held: change.held.map(plan::HeldReason::as_str),
        due: change.due.map(|due| whole_seconds(due).to_string()),
        held_when_due: None,
        outcome: (told == Told::Outcomes && change.permitted).then(|| done.outcome.as_str()),
        error,
        task: change.task.as_ref().map(|task| self::task(change, task, told)),
        does: change.action.as_str(),
        label: change.label.to_string(),
        removal: change.is_removal(),
    }
}

/// What a person is to do. In a plan, a clock that starts by applying it does not run yet.
fn task(change: &plan::Change, task: &plan::Task, told: Told) -> Task {
    let task = if told == Told::Plan && !task.known { &task.unasked() } else { task };
    let told = |time: Option<Timestamp>| time.map(|time| whole_seconds(time).to_string());
    Task {
        id: task.id.to_string(),
        does: change.action.as_str(),
        clicks: task.clicks.as_ref().map(text),
        opened: told(task.opened),
        due: told(task.due),
        overdue: task.overdue,
    }
}

/// What a change is about.
pub(crate) fn entitlement(change: &plan::Change) -> Entitlement {
    let named = !change.slot.name.is_empty() && !change.slot.is_account();
    Entitlement {
        kind: change.slot.kind.to_string(),
        name: change.entitlement_name().to_owned(),
        level: change.to.as_ref().or(change.from.as_ref()).filter(|_| named).map(text),
    }
}

fn drift(drift: &plan::Drift) -> Drift {
    let single = drift.slot.name.is_empty() && !drift.slot.is_account();
    let name = if single { drift.level.as_ref().map(text).unwrap_or_default() } else { drift.slot.name.to_string() };
    Drift {
        kind: drift.kind.as_str(),
        person: drift.person.as_ref().map(|_| drift.label.to_string()),
        account: drift.account.as_ref().map(ToString::to_string),
        label: drift.label.to_string(),
        entitlement: Entitlement {
            kind: drift.slot.kind.to_string(),
            name,
            level: drift.level.as_ref().filter(|_| !single).map(text),
        },
        policy: drift.policy.as_ref().map(text),
    }
}

/// What an app costs, as decimal strings.
pub(crate) fn cost(cost: &plan::Cost) -> Cost {
    Cost {
        currency: cost.currency.to_string(),
        monthly: cost.monthly.to_string(),
        monthly_after: cost.monthly_after.to_string(),
        monthly_waste: cost.monthly_waste.to_string(),
        monthly_waste_after: cost.monthly_waste_after.to_string(),
        used: cost.used,
        used_after: cost.used_after,
        purchased: cost.purchased,
        unused: cost.unused,
        unused_after: cost.unused_after,
        activity: cost.activity.map(|activity| Activity {
            holders: activity.holders,
            inactive: activity.inactive,
            unknown: activity.unknown,
        }),
        renews_on: cost.renews_on.map(|date| date.to_string()),
    }
}

/// The time to the second: finer nobody decides.
pub(crate) fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn conditions(conditions: Vec<status::Condition>) -> Vec<Condition> {
    let condition = |condition: status::Condition| Condition {
        kind: condition.kind.to_owned(),
        status: condition.status.as_str(),
        reason: condition.reason.to_string(),
        message: condition.message,
    };
    conditions.into_iter().map(condition).collect()
}

fn calls(calls: connector::Calls) -> Calls {
    Calls { reads: calls.reads, writes: calls.writes }
}
