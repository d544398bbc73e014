//! How the vendor shows what it holds. Pure.

use serde_json::{Value, json};

use super::state::{Group, Role, RolesForm, State, User};

fn membership(state: &State, id: &str, user: &User) -> Value {
    json!({
        "userId": id,
        "targetId": state.workspace,
        "membershipType": "WORKSPACE",
        "membershipStatus": user.membership.word(),
        "hourlyRate": null,
        "costRate": null,
    })
}

/// The workspace as its own route and every change of a member show it.
pub(super) fn workspace(state: &State) -> Value {
    let memberships: Vec<Value> = state.users.iter().map(|(id, user)| membership(state, id, user)).collect();
    json!({
        "id": state.workspace,
        "name": "Simulated",
        "hourlyRate": {"amount": 0, "currency": "USD"},
        "costRate": {"amount": 0, "currency": "USD"},
        "memberships": memberships,
        "workspaceSettings": {"timeRoundingInReports": false},
        "imageUrl": "",
        "featureSubscriptionType": state.plan,
        "features": state.features,
        "subdomain": {"name": null, "enabled": false},
        "currencies": [],
        "cakeOrganizationId": state.workspace,
    })
}

/// One user as a listing shows it. Memberships are there only if they are asked for.
pub(super) fn user(state: &State, (id, user): (&String, &User), memberships: bool, roles: bool) -> Value {
    let memberships: Vec<Value> = memberships.then(|| membership(state, id, user)).into_iter().collect();
    let mut shown = json!({
        "id": id,
        "email": user.email,
        "name": user.name,
        "memberships": memberships,
        "profilePicture": "",
        "activeWorkspace": state.workspace,
        "defaultWorkspace": state.workspace,
        "settings": user.accepted.then(|| json!({"timeZone": "Europe/Madrid", "weekStart": "MONDAY"})),
        "status": user.account_status,
        "customFields": [],
    });
    if roles && let Some(object) = shown.as_object_mut() {
        object.insert("roles".to_owned(), self::roles(state, user));
    }
    shown
}

/// What a person holds: role and what it is held on.
pub(super) fn held(state: &State, user: &User) -> Vec<(&'static str, String, bool)> {
    let mut held = Vec::new();
    match user.role {
        Role::Owner => held.push(("OWNER", state.workspace.clone(), false)),
        Role::Admin => held.push(("WORKSPACE_ADMIN", state.workspace.clone(), false)),
        Role::Member => {}
    }
    held.extend(user.projects.iter().map(|project| ("PROJECT_MANAGER", project.clone(), false)));
    held.extend(user.manages.iter().map(|managed| {
        let is_group = state.groups.contains_key(managed);
        ("TEAM_MANAGER", managed.clone(), is_group)
    }));
    held
}

fn roles(state: &State, user: &User) -> Value {
    let held = held(state, user);
    match state.roles_form {
        RolesForm::Nothing => json!([]),
        RolesForm::Words => held.iter().map(|(role, ..)| Value::from(*role)).collect(),
        RolesForm::Grants => held.iter().map(|(role, id, of_group)| grant_role(role, id, *of_group)).collect(),
        RolesForm::Entities => {
            let mut words: Vec<&str> = held.iter().map(|(role, ..)| *role).collect();
            words.dedup();
            let entities = |word: &str| -> Value {
                let of_word = held.iter().filter(|(role, ..)| *role == word);
                of_word.map(|(_, id, _)| json!({"id": id, "name": ""})).collect()
            };
            words.iter().map(|word| json!({"role": word, "entities": entities(word)})).collect()
        }
    }
}

fn grant_role(role: &str, id: &str, of_group: bool) -> Value {
    let source = of_group.then(|| json!({"id": id, "type": "USER_GROUP"}));
    json!({"id": id, "name": role, "source": source})
}

/// The answer to a grant.
pub(super) fn grant(state: &State, user: &str, role: &str, entity: &str, of_group: bool) -> Value {
    json!([{"workspaceId": state.workspace, "userId": user, "role": grant_role(role, entity, of_group)}])
}

/// One group; its managers are there only if they are asked for.
pub(super) fn group(state: &State, (id, group): (&String, &Group), managers: bool) -> Value {
    let managing = state.users.iter().filter(|(_, user)| managers && user.manages.contains(id));
    let managing: Vec<Value> = managing.map(|(id, user)| json!({"id": id, "name": user.name})).collect();
    json!({
        "id": id,
        "name": group.name,
        "workspaceId": state.workspace,
        "userIds": group.members,
        "teamManagers": managing,
    })
}
