//! The right to write: taken before anything is changed, renewed while we run, given back last.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    store::{Store, StoreError, Writer},
    sync::Clock,
};

/// How long the lease lasts without renewal.
const TIME_TO_LIVE: SignedDuration = SignedDuration::from_secs(30);
/// How often it is renewed: two renewals may fail.
const PERIOD: Duration = Duration::from_secs(8);
/// How often a lease that another holds is asked for.
const AGAIN: Duration = Duration::from_secs(1);

/// Becomes the writer, waiting for as long as another is; `None` after a stop. `behind` is told whom we wait for.
pub(super) async fn take(
    store: &Store,
    holder: &str,
    clock: &Clock,
    stop: &CancellationToken,
    behind: impl Fn(String),
) -> Result<Option<Writer>, StoreError> {
    loop {
        match store.become_writer(holder, clock(), TIME_TO_LIVE).await {
            Ok(writer) => return Ok(Some(writer)),
            Err(StoreError::Busy { holder, until }) => {
                tracing::info!(%holder, %until, "another process is the writer: waiting");
                behind(format!("{holder} is the writer until {until}"));
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// Renews the lease until `ended`. `lost` is cancelled the moment it cannot be relied on any more.
pub(super) async fn keep(writer: Writer, clock: Clock, lost: CancellationToken, ended: CancellationToken) {
    let mut renewed = clock();
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let now = clock();
        match writer.renew(now).await {
            Ok(()) => renewed = now,
            Err(StoreError::LostWriter) => break,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the lease could not be renewed");
                if is_over(renewed, clock()) {
                    break;
                }
            }
        }
    }
    tracing::error!("somebody else may be the writer: stopping");
    lost.cancel();
}

/// Whether a lease of that time has ended.
fn is_over(renewed: Timestamp, now: Timestamp) -> bool {
    now.duration_since(renewed) >= TIME_TO_LIVE
}

/// Who we are among those who may hold the lease.
pub(super) fn identity() -> Arc<str> {
    let name = std::env::var("POD_NAME").or_else(|_| std::env::var("HOSTNAME"));
    name.map_or_else(|_| format!("process {}", std::process::id()), |name| format!("operator {name}")).into()
}
