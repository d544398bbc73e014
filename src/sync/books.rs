//! What we remember after each step: pure changes of the memory.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{
        AccountHold, AccountId, Directive, Edge, Evidence, Memory, Observation, Origin, OwnedEdge, PersonKey,
        RecordedHold, SeenClaim, Text, Tombstone,
    },
    plan::{Action, Change, TAKEN, row},
};
use jiff::Timestamp;

use super::{Look, Report, verify};
use crate::{connector::Applied, store::Update};

/// Writes down what the plan says about our own books: adoptions, clocks, refusals, the hold that is shown.
pub(super) fn keep(memory: &mut Memory, look: &Look, now: Timestamp) {
    Update::of(&look.plan.bookkeeping, now).apply_to(memory);
    show_hold(memory, look, now);
}

/// Remembers the rows of a hold under its digest: what an approval will name.
fn show_hold(memory: &mut Memory, look: &Look, now: Timestamp) {
    if let Some(hold) = &look.plan.hold {
        let recorded = RecordedHold { rows: hold.rows.clone(), at: now };
        memory.holds.entry(hold.digest.clone()).or_insert(recorded);
    }
}

/// The part of a memory that answers about these edges may change: small however much is remembered.
pub(super) fn excerpt(memory: &Memory, edges: &BTreeSet<Edge>) -> Memory {
    fn part<V: Clone>(map: &BTreeMap<Edge, V>, edges: &BTreeSet<Edge>) -> BTreeMap<Edge, V> {
        edges.iter().filter_map(|edge| Some((edge.clone(), map.get(edge)?.clone()))).collect()
    }
    Memory {
        inventory: part(&memory.inventory, edges),
        tombstones: part(&memory.tombstones, edges),
        withdrawn: part(&memory.withdrawn, edges),
        flips: part(&memory.flips, edges),
        groups: memory.groups.clone(),
        first_removals_decided: memory.first_removals_decided,
        restored: memory.restored,
        ..Memory::default()
    }
}

/// What the store must know the moment a change was answered: what is ours now, and that removals were decided.
pub(super) fn answered(memory: &mut Memory, change: &Change, applied: &Applied, now: Timestamp) {
    let account = applied.account.clone().or_else(|| change.account.clone());
    if change.is_removal() && change.cause.is_budgeted() {
        memory.first_removals_decided = true;
        memory.restored = false;
    }
    let Some(person) = &change.person else {
        if let Some(id) = &applied.entitlement {
            memory.groups.insert(change.slot.name.clone(), id.clone());
        }
        return;
    };
    let Some(account) = account else { return };
    let edge = Edge::new(person.clone(), change.slot.clone());
    match change.action {
        Action::Create | Action::Invite => own(memory, edge, account, change, 1, now),
        Action::Grant => {
            note_flip(memory, &edge, now);
            own(memory, edge, account, change, 0, now);
        }
        Action::Change => {
            if !change.is_removal() {
                own(memory, edge, account, change, 0, now);
            } else if let Some(owned) = memory.inventory.get_mut(&edge) {
                owned.value.clone_from(&change.to);
                memory.withdrawn.remove(&edge);
            }
        }
        Action::Activate => {
            if memory.inventory.get(&edge).is_some_and(|owned| owned.hold == AccountHold::None) {
                note_flip(memory, &edge, now);
            }
            own(memory, edge, account, change, 0, now);
        }
        Action::Adopt | Action::Update | Action::Revoke | Action::Suspend | Action::Delete => {}
    }
}

/// Takes an edge that we made into the inventory, or sees to it that it is there as it is now.
fn own(memory: &mut Memory, edge: Edge, account: AccountId, change: &Change, unseen: u32, now: Timestamp) {
    let (claims, until) = match &change.evidence {
        Evidence::Claims(claims) => {
            let until = claims.iter().map(|claim| claim.until).reduce(|left, right| Some(left?.max(right?))).flatten();
            let seen = claims.iter().map(|claim| {
                let seen = SeenClaim { subject: claim.subject.clone(), until: claim.until, level: claim.level.clone() };
                (claim.name.clone(), seen)
            });
            (seen.collect(), until)
        }
        _ => Default::default(),
    };
    memory.tombstones.remove(&edge);
    memory.withdrawn.remove(&edge);
    let known = memory.inventory.get(&edge).filter(|known| known.account == account);
    let owned = OwnedEdge {
        origin: known.map_or(Origin::Created, |known| known.origin),
        since: known.map_or(now, |known| known.since),
        account,
        value: change.to.clone(),
        claims,
        until,
        hold: AccountHold::None,
        unseen,
    };
    memory.inventory.insert(edge, owned);
}

/// An edge of ours that we put right again: three times within a day means that somebody else disagrees.
fn note_flip(memory: &mut Memory, edge: &Edge, now: Timestamp) {
    if memory.inventory.contains_key(edge) {
        memory.flips.entry(edge.clone()).or_default().insert(now);
    }
}

