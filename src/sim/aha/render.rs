//! Records as reads show them.

use serde_json::{Value, json};

use super::{
    Role,
    state::{MADE, Product, State, User},
};

impl State {
    /// An id as bodies show it: a text, unless a test asks for numbers.
    pub(super) fn shown_id(&self, id: u64) -> Value {
        if self.number_ids { Value::from(id) } else { Value::from(id.to_string()) }
    }

    /// A user as users and `me` show it.
    pub(super) fn user_value(&self, id: u64, user: &User) -> Value {
        let mut value = json!({
            "id": self.shown_id(id),
            "name": user.name(),
            "email": user.email,
            "timezone": "Europe/Berlin",
            "created_at": MADE,
            "updated_at": MADE,
            "accessed_at": user.accessed_at,
            "product_roles": self.role_values(user),
        });
        if self.unknown_fields {
            value["hologram"] = json!({"kind": [1, null]});
        }
        value
    }

    /// A user with all that only administrators see.
    pub(super) fn full_user(&self, id: u64, user: &User) -> Value {
        let administers = user.administers;
        let is_paid = self.is_paid(user);
        let mut value = self.user_value(id, user);
        value["enabled"] = user.enabled.into();
        value["paid_seat"] = is_paid.into();
        value["roadmaps_seat"] = is_paid.into();
        value["develop_seat"] = false.into();
        value["teamwork_seat"] = false.into();
        value["administrator"] = administers.any().into();
        value["administrator_roles"] = json!({
            "administer_account": administers.account,
            "administer_billing": administers.billing,
            "administer_configuration": administers.configuration,
        });
        if let Some((group, known)) = user.seat_group.and_then(|id| Some((id, self.seat_groups.get(&id)?))) {
            value["paid_seat_group"] = json!({"id": group, "name": known.name});
        }
        value["identity_provider"] = json!({"type": "password"});
        value
    }

    /// A user as the answer to its creation and members of products show it.
    pub(super) fn short_user(&self, id: u64, user: &User) -> Value {
        json!({
            "id": self.shown_id(id),
            "name": user.name(),
            "email": user.email,
            "created_at": MADE,
            "updated_at": MADE,
        })
    }

    /// The roles of a user, by product.
    pub(super) fn role_values(&self, user: &User) -> Vec<Value> {
        user.roles.iter().map(|(product, role)| self.role_value(*product, Some(*role))).collect()
    }

    /// One role in a product; how the role `none` is read is inferred.
    pub(super) fn role_value(&self, product: u64, role: Option<Role>) -> Value {
        let known = self.products.get(&product);
        let name = known.filter(|product| product.named_in_roles).map(|product| product.name.as_str());
        json!({
            "role": role.map(Role::number),
            "role_description": role.map_or("None", Role::description),
            "product_id": self.shown_id(product),
            "product_name": name,
        })
    }

    /// The custom roles of a user: numbers, unlike everything else.
    pub(super) fn custom_role_values(&self, user: &User) -> Vec<Value> {
        user.custom.iter().map(|(product, (role, name))| self.custom_role_value(*product, *role, name)).collect()
    }

    /// One custom role.
    pub(super) fn custom_role_value(&self, product: u64, role: u64, name: &str) -> Value {
        let scope = self.products.get(&product).map_or("", |product| product.name.as_str());
        json!({"role_id": role, "name": name, "scope": {"type": "project", "name": scope, "id": product}})
    }

    /// A product as listings show it.
    pub(super) fn product_value(&self, id: u64, product: &Product) -> Value {
        json!({
            "id": self.shown_id(id),
            "reference_prefix": product.prefix,
            "name": product.name,
            "product_line": product.is_line,
            "created_at": MADE,
            "workspace_type": "product_workspace",
            "url": format!("http://{}.aha.io/projects/{}", self.domain, product.prefix),
        })
    }
}
