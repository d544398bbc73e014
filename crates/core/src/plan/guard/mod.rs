//! Guards: pure rules that hold changes of a plan, each with a reason. They only ever hold more, never less.

mod approvals;
mod budget;
mod holders;
mod seats;

use std::collections::{BTreeMap, BTreeSet};

use approvals::Approvals;
pub use holders::Holders;

pub(super) use budget::is_limited;

use super::{Action, Cause, Change, HeldReason, Input, Plan, hold::row, task::was_let_pass};
use crate::access::{AppPolicy, Edge, Mail, NeedsApproval, Observation, ObservedAccount, PersonKey, Slot, Text};

/// So many times within 24 hours makes an edge contended.
const FLIPS: usize = 3;
/// Seconds of the rolling window.
pub(super) const WINDOW: i64 = 24 * 60 * 60;

/// Judges a plan in the order of the rules: what can never go first, what only waits for a word last.
pub(super) fn judge(input: &Input<'_>, plan: &mut Plan) {
    hold(plan, |change| contended(input, change));
    hold(plan, |change| protected(input, change));
    keep_holders(input, plan);
    hold(plan, |change| breaker(input, change));
    seats::judge(input, plan);
    let approvals = Approvals::new(input);
    hold(plan, |change| approvals.rejects(change).then_some(HeldReason::Rejected));
    hold(plan, |change| {
        let waits = needs_approval(input.policy, change) && !approvals.approves(change) && !was_let_pass(input, change);
        waits.then_some(HeldReason::ApprovalRequired)
    });
    budget::judge(input, &approvals, plan);
    inherit(plan);
}

/// Why settling removals would be held if their time had come now, by row. Nothing where nothing would hold them.
pub(super) fn when_due(input: &Input<'_>, plan: &Plan) -> BTreeMap<Text, HeldReason> {
    let settles = |change: &Change| change.permitted && change.due.is_some();
    if !plan.changes.iter().any(settles) {
        return BTreeMap::new();
    }
    let due = plan.changes.iter().map(|change| Change { due: None, ..change.clone() }).collect();
    let mut later = Plan { changes: due, ..Plan::default() };
    judge(input, &mut later);
    let both = plan.changes.iter().zip(&later.changes).filter(|(now, _)| settles(now));
    both.filter_map(|(now, later)| Some((row(now), later.held?))).collect()
}

/// Applies a rule to every change that would otherwise be made.
fn hold(plan: &mut Plan, rule: impl Fn(&Change) -> Option<HeldReason>) {
    for change in plan.changes.iter_mut().filter(|change| is_open(change)) {
        change.held = rule(change);
    }
}

/// Whether a change would be made, by us or by a person.
fn is_open(change: &Change) -> bool {
    change.is_open()
}

fn contended(input: &Input<'_>, change: &Change) -> Option<HeldReason> {
    let edge = Edge::new(change.person.clone()?, change.slot.clone());
    let flips = input.memory.flips.get(&edge)?;
    let recent = flips.iter().filter(|at| input.now.as_second() - at.as_second() < WINDOW).count();
    (recent >= FLIPS).then_some(HeldReason::Contended)
}

/// S4: what never goes, however approved. A leaver who stays for it is named loudly.
fn protected(input: &Input<'_>, change: &Change) -> Option<HeldReason> {
    let protected = is_protected(input.policy, input.observation, change) || is_protected_person(input, change);
    protected.then(|| blocked(change, HeldReason::Protected))
}

/// Whether a directory knows the person under an address that is protected, whatever the account is called.
fn is_protected_person(input: &Input<'_>, change: &Change) -> bool {
    let Some(person @ PersonKey::Known { .. }) = change.person.as_ref().filter(|_| change.is_removal()) else {
        return false;
    };
    let mut names = input.policy.safety.protected.iter();
    names.any(|name| {
        let mail = Mail::parse(name).map_or_else(|_| name.clone(), |mail| mail.as_str().into());
        input.desired.directory_mails.get(&mail) == Some(person)
    })
}

