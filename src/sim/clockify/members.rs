//! Standing and roles of one person.

use super::{
    render,
    state::{Membership, Role, State, User},
    vendor::{Outcome, admins_only, body, foreign, invalid, not_in_plan, parameters, refusal, text, wrong_method},
};
use crate::sim::service::{Answer, Call};

/// `…/users/{id}`: standing, and a removal that never works.
pub(super) fn one(state: &mut State, call: &Call, id: &str) -> Outcome {
    parameters(call, &[])?;
    match call.method.as_str() {
        "PUT" => set_status(state, call, id),
        "DELETE" => Err(refusal(400, 400, "User is migrated to Cake. Use Cake to remove user from workspace")),
        method => Err(wrong_method(method, "DELETE, PUT")),
    }
}

/// What becomes of invitations that are pending, were declined or were never accepted is inferred, and so is that the
/// owner stays.
fn set_status(state: &mut State, call: &Call, id: &str) -> Outcome {
    admins_only(state)?;
    let asked = body(call, &["status"])?;
    let status = text(&asked, "status")?;
    let user = state.users.get(id).ok_or_else(|| foreign("User"))?;
    let next = match status {
        "INACTIVE" if user.role == Role::Owner => return Err(invalid("Workspace owner can't be deactivated")),
        "INACTIVE" => Membership::Inactive,
        "ACTIVE" => match user.membership {
            Membership::Declined => return Err(invalid("User declined the invitation")),
            Membership::Inactive if !state.has_seat() => {
                return Err(invalid("All paid seats of the workspace are taken"));
            }
            _ if user.accepted => Membership::Active,
            _ => Membership::Pending,
        },
        _ => return Err(invalid("You entered invalid value for field: [status]")),
    };
    state.set_membership(id, next);
    Ok(Answer::json(200, render::workspace(state)))
}

/// What a role is held on.
enum Entity {
    Workspace,
    Project,
    Person,
    Group,
}

/// `…/users/{id}/roles`: grant by POST, take back by DELETE with the same body.
pub(super) fn roles(state: &mut State, call: &Call, id: &str) -> Outcome {
    if !matches!(call.method.as_str(), "POST" | "DELETE") {
        return Err(wrong_method(&call.method, "DELETE, POST"));
    }
    admins_only(state)?;
    parameters(call, &[])?;
    let asked = body(call, &["entityId", "role", "sourceType"])?;
    let (entity, role) = (text(&asked, "entityId")?.to_owned(), text(&asked, "role")?.to_owned());
    let source = asked.get("sourceType").and_then(serde_json::Value::as_str);
    let kind = entity_of(state, &role, &entity, source)?;
    let user = state.users.get_mut(id).ok_or_else(|| foreign("User"))?;
    if call.method == "POST" {
        give(user, &kind, &entity);
        let of_group = matches!(kind, Entity::Group);
        return Ok(Answer::json(201, render::grant(state, id, &role, &entity, of_group)));
    }
    // The refusal of a role that is not held is inferred.
    if take(user, &kind, &entity) { Ok(Answer::empty(204)) } else { Err(invalid("User doesn't have the role")) }
}

fn entity_of(state: &State, role: &str, entity: &str, source: Option<&str>) -> Result<Entity, Answer> {
    let manages = state.features.contains("MANAGER_ROLE");
    match (role, source) {
        ("WORKSPACE_ADMIN", None) if entity == state.workspace => Ok(Entity::Workspace),
        ("WORKSPACE_ADMIN", None) => Err(foreign("Workspace")),
        ("PROJECT_MANAGER" | "TEAM_MANAGER", _) if !manages => Err(not_in_plan()),
        ("PROJECT_MANAGER", None) if state.projects.contains_key(entity) => Ok(Entity::Project),
        ("PROJECT_MANAGER", None) => Err(foreign("Project")),
        ("TEAM_MANAGER", None) if state.users.contains_key(entity) => Ok(Entity::Person),
        ("TEAM_MANAGER", None) => Err(foreign("User")),
        ("TEAM_MANAGER", Some("USER_GROUP")) if state.groups.contains_key(entity) => Ok(Entity::Group),
        ("TEAM_MANAGER", Some("USER_GROUP")) => Err(foreign("UserGroup")),
        _ => Err(invalid("You entered invalid value for field: [role]")),
    }
}

fn give(user: &mut User, kind: &Entity, entity: &str) {
    match kind {
        Entity::Workspace => user.role = user.role.max(Role::Admin),
        Entity::Project => drop(user.projects.insert(entity.to_owned())),
        Entity::Person | Entity::Group => drop(user.manages.insert(entity.to_owned())),
    }
}

fn take(user: &mut User, kind: &Entity, entity: &str) -> bool {
    match kind {
        Entity::Workspace if user.role == Role::Admin => {
            user.role = Role::Member;
            true
        }
        Entity::Workspace => false,
        Entity::Project => user.projects.remove(entity),
        Entity::Person | Entity::Group => user.manages.remove(entity),
    }
}
