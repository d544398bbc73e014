//! How people, groups and roles look on the wire.

use serde_json::{Value, json};

use super::state::{Group, Person, Place, State};

impl State {
    /// An id in the form that this organisation's answers have.
    pub(super) fn id(&self, id: u64) -> Value {
        if self.habits.text_ids { json!(id.to_string()) } else { json!(id) }
    }

    /// A list, or what stands in place of an empty one.
    pub(super) fn list(&self, list: Vec<Value>) -> Value {
        if list.is_empty() && self.habits.null_lists { Value::Null } else { Value::Array(list) }
    }

    fn groups_of(&self, person: &Person) -> Vec<Value> {
        let groups = self.groups.iter().filter(|(_, group)| group.hidden == 0 && group.users.contains(&person.user_id));
        groups.map(|(id, group)| json!({"group_id": self.id(*id), "name": group.name})).collect()
    }

    fn place_view(&self, workspace: u64, place: &Place, person: &Person) -> Value {
        let role = self.role(place.role);
        let word = role.map(|role| role.word).filter(|word| !word.is_empty()).unwrap_or("user");
        json!({
            "workspace_id": self.id(workspace),
            "workspace_name": self.workspaces.get(&workspace),
            "workspace_user_id": self.id(place.workspace_user_id),
            "role_id": self.id(place.role),
            "role": word,
            "admin": word == "admin",
            "active": person.joined,
            "inactive": person.inactive,
            "rate": place.rate,
            "cost": null,
            "default_currency": "EUR",
            "working_hours": null,
            "groups": self.list(Vec::new()),
            "view_edit_billable_rates": false,
            "view_edit_labor_costs": false,
        })
    }

    /// A row of the organisation's users.
    pub(super) fn person_view(&self, person: &Person) -> Value {
        let word = self.role(person.role).map(|role| role.word).unwrap_or_default();
        let workspaces = person.places.iter().map(|(id, place)| self.place_view(*id, place, person)).collect();
        json!({
            "id": self.id(person.organization_user_id),
            "user_id": self.id(person.user_id),
            "organization_id": self.id(self.organization),
            "name": person.name,
            "email": person.email,
            "role_id": self.id(person.role),
            "admin": matches!(word, "admin" | "owner"),
            "owner": word == "owner",
            "inactive": person.inactive,
            "joined": person.joined,
            "invitation_id": person.invitation.map(|id| self.id(id)),
            "can_edit_email": !person.elsewhere,
            "2fa_enabled": false,
            "avatar_url": null,
            "created_at": person.created_at,
            "updated_at": person.created_at,
            "workspace_count": person.places.len(),
            "groups": self.list(self.groups_of(person)),
            "workspaces": self.list(workspaces),
        })
    }

    /// A group with its members.
    pub(super) fn group_view(&self, id: u64, group: &Group) -> Value {
        let users = group.users.iter().filter_map(|user| self.people.get(user)).map(|person| {
            json!({
                "user_id": self.id(person.user_id),
                "name": person.name,
                "avatar_url": null,
                "inactive": person.inactive,
                "joined": person.joined,
            })
        });
        let workspaces = group.workspaces.iter().map(|workspace| self.id(*workspace)).collect();
        json!({
            "group_id": self.id(id),
            "name": group.name,
            "at": "2027-01-15T08:00:00Z",
            "permissions": null,
            "users": self.list(users.collect()),
            "workspaces": self.list(workspaces),
        })
    }

    /// The roles that the plan has.
    pub(super) fn roles_view(&self) -> Value {
        let roles = self.roles.iter().filter(|role| self.is_in_plan(role)).map(|role| {
            let renamed = self.habits.roles_renamed;
            json!({
                "role_id": self.id(role.id),
                "code": if renamed { format!("r{}", role.id) } else { role.code.clone() },
                "name": if renamed { format!("Role {}", role.id) } else { role.name.clone() },
                "description": "",
                "entity": role.entity,
                "organization_id": if role.word.is_empty() && role.entity != "project" { self.id(self.organization) } else { Value::Null },
                "permissions": [],
            })
        });
        Value::Array(roles.collect())
    }
}
