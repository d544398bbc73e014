//! The status of a `TargetApp`.

use appaccess_core::{
    access::Amount,
    plan::{Cost, Drift, Hold, Plan},
    resolve::Desired,
    status::{AppSituation, Concern, Condition as Judgement, Failure, app_conditions},
};
use jiff::Timestamp;

use super::{clipped, conditions, count, kept};
use crate::{
    api::{
        Money, TargetApp, TargetAppStatus, condition,
        reference::Entitlement,
        target_app_status::{AccountCounts, DriftKind, DriftRow, HoldSummary, SeatStatus},
    },
    sync::{AppReport, AppResult, Report},
};

/// Rows that a status shows; the rest is counted.
const MOST_ROWS: usize = 20;
/// Capabilities that a status shows.
const MOST_CAPABILITIES: usize = 32;

/// The status after a pass. What the pass could not learn stays as it was.
#[must_use]
pub fn app_status(app: &TargetApp, report: &AppReport, now: Timestamp) -> TargetAppStatus {
    let before = app.status.clone().unwrap_or_default();
    let generation = app.metadata.generation;
    let judgements = judgements(report, &before);
    let mut status = TargetAppStatus {
        observed_generation: generation,
        conditions: conditions(&judgements, &before.conditions, generation, now),
        last_handled_reconcile_at: reconcile_at(app.metadata.annotations.as_ref()),
        ..before
    };
    if let AppResult::Worked(worked) = &report.result {
        show(&mut status, worked, &report.app.name);
    }
    status
}

/// The pass that somebody asked for, as they named it.
pub(in crate::operator) fn reconcile_at(
    annotations: Option<&std::collections::BTreeMap<String, String>>,
) -> Option<String> {
    annotations?.get(crate::api::RECONCILE_AT).map(|asked| asked.chars().take(64).collect())
}

fn judgements(report: &AppReport, before: &TargetAppStatus) -> Vec<Judgement> {
    let nothing = AppSituation {
        mode: report.mode,
        plan: None,
        outcomes: &[],
        completeness: None,
        failure: None,
        stalled: None,
        suspended: None,
    };
    let mut judgements = match &report.result {
        AppResult::Worked(worked) => {
            let judgements = worked.conditions(report.mode);
            return with_remedy(judgements, worked.failure.as_ref());
        }
        AppResult::Suspended(why) => app_conditions(&AppSituation { suspended: Some(why), ..nothing }),
        AppResult::Stalled(failure) => app_conditions(&AppSituation { stalled: Some(failure), ..nothing }),
        AppResult::Failed(failure) => app_conditions(&AppSituation { failure: Some(failure), ..nothing }),
    };
    if let AppResult::Stalled(failure) | AppResult::Failed(failure) = &report.result {
        judgements = with_remedy(judgements, Some(failure));
    }
    if let AppResult::Failed(failure) = &report.result
        && failure.concern() == Concern::Ours
    {
        // The app was not asked: it stands as it stood.
        let reach = [condition::CREDENTIALS_VALID, condition::REACHABLE, condition::READ_COMPLETE];
        judgements.extend(reach.into_iter().filter_map(|kind| kept(&before.conditions, kind)));
    }
    // What is held goes on waiting while the app cannot be read.
    if let Some(held) = kept(&before.conditions, condition::PLAN_HELD) {
        judgements.retain(|judgement| judgement.kind != condition::PLAN_HELD);
        judgements.push(held);
    }
    judgements
}

/// Whatever tells of the failure tells what to do about it, too: tools show one condition alone.
fn with_remedy(mut judgements: Vec<Judgement>, failure: Option<&Failure>) -> Vec<Judgement> {
    for judgement in &mut judgements {
        if let Some(failure) = failure.filter(|failure| failure.message == judgement.message) {
            judgement.message = format!("{}; {}", failure.message, failure.remedy);
        }
    }
    judgements
}

