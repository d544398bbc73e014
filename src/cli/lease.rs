//! The writer's lease of this process: taken before anything is sent, renewed while work goes on, given back.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    store::{Store, StoreError, Writer},
    sync::Clock,
};

const TIME_TO_LIVE: SignedDuration = SignedDuration::from_secs(60);
const RENEWED_EVERY: Duration = Duration::from_secs(20);

/// The lease; renewed until it is released or dropped.
pub(super) struct Lease {
    writer: Writer,
    renewal: JoinHandle<()>,
}

impl Lease {
    /// Takes the lease. Losing it later cancels `stop`.
    pub(super) async fn take(store: &Store, clock: &Clock, stop: &CancellationToken) -> Result<Self, StoreError> {
        let writer = store.become_writer(&holder(), clock(), TIME_TO_LIVE).await?;
        let (ours, clock, stop) = (writer.clone(), Clock::clone(clock), stop.clone());
        let renewal = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWED_EVERY).await;
                match ours.renew(clock()).await {
                    Ok(()) => {}
                    Err(StoreError::LostWriter) => {
                        tracing::error!("another process took over the store: stopping");
                        stop.cancel();
                        return;
                    }
                    Err(error) => tracing::warn!(%error, "the lease was not renewed; trying again"),
                }
            }
        });
        Ok(Self { writer, renewal })
    }

    /// The right to write.
    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Gives the lease back, so that the next need not wait.
    pub(super) async fn release(self) {
        self.renewal.abort();
        if let Err(error) = self.writer.clone().release().await {
            tracing::debug!(%error, "the lease ends by itself");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Who holds it, for the message that another process shows.
fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "this machine" } else { host.trim() };
    format!("process {} on {host}", std::process::id())
}
