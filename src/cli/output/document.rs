//! The documents of `-o json`: field by field the published contract. Built from values of the core elsewhere; knows
//! nothing of how they came about.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::review::{Review, Touched};

/// The schema of what `plan` and `apply` print.
pub(crate) const PLAN_SCHEMA: &str = "appaccess.dev/plan/v1";
/// The schema of what `validate` prints.
pub(crate) const VALIDATE_SCHEMA: &str = "appaccess.dev/validate/v1";
/// The schema of what `approve` and `reject` print.
pub(crate) const DECISION_SCHEMA: &str = "appaccess.dev/decision/v1";

/// What `plan` and `apply` print.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/plan/v1"))]
pub(crate) struct PlanDocument {
    /// `appaccess.dev/plan/v1`.
    pub(crate) schema: &'static str,
    /// Every target app that was asked for, by name.
    pub(crate) apps: Vec<App>,
    /// What failed, with what to do about it.
    pub(crate) errors: Vec<ErrorEntry>,
    /// With `--base`: directories and teams that the change touches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) touched: Option<Vec<Touched>>,
    /// Whether anything was to be done, so that this is no plan any more.
    #[serde(skip)]
    pub(crate) tried: bool,
}

/// One target app.
#[expect(clippy::struct_field_names, reason = "the names are those of the contract")]
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct App {
    /// `namespace/name`.
    pub(crate) app: String,
    /// `Observe`, `Additive` or `Full`.
    pub(crate) mode: String,
    /// Whether the app was read as a whole; null where it was not asked (`--base`).
    pub(crate) complete: Option<bool>,
    /// What waits for a decision; in a plan with `--base` the intent of the change instead.
    #[serde(flatten)]
    pub(crate) waits: Waits,
    /// Accounts by sort.
    pub(crate) counts: Counts,
    /// Everything that would reach the declared state, in the order in which it is applied.
    pub(crate) changes: Vec<Change>,
    /// Differences that no declared change explains.
    pub(crate) drift: Vec<Drift>,
    /// What the app costs; null without a price.
    pub(crate) cost: Option<Cost>,
    /// The conditions of the target app.
    pub(crate) conditions: Vec<Condition>,
    /// Requests that were sent, retries, discovery and read-back among them.
    pub(crate) calls: Calls,
}

/// What waits for a decision, or what a change of the files withdraws.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Waits {
    /// Judged against the app.
    Hold {
        /// Null where nothing is held.
        hold: Option<Hold>,
    },
    /// Judged from files alone.
    Intent {
        /// What the change withdraws.
        intent: Intent,
        /// What else it means.
        review: Box<Review>,
    },
}

/// The held part of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Hold {
    /// What an approval names.
    pub(crate) digest: String,
    /// How many decisions the app has used up.
    pub(crate) sequence: u64,
    /// Distinct people with a held change.
    pub(crate) people: u64,
    /// How many people may lose something now.
    pub(crate) allowed: u64,
    /// Why, in CamelCase words.
    pub(crate) reasons: Vec<String>,
}

/// What a change of the files withdraws.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Intent {
    /// What an approval names.
    pub(crate) digest: String,
    /// The claims that are withdrawn.
    pub(crate) withdrawn: Vec<Withdrawn>,
}

/// One claim that a change of the files withdraws or lowers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Withdrawn {
    /// The subject as written.
    pub(crate) person: String,
    /// What.
    pub(crate) entitlement: Entitlement,
    /// The claims.
    pub(crate) because: Vec<String>,
    /// The value before, where it is only lowered.
    pub(crate) from: Option<String>,
    /// The value after, where it is only lowered.
    pub(crate) to: Option<String>,
    /// The claims that still carry it: then nobody loses anything.
    pub(crate) keeps: Vec<String>,
    /// When it ends now, where its end was brought forward (RFC 3339).
    pub(crate) until: Option<String>,
    /// Whether somebody loses something by it.
    pub(crate) loses: bool,
    /// Whether mode and `manage` allow that something is taken.
    pub(crate) permitted: bool,
}

