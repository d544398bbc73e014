//! Logs and progress go to standard error; colour only where somebody watches.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt};

use crate::cli::flags::{LogFlags, LogFormat};

/// Whether standard error is a terminal that takes colour.
fn takes_colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
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
    let filter = EnvFilter::new(format!("{others},appaccess={ours},appaccess_core={ours},appaccess_scim={ours}"));
    let builder = fmt().with_env_filter(filter).with_writer(io::stderr);
    // That a logger is there already says that somebody else set it up.
    let _ = match flags.log_format {
        LogFormat::Text => builder.with_ansi(takes_colour()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
