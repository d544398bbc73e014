//! The status of one `AppAccess`: what came of its claims.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Condition, Truth};
use crate::{
    access::{Edge, ObjectName},
    plan::{Action, Change, Outcome, Plan},
    resolve::{ClaimProblem, Desired, ProblemKind},
};

/// Rows of a status; the rest is counted.
const MAXIMUM_ROWS: usize = 20;
/// An edge that ends within so many seconds is expiring: 14 days.
const EXPIRING: i64 = 14 * 24 * 60 * 60;

/// Everything that the status of an `AppAccess` rests on.
#[derive(Clone, Copy, Debug)]
pub struct AccessSituation<'a> {
    /// The object.
    pub access: &'a ObjectName,
    /// What its target app wants; `None` where that is not there.
    pub desired: Option<&'a Desired>,
    /// The plan of its target app; `None` where that could not be read.
    pub plan: Option<&'a Plan>,
    /// What happened to each change.
    pub outcomes: &'a [Outcome],
    /// The time.
    pub now: Timestamp,
}

/// How many of its edges stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessSummary {
    /// Subjects as written.
    pub subjects: u64,
    /// Edges that its claims carry.
    pub edges: u64,
    /// Of these, what the app shows.
    pub applied: u64,
    /// What is still to come.
    pub pending: u64,
    /// What waits for a decision.
    pub held: u64,
    /// What failed.
    pub failed: u64,
    /// Claims about which nobody can tell.
    pub unknown: u64,
    /// Edges that end within 14 days.
    pub expiring: u64,
}

/// One edge that is not applied, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Who.
    pub person: String,
    /// What.
    pub entitlement: String,
    /// `pending`, `held`, `failed` or `refused`.
    pub state: &'static str,
    /// Why.
    pub why: String,
}

/// The status of an `AppAccess`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessStatus {
    /// `Ready` first.
    pub conditions: Vec<Condition>,
    /// Edges by where they stand.
    pub summary: AccessSummary,
    /// At most 20 rows of what is not applied.
    pub rows: Vec<Row>,
}

/// Works out the status of one `AppAccess`.
#[must_use]
pub fn access_status(situation: &AccessSituation<'_>) -> AccessStatus {
    let Some(desired) = situation.desired else { return dangling() };
    let mut summary = AccessSummary::default();
    let mut rows = Vec::new();
    let changes = changes_by_edge(situation);
    let report = desired.reports.get(situation.access);
    summary.subjects = report.map_or(0, |report| number(report.subjects));
    for (edge, wanted) in &desired.edges {
        if !wanted.claims.iter().any(|claim| claim.name.object == *situation.access) {
            continue;
        }
        summary.edges += 1;
        let expires = wanted.until.is_some_and(|until| until.as_second() - situation.now.as_second() <= EXPIRING);
        summary.expiring += u64::from(expires);
        place(situation, edge, changes.get(edge).map(Vec::as_slice), desired, &mut summary, &mut rows);
    }
    let mut problems: Vec<&ClaimProblem> = report.iter().flat_map(|report| &report.problems).collect();
    let of_this = |problem: &&ClaimProblem| problem.claim.object == *situation.access;
    problems.extend(situation.plan.iter().flat_map(|plan| &plan.problems).filter(of_this));
    summary.unknown += number(problems.iter().filter(|problem| problem.kind == ProblemKind::Unresolved).count());
    rows.extend(problems.iter().map(|problem| Row {
        person: String::new(),
        entitlement: problem.claim.grant.to_string(),
        state: "refused",
        why: problem.message.clone(),
    }));
    rows.sort();
    rows.truncate(MAXIMUM_ROWS);
    AccessStatus { conditions: conditions(situation, &summary, &problems), summary, rows }
}

/// The target app is not there, or does not name this namespace: both read the same.
fn dangling() -> AccessStatus {
    let message =
        "the target app is not there, or does not permit this namespace; check `appRef` and the app's `allow`";
    AccessStatus {
        conditions: vec![
            Condition::new("Ready", false, "NotPermitted", message),
            Condition::new("InSync", Truth::Unknown, "NotPermitted", message),
            Condition::new("Accepted", false, "NotPermitted", message),
        ],
        summary: AccessSummary::default(),
        rows: Vec::new(),
    }
}

type ChangesByEdge<'a> = BTreeMap<Edge, Vec<(&'a Change, Option<&'a Outcome>)>>;

