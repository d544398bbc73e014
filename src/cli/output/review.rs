//! What a change of the files means, for whoever reviews it: what `plan --base` says of each app beside what is granted and
//! withdrawn, and how it is shown. It knows no app and no file.

mod markdown;
mod rows;
#[cfg(test)]
mod tests;
mod text;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    document::{Entitlement, PlanDocument},
    json, painted, plain,
};
use crate::cli::{error::CommandError, flags::Format};

/// What a change of the files means for one app, beside what it grants and withdraws.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    /// `added`, `removed` or `kept`: whether both sides have the target app.
    pub(crate) presence: &'static str,
    /// Whether people carry out every change, as the app has no interface.
    pub(crate) by_hand: bool,
    /// Who must approve: the owners before the change, or those of a target app that had none.
    pub(crate) owners: Vec<String>,
    /// Distinct people, groups of directories as one each, who gain and who lose something.
    pub(crate) people: People,
    /// Claims that are written otherwise, whether or not anything follows from it.
    pub(crate) claims: Vec<ClaimRow>,
    /// Fields of the target app that change, and what claims say of people whom a directory alone can name; those that widen
    /// first.
    pub(crate) settings: Vec<Setting>,
    /// Ends and beginnings that change, that are new, or that are near.
    pub(crate) windows: Vec<Window>,
    /// What will stand in the way.
    pub(crate) warnings: Vec<Warning>,
    /// Groups and selections of directories, as written, whose people nobody can count without asking.
    pub(crate) uncounted: Vec<String>,
    /// Decisions about this app that the change adds, alters or takes out.
    pub(crate) decisions: Vec<DecisionRow>,
    /// The `AccessApproval` among the files that approves this intent; null where none does.
    pub(crate) approved_by: Option<String>,
    /// The `AccessApproval` that would approve this intent, as YAML; null where nothing is withdrawn.
    pub(crate) approval: Option<String>,
    /// Edges that are given or taken later only; the rows of `windows` tell them.
    #[serde(skip)]
    pub(crate) later: Vec<Later>,
}

/// An edge that a change gives or takes later only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Later {
    /// Who.
    pub(crate) person: String,
    /// Whether it is given, at some time.
    pub(crate) gains: bool,
    /// Whether it is taken, at some time.
    pub(crate) loses: bool,
    /// Whether mode and `manage` let it be given, and taken.
    pub(crate) is_done: (bool, bool),
}

/// Distinct people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct People {
    /// Who gain something at once.
    pub(crate) gaining: u64,
    /// Who lose something at once, or whose end is brought forward.
    pub(crate) losing: u64,
    /// Who gain something at a time to come.
    pub(crate) gaining_later: u64,
    /// Who lose something at a time to come.
    pub(crate) losing_later: u64,
}

/// A claim that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ClaimRow {
    /// As `namespace/object#grant`.
    pub(crate) claim: String,
    /// `added`, `removed` or `changed`.
    pub(crate) presence: &'static str,
}

/// One field that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Setting {
    /// As `safety.maxRemovals.people`.
    pub(crate) field: String,
    /// The value before; of a list, the entry that goes.
    pub(crate) from: Option<String>,
    /// The value after; of a list, the entry that comes.
    pub(crate) to: Option<String>,
    /// `widens` (reaches further or guards less), `narrows`, or `other`.
    pub(crate) effect: &'static str,
}

/// An end, a beginning or a change of value at a time to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Window {
    /// `ends`, `endsEarlier`, `endsLater`, `begins`, `beginsNoMore`, `changes` or `changesNoMore`.
    pub(crate) what: &'static str,
    /// Who.
    pub(crate) person: String,
    /// What, with the value that begins, ends or follows.
    pub(crate) entitlement: Entitlement,
    /// The value before, where it changes.
    pub(crate) from: Option<String>,
    /// The value after, where it changes.
    pub(crate) to: Option<String>,
    /// When (RFC 3339); null for never.
    pub(crate) at: Option<String>,
    /// When it ended, began or changed before the change of the files; null for never, and where it is new.
    pub(crate) before: Option<String>,
    /// What the change of the files means for it: `gains`, `loses` (of values without an order either), or `none`.
    pub(crate) effect: &'static str,
    /// Whether mode and `manage` allow it.
    pub(crate) permitted: bool,
    /// The claims that come or go by it.
    pub(crate) because: Vec<String>,
}

/// Something that will stand in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Warning {
    /// A CamelCase word; those of `PlanHeld` where a hold is to come.
    pub(crate) reason: &'static str,
    /// What, and what to do.
    pub(crate) message: String,
    /// Who or what it is about, where that has a name.
    pub(crate) about: Vec<String>,
}

/// A decision that the change adds, alters or takes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecisionRow {
    /// The `AccessApproval`, as `namespace/name`.
    pub(crate) object: String,
    /// `added`, `removed` or `changed`.
    pub(crate) presence: &'static str,
    /// What it names.
    pub(crate) digest: String,
    /// `Approve` or `Reject`.
    pub(crate) decision: &'static str,
    /// When it stops to count (RFC 3339).
    pub(crate) not_after: String,
    /// Whether the digest is that of this change's intent.
    pub(crate) of_this_change: bool,
    /// Why it does not count; null where it does.
    pub(crate) refused: Option<String>,
}

/// An object that is no claim and no target app, and that the change touches: a directory, a team, or a decision about what is
/// not among the apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Touched {
    /// As `Directory it/okta`.
    pub(crate) object: String,
    /// `added`, `removed` or `changed`.
    pub(crate) presence: &'static str,
    /// Its fields that change.
    pub(crate) settings: Vec<Setting>,
}

/// Prints what a change means. `command` shows it again.
pub(crate) fn review(document: &PlanDocument, format: Format, command: &str) -> Result<(), CommandError> {
    match format {
        Format::Text => painted(&text::review(document)),
        Format::Markdown => plain(&markdown::review(document, command)),
        Format::Json => json(document),
    }
}
