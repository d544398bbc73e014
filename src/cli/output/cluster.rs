//! The document of `plan --cluster`: what the operator wrote, field by field.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Condition;

/// The schema of what `plan --cluster` prints.
pub(crate) const CLUSTER_SCHEMA: &str = "appaccess.dev/cluster/v1";

/// What `plan --cluster` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/cluster/v1"))]
pub(crate) struct ClusterDocument {
    /// `appaccess.dev/cluster/v1`.
    pub(crate) schema: &'static str,
    /// Every target app that was asked for, by name.
    pub(crate) apps: Vec<ClusterApp>,
}

/// One target app as its status tells.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ClusterApp {
    /// `namespace/name`.
    pub(crate) app: String,
    /// `Observe`, `Additive` or `Full`.
    pub(crate) mode: String,
    /// The conditions of its status.
    pub(crate) conditions: Vec<Condition>,
    /// What waits for a decision; null where nothing does.
    pub(crate) plan: Option<ClusterPlan>,
}

/// The `AccessPlan` of a target app.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ClusterPlan {
    /// What an approval names.
    pub(crate) digest: String,
    /// Why, in CamelCase words.
    pub(crate) reasons: Vec<String>,
    /// Distinct people with a held change.
    pub(crate) people: u32,
    /// How many people may lose something now.
    pub(crate) allowed: Option<u32>,
    /// Held changes in all.
    pub(crate) changes: u32,
    /// Each of them in words.
    pub(crate) rows: Vec<String>,
    /// Their number in words.
    #[serde(skip)]
    pub(crate) summary: String,
}
