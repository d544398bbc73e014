//! `AccessPlan`: the hold of one target app, written by the operator for people to read.
#![expect(clippy::duplicated_attributes, reason = "two columns may have the same type")]
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Time,
    reference::{Entitlement, LocalReference},
    schema,
};

/// Most rows that a plan can show, and so the largest hold that can be approved.
pub const MOST_ROWS: usize = 500;

/// Held changes of the target app of the same name.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "appaccess.dev",
    version = "v1alpha1",
    kind = "AccessPlan",
    namespaced,
    shortname = "aplan",
    category = "appaccess-all",
    status = "AccessPlanStatus",
    derive = "PartialEq",
    doc = "The changes of one target app that wait for a decision. Written by the operator.",
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Reason", type_ = "string", json_path = ".spec.reasons[0]"),
    printcolumn(name = "People", type_ = "integer", json_path = ".spec.people"),
    printcolumn(name = "Allowed", type_ = "integer", json_path = ".spec.allowed"),
    printcolumn(name = "Changes", type_ = "integer", json_path = ".spec.changes"),
    printcolumn(name = "Digest", type_ = "string", json_path = ".spec.digest", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessPlanSpec {
    /// The target app, in the same namespace.
    pub app_ref: LocalReference,
    /// Digest to approve or reject.
    #[schemars(schema_with = "schema::digest")]
    pub digest: String,
    /// How many decisions this app has used up.
    #[serde(default)]
    pub sequence: u64,
    /// Why the changes are held.
    #[schemars(length(max = 16), inner(length(min = 1, max = 63)))]
    pub reasons: Vec<String>,
    /// Distinct people concerned.
    pub people: u32,
    /// How many people may lose something without a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<u32>,
    /// Held changes in all. More than 500 cannot be approved unseen: split the change, or raise the budget.
    pub changes: u32,
    /// Every held change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub rows: Vec<PlanRow>,
}

/// One held change.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanRow {
    /// What would be done.
    pub action: Action,
    /// The person, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 320))]
    pub person: Option<String>,
    /// The vendor's id of the account, where there is one yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub account: Option<String>,
    /// What is held.
    pub entitlement: Entitlement,
    /// Value now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 320))]
    pub from: Option<String>,
    /// Value afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 320))]
    pub to: Option<String>,
    /// Why it goes or comes.
    pub cause: Cause,
    /// Claims that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 400)))]
    pub because: Vec<String>,
    /// The evidence in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub reason: Option<String>,
    /// Why the change is held.
    #[schemars(length(min = 1, max = 63))]
    pub held: String,
    /// When a settling removal would be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
}

/// What a change does.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Makes an account or a group.
    Create,
    /// Invites a person.
    Invite,
    /// Takes what exists into our inventory.
    Adopt,
    /// Brings attributes up to date.
    Update,
    /// Makes a suspended account usable again.
    Activate,
    /// Gives an entitlement.
    Grant,
    /// Changes a level or a single value.
    Change,
    /// Takes an entitlement.
    Revoke,
    /// Suspends an account.
    Suspend,
    /// Deletes an account.
    Delete,
    /// Asks a person to do it.
    Task,
}

/// Why an edge goes or comes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// It is claimed.
    Declared,
    /// The person is a proven leaver.
    Leaver,
    /// The last claim has run out.
    Expired,
    /// The claim is gone.
    Withdrawn,
    /// The group is exclusive and the member not declared.
    Exclusive,
    /// The account is not ours and the policy for its class says so.
    Unmanaged,
}

/// Nothing is decided here; the status only says that the plan is current.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AccessPlanStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
