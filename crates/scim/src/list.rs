//! Reads one page of a listing (RFC 7644 section 3.4.2, RFC 9865) and hands each resource over as it is parsed, so that
//! the page can be dropped at once. Says what the page claims about itself; whether to believe it is for [`crate::paging`].

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::json;

/// What a page says about the listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageHead {
    /// How many resources there are in all.
    pub total_results: Option<u64>,
    /// How many resources the server says this page has.
    pub items_per_page: Option<u64>,
    /// The 1-based index of the first resource.
    pub start_index: Option<u64>,
    /// The cursor of the next page; none on the last.
    pub next_cursor: Option<String>,
    /// How many resources really were there.
    pub received: u64,
}

/// Why a page was refused. Resources handed over before are not to be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Not JSON, or a resource in it is not readable.
    #[error("the answer is not a readable listing")]
    Unreadable(#[source] serde_json::Error),
    /// JSON, but neither resources nor a total: an error object, an empty object, another document.
    #[error("the answer is not a listing")]
    NotAList,
}

/// Parses a page and hands each resource to `each`, in order.
///
/// `T` is what a resource is read as: [`crate::resource::UserView`], [`crate::resource::GroupView`], a raw value. Numbers
/// may be texts, `Resources` may be missing, `null` or written small.
pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8], each: impl FnMut(T)) -> Result<PageHead, ListError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let seed = Page { each, resource: std::marker::PhantomData };
    let (head, is_list) = seed.deserialize(&mut reader).map_err(ListError::Unreadable)?;
    reader.end().map_err(ListError::Unreadable)?;
    if is_list { Ok(head) } else { Err(ListError::NotAList) }
}

struct Page<T, F> {
    each: F,
    resource: std::marker::PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Page<T, F> {
    type Value = (PageHead, bool);

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Page<T, F> {
    type Value = (PageHead, bool);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a listing")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut head = PageHead::default();
        let mut has_resources = false;
        while let Some(key) = map.next_key::<String>()? {
            let is = |name: &str| key.eq_ignore_ascii_case(name);
            if is("Resources") {
                let received = map.next_value_seed(Resources { each: &mut self.each, resource: self.resource })?;
                has_resources |= received.is_some();
                head.received += received.unwrap_or(0);
            } else if is("totalResults") {
                head.total_results = json::count(&map.next_value()?);
            } else if is("itemsPerPage") {
                head.items_per_page = json::count(&map.next_value()?);
            } else if is("startIndex") {
                head.start_index = json::count(&map.next_value()?);
            } else if is("nextCursor") {
                head.next_cursor = match map.next_value()? {
                    Value::String(cursor) if !cursor.is_empty() => Some(cursor),
                    Value::Number(cursor) => Some(cursor.to_string()),
                    _ => None,
                };
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let is_list = has_resources || head.total_results.is_some();
        Ok((head, is_list))
    }
}

struct Resources<'f, T, F> {
    each: &'f mut F,
    resource: std::marker::PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Resources<'_, T, F> {
    type Value = Option<u64>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Resources<'_, T, F> {
    type Value = Option<u64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of resources")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut received = 0;
        while let Some(resource) = list.next_element()? {
            (self.each)(resource);
            received += 1;
        }
        Ok(Some(received))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::UserView;

    fn page(body: &str) -> Result<(PageHead, Vec<String>), ListError> {
        let mut ids = Vec::new();
        let head = read(body.as_bytes(), |user: UserView<'_>| ids.push(user.id.into_owned()))?;
        Ok((head, ids))
    }

    #[test]
    fn resources_are_handed_over_in_order() {
        let body =
            r#"{"schemas":["x"],"Resources":[{"id":"1"},{"id":"2"}],"totalResults":7,"startIndex":1,"itemsPerPage":2}"#;
        let (head, ids) = page(body).unwrap();
        assert_eq!(ids, ["1", "2"]);
        let told = (head.total_results, head.start_index, head.items_per_page, head.received);
        assert_eq!(told, (Some(7), Some(1), Some(2), 2));
    }

    #[test]
    fn sloppy_pages_are_read() {
        for body in [
            r#"{"totalResults":"1","resources":[{"id":"1"}],"nextCursor":"abc"}"#,
            r#"{"TotalResults":1.0,"Resources":[{"id":1}],"nextCursor":"abc"}"#,
        ] {
            let (head, ids) = page(body).unwrap();
            assert_eq!((head.total_results, head.next_cursor.as_deref()), (Some(1), Some("abc")));
            assert_eq!(ids, ["1"]);
        }
        for body in [r#"{"totalResults":0}"#, r#"{"totalResults":0,"Resources":null,"nextCursor":""}"#] {
            assert_eq!(page(body).unwrap().0, PageHead { total_results: Some(0), ..PageHead::default() });
        }
    }

    #[test]
    fn what_is_no_listing_is_refused() {
        for body in ["", "<html>", "[]", "{}", r#"{"Resources":null}"#, r#"{"status":"500","detail":"x"}"#] {
            assert!(page(body).is_err(), "{body}");
        }
        for body in [r#"{"totalResults":1,"Resources":[{"id":"1"}"#, r#"{"totalResults":1} x"#, r#"{"Resources":[1]}"#]
        {
            assert!(matches!(page(body), Err(ListError::Unreadable(_))), "{body}");
        }
    }
}
