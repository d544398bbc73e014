//! `codeowners`: who must review which file, from `owners`. Asks nobody but the files.

mod owned;
mod paths;

use std::{fmt::Write as _, fs, path::PathBuf};

use clap::{Args, ValueEnum};

use self::{
    owned::Owned,
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

/// What begins our part of a file that others write in, too.
const BEGIN: &str = "# appaccess: begin";
/// What ends it.
const END: &str = "# appaccess: end";

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
    Exit codes: 0, or 1 where --check finds the file stale, or 64 where a path or an owner cannot be written down.")]
pub struct Flags {
    /// File or folder (with all below it); repeatable
    #[arg(short, long, value_name = "PATH", required = true)]
    filename: Vec<PathBuf>,
    /// The root of the repository; where absent, the nearest folder above that has a `.git`
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Write our part into this file; what others wrote in it stays
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
    let existing = match flags.out.as_ref().or(flags.check.as_ref()) {
        Some(path) if path.exists() => Some(read(path)?),
        _ => None,
    };
    let whole = merged(existing.as_deref().unwrap_or_default(), &block);
    let stale = existing.as_deref() != Some(whole.as_str());
    if let Some(path) = flags.out.as_ref().filter(|_| stale) {
        fs::write(path, &whole).map_err(|source| CommandError::File { verb: "write", path: path.clone(), source })?;
    }
    match flags.output {
        Format::Json => {
            let stale = flags.check.as_ref().map(|_| stale);
            let notes = owned.notes().to_vec();
            output::json(&CodeownersDocument { schema: CODEOWNERS_SCHEMA, entries, notes, stale })?;
        }
        Format::Text if flags.out.is_none() && flags.check.is_none() => output::plain(&block)?,
        Format::Text => {}
    }
    match flags.check.as_ref().filter(|_| stale) {
        None => Ok(Exit::Done),
        Some(path) => {
            let path = quoted(&path.display().to_string());
            let what = format!("{path} does not say what `owners` says");
            let again: String = again(flags.filename.iter().map(|file| file.display().to_string()));
            Err(CommandError::refused(what, format!("run `appaccess codeowners{again} --out {path}` and commit it")))
        }
    }
}

fn read(path: &PathBuf) -> Result<String, CommandError> {
    fs::read_to_string(path).map_err(|source| CommandError::File { verb: "read", path: path.clone(), source })
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

/// The file with our part in place of what it was; at the end, where there was none.
fn merged(existing: &str, block: &str) -> String {
    let lines: Vec<&str> = existing.lines().collect();
    let begin = lines.iter().position(|line| *line == BEGIN);
    let end = begin.and_then(|begin| lines.iter().skip(begin).position(|line| *line == END).map(|end| begin + end));
    let (before, after) = match (begin, end) {
        (Some(begin), Some(end)) => (lines.get(..begin), lines.get(end + 1..)),
        _ => (Some(lines.as_slice()), None),
    };
    let whole = |lines: Option<&[&str]>| lines.unwrap_or_default().iter().flat_map(|line| [*line, "\n"]).collect();
    let (before, after): (String, String) = (whole(before), whole(after));
    let gap = if begin.is_none() && !before.is_empty() && !before.ends_with("\n\n") { "\n" } else { "" };
    format!("{before}{gap}{block}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_and_our_part_is_replaced() {
        let ours = |owner: &str| format!("{BEGIN}\n/a {owner}\n{END}\n");
        assert_eq!(merged("", &ours("@x")), ours("@x"));
        let first = merged("* @all\n", &ours("@x"));
        assert_eq!(first, format!("* @all\n\n{}", ours("@x")));
        let with_more = format!("{first}/b @y\n");
        assert_eq!(merged(&with_more, &ours("@z")), format!("* @all\n\n{}/b @y\n", ours("@z")));
        assert_eq!(merged(&with_more, &ours("@x")), with_more, "twice is once");
    }
}
