//! SIGTERM and SIGINT: the first asks for an end between two changes, the second ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code after a second signal: 128 and SIGINT.
const INTERRUPTED: i32 = 130;

/// A token that the first signal cancels.
pub(super) fn stop() -> CancellationToken {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    if let (Ok(terminate), Ok(interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        tokio::spawn(listen(terminate, interrupt, asked));
    } else {
        tracing::error!("signals cannot be received: a stop will not be graceful");
    }
    stop
}

async fn listen(mut terminate: Signal, mut interrupt: Signal, stop: CancellationToken) {
    for again in [false, true] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if again {
            tracing::warn!("stopped a second time: what is under way is not waited for");
            std::process::exit(INTERRUPTED);
        }
        tracing::info!("stopping: what is under way ends first");
        stop.cancel();
    }
}
