//! What Aha! answers, as far as it matters, read leniently: ids are texts or numbers, and anything may be missing.

use appaccess_core::access::{AccountState, Level};
use jiff::Timestamp;
use serde::Deserialize;

use super::{ADMINISTRATOR, DEVELOPER, LEVELS, PARTIAL, USER};
use crate::connector::rest::{WireId, bounded};

/// The totals of a listing.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Pagination {
    pub(super) total_records: Option<u64>,
    pub(super) total_pages: Option<u32>,
    pub(super) current_page: Option<u32>,
}

/// A page of users.
#[derive(Debug, Deserialize)]
pub(super) struct UsersPage {
    pub(super) users: Vec<User>,
    pub(super) pagination: Option<Pagination>,
}

/// A page of products.
#[derive(Debug, Deserialize)]
pub(super) struct ProductsPage {
    pub(super) products: Vec<Product>,
    pub(super) pagination: Option<Pagination>,
}

/// One user, wrapped.
#[derive(Debug, Deserialize)]
pub(super) struct OneUser {
    pub(super) user: User,
}

/// One product, wrapped.
#[derive(Debug, Deserialize)]
pub(super) struct OneProduct {
    pub(super) product: Product,
}

/// The key's own user, wrapped.
#[derive(Debug, Deserialize)]
pub(super) struct Me {
    pub(super) user: Own,
}

/// The key's own user: its id, and the accounts that it belongs to. Whether it administers one is not told here.
#[derive(Debug, Deserialize)]
pub(super) struct Own {
    pub(super) id: WireId,
    #[serde(default)]
    pub(super) accounts: Option<Vec<Membership>>,
}

/// Membership of an account.
#[derive(Debug, Deserialize)]
pub(super) struct Membership {
    pub(super) account: Option<Tenant>,
}

/// An account by its subdomain.
#[derive(Debug, Deserialize)]
pub(super) struct Tenant {
    pub(super) domain: Option<String>,
}

/// A user.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: WireId,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    created_at: Option<String>,
    accessed_at: Option<String>,
    #[serde(default)]
    pub(super) product_roles: Option<Vec<ProductRole>>,
    enabled: Option<bool>,
    paid_seat: Option<bool>,
    pub(super) administrator: Option<bool>,
    administrator_roles: Option<AdministratorRoles>,
}

/// The parts of an account that somebody administers.
#[derive(Clone, Copy, Debug, Deserialize)]
struct AdministratorRoles {
    #[serde(rename = "administer_account")]
    account: Option<bool>,
    #[serde(rename = "administer_billing")]
    billing: Option<bool>,
    #[serde(rename = "administer_configuration")]
    configuration: Option<bool>,
}

impl User {
    /// Whether somebody can log in. There are no invitations: an account is there once it is made.
    pub(super) fn state(&self) -> AccountState {
        if self.enabled == Some(false) { AccountState::Suspended } else { AccountState::Active }
    }

    /// Whether somebody takes a seat that is billed: those who are disabled do not, whatever their flag says.
    pub(super) fn is_billed(&self) -> bool {
        self.enabled != Some(false) && self.paid_seat == Some(true)
    }

    /// When the account was last used; one that never was tells when it was made.
    pub(super) fn last_active(&self) -> Option<Timestamp> {
        let read = |text: &Option<String>| text.as_ref()?.parse().ok();
        read(&self.accessed_at).or_else(|| read(&self.created_at))
    }

    /// The role in the account. `administrator` is true for whoever administers any part of it.
    pub(super) fn role(&self) -> &'static str {
        let parts =
            self.administrator_roles.map_or([None; 3], |roles| [roles.account, roles.billing, roles.configuration]);
        if parts.contains(&Some(true)) && parts.contains(&Some(false)) {
            PARTIAL
        } else if self.administrator == Some(true) || parts.contains(&Some(true)) {
            ADMINISTRATOR
        } else {
            USER
        }
    }
}

