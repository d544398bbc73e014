//! What the vendor sends, as far as it matters here. Lenient: nulls count as absent and unknown fields as nothing.

use appaccess_core::access::Text;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::connector::rest::WireId;

/// Nulls count as absent.
fn lenient<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// One user of a listing.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: WireId,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The account's own status, which is not the standing in the workspace.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) memberships: Vec<Membership>,
    /// In a form that no document gives; see [`super::roles`].
    #[serde(default)]
    pub(super) roles: Value,
}

impl User {
    /// The vendor's id.
    pub(super) fn id(&self) -> &Text {
        &self.id.0
    }
}

/// The standing of a user in a workspace, a project or a group.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Membership {
    #[serde(default)]
    pub(super) user_id: Option<WireId>,
    #[serde(default)]
    pub(super) target_id: Option<WireId>,
    #[serde(rename = "membershipType", default, deserialize_with = "lenient")]
    pub(super) kind: String,
    #[serde(rename = "membershipStatus", default, deserialize_with = "lenient")]
    pub(super) status: String,
}

impl Membership {
    /// Whether it is one of this workspace, and not of a project or a group in it.
    pub(super) fn is_of(&self, workspace: &str) -> bool {
        let target = self.target_id.as_ref().is_none_or(|target| *target.0 == *workspace);
        self.kind == "WORKSPACE" && target
    }
}

/// The workspace, for its plan and its members.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Workspace {
    pub(super) id: WireId,
    /// A word; by the documents an object.
    #[serde(default)]
    pub(super) feature_subscription_type: Value,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) features: Vec<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) memberships: Vec<Membership>,
}

impl Workspace {
    /// The vendor's word for the plan; empty where it tells none.
    pub(super) fn plan(&self) -> &str {
        let told = &self.feature_subscription_type;
        let inner = || ["type", "name"].iter().find_map(|field| told.get(*field)?.as_str());
        told.as_str().or_else(inner).unwrap_or_default()
    }

    /// Whether the plan has a feature; `None` where no features are told.
    pub(super) fn has(&self, feature: &str) -> Option<bool> {
        let words = || self.features.iter().filter_map(Value::as_str);
        words().next().is_some().then(|| words().any(|word| word == feature))
    }
}

/// One group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub(super) id: WireId,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) user_ids: Vec<WireId>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) team_managers: Vec<Named>,
}

/// Anything with an id and perhaps a name.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: WireId,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: String,
}

/// What a member's profile tells.
#[derive(Debug, Deserialize)]
pub(super) struct Profile {
    #[serde(default)]
    pub(super) email: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nulls_missing_fields_and_unknown_ones_do_no_harm() {
        let user: User = serde_json::from_value(json!({
            "id": 7, "email": null, "name": null, "status": null, "memberships": null, "settings": {"theme": "DARK"},
        }))
        .unwrap();
        assert_eq!((&**user.id(), user.email.as_deref(), user.memberships.len()), ("7", None, 0));
        let group: Group = serde_json::from_value(json!({"id": "g", "name": "Ünïts", "userIds": [1, "2"]})).unwrap();
        assert_eq!((group.name.as_str(), group.user_ids.len(), group.team_managers.len()), ("Ünïts", 2, 0));
    }

    #[test]
    fn the_plan_is_read_as_a_word_and_as_an_object() {
        let plan = |told: Value| {
            let workspace: Workspace =
                serde_json::from_value(json!({"id": "w", "featureSubscriptionType": told})).unwrap();
            (workspace.plan().to_owned(), workspace.has("MANAGER_ROLE"))
        };
        assert_eq!(plan(json!("STANDARD_2021")), ("STANDARD_2021".to_owned(), None));
        assert_eq!(plan(json!({"type": "FREE"})), ("FREE".to_owned(), None));
        assert_eq!(plan(Value::Null), (String::new(), None));
        let workspace: Workspace = serde_json::from_value(json!({"id": "w", "features": ["SSO", 1]})).unwrap();
        assert_eq!((workspace.has("SSO"), workspace.has("SCIM")), (Some(true), Some(false)));
    }
}
