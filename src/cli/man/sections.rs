//! The sections of a manual page that the definition of a command does not hold as such: examples, exit codes, the
//! environment, files. Pure.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
};

use clap_mangen::roff::{Roff, bold, roman};

/// How every command ends.
const EXITS: [(&str, &str); 5] = [
    ("0", "Done; or nothing differs; or what differs is only reported, as the mode or policy says."),
    ("1", "Something failed: the rest was done, and what failed is listed."),
    ("2", "Only with --detailed-exitcode: changes are pending."),
    ("3", "Something is held and waits for a decision; the rest was done."),
    ("64", "Wrong usage or invalid files: nothing was contacted."),
];

/// What begins the paragraph about a command's own exit codes.
const OWN_EXITS: &str = "Exit codes:";

/// Variables that no flag stands for.
const VARIABLES: [(&str, &str); 4] = [
    (
        "APPACCESS_SECRET_<NAMESPACE>_<NAME>_<KEY>",
        "A key of a Secret that is found neither below --secrets nor among the files; upper case, with - and . as _.",
    ),
    ("NO_COLOR", "Not empty: no colour. CLICOLOR_FORCE=1 keeps it where there is no terminal; TERM=dumb turns it off."),
    ("COLUMNS", "How wide what is printed may be, where the terminal does not tell; 100 without it."),
    ("KUBECONFIG", "Where a cluster is found, for what speaks to one."),
];

/// Files that are read or written.
const FILES: [(&str, &str); 3] = [
    (".appaccess/state.db", "The store, unless --state names another: what is ours, what was done, what was decided."),
    ("*.yaml, *.yml", "Declarations, in the folders that -f names and in all below them."),
    ("DIR/<namespace>/<secret name>/<key>", "Credentials, where --secrets names DIR."),
];

/// The title: name, section, date, source, manual (man-pages(7)). Each in quotes, since an empty one would shift the others; a
/// date would differ from build to build.
pub(super) fn title(file: &str, text: &mut Vec<u8>) -> io::Result<()> {
    let (name, section) = file.rsplit_once('.').unwrap_or((file, "1"));
    let version = env!("CARGO_PKG_VERSION");
    writeln!(text, ".TH \"{name}\" \"{section}\" \"\" \"appaccess {version}\" \"appaccess\"")
}

/// How the command is called.
pub(super) fn synopsis(command: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).control("nf", []);
    for line in usage.strip_prefix("Usage: ").unwrap_or(&usage).lines() {
        roff.text([roman(line.trim())]);
    }
    roff.control("fi", []).to_writer(text)
}

/// The page in ASCII alone, as every renderer reads it: other characters by their numbers (groff, "Special characters").
pub(super) fn plain(page: &str) -> String {
    let mut plain = String::with_capacity(page.len());
    for character in page.chars() {
        if character.is_ascii() {
            plain.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(plain, "\\[u{:04X}]", u32::from(character));
        }
    }
    plain
}

/// Writes the sections.
pub(super) fn render(command: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (examples, notes) = parts(&after);
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        for example in examples {
            // One line each, as it is typed.
            roff.control("PP", []).control("nf", []).text([bold(example)]).control("fi", []);
        }
    }
    for note in notes.iter().filter(|note| !note.starts_with(OWN_EXITS)) {
        roff.control("PP", []).text([roman(*note)]);
    }
    listed(&mut roff, "EXIT STATUS", EXITS.map(|(name, says)| (name.to_owned(), says.to_owned())));
    for own in notes.iter().filter_map(|note| note.strip_prefix(OWN_EXITS)).filter(|_| !command.has_subcommands()) {
        roff.control("PP", []).text([roman(format!("Of this command: {}", own.trim()))]);
    }
    listed(&mut roff, "ENVIRONMENT", variables(command));
    listed(&mut roff, "FILES", FILES.map(|(name, says)| (name.to_owned(), says.to_owned())));
    roff.to_writer(text)
}

fn listed(roff: &mut Roff, title: &str, rows: impl IntoIterator<Item = (String, String)>) {
    roff.control("SH", [title]);
    for (name, says) in rows {
        roff.control("TP", []).text([bold(name)]).text([roman(says)]);
    }
}

/// The variables that stand for flags of the command, and those that no flag stands for.
fn variables(command: &clap::Command) -> BTreeMap<String, String> {
    let of_flags = command.get_arguments().filter_map(|argument| {
        let name = argument.get_env()?.to_str()?.to_owned();
        Some((name, format!("The same as --{}.", argument.get_long()?)))
    });
    let others = VARIABLES.map(|(name, says)| (name.to_owned(), says.to_owned()));
    of_flags.chain(others).collect()
}

/// The examples of what is said after the help, and the paragraphs beside them.
fn parts(after: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut examples, mut notes) = (Vec::new(), Vec::new());
    for paragraph in after.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        match paragraph.strip_prefix("Examples:\n") {
            Some(lines) => examples.extend(lines.lines().map(str::trim)),
            None => notes.push(paragraph.trim()),
        }
    }
    (examples, notes)
}

#[cfg(test)]
mod tests {
    use super::{parts, plain};

    #[test]
    fn what_is_not_ascii_is_written_by_its_number() {
        assert_eq!(plain("a… → b"), r"a\[u2026] \[u2192] b");
    }

    #[test]
    fn examples_and_notes_are_told_apart() {
        let after = "Examples:\n  appaccess a\n  appaccess b\n\nExit codes: 0 or 1.";
        assert_eq!(parts(after), (vec!["appaccess a", "appaccess b"], vec!["Exit codes: 0 or 1."]));
        assert_eq!(parts(""), (vec![], vec![]));
    }
}