fn show(status: &mut TargetAppStatus, report: &Report, plan_name: &str) {
    let plan = &report.look.plan;
    status.capabilities = capabilities(report);
    status.drift_total = Some(count(u64::try_from(plan.drift.len()).unwrap_or(u64::MAX)));
    status.drift = plan.drift.iter().take(MOST_ROWS).map(|drift| row(drift, &report.look.desired)).collect();
    status.counts = Some(counts(report, plan));
    status.seats = plan.cost.as_ref().and_then(seats);
    status.hold = plan.hold.as_ref().map(|hold| summary(hold, Some(plan_name)));
    status.sequence = i64::try_from(report.memory.sequence).ok();
}

/// What the app can do and what it lacks, in words.
fn capabilities(report: &Report) -> Vec<String> {
    let words = report.look.capabilities.words();
    words.iter().take(MOST_CAPABILITIES).map(|word| clipped(word, 63)).collect()
}

fn counts(report: &Report, plan: &Plan) -> AccountCounts {
    let counts = &plan.counts;
    let failed =
        report.outcomes.iter().filter(|outcome| matches!(outcome, appaccess_core::plan::Outcome::Failed { .. }));
    AccountCounts {
        declared: count(counts.declared),
        seen: count(counts.seen),
        in_sync: count(counts.in_sync),
        missing: count(counts.missing),
        extra: count(counts.extra),
        orphans: count(counts.orphans),
        unknown: count(counts.unknown),
        invited: count(counts.invited),
        held: count(counts.held),
        failed: count(counts.failed.max(u64::try_from(failed.count()).unwrap_or(u64::MAX))),
    }
}

fn seats(cost: &Cost) -> Option<SeatStatus> {
    Some(SeatStatus {
        used: count(cost.used),
        purchased: cost.purchased.map(count),
        unused: Some(count(cost.unused)),
        inactive: cost.activity.map(|activity| count(activity.inactive)),
        activity_unknown: cost.activity.map(|activity| count(activity.unknown)),
        monthly_cost: money(cost.monthly)?,
        monthly_waste: money(cost.monthly_waste)?,
        currency: cost.currency.to_string(),
        renews_on: cost.renews_on.and_then(|date| date.to_string().parse().ok()),
    })
}

/// An amount as people write it; `None` for one that no reader takes.
fn money(amount: Amount) -> Option<Money> {
    amount.to_string().parse().ok()
}

/// What a hold comes to.
pub(in crate::operator) fn summary(hold: &Hold, plan_name: Option<&str>) -> HoldSummary {
    HoldSummary {
        digest: hold.digest.to_string(),
        people: count(hold.people),
        changes: count(hold.changes),
        plan_ref: plan_name.map(str::to_owned),
    }
}

fn row(drift: &Drift, desired: &Desired) -> DriftRow {
    let person = drift
        .person
        .as_ref()
        .map(|key| desired.people.get(key).map_or_else(|| drift.label.to_string(), |person| person.label.to_string()));
    DriftRow {
        kind: kind(drift.kind),
        person: person.map(|person| clipped(&person, 320)),
        account: drift.account.as_ref().map(|account| clipped(&account.to_string(), 256)),
        label: Some(clipped(&drift.label, 320)),
        entitlement: Some(Entitlement {
            type_: drift.slot.kind.to_string(),
            name: clipped(&drift.slot.name, 320),
            level: drift.level.as_ref().map(|level| clipped(level, 128)),
        }),
        policy: drift.policy.as_ref().map(|policy| clipped(policy, 32)),
    }
}

fn kind(kind: appaccess_core::plan::DriftKind) -> DriftKind {
    use appaccess_core::plan::DriftKind as Core;
    match kind {
        Core::Orphan => DriftKind::Orphan,
        Core::Leaver => DriftKind::Leaver,
        Core::Unknown => DriftKind::Unknown,
        Core::Guest => DriftKind::Guest,
        Core::Service => DriftKind::Service,
        Core::NotOwned => DriftKind::NotOwned,
        Core::ExtraMember => DriftKind::ExtraMember,
        Core::Readded => DriftKind::Readded,
        Core::Attribute => DriftKind::Attribute,
    }
}
