//! The status of one `AppAccess`: what came of its claims.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Condition, Truth, app::counted};
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
    /// What is still to come, or only reported.
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
    let mut waits = Waits::default();
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
        let Some((change, outcome)) = open(changes.get(edge)) else {
            let place = if situation.plan.is_some() { &mut summary.applied } else { &mut summary.pending };
            *place += 1;
            continue;
        };
        let (state, why) = place(change, outcome, &mut summary, &mut waits);
        let label = desired.people.get(&edge.person).map(|known| known.label.to_string());
        let person = label.unwrap_or_else(|| edge.person.to_string());
        rows.push(Row { person, entitlement: edge.slot.to_string(), state, why });
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
    AccessStatus { conditions: conditions(situation, &summary, &waits, &problems), summary, rows }
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

/// The first change of an edge that is not done.
fn open<'a>(changes: Option<&Vec<(&'a Change, Option<&'a Outcome>)>>) -> Option<(&'a Change, Option<&'a Outcome>)> {
    changes.into_iter().flatten().find(|(_, outcome)| !matches!(outcome, Some(Outcome::Applied))).copied()
}

/// What the pending edges wait for.
#[derive(Debug, Default)]
struct Waits {
    /// Changes that go to the app.
    sent: u64,
    /// The app, to show what it was told.
    shown: u64,
    /// People who carry out a task.
    tasks: u64,
    /// Of these, past the deadline.
    late: u64,
    /// The end of `settle`.
    settling: u64,
}

/// Counts an edge that is not done; its state and why.
fn place(
    change: &Change,
    outcome: Option<&Outcome>,
    summary: &mut AccessSummary,
    waits: &mut Waits,
) -> (&'static str, String) {
    match (change.held, outcome) {
        (Some(reason), _) => {
            summary.held += 1;
            return ("held", reason.as_str().to_owned());
        }
        (None, Some(Outcome::Failed { message, .. })) => {
            summary.failed += 1;
            return ("failed", message.clone());
        }
        (None, _) => summary.pending += 1,
    }
    let why = if let Some(task) = change.open_task() {
        waits.tasks += 1;
        waits.late += u64::from(task.overdue);
        format!("task {} for a person", task.id)
    } else if !change.permitted {
        "the target app's mode or `manage` does not allow it".to_owned()
    } else if let Some(due) = change.due {
        waits.settling += 1;
        format!("settles until {due}")
    } else if matches!(outcome, Some(Outcome::Unverified)) {
        waits.shown += 1;
        "done, but the app does not show it yet".to_owned()
    } else {
        waits.sent += 1;
        "is being made".to_owned()
    };
    ("pending", why)
}

fn conditions(
    situation: &AccessSituation<'_>,
    summary: &AccessSummary,
    waits: &Waits,
    problems: &[&ClaimProblem],
) -> Vec<Condition> {
    let find = |wanted: &[ProblemKind]| problems.iter().find(|problem| wanted.contains(&problem.kind)).copied();
    let refused = find(&[ProblemKind::NotPermitted, ProblemKind::NotSupported]);
    let unresolved = find(&[ProblemKind::Unresolved]);
    let conflict = find(&[ProblemKind::Conflict]);
    let (ready, reason, message) = match (refused.or(unresolved).or(conflict), situation.plan) {
        (Some(problem), _) => (Truth::False, problem.kind.as_str(), problem.message.clone()),
        (None, None) => (Truth::False, "TargetAppNotRead", "the target app could not be read".to_owned()),
        (None, Some(_)) => readiness(summary, waits),
    };
    let in_sync = summary.applied == summary.edges && problems.is_empty();
    let in_sync = if situation.plan.is_some() { Truth::from(in_sync) } else { Truth::Unknown };
    let mut all = vec![
        Condition::new("Ready", ready, reason, message.clone()),
        Condition::new("InSync", in_sync, reason, message.clone()),
    ];
    if ready == Truth::Unknown {
        all.push(Condition::new("Reconciling", true, reason, message));
    }
    all.push(verdict("Accepted", refused, "the target app permits every claim"));
    all.push(verdict("Resolved", unresolved, "every subject was found"));
    if let Some(problem) = conflict {
        all.push(Condition::new("Conflict", true, problem.kind.as_str(), problem.message.clone()));
    }
    if summary.expiring > 0 {
        let ends = counted(summary.expiring, "edge ends", "edges end");
        all.push(Condition::new("Expiring", true, "EndsSoon", format!("{ends} within 14 days")));
    }
    all
}

/// What the edges come to where every claim is accepted and the app was read.
fn readiness(summary: &AccessSummary, waits: &Waits) -> (Truth, &'static str, String) {
    let of_all = |number: u64, one: &str, many: &str| {
        let edges = counted(summary.edges, "edge", "edges");
        format!("{number} of {edges} {}", if number == 1 { one } else { many })
    };
    if summary.failed > 0 {
        let message =
            of_all(summary.failed, "could not be changed; its row says", "could not be changed; their rows say");
        (Truth::False, "ChangeFailed", format!("{message} why"))
    } else if summary.held > 0 {
        let message = of_all(summary.held, "is held", "are held");
        (Truth::False, "PlanHeld", format!("{message}; the AccessPlan of the target app says what is waited for"))
    } else if waits.late > 0 {
        let message = of_all(waits.late, "waits for a task that is", "wait for tasks that are");
        (Truth::False, "TasksOverdue", format!("{message} past the deadline; see `appaccess tasks`"))
    } else if waits.sent > 0 {
        (Truth::Unknown, "Progressing", of_all(waits.sent, "is being changed", "are being changed"))
    } else if waits.tasks > 0 {
        let message = of_all(waits.tasks, "waits for a person", "wait for a person");
        (Truth::True, "TasksOpen", format!("{message}; see `appaccess tasks`"))
    } else if waits.settling > 0 {
        (Truth::True, "Settling", of_all(waits.settling, "settles", "settle"))
    } else if waits.shown == summary.pending && waits.shown > 0 {
        (
            Truth::True,
            "ReportedOnly",
            of_all(waits.shown, "is not shown by the app yet", "are not shown by the app yet"),
        )
    } else if summary.pending > 0 {
        let message = of_all(summary.pending, "differs", "differ");
        (
            Truth::True,
            "ReportedOnly",
            format!("{message}, and the target app's mode or `manage` lets us only report that"),
        )
    } else {
        let message = match summary.edges {
            0 => "nothing is claimed at this time".to_owned(),
            1 => "the one edge is there".to_owned(),
            edges => format!("{edges} of {edges} edges are there"),
        };
        (Truth::True, "Applied", message)
    }
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
