//! The structural part of a definition's schema: types, required and unknown fields, choices, bounds, keys of lists.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Violation;
use crate::{
    api,
    load::{path::Path, plain, suggest},
};

/// A value or key whose spelling in the file matters.
pub(crate) struct Doubt {
    pub(crate) path: Path,
    pub(crate) kind: DoubtKind,
    /// The value as it was read.
    pub(crate) text: String,
}

/// Why the spelling of a value matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoubtKind {
    /// Other readers may take the text for something else unless it is quoted.
    Text,
    /// The same of the key that the path ends with.
    Key,
    /// A number stands where an id is wanted, and must have been written as it reads.
    Number,
}

/// Checks `value` against `schema`.
pub(super) fn check(schema: &Value, value: &Value, path: &Path, violations: &mut Vec<Violation>) {
    if value.is_null() {
        violations.push(Violation::new(path, "has no value", "write one, or remove the line"));
        return;
    }
    if schema["x-kubernetes-int-or-string"] == true {
        check_id(schema, value, path, violations);
        return;
    }
    match (schema["type"].as_str(), value) {
        (Some("object"), Value::Object(fields)) => check_object(schema, fields, path, violations),
        (Some("array"), Value::Array(items)) => check_list(schema, items, path, violations),
        (Some("string"), Value::String(text)) => check_text(schema, text, path, violations),
        (Some("integer"), Value::Number(number)) if number.is_i64() || number.is_u64() => {
            check_number(schema, number.as_i64().unwrap_or(i64::MAX), path, violations);
        }
        (Some("boolean"), Value::Bool(_)) => {}
        (expected, found) => violations.push(wrong_type(path, expected.unwrap_or_default(), found)),
    }
}

fn wrong_type(path: &Path, expected: &str, found: &Value) -> Violation {
    let found_in_words = found_in_words(found);
    let (wanted, help) = match expected {
        "object" => ("a mapping", "write fields below it, or {}".to_owned()),
        "array" => ("a list", "write entries with '- ', or [] around them".to_owned()),
        "integer" => ("a whole number", "write digits alone, without quotes".to_owned()),
        "boolean" => ("true or false", "write true or false, without quotes".to_owned()),
        _ => match found {
            Value::Bool(_) | Value::Number(_) => {
                return Violation::unquoted(path, format!("is {found_in_words} and must be text"), found);
            }
            _ => ("text", "write one value".to_owned()),
        },
    };
    Violation::new(path, format!("is {found_in_words} and must be {wanted}"), help)
}

fn found_in_words(found: &Value) -> &'static str {
    match found {
        Value::Null => "no value",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

fn check_id(schema: &Value, value: &Value, path: &Path, violations: &mut Vec<Violation>) {
    let help = "write the vendor's id, quoted: letters, digits, '-', '_', '.' and ':'";
    let fits = match value {
        Value::String(text) => schema["pattern"] == api::ID_PATTERN && api::is_id(text),
        Value::Number(number) => number.is_u64(),
        _ => false,
    };
    if !fits {
        violations.push(Violation::new(path, "is not an id", help));
    }
}

fn check_object(schema: &Value, fields: &Map<String, Value>, path: &Path, violations: &mut Vec<Violation>) {
    if let Some(most) = schema["maxProperties"].as_u64().filter(|most| fields.len() as u64 > *most) {
        violations.push(Violation::new(path, format!("has {} entries", fields.len()), format!("write at most {most}")));
    }
    if schema["additionalProperties"].is_object() {
        for (key, value) in fields {
            check(&schema["additionalProperties"], value, &path.key(key), violations);
        }
        return;
    }
    let known = schema["properties"].as_object();
    for (name, value) in fields {
        match known.and_then(|known| known.get(name)) {
            Some(child) => check(child, value, &path.key(name), violations),
            None => violations.push(unknown_field(known, name, path)),
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            violations.push(Violation::new(&path.key(name), "is missing", format!("write {name}:")));
        }
    }
}

fn unknown_field(known: Option<&Map<String, Value>>, name: &str, path: &Path) -> Violation {
    let names = || known.into_iter().flat_map(Map::keys).map(String::as_str);
    let help = match suggest::nearest(name, names()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None if names().next().is_none() => "write {}".to_owned(),
        None => format!("known are: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Violation::new(&path.key(name), "is an unknown field", help)
}

fn check_list(schema: &Value, items: &[Value], path: &Path, violations: &mut Vec<Violation>) {
    let count = items.len() as u64;
    if let Some(least) = schema["minItems"].as_u64().filter(|least| count < *least) {
        violations.push(Violation::new(path, "has too few entries", format!("write at least {least}")));
    }
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| count > *most) {
        violations.push(Violation::new(path, format!("has {count} entries"), format!("write at most {most}")));
        return;
    }
    for (index, item) in items.iter().enumerate() {
        check(&schema["items"], item, &path.index(index), violations);
    }
    check_unique(schema, items, path, violations);
}

/// Sets hold each value once, lists with keys each key once.
fn check_unique(schema: &Value, items: &[Value], path: &Path, violations: &mut Vec<Violation>) {
    let key = match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => None,
        Some("map") => schema["x-kubernetes-list-map-keys"][0].as_str(),
        _ => return,
    };
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let Some(value) = key.map_or(Some(item), |key| item.get(key)) else { continue };
        if !seen.insert(value.to_string()) {
            let what = key.map_or_else(|| value.to_string(), |key| format!("{key} {value}"));
            violations.push(Violation::new(&path.index(index), format!("repeats {what}"), "write it once"));
        }
    }
}

