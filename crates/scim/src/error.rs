//! The SCIM error body (RFC 7644 section 3.12): read tolerantly, written strictly. Knows nothing of HTTP.

use std::fmt;

use serde_json::{Value, json};

use crate::{json as object, urn};

/// Longest detail that is kept from a foreign server, in characters.
pub const DETAIL_MAX: usize = 200;

/// Words this long, made of key characters only, are taken for secrets and left out of a detail.
const SECRET_WORD: usize = 24;

/// The keyword that refines a status (RFC 7644 table 9, RFC 9865 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// The filter cannot be parsed or compares what cannot be compared.
    InvalidFilter,
    /// The filter yields more than the server is willing to return.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// The attribute cannot be changed, or cannot be removed.
    Mutability,
    /// The body is not well formed.
    InvalidSyntax,
    /// The path of a PATCH operation is not well formed.
    InvalidPath,
    /// The path of a PATCH operation names nothing.
    NoTarget,
    /// A required value is missing, or one does not fit its attribute.
    InvalidValue,
    /// The protocol version is not supported.
    InvalidVersion,
    /// The request would put personal data into the address.
    Sensitive,
    /// The cursor is not one of the server's.
    InvalidCursor,
    /// The cursor was valid once.
    ExpiredCursor,
    /// The page size is not acceptable.
    InvalidCount,
}

impl ErrorKind {
    const ALL: [Self; 13] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVersion,
        Self::Sensitive,
        Self::InvalidCursor,
        Self::ExpiredCursor,
        Self::InvalidCount,
    ];

    /// The keyword as it stands in `scimType`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVersion => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }

    /// Reads a keyword in any case; one vendor's `INVALID_FILTER` form with underscores too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters = || text.chars().filter(|letter| *letter != '_');
        Self::ALL.into_iter().find(|kind| {
            letters()
                .map(|letter| letter.to_ascii_lowercase())
                .eq(kind.as_str().chars().map(|c| c.to_ascii_lowercase()))
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a SCIM error body says. Nothing in it is to be trusted but the shape.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScimError {
    /// The status that the body repeats; the HTTP status decides where they differ.
    pub status: Option<u16>,
    /// The keyword, where it is one of the registered ones.
    pub kind: Option<ErrorKind>,
    /// The server's words, cleaned by [`sanitise`]; empty when it gave none.
    pub detail: String,
}

impl ScimError {
    /// Reads an error body. `None` when it is not one (HTML, a truncated body, a JSON value of another kind).
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let map = value.as_object()?;
        let text = |name: &str| object::get(map, name).and_then(Value::as_str);
        let status = object::get(map, "status").and_then(object::count).and_then(|status| u16::try_from(status).ok());
        let kind = text("scimType").and_then(ErrorKind::parse);
        let detail = text("detail").or_else(|| text("message")).or_else(|| text("error"));
        if status.is_none() && kind.is_none() && detail.is_none() {
            return None;
        }
        Some(Self { status, kind, detail: detail.map(sanitise).unwrap_or_default() })
    }

    /// The body that a server sends: the status as text, as the RFC wants it.
    #[must_use]
    pub fn to_body(&self) -> Value {
        let mut body = json!({"schemas": [urn::ERROR], "detail": self.detail});
        if let Some(status) = self.status {
            body["status"] = Value::String(status.to_string());
        }
        if let Some(kind) = self.kind {
            body["scimType"] = Value::String(kind.as_str().to_owned());
        }
        body
    }
}

/// Makes a foreign text fit to be shown: one line, at most [`DETAIL_MAX`] characters, without mail addresses and without
/// long words that may be keys.
#[must_use]
pub fn sanitise(text: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for word in text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty())
    {
        let word = if is_private(word) { "[hidden]" } else { word };
        let room = DETAIL_MAX - length;
        let needed = word.chars().count() + 1;
        if needed > room {
            shown.push('…');
            break;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
        length += needed;
    }
    shown
}

fn is_private(word: &str) -> bool {
    let long = word
        .split(|letter: char| !letter.is_ascii_alphanumeric() && !"-_.+/=~".contains(letter))
        .any(|part| part.len() >= SECRET_WORD && part.bytes().any(|byte| byte.is_ascii_digit()));
    word.contains('@') || (long && !urn::is_urn(word.trim_start_matches(['"', '\'', '('])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_text_and_from_a_number() {
        for body in [&br#"{"status":"409","scimType":"uniqueness"}"#[..], br#"{"status":409,"scimType":"UNIQUENESS"}"#]
        {
            let error = ScimError::parse(body).unwrap();
            assert_eq!((error.status, error.kind), (Some(409), Some(ErrorKind::Uniqueness)));
        }
        assert_eq!(ErrorKind::parse("INVALID_FILTER"), Some(ErrorKind::InvalidFilter));
    }

    #[test]
    fn what_is_not_an_error_body_is_none() {
        for body in [&b"<html>"[..], b"", b"[]", b"{}", b"\"no\""] {
            assert_eq!(ScimError::parse(body), None);
        }
    }

    #[test]
    fn a_detail_is_short_and_names_neither_people_nor_keys() {
        let shown = sanitise("user ana@example.com\nkey 0123456789abcdef0123456789abcdef is taken");
        assert_eq!(shown, "user [hidden] key [hidden] is taken");
        assert!(sanitise(&"word ".repeat(1000)).chars().count() <= DETAIL_MAX + 1);
        assert!(sanitise(&format!("unknown {}", urn::ENTERPRISE_USER)).contains(urn::ENTERPRISE_USER));
    }

    #[test]
    fn a_written_error_reads_back() {
        let error = ScimError { status: Some(400), kind: Some(ErrorKind::NoTarget), detail: "no such value".into() };
        let body = serde_json::to_vec(&error.to_body()).unwrap();
        assert_eq!(ScimError::parse(&body), Some(error));
    }
}
