//! What a person is called in the app and what an account of the app says. Pure; knows no request.

use std::collections::BTreeMap;

use appaccess_core::access::{
    AccountId, AccountState, Level, LoginSource, Mail, ObservedAccount, Person, PersonKey, Slot, Text,
};
use appaccess_scim::{
    patch::OutgoingOperation,
    path::AttributePath,
    resource::{DEPARTMENT, UserDraft, UserView},
};
use serde_json::json;

/// The longest text that is kept of an account, in bytes.
const TEXT_MAX: usize = 1024;

/// Most mail addresses, and most roles, that are kept of an account.
const VALUES_MAX: usize = 64;

/// The attribute name of the user name in an update.
pub const USER_NAME: &str = "userName";

/// The attribute name of the mail address in an update.
pub const MAIL: &str = "mail";

/// What `externalId` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExternalId {
    /// The id in the directory; none for a person without.
    #[default]
    Id,
    /// The mail address.
    Mail,
    /// It is not sent.
    None,
}

/// Which value goes into which attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// What `userName` is.
    pub user_name: LoginSource,
    /// What `externalId` is.
    pub external_id: ExternalId,
    /// Attributes that are kept up to date: `displayName`, `name`, `title`, `department`.
    pub attributes: Vec<Text>,
}

fn id_of(person: &Person) -> Option<&str> {
    match &person.key {
        PersonKey::Known { id, .. } => Some(id),
        _ => None,
    }
}

impl Mapping {
    /// The `userName` of a person; `None` for somebody of whom nothing fitting is known.
    pub(super) fn user_name(&self, person: &Person) -> Option<Text> {
        self.user_name.of(person).filter(|name| !name.is_empty())
    }

    /// The `externalId` of a person.
    pub(super) fn external_id(&self, person: &Person) -> Option<Text> {
        let value = match self.external_id {
            ExternalId::Id => id_of(person),
            ExternalId::Mail => person.mail.as_ref().map(Mail::as_str),
            ExternalId::None => None,
        };
        value.filter(|value| !value.is_empty()).map(Into::into)
    }

    fn keeps(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|kept| &**kept == attribute)
    }

    /// The account to be created for a person: what is known, and nothing invented.
    pub(super) fn draft(&self, person: &Person, roles: Vec<String>) -> Option<UserDraft> {
        let attribute = |name: &str| person.attributes.get(name).map(ToString::to_string);
        let kept = |name: &str| attribute(name).filter(|_| self.keeps(name));
        let formatted = full_name(person);
        Some(UserDraft {
            user_name: self.user_name(person)?.to_string(),
            external_id: self.external_id(person).map(|id| id.to_string()),
            display_name: attribute("displayName").or_else(|| formatted.clone()),
            formatted_name: formatted,
            given_name: person.name.given.as_deref().map(str::to_owned),
            family_name: person.name.family.as_deref().map(str::to_owned),
            email: person.mail.as_ref().map(|mail| mail.as_str().to_owned()),
            active: Some(true),
            title: kept("title"),
            department: kept("department"),
            roles,
        })
    }

    /// An account as it was read. `order` is the order of the roles where an account has one of them only.
    pub(super) fn observed(&self, user: &UserView<'_>, order: &[Level]) -> ObservedAccount {
        let mut attributes = BTreeMap::new();
        let mut keep = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                attributes.insert(Text::from(name), bounded(value));
            }
        };
        for kept in &self.attributes {
            match &**kept {
                "displayName" => keep(kept, user.display_name.as_deref()),
                "name" => {
                    keep("givenName", user.name.given.as_deref());
                    keep("familyName", user.name.family.as_deref());
                }
                "title" => keep(kept, user.title.as_deref()),
                "department" => keep(kept, user.enterprise.department.as_deref()),
                _ => {}
            }
        }
        ObservedAccount {
            id: AccountId::new(&user.id),
            login: bounded(&user.user_name),
            mails: mails(user),
            external_id: user.external_id.as_deref().filter(|id| !id.is_empty()).map(bounded),
            state: if user.active { AccountState::Active } else { AccountState::Suspended },
            service: false,
            entitlements: roles(user, order),
            attributes,
            last_active: None,
            invited_at: None,
        }
    }
}

