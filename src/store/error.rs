//! Why the store could not do what was asked, in the store's words and not in the database's.

use std::{borrow::Cow, io, path::PathBuf};

use appaccess_core::access::ObjectName;
use jiff::Timestamp;

/// What a server, or the system about it, said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Said(String);

/// Why the store could not do what was asked. Whatever it was, nothing was changed; where the connection was lost while a
/// change was committed, it may have been.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The location names no store.
    #[error("`{location}` does not name a store: {why}")]
    Location {
        /// As it was given; of a URL, which may hold a password, only the scheme.
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
    /// The file or schema was made by something else.
    #[error("{place} is not a store of appaccess: {why}")]
    Foreign {
        /// Which file, or which schema of the database.
        place: String,
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
    /// The file, its folder, the server or this handle can be read only.
    #[error("the store is read-only")]
    ReadOnly,
    /// Another process has kept the store locked for longer than we wait.
    #[error("another process keeps the store locked")]
    Locked,
    /// The server does not answer, takes no more connections, or the connection was lost.
    #[error("the database of the store cannot be reached")]
    Unreachable(#[source] Said),
    /// The server has not answered in time.
    #[error("the database of the store did not answer in time")]
    Late,
    /// No TLS connection to the server that location and certificates ask for.
    #[error("no TLS connection to the database of the store, as its location asks for")]
    Tls(#[source] Said),
    /// The server does not let this user in.
    #[error("the database of the store does not let this user in")]
    Credentials(#[source] Said),
    /// The server has no database of that name.
    #[error("the database of the store does not exist")]
    Missing(#[source] Said),
    /// The user may not do what the store needs.
    #[error("the user of the store may not do that in its database")]
    Forbidden(#[source] Said),
    /// The database cannot hold a store.
    #[error("the database cannot hold a store: {why}")]
    Unsuitable {
        /// What it lacks.
        why: String,
    },
    /// The disk is full.
    #[error("no space is left for the store")]
    Full,
    /// Somebody else changes target apps over this store.
    #[error("{holder} is the writer until {until:.0}")]
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
            Self::Location { .. } | Self::NotAFile { .. } => "StoreLocationInvalid",
            Self::Unusable { .. } => "StoreUnusable",
            Self::Foreign { .. } => "StoreForeign",
            Self::Corrupt { .. } | Self::Content { .. } => "StoreCorrupt",
            Self::Future { .. } => "StoreFromTheFuture",
            Self::Outdated { .. } => "StoreOutdated",
            Self::ReadOnly => "StoreReadOnly",
            Self::Locked => "StoreLocked",
            Self::Unreachable(_) => "StoreUnreachable",
            Self::Late => "StoreLate",
            Self::Tls(_) => "StoreTlsFailed",
            Self::Credentials(_) => "StoreCredentialsInvalid",
            Self::Missing(_) => "StoreMissing",
            Self::Forbidden(_) => "StoreForbidden",
            Self::Unsuitable { .. } => "StoreUnsuitable",
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
            Self::Location { .. } => {
                "give `--state` a path, `sqlite:PATH`, `postgres://USER@HOST/DATABASE` (docs/postgresql.md) or `:memory:`"
            }
            Self::NotAFile { .. } => "give `--state` the path of a file; it is created where there is none",
            Self::Unusable { .. } => "make the folder exist and writable for this user, or give `--state` another path",
            Self::Foreign { .. } => "give `--state` another path, database or schema; this one was left as it is",
            Self::Corrupt { .. } | Self::Content { .. } => {
                "put back a backup, or begin with an empty store: without it nothing is owned, so nothing is removed, and what is declared is adopted again"
            }
            Self::Future { .. } => "use the version of appaccess that wrote it, or a later one",
            Self::Outdated { .. } => "run `apply`, `run` or `operator` of this version once: they upgrade the store",
            Self::ReadOnly => {
                "make the file and its folder writable for this user; of a database, name the primary server"
            }
            Self::Locked => "wait for the other process, or stop it; a file must be on a local disk",
            Self::Unreachable(_) => {
                "start the server, or correct host and port; nothing was lost, and it is tried again"
            }
            Self::Late => "see what keeps the server or the way to it busy; nothing was lost, and it is tried again",
            Self::Tls(_) => {
                "give the server a certificate for its name, or name its authority by `sslrootcert`; else say `sslmode` in the URL"
            }
            Self::Credentials(_) => {
                "correct user and password in the URL, in PGPASSWORD or in the file that PGPASSFILE names"
            }
            Self::Missing(_) => "create the database, or correct its name in the URL",
            Self::Forbidden(_) => {
                "grant this user its rights on the schema and its tables, as docs/postgresql.md shows"
            }
            Self::Unsuitable { .. } => {
                "create a database with the encoding UTF8, and the schema that the search path names"
            }
            Self::Full => "make room on the disk; it is tried again",
            Self::Busy { .. } => "wait for the other process to end, or stop it",
            Self::LostWriter => "nothing: the new writer goes on; do not run two on one store",
            Self::UnknownIntent { .. } | Self::Text { .. } => "report this as a bug, with the message",
            Self::Database(_) => "check the disk and the database; it is tried again",
        }
    }

    /// Whether it may pass by itself, so that asking again is better than giving up.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Locked | Self::Unreachable(_) | Self::Late | Self::Full)
    }

    /// What a server said, or that it said nothing.
    pub(super) fn of_server(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(io) if is_of_tls(io) => Self::Tls(Said::of(io)),
            sqlx::Error::Tls(cause) => Self::Tls(Said::of(cause)),
            sqlx::Error::Io(cause) => Self::Unreachable(Said::of(cause)),
            sqlx::Error::PoolTimedOut => Self::Unreachable(Said::of(&"no connection in time")),
            sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => {
                Self::Unreachable(Said::of(&error))
            }
            sqlx::Error::Database(database) => {
                let kind = database.code().as_deref().and_then(kind_of_state);
                match kind {
                    Some(kind) => kind.of(Said::of(&database.message())),
                    None => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }

    /// The same with the name of the server, where it is about the way to it.
    pub(super) fn at(self, server: &str) -> Self {
        match self {
            Self::Unreachable(said) => Self::Unreachable(said.at(server)),
            Self::Tls(said) => Self::Tls(said.at(server)),
            Self::Credentials(said) => Self::Credentials(said.at(server)),
            Self::Missing(said) => Self::Missing(said.at(server)),
            other => other,
        }
    }

    /// What a server said while tables were made.
    pub(super) fn of_migration(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(source) | sqlx::migrate::MigrateError::ExecuteMigration(source, _) => {
                Self::of_server(source)
            }
            other => Self::Database(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

/// Whether it is about a certificate or the like: the driver tells of it as of any other input and output.
fn is_of_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

/// What a state of PostgreSQL means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unreachable,
    Late,
    Locked,
    Credentials,
    Missing,
    Forbidden,
    ReadOnly,
    Full,
    Corrupt,
    Key,
}

impl Kind {
    fn of(self, said: Said) -> StoreError {
        match self {
            Self::Unreachable => StoreError::Unreachable(said),
            Self::Late => StoreError::Late,
            Self::Locked => StoreError::Locked,
            Self::Credentials => StoreError::Credentials(said),
            Self::Missing => StoreError::Missing(said),
            Self::Forbidden => StoreError::Forbidden(said),
            Self::ReadOnly => StoreError::ReadOnly,
            Self::Full => StoreError::Full,
            Self::Corrupt => StoreError::Corrupt { what: said.0 },
            Self::Key => StoreError::Text { table: "an index", why: "the whole key is too long for PostgreSQL".into() },
        }
    }
}

impl Said {
    /// On one line, and bounded.
    fn of(what: &impl ToString) -> Self {
        Self(what.to_string().chars().take(200).map(|letter| if letter.is_control() { ' ' } else { letter }).collect())
    }

    fn at(self, server: &str) -> Self {
        Self(format!("{server}: {}", self.0))
    }
}

/// The states of PostgreSQL (<https://www.postgresql.org/docs/current/errcodes-appendix.html>) that have a meaning of their
/// own here.
fn kind_of_state(state: &str) -> Option<Kind> {
    Some(match state {
        // Too many connections; the server ends, ended, or begins; the session was ended for being idle.
        "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Kind::Unreachable,
        // A statement was cancelled: most likely by its time.
        "57014" => Kind::Late,
        "40001" | "40P01" | "55P03" => Kind::Locked,
        "28000" | "28P01" => Kind::Credentials,
        "3D000" => Kind::Missing,
        "42501" => Kind::Forbidden,
        "25006" => Kind::ReadOnly,
        "53100" => Kind::Full,
        "XX001" | "XX002" => Kind::Corrupt,
        "54000" => Kind::Key,
        _ if state.starts_with("08") => Kind::Unreachable,
        _ => return None,
    })
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
    fn what_a_server_may_say_has_a_meaning() {
        for (state, kind) in [
            ("08006", Kind::Unreachable),
            ("57P01", Kind::Unreachable),
            ("40001", Kind::Locked),
            ("55P03", Kind::Locked),
            ("53100", Kind::Full),
        ] {
            assert_eq!(kind_of_state(state), Some(kind), "{state}");
        }
        assert_eq!(kind_of_state("42601"), None, "a wrong statement is a fault of ours");
    }

    #[test]
    fn extended_codes_mean_what_their_primary_code_means() {
        assert!(matches!(of_sqlite(1032, ""), Some(StoreError::ReadOnly)));
        assert!(matches!(of_sqlite(517, ""), Some(StoreError::Locked)));
        assert!(matches!(of_sqlite(267, "x"), Some(StoreError::Corrupt { .. })));
        assert!(matches!(of_sqlite(13, ""), Some(StoreError::Full)));
        assert!(of_sqlite(1, "").is_none());
    }
}
