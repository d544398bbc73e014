//! Paths as patterns of a CODEOWNERS file. What GitHub and GitLab do not both take for the same is refused, never guessed.

use std::{
    env, fmt, fs,
    path::{Component, Path, PathBuf},
};

use crate::cli::error::CommandError;

/// The root of a repository.
#[derive(Debug)]
pub(super) struct Root(PathBuf);

/// A file, or a folder with all below it, within the repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern {
    /// From the root on, without a slash at either end; empty for the root.
    relative: String,
    is_folder: bool,
}

impl Root {
    /// The folder that is named, else the nearest one above that has a `.git`.
    pub(super) fn find(named: Option<&Path>) -> Result<Self, CommandError> {
        let whole = |path: &Path| {
            fs::canonicalize(path).map_err(|source| CommandError::File { verb: "read", path: path.to_owned(), source })
        };
        if let Some(named) = named {
            let root = fs::canonicalize(named).map_err(|source| {
                let what = format!("--root {} cannot be read: {source}", named.display());
                CommandError::usage(what, "name the folder that holds the `.git`")
            })?;
            return Ok(Self(root));
        }
        let here = env::current_dir()
            .map_err(|source| CommandError::Machine { what: "tell the current folder", source })
            .and_then(|here| whole(&here))?;
        let root = here.ancestors().find(|folder| folder.join(".git").exists());
        root.map(|root| Self(root.to_owned())).ok_or_else(|| {
            let remedy = "run it within the repository, or name its root by --root";
            CommandError::usage("no folder above this one has a `.git`", remedy)
        })
    }

    /// The pattern for a path that is there.
    pub(super) fn pattern(&self, path: &Path) -> Result<Pattern, CommandError> {
        let shown = path.display();
        let failed = |source| CommandError::File { verb: "read", path: path.to_owned(), source };
        let is_folder = fs::metadata(path).map_err(failed)?.is_dir();
        // A link is owned where it stands; the folders above it are where they are.
        let real = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if !is_folder => {
                let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
                fs::canonicalize(parent).map_err(failed)?.join(name)
            }
            _ => fs::canonicalize(path).map_err(failed)?,
        };
        let Ok(relative) = real.strip_prefix(&self.0) else {
            let what = format!("{shown} is not below the root of the repository, {}", self.0.display());
            return Err(CommandError::usage(what, "name files of the repository, or its root by --root"));
        };
        let parts: Option<Vec<&str>> = relative
            .components()
            .map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        let relative = parts.map(|parts| parts.join("/")).filter(|path| path.chars().all(is_expressible));
        let relative = relative.ok_or_else(|| {
            let what = format!("the path {shown} cannot be written into a CODEOWNERS file");
            let remedy =
                "rename it: ASCII letters, digits, blanks and `.`, `_`, `-`, `+`, `@` mean the same to every forge";
            CommandError::usage(what, remedy)
        })?;
        Ok(Pattern { relative, is_folder })
    }
}

/// GitHub takes neither an escaped `#` nor classes of characters, GitLab reads both; of others only one of them tells.
fn is_expressible(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || " ._-+@/".contains(letter)
}

impl Pattern {
    pub(super) const fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// The path as a flag takes it at the root.
    pub(super) fn relative(&self) -> &str {
        if self.relative.is_empty() { "." } else { &self.relative }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.relative.is_empty() {
            return formatter.write_str("*");
        }
        let slash = if self.is_folder { "/" } else { "" };
        write!(formatter, "/{}{slash}", self.relative.replace(' ', "\\ "))
    }
}
