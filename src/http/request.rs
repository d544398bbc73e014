//! What is asked and what is answered. Reads are a type of their own, so that a reader cannot ask for a change.

use std::fmt;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::HttpError;

/// The unreserved characters of RFC 3986 section 2.3 stay as they are; all else is encoded, `/`, `?`, `%` and `;` too.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest path segment that is sent, in bytes before encoding: no vendor's id comes near it.
const SEGMENT_BYTES: usize = 1024;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Below the base URL: segments, encoded and joined with `/`; empty for the base itself.
    Path(String),
    /// A whole URL, such as a link to a next page. It is checked against the bound hosts before anything is sent.
    Absolute(Url),
}

impl Target {
    /// A path below the base URL, one entry for each segment. Each is percent-encoded whole, so that an id can neither
    /// end its segment nor begin a query.
    ///
    /// # Errors
    /// [`HttpError::InvalidSegment`] for an empty segment, `.`, `..` and overlong ones.
    pub fn path<'a>(segments: impl IntoIterator<Item = &'a str>) -> Result<Self, HttpError> {
        let mut path = String::new();
        for segment in segments {
            let why = match segment {
                "" => Some("it is empty"),
                "." | ".." => Some("it is a dot segment"),
                _ if segment.len() > SEGMENT_BYTES => Some("it is too long"),
                _ => None,
            };
            if let Some(why) = why {
                return Err(HttpError::InvalidSegment { why });
            }
            if !path.is_empty() {
                path.push('/');
            }
            path.extend(utf8_percent_encode(segment, ENCODED));
        }
        Ok(Self::Path(path))
    }

    /// A link that a vendor gave, absolute or relative to `base`.
    ///
    /// # Errors
    /// [`HttpError::InvalidUrl`] if it cannot be parsed. Its host is checked when it is sent.
    pub fn link(base: &Url, link: &str) -> Result<Self, HttpError> {
        let host = base.host_str().unwrap_or_default().to_owned();
        base.join(link).map(Self::Absolute).map_err(|_| HttpError::InvalidUrl { host, why: "a link cannot be parsed" })
    }

    /// The URL to send to, with `query` added to what the URL already has.
    pub(super) fn url(&self, base: &Url, query: &[(String, String)]) -> Url {
        let mut url = match self {
            Self::Path(path) => {
                let mut url = base.clone();
                if !path.is_empty() {
                    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
                }
                url
            }
            Self::Absolute(url) => url.clone(),
        };
        let mut parameters = url.query().unwrap_or_default().to_owned();
        for (name, value) in query {
            if !parameters.is_empty() {
                parameters.push('&');
            }
            parameters.extend(utf8_percent_encode(name, ENCODED));
            parameters.push('=');
            parameters.extend(utf8_percent_encode(value, ENCODED));
        }
        url.set_fragment(None);
        url.set_query((!parameters.is_empty()).then_some(&parameters));
        url
    }
}

/// What happens if a request reaches the server twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// Nothing changes, ever (RFC 9110 section 9.2.1): GET, and searches by POST.
    Read,
    /// A change whose repetition changes nothing further.
    Idempotent,
    /// A change that must not be repeated, such as a create: sent again only if it certainly did not arrive.
    Once,
}

/// One request. Made by [`Request::change`] or from a [`Get`].
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) safety: Safety,
    pub(super) apart: bool,
}

impl Request {
    /// A change. `safety` says what a repetition would do; it also decides which share of the rate it is taken from.
    #[must_use]
    pub fn change(method: Method, target: Target, safety: Safety) -> Self {
        Self { method, target, query: Vec::new(), headers: HeaderMap::new(), body: Bytes::new(), safety, apart: false }
    }

    /// Adds a body; `content_type` is sent as it is.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(::http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = body.into();
        self
    }

    /// Adds a query parameter; both parts are encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a header. The header of the credential is always set last and wins.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// A read: the only thing that a [`Reader`](super::Reader) can send. Mostly a GET, and where a vendor documents a search
/// that goes by POST and changes nothing, that search.
#[derive(Debug, Clone)]
pub struct Get(Request);

impl Get {
    /// A GET of `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self(Request::change(Method::GET, target, Safety::Read))
    }

    /// A search by POST that the vendor documents as such: it changes nothing, however often it is sent.
    #[must_use]
    pub fn search(target: Target, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self(Request::change(Method::POST, target, Safety::Read).body(content_type, body))
    }

    /// Adds a query parameter; both parts are encoded.
    #[must_use]
    pub fn query(self, name: &str, value: &str) -> Self {
        Self(self.0.query(name, value))
    }

    /// Sets a header.
    #[must_use]
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self(self.0.header(name, value))
    }

    /// Says that the vendor has another quota for this: what its answer says of what is left is not about the others, and
    /// where nothing is left this request fails at once rather than make them wait.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.0.apart = true;
        self
    }
}

impl From<Get> for Request {
    fn from(get: Get) -> Self {
        get.0
    }
}

/// An answer that says something definite: any 2xx, 304, 501, and the 4xx that are not about the credential or the rate.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, as received.
    pub headers: HeaderMap,
    /// The body, within the limit.
    pub body: Bytes,
    /// The server's clock, from its `Date` header.
    pub server_date: Option<Timestamp>,
}

impl Response {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
