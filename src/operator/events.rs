//! One Event for a pass in which the situation changed: a reason that stays the same word for ever, counts, and no people.

use std::sync::Arc;

use appaccess_core::{
    access::Completeness,
    plan::{Action, Outcome},
};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client,
    runtime::events::{Event, EventType, Recorder, Reporter},
};

use super::{
    MANAGER,
    deadline::{ONE_OBJECT, within},
    metrics::Metrics,
};
use crate::{
    api::{TargetAppStatus, condition},
    sync::{AppReport, AppResult, Report},
};

/// Notes above this many bytes are refused by the API server.
const LONGEST_NOTE: usize = 1000;

/// What an Event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) reason: &'static str,
    pub(super) warning: bool,
    pub(super) note: String,
}

impl Notice {
    fn new(reason: &'static str, warning: bool, note: String) -> Self {
        Self { reason, warning, note }
    }
}

/// What a pass came to, in numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    granted: usize,
    removed: usize,
    failed: usize,
}

impl Numbers {
    fn of(report: &Report) -> Self {
        let mut numbers = Self::default();
        for done in &report.done {
            match &done.outcome {
                Outcome::Failed { .. } => numbers.failed += 1,
                Outcome::Applied | Outcome::Unverified if done.change.action != Action::Adopt => {
                    if done.change.is_removal() {
                        numbers.removed += 1;
                    } else {
                        numbers.granted += 1;
                    }
                }
                _ => {}
            }
        }
        numbers
    }
}

/// What is worth an Event: the most urgent of what is news against the status before.
pub(super) fn notice(before: &TargetAppStatus, after: &TargetAppStatus, report: &AppReport) -> Option<Notice> {
    let ready = |status: &TargetAppStatus| {
        condition::find(&status.conditions, condition::READY).map(|ready| ready.reason.clone())
    };
    let is_news = ready(before) != ready(after);
    match &report.result {
        AppResult::Stalled(failure) => is_news.then(|| {
            let reason = if failure.reason == "DuplicateTarget" { "DuplicateTarget" } else { "Stalled" };
            Notice::new(reason, true, format!("{}; {}", failure.message, failure.remedy))
        }),
        AppResult::Failed(failure) => is_news.then(|| {
            Notice::new("PassFailed", true, format!("{}: {}; {}", failure.reason, failure.message, failure.remedy))
        }),
        AppResult::Suspended(why) => is_news.then(|| Notice::new("Suspended", false, why.clone())),
        AppResult::Worked(worked) => of_work(before, after, worked, is_news),
    }
}

/// What people are asked to do, in numbers.
fn tasks(report: &Report) -> String {
    let plan = &report.look.plan;
    let overdue = plan.tasks().filter(|(_, task)| task.overdue).count();
    format!("{} tasks for people, {overdue} of them overdue", plan.tasks().count())
}

fn of_work(before: &TargetAppStatus, after: &TargetAppStatus, report: &Report, is_news: bool) -> Option<Notice> {
    let numbers = Numbers::of(report);
    let note = summary(after, numbers);
    let digest = |status: &TargetAppStatus| status.hold.as_ref().map(|hold| hold.digest.clone());
    let incomplete = matches!(report.look.observation.completeness, Completeness::Incomplete { .. });
    let drift = |status: &TargetAppStatus| status.drift_total.unwrap_or(0);
    if is_news && (numbers.failed > 0 || report.failure.is_some()) {
        Some(Notice::new("PassFailed", true, note))
    } else if is_news && incomplete {
        Some(Notice::new("ReadIncomplete", true, format!("the reading is not complete, nothing was removed; {note}")))
    } else if digest(after).is_some() && digest(after) != digest(before) {
        Some(Notice::new("RemovalHeld", true, note))
    } else if numbers.removed > 0 {
        Some(Notice::new("AccessRemoved", false, note))
    } else if numbers.granted > 0 {
        Some(Notice::new("AccessGranted", false, note))
    } else if digest(before).is_some() && digest(after).is_none() {
        Some(Notice::new("HoldReleased", false, note))
    } else if is_news && ready_reason(after) == Some("TasksOverdue") {
        Some(Notice::new("TasksOverdue", true, format!("{}; {note}", tasks(report))))
    } else if is_news && ready_reason(after) == Some("TasksOpen") {
        Some(Notice::new("TasksOpen", false, format!("{}; {note}", tasks(report))))
    } else if drift(after) > drift(before) || (is_news && ready_reason(after) == Some("ReportedOnly")) {
        Some(Notice::new("DriftFound", false, note))
    } else {
        None
    }
}

fn ready_reason(status: &TargetAppStatus) -> Option<&str> {
    condition::find(&status.conditions, condition::READY).map(|ready| ready.reason.as_str())
}

fn summary(after: &TargetAppStatus, numbers: Numbers) -> String {
    let counts = after.counts.unwrap_or_default();
    let mut parts = vec![
        format!("{} given", numbers.granted),
        format!("{} removed", numbers.removed),
        format!("{} failed", numbers.failed),
        format!("{} accounts declared, {} seen, {} missing", counts.declared, counts.seen, counts.missing),
        format!("{} differences only reported", after.drift_total.unwrap_or(0)),
    ];
    if let Some(hold) = &after.hold {
        parts.push(format!("{} changes for {} people held: {}", hold.changes, hold.people, hold.digest));
    }
    parts.join(", ")
}

/// Publishes Events. One that cannot be published is counted and forgotten.
#[derive(Clone)]
pub(super) struct Events {
    client: Client,
    reporter: Reporter,
    metrics: Arc<Metrics>,
}

impl Events {
    pub(super) fn new(client: Client, metrics: Arc<Metrics>) -> Self {
        let instance = std::env::var("POD_NAME").ok();
        Self { client, reporter: Reporter { controller: MANAGER.into(), instance }, metrics }
    }

    /// Publishes `notice` about `object`.
    pub(super) async fn publish(&self, notice: &Notice, object: &ObjectReference) {
        let event = Event {
            type_: if notice.warning { EventType::Warning } else { EventType::Normal },
            reason: notice.reason.to_owned(),
            note: Some(cut(&notice.note).to_owned()),
            action: "Reconcile".to_owned(),
            secondary: None,
        };
        // A recorder for each: one that has seen the same reason before would keep the earlier note.
        let recorder = Recorder::new(self.client.clone(), self.reporter.clone());
        match within(ONE_OBJECT, recorder.publish(&event, object)).await {
            Ok(()) => self.metrics.written("Event"),
            Err(error) => {
                self.metrics.event_failed();
                tracing::warn!(%error, reason = notice.reason, "an Event could not be published");
            }
        }
    }
}

/// At most so many bytes, at the border of a character.
fn cut(note: &str) -> &str {
    note.get(..note.floor_char_boundary(LONGEST_NOTE)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_cut_at_a_character_below_the_limit_of_the_api_server() {
        let note = "ü".repeat(1000);
        assert_eq!(cut(&note).len(), 1000);
        assert_eq!(cut(&format!("a{note}")).len(), 999);
        assert_eq!(cut("short"), "short");
    }
}
