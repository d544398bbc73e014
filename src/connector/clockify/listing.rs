//! Reading one list to its end: bare arrays that tell by a header which page is the last.

use serde::de::DeserializeOwned;

use crate::{
    connector::{
        ConnectorError,
        rest::{PAGES_MAX, fetch, parse},
    },
    http::{Get, Reader},
};

/// What a page is asked for. The largest that is known to work; the documents name no bound.
pub(super) const PAGE_SIZE: usize = 200;

/// The rows of a list, as they came.
#[derive(Debug)]
pub(super) struct Listed<T> {
    /// All rows; one may come twice.
    pub(super) rows: Vec<T>,
    /// Requests that it took.
    pub(super) calls: usize,
    /// Why it may not be whole: a reason, and the same in words.
    pub(super) doubt: Option<(&'static str, &'static str)>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), calls: 0, doubt: None }
    }
}

/// Reads all pages that `page` asks for, from 1 on.
///
/// The header counts, not the number of rows: a server may give fewer than were asked for. Where the header is missing
/// only an empty page is the end.
pub(super) async fn all<T: DeserializeOwned>(
    http: &Reader,
    what: &'static str,
    page: impl Fn(u32) -> Result<Get, ConnectorError>,
) -> Result<Listed<T>, ConnectorError> {
    let mut listed = Listed::default();
    for number in 1..=PAGES_MAX {
        let response = fetch(http, what, page(number)?).await?;
        let rows: Vec<T> = parse(what, &response)?;
        let is_empty = rows.is_empty();
        listed.calls += 1;
        listed.rows.extend(rows);
        http.listed(what, u64::try_from(listed.rows.len()).unwrap_or(u64::MAX), None);
        let told = response.headers.get("last-page").and_then(|value| value.to_str().ok()).map(str::trim);
        match told {
            Some(word) if word.eq_ignore_ascii_case("true") => return Ok(listed),
            Some(_) if is_empty => {
                listed.doubt = Some(("EndedEarly", "an empty page is said not to be the last"));
                return Ok(listed);
            }
            None if is_empty => return Ok(listed),
            Some(_) | None => {}
        }
    }
    listed.doubt = Some(("TooManyPages", "it has no end"));
    Ok(listed)
}
