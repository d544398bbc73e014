//! Points in time and calendar dates as people write them.

use std::{borrow::Cow, fmt, str::FromStr};

use jiff::{Timestamp, civil};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::schema;

/// A point in time in RFC 3339 form with an offset, such as `2026-12-15T18:00:00Z`. Kept as it was written; ordered
/// and compared by the point in time.
#[derive(Clone, Debug)]
pub struct Time {
    text: String,
    timestamp: Timestamp,
}

/// Why a text is not a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time: write date, time and offset, quoted, such as \"2026-12-15T18:00:00Z\"")]
pub struct InvalidTime;

impl Time {
    /// The point in time.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self { text: timestamp.to_string(), timestamp }
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.timestamp == other.timestamp
    }
}

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.timestamp.cmp(&other.timestamp)
    }
}

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 35 || !follows(text, "dddd-dd-ddTdd:dd:dd") {
            return Err(InvalidTime);
        }
        let timestamp = text.parse().map_err(|_| InvalidTime)?;
        Ok(Self { text: text.to_owned(), timestamp })
    }
}

/// Whether `text` begins as `form` says, where `d` is any digit. The parser itself takes looser forms.
fn follows(text: &str, form: &str) -> bool {
    text.len() >= form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(byte, form)| if form == b'd' { byte.is_ascii_digit() } else { byte == form })
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema::ruled(
            35,
            "self.matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(Z|[-+][0-9:]{5})$') && timestamp(self) > timestamp('0001-01-01T00:00:00Z')",
            "write date, time and offset, quoted, such as \"2026-12-15T18:00:00Z\"",
        )
    }
}

/// A calendar date such as `2027-03-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(civil::Date);

impl Date {
    /// The date.
    #[must_use]
    pub const fn date(self) -> civil::Date {
        self.0
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 10 || !follows(text, "dddd-dd-dd") {
            return Err(InvalidDate);
        }
        text.parse().map(Self).map_err(|_| InvalidDate)
    }
}

/// Why a text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date: write year, month and day, quoted, such as \"2027-03-01\"")]
pub struct InvalidDate;

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema::matching(
            10,
            "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
            "write year, month and day, quoted, such as \"2027-03-01\"",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_compare_by_the_point_in_time_and_keep_their_text() {
        let utc: Time = "2026-12-15T18:00:00Z".parse().unwrap();
        let berlin: Time = "2026-12-15T19:00:00+01:00".parse().unwrap();
        assert_eq!(utc, berlin);
        assert_eq!(berlin.to_string(), "2026-12-15T19:00:00+01:00");
    }

    #[test]
    fn times_without_offset_or_in_loose_forms_are_refused() {
        for text in [
            "2026-12-15",
            "2026-12-15T18:00:00",
            "2026-12-15 18:00:00Z",
            "20261215T180000Z",
            "2026-02-30T00:00:00Z",
            "tomorrow",
        ] {
            assert_eq!(text.parse::<Time>(), Err(InvalidTime), "{text}");
        }
    }

    #[test]
    fn dates_are_checked() {
        assert!("2027-03-01".parse::<Date>().is_ok());
        assert!("2027-02-29".parse::<Date>().is_err());
        assert!("2027-3-1".parse::<Date>().is_err());
    }
}
