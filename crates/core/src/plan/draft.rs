//! A plan in the making: what the three comparisons share.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::{
    Action, Bookkeeping, Cause, Change, Counts, Drift, DriftKind, Input, Plan,
    canonical::Canonical,
    identity::{Identities, Link},
};
use crate::{
    access::{
        AccountId, ClaimName, Class, Completeness, Edge, Evidence, Level, LookUp, Mode, ObservedAccount, Person,
        PersonKey, SeenClaim, Slot, Text,
    },
    resolve::{ClaimProblem, DesiredEdge, ProblemKind},
};

pub(super) struct Draft<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) canonical: &'a Canonical<'a>,
    pub(super) identities: Identities<'a>,
    pub(super) changes: Vec<Change>,
    pub(super) drift: Vec<Drift>,
    pub(super) look_ups: BTreeSet<LookUp>,
    pub(super) bookkeeping: Bookkeeping,
    pub(super) unknown: BTreeMap<Edge, Text>,
    /// Accounts that a declared person has without holding them in our books, whatever comes of them.
    pub(super) spoken_for: FxHashSet<AccountId>,
    pub(super) classes: BTreeMap<AccountId, Class>,
    pub(super) problems: Vec<ClaimProblem>,
    /// Accounts of ours that have to be asked for before anybody new is created.
    pub(super) vanished: Vec<AccountId>,
    pub(super) unverified: BTreeMap<PersonKey, bool>,
    /// Owned edges that a claim may mean which cannot be met as it is written, and why.
    pub(super) left_alone: BTreeMap<Edge, Text>,
}

/// What a change is about, before it is known whether it is permitted.
pub(super) struct Subject {
    pub(super) person: Option<PersonKey>,
    pub(super) label: Text,
    pub(super) account: Option<AccountId>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(input: &'a Input<'a>, canonical: &'a Canonical<'a>) -> Self {
        Self {
            input,
            canonical,
            identities: Identities::new(input, canonical),
            changes: Vec::new(),
            drift: Vec::new(),
            look_ups: BTreeSet::new(),
            bookkeeping: Bookkeeping::default(),
            unknown: BTreeMap::new(),
            spoken_for: FxHashSet::default(),
            classes: BTreeMap::new(),
            problems: Vec::new(),
            vanished: Vec::new(),
            unverified: BTreeMap::new(),
            left_alone: BTreeMap::new(),
        }
    }

    /// Adds a change; mode and `manage` say whether it is permitted.
    pub(super) fn change(
        &mut self,
        subject: &Subject,
        action: Action,
        slot: Slot,
        cause: Cause,
        evidence: Evidence,
    ) -> &mut Change {
        let mut change = Change {
            action,
            person: subject.person.clone(),
            label: subject.label.clone(),
            account: subject.account.clone(),
            slot,
            from: None,
            to: None,
            attributes: BTreeMap::new(),
            cause,
            evidence,
            permitted: false,
            held: None,
            due: None,
            task: None,
        };
        change.permitted = permits(self.input, &change);
        self.changes.push(change);
        let last = self.changes.len() - 1;
        &mut self.changes[last]
    }

    pub(super) fn report(
        &mut self,
        kind: DriftKind,
        subject: &Subject,
        slot: Slot,
        level: Option<Level>,
        policy: Option<&str>,
    ) {
        self.drift.push(Drift {
            kind,
            person: subject.person.clone(),
            account: subject.account.clone(),
            label: subject.label.clone(),
            slot,
            level,
            policy: policy.map(Text::from),
        });
    }

    /// Who a person or account is to people.
    pub(super) fn subject(&self, person: Option<&PersonKey>, account: Option<&ObservedAccount>) -> Subject {
        let known =
            person.and_then(|person| self.canonical.desired.people.get(person)).map(|person| person.label.clone());
        let label = known
            .or_else(|| account.map(|account| account.label().into()))
            .or_else(|| person.map(|person| person.to_string().into()))
            .unwrap_or_else(|| "".into());
        Subject { person: person.cloned(), label, account: account.map(|account| account.id.clone()) }
    }

    /// Whether nobody told the name without which the app makes no account. Then the claims are told.
    pub(super) fn lacks_name(&mut self, person: &Person, evidence: &Evidence) -> bool {
        if !self.input.capabilities.needs_full_name || person.full_name().is_some() {
            return false;
        }
        let Evidence::Claims(claims) = evidence else { return true };
        let message = format!(
            "{} makes no account without a first and a last name, and nobody told those of {}; add `name: {{given: …, \
             family: …}}` to the subject, or a full name to the person in the directory",
            self.input.policy.app, person.label
        );
        self.problems.extend(claims.iter().map(|claim| ClaimProblem {
            claim: claim.name.clone(),
            kind: ProblemKind::NotSupported,
            message: message.clone(),
        }));
        true
    }

    /// Asks a question where the app can be asked.
    pub(super) fn ask(&mut self, question: LookUp) -> bool {
        let Input { capabilities, observation, .. } = self.input;
        let can = match question {
            // Only of an app that cannot list is an account asked for where people cannot be.
            LookUp::Account(_) if observation.completeness != Completeness::NotListable => {
                capabilities.look_up && capabilities.look_up_id
            }
            LookUp::Account(_) => capabilities.look_up_id,
            LookUp::Person(_) => capabilities.look_up,
        };
        if can {
            self.look_ups.insert(question);
        }
        can
    }

    /// Whether the books may be changed at all: in `Observe` nothing becomes ours.
    pub(super) fn keeps_books(&self) -> bool {
        self.input.policy.mode != Mode::Observe
    }

    pub(super) fn finish(self) -> Plan {
        let mut bookkeeping = self.bookkeeping;
        let desired = &self.canonical.desired;
        let memory = self.input.memory;
        bookkeeping.refused =
            desired.refused.iter().filter(|name| !memory.refused.contains_key(*name)).cloned().collect();
        bookkeeping.no_longer_refused =
            memory.refused.keys().filter(|name| !desired.refused.contains(*name)).cloned().collect();
        let accounts = desired.people.keys().filter_map(|person| match self.identities.link(person) {
            Some(Link::Account(account)) => Some((person.clone(), AccountId::clone(account))),
            _ => None,
        });
        let accounts = accounts.collect();
        let mut drift = self.drift;
        drift.sort();
        let mut problems = self.problems;
        problems.sort();
        problems.dedup();
        Plan {
            changes: self.changes,
            drift,
            hold: None,
            held_when_due: BTreeMap::new(),
            counts: Counts::default(),
            cost: None,
            look_ups: self.look_ups,
            bookkeeping,
            unknown: self.unknown,
            accounts,
            classes: self.classes,
            problems,
            unverified: self.unverified,
        }
    }
}

/// Whether mode and `manage` allow a change.
pub(super) fn permits(input: &Input<'_>, change: &Change) -> bool {
    let policy = input.policy;
    let reach = match change.action {
        Action::Update => policy.manage.attributes,
        _ => policy.manage.covers(&change.slot),
    };
    let removes = change.is_removal();
    let mode = match policy.mode {
        Mode::Observe => false,
        Mode::Additive => !removes,
        Mode::Full => true,
    };
    reach && mode && !(removes && input.options.terminating)
}

/// The claims that carry an edge, as they are remembered.
pub(super) fn seen_claims(desired: &DesiredEdge) -> BTreeMap<ClaimName, SeenClaim> {
    let claims = desired.claims.iter().map(|claim| {
        let seen = SeenClaim { subject: claim.subject.clone(), until: claim.until, level: claim.level.clone() };
        (claim.name.clone(), seen)
    });
    claims.collect()
}
