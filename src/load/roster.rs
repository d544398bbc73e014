//! The roster of an app without an interface: from a file beside the YAML, or from a `ConfigMap` among the files. Reads
//! text and judges none of it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use appaccess_core::status::Failure;

use super::{Loaded, ObjectName};
use crate::api::connector::{ConfigMapReference, Connector, Roster};

/// Largest roster that is read, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Why there is no roster.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file, the `ConfigMap` or its key is not there.
    #[error("there is no {what}")]
    Missing {
        /// What is not there.
        what: String,
    },
    /// The file is there and cannot be read.
    #[error("the roster {path} cannot be read")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What is there can be no roster.
    #[error("the roster {what}")]
    Wrong {
        /// What is wrong with it.
        what: String,
    },
    /// The place cannot be used, whatever stands there.
    #[error("{what}")]
    Place {
        /// Why.
        what: String,
    },
}

impl RosterError {
    /// A stable CamelCase word for conditions, events, metrics and documents.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "RosterMissing",
            Self::Unreadable { .. } => "RosterUnreadable",
            Self::Wrong { .. } => "RosterInvalid",
            Self::Place { .. } => "SettingsInvalid",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "export the accounts of the app there; until then nobody gains or loses anything",
            Self::Unreadable { .. } => "make the file readable for this user",
            Self::Wrong { .. } => "export it again as CSV with a header, as UTF-8",
            Self::Place { .. } => "correct `spec.connector.manual.roster` of the TargetApp",
        }
    }
}

impl From<RosterError> for Failure {
    fn from(error: RosterError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self {
            reason: error.reason().to_owned(),
            message: format!("{error}{cause}"),
            remedy: error.remedy().to_owned(),
        }
    }
}

/// The roster of an app that was read from files: a file beside its YAML, or a `ConfigMap` among them.
///
/// # Errors
/// [`RosterError`], where there is none.
pub fn read(loaded: &Loaded, app: &ObjectName, roster: &Roster) -> Result<String, RosterError> {
    match roster {
        Roster::File(path) => {
            let yaml = loaded.target_apps.get(app).map(|located| located.place.file.as_str());
            file(yaml.unwrap_or("-"), path)
        }
        Roster::ConfigMapRef(reference) => {
            let name = ObjectName::new(&app.namespace, &reference.name);
            let found = loaded.config_maps.get(&name);
            let found =
                found.ok_or_else(|| RosterError::Missing { what: format!("ConfigMap {name} among the files") })?;
            of_config_map(&name, reference, &found.object)
        }
    }
}

/// The text of the key that holds the roster: the one that is named, else the only one.
///
/// # Errors
/// [`RosterError`] where there is none, or more than one and none is named.
pub fn of_config_map(
    name: &ObjectName,
    reference: &ConfigMapReference,
    data: &BTreeMap<String, String>,
) -> Result<String, RosterError> {
    let found = match &reference.key {
        Some(key) => data.get(key).ok_or_else(|| format!("key `{key}` in ConfigMap {name}")),
        None if data.len() > 1 => {
            let what = format!("ConfigMap {name} has more than one key: name that of the roster by `key`");
            return Err(RosterError::Place { what });
        }
        None => data.values().next().ok_or_else(|| format!("text in ConfigMap {name}")),
    };
    found.cloned().map_err(|what| RosterError::Missing { what })
}

/// A file below the folder of the YAML that names it. Links that lead out of the folder are not followed.
fn file(yaml: &str, path: &str) -> Result<String, RosterError> {
    let folder = if yaml == "-" { Path::new("") } else { Path::new(yaml).parent().unwrap_or(Path::new("")) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            RosterError::Missing { what: format!("roster {}", folder.join(path).display()) }
        }
        _ => RosterError::Unreadable { path: folder.join(path).display().to_string(), source },
    };
    let home = fs::canonicalize(folder).map_err(unreadable)?;
    let real = fs::canonicalize(folder.join(path)).map_err(unreadable)?;
    if !real.starts_with(&home) {
        let what = format!("the roster {path} is outside the folder of the YAML that names it");
        return Err(RosterError::Place { what });
    }
    bounded(&real, unreadable)
}

