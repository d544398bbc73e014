//! What is read out of a request's body, and what is refused of it. Real Toggl may take a field that it does not know in
//! silence; here it is refused, so that no client sends one unseen.

use serde_json::{Map, Value};

use crate::sim::service::Call;

/// A request that is refused: status and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u16, pub(super) String);

pub(super) fn bad(text: impl Into<String>) -> Refusal {
    Refusal(400, text.into())
}

/// The fields of a JSON object.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The body of a call, which may have these fields and no others.
    pub(super) fn of(call: &Call, known: &[&str]) -> Result<Self, Refusal> {
        if !call.header("content-type").is_some_and(|media| media.starts_with("application/json")) {
            return Err(Refusal(415, "Content-Type must be application/json".to_owned()));
        }
        let Some(Value::Object(object)) = call.json() else { return Err(bad("Invalid JSON input")) };
        Self::in_object(object, known)
    }

    pub(super) fn in_object(object: Map<String, Value>, known: &[&str]) -> Result<Self, Refusal> {
        match object.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(bad(format!("Invalid JSON input: unknown field '{name}'"))),
            None => Ok(Self(object)),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.0.get(name).map(|value| value.as_str().ok_or_else(|| bad("Invalid JSON input"))).transpose()
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.0.get(name).map(|value| value.as_bool().ok_or_else(|| bad("Invalid JSON input"))).transpose()
    }

    /// An id, which is a whole number on the wire.
    pub(super) fn id(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.0.get(name).map(|value| value.as_u64().ok_or_else(|| bad("Invalid JSON input"))).transpose()
    }

    pub(super) fn ids(&self, name: &str) -> Result<Option<Vec<u64>>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| bad("Invalid JSON input"))?;
        list.iter().map(|one| one.as_u64().ok_or_else(|| bad("Invalid JSON input"))).collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| bad("Invalid JSON input"))?;
        list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(|| bad("Invalid JSON input"))).collect()
    }

    /// A list of objects, each of which may have these fields.
    pub(super) fn objects(&self, name: &str, known: &[&str]) -> Result<Option<Vec<Self>>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| bad("Invalid JSON input"))?;
        let objects = list.iter().map(|one| match one {
            Value::Object(object) => Self::in_object(object.clone(), known),
            _ => Err(bad("Invalid JSON input")),
        });
        objects.collect::<Result<_, _>>().map(Some)
    }
}

impl Fields {
    /// A number, or nothing for `null` and anything else.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }
}
