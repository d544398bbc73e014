//! Logs and progress go to standard error; colour only where somebody watches.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::{EnvFilter, fmt};

use super::progress::aside;
use crate::cli::flags::{LogFlags, LogFormat};

/// Whether standard error takes colour, by the same rules as everything else that is printed there: `NO_COLOR`,
/// `CLICOLOR_FORCE`, `TERM`, and whether it is a terminal.
fn takes_colour() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Standard error, beside the line of progress.
struct Aside;

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        aside(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Sets up tracing. A second call changes nothing.
pub(crate) fn start(flags: LogFlags) {
    let ours = match (flags.quiet, flags.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    // Other crates may log addresses and headers at their finer levels.
    let others = if flags.verbose > 2 { "info" } else { "warn" };
    // What it says of a cluster that cannot be reached is said by the command, too.
    let client = if flags.verbose > 1 { others } else { "off" };
    let filter = EnvFilter::new(format!(
        "{others},kube_client::client::builder={client},appaccess={ours},appaccess_core={ours},appaccess_scim={ours}"
    ));
    // The names of modules say something to whoever looks for a fault of ours alone.
    let with_modules = flags.verbose > 1 || flags.log_format == LogFormat::Json;
    let builder = fmt().with_target(with_modules).with_env_filter(filter).with_writer(|| Aside);
    // That a logger is there already says that somebody else set it up.
    let _ = match flags.log_format {
        LogFormat::Text => builder.with_ansi(takes_colour()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