/// Whether a removal would hit somebody protected, or an account that belongs to the app or to our own credential.
#[must_use]
pub fn is_protected(policy: &AppPolicy, observation: &Observation, change: &Change) -> bool {
    if !change.is_removal() {
        return false;
    }
    let account = change.account.as_ref().and_then(|id| observation.account(id));
    let named = |text: &str| policy.protects(text);
    let person = match &change.person {
        Some(PersonKey::Mail(mail)) => named(mail.as_str()),
        Some(PersonKey::Login(login) | PersonKey::Service(login)) => named(login),
        Some(PersonKey::Known { .. }) | None => false,
    };
    person
        || named(&change.label)
        || change.account.as_ref().is_some_and(|id| named(&id.0))
        || account.is_some_and(|account| {
            account.service || named(&account.login) || account.mails.iter().any(|mail| named(mail.as_str()))
        })
}

fn blocked(change: &Change, reason: HeldReason) -> HeldReason {
    if change.cause == Cause::Leaver { HeldReason::LeaverBlocked } else { reason }
}

/// S4: enough holders of each role stay.
fn keep_holders(input: &Input<'_>, plan: &mut Plan) {
    let mut holders = Holders::new(input.policy, input.capabilities, input.observation);
    for change in plan.changes.iter_mut().filter(|change| is_open(change)) {
        if !holders.take(change) {
            change.held = Some(blocked(change, HeldReason::LastAdmin));
        }
    }
}

/// Too many left a directory at once: all of them wait for one decision.
fn breaker(input: &Input<'_>, change: &Change) -> Option<HeldReason> {
    let (_, breaker) = input.desired.leavers.get(change.person.as_ref()?)?;
    (change.cause == Cause::Leaver && *breaker).then_some(HeldReason::StaleDirectory)
}

fn needs_approval(policy: &AppPolicy, change: &Change) -> bool {
    policy.safety.approve.iter().any(|rule| match rule {
        NeedsApproval::Action(action) => **action == *change.action.as_str() || **action == *change.word(),
        NeedsApproval::Role(role) => {
            change.slot.is_role()
                && (change.slot.name == *role || change.to.as_ref() == Some(role) || change.from.as_ref() == Some(role))
        }
        NeedsApproval::Group(group) => change.slot.is_group() && change.slot.name == *group,
    })
}

/// What depends on a held change waits with it: the entitlements of an account that is not created yet, and the
/// members of a group that is not.
fn inherit(plan: &mut Plan) {
    let mut people: BTreeMap<PersonKey, HeldReason> = BTreeMap::new();
    let mut groups: BTreeMap<Slot, HeldReason> = BTreeMap::new();
    for change in &plan.changes {
        let Some(reason) = change.held.filter(|_| matches!(change.action, Action::Create | Action::Invite)) else {
            continue;
        };
        match &change.person {
            Some(person) => drop(people.insert(person.clone(), reason)),
            None => drop(groups.insert(change.slot.clone(), reason)),
        }
    }
    for change in plan.changes.iter_mut().filter(|change| is_open(change) && change.action == Action::Grant) {
        let by_person =
            change.person.as_ref().filter(|_| change.account.is_none()).and_then(|person| people.get(person));
        change.held = by_person.or_else(|| groups.get(&change.slot)).copied();
    }
}

/// How many people may lose something in this app in rolling 24 hours.
pub(super) fn allowed_removals(input: &Input<'_>) -> u64 {
    input.policy.safety.maximum_removals.allowed(budget::seen(input))
}

/// Whether a decision that counts now covers this change: it then takes nothing from the budget.
#[must_use]
pub fn approves(input: &Input<'_>, change: &Change) -> bool {
    Approvals::new(input).approves(change)
}

/// The rows of changes, for comparing with what was decided.
fn is_among(change: &Change, rows: &BTreeSet<Text>) -> bool {
    !rows.is_empty() && rows.contains(&row(change))
}

/// Whether an account may still count as holding something.
fn is_active(account: &ObservedAccount) -> bool {
    super::unmanaged::is_in_use(account)
}
