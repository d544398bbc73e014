//! The tables that are written by the batch, and the words in their columns. One place to read the shape of a row.

use appaccess_core::access::{Directive, Edge, Origin};

use super::{batch::Table, query::Cell};

const EDGE: &[&str] = &["app", "person", "slot_type", "slot_name"];

pub(super) const INVENTORY: Table = Table {
    name: "inventory",
    keys: EDGE,
    values: &["account", "level", "origin", "since", "claims", "ends", "suspended_since", "suspended_cause", "unseen"],
};
pub(super) const TOMBSTONES: Table =
    Table { name: "tombstones", keys: EDGE, values: &["account", "removed_at", "cause"] };
pub(super) const WITHDRAWN: Table = Table { name: "withdrawn", keys: EDGE, values: &["since", "refused"] };
pub(super) const FLIPS: Table =
    Table { name: "flips", keys: &["app", "person", "slot_type", "slot_name", "found_at"], values: &[] };
pub(super) const REFUSED: Table = Table { name: "refused_claims", keys: &["app", "claim"], values: &["since"] };
pub(super) const BUDGET: Table =
    Table { name: "budget", keys: &["app", "direction", "counted_at", "who"], values: &[] };
pub(super) const HOLDS: Table = Table { name: "holds", keys: &["app", "digest"], values: &["shown_at", "lines"] };
pub(super) const COMPLETE: Table = Table { name: "complete_accounts", keys: &["app", "account"], values: &[] };
pub(super) const GROUPS: Table = Table { name: "app_groups", keys: &["app", "name"], values: &["id"] };
pub(super) const UNMANAGED: Table = Table { name: "unmanaged", keys: &["app", "account"], values: &["since"] };
pub(super) const NOT_KEPT: Table = Table { name: "not_kept", keys: &["app", "account"], values: &["attributes"] };
pub(super) const TASKS: Table = Table { name: "tasks", keys: &["app", "task"], values: &["opened_at", "removes"] };
pub(super) const JOURNAL: Table = Table {
    name: "journal",
    keys: &["app", "sequence"],
    values: &[
        "intended_at",
        "person",
        "label",
        "account",
        "slot_type",
        "slot_name",
        "action",
        "from_level",
        "to_level",
        "cause",
        "because",
        "finished",
    ],
};
pub(super) const RESULTS: Table =
    Table { name: "journal_results", keys: &["app", "sequence", "finished_at", "outcome"], values: &["error"] };
pub(super) const DECISIONS: Table = Table {
    name: "decisions",
    keys: &["scope", "subject", "digest", "directive", "decided_by", "not_after"],
    values: &["decided_at"],
};
pub(super) const DIRECTORY: Table =
    Table { name: "directory_facts", keys: &["directory", "fact", "id"], values: &["detail", "counted_at"] };
pub(super) const LEARNT: Table =
    Table { name: "learnt", keys: &["target_key", "name"], values: &["fact", "learnt_at"] };

/// What a removal is called in the budget.
pub(super) const REMOVAL: &str = "removal";
/// What an addition is called in the budget.
pub(super) const ADDITION: &str = "addition";

/// The key of a row about an edge.
pub(super) fn edge_key(app: &str, edge: &Edge) -> Vec<Cell> {
    vec![app.into(), edge.person.canonical().as_str().into(), (&edge.slot.kind).into(), (&edge.slot.name).into()]
}

pub(super) const fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Created => "created",
        Origin::Adopted => "adopted",
    }
}

pub(super) fn origin(word: &str) -> Option<Origin> {
    [Origin::Created, Origin::Adopted].into_iter().find(|origin| origin_word(*origin) == word)
}

pub(super) const fn directive_word(directive: Directive) -> &'static str {
    match directive {
        Directive::Approve => "approve",
        Directive::Reject => "reject",
    }
}

pub(super) fn directive(word: &str) -> Option<Directive> {
    [Directive::Approve, Directive::Reject].into_iter().find(|directive| directive_word(*directive) == word)
}
