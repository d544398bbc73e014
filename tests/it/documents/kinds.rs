//! The reference of the kinds, written from their schemas: one page for each, every field with type, default and bounds.

use std::fmt::Write as _;

use appaccess::api::{self, Kind};
use serde_json::Value;

use super::generated::{self, cell};

/// What the code takes where a field is absent and the schema, for good reasons, writes nothing into the object.
const TAKEN: [(Kind, &str, &str); 23] = [
    (Kind::TargetApp, "adopt", "`Matched`"),
    (Kind::TargetApp, "connector.scim.profile", "`generic`"),
    (Kind::TargetApp, "connector.scim.auth", "`{bearer: {}}`"),
    (Kind::TargetApp, "connector.scim.mapping.userName", "`mail`"),
    (Kind::TargetApp, "connector.scim.mapping.externalId", "`id`"),
    (Kind::TargetApp, "fullReadInterval", "`1h`"),
    (Kind::TargetApp, "offboarding.leaver", "`{action: Suspend}`"),
    (Kind::TargetApp, "offboarding.expired", "`{action: Suspend}`"),
    (Kind::TargetApp, "offboarding.withdrawn", "`{action: Suspend}`"),
    (Kind::TargetApp, "ownership.default", "`Shared`"),
    (Kind::TargetApp, "safety.settle", "`10m`"),
    (Kind::TargetApp, "safety.maxRemovals.people", "`3`"),
    (Kind::TargetApp, "safety.maxRemovals.percent", "`5`"),
    (Kind::TargetApp, "safety.approve", "`[{action: delete}]`"),
    (Kind::TargetApp, "safety.approveFirst", "`true`"),
    (Kind::TargetApp, "unmanaged.orphan", "`{action: Report}`"),
    (Kind::TargetApp, "unmanaged.unknown", "`{action: Report}`"),
    (Kind::TargetApp, "unmanaged.guest", "`{action: Ignore}`"),
    (Kind::TargetApp, "unmanaged.service", "`{action: Ignore}`"),
    (Kind::Directory, "leavers", "`Report`"),
    (Kind::Directory, "leaverProof", "`Disabled`"),
    (Kind::Directory, "maxShrink.people", "`5`"),
    (Kind::Directory, "maxShrink.percent", "`5`"),
];

/// A short object of the kind.
fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::TargetApp => include_str!("kinds/target-app.yaml"),
        Kind::AppAccess => include_str!("kinds/app-access.yaml"),
        Kind::Team => include_str!("kinds/team.yaml"),
        Kind::Directory => include_str!("kinds/directory.yaml"),
        Kind::AccessApproval => include_str!("kinds/access-approval.yaml"),
        Kind::AccessPlan => "",
    }
}

/// Name of the page.
fn page(kind: Kind) -> String {
    let words = kind.name().chars().enumerate().flat_map(|(at, letter)| {
        let dash = (letter.is_ascii_uppercase() && at > 0).then_some('-');
        dash.into_iter().chain([letter.to_ascii_lowercase()])
    });
    words.collect()
}

fn schema(kind: Kind) -> Value {
    let definition = serde_json::to_value(kind.definition()).unwrap();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// One field with where it stands.
struct Field<'a> {
    path: String,
    node: &'a Value,
    required: bool,
}

/// The fields below an object, in depth, those of lists and maps among them.
fn fields<'a>(node: &'a Value, path: &str, found: &mut Vec<Field<'a>>) {
    if node["items"].is_object() {
        fields(&node["items"], &format!("{path}[]"), found);
    }
    if node["additionalProperties"].is_object() {
        fields(&node["additionalProperties"], &format!("{path}.NAME"), found);
    }
    let required: Vec<&str> = node["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, child) in node["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        found.push(Field { path: path.clone(), node: child, required: required.contains(&name.as_str()) });
        fields(child, &path, found);
    }
}

