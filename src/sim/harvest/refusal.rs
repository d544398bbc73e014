//! Why a call is refused, as Harvest words it.

use serde_json::json;

use crate::sim::service::Answer;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// What was sent breaks a rule.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, message)
    }

    /// Known, but not allowed.
    pub(super) fn forbidden() -> Self {
        Self::new(403, "You do not have permission to perform that action.")
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// Inferred: clients read `message`; a bad token is told in the form of OAuth 2, a limit as plain text.
    pub(super) fn into_answer(self) -> Answer {
        match self.status {
            401 => Answer::json(401, json!({"error": "invalid_token", "error_description": self.message})),
            429 => Answer::text(429, &self.message),
            status => Answer::json(status, json!({"status": status, "message": self.message})),
        }
    }
}
