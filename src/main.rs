//! Arguments -> command -> exit code. The one place that knows both shells.

use std::{error::Error, io, process::ExitCode};

use appaccess::{cli, operator};
use futures::future::BoxFuture;

fn main() -> ExitCode {
    // Before anything else: no client can be built without it. A second provider would be a fault of this function.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::FAILURE;
    }
    match cli::answer_shell() {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(code) => return code,
    }
    match cli::parse() {
        Ok(arguments) => start(arguments).unwrap_or(ExitCode::FAILURE),
        Err(code) => code,
    }
}

fn start(arguments: cli::Arguments) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(cli::run(arguments, cluster)))
}

/// The shell of the cluster, for the command line that does not know it.
fn cluster(flags: cli::operator::Flags) -> BoxFuture<'static, Result<(), Box<dyn Error + Send + Sync>>> {
    let options = operator::Options {
        state: flags.state,
        listen: flags.listen,
        allow_loopback: flags.allow_loopback,
        concurrency: flags.concurrency.get(),
        identity: flags.identity,
    };
    Box::pin(async move { Ok(operator::run(options).await?) })
}
