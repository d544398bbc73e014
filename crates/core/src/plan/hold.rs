//! The held part of a plan and its digest.

use std::{collections::BTreeSet, fmt::Write as _};

use sha2::{Digest as _, Sha256};

use super::{Action, Change, HeldReason, Input, count::number};
use crate::access::{ObjectName, Text};

/// What waits, and what an approval must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Covers exactly the held rows and how many decisions the app has used up.
    pub digest: Text,
    /// How many decisions the app has used up.
    pub sequence: u64,
    /// Distinct people with a held change.
    pub people: u64,
    /// Held changes.
    pub changes: u64,
    /// How many people may lose something now.
    pub allowed: u64,
    /// Why rows are held.
    pub reasons: BTreeSet<HeldReason>,
    /// One line per held change, as they went into the digest.
    pub rows: BTreeSet<Text>,
}

/// One held change as a line: who, slot, from, to and cause, each preceded by its length so that no name can forge
/// another line.
#[must_use]
pub fn row(change: &Change) -> Text {
    let who = match (&change.account, &change.person) {
        (Some(account), _) => format!("account:{account}"),
        (None, Some(person)) => person.canonical(),
        (None, None) => String::from("group"),
    };
    let to = match change.action {
        Action::Suspend => Some("suspended"),
        Action::Delete => Some("deleted"),
        Action::Create | Action::Invite | Action::Activate => Some("active"),
        _ => change.to.as_deref(),
    };
    let parts = [
        who.as_str(),
        &change.slot.kind,
        &change.slot.name,
        change.from.as_deref().unwrap_or(""),
        to.unwrap_or(""),
        change.cause.as_str(),
    ];
    let mut line = String::new();
    for part in parts {
        let _ = write!(line, "{}:{part};", part.len());
    }
    for (name, (from, to)) in &change.attributes {
        for part in [name, from.as_deref().unwrap_or(""), to.as_deref().unwrap_or("")] {
            let _ = write!(line, "{}:{part};", part.len());
        }
    }
    line.into()
}

/// SHA-256 over the app, the decisions that it has used up, and the sorted rows.
#[must_use]
pub fn hold_digest(app: &ObjectName, decisions_used: u64, rows: &BTreeSet<Text>) -> Text {
    let mut hash = Sha256::new();
    hash.update(format!("hold\n{app}\n{decisions_used}\n"));
    for row in rows {
        hash.update(row.as_bytes());
        hash.update(b"\n");
    }
    digest_text(&hash.finalize()).into()
}

/// The held part of a plan.
pub(super) fn gather(input: &Input<'_>, changes: &[Change]) -> Option<Hold> {
    let held: Vec<&Change> = changes.iter().filter(|change| change.permitted && change.held.is_some()).collect();
    if held.is_empty() {
        return None;
    }
    let rows: BTreeSet<Text> = held.iter().map(|change| row(change)).collect();
    let people: BTreeSet<Text> = held.iter().map(|change| change.whose()).collect();
    let sequence = input.memory.decisions_used;
    Some(Hold {
        digest: hold_digest(&input.policy.app, sequence, &rows),
        sequence,
        people: number(people.len()),
        changes: number(held.len()),
        allowed: super::guard::allowed_removals(input),
        reasons: held.iter().filter_map(|change| change.held).collect(),
        rows,
    })
}

/// A digest as people and documents write it: `sha256:` and lower-case hexadecimal.
#[must_use]
pub fn digest_text(digest: &[u8]) -> String {
    let mut text = String::with_capacity(7 + digest.len() * 2);
    text.push_str("sha256:");
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
