//! The document of `codeowners`.

use schemars::JsonSchema;
use serde::Serialize;

/// The schema of what `codeowners` prints.
pub(crate) const CODEOWNERS_SCHEMA: &str = "appaccess.dev/codeowners/v1";

/// What `codeowners` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/codeowners/v1"))]
pub(crate) struct CodeownersDocument {
    /// `appaccess.dev/codeowners/v1`.
    pub(crate) schema: &'static str,
    /// The lines, in order: the last one that fits a file counts.
    pub(crate) entries: Vec<Entry>,
    /// What whoever reads the result should know.
    pub(crate) notes: Vec<String>,
    /// With `--check`: whether the file says something else; else null.
    pub(crate) stale: Option<bool>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Entry {
    /// The pattern, as it stands in the file.
    pub(crate) pattern: String,
    /// Each of whom may approve.
    pub(crate) owners: Vec<String>,
}
