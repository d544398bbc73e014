//! Reads files, folders and standard input, within bounds.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{Loaded, Place, Problem, decode::Decoder, document};

/// Largest file that is read, in bytes.
pub const LARGEST_FILE: u64 = 1024 * 1024;
/// Most files that are read.
pub const MOST_FILES: usize = 10_000;
/// Most documents in one file.
pub const MOST_DOCUMENTS: usize = 10_000;
/// Deepest folder below one that is named.
pub const DEEPEST_FOLDER: usize = 32;

/// What to do about a file that this user may not read.
const UNREADABLE: &str = "make it readable for this user, or take it out of the folder";

/// Why nothing could be read. What is wrong with single files is told as a [`Problem`].
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path that was named does not exist or cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The path as it was named.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There are more files than anybody writes.
    #[error("more than {MOST_FILES} YAML files: name a folder that holds only the declarations")]
    TooManyFiles,
    /// Standard input was named twice.
    #[error("standard input (-) can be read once only")]
    StandardInputTwice,
}

/// Reads all `paths`: files, folders (with all below them, `*.yaml` and `*.yml`, in order) and `-` for standard input.
///
/// # Errors
/// Where a path that is named cannot be read at all; see [`LoadError`].
pub fn read(paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    read_with(paths, io::stdin)
}

/// As [`read`], with something else for standard input.
///
/// # Errors
/// As [`read`].
pub fn read_with<R: Read>(paths: &[PathBuf], standard_input: impl Fn() -> R) -> Result<Loaded, LoadError> {
    let mut reader = Reader { decoder: Decoder::new(), seen: BTreeSet::new() };
    let mut read_standard_input = false;
    for path in paths {
        if path.as_os_str() == "-" {
            if std::mem::replace(&mut read_standard_input, true) {
                return Err(LoadError::StandardInputTwice);
            }
            reader.stream("-", standard_input());
            continue;
        }
        let unreadable = |source| LoadError::Unreadable { path: path.display().to_string(), source };
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            fs::read_dir(path).map_err(unreadable)?;
            reader.folder(path, 0)?;
        } else {
            let file = File::open(path).map_err(unreadable)?;
            reader.file(path, file)?;
        }
    }
    Ok(reader.decoder.finish())
}

struct Reader {
    decoder: Decoder,
    /// Real paths, so that a file that is reached twice, over links too, is read once.
    seen: BTreeSet<PathBuf>,
}

impl Reader {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), LoadError> {
        let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match listed {
            Ok(entries) if depth <= DEEPEST_FOLDER => entries,
            Ok(_) => {
                self.problem(folder, "is too deep below the folder that was named", "name a folder that lies deeper");
                return Ok(());
            }
            Err(error) => {
                self.problem(folder, &format!("cannot be read: {error}"), UNREADABLE);
                return Ok(());
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // What a folder holds is followed over links only if it is a file: a linked folder may lead back here.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            if is_folder {
                self.folder(&path, depth + 1)?;
            } else if is_yaml {
                self.entry(&path)?;
            }
        }
        Ok(())
    }

    /// What a folder holds under the name of a file. A pipe might never say anything.
    fn entry(&mut self, path: &Path) -> Result<(), LoadError> {
        let opened = fs::metadata(path).and_then(|metadata| {
            let opens = metadata.is_file().then(|| File::open(path)).transpose()?;
            Ok((metadata.is_dir(), opens))
        });
        match opened {
            Ok((true, _)) => {}
            Ok((false, Some(file))) => self.file(path, file)?,
            Ok((false, None)) => {
                self.problem(path, "is a pipe, a socket or a device", "take it out of the folder");
            }
            Err(error) => self.problem(path, &format!("cannot be read: {error}"), UNREADABLE),
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, file: File) -> Result<(), LoadError> {
        if self.seen.len() >= MOST_FILES {
            return Err(LoadError::TooManyFiles);
        }
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(real) {
            self.stream(&path.display().to_string(), file);
        }
        Ok(())
    }

    fn stream(&mut self, name: &str, stream: impl Read) {
        let mut bytes = Vec::new();
        let outcome = stream.take(LARGEST_FILE + 1).read_to_end(&mut bytes);
        if let Err(error) = outcome {
            return self.problem(Path::new(name), &format!("cannot be read: {error}"), UNREADABLE);
        }
        if bytes.len() as u64 > LARGEST_FILE {
            return self.problem(Path::new(name), "is larger than 1 MiB", "split it into several files");
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return self.problem(
                Path::new(name),
                "is not UTF-8 text",
                "save it as UTF-8, or take it out of the folder",
            );
        };
        let documents = document::split(text.trim_start_matches('\u{feff}'));
        if documents.len() > MOST_DOCUMENTS {
            return self.problem(Path::new(name), "holds too many documents", "split it into several files");
        }
        for document in documents {
            self.decoder.document(name, document);
        }
    }

    fn problem(&mut self, path: &Path, message: &str, help: &str) {
        let place = Place { file: path.display().to_string(), line: 1 };
        let message = format!("the file {message}");
        self.decoder.problem(Problem { place, object: None, path: String::new(), message, help: help.to_owned() });
    }
}
