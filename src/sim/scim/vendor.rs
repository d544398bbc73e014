//! The vendor itself: one call in, one answer out, over a state that it changes. Knows neither sockets nor time.

use appaccess_scim::schema::ResourceKind;
use serde_json::{Map, Value, json};

use super::{
    dialect::Dialect,
    discovery,
    exchange::Refusal,
    listing::{self, Projection},
    resource,
    state::{Row, State, text},
};
use crate::sim::service::{Answer, Call};

/// What an answer is put together from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) state: &'a State,
    pub(super) dialect: &'a Dialect,
    pub(super) base: &'a str,
}

/// Answers a read; a change is refused.
pub(super) fn read(view: View<'_>, token: &str, call: &Call) -> Answer {
    settle(view.dialect, authorised(token, call).and_then(|()| reading(view, call)))
}

/// Answers any call.
pub(super) fn answer(state: &mut State, dialect: &Dialect, token: &str, call: &Call) -> Answer {
    let base = call.base.as_str();
    if call.is_read() {
        return read(View { state, dialect, base }, token, call);
    }
    settle(dialect, authorised(token, call).and_then(|()| changing(state, dialect, base, call)))
}

fn settle(dialect: &Dialect, result: Result<Answer, Refusal>) -> Answer {
    result.unwrap_or_else(|refusal| refusal.into_answer(dialect.numeric_error_status))
}

/// The token is asked for before anything else, whatever the address.
fn authorised(token: &str, call: &Call) -> Result<(), Refusal> {
    let told = call.header("authorization").and_then(|header| header.split_once(' '));
    match told {
        Some((scheme, told)) if scheme.eq_ignore_ascii_case("bearer") && told.trim() == token => Ok(()),
        _ => Err(Refusal::new(401, "the token is missing or wrong")),
    }
}

/// What an address names.
enum Place<'a> {
    Collection(ResourceKind),
    Resource(ResourceKind, &'a str),
    Discovery(&'a str, Option<&'a str>),
}

fn place<'a>(dialect: &Dialect, call: &'a Call) -> Result<Place<'a>, Refusal> {
    let segments: Vec<&str> = call.path.iter().flatten().map(String::as_str).collect();
    let kind = |name: &str| match name {
        "Users" => Some(ResourceKind::User),
        "Groups" if dialect.groups => Some(ResourceKind::Group),
        _ => None,
    };
    match segments.as_slice() {
        [document @ ("ServiceProviderConfig" | "ResourceTypes" | "Schemas")] if dialect.discovery => {
            Ok(Place::Discovery(document, None))
        }
        [document @ ("ResourceTypes" | "Schemas"), id] if dialect.discovery => Ok(Place::Discovery(document, Some(id))),
        ["Me" | "Bulk" | ".search"] | ["Users" | "Groups", ".search"] => Err(Refusal::new(501, "not supported")),
        [name] => kind(name).map(Place::Collection).ok_or_else(Refusal::not_found),
        [name, id] => kind(name).map(|kind| Place::Resource(kind, id)).ok_or_else(Refusal::not_found),
        _ => Err(Refusal::not_found()),
    }
}

fn reading(view: View<'_>, call: &Call) -> Result<Answer, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::new(405, "the method is not supported here"));
    }
    match place(view.dialect, call)? {
        Place::Collection(kind) => listing::list(&view, kind, call),
        Place::Resource(kind, id) => resource::read(view, kind, id, call),
        Place::Discovery(document, id) => discovery::document(view, document, id, call),
    }
}

fn changing(state: &mut State, dialect: &Dialect, base: &str, call: &Call) -> Result<Answer, Refusal> {
    let mut desk = resource::Desk { state, dialect, base };
    match (call.method.as_str(), place(dialect, call)?) {
        ("POST", Place::Collection(kind)) => desk.create(kind, call),
        ("PUT", Place::Resource(kind, id)) if dialect.put => desk.replace(kind, id, call),
        ("PATCH", Place::Resource(kind, id)) if dialect.patch => desk.patch(kind, id, call),
        ("PATCH", Place::Resource(..)) => Err(Refusal::new(501, "PATCH is not supported")),
        ("DELETE", Place::Resource(kind, id)) => desk.delete(kind, id, call),
        _ => Err(Refusal::new(405, "the method is not supported here")),
    }
}

impl View<'_> {
    /// The address of a resource.
    pub(super) fn location(&self, kind: ResourceKind, id: &str) -> String {
        let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
        format!("{}{}/{id}", self.base, kind.endpoint())
    }

    /// The entity tag of a resource, where the vendor has versions.
    pub(super) fn tag(&self, row: &Row) -> Option<String> {
        self.dialect.etag.then(|| format!("W/\"{}\"", row.version))
    }

    /// One resource as a single read tells it.
    pub(super) fn render(&self, kind: ResourceKind, row: &Row, projection: &Projection) -> Value {
        let groups = self.shows_groups(kind, projection).then(|| {
            let id = text(&row.value, "id");
            let is_in = |group: &&Value| super::state::members(group).any(|member| member == id);
            self.state.rows(ResourceKind::Group).map(|row| &row.value).filter(is_in).collect::<Vec<_>>()
        });
        self.complete(kind, row, groups.as_deref(), projection)
    }

    /// The resources of a page.
    pub(super) fn render_page(&self, kind: ResourceKind, rows: &[&Row], projection: &Projection) -> Vec<Value> {
        let by_member = if self.shows_groups(kind, projection) { Some(self.state.groups_by_member()) } else { None };
        let groups_of = |row: &Row| {
            let by_member = by_member.as_ref()?;
            Some(by_member.get(text(&row.value, "id")).map(Vec::as_slice).unwrap_or_default())
        };
        let page = rows.iter().map(|row| {
            let mut value = self.complete(kind, row, groups_of(row), projection);
            if kind == ResourceKind::Group && self.dialect.lists_without_members {
                value.as_object_mut().map(|object| object.remove("members"));
            }
            value
        });
        page.collect()
    }

    fn shows_groups(&self, kind: ResourceKind, projection: &Projection) -> bool {
        kind == ResourceKind::User
            && self.dialect.users_tell_groups
            && self.dialect.groups
            && !projection.omits("groups")
    }

    fn complete(&self, kind: ResourceKind, row: &Row, groups: Option<&[&Value]>, projection: &Projection) -> Value {
        let Some(stored) = row.value.as_object() else { return row.value.clone() };
        let mut object: Map<String, Value> = stored
            .iter()
            .filter(|(name, _)| !projection.omits(name) || *name == "id" || *name == "schemas")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if let Some(meta) = object.get_mut("meta").and_then(Value::as_object_mut) {
            meta.insert("location".to_owned(), Value::from(self.location(kind, text(&row.value, "id"))));
            if let Some(tag) = self.tag(row) {
                meta.insert("version".to_owned(), Value::from(tag));
            }
        }
        if let Some(groups) = groups.filter(|groups| !groups.is_empty()) {
            let groups =
                groups.iter().map(|group| json!({"value": text(group, "id"), "display": text(group, "displayName")}));
            object.insert("groups".to_owned(), groups.collect());
        }
        projection.apply(&mut object);
        if self.dialect.unknown_fields {
            object.insert("x-internal".to_owned(), json!({"shard": 7, "tags": ["a", null], "nested": {"deep": true}}));
        }
        Value::Object(object)
    }
}
