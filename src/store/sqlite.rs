//! A store in a SQLite file: who may be there, and how it is opened so that what is committed is on the disk.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sqlx::{
    Pool, Sqlite,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    StoreError,
    database::Database,
    open::{ATTEMPTS, MIGRATIONS, Schema, by_steps, by_tables, newest},
};

/// How long a statement waits for another process's lock.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Connections of this process: one writes at a time, the others read.
const CONNECTIONS: u32 = 4;
/// Rows that the database's thread reads ahead: an inventory is long, and each hand-over costs.
const ROWS_AHEAD: usize = 1024;
/// The first bytes of every SQLite file (<https://www.sqlite.org/fileformat.html>, section 1.3.1).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Opens the file, creating and upgrading it as needed.
pub(super) async fn open(path: &Path) -> Result<Database, StoreError> {
    if stands(path)? {
        let reading = read(path).await?;
        let schema = inspect(&reading, path).await;
        reading.close().await;
        schema?;
    } else {
        create(path)?;
    }
    OpenOptions::new().read(true).write(true).open(path).map_err(|error| not_writable(path, error))?;
    let mut attempt = 1;
    loop {
        match write(path).await {
            Ok(pool) => return Ok(Database::sqlite(pool, true)),
            // Somebody else creates or upgrades it at the same time: look again.
            Err(StoreError::Locked | StoreError::Database(_)) if attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(error),
        }
        attempt += 1;
    }
}

/// Opens the file for reading, without creating or changing anything; `None` where there is none.
pub(super) async fn open_existing(path: &Path) -> Result<Option<Database>, StoreError> {
    if !stands(path)? {
        return Ok(None);
    }
    let pool = read(path).await?;
    match inspect(&pool, path).await? {
        Schema::Empty => Ok(None),
        Schema::Version(found) if found < newest() => Err(StoreError::Outdated { found, known: newest() }),
        Schema::Version(_) => Ok(Some(Database::sqlite(pool, false))),
    }
}

/// Whether a file is there that could be a database.
fn stands(path: &Path) -> Result<bool, StoreError> {
    let opened = |source| StoreError::Unusable { path: path.to_owned(), verb: "opened", source };
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(StoreError::NotAFile { path: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(opened(error)),
    }
    let mut start = Vec::with_capacity(MAGIC.len());
    let file = File::open(path).map_err(opened)?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(opened)?;
    if start.is_empty() || start == MAGIC {
        return Ok(true);
    }
    Err(StoreError::Foreign { place: path.display().to_string(), why: "it does not begin as a SQLite file does" })
}

/// Makes an empty file that only its owner can read, and the folders above it.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut folders = DirBuilder::new();
    folders.recursive(true);
    let mut file = OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folders.mode(0o700);
        file.mode(0o600);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let failed = |source| StoreError::Unusable { path: folder.to_owned(), verb: "created", source };
        folders.create(folder).map_err(failed)?;
    }
    match file.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StoreError::Unusable { path: path.to_owned(), verb: "created", source }),
    }
}

fn not_writable(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly,
        _ => StoreError::Unusable { path: path.to_owned(), verb: "opened", source: error },
    }
}

/// Foreign keys are what `sqlx` turns on by itself; said here, since the schema relies on it.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(LOCK_WAIT)
        .foreign_keys(true)
        .row_buffer_size(ROWS_AHEAD)
}

fn pool_options(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(30))
}

pub(super) async fn memory() -> Result<Database, StoreError> {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let name = format!("file:appaccess-in-memory-{}", OPENED.fetch_add(1, Ordering::Relaxed));
    let options = options(Path::new(&name)).in_memory(true).shared_cache(true).create_if_missing(true);
    let lasting = || pool_options(1).idle_timeout(None).max_lifetime(None).connect_with(options.clone());
    // The database lives as long as some connection to it. A connection whose work is dropped half done may be closed by
    // its pool, so that another one, which nobody works on, keeps the database.
    let (anchor, pool) = (lasting().await?, lasting().await?);
    MIGRATIONS.run(&pool).await?;
    Ok(Database::in_memory(pool, anchor))
}

