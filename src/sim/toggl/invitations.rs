//! Invitations: one request for many people, all or none.

use serde_json::{Value, json};

use super::{
    body::{Fields, Refusal, bad},
    state::State,
    update::{is_address, limit_text, place},
};
use crate::sim::service::Call;

/// Invites people into workspaces and groups.
pub(super) fn invite(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    let fields = Fields::of(call, &["emails", "workspaces", "groups", "project_invite", "skip_email"])?;
    let emails = fields.texts("emails")?;
    if emails.is_empty() {
        return Err(bad("at least one email is required"));
    }
    let known = ["workspace_id", "role_id", "role", "admin", "integration_data"];
    let wanted = fields.objects("workspaces", &known)?.unwrap_or_default();
    if wanted.is_empty() {
        return Err(bad("at least one workspace is required"));
    }
    let mut places = Vec::new();
    for entry in &wanted {
        if !entry.id("workspace_id")?.is_some_and(|id| state.workspaces.contains_key(&id)) {
            return Err(bad("invalid workspace ID"));
        }
        places.push(place(state, entry)?);
    }
    let groups = fields.ids("groups")?.unwrap_or_default();
    let organization = state.organization;
    if let Some(stranger) = groups.iter().find(|id| !state.groups.contains_key(id)) {
        return Err(bad(format!("Group '{stranger}' is not in Organization '{organization}'.")));
    }
    let skips_mail = fields.flag("skip_email")?.unwrap_or(false);
    let newcomers = judge(state, &emails)?;
    if let Some(limit) = state.habits.active_limit.filter(|limit| state.places_taken() + newcomers > *limit) {
        return Err(bad(limit_text(limit)));
    }
    let mut data = Vec::new();
    let mut messages = Vec::new();
    for email in emails {
        let pending = state.people.values().find(|person| person.email == email && person.joined);
        // What becomes of somebody who has joined already is not published: nothing, with a word about it (inferred).
        if pending.is_some() {
            messages.push(json!(format!("User with e-mail '{email}' is already a member of the organization")));
            continue;
        }
        data.push(invite_one(state, &email, &places, &groups));
        if !skips_mail {
            state.mailed.push(email);
        }
    }
    Ok(json!({"data": data, "messages": messages}))
}

/// Refuses addresses that cannot be invited, and counts those who are new.
fn judge(state: &State, emails: &[String]) -> Result<usize, Refusal> {
    let mut newcomers = 0;
    for email in emails {
        if email.is_empty() {
            return Err(bad("Missing e-mail"));
        }
        if !is_address(email) {
            return Err(bad(format!("Invalid e-mail: '{email}'")));
        }
        match state.people.values().find(|person| person.email == *email) {
            Some(person) if person.inactive => {
                return Err(bad(format!(
                    "User with e-mail '{email}' is already an inactive member of the organization"
                )));
            }
            Some(_) => {}
            None => newcomers += 1,
        }
    }
    Ok(newcomers)
}

fn invite_one(state: &mut State, email: &str, places: &[(u64, u64)], groups: &[u64]) -> Value {
    let user = state.user_id(email).unwrap_or_else(|| state.add_pending(email, ""));
    let mut told = Vec::new();
    for (workspace, role) in places {
        let workspace_user_id = state.place(user, *workspace, *role);
        told.push(json!({
            "user_id": state.id(user),
            "workspace_id": state.id(*workspace),
            "workspace_user_id": state.id(workspace_user_id),
        }));
    }
    for id in groups {
        if let Some(group) = state.groups.get_mut(id) {
            group.users.insert(user);
        }
    }
    let invitation = state.people.get(&user).and_then(|person| person.invitation).unwrap_or_default();
    if !state.habits.invitation_tells_ids {
        return json!({"email": email, "invitation_id": state.id(invitation), "workspaces": null});
    }
    json!({
        "email": email,
        "invitation_id": state.id(invitation),
        "invite_url": "https://track.example.com/invite",
        "organization_id": state.id(state.organization),
        "recipient_id": state.id(user),
        "sender_id": state.id(state.caller),
        "workspaces": told,
    })
}

/// Sends an invitation again.
pub(super) fn resend(state: &mut State, id: u64) -> Result<Value, Refusal> {
    let found = state.people.values().find(|person| person.invitation == Some(id)).map(|person| person.email.clone());
    let email = found.ok_or(Refusal(404, "Invitation code not found".to_owned()))?;
    state.mailed.push(email);
    Ok(Value::String("OK".to_owned()))
}
