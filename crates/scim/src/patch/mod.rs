//! PATCH (RFC 7644 section 3.5.2): what clients really send is parsed into one normal form, which is applied to a JSON
//! resource as a whole or not at all; and the bodies that a careful client sends. Knows no store and no HTTP.

mod apply;
mod build;
mod normalise;
mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use build::{MembersRemoveForm, OutgoingOperation, PatchBody, member_changes, replacement};

use crate::{
    error::ErrorKind,
    filter::{CaseRules, FilterError},
    path::PatchPath,
    schema::ResourceKind,
};

/// Most operations of one request.
pub const OPERATIONS_MAX: usize = 1000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Adds values, or sets a single one.
    Add,
    /// Puts values in place of others.
    Replace,
    /// Takes values away.
    Remove,
}

impl Action {
    /// The word as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// One operation in the normal form: always with a path, its value already in the attribute's form.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What to do.
    pub action: Action,
    /// Where.
    pub path: PatchPath,
    /// With which value; `null` where there is none.
    pub value: Value,
}

/// A parsed PATCH request.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchRequest {
    /// The kind of resource that it was parsed for.
    pub kind: ResourceKind,
    /// The operations, in order. One operation of the body may have become several, or none.
    pub operations: Vec<Operation>,
    /// How many attributes were left out because this library does not know them.
    pub unknown: usize,
}

/// What applying a request did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Whether the resource differs from before. A request that asks for what is there changes nothing.
    pub changed: bool,
}

impl PatchRequest {
    /// Parses the body of a request for a resource of this kind.
    ///
    /// Takes what identity providers send: operations in any case, missing schemas, booleans as text, dotted and
    /// URN-qualified keys, a bare text for a complex value, one object for a list. Attributes that are unknown are
    /// counted and left out, but a request that asks for nothing else is refused.
    pub fn parse(body: &Value, kind: ResourceKind) -> Result<Self, PatchError> {
        parse::request(body, kind)
    }

    /// Applies the request, all of it or, on an error, nothing.
    ///
    /// Text comparisons inside path filters follow `rules`.
    pub fn apply(&self, resource: &mut Value, rules: CaseRules) -> Result<Applied, PatchError> {
        apply::request(self, resource, rules)
    }
}

/// Why a PATCH request was refused. [`PatchError::kind`] is the keyword that a server answers with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The body is not a PATCH request.
    #[error("not a PATCH request: {0}")]
    Syntax(&'static str),
    /// More operations than [`OPERATIONS_MAX`].
    #[error("more than {OPERATIONS_MAX} operations")]
    TooManyOperations,
    /// The path cannot be parsed.
    #[error("the path is not valid")]
    Path(#[source] FilterError),
    /// The path names no attribute that is known.
    #[error("no known attribute is named")]
    UnknownAttribute,
    /// The filter of the path cannot be evaluated.
    #[error("the filter of the path cannot be evaluated")]
    Filter(#[source] FilterError),
    /// A removal without a path, or a filter that no value fulfils.
    #[error("the path names nothing")]
    NoTarget,
    /// The attribute is read-only, or required and to be removed.
    #[error("`{0}` cannot be changed so")]
    Mutability(String),
    /// The value does not fit the attribute.
    #[error("the value does not fit `{0}`")]
    Value(String),
}

impl PatchError {
    /// The keyword for `scimType`; the status is always 400.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax(_) => ErrorKind::InvalidSyntax,
            Self::TooManyOperations => ErrorKind::TooMany,
            Self::Path(_) | Self::UnknownAttribute => ErrorKind::InvalidPath,
            Self::Filter(_) => ErrorKind::InvalidFilter,
            Self::NoTarget => ErrorKind::NoTarget,
            Self::Mutability(_) => ErrorKind::Mutability,
            Self::Value(_) => ErrorKind::InvalidValue,
        }
    }
}
