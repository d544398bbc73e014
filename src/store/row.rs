//! How values stand in rows: times, keys and lists as texts. Knows no table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use appaccess_core::access::{ClaimName, Edge, ObjectName, PersonKey, SeenClaim, Slot, Text};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A time that sorts as a text: RFC 3339 in UTC, always with nine decimals.
pub(super) fn time_text(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// The time `span` before `now`, as far as there is one.
pub(super) fn before(now: Timestamp, span: SignedDuration) -> String {
    time_text(now.checked_sub(span).unwrap_or(Timestamp::MIN))
}

pub(super) fn time(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| unreadable("a time", text))
}

pub(super) fn maybe_time(text: Option<&str>) -> Result<Option<Timestamp>, StoreError> {
    text.map(time).transpose()
}

pub(super) fn person(text: &str) -> Result<PersonKey, StoreError> {
    PersonKey::from_canonical(text).ok_or_else(|| unreadable("a person", text))
}

pub(super) fn claim_name(text: &str) -> Result<ClaimName, StoreError> {
    ClaimName::parse(text).ok_or_else(|| unreadable("a claim", text))
}

pub(super) fn object_name(text: &str) -> Result<ObjectName, StoreError> {
    ObjectName::parse(text).map_err(|_| unreadable("an object's name", text))
}

pub(super) fn unsigned<T: TryFrom<i64>>(number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| unreadable("a count", &number.to_string()))
}

/// A count as the database keeps it; what is too large for it is the largest.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unreadable(what: &str, found: &str) -> StoreError {
    let found: String = found.chars().take(100).collect();
    StoreError::Content { what: format!("{what} was expected, not {found:?}") }
}

/// Free text for people: cut at a character's border, with a question mark for each NUL.
pub(super) fn clipped(text: &str, bytes: usize) -> Text {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default().replace('\0', "?").into()
}

/// Gives equal texts one place in memory: an inventory repeats few names very often.
#[derive(Default)]
pub(super) struct Texts(FxHashSet<Text>);

impl Texts {
    pub(super) fn one(&mut self, text: &str) -> Text {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new: Text = text.into();
        self.0.insert(new.clone());
        new
    }

    pub(super) fn edge(&mut self, person_text: &str, kind: &str, name: &str) -> Result<Edge, StoreError> {
        Ok(Edge::new(person(person_text)?, Slot { kind: self.one(kind), name: self.one(name) }))
    }
}

#[derive(Serialize, Deserialize)]
struct SeenClaimRow {
    claim: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
}

pub(super) fn claims_text(claims: &BTreeMap<ClaimName, SeenClaim>) -> Result<String, StoreError> {
    let rows: Vec<SeenClaimRow> = claims
        .iter()
        .map(|(name, seen)| SeenClaimRow {
            claim: name.to_string(),
            subject: seen.subject.to_string(),
            until: seen.until.map(time_text),
            level: seen.level.as_deref().map(str::to_owned),
        })
        .collect();
    json(&rows)
}

pub(super) fn claims(text: &str, texts: &mut Texts) -> Result<BTreeMap<ClaimName, SeenClaim>, StoreError> {
    let rows: Vec<SeenClaimRow> = from_json(text)?;
    let seen = rows.into_iter().map(|row| {
        let seen = SeenClaim {
            subject: texts.one(&row.subject),
            until: maybe_time(row.until.as_deref())?,
            level: row.level.map(|level| texts.one(&level)),
        };
        Ok((claim_name(&row.claim)?, seen))
    });
    seen.collect()
}

pub(super) fn lines_text(lines: &BTreeSet<Text>) -> Result<String, StoreError> {
    json(&lines.iter().map(|line| &**line).collect::<Vec<_>>())
}

pub(super) fn lines(text: &str) -> Result<BTreeSet<Text>, StoreError> {
    let lines: Vec<String> = from_json(text)?;
    Ok(lines.into_iter().map(Text::from).collect())
}

pub(super) fn attributes_text(attributes: &BTreeMap<Text, Text>) -> Result<String, StoreError> {
    json(&attributes.iter().map(|(name, value)| (&**name, &**value)).collect::<BTreeMap<_, _>>())
}

pub(super) fn attributes(text: &str) -> Result<BTreeMap<Text, Text>, StoreError> {
    let attributes: BTreeMap<String, String> = from_json(text)?;
    Ok(attributes.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| content(&error))
}

fn from_json<'row, T: Deserialize<'row>>(text: &'row str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| content(&error))
}

fn content(error: &impl fmt::Display) -> StoreError {
    StoreError::Content { what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_texts_and_lose_nothing() {
        let times: Vec<Timestamp> = [
            "2026-11-20T09:00:00Z",
            "2026-11-20T09:00:00.000000001Z",
            "2026-11-20T09:00:00.5Z",
            "2026-11-20T09:00:01Z",
        ]
        .into_iter()
        .map(|text| text.parse().unwrap())
        .collect();
        let texts: Vec<String> = times.iter().copied().map(time_text).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(texts.iter().map(|text| time(text).unwrap()).collect::<Vec<_>>(), times);
    }

    #[test]
    fn free_text_is_cut_between_characters() {
        assert_eq!(&*clipped("añb", 2), "a");
        assert_eq!(&*clipped("a\0b", 9), "a?b");
    }
}
