//! Who holds which role, and on what. Pure.
//!
//! The documents promise the roles of each user in the listing and do not give their form. So every likely form is read,
//! and none is believed before it was proven: by a search by role, which is documented, and by the workspace's own id,
//! which an admin's or the owner's role must name.

use std::collections::BTreeSet;

use appaccess_core::access::Text;
use serde_json::Value;

/// The owner's role.
pub(super) const OWNER: &str = "OWNER";
/// An admin's role.
pub(super) const ADMIN: &str = "WORKSPACE_ADMIN";
/// The role of somebody who manages people or groups.
pub(super) const TEAM_MANAGER: &str = "TEAM_MANAGER";
/// The role of somebody who manages a project.
pub(super) const PROJECT_MANAGER: &str = "PROJECT_MANAGER";

/// Most roles that are read of one person.
const ROLES_MAX: usize = 10_000;

/// One role that a person holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Which, in the vendor's word.
    pub(super) role: &'static str,
    /// On what: the vendor's id, where the form tells it.
    pub(super) entity: Option<Text>,
}

/// The roles of one user, in whatever form they come.
pub(super) fn held(roles: &Value) -> Vec<Held> {
    let mut found = Vec::new();
    match roles {
        Value::Array(all) => all.iter().take(ROLES_MAX).for_each(|one| take(one, &mut found)),
        one => take(one, &mut found),
    }
    found.truncate(ROLES_MAX);
    found
}

fn word(value: &Value) -> Option<&'static str> {
    let told = value.as_str()?;
    [OWNER, ADMIN, TEAM_MANAGER, PROJECT_MANAGER].into_iter().find(|word| *word == told)
}

fn id(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Object(object) => object.get("id").filter(|inner| !inner.is_object()).and_then(id),
        _ => None,
    }
}

fn take(one: &Value, found: &mut Vec<Held>) {
    if let Some(role) = word(one) {
        found.push(Held { role, entity: None });
        return;
    }
    let Some(object) = one.as_object() else { return };
    // A whole grant: `{workspaceId, userId, role: {…}}`.
    if let Some(inner) = object.get("role").filter(|inner| inner.is_object()) {
        take(inner, found);
        return;
    }
    let Some(role) = ["role", "name"].iter().find_map(|field| word(object.get(*field)?)) else { return };
    if let Some(entities) = object.get("entities").and_then(Value::as_array) {
        found.extend(entities.iter().take(ROLES_MAX).map(|entity| Held { role, entity: id(entity) }));
        return;
    }
    let entity = object.get("entityId").or_else(|| object.get("id")).and_then(id);
    found.push(Held { role, entity });
}

/// Who may do everything in the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holders {
    /// The owner; a set, as nothing forbids an answer with two.
    pub(super) owners: BTreeSet<Text>,
    /// Admins, owners among them.
    pub(super) admins: BTreeSet<Text>,
}

impl Holders {
    /// Takes note of what one user of a listing holds.
    pub(super) fn take(&mut self, user: &Text, held: &[Held], workspace: &str) {
        let here = held.iter().filter(|held| held.entity.as_deref().is_none_or(|entity| entity == workspace));
        for held in here {
            if held.role == OWNER {
                self.owners.insert(user.clone());
            }
            if matches!(held.role, OWNER | ADMIN) {
                self.admins.insert(user.clone());
            }
        }
    }

    /// The role of a user.
    pub(super) fn role(&self, user: &str) -> &'static str {
        if self.owners.contains(user) {
            "owner"
        } else if self.admins.contains(user) {
            "admin"
        } else {
            "member"
        }
    }

    /// Whether a listing that told these may be relied on, given what the search by role said: it agrees, and beside the
    /// owner there is an admin to agree on.
    pub(super) fn proves(&self, listed: &Self) -> bool {
        !self.owners.is_empty() && self.admins.len() > self.owners.len() && self == listed
    }
}

/// Whether these roles name what they are held on: an admin's or the owner's names the workspace.
pub(super) fn names_entities(held: &[Held], workspace: &str) -> bool {
    held.iter().any(|held| matches!(held.role, OWNER | ADMIN) && held.entity.as_deref() == Some(workspace))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(role: &'static str, entity: Option<&str>) -> Held {
        Held { role, entity: entity.map(Into::into) }
    }

    #[test]
    fn every_likely_form_is_read() {
        for form in [
            json!(["WORKSPACE_ADMIN"]),
            json!("WORKSPACE_ADMIN"),
            json!([{"role": "WORKSPACE_ADMIN"}]),
            json!([{"name": "WORKSPACE_ADMIN", "source": null}, {"name": "SOMETHING_NEW"}, 7, null]),
        ] {
            assert_eq!(held(&form), [one(ADMIN, None)], "{form}");
        }
        for form in [
            json!([{"id": "p", "name": "PROJECT_MANAGER", "source": null}]),
            json!([{"role": "PROJECT_MANAGER", "entityId": "p"}]),
            json!([{"role": "PROJECT_MANAGER", "entities": [{"id": "p", "name": "Lighthouse"}]}]),
            json!([{"role": "PROJECT_MANAGER", "entities": ["p"]}]),
            json!([{"workspaceId": "w", "userId": "u", "role": {"id": "p", "name": "PROJECT_MANAGER"}}]),
        ] {
            assert_eq!(held(&form), [one(PROJECT_MANAGER, Some("p"))], "{form}");
        }
        for form in [json!(null), json!([]), json!({}), json!(7), json!([[["WORKSPACE_ADMIN"]]])] {
            assert_eq!(held(&form), [], "{form}");
        }
    }

    #[test]
    fn a_listing_is_believed_once_the_search_agrees_on_more_than_the_owner() {
        let mut listed = Holders::default();
        listed.take(&"o".into(), &[one(OWNER, Some("w"))], "w");
        let mut searched = listed.clone();
        assert!(!searched.proves(&listed), "an owner alone proves nothing of admins");
        searched.admins.insert("a".into());
        assert!(!searched.proves(&listed), "an admin whom the listing does not tell");
        listed.take(&"a".into(), &[one(ADMIN, None)], "w");
        listed.take(&"b".into(), &[one(ADMIN, Some("another workspace"))], "w");
        assert!(searched.proves(&listed));
        assert_eq!([listed.role("o"), listed.role("a"), listed.role("b")], ["owner", "admin", "member"]);
        assert!(!Holders::default().proves(&Holders::default()));
    }

    #[test]
    fn only_the_workspace_s_own_id_proves_that_entities_are_told() {
        assert!(names_entities(&[one(OWNER, Some("w"))], "w"));
        assert!(!names_entities(&[one(OWNER, Some("x")), one(PROJECT_MANAGER, Some("w")), one(ADMIN, None)], "w"));
    }
}
