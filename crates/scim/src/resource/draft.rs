//! Bodies that create users and groups: what is given, and nothing invented.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::DEPARTMENT;
use crate::{path::AttributePath, urn};

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserDraft {
    /// The login.
    pub user_name: String,
    /// Our own key.
    pub external_id: Option<String>,
    /// The name that is shown.
    pub display_name: Option<String>,
    /// The whole name.
    pub formatted_name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The mail address, sent as the primary one, for work.
    pub email: Option<String>,
    /// Whether the user is to be switched on.
    pub active: Option<bool>,
    /// The job title.
    pub title: Option<String>,
    /// The department, of the enterprise extension.
    pub department: Option<String>,
    /// The roles, by value.
    pub roles: Vec<String>,
}

impl UserDraft {
    /// The body, without the attributes that the server is known to drop. Those are named as in a path (`title`,
    /// `name.givenName`, `urn:…:User:department`), in any case; `userName` is always sent.
    #[must_use]
    pub fn to_value(&self, dropped: &BTreeSet<String>) -> Value {
        let mut body = Map::new();
        let mut extension = Map::new();
        let texts = [
            ("externalId", &self.external_id),
            ("displayName", &self.display_name),
            ("name.formatted", &self.formatted_name),
            ("name.givenName", &self.given_name),
            ("name.familyName", &self.family_name),
            ("title", &self.title),
            (DEPARTMENT, &self.department),
        ];
        body.insert("userName".to_owned(), Value::from(self.user_name.as_str()));
        for (path, text) in texts {
            let Some(text) = text else { continue };
            if is_dropped(dropped, path) {
                continue;
            }
            match path.strip_prefix("name.") {
                Some(part) => insert_part(&mut body, "name", part, text),
                None if path == DEPARTMENT => {
                    extension.insert("department".to_owned(), Value::from(text.as_str()));
                }
                None => {
                    body.insert(path.to_owned(), Value::from(text.as_str()));
                }
            }
        }
        if let Some(email) = self.email.as_ref().filter(|_| !is_dropped(dropped, "emails")) {
            body.insert("emails".to_owned(), json!([{"value": email, "type": "work", "primary": true}]));
        }
        if let Some(active) = self.active.filter(|_| !is_dropped(dropped, "active")) {
            body.insert("active".to_owned(), Value::Bool(active));
        }
        if !self.roles.is_empty() && !is_dropped(dropped, "roles") {
            body.insert("roles".to_owned(), self.roles.iter().map(|role| json!({"value": role})).collect());
        }
        let mut schemas = vec![urn::USER];
        if !extension.is_empty() {
            schemas.push(urn::ENTERPRISE_USER);
            body.insert(urn::ENTERPRISE_USER.to_owned(), Value::Object(extension));
        }
        body.insert("schemas".to_owned(), json!(schemas));
        Value::Object(body)
    }
}

fn insert_part(body: &mut Map<String, Value>, attribute: &str, part: &str, text: &str) {
    let whole = body.entry(attribute).or_insert_with(|| Value::Object(Map::new()));
    if let Some(object) = whole.as_object_mut() {
        object.insert(part.to_owned(), Value::from(text));
    }
}

/// Whether an attribute, or the one that it is a part of, is among those that a server drops.
fn is_dropped(dropped: &BTreeSet<String>, path: &str) -> bool {
    let covers = |name: &str| dropped.iter().any(|one| one.eq_ignore_ascii_case(name));
    covers(path) || AttributePath::parse(path).is_some_and(|path| path.schema.is_none() && covers(&path.attribute))
}

/// A group to be created.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupDraft {
    /// The name.
    pub display_name: String,
    /// Our own key.
    pub external_id: Option<String>,
    /// The ids of the first members. None: the attribute is left out.
    pub members: Vec<String>,
}

impl GroupDraft {
    /// The body.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut body = json!({"schemas": [urn::GROUP], "displayName": self.display_name});
        if let Some(external_id) = &self.external_id {
            body["externalId"] = Value::from(external_id.as_str());
        }
        if !self.members.is_empty() {
            body["members"] = self.members.iter().map(|id| json!({"value": id})).collect();
        }
        body
    }
}
