//! What a server says it can do (RFC 7643 sections 5 to 7, RFC 9865 section 4), read as hints: a document may be missing,
//! rubbish or wrong, and a capability that is not told is assumed as most servers have it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{json, urn};

/// What a server can do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent features, as the documents tell them")]
pub struct Capabilities {
    /// PATCH is taken. Assumed when not told.
    pub patch: bool,
    /// Bulk requests, with their limits; `None` when not supported or not told.
    pub bulk: Option<Bulk>,
    /// Filters.
    pub filter: FilterSupport,
    /// The password can be changed.
    pub change_password: bool,
    /// Listings can be sorted.
    pub sort: bool,
    /// Resources have versions.
    pub etag: bool,
    /// Ways of paging.
    pub pagination: Pagination,
    /// There is a collection of groups. Assumed when not told.
    pub groups: bool,
    /// The paths of all user attributes that the server publishes (`userName`, `name`, `name.givenName`,
    /// `urn:…:User:department`); `None` when it publishes no user schema.
    pub user_attributes: Option<BTreeSet<String>>,
}

/// Limits of bulk requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulk {
    /// Most operations of a request.
    pub max_operations: u64,
    /// Largest body, in bytes.
    pub max_payload: u64,
}

/// Support of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterSupport {
    /// Filters are taken. Assumed when not told; what comes back is checked anyway.
    pub supported: bool,
    /// Most resources of an answer.
    pub max_results: Option<u64>,
}

/// Ways of paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pagination {
    /// By cursor.
    pub cursor: bool,
    /// By index. Assumed when not told.
    pub index: bool,
    /// Resources in a page when no count is asked for.
    pub default_page_size: Option<u64>,
    /// Most resources in a page.
    pub max_page_size: Option<u64>,
}

impl Default for Capabilities {
    /// What is assumed of a server that tells nothing.
    fn default() -> Self {
        Self {
            patch: true,
            bulk: None,
            filter: FilterSupport { supported: true, max_results: None },
            change_password: false,
            sort: false,
            etag: false,
            pagination: Pagination { cursor: false, index: true, default_page_size: None, max_page_size: None },
            groups: true,
            user_attributes: None,
        }
    }
}

impl Capabilities {
    /// Reads the three discovery documents; `None` for one that could not be had. What cannot be read counts as not told.
    #[must_use]
    pub fn read(configuration: Option<&[u8]>, resource_types: Option<&[u8]>, schemas: Option<&[u8]>) -> Self {
        let mut told = Self::default();
        if let Some(Value::Object(document)) = parse(configuration) {
            told.read_configuration(&document);
        }
        if let Some(types) = parse(resource_types).as_ref().and_then(resources).filter(|types| !types.is_empty()) {
            told.groups = types.into_iter().any(is_group_type);
        }
        told.user_attributes =
            parse(schemas).as_ref().and_then(resources).and_then(|schemas| user_attributes(&schemas));
        told
    }

    fn read_configuration(&mut self, document: &Map<String, Value>) {
        let section = |name: &str| json::get(document, name).and_then(Value::as_object);
        let supported =
            |name: &str| section(name).and_then(|section| json::get(section, "supported")).and_then(json::boolean);
        let limit =
            |name: &str, limit: &str| section(name).and_then(|section| json::get(section, limit)).and_then(json::count);
        self.patch = supported("patch").unwrap_or(true);
        self.filter.supported = supported("filter").unwrap_or(true);
        self.filter.max_results = limit("filter", "maxResults").filter(|limit| *limit > 0);
        self.change_password = supported("changePassword").unwrap_or(false);
        self.sort = supported("sort").unwrap_or(false);
        self.etag = supported("etag").unwrap_or(false);
        if supported("bulk") == Some(true) {
            let operations = limit("bulk", "maxOperations").filter(|limit| *limit > 0);
            let payload = limit("bulk", "maxPayloadSize").filter(|limit| *limit > 0);
            self.bulk =
                operations.zip(payload).map(|(max_operations, max_payload)| Bulk { max_operations, max_payload });
        }
        if let Some(pagination) = section("pagination") {
            let flag = |name: &str| json::get(pagination, name).and_then(json::boolean);
            let size = |name: &str| json::get(pagination, name).and_then(json::count).filter(|size| *size > 0);
            self.pagination = Pagination {
                cursor: flag("cursor").unwrap_or(false),
                index: flag("index").unwrap_or(true),
                default_page_size: size("defaultPageSize"),
                max_page_size: size("maxPageSize"),
            };
        }
    }

    /// Whether the server would take an attribute of a user: yes, unless it publishes a schema that lacks it.
    #[must_use]
    pub fn takes_user_attribute(&self, path: &str) -> bool {
        self.user_attributes
            .as_ref()
            .is_none_or(|published| published.iter().any(|name| name.eq_ignore_ascii_case(path)))
    }
}

fn parse(document: Option<&[u8]>) -> Option<Value> {
    serde_json::from_slice(document?).ok()
}

