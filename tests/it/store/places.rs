//! Wherever a store is: it begins empty, is made once however many open it, is upgraded, and what is not ours or not yet
//! known is left alone.

use std::path::Path;

use appaccess::store::{Store, StoreError};
use sqlx::{Connection as _, SqliteConnection};

use super::{Kind, MINUTE, Place, app, approval, now, on_both, owning, postgres};

on_both! {
    what_was_kept_is_there_after_opening_again,
    many_may_open_a_new_store_at_once,
    reading_alone_makes_and_changes_nothing,
    a_reader_sees_what_a_writer_commits_meanwhile,
    what_was_read_within_one_answer_is_of_one_moment,
    a_database_of_another_program_is_left_alone,
    a_store_from_a_later_version_is_left_alone,
    a_store_whose_tables_somebody_else_made_is_left_alone,
    a_store_of_the_first_version_is_upgraded_by_whoever_writes_and_loses_nothing,
    many_may_upgrade_a_store_at_once,
}

/// Makes a store and keeps something in it.
pub(super) async fn filled(location: &str) {
    let store = Store::open(location).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    writer.keep(&app(), now(), &owning("u_1")).await.unwrap();
    writer.release().await.unwrap();
    store.close().await;
}

impl Place {
    /// Runs statements behind the store's back.
    pub(super) async fn alter(&self, statements: &str) {
        if self.kind == Kind::Postgres {
            return postgres::execute(&self.location, statements).await;
        }
        let location = format!("sqlite:{}?mode=rwc", Path::new(&self.location).display());
        let mut connection = SqliteConnection::connect(&location).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn filled(kind: Kind) -> Self {
        let place = kind.place().await;
        filled(&place.location).await;
        place
    }

    async fn refused(&self) -> StoreError {
        let writing = Store::open(&self.location).await.expect_err("it is no usable store");
        let reading = Store::open_existing(&self.location).await.expect_err("it is no usable store");
        assert_eq!(writing.to_string(), reading.to_string());
        assert!(!writing.remedy().is_empty());
        writing
    }
}

async fn what_was_kept_is_there_after_opening_again(kind: Kind) {
    let place = Place::filled(kind).await;
    let store = Store::open(&place.location).await.unwrap();
    assert_eq!(store.memory(&app(), now()).await.unwrap().inventory, owning("u_1").inventory.set);
}

async fn many_may_open_a_new_store_at_once(kind: Kind) {
    let place = kind.place().await;
    let opened = futures::future::join_all((0..6).map(|_| Store::open(&place.location))).await;
    for store in opened {
        store.unwrap().memory(&app(), now()).await.unwrap();
    }
}

async fn reading_alone_makes_and_changes_nothing(kind: Kind) {
    let place = kind.place().await;
    assert!(Store::open_existing(&place.location).await.unwrap().is_none());
    assert!(Store::open_existing(&place.location).await.unwrap().is_none(), "the first look made nothing");
    filled(&place.location).await;
    let store = Store::open_existing(&place.location).await.unwrap().unwrap();
    let refused = store.become_writer("one", now(), MINUTE).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly), "{refused:?}");
    assert!(matches!(store.decide(&app(), &approval("sha256:1"), now()).await, Err(StoreError::ReadOnly)));
    assert_eq!(store.memory(&app(), now()).await.unwrap().inventory.len(), 1);
}

async fn a_reader_sees_what_a_writer_commits_meanwhile(kind: Kind) {
    let place = Place::filled(kind).await;
    let writing = Store::open(&place.location).await.unwrap();
    let reading = Store::open_existing(&place.location).await.unwrap().unwrap();
    let writer = writing.become_writer("two", now(), MINUTE).await.unwrap();
    writer.keep(&app(), now(), &owning("u_2")).await.unwrap();
    assert_eq!(reading.memory(&app(), now()).await.unwrap().inventory, owning("u_2").inventory.set);
}

/// The writer moves one fact back and forth between two tables; whoever reads must find it in exactly one.
async fn what_was_read_within_one_answer_is_of_one_moment(kind: Kind) {
    let place = Place::filled(kind).await;
    let writing = Store::open(&place.location).await.unwrap();
    let reading = Store::open_existing(&place.location).await.unwrap().unwrap();
    let writer = writing.become_writer("two", now(), MINUTE).await.unwrap();
    let there = owning("u_1");
    let mut gone = appaccess::store::Update::default();
    gone.inventory.cleared = there.inventory.set.keys().cloned().collect();
    gone.groups.set.insert("moved".into(), "1".into());
    let mut back = there.clone();
    back.groups.cleared.insert("moved".into());
    let moving = async {
        for _ in 0..30 {
            writer.keep(&app(), now(), &gone).await.unwrap();
            writer.keep(&app(), now(), &back).await.unwrap();
        }
    };
    let looking = async {
        for _ in 0..60 {
            let memory = reading.memory(&app(), now()).await.unwrap();
            assert_eq!(memory.inventory.len() + memory.groups.len(), 1);
        }
    };
    futures::join!(moving, looking);
}

async fn a_database_of_another_program_is_left_alone(kind: Kind) {
    let place = kind.place().await;
    place.alter("CREATE TABLE invoices (id BIGINT)").await;
    let error = place.refused().await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
}

async fn a_store_from_a_later_version_is_left_alone(kind: Kind) {
    let place = Place::filled(kind).await;
    let copy = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                SELECT 9999, 'later', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    place.alter(copy).await;
    let error = place.refused().await;
    assert!(matches!(error, StoreError::Future { found: 9999, known: 2.. }), "{error:?}");
}

async fn a_store_whose_tables_somebody_else_made_is_left_alone(kind: Kind) {
    let place = Place::filled(kind).await;
    let other = "UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM _sqlx_migrations WHERE version = 2) \
                 WHERE version = 1";
    place.alter(other).await;
    let error = place.refused().await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
}

async fn of_the_first_version(kind: Kind) -> Place {
    let place = Place::filled(kind).await;
    place.alter("DROP TABLE tasks").await;
    place.alter("ALTER TABLE directory_facts DROP COLUMN counted_at").await;
    place.alter("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    place
}

async fn a_store_of_the_first_version_is_upgraded_by_whoever_writes_and_loses_nothing(kind: Kind) {
    let place = of_the_first_version(kind).await;
    let error = Store::open_existing(&place.location).await.unwrap_err();
    assert!(matches!(error, StoreError::Outdated { found: 1, .. }), "{error:?}");
    let store = Store::open(&place.location).await.unwrap();
    let memory = store.memory(&app(), now()).await.unwrap();
    assert_eq!((memory.inventory.len(), memory.tasks.len()), (1, 0));
}

async fn many_may_upgrade_a_store_at_once(kind: Kind) {
    let place = of_the_first_version(kind).await;
    for store in futures::future::join_all((0..4).map(|_| Store::open(&place.location))).await {
        assert_eq!(store.unwrap().memory(&app(), now()).await.unwrap().inventory.len(), 1);
    }
}
