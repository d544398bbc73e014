//! Why a call is refused, what is checked of it, and how a listing is cut into pages.

use serde_json::{Map, Value, json};

use crate::sim::service::{Answer, Call};

/// Most rows of a page.
const PAGE_MAX: usize = 200;
/// Rows of a page where nothing is asked for; inferred.
const PAGE_USUAL: usize = 30;
/// Requests of a minute.
const RATE: u32 = 300;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    text: String,
}

/// An answer, or why there is none.
pub(super) type Outcome = Result<Answer, Refusal>;

impl Refusal {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Record not found")
    }

    /// A body that cannot be stored.
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::new(422, text)
    }

    pub(super) fn into_answer(self) -> Answer {
        match self.status {
            // The one error whose form is documented: not JSON.
            401 => Answer::html(401, "<!DOCTYPE html><html><body><h1>Log in to Aha!</h1></body></html>"),
            status => Answer::json(status, json!({"error": self.text})),
        }
    }
}

/// Says on an answer how many requests are left. That the reset is told in seconds is inferred.
pub(super) fn with_limits(answer: Answer, remaining: u32) -> Answer {
    answer
        .with_header("x-ratelimit-limit", RATE.to_string())
        .with_header("x-ratelimit-remaining", remaining.to_string())
        .with_header("x-ratelimit-reset", "1")
}

/// Refuses parameters that the call does not have.
pub(super) fn only_parameters(call: &Call, known: &[&str]) -> Result<(), Refusal> {
    match call.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(Refusal::new(400, format!("unknown parameter {name}"))),
        None => Ok(()),
    }
}

/// The object below `name` of a JSON body, with no fields but these.
pub(super) fn wrapped(call: &Call, name: &str, fields: &[&str]) -> Result<Map<String, Value>, Refusal> {
    if !call.header("content-type").is_some_and(|media| media.starts_with("application/json")) {
        return Err(Refusal::new(415, "Content-Type must be application/json"));
    }
    let Some(Value::Object(mut body)) = call.json() else {
        return Err(Refusal::new(400, "the body is no JSON object"));
    };
    let Some(Value::Object(inner)) = body.remove(name) else {
        return Err(Refusal::new(400, format!("param is missing or the value is empty: {name}")));
    };
    let stray = body.keys().chain(inner.keys().filter(|key| !fields.contains(&key.as_str()))).next();
    match stray {
        Some(stray) => Err(Refusal::new(400, format!("found unpermitted parameter: {stray}"))),
        None => Ok(inner),
    }
}

/// A text of a body; `None` where the field is absent.
pub(super) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
        Some(Value::String(_) | Value::Null) => Err(Refusal::invalid(format!("{name} can't be blank"))),
        Some(_) => Err(Refusal::new(400, format!("{name} must be a text"))),
    }
}

/// A text that must be there.
pub(super) fn required<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    text(body, name)?.ok_or_else(|| Refusal::invalid(format!("{name} can't be blank")))
}

/// A switch that is written as a word, as Aha! wants it for administrators.
pub(super) fn word_switch(value: &Value, name: &str) -> Result<bool, Refusal> {
    match value.as_str() {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(Refusal::new(400, format!("{name} must be 'true' or 'false'"))),
    }
}

/// An id as a text: bodies write it as a number or as a text.
pub(super) fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The page that a call asks for, with the totals of the whole listing. Only what it shows is rendered.
pub(super) fn page<T>(call: &Call, name: &str, rows: Vec<T>, render: impl Fn(T) -> Value) -> Outcome {
    let number = |parameter: &str, usual: usize| match call.parameter(parameter) {
        None => Ok(usual),
        Some(text) => {
            let wrong = || Refusal::new(400, format!("{parameter} must be a positive number"));
            text.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)
        }
    };
    let (page, size) = (number("page", 1)?, number("per_page", PAGE_USUAL)?.min(PAGE_MAX));
    let total = rows.len();
    let shown = rows.into_iter().skip((page - 1).saturating_mul(size)).take(size);
    let shown: Vec<Value> = shown.map(render).collect();
    let pagination = json!({"total_records": total, "total_pages": total.div_ceil(size), "current_page": page});
    Ok(Answer::json(200, json!({name: shown, "pagination": pagination})))
}