/// The resources of a listing, of a bare list, or one resource alone.
fn resources(document: &Value) -> Option<Vec<&Map<String, Value>>> {
    let list = match document {
        Value::Array(list) => list.as_slice(),
        Value::Object(object) => match json::get(object, "Resources") {
            Some(Value::Array(list)) => list.as_slice(),
            Some(_) => return None,
            None => std::slice::from_ref(document),
        },
        _ => return None,
    };
    Some(list.iter().filter_map(Value::as_object).filter(|object| has_identity(object)).collect())
}

fn has_identity(object: &Map<String, Value>) -> bool {
    ["id", "name", "endpoint", "schema"].iter().any(|name| text(object, name).is_some())
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    json::get(object, name).and_then(Value::as_str)
}

fn is_group_type(resource_type: &Map<String, Value>) -> bool {
    let is = |name: &str, wanted: &str| text(resource_type, name).is_some_and(|text| text.eq_ignore_ascii_case(wanted));
    let endpoint = text(resource_type, "endpoint").unwrap_or_default().trim_end_matches('/');
    let at_groups = endpoint.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("Groups"));
    at_groups || is("schema", urn::GROUP) || is("id", "Group") || is("name", "Group")
}

fn user_attributes(schemas: &[&Map<String, Value>]) -> Option<BTreeSet<String>> {
    let mut paths = BTreeSet::new();
    for (schema, prefix) in [(urn::USER, String::new()), (urn::ENTERPRISE_USER, format!("{}:", urn::ENTERPRISE_USER))] {
        let is_it =
            |object: &&&Map<String, Value>| text(object, "id").is_some_and(|id| id.eq_ignore_ascii_case(schema));
        let Some(Value::Array(attributes)) =
            schemas.iter().find(is_it).and_then(|object| json::get(object, "attributes"))
        else {
            continue;
        };
        for attribute in attributes.iter().filter_map(Value::as_object) {
            let Some(name) = text(attribute, "name") else { continue };
            paths.insert(format!("{prefix}{name}"));
            let Some(Value::Array(parts)) = json::get(attribute, "subAttributes") else { continue };
            let parts = parts.iter().filter_map(Value::as_object).filter_map(|part| text(part, "name"));
            paths.extend(parts.map(|part| format!("{prefix}{name}.{part}")));
        }
    }
    paths.iter().any(|path| path.eq_ignore_ascii_case("userName")).then_some(paths)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bytes(value: &Value) -> Vec<u8> {
        serde_json::to_vec(value).unwrap()
    }

    #[test]
    fn a_full_set_of_documents_is_read() {
        let configuration = json!({
            "patch": {"supported": "true"}, "filter": {"supported": true, "maxResults": "200"}, "etag": {"supported": true},
            "bulk": {"supported": true, "maxOperations": 10, "maxPayloadSize": 1000}, "sort": {"supported": false},
            "pagination": {"cursor": true, "index": false, "defaultPageSize": 20, "maxPageSize": 50},
        });
        let types = json!({"resources": [{"id": "User", "endpoint": "/Users"}]});
        let schemas = json!({"Resources": [
            {"id": urn::USER, "attributes": [{"name": "userName"}, {"name": "name", "subAttributes": [{"name": "givenName"}]}]},
            {"id": urn::ENTERPRISE_USER, "attributes": [{"name": "department"}]},
        ]});
        let told = Capabilities::read(Some(&bytes(&configuration)), Some(&bytes(&types)), Some(&bytes(&schemas)));
        assert_eq!(told.bulk, Some(Bulk { max_operations: 10, max_payload: 1000 }));
        assert_eq!(told.filter, FilterSupport { supported: true, max_results: Some(200) });
        assert_eq!(told.pagination.max_page_size, Some(50));
        assert!(told.etag && told.pagination.cursor && !told.pagination.index && !told.groups);
        assert!(told.takes_user_attribute("name.givenName") && told.takes_user_attribute(crate::resource::DEPARTMENT));
        assert!(!told.takes_user_attribute("title"));
    }

    #[test]
    fn rubbish_counts_as_not_told() {
        for rubbish in [&b"<html>"[..], b"", b"[]", b"{}", b"7", br#"{"status":"404"}"#, br#"{"Resources":null}"#] {
            let told = Capabilities::read(Some(rubbish), Some(rubbish), Some(rubbish));
            assert_eq!(told, Capabilities::default(), "{}", String::from_utf8_lossy(rubbish));
        }
        assert_eq!(Capabilities::read(None, None, None), Capabilities::default());
    }

    #[test]
    fn groups_are_found_by_endpoint_or_schema() {
        let types = |types: Value| Capabilities::read(None, Some(&bytes(&types)), None).groups;
        assert!(types(json!([{"id": "x", "endpoint": "https://h.example/scim/Groups"}])));
        assert!(types(json!({"Resources": [{"name": "x", "schema": urn::GROUP}]})));
        assert!(!types(json!({"Resources": [{"name": "User"}]})));
    }
}
