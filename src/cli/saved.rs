//! A plan that was saved, to be applied exactly so or not at all. It holds no credential.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use appaccess_core::{
    access::ObjectName,
    plan::{self, Plan},
};
use serde::{Deserialize, Serialize};

use super::{error::CommandError, flags::FileFlags};
use crate::sync::{AppReport, AppResult};

const SCHEMA: &str = "appaccess.dev/saved-plan/v1";
/// Larger files are none of ours.
const LARGEST: u64 = 64 << 20;

/// The changes of each app, a line each.
pub(super) type Changes = BTreeMap<String, BTreeSet<String>>;

/// A saved plan.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SavedPlan {
    schema: String,
    files: Vec<PathBuf>,
    apps: Vec<String>,
    /// Whether withdrawn claims do not settle.
    pub(super) no_settle: bool,
    /// The digest of the objects.
    pub(super) inputs: String,
    /// What would be sent.
    pub(super) changes: Changes,
}

impl SavedPlan {
    /// A plan to be saved.
    pub(super) fn new(files: &FileFlags, no_settle: bool, inputs: String, reports: &[AppReport]) -> Self {
        Self {
            schema: SCHEMA.into(),
            files: files.filename.clone(),
            apps: files.app.iter().map(ToString::to_string).collect(),
            no_settle,
            inputs,
            changes: changes(reports),
        }
    }

    /// The flags that led to it.
    pub(super) fn files(&self) -> FileFlags {
        let app = self.apps.iter().filter_map(|name| ObjectName::parse(name).ok()).collect();
        FileFlags { filename: self.files.clone(), app }
    }

    /// Writes it to a file that only its owner can read: it names people.
    pub(super) fn write(&self, path: &Path) -> Result<(), CommandError> {
        let failed = |source| CommandError::File { verb: "write", path: path.to_owned(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        if let Some(folder) = folder {
            let what = format!("the plan was not saved: the folder {} is not there", folder.display());
            return Err(CommandError::refused(what, "make the folder first, or name another file by --out"));
        }
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)
    }

    /// Reads it.
    pub(super) fn read(path: &Path) -> Result<Self, CommandError> {
        let failed = |source| CommandError::File { verb: "read", path: path.to_owned(), source };
        let mut text = String::new();
        File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text)).map_err(failed)?;
        let read: Result<Self, _> = serde_json::from_str(&text);
        read.ok().filter(|saved| saved.schema == SCHEMA).ok_or_else(|| {
            CommandError::usage(
                format!("nothing was changed: {} is no saved plan of this version", path.display()),
                "save one by `appaccess plan -f PATH --out FILE`; YAML is given by `-f`",
            )
        })
    }
}

/// What would be sent now, by app. Apps that could not be read are not among them.
pub(super) fn changes(reports: &[AppReport]) -> Changes {
    let worked = reports.iter().filter_map(|report| match &report.result {
        AppResult::Worked(worked) => Some((report.app.to_string(), rows(&worked.look.plan))),
        _ => None,
    });
    worked.collect()
}

fn rows(plan: &Plan) -> BTreeSet<String> {
    plan.to_be_sent().map(|change| format!("{} {}", change.action.as_str(), plan::row(change))).collect()
}
