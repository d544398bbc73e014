//! What this process knows of its lease without asking the database, and the transactions that keep it. Knows no table but
//! the lease's own.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use super::{
    StoreError,
    database::{Connection, Writing},
    query::query,
    row::time_text,
};

/// A lease of ours, as long as it lasts.
#[derive(Debug)]
pub(super) struct Lease {
    time_to_live: SignedDuration,
    /// When it was last prolonged: by the caller's clock, and by one that nobody sets.
    prolonged: Mutex<(Timestamp, Instant)>,
    /// Writing transactions that are open.
    open: AtomicUsize,
}

/// A writing transaction of the writer. While it is open nobody else can take the lease, since they would have to write;
/// where it lasts long, it prolongs the lease when it ends.
pub(super) struct Held {
    // Before the count, so that it ends first.
    writing: Writing,
    lease: Arc<Lease>,
    _open: Open,
}

/// Counts an open transaction.
struct Open(Arc<Lease>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Lease {
    /// A lease that was taken at `now`, which was `moment`.
    pub(super) fn taken(now: Timestamp, moment: Instant, time_to_live: SignedDuration) -> Arc<Self> {
        Arc::new(Self { time_to_live, prolonged: Mutex::new((now, moment)), open: AtomicUsize::new(0) })
    }

    /// How long it still lasts at `now`. The worse of two clocks counts: one stands still while the machine sleeps, the
    /// other can be set back.
    pub(super) fn remaining(&self, now: Timestamp) -> Duration {
        let age = if self.open.load(Ordering::SeqCst) > 0 {
            SignedDuration::ZERO
        } else {
            let (at, moment) = self.prolonged();
            now.duration_since(at).max(elapsed(moment))
        };
        Duration::try_from(self.time_to_live.saturating_sub(age)).unwrap_or_default()
    }

    fn prolonged(&self) -> (Timestamp, Instant) {
        *self.prolonged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The transaction that keeps it while it is open.
    pub(super) fn hold(self: &Arc<Self>, writing: Writing) -> Held {
        self.open.fetch_add(1, Ordering::SeqCst);
        Held { writing, lease: Arc::clone(self), _open: Open(Arc::clone(self)) }
    }

    /// Ends `writing` with the lease prolonged from `now`, which is this moment.
    pub(super) async fn prolong(&self, mut writing: Writing, now: Timestamp) -> Result<(), StoreError> {
        let moment = Instant::now();
        let until = end(writing.clock(now).await?, self.time_to_live);
        query("UPDATE writer SET held_until = $1 WHERE id = 1")
            .bind(time_text(until))
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        *self.prolonged.lock().unwrap_or_else(PoisonError::into_inner) = (now, moment);
        Ok(())
    }
}

impl Held {
    pub(super) fn connection(&mut self) -> &mut Connection {
        self.writing.connection()
    }

    /// Makes it last, with the lease prolonged once a quarter of it has gone by.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let (at, moment) = self.lease.prolonged();
        let age = elapsed(moment);
        if age < self.lease.time_to_live / 4 {
            return self.writing.commit().await;
        }
        self.lease.prolong(self.writing, at.saturating_add(age).unwrap_or(Timestamp::MAX)).await
    }
}

/// The end of a lease that lasts from `now`.
pub(super) fn end(now: Timestamp, time_to_live: SignedDuration) -> Timestamp {
    now.checked_add(time_to_live).unwrap_or(Timestamp::MAX)
}

fn elapsed(moment: Instant) -> SignedDuration {
    SignedDuration::try_from(moment.elapsed()).unwrap_or(SignedDuration::MAX)
}