fn check_text(schema: &Value, text: &str, path: &Path, violations: &mut Vec<Violation>) {
    let length = text.chars().count() as u64;
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        if !choices.contains(&text) {
            let shown: String = text.chars().take(64).collect();
            let help = suggest::nearest(text, choices.iter().copied()).map_or_else(
                || format!("write one of: {}", choices.join(", ")),
                |nearest| format!("did you mean {nearest}?"),
            );
            violations.push(Violation::new(
                path,
                format!("is {shown:?}, which is none of: {}", choices.join(", ")),
                help,
            ));
        }
        return;
    }
    if schema["minLength"].as_u64().is_some_and(|least| length < least) {
        violations.push(Violation::new(path, "is empty", "write a value, or remove the line"));
    }
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        violations.push(Violation::new(path, format!("has {length} characters"), format!("write at most {most}")));
    }
}

fn check_number(schema: &Value, number: i64, path: &Path, violations: &mut Vec<Violation>) {
    // Bounds come as floats or integers; ours are whole and small.
    #[expect(clippy::cast_possible_truncation, reason = "bounds in our own schemas are small whole numbers")]
    let bound = |name: &str| schema[name].as_i64().or_else(|| schema[name].as_f64().map(|bound| bound as i64));
    if let Some(least) = bound("minimum").filter(|least| number < *least) {
        violations.push(Violation::new(path, format!("is {number}"), format!("write at least {least}")));
    }
    if let Some(most) = bound("maximum").filter(|most| number > *most) {
        violations.push(Violation::new(path, format!("is {number}"), format!("write at most {most}")));
    }
}

/// Collects texts, keys and ids whose spelling in the file must be looked at.
pub(super) fn doubtful(schema: &Value, value: &Value, path: &Path, doubts: &mut Vec<Doubt>) {
    match value {
        Value::String(text) => {
            let expects_text = schema["type"] == "string" || schema["x-kubernetes-int-or-string"] == true;
            if expects_text && plain::mistaken_for(text).is_some() {
                doubts.push(Doubt { path: path.clone(), kind: DoubtKind::Text, text: text.clone() });
            }
        }
        Value::Number(number) if schema["x-kubernetes-int-or-string"] == true => {
            doubts.push(Doubt { path: path.clone(), kind: DoubtKind::Number, text: number.to_string() });
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                doubtful(&schema["items"], item, &path.index(index), doubts);
            }
        }
        Value::Object(fields) => {
            let is_map = schema["additionalProperties"].is_object();
            for (key, field) in fields {
                let path = path.key(key);
                if is_map && plain::mistaken_for(key).is_some() {
                    doubts.push(Doubt { path: path.clone(), kind: DoubtKind::Key, text: key.clone() });
                }
                let child = if is_map { &schema["additionalProperties"] } else { &schema["properties"][key] };
                doubtful(child, field, &path, doubts);
            }
        }
        _ => {}
    }
}
