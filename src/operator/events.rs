//! One Event for each matter that is news: a reason that stays the same word for ever, a sentence with counts, no people.

mod matters;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use appaccess_core::{
    access::Completeness,
    plan::{Action, Outcome},
    status::Failure,
};
use jiff::Timestamp;
use k8s_openapi::{
    api::{core::v1::ObjectReference, events::v1::Event},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use self::matters::{Matters, Told};
use super::{
    MANAGER,
    deadline::{CallError, write},
    metrics::Metrics,
    status::sentence,
};
use crate::{
    api::{TargetAppStatus, condition, target_app_status::HoldSummary},
    sync::{AppReport, AppResult, Report},
};

/// Notes above this many bytes are refused by the API server.
const LONGEST_NOTE: usize = 1000;

/// What an Event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The matter, as a word that stays the same for ever.
    pub reason: &'static str,
    /// Whether somebody should look.
    pub warning: bool,
    /// What happened, in numbers and without people.
    pub note: String,
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

/// What is news against the status before, most urgent first: one notice for each matter. A matter that goes on is no
/// news.
#[must_use]
pub fn notices(before: &TargetAppStatus, after: &TargetAppStatus, report: &AppReport) -> Vec<Notice> {
    let is_news = ready_reason(before) != ready_reason(after);
    let of_app = |reason: &'static str, warning: bool, note: String| {
        if is_news { vec![Notice::new(reason, warning, note)] } else { Vec::new() }
    };
    match &report.result {
        AppResult::Stalled(failure) => {
            let reason = if failure.reason == "DuplicateTarget" { "DuplicateTarget" } else { "Stalled" };
            of_app(reason, true, format!("{}; {}", failure.message, failure.remedy))
        }
        // One trouble of all apps at once, which `/readyz` tells.
        AppResult::Failed(failure) if failure.is_of_store() => Vec::new(),
        AppResult::Failed(failure) => of_app("PassFailed", true, told(failure)),
        AppResult::Suspended(why) => of_app("Suspended", false, why.clone()),
        AppResult::Worked(worked) => of_work(before, after, worked, is_news),
    }
}

fn told(failure: &Failure) -> String {
    format!("{} ({}); {}", failure.message, failure.reason, failure.remedy)
}

fn of_work(before: &TargetAppStatus, after: &TargetAppStatus, report: &Report, is_news: bool) -> Vec<Notice> {
    let mut all = Vec::new();
    let mut tell = |reason, warning, note| all.push(Notice::new(reason, warning, note));
    let numbers = Numbers::of(report);
    if is_news && let Some(failure) = &report.failure {
        tell("PassFailed", true, told(failure));
    } else if is_news && numbers.failed > 0 {
        let failed = counted(numbers.failed, "change failed and is", "changes failed and are");
        tell("PassFailed", true, format!("{failed} tried again; {}", standing(after)));
    }
    if is_news && let Completeness::Incomplete { message, .. } = &report.look.observation.completeness {
        tell("ReadIncomplete", true, format!("the reading is not complete, so nothing was removed: {message}"));
    }
    let digest = |status: &TargetAppStatus| status.hold.as_ref().map(|hold| hold.digest.clone());
    match &after.hold {
        Some(hold) if digest(before).as_ref() != Some(&hold.digest) => {
            let removes = report.look.plan.changes.iter().any(|change| change.held.is_some() && change.is_removal());
            tell(if removes { "RemovalHeld" } else { "ChangesHeld" }, true, held(hold));
        }
        None if digest(before).is_some() => tell("HoldReleased", false, "nothing is held any more".to_owned()),
        _ => {}
    }
    if numbers.removed > 0 {
        let removed = counted(numbers.removed, "change took access away", "changes took access away");
        tell("AccessRemoved", false, format!("{removed}; {}", standing(after)));
    }
    if numbers.granted > 0 {
        let granted = counted(numbers.granted, "change gave access", "changes gave access");
        tell("AccessGranted", false, format!("{granted}; {}", standing(after)));
    }
    match ready_reason(after).filter(|_| is_news) {
        Some("TasksOverdue") => tell("TasksOverdue", true, tasks(report)),
        Some("TasksOpen") => tell("TasksOpen", false, tasks(report)),
        _ => {}
    }
    let drift = |status: &TargetAppStatus| status.drift_total.unwrap_or(0);
    if drift(after) > drift(before) || (is_news && ready_reason(after) == Some("ReportedOnly")) {
        tell("DriftFound", false, format!("{}; {}", found(after), standing(after)));
    }
    all
}

/// What is held. An Event may go on counting after the hold that it was made for, so that the digest is the `AccessPlan`'s
/// to tell.
fn held(hold: &HoldSummary) -> String {
    let (changes, people) = (counted(hold.changes, "change", "changes"), counted(hold.people, "person", "people"));
    let plan = hold.plan_ref.as_deref().map(|plan| format!("; AccessPlan {plan} shows each, and the digest"));
    format!("{changes} for {people} {} held{}", if hold.changes == 1 { "is" } else { "are" }, plan.unwrap_or_default())
}