async fn write(path: &Path) -> Result<Pool<Sqlite>, StoreError> {
    let options = options(path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let pool = pool_options(CONNECTIONS).connect_with(options).await?;
    match MIGRATIONS.run(&pool).await {
        Ok(()) => Ok(pool),
        Err(error) => {
            pool.close().await;
            Err(error.into())
        }
    }
}

/// Opens for reading. A file that was closed cleanly is opened as for writing, with writing forbidden: that way alone
/// SQLite takes away again what it lays beside the file. Where the folder cannot be written, nobody else can write
/// either, and the file is read as it is.
async fn read(path: &Path) -> Result<Pool<Sqlite>, StoreError> {
    if log_of(path).exists() {
        return Ok(pool_options(CONNECTIONS).connect_with(options(path).read_only(true)).await?);
    }
    let first = pool_options(CONNECTIONS).connect_with(options(path).pragma("query_only", "ON")).await;
    match first {
        Ok(pool) if sqlx::query("SELECT 1 FROM sqlite_master").fetch_optional(&pool).await.is_ok() => Ok(pool),
        Ok(pool) => {
            pool.close().await;
            unchanging(path).await
        }
        Err(_) => unchanging(path).await,
    }
}

async fn unchanging(path: &Path) -> Result<Pool<Sqlite>, StoreError> {
    Ok(pool_options(CONNECTIONS).connect_with(options(path).read_only(true).immutable(true)).await?)
}

/// The file beside a database that holds what is not yet in it.
fn log_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-wal");
    name.into()
}

/// What the database holds, with an error for all that we must not touch.
async fn inspect(pool: &Pool<Sqlite>, path: &Path) -> Result<Schema, StoreError> {
    let place = path.display().to_string();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1000").fetch_all(pool).await?;
    if let Some(known) = by_tables(&tables, &place)? {
        return Ok(known);
    }
    let steps: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version").fetch_all(pool).await?;
    let schema = by_steps(&steps, tables.len(), &place)?;
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await?;
    if verdict != "ok" {
        return Err(StoreError::Corrupt { what: verdict.chars().take(200).collect() });
    }
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use appaccess_core::access::{ObjectName, Text};
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::store::{Changes, Store, Update};

    #[tokio::test]
    async fn what_is_committed_is_on_the_disk_and_each_connection_keeps_the_references() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        create(&path).unwrap();
        let pool = write(&path).await.unwrap();
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(pool.acquire().await.unwrap());
        }
        for connection in &mut connections {
            let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **connection).await.unwrap();
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **connection).await.unwrap();
            let references: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut **connection).await.unwrap();
            let wait: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut **connection).await.unwrap();
            assert_eq!((journal.as_str(), synchronous, references, wait), ("wal", 2, 1, 5000));
        }
    }

    /// A store on `path`, reached by one connection with these options.
    async fn store(options: SqliteConnectOptions) -> Store {
        let pool = pool_options(1).connect_with(options).await.unwrap();
        Store { database: Database::sqlite(pool, true) }
    }

    fn learning(characters: usize) -> Update {
        let name = |number: usize| Text::from(format!("group {number}"));
        let set = (0..characters / 100).map(|number| (name(number), Text::from("x".repeat(100)))).collect();
        Update { groups: Changes { set, cleared: BTreeSet::new() }, ..Update::default() }
    }

    #[tokio::test]
    async fn a_full_disk_is_said_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        create(&path).unwrap();
        write(&path).await.unwrap().close().await;
        let pages = fs::metadata(&path).unwrap().len() / 4096 + 10;
        let store = store(options(&path).pragma("max_page_count", pages.to_string())).await;
        let (app, now) = (ObjectName::new("access", "clockify"), Timestamp::UNIX_EPOCH);
        let writer = store.become_writer("one", now, SignedDuration::from_mins(1)).await.unwrap();
        writer.keep(&app, now, &learning(100)).await.unwrap();
        let before = store.memory(&app, now).await.unwrap();
        let error = writer.keep(&app, now, &learning(1_000_000)).await.unwrap_err();
        assert!(matches!(error, StoreError::Full), "{error:?}");
        assert_eq!(store.memory(&app, now).await.unwrap(), before);
        writer.keep(&app, now, &learning(200)).await.unwrap();
        assert_eq!(store.memory(&app, now).await.unwrap().groups.len(), 2);
    }

    #[tokio::test]
    async fn a_lock_that_stays_is_said_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        create(&path).unwrap();
        let other = write(&path).await.unwrap();
        let store = store(options(&path).busy_timeout(Duration::ZERO)).await;
        let (app, now) = (ObjectName::new("access", "clockify"), Timestamp::UNIX_EPOCH);
        let writer = store.become_writer("one", now, SignedDuration::from_mins(1)).await.unwrap();
        let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let error = writer.keep(&app, now, &learning(100)).await.unwrap_err();
        assert!(matches!(error, StoreError::Locked), "{error:?}");
        assert!(store.memory(&app, now).await.unwrap().groups.is_empty(), "reading goes on");
        lock.rollback().await.unwrap();
        writer.keep(&app, now, &learning(100)).await.unwrap();
    }

    #[tokio::test]
    async fn a_clean_file_can_be_read_where_nothing_can_be_written_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        create(&path).unwrap();
        write(&path).await.unwrap().close().await;
        let pool = unchanging(&path).await.unwrap();
        assert_eq!(inspect(&pool, &path).await.unwrap(), Schema::Version(newest()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
