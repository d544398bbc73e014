//! The document in place of a command's own, where the command could not be carried out: programs read why on standard
//! output, as they read everything else.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    doctor::{DOCTOR_SCHEMA, DoctorDocument},
    document::{ErrorEntry, Line, PLAN_SCHEMA, PlanDocument},
    json,
    tasks::{TASKS_SCHEMA, TasksDocument},
};
use crate::{cli::error::CommandError, load::Problem};

/// The schema of what stands in place of a document that has no room for errors.
pub(crate) const ERRORS_SCHEMA: &str = "appaccess.dev/errors/v1";

/// What a command prints whose own document has no room for errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/errors/v1"))]
pub(crate) struct ErrorsDocument {
    /// `appaccess.dev/errors/v1`.
    pub(crate) schema: &'static str,
    /// Why the command was not carried out.
    pub(crate) errors: Vec<ErrorEntry>,
}

/// Which document a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// That of `plan` and `apply`.
    Plan,
    /// That of `tasks`.
    Tasks,
    /// That of `doctor`.
    Doctor,
    /// Another one.
    Other,
}

/// Prints why there is nothing else in the document.
pub(crate) fn print(form: Form, error: &CommandError) -> Result<(), CommandError> {
    let errors = entries(error);
    match form {
        Form::Plan => {
            json(&PlanDocument { schema: PLAN_SCHEMA, apps: Vec::new(), errors, touched: None, tried: false })
        }
        Form::Tasks => json(&TasksDocument { schema: TASKS_SCHEMA, tasks: Vec::new(), errors }),
        Form::Doctor => json(&DoctorDocument { schema: DOCTOR_SCHEMA, apps: Vec::new(), errors }),
        Form::Other => json(&ErrorsDocument { schema: ERRORS_SCHEMA, errors }),
    }
}

fn entries(error: &CommandError) -> Vec<ErrorEntry> {
    if let CommandError::Invalid { problems } = error {
        return problems.iter().map(entry).collect();
    }
    let (object, message) = error.what_and_why();
    let message = if message.is_empty() { object.clone() } else { message };
    vec![ErrorEntry {
        app: None,
        object,
        reason: error.reason().into(),
        message,
        remedy: error.remedy().into(),
        place: None,
    }]
}

fn entry(problem: &Problem) -> ErrorEntry {
    let Problem { place, object, path, message, help } = problem;
    let field = if path.is_empty() { String::new() } else { format!(" {path}") };
    ErrorEntry {
        app: object.as_deref().and_then(|object| object.strip_prefix("TargetApp ")).map(str::to_owned),
        object: object.clone().unwrap_or_else(|| place.file.clone()),
        reason: "FilesInvalid".into(),
        message: format!("{place}:{field} {message}"),
        remedy: help.clone(),
        place: Some(Line { file: place.file.clone(), line: u64::try_from(place.line).unwrap_or(u64::MAX) }),
    }
}
