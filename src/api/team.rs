//! `Team`: a named, reusable set of people.
#![expect(clippy::duplicated_attributes, reason = "two columns may have the same type")]
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::{
    Time,
    app_access::Subject,
    reference::{DirectoryGroup, Match, Reference},
    schema,
};

/// A set of people: the union of its parts, less `except`.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "appaccess.dev",
    version = "v1alpha1",
    kind = "Team",
    namespaced,
    category = "appaccess-all",
    status = "TeamStatus",
    derive = "PartialEq",
    doc = "A named, reusable set of people.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Members", type_ = "integer", json_path = ".status.members"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TeamSpec {
    /// People by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub members: Vec<Member>,
    /// Everybody in these teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub teams: Vec<Reference>,
    /// Everybody in these groups of directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub directory_groups: Vec<DirectoryGroup>,
    /// Everybody in a Directory whose attributes fit.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub match_: Option<Match>,
    /// Who does not belong although named above. One that cannot be found makes the team unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub except: Vec<Subject>,
    /// Other namespaces that may name this team.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::namespaces")]
    pub share_with: Vec<String>,
}

/// One person in a team.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.from) || !has(self.until) || timestamp(self.until) > timestamp(self.from)").message("let until be later than from"))]
pub struct Member {
    /// Mail address, or login where the app has no mails.
    #[schemars(schema_with = "schema::login")]
    pub user: String,
    /// When the membership begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// When the membership ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// What was found.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct TeamStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Number of people in it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
}
