//! Roles and levels: which id means which word. Ids, codes and names are not published, so they are read at run time and
//! matched; what cannot be matched goes by the legacy flags and words. Pure.

use std::collections::BTreeMap;

use appaccess_core::access::Text;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ids::number;
use crate::connector::rest::{WireId, bounded};

/// Roles in the organisation, from low to high.
pub(super) const ORGANIZATION: [&str; 3] = ["member", "admin", "owner"];

/// Levels in a workspace, from low to high. The vendor does not order the two kinds of leads; we put the one who leads
/// people above the one who leads projects.
pub(super) const WORKSPACE: [&str; 4] = ["user", "projectlead", "teamlead", "admin"];

/// What codes and names come down to, once the name of the entity and all that is no letter is taken out.
const WORDS: [(&str, Entity, &[&str]); 7] = [
    ("owner", Entity::Organization, &["owner"]),
    ("admin", Entity::Organization, &["admin", "administrator"]),
    ("member", Entity::Organization, &["member", "user"]),
    ("admin", Entity::Workspace, &["admin", "administrator"]),
    ("user", Entity::Workspace, &["user", "member", "regularuser"]),
    ("projectlead", Entity::Workspace, &["projectlead"]),
    ("teamlead", Entity::Workspace, &["teamlead"]),
];

/// Most roles that are kept.
const ROLES_MAX: usize = 200;

/// What is kept of a role's name, in characters.
const NAME_MAX: usize = 100;

/// What a role is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entity {
    Organization,
    Workspace,
}

impl Entity {
    fn parse(text: &str) -> Option<Self> {
        match letters(text).as_str() {
            "organization" | "organisation" => Some(Self::Organization),
            "workspace" => Some(Self::Workspace),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Workspace => "workspace",
        }
    }
}

/// A role as the vendor lists it.
#[derive(Debug, Deserialize)]
pub(super) struct RoleRow {
    role_id: Option<WireId>,
    code: Option<String>,
    name: Option<String>,
    entity: Option<String>,
    organization_id: Option<WireId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Role {
    entity: Entity,
    /// Our word for it; none for a custom role.
    word: Option<Text>,
    name: Text,
}

/// The roles of an organisation by id. None at all where they cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(BTreeMap<Text, Role>);

fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// What is left of a code or a name.
fn core(text: &str, entity: Entity) -> String {
    let all = letters(text);
    let names: &[&str] = match entity {
        Entity::Organization => &["organization", "organisation"],
        Entity::Workspace => &["workspace"],
    };
    let rest = names.iter().find_map(|name| all.strip_prefix(name).or_else(|| all.strip_suffix(name)));
    rest.map_or_else(|| all.clone(), str::to_owned)
}

/// A name as far as it is kept.
fn short(name: &str) -> Text {
    name.chars().take(NAME_MAX).collect::<String>().into()
}

impl Roles {
    /// Matches the vendor's list. A word that fits several roles fits none of them, unless only one of those is the
    /// vendor's own.
    pub(super) fn matched(rows: Vec<RoleRow>) -> Self {
        let mut roles = BTreeMap::new();
        let mut fits: BTreeMap<(Entity, &str), Vec<(Text, bool)>> = BTreeMap::new();
        for row in rows.into_iter().take(ROLES_MAX) {
            let Some((id, entity)) = row.role_id.zip(row.entity.as_deref().and_then(Entity::parse)) else { continue };
            let is_custom = row.organization_id.is_some();
            let name = row.name.unwrap_or_default();
            let texts = [row.code.unwrap_or_default(), name.clone()].map(|text| core(&text, entity));
            let word = texts.iter().find_map(|text| {
                let known = WORDS.iter().find(|(_, of, words)| *of == entity && words.contains(&text.as_str()));
                known.map(|(word, ..)| *word)
            });
            if let Some(word) = word {
                fits.entry((entity, word)).or_default().push((id.0.clone(), is_custom));
            }
            roles.insert(id.0, Role { entity, word: None, name: short(&name) });
        }
        for ((_, word), candidates) in fits {
            let own: Vec<_> = candidates.iter().filter(|(_, is_custom)| !is_custom).collect();
            let chosen = match (own.as_slice(), candidates.as_slice()) {
                ([one], _) => Some(&one.0),
                ([], [one]) => Some(&one.0),
                _ => None,
            };
            if let Some(role) = chosen.and_then(|id| roles.get_mut(id)) {
                role.word = Some(word.into());
            }
        }
        Self(roles)
    }

    fn level(&self, entity: Entity, id: Option<&str>) -> Option<Text> {
        let role = self.0.get(id?).filter(|role| role.entity == entity)?;
        role.word.clone().or_else(|| Some(role.name.clone()).filter(|name| !name.is_empty()))
    }

    /// The role of somebody in the organisation.
    pub(super) fn organization_level(&self, id: Option<&str>, admin: bool, owner: bool) -> Text {
        if owner {
            return "owner".into();
        }
        self.level(Entity::Organization, id).unwrap_or_else(|| if admin { "admin".into() } else { "member".into() })
    }

