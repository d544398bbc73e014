//! Second comparison: everything that is ours, against what is still wanted.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Action, Cause, DriftKind,
    beside::Beside,
    draft::{Draft, Subject},
    identity::account_edge,
};
use crate::{
    access::{
        AccountHold, AccountState, Completeness, Edge, Evidence, Finding, LookUp, ObservedAccount, OffboardingRule,
        OwnedEdge, PersonKey, RemovalAction, Tombstone, WithdrawnClaim,
    },
    resolve::State,
};

/// Why an owned edge is no longer wanted.
struct Reason {
    cause: Cause,
    evidence: Evidence,
    due: Option<Timestamp>,
}

impl Draft<'_> {
    pub(super) fn compare_owned(&mut self) {
        let canonical = self.canonical;
        let mut desired = Beside::new(&canonical.desired.edges);
        for (edge, owned) in canonical.inventory.iter() {
            let state = match canonical.desired.state_of(edge, desired.get(edge)) {
                State::Absent if !canonical.desired.leavers.contains_key(&edge.person) => {
                    self.left_alone.get(edge).cloned().map_or(State::Absent, State::Unknown)
                }
                state => state,
            };
            match state {
                State::Desired(_) => {}
                State::Unknown(why) => {
                    self.unknown.insert(edge.clone(), why);
                    self.stop_clock(edge);
                    self.report_leaver(edge, owned);
                }
                State::Absent => self.compare_unwanted(edge, owned),
            }
        }
    }

    pub(super) fn stop_clock(&mut self, edge: &Edge) {
        let stored = self.canonical.stored(edge);
        if self.input.memory.withdrawn.contains_key(stored) {
            self.bookkeeping.restored.insert(stored.clone());
        }
    }

    fn report_leaver(&mut self, edge: &Edge, owned: &OwnedEdge) {
        let reported = self.canonical.desired.reported_leavers.contains_key(&edge.person);
        let account = self.input.observation.account(&owned.account);
        if let (true, true, Some(account)) = (reported, edge.slot.is_account(), account)
            && account.state != AccountState::Suspended
        {
            let subject = self.subject(Some(&edge.person), Some(account));
            self.report(DriftKind::Leaver, &subject, edge.slot.clone(), None, Some("Report"));
        }
    }

    fn compare_unwanted(&mut self, edge: &Edge, owned: &OwnedEdge) {
        let Some(account) = self.input.observation.account(&owned.account) else {
            self.compare_vanished(edge, owned);
            return;
        };
        if edge.slot.is_account() {
            self.compare_unwanted_account(edge, owned, account);
            return;
        }
        let Some(level) = account.entitlements.get(&edge.slot) else {
            if self.input.observation.is_complete() {
                self.forget(edge);
            }
            return;
        };
        if !self.may_remove() {
            return;
        }
        let required = self.input.capabilities.kind(&edge.slot).filter(|kind| kind.required && kind.is_single());
        let lowest = required.and_then(|kind| kind.order().first().cloned());
        if lowest.is_some() && lowest == *level {
            self.forget(edge);
            return;
        }
        let reason = self.reason(edge, owned);
        let subject = self.subject(Some(&edge.person), Some(account));
        let action = if lowest.is_some() { Action::Change } else { Action::Revoke };
        let change = self.change(&subject, action, edge.slot.clone(), reason.cause, reason.evidence);
        change.from.clone_from(level);
        change.to = lowest;
        change.due = reason.due;
    }

    /// Only a listing proven complete can produce a removal; an app that cannot list is acted on by vendor id.
    pub(super) fn may_remove(&self) -> bool {
        !matches!(self.input.observation.completeness, Completeness::Incomplete { .. })
    }

    fn compare_unwanted_account(&mut self, edge: &Edge, owned: &OwnedEdge, account: &ObservedAccount) {
        let suspended = account.state == AccountState::Suspended;
        match (&owned.hold, suspended) {
            (AccountHold::Suspended { .. }, false) => self.note_readded(edge, owned, account),
            (AccountHold::Suspended { since, cause }, true) => {
                let cause = Cause::from_word(cause).unwrap_or(Cause::Withdrawn);
                if self.is_ripe(self.rule(cause), *since) && self.may_remove() {
                    let reason = self.reason(edge, owned);
                    self.remove_account(edge, account, Action::Delete, reason);
                }
            }
            (AccountHold::None, _) => {
                if !self.may_remove() {
                    return;
                }
                let reason = self.reason(edge, owned);
                match self.rule(reason.cause).action {
                    RemovalAction::Keep => {}
                    RemovalAction::Delete if self.input.capabilities.delete => {
                        self.remove_account(edge, account, Action::Delete, reason);
                    }
                    RemovalAction::Suspend | RemovalAction::Delete if suspended => {
                        self.note_suspended(edge, owned, reason.cause);
                    }
                    RemovalAction::Suspend | RemovalAction::Delete => {
                        self.remove_account(edge, account, Action::Suspend, reason);
                    }
                }
            }
        }
    }

    /// Whether an account that was suspended at `since` is to be deleted by now. Where only people can delete, `Delete`
    /// is a suspension first, and the deletion follows at once.
    fn is_ripe(&self, rule: OffboardingRule, since: Timestamp) -> bool {
        let can = self.input.capabilities;
        let ripe = match (rule.action, rule.delete_after) {
            (_, Some(after)) => later(since, after).is_some_and(|due| due <= self.input.now),
            (RemovalAction::Delete, None) => can.by_hand.delete,
            (_, None) => false,
        };
        ripe && (can.delete || can.by_hand.deletes())
    }

    fn rule(&self, cause: Cause) -> OffboardingRule {
        let offboarding = &self.input.policy.offboarding;
        match cause {
            Cause::Leaver => offboarding.leaver,
            Cause::Expired => offboarding.expired,
            _ => offboarding.withdrawn,
        }
    }

    fn remove_account(&mut self, edge: &Edge, account: &ObservedAccount, action: Action, reason: Reason) {
        let subject = self.subject(Some(&edge.person), Some(account));
        let change = self.change(&subject, action, edge.slot.clone(), reason.cause, reason.evidence);
        change.due = reason.due;
    }

    /// Somebody else suspended an account of ours that nobody wants any more: it is done, and the clock of deletion
    /// starts.
    fn note_suspended(&mut self, edge: &Edge, owned: &OwnedEdge, cause: Cause) {
        if self.keeps_books() {
            let hold = AccountHold::Suspended { since: self.input.now, cause: cause.as_str().into() };
            let stored = self.canonical.stored(edge).clone();
            self.bookkeeping.owned.insert(stored, OwnedEdge { hold, ..owned.clone() });
        }
    }

    /// What a person gave back by hand after we removed it is drift, not ours.
    fn note_readded(&mut self, edge: &Edge, owned: &OwnedEdge, account: &ObservedAccount) {
        let subject = self.subject(Some(&edge.person), Some(account));
        self.report(DriftKind::Readded, &subject, edge.slot.clone(), None, Some("Report"));
        self.spoken_for.insert(account.id.clone());
        if self.keeps_books() {
            let tombstone = Tombstone {
                account: owned.account.clone(),
                at: self.input.now,
                cause: match &owned.hold {
                    AccountHold::Suspended { cause, .. } => cause.clone(),
                    AccountHold::None => Cause::Withdrawn.as_str().into(),
                },
            };
            self.bookkeeping.tombstones.insert(edge.clone(), tombstone);
            self.forget(edge);
        }
    }

    /// An owned edge whose account the reading does not show.
    fn compare_vanished(&mut self, edge: &Edge, owned: &OwnedEdge) {
        let question = LookUp::Account(owned.account.clone());
        let hidden = self.input.capabilities.hides_suspended && owned.hold != AccountHold::None;
        match self.input.observation.findings.get(&question) {
            // Nobody can see it, wherever it is: it stays ours and suspended.
            _ if hidden => self.remove_unseen(edge, owned),
            Some(Finding::NotFound) => self.forget(edge),
            None if self.input.observation.completeness == Completeness::NotListable => self.remove_unseen(edge, owned),
            None if self.input.observation.is_complete() => drop(self.ask(question)),
            Some(_) | None => {}
        }
    }

    /// What cannot be seen: an owned account goes by its vendor id on its cause alone, and one that we suspended when it is
    /// time to delete it.
    fn remove_unseen(&mut self, edge: &Edge, owned: &OwnedEdge) {
        if owned.hold != AccountHold::None && !self.goes_unseen(owned) {
            return;
        }
        let reason = self.reason(edge, owned);
        let action = match self.rule(reason.cause).action {
            _ if owned.hold != AccountHold::None => Action::Delete,
            _ if !edge.slot.is_account() => Action::Revoke,
            RemovalAction::Keep => return,
            RemovalAction::Delete if self.input.capabilities.delete => Action::Delete,
            RemovalAction::Suspend | RemovalAction::Delete => Action::Suspend,
        };
        let mut subject: Subject = self.subject(Some(&edge.person), None);
        subject.account = Some(owned.account.clone());
        let change = self.change(&subject, action, edge.slot.clone(), reason.cause, reason.evidence);
        change.from.clone_from(&owned.value);
        change.due = reason.due;
    }

    /// Whether an account that we suspended and that nothing shows goes for good now. Where only people can delete, it is
    /// looked up first: else nobody would ever see that they did.
    fn goes_unseen(&mut self, owned: &OwnedEdge) -> bool {
        let AccountHold::Suspended { since, cause } = &owned.hold else { return false };
        let rule = self.rule(Cause::from_word(cause).unwrap_or(Cause::Withdrawn));
        let ripe = self.is_ripe(rule, *since) && self.may_remove();
        if ripe && !self.input.capabilities.delete && !self.input.capabilities.hides_suspended {
            self.ask(LookUp::Account(owned.account.clone()));
        }
        ripe && self.input.capabilities.delete
    }

    fn forget(&mut self, edge: &Edge) {
        if self.keeps_books() {
            let stored = self.canonical.stored(edge).clone();
            self.stop_clock(edge);
            self.bookkeeping.forgotten.insert(stored);
        }
    }

    /// Each removal has one cause, with evidence.
    fn reason(&mut self, edge: &Edge, owned: &OwnedEdge) -> Reason {
        if let (PersonKey::Known { directory, .. }, Some((says, _))) =
            (&edge.person, self.canonical.desired.leavers.get(&edge.person))
        {
            let evidence = Evidence::Directory { directory: directory.clone(), says: says.clone() };
            return Reason { cause: Cause::Leaver, evidence, due: None };
        }
        let clock = self.input.memory.withdrawn.get(self.canonical.stored(edge));
        if let Some(until) = owned.until.filter(|until| *until <= self.input.now)
            && clock.is_none_or(|clock| clock.since >= until)
        {
            return Reason { cause: Cause::Expired, evidence: Evidence::Ended(until), due: None };
        }
        let refused = owned.claims.keys().any(|claim| self.canonical.desired.refused.contains(claim));
        let due = self.settle(edge, refused);
        let names = owned.claims.keys().cloned().collect();
        Reason { cause: Cause::Withdrawn, evidence: Evidence::Gone(names), due }
    }

    /// When a withdrawn edge has settled, where that is still to come; starts the clock where it does not run yet.
    ///
    /// A refused claim has been waited for already: it counts as withdrawn only after a day of refusal.
    pub(super) fn settle(&mut self, edge: &Edge, refused: bool) -> Option<Timestamp> {
        let stored = self.canonical.stored(edge).clone();
        let now = self.input.now;
        let clock = self.input.memory.withdrawn.get(&stored);
        let since = clock.map_or(now, |clock| clock.since);
        if clock.is_none() && self.keeps_books() && !self.input.options.stateless {
            self.bookkeeping.withdrawn.insert(stored, WithdrawnClaim { since: now, refused });
        }
        let settle = if self.input.options.no_settle || self.input.options.stateless || refused {
            Duration::ZERO
        } else {
            self.input.policy.safety.settle
        };
        later(since, settle).filter(|due| *due > now)
    }

    /// Whether an account is held in our books by this very person.
    pub(super) fn owns_account(&self, person: &PersonKey) -> bool {
        self.canonical.inventory.contains_key(&account_edge(person))
    }
}

/// `time` and `duration` later; `None` beyond the end of time.
pub(super) fn later(time: Timestamp, duration: Duration) -> Option<Timestamp> {
    time.checked_add(jiff::SignedDuration::try_from(duration).ok()?).ok()
}