/// Accounts by sort, as of the reading that the document rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// People wanted.
    pub(crate) declared: u64,
    /// Accounts read.
    pub(crate) seen: u64,
    /// Declared, with nothing to change.
    pub(crate) in_sync: u64,
    /// Declared without an account.
    pub(crate) missing: u64,
    /// Ours that should go.
    pub(crate) extra: u64,
    /// Not ours: orphans.
    pub(crate) orphans: u64,
    /// Not ours: unknown.
    pub(crate) unknown: u64,
    /// Invited and not accepted yet.
    pub(crate) invited: u64,
    /// With at least one change held.
    pub(crate) held: u64,
    /// With at least one change failed.
    pub(crate) failed: u64,
}

/// What is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Entitlement {
    /// `account`, `role`, `group`, or the connector's own.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its name; of a single value the new value, on `revoke` the old one.
    pub(crate) name: String,
    /// Its level, where it has one.
    pub(crate) level: Option<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// `create`, `invite`, `adopt`, `update`, `activate`, `grant`, `change`, `revoke`, `suspend`, `delete` or `task`.
    pub(crate) action: &'static str,
    /// For whom: mail or login; null for a group itself and for accounts of nobody known.
    pub(crate) person: Option<String>,
    /// The vendor's id of the account; null where there is none yet.
    pub(crate) account: Option<String>,
    /// What.
    pub(crate) entitlement: Entitlement,
    /// The value before.
    pub(crate) from: Option<String>,
    /// The value after.
    pub(crate) to: Option<String>,
    /// For `update`: what changes, by attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attributes: Option<BTreeMap<String, AttributeChange>>,
    /// `declared`, `leaver`, `expired`, `withdrawn`, `exclusive` or `unmanaged`.
    pub(crate) cause: &'static str,
    /// The claims that carry it, or that carried it.
    pub(crate) because: Vec<String>,
    /// The cause in words.
    pub(crate) reason: String,
    /// Whether mode and `manage` allow it.
    pub(crate) permitted: bool,
    /// Why it waits for a decision.
    pub(crate) held: Option<&'static str>,
    /// When a settling removal will be done (RFC 3339); the deadline of a task is its own.
    pub(crate) due: Option<String>,
    /// Why it would be held if that time had come now; absent where nothing would hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) held_when_due: Option<&'static str>,
    /// After `apply`: `applied`, `unverified`, `failed`, `skipped`, `held` or `pending`; null where it is not permitted.
    pub(crate) outcome: Option<&'static str>,
    /// Why it failed.
    pub(crate) error: Option<String>,
    /// What a person is to do; with action `task` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<Task>,
    /// What it does, also where a person does it.
    #[serde(skip)]
    pub(crate) does: &'static str,
    /// What a person reads where nobody is known.
    #[serde(skip)]
    pub(crate) label: String,
    /// Whether somebody loses something by it.
    #[serde(skip)]
    pub(crate) removal: bool,
}

/// How a person carries out a change that the app's interface cannot do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Task {
    /// Short, and the same from run to run.
    pub(crate) id: String,
    /// What is to be done: a word of the other actions.
    pub(crate) does: &'static str,
    /// Where to click; null where nobody said.
    pub(crate) clicks: Option<String>,
    /// Since when somebody is asked to do it (RFC 3339); null while it is held, settles or is only reported.
    pub(crate) opened: Option<String>,
    /// Until when it should be done (RFC 3339); null where it may take for ever.
    pub(crate) due: Option<String>,
    /// Whether that time has passed.
    pub(crate) overdue: bool,
}

/// One attribute before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct AttributeChange {
    /// The value before.
    pub(crate) from: Option<String>,
    /// The value after.
    pub(crate) to: Option<String>,
}

/// A difference that no declared change explains.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Drift {
    /// `orphan`, `leaver`, `unknown`, `guest`, `service`, `notOwned`, `extraMember`, `readded` or `attribute`.
    pub(crate) kind: &'static str,
    /// Whose, where somebody is known.
    pub(crate) person: Option<String>,
    /// The vendor's id of the account.
    pub(crate) account: Option<String>,
    /// What a person reads.
    pub(crate) label: String,
    /// What.
    pub(crate) entitlement: Entitlement,
    /// The word of the policy that applies; null where none does.
    pub(crate) policy: Option<String>,
}

