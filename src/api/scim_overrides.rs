//! Single habits of a SCIM server that a user may state without waiting for a profile.
#![expect(unreachable_pub, reason = "the derive repeats each struct inside its expansion")]

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, schema};

/// Values of a profile, said otherwise. What is absent stays as the profile has it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScimOverrides {
    /// Path of the users below the base address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path")]
    pub users_path: Option<String>,
    /// Path of the groups below the base address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "path")]
    pub groups_path: Option<String>,
    /// Media type of what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub content_type: Option<String>,
    /// Further headers to send, none of which is a credential.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::labels")]
    pub headers: BTreeMap<String, String>,
    /// Whether accounts can be listed at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listable: Option<bool>,
    /// Whether one user can be read by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads_by_id: Option<bool>,
    /// Whether the app has groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<bool>,
    /// How lists are paged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
    /// Entries to ask for per page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub page_size: Option<u32>,
    /// Attributes by which users can be looked up, the best first; empty where there is no filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::names")]
    pub user_filter_attributes: Option<Vec<String>>,
    /// How attributes of a user are changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_update: Option<UserUpdate>,
    /// How a user is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_active: Option<UserActive>,
    /// How a group is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_update: Option<GroupUpdate>,
    /// Whether groups can be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_create: Option<bool>,
    /// Where the members of a group are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members_read: Option<MembersRead>,
    /// Whether a group keeps the members that it is made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members_in_create: Option<bool>,
    /// Most members in one change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub members_patch_max: Option<u32>,
    /// How members are taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members_remove_form: Option<MembersRemoveForm>,
    /// Whether lists show suspended users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive_visible: Option<bool>,
    /// What a delete does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_means: Option<DeleteMeans>,
    /// Attributes that the server takes and does not keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::names")]
    pub dropped_attributes: Option<Vec<String>>,
    /// Whether user names are mail addresses and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name_is_mail: Option<bool>,
    /// Whether there are users whose attributes cannot be changed, so that a refused update is a difference that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_users: Option<bool>,
    /// Whether user names that differ in case are different users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_sensitive_user_name: Option<bool>,
    /// Whether entity tags are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<bool>,
    /// How long a change may take until lists show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency_window: Option<Duration>,
}

fn path(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schema::matching(256, "^(/[A-Za-z0-9._~-]+)+$", "write a path with a leading slash, such as /Users")
}

/// How lists are paged.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Paging {
    /// By start index and count (RFC 7644 section 3.4.2.4).
    Index,
    /// By cursor (RFC 9865).
    Cursor,
    /// Everything at once.
    None,
}

/// How attributes of a user are changed.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum UserUpdate {
    /// PATCH.
    Patch,
    /// PUT of the whole user.
    Put,
    /// PUT of what changes, which the server merges.
    PutMerge,
}

/// How a user is suspended.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum UserActive {
    /// PATCH with the path `active`.
    PatchPath,
    /// PATCH without a path.
    PatchNoPath,
    /// PUT of the whole user.
    Put,
    /// DELETE.
    Delete,
}

/// How a group is changed.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum GroupUpdate {
    /// PATCH.
    Patch,
    /// PUT of the whole group.
    Put,
    /// Not at all.
    None,
}

/// Where the members of a group are read.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum MembersRead {
    /// In the group itself.
    Group,
    /// By a filter over the users.
    ByUserFilter,
    /// Nowhere.
    None,
}

/// How members are taken out of a group.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum MembersRemoveForm {
    /// By a path with a filter, `members[value eq "…"]`.
    Filter,
    /// By a list of values.
    ValueList,
}

/// What a delete does.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum DeleteMeans {
    /// The account is gone and can be made anew.
    Delete,
    /// The account is deactivated.
    Deactivate,
    /// The account is gone with all its data, for good.
    Irreversible,
    /// Nobody says whether there is a delete: it is never sent.
    Unknown,
}
