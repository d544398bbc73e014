//! The change of one user of the organisation.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    body::{Fields, Refusal, bad},
    state::{Place, State},
};
use crate::sim::service::Call;

/// What an entry of `workspaces` may have: the fields of the listing.
pub(super) const PLACE_FIELDS: [&str; 15] = [
    "workspace_id",
    "workspace_name",
    "workspace_user_id",
    "role_id",
    "role",
    "admin",
    "active",
    "inactive",
    "rate",
    "cost",
    "default_currency",
    "working_hours",
    "groups",
    "view_edit_billable_rates",
    "view_edit_labor_costs",
];

/// Changes one user, by the id within the organisation: everything that is asked, or nothing.
pub(super) fn user(state: &mut State, id: u64, call: &Call) -> Result<Value, Refusal> {
    let known = ["name", "email", "inactive", "groups", "organization_admin", "role_id", "workspaces"];
    let fields = Fields::of(call, &known)?;
    let found = state.people.values().find(|person| person.organization_user_id == id);
    let user = found.map(|person| person.user_id).ok_or(Refusal(404, "Invalid organization user ID.".to_owned()))?;
    if fields.is_empty() {
        return Err(bad("At least one field is required."));
    }
    let mut next = state.clone();
    rename(&mut next, user, &fields)?;
    switch(&mut next, user, &fields)?;
    role(&mut next, user, &fields)?;
    groups(&mut next, user, &fields)?;
    workspaces(&mut next, user, &fields)?;
    *state = next;
    Ok(Value::String("OK".to_owned()))
}

fn rename(state: &mut State, user: u64, fields: &Fields) -> Result<(), Refusal> {
    let (name, email) = (fields.text("name")?, fields.text("email")?);
    if name == Some("") {
        return Err(bad("Field 'name' cannot be empty."));
    }
    match email {
        Some("") => return Err(bad("Missing e-mail.")),
        Some(email) if !is_address(email) => return Err(bad(format!("Invalid e-mail: '{email}'"))),
        Some(email) if state.user_id(email).is_some_and(|other| other != user) => {
            return Err(bad("Email already exists."));
        }
        _ => {}
    }
    let Some(person) = state.people.get_mut(&user) else { return Ok(()) };
    if person.elsewhere && (name.is_some() || email.is_some()) {
        return Err(bad("User has multiple organizations."));
    }
    person.name = name.map_or_else(|| person.name.clone(), str::to_owned);
    person.email = email.map_or_else(|| person.email.clone(), str::to_owned);
    Ok(())
}

fn switch(state: &mut State, user: u64, fields: &Fields) -> Result<(), Refusal> {
    let Some(inactive) = fields.flag("inactive")? else { return Ok(()) };
    let is_owner = is_owner(state, user);
    let taken = state.places_taken();
    let limit = state.habits.active_limit;
    let is_paying = user == state.paying;
    let Some(person) = state.people.get_mut(&user) else { return Ok(()) };
    if inactive && is_owner {
        return Err(bad("Cannot deactivate owner."));
    }
    if inactive && is_paying {
        return Err(bad("Cannot deactivate paying user."));
    }
    if !inactive && person.inactive && limit.is_some_and(|limit| taken >= limit) {
        return Err(bad(limit_text(limit.unwrap_or_default())));
    }
    person.inactive = inactive;
    Ok(())
}

