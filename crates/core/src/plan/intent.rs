//! What a change of the YAML withdraws, and the digest by which a pull request approves exactly that.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Cause, Change, Input, beside::Beside, canonical::Canonical, digest_text, row};
use crate::{
    access::{AccountHold, ClaimName, Edge, Level, ObjectName, SeenClaim, Slot, Text},
    resolve::{Desired, DesiredEdge, State},
};

/// One claim on one slot that a change withdraws, or lowers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withdrawal {
    /// The claim.
    pub claim: ClaimName,
    /// The subject as written.
    pub subject: Text,
    /// The slot.
    pub slot: Slot,
    /// The value before, where the claim is only lowered.
    pub from: Option<Level>,
    /// The value after, where the claim is only lowered.
    pub to: Option<Level>,
}

/// SHA-256 over the sorted lines of what is withdrawn from one app.
#[must_use]
pub fn intent_digest(app: &ObjectName, withdrawals: &BTreeSet<Withdrawal>) -> Text {
    let mut hash = Sha256::new();
    hash.update(format!("intent\n{app}\n"));
    for withdrawal in withdrawals {
        let Withdrawal { claim, subject, slot, from, to } = withdrawal;
        let claim = claim.to_string();
        let parts = [
            claim.as_str(),
            subject,
            &slot.kind,
            &slot.name,
            from.as_deref().unwrap_or(""),
            to.as_deref().unwrap_or(""),
        ];
        for part in parts {
            hash.update(format!("{}:{part};", part.len()));
        }
        hash.update(b"\n");
    }
    digest_text(&hash.finalize()).into()
}

/// What `head` no longer claims of `base`, and the edges that lose a claim. An end brought forward is a withdrawal.
#[must_use]
pub fn withdrawals(base: &Desired, head: &Desired) -> Vec<(Edge, Withdrawal)> {
    let mut all = Vec::new();
    for (edge, before) in &base.edges {
        let after = head.edges.get(edge);
        let lost = before.claims.iter().filter_map(|claim| {
            let seen = SeenClaim { subject: claim.subject.clone(), until: claim.until, level: claim.level.clone() };
            lost(&edge.slot, &claim.name, &seen, after)
        });
        all.extend(lost.map(|withdrawal| (edge.clone(), withdrawal)));
    }
    all.sort();
    all
}

/// What became of one claim on one slot; `None` where it still says as much.
fn lost(slot: &Slot, name: &ClaimName, seen: &SeenClaim, after: Option<&DesiredEdge>) -> Option<Withdrawal> {
    let claims = after.into_iter().flat_map(|after| &after.claims);
    // A grant may name one thing with two levels: the one that says as much counts.
    let same = claims
        .filter(|claim| claim.name == *name && claim.subject == seen.subject)
        .max_by_key(|claim| (claim.level == seen.level, !ends_earlier(claim.until, seen.until)));
    let withdrawal = |from: Option<Level>, to: Option<Level>| {
        Some(Withdrawal { claim: name.clone(), subject: seen.subject.clone(), slot: slot.clone(), from, to })
    };
    match same {
        None => withdrawal(None, None),
        Some(now) if ends_earlier(now.until, seen.until) => withdrawal(None, None),
        Some(now) if now.level != seen.level => withdrawal(seen.level.clone(), now.level.clone()),
        Some(_) => None,
    }
}

fn ends_earlier(after: Option<Timestamp>, before: Option<Timestamp>) -> bool {
    match (after, before) {
        (Some(after), Some(before)) => after < before,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// What this pass is the first to find withdrawn: its intent digest, and the rows of the removals that follow from it.
///
/// Written down under that digest as if it had been shown, so that an approval of the digest frees exactly these rows,
/// in whatever order they are done and whatever else moves.
pub(super) fn found(
    input: &Input<'_>,
    canonical: &Canonical<'_>,
    changes: &[Change],
) -> Option<(Text, BTreeSet<Text>)> {
    let withdraws = |change: &&Change| change.permitted && change.cause == Cause::Withdrawn && change.person.is_some();
    if !changes.iter().any(|change| withdraws(&change)) {
        return None;
    }
    let mut desired = Beside::new(&canonical.desired.edges);
    let mut withdrawals = BTreeSet::new();
    let mut edges = BTreeSet::new();
    for (edge, owned) in canonical.inventory.iter() {
        let claimed = desired.get(edge);
        let known_already = input.memory.withdrawn.contains_key(canonical.stored(edge));
        if known_already || owned.hold != AccountHold::None || canonical.desired.leavers.contains_key(&edge.person) {
            continue;
        }
        let after = match canonical.desired.state_of(edge, claimed) {
            State::Desired(desired) => Some(desired),
            State::Absent => None,
            State::Unknown(_) => continue,
        };
        let live = owned.claims.iter().filter(|(_, seen)| seen.until.is_none_or(|until| until > input.now));
        let lost: Vec<Withdrawal> = live.filter_map(|(name, seen)| lost(&edge.slot, name, seen, after)).collect();
        if !lost.is_empty() {
            edges.insert(edge);
            withdrawals.extend(lost);
        }
    }
    let follows = |change: &&Change| {
        let edge = change.person.clone().map(|person| Edge::new(person, change.slot.clone()));
        withdraws(change) && edge.is_some_and(|edge| edges.contains(&edge))
    };
    let rows: BTreeSet<Text> = changes.iter().filter(follows).map(row).collect();
    let digest = intent_digest(&input.policy.app, &withdrawals);
    (!rows.is_empty() && !input.memory.holds.contains_key(&digest)).then_some((digest, rows))
}
