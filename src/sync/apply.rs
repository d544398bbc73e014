//! The writing half of a pass: additions first, removals by canary, each change journalled before and after, all of it
//! read back.

mod flow;
mod send;

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{AccountId, Memory, Observation, PersonKey, Slot, Text},
    plan::{Action, Change, Holders, Outcome, is_protected},
    status::Failure,
};

use super::{Done, Look, Step, SyncError, Task, books, failure, look::scope, merge::merged, untried, verify};
use crate::{
    connector::{ReadBack, Work},
    store::Update,
};

/// Of more removals than this the first is done and read back before the rest.
const CANARY: usize = 3;

/// What applying a plan left behind.
pub(super) struct AppliedPlan {
    /// Every change of the plan with what came of it.
    pub(super) done: Vec<Done>,
    /// What we remember.
    pub(super) memory: Memory,
    /// What the app shows.
    pub(super) observation: Observation,
    /// Why work stopped early, where it did.
    pub(super) failure: Option<Failure>,
}

/// Sends what the plan says goes now.
pub(super) async fn apply(task: &Task<'_>, look: &Look, memory: Memory) -> Result<AppliedPlan, SyncError> {
    let mut run = Run::new(task, look, memory);
    let open = |change: &Change, removals: bool| change.is_to_be_sent() && change.is_removal() == removals;
    let indices = |removals: bool| -> Vec<usize> {
        let changes = look.plan.changes.iter().enumerate().filter(|(_, change)| open(change, removals));
        changes.map(|(index, _)| index).collect()
    };
    run.send(&indices(false)).await?;
    let removals = indices(true);
    let (first, rest) = removals.split_at(usize::from(removals.len() > CANARY));
    if !first.is_empty() {
        run.send(first).await?;
        run.read_back().await?;
        run.halted |= !first.iter().all(|&index| run.is_applied(index));
    }
    run.send(rest).await?;
    run.read_back().await?;
    Ok(run.finish())
}

struct Run<'a, 'b> {
    task: &'a Task<'b>,
    look: &'a Look,
    memory: Memory,
    /// The plan's changes, with the accounts that were made on the way.
    changes: Vec<Change>,
    outcomes: Vec<Outcome>,
    /// Sent and not read back yet.
    unread: BTreeSet<usize>,
    observation: Observation,
    accounts: BTreeMap<PersonKey, AccountId>,
    groups: BTreeMap<Text, Text>,
    holders: Holders,
    failure: Option<Failure>,
    halted: bool,
    /// Changes that were answered.
    answered: usize,
}

impl<'a, 'b> Run<'a, 'b> {
    fn new(task: &'a Task<'b>, look: &'a Look, memory: Memory) -> Self {
        Self {
            task,
            look,
            memory,
            changes: look.plan.changes.clone(),
            outcomes: untried(&look.plan).into_iter().map(|done| done.outcome).collect(),
            unread: BTreeSet::new(),
            observation: look.observation.clone(),
            accounts: look.plan.accounts.clone(),
            groups: look.observation.catalogue.get("group").cloned().unwrap_or_default(),
            holders: Holders::new(task.policy, &look.capabilities, &look.observation),
            failure: None,
            halted: false,
            answered: 0,
        }
    }

    fn tell_progress(&self) {
        self.task.progress.tell(&Step::Changing { done: self.answered, of: self.look.plan.to_be_sent().count() });
    }

    fn is_applied(&self, index: usize) -> bool {
        self.outcomes.get(index) == Some(&Outcome::Applied)
    }

    fn work(&self, index: usize) -> Option<Work> {
        let change = self.changes.get(index)?;
        let person = change.person.as_ref().and_then(|person| self.look.desired.people.get(person)).cloned();
        let made = change.person.as_ref().and_then(|person| self.accounts.get(person));
        Some(Work {
            change: change.clone(),
            person,
            account: change.account.clone().or_else(|| made.cloned()),
            entitlement: self.entitlement(&change.slot).cloned(),
        })
    }

    /// The vendor's id of what a slot names.
    fn entitlement(&self, slot: &Slot) -> Option<&Text> {
        if slot.is_group() {
            return self.groups.get(&slot.name);
        }
        self.look.observation.catalogue.get(&slot.kind).and_then(|names| names.get(&slot.name))
    }

    fn skip(&mut self, batch: &[usize]) {
        for &index in batch {
            if let Some(outcome) = self.outcomes.get_mut(index) {
                *outcome = Outcome::Skipped;
            }
        }
    }

