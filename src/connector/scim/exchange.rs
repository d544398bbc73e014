//! From the outcome of a request to an error of the seam. Knows no meaning of any body but that of an error.

use appaccess_scim::error::{ErrorKind, ScimError};

pub(super) use crate::connector::failure::{change_failed, read_failed};
use crate::{connector::ConnectorError, http::Response};

/// What the app's error body says, fit to be shown.
pub(super) fn detail(response: &Response) -> String {
    let said = ScimError::parse(&response.body).map(|error| error.detail).unwrap_or_default();
    if said.is_empty() { "the app gave no reason".to_owned() } else { said }
}

/// The keyword of the app's error body.
pub(super) fn kind(response: &Response) -> Option<ErrorKind> {
    ScimError::parse(&response.body).and_then(|error| error.kind)
}

/// A change that the app refused.
pub(super) fn refused(response: &Response) -> ConnectorError {
    ConnectorError::Refused { status: response.status, detail: detail(response) }
}

/// An answer that makes no sense where a read was asked for.
pub(super) fn unexpected(what: &str, response: &Response) -> ConnectorError {
    let said = ScimError::parse(&response.body).map(|error| error.detail).filter(|detail| !detail.is_empty());
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    ConnectorError::Protocol { what: format!("{what} was answered with status {}{said}", response.status) }
}
