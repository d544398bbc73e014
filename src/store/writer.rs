//! The writer's lease: who may change target apps over this store. Every write checks, in its own transaction, that it
//! is still ours, so that a writer that was paused and replaced can do nothing more.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use appaccess_core::access::ObjectName;
use jiff::{SignedDuration, Timestamp};

use super::{
    Intent, ResultLine, Store, StoreError, Update,
    database::Writing,
    journal::{add_intents, add_results},
    keep::{ensure_app, keep},
    lease::{Held, Lease, end},
    query::query,
    row::{clipped, maybe_time, signed, time_text},
};

/// The right to write as the one writer, until somebody else takes it over.
#[derive(Clone, Debug)]
pub struct Writer {
    store: Store,
    epoch: i64,
    lease: Arc<Lease>,
}

impl Store {
    /// Takes the lease for `holder`, for `time_to_live` from `now`; [`Writer::renew`] prolongs it. Of a database on a
    /// server its own clock says until when, whatever `now` is: the clocks of those who share it may disagree.
    ///
    /// The holder's own lease can be taken again at any time (a process that was restarted under its name); each taking
    /// makes the earlier [`Writer`] powerless.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while another holder's lease lasts, [`StoreError::ReadOnly`] where nothing can be written.
    pub async fn become_writer(
        &self,
        holder: &str,
        now: Timestamp,
        time_to_live: SignedDuration,
    ) -> Result<Writer, StoreError> {
        let (holder, asked) = (clipped(holder, 256), Instant::now());
        let mut writing = self.database.write().await?;
        let moment = Instant::now();
        let here = later(now, asked);
        let now = writing.clock(here).await?;
        let (epoch, current, until): (i64, String, Option<String>) =
            query("SELECT epoch, holder, held_until FROM writer WHERE id = 1").one(writing.connection()).await?;
        let epoch = epoch.saturating_add(1);
        if let Some(until) = maybe_time(until.as_deref())?
            && until > now
            && current != *holder
        {
            return Err(StoreError::Busy { holder: current, until });
        }
        query("UPDATE writer SET epoch = $1, holder = $2, held_until = $3 WHERE id = 1")
            .bind(epoch)
            .bind(&*holder)
            .bind(time_text(end(now, time_to_live)))
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        Ok(Writer { store: self.clone(), epoch, lease: Lease::taken(here, moment, time_to_live) })
    }
}

/// What `now` has become since it was told.
fn later(now: Timestamp, told: Instant) -> Timestamp {
    now.checked_add(told.elapsed()).unwrap_or(Timestamp::MAX)
}

impl Writer {
    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Prolongs the lease to its time to live from `now`, and from later where it had to wait for a transaction of our own.
    ///
    /// # Errors
    /// [`StoreError::LostWriter`] once somebody else has taken it.
    pub async fn renew(&self, now: Timestamp) -> Result<(), StoreError> {
        let asked = Instant::now();
        let writing = self.checked().await?;
        self.lease.prolong(writing, later(now, asked)).await
    }

    /// How long the lease still lasts at `now` unless it is renewed. While a transaction of this writer is open it lasts
    /// in full, however long that takes: nobody else can take it meanwhile, and its end prolongs it.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Duration {
        self.lease.remaining(now)
    }

    /// Gives the lease back, so that the next need not wait.
    ///
    /// # Errors
    /// [`StoreError::LostWriter`] where somebody else has it already.
    pub async fn release(self) -> Result<(), StoreError> {
        let mut writing = self.checked().await?;
        // The next epoch at once: no clone of this writer can act any more.
        query("UPDATE writer SET epoch = epoch + 1, holder = '', held_until = NULL WHERE id = 1")
            .execute(writing.connection())
            .await?;
        writing.commit().await
    }

    /// A transaction that has checked the epoch, and keeps the lease.
    pub(super) async fn write(&self) -> Result<Held, StoreError> {
        Ok(self.lease.hold(self.checked().await?))
    }

    /// A transaction that has checked the epoch, and in which it cannot change any more.
    async fn checked(&self) -> Result<Writing, StoreError> {
        let mut writing = self.store.database.write().await?;
        // Nobody else can write until this transaction ends, so that a mere reading is enough.
        let epoch: Option<(i64,)> =
            query("SELECT epoch FROM writer WHERE id = 1").optional(writing.connection()).await?;
        if epoch == Some((self.epoch,)) { Ok(writing) } else { Err(StoreError::LostWriter) }
    }

    /// Journals what is about to be done in `app`, in one transaction; the intents' numbers, in order. Nothing may be
    /// sent to the app before this has returned.
    ///
    /// # Errors
    /// [`StoreError::LostWriter`], and whatever keeps the transaction from being committed.
    pub async fn begin(&self, app: &ObjectName, now: Timestamp, intents: &[Intent]) -> Result<Vec<u64>, StoreError> {
        self.begin_with(app, now, intents, &Update::default()).await
    }

    /// The same, and in the same transaction what changes in the memory of `app` whatever the answers will be: an answer
    /// can be lost.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub async fn begin_with(
        &self,
        app: &ObjectName,
        now: Timestamp,
        intents: &[Intent],
        update: &Update,
    ) -> Result<Vec<u64>, StoreError> {
        if intents.is_empty() {
            return Ok(Vec::new());
        }
        let app = app.to_string();
        let mut writing = self.write().await?;
        let numbers = add_intents(writing.connection(), &app, now, intents).await?;
        if !update.is_empty() {
            Box::pin(keep(writing.connection(), &app, now, update)).await?;
        }
        writing.commit().await?;
        Ok(numbers)
    }

    /// Journals what came of intents and keeps what changes in the memory of `app`, in one transaction. Doing it again
    /// with the same values changes nothing more, so that it may be tried again when nobody knows whether it was done.
    ///
    /// # Errors
    /// [`StoreError::UnknownIntent`] for a result of an intent that was never journalled, [`StoreError::LostWriter`].
    pub async fn finish(
        &self,
        app: &ObjectName,
        now: Timestamp,
        results: &[ResultLine],
        update: &Update,
    ) -> Result<(), StoreError> {
        if results.is_empty() && update.is_empty() {
            return Ok(());
        }
        let mut writing = self.write().await?;
        add_results(writing.connection(), app, now, results).await?;
        if !update.is_empty() {
            Box::pin(keep(writing.connection(), &app.to_string(), now, update)).await?;
        }
        writing.commit().await
    }

    /// Keeps what changes in the memory of `app`; an empty update opens no transaction.
    ///
    /// # Errors
    /// [`StoreError::LostWriter`], and whatever keeps the transaction from being committed.
    pub async fn keep(&self, app: &ObjectName, now: Timestamp, update: &Update) -> Result<(), StoreError> {
        self.finish(app, now, &[], update).await
    }

    /// Remembers the intent number that was last written to the status of `app`; writes nothing where it is the same.
    ///
    /// # Errors
    /// [`StoreError::LostWriter`], and whatever keeps the transaction from being committed.
    pub async fn note_status_sequence(&self, app: &ObjectName, sequence: u64) -> Result<(), StoreError> {
        if self.store.status_sequence(app).await? == Some(sequence) {
            return Ok(());
        }
        let app = app.to_string();
        let mut writing = self.write().await?;
        ensure_app(writing.connection(), &app).await?;
        query("UPDATE apps SET status_sequence = $2 WHERE app = $1")
            .bind(&app)
            .bind(signed(sequence))
            .execute(writing.connection())
            .await?;
        writing.commit().await
    }
}
