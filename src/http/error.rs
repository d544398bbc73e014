//! What can go wrong with an outgoing call, in words that hold neither a secret nor a body.

use std::time::Duration;

use jiff::Timestamp;

use super::transport::TransportError;

/// A failed call. The text of each variant is ours alone: what a vendor said is only in [`HttpError::detail`], bounded,
/// escaped and with our secrets taken out.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The URL cannot be used; `why` says what to change.
    #[error("the URL for host `{host}` is refused: {why}")]
    InvalidUrl {
        /// The host, or empty where there is none.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An entry of `credentials.hosts` is neither `name` nor `name:port`.
    #[error("`{entry}` is not a host: write `name` or `name:port`, without a scheme or path")]
    InvalidHost {
        /// The entry, sanitised.
        entry: String,
    },
    /// The URL leads where the credential may not go. Nothing was sent.
    #[error("the credential is not bound to `{host}`: its owner must list it in `credentials.hosts`")]
    CredentialHostMismatch {
        /// `name:port` of the URL.
        host: String,
    },
    /// The host is, or resolves to, an address that is not public. Nothing was sent.
    #[error("`{host}` leads to an address that is not public")]
    AddressRefused {
        /// The host of the URL.
        host: String,
    },
    /// The credential cannot be put in a header; its value is not shown.
    #[error("the credential cannot be sent: {why}")]
    InvalidCredential {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A path segment (mostly an id from a vendor) that could change the meaning of the path.
    #[error("a path segment is refused: {why}")]
    InvalidSegment {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The HTTP stack could not be set up.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// 401: the credential is not accepted. Later calls of the same client fail at once, so as not to lock the account.
    #[error("the credential was rejected (401)")]
    CredentialsRejected {
        /// See [`HttpError::detail`].
        detail: Option<String>,
    },
    /// 403: the credential is known, but may not do this.
    #[error("the credential is not permitted to do this (403)")]
    Forbidden {
        /// See [`HttpError::detail`].
        detail: Option<String>,
    },
    /// The vendor's limit, or ours, asks for a longer wait than the budget for waiting has left.
    #[error("rate limited until {until}")]
    RateLimited {
        /// When to come back.
        until: Timestamp,
        /// The same as a span from now.
        wait: Duration,
    },
    /// A redirect, which is never followed.
    #[error("the server redirects ({status}), which is not followed")]
    Redirected {
        /// The status code.
        status: u16,
    },
    /// No connection: the request was certainly not sent.
    #[error("no connection to `{host}` after {attempts} attempts")]
    Unreachable {
        /// The host of the URL.
        host: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        #[source]
        source: TransportError,
    },
    /// A read was sent, and its answer did not arrive whole.
    #[error("the answer did not arrive whole after {attempts} attempts")]
    Interrupted {
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        #[source]
        source: TransportError,
    },
    /// The server cannot answer now, and certainly did not do what was asked.
    #[error("the server answered {status} after {attempts} attempts")]
    Unavailable {
        /// The status code.
        status: u16,
        /// How often it was tried.
        attempts: u32,
        /// See [`HttpError::detail`].
        detail: Option<String>,
    },
    /// A change was sent and nobody knows whether it was done: observe before anything else is sent.
    #[error("the outcome of the change is unknown{}", status.map_or_else(String::new, |code| format!(" (status {code})")))]
    Unknown {
        /// The status code, if an answer arrived.
        status: Option<u16>,
        /// See [`HttpError::detail`].
        detail: Option<String>,
        /// The failure, if no answer arrived.
        #[source]
        source: Option<TransportError>,
    },
    /// The body is larger than the limit; the rest was not read.
    #[error("the answer is larger than {limit} bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// JSON nested deeper than the limit.
    #[error("the answer nests deeper than {limit} levels")]
    TooDeep {
        /// The limit in levels.
        limit: usize,
    },
    /// The token endpoint answered something that is not a token.
    #[error("the token endpoint did not answer with a usable token")]
    InvalidToken,
}

impl HttpError {
    /// What the vendor said about it: at most 300 characters of one line, control and direction characters escaped,
    /// our secrets replaced. For people only, never for decisions, and not for places that strangers read.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::CredentialsRejected { detail }
            | Self::Forbidden { detail }
            | Self::Unavailable { detail, .. }
            | Self::Unknown { detail, .. } => detail.as_deref(),
            _ => None,
        }
    }

    /// A stable reason for conditions, events and JSON output.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::InvalidUrl { .. } | Self::InvalidHost { .. } => "InvalidUrl",
            Self::CredentialHostMismatch { .. } => "CredentialHostMismatch",
            Self::AddressRefused { .. } => "AddressRefused",
            Self::InvalidCredential { .. } | Self::InvalidToken => "CredentialsInvalid",
            Self::InvalidSegment { .. } => "InvalidIdentifier",
            Self::Setup(_) => "InternalError",
            Self::CredentialsRejected { .. } => "CredentialsRejected",
            Self::Forbidden { .. } => "Forbidden",
            Self::RateLimited { .. } => "RateLimited",
            Self::Redirected { .. } => "Redirected",
            Self::Unreachable { .. } | Self::Interrupted { .. } => "Unreachable",
            Self::Unavailable { .. } => "Unavailable",
            Self::Unknown { .. } => "OutcomeUnknown",
            Self::BodyTooLarge { .. } => "BodyTooLarge",
            Self::TooDeep { .. } => "MalformedResponse",
        }
    }

    /// Whether a change may have been done although it failed, so that the caller has to observe first.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}
