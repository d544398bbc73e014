//! What is counted. Labels are bounded: the target apps of the cluster, and closed lists of words. No person, no account.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use appaccess_core::plan::Outcome;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::sync::{AppReport, AppResult, Report};

/// Seconds that a pass may take, as the histogram sorts them.
const SECONDS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AppLabel {
    app: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PassLabels {
    app: String,
    outcome: &'static str,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChangeLabels {
    app: String,
    cause: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    app: String,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    app: String,
    overdue: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// All numbers of the operator.
#[derive(Default)]
pub(super) struct Metrics {
    registry: Registry,
    passes: Family<PassLabels, Counter>,
    changes: Family<ChangeLabels, Counter>,
    requests: Family<RequestLabels, Counter>,
    held: Family<AppLabel, Gauge>,
    drift: Family<AppLabel, Gauge>,
    tasks: Family<TaskLabels, Gauge>,
    declared: Family<AppLabel, Gauge>,
    seen: Family<AppLabel, Gauge>,
    last_worked: Family<AppLabel, Gauge>,
    interval: Family<AppLabel, Gauge>,
    suspended: Family<AppLabel, Gauge>,
    writes: Family<KindLabel, Counter>,
    undecodable: Gauge,
    event_failures: Counter,
    seconds: Option<Histogram>,
    /// The labels of passes and changes that were ever used, to be taken away with their app.
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    passes: Vec<PassLabels>,
    changes: Vec<ChangeLabels>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        let seconds = Histogram::new(SECONDS);
        let mut metrics = Self { seconds: Some(seconds.clone()), ..Self::default() };
        let mut registry = Registry::with_prefix("appaccess");
        registry.register("passes", "Passes over a target app", metrics.passes.clone());
        registry.register("changes", "Changes of a target app that were tried", metrics.changes.clone());
        registry.register("requests", "Requests sent to a target app", metrics.requests.clone());
        registry.register("held_changes", "Changes that wait for a decision", metrics.held.clone());
        registry.register("drift_rows", "Differences that no declared change explains", metrics.drift.clone());
        registry.register("tasks", "Tasks for people", metrics.tasks.clone());
        registry.register("accounts_declared", "People who should have an account", metrics.declared.clone());
        registry.register("accounts_seen", "Accounts in the last reading", metrics.seen.clone());
        let help =
            "When the last pass worked, in seconds since 1970; before the first, when this process took the app up";
        registry.register("last_worked_timestamp_seconds", help, metrics.last_worked.clone());
        registry.register("interval_seconds", "How often a target app is compared", metrics.interval.clone());
        registry.register(
            "suspended",
            "Whether work on a target app is stopped by its object",
            metrics.suspended.clone(),
        );
        registry.register("object_writes", "Writes to the API server", metrics.writes.clone());
        registry.register("undecodable_objects", "Objects that cannot be decoded", metrics.undecodable.clone());
        registry.register("event_failures", "Events that could not be published", metrics.event_failures.clone());
        registry.register("pass_seconds", "How long passes take", seconds);
        metrics.registry = registry;
        metrics
    }

    /// Everything in the text form of Prometheus.
    pub(super) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Begins to tell of an app: one that never works is not one that nobody knows.
    pub(super) fn begin(&self, app: &str, now: jiff::Timestamp) {
        let label = AppLabel { app: app.to_owned() };
        self.last_worked.get_or_create(&label).set(now.as_second());
        self.suspended.get_or_create(&label).set(0);
        self.interval(app, crate::sync::pace::INTERVAL);
    }

    /// How often an app is compared.
    pub(super) fn interval(&self, app: &str, interval: Duration) {
        self.interval.get_or_create(&AppLabel { app: app.to_owned() }).set(signed(interval.as_secs()));
    }

    /// Counts a pass.
    pub(super) fn pass(&self, report: &AppReport, took: Duration, now: jiff::Timestamp) {
        let app = report.app.to_string();
        let (outcome, reason) = outcome(report);
        let labels = PassLabels { app: app.clone(), outcome, reason };
        self.passes.get_or_create(&labels).inc();
        self.used(|used| remember(&mut used.passes, labels));
        if let Some(seconds) = &self.seconds {
            seconds.observe(took.as_secs_f64());
        }
        let label = AppLabel { app: app.clone() };
        self.suspended.get_or_create(&label).set(matches!(report.result, AppResult::Suspended(_)).into());
        let AppResult::Worked(worked) = &report.result else { return };
        self.last_worked.get_or_create(&label).set(now.as_second());
        let held = worked.look.plan.hold.as_ref().map_or(0, |hold| hold.changes);
        self.held.get_or_create(&label).set(signed(held));
        self.drift.get_or_create(&label).set(i64::try_from(worked.look.plan.drift.len()).unwrap_or(i64::MAX));
        self.declared.get_or_create(&label).set(signed(worked.look.plan.counts.declared));
        self.seen.get_or_create(&label).set(signed(worked.look.plan.counts.seen));
        for (kind, count) in [("read", worked.calls.reads), ("write", worked.calls.writes)] {
            self.requests.get_or_create(&RequestLabels { app: app.clone(), kind }).inc_by(count);
        }
        self.tasks(&app, worked);
        self.changes(&app, worked);
    }

    fn tasks(&self, app: &str, report: &Report) {
        let plan = &report.look.plan;
        if !report.look.capabilities.by_hand.deletes() {
            return;
        }
        for overdue in [false, true] {
            let count = plan.tasks().filter(|(_, task)| task.overdue == overdue).count();
            let labels = TaskLabels { app: app.to_owned(), overdue: if overdue { "true" } else { "false" } };
            self.tasks.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    fn changes(&self, app: &str, report: &Report) {
        for done in &report.done {
            let outcome = match &done.outcome {
                Outcome::Applied if done.change.is_to_be_sent() => "applied",
                Outcome::Unverified => "unverified",
                Outcome::Failed { .. } => "failed",
                Outcome::Skipped => "skipped",
                _ => continue,
            };
            let labels = ChangeLabels { app: app.to_owned(), cause: done.change.cause.as_str(), outcome };
            self.changes.get_or_create(&labels).inc();
            self.used(|used| remember(&mut used.changes, labels));
        }
    }

    /// Counts a write of an object of this kind.
    pub(super) fn written(&self, kind: &'static str) {
        self.writes.get_or_create(&KindLabel { kind }).inc();
    }

    /// Counts an event that could not be published.
    pub(super) fn event_failed(&self) {
        self.event_failures.inc();
    }

    /// How many objects cannot be decoded.
    pub(super) fn undecodable(&self, count: usize) {
        self.undecodable.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Forgets an app that is gone: it is not shown for ever.
    pub(super) fn forget(&self, app: &str) {
        let label = AppLabel { app: app.to_owned() };
        let of_app = [&self.held, &self.drift, &self.declared, &self.seen];
        for family in of_app.into_iter().chain([&self.last_worked, &self.interval, &self.suspended]) {
            family.remove(&label);
        }
        for overdue in ["false", "true"] {
            self.tasks.remove(&TaskLabels { app: app.to_owned(), overdue });
        }
        for kind in ["read", "write"] {
            self.requests.remove(&RequestLabels { app: app.to_owned(), kind });
        }
        self.used(|used| {
            for labels in used.passes.extract_if(.., |labels| labels.app == app) {
                self.passes.remove(&labels);
            }
            for labels in used.changes.extract_if(.., |labels| labels.app == app) {
                self.changes.remove(&labels);
            }
        });
    }

    fn used(&self, change: impl FnOnce(&mut Used)) {
        change(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn remember<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How a pass ended, and the reason of its `Ready` condition.
fn outcome(report: &AppReport) -> (&'static str, String) {
    match &report.result {
        AppResult::Worked(worked) => {
            let ready = worked.conditions(report.mode).into_iter().next();
            ("worked", ready.map_or_else(String::new, |ready| ready.reason.to_string()))
        }
        AppResult::Suspended(_) => ("suspended", "Suspended".to_owned()),
        AppResult::Stalled(failure) => ("stalled", failure.reason.clone()),
        AppResult::Failed(failure) => ("failed", failure.reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use appaccess_core::access::{Mode, ObjectName};

    use super::*;

    /// The value of a series of the app, where there is one.
    fn value(metrics: &Metrics, series: &str) -> Option<String> {
        let text = metrics.text().unwrap();
        let start = format!("{series}{{app=\"it/boards\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned))
    }

    #[test]
    fn an_app_that_never_worked_is_told_of_from_the_beginning_and_one_that_is_suspended_says_so() {
        let (metrics, now) = (Metrics::new(), jiff::Timestamp::from_second(1_800_000_000).unwrap());
        let [worked, interval, suspended] =
            ["appaccess_last_worked_timestamp_seconds", "appaccess_interval_seconds", "appaccess_suspended"];
        metrics.begin("it/boards", now);
        metrics.interval("it/boards", Duration::from_hours(6));
        assert_eq!(value(&metrics, worked).as_deref(), Some("1800000000"));
        assert_eq!(value(&metrics, interval).as_deref(), Some("21600"));
        let pass = |result| {
            let report = AppReport { app: ObjectName::new("it", "boards"), mode: Mode::Full, result };
            metrics.pass(&report, Duration::ZERO, jiff::Timestamp::from_second(1_900_000_000).unwrap());
            value(&metrics, suspended)
        };
        let failure = appaccess_core::status::Failure {
            reason: "Unreachable".into(),
            message: String::new(),
            remedy: String::new(),
        };
        assert_eq!(pass(AppResult::Suspended("by its object".into())).as_deref(), Some("1"));
        assert_eq!(pass(AppResult::Failed(failure)).as_deref(), Some("0"));
        assert_eq!(value(&metrics, worked).as_deref(), Some("1800000000"), "no pass has worked");
        metrics.forget("it/boards");
        assert!([worked, interval, suspended].iter().all(|series| value(&metrics, series).is_none()));
    }
}
