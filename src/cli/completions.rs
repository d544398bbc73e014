//! `completions`: what makes a shell complete our commands, flags and the names of objects. The shell asks this very
//! program for each completion, so that names come from the files and the store of the line that is being written.

mod line;
pub(super) mod names;

use std::{env, path::PathBuf};

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::env::{CompleteEnv, Shells};

use super::{Arguments, error::CommandError, exit::Exit, output};

/// By this variable a shell says that it asks for completions, and which shell it is.
pub(super) const VARIABLE: &str = "APPACCESS_COMPLETE";

/// A shell that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// The flags of `completions`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Examples:\n  \
    echo 'source <(appaccess completions bash)' >> ~/.bashrc\n  \
    appaccess completions fish > ~/.config/fish/completions/appaccess.fish")]
pub struct Flags {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script that registers this program with the shell, under the name that it was called by.
pub(super) fn run(flags: Flags) -> Result<Exit, CommandError> {
    let shell = flags.shell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let failed = |source| CommandError::Machine { what: "write the completion script", source };
    let known = Shells::builtins();
    let known = known.completer(&shell).ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    let (name, program) = called();
    let mut script = Vec::new();
    known.write_registration(VARIABLE, &name, &name, &program, &mut script).map_err(failed)?;
    output::plain(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// The name that the program was called by, and how it is called again: by that name where the shell found it by its
/// search path, else by the whole path.
fn called() -> (String, String) {
    let path = env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "appaccess".to_owned());
    if path.components().count() < 2 {
        return (name.clone(), name);
    }
    let whole = env::current_dir().map_or_else(|_| path.clone(), |folder| folder.join(&path));
    (name, whole.to_string_lossy().into_owned())
}

/// Answers a shell that asks for completions, and says whether one did. Nothing may be printed before.
///
/// # Errors
/// The shell is not one that we know; the text is for whoever set it up.
pub(super) fn answer() -> Result<bool, String> {
    let folder = env::current_dir().ok();
    CompleteEnv::with_factory(Arguments::command)
        .var(VARIABLE)
        .try_complete(env::args_os(), folder.as_deref())
        .map_err(|error| error.to_string())
}
