//! What is remembered after each step of a pass.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{
        AccountHold, AccountId, Directive, Edge, Evidence, Memory, Observation, Origin, OwnedEdge, RecordedHold,
        RemovalRecord, SeenClaim, Text, Tombstone,
    },
    plan::{Action, Bookkeeping, Change, Plan, row},
};
use jiff::Timestamp;

use crate::app::Done;

/// What the plan says about our own books.
pub(crate) fn keep(memory: &mut Memory, books: &Bookkeeping, now: Timestamp) {
    for edge in &books.forgotten {
        memory.inventory.remove(edge);
        memory.withdrawn.remove(edge);
    }
    memory.inventory.extend(books.owned.clone());
    memory.withdrawn.extend(books.withdrawn.clone());
    memory.withdrawn.retain(|edge, _| !books.restored.contains(edge));
    memory.tombstones.extend(books.tombstones.clone());
    memory.tombstones.retain(|edge, _| !books.revived.contains(edge));
    memory.refused.extend(books.refused.iter().map(|claim| (claim.clone(), now)));
    memory.refused.retain(|claim, _| !books.no_longer_refused.contains(claim));
    memory.unmanaged_since.extend(books.unmanaged_since.iter().map(|id| (id.clone(), now)));
    memory.unmanaged_since.retain(|id, _| !books.no_longer_unmanaged.contains(id));
    memory.groups.extend(books.groups.clone());
    memory.tasks.extend(books.tasks.clone());
    memory.tasks.retain(|id, _| !books.tasks_done.contains(id));
    memory.removals.extend(books.removals.iter().cloned());
    memory.additions.extend(books.additions.iter().cloned());
    if books.first_removals_decided {
        memory.first_removals_decided = true;
        memory.restored = false;
    }
    for (digest, rows) in &books.intents {
        memory.holds.entry(digest.clone()).or_insert_with(|| RecordedHold { rows: rows.clone(), at: now });
    }
}

/// Remembers the rows of a hold under its digest: what an approval will name.
pub(crate) fn show_hold(memory: &mut Memory, plan: &Plan, now: Timestamp) {
    if let Some(hold) = &plan.hold {
        let recorded = RecordedHold { rows: hold.rows.clone(), at: now };
        memory.holds.entry(hold.digest.clone()).or_insert(recorded);
    }
}

/// One change was made, and the app shows it.
pub(crate) fn done(memory: &mut Memory, change: &Change, done: &Done, approved: bool, now: Timestamp) {
    if change.is_removal() && change.cause.is_budgeted() {
        memory.first_removals_decided = true;
        memory.restored = false;
        if !approved {
            memory.removals.insert(RemovalRecord { at: now, who: change.whose() });
        }
    }
    if change.is_addition() && !approved {
        memory.additions.insert(RemovalRecord { at: now, who: change.whose() });
    }
    let Some(person) = &change.person else {
        if let Some(group) = &done.group {
            memory.groups.insert(change.slot.name.clone(), group.clone());
        }
        return;
    };
    let Some(account) = done.account.clone() else { return };
    let edge = Edge::new(person.clone(), change.slot.clone());
    match change.action {
        Action::Create | Action::Invite => own(memory, edge, account, change, now),
        Action::Grant | Action::Activate | Action::Change if !change.is_removal() => {
            note_flip(memory, &edge, change, now);
            own(memory, edge, account, change, now);
        }
        Action::Change => {
            if let Some(owned) = memory.inventory.get_mut(&edge) {
                owned.value.clone_from(&change.to);
                memory.withdrawn.remove(&edge);
            }
        }
        Action::Revoke => bury(memory, &edge, change, now),
        Action::Suspend => {
            memory.withdrawn.remove(&edge);
            if let Some(owned) = memory.inventory.get_mut(&edge) {
                owned.hold = AccountHold::Suspended { since: now, cause: change.cause.as_str().into() };
            }
        }
        Action::Delete => {
            let edges: Vec<Edge> = memory.inventory.keys().filter(|known| known.person == *person).cloned().collect();
            for edge in &edges {
                bury(memory, edge, change, now);
            }
        }
        _ => {}
    }
}

fn own(memory: &mut Memory, edge: Edge, account: AccountId, change: &Change, now: Timestamp) {
    let claims = match &change.evidence {
        Evidence::Claims(claims) => claims.as_slice(),
        _ => &[],
    };
    let until = claims.iter().map(|claim| claim.until).reduce(|left, right| Some(left?.max(right?))).flatten();
    let claims = claims.iter().map(|claim| {
        let seen = SeenClaim { subject: claim.subject.clone(), until: claim.until, level: claim.level.clone() };
        (claim.name.clone(), seen)
    });
    memory.tombstones.remove(&edge);
    memory.withdrawn.remove(&edge);
    let known = memory.inventory.get(&edge).filter(|known| known.account == account);
    let owned = OwnedEdge {
        origin: known.map_or(Origin::Created, |known| known.origin),
        since: known.map_or(now, |known| known.since),
        account,
        value: change.to.clone(),
        claims: claims.collect(),
        until,
        hold: AccountHold::None,
        unseen: 0,
    };
    memory.inventory.insert(edge, owned);
}

/// An edge of ours that was right once and had to be put right again.
fn note_flip(memory: &mut Memory, edge: &Edge, change: &Change, now: Timestamp) {
    let was_right = memory
        .inventory
        .get(edge)
        .is_some_and(|owned| owned.hold == AccountHold::None && (edge.slot.is_account() || owned.value == change.to));
    if was_right {
        memory.flips.entry(edge.clone()).or_default().insert(now);
    }
}

fn bury(memory: &mut Memory, edge: &Edge, change: &Change, now: Timestamp) {
    memory.withdrawn.remove(edge);
    if let Some(owned) = memory.inventory.remove(edge) {
        let tombstone = Tombstone { account: owned.account, at: now, cause: change.cause.as_str().into() };
        memory.tombstones.insert(edge.clone(), tombstone);
    }
}

/// The end of a pass: what the last complete reading showed.
pub(crate) fn close(memory: &mut Memory, observation: &Observation) {
    if observation.is_complete() {
        memory.last_complete = Some(observation.accounts.iter().map(|account| account.id.clone()).collect());
    }
}

/// An approval is used up once none of its rows is left to do.
pub(crate) fn use_up(memory: &mut Memory, after: &Plan) {
    let open: BTreeSet<Text> = after.changes.iter().filter(|change| change.action != Action::Adopt).map(row).collect();
    let holds: &BTreeMap<Text, RecordedHold> = &memory.holds;
    let (used, kept): (BTreeSet<_>, BTreeSet<_>) = memory.decisions.iter().cloned().partition(|decision| {
        decision.directive == Directive::Approve
            && holds.get(&decision.digest).is_some_and(|hold| hold.rows.is_disjoint(&open))
    });
    memory.decisions = kept;
    memory.decisions_used += u64::try_from(used.len()).expect("few");
}
