//! Status of a `TargetApp`: a summary of constant size.
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Date, Money, Time, reference::Entitlement};

/// What the last pass found and did.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct TargetAppStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// What the app was found able to do, as words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 63)))]
    pub capabilities: Vec<String>,
    /// Differences that no declared change explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_total: Option<u32>,
    /// The first 20 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub drift: Vec<DriftRow>,
    /// Accounts, as of the reading that this status rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<AccountCounts>,
    /// Seats and what they cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<SeatStatus>,
    /// What waits for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldSummary>,
    /// What is known of the credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialStatus>,
    /// The last number that the store gave to an intended change. It tells when store or cluster went back in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
    /// The request for a pass (annotation `appaccess.dev/reconcile-at`) that was answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub last_handled_reconcile_at: Option<String>,
}

/// Counts of accounts.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AccountCounts {
    /// People wanted.
    #[serde(default)]
    pub declared: u32,
    /// Accounts read.
    #[serde(default)]
    pub seen: u32,
    /// Declared, with nothing to change.
    #[serde(default)]
    pub in_sync: u32,
    /// Declared without an account.
    #[serde(default)]
    pub missing: u32,
    /// Ours that should go.
    #[serde(default)]
    pub extra: u32,
    /// Not ours, of people who have left.
    #[serde(default)]
    pub orphans: u32,
    /// Not ours, of nobody we know.
    #[serde(default)]
    pub unknown: u32,
    /// Invited and not yet accepted.
    #[serde(default)]
    pub invited: u32,
    /// With at least one held change.
    #[serde(default)]
    pub held: u32,
    /// With at least one failed change.
    #[serde(default)]
    pub failed: u32,
}

/// Seats and what they cost.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SeatStatus {
    /// Seats that the vendor bills.
    pub used: u32,
    /// Seats that are paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchased: Option<u32>,
    /// Seats that are paid for and that no active declared holder uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<u32>,
    /// Declared holders known to be inactive for longer than `inactiveAfter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive: Option<u32>,
    /// Declared holders of whose last activity nothing is known, where `inactiveAfter` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_unknown: Option<u32>,
    /// What a month costs.
    pub monthly_cost: Money,
    /// What a month pays for nothing.
    pub monthly_waste: Money,
    /// Currency by its ISO 4217 code.
    #[schemars(length(max = 3))]
    pub currency: String,
    /// When the contract renews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_on: Option<Date>,
}

/// What waits for a decision.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct HoldSummary {
    /// Digest to approve or reject.
    #[schemars(length(max = 71))]
    pub digest: String,
    /// Distinct people concerned.
    pub people: u32,
    /// Held changes.
    pub changes: u32,
    /// Name of the `AccessPlan` that shows every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub plan_ref: Option<String>,
}

/// What is known of a credential.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CredentialStatus {
    /// When it ceases to be valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// One difference that no declared change explains.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DriftRow {
    /// What it is.
    pub kind: DriftKind,
    /// The person, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 320))]
    pub person: Option<String>,
    /// The vendor's id of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub account: Option<String>,
    /// What the app shows for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 320))]
    pub label: Option<String>,
    /// What differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<Entitlement>,
    /// What the policy says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub policy: Option<String>,
}

/// Kinds of drift.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub enum DriftKind {
    /// An account that is not ours, of somebody whom the owning directory lacks.
    Orphan,
    /// An account of a proven leaver.
    Leaver,
    /// An account of nobody we know.
    Unknown,
    /// An account of a guest.
    Guest,
    /// A service account.
    Service,
    /// Declared, exists already, and may not be adopted.
    NotOwned,
    /// A member whom nobody declared.
    ExtraMember,
    /// Given back by hand after we removed it.
    Readded,
    /// An attribute that differs.
    Attribute,
}