/// Given and family name as one text.
fn full_name(person: &Person) -> Option<String> {
    let parts = [person.name.given.as_deref(), person.name.family.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The addresses in canonical form, the main one first; the user name is one where the app tells no other.
fn mails(user: &UserView<'_>) -> Vec<Mail> {
    let told = user.emails.iter().take(VALUES_MAX).map(|email| &*email.value);
    let mut mails: Vec<Mail> = Vec::new();
    for text in user.email().into_iter().chain(told) {
        if let Ok(mail) = Mail::parse(text)
            && !mails.contains(&mail)
        {
            mails.push(mail);
        }
    }
    if mails.is_empty() {
        mails.extend(Mail::parse(&user.user_name));
    }
    mails
}

fn roles(user: &UserView<'_>, order: &[Level]) -> BTreeMap<Slot, Option<Level>> {
    let values = || user.roles.iter().map(|role| &*role.value).filter(|value| !value.is_empty()).take(VALUES_MAX);
    if order.is_empty() {
        return values().map(|value| (Slot::new("role", &bounded(value)), None)).collect();
    }
    let rank = |value: &str| order.iter().position(|level| &**level == value);
    let highest = values().max_by_key(|value| rank(value));
    highest.map(|value| (Slot::new("role", ""), Some(bounded(value)))).into_iter().collect()
}

/// A text of a server, cut to a length that can be kept for each account.
pub(super) fn bounded(text: &str) -> Text {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// The operation that sets one attribute of an update; `None` for one that this connector does not have.
///
/// `work_mail` tells whether the account is known to have one address for work, so that only that one is replaced.
pub(super) fn update(attribute: &str, value: Option<&str>, work_mail: bool) -> Option<OutgoingOperation> {
    let core = AttributePath::core;
    let path = match attribute {
        USER_NAME => return value.map(|value| OutgoingOperation::replace(&core("userName"), value)),
        MAIL if work_mail => return value.map(OutgoingOperation::replace_work_mail),
        MAIL => {
            let emails = |value| json!([{"value": value, "type": "work", "primary": true}]);
            return value.map(|value| OutgoingOperation::replace(&core("emails"), emails(value)));
        }
        "displayName" | "title" => core(attribute),
        "givenName" | "familyName" => core("name").child(attribute),
        "department" => AttributePath::parse(DEPARTMENT)?,
        _ => return None,
    };
    Some(match value {
        Some(value) => OutgoingOperation::replace(&path, value),
        None => OutgoingOperation::remove(&path),
    })
}

#[cfg(test)]
mod tests {
    use appaccess_core::access::{ObjectName, PersonName};

    use super::*;

    fn ana() -> Person {
        let key = PersonKey::Known { directory: ObjectName::new("it", "okta"), id: "00u1".into() };
        Person {
            mail: Mail::parse("ana@example.com").ok(),
            login: Some("ana".into()),
            name: PersonName { given: Some("Ana".into()), family: Some("Ruiz".into()) },
            attributes: [("title".into(), "Baker".into())].into(),
            ..Person::literal(key)
        }
    }

    #[test]
    fn the_mapping_says_what_a_person_is_called() {
        let literal = Person::literal(PersonKey::Login("bot".into()));
        for (user_name, of_ana) in
            [(LoginSource::Mail, "ana@example.com"), (LoginSource::Login, "ana"), (LoginSource::Id, "00u1")]
        {
            let mapping = Mapping { user_name, ..Mapping::default() };
            assert_eq!(mapping.user_name(&ana()).as_deref(), Some(of_ana));
            assert_eq!(mapping.user_name(&literal).as_deref(), Some("bot"));
        }
        for (external_id, of_ana) in
            [(ExternalId::Id, Some("00u1")), (ExternalId::Mail, Some("ana@example.com")), (ExternalId::None, None)]
        {
            let mapping = Mapping { external_id, ..Mapping::default() };
            assert_eq!(mapping.external_id(&ana()).as_deref(), of_ana);
            assert_eq!(mapping.external_id(&literal), None);
        }
    }

    #[test]
    fn a_created_account_carries_what_is_known_and_nothing_invented() {
        let draft = Mapping::default().draft(&ana(), Vec::new()).unwrap();
        assert_eq!((draft.display_name.as_deref(), draft.title), (Some("Ana Ruiz"), None));
        let kept = Mapping { attributes: vec!["title".into()], ..Mapping::default() };
        assert_eq!(kept.draft(&ana(), Vec::new()).unwrap().title.as_deref(), Some("Baker"));
        let literal = Person::literal(PersonKey::Mail(Mail::parse("lea@example.com").unwrap()));
        let draft = Mapping::default().draft(&literal, Vec::new()).unwrap();
        assert_eq!((draft.display_name, draft.given_name, draft.external_id), (None, None, None));
    }

    #[test]
    fn an_account_is_read_with_canonical_mails_and_without_invented_ones() {
        let user: UserView<'_> = serde_json::from_str(
            r#"{"id":"1","userName":"ANA@Example.com","externalId":"","active":false,
                "emails":[{"value":"not a mail"},{"value":"a@example.com"},{"value":"Ana@EXAMPLE.com","primary":true}]}"#,
        )
        .unwrap();
        let account = Mapping::default().observed(&user, &[]);
        let mails: Vec<&str> = account.mails.iter().map(Mail::as_str).collect();
        assert_eq!(mails, ["ana@example.com", "a@example.com"]);
        assert_eq!(
            (&*account.login, account.external_id, account.state),
            ("ANA@Example.com", None, AccountState::Suspended)
        );
    }

    #[test]
    fn roles_are_a_set_or_with_an_order_one_value() {
        let user: UserView<'_> =
            serde_json::from_str(r#"{"id":"1","roles":[{"value":"member"},{"value":"admin"},{"value":"x"}]}"#).unwrap();
        let mapping = Mapping::default();
        assert_eq!(mapping.observed(&user, &[]).entitlements.len(), 3);
        let single = mapping.observed(&user, &["member".into(), "admin".into()]).entitlements;
        assert_eq!(single, [(Slot::new("role", ""), Some("admin".into()))].into());
    }

    #[test]
    fn a_server_s_text_is_cut_between_two_characters() {
        assert_eq!(bounded(&"ä".repeat(2000)).len(), TEXT_MAX);
        assert_eq!(bounded(&format!("x{}", "ä".repeat(2000))).len(), TEXT_MAX - 1);
    }
}
