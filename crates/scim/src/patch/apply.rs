//! Applies the normal form to a JSON resource, on a copy that takes the resource's place only when all went well.

use std::collections::HashSet;

use serde_json::{Map, Value, map::Entry};

use super::{Action, Applied, Operation, PatchError, PatchRequest};
use crate::{
    filter::{CaseRules, Filter, Literal, Scope},
    json,
    path::AttributePath,
    schema::{self, Attribute, Form, ResourceKind},
};

pub(super) fn request(request: &PatchRequest, resource: &mut Value, rules: CaseRules) -> Result<Applied, PatchError> {
    let before = resource.as_object().ok_or(PatchError::Syntax("the resource is no object"))?;
    let mut after = before.clone();
    for operation in &request.operations {
        apply(request.kind, operation, &mut after, rules)?;
    }
    let changed = *before != after;
    if changed {
        *resource = Value::Object(after);
    }
    Ok(Applied { changed })
}

fn apply(
    kind: ResourceKind,
    operation: &Operation,
    resource: &mut Map<String, Value>,
    rules: CaseRules,
) -> Result<(), PatchError> {
    let target = &operation.path.target;
    let attribute =
        schema::find(kind, target.schema.as_deref(), &target.attribute).ok_or(PatchError::UnknownAttribute)?;
    let Some(extension) = &target.schema else {
        return within(attribute, operation, resource, rules);
    };
    let key = json::spelling(resource, extension).to_owned();
    let mut object = match resource.remove(&key) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    within(attribute, operation, &mut object, rules)?;
    if !object.is_empty() {
        resource.insert(key, Value::Object(object));
    }
    Ok(())
}

/// Applies to an attribute of the object that holds it: the resource, or an extension in it.
fn within(
    attribute: Attribute,
    operation: &Operation,
    holder: &mut Map<String, Value>,
    rules: CaseRules,
) -> Result<(), PatchError> {
    let key = json::spelling(holder, attribute.name).to_owned();
    let mut current = holder.remove(&key).filter(|value| !value.is_null());
    match (attribute.form, &operation.path.filter, &operation.path.target.sub_attribute) {
        (Form::List, Some(filter), sub) => {
            let mut items = items(current.take());
            filtered(operation, filter, sub.as_deref(), &mut items, rules)?;
            current = Some(Value::Array(items));
        }
        (Form::List, None, Some(sub)) => {
            let mut items = items(current.take());
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                set_sub(item, sub, operation);
            }
            current = Some(Value::Array(items));
        }
        (Form::List, None, None) => {
            current = Some(Value::Array(list(operation, items(current.take()))));
        }
        (_, _, Some(sub)) => {
            let mut object = match current.take() {
                Some(Value::Object(object)) => object,
                _ => Map::new(),
            };
            set_sub(&mut object, sub, operation);
            current = Some(Value::Object(object));
        }
        (form, _, None) => current = single(form, operation, current.take()),
    }
    match current.filter(|value| !json::is_unassigned(value)) {
        Some(value) => {
            holder.insert(key, value);
        }
        None if attribute.required => return Err(PatchError::Mutability(attribute.name.to_owned())),
        None => {}
    }
    Ok(())
}

fn items(value: Option<Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(one) => vec![one],
    }
}

fn single(form: Form, operation: &Operation, current: Option<Value>) -> Option<Value> {
    if operation.action == Action::Remove || operation.value.is_null() {
        return if operation.action == Action::Add { current } else { None };
    }
    match (form, current, &operation.value) {
        (Form::Complex, Some(Value::Object(mut object)), Value::Object(given)) => {
            merge(&mut object, given);
            Some(Value::Object(object))
        }
        _ => Some(operation.value.clone()),
    }
}

fn set_sub(object: &mut Map<String, Value>, sub: &str, operation: &Operation) {
    let key = json::spelling(object, sub).to_owned();
    if operation.action == Action::Remove || (operation.value.is_null() && operation.action == Action::Replace) {
        object.remove(&key);
    } else if !operation.value.is_null() {
        object.insert(key, operation.value.clone());
    }
}

fn merge(object: &mut Map<String, Value>, given: &Map<String, Value>) {
    for (name, value) in given {
        let key = json::spelling(object, name).to_owned();
        object.insert(key, value.clone());
    }
}

/// A whole list: values are added, put in place of all, or taken away; with a value list only those of it.
fn list(operation: &Operation, mut items: Vec<Value>) -> Vec<Value> {
    let given = operation.value.as_array();
    match (operation.action, given) {
        (Action::Remove | Action::Replace, None) => Vec::new(),
        (Action::Remove, Some(given)) => {
            let keys: HashSet<&str> = given.iter().filter_map(bare_value).collect();
            let others: Vec<&Value> = given.iter().filter(|value| bare_value(value).is_none()).collect();
            items.retain(|item| {
                !value_of(item).is_some_and(|value| keys.contains(value))
                    && !others.iter().any(|wanted| is_covered(item, wanted))
            });
            items
        }
        (Action::Add, None) => items,
        (Action::Add, Some(given)) => {
            append(&mut items, given);
            items
        }
        (Action::Replace, Some(given)) => {
            let mut fresh = Vec::with_capacity(given.len());
            append(&mut fresh, given);
            if is_same_set(&items, &fresh) { items } else { fresh }
        }
    }
}

