//! The `AccessPlan` of a target app: its hold, row by row.

use appaccess_core::{
    plan::{Action as CoreAction, Cause as CoreCause, Change, Hold},
    resolve::Desired,
    status::{Condition as Judgement, counted},
};
use jiff::Timestamp;

use super::{clipped, conditions, count};
use crate::{
    api::{
        AccessPlan, AccessPlanSpec, AccessPlanStatus,
        access_plan::{Action, Cause, MOST_ROWS, PlanRow},
        condition,
        reference::{Entitlement, LocalReference},
    },
    sync::Report,
};

/// The hold that the report ends with, where there is one.
#[must_use]
pub fn plan_spec(app: &str, report: &Report) -> Option<AccessPlanSpec> {
    let hold: &Hold = report.look.plan.hold.as_ref()?;
    let waiting = report.look.plan.changes.iter().filter(|change| change.permitted && change.held.is_some());
    Some(AccessPlanSpec {
        app_ref: LocalReference { name: app.to_owned() },
        digest: hold.digest.to_string(),
        sequence: hold.sequence,
        reasons: hold.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
        people: count(hold.people),
        allowed: Some(count(hold.allowed)),
        changes: count(hold.changes),
        rows: waiting.take(MOST_ROWS).filter_map(|change| row(change, &report.look.desired)).collect(),
    })
}

/// What the plan says about itself.
#[must_use]
pub fn plan_status(plan: &AccessPlan, now: Timestamp) -> AccessPlanStatus {
    let shown = u32::try_from(plan.spec.rows.len()).unwrap_or(u32::MAX);
    let judgement = if plan.spec.changes > shown {
        let message = format!(
            "{} changes are more than can be shown ({MOST_ROWS}), and what is not shown cannot be approved; split the change",
            plan.spec.changes
        );
        Judgement::new(condition::READY, false, "TooLarge", message)
    } else {
        let message = format!(
            "{} for {} {} for an AccessApproval that names {} and says yes or no",
            counted(plan.spec.changes.into(), "change", "changes"),
            counted(plan.spec.people.into(), "person", "people"),
            if plan.spec.changes == 1 { "waits" } else { "wait" },
            plan.spec.digest
        );
        Judgement::new(condition::READY, true, "AwaitingDecision", message)
    };
    let before = plan.status.clone().unwrap_or_default();
    AccessPlanStatus {
        observed_generation: plan.metadata.generation,
        conditions: conditions(&[judgement], &before.conditions, plan.metadata.generation, now),
    }
}

fn row(change: &Change, desired: &Desired) -> Option<PlanRow> {
    let person = change
        .person
        .as_ref()
        .map(|key| desired.people.get(key).map_or_else(|| change.label.to_string(), |person| person.label.to_string()));
    Some(PlanRow {
        action: action(change.action),
        person: person.map(|person| clipped(&person, 320)),
        account: change.account.as_ref().map(|account| clipped(&account.to_string(), 256)),
        entitlement: Entitlement {
            type_: change.slot.kind.to_string(),
            name: clipped(change.entitlement_name(), 320),
            level: None,
        },
        from: change.from.as_ref().map(|level| clipped(level, 320)),
        to: change.to.as_ref().map(|level| clipped(level, 320)),
        cause: cause(change.cause),
        because: change.because().iter().take(16).map(|claim| clipped(claim, 400)).collect(),
        reason: Some(clipped(&change.reason(), 512)),
        held: change.held?.as_str().to_owned(),
        due: change.due.map(Into::into),
    })
}

fn action(action: CoreAction) -> Action {
    match action {
        CoreAction::Create => Action::Create,
        CoreAction::Invite => Action::Invite,
        CoreAction::Adopt => Action::Adopt,
        CoreAction::Update => Action::Update,
        CoreAction::Activate => Action::Activate,
        CoreAction::Grant => Action::Grant,
        CoreAction::Change => Action::Change,
        CoreAction::Revoke => Action::Revoke,
        CoreAction::Suspend => Action::Suspend,
        CoreAction::Delete => Action::Delete,
    }
}

fn cause(cause: CoreCause) -> Cause {
    match cause {
        CoreCause::Declared => Cause::Declared,
        CoreCause::Leaver => Cause::Leaver,
        CoreCause::Expired => Cause::Expired,
        CoreCause::Withdrawn => Cause::Withdrawn,
        CoreCause::Exclusive => Cause::Exclusive,
        CoreCause::Unmanaged => Cause::Unmanaged,
    }
}
