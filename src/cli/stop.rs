//! A stop on request: the first signal ends the work between two changes, the second at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{error::CommandError, exit::Exit, output};

/// A token that the first SIGINT or SIGTERM cancels.
pub(super) fn on_signal() -> Result<CancellationToken, CommandError> {
    let failed = |source| CommandError::Machine { what: "listen for signals", source };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        output::note("stopping between two changes; once more to stop at once\n");
        token.cancel();
        either(&mut interrupt, &mut terminate).await;
        output::note("stopped at once: the next pass looks before it acts\n");
        std::process::exit(i32::from(Exit::Failed.code()));
    });
    Ok(stop)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
