//! Arguments -> command -> exit code.

use std::{io, process::ExitCode};

use appaccess::cli;

fn main() -> ExitCode {
    // Before anything else: no client can be built without it. A second provider would be a fault of this function.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::FAILURE;
    }
    match cli::parse() {
        Ok(arguments) => start(arguments).unwrap_or(ExitCode::FAILURE),
        Err(code) => code,
    }
}

fn start(arguments: cli::Arguments) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(cli::run(arguments)))
}
