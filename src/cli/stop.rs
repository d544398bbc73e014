//! A stop on request: the first signal ends the work between two changes, the second at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{error::CommandError, exit::Exit, output};

/// Whether changes may be under way, so that a stop has to wait for the one that is.
#[derive(Clone, Debug, Default)]
pub(super) struct Begun(Arc<AtomicBool>);

impl Begun {
    /// From now on a stop waits.
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn has(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A token that the first SIGINT or SIGTERM cancels.
pub(super) fn on_signal() -> Result<CancellationToken, CommandError> {
    let begun = Begun::default();
    begun.begin();
    on_signal_once(begun)
}

/// The same, but before anything has begun the first signal ends the process at once.
pub(super) fn on_signal_once(begun: Begun) -> Result<CancellationToken, CommandError> {
    let failed = |source| CommandError::Machine { what: "listen for signals", source };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        if !begun.has() {
            output::note("\nnothing was changed: a stop was asked for\n");
            std::process::exit(i32::from(Exit::Failed.code()));
        }
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
