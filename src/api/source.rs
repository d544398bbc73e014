//! Where a `Directory` gets its people from.
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Id,
    reference::LocalReference,
    schema::{self, is_default},
};

/// Exactly one source of people.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// People and groups written here.
    Inline(InlineSource),
    /// Pushed to us by an identity provider over SCIM.
    Scim(ScimSource),
    /// Read from Okta. Secret key `token`, or with `clientId` `privateKey` (PEM).
    Okta(OktaSource),
    /// Read from Microsoft Entra ID. Secret key `clientSecret`.
    Entra(EntraSource),
    /// Read from Google Workspace. Secret key `serviceAccount` (the JSON key).
    Google(GoogleSource),
    /// Read from `JumpCloud`. Secret key `token`.
    #[serde(rename = "jumpcloud")]
    JumpCloud(JumpCloudSource),
    /// Read from `OneLogin`. Secret key `clientSecret`.
    #[serde(rename = "onelogin")]
    OneLogin(OneLoginSource),
}

/// People and groups written in the object itself.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InlineSource {
    /// The people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["user".into()]))]
    pub people: Vec<InlinePerson>,
    /// The groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub groups: Vec<InlineGroup>,
}

/// One person of an inline directory.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InlinePerson {
    /// Id that never changes, also when the address does; the address where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// Mail address or login.
    #[schemars(schema_with = "schema::login")]
    pub user: String,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 320))]
    pub name: Option<String>,
    /// False once the person has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Attributes that can be matched on where the Directory lists them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::labels")]
    pub attributes: BTreeMap<String, String>,
    /// Further addresses and logins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::logins")]
    pub also: Vec<String>,
}

impl InlinePerson {
    /// Whether the person is active; true unless written.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.unwrap_or(true)
    }
}

/// One group of an inline directory.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InlineGroup {
    /// Name of the group.
    #[schemars(length(min = 1, max = 320))]
    pub name: String,
    /// Addresses or ids of people of this directory.
    #[schemars(length(max = 2000), inner(length(min = 1, max = 320)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub members: Vec<String>,
}

/// People pushed to us over SCIM, at `/scim/v2/<namespace>/<directory>`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScimSource {
    /// The tokens that the pushing side may show.
    pub tokens: Tokens,
}

/// Tokens of the inbound endpoint.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tokens {
    /// A Secret in the same namespace, each value of which is a valid token, so that two can overlap.
    pub secret_ref: LocalReference,
}

/// Okta.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OktaSource {
    /// The organisation's domain, such as `birch.okta.com`.
    #[schemars(schema_with = "schema::domain")]
    pub domain: String,
    /// Client of an API service app; then the Secret holds `privateKey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub client_id: Option<String>,
    /// Base address, where it is not the domain's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
}

/// Microsoft Entra ID.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntraSource {
    /// Tenant (directory) id.
    pub tenant_id: Id,
    /// Application (client) id.
    pub client_id: Id,
    /// Base address of Graph, for national clouds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
    /// Address that issues tokens, for national clouds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub login_url: Option<String>,
}

/// Google Workspace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GoogleSource {
    /// Mail address of the administrator whom the service account stands for.
    #[schemars(schema_with = "schema::login")]
    pub subject: String,
    /// Customer id; the subject's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Id>,
    /// Base address, where it is not Google's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
    /// Address that issues tokens, where it is not Google's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub token_url: Option<String>,
}

/// `JumpCloud`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JumpCloudSource {
    /// Organisation, for a key that sees several.
    #[serde(default, skip_serializing_if = "is_default")]
    pub org_id: Option<Id>,
    /// Base address, where it is not `JumpCloud`'s own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
}

/// `OneLogin`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneLoginSource {
    /// Subdomain of the account.
    #[schemars(schema_with = "schema::subdomain")]
    pub subdomain: String,
    /// Client id of the API credential.
    pub client_id: Id,
    /// Base address, where it is not the subdomain's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
}
