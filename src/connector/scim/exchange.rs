//! From the outcome of a request to an error of the seam. Knows no meaning of any body but that of an error.

use appaccess_scim::error::{ErrorKind, ScimError, sanitise};

use crate::{
    connector::ConnectorError,
    http::{HttpError, Response},
};

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

fn with_detail(error: &HttpError) -> String {
    match error.detail() {
        Some(said) => format!("{error}: {}", sanitise(said)),
        None => error.to_string(),
    }
}

/// The error of a read of `what`.
pub(super) fn read_failed(what: &str, error: HttpError) -> ConnectorError {
    match error {
        HttpError::InvalidSegment { .. }
        | HttpError::Redirected { .. }
        | HttpError::BodyTooLarge { .. }
        | HttpError::TooDeep { .. } => ConnectorError::Protocol { what: format!("{what}: {error}") },
        HttpError::InvalidUrl { .. }
        | HttpError::InvalidHost { .. }
        | HttpError::AddressRefused { .. }
        | HttpError::InvalidCredential { .. }
        | HttpError::Setup(_) => ConnectorError::Settings(error.to_string()),
        HttpError::CredentialHostMismatch { host } => ConnectorError::HostNotAllowed { host },
        HttpError::CredentialsRejected { .. } | HttpError::InvalidToken => ConnectorError::CredentialsRejected,
        HttpError::Forbidden { .. } => ConnectorError::Forbidden { what: what.to_owned() },
        HttpError::RateLimited { until, .. } => ConnectorError::RateLimited { until: Some(until) },
        HttpError::Unreachable { .. } | HttpError::Interrupted { .. } | HttpError::Unavailable { .. } => {
            ConnectorError::Unreachable { what: with_detail(&error), source: Some(Box::new(error)) }
        }
        HttpError::Unknown { .. } => ConnectorError::OutcomeUnknown { what: with_detail(&error) },
    }
}

/// The error of a change. A change that the credential may not make is refused alone: the right may be lacking for this
/// one object only.
pub(super) fn change_failed(what: &str, error: HttpError) -> ConnectorError {
    match error {
        HttpError::Forbidden { detail } => {
            let said = detail.as_deref().map(sanitise).filter(|said| !said.is_empty());
            let detail = said.unwrap_or_else(|| format!("the credential lacks the right to {what}"));
            ConnectorError::Refused { status: 403, detail }
        }
        HttpError::InvalidSegment { .. } => ConnectorError::Refused { status: 0, detail: error.to_string() },
        error => read_failed(what, error),
    }
}
