//! `schema`: what the documents of `-o json` look like, for programs that read them.

use clap::{Args, ValueEnum};
use schemars::schema_for;

use super::{
    error::CommandError,
    exit::Exit,
    output::{
        self,
        document::{DecisionDocument, PlanDocument, ValidateDocument},
    },
};

/// The outputs that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// What `plan` and `apply` print.
    Plan,
    /// What `validate` prints.
    Validate,
    /// What `approve` and `reject` print.
    Decision,
}

/// The flags of `schema`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Examples:\n  appaccess schema plan > plan.schema.json")]
pub struct Flags {
    /// The output
    #[arg(value_enum)]
    name: Name,
}

/// Prints the schema.
pub(super) fn run(flags: Flags) -> Result<Exit, CommandError> {
    let schema = match flags.name {
        Name::Plan => schema_for!(PlanDocument),
        Name::Validate => schema_for!(ValidateDocument),
        Name::Decision => schema_for!(DecisionDocument),
    };
    output::json(&schema)?;
    Ok(Exit::Done)
}
