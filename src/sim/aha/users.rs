//! Users and their roles in products.

use serde_json::{Map, Value, json};

use super::{
    Role,
    exchange::{Outcome, Refusal, id_text, only_parameters, page, required, text, word_switch, wrapped},
    state::{Administers, State, User},
};
use crate::sim::service::{Answer, Call};

fn known(state: &State, id: &str) -> Result<u64, Refusal> {
    id.parse().ok().filter(|id| state.users.contains_key(id)).ok_or_else(Refusal::not_found)
}

/// The key's own user, wrapped, without what only administrators see and with the accounts that it belongs to.
pub(super) fn me(state: &State, call: &Call) -> Outcome {
    only_parameters(call, &["include"])?;
    let own = state.own_user().ok_or_else(Refusal::not_found)?;
    let mut value = state.user_value(state.own, own);
    value["preferences"] = json!({"current_product_id": null});
    value["accounts"] = json!([{"account": {
        "name": "Birch Studio", "domain": state.domain, "logo": null, "alt_logo": null, "enabled": true,
    }}]);
    Ok(Answer::json(200, json!({"user": value})))
}

/// All users, disabled ones too, or those of one address.
pub(super) fn list(state: &State, call: &Call) -> Outcome {
    only_parameters(call, &["page", "per_page", "email"])?;
    let email = call.parameter("email");
    let found = state.users.iter().filter(|(_, user)| email.is_none_or(|email| user.email.eq_ignore_ascii_case(email)));
    page(call, "users", found.collect(), |(id, user)| {
        let mut row = state.full_user(*id, user);
        row["user_roles"] = state.custom_role_values(user).into();
        row
    })
}

/// One user, wrapped.
pub(super) fn get(state: &State, call: &Call, id: &str) -> Outcome {
    only_parameters(call, &[])?;
    let id = known(state, id)?;
    let user = state.users.get(&id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(200, json!({"user": state.full_user(id, user)})))
}

/// Changes a user; the answer is not wrapped.
pub(super) fn update(state: &mut State, call: &Call, id: &str) -> Outcome {
    const FIELDS: [&str; 6] = ["first_name", "last_name", "email", "enabled", "administrator", "administrator_roles"];
    let id = known(state, id)?;
    let body = wrapped(call, "user", &FIELDS)?;
    if text(&body, "email")?.is_some_and(|email| state.has_email(email, Some(id))) {
        return Err(Refusal::invalid("Email has already been taken"));
    }
    let mut after = state.users.get(&id).cloned().ok_or_else(Refusal::not_found)?;
    write(&mut after, &body)?;
    // Neither is documented: nobody locks themselves out, and somebody administers the account.
    if id == state.own && !after.enabled {
        return Err(Refusal::invalid("You cannot disable yourself"));
    }
    let mut others = state.users.iter().filter(|(other, _)| **other != id).map(|(_, user)| user);
    let administers = |user: &User| user.enabled && user.administers.any();
    if !administers(&after) && !others.any(administers) {
        return Err(Refusal::invalid("The account needs an administrator"));
    }
    keep(state, id, after)?;
    let user = state.users.get(&id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(200, state.full_user(id, user)))
}

fn write(user: &mut User, body: &Map<String, Value>) -> Result<(), Refusal> {
    for (field, new) in [
        (&mut user.first_name, text(body, "first_name")?),
        (&mut user.last_name, text(body, "last_name")?),
        (&mut user.email, text(body, "email")?),
    ] {
        if let Some(new) = new {
            new.clone_into(field);
        }
    }
    if let Some(enabled) = body.get("enabled") {
        user.enabled = enabled.as_bool().ok_or_else(|| Refusal::new(400, "enabled must be true or false"))?;
    }
    if let Some(all) = body.get("administrator") {
        user.administers = Administers::all(word_switch(all, "administrator")?);
    }
    let Some(parts) = body.get("administrator_roles") else { return Ok(()) };
    let Some(parts) = parts.as_object() else { return Err(Refusal::new(400, "administrator_roles must be an object")) };
    for (name, value) in parts {
        let part = match name.as_str() {
            "administer_account" => &mut user.administers.account,
            "administer_billing" => &mut user.administers.billing,
            "administer_configuration" => &mut user.administers.configuration,
            _ => return Err(Refusal::new(400, format!("found unpermitted parameter: {name}"))),
        };
        *part = word_switch(value, name)?;
    }
    Ok(())
}

