//! People: who sees them, what can be changed when, and what is never changed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    listing,
    refusal::Refusal,
    state::{EXTRAS, MAIN, Person, State, written},
    vendor::{administrators_only, ids, known_fields},
};
use crate::sim::service::{Answer, Call};

/// What a change may name.
const FIELDS: [&str; 10] = [
    "first_name",
    "last_name",
    "email",
    "timezone",
    "has_access_to_all_future_projects",
    "is_contractor",
    "is_active",
    "weekly_capacity",
    "roles",
    "access_roles",
];
/// What only a creation may name beside.
const RATES: [&str; 2] = ["default_hourly_rate", "cost_rate"];
/// What managers may not change of their teammates.
const FOR_ADMINISTRATORS: [&str; 4] = ["email", "roles", "access_roles", "is_active"];

fn render(state: &State, id: u64, person: &Person) -> Value {
    let mut value = json!({
        "id": id, "first_name": person.first_name, "last_name": person.last_name, "email": person.email,
        "telephone": "", "timezone": "Eastern Time (US & Canada)", "has_access_to_all_future_projects": false,
        "is_contractor": false, "is_active": person.is_active, "weekly_capacity": 126_000,
        "default_hourly_rate": 0.0, "cost_rate": null, "roles": state.roles_of(id).collect::<Vec<_>>(),
        "access_roles": person.shown_access(), "avatar_url": null, "created_at": written(person.created),
        "updated_at": written(person.updated),
    });
    if state.habits.unknown_fields {
        value["pronouns"] = json!(["they", {"locale": "en"}]);
    }
    value
}

pub(super) fn one(state: &State, id: u64) -> Result<Answer, Refusal> {
    let person = state.people.get(&id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(200, render(state, id, person)))
}

/// Whether the token's person may see another: administrators everybody, managers their teammates. Inferred: everybody
/// sees themselves by id.
fn sees(state: &State, id: u64) -> bool {
    let own = state.people.get(&state.own);
    own.is_some_and(|own| own.main() == "administrator" || own.teammates.contains(&id)) || id == state.own
}

pub(super) fn read(state: &State, id: u64) -> Result<Answer, Refusal> {
    if !state.people.contains_key(&id) {
        return Err(Refusal::not_found());
    }
    if !sees(state, id) {
        return Err(Refusal::forbidden());
    }
    one(state, id)
}

pub(super) fn list(state: &State, call: &Call) -> Result<Answer, Refusal> {
    let known = ["is_active", "updated_since", "page", "per_page", "cursor", "ref"];
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(Refusal::invalid(format!("{name} is not a parameter")));
    }
    let main = state.people.get(&state.own).map_or("member", Person::main);
    if main == "member" {
        return Err(Refusal::forbidden());
    }
    let active = match call.parameter("is_active") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Refusal::invalid("is_active must be true or false")),
    };
    let since = call.parameter("updated_since").map(str::parse::<Timestamp>).transpose();
    let since = since.map_err(|_| Refusal::invalid("updated_since is no time"))?.map(Timestamp::as_second);
    // Inferred: who sees only their teammates is not listed among them.
    let is_listed = |id: u64| sees(state, id) && (main == "administrator" || id != state.own);
    let fits = |(id, person): &(&u64, &Person)| {
        is_listed(**id)
            && active.is_none_or(|active| person.is_active == active)
            && since.is_none_or(|since| person.updated >= since)
    };
    let rows: Vec<_> = state.people.iter().rev().filter(fits).collect();
    let rows: Vec<_> = rows.into_iter().map(|(id, person)| (*id, render(state, *id, person))).collect();
    listing::page(call, "users", &rows, state.habits.page_max)
}

pub(super) fn create(state: &mut State, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    let known: Vec<&str> = FIELDS.into_iter().chain(RATES).collect();
    known_fields(body, &known)?;
    let first = text(body, "first_name")?.ok_or_else(|| Refusal::invalid("First name can't be blank"))?;
    let last = text(body, "last_name")?.ok_or_else(|| Refusal::invalid("Last name can't be blank"))?;
    let email = text(body, "email")?.ok_or_else(|| Refusal::invalid("Email can't be blank"))?;
    free_email(state, &email, None)?;
    let access = access(body)?;
    let roles = role_ids(state, body)?;
    let active = flag(body, "is_active")?.unwrap_or(true);
    if active && state.is_full() {
        return Err(no_seat());
    }
    let id = state.add_person(&first, &last, &email);
    if let Some(person) = state.people.get_mut(&id) {
        person.is_active = active;
        person.access_roles = access.unwrap_or_else(|| vec!["member".to_owned()]);
    }
    set_roles(state, id, roles);
    *state.mails.entry(email.to_lowercase()).or_default() += 1;
    let person = state.people.get(&id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(201, render(state, id, person)))
}

