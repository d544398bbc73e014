//! `TargetApp`: one tenant of one SaaS app.
#![expect(clippy::duplicated_attributes, reason = "two columns may have the same type")]
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]
#![expect(clippy::struct_excessive_bools, reason = "four independent switches, as users write them")]

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Date, Duration, Id, Money, Time,
    connector::Connector,
    policy::{Allow, Offboarding, OwnershipPolicy, Safety, Unmanaged},
    reference::Credentials,
    schema::{self, is_default},
    target_app_status::TargetAppStatus,
};

/// One tenant of one SaaS app: how it is reached, what may be done in it, and who may claim what.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "appaccess.dev",
    version = "v1alpha1",
    kind = "TargetApp",
    namespaced,
    shortname = "tapp",
    category = "appaccess-all",
    status = "TargetAppStatus",
    derive = "PartialEq",
    doc = "One tenant of one SaaS app.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode"),
    printcolumn(name = "Declared", type_ = "integer", json_path = ".status.counts.declared"),
    printcolumn(name = "Seen", type_ = "integer", json_path = ".status.counts.seen"),
    printcolumn(name = "Drift", type_ = "integer", json_path = ".status.driftTotal"),
    printcolumn(name = "Held", type_ = "integer", json_path = ".status.counts.held"),
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
    validation = Rule::new("has(self.credentials) || has(self.connector.manual)").message("write credentials: {secretRef: {name: …}}: every connector but manual needs them"),
    validation = Rule::new("(has(self.mode) && self.mode == 'Full') || !has(self.unmanaged) || ![has(self.unmanaged.orphan) && self.unmanaged.orphan.action == 'Delete', has(self.unmanaged.unknown) && self.unmanaged.unknown.action == 'Delete', has(self.unmanaged.guest) && self.unmanaged.guest.action == 'Delete', has(self.unmanaged.service) && self.unmanaged.service.action == 'Delete'].exists(deletes, deletes)").message("write mode: Full for an unmanaged action Delete, or another action"),
    validation = Rule::new("(has(self.mode) && self.mode == 'Full') || !has(self.offboarding) || ![has(self.offboarding.leaver) && (self.offboarding.leaver.action == 'Delete' || has(self.offboarding.leaver.deleteAfter)), has(self.offboarding.expired) && (self.offboarding.expired.action == 'Delete' || has(self.offboarding.expired.deleteAfter)), has(self.offboarding.withdrawn) && (self.offboarding.withdrawn.action == 'Delete' || has(self.offboarding.withdrawn.deleteAfter))].exists(deletes, deletes)").message("write mode: Full for an offboarding action Delete or a deleteAfter, or leave them out"),
    validation = Rule::new("!has(self.suspendUntil) || (has(self.suspend) && self.suspend)").message("write suspend: true beside suspendUntil")
)]
pub struct TargetAppSpec {
    /// How the app is reached.
    pub connector: Connector,
    /// The credential. Every connector but `manual` needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// How far we may go.
    #[serde(default)]
    pub mode: Mode,
    /// What is managed, whatever the mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub manage: Manage,
    /// Whether accounts and memberships that exist already become ours when they are declared.
    #[serde(default, skip_serializing_if = "is_default")]
    pub adopt: Adopt,
    /// Accounts of people, where mail does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["person".into()]))]
    pub accounts: Vec<AccountLink>,
    /// How to tell service accounts and guests.
    #[serde(default, skip_serializing_if = "is_default")]
    pub classify: Classify,
    /// What becomes of an account of ours whose last claim is gone; it is suspended where absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offboarding: Offboarding,
    /// What becomes of accounts that are not ours; they are reported or ignored where absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unmanaged: Unmanaged,
    /// Whether members that nobody declared may stay in a group.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ownership: OwnershipPolicy,
    /// Order of the roles, for apps that do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<RoleOrder>,
    /// What keeps a mistake small.
    #[serde(default, skip_serializing_if = "is_default")]
    pub safety: Safety,
    /// Who else may claim what. The own namespace always may, all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub allow: Vec<Allow>,
    /// How often the app is compared; from the rate budget where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// How often the app is read in full; each hour where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_read_interval: Option<Duration>,
    /// How many requests may be sent; from the connector where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// What a seat costs, for cost and waste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
    /// Who approves: shown in plans, used for CODEOWNERS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub owners: Vec<String>,
    /// Vendor traps that the owner has read, such as `clockwise/paid-plan-cutover`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub acknowledged_cliffs: Vec<String>,
    /// Stops touching this app.
    #[serde(default, skip_serializing_if = "is_default")]
    pub suspend: bool,
    /// When the stop ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend_until: Option<Time>,
}

/// How far we may go in an app.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Reads and reports.
    #[default]
    Observe,
    /// Also adopts, creates, adds, raises, reactivates and updates.
    Additive,
    /// Also suspends, lowers and removes what we own, and does what the policies say.
    Full,
}

/// Whether what exists already becomes ours when it is declared.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adopt {
    /// Never: it is reported as drift and left alone.
    Never,
    /// Where it is declared and unambiguous.
    #[default]
    Matched,
}

/// What is managed; all of it where absent.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manage {
    /// Accounts are made, suspended and deleted.
    #[serde(default = "yes")]
    pub accounts: bool,
    /// Memberships in groups are added and removed.
    #[serde(default = "yes")]
    pub memberships: bool,
    /// Roles and other entitlements are added and removed.
    #[serde(default = "yes")]
    pub roles: bool,
    /// Attributes are kept up to date.
    #[serde(default = "yes")]
    pub attributes: bool,
}

const fn yes() -> bool {
    true
}

impl Default for Manage {
    fn default() -> Self {
        Self { accounts: true, memberships: true, roles: true, attributes: true }
    }
}

/// A person's account, where mail does not tell.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountLink {
    /// Mail address of the person.
    #[schemars(schema_with = "schema::login")]
    pub person: String,
    /// The vendor's id of the account.
    pub id: Id,
}

/// How to tell service accounts and guests.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Classify {
    /// Logins as globs, or account ids, of service accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub service: Vec<String>,
    /// How to tell guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Guests>,
}

/// How to tell guests.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guests {
    /// Mail domains of guests.
    #[schemars(schema_with = "schema::domains")]
    pub domains: Vec<String>,
}

/// Order of the roles, for apps that do not tell.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleOrder {
    /// Roles from the lowest to the highest.
    #[schemars(schema_with = "schema::names")]
    pub order: Vec<String>,
    /// Roles that no glob in `allow` matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub privileged: Vec<String>,
}

/// How many requests may be sent.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// So many requests.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests: u32,
    /// In this time.
    pub per: Duration,
    /// How many at once; as many as `requests` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
}

/// What a seat costs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seats {
    /// Price of one seat.
    pub price: Money,
    /// Currency by its ISO 4217 code.
    #[schemars(schema_with = "currency")]
    pub currency: String,
    /// What the price is for.
    pub per: Period,
    /// Seats are sold in packs of this many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub pack: Option<u32>,
    /// Seats that are paid for. Additions beyond them are held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub purchased: Option<u32>,
    /// When the contract renews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_on: Option<Date>,
    /// Prices of single roles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub by_role: BTreeMap<String, Money>,
    /// After how long without activity a seat counts as unused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive_after: Option<Duration>,
}

/// What a price is for.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A month.
    Month,
    /// A year.
    Year,
}

fn currency(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::matching(3, "^[A-Z]{3}$", "write the three capital letters of the currency, such as USD or EUR")
}