fn changes_by_edge<'a>(situation: &AccessSituation<'a>) -> ChangesByEdge<'a> {
    let mut by_edge = ChangesByEdge::new();
    let changes = situation.plan.into_iter().flat_map(|plan| plan.changes.iter().enumerate());
    for (index, change) in changes.filter(|(_, change)| change.action != Action::Adopt) {
        if let Some(person) = &change.person {
            let edge = Edge::new(person.clone(), change.slot.clone());
            by_edge.entry(edge).or_default().push((change, situation.outcomes.get(index)));
        }
    }
    by_edge
}

fn place(
    situation: &AccessSituation<'_>,
    edge: &Edge,
    changes: Option<&[(&Change, Option<&Outcome>)]>,
    desired: &Desired,
    summary: &mut AccessSummary,
    rows: &mut Vec<Row>,
) {
    let open = changes.into_iter().flatten().find(|(_, outcome)| !matches!(outcome, Some(Outcome::Applied)));
    let Some((change, outcome)) = open else {
        if situation.plan.is_some() {
            summary.applied += 1;
        } else {
            summary.pending += 1;
        }
        return;
    };
    let (state, why) = match (change.held, outcome) {
        (Some(reason), _) => {
            summary.held += 1;
            ("held", reason.as_str().to_owned())
        }
        (None, Some(Outcome::Failed { message, .. })) => {
            summary.failed += 1;
            ("failed", message.clone())
        }
        (None, _) => {
            summary.pending += 1;
            let why = match change.open_task() {
                Some(task) => format!("task {} for a person", task.id),
                None if change.permitted => "is being made".to_owned(),
                None => "the target app's mode or `manage` does not allow it".to_owned(),
            };
            ("pending", why)
        }
    };
    let person =
        desired.people.get(&edge.person).map_or_else(|| edge.person.to_string(), |known| known.label.to_string());
    rows.push(Row { person, entitlement: edge.slot.to_string(), state, why });
}

fn conditions(situation: &AccessSituation<'_>, summary: &AccessSummary, problems: &[&ClaimProblem]) -> Vec<Condition> {
    let find = |wanted: &[ProblemKind]| problems.iter().find(|problem| wanted.contains(&problem.kind));
    let refused = find(&[ProblemKind::NotPermitted, ProblemKind::NotSupported]);
    let unresolved = find(&[ProblemKind::Unresolved]);
    let conflict = find(&[ProblemKind::Conflict]);
    let (ready, reason, message) = match (refused.or(unresolved).or(conflict), situation.plan) {
        (Some(problem), _) => (Truth::False, problem.kind.as_str(), problem.message.clone()),
        (None, None) => (Truth::False, "TargetAppNotRead", "the target app could not be read".to_owned()),
        (None, Some(_)) if summary.failed > 0 => {
            (Truth::False, "ChangeFailed", format!("{} changes failed", summary.failed))
        }
        (None, Some(_)) if summary.held > 0 => {
            (Truth::False, "PlanHeld", format!("{} changes wait for a decision", summary.held))
        }
        (None, Some(_)) if summary.pending > 0 => {
            (Truth::True, "ReportedOnly", format!("{} of {} edges are not there", summary.pending, summary.edges))
        }
        (None, Some(_)) => (Truth::True, "Applied", format!("all {} edges are there", summary.edges)),
    };
    let in_sync = summary.applied == summary.edges && problems.is_empty();
    let in_sync = if situation.plan.is_some() { Truth::from(in_sync) } else { Truth::Unknown };
    let mut all = vec![
        Condition::new("Ready", ready, reason, message.clone()),
        Condition::new("InSync", in_sync, reason, message),
        verdict("Accepted", refused.copied(), "the target app permits every claim"),
        verdict("Resolved", unresolved.copied(), "every subject was found"),
    ];
    if let Some(problem) = conflict {
        all.push(Condition::new("Conflict", true, problem.kind.as_str(), problem.message.clone()));
    }
    if summary.expiring > 0 {
        all.push(Condition::new(
            "Expiring",
            true,
            "EndsSoon",
            format!("{} edges end within 14 days", summary.expiring),
        ));
    }
    all
}

fn verdict(kind: &'static str, problem: Option<&ClaimProblem>, good: &str) -> Condition {
    match problem {
        Some(problem) => Condition::new(kind, false, problem.kind.as_str(), problem.message.clone()),
        None => Condition::new(kind, true, kind, good),
    }
}

impl ProblemKind {
    /// The reason of a condition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPermitted => "NotPermitted",
            Self::NotSupported => "NotSupported",
            Self::Unresolved => "Unresolved",
            Self::Conflict => "Conflict",
        }
    }
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
