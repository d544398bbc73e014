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
    /// A connection that nobody works on and that keeps a database in memory.
    anchor: Option<Pool<Backend>>,
}

/// A transaction that may write; undone unless committed.
pub(super) struct Writing {
    // Before the turn, so that it ends first.
    transaction: Transaction<'static, Backend>,
    _turn: OwnedMutexGuard<()>,
}

impl Database {
    pub(super) fn new(pool: Pool<Backend>, writable: bool) -> Self {
        Self { pool, writable, turn: Arc::default(), writes: Arc::default(), anchor: None }
    }

    /// The same, kept by another connection.
    pub(super) fn kept_by(self, anchor: Pool<Backend>) -> Self {
        Self { anchor: Some(anchor), ..self }
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
        if let Some(anchor) = &self.anchor {
            anchor.close().await;
        }
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

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn a_database_in_memory_outlives_the_connection_that_was_worked_on() {
        let database = super::super::open::open(":memory:").await.unwrap();
        database.pool.acquire().await.unwrap().close().await.unwrap();
        let mut reading = database.read().await.unwrap();
        sqlx::query("SELECT * FROM directory_facts").fetch_all(&mut *reading).await.unwrap();
        drop(reading);
        let other = super::super::open::open(":memory:").await.unwrap();
        let mut writing = database.write().await.unwrap();
        sqlx::query("CREATE TABLE ours (name TEXT)").execute(&mut *writing.transaction).await.unwrap();
        writing.transaction.commit().await.unwrap();
        let mut reading = other.read().await.unwrap();
        let found = sqlx::query("SELECT * FROM ours").fetch_all(&mut *reading).await;
        assert!(found.is_err(), "two of them are two");
    }
}
