//! The way of a change to the app: intent, request, result (S6 and S7), with independent requests side by side.

use std::collections::{BTreeSet, VecDeque};

use appaccess_core::{
    access::{Completeness, Edge, Memory, RemovalRecord},
    plan::{Action, Cause, HeldReason, Outcome, approves},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use jiff::Timestamp;

use super::{
    Run,
    flow::{Flow, Footprint},
};
use crate::{
    connector::{Applied, ConnectorError, Work},
    store::{Intent, ResultLine, StoreError, Update},
    sync::{SyncError, books, failure},
};

/// How often answers are written down until it succeeds, while the lease lasts. The app has changed already: what is not
/// written down is known only by reading the app again.
const TRIES: usize = 3;

/// One request that may go: the plan's indices of what it carries.
struct Request {
    indices: Vec<usize>,
    footprint: Footprint,
}

/// A request with what it carries and the numbers of its intents.
struct Sent {
    request: Request,
    work: Vec<Work>,
    numbers: Vec<u64>,
}

/// A request that was answered.
type Landed = (Sent, Vec<Result<Applied, ConnectorError>>);

type UnderWay<'a> = FuturesUnordered<BoxFuture<'a, Landed>>;

impl<'a> Run<'a, '_> {
    /// Sends these changes in the requests that the connector can carry them in, in its order. Requests that do not
    /// touch each other are under way together. A fault of the store stops what is to come, not what is under way.
    pub(super) async fn send(&mut self, indices: &[usize]) -> Result<(), SyncError> {
        let mut waiting = self.requests(indices);
        let mut flow = Flow::default();
        let mut under_way = UnderWay::new();
        let mut fault = None;
        if !indices.is_empty() {
            self.tell_progress();
        }
        loop {
            let leaving = self.leaving(&mut waiting, &mut flow);
            match self.begin(leaving).await {
                Ok(sent) => under_way.extend(sent.into_iter().map(|sent| self.carry_out(sent))),
                Err(error) => self.stop_for(error, &mut fault),
            }
            let Some(first) = under_way.next().await else {
                if waiting.is_empty() {
                    return fault.map_or(Ok(()), Err);
                }
                continue;
            };
            let mut landed = vec![first];
            while let Some(Some(another)) = under_way.next().now_or_never() {
                landed.push(another);
            }
            for (sent, _) in &landed {
                flow.lands(&sent.request.footprint);
                self.answered += sent.work.len();
            }
            self.tell_progress();
            if let Err(error) = self.take(landed).await {
                self.stop_for(error, &mut fault);
            }
        }
    }

    fn stop_for(&mut self, error: SyncError, fault: &mut Option<SyncError>) {
        self.halted = true;
        fault.get_or_insert(error);
    }

    fn requests(&self, indices: &[usize]) -> VecDeque<Request> {
        let (indices, work): (Vec<usize>, Vec<Work>) =
            indices.iter().filter_map(|&index| Some((index, self.work(index)?))).unzip();
        let batches = self.task.writer.batches(&work).into_iter();
        let requests = batches.map(|batch| Request {
            footprint: Footprint::of(batch.iter().filter_map(|&at| work.get(at))),
            indices: batch.into_iter().filter_map(|at| indices.get(at).copied()).collect(),
        });
        requests.collect()
    }

    /// The next requests that may leave now; those that may not leave at all any more are skipped.
    fn leaving(&mut self, waiting: &mut VecDeque<Request>, flow: &mut Flow) -> Vec<Request> {
        let mut leaving = Vec::new();
        while let Some(next) = waiting.pop_front() {
            if self.halted || self.task.stop.is_cancelled() {
                self.skip(&next.indices);
                continue;
            }
            if !flow.admits(&next.footprint) {
                waiting.push_front(next);
                break;
            }
            let ready = self.ready(&next.indices);
            if !ready.is_empty() {
                flow.leaves(next.footprint.clone());
                leaving.push(Request { indices: ready, ..next });
            }
        }
        leaving
    }

    /// Commits the intents of requests and what they take of the budgets, in one transaction. Only what comes back may be
    /// sent.
    async fn begin(&mut self, leaving: Vec<Request>) -> Result<Vec<Sent>, SyncError> {
        let mut sent = Vec::new();
        let mut intents = Vec::new();
        for request in leaving {
            let work: Vec<Work> = request.indices.iter().filter_map(|&index| self.work(index)).collect();
            intents.extend(work.iter().map(|work| Intent::of(&work.change)));
            sent.push(Sent { request, work, numbers: Vec::new() });
        }
        let app = &self.task.policy.app;
        let now = (self.task.clock)();
        let update = self.spending(sent.iter().flat_map(|sent| &sent.work), now);
        let numbers = match self.task.store.begin_with(app, now, &intents, &update).await {
            Ok(numbers) => numbers,
            Err(error) => {
                for sent in &sent {
                    self.skip(&sent.request.indices);
                }
                return Err(error.into());
            }
        };
        update.apply_to(&mut self.memory);
        self.memory.sequence = numbers.last().copied().unwrap_or(self.memory.sequence);
        let mut numbers = numbers.into_iter();
        for one in &mut sent {
            one.numbers = numbers.by_ref().take(one.work.len()).collect();
            for work in &one.work {
                tracing::info!(%app, action = work.change.action.as_str(), slot = %work.change.slot, "sending");
            }
        }
        Ok(sent)
    }

    /// What changes take of the budgets. It counts from the intent on: an answer can be lost, what was done cannot.
    fn spending<'w>(&self, work: impl Iterator<Item = &'w Work>, now: Timestamp) -> Update {
        let options = &self.task.options;
        let input = self.look.input(self.task.policy, options, now);
        let mut update = Update::default();
        for change in work.map(|work| &work.change).filter(|change| !approves(&input, change)) {
            let unproven = self.look.clock_is_doubtful && change.cause == Cause::Expired;
            if change.is_removal() && (change.cause.is_budgeted() || unproven) {
                update.removals.insert(RemovalRecord { at: now, who: change.whose() });
            }
            if change.is_addition() {
                update.additions.insert(RemovalRecord { at: now, who: change.whose() });
            }
        }
        update
    }

    fn carry_out(&self, sent: Sent) -> BoxFuture<'a, Landed> {
        let writer = self.task.writer;
        Box::pin(async move {
            let answers = writer.apply(&sent.work).await;
            (sent, answers)
        })
    }

    /// Takes answers into the memory and the journal, in one transaction.
    async fn take(&mut self, landed: Vec<Landed>) -> Result<(), SyncError> {
        let now = (self.task.clock)();
        let touched = landed.iter().flat_map(|(sent, _)| &sent.work).filter_map(|work| {
            work.change.person.as_ref().map(|person| Edge::new(person.clone(), work.change.slot.clone()))
        });
        let before = books::excerpt(&self.memory, &touched.collect::<BTreeSet<_>>());
        let mut after = before.clone();
        let mut lines = Vec::new();
        for (sent, answers) in landed {
            let parts = sent.request.indices.iter().zip(&sent.work).zip(answers.into_iter().zip(sent.numbers));
            for ((&index, work), (answer, sequence)) in parts {
                lines.push(self.take_answer(index, work, answer, sequence, (&mut after, now)));
            }
        }
        let update = Update::between(&before, &after);
        update.apply_to(&mut self.memory);
        self.write_down(now, &lines, &update).await?;
        Ok(())
    }

    /// Writes answers down, trying again while the store is away and the lease lasts.
    async fn write_down(&self, now: Timestamp, lines: &[ResultLine], update: &Update) -> Result<(), StoreError> {
        let store = self.task.store;
        let mut tries = 1;
        loop {
            match store.finish(&self.task.policy.app, now, lines, update).await {
                Err(error)
                    if error.is_passing() && tries < TRIES && !store.remaining((self.task.clock)()).is_zero() =>
                {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "answers were not written down: trying again"
                    );
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    fn take_answer(
        &mut self,
        index: usize,
        work: &Work,
        answer: Result<Applied, ConnectorError>,
        sequence: u64,
        (memory, now): (&mut Memory, Timestamp),
    ) -> ResultLine {
        match answer {
            Ok(applied) => {
                self.take_success(index, work, &applied, (memory, now));
                ResultLine { sequence, outcome: "applied".into(), error: None }
            }
            Err(error) => {
                let failed = failure(&error);
                let message = failed.message.clone();
                self.take_refusal(index, work, &error, (memory, now));
                self.halted |= error.is_about_the_app() || work.change.is_removal();
                if error.is_about_the_app() {
                    self.failure.get_or_insert_with(|| failed.clone());
                }
                if self.outcomes.get(index) != Some(&Outcome::Held) {
                    self.note(index, Outcome::Failed { reason: failed.reason, message: failed.message });
                }
                let outcome = if matches!(error, ConnectorError::OutcomeUnknown { .. }) { "unknown" } else { "failed" };
                ResultLine { sequence, outcome: outcome.into(), error: Some(message) }
            }
        }
    }

    /// What a refusal says about an account that the app does not show.
    fn take_refusal(
        &mut self,
        index: usize,
        work: &Work,
        error: &ConnectorError,
        (memory, now): (&mut Memory, Timestamp),
    ) {
        let ConnectorError::Refused { status, .. } = error else { return };
        let completeness = &self.look.observation.completeness;
        let is_hidden = self.look.capabilities.hides_suspended || *completeness == Completeness::NotListable;
        if !is_hidden || !work.change.slot.is_account() {
            return;
        }
        match (work.change.action, status) {
            (Action::Create | Action::Invite, 409) => {
                books::taken(memory, &work.change, now);
                if let Some(change) = self.changes.get_mut(index) {
                    change.held = Some(HeldReason::AmbiguousMatch);
                }
                self.note(index, Outcome::Held);
            }
            (Action::Activate, 404 | 410) => books::gone(memory, &work.change, now),
            _ => {}
        }
    }

    fn take_success(&mut self, index: usize, work: &Work, applied: &Applied, (memory, now): (&mut Memory, Timestamp)) {
        // What the same request gave to an account that it made belongs to that account.
        let made = work.change.person.as_ref().and_then(|person| self.accounts.get(person)).cloned();
        let account = applied.account.clone().or_else(|| work.account.clone()).or(made);
        if let Some(change) = self.changes.get_mut(index) {
            change.account.clone_from(&account);
        }
        if let (Some(person), Some(account)) = (&work.change.person, &account) {
            self.accounts.insert(person.clone(), account.clone());
        }
        if let Some(group) = &applied.entitlement {
            self.groups.insert(work.change.slot.name.clone(), group.clone());
        }
        let mut change = work.change.clone();
        change.account = account;
        books::answered(memory, &change, applied, now);
        self.unread.insert(index);
        self.note(index, Outcome::Unverified);
    }
}
