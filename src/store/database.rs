//! The databases that a store can live in: how a transaction that reads and one that writes begins in each. Knows no table
//! but the row that all who write wait for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use sqlx::{Pool, Postgres, Sqlite, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{StoreError, query::query, row::time};

/// How long a server is waited for. A file is waited for by SQLite itself.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection, its tries while the server starts among them.
    pub connection: Duration,
    /// For one answer. The server's own limit is shorter, so that this one counts only where the server, or the way to it,
    /// is gone without a word.
    pub answer: Duration,
    /// For the end of what was left half done; what does not answer by then is dropped.
    pub farewell: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [connection, answer, farewell] = [10, 130, 5].map(Duration::from_secs);
        Self { connection, answer, farewell }
    }
}

/// A transaction; undone unless committed.
pub(super) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    /// On a server, with how long one answer of it may take.
    Postgres(Transaction<'static, Postgres>, Duration),
}

/// The connections to a database.
#[derive(Clone, Debug)]
enum Pools {
    Sqlite {
        pool: Pool<Sqlite>,
        /// A connection that nobody works on and that keeps a database in memory.
        anchor: Option<Pool<Sqlite>>,
    },
    Postgres(Pool<Postgres>, Patience),
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

    pub(super) fn postgres(pool: Pool<Postgres>, patience: Patience, writable: bool) -> Self {
        Self::new(Pools::Postgres(pool, patience), writable)
    }

    fn new(pools: Pools, writable: bool) -> Self {
        Self { pools, writable, turn: Arc::default(), writes: Arc::default() }
    }

    /// A transaction that reads: all its queries see the same state.
    pub(super) async fn read(&self) -> Result<Connection, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { pool, .. } => Connection::Sqlite(Box::pin(pool.begin()).await?),
            Pools::Postgres(pool, patience) => {
                begin(pool, patience, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?
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
            Pools::Postgres(pool, patience) => {
                // Whatever the server's default is: under a stricter one, who waited for the row would be refused it.
                let mut begun = begin(pool, patience, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
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
            Pools::Postgres(pool, patience) => drop(tokio::time::timeout(patience.farewell, pool.close()).await),
        }
    }
}

/// Begins a transaction on a server. A connection that does not answer is given up: its pool finds it silent, too, and
/// drops it.
async fn begin(pool: &Pool<Postgres>, patience: &Patience, how: &'static str) -> Result<Connection, StoreError> {
    Ok(Connection::Postgres(within(patience.answer, pool.begin_with(how)).await?, patience.answer))
}

impl Writing {
    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The time by the clock that all who share the database have in common: the server's own, and `here`, which is this
    /// machine's, for a file.
    pub(super) async fn clock(&mut self, here: Timestamp) -> Result<Timestamp, StoreError> {
        if let Connection::Sqlite(_) = self.connection {
            return Ok(here);
        }
        let now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
        let (now,): (String,) = query(now).one(&mut self.connection).await?;
        time(&now)
    }

    /// Makes it last. After an error it may have been made to last or not, where the connection was lost.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.connection {
            Connection::Sqlite(transaction) => Ok(transaction.commit().await?),
            Connection::Postgres(transaction, answer) => within(answer, transaction.commit()).await,
        }
    }
}

/// The answer of a server, waited for no longer than `patience`.
pub(super) async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(patience, Box::pin(answer)).await {
        Ok(answer) => answer.map_err(StoreError::of_server),
        Err(_) => Err(StoreError::Late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_in_memory_outlives_the_connection_that_was_worked_on() {
        let database = super::super::open::open(":memory:", Patience::default()).await.unwrap();
        let Pools::Sqlite { pool, .. } = &database.pools else { panic!("it is no server") };
        pool.acquire().await.unwrap().close().await.unwrap();
        let mut reading = database.read().await.unwrap();
        query("SELECT fact FROM directory_facts").all::<(String,)>(&mut reading).await.unwrap();
        drop(reading);
        let other = super::super::open::open(":memory:", Patience::default()).await.unwrap();
        let mut writing = database.write().await.unwrap();
        query("CREATE TABLE ours (name TEXT)").execute(writing.connection()).await.unwrap();
        writing.commit().await.unwrap();
        let mut reading = other.read().await.unwrap();
        let found = query("SELECT name FROM ours").all::<(String,)>(&mut reading).await;
        assert!(found.is_err(), "two of them are two");
    }
}
