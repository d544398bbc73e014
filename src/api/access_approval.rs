//! `AccessApproval`: somebody's yes or no to one digest.
#![expect(clippy::duplicated_attributes, reason = "two columns may have the same type")]
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Time, reference::Reference, schema};

/// A decision on one digest. Create-only.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "appaccess.dev",
    version = "v1alpha1",
    kind = "AccessApproval",
    namespaced,
    shortname = "aapprove",
    category = "appaccess-all",
    status = "AccessApprovalStatus",
    derive = "PartialEq",
    doc = "Names one digest and says yes or no.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Decision", type_ = "string", json_path = ".spec.decision"),
    printcolumn(name = "App", type_ = "string", json_path = ".spec.appRef.name"),
    printcolumn(name = "Directory", type_ = "string", json_path = ".spec.directoryRef.name"),
    printcolumn(name = "Not-After", type_ = "string", json_path = ".spec.notAfter"),
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
    validation = Rule::new("has(self.appRef) != has(self.directoryRef)").message("write exactly one of: appRef, directoryRef"),
    validation = Rule::new("self == oldSelf").message("a decision cannot be changed: create a new AccessApproval")
)]
pub struct AccessApprovalSpec {
    /// The target app whose hold, or whose withdrawn claims, are decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_ref: Option<Reference>,
    /// The directory whose breaker is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_ref: Option<Reference>,
    /// Digest of a hold, of an intent or of a directory's breaker, as the plan shows it.
    #[schemars(schema_with = "schema::digest")]
    pub digest: String,
    /// Yes or no.
    pub decision: Decision,
    /// Why, for the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reason: Option<String>,
    /// Who decided, by the name that the cluster knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub decided_by: Option<String>,
    /// Until when the decision is good; at most 30 days after its creation.
    pub not_after: Time,
}

/// Yes or no.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The held changes are made.
    Approve,
    /// The held changes stay undone until the YAML says what was decided.
    Reject,
}

/// What became of the decision.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AccessApprovalStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
