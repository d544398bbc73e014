//! What a strict vendor checks in a body before it does anything, and what it keeps of it.

use appaccess_scim::{
    error::ErrorKind,
    json, media,
    path::AttributePath,
    schema::{self, Form, ResourceKind},
    urn,
};
use serde_json::{Map, Value};

use super::{
    dialect::{Dialect, MembersRemoval},
    exchange::Refusal,
    state::State,
};
use crate::sim::service::Call;

/// The body as a JSON object, if its type and its schemas are right.
pub(super) fn body(call: &Call, schema: &str) -> Result<Map<String, Value>, Refusal> {
    if !call.header("content-type").is_some_and(media::is_accepted) {
        return Err(Refusal::new(415, "the content type is not application/scim+json"));
    }
    let refused = |detail: &str| Refusal::bad(ErrorKind::InvalidSyntax, detail);
    let Ok(Value::Object(body)) = serde_json::from_slice(&call.body) else {
        return Err(refused("the body is no JSON object"));
    };
    let names_schema = |value: &Value| value.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(schema));
    match body.get("schemas").and_then(Value::as_array) {
        Some(schemas) if schemas.iter().any(names_schema) => Ok(body),
        _ => Err(refused("schemas lacks the schema of the body")),
    }
}

/// What is stored of a resource that a client sends: attributes of the schema that are not the vendor's own and are not
/// dropped, each in its form. `id` is the resource's own, when it has one already.
pub(super) fn resource(
    state: &State,
    dialect: &Dialect,
    kind: ResourceKind,
    sent: &Map<String, Value>,
    id: Option<&str>,
) -> Result<Map<String, Value>, Refusal> {
    known(dialect, kind, sent.keys())?;
    let mut kept = Map::new();
    for (name, value) in sent {
        let Some(attribute) = schema::find(kind, None, name) else {
            if dialect.refuses_unknown_attributes && !urn::is_urn(name) {
                return Err(Refusal::bad(ErrorKind::InvalidSyntax, format!("{name} is not an attribute")));
            }
            continue;
        };
        if attribute.read_only || attribute.name == "password" || json::is_unassigned(value) {
            continue;
        }
        let fits = match attribute.form {
            Form::Text => value.as_str().is_some_and(|text| !text.is_empty()),
            Form::Boolean => value.is_boolean(),
            Form::Complex => value.is_object(),
            Form::List => value.as_array().is_some_and(|items| items.iter().all(Value::is_object)),
        };
        if !fits {
            return Err(Refusal::bad(ErrorKind::InvalidValue, format!("{name} has a value of the wrong kind")));
        }
        kept.insert(attribute.name.to_owned(), value.clone());
    }
    drop_silently(dialect, kind, &mut kept);
    sound(state, dialect, kind, &mut kept, id)?;
    let mut schemas = vec![Value::from(kind.schema())];
    if kept.contains_key(urn::ENTERPRISE_USER) {
        schemas.push(Value::from(urn::ENTERPRISE_USER));
    }
    kept.insert("schemas".to_owned(), Value::Array(schemas));
    Ok(kept)
}

fn is_mail(text: &str) -> bool {
    matches!(text.split_once('@'), Some((local, domain)) if !local.is_empty() && domain.contains('.'))
}

/// Whether a vendor with few attributes has all of these.
pub(super) fn known<'a>(
    dialect: &Dialect,
    kind: ResourceKind,
    mut names: impl Iterator<Item = &'a String>,
) -> Result<(), Refusal> {
    let Some(only) = dialect.only_attributes.as_ref().filter(|_| kind == ResourceKind::User) else { return Ok(()) };
    let is_known = |name: &String| {
        matches!(name.as_str(), "schemas" | "id" | "meta") || only.iter().any(|one| one.eq_ignore_ascii_case(name))
    };
    match names.find(|name| !is_known(name)) {
        Some(name) => Err(Refusal::bad(ErrorKind::InvalidSyntax, format!("{name} is not an attribute"))),
        None => Ok(()),
    }
}

