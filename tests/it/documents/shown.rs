//! The commands that documents show: each is one that exists, with flags that exist. Blocks marked `sh` hold commands and
//! nothing else; in those marked `console` commands begin with `$ `, and what they print follows.

use std::{collections::BTreeSet, process::Command as Process};

use appaccess::cli::Arguments;
use clap::{CommandFactory as _, error::ErrorKind};

use super::{Document, documents, read};
use crate::support::tools;

/// A line that somebody types, and what the document says it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) line: String,
    pub(super) prints: Vec<String>,
}

/// The program with all its commands; flags that every command has stand on each.
pub(super) fn program() -> clap::Command {
    let mut program = Arguments::command().term_width(100);
    program.build();
    program
}

/// Programs of others that documents use, with what is checked about them beyond their name.
const OTHERS: [(&str, &str); 28] = [
    ("cargo", "builds the program"),
    ("cat", "reads a file"),
    ("cd", "of the shell"),
    ("cp", "copies files"),
    ("curl", "an app or the metrics are asked by hand"),
    ("diff", "compares two texts"),
    ("docker", "builds an image"),
    ("echo", "of the shell"),
    ("export", "of the shell"),
    ("flux", "of the reader's own cluster"),
    ("argocd", "of the reader's own cluster"),
    ("git", "keeps the files"),
    ("grep", "searches a text"),
    ("helm", "its flags are checked where the chart is installed"),
    ("jq", "reads JSON"),
    ("kustomize", "writes manifests"),
    ("ls", "lists files"),
    ("mkdir", "makes folders"),
    ("mv", "moves files"),
    ("man", "of the reader's own machine"),
    ("psql", "of the reader's own database"),
    ("pg_dump", "of the reader's own database"),
    ("python3", "makes a virtual environment"),
    ("rm", "removes files"),
    ("scim/bin/pip", "installs a SCIM server of others"),
    ("scim/bin/scim2-server", "a SCIM server of others"),
    ("sed", "edits a file"),
    ("createdb", "of the reader's own database"),
];

/// The commands of a block; `is_console` tells the two sorts apart.
pub(super) fn commands(block: &str, is_console: bool) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let mut goes_on = false;
    for line in block.lines() {
        let command = if goes_on {
            Some(line)
        } else if is_console {
            line.strip_prefix("$ ")
        } else {
            Some(line)
        };
        match (command, shown.last_mut()) {
            (Some(rest), Some(last)) if goes_on => {
                last.line.truncate(last.line.len() - 1);
                last.line.push_str(rest.trim_start());
            }
            (Some(line), _) if !line.trim().is_empty() && !line.starts_with('#') => {
                shown.push(Shown { line: line.trim().to_owned(), prints: Vec::new() });
            }
            (None, Some(last)) => last.prints.push(line.to_owned()),
            _ => {}
        }
        goes_on = command.is_some() && line.ends_with('\\');
    }
    shown
}

impl Document {
    /// All commands that it shows in blocks.
    pub(super) fn commands(&self) -> Vec<Shown> {
        let all = self.blocks("sh").into_iter().map(|block| (block, false));
        let all = all.chain(self.blocks("console").into_iter().map(|block| (block, true)));
        all.flat_map(|(block, is_console)| commands(block, is_console)).collect()
    }
}

/// The simple commands of a line, each as its words: pipes, lists, redirections, assignments and comments taken away.
fn simple(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        let joins_outputs = letter == '&' && word.as_ref().is_some_and(|word| word.ends_with('>'));
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | ';' | '&') if !joins_outputs => {
                commands.last_mut().unwrap().extend(word.take());
                commands.push(Vec::new());
            }
            (None, _) if letter.is_whitespace() => commands.last_mut().unwrap().extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    commands.last_mut().unwrap().extend(word.take());
    commands.into_iter().map(without_shell).filter(|words| !words.is_empty()).collect()
}

/// Takes away `> file`, `2>&1` and `NAME=value` before the command.
fn without_shell(words: Vec<String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut skips = false;
    for word in words {
        if skips {
            skips = false;
            continue;
        }
        match word.trim_start_matches(|letter: char| letter.is_ascii_digit()) {
            rest if rest.starts_with(['>', '<']) => skips = rest.trim_start_matches(['>', '<']).is_empty(),
            _ if kept.is_empty() && word.split_once('=').is_some_and(|(name, _)| is_name(name)) => {}
            _ => kept.push(word),
        }
    }
    kept
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What is wrong with a command; nothing where all is well.
fn fault(words: &[String]) -> Option<String> {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let arguments = words.get(1..).unwrap_or_default();
    match (program, arguments.first().map(String::as_str)) {
        ("appaccess" | "kubectl-appaccess", _) => usage_fault(arguments),
        ("kubectl", Some("appaccess")) => usage_fault(&arguments[1..]),
        ("cargo", Some("run")) => {
            let ours = arguments.iter().position(|word| word == "--").map_or(&[][..], |at| &arguments[at + 1..]);
            usage_fault(ours)
        }
        ("make", Some(target)) => {
            let known = read("Makefile").lines().any(|line| line.starts_with(&format!("{target}:")));
            (!known).then(|| format!("the Makefile has no task {target}"))
        }
        ("kubectl", _) => kubectl_fault(arguments),
        (program, _) if program.starts_with("./") || program.starts_with("tests/") || program.starts_with(".ci/") => {
            let there = tools::repository().join(program).is_file();
            (!there).then(|| format!("there is no {program}"))
        }
        (program, _) => {
            let known = OTHERS.iter().any(|(name, _)| *name == program);
            (!known).then(|| format!("`{program}` is not known to this test"))
        }
    }
}

/// Judges our own command as the program itself does.
fn usage_fault(arguments: &[String]) -> Option<String> {
    let words = std::iter::once("appaccess").chain(arguments.iter().map(String::as_str));
    match Arguments::command().try_get_matches_from(words) {
        Err(error) if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Some(error.to_string())
        }
        _ => None,
    }
}

