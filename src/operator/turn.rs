//! One turn of one app: a pass, and everything that the cluster is told about it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use appaccess_core::{
    access::{Completeness, Mode, ObjectName},
    plan::Outcome,
    status::Failure,
};
use futures::FutureExt;
use jiff::Timestamp;
use kube::Resource;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    Context, clerk,
    deadline::CallError,
    events::notices,
    expiry::{Expiry, Noting},
    guarded::Guarded,
    ledger::Shown,
    snapshot::Snapshot,
    status::{access_status, app_status, plan_spec, plan_status, waiting_access_status},
};
use crate::{
    api::{API_VERSION, AccessPlan, AccessPlanSpec, Kind, TargetApp, target_app, target_app_status::CredentialStatus},
    store::StoreError,
    sync::{AppReport, AppResult, Declared, Options, Report, pace::Spent},
};

/// What a turn leaves for the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    /// Whether something has to be tried again before long.
    pub(super) failed: bool,
    /// When something changes by itself.
    pub(super) boundary: Option<Timestamp>,
    /// What it took of the app's budget, where it got so far.
    pub(super) spent: Option<Spent>,
}

/// Works on one app once. `None` where it is not there any more.
pub(super) async fn turn(
    context: &Arc<Context>,
    snapshot: &Snapshot,
    name: &ObjectName,
    stop: &CancellationToken,
) -> Option<Turn> {
    let app = match latest(context, name).await? {
        Ok(app) => app,
        Err(error) => {
            tracing::warn!(app = %name, %error, "the object could not be read again");
            return (!error.is_not_found()).then_some(Turn { failed: true, ..Turn::default() });
        }
    };
    let Ok(app) = &app.0 else { return None };
    let (began, since) = (Instant::now(), (context.fleet.clock)());
    let credentials = Noting::new(Arc::clone(&context.fleet.credentials));
    let report = pass(context, snapshot, name, app, stop, Arc::clone(&credentials)).await;
    if is_lost(&report.result) {
        context.lost.cancel();
    }
    if context.lost.is_cancelled() {
        return None;
    }
    let now = (context.fleet.clock)();
    context.metrics.pass(&report, began.elapsed(), now);
    let told = tell(context, snapshot, app, &report, credentials.expiry(), now).await;
    if let Err(error) = &told {
        tracing::warn!(app = %name, %error, "the cluster could not be told what became of the app");
    }
    clerk::judge_approvals(context, snapshot, name, now).await;
    Some(Turn {
        failed: told.is_err() || has_failed(&report.result),
        boundary: boundary(app, &report.result, since),
        spent: spent(&report.result),
    })
}

/// The object as of our last write at least.
async fn latest(context: &Context, name: &ObjectName) -> Option<Result<Arc<Guarded<TargetApp>>, CallError>> {
    let shown = context.cluster.target_apps.get(name)?;
    Some(context.ledger.latest(Kind::TargetApp, shown).await)
}

async fn pass(
    context: &Context,
    snapshot: &Snapshot,
    name: &ObjectName,
    app: &TargetApp,
    stop: &CancellationToken,
    credentials: Arc<Noting>,
) -> AppReport {
    let options = Options {
        terminating: snapshot.recovering || snapshot.terminating.contains(&*name.namespace),
        ..Options::default()
    };
    let sequence = app.status.as_ref().and_then(|status| status.sequence).and_then(|number| u64::try_from(number).ok());
    let mut fleet = context.fleet.clone();
    fleet.stop = stop.clone();
    fleet.credentials = credentials;
    if let Some(older) = snapshot.older_unreadable(name, app) {
        return AppReport {
            app: name.clone(),
            mode: mode(app.spec.mode),
            result: AppResult::Stalled(duplicate(&older)),
        };
    }
    let declared = Declared { loaded: &snapshot.loaded, world: &snapshot.world };
    let work = fleet.pass_one(declared, &context.writer, name, app, &options, sequence);
    let result = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| AppResult::Failed(fault()));
    AppReport { app: name.clone(), mode: mode(app.spec.mode), result }
}

/// The mode in the core's words.
const fn mode(mode: target_app::Mode) -> Mode {
    match mode {
        target_app::Mode::Observe => Mode::Observe,
        target_app::Mode::Additive => Mode::Additive,
        target_app::Mode::Full => Mode::Full,
    }
}

/// Whether somebody else has become the writer.
fn is_lost(result: &AppResult) -> bool {
    match result {
        AppResult::Failed(failure) => failure.reason == StoreError::LostWriter.reason(),
        _ => false,
    }
}

async fn tell(
    context: &Context,
    snapshot: &Snapshot,
    app: &TargetApp,
    report: &AppReport,
    expiry: Expiry,
    now: Timestamp,
) -> Result<(), CallError> {
    if let AppResult::Worked(worked) = &report.result {
        show_plan(context, app, report, worked, now).await?;
    }
    let before = app.status.clone().unwrap_or_default();
    let mut status = app_status(app, report, now);
    match expiry {
        Expiry::NotRead => {}
        Expiry::NotSaid => status.credential = None,
        Expiry::At(end) => status.credential = Some(CredentialStatus { expires_at: Some(end.into()) }),
    }
    context.ledger.status(&Shown::new(Kind::TargetApp, app, &app.status), &status).await?;
    if let Some(sequence) = status.sequence.and_then(|number| u64::try_from(number).ok())
        && let Err(error) = context.writer.note_status_sequence(&report.app, sequence).await
    {
        if matches!(error, StoreError::LostWriter) {
            context.lost.cancel();
        }
        tracing::warn!(app = %report.app, error = &error as &dyn std::error::Error, "the store was not told of the status");
    }
    for notice in notices(&before, &status, report) {
        context.events.publish(&notice, &app.object_ref(&()), now).await;
    }
    tell_accesses(context, snapshot, report, now).await
}

