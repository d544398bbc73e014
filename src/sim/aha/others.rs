//! What stands beside users and products: custom roles, groups of paid seats, and teams of capacity planning, which are no
//! access groups.

use serde_json::{Value, json};

use super::{
    exchange::{Outcome, Refusal, id_text, only_parameters, page, wrapped},
    state::{MADE, Plan, State},
};
use crate::sim::service::{Answer, Call};

fn id_of(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}

/// The custom roles of a user.
pub(super) fn custom_roles(state: &State, call: &Call, id: &str) -> Outcome {
    only_parameters(call, &["page", "per_page"])?;
    let user = state.users.get(&id_of(id)?).ok_or_else(Refusal::not_found)?;
    page(call, "user_roles", state.custom_role_values(user), |row| row)
}

/// Gives a custom role. That other plans refuse it is documented, how is inferred.
pub(super) fn give_custom_role(state: &mut State, call: &Call, id: &str) -> Outcome {
    if state.plan != Plan::EnterprisePlus {
        return Err(Refusal::new(403, "Custom roles are an Enterprise+ exclusive feature"));
    }
    let body = wrapped(call, "user_role", &["custom_role_id", "product_id"])?;
    let role = body.get("custom_role_id").and_then(Value::as_u64).ok_or_else(Refusal::not_found)?;
    let product = body.get("product_id").and_then(id_text).and_then(|key| state.product(&key));
    let product = product.ok_or_else(Refusal::not_found)?;
    let user = state.users.get_mut(&id_of(id)?).ok_or_else(Refusal::not_found)?;
    let name = format!("Custom role {role}");
    user.custom.insert(product, (role, name.clone()));
    Ok(Answer::json(200, state.custom_role_value(product, role, &name)))
}

/// Takes a custom role away.
pub(super) fn take_custom_role(state: &mut State, id: &str, product: &str) -> Outcome {
    let product = state.product(product).ok_or_else(Refusal::not_found)?;
    let user = state.users.get_mut(&id_of(id)?).ok_or_else(Refusal::not_found)?;
    user.custom.remove(&product).map(|_| Answer::empty(204)).ok_or_else(Refusal::not_found)
}

/// The groups of paid seats that the key's own user administers, on one page without totals.
pub(super) fn seat_groups(state: &State, call: &Call) -> Outcome {
    only_parameters(call, &[])?;
    let own = state.seat_groups.iter().filter(|(_, group)| group.administrator == state.own);
    let rows = own.map(|(id, group)| {
        let members = state.users.values().filter(|user| user.seat_group == Some(*id));
        json!({
            "id": id,
            "name": group.name,
            "administrators": [state.shown_id(group.administrator)],
            "capacity": group.capacity,
            "allocated_seats": members.count(),
            "description": null,
        })
    });
    Ok(Answer::json(200, json!({"paid_seat_groups": rows.collect::<Vec<Value>>()})))
}

/// The teams of capacity planning.
pub(super) fn teams(state: &State, call: &Call) -> Outcome {
    only_parameters(call, &["page", "per_page"])?;
    let rows = state.teams.iter().collect();
    page(call, "teams", rows, |(id, team)| json!({"id": state.shown_id(*id), "name": team.name}))
}

/// Who is in a team.
pub(super) fn memberships(state: &State, call: &Call, id: &str) -> Outcome {
    only_parameters(call, &["page", "per_page"])?;
    let id = id_of(id)?;
    let team = state.teams.get(&id).ok_or_else(Refusal::not_found)?;
    let rows = team.members.iter().filter_map(|(membership, user)| {
        let known = state.users.get(user)?;
        let mut member = state.short_user(*user, known);
        member["user_id"] = state.shown_id(*user);
        member["virtual"] = false.into();
        Some(json!({
            "id": state.shown_id(*membership),
            "team_member": member,
            "team": {"id": state.shown_id(id), "name": team.name},
            "created_at": MADE,
        }))
    });
    page(call, "team_memberships", rows.collect(), |row| row)
}

/// Puts a user into a team: nothing comes back.
pub(super) fn join(state: &mut State, call: &Call, id: &str) -> Outcome {
    let body = wrapped(call, "team_membership", &["user_id"])?;
    let user = body.get("user_id").and_then(id_text).and_then(|id| id.parse().ok());
    let user = user.filter(|user| state.users.contains_key(user)).ok_or_else(Refusal::not_found)?;
    let membership = state.next_id();
    let team = state.teams.get_mut(&id_of(id)?).ok_or_else(Refusal::not_found)?;
    team.members.insert(membership, user);
    Ok(Answer::empty(204))
}
