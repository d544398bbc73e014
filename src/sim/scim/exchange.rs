//! One call and its answer, free of any HTTP library.

use appaccess_scim::error::{ErrorKind, ScimError};
use serde_json::Value;

/// What a client asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    pub(super) method: String,
    /// The decoded segments below the base address; `None` when the address is not below it.
    pub(super) path: Option<Vec<String>>,
    pub(super) query: Vec<(String, String)>,
    pub(super) authorization: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// The first value of a query parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_read(&self) -> bool {
        is_read(&self.method)
    }
}

/// Whether a method changes nothing.
pub(super) fn is_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// What the vendor answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Answer {
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { body: Some(body), ..Self::empty(status) }
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

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
        let answer = Answer::json(self.status, body);
        if self.status == 401 { answer.with_header("www-authenticate", "Bearer") } else { answer }
    }
}
