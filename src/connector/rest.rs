//! What the connectors to vendors' own JSON interfaces share: reads with a bounded body, lenient ids, refusals in the
//! vendor's words, and listings that prove that they are whole. Knows no vendor.

use std::collections::BTreeMap;

use appaccess_core::access::{Completeness, Text};
use appaccess_scim::error::sanitise;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::{
    ConnectorError,
    failure::{change_failed, read_failed},
};
use crate::http::{Client, Get, HttpError, Reader, Request, Response, Target, check_depth};

/// Deepest JSON that is parsed.
const DEPTH_MAX: usize = 64;
/// Longest id or name that is taken over, in bytes.
const TEXT_MAX: usize = 1024;
/// Most pages of one listing.
pub(super) const PAGES_MAX: u32 = 10_000;
/// Most rows of one listing.
const ROWS_MAX: usize = 1_000_000;

/// A vendor's id: a number or a text on the wire, a text to us.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WireId(pub(super) Text);

impl<'de> Deserialize<'de> for WireId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(i64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(number) => Ok(Self(number.to_string().into())),
            Form::Text(text) if !text.is_empty() && text.len() <= TEXT_MAX => Ok(Self(text.into())),
            Form::Text(_) => Err(serde::de::Error::custom("an id is empty or too long")),
        }
    }
}

/// A text of the vendor within our bounds, cut at a whole character.
pub(super) fn bounded(text: &str) -> Text {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// Reads below the base address.
pub(super) async fn get(
    http: &Reader,
    what: &str,
    segments: &[&str],
    query: &[(&str, &str)],
) -> Result<Response, ConnectorError> {
    let target = Target::path(segments.iter().copied()).map_err(|error| read_failed(what, error))?;
    let get = query.iter().fold(Get::new(target), |get, (name, value)| get.query(name, value));
    fetch(http, what, get).await
}

/// Sends a read that was put together elsewhere: with headers of its own, or along a link that the vendor gave.
pub(super) async fn fetch(http: &Reader, what: &str, get: Get) -> Result<Response, ConnectorError> {
    let response = http.get(get).await.map_err(|error| read_failed(what, error))?;
    check_depth(&response.body, DEPTH_MAX).map_err(|error| read_failed(what, error))?;
    Ok(response)
}

/// The body of a successful read.
pub(super) fn parse<T: DeserializeOwned>(what: &str, response: &Response) -> Result<T, ConnectorError> {
    if !response.is_success() {
        return Err(unexpected(what, response));
    }
    serde_json::from_slice(&response.body)
        .map_err(|error| ConnectorError::Protocol { what: format!("{what} was not answered as documented: {error}") })
}

/// An answer that makes no sense where a read was asked for.
pub(super) fn unexpected(what: &str, response: &Response) -> ConnectorError {
    ConnectorError::Protocol {
        what: format!("{what} was answered with status {}: {}", response.status, said(response)),
    }
}

/// A change that the app refused.
pub(super) fn refused(response: &Response) -> ConnectorError {
    ConnectorError::Refused { status: response.status, detail: said(response) }
}

/// What the vendor says in the body of an error, in any of the usual forms, fit to be shown.
pub(super) fn said(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let said = match serde_json::from_slice::<Value>(&response.body) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(object)) => {
            let words = ["message", "error_description", "error", "detail", "errors"];
            let found = words.iter().find_map(|word| object.get(*word));
            found.map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }
        Ok(_) => String::new(),
        // A page for people says nothing that fits into one line.
        Err(_) if text.trim_start().starts_with('<') => String::new(),
        Err(_) => text.into_owned(),
    };
    let said = sanitise(&said);
    if said.is_empty() { "the app gave no reason".to_owned() } else { said }
}

/// Sends a change. A refusal is an answer like any other; `what` is said where the request itself fails.
pub(super) async fn send(client: &Client, what: &str, request: Request) -> Result<Response, ConnectorError> {
    let mut response = client.send(request).await.map_err(|error: HttpError| change_failed(what, error))?;
    // The change was made, however strange the answer is.
    if check_depth(&response.body, DEPTH_MAX).is_err() {
        response.body.clear();
    }
    Ok(response)
}

/// The rows of a listing, by the vendor's id, with what tells whether they are all there.
#[derive(Debug)]
pub(super) struct Gathered<T> {
    rows: BTreeMap<Text, T>,
    doubt: Option<(&'static str, String)>,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), doubt: None }
    }
}

impl<T> Gathered<T> {
    /// Takes one row; one that came before casts doubt on the whole listing, as something moved between two pages.
    pub(super) fn take(&mut self, id: &Text, row: T) {
        if self.rows.len() >= ROWS_MAX {
            self.doubt("TooLarge", format!("the listing has more than {ROWS_MAX} rows"));
        } else if self.rows.insert(id.clone(), row).is_some() {
            self.doubt("DuplicateResource", format!("{} came twice", sanitise(id)));
        }
    }

    /// Notes why the listing may not be whole; the first reason stays.
    pub(super) fn doubt(&mut self, reason: &'static str, message: String) {
        self.doubt.get_or_insert((reason, message));
    }

    /// Compares with the total that the app told.
    pub(super) fn expect(&mut self, total: u64) {
        let found = self.count();
        if found != total {
            self.doubt("TotalMismatch", format!("the app counts {total} and showed {found}"));
        }
    }

    /// Rows so far.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }

    /// Whether a row with this id came.
    pub(super) fn has(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    /// The rows by id, and whether they are all.
    pub(super) fn finish(self) -> (BTreeMap<Text, T>, Completeness) {
        let completeness = self.doubt.map_or(Completeness::Complete, |(reason, message)| Completeness::Incomplete {
            reason: reason.into(),
            message: message.into(),
        });
        (self.rows, completeness)
    }
}