/// What a read-back proves: created accounts that are seen, removals that are done, attributes that are not kept.
pub(super) fn read_back(memory: &mut Memory, change: &Change, after: &Observation, now: Timestamp) {
    let edge = change.person.as_ref().map(|person| Edge::new(person.clone(), change.slot.clone()));
    match (change.action, &edge) {
        (Action::Create | Action::Invite, Some(edge)) if verify::shows(after, change) => {
            if let Some(owned) = memory.inventory.get_mut(edge) {
                owned.unseen = 0;
            }
        }
        (Action::Update, _) => {
            let account = change.account.as_ref().and_then(|id| after.account(id));
            for (name, wanted) in account.into_iter().flat_map(|account| verify::not_kept(account, change)) {
                let Some(id) = &change.account else { continue };
                memory.not_kept.entry(id.clone()).or_default().insert(name.into(), wanted.into());
            }
        }
        (Action::Revoke, Some(edge)) if verify::shows(after, change) => bury(memory, edge, change, now),
        (Action::Suspend, Some(edge)) if verify::shows(after, change) => suspended(memory, edge, change, now),
        (Action::Delete, Some(edge)) if verify::shows(after, change) => bury_all(memory, &edge.person, change, now),
        _ => {}
    }
}

/// What the app's answer alone proves, where nothing can be read back.
pub(super) fn trusted(memory: &mut Memory, change: &Change, now: Timestamp) {
    let Some(person) = &change.person else { return };
    let edge = Edge::new(person.clone(), change.slot.clone());
    match change.action {
        Action::Create | Action::Invite => {
            if let Some(owned) = memory.inventory.get_mut(&edge) {
                owned.unseen = 0;
            }
        }
        Action::Revoke => bury(memory, &edge, change, now),
        Action::Suspend => suspended(memory, &edge, change, now),
        Action::Delete => bury_all(memory, person, change, now),
        _ => {}
    }
}

/// The app has no such account: it is ours no more.
pub(super) fn gone(memory: &mut Memory, change: &Change, now: Timestamp) {
    if let Some(person) = &change.person {
        bury_all(memory, person, change, now);
    }
}

/// The app has an account of this name that it does not show: whose it is, somebody has to say.
pub(super) fn taken(memory: &mut Memory, change: &Change, now: Timestamp) {
    if let Some(person) = &change.person {
        let edge = Edge::new(person.clone(), change.slot.clone());
        let evidence = Tombstone { account: AccountId::new(""), at: now, cause: TAKEN.into() };
        memory.tombstones.insert(edge, evidence);
    }
}

fn bury_all(memory: &mut Memory, person: &PersonKey, change: &Change, now: Timestamp) {
    let edges: Vec<Edge> = memory.inventory.keys().filter(|known| known.person == *person).cloned().collect();
    for edge in edges {
        bury(memory, &edge, change, now);
    }
}

/// An edge that we removed: evidence from now on, never ownership.
fn bury(memory: &mut Memory, edge: &Edge, change: &Change, now: Timestamp) {
    memory.withdrawn.remove(edge);
    if let Some(owned) = memory.inventory.remove(edge) {
        let tombstone = Tombstone { account: owned.account, at: now, cause: change.cause.as_str().into() };
        memory.tombstones.insert(edge.clone(), tombstone);
    }
}

fn suspended(memory: &mut Memory, edge: &Edge, change: &Change, now: Timestamp) {
    memory.withdrawn.remove(edge);
    if let Some(owned) = memory.inventory.get_mut(edge) {
        owned.hold = AccountHold::Suspended { since: now, cause: change.cause.as_str().into() };
    }
}

/// At the end of a pass: the last complete reading, decisions whose rows are done, and what people are asked to do now.
pub(super) fn close(memory: &mut Memory, report: &Report, now: Timestamp) {
    Update::of_tasks(&report.look.plan.bookkeeping).apply_to(memory);
    if report.look.observation.is_complete() {
        let ids: BTreeSet<AccountId> =
            report.look.observation.accounts.iter().map(|account| account.id.clone()).collect();
        memory.last_complete = Some(ids);
    }
    if report.look.plan.changes.is_empty() || !report.done.is_empty() {
        use_up(memory, report);
    }
    show_hold(memory, &report.look, now);
}

/// An approval is used up once none of its rows is left to do.
fn use_up(memory: &mut Memory, report: &Report) {
    let open: BTreeSet<Text> =
        report.look.plan.changes.iter().filter(|change| change.action != Action::Adopt).map(row).collect();
    let used: Vec<_> = memory
        .decisions
        .iter()
        .filter(|decision| decision.directive == Directive::Approve)
        .filter(|decision| memory.holds.get(&decision.digest).is_some_and(|hold| hold.rows.is_disjoint(&open)))
        .cloned()
        .collect();
    for decision in used {
        memory.decisions.remove(&decision);
        memory.decisions_used = memory.decisions_used.saturating_add(1);
    }
}
