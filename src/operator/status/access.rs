//! The status of an `AppAccess`.

use appaccess_core::{
    access::ObjectName,
    status::{AccessSituation, AccessStatus, AccessSummary, Condition as Judgement, Row, Truth},
};
use jiff::Timestamp;

use super::{clipped, conditions, count, kept, sentence};
use crate::{
    api::{
        APPROVED_BY, AppAccess, AppAccessStatus, COMMIT, PULL_REQUEST,
        app_access::{ClaimRow, ClaimState, ClaimSummary, ClaimedSource},
        condition,
        reference::Entitlement,
    },
    sync::{AppResult, Report},
};

/// The status after a pass over the target app; `None` for the report where that is not there.
#[must_use]
pub fn access_status(
    name: &ObjectName,
    access: &AppAccess,
    report: Option<&Report>,
    now: Timestamp,
) -> AppAccessStatus {
    let situation = AccessSituation {
        access: name,
        desired: report.map(|report| &report.look.desired),
        plan: report.map(|report| &report.look.plan),
        outcomes: report.map(|report| report.outcomes.as_slice()).unwrap_or_default(),
        now,
    };
    let AccessStatus { conditions: judgements, summary, rows } = appaccess_core::status::access_status(&situation);
    let before = access.status.clone().unwrap_or_default();
    AppAccessStatus {
        observed_generation: access.metadata.generation,
        conditions: conditions(&judgements, &before.conditions, access.metadata.generation, now),
        summary: Some(self::summary(&summary)),
        rows: rows.iter().filter_map(row).collect(),
        source: source(access),
    }
}

/// The status while the target app is not worked on: what is known of the claims stays.
#[must_use]
pub fn waiting_access_status(access: &AppAccess, result: &AppResult, now: Timestamp) -> AppAccessStatus {
    let before = access.status.clone().unwrap_or_default();
    let (ready, reason, message) = match result {
        AppResult::Suspended(why) => (Truth::True, "Suspended", format!("the target app is {why}")),
        AppResult::Stalled(failure) | AppResult::Failed(failure) => {
            let message = format!("the target app cannot be worked on ({}); its own status says why", failure.reason);
            (Truth::False, "TargetAppNotRead", message)
        }
        AppResult::Worked(_) => (Truth::Unknown, "Progressing", "the target app is being worked on".to_owned()),
    };
    let mut judgements = vec![
        Judgement::new(condition::READY, ready, reason, message.clone()),
        Judgement::new(condition::IN_SYNC, Truth::Unknown, reason, message),
    ];
    if ready == Truth::Unknown {
        let message = "the target app is being worked on";
        judgements.push(Judgement::new(condition::RECONCILING, Truth::True, reason, message));
    }
    let claims = [condition::ACCEPTED, condition::RESOLVED, condition::CONFLICT, condition::EXPIRING];
    judgements.extend(claims.into_iter().filter_map(|kind| kept(&before.conditions, kind)));
    AppAccessStatus {
        observed_generation: access.metadata.generation,
        conditions: conditions(&judgements, &before.conditions, access.metadata.generation, now),
        source: source(access),
        ..before
    }
}

fn summary(summary: &AccessSummary) -> ClaimSummary {
    ClaimSummary {
        subjects: count(summary.subjects),
        edges: count(summary.edges),
        applied: count(summary.applied),
        pending: count(summary.pending),
        held: count(summary.held),
        failed: count(summary.failed),
        unknown: count(summary.unknown),
        expiring: count(summary.expiring),
    }
}

/// A row of the core. One about a claim as a whole names the grant in place of the entitlement.
fn row(row: &Row) -> Option<ClaimRow> {
    let state = match row.state {
        "pending" => ClaimState::Pending,
        "held" => ClaimState::Held,
        "failed" => ClaimState::Failed,
        "unknown" => ClaimState::Unknown,
        "refused" => ClaimState::Refused,
        _ => return None,
    };
    let of_a_grant = row.person.is_empty();
    let (type_, name) = row.entitlement.split_once(' ').unwrap_or((&row.entitlement, ""));
    let entitlement = Entitlement { type_: clipped(type_, 63), name: clipped(name, 320), level: None };
    Some(ClaimRow {
        grant: if of_a_grant { clipped(&row.entitlement, 63) } else { String::new() },
        subject: clipped(&row.person, 320),
        entitlement: (!of_a_grant && !type_.is_empty()).then_some(entitlement),
        state,
        reason: word(&row.why, row.state),
        message: Some(sentence(&clipped(&row.why, 511))),
    })
}

/// The reason as a word: the row's own where it is one, else its state.
fn word(why: &str, state: &str) -> String {
    let is_word = !why.is_empty() && why.len() <= 63 && why.chars().all(|letter| letter.is_ascii_alphanumeric());
    if is_word {
        return why.to_owned();
    }
    let mut letters = state.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Where the object comes from, as its annotations claim.
fn source(access: &AppAccess) -> Option<ClaimedSource> {
    let annotations = access.metadata.annotations.as_ref()?;
    let claimed = |key: &str| annotations.get(key).map(|value| clipped(value, 256));
    let source = ClaimedSource {
        commit: claimed(COMMIT),
        pull_request: claimed(PULL_REQUEST),
        approved_by: claimed(APPROVED_BY),
    };
    (source != ClaimedSource::default()).then_some(source)
}
