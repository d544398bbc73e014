//! The PATCH bodies that a careful client sends, and the whole resource to send where a server takes no PATCH.

use serde::Serialize;
use serde_json::{Value, json};

use super::{PatchError, PatchRequest};
use crate::{
    filter::{CaseRules, Filter},
    path::{AttributePath, PatchPath},
    schema::ResourceKind,
    urn,
};

/// How members are named in a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MembersRemoveForm {
    /// One operation for each member, with the path `members[value eq "…"]`: what the RFC says.
    #[default]
    Filter,
    /// One operation with the path `members` and a list of values. Never sent to a server that is not known to take it:
    /// one that reads the RFC to the letter empties the group.
    ValueList,
}

/// One operation to be sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutgoingOperation {
    op: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

impl OutgoingOperation {
    /// Replaces one attribute.
    #[must_use]
    pub fn replace(path: &AttributePath, value: impl Into<Value>) -> Self {
        Self { op: "replace", path: Some(path.to_string()), value: Some(value.into()) }
    }

    /// Adds to an attribute; to a list, what is not in it yet.
    #[must_use]
    pub fn add(path: &AttributePath, value: impl Into<Value>) -> Self {
        Self { op: "add", path: Some(path.to_string()), value: Some(value.into()) }
    }

    /// Removes one value of a list: `path[value eq "…"]`.
    #[must_use]
    pub fn remove_value(path: &AttributePath, value: &str) -> Self {
        let filter = Filter::equals(AttributePath::core("value"), value);
        let path = PatchPath { target: path.clone(), filter: Some(filter) };
        Self { op: "remove", path: Some(path.to_string()), value: None }
    }

    /// Replaces the address of a user who is known to have one for work.
    #[must_use]
    pub fn replace_work_mail(mail: &str) -> Self {
        let filter = Filter::equals(AttributePath::core("type"), "work");
        let path = PatchPath { target: AttributePath::core("emails").child("value"), filter: Some(filter) };
        Self { op: "replace", path: Some(path.to_string()), value: Some(Value::from(mail)) }
    }

    /// Removes one attribute.
    #[must_use]
    pub fn remove(path: &AttributePath) -> Self {
        Self { op: "remove", path: Some(path.to_string()), value: None }
    }

    /// Switches a user on or off: `path: active`.
    #[must_use]
    pub fn active(active: bool) -> Self {
        Self::replace(&AttributePath::core("active"), active)
    }

    /// Switches a user on or off without a path, as some servers want it.
    #[must_use]
    pub fn active_without_path(active: bool) -> Self {
        Self { op: "replace", path: None, value: Some(json!({"active": active})) }
    }

    /// Adds members, all in one operation.
    #[must_use]
    pub fn add_members(ids: &[impl AsRef<str>]) -> Self {
        Self { op: "add", path: Some("members".to_owned()), value: Some(member_list(ids)) }
    }

    /// Removes members: see [`MembersRemoveForm`] for how many operations it takes. None for no members, so that nothing
    /// is ever sent that could be read as "all members".
    #[must_use]
    pub fn remove_members(ids: &[impl AsRef<str>], form: MembersRemoveForm) -> Vec<Self> {
        if ids.is_empty() {
            return Vec::new();
        }
        match form {
            MembersRemoveForm::ValueList => {
                vec![Self { op: "remove", path: Some("members".to_owned()), value: Some(member_list(ids)) }]
            }
            MembersRemoveForm::Filter => {
                ids.iter().map(|id| Self::remove_value(&AttributePath::core("members"), id.as_ref())).collect()
            }
        }
    }
}

fn member_list(ids: &[impl AsRef<str>]) -> Value {
    ids.iter().map(|id| json!({"value": id.as_ref()})).collect()
}

/// The body of a PATCH request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatchBody {
    schemas: [&'static str; 1],
    #[serde(rename = "Operations")]
    operations: Vec<OutgoingOperation>,
}

impl PatchBody {
    /// A body with these operations, in this order.
    #[must_use]
    pub fn new(operations: Vec<OutgoingOperation>) -> Self {
        Self { schemas: [urn::PATCH_OP], operations }
    }

    /// The operations.
    #[must_use]
    pub fn operations(&self) -> &[OutgoingOperation] {
        &self.operations
    }

    /// The body as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The fewest bodies that add and remove these members with at most `changes_max` member changes in each (at least one),
/// additions first.
#[must_use]
pub fn member_changes<S: AsRef<str>>(
    add: &[S],
    remove: &[S],
    form: MembersRemoveForm,
    changes_max: usize,
) -> Vec<PatchBody> {
    let changes_max = changes_max.max(1);
    let total = add.len() + remove.len();
    (0..total.div_ceil(changes_max))
        .map(|chunk| {
            let from = chunk * changes_max;
            let until = (from + changes_max).min(total);
            let added = add.get(from.min(add.len())..until.min(add.len())).unwrap_or_default();
            let removed_from = from.saturating_sub(add.len());
            let removed =
                remove.get(removed_from..until.saturating_sub(add.len()).max(removed_from)).unwrap_or_default();
            let mut operations = Vec::new();
            if !added.is_empty() {
                operations.push(OutgoingOperation::add_members(added));
            }
            operations.extend(OutgoingOperation::remove_members(removed, form));
            PatchBody::new(operations)
        })
        .collect()
}

/// The body of a PUT that does what a PATCH would: the resource as it was just read, all of it, with the changes applied
/// and without what only the server sets. Sent with `If-Match` where the server has versions, it loses nothing.
pub fn replacement(current: &Value, kind: ResourceKind, changes: &PatchBody) -> Result<Value, PatchError> {
    let mut resource = current.clone();
    PatchRequest::parse(&changes.to_value(), kind)?.apply(&mut resource, CaseRules::default())?;
    if let Some(object) = resource.as_object_mut() {
        object.retain(|name, _| {
            let of_user = kind == ResourceKind::User && name.eq_ignore_ascii_case("groups");
            !of_user && !name.eq_ignore_ascii_case("meta")
        });
    }
    Ok(resource)
}
