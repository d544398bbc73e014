//! Listings of a simulated vendor: filter, page, projection.

use appaccess_scim::{
    error::ErrorKind,
    filter::{CaseRules, Filter, Literal},
    path::AttributePath,
    schema::ResourceKind,
    urn,
};
use serde_json::{Map, Value, json};

use super::{
    dialect::{Filters, Paging},
    exchange::{self, Refusal},
    state::{Row, is_active},
    vendor::View,
};
use crate::sim::service::{Answer, Call};

/// Which attributes an answer is to have.
#[derive(Debug, Default)]
pub(super) struct Projection {
    wanted: Vec<AttributePath>,
    excluded: Vec<AttributePath>,
}

impl Projection {
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        let paths = |name: &str| -> Result<Vec<AttributePath>, Refusal> {
            let list =
                call.parameter(name).unwrap_or_default().split(',').map(str::trim).filter(|path| !path.is_empty());
            list.map(|path| {
                AttributePath::parse(path).ok_or_else(|| invalid(&format!("{name} has a name that is none")))
            })
            .collect()
        };
        let projection = Self { wanted: paths("attributes")?, excluded: paths("excludedAttributes")? };
        if !projection.wanted.is_empty() && !projection.excluded.is_empty() {
            return Err(invalid("attributes and excludedAttributes exclude each other"));
        }
        Ok(projection)
    }

    /// Whether an attribute as a whole is left out, so that it need not be put together.
    pub(super) fn omits(&self, name: &str) -> bool {
        let names = |paths: &[AttributePath]| {
            paths.iter().any(|path| path.attribute.eq_ignore_ascii_case(name) && path.sub_attribute.is_none())
        };
        names(&self.excluded)
            || (!self.wanted.is_empty() && !self.wanted.iter().any(|path| path.attribute.eq_ignore_ascii_case(name)))
    }

    pub(super) fn apply(&self, resource: &mut Map<String, Value>) {
        if !self.wanted.is_empty() {
            let mut kept = Map::new();
            for path in &self.wanted {
                keep(resource, &mut kept, path);
            }
            for always in ["id", "schemas"] {
                if let Some(value) = resource.remove(always) {
                    kept.insert(always.to_owned(), value);
                }
            }
            *resource = kept;
        }
        for path in &self.excluded {
            exclude(resource, path);
        }
    }
}

/// Where an attribute stands: the extension's key where it belongs to one, its own key, and its part.
fn keys(path: &AttributePath) -> Vec<&str> {
    [path.schema.as_deref(), Some(&path.attribute), path.sub_attribute.as_deref()].into_iter().flatten().collect()
}

fn keep(from: &Map<String, Value>, to: &mut Map<String, Value>, path: &AttributePath) {
    let mut from = from;
    let mut to = to;
    let keys = keys(path);
    for (depth, key) in keys.iter().enumerate() {
        let Some((name, value)) = from.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) else { return };
        match value {
            Value::Object(inner) if depth + 1 < keys.len() => {
                from = inner;
                let entry = to.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                let Some(object) = entry.as_object_mut() else { return };
                to = object;
            }
            whole => {
                to.insert(name.clone(), whole.clone());
                return;
            }
        }
    }
}

fn exclude(resource: &mut Map<String, Value>, path: &AttributePath) {
    let keys = keys(path);
    let Some((last, parents)) = keys.split_last() else { return };
    let mut object = resource;
    for key in parents {
        let found = object.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(key));
        let Some(inner) = found.and_then(|(_, value)| value.as_object_mut()) else { return };
        object = inner;
    }
    object.retain(|name, _| !name.eq_ignore_ascii_case(last) || name == "id");
}

/// The paging parameters of a call.
struct Window {
    start: u64,
    count: u64,
    /// The number of the last resource of the page before, when the client pages by cursor.
    cursor: Option<u64>,
}

pub(super) fn list(view: &View<'_>, kind: ResourceKind, call: &Call) -> Result<Answer, Refusal> {
    let projection = Projection::of(call)?;
    let filter = filter(view, call)?;
    if kind == ResourceKind::User && !view.dialect.listable && !names_one(filter.as_ref()) {
        return Err(Refusal::new(403, "users cannot be listed"));
    }
    let window = window(view, call)?;
    let rules = CaseRules { user_name_exact: view.dialect.case_sensitive_user_name };
    let mut matching = Vec::new();
    for row in candidates(view, kind, filter.as_ref()) {
        let hidden = view.dialect.inactive_hidden && !is_active(&row.value);
        let refused =
            |error: appaccess_scim::filter::FilterError| Refusal::bad(ErrorKind::InvalidFilter, error.to_string());
        if !hidden && filter.as_ref().map_or(Ok(true), |filter| filter.matches(&row.value, rules)).map_err(refused)? {
            matching.push(row);
        }
    }
    let total = matching.len() as u64;
    let (page, next) = cut(view, &matching, &window);
    let resources = view.render_page(kind, page, &projection);
    let shown = if view.dialect.total_is_page_size { resources.len() as u64 } else { total };
    let mut body = json!({
        "schemas": [urn::LIST_RESPONSE], "totalResults": shown, "itemsPerPage": resources.len(), "Resources": resources,
    });
    if window.cursor.is_none() {
        body["startIndex"] = Value::from(window.start);
    }
    if let Some(next) = next {
        body["nextCursor"] = Value::from(format!("c{next:x}"));
    }
    Ok(exchange::scim(200, body))
}

