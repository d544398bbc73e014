//! PUT in place of PATCH: the resource as it was just read, all of it, with the changes laid over.

use appaccess_scim::{
    dialect::Etag,
    patch::{PatchBody, replacement},
    schema::ResourceKind,
};
use http::{Method, header};
use serde_json::Value;

use super::{
    exchange::{change_failed, refused},
    shared::Collection,
    writer::ScimWriter,
};
use crate::{
    connector::ConnectorError,
    http::{Response, Safety},
};

/// How often a resource that changes under our hands is read again.
const ATTEMPTS: u32 = 2;

impl ScimWriter {
    /// Changes a resource by PUT. With versions nothing is lost that somebody else writes meanwhile.
    pub(super) async fn put(
        &self,
        collection: Collection,
        id: &str,
        changes: &PatchBody,
    ) -> Result<Response, ConnectorError> {
        let kind = match collection {
            Collection::Users => ResourceKind::User,
            Collection::Groups => ResourceKind::Group,
        };
        let mut attempt = 1;
        loop {
            let Some(read) = self.shared.resource(collection, id).await? else {
                return Err(ConnectorError::Refused { status: 404, detail: "it is not there any more".to_owned() });
            };
            let current = whole(&read, id)?;
            let body = replacement(&current, kind, changes).map_err(|error| ConnectorError::Protocol {
                what: format!("the resource as read cannot be changed: {error}"),
            })?;
            let tag = if self.shared.profile().etag == Etag::Off { None } else { version(&read, &current) };
            let to = (collection, Some(id));
            let sent = self.send(Method::PUT, to, Safety::Idempotent, Some(&body), tag.as_deref()).await;
            let response = sent.map_err(|error| change_failed("change it", error))?;
            match response.status {
                412 if attempt < ATTEMPTS => attempt += 1,
                _ if response.is_success() => return Ok(response),
                _ => return Err(refused(&response)),
            }
        }
    }
}

/// The whole resource. One that is not what was asked for must never be sent back.
fn whole(read: &Response, id: &str) -> Result<Value, ConnectorError> {
    let value: Option<Value> = serde_json::from_slice(&read.body).ok();
    let number = |value: &Value| value["id"].as_u64().map(|number| number.to_string());
    let is_it = |value: &Value| value["id"].as_str() == Some(id) || number(value).as_deref() == Some(id);
    value.filter(is_it).ok_or_else(|| ConnectorError::Protocol {
        what: "a resource was answered with something else than that resource".to_owned(),
    })
}

fn version(read: &Response, current: &Value) -> Option<String> {
    let tag = read.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    tag.or_else(|| current["meta"]["version"].as_str()).filter(|tag| !tag.is_empty()).map(str::to_owned)
}
