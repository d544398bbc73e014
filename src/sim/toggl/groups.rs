//! Groups: the list, which has no pages, and changes of whole sets. The grammar of PATCH is not published; the form here
//! is inferred, and it shows that a 200 can contain failures.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    body::{Fields, Refusal, bad},
    state::{Group, State},
};
use crate::sim::service::Call;

/// Longest name, in characters.
const NAME_MAX: usize = 200;

/// All groups by name, but those that are too new to be seen.
pub(super) fn list(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    if !state.habits.groups_listed {
        return Err(Refusal(403, "Forbidden".to_owned()));
    }
    let wanted = call.parameter("name").unwrap_or_default().to_lowercase();
    let mut groups: Vec<(&u64, &Group)> = state.groups.iter().filter(|(_, group)| group.hidden == 0).collect();
    groups.retain(|(_, group)| group.name.to_lowercase().contains(&wanted));
    groups.sort_by(|left, right| left.1.name.cmp(&right.1.name));
    let listed = groups.into_iter().map(|(id, group)| state.group_view(*id, group)).collect();
    let answer = state.list(listed);
    for group in state.groups.values_mut() {
        group.hidden = group.hidden.saturating_sub(1);
    }
    Ok(answer)
}

/// What a group is to be: its name and its whole sets.
fn wanted(state: &State, call: &Call, id: Option<u64>) -> Result<(String, BTreeSet<u64>, BTreeSet<u64>), Refusal> {
    let fields = Fields::of(call, &["name", "users", "workspaces"])?;
    let name = fields.text("name")?.unwrap_or_default();
    if name.is_empty() {
        return Err(bad("Group name must be present"));
    }
    if name.chars().count() > NAME_MAX {
        return Err(bad("Group name too long, maximum length is 200"));
    }
    if state.groups.iter().any(|(known, group)| group.name == name && Some(*known) != id) {
        return Err(bad("Name has already been taken"));
    }
    let organization = state.organization;
    let users = fields.ids("users")?.unwrap_or_default();
    if let Some(user) = users.iter().find(|user| !state.people.contains_key(user)) {
        return Err(bad(format!("User {user} not exists in the organization {organization}")));
    }
    let workspaces = fields.ids("workspaces")?.unwrap_or_default();
    if let Some(workspace) = workspaces.iter().find(|workspace| !state.workspaces.contains_key(workspace)) {
        return Err(bad(format!("Workspace {workspace} not exists in the organization {organization}")));
    }
    Ok((name.to_owned(), users.into_iter().collect(), workspaces.into_iter().collect()))
}

/// Makes a group.
pub(super) fn create(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    let (name, users, workspaces) = wanted(state, call, None)?;
    let id = state.add_group(&name, &[]);
    let group = Group { name, users, workspaces, hidden: state.habits.group_delay };
    let answer = state.group_view(id, &group);
    state.groups.insert(id, group);
    Ok(answer)
}

fn known(state: &State, id: u64) -> Result<(), Refusal> {
    if state.groups.contains_key(&id) { Ok(()) } else { Err(Refusal(404, "Invalid group ID.".to_owned())) }
}

/// Replaces a group: what is left out is empty.
pub(super) fn replace(state: &mut State, id: u64, call: &Call) -> Result<Value, Refusal> {
    known(state, id)?;
    let (name, users, workspaces) = wanted(state, call, Some(id))?;
    let hidden = state.groups.get(&id).map(|group| group.hidden).unwrap_or_default();
    let group = Group { name, users, workspaces, hidden };
    let answer = state.group_view(id, &group);
    state.groups.insert(id, group);
    Ok(answer)
}

/// Deletes a group.
pub(super) fn delete(state: &mut State, id: u64) -> Result<Value, Refusal> {
    known(state, id)?;
    state.groups.remove(&id);
    Ok(Value::String("OK".to_owned()))
}

/// Applies each patch on its own.
pub(super) fn patch(state: &mut State, id: u64, call: &Call) -> Result<Value, Refusal> {
    if !state.groups.contains_key(&id) {
        return Err(bad("Unknown group at organization"));
    }
    let Some(Value::Array(patches)) = call.json() else { return Err(bad("Invalid JSON input")) };
    let (mut success, mut failure) = (Vec::new(), Vec::new());
    for patch in patches {
        match patch_one(state, id, &patch)? {
            None => success.push(patch),
            Some(message) => failure.push(json!({"message": message, "patch": patch})),
        }
    }
    Ok(json!({"success": success, "failure": failure}))
}

/// Applies one patch; what cannot be done is told, not refused.
fn patch_one(state: &mut State, id: u64, patch: &Value) -> Result<Option<String>, Refusal> {
    let operation = patch["op"].as_str().unwrap_or_default();
    if !["add", "remove"].contains(&operation) {
        return Err(bad("Empty or invalid patch operation"));
    }
    if patch["path"] != "/users" {
        return Err(bad("Empty or invalid patch path"));
    }
    let users: Vec<u64> = patch["value"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    if let Some(stranger) = users.iter().find(|user| !state.people.contains_key(user)) {
        return Ok(Some(format!("User {stranger} not exists in the organization {}", state.organization)));
    }
    let Some(group) = state.groups.get_mut(&id) else { return Ok(None) };
    for user in users {
        if operation == "add" {
            group.users.insert(user);
        } else {
            group.users.remove(&user);
        }
    }
    Ok(None)
}