fn filter(view: &View<'_>, call: &Call) -> Result<Option<Filter>, Refusal> {
    let Some(text) = call.parameter("filter") else { return Ok(None) };
    match view.dialect.filters {
        Filters::Ignored => Ok(None),
        Filters::Refused(status) => {
            let kind = (status == 400).then_some(ErrorKind::InvalidFilter);
            Err(Refusal { kind, ..Refusal::new(status, "filters are not supported") })
        }
        Filters::Honoured => {
            Filter::parse(text).map(Some).map_err(|error| Refusal::bad(ErrorKind::InvalidFilter, error.to_string()))
        }
    }
}

/// Whether a filter asks for one user alone.
fn names_one(filter: Option<&Filter>) -> bool {
    let terms = filter.and_then(Filter::equalities).unwrap_or_default();
    let is_name = |attribute: &str| ["userName", "externalId"].iter().any(|name| name.eq_ignore_ascii_case(attribute));
    matches!(terms.as_slice(), [(path, _)] if is_name(&path.attribute) && path.sub_attribute.is_none())
}

/// The rows that can fulfil a filter: those of one name where it asks for one, else all.
fn candidates<'s>(
    view: &View<'s>,
    kind: ResourceKind,
    filter: Option<&Filter>,
) -> Box<dyn Iterator<Item = &'s Row> + 's> {
    let name = if kind == ResourceKind::User { "userName" } else { "displayName" };
    let terms = filter.and_then(Filter::equalities).unwrap_or_default();
    let asked = terms.iter().find_map(|(path, literal)| match literal {
        Literal::Text(text) if path.attribute.eq_ignore_ascii_case(name) && path.sub_attribute.is_none() => Some(text),
        _ => None,
    });
    match asked {
        Some(text) => Box::new(view.state.named(kind, text)),
        None => Box::new(view.state.rows(kind)),
    }
}

fn window(view: &View<'_>, call: &Call) -> Result<Window, Refusal> {
    let number = |name: &str| -> Result<Option<i64>, Refusal> {
        let Some(text) = call.parameter(name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| invalid(&format!("{name} is no number")))
    };
    let start = number("startIndex")?.map_or(1, |start| u64::try_from(start).unwrap_or(1).max(1));
    let count = number("count")?.map_or(view.dialect.page_cap, |count| u64::try_from(count).unwrap_or(0));
    let count = count.min(view.dialect.page_cap);
    let cursor = match (view.dialect.paging, call.parameter("cursor")) {
        (Paging::IndexAndCursor | Paging::Cursor, Some("")) | (Paging::Cursor, None) => Some(0),
        (Paging::IndexAndCursor | Paging::Cursor, Some(cursor)) => Some(parse_cursor(cursor)?),
        _ => None,
    };
    Ok(Window { start, count, cursor })
}

fn parse_cursor(text: &str) -> Result<u64, Refusal> {
    let number = text.strip_prefix('c').and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| Refusal::bad(ErrorKind::InvalidCursor, "the cursor is none of ours"))
}

/// The rows of a page, and the cursor of the next.
fn cut<'r, 's>(view: &View<'_>, rows: &'r [&'s Row], window: &Window) -> (&'r [&'s Row], Option<u64>) {
    let slice = |start: u64, count: u64| {
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(rows.len());
        let end = start.saturating_add(usize::try_from(count).unwrap_or(usize::MAX)).min(rows.len());
        rows.get(start..end).unwrap_or_default()
    };
    if let Some(cursor) = window.cursor {
        let page = slice(cursor, window.count);
        let next = cursor + page.len() as u64;
        return (page, (next < rows.len() as u64 && window.count > 0).then_some(next));
    }
    let beyond = window.start > rows.len() as u64;
    match view.dialect.paging {
        Paging::Ignored => (rows, None),
        Paging::FirstPageOnly => (slice(0, window.count), None),
        Paging::WrapsAround if beyond => (slice(0, window.count), None),
        _ => (slice(window.start - 1, window.count), None),
    }
}

fn invalid(detail: &str) -> Refusal {
    Refusal::bad(ErrorKind::InvalidValue, detail)
}
