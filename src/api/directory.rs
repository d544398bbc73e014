//! `Directory`: a source of people and groups.
#![expect(clippy::duplicated_attributes, reason = "two columns may have the same type")]
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, policy::Budget, reference::Credentials, schema, source::Source, target_app_status::HoldSummary};

/// A source of people and groups, and what its word counts for.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "appaccess.dev",
    version = "v1alpha1",
    kind = "Directory",
    plural = "directories",
    namespaced,
    shortname = "dir",
    category = "appaccess-all",
    status = "DirectoryStatus",
    derive = "PartialEq",
    doc = "A source of people and groups.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "People", type_ = "integer", json_path = ".status.counts.people"),
    printcolumn(name = "Leavers", type_ = "integer", json_path = ".status.counts.leavers"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = Rule::new("has(self.credentials) || has(self.source.inline) || has(self.source.scim)").message("write credentials: {secretRef: {name: …}} for a directory that is read"),
    validation = Rule::new("!has(self.credentials) || !(has(self.source.inline) || has(self.source.scim))").message("leave out credentials: an inline directory needs none, a pushed one has source.scim.tokens")
)]
pub struct DirectorySpec {
    /// Where the people come from.
    pub source: Source,
    /// The credential for a directory that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// Mail domains that the directory owns in the whole installation: an address in one of them must exist here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::domains")]
    pub domains: Vec<String>,
    /// Whether people are taken out of apps on this directory's word.
    #[serde(default, skip_serializing_if = "schema::is_default")]
    pub leavers: Leavers,
    /// What proves that somebody has left.
    #[serde(default, skip_serializing_if = "schema::is_default")]
    pub leaver_proof: LeaverProof,
    /// How many people may vanish in rolling 24 h before everything waits for a decision; the larger half counts,
    /// 5 people or 5 % unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_shrink: Option<Budget>,
    /// How often it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// Attributes that may be matched on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub attributes: Vec<String>,
    /// Further addresses of people, in the whole installation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["person".into()]))]
    pub aliases: Vec<Alias>,
    /// Other namespaces that may name this directory's groups and attributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::namespaces")]
    pub share_with: Vec<String>,
}

impl DirectorySpec {
    /// Limit on people who vanish in rolling 24 h, with the defaults filled in.
    #[must_use]
    pub fn shrink_limit(&self) -> (u32, u32) {
        let budget = self.max_shrink.unwrap_or_default();
        (budget.people.unwrap_or(5), budget.percent.unwrap_or(5))
    }
}

/// Whether people are taken out of apps on a directory's word.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leavers {
    /// Leavers are shown, nothing more.
    #[default]
    Report,
    /// Leavers lose what we own of theirs in every app.
    Act,
}

/// What proves that somebody has left.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeaverProof {
    /// The source says that the person is disabled.
    #[default]
    Disabled,
    /// The source says disabled or deleted, or two complete readings in a row lack the person.
    DisabledOrDeleted,
}

/// Further addresses of one person.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alias {
    /// Address or id by which the directory knows the person.
    #[schemars(schema_with = "schema::login")]
    pub person: String,
    /// Addresses and logins that mean the same person.
    #[schemars(schema_with = "schema::logins")]
    pub also: Vec<String>,
}

/// What was read.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Counts as of the last complete reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<DirectoryCounts>,
    /// The breaker, while it waits for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldSummary>,
    /// The request for a pass (annotation `appaccess.dev/reconcile-at`) that was answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub last_handled_reconcile_at: Option<String>,
}

/// Counts of a directory.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryCounts {
    /// People known.
    #[serde(default)]
    pub people: u32,
    /// Of them active.
    #[serde(default)]
    pub active: u32,
    /// Proven leavers.
    #[serde(default)]
    pub leavers: u32,
    /// People whom the last complete reading lacked, without proof that they left.
    #[serde(default)]
    pub absent: u32,
    /// Groups known.
    #[serde(default)]
    pub groups: u32,
}
