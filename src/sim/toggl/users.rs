//! The users of the organisation: listing and bulk deletion.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    body::{Fields, Refusal, bad},
    state::{Person, State},
};
use crate::sim::service::{Answer, Call};

/// What a listing is asked for.
struct Wish {
    page: u64,
    size: u64,
    descending: bool,
    filter: String,
    states: BTreeSet<String>,
    admins_only: bool,
    groups: Vec<u64>,
    workspaces: Vec<u64>,
}

fn number(call: &Call, name: &str, default: u64) -> Result<u64, Refusal> {
    let Some(text) = call.parameter(name) else { return Ok(default) };
    let value: i64 = text.parse().map_err(|_| bad(format!("Invalid value sent for '{name}'.")))?;
    let value = u64::try_from(value).unwrap_or_default();
    if value == 0 { Err(bad(format!("{name} parameter must contain values > 0."))) } else { Ok(value) }
}

fn ids(call: &Call, name: &str) -> Result<Vec<u64>, Refusal> {
    let Some(text) = call.parameter(name) else { return Ok(Vec::new()) };
    let numbers = text.split(',').map(|id| id.parse().map_err(|_| bad(format!("Invalid value sent for '{name}'."))));
    numbers.collect()
}

fn wish(state: &State, call: &Call) -> Result<Wish, Refusal> {
    const KNOWN: [&str; 8] =
        ["filter", "active_status", "only_admins", "groups", "workspaces", "page", "per_page", "sort_dir"];
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return Err(bad(format!("Invalid value sent for '{name}'.")));
    }
    let states: BTreeSet<String> =
        call.parameter("active_status").map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default();
    if states.iter().any(|word| !["active", "inactive", "invited"].contains(&word.as_str())) {
        return Err(bad("active_status parameter can contain only 'active', 'inactive' or 'invited'."));
    }
    let admins_only = match call.parameter("only_admins") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(bad("only_admins parameter can contain only 'true' or 'false'.")),
    };
    let descending = match call.parameter("sort_dir") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(bad("sort_dir parameter can contain only 'asc' or 'desc'.")),
    };
    let asked = number(call, "per_page", 50)?;
    if asked > state.habits.page_max && state.habits.page_refused {
        return Err(bad("Invalid value sent for 'per_page'."));
    }
    Ok(Wish {
        page: number(call, "page", 1)?,
        size: asked.min(state.habits.page_max),
        descending,
        filter: call.parameter("filter").unwrap_or_default().to_lowercase(),
        states,
        admins_only,
        groups: ids(call, "groups")?,
        workspaces: ids(call, "workspaces")?,
    })
}

fn fits(state: &State, wish: &Wish, person: &Person) -> bool {
    let word = match (person.inactive, person.joined) {
        (true, _) => "inactive",
        (false, true) => "active",
        (false, false) => "invited",
    };
    let is_admin = || state.role(person.role).is_some_and(|role| matches!(role.word, "admin" | "owner"));
    let in_group = |id: &u64| state.groups.get(id).is_some_and(|group| group.users.contains(&person.user_id));
    let filtered = wish.filter.is_empty()
        || person.email.to_lowercase().contains(&wish.filter)
        || person.name.to_lowercase().contains(&wish.filter);
    filtered
        && (wish.states.is_empty() || wish.states.contains(word))
        && (!wish.admins_only || is_admin())
        && (wish.groups.is_empty() || wish.groups.iter().any(in_group))
        && (wish.workspaces.is_empty() || wish.workspaces.iter().any(|id| person.places.contains_key(id)))
}

/// One page of the users, with the headers that tell its place.
pub(super) fn list(state: &State, call: &Call) -> Result<Answer, Refusal> {
    let wish = wish(state, call)?;
    let mut found: Vec<&Person> = state.people.values().filter(|person| fits(state, &wish, person)).collect();
    found.sort_by(|left, right| (&left.name, left.user_id).cmp(&(&right.name, right.user_id)));
    if wish.descending {
        found.reverse();
    }
    let total = found.len() as u64;
    let start = usize::try_from((wish.page - 1).saturating_mul(wish.size)).unwrap_or(usize::MAX);
    let size = usize::try_from(wish.size).unwrap_or(usize::MAX);
    let rows = found.into_iter().skip(start).take(size).map(|person| state.person_view(person)).collect();
    let answer = Answer::json(200, state.list(rows))
        .with_header("x-page", wish.page.to_string())
        .with_header("x-page-size", wish.size.to_string())
        .with_header("x-pages", total.div_ceil(wish.size).max(1).to_string())
        .with_header("x-records", total.to_string())
        .with_header("x-sort-order", if wish.descending { "desc" } else { "asc" });
    Ok(answer)
}

/// Deletes members of the organisation: all of them or none.
pub(super) fn delete(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields::of(call, &["delete"])?;
    let ids = fields.ids("delete")?.unwrap_or_default();
    if ids.is_empty() {
        return Err(bad("At least one organization user ID must be supplied."));
    }
    if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        return Err(bad("Organization user IDs must be unique."));
    }
    let person_of = |id: u64| state.people.values().find(|person| person.organization_user_id == id);
    let strangers: Vec<String> = ids.iter().filter(|id| person_of(**id).is_none()).map(u64::to_string).collect();
    if !strangers.is_empty() {
        let strangers = strangers.join(", ");
        let text = "The following organization user IDs do not belong to this organization:";
        return Err(bad(format!("{text} '{strangers}'.")));
    }
    for id in &ids {
        let Some(person) = person_of(*id) else { continue };
        let refused = |who: &str| bad(format!("Cannot remove the {who} user with organization user ID='{id}'."));
        if state.role(person.role).is_some_and(|role| role.word == "owner") {
            return Err(refused("organization owner"));
        }
        if person.user_id == state.paying {
            return Err(refused("paying"));
        }
        if !person.joined && !state.habits.pending_can_go {
            return Err(bad("Cannot remove a pending user."));
        }
    }
    let gone: Vec<String> = ids.iter().filter_map(|id| person_of(*id)).map(|person| person.email.clone()).collect();
    for email in gone {
        state.remove_person(&email);
    }
    Ok(Value::String("OK".to_owned()))
}
