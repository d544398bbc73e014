//! The head of an object: its name, its namespace, and the fields that every object may have.

use serde_json::Value;

use super::Violation;
use crate::load::{path::Path, suggest};

/// Fields of `metadata` in Kubernetes 1.33 to 1.37.
const KNOWN: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

const TOP: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// Checks the head of `object`.
pub(super) fn check(object: &Value, violations: &mut Vec<Violation>) {
    let top = Path::default();
    let path = top.key("metadata");
    unknown(object, &TOP, &top, violations);
    let metadata = &object["metadata"];
    unknown(metadata, &KNOWN, &path, violations);
    match &metadata["name"] {
        Value::String(name) if is_subdomain(name) => {}
        Value::Null => violations.push(Violation::new(&path.key("name"), "is missing", "write metadata: {name: …}")),
        Value::String(_) => violations.push(Violation::new(
            &path.key("name"),
            "is not a name that a cluster takes",
            "write lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
        )),
        _ => violations.push(Violation::new(&path.key("name"), "is not text", "quote it")),
    }
    match metadata.get("namespace") {
        None => {}
        Some(Value::String(namespace)) if is_label(namespace) => {}
        Some(_) => violations.push(Violation::new(
            &path.key("namespace"),
            "is not a namespace that a cluster takes",
            "write lower-case letters, digits and '-', at most 63, such as team-red",
        )),
    }
    for field in ["labels", "annotations"] {
        for (key, value) in metadata[field].as_object().into_iter().flatten() {
            if !value.is_string() {
                violations.push(Violation::unquoted(&path.key(field).key(key), "is not text", value));
            }
        }
    }
}

fn unknown(object: &Value, known: &[&str], path: &Path, violations: &mut Vec<Violation>) {
    for name in object.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !known.contains(&name.as_str()) {
            let help = suggest::nearest(name, known.iter().copied())
                .map_or_else(|| "remove it".to_owned(), |nearest| format!("did you mean {nearest}?"));
            violations.push(Violation::new(&path.key(name), "is an unknown field", help));
        }
    }
}

/// An RFC 1123 subdomain of at most 253 characters.
pub(crate) fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dashed)
}

/// An RFC 1123 label of at most 63 characters.
pub(crate) fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_dashed(text)
}

fn is_dashed(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
