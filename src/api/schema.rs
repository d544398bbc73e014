//! Schemas of the scalars that the kinds share, and the finish that makes a derived schema fit for an API server.
//!
//! Rules are CEL rather than `pattern` wherever a person writes the value: a pattern can only be quoted back, a rule
//! says what to write. Every list, map and string is bounded, or the API server refuses the rules over it for their cost.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// Longest mail address, login, group or role name.
pub(crate) const LONGEST_NAME: u32 = 320;

/// Whether a field has its default value and need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A string of at most `longest` characters that must match `pattern`, with the message for one that does not.
pub(crate) fn matching(longest: u32, pattern: &str, message: &str) -> Schema {
    ruled(longest, &format!("self.matches(r'{pattern}')"), message)
}

/// A string of at most `longest` characters for which `rule` must hold, with the message for one where it does not.
pub(crate) fn ruled(longest: u32, rule: &str, message: &str) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": longest,
        "x-kubernetes-validations": [{"rule": rule, "message": message}],
    })
}

/// Name of an object in the cluster (RFC 1123 subdomain). Only roughly: subjects are many, and each letter of a pattern
/// costs the API server for each of them.
pub(crate) fn object_name(_: &mut SchemaGenerator) -> Schema {
    ruled(
        253,
        "size(self) > 0 && !self.matches('[^-a-z0-9.]')",
        "write the name of an object: lower-case letters, digits, '-' and '.', no blank, such as team-red",
    )
}

/// Name of a namespace (RFC 1123 label).
pub(crate) fn namespace(_: &mut SchemaGenerator) -> Schema {
    ruled(
        63,
        "size(self) > 0 && !self.matches('^-|[^-a-z0-9]|-$')",
        "write the name of a namespace: lower-case letters, digits and '-', such as team-red",
    )
}

/// Namespaces, each once.
pub(crate) fn namespaces(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 64, "x-kubernetes-list-type": "set", "items": namespace(generator)})
}

/// A person's mail address, or the login in an app that has no mails.
pub(crate) fn login(_: &mut SchemaGenerator) -> Schema {
    ruled(
        LONGEST_NAME,
        "size(self) > 0 && !self.matches(r'\\s')",
        "write one mail address or login without blanks, such as ana@example.com",
    )
}

/// Mail addresses or logins, each once.
pub(crate) fn logins(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 16, "x-kubernetes-list-type": "set", "items": login(generator)})
}

/// A mail domain.
pub(crate) fn domain(_: &mut SchemaGenerator) -> Schema {
    matching(
        253,
        "^([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?[.])+[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$",
        "write a mail domain without '@', such as example.com",
    )
}

/// Mail domains, each once.
pub(crate) fn domains(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 64, "x-kubernetes-list-type": "set", "items": domain(generator)})
}

/// One label of a vendor's host name, such as a customer's subdomain.
pub(crate) fn subdomain(_: &mut SchemaGenerator) -> Schema {
    matching(
        63,
        "^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$",
        "write the subdomain alone, without '.' and 'https://', such as birch",
    )
}

/// A base address.
pub(crate) fn base_url(_: &mut SchemaGenerator) -> Schema {
    matching(
        2048,
        "^https?://[^[:space:]/?#@]+(/[^[:space:]?#]*)?$",
        "write the base address that the vendor documents, without user, query or fragment, such as https://api.example.com/scim/v2",
    )
}

/// Hosts that a credential may go to, each once.
pub(crate) fn hosts(_: &mut SchemaGenerator) -> Schema {
    let host = matching(
        262,
        "^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:]+\\])(:[0-9]{1,5})?$",
        "write a host name, or name:port, without scheme, path or wildcard, such as api.example.com",
    );
    json_schema!({"type": "array", "maxItems": 16, "x-kubernetes-list-type": "set", "items": host})
}

/// Names of roles, groups or the like, each once.
pub(crate) fn names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
    })
}

/// A glob over names of an app. `{namespace}` stands for the claiming namespace, and nothing beside it may be mistaken for a part of one.
pub(crate) fn glob(_: &mut SchemaGenerator) -> Schema {
    ruled(
        LONGEST_NAME,
        "size(self) > 0 && !self.matches('[{]namespace[}]([-a-z0-9*?{]|$)') && !self.matches('[*?][-a-z0-9]*[{]namespace[}]')",
        "let a character that no namespace can contain follow {namespace}, and no wildcard run into it, such as {namespace}/*",
    )
}

/// Globs, each once.
pub(crate) fn globs(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 64, "x-kubernetes-list-type": "set", "items": glob(generator)})
}

/// The digest of a hold.
pub(crate) fn digest(_: &mut SchemaGenerator) -> Schema {
    matching(
        71,
        "^sha256:[0-9a-f]{64}$",
        "copy the whole digest as the plan shows it: sha256: and 64 hexadecimal digits",
    )
}

/// Labels or attributes by name.
pub(crate) fn labels(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": {"type": "string", "maxLength": LONGEST_NAME},
    })
}

/// Makes a derived schema structural and speaking: alternatives become one rule that names them, formats that an API
/// server does not know go, and so do `null`s (it takes a `null` for an absent field) and closed objects (it closes all).
pub(crate) fn finish(schema: &mut Value) {
    if let Value::Object(node) = schema {
        node.remove("nullable");
        if node.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
            node.remove("format");
        }
        if node.get("additionalProperties") == Some(&Value::Bool(false)) {
            node.remove("additionalProperties");
        }
        // The derive empties the two branches, and this is the one form that an API server takes beside int-or-string.
        if node.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
            node.insert("anyOf".to_owned(), json!([{"type": "integer"}, {"type": "string"}]));
        }
        if let Some(Value::String(description)) = node.get_mut("description") {
            *description = description.replace('\n', " ");
        }
        name_alternatives(node);
    }
    match schema {
        Value::Object(node) => node.values_mut().for_each(finish),
        Value::Array(items) => items.iter_mut().for_each(finish),
        _ => {}
    }
}

/// Gives every new object a status that is about no generation yet. Without one, tools that judge by conditions take an
/// object that nobody has looked at for done; Flux's own kinds begin so, too.
pub(crate) fn begin_unobserved(schema: &mut Value) {
    if let Some(Value::Object(status)) = schema.pointer_mut("/properties/status") {
        status.remove("nullable");
        status.insert("default".to_owned(), json!({"observedGeneration": -1}));
    }
}

/// Replaces a `oneOf` of required fields, which an API server can only call wrong, by a rule that names the choices.
fn name_alternatives(node: &mut Map<String, Value>) {
    let Some(fields) = node.get("oneOf").and_then(Value::as_array).and_then(|branches| {
        branches.iter().map(|branch| branch.get("required")?.get(0)?.as_str()).collect::<Option<Vec<_>>>()
    }) else {
        return;
    };
    let present = fields.iter().map(|field| format!("has(self.{field})")).collect::<Vec<_>>().join(", ");
    let rule = json!({
        "rule": format!("[{present}].exists_one(given, given)"),
        "message": format!("write exactly one of: {}", fields.join(", ")),
    });
    node.remove("oneOf");
    if let Value::Array(rules) = node.entry("x-kubernetes-validations").or_insert_with(|| json!([])) {
        rules.insert(0, rule);
    }
}
