//! The documents in which a simulated vendor says what it can do.

use appaccess_scim::{
    path::AttributePath,
    schema::{self, Attribute, Form, ResourceKind},
    urn,
};
use serde_json::{Value, json};

use super::{
    dialect::{Dialect, Filters, Paging},
    exchange::{self, Refusal},
    vendor::View,
};
use crate::sim::service::{Answer, Call};

pub(super) fn document(view: View<'_>, name: &str, id: Option<&str>, call: &Call) -> Result<Answer, Refusal> {
    if call.parameter("filter").is_some() {
        return Err(Refusal::new(403, "these documents cannot be filtered"));
    }
    let list = match name {
        "ServiceProviderConfig" => return Ok(exchange::scim(200, configuration(view.dialect))),
        "ResourceTypes" => resource_types(view),
        _ => schemas(view.dialect),
    };
    match id {
        Some(id) => {
            let found = list.into_iter().find(|one| one.get("id").and_then(Value::as_str) == Some(id));
            found.map(|one| exchange::scim(200, one)).ok_or_else(Refusal::not_found)
        }
        None => Ok(exchange::scim(
            200,
            json!({
                "schemas": [urn::LIST_RESPONSE], "totalResults": list.len(), "startIndex": 1, "itemsPerPage": list.len(),
                "Resources": list,
            }),
        )),
    }
}

fn configuration(dialect: &Dialect) -> Value {
    let supported = |supported: bool| json!({"supported": supported});
    let filters = !matches!(dialect.filters, Filters::Refused(_));
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": supported(dialect.patch),
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": filters, "maxResults": dialect.page_cap},
        "changePassword": supported(false),
        "sort": supported(false),
        "etag": supported(dialect.etag),
        "pagination": {
            "cursor": matches!(dialect.paging, Paging::Cursor | Paging::IndexAndCursor),
            "index": dialect.paging != Paging::Cursor,
            "defaultPageSize": dialect.page_cap,
            "maxPageSize": dialect.page_cap,
        },
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Bearer", "description": "A static bearer token"}],
    })
}

fn kinds(dialect: &Dialect) -> &'static [ResourceKind] {
    if dialect.groups { &[ResourceKind::User, ResourceKind::Group] } else { &[ResourceKind::User] }
}

fn resource_types(view: View<'_>) -> Vec<Value> {
    let describe = |kind: &ResourceKind| {
        let mut described = json!({
            "schemas": [urn::RESOURCE_TYPE], "id": kind.name(), "name": kind.name(), "endpoint": kind.endpoint(),
            "schema": kind.schema(),
            "meta": {"resourceType": "ResourceType", "location": format!("{}/ResourceTypes/{}", view.base, kind.name())},
        });
        if *kind == ResourceKind::User {
            described["schemaExtensions"] = json!([{"schema": urn::ENTERPRISE_USER, "required": false}]);
        }
        described
    };
    kinds(view.dialect).iter().map(describe).collect()
}

fn schemas(dialect: &Dialect) -> Vec<Value> {
    let mut list: Vec<Value> = kinds(dialect)
        .iter()
        .map(|kind| {
            let published = |attribute: &Attribute| attribute.name != "schemas" && !dialect.drops(attribute.name);
            let attributes: Vec<Value> = schema::attributes(*kind).filter(published).map(describe).collect();
            json!({"schemas": [urn::SCHEMA], "id": kind.schema(), "name": kind.name(), "attributes": attributes})
        })
        .collect();
    let names = ["employeeNumber", "costCenter", "organization", "division", "department", "manager"];
    let published = names.into_iter().filter_map(|name| {
        let path = AttributePath { schema: Some(urn::ENTERPRISE_USER.to_owned()), ..AttributePath::core(name) };
        let attribute = schema::find(ResourceKind::User, path.schema.as_deref(), name)?;
        (!dialect.drops(&path.to_string())).then(|| describe(attribute))
    });
    let attributes: Vec<Value> = published.collect();
    list.push(json!({
        "schemas": [urn::SCHEMA], "id": urn::ENTERPRISE_USER, "name": "EnterpriseUser", "attributes": attributes,
    }));
    list
}

fn describe(attribute: Attribute) -> Value {
    let (kind, parts): (&str, &[&str]) = match (attribute.form, attribute.name) {
        (Form::Text, _) => ("string", &[]),
        (Form::Boolean, _) => ("boolean", &[]),
        (_, "name") => ("complex", &["formatted", "familyName", "givenName"]),
        (_, "meta") => ("complex", &["resourceType", "created", "lastModified", "location", "version"]),
        (_, "members" | "manager") => ("complex", &["value", "type"]),
        (..) => ("complex", &["value", "type", "display", "primary"]),
    };
    let part = |name: &&str| {
        let kind = if *name == "primary" { "boolean" } else { "string" };
        json!({"name": name, "type": kind, "multiValued": false})
    };
    let mutability = if attribute.read_only { "readOnly" } else { "readWrite" };
    json!({
        "name": attribute.name, "type": kind, "multiValued": attribute.form == Form::List, "required": attribute.required,
        "mutability": mutability, "subAttributes": parts.iter().map(part).collect::<Vec<_>>(),
    })
}
