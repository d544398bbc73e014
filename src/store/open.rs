//! From a location to an open database: what stands there is looked at, and refused if it is not ours, before anything
//! is changed.

use sqlx::migrate::Migrator;

use super::{
    StoreError,
    database::{Database, Patience},
    location::{Place, place},
    postgres, sqlite,
};

/// The steps that make and upgrade the tables, for all databases.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// How often opening is tried while another process creates or upgrades the same store.
pub(super) const ATTEMPTS: u32 = 5;
/// How the table is called that lists the steps that were made.
const STEPS: &str = "_sqlx_migrations";

/// What a database holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// Nothing at all.
    Empty,
    /// Ours, in this version.
    Version(i64),
}

/// Opens the store at `location`, creating and upgrading it as needed. A server is waited for with this patience.
pub(super) async fn open(location: &str, patience: Patience) -> Result<Database, StoreError> {
    match place(location)? {
        Place::Memory => sqlite::memory().await,
        Place::File(path) => sqlite::open(&path).await,
        Place::Server(server) => postgres::open(&server, patience).await,
    }
}

/// Opens the store at `location` for reading, without creating or changing anything; `None` where there is none.
pub(super) async fn open_existing(location: &str) -> Result<Option<Database>, StoreError> {
    match place(location)? {
        Place::Memory => Ok(None),
        Place::File(path) => sqlite::open_existing(&path).await,
        Place::Server(server) => postgres::open_existing(&server).await,
    }
}

/// The version that this program makes and reads.
pub(super) fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// What a database with these tables holds, as far as their names tell; `None` where the list of steps has to be read.
pub(super) fn by_tables(tables: &[String], place: &str) -> Result<Option<Schema>, StoreError> {
    if tables.is_empty() {
        return Ok(Some(Schema::Empty));
    }
    if tables.iter().any(|name| name == STEPS) {
        return Ok(None);
    }
    Err(StoreError::Foreign { place: place.to_owned(), why: "it holds tables of another program" })
}

/// What a database holds in which these steps were made, in order, each with the digest of what it did, and which has so
/// many tables.
pub(super) fn by_steps(steps: &[(i64, Vec<u8>)], tables: usize, place: &str) -> Result<Schema, StoreError> {
    let foreign = |why| Err(StoreError::Foreign { place: place.to_owned(), why });
    let Some((found, _)) = steps.last() else {
        // Creating it was interrupted between the list of steps and the first of them.
        return if tables == 1 { Ok(Schema::Empty) } else { foreign("it holds tables of another program") };
    };
    if *found > newest() {
        return Err(StoreError::Future { found: *found, known: newest() });
    }
    let is_ours = |(version, digest): &(i64, Vec<u8>)| {
        MIGRATIONS.iter().any(|known| known.version == *version && *known.checksum == **digest)
    };
    if !steps.iter().all(is_ours) {
        return foreign("its schema was made by another program");
    }
    Ok(Schema::Version(*found))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_migration_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations");
        let mut there: Vec<String> =
            fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        let mut built_in: Vec<String> = MIGRATIONS.iter().map(|known| known.sql.as_str().to_owned()).collect();
        there.sort();
        built_in.sort();
        assert_eq!(built_in, there);
    }
}
