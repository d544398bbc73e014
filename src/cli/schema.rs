//! `schema`: what the documents of `-o json` look like, for programs that read them.

use clap::{Args, ValueEnum};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};

use super::{
    error::CommandError,
    exit::Exit,
    output::{
        self,
        cluster::ClusterDocument,
        codeowners::CodeownersDocument,
        doctor::DoctorDocument,
        document::{DecisionDocument, PlanDocument, ValidateDocument},
        explain::ExplainDocument,
        failure::ErrorsDocument,
        history::{AccessDocument, HistoryDocument},
        tasks::TasksDocument,
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
    /// What `tasks` prints.
    Tasks,
    /// What `plan --cluster` prints.
    Cluster,
    /// What `doctor` prints.
    Doctor,
    /// What `codeowners` prints.
    Codeowners,
    /// What `explain` prints.
    Explain,
    /// What `history` prints.
    History,
    /// What `history --at` prints.
    Access,
    /// What a command prints that ended before its own document.
    Errors,
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
        Name::Plan => schema::<PlanDocument>(),
        Name::Validate => schema::<ValidateDocument>(),
        Name::Decision => schema::<DecisionDocument>(),
        Name::Tasks => schema::<TasksDocument>(),
        Name::Cluster => schema::<ClusterDocument>(),
        Name::Doctor => schema::<DoctorDocument>(),
        Name::Codeowners => schema::<CodeownersDocument>(),
        Name::Explain => schema::<ExplainDocument>(),
        Name::History => schema::<HistoryDocument>(),
        Name::Access => schema::<AccessDocument>(),
        Name::Errors => schema::<ErrorsDocument>(),
    };
    output::json(&schema)?;
    Ok(Exit::Done)
}

/// The schema of what is written: a field that may be null is always there.
fn schema<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
