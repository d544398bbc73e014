//! The caller, the organisation and its roles.

use serde_json::{Value, json};

use super::{body::Refusal, habits::Quota, state::State};

/// What belongs to no organisation: `/me…`.
pub(super) fn me(state: &State, rest: &[&str]) -> Result<Value, Refusal> {
    let Some(caller) = state.people.get(&state.caller) else { return Err(Refusal(403, "Forbidden".to_owned())) };
    match rest {
        [] => Ok(json!({
            "id": state.id(caller.user_id),
            "email": caller.email,
            "fullname": caller.name,
            "default_workspace_id": state.workspaces.keys().next().map(|id| state.id(*id)),
            "timezone": "Europe/Tallinn",
        })),
        ["organizations"] => Ok(json!([organization(state)])),
        ["workspaces"] => {
            let workspaces = state.workspaces.iter().map(|(id, name)| {
                json!({"id": state.id(*id), "name": name, "organization_id": state.id(state.organization)})
            });
            Ok(Value::Array(workspaces.collect()))
        }
        ["quota"] => {
            let row = |organization: Value, quota: Option<Quota>, total: u32| {
                let remaining = quota.map_or(total, |quota| quota.remaining);
                let resets_in = quota.map_or(3600, |quota| quota.resets_in);
                json!({
                    "organization_id": organization,
                    "remaining": remaining,
                    "resets_in_secs": resets_in,
                    "total": total,
                })
            };
            let habits = &state.habits;
            Ok(json!([
                row(state.id(state.organization), habits.quota, habits.plan.requests_an_hour()),
                row(Value::Null, habits.me_quota, 30),
            ]))
        }
        _ => Err(Refusal(404, "Not found".to_owned())),
    }
}

/// The organisation, from the caller's point of view.
pub(super) fn organization(state: &State) -> Value {
    let word = state.people.get(&state.caller).and_then(|caller| state.role(caller.role)).map(|role| role.word);
    json!({
        "id": state.id(state.organization),
        "name": state.organization_name,
        "admin": matches!(word, Some("admin" | "owner")),
        "owner": word == Some("owner"),
        "permissions": null,
        "pricing_plan_id": 1,
        "pricing_plan_name": state.habits.plan.name(),
        "pricing_plan_enterprise": state.habits.plan.name() == "Enterprise",
        "suspended_at": null,
        "user_count": state.people.len(),
        "max_workspaces": 20,
        "is_multi_workspace_enabled": true,
        "is_unified": false,
        "trial_info": {"trial": false},
        "created_at": "2026-01-05T09:00:00Z",
        "at": "2026-01-05T09:00:00Z",
    })
}

/// The roles; not everybody may list them (inferred).
pub(super) fn roles(state: &State) -> Result<Value, Refusal> {
    if state.habits.roles_listed { Ok(state.roles_view()) } else { Err(Refusal(403, "Forbidden".to_owned())) }
}
