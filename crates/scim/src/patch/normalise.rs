//! Brings values into the form of their attribute, whatever dialect they come in.

use serde_json::{Map, Value};

use super::PatchError;
use crate::{
    json,
    path::PatchPath,
    schema::{Attribute, Form},
};

/// The value of an operation in the form of what the path names. `null` when nothing is asserted.
pub(super) fn value(attribute: Attribute, path: &PatchPath, value: Option<&Value>) -> Result<Value, PatchError> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(Value::Null) };
    let refused = || PatchError::Value(path.to_string());
    if let Some(sub) = &path.target.sub_attribute {
        return sub_value(sub, value).ok_or_else(refused);
    }
    match attribute.form {
        Form::Boolean => single(value).and_then(json::boolean).map(Value::Bool).ok_or_else(refused),
        Form::Text => text(value).ok_or_else(refused),
        Form::Complex => complex(attribute.name, value).ok_or_else(refused),
        Form::List if path.filter.is_some() => element(value).ok_or_else(refused),
        Form::List => {
            list(value).filter(|list| attribute.name != "members" || all_have_value(list)).ok_or_else(refused)
        }
    }
}

/// A member is nothing without an id.
fn all_have_value(list: &Value) -> bool {
    let has_value =
        |item: &Value| item.as_object().and_then(|item| json::get(item, "value")).is_some_and(Value::is_string);
    list.as_array().is_some_and(|items| items.iter().all(has_value))
}

/// One value, which some clients wrap into a list.
fn single(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(items) => items.first().filter(|_| items.len() == 1),
        other => Some(other),
    }
}

/// A text; the empty one means no value.
fn text(value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) if items.is_empty() => Some(Value::Null),
        _ => match single(value)? {
            Value::String(text) if text.is_empty() => Some(Value::Null),
            Value::String(text) => Some(Value::String(text.clone())),
            Value::Number(number) => Some(Value::String(number.to_string())),
            _ => None,
        },
    }
}

fn sub_value(sub: &str, value: &Value) -> Option<Value> {
    if sub.eq_ignore_ascii_case("primary") {
        return single(value).and_then(json::boolean).map(Value::Bool);
    }
    text(value)
}

/// A complex value. A bare text is the `value` of a manager; nothing else has a meaning without sub-attributes.
fn complex(name: &str, value: &Value) -> Option<Value> {
    match single(value)? {
        Value::Object(object) => sub_attributes(object),
        Value::String(text) if text.is_empty() => Some(Value::Null),
        Value::String(text) if name == "manager" => Some(serde_json::json!({"value": text})),
        _ => None,
    }
}

/// A list of complex values; one alone, bare texts, and a text that holds JSON are taken too.
fn list(value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) => items.iter().map(element).collect::<Option<Vec<_>>>().map(Value::Array),
        Value::String(text) if text.is_empty() => Some(Value::Array(Vec::new())),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Array(items)) => items.iter().map(element).collect::<Option<Vec<_>>>().map(Value::Array),
            _ => Some(Value::Array(vec![element(value)?])),
        },
        other => Some(Value::Array(vec![element(other)?])),
    }
}

fn element(value: &Value) -> Option<Value> {
    match single(value)? {
        Value::Object(object) => sub_attributes(object).filter(|value| !value.is_null()),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => sub_attributes(&object).filter(|value| !value.is_null()),
            _ => (!text.is_empty()).then(|| serde_json::json!({"value": text})),
        },
        _ => None,
    }
}

/// Sub-attributes in their form, those without a value left out; `null` when none is left.
fn sub_attributes(object: &Map<String, Value>) -> Option<Value> {
    let mut kept = Map::new();
    for (name, value) in object {
        if json::is_unassigned(value) {
            continue;
        }
        let value = if name.eq_ignore_ascii_case("primary") {
            Value::Bool(json::boolean(value)?)
        } else if let Value::Number(number) = value {
            Value::String(number.to_string())
        } else {
            value.clone()
        };
        kept.insert(name.clone(), value);
    }
    Some(if kept.is_empty() { Value::Null } else { Value::Object(kept) })
}