/// Takes over a user, unless that would take a paid seat that nobody bought. The wording is inferred.
fn keep(state: &mut State, id: u64, after: User) -> Result<(), Refusal> {
    let gains = state.takes_seat(&after) && !state.users.get(&id).is_some_and(|before| state.takes_seat(before));
    if gains && !state.has_seat() {
        return Err(Refusal::invalid("There are no paid seats available. Add seats to invite more users"));
    }
    state.users.insert(id, after);
    Ok(())
}

fn role_of(body: &Map<String, Value>) -> Result<Option<Role>, Refusal> {
    Role::written(required(body, "role")?).map_err(|()| Refusal::invalid("Role is not included in the list"))
}

/// Makes a user in a product: there is no other way to make one.
pub(super) fn create(state: &mut State, call: &Call, product: &str) -> Outcome {
    let product = state.product(product).ok_or_else(Refusal::not_found)?;
    let body = wrapped(call, "user", &["email", "first_name", "last_name", "role", "identity_provider_id"])?;
    let (email, first) = (required(&body, "email")?, required(&body, "first_name")?);
    let (last, role) = (required(&body, "last_name")?, role_of(&body)?);
    // What comes of an address that is known already is not documented.
    if state.has_email(email, None) {
        return Err(Refusal::invalid("Email has already been taken"));
    }
    if !email.contains('@') {
        return Err(Refusal::invalid("Email is invalid"));
    }
    let mut made = User::new(first, last, email);
    made.roles.extend(role.map(|role| (product, role)));
    let id = state.next_id();
    keep(state, id, made)?;
    let user = state.users.get(&id).ok_or_else(Refusal::not_found)?;
    let mut answer = state.role_value(product, role);
    if let Some(fields) = answer.as_object_mut() {
        fields.retain(|name, _| name.starts_with("role"));
    }
    answer["user"] = state.short_user(id, user);
    Ok(Answer::json(200, answer))
}

/// The roles of a user in products.
pub(super) fn product_roles(state: &State, call: &Call, id: &str) -> Outcome {
    only_parameters(call, &["page", "per_page"])?;
    let user = state.users.get(&known(state, id)?).ok_or_else(Refusal::not_found)?;
    page(call, "product_roles", state.role_values(user), |row| row)
}

/// Gives a user a role in a product, or another one; the answer is that role alone.
pub(super) fn set_role(state: &mut State, call: &Call, id: &str) -> Outcome {
    let id = known(state, id)?;
    let body = wrapped(call, "product_role", &["role", "product_id"])?;
    let role = role_of(&body)?;
    let product = body.get("product_id").and_then(id_text).and_then(|key| state.product(&key));
    let product = product.ok_or_else(Refusal::not_found)?;
    let mut after = state.users.get(&id).cloned().ok_or_else(Refusal::not_found)?;
    match role {
        Some(role) => after.roles.insert(product, role),
        None => after.roles.remove(&product),
    };
    keep(state, id, after)?;
    Ok(Answer::json(200, state.role_value(product, role)))
}

/// Takes a role in a product from a user. That there must be one is inferred.
pub(super) fn take_role(state: &mut State, id: &str, product: &str) -> Outcome {
    let id = known(state, id)?;
    let product = state.product(product).ok_or_else(Refusal::not_found)?;
    let taken = state.users.get_mut(&id).and_then(|user| user.roles.remove(&product));
    taken.map(|_| Answer::empty(204)).ok_or_else(Refusal::not_found)
}