/// The status of each `AppAccess` of the app.
async fn tell_accesses(
    context: &Context,
    snapshot: &Snapshot,
    report: &AppReport,
    now: Timestamp,
) -> Result<(), CallError> {
    for name in snapshot.accesses_of(&report.app) {
        let Some(object) = context.cluster.app_accesses.get(name) else { continue };
        let Ok(access) = &object.0 else { continue };
        let status = match &report.result {
            AppResult::Worked(worked) => access_status(name, access, Some(worked), now),
            other => waiting_access_status(access, other, now),
        };
        context.ledger.status(&Shown::new(Kind::AppAccess, access, &access.status), &status).await?;
    }
    Ok(())
}

/// Creates, changes or deletes the `AccessPlan`, so that it shows the hold.
async fn show_plan(
    context: &Context,
    app: &TargetApp,
    report: &AppReport,
    worked: &Report,
    now: Timestamp,
) -> Result<(), CallError> {
    let shown = match context.cluster.plans.get(&report.app) {
        Some(plan) => match context.ledger.latest(Kind::AccessPlan, plan).await {
            Err(error) if error.is_not_found() => None,
            latest => Some(latest?),
        },
        None => None,
    };
    let wanted = plan_spec(&report.app.name, worked);
    let Some(spec) = wanted else {
        if let Some(plan) = shown {
            context.ledger.delete(Kind::AccessPlan, &report.app, plan.meta().uid.clone()).await?;
        }
        return Ok(());
    };
    let is_ours = |plan: &Guarded<AccessPlan>| {
        let owners = plan.meta().owner_references.as_deref().unwrap_or_default();
        owners.iter().any(|owner| Some(&owner.uid) == app.metadata.uid.as_ref())
    };
    let same = shown.as_ref().filter(|plan| is_ours(plan) && plan.0.as_ref().is_ok_and(|plan| plan.spec == spec));
    if let Some(plan) = same {
        let Ok(plan) = &plan.0 else { return Ok(()) };
        let status = plan_status(plan, now);
        context.ledger.status(&Shown::new(Kind::AccessPlan, plan, &plan.status), &status).await?;
        return Ok(());
    }
    apply_plan(context, app, &report.app, &spec, now).await
}

async fn apply_plan(
    context: &Context,
    app: &TargetApp,
    name: &ObjectName,
    spec: &AccessPlanSpec,
    now: Timestamp,
) -> Result<(), CallError> {
    let object = json!({
        "apiVersion": API_VERSION,
        "kind": Kind::AccessPlan.name(),
        "metadata": {"name": &*name.name, "namespace": &*name.namespace, "ownerReferences": [app.controller_owner_ref(&())]},
        "spec": spec,
    });
    let applied = context.ledger.apply(Kind::AccessPlan, name, &object).await?;
    let Ok(plan) = applied.try_parse::<AccessPlan>() else { return Ok(()) };
    let status = plan_status(&plan, now);
    context.ledger.status(&Shown::new(Kind::AccessPlan, &plan, &plan.status), &status).await?;
    Ok(())
}

/// Whether something has to be tried again before the interval ends.
fn has_failed(result: &AppResult) -> bool {
    match result {
        AppResult::Worked(report) => {
            report.failure.is_some()
                || matches!(report.look.observation.completeness, Completeness::Incomplete { .. })
                || report.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed { .. }))
                || report.look.plan.to_be_sent().next().is_some()
        }
        AppResult::Failed(_) => true,
        AppResult::Suspended(_) | AppResult::Stalled(_) => false,
    }
}

fn spent(result: &AppResult) -> Option<Spent> {
    match result {
        AppResult::Worked(report) => Spent::of(report),
        _ => None,
    }
}

/// When something changes by itself, the first time since the pass began: it may not have seen what changed meanwhile.
fn boundary(app: &TargetApp, result: &AppResult, since: Timestamp) -> Option<Timestamp> {
    let suspended =
        app.spec.suspend.then(|| app.spec.suspend_until.as_ref().map(crate::api::Time::timestamp)).flatten();
    let (window, due) = match result {
        AppResult::Worked(report) => {
            let plan = &report.look.plan;
            let due = plan.changes.iter().filter_map(|change| change.due);
            let due = due.chain(plan.tasks().filter_map(|(_, task)| task.due)).filter(|due| *due > since).min();
            (report.look.desired.next_boundary, due)
        }
        _ => (None, None),
    };
    [suspended, window, due].into_iter().flatten().filter(|at| *at > since).min()
}

/// What is said of a younger app beside an older one that cannot be read, and works again once that is put right.
fn duplicate(older: &ObjectName) -> Failure {
    Failure {
        reason: "DuplicateTarget".into(),
        message: format!("the older TargetApp {older} manages the same tenant, and cannot be decoded now"),
        remedy: format!("correct {older} and remove this TargetApp, or remove {older}"),
    }
}

/// What is said of a pass that ended by a fault of ours.
fn fault() -> Failure {
    Failure {
        reason: "InternalError".into(),
        message: "the work on this app ended by a fault of ours; the others go on".into(),
        remedy: "report it with the log around this time".into(),
    }
}
