//! `codeowners`: who must review which file, from `owners`. Asks nobody but the files.

mod owned;
mod part;
mod paths;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use self::{
    owned::Owned,
    part::{BEGIN, END, merged},
    paths::{Pattern, Root},
};
use super::{
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, quoted},
    output::{
        self,
        codeowners::{CODEOWNERS_SCHEMA, CodeownersDocument, Entry},
    },
    session,
};

/// How the result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The file itself.
    #[default]
    Text,
    /// One document, as `appaccess schema codeowners` describes it.
    Json,
}

/// The flags of `codeowners`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    appaccess codeowners -f access/\n  \
    appaccess codeowners -f access/ --out .github/CODEOWNERS\n  \
    appaccess codeowners -f access/ --check .github/CODEOWNERS\n\n\
    Exit codes: 0, or 1 where --check finds the file stale, or 64 where a path or an owner cannot be written down, \
    or where the marks of our part in the file do not fit.")]
pub struct Flags {
    /// File or folder (with all below it); repeatable
    #[arg(short, long, value_name = "PATH", required = true)]
    filename: Vec<PathBuf>,
    /// The root of the repository; where absent, the nearest folder above that has a `.git`
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Write our part into this file, making its folder; what others wrote in it stays
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Compare with this file, and end with 1 where it is stale; for CI
    #[arg(long, value_name = "PATH", conflicts_with = "out")]
    check: Option<PathBuf>,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// Reads the files and prints, writes or compares.
pub(super) fn run(flags: &Flags) -> Result<Exit, CommandError> {
    if flags.filename.iter().any(|path| path.as_os_str() == "-") {
        let remedy = "name the files or folders: what comes by standard input has no path";
        return Err(CommandError::usage("standard input has no owner", remedy));
    }
    let loaded = session::checked(&FileFlags { filename: flags.filename.clone(), app: Vec::new() })?;
    let root = Root::find(flags.root.as_deref())?;
    let owned = Owned::new(&loaded)?;
    let folders = flags.filename.iter().map(|path| root.pattern(path)).collect::<Result<Vec<_>, _>>()?;
    let mut entries = general(&folders, &owned);
    for (file, owners) in owned.files() {
        entries.push(Entry { pattern: root.pattern(file.as_ref())?.to_string(), owners });
    }
    entries.dedup();
    let block = block(&folders, &entries);
    for note in owned.notes() {
        output::note(&format!("{}\n", output::escape::printable(note)));
    }
    let stale = match flags.out.as_ref().or(flags.check.as_ref()) {
        Some(path) => put(path, &block, flags.out.is_some())?,
        None => None,
    };
    match flags.output {
        Format::Json => {
            let stale = flags.check.as_ref().map(|_| stale.is_some());
            let notes = owned.notes().to_vec();
            output::json(&CodeownersDocument { schema: CODEOWNERS_SCHEMA, entries, notes, stale })?;
        }
        Format::Text if flags.out.is_none() && flags.check.is_none() => output::plain(&block)?,
        Format::Text => {}
    }
    match (&flags.check, stale) {
        (Some(path), Some(stale)) => Err(is_stale(flags, path, stale)),
        _ => Ok(Exit::Done),
    }
}

/// In which way a file does not say what `owners` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stale {
    Missing,
    Different,
}

/// Compares the file with what it should be, and makes it so if it is to be written.
fn put(path: &Path, block: &str, write: bool) -> Result<Option<Stale>, CommandError> {
    let existing = if path.exists() { Some(read(path)?) } else { None };
    let whole = merged(existing.as_deref().unwrap_or_default(), block).map_err(|error| {
        let what = format!("{}:{}: {error}", path.display(), error.line());
        let remedy = "nothing was written: put the missing line back, or take our lines out, and run it again";
        CommandError::usage(what, remedy)
    })?;
    let stale = match &existing {
        None => Some(Stale::Missing),
        Some(existing) => (*existing != whole).then_some(Stale::Different),
    };
    if write && stale.is_some() {
        let failed = |path: &Path, source| CommandError::File { verb: "write", path: path.to_owned(), source };
        // The folder where forges look for the file; what lies above it must be there.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        if let Some(folder) = folder {
            fs::create_dir(folder).map_err(|source| failed(folder, source))?;
        }
        fs::write(path, &whole).map_err(|source| failed(path, source))?;
    }
    Ok(stale)
}

fn is_stale(flags: &Flags, path: &Path, stale: Stale) -> CommandError {
    let path = quoted(&path.display().to_string());
    let what = match stale {
        Stale::Missing => format!("{path} is not there"),
        Stale::Different => format!("{path} does not say what `owners` says"),
    };
    let files = again(flags.filename.iter().map(|file| file.display().to_string()));
    let root = flags.root.as_ref().map(|root| format!(" --root {}", quoted(&root.display().to_string())));
    let root = root.unwrap_or_default();
    CommandError::refused(what, format!("run `appaccess codeowners{files}{root} --out {path}` and commit it"))
}

fn read(path: &Path) -> Result<String, CommandError> {
    fs::read_to_string(path).map_err(|source| CommandError::File { verb: "read", path: path.to_owned(), source })
}

/// What holds for a file that nobody knows yet: any owner of any app may approve it.
fn general(folders: &[Pattern], owned: &Owned) -> Vec<Entry> {
    let mut folders: Vec<&Pattern> = folders.iter().filter(|pattern| pattern.is_folder()).collect();
    folders.sort();
    folders.iter().map(|pattern| Entry { pattern: pattern.to_string(), owners: owned.everybody() }).collect()
}

/// The flags that name these paths, each with a space before it.
fn again(paths: impl Iterator<Item = String>) -> String {
    paths.flat_map(|path| [" -f ".to_owned(), quoted(&path)]).collect()
}

fn block(paths: &[Pattern], entries: &[Entry]) -> String {
    let paths = again(paths.iter().map(|path| path.relative().to_owned()));
    let mut text = format!(
        "{BEGIN}\n# Generated from `owners` by: appaccess codeowners{paths}\n# Do not edit. The last line that fits a \
         file counts, and each of its owners may approve.\n"
    );
    for entry in entries {
        let _ = writeln!(text, "{} {}", entry.pattern, entry.owners.join(" "));
    }
    text.push_str(END);
    text.push('\n');
    text
}
