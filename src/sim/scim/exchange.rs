//! Why a call is refused, in the words of RFC 7644 section 3.12.

use appaccess_scim::error::{ErrorKind, ScimError};
use serde_json::Value;

use crate::sim::service::{Answer, Body};

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) kind: Option<ErrorKind>,
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into() }
    }

    pub(super) fn bad(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { status: 400, kind: Some(kind), detail: detail.into() }
    }

    pub(super) fn taken(what: &str) -> Self {
        Self { status: 409, kind: Some(ErrorKind::Uniqueness), detail: format!("the {what} is taken") }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "there is no such resource")
    }

    pub(super) fn into_answer(self, numeric_status: bool) -> Answer {
        let error = ScimError { status: Some(self.status), kind: self.kind, detail: self.detail };
        let mut body = error.to_body();
        if numeric_status {
            body["status"] = Value::from(self.status);
        }
        let answer = scim(self.status, body);
        if self.status == 401 { answer.with_header("www-authenticate", "Bearer") } else { answer }
    }
}

/// An answer with the media type of RFC 7644 section 3.1.
pub(super) fn scim(status: u16, body: Value) -> Answer {
    Answer { body: Body::Json(appaccess_scim::media::SCIM_JSON, body), ..Answer::empty(status) }
}
