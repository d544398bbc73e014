//! The store: what we remember between passes, in SQL. Knows the core's values and the database, and neither apps nor
//! clusters; it decides nothing.
//!
//! Everything that changes target apps goes through a [`Writer`], whose epoch is checked in each transaction; decisions of
//! people need no lease. A mutation is journalled by [`Writer::begin`] before it is sent and by [`Writer::finish`] after
//! it, together with what it changes in the memory.

mod batch;
mod database;
mod decisions;
mod directory;
mod error;
mod journal;
mod keep;
mod learnt;
mod lease;
mod location;
mod memory;
mod open;
mod postgres;
mod query;
mod row;
mod sqlite;
mod tables;
mod timeline;
mod update;
mod waiting;
mod writer;

use appaccess_core::access::{Memory, ObjectName};
use jiff::Timestamp;

pub use database::Patience;
pub use decisions::{Decided, StoredHold};
pub use error::{Said, StoreError};
pub use journal::{Intent, JOURNAL_LIMIT, JournalFilter, JournalLine, JournalResult, ResultLine};
pub use location::Location;
pub use timeline::{GivenDecision, TimelineFilter, Whose};
pub use update::{Changes, Update};
pub use writer::Writer;

/// An open store. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    database: database::Database,
}

impl Store {
    /// Opens the store at `location`: the path of a SQLite file, `sqlite:PATH`, `:memory:`, or the URL of a PostgreSQL
    /// database. The file and the folders above it are created where there are none, readable for their owner only; a
    /// database must be there. An older schema is upgraded, by one process at a time.
    ///
    /// # Errors
    /// What stands there but is not a store of ours, is damaged, or comes from a later version, is refused and left as
    /// it is.
    pub async fn open(location: &str) -> Result<Self, StoreError> {
        Self::open_with(location, Patience::default()).await
    }

    /// The same with another patience for a server.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(location: &str, patience: Patience) -> Result<Self, StoreError> {
        Ok(Self { database: open::open(location, patience).await? })
    }

    /// Opens the store at `location` for reading alone: nothing is created, upgraded or changed. `None` where there is
    /// none yet.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Outdated`] for an older schema.
    pub async fn open_existing(location: &str) -> Result<Option<Self>, StoreError> {
        Ok(open::open_existing(location).await?.map(|database| Self { database }))
    }

    /// Closes all connections; of SQLite one file is then left. Dropping the last clone does the same, but waits for nothing.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// How many writing transactions this process has begun over this store: a quiet pass adds none.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.database.writes()
    }

    /// What we remember of `app` and what of it counts at `now`: budgets and flips of 24 hours, holds of 30 days,
    /// decisions neither used up nor past their time.
    pub async fn memory(&self, app: &ObjectName, now: Timestamp) -> Result<Memory, StoreError> {
        let mut transaction = self.database.read().await?;
        Box::pin(memory::load(&mut transaction, &app.to_string(), now)).await
    }

    /// The intent number that was last written to the status of `app`; `None` before the first.
    pub async fn status_sequence(&self, app: &ObjectName) -> Result<Option<u64>, StoreError> {
        let mut transaction = self.database.read().await?;
        let sequence: Option<(Option<i64>,)> = query::query("SELECT status_sequence FROM apps WHERE app = $1")
            .bind(app.to_string())
            .optional(&mut transaction)
            .await?;
        sequence.and_then(|(number,)| number).map(row::unsigned).transpose()
    }
}