/// What people are asked to do, in numbers.
fn tasks(report: &Report) -> String {
    let plan = &report.look.plan;
    let overdue = plan.tasks().filter(|(_, task)| task.overdue).count();
    let open = counted(plan.tasks().count(), "task waits", "tasks wait");
    let late = if overdue == 0 { String::new() } else { format!(", {overdue} of them past the deadline") };
    format!("{open} for a person{late}; see `appaccess tasks`")
}

fn ready_reason(status: &TargetAppStatus) -> Option<&str> {
    condition::find(&status.conditions, condition::READY).map(|ready| ready.reason.as_str())
}

/// What is only reported.
fn found(after: &TargetAppStatus) -> String {
    match after.drift_total.unwrap_or(0) {
        0 => "what is declared and what is there differ, and that is only reported".to_owned(),
        drift => {
            counted(drift, "difference that nobody declared is", "differences that nobody declared are") + " reported"
        }
    }
}

/// How the app stands.
fn standing(after: &TargetAppStatus) -> String {
    let counts = after.counts.unwrap_or_default();
    let missing = if counts.missing == 0 { String::new() } else { format!(", {} missing", counts.missing) };
    let declared = counted(counts.declared, "account is", "accounts are");
    format!("{declared} declared{missing}, and {} seen", counts.seen)
}

/// A number with its noun.
fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    appaccess_core::status::counted(number.try_into().unwrap_or(u64::MAX), one, many)
}

/// Publishes Events: a matter that comes again counts on its Event instead of making another. One that cannot be
/// published is counted and forgotten.
#[derive(Clone)]
pub(super) struct Events {
    client: Client,
    instance: String,
    metrics: Arc<Metrics>,
    lost: CancellationToken,
    matters: Arc<Mutex<Matters>>,
}

impl Events {
    /// `lost` says when nothing may be told any more.
    pub(super) fn new(client: Client, metrics: Arc<Metrics>, lost: CancellationToken) -> Self {
        let instance = std::env::var("POD_NAME").unwrap_or_else(|_| MANAGER.to_owned());
        Self { client, instance, metrics, lost, matters: Arc::default() }
    }

    /// Publishes `notice` about `object`.
    pub(super) async fn publish(&self, notice: &Notice, object: &ObjectReference, now: Timestamp) {
        let uid = object.uid.as_deref().unwrap_or_default();
        let told = self.matters.lock().unwrap_or_else(PoisonError::into_inner).told(uid, notice, now);
        let published = match &told {
            Told::New => self.create(notice, object, now).await,
            Told::Again { event, count } => match self.count(event, *count, object, now).await {
                // The API server forgets Events after a while.
                Err(error) if error.is_not_found() => self.create(notice, object, now).await,
                counted => counted.map(|()| event.clone()),
            },
        };
        match published {
            Ok(event) => {
                self.matters.lock().unwrap_or_else(PoisonError::into_inner).keep(uid, notice, event, now);
                self.metrics.written("Event");
            }
            Err(CallError::NotWriter) => {}
            Err(error) => {
                self.metrics.event_failed();
                tracing::warn!(%error, reason = notice.reason, "an Event could not be published");
            }
        }
    }

    async fn create(&self, notice: &Notice, object: &ObjectReference, now: Timestamp) -> Result<String, CallError> {
        let name = format!("{}.{:x}", object.name.as_deref().unwrap_or(MANAGER), name_number(now));
        let event = Event {
            action: Some("Reconcile".to_owned()),
            event_time: Some(MicroTime(now)),
            metadata: ObjectMeta {
                name: Some(name.clone()),
                namespace: object.namespace.clone(),
                ..ObjectMeta::default()
            },
            note: Some(cut(&sentence(&notice.note)).to_owned()),
            reason: Some(notice.reason.to_owned()),
            regarding: Some(object.clone()),
            reporting_controller: Some(MANAGER.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            type_: Some(if notice.warning { "Warning" } else { "Normal" }.to_owned()),
            ..Event::default()
        };
        let api = self.api(object);
        write(&self.lost, api.create(&PostParams::default(), &event)).await?;
        Ok(name)
    }

    async fn count(&self, event: &str, count: u32, object: &ObjectReference, now: Timestamp) -> Result<(), CallError> {
        let patch = json!({"series": {"count": count, "lastObservedTime": MicroTime(now)}});
        let (api, parameters) = (self.api(object), PatchParams::default());
        write(&self.lost, api.patch(event, &parameters, &Patch::Merge(&patch))).await.map(drop)
    }

    fn api(&self, object: &ObjectReference) -> Api<Event> {
        Api::namespaced(self.client.clone(), object.namespace.as_deref().unwrap_or("default"))
    }
}

/// Another one for each Event, also of one pass.
fn name_number(now: Timestamp) -> u128 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let nanoseconds = u128::try_from(now.as_nanosecond()).unwrap_or_default();
    (nanoseconds << 8) | u128::from(NUMBER.fetch_add(1, Ordering::Relaxed) & 0xff)
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
