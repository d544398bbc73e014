//! Pages of a listing: newest first, with cursors that only `links.next` tells.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::sim::service::{Answer, Call};

/// The largest page, and the one that comes unasked.
const PER_PAGE: usize = 2000;

/// Which part of a listing is asked for.
enum Place {
    /// By number, from 1; deprecated.
    Page(usize),
    /// The rows older than the one with this id.
    Below(u64),
}

/// One page of `rows`, newest first, under `name`.
pub(super) fn page(call: &Call, name: &str, rows: &[(u64, Value)], page_max: usize) -> Result<Answer, Refusal> {
    let asked = number(call, "per_page")?.unwrap_or(PER_PAGE);
    if asked == 0 || asked > PER_PAGE {
        return Err(Refusal::invalid("per_page must be between 1 and 2000"));
    }
    let size = asked.min(page_max.max(1));
    let from = match place(call)? {
        Place::Page(page) => size.saturating_mul(page.saturating_sub(1)),
        Place::Below(id) => rows.iter().position(|(row, _)| *row < id).unwrap_or(rows.len()),
    };
    let shown: Vec<&(u64, Value)> = rows.iter().skip(from).take(size).collect();
    let pages = rows.len().div_ceil(size).max(1);
    let (is_first, is_last) = (from == 0, from + shown.len() >= rows.len());
    let own = from / size + 1;
    let cursor = shown.last().filter(|_| !is_last).map(|(id, _)| BASE64.encode(format!("{{\"id\":{id}}}")));
    let link = |query: &str| format!("{}/{}?{query}&per_page={asked}{}", call.base, below(call), kept(call));
    let next = cursor.map(|cursor| link(&format!("cursor={cursor}&ref=next_cursor")));
    let at_edge = |page: Option<usize>| if is_first || is_last { json!(page) } else { Value::Null };
    let values: Vec<&Value> = shown.iter().map(|(_, value)| value).collect();
    Ok(Answer::json(
        200,
        json!({
            name: values,
            "per_page": asked,
            "total_pages": pages,
            "total_entries": rows.len(),
            "next_page": at_edge((!is_last).then_some(own + 1)),
            "previous_page": at_edge((!is_first).then(|| own - 1)),
            "page": at_edge(Some(own)),
            "links": {
                "first": link("page=1&ref=first"),
                "next": next,
                "previous": Value::Null,
                "last": link(&format!("page={pages}&ref=last")),
            },
        }),
    ))
}

/// A number among the parameters.
fn number(call: &Call, name: &str) -> Result<Option<usize>, Refusal> {
    let parse = |text: &str| text.parse().map_err(|_| Refusal::invalid(format!("{name} is not a number")));
    call.parameter(name).map(parse).transpose()
}

/// A cursor wins over a page.
fn place(call: &Call) -> Result<Place, Refusal> {
    let Some(cursor) = call.parameter("cursor") else {
        return Ok(Place::Page(number(call, "page")?.unwrap_or(1)));
    };
    let bytes = BASE64.decode(cursor).unwrap_or_default();
    let id = serde_json::from_slice::<Value>(&bytes).ok().and_then(|value| value["id"].as_u64());
    id.map(Place::Below).ok_or_else(|| Refusal::invalid("cursor is invalid"))
}

fn below(call: &Call) -> String {
    call.segments().join("/")
}

/// The filters, which go along from page to page.
fn kept(call: &Call) -> String {
    let filters = call.query.iter().filter(|(name, _)| matches!(name.as_str(), "is_active" | "updated_since"));
    filters.fold(String::new(), |kept, (name, value)| kept + "&" + name + "=" + &encoded(value))
}

fn encoded(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}
