//! How a target app is reached: one form per connector.
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Duration, Id,
    schema::{self, is_default},
    scim_overrides::ScimOverrides,
};

/// Exactly one connector.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Connector {
    /// Any app that speaks SCIM 2.0.
    Scim(Box<ScimConnector>),
    /// Clockify, by its own API. Secret key `token`.
    Clockify(ClockifyConnector),
    /// Toggl Track, by its own API. Secret key `token`.
    Toggl(TogglConnector),
    /// Harvest, by its own API. Secret key `token`.
    Harvest(HarvestConnector),
    /// Aha!, by its own API. Secret key `token`.
    Aha(AhaConnector),
    /// An app without an interface: a roster that is read, and tasks for people.
    Manual(ManualConnector),
}

impl Connector {
    /// The word that names the connector in YAML.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scim(_) => "scim",
            Self::Clockify(_) => "clockify",
            Self::Toggl(_) => "toggl",
            Self::Harvest(_) => "harvest",
            Self::Aha(_) => "aha",
            Self::Manual(_) => "manual",
        }
    }
}

/// Any app that speaks SCIM 2.0.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScimConnector {
    /// Base address of the SCIM service, version path included.
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: String,
    /// What is known of the vendor's habits; `generic` where absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: ScimProfile,
    /// How the credential is shown; as a bearer token (Secret key `token`) where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<ScimAuth>,
    /// Single values of the profile, said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrides: Option<ScimOverrides>,
    /// Which value goes into which attribute.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mapping: ScimMapping,
}

/// A vendor's habits, by name.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScimProfile {
    /// What the RFCs say, and what the server tells of itself.
    #[default]
    #[serde(rename = "generic")]
    Generic,
    /// Clockify's SCIM service.
    #[serde(rename = "clockify")]
    Clockify,
    /// `WorkOS` Directory Sync.
    #[serde(rename = "workos")]
    WorkOs,
    /// Clockwise.
    #[serde(rename = "clockwise")]
    Clockwise,
    /// Poggio.
    #[serde(rename = "poggio")]
    Poggio,
    /// 6sense.
    #[serde(rename = "6sense")]
    SixSense,
}

impl ScimProfile {
    /// The word that names the profile in YAML.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Clockify => "clockify",
            Self::WorkOs => "workos",
            Self::Clockwise => "clockwise",
            Self::Poggio => "poggio",
            Self::SixSense => "6sense",
        }
    }
}

/// Exactly one way to show the credential.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ScimAuth {
    /// `Authorization: Bearer`, from Secret key `token`.
    Bearer(Empty),
    /// A header of its own, from Secret key `token`.
    Header(HeaderAuth),
    /// `Authorization: Basic`, from Secret keys `username` and `password`.
    Basic(Empty),
    /// A token got with client credentials, from Secret keys `clientId` and `clientSecret`.
    #[serde(rename = "oauth2")]
    OAuth2(OAuth2Auth),
}

/// Nothing to say: `{}`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// A credential in a header of its own.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderAuth {
    /// Name of the header, such as `X-Api-Key`.
    #[schemars(schema_with = "header_name")]
    pub name: String,
    /// What stands before the token, blank included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "header_prefix")]
    pub prefix: Option<String>,
}

/// A token got with client credentials.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OAuth2Auth {
    /// Address that issues tokens. Its host counts among those that the credential may go to.
    #[schemars(schema_with = "schema::base_url")]
    pub token_url: String,
    /// Scopes to ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub scopes: Vec<String>,
}

fn header_name(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::matching(64, "^[A-Za-z0-9-]+$", "write the name of one header, such as X-Api-Key")
}

fn header_prefix(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::matching(64, "^[ -~]+$", "write printable ASCII characters, such as \"Token \"")
}

/// Which value goes into which attribute. A closed list: there are no templates.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScimMapping {
    /// What `userName` is: the mail address where absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user_name: UserNameSource,
    /// What `externalId` is: the person's id in the directory where absent. A person without id gets none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub external_id: ExternalIdSource,
    /// Attributes that we keep up to date; none where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub attributes: Vec<KeptAttribute>,
}

/// What `userName` is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum UserNameSource {
    /// The mail address.
    #[default]
    Mail,
    /// The login.
    Login,
    /// The id in the directory.
    Id,
}

/// What `externalId` is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ExternalIdSource {
    /// The id in the directory.
    #[default]
    Id,
    /// The mail address.
    Mail,
    /// It is not sent.
    None,
}

/// An attribute that we keep up to date.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub enum KeptAttribute {
    /// `displayName`.
    DisplayName,
    /// `name`, given and family.
    Name,
    /// `title`.
    Title,
    /// `department`.
    Department,
}

/// Clockify by its own API.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClockifyConnector {
    /// Id of the workspace, quoted.
    pub workspace_id: Id,
    /// Base address, for regions and for servers of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
}

/// Toggl Track by its own API.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TogglConnector {
    /// Id of the organisation, quoted.
    pub organization_id: Id,
    /// Id of the workspace that invitations lead to, quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_workspace_id: Option<Id>,
    /// Base address, where it is not Toggl's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
}

/// Harvest by its own API.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HarvestConnector {
    /// Id of the account, quoted.
    pub account_id: Id,
    /// Base address, where it is not Harvest's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
}

/// Aha! by its own API.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AhaConnector {
    /// The account's subdomain, `birch` in `birch.aha.io`.
    #[schemars(schema_with = "schema::subdomain")]
    pub domain: String,
    /// Base address, where it is not the subdomain's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base_url")]
    pub base_url: Option<String>,
}

/// An app without an interface.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualConnector {
    /// Where the list of accounts is.
    pub roster: Roster,
    /// Names of the roster's columns, where they differ from ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<RosterColumns>,
    /// How tasks are put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<ManualTasks>,
}

/// Exactly one place of a roster: CSV with a header.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Roster {
    /// A file, relative to the YAML. Not in the cluster.
    File(#[schemars(schema_with = "roster_file")] String),
    /// A `ConfigMap` in the same namespace.
    ConfigMapRef(ConfigMapReference),
}

fn roster_file(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::ruled(
        1024,
        "self.matches('^[^/[:cntrl:]][^[:cntrl:]]*$') && !('..' in self.split('/'))",
        "write a path relative to the YAML file, without '..', such as rosters/appcues.csv",
    )
}

/// A key of a `ConfigMap`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigMapReference {
    /// Name of the `ConfigMap`, in the same namespace.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
    /// Its key; its only key where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub key: Option<String>,
}

/// Names of a roster's columns. `user` must be there; the others are read where the roster has them.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RosterColumns {
    /// Column with the mail address or login.
    #[schemars(length(min = 1, max = 128))]
    pub user: String,
    /// Column with the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub name: Option<String>,
    /// Column that tells whether the account is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub active: Option<String>,
    /// Column with the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub role: Option<String>,
    /// Column with the groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub groups: Option<String>,
    /// Column with the time of the last activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub last_active: Option<String>,
}

/// How tasks for people are put.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualTasks {
    /// How long a task may take until it is overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_in: Option<Duration>,
    /// What to click, for whoever does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub instructions: Option<String>,
}
