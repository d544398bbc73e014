//! Products: what there is, and who is in them.

use serde_json::json;

use super::{
    Role,
    exchange::{Outcome, Refusal, only_parameters, page},
    state::State,
};
use crate::sim::service::{Answer, Call};

/// The products of the account. The vendor's own example leaves out product lines, in which people hold roles all the same.
pub(super) fn list(state: &State, call: &Call) -> Outcome {
    only_parameters(call, &["page", "per_page", "include_teams", "with_idea_portals"])?;
    let shown = state.products.iter().filter(|(_, product)| !product.is_line);
    page(call, "products", shown.collect(), |(id, product)| state.product_value(*id, product))
}

/// One product or line, by id or reference prefix, wrapped.
pub(super) fn get(state: &State, call: &Call, key: &str) -> Outcome {
    only_parameters(call, &[])?;
    let id = state.product(key).ok_or_else(Refusal::not_found)?;
    let product = state.products.get(&id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(200, json!({"product": state.product_value(id, product)})))
}

/// Who is in a product.
pub(super) fn users(state: &State, call: &Call, key: &str) -> Outcome {
    only_parameters(call, &["page", "per_page"])?;
    let product = state.product(key).ok_or_else(Refusal::not_found)?;
    let members = state.users.iter().filter_map(|(id, user)| Some((*id, user, *user.roles.get(&product)?)));
    page(call, "project_users", members.collect(), |(id, user, role): (_, _, Role)| {
        json!({
            "role": role.number(),
            "role_description": role.description(),
            "user": state.short_user(id, user),
        })
    })
}
