//! What a target app permits: its safety, its policies for accounts, and who may claim what in it.
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Duration,
    access_plan::Action,
    reference::{DirectoryGroup, Reference, Selector},
    schema::{self, is_default},
};

/// What becomes of an account of ours whose last claim is gone, by cause.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Offboarding {
    /// The person has left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub leaver: OffboardingPolicy,
    /// The claim ran out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expired: OffboardingPolicy,
    /// The claim was taken out of git.
    #[serde(default, skip_serializing_if = "is_default")]
    pub withdrawn: OffboardingPolicy,
}

/// What becomes of an account of ours. Memberships and roles of ours always go.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.deleteAfter) || self.action == 'Suspend'").message("write deleteAfter with action Suspend only: Keep never deletes, Delete does at once"))]
pub struct OffboardingPolicy {
    /// What is done at once.
    pub action: OffboardingAction,
    /// After which time a suspended account is deleted; never where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_after: Option<Duration>,
}

/// What is done with an account of ours whose last claim is gone.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OffboardingAction {
    /// The account stays as it is.
    Keep,
    /// The account is suspended.
    #[default]
    Suspend,
    /// The account is deleted.
    Delete,
}

/// What becomes of accounts that we neither made nor adopted, by class.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unmanaged {
    /// Accounts of people who have left, or whom the owning directory lacks; `Report` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphan: Option<UnmanagedPolicy>,
    /// Accounts of nobody we know; `Report` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnmanagedPolicy>,
    /// Accounts of guests by mail domain; `Ignore` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<UnmanagedPolicy>,
    /// Service accounts; `Ignore` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<UnmanagedPolicy>,
}

/// What becomes of an account that is not ours.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.after) || self.action in ['Suspend', 'Delete']").message("write after with action Suspend or Delete only: Report and Ignore do nothing that could wait"))]
pub struct UnmanagedPolicy {
    /// What is done.
    pub action: UnmanagedAction,
    /// How long the account must have been seen before; at once where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Duration>,
}

/// What is done with an account that is not ours.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmanagedAction {
    /// It is shown as drift.
    Report,
    /// It is not mentioned.
    Ignore,
    /// It is suspended.
    Suspend,
    /// It is deleted.
    Delete,
}

/// Whether members that nobody declared may stay in a group.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnershipPolicy {
    /// For every group that is not listed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Ownership,
    /// Groups by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 256))]
    pub groups: BTreeMap<String, Ownership>,
}

impl OwnershipPolicy {
    /// What holds for the group of that name.
    #[must_use]
    pub fn of(&self, group: &str) -> Ownership {
        self.groups.get(group).copied().unwrap_or(self.default)
    }
}

/// Whose a group's members are.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ownership {
    /// Only members whom we put there ever go.
    #[default]
    Shared,
    /// Members whom nobody declared are drift and go, under the budget.
    Exclusive,
}

/// What keeps a mistake small.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Safety {
    /// How long a withdrawn claim must stay withdrawn; 10 min where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Duration>,
    /// How many people may lose something in rolling 24 h without a decision; the larger half counts, 3 people or 5 %
    /// unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_removals: Option<Budget>,
    /// How many people may gain something in rolling 24 h without a decision; no limit where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_additions: Option<Budget>,
    /// People, account ids or logins that are never removed or lowered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::names")]
    pub protected: Vec<String>,
    /// How many holders of a role must be left; one of the highest role where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["role".into()]))]
    pub keep_at_least: Option<Vec<KeepAtLeast>>,
    /// Changes that always wait for a decision; `[{action: delete}]` where absent, none where empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub approve: Option<Vec<ApproveRule>>,
    /// Whether the first removals that this app ever wants wait for a decision; true where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve_first: Option<bool>,
}

impl Safety {
    /// Limit on people who lose something, as (people, percent), with the defaults filled in.
    #[must_use]
    pub fn removal_limit(&self) -> (u32, u32) {
        let budget = self.max_removals.unwrap_or_default();
        (budget.people.unwrap_or(3), budget.percent.unwrap_or(5))
    }

    /// Changes that always wait for a decision, with the default filled in.
    #[must_use]
    pub fn approve_rules(&self) -> Vec<ApproveRule> {
        self.approve.clone().unwrap_or_else(|| vec![ApproveRule::Action(Action::Delete)])
    }

    /// Whether the first removals wait for a decision, with the default filled in.
    #[must_use]
    pub fn approves_first(&self) -> bool {
        self.approve_first.unwrap_or(true)
    }
}

/// A limit on people: the larger of the two counts.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Budget {
    /// So many people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub people: Option<u32>,
    /// So many per cent of those seen in the last complete reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<u32>,
}

/// How many holders of a role must be left.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeepAtLeast {
    /// The role; holders of a higher one count, too.
    #[schemars(length(min = 1, max = 320))]
    pub role: String,
    /// How many.
    #[schemars(range(min = 0, max = 10_000))]
    pub count: u32,
}

/// Changes that always wait for a decision: exactly one of an action, a role, a group.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ApproveRule {
    /// Every change that does this.
    Action(Action),
    /// Every change of this role.
    Role(#[schemars(length(min = 1, max = 320))] String),
    /// Every change of this group.
    Group(#[schemars(length(min = 1, max = 320))] String),
}

/// One permission: who may claim what, for whom, for how long.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allow {
    /// Whose claims.
    pub namespaces: AllowedNamespaces,
    /// Roles, as globs. A privileged role must be named in full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::globs")]
    pub roles: Vec<String>,
    /// Groups, as globs. `{namespace}` stands for the claiming namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::globs")]
    pub groups: Vec<String>,
    /// What else the connector offers, with globs in the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub entitlements: Vec<AllowedEntitlement>,
    /// For whom; anybody where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<AllowedPeople>,
    /// For how long at most. Then `until` is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<Duration>,
}

/// Namespaces by name or by label.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(has(self.names) && self.names.size() > 0) || has(self.selector)").message("write names or a selector: without them nobody is allowed"))]
pub struct AllowedNamespaces {
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::namespaces")]
    pub names: Vec<String>,
    /// By labels of the Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
}

/// Entitlements of one type by name.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllowedEntitlement {
    /// Type that the connector declares.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 63))]
    pub type_: String,
    /// Name, as a glob.
    #[schemars(schema_with = "schema::glob")]
    pub name: String,
}

/// People who fit at least one of these.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllowedPeople {
    /// People in these groups of directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub directory_groups: Vec<DirectoryGroup>,
    /// People in these teams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub teams: Vec<Reference>,
    /// People with an address in these domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::domains")]
    pub domains: Vec<String>,
}
