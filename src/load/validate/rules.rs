//! The rules of a schema, each compiled when an object first has the field that it is about: to compile all of them takes
//! far longer than a file or two.

use kube::core::cel::{CompiledSchema, compile_schema};
use serde_json::{Map, Value};

/// Where a schema has its rules (`CustomResourceDefinition`, `x-kubernetes-validations`).
const RULES: &str = "x-kubernetes-validations";
/// Parts of a schema that judge the same value as the whole.
const BRANCHES: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// The rules of one kind.
pub(super) struct Rules {
    /// The schema with the rules that were not needed yet.
    waiting: Value,
    compiled: CompiledSchema,
}

impl Rules {
    pub(super) fn new(schema: Value) -> Self {
        let mut bare = schema.clone();
        strip(&mut bare);
        Self { waiting: schema, compiled: compile_schema(&bare) }
    }

    /// The schema with every rule that judges something in `object`. Others may be missing.
    pub(super) fn of(&mut self, object: &Value) -> &CompiledSchema {
        compile(&mut self.waiting, &mut self.compiled, object);
        &self.compiled
    }
}

fn strip(schema: &mut Value) {
    match schema {
        Value::Object(node) => {
            node.remove(RULES);
            node.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn compile(waiting: &mut Value, compiled: &mut CompiledSchema, value: &Value) {
    let Some(node) = waiting.as_object_mut() else { return };
    if let Some(rules) = node.remove(RULES) {
        let only = Value::Object(Map::from_iter([(RULES.to_owned(), rules)]));
        compiled.validations = compile_schema(&only).validations;
    }
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = node.get_mut("properties") {
                for (name, property) in properties {
                    let Some(below) = compiled.properties.get_mut(name) else { continue };
                    // What is left out has its default by the time that rules are judged.
                    if let Some(value) = fields.get(name) {
                        compile(property, below, value);
                    } else if let Some(default) = property.get("default").cloned() {
                        compile(property, below, &default);
                    }
                }
            }
            if let (Some(schema), Some(below)) =
                (node.get_mut("additionalProperties"), &mut compiled.additional_properties)
            {
                for value in fields.values() {
                    compile(schema, below, value);
                }
            }
        }
        Value::Array(items) => {
            if let (Some(schema), Some(below)) = (node.get_mut("items"), &mut compiled.items) {
                for value in items {
                    compile(schema, below, value);
                }
            }
        }
        _ => {}
    }
    let branches = [&mut compiled.all_of, &mut compiled.one_of, &mut compiled.any_of];
    for (name, below) in BRANCHES.into_iter().zip(branches) {
        let schemas = node.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten();
        for (schema, below) in schemas.zip(below) {
            compile(schema, below, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::core::cel::Validator;
    use serde_json::json;

    use super::*;
    use crate::api::Kind;

    fn schema_of(kind: Kind) -> Value {
        let version = kind.definition().spec.versions.into_iter().next().unwrap();
        serde_json::to_value(version.schema.unwrap().open_api_v3_schema.unwrap()).unwrap()
    }

    fn nodes(schema: &CompiledSchema) -> Vec<&CompiledSchema> {
        let mut all = vec![schema];
        let mut next = 0;
        while let Some(node) = all.get(next).copied() {
            all.extend(node.properties.values());
            all.extend(node.items.as_deref());
            all.extend(node.additional_properties.as_deref());
            next += 1;
        }
        all
    }

    #[test]
    fn every_rule_compiles_here() {
        for kind in Kind::ALL {
            for node in nodes(&compile_schema(&schema_of(kind))) {
                assert!(!node.has_errors(), "{kind}: {:?}", node.compilation_errors());
            }
        }
    }

    /// An object that has something in every field of the schema.
    fn full(schema: &Value) -> Value {
        if let Some(Value::Object(properties)) = schema.get("properties") {
            return properties.iter().map(|(name, property)| (name.clone(), full(property))).collect();
        }
        if let Some(items) = schema.get("items") {
            return json!([full(items)]);
        }
        match schema.get("additionalProperties") {
            Some(values) if values.is_object() => json!({ "any": full(values) }),
            _ => Value::Null,
        }
    }

    #[test]
    fn an_object_with_every_field_is_judged_by_every_rule() {
        for kind in Kind::ALL {
            let schema = schema_of(kind);
            let count = |compiled: &CompiledSchema| -> usize {
                nodes(compiled).iter().map(|node| node.validations.len()).sum()
            };
            let all = count(&compile_schema(&schema));
            let mut rules = Rules::new(schema.clone());
            assert!(count(&rules.compiled) == 0 && all > 0, "{kind}");
            assert_eq!(count(rules.of(&full(&schema))), all, "{kind}");
        }
    }

    #[test]
    fn what_is_left_out_is_judged_by_its_default_and_what_came_later_by_its_rule() {
        let rule = |message: &str| json!([{ "rule": "self > 1", "message": message }]);
        let schema = json!({ "type": "object", "properties": {
            "given": { "type": "integer", "default": 1, RULES: rule("given") },
            "rare": { "type": "array", "items": { "type": "integer", RULES: rule("rare") } },
        }});
        let mut rules = Rules::new(schema);
        let mut judge = |object: Value| -> Vec<String> {
            let errors = Validator::new().validate_compiled(rules.of(&object), &object, None);
            errors
                .err()
                .map(|errors| errors.as_slice().iter().map(|error| error.field_path.clone()).collect())
                .unwrap_or_default()
        };
        assert_eq!(judge(json!({})), ["given"]);
        assert_eq!(judge(json!({ "given": 2, "rare": [] })), [""; 0]);
        assert_eq!(judge(json!({ "given": 2, "rare": [2, 1] })), ["rare[1]"]);
    }
}
