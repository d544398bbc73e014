//! The reference of the commands, written from what the command line itself knows: one page for each, every flag with its
//! value, default and environment, the examples, the exit codes.

use std::{fmt::Write as _, fs};

use clap::{Arg, Command};

use super::{
    generated::{self, cell},
    read,
    shown::program,
};
use crate::support::tools::repository;

/// The commands that people see.
pub(super) fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// The paragraphs after the flags: the commands of the examples, and the others.
fn after(command: &Command) -> (Vec<String>, Vec<String>) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (mut examples, mut others) = (Vec::new(), Vec::new());
    for paragraph in text.split("\n\n") {
        match paragraph.strip_prefix("Examples:\n") {
            Some(lines) => examples.extend(lines.lines().map(|line| line.trim().to_owned())),
            None => others.push(paragraph.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
    others.retain(|paragraph| !paragraph.is_empty());
    (examples, others)
}

/// A sentence for a table.
fn told(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut text = help.map(ToString::to_string).unwrap_or_default().replace("\n\n", ". ");
    let values: Vec<String> =
        argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if argument.get_action().takes_values() && !values.is_empty() && !argument.is_hide_possible_values_set() {
        let _ = write!(text, ": {}", values.join(", "));
    }
    text.replace("..", ".")
}

fn name(argument: &Arg) -> String {
    let values: Vec<String> = argument.get_value_names().into_iter().flatten().map(ToString::to_string).collect();
    let value = if argument.get_action().takes_values() { values.join(" ") } else { String::new() };
    let names =
        [argument.get_short().map(|short| format!("-{short}")), argument.get_long().map(|long| format!("--{long}"))];
    let names: Vec<String> = names.into_iter().flatten().collect();
    match (names.is_empty(), value.is_empty()) {
        (true, _) => format!("`{value}`"),
        (false, true) => format!("`{}`", names.join("`, `")),
        (false, false) => format!("`{} {value}`", names.join("`, `")),
    }
}

fn default_of(argument: &Arg) -> String {
    if argument.is_required_set() {
        return "required".to_owned();
    }
    let values: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if argument.get_action().takes_values() && !values.is_empty() {
        format!("`{}`", values.join(" "))
    } else {
        String::new()
    }
}

fn table(arguments: &[&Arg], text: &mut String) {
    text.push_str("| | default | environment | what it does |\n| --- | --- | --- | --- |\n");
    for argument in arguments {
        let environment = argument.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {environment} | {} |",
            cell(&name(argument)),
            cell(&default_of(argument)),
            cell(&told(argument))
        );
    }
    text.push('\n');
}

fn text(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let mut text = format!("{}# {}\n\n{about}.\n\n```text\n{usage}\n```\n\n", generated::MARK, command.get_name());
    let (examples, others) = after(command);
    if !examples.is_empty() {
        let _ = writeln!(text, "```sh\n{}\n```\n", examples.join("\n"));
    }
    for paragraph in &others {
        let _ = writeln!(text, "{paragraph}\n");
    }
    let ours = |argument: &&Arg| !argument.is_hide_set() && !argument.is_global_set() && !is_of_clap(argument);
    let arguments: Vec<&Arg> = command.get_arguments().filter(ours).collect();
    if !arguments.is_empty() {
        text.push_str("## Arguments\n\n");
        table(&arguments, &mut text);
    }
    let codes = exit_codes(command.get_name());
    if !codes.is_empty() {
        text.push_str("## Exit codes\n\n| code | means |\n| --- | --- |\n| 0 | done |\n");
        for (code, means) in codes {
            let _ = writeln!(text, "| {code} | {means} |");
        }
        text.push_str("| 64 | wrong usage or invalid files; nothing was contacted |\n\n");
    }
    text.push_str("[Flags and exit codes of every command](README.md)\n");
    text
}

/// What the exit codes of a command mean, where it does not say so itself: those other than 0, and than 64 for wrong usage.
fn exit_codes(command: &str) -> &'static [(u8, &'static str)] {
    const FAILED: (u8, &str) =
        (1, "an app could not be read completely, or a claim is refused or unknown; the rest is there");
    const HELD: (u8, &str) = (3, "something is held and waits for a decision, or a person's task is overdue");
    match command {
        "validate" => &[(1, "a reference leads to what is not there or not permitted; the files themselves are valid")],
        "plan" => &[FAILED, (2, "changes are pending; only with `--detailed-exitcode`"), HELD],
        "apply" => &[
            (
                1,
                "a change failed, an app could not be read completely, or a claim is refused or unknown; the rest was done",
            ),
            HELD,
        ],
        "approve" | "reject" => {
            &[(1, "nothing is held under that digest, or the store or the cluster cannot be reached")]
        }
        "import" => {
            &[(1, "the app could not be read completely, or a file would be written over; nothing was written")]
        }
        "run" | "operator" => &[(1, "it could not start, or not go on; a fault of one app never ends it")],
        _ => &[],
    }
}

