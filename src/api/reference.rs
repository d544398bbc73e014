//! References between objects, and the sets of people that `AppAccess` and `Team` name alike.
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// Names an object, exactly.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reference {
    /// Name of the object.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// Namespace of the object; that of the referring object where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace")]
    pub namespace: Option<String>,
}

/// Names an object of the same namespace, such as a Secret.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalReference {
    /// Name of the object, in the namespace of the object that names it.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
}

/// A credential, and where it may go.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credentials {
    /// The Secret that holds it, in the same namespace. Its keys are fixed per connector, `token` for most.
    pub secret_ref: LocalReference,
    /// Hosts that the credential may be sent to, `name` (any port) or `name:port`. Built in for vendors, else the host of
    /// `baseUrl`. The Secret may carry a key `host` itself; then both must agree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::hosts")]
    pub hosts: Vec<String>,
}

/// A group of a directory.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectoryGroup {
    /// Name of the Directory.
    #[schemars(schema_with = "schema::object_name")]
    pub directory: String,
    /// Name of the group as the directory shows it.
    #[schemars(length(min = 1, max = 320))]
    pub group: String,
    /// Namespace of the Directory; that of the referring object where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace")]
    pub namespace: Option<String>,
}

/// People of a directory by their attributes, in the form of a label selector.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0)").message("write matchLabels or matchExpressions: an empty match would be everybody"))]
pub struct Match {
    /// Name of the Directory.
    #[schemars(schema_with = "schema::object_name")]
    pub directory: String,
    /// Namespace of the Directory; that of the referring object where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::namespace")]
    pub namespace: Option<String>,
    /// Attributes and the value that each must have. The Directory must list them in `attributes`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::labels")]
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements, all of which must hold. An attribute that a person lacks satisfies `DoesNotExist` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub match_expressions: Vec<Requirement>,
}

/// One requirement of a selector.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)").message("write values with the operators In and NotIn, and none with Exists and DoesNotExist"))]
pub struct Requirement {
    /// Attribute or label that is looked at.
    #[schemars(length(min = 1, max = 320))]
    pub key: String,
    /// How it is compared.
    pub operator: Operator,
    /// Values to compare with, for `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 320)))]
    pub values: Vec<String>,
}

/// How a requirement compares.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The value is one of those listed.
    In,
    /// There is a value, and it is none of those listed.
    NotIn,
    /// There is a value.
    Exists,
    /// There is no value.
    DoesNotExist,
}

/// Namespaces, or whatever bears labels, by labels.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0)").message("write matchLabels or matchExpressions: an empty selector would be every namespace"))]
pub struct Selector {
    /// Labels and the value that each must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::labels")]
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements, all of which must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub match_expressions: Vec<Requirement>,
}

/// An entitlement of the connector's own, by type and name.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entitlement {
    /// Type that the connector declares, such as `workspace` or `product`.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 63))]
    pub type_: String,
    /// Name within the type.
    #[schemars(length(max = 320))]
    pub name: String,
    /// Level, for a type that has levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub level: Option<String>,
}