    /// The level of somebody in a workspace.
    pub(super) fn workspace_level(&self, id: Option<&str>, word: Option<&str>, admin: bool) -> Text {
        self.level(Entity::Workspace, id)
            .or_else(|| word.filter(|word| !word.is_empty()).map(bounded))
            .unwrap_or_else(|| if admin { "admin".into() } else { "user".into() })
    }

    fn id(&self, entity: Entity, word: &str) -> Option<&Text> {
        let fits = |role: &Role| role.entity == entity && role.word.as_deref() == Some(word);
        self.0.iter().find(|(_, role)| fits(role)).map(|(id, _)| id)
    }

    /// The field that gives a role in the organisation: by id, else by the legacy flag.
    pub(super) fn organization_field(&self, word: &str) -> (&'static str, Value) {
        match self.id(Entity::Organization, word) {
            Some(id) => ("role_id", number(id)),
            None => ("organization_admin", Value::Bool(word == "admin")),
        }
    }

    /// The field that gives a level in a workspace: by id, else by the legacy word.
    pub(super) fn workspace_field(&self, word: &str) -> (&'static str, Value) {
        match self.id(Entity::Workspace, word) {
            Some(id) => ("role_id", number(id)),
            None => ("role", Value::from(word)),
        }
    }

    /// The roles by id, each as one text, for [`Roles::from_words`].
    pub(super) fn to_words(&self) -> impl Iterator<Item = (&str, String)> {
        let text = |role: &Role| json!([role.entity.word(), role.word.as_deref(), &*role.name]).to_string();
        self.0.iter().map(move |(id, role)| (&**id, text(role)))
    }

    /// What [`Roles::to_words`] gave; what makes no sense is left out.
    pub(super) fn from_words<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let roles = words.take(ROLES_MAX).filter_map(|(id, text)| {
            let (entity, word, name): (String, Option<String>, String) = serde_json::from_str(text).ok()?;
            let role = Role { entity: Entity::parse(&entity)?, word: word.map(Text::from), name: name.into() };
            Some((id.into(), role))
        });
        Self(roles.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(rows: Value) -> Roles {
        Roles::matched(serde_json::from_value(rows).unwrap())
    }

    #[test]
    fn roles_are_matched_by_code_or_name_and_by_what_they_are_of() {
        let roles = roles(json!([
            {"role_id": 1, "code": "organization_admin", "name": "?", "entity": "organization"},
            {"role_id": "2", "code": "", "name": "Organisation member", "entity": "Organization"},
            {"role_id": 3, "code": "workspace-admin", "name": "Admin", "entity": "workspace"},
            {"role_id": 4, "code": "x", "name": "Member", "entity": "workspace"},
            {"role_id": 5, "code": null, "name": "Team Lead", "entity": "workspace"},
            {"role_id": 6, "code": "project_admin", "name": "Admin", "entity": "project"},
        ]));
        assert_eq!(roles.organization_field("admin"), ("role_id", json!(1)));
        assert_eq!(roles.organization_field("member"), ("role_id", json!(2)));
        assert_eq!(roles.workspace_field("admin"), ("role_id", json!(3)));
        assert_eq!(roles.workspace_field("user"), ("role_id", json!(4)));
        assert_eq!(roles.workspace_field("teamlead"), ("role_id", json!(5)));
        assert_eq!(roles.workspace_field("projectlead"), ("role", json!("projectlead")), "what is not there");
        assert_eq!(&*roles.organization_level(Some("3"), false, false), "member", "the id of a workspace's role");
        let words: Vec<(&str, String)> = roles.to_words().collect();
        assert_eq!(Roles::from_words(words.iter().map(|(id, text)| (*id, text.as_str()))), roles);
    }

    #[test]
    fn a_custom_role_keeps_its_name_and_never_takes_the_place_of_the_vendor_s() {
        let roles = roles(json!([
            {"role_id": 1, "code": "admin", "name": "Admin", "entity": "workspace", "organization_id": null},
            {"role_id": 2, "code": "", "name": "Admin", "entity": "workspace", "organization_id": 500},
            {"role_id": 3, "code": "", "name": "Auditor", "entity": "workspace", "organization_id": 500},
        ]));
        assert_eq!(roles.workspace_field("admin"), ("role_id", json!(1)));
        assert_eq!(&*roles.workspace_level(Some("3"), Some("user"), false), "Auditor");
    }

    #[test]
    fn without_roles_flags_and_words_are_used() {
        let none = Roles::from_words([("1", "?")].into_iter());
        assert_eq!(none, Roles::default());
        assert_eq!(none.organization_field("admin"), ("organization_admin", json!(true)));
        assert_eq!(none.organization_field("member"), ("organization_admin", json!(false)));
        assert_eq!(none.workspace_field("admin"), ("role", json!("admin")));
        assert_eq!(&*none.workspace_level(Some("9"), Some("teamlead"), false), "teamlead");
    }
}
