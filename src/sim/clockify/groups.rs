//! Groups and projects.

use serde_json::{Value, json};

use super::{
    render,
    state::State,
    vendor::{Outcome, admins_only, body, flag, foreign, get_only, invalid, paged, parameters, text, wrong_method},
};
use crate::sim::service::{Answer, Call};

/// The longest name of a group, in characters.
const NAME_MAX: usize = 100;

/// `…/user-groups`: list and make.
pub(super) fn collection(state: &mut State, call: &Call) -> Outcome {
    match call.method.as_str() {
        "GET" => list(state, call),
        "POST" => create(state, call),
        method => Err(wrong_method(method, "GET, POST")),
    }
}

fn list(state: &State, call: &Call) -> Outcome {
    let known = ["project-id", "name", "sort-column", "sort-order", "page", "page-size", "includeTeamManagers"];
    parameters(call, &known)?;
    let managers = flag(call, "includeTeamManagers")?;
    let part = call.parameter("name").unwrap_or_default().to_lowercase();
    let mut found: Vec<_> =
        state.groups.iter().filter(|(_, group)| group.name.to_lowercase().contains(&part)).collect();
    match call.parameter("sort-column") {
        Some("ID") => {}
        None | Some("NAME") => found.sort_by(|left, right| left.1.name.cmp(&right.1.name)),
        Some(_) => return Err(invalid("You entered invalid value for field: [sort-column]")),
    }
    paged(state, call, found.into_iter().map(|row| render::group(state, row, managers)).collect())
}

/// The refusal of a name that is there already is inferred.
fn create(state: &mut State, call: &Call) -> Outcome {
    admins_only(state)?;
    parameters(call, &[])?;
    let asked = body(call, &["name"])?;
    let name = checked_name(text(&asked, "name")?)?.to_owned();
    if state.group_id(&name).is_some() {
        return Err(invalid("User group with given name already exists"));
    }
    let id = state.add_group(&name);
    shown(state, 201, &id)
}

fn checked_name(name: &str) -> Result<&str, Answer> {
    let fits = !name.trim().is_empty() && name.chars().count() <= NAME_MAX;
    if fits { Ok(name) } else { Err(invalid("You entered invalid value for field: [name]")) }
}

fn shown(state: &State, status: u16, id: &str) -> Outcome {
    let found = state.groups.get_key_value(id).ok_or_else(|| foreign("UserGroup"))?;
    Ok(Answer::json(status, render::group(state, found, false)))
}

/// `…/user-groups/{id}`: rename and delete; it cannot be read alone.
pub(super) fn one(state: &mut State, call: &Call, id: &str) -> Outcome {
    parameters(call, &[])?;
    match call.method.as_str() {
        "PUT" => {
            admins_only(state)?;
            let asked = body(call, &["name"])?;
            let name = checked_name(text(&asked, "name")?)?.to_owned();
            state.groups.get_mut(id).ok_or_else(|| foreign("UserGroup"))?.name = name;
            shown(state, 200, id)
        }
        "DELETE" => {
            admins_only(state)?;
            let answer = shown(state, 200, id)?;
            state.groups.remove(id);
            for user in state.users.values_mut() {
                user.manages.remove(id);
            }
            Ok(answer)
        }
        method => Err(wrong_method(method, "DELETE, PUT")),
    }
}

/// `…/user-groups/{id}/users`: one person per call; they cannot be read.
pub(super) fn members(state: &mut State, call: &Call, id: &str) -> Outcome {
    if call.method != "POST" {
        return Err(wrong_method(&call.method, "POST"));
    }
    admins_only(state)?;
    parameters(call, &[])?;
    let asked = body(call, &["userId"])?;
    let user = text(&asked, "userId")?.to_owned();
    if !state.users.contains_key(&user) {
        return Err(foreign("User"));
    }
    state.groups.get_mut(id).ok_or_else(|| foreign("UserGroup"))?.members.insert(user);
    shown(state, 200, id)
}

/// `…/user-groups/{id}/users/{user}`. The refusal of somebody who is no member is inferred.
pub(super) fn member(state: &mut State, call: &Call, group: &str, user: &str) -> Outcome {
    if call.method != "DELETE" {
        return Err(wrong_method(&call.method, "DELETE"));
    }
    admins_only(state)?;
    parameters(call, &[])?;
    let found = state.groups.get_mut(group).ok_or_else(|| foreign("UserGroup"))?;
    if !found.members.remove(user) {
        return Err(invalid("User doesn't belong to UserGroup"));
    }
    shown(state, 200, group)
}

/// `…/projects`: the fields that name one.
pub(super) fn projects(state: &State, call: &Call) -> Outcome {
    get_only(call)?;
    parameters(call, &["page", "page-size", "sort-column", "archived"])?;
    let row = |(id, name): (&String, &String)| -> Value {
        json!({"id": id, "name": name, "workspaceId": state.workspace, "archived": false, "public": true})
    };
    paged(state, call, state.projects.iter().map(row).collect())
}
