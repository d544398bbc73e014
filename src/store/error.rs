//! Why the store could not do what was asked, in the store's words and not in the database's.

use std::{borrow::Cow, io, path::PathBuf};

use appaccess_core::access::ObjectName;
use jiff::Timestamp;

/// Why the store could not do what was asked. Whatever it was, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The location names a kind of store that this version does not have.
    #[error("a store at `{scheme}://` is not supported yet")]
    NotSupportedYet {
        /// The scheme of the location.
        scheme: String,
    },
    /// The location names no store.
    #[error("`{location}` does not name a store: {why}")]
    Location {
        /// As it was given.
        location: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A folder, a device or the like stands where the file should be.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
    },
    /// The file or its folder cannot be made or opened.
    #[error("{} cannot be {verb}", path.display())]
    Unusable {
        /// Which file or folder.
        path: PathBuf,
        /// `created` or `opened`.
        verb: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file was written by something else.
    #[error("{} is not a store of appaccess: {why}", path.display())]
    Foreign {
        /// Where.
        path: PathBuf,
        /// What was found.
        why: &'static str,
    },
    /// The store is damaged.
    #[error("the store is damaged: {what}")]
    Corrupt {
        /// What the database says, bounded.
        what: String,
    },
    /// A later version of `appaccess` has written the store.
    #[error("the store has schema version {found}, this program knows versions up to {known}")]
    Future {
        /// The store's version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The store has to be upgraded, which reading alone must not do.
    #[error("the store has the older schema version {found}, this program reads version {known}")]
    Outdated {
        /// The store's version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file, its folder or this handle can be read only.
    #[error("the store is read-only")]
    ReadOnly,
    /// Another process has kept the store locked for longer than we wait.
    #[error("another process keeps the store locked")]
    Locked,
    /// The disk is full.
    #[error("no space is left for the store")]
    Full,
    /// Somebody else changes target apps over this store.
    #[error("{holder} is the writer until {until}")]
    Busy {
        /// Who.
        holder: String,
        /// Until when, unless renewed.
        until: Timestamp,
    },
    /// Somebody else has become the writer since.
    #[error("somebody else has become the writer")]
    LostWriter,
    /// A result names an intent that was never journalled.
    #[error("the journal of {app} has no intent {sequence}")]
    UnknownIntent {
        /// The target app.
        app: ObjectName,
        /// The number.
        sequence: u64,
    },
    /// A text is too long, or holds a NUL character, which not every database can keep.
    #[error("a text for `{table}` cannot be kept: {why}")]
    Text {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        why: Cow<'static, str>,
    },
    /// A row does not say what rows of its kind say.
    #[error("the store holds a row that makes no sense: {what}")]
    Content {
        /// What was expected and what is there, bounded.
        what: String,
    },
    /// The database failed in some other way.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

impl StoreError {
    /// A stable CamelCase word for conditions, events, metrics and documents.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotSupportedYet { .. } => "StoreNotSupported",
            Self::Location { .. } | Self::NotAFile { .. } => "StoreLocationInvalid",
            Self::Unusable { .. } => "StoreUnusable",
            Self::Foreign { .. } => "StoreForeign",
            Self::Corrupt { .. } | Self::Content { .. } => "StoreCorrupt",
            Self::Future { .. } => "StoreFromTheFuture",
            Self::Outdated { .. } => "StoreOutdated",
            Self::ReadOnly => "StoreReadOnly",
            Self::Locked => "StoreLocked",
            Self::Full => "StoreFull",
            Self::Busy { .. } => "WriterBusy",
            Self::LostWriter => "WriterLost",
            Self::UnknownIntent { .. } | Self::Text { .. } => "StoreInput",
            Self::Database(_) => "StoreFailed",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NotSupportedYet { .. } => "give `--state` the path of a SQLite file",
            Self::Location { .. } => "give `--state` a path, `sqlite:PATH` or `:memory:`",
            Self::NotAFile { .. } => "give `--state` the path of a file; it is created where there is none",
            Self::Unusable { .. } => "make the folder exist and writable for this user, or give `--state` another path",
            Self::Foreign { .. } => "give `--state` another path; this file was left as it is",
            Self::Corrupt { .. } | Self::Content { .. } => {
                "put back a backup, or move the file away: without it nothing is owned, so nothing is removed, and what is declared is adopted again"
            }
            Self::Future { .. } => "use the version of appaccess that wrote it, or a later one",
            Self::Outdated { .. } => "run `apply`, `run` or `operator` of this version once: they upgrade the store",
            Self::ReadOnly => "make the file and its folder writable for this user",
            Self::Locked => "wait for the other process, or stop it; the store must be on a local disk",
            Self::Full => "make room on the disk; it is tried again",
            Self::Busy { .. } => "wait for the other process to end, or stop it",
            Self::LostWriter => "nothing: the new writer goes on; do not run two on one store",
            Self::UnknownIntent { .. } | Self::Text { .. } => "report this as a bug, with the message",
            Self::Database(_) => "check the disk and the file; it is tried again",
        }
    }
}

/// The primary result codes of SQLite (<https://www.sqlite.org/rescode.html>) that have a meaning of their own here.
fn of_sqlite(code: i64, message: &str) -> Option<StoreError> {
    match code & 0xff {
        5 | 6 => Some(StoreError::Locked),
        8 => Some(StoreError::ReadOnly),
        11 | 26 => Some(StoreError::Corrupt { what: message.chars().take(200).collect() }),
        13 => Some(StoreError::Full),
        _ => None,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let known = match &error {
            sqlx::Error::PoolTimedOut => Some(Self::Locked),
            sqlx::Error::Database(database) => {
                database.code().and_then(|code| code.parse().ok()).and_then(|code| of_sqlite(code, database.message()))
            }
            _ => None,
        };
        known.unwrap_or(Self::Database(error))
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(source) | sqlx::migrate::MigrateError::ExecuteMigration(source, _) => {
                source.into()
            }
            other => Self::Database(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_mean_what_their_primary_code_means() {
        assert!(matches!(of_sqlite(1032, ""), Some(StoreError::ReadOnly)));
        assert!(matches!(of_sqlite(517, ""), Some(StoreError::Locked)));
        assert!(matches!(of_sqlite(267, "x"), Some(StoreError::Corrupt { .. })));
        assert!(matches!(of_sqlite(13, ""), Some(StoreError::Full)));
        assert!(of_sqlite(1, "").is_none());
    }
}