pub(super) fn change(state: &mut State, id: u64, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let before = state.people.get(&id).cloned().ok_or_else(Refusal::not_found)?;
    if !sees(state, id) {
        return Err(Refusal::forbidden());
    }
    if body.keys().any(|name| FOR_ADMINISTRATORS.contains(&name.as_str())) {
        administrators_only(state)?;
    }
    known_fields(body, &FIELDS)?;
    let mut person = before.clone();
    let named = [text(body, "first_name")?, text(body, "last_name")?, text(body, "email")?];
    if !before.is_active && named.iter().any(Option::is_some) {
        return Err(Refusal::invalid("Name and email of an archived person cannot be changed"));
    }
    let [first, last, email] = named;
    if let Some(email) = &email {
        free_email(state, email, Some(id))?;
    }
    person.first_name = first.unwrap_or(person.first_name);
    person.last_name = last.unwrap_or(person.last_name);
    person.email = email.unwrap_or(person.email);
    person.is_active = flag(body, "is_active")?.unwrap_or(person.is_active);
    if before.is_active && !person.is_active && (id == state.own || id == state.owner) {
        return Err(Refusal::invalid("Your own profile and the account owner cannot be archived"));
    }
    if !before.is_active && person.is_active && state.is_full() {
        return Err(no_seat());
    }
    if let Some(access) = access(body)? {
        person.access_roles = access;
        if person.main() == "member" {
            person.teammates.clear();
        }
    }
    let roles = role_ids(state, body)?;
    person.updated = state.tick();
    state.people.insert(id, person);
    set_roles(state, id, roles);
    one(state, id)
}

pub(super) fn delete(state: &mut State, id: u64) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    let person = state.people.get(&id).ok_or_else(Refusal::not_found)?;
    if person.has_entries {
        return Err(Refusal::invalid("People with recorded time or expenses cannot be deleted"));
    }
    if id == state.own || id == state.owner {
        return Err(Refusal::invalid("Your own profile and the account owner cannot be deleted"));
    }
    state.remove_person(id);
    Ok(Answer::empty(200))
}

pub(super) fn teammates(state: &State, id: u64) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    let person = state.people.get(&id).ok_or_else(Refusal::not_found)?;
    let mates = person.teammates.iter().filter_map(|id| Some((id, state.people.get(id)?)));
    let mates = mates.map(
        |(id, mate)| json!({"id": id, "first_name": mate.first_name, "last_name": mate.last_name, "email": mate.email}),
    );
    Ok(Answer::json(200, json!({"teammates": mates.collect::<Vec<_>>()})))
}

pub(super) fn set_teammates(state: &mut State, id: u64, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    administrators_only(state)?;
    known_fields(body, &["teammate_ids"])?;
    let mates = ids(body.get("teammate_ids").unwrap_or(&Value::Null), "teammate_ids")?;
    let person = state.people.get(&id).ok_or_else(Refusal::not_found)?;
    if person.main() != "manager" {
        return Err(Refusal::invalid("Only managers have teammates"));
    }
    state.set_teammates(id, &mates);
    teammates(state, id)
}

/// A text that must not be blank where it is sent at all.
fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = body.get(name) else { return Ok(None) };
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| Some(text.to_owned())).ok_or_else(|| Refusal::invalid(format!("{name} can't be blank")))
}

fn flag(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    let Some(value) = body.get(name) else { return Ok(None) };
    value.as_bool().map(Some).ok_or_else(|| Refusal::invalid(format!("{name} must be true or false")))
}

/// One address, one person, archived people among them. Only that the message holds the address is known.
fn free_email(state: &State, email: &str, own: Option<u64>) -> Result<(), Refusal> {
    if !email.contains('@') {
        return Err(Refusal::invalid(format!("Email {email} is invalid")));
    }
    match state.id_of(email).filter(|id| Some(*id) != own) {
        Some(_) => Err(Refusal::invalid(format!("Email {email} has already been taken"))),
        None => Ok(()),
    }
}

/// Inferred text: only that more seats have to be bought first is known.
fn no_seat() -> Refusal {
    Refusal::invalid("You have used all of your seats. Add seats to your plan first.")
}

/// Exactly one main role; extras only beside `manager`; `people_manager` is never set. Inferred: refused, not ignored.
fn access(body: &Map<String, Value>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = body.get("access_roles") else { return Ok(None) };
    let names: Option<BTreeSet<&str>> = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
    let names = names.ok_or_else(|| Refusal::invalid("access_roles must be a list of names"))?;
    if let Some(unknown) = names.iter().find(|name| !MAIN.contains(name) && !EXTRAS.contains(name)) {
        return Err(Refusal::invalid(format!("{unknown} is not an access role that can be set")));
    }
    let main: Vec<&str> = MAIN.into_iter().filter(|role| names.contains(role)).collect();
    let [main] = main.as_slice() else {
        return Err(Refusal::invalid("access_roles must have exactly one of administrator, manager, member"));
    };
    if names.len() > 1 && *main != "manager" {
        return Err(Refusal::invalid("Additional access roles can only be set along with manager"));
    }
    let extras = EXTRAS.into_iter().filter(|role| names.contains(role));
    Ok(Some(std::iter::once(*main).chain(extras).map(str::to_owned).collect()))
}

/// Business roles by name. Inferred: a name that does not exist is refused.
fn role_ids(state: &State, body: &Map<String, Value>) -> Result<Option<BTreeSet<u64>>, Refusal> {
    let Some(value) = body.get("roles") else { return Ok(None) };
    let list = value.as_array().ok_or_else(|| Refusal::invalid("roles must be a list of names"))?;
    let id = |name: &Value| state.roles.iter().find(|(_, role)| Some(role.name.as_str()) == name.as_str());
    let ids = list.iter().map(|name| id(name).map(|(id, _)| *id)).collect::<Option<BTreeSet<u64>>>();
    ids.map(Some).ok_or_else(|| Refusal::invalid("roles has a name that does not exist"))
}

fn set_roles(state: &mut State, id: u64, roles: Option<BTreeSet<u64>>) {
    let Some(roles) = roles else { return };
    for (role, holders) in &mut state.roles {
        if roles.contains(role) {
            holders.user_ids.insert(id);
        } else {
            holders.user_ids.remove(&id);
        }
    }
}