/// Monthly cost, as decimal strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    /// The currency as declared.
    pub(crate) currency: String,
    /// What is paid now.
    pub(crate) monthly: String,
    /// What is paid after the permitted changes.
    pub(crate) monthly_after: String,
    /// What is paid for seats that no active declared holder uses, in whole packs.
    pub(crate) monthly_waste: String,
    /// The same after the permitted changes.
    pub(crate) monthly_waste_after: String,
    /// Seats that the vendor bills.
    pub(crate) used: u64,
    /// The same after the permitted changes.
    pub(crate) used_after: u64,
    /// Seats that were bought; null where nobody says.
    pub(crate) purchased: Option<u64>,
    /// Seats that are paid for and that no active declared holder uses.
    pub(crate) unused: u64,
    /// The same after the permitted changes.
    pub(crate) unused_after: u64,
    /// How long ago declared holders were active; null where `inactiveAfter` is not declared.
    pub(crate) activity: Option<Activity>,
    /// When the contract renews; null where nobody says.
    pub(crate) renews_on: Option<String>,
}

/// How long ago declared holders of an account were active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Activity {
    /// Declared holders whose account can be used.
    pub(crate) holders: u64,
    /// Those known to have been inactive for too long.
    pub(crate) inactive: u64,
    /// Those of whom nothing is known.
    pub(crate) unknown: u64,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Condition {
    /// Its type, as `Ready`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: &'static str,
    /// A CamelCase word.
    pub(crate) reason: String,
    /// What happened.
    pub(crate) message: String,
}

/// Requests by what they can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Calls {
    /// Requests that only read.
    pub(crate) reads: u64,
    /// Requests that could change something.
    pub(crate) writes: u64,
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct ErrorEntry {
    /// The target app; null where it is about no single one.
    pub(crate) app: Option<String>,
    /// The object, as `TargetApp access/toggl`.
    pub(crate) object: String,
    /// A CamelCase word.
    pub(crate) reason: String,
    /// What happened.
    pub(crate) message: String,
    /// What to do.
    pub(crate) remedy: String,
    /// Where the object stands in the files; absent where it stands nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Line>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct Line {
    /// The file, as it was named or found.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u64,
}

/// What `validate` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("$id" = "appaccess.dev/validate/v1"))]
pub(crate) struct ValidateDocument {
    /// `appaccess.dev/validate/v1`.
    pub(crate) schema: &'static str,
    /// Objects of ours that were read.
    pub(crate) objects: u64,
    /// Documents of other kinds, which were passed over.
    pub(crate) other_kinds: u64,
    /// What makes files invalid (exit 64).
    pub(crate) problems: Vec<Fault>,
    /// References to what is not there or not permitted (exit 1).
    pub(crate) findings: Vec<Fault>,
}

/// One fault of the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Fault {
    /// The file, `-` for standard input.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u64,
    /// The object, where it is known.
    pub(crate) object: Option<String>,
    /// The field; empty for the document as a whole.
    pub(crate) path: String,
    /// A CamelCase word; null where the message alone tells.
    pub(crate) reason: Option<String>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) remedy: String,
}

/// What `approve` and `reject` print.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("$id" = "appaccess.dev/decision/v1"))]
pub(crate) struct DecisionDocument {
    /// `appaccess.dev/decision/v1`.
    pub(crate) schema: &'static str,
    /// The target app or the directory, as `TargetApp access/toggl`.
    pub(crate) object: String,
    /// The digest that was decided.
    pub(crate) digest: String,
    /// `Approve` or `Reject`.
    pub(crate) decision: &'static str,
    /// When it stops to count (RFC 3339).
    pub(crate) not_after: String,
    /// Every row that it covers.
    pub(crate) rows: Vec<String>,
    /// Whether it was news; false where the same was decided before.
    pub(crate) recorded: bool,
}
