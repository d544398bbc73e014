//! What a pass comes to: a value that both shells show, each in its way.

use appaccess_core::{
    access::{Memory, Mode, Observation},
    plan::{Change, Outcome},
    status::{AppSituation, Condition, Failure, Severity, app_conditions, severity},
};
use jiff::Timestamp;

use super::{Done, Look, Task, apply::AppliedPlan, untried};
use crate::{
    connector::{Calls, ConnectorError},
    http::RateSettings,
};

/// What a pass comes to.
#[derive(Clone, Debug)]
pub struct Report {
    /// The picture after the pass, with the plan of what is still to come.
    pub look: Look,
    /// Every change of the plan that the pass started from, with what came of it.
    pub done: Vec<Done>,
    /// What happened to the changes of [`Report::look`]'s plan, in its order.
    pub outcomes: Vec<Outcome>,
    /// What we remember.
    pub memory: Memory,
    /// Requests that were sent.
    pub calls: Calls,
    /// How fast the credential may be used; `None` where nothing is sent.
    pub rate: Option<RateSettings>,
    /// Why work stopped early, where it did.
    pub failure: Option<Failure>,
}

impl Report {
    /// A pass in which nothing had to be sent.
    pub(super) fn quiet(look: Look, memory: Memory, calls: Calls) -> Self {
        let done = untried(&look.plan);
        let outcomes = done.iter().map(|done| done.outcome.clone()).collect();
        Self { look, done, outcomes, memory, calls, rate: None, failure: None }
    }

    /// What the conditions rest on.
    #[must_use]
    pub fn situation(&self, mode: Mode) -> AppSituation<'_> {
        AppSituation {
            mode,
            plan: Some(&self.look.plan),
            outcomes: &self.outcomes,
            completeness: Some(&self.look.observation.completeness),
            failure: self.failure.as_ref(),
            stalled: None,
            suspended: None,
        }
    }

    /// The conditions of the target app.
    #[must_use]
    pub fn conditions(&self, mode: Mode) -> Vec<Condition> {
        app_conditions(&self.situation(mode))
    }

    /// What it comes to for exit codes.
    #[must_use]
    pub fn severity(&self, mode: Mode) -> Severity {
        severity(&self.situation(mode))
    }

    /// The same after the memory has moved on: a decision that is used up changes the digest of what is still held.
    pub(super) fn with_memory(mut self, task: &Task<'_>, memory: Memory, now: Timestamp) -> Self {
        let moved = memory.decisions_used != self.memory.decisions_used;
        self.memory = memory;
        if moved {
            self.look.memory = self.memory.clone();
            self.look.replan(task.policy, &task.options, now);
            self.outcomes = outcomes_of(&self.look.plan.changes, &self.done);
        }
        self
    }
}

/// The report of a pass that sent something: the plan is made again over what was read back.
pub(super) fn after(task: &Task<'_>, first: Look, applied: AppliedPlan, calls: Calls, now: Timestamp) -> Report {
    let AppliedPlan { done, memory, observation, failure } = applied;
    let mut look =
        Look { observation: carry_findings(&first.observation, observation), memory: memory.clone(), ..first };
    look.replan(task.policy, &task.options, now);
    let outcomes = outcomes_of(&look.plan.changes, &done);
    Report { look, done, outcomes, memory, calls, rate: None, failure }
}

/// Answers to look-ups still stand after a read-back, unless it shows otherwise.
fn carry_findings(before: &Observation, mut after: Observation) -> Observation {
    for (question, finding) in &before.findings {
        after.findings.entry(question.clone()).or_insert_with(|| finding.clone());
    }
    after
}

/// What came of changes that are still to come: a failure stays a failure.
fn outcomes_of(changes: &[Change], done: &[Done]) -> Vec<Outcome> {
    let tried = |change: &Change| {
        done.iter().find(|done| {
            done.change.action == change.action
                && done.change.person == change.person
                && done.change.slot == change.slot
        })
    };
    changes
        .iter()
        .map(|change| match tried(change).map(|done| &done.outcome) {
            Some(failed @ Outcome::Failed { .. }) => failed.clone(),
            Some(Outcome::Unverified) => Outcome::Unverified,
            _ if change.held.is_some() => Outcome::Held,
            _ => Outcome::Pending,
        })
        .collect()
}

/// A connector's error as conditions and documents show it.
#[must_use]
pub fn failure(error: &ConnectorError) -> Failure {
    Failure { reason: error.reason().to_owned(), message: error.to_string(), remedy: error.remedy().to_owned() }
}
