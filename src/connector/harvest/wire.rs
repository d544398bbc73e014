//! What Harvest sends, read leniently: unknown fields are ignored, ids may be numbers or texts, most may be missing.

use serde::Deserialize;

use crate::connector::rest::WireId;

/// One person.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: WireId,
    #[serde(default)]
    pub(super) first_name: Option<String>,
    #[serde(default)]
    pub(super) last_name: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) is_active: Option<bool>,
    /// Names of business roles.
    #[serde(default)]
    pub(super) roles: Option<Vec<String>>,
    /// The main role and what a manager may beside; what is not told is not guessed.
    #[serde(default)]
    pub(super) access_roles: Option<Vec<String>>,
}

/// One business role.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Role {
    pub(super) id: WireId,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) user_ids: Option<Vec<WireId>>,
}

/// The account as a whole.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Company {
    #[serde(default)]
    pub(super) is_active: Option<bool>,
    #[serde(default)]
    pub(super) plan_type: Option<String>,
}

/// The accounts that a token may use.
#[derive(Debug, Deserialize)]
pub(super) struct Accounts {
    pub(super) accounts: Vec<UsableAccount>,
}

/// One of them.
#[derive(Debug, Deserialize)]
pub(super) struct UsableAccount {
    pub(super) id: WireId,
    #[serde(default)]
    pub(super) product: Option<String>,
}

/// Where the other pages are.
#[derive(Debug, Deserialize)]
pub(super) struct Links {
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// A page of people.
#[derive(Debug, Deserialize)]
pub(super) struct Users {
    #[serde(rename = "users")]
    rows: Vec<User>,
    #[serde(default)]
    total_entries: Option<u64>,
    #[serde(default)]
    links: Option<Links>,
}

/// A page of business roles.
#[derive(Debug, Deserialize)]
pub(super) struct Roles {
    #[serde(rename = "roles")]
    rows: Vec<Role>,
    #[serde(default)]
    total_entries: Option<u64>,
    #[serde(default)]
    links: Option<Links>,
}

/// One page of any listing.
pub(super) struct Parts<T> {
    pub(super) rows: Vec<T>,
    pub(super) total: Option<u64>,
    pub(super) links: Option<Links>,
}

/// A page that can be taken apart.
pub(super) trait Page {
    /// What it lists.
    type Row: Listed;

    /// Its parts.
    fn parts(self) -> Parts<Self::Row>;
}

/// What a listing lists.
pub(super) trait Listed {
    /// Its id.
    fn id(&self) -> &WireId;
}

impl Page for Users {
    type Row = User;

    fn parts(self) -> Parts<User> {
        Parts { rows: self.rows, total: self.total_entries, links: self.links }
    }
}

impl Page for Roles {
    type Row = Role;

    fn parts(self) -> Parts<Role> {
        Parts { rows: self.rows, total: self.total_entries, links: self.links }
    }
}

impl Listed for User {
    fn id(&self) -> &WireId {
        &self.id
    }
}

impl Listed for Role {
    fn id(&self) -> &WireId {
        &self.id
    }
}
