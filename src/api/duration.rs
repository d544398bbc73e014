//! How long: `90s`, `15m`, `24h`, `45d`.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::schema;

const LONGEST_SECONDS: u64 = 3650 * 86_400;

/// A whole number and one unit, from `1s` to ten years (`3650d`). Kept as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duration {
    count: u64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

/// Why a text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: write a whole number and a unit, such as 90s, 15m, 24h or 45d, from 1s to 3650d")]
pub struct InvalidDuration;

impl Unit {
    const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Second => 's',
            Self::Minute => 'm',
            Self::Hour => 'h',
            Self::Day => 'd',
        }
    }
}

impl Duration {
    /// So many seconds; `None` outside 1 s to ten years.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        Self::checked(seconds, Unit::Second)
    }

    /// Length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.count * self.unit.seconds()
    }

    /// The same length for the standard library.
    #[must_use]
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.seconds())
    }

    const fn checked(count: u64, unit: Unit) -> Option<Self> {
        if count >= 1 && count <= LONGEST_SECONDS / unit.seconds() { Some(Self { count, unit }) } else { None }
    }
}

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(InvalidDuration)?;
        let unit = match unit {
            "s" => Unit::Second,
            "m" => Unit::Minute,
            "h" => Unit::Hour,
            "d" => Unit::Day,
            _ => return Err(InvalidDuration),
        };
        if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidDuration);
        }
        let count = digits.parse().map_err(|_| InvalidDuration)?;
        Self::checked(count, unit).ok_or(InvalidDuration)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.count, self.unit.letter())
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema::ruled(
            10,
            "self.matches('^[1-9][0-9]{0,8}[smhd]$') && int(self.substring(0, size(self) - 1)) <= \
             (self.endsWith('d') ? 3650 : self.endsWith('h') ? 87600 : self.endsWith('m') ? 5256000 : 315360000)",
            "write a whole number and a unit, such as 90s, 15m, 24h or 45d, from 1s to 3650d",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_they_stand() {
        for (text, seconds) in
            [("90s", 90), ("15m", 900), ("24h", 86_400), ("45d", 3_888_000), ("3650d", LONGEST_SECONDS)]
        {
            let duration: Duration = text.parse().unwrap();
            assert_eq!((duration.seconds(), duration.to_string().as_str()), (seconds, text));
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "s",
            "5",
            "0s",
            "05m",
            "-5m",
            "+5m",
            "1.5h",
            "1h30m",
            "3651d",
            "5 m",
            "5M",
            "99999999999999999999s",
            "5µ",
        ] {
            assert_eq!(text.parse::<Duration>(), Err(InvalidDuration), "{text}");
        }
    }
}