/// Appends what is not there yet. A value that differs from one there in nothing but its `value` and `type` being equal
/// is merged into it.
fn append(items: &mut Vec<Value>, given: &[Value]) {
    let mut positions: std::collections::HashMap<(String, String), usize> = std::collections::HashMap::new();
    for (index, item) in items.iter().enumerate() {
        positions.entry(identity(item)).or_insert(index);
    }
    for value in given {
        let index = match positions.entry(identity(value)) {
            std::collections::hash_map::Entry::Occupied(found) => {
                let index = *found.get();
                if let (Some(Value::Object(item)), Some(given)) = (items.get_mut(index), value.as_object()) {
                    merge(item, given);
                }
                index
            }
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(items.len());
                items.push(value.clone());
                items.len() - 1
            }
        };
        if is_primary(value) {
            clear_other_primaries(items, &[index]);
        }
    }
}

/// What tells two values of a list apart: `value` and `type`, or the whole where there is no `value`.
fn identity(item: &Value) -> (String, String) {
    let text = |name: &str| item.as_object().and_then(|object| json::get(object, name)).and_then(Value::as_str);
    match text("value") {
        Some(value) => (value.to_owned(), text("type").unwrap_or_default().to_lowercase()),
        None => (String::new(), item.to_string()),
    }
}

fn value_of(item: &Value) -> Option<&str> {
    match item {
        Value::String(text) => Some(text),
        Value::Object(object) => json::get(object, "value").and_then(Value::as_str),
        _ => None,
    }
}

/// The `value` of a removal's entry that tells nothing else that would narrow it (a reference or a label does not).
fn bare_value(entry: &Value) -> Option<&str> {
    let object = entry.as_object()?;
    let narrows = object.keys().any(|key| key.eq_ignore_ascii_case("type"));
    let is_member =
        json::get(object, "type").and_then(Value::as_str).is_some_and(|kind| kind == "User" || kind == "Group");
    if narrows && !is_member { None } else { value_of(entry) }
}

/// Whether an item has everything that is told of it.
fn is_covered(item: &Value, wanted: &Value) -> bool {
    let (Some(item), Some(wanted)) = (item.as_object(), wanted.as_object()) else { return item == wanted };
    wanted.iter().all(|(name, value)| json::get(item, name) == Some(value))
}

fn is_same_set(left: &[Value], right: &[Value]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let texts = |items: &[Value]| {
        let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
        texts.sort_unstable();
        texts
    };
    texts(left) == texts(right)
}

fn is_primary(value: &Value) -> bool {
    value.as_object().and_then(|object| json::get(object, "primary")).and_then(json::boolean).unwrap_or(false)
}

fn clear_other_primaries(items: &mut [Value], kept: &[usize]) {
    for (index, item) in items.iter_mut().enumerate() {
        if !kept.contains(&index)
            && is_primary(item)
            && let Some(object) = item.as_object_mut()
        {
            let key = json::spelling(object, "primary").to_owned();
            object.insert(key, Value::Bool(false));
        }
    }
}

/// The values of a list that fulfil a filter.
fn filtered(
    operation: &Operation,
    filter: &Filter,
    sub: Option<&str>,
    items: &mut Vec<Value>,
    rules: CaseRules,
) -> Result<(), PatchError> {
    let parent = operation.path.target.parent();
    let mut hits = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(object) = item.as_object() else { continue };
        if filter.holds(Scope { object, parent: Some(&parent), rules }).map_err(PatchError::Filter)? {
            hits.push(index);
        }
    }
    if operation.action == Action::Remove || operation.value.is_null() {
        remove_hits(operation, sub, items, &hits);
        return Ok(());
    }
    if hits.is_empty() {
        items.push(Value::Object(from_terms(filter)?));
        hits.push(items.len() - 1);
    }
    for &index in &hits {
        let Some(Value::Object(item)) = items.get_mut(index) else { continue };
        match sub {
            Some(sub) => set_sub(item, sub, operation),
            None if operation.action == Action::Add => {
                merge(item, operation.value.as_object().unwrap_or(&Map::new()));
            }
            None => *item = operation.value.as_object().cloned().unwrap_or_default(),
        }
    }
    if hits.iter().any(|&index| items.get(index).is_some_and(is_primary)) {
        clear_other_primaries(items, &hits);
    }
    Ok(())
}

fn remove_hits(operation: &Operation, sub: Option<&str>, items: &mut Vec<Value>, hits: &[usize]) {
    if operation.action == Action::Add {
        return;
    }
    let mut index = 0;
    items.retain_mut(|item| {
        let is_hit = hits.binary_search(&index).is_ok();
        index += 1;
        match (is_hit, sub) {
            (false, _) => true,
            (true, None) => false,
            (true, Some(sub)) => {
                if let Some(object) = item.as_object_mut() {
                    set_sub(object, sub, operation);
                }
                !json::is_unassigned(item)
            }
        }
    });
}

/// The value that a filter describes when it is nothing but equalities: what a client means that sets a value which is
/// not there yet.
fn from_terms(filter: &Filter) -> Result<Map<String, Value>, PatchError> {
    let mut object = Map::new();
    for (path, literal) in filter.equalities().ok_or(PatchError::NoTarget)? {
        let AttributePath { schema: None, attribute, sub_attribute: None } = path else {
            return Err(PatchError::NoTarget);
        };
        let value = match literal {
            Literal::Text(text) if attribute.eq_ignore_ascii_case("primary") => {
                json::boolean_text(text).map(Value::Bool)
            }
            Literal::Text(text) => Some(Value::String(text.clone())),
            Literal::Boolean(told) => Some(Value::Bool(*told)),
            Literal::Number(_) | Literal::Null => None,
        };
        let value = value.ok_or(PatchError::NoTarget)?;
        match object.entry(attribute.clone()) {
            Entry::Occupied(_) => return Err(PatchError::NoTarget),
            Entry::Vacant(free) => free.insert(value),
        };
    }
    Ok(object)
}