/// A role in a product.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ProductRole {
    role: Option<RoleForm>,
    role_description: Option<String>,
    pub(super) product_id: WireId,
    /// Null in the vendor's own examples for products that exist.
    pub(super) product_name: Option<String>,
}

/// Roles are read as numbers and written as words; both are taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum RoleForm {
    Number(i64),
    Word(String),
}

impl ProductRole {
    /// The level as it is written; `None` for the role `none`, which is no access. A number that nobody documents is a
    /// level of its own, which is never given.
    pub(super) fn level(&self) -> Option<Level> {
        let [viewer, reviewer, contributor, owner] = LEVELS;
        let known = match self.role.as_ref()? {
            RoleForm::Number(50) => viewer,
            RoleForm::Number(40) => reviewer,
            RoleForm::Number(35) => DEVELOPER,
            RoleForm::Number(30) => contributor,
            RoleForm::Number(20) => owner,
            RoleForm::Number(_) if self.says_none() => return None,
            RoleForm::Number(other) => return Some(format!("role-{other}").into()),
            RoleForm::Word(word) if word == "none" => return None,
            RoleForm::Word(word) => return Some(bounded(word)),
        };
        Some(known.into())
    }

    fn says_none(&self) -> bool {
        self.role_description.as_ref().is_some_and(|text| text.eq_ignore_ascii_case("none"))
    }
}

/// A product, or a product line.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id: WireId,
    pub(super) reference_prefix: Option<String>,
    pub(super) name: Option<String>,
}

/// What comes back when a user was made.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    pub(super) user: MadeUser,
}

/// The user that was made.
#[derive(Debug, Deserialize)]
pub(super) struct MadeUser {
    pub(super) id: WireId,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn role(value: Value) -> Option<Level> {
        serde_json::from_value::<ProductRole>(value).unwrap().level()
    }

    #[test]
    fn every_number_has_its_word_and_an_unknown_one_is_its_own_level() {
        for (number, word) in
            [(50, "viewer"), (40, "reviewer"), (35, "developer"), (30, "contributor"), (20, "product_owner")]
        {
            assert_eq!(role(json!({"role": number, "product_id": 1})).as_deref(), Some(word));
        }
        assert_eq!(role(json!({"role": 25, "product_id": "1"})).as_deref(), Some("role-25"));
        assert_eq!(role(json!({"role": "reviewer", "product_id": "1"})).as_deref(), Some("reviewer"));
        for none in [json!(null), json!("none")] {
            assert_eq!(role(json!({"role": none, "product_id": "1"})), None);
        }
        assert_eq!(role(json!({"role": 60, "role_description": "None", "product_id": "1"})), None);
    }

    fn user(value: Value) -> User {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn who_administers_some_parts_is_no_whole_administrator() {
        let parts = |account: bool, billing: bool| {
            let parts = json!({"administer_account": account, "administer_billing": billing});
            user(json!({"id": 1, "administrator": account || billing, "administrator_roles": parts})).role()
        };
        assert_eq!(parts(false, false), "user");
        assert_eq!(parts(true, false), "partial-administrator");
        assert_eq!(parts(true, true), "administrator");
        assert_eq!(user(json!({"id": 1, "administrator": true})).role(), "administrator");
        assert_eq!(user(json!({"id": 1})).role(), "user");
    }

    #[test]
    fn a_disabled_account_is_suspended_and_not_billed_whatever_its_flag_says() {
        let disabled = user(json!({"id": "1", "enabled": false, "paid_seat": true}));
        assert_eq!((disabled.state(), disabled.is_billed()), (AccountState::Suspended, false));
        let bare = user(json!({"id": "1", "created_at": "2026-01-05T09:00:00.000Z", "accessed_at": null, "x": [1]}));
        assert_eq!((bare.state(), bare.is_billed()), (AccountState::Active, false));
        assert_eq!(bare.last_active(), "2026-01-05T09:00:00Z".parse().ok());
    }
}
