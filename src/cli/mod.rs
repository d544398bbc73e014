//! The command-line shell: arguments, files and a store in; texts, documents and exit codes out. It must not know the
//! shell of the cluster.

mod apply;
mod base;
mod cluster;
mod codeowners;
mod completions;
mod crds;
mod credentials;
mod decide;
mod demo;
mod doctor;
mod error;
mod exit;
mod explain;
mod flags;
mod history;
mod import;
mod inputs;
mod lease;
mod man;
pub mod operator;
mod output;
mod plan;
mod plugin;
mod run;
mod saved;
mod schema;
mod session;
mod stop;
mod tasks;
mod validate;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};

use self::{error::CommandError, exit::Exit, flags::LogFlags, output::failure::Form};

/// Everything that stands on the command line.
#[derive(Debug, Parser)]
#[command(
    name = "appaccess",
    version,
    about = "Declares who has access to which SaaS app, and keeps it so",
    after_help = "Examples:\n  \
        appaccess validate -f access/\n  \
        appaccess plan -f access/\n  \
        appaccess apply -f access/ --yes\n\n\
        Exit codes: 0 done, 1 something failed, 2 changes are pending (--detailed-exitcode), 3 something is held and \
        waits for a decision, 64 wrong usage or invalid files.",
    max_term_width = 100,
    propagate_version = true
)]
pub struct Arguments {
    #[command(flatten)]
    log: LogFlags,
    /// The document that a program waits for.
    #[arg(skip)]
    document: Option<Form>,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// One command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check files without any app, network or credential
    Validate(validate::Flags),
    /// Show what would change and why; changes nothing
    Plan(plan::Flags),
    /// Make the changes that mode, guards and approvals allow, and read them back
    Apply(apply::Flags),
    /// Show what people are asked to do in apps that cannot do it themselves; changes nothing
    Tasks(tasks::Flags),
    /// Keep reconciling over files until stopped
    Run(run::Flags),
    /// Keep reconciling over the custom resources of a Kubernetes cluster until stopped
    Operator(operator::Flags),
    /// Let held changes pass, after showing every row
    Approve(decide::Flags),
    /// Say no to held changes, after showing every row
    Reject(decide::Flags),
    /// Write down what an app holds now as claims, so that a plan with them changes nothing
    Import(import::Flags),
    /// Write down who must review which file, from the `owners` of the apps
    Codeowners(codeowners::Flags),
    /// Look at each app: reachable, credential, rights, quota, what it can do against what is claimed; changes nothing
    Doctor(doctor::Flags),
    /// Tell why a person has, lacks or will lose each thing; changes nothing
    Explain(explain::Flags),
    /// Tell what was done, when and on whose word, or who had access at a time
    History(history::Flags),
    /// Print the definitions of the custom resources
    Crds(crds::Flags),
    /// Print the JSON Schema of an output
    Schema(schema::Flags),
    /// Tell the whole story on simulated apps: drift, a plan, a hold, its approval, a leaver, silence
    Demo(demo::Flags),
    /// Print what makes a shell complete commands, flags and the names of objects
    Completions(completions::Flags),
    /// Print manual pages
    Man(man::Flags),
}

/// Reads the arguments of the process.
///
/// # Errors
/// The exit code, where there is nothing to run: help and version were asked for and printed, or the usage is wrong.
pub fn parse() -> Result<Arguments, ExitCode> {
    let call = plugin::Call::of_this_process();
    if call == plugin::Call::Completer {
        return Err(plugin::complete());
    }
    let (mut command, matches) = call.matches(command(), std::env::args_os().collect());
    let arguments = matches.and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok(Arguments { document: document(&matches), ..arguments })
    });
    arguments.map_err(|error| {
        let error = error.format(&mut command);
        if error.use_stderr() {
            output::note(&error.render().ansi().to_string());
        } else {
            // That nobody reads the message changes nothing.
            let _ = error.print();
        }
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
            _ => Exit::Usage.into(),
        }
    })
}

/// The document that a command prints, where `-o json` asks for one.
fn document(matches: &ArgMatches) -> Option<Form> {
    let (name, flags) = matches.subcommand()?;
    let format = flags.try_get_raw("output").ok().flatten()?.next_back()?;
    let of_cluster = matches!(flags.try_get_one::<bool>("cluster"), Ok(Some(true)));
    (format == "json").then_some(match name {
        "plan" | "apply" if !of_cluster => Form::Plan,
        "tasks" => Form::Tasks,
        "doctor" => Form::Doctor,
        _ => Form::Other,
    })
}

/// Everything that can stand on the command line.
fn command() -> clap::Command {
    Arguments::command()
}

/// Answers a shell that asks how its line may go on; `false` where none does, and there is a command to carry out. Nothing
/// may be printed before.
///
/// # Errors
/// The exit code, where the shell is none that we know.
pub fn answer_shell() -> Result<bool, ExitCode> {
    completions::answer().map_err(|why| {
        output::three_lines("the shell cannot be answered", &why, "set it up again: `appaccess completions SHELL`");
        Exit::Usage.into()
    })
}

/// Carries out a command. `cluster` is the shell of the cluster, for the command that starts it.
pub async fn run(arguments: Arguments, cluster: operator::Shell) -> ExitCode {
    output::logging::start(arguments.log);
    let quiet = arguments.log.quiet;
    let outcome = match arguments.command {
        Command::Validate(flags) => validate::run(&flags),
        Command::Plan(flags) => plan::run(&flags, quiet).await,
        Command::Apply(flags) => apply::run(&flags, quiet).await,
        Command::Tasks(flags) => tasks::run(&flags, quiet).await,
        Command::Run(flags) => run::run(&flags).await,
        Command::Operator(flags) => operator::run(flags, cluster).await,
        Command::Approve(flags) => decide::run(&flags, decide::Verb::Approve).await,
        Command::Reject(flags) => decide::run(&flags, decide::Verb::Reject).await,
        Command::Import(flags) => import::run(&flags, quiet).await,
        Command::Codeowners(flags) => codeowners::run(&flags),
        Command::Doctor(flags) => doctor::run(&flags, quiet).await,
        Command::Explain(flags) => explain::run(&flags, quiet).await,
        Command::History(flags) => history::run(&flags).await,
        Command::Crds(flags) => crds::run(flags),
        Command::Schema(flags) => schema::run(flags),
        Command::Demo(flags) => demo::run(&flags).await,
        Command::Completions(flags) => completions::run(flags),
        Command::Man(flags) => man::run(&flags),
    };
    settle(outcome, arguments.document)
}

fn settle(outcome: Result<Exit, CommandError>, document: Option<Form>) -> ExitCode {
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            if let Some(form) = document {
                output::failed(form, &error);
            }
            output::error(&error);
            error.exit().into()
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_well_formed() {
        super::command().debug_assert();
    }
}
