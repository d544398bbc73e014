//! The name that the binary is called by. As `kubectl-appaccess` it is a plugin of `kubectl`: it says so in every usage
//! line, and works over the cluster unless files are named. It must not know what a command does.

use std::{
    borrow::Cow,
    env,
    ffi::{OsStr, OsString},
    path::Path,
    process::ExitCode,
};

use appaccess_core::access::ObjectName;
use clap::{Arg, ArgMatches, Command};
use kube::config::Kubeconfig;

use super::output;

/// As which part of `kubectl` the binary was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// By its own name.
    Itself,
    /// As `kubectl appaccess`.
    Plugin,
    /// To complete words for `kubectl appaccess`.
    Completer,
}

/// Flags that say where to work, so that the cluster is not meant, or named already.
const ELSEWHERE: [&str; 10] =
    ["-f", "--filename", "--state", "--directory", "--base", "--cluster", "-h", "--help", "--at", "--out"];

impl Call {
    /// By the first word of the command line.
    pub(super) fn of_this_process() -> Self {
        env::args_os().next().map_or(Self::Itself, |name| Self::by(&name))
    }

    fn by(program: &OsStr) -> Self {
        match Path::new(program).file_stem().and_then(OsStr::to_str) {
            Some("kubectl-appaccess") => Self::Plugin,
            Some("kubectl_complete-appaccess") => Self::Completer,
            _ => Self::Itself,
        }
    }

    /// Reads a command line, as this call means it.
    pub(super) fn matches(
        self,
        command: Command,
        mut words: Vec<OsString>,
    ) -> (Command, Result<ArgMatches, clap::Error>) {
        let mut command = self.named(command);
        if self == Self::Plugin {
            mean_the_cluster(&command, &mut words);
        }
        command = in_namespace(command, value_of(&words, "-n", "--namespace"));
        let matches = command.try_get_matches_from_mut(words);
        (command, matches)
    }

    /// The command under the name by which people called it.
    pub(super) fn named(self, command: Command) -> Command {
        if self == Self::Itself {
            return command;
        }
        let words: Vec<String> = command.get_subcommands().map(|known| known.get_name().to_owned()).collect();
        let told = move |command: Command| match command.get_after_help().map(ToString::to_string) {
            Some(help) => command.after_help(renamed(&help, &words)),
            None => command,
        };
        told.clone()(command).bin_name("kubectl appaccess").mut_subcommands(told)
    }
}

/// A text as it reads to whoever called the binary so.
pub(super) fn spoken(text: &str) -> String {
    if Call::of_this_process() == Call::Itself {
        return text.to_owned();
    }
    let words: Vec<String> = super::command().get_subcommands().map(|known| known.get_name().to_owned()).collect();
    renamed(text, &words)
}

/// `appaccess` becomes `kubectl appaccess` wherever a command of it follows.
fn renamed(text: &str, commands: &[String]) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("appaccess ") {
        told.push_str(before);
        let word = after.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').next();
        let begins = !told.ends_with(|letter: char| letter.is_alphanumeric() || "-_/.".contains(letter));
        let is_said = told.ends_with("kubectl ");
        if begins && !is_said && word.is_some_and(|word| commands.iter().any(|known| known == word)) {
            told.push_str("kubectl ");
        }
        told.push_str("appaccess ");
        rest = after;
    }
    told.push_str(rest);
    told
}

/// Adds `--cluster` and the namespace of the context to commands that know them, unless the words say something else.
fn mean_the_cluster(command: &Command, words: &mut Vec<OsString>) {
    let Some((place, known)) = subcommand(command, words) else { return };
    let takes = |name: &str| known.get_arguments().any(|argument| argument.get_id() == name);
    let is_elsewhere = words.iter().take_while(|word| *word != "--").any(|word| {
        let word = word.to_string_lossy();
        let (flag, _) = word.split_once('=').unwrap_or((&word, ""));
        ELSEWHERE.contains(&flag) || (word.starts_with("-f") && !word.starts_with("--"))
    });
    if !takes("cluster") || is_elsewhere {
        return;
    }
    let mut further: Vec<OsString> = vec!["--cluster".into()];
    let says = |short: &str, long: &str| value_of(words, short, long).is_some();
    let everywhere = words.iter().any(|word| word == "-A" || word == "--all-namespaces");
    if !says("-n", "--namespace") && !everywhere {
        let namespace = namespace_of_context(value_of(words, "", "--context").as_deref());
        further.extend(["--namespace".into(), namespace.into()]);
    }
    words.splice(place + 1..=place, further);
}

/// The command that the words name, and where.
fn subcommand<'a>(command: &'a Command, words: &[OsString]) -> Option<(usize, &'a Command)> {
    words.iter().enumerate().skip(1).find_map(|(place, word)| Some((place, command.find_subcommand(word)?)))
}

/// The value of a flag, as it is written in any of its forms.
fn value_of(words: &[OsString], short: &str, long: &str) -> Option<String> {
    let mut words = words.iter().take_while(|word| *word != "--").map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        if word == long || (!short.is_empty() && word == short) {
            return words.next().map(Cow::into_owned);
        }
        if let Some(value) = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value.to_owned());
        }
        if let Some(value) = word.strip_prefix(short).filter(|_| !short.is_empty() && !word.starts_with("--")) {
            return Some(value.trim_start_matches('=').to_owned());
        }
    }
    None
}