    /// What of a batch can be sent: its needs are met, and S4 still allows it.
    fn ready(&mut self, batch: &[usize]) -> Vec<usize> {
        let makes_account = batch.iter().any(|&index| self.makes(index, Slot::is_account));
        let makes_group = batch.iter().any(|&index| self.makes(index, Slot::is_group));
        let mut ready = Vec::new();
        for &index in batch {
            let Some(work) = self.work(index) else { continue };
            let needs_account = work.change.person.is_some()
                && work.account.is_none()
                && !makes_account
                && !matches!(work.change.action, Action::Create | Action::Invite);
            let needs_group = work.change.slot.is_group()
                && work.change.action == Action::Grant
                && work.entitlement.is_none()
                && !makes_group;
            if needs_account || needs_group {
                self.skip(&[index]);
            } else if let Some(word) = self.forbidden(&work.change) {
                let message = format!("{word}: not sent");
                self.note(index, Outcome::Failed { reason: word.to_owned(), message });
            } else {
                ready.push(index);
            }
        }
        ready
    }

    fn makes(&self, index: usize, of: impl Fn(&Slot) -> bool) -> bool {
        self.changes
            .get(index)
            .is_some_and(|change| matches!(change.action, Action::Create | Action::Invite) && of(&change.slot))
    }

    /// S4 again, right before the wire.
    fn forbidden(&mut self, change: &Change) -> Option<&'static str> {
        if is_protected(self.task.policy, &self.observation, change) {
            return Some("Protected");
        }
        (!self.holders.take(change)).then_some("LastAdmin")
    }

    fn note(&mut self, index: usize, outcome: Outcome) {
        if let Some(known) = self.outcomes.get_mut(index) {
            *known = outcome;
        }
    }

    /// Reads back what was sent since the last time, and believes only that.
    async fn read_back(&mut self) -> Result<(), SyncError> {
        let sent: Vec<usize> = std::mem::take(&mut self.unread).into_iter().collect();
        if sent.is_empty() {
            return Ok(());
        }
        self.task.progress.tell(&Step::ReadingBack);
        let changes: Vec<&Change> = sent.iter().filter_map(|&index| self.changes.get(index)).collect();
        let in_group = |change: &&&Change| change.slot.is_group();
        let groups: BTreeSet<Text> = changes.iter().filter(in_group).map(|change| change.slot.name.clone()).collect();
        let accounts: BTreeSet<AccountId> = changes
            .iter()
            .filter(|change| !change.slot.is_group())
            .filter_map(|change| change.account.clone())
            .collect();
        let mut scope = scope(self.task.policy, &self.look.desired, &self.memory);
        scope.extend("group", groups.iter().cloned());
        let read = match self.task.reader.read_back(&scope, &accounts, &groups).await {
            Ok(read) => read,
            Err(error) => {
                self.halted = true;
                self.failure.get_or_insert_with(|| failure(&error));
                return Ok(());
            }
        };
        let is_unreadable = read == ReadBack::Unreadable;
        self.observation = merged(&self.observation, read, &accounts);
        let now = (self.task.clock)();
        let before = self.memory.clone();
        for index in sent {
            if is_unreadable {
                self.trust(index, now);
            } else {
                self.believe(index, now);
            }
        }
        let update = Update::between(&before, &self.memory);
        self.task.store.keep(&self.task.policy.app, now, &update).await?;
        Ok(())
    }

    fn believe(&mut self, index: usize, now: jiff::Timestamp) {
        let Some(change) = self.changes.get(index) else { return };
        let shown = verify::shows(&self.observation, change);
        books::read_back(&mut self.memory, change, &self.observation, now);
        // An attribute that the app does not keep is drift from now on, not a change that is still under way.
        if shown || change.action == Action::Update {
            self.note(index, Outcome::Applied);
        }
    }

    /// Nothing shows what was changed: what the app answered to it counts, and the outcome says that nobody saw it.
    fn trust(&mut self, index: usize, now: jiff::Timestamp) {
        let Some(change) = self.changes.get(index) else { return };
        books::trusted(&mut self.memory, change, now);
    }

    fn finish(self) -> AppliedPlan {
        let done = self.changes.into_iter().zip(self.outcomes).map(|(change, outcome)| Done { change, outcome });
        AppliedPlan { done: done.collect(), memory: self.memory, observation: self.observation, failure: self.failure }
    }
}
