//! What we remember of one target app between passes: the store's content as a value.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{AccountId, ClaimName, Edge, Level, Text};

/// How an edge became ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// We made it.
    Created,
    /// It was there, and is declared.
    Adopted,
}

/// What we did to an account of ours beside having it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccountHold {
    /// Nothing.
    #[default]
    None,
    /// We suspended it.
    Suspended {
        /// When.
        since: Timestamp,
        /// The word of the cause.
        cause: Text,
    },
}

/// A claim as a pass saw it: what a withdrawal is recognised by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenClaim {
    /// The subject as written.
    pub subject: Text,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// The value that it claims, where the slot has one.
    pub level: Option<Level>,
}

/// An edge that we made or adopted: the only kind that we may ever remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedEdge {
    /// The account that carries it.
    pub account: AccountId,
    /// Its value when we last saw to it.
    pub value: Option<Level>,
    /// How it became ours.
    pub origin: Origin,
    /// Since when.
    pub since: Timestamp,
    /// The claims that last carried it, as they were seen.
    pub claims: BTreeMap<ClaimName, SeenClaim>,
    /// The end of the last of them, as seen while it lived; `None` for none.
    pub until: Option<Timestamp>,
    /// For accounts: whether we suspended it.
    pub hold: AccountHold,
    /// How many readings since its creation have not shown it; 0 once seen.
    pub unseen: u32,
}

/// An edge that we removed: evidence, never ownership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The account that carried it.
    pub account: AccountId,
    /// When it went.
    pub at: Timestamp,
    /// The word of the cause.
    pub cause: Text,
}

/// Since when an edge has no live claim: the clock of `settle`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawnClaim {
    /// When a pass first found it without a claim.
    pub since: Timestamp,
    /// Whether it was the target app's `allow` that refused the claim.
    pub refused: bool,
}

/// Something that a person is asked to do in an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTask {
    /// Since when.
    pub opened: Timestamp,
    /// The account that may leave the listing by it.
    pub removes: Option<AccountId>,
}

/// One person who lost something: counted in the budget for 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemovalRecord {
    /// When.
    pub at: Timestamp,
    /// Who: a canonical person key, or an account id for unmanaged accounts.
    pub who: Text,
}

/// What somebody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Directive {
    /// The rows may go.
    Approve,
    /// The rows must not go.
    Reject,
}

/// A decision on a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// The digest that was decided.
    pub digest: Text,
    /// Yes or no.
    pub directive: Directive,
    /// Who decided, as claimed.
    pub decided_by: Option<Text>,
    /// Until when it counts.
    pub not_after: Timestamp,
}

/// The rows of a hold that was shown under a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedHold {
    /// One line per row, as they went into the digest.
    pub rows: BTreeSet<Text>,
    /// When it was first shown.
    pub at: Timestamp,
}

/// What we remember of one target app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The edges that are ours.
    pub inventory: BTreeMap<Edge, OwnedEdge>,
    /// The edges that we removed.
    pub tombstones: BTreeMap<Edge, Tombstone>,
    /// Owned edges without a live claim, and since when.
    pub withdrawn: BTreeMap<Edge, WithdrawnClaim>,
    /// Claims that `allow` refuses, and since when.
    pub refused: BTreeMap<ClaimName, Timestamp>,
    /// People who lost something under a budgeted cause, within 24 hours.
    pub removals: BTreeSet<RemovalRecord>,
    /// People who gained something, within 24 hours; kept where additions are limited.
    pub additions: BTreeSet<RemovalRecord>,
    /// The holds that were shown within 30 days, by digest.
    pub holds: BTreeMap<Text, RecordedHold>,
    /// Decisions that are not used up.
    pub decisions: BTreeSet<Decision>,
    /// How many decisions this app has used up.
    pub decisions_used: u64,
    /// Whether somebody has decided the first removals.
    pub first_removals_decided: bool,
    /// The accounts of the last complete reading; `None` before the first.
    pub last_complete: Option<BTreeSet<AccountId>>,
    /// When an edge that we had put right was found wrong again, within 24 hours.
    pub flips: BTreeMap<Edge, BTreeSet<Timestamp>>,
    /// The vendor's id of each group that we have dealt with, by its declared name.
    pub groups: BTreeMap<Text, Text>,
    /// When an account that is not ours was first seen.
    pub unmanaged_since: BTreeMap<AccountId, Timestamp>,
    /// Attributes that the app does not keep as sent, by account: reported once, not written again.
    pub not_kept: BTreeMap<AccountId, BTreeMap<Text, Text>>,
    /// What people are asked to do, by the id of the task.
    pub tasks: BTreeMap<Text, OpenTask>,
    /// The number of the last intent.
    pub sequence: u64,
    /// Whether the store or the cluster went back in time, so that removals wait for a decision.
    pub restored: bool,
}