fn bounded(path: &PathBuf, unreadable: impl Fn(io::Error) -> RosterError) -> Result<String, RosterError> {
    let wrong = |what: &str| RosterError::Wrong { what: format!("{} {what}", path.display()) };
    if !fs::metadata(path).map_err(&unreadable)?.is_file() {
        return Err(wrong("is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(&unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong("is larger than 16 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8 text: save it as `CSV UTF-8`"))
}

/// What the files beside the YAML hold now, so that a change of a roster is seen: the text of each, or why there is none.
#[must_use]
pub fn files(loaded: &Loaded) -> BTreeMap<ObjectName, String> {
    let apps = loaded.target_apps.iter().filter_map(|(name, app)| match &app.object.spec.connector {
        Connector::Manual(manual) if matches!(manual.roster, Roster::File(_)) => Some((name, &manual.roster)),
        _ => None,
    });
    apps.map(|(name, roster)| (name.clone(), read(loaded, name, roster).unwrap_or_else(|error| error.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("access")).unwrap();
        fs::write(folder.path().join("access/roster.csv"), "user\nana@birch.studio\n").unwrap();
        fs::write(folder.path().join("secret.csv"), "user\neve@birch.studio\n").unwrap();
        folder
    }

    fn read_beside(folder: &tempfile::TempDir, path: &str) -> Result<String, RosterError> {
        file(folder.path().join("access/app.yaml").to_str().unwrap(), path)
    }

    #[test]
    fn a_roster_stands_beside_the_yaml_that_names_it() {
        let folder = folder();
        assert!(read_beside(&folder, "roster.csv").unwrap().contains("ana@"));
        let missing = read_beside(&folder, "other.csv").unwrap_err();
        assert!(matches!(missing, RosterError::Missing { .. }), "{missing:?}");
        assert_eq!(missing.reason(), "RosterMissing");
        assert!(matches!(read_beside(&folder, "."), Err(RosterError::Wrong { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn no_path_and_no_link_leads_out_of_the_folder() {
        let folder = folder();
        std::os::unix::fs::symlink(folder.path().join("secret.csv"), folder.path().join("access/link.csv")).unwrap();
        for path in ["../secret.csv", "link.csv"] {
            let error = read_beside(&folder, path).unwrap_err();
            assert!(matches!(error, RosterError::Place { .. }), "{path}: {error:?}");
        }
    }

    #[test]
    fn what_is_no_text_or_too_large_is_refused() {
        let folder = folder();
        fs::write(folder.path().join("access/latin.csv"), b"user\nan\xe4@birch.studio\n").unwrap();
        assert!(read_beside(&folder, "latin.csv").unwrap_err().to_string().contains("UTF-8"));
        let large = File::create(folder.path().join("access/large.csv")).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        assert!(read_beside(&folder, "large.csv").unwrap_err().to_string().contains("larger"));
    }

    #[test]
    fn a_config_map_is_read_by_its_key_or_by_its_only_one() {
        let name = ObjectName::new("office", "roster");
        let reference = |key: Option<&str>| ConfigMapReference { name: "roster".into(), key: key.map(str::to_owned) };
        let one = BTreeMap::from([("a.csv".to_owned(), "user".to_owned())]);
        let two = BTreeMap::from([("a.csv".to_owned(), "user".to_owned()), ("b.csv".to_owned(), "x".to_owned())]);
        assert_eq!(of_config_map(&name, &reference(None), &one).unwrap(), "user");
        assert_eq!(of_config_map(&name, &reference(Some("b.csv")), &two).unwrap(), "x");
        assert!(matches!(of_config_map(&name, &reference(None), &two), Err(RosterError::Place { .. })));
        assert!(matches!(of_config_map(&name, &reference(Some("c")), &two), Err(RosterError::Missing { .. })));
        assert!(matches!(of_config_map(&name, &reference(None), &BTreeMap::new()), Err(RosterError::Missing { .. })));
    }
}
