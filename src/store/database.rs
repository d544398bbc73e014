//! The databases that a store can live in: how a transaction that reads and one that writes begins in each. Knows no table
//! but the row that all who write wait for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{Pool, Postgres, Sqlite, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{StoreError, query::query};

/// How long one answer of a server may take. Its own limit is shorter, so that this one counts only where the server, or
/// the way to it, is gone without a word.
pub(super) const ANSWER_WAIT: Duration = Duration::from_secs(130);

/// A transaction; undone unless committed.
pub(super) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The connections to a database.
#[derive(Clone, Debug)]
enum Pools {
    Sqlite {
        pool: Pool<Sqlite>,
        /// A connection that nobody works on and that keeps a database in memory.
        anchor: Option<Pool<Sqlite>>,
    },
    Postgres(Pool<Postgres>),
}

/// A database, and what is counted and serialised about it in this process.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pools: Pools,
    writable: bool,
    /// One writing transaction at a time in this process: waiting here is fair, waiting at the database is not.
    turn: Arc<Mutex<()>>,
    writes: Arc<AtomicU64>,
}

/// A transaction that may write; undone unless committed. While it lasts, nobody else's writes, in any process.
pub(super) struct Writing {
    // Before the turn, so that it ends first.
    connection: Connection,
    _turn: OwnedMutexGuard<()>,
}

impl Database {
    pub(super) fn sqlite(pool: Pool<Sqlite>, writable: bool) -> Self {
        Self::new(Pools::Sqlite { pool, anchor: None }, writable)
    }

    /// A database in memory, which `anchor` keeps.
    pub(super) fn in_memory(pool: Pool<Sqlite>, anchor: Pool<Sqlite>) -> Self {
        Self::new(Pools::Sqlite { pool, anchor: Some(anchor) }, true)
    }

    pub(super) fn postgres(pool: Pool<Postgres>, writable: bool) -> Self {
        Self::new(Pools::Postgres(pool), writable)
    }

    fn new(pools: Pools, writable: bool) -> Self {
        Self { pools, writable, turn: Arc::default(), writes: Arc::default() }
    }

    /// A transaction that reads: all its queries see the same state.
    pub(super) async fn read(&self) -> Result<Connection, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { pool, .. } => Connection::Sqlite(Box::pin(pool.begin()).await?),
            Pools::Postgres(pool) => {
                let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                Connection::Postgres(Box::pin(begun).await.map_err(StoreError::of_server)?)
            }
        })
    }

    /// A transaction that writes. It takes the write lock at once: SQLite cannot wait for a lock taken later, and at
    /// PostgreSQL the epoch that was checked could change meanwhile.
    pub(super) async fn write(&self) -> Result<Writing, StoreError> {
        if !self.writable {
            return Err(StoreError::ReadOnly);
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let connection = match &self.pools {
            Pools::Sqlite { pool, .. } => Connection::Sqlite(Box::pin(pool.begin_with("BEGIN IMMEDIATE")).await?),
            Pools::Postgres(pool) => {
                let mut begun = Connection::Postgres(Box::pin(pool.begin()).await.map_err(StoreError::of_server)?);
                query("SELECT epoch FROM writer WHERE id = 1 FOR UPDATE").all::<(i64,)>(&mut begun).await?;
                begun
            }
        };
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(Writing { connection, _turn: turn })
    }

    /// How many writing transactions this process has begun.
    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    pub(super) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { pool, anchor } => {
                pool.close().await;
                if let Some(anchor) = anchor {
                    anchor.close().await;
                }
            }
            // A server that is gone answers to no farewell.
            Pools::Postgres(pool) => drop(tokio::time::timeout(Duration::from_secs(5), pool.close()).await),
        }
    }
}

impl Writing {
    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Makes it last. After an error it may have been made to last or not, where the connection was lost.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.connection {
            Connection::Sqlite(transaction) => Ok(transaction.commit().await?),
            Connection::Postgres(transaction) => within(transaction.commit()).await,
        }
    }
}

/// The answer of a server, waited for no longer than [`ANSWER_WAIT`].
pub(super) async fn within<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER_WAIT, Box::pin(answer)).await {
        Ok(answer) => answer.map_err(StoreError::of_server),
        Err(_) => Err(StoreError::Late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_in_memory_outlives_the_connection_that_was_worked_on() {
        let database = super::super::open::open(":memory:").await.unwrap();
        let Pools::Sqlite { pool, .. } = &database.pools else { panic!("it is no server") };
        pool.acquire().await.unwrap().close().await.unwrap();
        let mut reading = database.read().await.unwrap();
        query("SELECT fact FROM directory_facts").all::<(String,)>(&mut reading).await.unwrap();
        drop(reading);
        let other = super::super::open::open(":memory:").await.unwrap();
        let mut writing = database.write().await.unwrap();
        query("CREATE TABLE ours (name TEXT)").execute(writing.connection()).await.unwrap();
        writing.commit().await.unwrap();
        let mut reading = other.read().await.unwrap();
        let found = query("SELECT name FROM ours").all::<(String,)>(&mut reading).await;
        assert!(found.is_err(), "two of them are two");
    }
}
