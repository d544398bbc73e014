//! Users and groups as a client reads and creates them. Knows the managed attributes only; all others are skipped.

mod draft;
mod lenient;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;

pub use draft::{GroupDraft, UserDraft};

use crate::urn;

/// A user in a listing, borrowed from the body.
///
/// Reading is tolerant: numbers and booleans as texts, texts as booleans, one value for a list, `null` anywhere. A value
/// of a wholly different kind counts as absent. Only the `id` must be there; see [`UserView::has_id`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct UserView<'a> {
    /// The server's id; empty when the server gave none.
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub id: Cow<'a, str>,
    /// The client's own key.
    #[serde(borrow, default, rename = "externalId", deserialize_with = "lenient::optional_text")]
    pub external_id: Option<Cow<'a, str>>,
    /// The login; empty when the server gave none.
    #[serde(borrow, default, rename = "userName", deserialize_with = "lenient::text")]
    pub user_name: Cow<'a, str>,
    /// The name that is shown.
    #[serde(borrow, default, rename = "displayName", deserialize_with = "lenient::optional_text")]
    pub display_name: Option<Cow<'a, str>>,
    /// The parts of the name.
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    pub name: NameView<'a>,
    /// The mail addresses.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub emails: Vec<EntryView<'a>>,
    /// Whether the user is switched on. Absent means so: not every server has the attribute.
    #[serde(default = "switched_on", deserialize_with = "lenient::active")]
    pub active: bool,
    /// The roles.
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub roles: Vec<EntryView<'a>>,
    /// The groups that the server says the user is in. Many servers leave them out.
    #[serde(borrow, default, deserialize_with = "lenient::optional_list")]
    pub groups: Option<Vec<EntryView<'a>>>,
    /// The job title.
    #[serde(borrow, default, deserialize_with = "lenient::optional_text")]
    pub title: Option<Cow<'a, str>>,
    /// The enterprise extension.
    #[serde(
        borrow,
        default,
        rename = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        deserialize_with = "lenient::object"
    )]
    pub enterprise: EnterpriseView<'a>,
    /// What the server says about the resource.
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    pub meta: MetaView<'a>,
}

/// A group in a listing, borrowed from the body. As tolerant as [`UserView`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct GroupView<'a> {
    /// The server's id; empty when the server gave none.
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub id: Cow<'a, str>,
    /// The client's own key.
    #[serde(borrow, default, rename = "externalId", deserialize_with = "lenient::optional_text")]
    pub external_id: Option<Cow<'a, str>>,
    /// The name; empty when the server gave none.
    #[serde(borrow, default, rename = "displayName", deserialize_with = "lenient::text")]
    pub display_name: Cow<'a, str>,
    /// The members; `None` when the server did not tell any, which may mean none or that listings leave them out.
    #[serde(borrow, default, deserialize_with = "lenient::optional_list")]
    pub members: Option<Vec<EntryView<'a>>>,
    /// What the server says about the resource.
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    pub meta: MetaView<'a>,
}

/// The parts of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct NameView<'a> {
    /// The whole name.
    #[serde(borrow, default, deserialize_with = "lenient::optional_text")]
    pub formatted: Option<Cow<'a, str>>,
    /// The given name.
    #[serde(borrow, default, rename = "givenName", deserialize_with = "lenient::optional_text")]
    pub given: Option<Cow<'a, str>>,
    /// The family name.
    #[serde(borrow, default, rename = "familyName", deserialize_with = "lenient::optional_text")]
    pub family: Option<Cow<'a, str>>,
}

/// What is read of the enterprise extension.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct EnterpriseView<'a> {
    /// The department.
    #[serde(borrow, default, deserialize_with = "lenient::optional_text")]
    pub department: Option<Cow<'a, str>>,
}

/// What is read of `meta`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct MetaView<'a> {
    /// The entity tag.
    #[serde(borrow, default, deserialize_with = "lenient::optional_text")]
    pub version: Option<Cow<'a, str>>,
    /// When the resource was last changed, by the server's clock, RFC 3339.
    #[serde(borrow, default, rename = "lastModified", deserialize_with = "lenient::optional_text")]
    pub last_modified: Option<Cow<'a, str>>,
}

/// One value of `emails`, `roles`, `groups` or `members`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct EntryView<'a> {
    /// The value: an address, a role, an id. Empty when the server gave none.
    pub value: Cow<'a, str>,
    /// The kind: `work`, `User`, …
    pub kind: Option<Cow<'a, str>>,
    /// The label.
    pub display: Option<Cow<'a, str>>,
    /// Whether it is the preferred one.
    pub primary: bool,
}

impl UserView<'_> {
    /// Whether the server told an id; a resource without one cannot be acted on.
    #[must_use]
    pub fn has_id(&self) -> bool {
        !self.id.is_empty()
    }

    /// The address that counts: the primary one, else the one for work, else the first.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        let told = || self.emails.iter().filter(|email| !email.value.is_empty());
        let work = |email: &&EntryView<'_>| email.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("work"));
        let found = told().find(|email| email.primary).or_else(|| told().find(work)).or_else(|| told().next());
        found.map(|email| &*email.value)
    }
}

impl GroupView<'_> {
    /// Whether the server told an id.
    #[must_use]
    pub fn has_id(&self) -> bool {
        !self.id.is_empty()
    }

    /// The ids of the members that were told, nested groups among them.
    pub fn member_ids(&self) -> impl Iterator<Item = &str> {
        self.members.iter().flatten().map(|member| &*member.value).filter(|id| !id.is_empty())
    }
}

const fn switched_on() -> bool {
    true
}

/// The path under which the department is published and dropped.
pub const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

const _: () = assert!(DEPARTMENT.len() == urn::ENTERPRISE_USER.len() + ":department".len());