fn type_of(node: &Value) -> String {
    if node["x-kubernetes-int-or-string"] == true {
        return "string or number".to_owned();
    }
    if let Some(words) = node["enum"].as_array() {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    match node["type"].as_str() {
        Some("array") => format!("list of {}", plural(&node["items"])),
        Some("object") if node["additionalProperties"].is_object() => {
            format!("map to {}", plural(&node["additionalProperties"]))
        }
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

fn plural(node: &Value) -> String {
    match node["type"].as_str() {
        Some("string") if node["enum"].is_array() => type_of(node),
        Some("string") => "strings".to_owned(),
        Some("object") => "objects".to_owned(),
        Some("integer") => "numbers".to_owned(),
        _ => "values".to_owned(),
    }
}

/// Whole numbers that the schema writes as `1.0`.
fn number(value: &Value) -> Option<String> {
    value.as_i64().map(|number| number.to_string()).or_else(|| Some(format!("{}", value.as_f64()?)))
}

fn bounds(node: &Value) -> Vec<String> {
    let mut bounds = Vec::new();
    let mut say = |key: &str, before: &str, after: &str| {
        if let Some(bound) = number(&node[key]) {
            bounds.push(format!("{before}{bound}{after}"));
        }
    };
    say("minLength", "at least ", " characters");
    say("maxLength", "at most ", " characters");
    say("minItems", "at least ", " entries");
    say("maxItems", "at most ", " entries");
    say("maxProperties", "at most ", " entries");
    if node["type"] == "integer" {
        let (lowest, highest) = (number(&node["minimum"]), number(&node["maximum"]));
        bounds.extend(match (lowest, highest) {
            (Some(lowest), Some(highest)) => Some(format!("from {lowest} to {highest}")),
            (Some(lowest), None) => Some(format!("{lowest} or more")),
            (None, highest) => highest.map(|highest| format!("at most {highest}")),
        });
    }
    for inner in [node, &node["items"]] {
        let rules = inner["x-kubernetes-validations"].as_array().into_iter().flatten();
        bounds.extend(rules.filter_map(|rule| rule["message"].as_str()).map(str::to_owned));
    }
    bounds.dedup();
    bounds.into_iter().map(|bound| bound.replace("at least 1 characters", "not empty")).collect()
}

fn default_of(kind: Kind, field: &Field) -> String {
    if field.required {
        return "required".to_owned();
    }
    let taken = TAKEN.iter().find(|(of, path, _)| *of == kind && *path == field.path);
    match (taken, &field.node["default"]) {
        (Some((_, _, value)), _) => (*value).to_owned(),
        (None, Value::Null) => String::new(),
        (None, Value::String(word)) => format!("`{word}`"),
        (None, value) => format!("`{value}`"),
    }
}

fn table(kind: Kind, fields: &[&Field], text: &mut String) {
    text.push_str("| field | type | default | what it is | bounds |\n| --- | --- | --- | --- | --- |\n");
    for field in fields {
        let described = field.node["description"].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            field.path,
            cell(&type_of(field.node)),
            cell(&default_of(kind, field)),
            cell(described),
            cell(&bounds(field.node).join("; "))
        );
    }
    text.push('\n');
}

/// The fields of one part of the object: its own table, and one for each field that holds further ones.
fn part(kind: Kind, node: &Value, text: &mut String) {
    let mut all = Vec::new();
    fields(node, "", &mut all);
    let is_top = |field: &&Field| !field.path.contains(['.', '[']);
    table(kind, &all.iter().filter(is_top).collect::<Vec<_>>(), text);
    for top in all.iter().filter(is_top) {
        let within: Vec<&Field> = all
            .iter()
            .filter(|field| field.path.strip_prefix(&top.path).is_some_and(|rest| rest.starts_with(['.', '['])))
            .collect();
        if !within.is_empty() {
            let _ = writeln!(text, "### `{}`\n", top.path);
            table(kind, &within, text);
        }
    }
}

fn text(kind: Kind) -> String {
    let schema = schema(kind);
    let names = kind.definition().spec.names;
    let mut words = vec![format!("`{}`", names.plural)];
    words.extend(names.short_names.into_iter().flatten().map(|name| format!("`{name}`")));
    let mut text = format!(
        "{}# {}\n\n{}\n\n`apiVersion: {}`, `kind: {}`. `kubectl` knows it as {}.\n\n",
        generated::MARK,
        kind.name(),
        schema["properties"]["spec"]["description"].as_str().unwrap_or_default(),
        api::API_VERSION,
        kind.name(),
        words.join(" and ")
    );
    let example = example(kind);
    if !example.is_empty() {
        let _ = writeln!(text, "```yaml\n{example}```\n");
    }
    text.push_str("## Spec\n\n");
    let rules = bounds(&schema["properties"]["spec"]);
    if !rules.is_empty() {
        let _ = writeln!(text, "For the whole of it: {}.\n", rules.join("; "));
    }
    part(kind, &schema["properties"]["spec"], &mut text);
    text.push_str("## Status\n\nWritten by the operator, never by people.\n\n");
    part(kind, &schema["properties"]["status"], &mut text);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn index() -> String {
    let mut text = format!(
        "{}# Every kind\n\nAll of them are `{}` and belong to a namespace. The command line reads the same objects from \
         files; one without\n`metadata.namespace` is in `default`. Fields that are not listed are refused.\n\n| kind | what \
         it is |\n| --- | --- |\n",
        generated::MARK,
        api::API_VERSION
    );
    for kind in Kind::ALL {
        let described = schema(kind)["description"].as_str().unwrap_or_default().to_owned();
        let _ = writeln!(text, "| [{}]({}.md) | {} |", kind.name(), page(kind), cell(&described));
    }
    text
}

#[test]
fn every_kind_has_a_page_that_is_that_of_its_schema() {
    let pages = Kind::ALL.map(|kind| (format!("{}.md", page(kind)), text(kind)));
    let mut pages: Vec<(String, String)> = pages.into();
    pages.push(("README.md".to_owned(), index()));
    generated::check("docs/kinds", &pages);
}

#[test]
fn every_default_that_is_told_belongs_to_a_field() {
    for (kind, path, _) in TAKEN {
        let schema = schema(kind);
        let mut all = Vec::new();
        fields(&schema["properties"]["spec"], "", &mut all);
        let field = all.iter().find(|field| field.path == path);
        let field = field.unwrap_or_else(|| panic!("{kind} has no field {path}"));
        assert!(field.node["default"].is_null(), "{kind} {path} has a default in its schema");
        assert!(!field.required, "{kind} {path} is required");
    }
}