fn role(state: &mut State, user: u64, fields: &Fields) -> Result<(), Refusal> {
    let (role_id, admin) = (fields.id("role_id")?, fields.flag("organization_admin")?);
    let wanted = match (role_id, admin) {
        (Some(_), Some(_)) => return Err(bad("Cannot use both admin flags and role_id.")),
        (None, None) => return Ok(()),
        (Some(id), None) => {
            let role = state.usable_role("organization", id);
            let Some(role) = role else { return Err(bad(format!("Invalid role ID: {id}."))) };
            if role.word == "owner" && !is_owner(state, user) {
                return Err(bad("Invalid organization role."));
            }
            id
        }
        (None, Some(true)) if is_owner(state, user) => 1,
        (None, Some(admin)) => {
            if admin {
                2
            } else {
                3
            }
        }
    };
    let keeps_rights = matches!(state.role(wanted).map(|role| role.word), Some("admin" | "owner"));
    if is_owner(state, user) && wanted != 1 {
        return Err(bad("Cannot remove admin privileges from owner."));
    }
    if user == state.paying && !keeps_rights {
        return Err(bad("Cannot remove admin privileges from paying user."));
    }
    if let Some(person) = state.people.get_mut(&user) {
        person.role = wanted;
    }
    Ok(())
}

fn groups(state: &mut State, user: u64, fields: &Fields) -> Result<(), Refusal> {
    let Some(wanted) = fields.ids("groups")? else { return Ok(()) };
    let organization = state.organization;
    if let Some(stranger) = wanted.iter().find(|id| !state.groups.contains_key(id)) {
        return Err(bad(format!("Group '{stranger}' is not in Organization '{organization}'.")));
    }
    for (id, group) in &mut state.groups {
        if wanted.contains(id) {
            group.users.insert(user);
        } else {
            group.users.remove(&user);
        }
    }
    Ok(())
}

fn workspaces(state: &mut State, user: u64, fields: &Fields) -> Result<(), Refusal> {
    let Some(wanted) = fields.objects("workspaces", &PLACE_FIELDS)? else { return Ok(()) };
    if wanted.is_empty() && state.habits.last_workspace_stays {
        return Err(bad("at least one workspace is required"));
    }
    let mut places = BTreeMap::new();
    for entry in wanted {
        let (workspace, role) = place(state, &entry)?;
        let known = state.people.get(&user).and_then(|person| person.places.get(&workspace)).cloned();
        let workspace_user_id =
            known.map_or_else(|| state.place(user, workspace, role), |place| place.workspace_user_id);
        // What is left out of a whole set is gone, rates too (inferred).
        let rate = entry.number("rate");
        places.insert(workspace, Place { workspace_user_id, role, rate });
    }
    if let Some(person) = state.people.get_mut(&user) {
        person.places = places;
    }
    Ok(())
}

/// Workspace and role of an entry of `workspaces`.
pub(super) fn place(state: &State, entry: &Fields) -> Result<(u64, u64), Refusal> {
    let organization = state.organization;
    let workspace = entry.id("workspace_id")?.unwrap_or_default();
    if !state.workspaces.contains_key(&workspace) {
        return Err(bad(format!("Workspace '{workspace}' is not in Organization '{organization}'.")));
    }
    Ok((workspace, level(state, entry)?.unwrap_or(11)))
}

/// The role that `role_id`, `role` or `admin` name. Of an entry as listed, which has all three, `role_id` counts.
pub(super) fn level(state: &State, entry: &Fields) -> Result<Option<u64>, Refusal> {
    if let Some(id) = entry.id("role_id")? {
        let role = state.usable_role("workspace", id);
        return match role {
            Some(role) => Ok(Some(role.id)),
            None => Err(bad(format!("Invalid workspace role with ID: {id}."))),
        };
    }
    if let Some(word) = entry.text("role")? {
        let roles = state.roles.iter();
        let role =
            roles.filter(|role| state.is_in_plan(role)).find(|role| role.entity == "workspace" && role.word == word);
        return match role {
            Some(role) => Ok(Some(role.id)),
            None => Err(bad("Invalid role_id.")),
        };
    }
    Ok(entry.flag("admin")?.map(|admin| if admin { 10 } else { 11 }))
}

pub(super) fn is_owner(state: &State, user: u64) -> bool {
    let role = state.people.get(&user).and_then(|person| state.role(person.role));
    role.is_some_and(|role| role.word == "owner")
}

pub(super) fn limit_text(limit: usize) -> String {
    format!("Active user limit is {limit}. Upgrade to add more active users")
}

pub(super) fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}