/// Whether a change of one user is taken: of some users a vendor changes nothing but whether they are switched on.
pub(super) fn may_change(
    dialect: &Dialect,
    kind: ResourceKind,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<(), Refusal> {
    let name = before.get("userName").and_then(Value::as_str).unwrap_or_default();
    if kind != ResourceKind::User || !dialect.fixed_users.contains(name) {
        return Ok(());
    }
    let of = |resource: &Map<String, Value>| {
        let mut kept = resource.clone();
        kept.retain(|name, _| name != "active" && name != "meta");
        kept
    };
    if of(before) == of(after) {
        return Ok(());
    }
    Err(Refusal::bad(ErrorKind::Mutability, "the attributes of an administrator cannot be changed"))
}

/// Whether a resource may be stored: its name is there and free, its members exist. `id` is its own, when it has one.
pub(super) fn sound(
    state: &State,
    dialect: &Dialect,
    kind: ResourceKind,
    resource: &mut Map<String, Value>,
    id: Option<&str>,
) -> Result<(), Refusal> {
    let attribute = if kind == ResourceKind::User { "userName" } else { "displayName" };
    let name = resource.get(attribute).and_then(Value::as_str).unwrap_or_default();
    if name.trim().is_empty() {
        return Err(Refusal::bad(ErrorKind::InvalidValue, format!("{attribute} is missing")));
    }
    if kind == ResourceKind::User && dialect.user_name_is_mail && !is_mail(name) {
        return Err(Refusal::bad(ErrorKind::InvalidValue, "userName is no mail address"));
    }
    let exact = kind == ResourceKind::User && dialect.case_sensitive_user_name;
    let is_other = |value: &Value| {
        let same = !exact || super::state::name_of(value, kind) == name;
        same && value.get("id").and_then(Value::as_str) != id
    };
    if state.named(kind, name).any(|row| is_other(&row.value)) {
        return Err(Refusal::taken(attribute));
    }
    if let Some(members) = resource.get_mut("members").and_then(Value::as_array_mut) {
        sound_members(state, dialect, members)?;
    }
    Ok(())
}

fn sound_members(state: &State, dialect: &Dialect, members: &mut Vec<Value>) -> Result<(), Refusal> {
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::with_capacity(members.len());
    for member in members.iter() {
        let Some(id) = member.get("value").and_then(Value::as_str) else {
            return Err(Refusal::bad(ErrorKind::InvalidValue, "a member has no value"));
        };
        let is_user = state.get(ResourceKind::User, id).is_some();
        let is_group = state.get(ResourceKind::Group, id).is_some();
        if !is_user && !is_group && !dialect.unknown_members {
            return Err(Refusal::bad(ErrorKind::InvalidValue, "a member does not exist"));
        }
        if seen.insert(id.to_owned()) {
            let kind = if is_group { "Group" } else { "User" };
            kept.push(serde_json::json!({"value": id, "type": kind}));
        }
    }
    *members = kept;
    Ok(())
}

/// Takes away what the dialect does not store.
pub(super) fn drop_silently(dialect: &Dialect, kind: ResourceKind, resource: &mut Map<String, Value>) {
    for path in dialect.dropped_attributes.iter().filter_map(|path| AttributePath::parse(path)) {
        if schema::find(kind, path.schema.as_deref(), &path.attribute).is_none_or(|attribute| attribute.required) {
            continue;
        }
        match (&path.schema, &path.sub_attribute) {
            (None, None) => {
                resource.remove(&path.attribute);
            }
            (Some(holder), _) => take_part(resource, holder, &path.attribute),
            (None, Some(part)) => take_part(resource, &path.attribute, part),
        }
    }
}

fn take_part(resource: &mut Map<String, Value>, holder: &str, part: &str) {
    let Some(object) = resource.get_mut(holder).and_then(Value::as_object_mut) else { return };
    object.remove(part);
    if object.is_empty() {
        resource.remove(holder);
    }
}

/// What a strict vendor refuses of a PATCH although the parser would take it: words in capitals, booleans as text, forms of
/// removal that the dialect does not understand, too many member changes.
///
/// Returns the body as it is to be understood.
pub(super) fn patch(dialect: &Dialect, mut body: Map<String, Value>) -> Result<Value, Refusal> {
    let Some(operations) = body.get_mut("Operations").and_then(Value::as_array_mut) else {
        return Err(Refusal::bad(ErrorKind::InvalidSyntax, "Operations is no list"));
    };
    let mut member_changes = 0;
    for operation in operations.iter_mut().filter_map(Value::as_object_mut) {
        strict_operation(dialect, operation)?;
        let path = operation.get("path").and_then(Value::as_str).unwrap_or_default();
        if path.starts_with("members") {
            member_changes += operation.get("value").and_then(Value::as_array).map_or(1, Vec::len);
        }
    }
    if dialect.members_patch_max.is_some_and(|most| member_changes > most) {
        return Err(Refusal::bad(ErrorKind::TooMany, "too many member changes in one request"));
    }
    Ok(Value::Object(body))
}

fn strict_operation(dialect: &Dialect, operation: &mut Map<String, Value>) -> Result<(), Refusal> {
    let op = operation.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !matches!(op.as_str(), "add" | "replace" | "remove") {
        return Err(Refusal::bad(ErrorKind::InvalidSyntax, "op is none of add, replace and remove"));
    }
    let path = operation.get("path").and_then(Value::as_str).map(str::to_owned);
    let value = operation.get("value");
    let active = match path.as_deref() {
        Some("active") if dialect.active_without_path_only => {
            return Err(Refusal::bad(ErrorKind::InvalidPath, "active is set without a path"));
        }
        Some("active") if op != "remove" => value,
        None => value.and_then(|value| value.get("active")),
        _ => None,
    };
    if active.is_some_and(|active| !active.is_boolean()) {
        return Err(Refusal::bad(ErrorKind::InvalidValue, "active is no boolean"));
    }
    if op == "remove" {
        removal(dialect, path.as_deref().unwrap_or_default(), operation)?;
    }
    Ok(())
}

fn removal(dialect: &Dialect, path: &str, operation: &mut Map<String, Value>) -> Result<(), Refusal> {
    let by_filter = path.starts_with("members[");
    let by_list = path == "members" && operation.get("value").is_some_and(|value| !value.is_null());
    match dialect.members_removal {
        MembersRemoval::Filter if by_list => Err(Refusal::bad(ErrorKind::InvalidValue, "a removal takes no value")),
        MembersRemoval::ValueList if by_filter => {
            Err(Refusal::bad(ErrorKind::InvalidPath, "filters in paths are not supported"))
        }
        MembersRemoval::Literal if by_list => {
            operation.remove("value");
            Ok(())
        }
        _ => Ok(()),
    }
}
