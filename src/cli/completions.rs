//! `completions`: a script for a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Arguments, error::CommandError, exit::Exit, output};

/// The flags of `completions`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Examples:\n  appaccess completions bash > /etc/bash_completion.d/appaccess")]
pub struct Flags {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(flags: Flags) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut Arguments::command(), "appaccess", &mut script);
    output::plain(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
