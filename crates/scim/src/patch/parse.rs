//! From the body of a PATCH request to its normal form.

use serde_json::{Map, Value};

use super::{Action, OPERATIONS_MAX, Operation, PatchError, PatchRequest, normalise};
use crate::{
    json,
    path::{AttributePath, PatchPath},
    schema::{self, Form, ResourceKind},
    urn,
};

pub(super) fn request(body: &Value, kind: ResourceKind) -> Result<PatchRequest, PatchError> {
    let body = body.as_object().ok_or(PatchError::Syntax("the body is no object"))?;
    let list = json::get(body, "Operations").ok_or(PatchError::Syntax("no Operations"))?;
    let list = match list {
        Value::Array(list) => list.as_slice(),
        one @ Value::Object(_) => std::slice::from_ref(one),
        _ => return Err(PatchError::Syntax("Operations is no list")),
    };
    if list.is_empty() {
        return Err(PatchError::Syntax("no operation"));
    }
    let mut reader = Reader { kind, operations: Vec::with_capacity(list.len()), unknown: 0 };
    for operation in list {
        reader.operation(operation)?;
    }
    if reader.operations.is_empty() && reader.unknown > 0 {
        return Err(PatchError::UnknownAttribute);
    }
    Ok(PatchRequest { kind, operations: reader.operations, unknown: reader.unknown })
}

struct Reader {
    kind: ResourceKind,
    operations: Vec<Operation>,
    unknown: usize,
}

impl Reader {
    fn operation(&mut self, operation: &Value) -> Result<(), PatchError> {
        let operation = operation.as_object().ok_or(PatchError::Syntax("an operation is no object"))?;
        let action = json::get(operation, "op").and_then(Value::as_str).and_then(action);
        let action = action.ok_or(PatchError::Syntax("op is none of add, replace and remove"))?;
        let value = json::get(operation, "value");
        match json::get(operation, "path") {
            None | Some(Value::Null) => self.without_path(action, value),
            Some(Value::String(path)) if path.trim().is_empty() => self.without_path(action, value),
            Some(Value::String(path)) => {
                let path = PatchPath::parse(path.trim()).map_err(PatchError::Path)?;
                self.with_path(action, path, value)
            }
            Some(_) => Err(PatchError::Syntax("path is no text")),
        }
    }

    fn with_path(&mut self, action: Action, path: PatchPath, value: Option<&Value>) -> Result<(), PatchError> {
        let target = &path.target;
        if target.schema.is_none()
            && target.attribute.eq_ignore_ascii_case(urn::ENTERPRISE_USER)
            && let (Action::Add | Action::Replace, Some(Value::Object(object))) = (action, value)
        {
            return self.keys(action, Some(urn::ENTERPRISE_USER), object);
        }
        let Some(attribute) = schema::find(self.kind, target.schema.as_deref(), &target.attribute) else {
            self.unknown += 1;
            return Ok(());
        };
        if attribute.read_only {
            return Err(PatchError::Mutability(target.to_string()));
        }
        if path.filter.is_some() && attribute.form != Form::List {
            return Err(PatchError::NoTarget);
        }
        let value = normalise::value(attribute, &path, value)?;
        self.push(action, path, value)
    }

    fn without_path(&mut self, action: Action, value: Option<&Value>) -> Result<(), PatchError> {
        if action == Action::Remove {
            return Err(PatchError::NoTarget);
        }
        let unpacked;
        let value = match value {
            Some(Value::String(text)) => {
                unpacked = serde_json::from_str(text).unwrap_or(Value::Null);
                Some(&unpacked)
            }
            other => other,
        };
        let object = value.and_then(Value::as_object).ok_or(PatchError::Syntax("neither a path nor an object"))?;
        self.keys(action, None, object)
    }

    /// The keys of a value without a path: each becomes an operation of its own.
    fn keys(&mut self, action: Action, within: Option<&str>, object: &Map<String, Value>) -> Result<(), PatchError> {
        for (key, value) in object {
            let parsed = AttributePath::parse(key).map(|path| match (within, path.schema.is_none()) {
                (Some(schema), true) => AttributePath { schema: Some(schema.to_owned()), ..path },
                _ => path,
            });
            let known = parsed.and_then(|path| {
                let attribute = schema::find(self.kind, path.schema.as_deref(), &path.attribute)?;
                Some((path, attribute))
            });
            let Some((target, attribute)) = known else {
                self.unknown += 1;
                continue;
            };
            if !attribute.read_only {
                self.with_path(action, PatchPath { target, filter: None }, Some(value))?;
            }
        }
        Ok(())
    }

    fn push(&mut self, action: Action, path: PatchPath, value: Value) -> Result<(), PatchError> {
        if self.operations.len() >= OPERATIONS_MAX {
            return Err(PatchError::TooManyOperations);
        }
        self.operations.push(Operation { action, path, value });
        Ok(())
    }
}

fn action(text: &str) -> Option<Action> {
    [Action::Add, Action::Replace, Action::Remove].into_iter().find(|action| text.eq_ignore_ascii_case(action.as_str()))
}
