//! Why an app did not answer as asked, decided once, where the answer is understood.

use jiff::Timestamp;

/// Why an app did not answer as asked.
///
/// No variant carries a body or a credential; details are bounded and made printable where they are read.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// The settings do not describe an app that can be reached: only an edit of the object helps.
    #[error("the connector's settings are wrong: {0}")]
    Settings(String),
    /// The address is none that we may send to: only an edit of the object helps, or a flag.
    #[error("the app's address cannot be used: {0}")]
    Address(String),
    /// The credential cannot be sent; its value is not shown.
    #[error("{0}")]
    Credential(String),
    /// The Secret lacks a key that the connector needs.
    #[error("the Secret of the credential has no key `{key}`")]
    KeyMissing {
        /// The key.
        key: String,
    },
    /// The credential may not go to this host.
    #[error("the credential may not go to {host}")]
    HostNotAllowed {
        /// The host.
        host: String,
    },
    /// The app does not take the credential.
    #[error("the app does not accept the credential")]
    CredentialsRejected,
    /// The credential is good but lacks a right.
    #[error("the credential lacks the right to {what}")]
    Forbidden {
        /// What was tried.
        what: String,
    },
    /// A limit has to be waited for longer than we may.
    #[error("the app limits our requests")]
    RateLimited {
        /// When it can be tried again, where the app tells.
        until: Option<Timestamp>,
    },
    /// The app cannot be reached, or fails.
    #[error("the app cannot be reached: {what}")]
    Unreachable {
        /// What happened, bounded.
        what: String,
        /// The cause.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The answer makes no sense.
    #[error("the app's answer is not understood: {what}")]
    Protocol {
        /// What was expected and what came, bounded.
        what: String,
    },
    /// The app refused this change; others may go on.
    #[error("the app refused the change with status {status}: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The app's reason, bounded and printable.
        detail: String,
    },
    /// Nobody can tell whether the change was made: the next pass observes.
    #[error("nobody can tell whether the change was made: {what}")]
    OutcomeUnknown {
        /// What happened, bounded.
        what: String,
    },
    /// The roster of an app without an interface says nothing.
    #[error("the roster {what}")]
    Roster {
        /// What is wrong with it, bounded.
        what: String,
    },
    /// The app cannot do this.
    #[error("the app cannot {what}")]
    NotSupported {
        /// What was asked.
        what: String,
    },
}

impl ConnectorError {
    /// The reason of settings that only an edit of the object puts right.
    pub const SETTINGS: &'static str = "SettingsInvalid";

    /// A stable CamelCase word for conditions, events, metrics and documents.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Settings(_) | Self::Address(_) => Self::SETTINGS,
            Self::KeyMissing { .. } => "KeyMissing",
            Self::HostNotAllowed { .. } => "CredentialHostMismatch",
            Self::CredentialsRejected | Self::Credential(_) => "CredentialsInvalid",
            Self::Forbidden { .. } => "Forbidden",
            Self::RateLimited { .. } => "RateLimited",
            Self::Unreachable { .. } => "Unreachable",
            Self::Protocol { .. } => "UnexpectedAnswer",
            Self::Refused { .. } => "Refused",
            Self::OutcomeUnknown { .. } => "OutcomeUnknown",
            Self::Roster { .. } => "RosterInvalid",
            Self::NotSupported { .. } => "NotSupported",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Settings(_) => "correct `spec.connector` of the TargetApp",
            Self::Address(_) => "write the public address of the app; for one on this machine add --allow-loopback",
            Self::Credential(_) => "put the credential alone into the Secret, as one line of plain text",
            Self::KeyMissing { .. } => "put the key that is named into the Secret",
            Self::HostNotAllowed { .. } => {
                "name the host under `credentials.hosts`, and in the Secret's `host` if it has one"
            }
            Self::CredentialsRejected => "put a valid credential into the Secret",
            Self::Forbidden { .. } => "give the credential's account the rights that the connector's page lists",
            Self::RateLimited { .. } => "wait, or give `rateLimit` the budget that the vendor grants",
            Self::Unreachable { .. } => "check the app's address and its status page; it is tried again",
            Self::Protocol { .. } => "check that `baseUrl` is the whole base that the vendor documents",
            Self::Refused { .. } => "correct what the app names, in the declaration or in the app",
            Self::OutcomeUnknown { .. } => "nothing: the next pass looks before it acts",
            Self::Roster { .. } => "export it again as CSV with a header, or correct `columns`",
            Self::NotSupported { .. } => "remove it from the declaration, or override the profile's value",
        }
    }

    /// The same error for another change that the same request carried; the cause stays with the first.
    #[must_use]
    pub fn for_another(&self) -> Self {
        match self {
            Self::Settings(what) => Self::Settings(what.clone()),
            Self::Address(what) => Self::Address(what.clone()),
            Self::Credential(what) => Self::Credential(what.clone()),
            Self::KeyMissing { key } => Self::KeyMissing { key: key.clone() },
            Self::HostNotAllowed { host } => Self::HostNotAllowed { host: host.clone() },
            Self::CredentialsRejected => Self::CredentialsRejected,
            Self::Forbidden { what } => Self::Forbidden { what: what.clone() },
            Self::RateLimited { until } => Self::RateLimited { until: *until },
            Self::Unreachable { what, .. } => Self::Unreachable { what: what.clone(), source: None },
            Self::Protocol { what } => Self::Protocol { what: what.clone() },
            Self::Refused { status, detail } => Self::Refused { status: *status, detail: detail.clone() },
            Self::OutcomeUnknown { what } => Self::OutcomeUnknown { what: what.clone() },
            Self::Roster { what } => Self::Roster { what: what.clone() },
            Self::NotSupported { what } => Self::NotSupported { what: what.clone() },
        }
    }

    /// Whether the whole app is out of reach, so that no further change should be tried in this pass.
    #[must_use]
    pub const fn is_about_the_app(&self) -> bool {
        !matches!(self, Self::Refused { .. } | Self::NotSupported { .. } | Self::OutcomeUnknown { .. })
    }
}