/// The namespace that the kubeconfig names for a context, else `default`.
fn namespace_of_context(context: Option<&str>) -> String {
    let named = Kubeconfig::read().ok().and_then(|kubeconfig| {
        let wanted = context.map(str::to_owned).or(kubeconfig.current_context)?;
        let context = kubeconfig.contexts.into_iter().find(|context| context.name == wanted)?;
        context.context?.namespace
    });
    named.filter(|namespace| !namespace.is_empty()).unwrap_or_else(|| "default".to_owned())
}

/// Bare names are in this namespace, in the commands that take one.
fn in_namespace(command: Command, namespace: Option<String>) -> Command {
    let Some(namespace) = namespace else { return command };
    command.mut_subcommands(|command| {
        let takes = |name: &str| command.get_arguments().any(|argument| argument.get_id() == name);
        let (named, digest, chosen) = (takes("name"), takes("digest"), takes("app"));
        if !takes("namespace") {
            return command;
        }
        let whole = |argument: Arg| {
            let namespace = namespace.clone();
            argument.value_parser(move |text: &str| {
                if text.contains('/') {
                    ObjectName::parse(text)
                } else {
                    ObjectName::parse(&format!("{namespace}/{text}"))
                }
            })
        };
        // A changed argument moves behind the others, and positional ones count by their place.
        let command = if named { command.mut_arg("name", |argument| whole(argument).index(1)) } else { command };
        let command = if digest { command.mut_arg("digest", |argument| argument.index(2)) } else { command };
        if chosen { command.mut_arg("app", whole) } else { command }
    })
}

/// Completes the last word of a command line for `kubectl`: one candidate a line, then what the shell is to do (`:4`, no file
/// names; `:0`, as it likes), in the protocol of cobra.
pub(super) fn complete() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    let mut command = Call::Completer.named(super::command());
    let last = words.len().saturating_sub(1);
    let folder = env::current_dir().ok();
    let found = clap_complete::engine::complete(&mut command, words, last, folder.as_deref()).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for candidate in found.iter().filter(|candidate| !candidate.is_hide_set()) {
        let help =
            candidate.get_help().map(|help| format!("\t{}", help.to_string().lines().next().unwrap_or_default()));
        lines.push(format!("{}{}\n", candidate.get_value().to_string_lossy(), help.unwrap_or_default()));
    }
    lines.push(if lines.is_empty() { ":0\n".to_owned() } else { ":4\n".to_owned() });
    if output::plain(&lines.concat()).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(line: &str) -> Vec<String> {
        let mut words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        mean_the_cluster(&super::super::command(), &mut words);
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_name_of_the_program_decides() {
        for (name, call) in [
            ("appaccess", Call::Itself),
            ("/usr/local/bin/kubectl-appaccess", Call::Plugin),
            ("kubectl-appaccess.exe", Call::Plugin),
            ("./kubectl_complete-appaccess", Call::Completer),
            ("", Call::Itself),
        ] {
            assert_eq!(Call::by(OsStr::new(name)), call, "{name}");
        }
    }

    #[test]
    fn the_cluster_is_meant_unless_the_words_say_otherwise() {
        assert!(meant("kubectl-appaccess plan -A").contains(&"--cluster".to_owned()));
        let named = meant("kubectl-appaccess -v approve -n it boards --context prod");
        assert_eq!(
            named,
            "kubectl-appaccess -v approve --cluster -n it boards --context prod".split(' ').collect::<Vec<_>>()
        );
        for line in [
            "kubectl-appaccess plan -f access",
            "kubectl-appaccess plan -faccess",
            "kubectl-appaccess plan --filename=access",
            "kubectl-appaccess approve boards --state x.db",
            "kubectl-appaccess plan --help",
            "kubectl-appaccess demo",
            "kubectl-appaccess",
        ] {
            assert_eq!(meant(line), line.split(' ').collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_bare_name_is_in_the_namespace_that_is_named() {
        let words =
            "appaccess plan --cluster -n it --app boards --app hr/desk".split(' ').map(OsString::from).collect();
        let matches = Call::Itself.matches(super::super::command(), words).1.unwrap();
        let plan = matches.subcommand_matches("plan").unwrap();
        let apps: Vec<String> = plan.get_many::<ObjectName>("app").unwrap().map(ToString::to_string).collect();
        assert_eq!(apps, ["it/boards", "hr/desk"]);
        let words = "appaccess approve --cluster -n it boards sha256:0 --yes".split(' ').map(OsString::from).collect();
        let matches = Call::Itself.matches(super::super::command(), words).1.unwrap();
        let approve = matches.subcommand_matches("approve").unwrap();
        assert_eq!(approve.get_one::<ObjectName>("name").unwrap().to_string(), "it/boards");
        assert_eq!(approve.get_one::<String>("digest").unwrap(), "sha256:0");
    }

    #[test]
    fn only_commands_are_renamed() {
        let commands = ["plan".to_owned(), "apply".to_owned()];
        for (text, told) in [
            ("see `appaccess plan` first", "see `kubectl appaccess plan` first"),
            ("  appaccess plan && appaccess apply x", "  kubectl appaccess plan && kubectl appaccess apply x"),
            ("that appaccess is installed", "that appaccess is installed"),
            ("kubectl appaccess plan", "kubectl appaccess plan"),
            ("/opt/appaccess plan", "/opt/appaccess plan"),
        ] {
            assert_eq!(renamed(text, &commands), told);
        }
    }
}
