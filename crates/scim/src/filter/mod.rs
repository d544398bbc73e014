//! Filters (RFC 7644 section 3.4.2.2): syntax tree, printer, parser and evaluator. Knows no server and no query string.

mod evaluate;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Number;

pub use evaluate::CaseRules;
pub(crate) use evaluate::Scope;
pub(crate) use parse::Parser;

use crate::path::AttributePath;

/// Longest filter that is parsed, in bytes.
pub const LENGTH_MAX: usize = 8 * 1024;
/// Deepest nesting of parentheses, brackets and `not`.
pub const DEPTH_MAX: usize = 64;
/// Most nodes of a filter; the cap of a known server.
pub const NODES_MAX: usize = 200;

/// A filter expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// At least one part holds; two parts or more.
    Or(Vec<Filter>),
    /// All parts hold; two parts or more.
    And(Vec<Filter>),
    /// The part does not hold.
    Not(Box<Filter>),
    /// The attribute has a value (`pr`).
    Present(AttributePath),
    /// The attribute compares so with a value.
    Compare {
        /// The attribute.
        path: AttributePath,
        /// The comparison.
        operator: Operator,
        /// What it is compared with.
        value: Literal,
    },
    /// One value of a multi-valued attribute fulfils the whole inner filter (`attribute[filter]`).
    Any {
        /// The multi-valued attribute.
        path: AttributePath,
        /// The filter over its sub-attributes.
        filter: Box<Filter>,
    },
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Contains.
    Contains,
    /// Starts with.
    StartsWith,
    /// Ends with.
    EndsWith,
    /// Greater than.
    Greater,
    /// Greater than or equal.
    GreaterOrEqual,
    /// Less than.
    Less,
    /// Less than or equal.
    LessOrEqual,
}

impl Operator {
    /// All comparisons.
    pub const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// The operator as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    /// Whether the comparison needs an order.
    #[must_use]
    pub const fn is_order(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }
}

/// The value that an attribute is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
    /// No value.
    Null,
}

/// Why a filter or a path was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Longer than [`LENGTH_MAX`].
    #[error("longer than {LENGTH_MAX} bytes")]
    TooLong,
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// More nodes than [`NODES_MAX`].
    #[error("more than {NODES_MAX} terms")]
    TooManyNodes,
    /// Something else was expected.
    #[error("expected {expected} at byte {position}")]
    Unexpected {
        /// What was expected.
        expected: &'static str,
        /// Where, in bytes from the start.
        position: usize,
    },
    /// A text literal does not end or holds a bad escape.
    #[error("the text at byte {position} is not a JSON string")]
    BadText {
        /// Where it starts, in bytes from the start.
        position: usize,
    },
    /// Booleans have no order (RFC 7644 table 3).
    #[error("a boolean cannot be compared by order")]
    Unordered,
}

impl Filter {
    /// Parses a filter. See [`LENGTH_MAX`], [`DEPTH_MAX`] and [`NODES_MAX`] for the caps.
    ///
    /// Beyond the grammar it takes what identity providers send: operators in any case, `True` and `NULL`, texts in
    /// single quotes, and `emails[type eq "work"].value eq "x"`, which is read as one inner filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser::new(text)?;
        let filter = parser.expression()?;
        parser.end()?;
        Ok(filter)
    }

    /// `path eq "text"`, the one comparison that every server knows.
    #[must_use]
    pub fn equals(path: AttributePath, text: &str) -> Self {
        Self::Compare { path, operator: Operator::Equal, value: Literal::Text(text.to_owned()) }
    }

    /// `userName eq "text"`.
    #[must_use]
    pub fn user_name(text: &str) -> Self {
        Self::equals(AttributePath::core("userName"), text)
    }

    /// `displayName eq "text"`.
    #[must_use]
    pub fn display_name(text: &str) -> Self {
        Self::equals(AttributePath::core("displayName"), text)
    }

    /// The terms of a filter that is nothing but equalities joined by `and`; `None` for any other.
    #[must_use]
    pub fn equalities(&self) -> Option<Vec<(&AttributePath, &Literal)>> {
        match self {
            Self::Compare { path, operator: Operator::Equal, value } => Some(vec![(path, value)]),
            Self::And(parts) => {
                let terms: Option<Vec<_>> = parts.iter().map(Self::equalities).collect();
                terms.map(|terms| terms.into_iter().flatten().collect())
            }
            _ => None,
        }
    }

    fn write_within(&self, formatter: &mut fmt::Formatter<'_>, grouped: bool) -> fmt::Result {
        if grouped { write!(formatter, "({self})") } else { write!(formatter, "{self}") }
    }
}

impl fmt::Display for Filter {
    /// Writes the filter so that parsing it gives the same tree.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(" or ")?;
                    }
                    part.write_within(formatter, matches!(part, Self::Or(_)))?;
                }
                Ok(())
            }
            Self::And(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(" and ")?;
                    }
                    part.write_within(formatter, matches!(part, Self::Or(_) | Self::And(_)))?;
                }
                Ok(())
            }
            Self::Not(part) => write!(formatter, "not ({part})"),
            Self::Present(path) => write!(formatter, "{path} pr"),
            Self::Compare { path, operator, value } => write!(formatter, "{path} {} {value}", operator.as_str()),
            Self::Any { path, filter } => write!(formatter, "{path}[{filter}]"),
        }
    }
}

impl fmt::Display for Literal {
    /// Writes the value as JSON; a text is escaped, so that no quote in it can end it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(number) => number.fmt(formatter),
            Self::Boolean(told) => told.fmt(formatter),
            Self::Null => formatter.write_str("null"),
        }
    }
}
