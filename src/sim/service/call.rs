//! One call and its answer, free of any HTTP library.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a client asks.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The method, in capitals.
    pub method: String,
    /// The decoded segments below the vendor's prefix; `None` when the address is not below it.
    pub path: Option<Vec<String>>,
    /// The query, decoded, in the order in which it was sent.
    pub query: Vec<(String, String)>,
    /// The headers by name in small letters; of several with one name the last.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// The address below which the vendor's paths are, without a slash at its end.
    pub base: String,
}

impl Call {
    /// The first value of a query parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header, by its name in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The path's segments; none when the address is not below the prefix.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        self.path.iter().flatten().map(String::as_str).collect()
    }

    /// The body as JSON; `None` for a body that is none.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the method changes nothing.
    #[must_use]
    pub fn is_read(&self) -> bool {
        is_read(&self.method)
    }
}

/// Whether a method changes nothing.
fn is_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// None.
    Empty,
    /// JSON, with the media type that the vendor gives it.
    Json(&'static str, Value),
    /// Anything else, with its media type.
    Text(&'static str, String),
}

/// What the vendor answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers beside the media type, by names in small letters.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

impl Answer {
    /// No body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    /// A JSON body with the usual media type.
    #[must_use]
    pub fn json(status: u16, body: Value) -> Self {
        Self { body: Body::Json("application/json", body), ..Self::empty(status) }
    }

    /// A plain text.
    #[must_use]
    pub fn text(status: u16, text: &str) -> Self {
        Self { body: Body::Text("text/plain; charset=utf-8", text.to_owned()), ..Self::empty(status) }
    }

    /// A page for people.
    #[must_use]
    pub fn html(status: u16, page: &str) -> Self {
        Self { body: Body::Text("text/html; charset=utf-8", page.to_owned()), ..Self::empty(status) }
    }

    /// Adds a header, by its name in small letters.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The JSON of the body, for a fault to change.
    pub fn json_mut(&mut self) -> Option<&mut Value> {
        match &mut self.body {
            Body::Json(_, value) => Some(value),
            Body::Empty | Body::Text(..) => None,
        }
    }

    /// Media type and text of the body.
    pub(super) fn rendered(&self) -> (&'static str, String) {
        match &self.body {
            Body::Empty => ("", String::new()),
            Body::Json(media, value) => (media, value.to_string()),
            Body::Text(media, text) => (media, text.clone()),
        }
    }
}
