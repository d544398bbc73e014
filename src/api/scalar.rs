//! Vendors' ids and amounts of money, which a YAML reader must not bend.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::schema;

/// What an id that is a string must match. The only pattern in our schemas: rules over int-or-string have no bounded cost.
pub(crate) const ID_PATTERN: &str = "^[A-Za-z0-9][-A-Za-z0-9_.:]*$";

/// Whether `text` matches [`ID_PATTERN`] and is no longer than an id may be.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

/// An id as the vendor shows it. A quoted string; a whole number is taken, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

impl Id {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Id;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an id: a quoted string or a whole number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                Ok(Id(text.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Id, E> {
                u64::try_from(number)
                    .map(|number| Id(number.to_string()))
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "minimum": 0,
            "maxLength": 128,
            "pattern": ID_PATTERN,
        })
    }
}

/// An amount of money in decimal digits such as `7.99`: never a float.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(String);

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an amount: write a quoted decimal number with at most four decimals, such as \"7.99\"")]
pub struct InvalidMoney;

impl Money {
    /// The amount as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The amount in ten-thousandths of the currency's unit.
    #[must_use]
    pub fn ten_thousandths(&self) -> u64 {
        let (whole, decimals) = self.0.split_once('.').unwrap_or((&self.0, ""));
        format!("{whole}{decimals:0<4}").parse().unwrap_or(u64::MAX)
    }
}

impl std::str::FromStr for Money {
    type Err = InvalidMoney;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
        let digits = |part: &str, longest: usize| {
            (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 10) || decimals.is_some_and(|decimals| !digits(decimals, 4)) {
            return Err(InvalidMoney);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema::matching(
            15,
            "^[0-9]{1,10}([.][0-9]{1,4})?$",
            "write a quoted decimal number with at most four decimals, such as \"7.99\"",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_strings_or_whole_numbers() {
        for (json, id) in [("\"64a6\"", "64a6"), ("8112233", "8112233"), ("\"007\"", "007")] {
            assert_eq!(serde_json::from_str::<Id>(json).unwrap().as_str(), id);
        }
        assert!(serde_json::from_str::<Id>("-1").is_err());
        assert!(serde_json::from_str::<Id>("1.5").is_err());
    }

    #[test]
    fn money_is_exact() {
        for (text, value) in [("7.99", 79_900), ("18", 180_000), ("0.0001", 1), ("9999999999.9999", 99_999_999_999_999)]
        {
            assert_eq!(text.parse::<Money>().unwrap().ten_thousandths(), value);
        }
        for text in ["", ".5", "5.", "1,5", "-1", "1e3", "0.00001", "12345678901"] {
            assert_eq!(text.parse::<Money>(), Err(InvalidMoney), "{text}");
        }
    }
}
