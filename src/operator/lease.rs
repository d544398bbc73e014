//! The store and the right to write: opened and taken before anything is changed, renewed while we run, given back last.
//! What passes by itself, such as a database that restarts, is waited for.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::serve::{self, Readiness};
use crate::{
    store::{Location, Store, StoreError, Writer},
    sync::Clock,
};

/// How long the lease lasts without renewal.
const TIME_TO_LIVE: SignedDuration = SignedDuration::from_secs(30);
/// How often it is renewed: two renewals may fail.
const PERIOD: Duration = Duration::from_secs(8);
/// How often a lease that another holds is asked for.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is looked whether the lease still lasts while its renewal is waited for.
const LOOK: Duration = Duration::from_millis(500);

/// Opens the store, waiting for as long as it cannot be reached; `None` after a stop. `readiness` is told why.
pub(super) async fn open(
    location: &Location,
    stop: &CancellationToken,
    readiness: &Readiness,
) -> Result<Option<Store>, StoreError> {
    loop {
        match Store::open(location).await {
            Ok(store) => return Ok(Some(store)),
            Err(error) => tell(error, readiness)?,
        }
        if !is_time_to_ask_again(stop).await {
            return Ok(None);
        }
    }
}

/// Tells of what may pass by itself; what does not is the error.
fn tell(error: StoreError, readiness: &Readiness) -> Result<(), StoreError> {
    if !error.is_passing() {
        return Err(error);
    }
    tracing::warn!(error = &error as &dyn std::error::Error, "the store cannot be used yet: waiting");
    readiness.stand_by(None);
    readiness.set(serve::LEASE, Some(format!("{error}; {}", error.remedy())));
    Ok(())
}

/// Waits a moment; false after a stop.
async fn is_time_to_ask_again(stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(AGAIN) => true,
    }
}

/// Becomes the writer, waiting for as long as another is; `None` after a stop. `readiness` is told behind whom we stand by.
pub(super) async fn take(
    store: &Store,
    holder: &str,
    clock: &Clock,
    stop: &CancellationToken,
    readiness: &Readiness,
) -> Result<Option<Writer>, StoreError> {
    loop {
        match store.become_writer(holder, clock(), TIME_TO_LIVE).await {
            Ok(writer) => return Ok(Some(writer)),
            Err(StoreError::Busy { holder, until }) => {
                tracing::info!(%holder, %until, "another process is the writer: waiting");
                readiness.stand_by(Some(format!("{holder} is the writer until {until}")));
            }
            // Whoever writes for that long is at work.
            Err(StoreError::Locked) => {
                tracing::info!("another process is writing: waiting");
                readiness.stand_by(Some("another process is writing to the store".to_owned()));
            }
            Err(error) => tell(error, readiness)?,
        }
        if !is_time_to_ask_again(stop).await {
            return Ok(None);
        }
    }
}

/// Renews the lease until `ended`. `readiness` is told while the store cannot be written, and `lost` is cancelled the
/// moment the lease cannot be relied on any more.
pub(super) async fn keep(
    writer: Writer,
    clock: Clock,
    readiness: Arc<Readiness>,
    lost: CancellationToken,
    ended: CancellationToken,
) {
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        match in_time(&writer, &clock).await {
            Some(Ok(())) => readiness.set(serve::STORE, None),
            Some(Err(StoreError::LostWriter)) | None => break,
            Some(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the lease could not be renewed");
                readiness.set(serve::STORE, Some(format!("{error}; {}", error.remedy())));
                if writer.remaining(clock()).is_zero() {
                    break;
                }
            }
        }
    }
    tracing::error!("somebody else may be the writer: stopping");
    lost.cancel();
}

/// Renews the lease; `None` where it ended before the answer, which is then too late, whatever it says. Behind a long
/// transaction of our own there is time: that one keeps the lease.
async fn in_time(writer: &Writer, clock: &Clock) -> Option<Result<(), StoreError>> {
    let mut renewal = std::pin::pin!(writer.renew(clock()));
    loop {
        let rest = writer.remaining(clock());
        match tokio::time::timeout(rest.min(LOOK), &mut renewal).await {
            Ok(renewed) => return Some(renewed),
            Err(_) if rest.is_zero() => return None,
            Err(_) => {}
        }
    }
}

/// Who we are among those who may hold the lease.
pub(super) fn identity() -> Arc<str> {
    let name = std::env::var("POD_NAME").or_else(|_| std::env::var("HOSTNAME"));
    name.map_or_else(|_| format!("process {}", std::process::id()), |name| format!("operator {name}")).into()
}
