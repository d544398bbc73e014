//! From a failed request to an error of the seam. Knows no vendor and no meaning of any body.

use std::error::Error;

use appaccess_scim::error::sanitise;

use super::ConnectorError;
use crate::http::HttpError;

fn with_detail(error: &HttpError) -> String {
    match error.detail() {
        Some(said) => format!("{error}: {}", sanitise(said)),
        None => error.to_string(),
    }
}

/// With what the system says below it, such as that nobody knows the host's name. It names no URL.
fn with_cause(error: &HttpError) -> String {
    let mut last = error.source();
    while let Some(below) = last.and_then(Error::source) {
        last = Some(below);
    }
    match last {
        Some(cause) => format!("{error}: {}", sanitise(&cause.to_string())),
        None => with_detail(error),
    }
}

/// Why no client could be opened: nothing was sent.
pub(super) fn not_opened(error: HttpError) -> ConnectorError {
    match error {
        HttpError::CredentialHostMismatch { host } => ConnectorError::HostNotAllowed { host },
        HttpError::InvalidUrl { .. } | HttpError::AddressRefused { .. } => ConnectorError::Address(error.to_string()),
        HttpError::InvalidCredential { .. } => ConnectorError::Credential(error.to_string()),
        error => ConnectorError::Settings(error.to_string()),
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
        | HttpError::CredentialHostMismatch { .. }
        | HttpError::Setup(_) => not_opened(error),
        HttpError::CredentialsRejected { .. } | HttpError::InvalidToken => ConnectorError::CredentialsRejected,
        HttpError::Forbidden { .. } => ConnectorError::Forbidden { what: what.to_owned() },
        HttpError::RateLimited { until, .. } => ConnectorError::RateLimited { until: Some(until) },
        HttpError::Unreachable { .. } | HttpError::Interrupted { .. } | HttpError::Unavailable { .. } => {
            ConnectorError::Unreachable { what: with_cause(&error), source: Some(Box::new(error)) }
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
