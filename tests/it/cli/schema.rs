//! As much of JSON Schema as the published schemas use.

use serde_json::Value;

/// Fails where `document` is not as `schema` says, or has a field that no schema names.
pub(crate) fn assert_valid(schema: &Value, document: &Value) {
    let mut faults = Vec::new();
    check(schema, schema, document, "$", &mut faults);
    assert!(faults.is_empty(), "{faults:#?}\n{document:#}");
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
    let schema = resolved(root, schema);
    if let Some(types) = schema.get("type")
        && !has_type(types, value)
    {
        faults.push(format!("{path} is {value}, not {types}"));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        faults.push(format!("{path} is {value}, not one of {words:?}"));
    }
    for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        let name = required.as_str().expect("a name is a text");
        if value.is_object() && value.get(name).is_none() {
            faults.push(format!("{path}.{name} is missing"));
        }
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array)
        && !choices.iter().any(|choice| fits(root, choice, value))
    {
        faults.push(format!("{path} is none of what it may be: {value}"));
    }
    if let Some(items) = schema.get("items") {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            check(root, items, item, &format!("{path}[{index}]"), faults);
        }
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, field) in value.as_object().into_iter().flatten() {
            match properties.get(name) {
                Some(property) => check(root, property, field, &format!("{path}.{name}"), faults),
                None if is_named_by_a_choice(root, schema, name) => {}
                None => faults.push(format!("{path}.{name} is not in the schema")),
            }
        }
    }
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut faults = Vec::new();
    let schema = resolved(root, schema);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let named = required.filter_map(Value::as_str);
    if schema.get("properties").is_some() && value.is_object() {
        // A choice names some of the fields only.
        for name in named {
            match value.get(name) {
                Some(field) => check(root, &schema["properties"][name], field, name, &mut faults),
                None => return false,
            }
        }
        return faults.is_empty();
    }
    check(root, schema, value, "", &mut faults);
    faults.is_empty()
}

fn is_named_by_a_choice(root: &Value, schema: &Value, name: &str) -> bool {
    let choices = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    choices.map(|choice| resolved(root, choice)).any(|choice| choice["properties"].get(name).is_some())
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere"),
        None => schema,
    }
}

fn has_type(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type {other}"),
    };
    match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => panic!("the schema has no type: {types}"),
    }
}
