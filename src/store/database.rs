//! The one place that names the database: how it is reached, and how a transaction that writes begins.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sqlx::{Pool, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::StoreError;

/// The database behind the store.
pub(super) type Backend = sqlx::Sqlite;
/// One connection to it.
pub(super) type Connection = sqlx::SqliteConnection;

/// A database, and what is counted and serialised about it in this process.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pool: Pool<Backend>,
    writable: bool,
    /// One writing transaction at a time in this process: waiting here is fair, waiting at SQLite is not.
    turn: Arc<Mutex<()>>,
    writes: Arc<AtomicU64>,
}

/// A transaction that may write; undone unless committed.
pub(super) struct Writing {
    // Before the turn, so that it ends first.
    transaction: Transaction<'static, Backend>,
    _turn: OwnedMutexGuard<()>,
}

impl Database {
    pub(super) fn new(pool: Pool<Backend>, writable: bool) -> Self {
        Self { pool, writable, turn: Arc::default(), writes: Arc::default() }
    }

    /// A transaction that reads: all its queries see the same state.
    pub(super) async fn read(&self) -> Result<Transaction<'static, Backend>, StoreError> {
        Ok(self.pool.begin().await?)
    }

    /// A transaction that writes. It takes the write lock at once, since a lock taken later could not be waited for.
    pub(super) async fn write(&self) -> Result<Writing, StoreError> {
        if !self.writable {
            return Err(StoreError::ReadOnly);
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(Writing { transaction, _turn: turn })
    }

    /// How many writing transactions this process has begun.
    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Writing {
    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}
