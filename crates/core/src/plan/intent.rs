//! What a change of the YAML withdraws, and the digest by which a pull request approves exactly that.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::digest_text;
use crate::{
    access::{ClaimName, Edge, Level, ObjectName, Slot, Text},
    resolve::{Desired, DesiredEdge},
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
        for claim in &before.claims {
            let same = after.and_then(|after| find(after, &claim.name, &claim.subject));
            let withdrawal = |from: Option<Level>, to: Option<Level>| Withdrawal {
                claim: claim.name.clone(),
                subject: claim.subject.clone(),
                slot: edge.slot.clone(),
                from,
                to,
            };
            match same {
                None => all.push((edge.clone(), withdrawal(None, None))),
                Some(after) if ends_earlier(after.until, claim.until) => {
                    all.push((edge.clone(), withdrawal(None, None)));
                }
                Some(after) if after.level != claim.level => {
                    all.push((edge.clone(), withdrawal(claim.level.clone(), after.level.clone())));
                }
                Some(_) => {}
            }
        }
    }
    all.sort();
    all
}

fn find<'a>(edge: &'a DesiredEdge, name: &ClaimName, subject: &Text) -> Option<&'a crate::access::Claim> {
    edge.claims.iter().find(|claim| claim.name == *name && claim.subject == *subject)
}

fn ends_earlier(after: Option<jiff::Timestamp>, before: Option<jiff::Timestamp>) -> bool {
    match (after, before) {
        (Some(after), Some(before)) => after < before,
        (Some(_), None) => true,
        (None, _) => false,
    }
}
