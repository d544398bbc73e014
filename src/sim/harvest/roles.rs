//! Business roles: names that describe people and give no rights. For administrators only.

use serde_json::{Map, Value, json};

use super::{
    listing,
    refusal::Refusal,
    state::{Role, State, written},
    vendor::{administrators_only, ids, known_fields},
};
use crate::sim::service::{Answer, Call};

const FIELDS: [&str; 2] = ["name", "user_ids"];

fn render(state: &State, id: u64, role: &Role) -> Value {
    let mut value = json!({
        "id": id, "name": role.name, "user_ids": role.user_ids,
        "created_at": written(role.created), "updated_at": written(role.updated),
    });
    if state.habits.unknown_fields {
        value["colour"] = json!({"name": "teal"});
    }
    value
}

pub(super) fn list(state: &State, call: &Call) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    let rows: Vec<_> = state.roles.iter().rev().map(|(id, role)| (*id, render(state, *id, role))).collect();
    listing::page(call, "roles", &rows, state.habits.page_max)
}

pub(super) fn read(state: &State, id: u64) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    one(state, id, 200)
}

fn one(state: &State, id: u64, status: u16) -> Result<Answer, Refusal> {
    let role = state.roles.get(&id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(status, render(state, id, role)))
}

pub(super) fn create(state: &mut State, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    known_fields(body, &FIELDS)?;
    let name = name(state, body, None)?.ok_or_else(|| Refusal::invalid("Name can't be blank"))?;
    let holders = holders(state, body)?.unwrap_or_default();
    let id = state.add_role(&name, &holders);
    one(state, id, 201)
}

pub(super) fn change(state: &mut State, id: u64, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    known_fields(body, &FIELDS)?;
    if !state.roles.contains_key(&id) {
        return Err(Refusal::not_found());
    }
    let (name, holders) = (name(state, body, Some(id))?, holders(state, body)?);
    let now = state.tick();
    if let Some(role) = state.roles.get_mut(&id) {
        role.updated = now;
        if let Some(name) = name {
            role.name = name;
        }
        if let Some(holders) = holders {
            role.user_ids = holders.into_iter().collect();
        }
    }
    one(state, id, 200)
}

pub(super) fn delete(state: &mut State, id: u64) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    state.roles.remove(&id).map(|_| Answer::empty(200)).ok_or_else(Refusal::not_found)
}

/// The name that is sent; it must be new. Inferred: letters in another case make another name.
fn name(state: &State, body: &Map<String, Value>, own: Option<u64>) -> Result<Option<String>, Refusal> {
    let Some(value) = body.get("name") else { return Ok(None) };
    let name = value.as_str().map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::invalid("Name can't be blank"))?;
    if state.roles.iter().any(|(id, role)| Some(*id) != own && role.name == name) {
        return Err(Refusal::invalid("Name has already been taken"));
    }
    Ok(Some(name.to_owned()))
}

/// The full set of holders that is sent. Inferred: somebody who is not there is refused.
fn holders(state: &State, body: &Map<String, Value>) -> Result<Option<Vec<u64>>, Refusal> {
    let Some(value) = body.get("user_ids") else { return Ok(None) };
    let holders = ids(value, "user_ids")?;
    match holders.iter().find(|id| !state.people.contains_key(id)) {
        Some(id) => Err(Refusal::invalid(format!("User {id} does not exist"))),
        None => Ok(Some(holders)),
    }
}
