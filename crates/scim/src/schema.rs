//! What RFC 7643 says about the attributes that this library handles: kind, plurality, case, mutability. A table, no code
//! that acts on it.

use crate::{path::AttributePath, urn};

/// The two kinds of resource that are provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// A user.
    User,
    /// A group.
    Group,
}

impl ResourceKind {
    /// The URN of the core schema.
    #[must_use]
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => urn::USER,
            Self::Group => urn::GROUP,
        }
    }

    /// The name as it stands in `meta.resourceType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The path of the collection below the base address.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }
}

/// The form of an attribute's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text.
    Text,
    /// A boolean.
    Boolean,
    /// An object with sub-attributes.
    Complex,
    /// A list of objects with sub-attributes.
    List,
}

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// The name in its usual spelling; for an extension as a whole its URN.
    pub name: &'static str,
    /// The form of the value.
    pub form: Form,
    /// Only the server sets it.
    pub read_only: bool,
    /// It cannot be removed.
    pub required: bool,
}

const fn attribute(name: &'static str, form: Form) -> Attribute {
    Attribute { name, form, read_only: false, required: false }
}

const fn read_only(name: &'static str, form: Form) -> Attribute {
    Attribute { read_only: true, ..attribute(name, form) }
}

const fn required(name: &'static str, form: Form) -> Attribute {
    Attribute { required: true, ..attribute(name, form) }
}

const COMMON: [Attribute; 4] = [
    read_only("id", Form::Text),
    read_only("meta", Form::Complex),
    read_only("schemas", Form::List),
    attribute("externalId", Form::Text),
];

const USER: [Attribute; 21] = [
    required("userName", Form::Text),
    attribute("name", Form::Complex),
    attribute("displayName", Form::Text),
    attribute("nickName", Form::Text),
    attribute("profileUrl", Form::Text),
    attribute("title", Form::Text),
    attribute("userType", Form::Text),
    attribute("preferredLanguage", Form::Text),
    attribute("locale", Form::Text),
    attribute("timezone", Form::Text),
    attribute("active", Form::Boolean),
    attribute("password", Form::Text),
    attribute("emails", Form::List),
    attribute("phoneNumbers", Form::List),
    attribute("ims", Form::List),
    attribute("photos", Form::List),
    attribute("addresses", Form::List),
    read_only("groups", Form::List),
    attribute("entitlements", Form::List),
    attribute("roles", Form::List),
    attribute("x509Certificates", Form::List),
];

const ENTERPRISE: [Attribute; 6] = [
    attribute("employeeNumber", Form::Text),
    attribute("costCenter", Form::Text),
    attribute("organization", Form::Text),
    attribute("division", Form::Text),
    attribute("department", Form::Text),
    attribute("manager", Form::Complex),
];

const GROUP: [Attribute; 2] = [required("displayName", Form::Text), attribute("members", Form::List)];

const EXTENSION: Attribute = attribute(urn::ENTERPRISE_USER, Form::Complex);

/// Looks an attribute up. `schema` is `None` for the core schema; names in any case. `None` for what the table lacks.
#[must_use]
pub fn find(kind: ResourceKind, schema: Option<&str>, name: &str) -> Option<Attribute> {
    let named = |table: &[Attribute]| table.iter().find(|one| one.name.eq_ignore_ascii_case(name)).copied();
    match (kind, schema) {
        (ResourceKind::User, Some(schema)) if schema.eq_ignore_ascii_case(urn::ENTERPRISE_USER) => named(&ENTERPRISE),
        (_, Some(_)) => None,
        (ResourceKind::User, None) if name.eq_ignore_ascii_case(urn::ENTERPRISE_USER) => Some(EXTENSION),
        (ResourceKind::User, None) => named(&COMMON).or_else(|| named(&USER)),
        (ResourceKind::Group, None) => named(&COMMON).or_else(|| named(&GROUP)),
    }
}

/// Names of all core attributes of a kind, for a server's `/Schemas` document.
pub fn attributes(kind: ResourceKind) -> impl Iterator<Item = Attribute> {
    let own: &[Attribute] = match kind {
        ResourceKind::User => &USER,
        ResourceKind::Group => &GROUP,
    };
    COMMON.iter().chain(own).copied()
}

/// Whether an attribute's texts are compared exactly (`caseExact`). Identifiers, references and the client's own key
/// are; names, mail addresses and all the rest are not (RFC 7643 sections 3.1, 4.1 and 8.7).
///
/// `members.value` is an `id`, so it is exact here although the RFC's schema document says otherwise.
#[must_use]
pub fn is_case_exact(path: &AttributePath) -> bool {
    const EXACT: [&str; 3] = ["id", "externalId", "password"];
    const EXACT_VALUES: [&str; 5] = ["members", "groups", "photos", "x509Certificates", "manager"];
    let is_one_of = |names: &[&str], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    match path.sub_attribute.as_deref() {
        None => is_one_of(&EXACT, &path.attribute) || is_one_of(&EXACT_VALUES, &path.attribute),
        Some(sub) if sub.eq_ignore_ascii_case("$ref") => true,
        Some(sub) if sub.eq_ignore_ascii_case("value") => is_one_of(&EXACT_VALUES, &path.attribute),
        Some(_) => path.attribute.eq_ignore_ascii_case("meta"),
    }
}

/// Whether an attribute holds an instant, compared as such.
#[must_use]
pub fn is_instant(path: &AttributePath) -> bool {
    let sub = path.sub_attribute.as_deref().unwrap_or_default();
    path.attribute.eq_ignore_ascii_case("meta")
        && (sub.eq_ignore_ascii_case("created") || sub.eq_ignore_ascii_case("lastModified"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_and_mails_are_compared_without_case_and_ids_with() {
        let exact = |path: &str| is_case_exact(&AttributePath::parse(path).unwrap());
        assert!(!exact("userName"));
        assert!(!exact("emails.value"));
        assert!(!exact("emails"));
        assert!(exact("ID"));
        assert!(exact("externalId"));
        assert!(exact("members"));
        assert!(exact("members.value"));
    }

    #[test]
    fn an_extension_is_found_as_a_whole_and_by_attribute() {
        assert_eq!(find(ResourceKind::User, None, urn::ENTERPRISE_USER).unwrap().form, Form::Complex);
        assert!(find(ResourceKind::User, Some(urn::ENTERPRISE_USER), "department").is_some());
        assert!(find(ResourceKind::Group, Some(urn::ENTERPRISE_USER), "department").is_none());
        assert!(find(ResourceKind::Group, None, "userName").is_none());
    }
}