fn is_of_clap(argument: &Arg) -> bool {
    matches!(argument.get_id().as_str(), "help" | "version")
}

fn index(program: &Command) -> String {
    let about = program.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{}# Every command\n\n`appaccess`: {about}.\n\n", generated::MARK);
    text.push_str("| command | what it does |\n| --- | --- |\n");
    for command in commands(program) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "| [{0}]({0}.md) | {1} |", command.get_name(), cell(&about));
    }
    text.push_str("\n## Flags of every command\n\n");
    let everywhere: Vec<&Arg> = program.get_arguments().filter(|argument| argument.is_global_set()).collect();
    table(&everywhere, &mut text);
    text.push_str(
        "`--help` explains a command, `-h` in short; `--version` says which program this is.\n\n## Exit codes\n\n",
    );
    text.push_str(
        "| code | means |\n| --- | --- |\n\
         | 0 | done, or nothing to do, or what differs is only reported |\n\
         | 1 | something failed; the rest was done |\n\
         | 2 | changes are pending; only with `--detailed-exitcode` |\n\
         | 3 | something is held and waits for a decision; the rest was done |\n\
         | 64 | wrong usage or invalid files; nothing was contacted |\n\n\
         The worst wins, in the order 64, 1, 3, 2, 0. More in [Exit codes and JSON](../exit-codes-and-json.md).\n",
    );
    text
}

#[test]
fn every_command_has_a_page_that_is_that_of_its_flags() {
    let program = program();
    let named = commands(&program).map(|command| (format!("{}.md", command.get_name()), text(command)));
    let mut pages: Vec<(String, String)> = named.collect();
    pages.push(("README.md".to_owned(), index(&program)));
    generated::check("docs/commands", &pages);
}

/// The summary with the pages of the commands below their heading.
fn summary(program: &Command) -> String {
    const HEADING: &str = "- [Every command](commands/README.md)\n";
    let text = read("docs/SUMMARY.md");
    let (before, after) = text.split_once(HEADING).expect("the summary has the commands");
    let rest: Vec<&str> = after.lines().skip_while(|line| line.starts_with("  - ")).collect();
    let pages = commands(program).map(|command| format!("  - [{0}](commands/{0}.md)\n", command.get_name()));
    format!("{before}{HEADING}{}{}\n", pages.collect::<String>(), rest.join("\n"))
}

#[test]
fn the_summary_has_a_page_that_is_that_of_its_command_for_each() {
    let path = repository().join("docs/SUMMARY.md");
    let text = summary(&program());
    if generated::updates() {
        fs::write(&path, &text).unwrap();
    }
    assert!(read("docs/SUMMARY.md") == text, "docs/SUMMARY.md is stale: run `make generate`");
}

#[test]
fn every_command_has_an_example() {
    let program = program();
    let silent: Vec<&str> =
        commands(&program).filter(|command| after(command).0.is_empty()).map(Command::get_name).collect();
    assert!(silent.is_empty(), "show by `after_help` how these are used: {silent:?}");
}

#[test]
fn every_flag_says_what_it_does() {
    for command in commands(&program()) {
        let silent: Vec<_> =
            command.get_arguments().filter(|argument| told(argument).len() < 8).map(Arg::get_id).collect();
        assert!(silent.is_empty(), "{}: {silent:?}", command.get_name());
    }
}
