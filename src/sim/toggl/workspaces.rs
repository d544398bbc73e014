//! People in one workspace, by the third kind of id.

use serde_json::Value;

use super::{
    body::{Fields, Refusal, bad},
    state::State,
    update::level,
};
use crate::sim::service::Call;

/// The global user id of a workspace user.
fn holder(state: &State, workspace: u64, id: u64) -> Option<u64> {
    let mut people = state.people.values();
    let found = people.find(|person| person.places.get(&workspace).is_some_and(|place| place.workspace_user_id == id));
    found.map(|person| person.user_id)
}

/// Changes the level of somebody in a workspace.
pub(super) fn change(state: &mut State, workspace: u64, id: u64, call: &Call) -> Result<Value, Refusal> {
    let known = ["role", "role_id", "inactive", "admin", "rate", "labor_cost", "postedFields"];
    let fields = Fields::of(call, &known)?;
    if fields.has("role_id") && (fields.has("role") || fields.has("admin")) {
        return Err(bad("Cannot use both admin flags and role_id."));
    }
    let user = holder(state, workspace, id).ok_or_else(|| bad("Workspace user not found/accessible by user"))?;
    let role = level(state, &fields).map_err(|_| bad("Invalid role_id."))?;
    let place = state.people.get_mut(&user).and_then(|person| person.places.get_mut(&workspace));
    if let (Some(place), Some(role)) = (place, role) {
        place.role = role;
    }
    Ok(Value::String("OK".to_owned()))
}

/// Takes somebody out of a workspace.
pub(super) fn remove(state: &mut State, workspace: u64, id: u64) -> Result<Value, Refusal> {
    let text = "Workspace user is not found or accessible";
    let user = holder(state, workspace, id).ok_or(Refusal(403, text.to_owned()))?;
    take_out(state, workspace, user)?;
    Ok(Value::String("OK".to_owned()))
}

/// Takes people out of a workspace: all of them or none.
pub(super) fn remove_many(state: &mut State, workspace: u64, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields::of(call, &["delete"])?;
    let ids = fields.ids("delete")?.unwrap_or_default();
    if ids.is_empty() {
        return Err(bad("At least one workspace user ID must be supplied."));
    }
    let users: Vec<Option<u64>> = ids.iter().map(|id| holder(state, workspace, *id)).collect();
    if users.contains(&None) {
        return Err(bad("Wrong workspace user IDs"));
    }
    for user in users.into_iter().flatten() {
        take_out(state, workspace, user)?;
    }
    Ok(Value::String("OK".to_owned()))
}

fn take_out(state: &mut State, workspace: u64, user: u64) -> Result<(), Refusal> {
    let stays = state.habits.last_workspace_stays;
    let Some(person) = state.people.get_mut(&user) else { return Ok(()) };
    if stays && person.places.len() == 1 {
        return Err(bad("at least one workspace is required"));
    }
    person.places.remove(&workspace);
    Ok(())
}
