//! The status of the kinds that no app's pass writes: `Directory`, `Team`, `AccessApproval`, and of what cannot be decoded.

use appaccess_core::{
    resolve::{Freshness, TeamMembers},
    status::{Condition as Judgement, Truth, counted},
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::{Value, json};

use super::{app::reconcile_at, conditions, count};
use crate::{
    api::{
        AccessApproval, AccessApprovalStatus, Directory, DirectoryStatus, Team, TeamStatus, condition,
        directory::DirectoryCounts, target_app_status::HoldSummary,
    },
    load::DirectoryReading,
    operator::guarded::Fault,
};

/// The status of a directory by its last reading. `older` owns a domain that this one claims as well.
#[must_use]
pub fn directory_status(
    directory: &Directory,
    reading: &DirectoryReading,
    lost_domain: Option<&str>,
    now: Timestamp,
) -> DirectoryStatus {
    let before = directory.status.clone().unwrap_or_default();
    let generation = directory.metadata.generation;
    let people = reading.people.values();
    let counts = DirectoryCounts {
        people: count_of(reading.people.len()),
        active: count_of(people.filter(|person| person.active).count()),
        leavers: count_of(reading.verdict.left.len()),
        absent: count_of(reading.verdict.absent.len()),
        groups: count_of(reading.groups.len()),
    };
    let hold = reading.verdict.breaker.as_ref().map(|breaker| HoldSummary {
        digest: breaker.digest.to_string(),
        people: count_of(breaker.people.len()),
        changes: count_of(breaker.people.len()),
        plan_ref: None,
    });
    let judgements = directory_judgements(reading, lost_domain);
    DirectoryStatus {
        observed_generation: generation,
        conditions: conditions(&judgements, &before.conditions, generation, now),
        counts: Some(counts),
        hold,
        last_handled_reconcile_at: reconcile_at(directory.metadata.annotations.as_ref()),
    }
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn count_of(length: usize) -> u32 {
    count(number(length))
}

fn directory_judgements(reading: &DirectoryReading, lost_domain: Option<&str>) -> Vec<Judgement> {
    if let Some(why) = lost_domain {
        return vec![
            Judgement::new(condition::READY, false, "DuplicateDomain", why),
            Judgement::new(condition::STALLED, true, "DuplicateDomain", why),
        ];
    }
    if let Freshness::Stale(why) = &reading.freshness {
        return vec![
            Judgement::new(condition::READY, false, "StaleDirectory", why.to_string()),
            Judgement::new(condition::READ_COMPLETE, false, "StaleDirectory", why.to_string()),
        ];
    }
    let ready = match &reading.verdict.breaker {
        Some(breaker) => Judgement::new(
            condition::READY,
            false,
            if breaker.rejected { "Rejected" } else { "StaleDirectory" },
            format!(
                "{} within 24 h, and {} may without a decision; nobody is removed on its word until {} is decided",
                counted(number(breaker.people.len()), "person left", "people left"),
                breaker.allowed,
                breaker.digest
            ),
        ),
        None => Judgement::new(condition::READY, true, "Read", "its people and groups are known"),
    };
    vec![ready, Judgement::new(condition::READ_COMPLETE, true, "Complete", "the last reading is complete")]
}

/// The status of a team.
#[must_use]
pub fn team_status(team: &Team, members: &TeamMembers, now: Timestamp) -> TeamStatus {
    let before = team.status.clone().unwrap_or_default();
    let generation = team.metadata.generation;
    let judgements = match members.problems.first() {
        None => vec![
            Judgement::new(condition::READY, true, "Resolved", "every part was found"),
            Judgement::new(condition::RESOLVED, true, "Resolved", "every part was found"),
        ],
        Some(first) => {
            let more = members.problems.len().saturating_sub(1);
            let message = if more == 0 { first.clone() } else { format!("{first} (and {more} more)") };
            vec![
                Judgement::new(condition::READY, false, "Unresolved", message.clone()),
                Judgement::new(condition::RESOLVED, false, "Unresolved", message),
            ]
        }
    };
    TeamStatus {
        observed_generation: generation,
        conditions: conditions(&judgements, &before.conditions, generation, now),
        members: Some(count(members.certain)),
    }
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Counted,
    /// Its rows are done.
    Used,
    /// Its time has passed.
    Expired,
    /// Nothing by that digest was shown.
    UnknownDigest,
    /// What it decides on is not there.
    NoSubject,
    /// It does not count, and why.
    Refused(&'static str),
}

/// The status of a decision.
#[must_use]
pub fn approval_status(approval: &AccessApproval, standing: &Standing, now: Timestamp) -> AccessApprovalStatus {
    let before = approval.status.clone().unwrap_or_default();
    let generation = approval.metadata.generation;
    let ready = |truth: bool, reason: &str, message: &str| Judgement::new(condition::READY, truth, reason, message);
    let judgements = match standing {
        Standing::Counted => vec![ready(true, "Counted", "the decision counts")],
        Standing::Used => vec![ready(true, "Used", "what it decided is done; it counts no longer")],
        // It has done all that it could: nobody waits for it, and git may keep it.
        Standing::Expired => vec![ready(true, "Expired", "its time has passed; it counts no longer")],
        Standing::UnknownDigest => vec![ready(
            false,
            "UnknownDigest",
            "no hold and no withdrawals by this digest were found yet; the approval of a change's intent counts from the pass on that finds exactly its withdrawals",
        )],
        Standing::NoSubject => vec![ready(false, "NotFound", "what it decides on is not there")],
        Standing::Refused(why) => {
            vec![ready(false, "Refused", why), Judgement::new(condition::STALLED, true, "Refused", *why)]
        }
    };
    AccessApprovalStatus {
        observed_generation: generation,
        conditions: conditions(&judgements, &before.conditions, generation, now),
    }
}

/// The status of an object that does not fit its kind: as it was, with the reason.
#[must_use]
pub fn undecodable_status(before: &Value, generation: Option<i64>, fault: &Fault, now: Timestamp) -> Value {
    let (reason, what, why) = match fault {
        Fault::Undecodable(error) => ("Undecodable", "this version cannot decode it", error),
        Fault::Invalid(rule) => ("Invalid", "it breaks a rule of its kind", rule),
    };
    let message = format!("{what}, so what it says is unknown, not withdrawn: {why}");
    let judgements = [
        Judgement::new(condition::READY, Truth::False, reason, message.clone()),
        Judgement::new(condition::STALLED, Truth::True, reason, message),
    ];
    let known: Vec<Condition> = serde_json::from_value(before["conditions"].clone()).unwrap_or_default();
    let mut status = if before.is_object() { before.clone() } else { json!({}) };
    status["observedGeneration"] = json!(generation);
    status["conditions"] = json!(conditions(&judgements, &known, generation, now));
    status
}