/// Lets the real program judge its flags, without any cluster: asked for help, it reads them first.
fn kubectl_fault(arguments: &[String]) -> Option<String> {
    let own = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    let kubectl = tools::control_plane().join("kubectl");
    let output = Process::new(kubectl).args(&arguments[..own]).arg("--help").output().expect("kubectl starts");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn every_shown_command_is_one_that_exists() {
    let mut faults = Vec::new();
    let mut judged = 0;
    for document in documents() {
        for shown in document.commands() {
            for words in simple(&shown.line) {
                judged += 1;
                let found = fault(&words).map(|fault| format!("{}: {}\n  {fault}", document.name(), shown.line));
                faults.extend(found);
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(judged > 20, "the documents show commands: {judged}");
}

#[test]
fn every_command_named_in_a_sentence_has_the_flags_that_it_is_named_with() {
    let program = program();
    let mut faults = Vec::new();
    for document in documents() {
        let prose = document.prose();
        for words in super::code_words(&prose).filter_map(|code| code.strip_prefix("appaccess ")) {
            let words: Vec<&str> = words.split_whitespace().collect();
            let Some(first) = words.first().filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())) else {
                continue;
            };
            let Some(command) = program.find_subcommand(first) else {
                faults.push(format!("{}: there is no command {first}", document.name()));
                continue;
            };
            let known: BTreeSet<&str> = command.get_arguments().filter_map(|argument| argument.get_long()).collect();
            let flags = words.iter().filter_map(|word| word.strip_prefix("--"));
            let unknown =
                flags.filter(|flag| !flag.is_empty() && !known.contains(flag.split('=').next().unwrap_or(flag)));
            faults.extend(unknown.map(|flag| format!("{}: {first} has no flag --{flag}", document.name())));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_block_says_what_it_holds() {
    const LANGUAGES: [&str; 12] =
        ["yaml", "sh", "console", "text", "json", "csv", "toml", "markdown", "promql", "sql", "rust", "dockerfile"];
    let mut faults = Vec::new();
    for document in documents().into_iter().filter(|document| document.name().starts_with("docs/")) {
        let blocks = document.text.split("```").skip(1).step_by(2);
        let languages = blocks.filter_map(|block| block.lines().next());
        let unknown = languages.filter(|language| !LANGUAGES.contains(language));
        faults.extend(unknown.map(|language| format!("{}: a block of `{language}`", document.name())));
    }
    assert!(faults.is_empty(), "mark them by one of {LANGUAGES:?}:\n{}", faults.join("\n"));
}

mod tests {
    use super::{Shown, commands, fault, simple};

    fn words(line: &str) -> Vec<Vec<String>> {
        simple(line)
    }

    #[test]
    fn a_line_is_taken_apart_as_a_shell_does() {
        assert_eq!(words("X=1 a 'b c' \"d\" > e 2>&1 | f && g & # h"), [vec!["a", "b c", "d"], vec!["f"], vec!["g"]]);
        assert_eq!(words("# nothing"), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_console_tells_commands_from_what_they_print() {
        let shown = commands("$ a \\\n  b\nc\n\n$ d\n", true);
        let line = |line: &str, prints: &[&str]| Shown {
            line: line.to_owned(),
            prints: prints.iter().map(|&line| line.to_owned()).collect(),
        };
        assert_eq!(shown, [line("a b", &["c", ""]), line("d", &[])]);
        assert_eq!(commands("a\n# b\n\nc\n", false), [line("a", &[]), line("c", &[])]);
    }

    #[test]
    fn wrong_commands_are_found() {
        for wrong in ["appaccess plan -f x --bse y", "appaccess pan -f x", "make nothing", "nobody knows", "./nothing"]
        {
            assert!(simple(wrong).iter().any(|words| fault(words).is_some()), "{wrong}");
        }
        assert_eq!(fault(&simple("appaccess plan -f access/ --at 2027-01-01T00:00:00Z")[0]), None);
    }
}
