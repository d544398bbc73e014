//! A store on a server: who is let in and how, what it says when it cannot be used, and that a server which goes and comes
//! back has lost nothing and doubled nothing.

use std::collections::BTreeSet;

use appaccess::store::{JournalFilter, ResultLine, Store, StoreError, Update};
use appaccess_core::plan::Outcome;
use jiff::SignedDuration;

use super::postgres::{self, GUARDED, PASSWORD, Server};
use super::{Kind, MINUTE, app, intent, lease::LAPSE, now, owning};

/// The name of the database at a location.
fn name_of(location: &str) -> &str {
    location.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a URL has a path")
}

async fn refused(location: &str) -> StoreError {
    let error = Store::open(location).await.expect_err("it cannot be used");
    let told = format!("{error} {error:?} {}", error.remedy());
    assert!(!told.contains(PASSWORD) && !told.contains("secret"), "{told}");
    let reading = Store::open_existing(location).await.expect_err("it cannot be used");
    assert_eq!(reading.reason(), error.reason());
    error
}

#[tokio::test]
async fn what_is_wrong_with_a_server_has_a_reason_of_its_own() {
    let server = postgres::shared().await;
    let free = crate::support::process::free_port();
    let database = server.database().await;
    let with = |parameter: &str| format!("{database}&{parameter}");
    let guarded = |password: &str| {
        format!("postgres://{GUARDED}:{password}@127.0.0.1:{}/postgres?sslmode=disable", server.port())
    };
    for (location, reason) in [
        (format!("postgres://postgres@127.0.0.1:{free}/x"), "StoreUnreachable"),
        (guarded("secret"), "StoreCredentialsInvalid"),
        (guarded(""), "StoreCredentialsInvalid"),
        (server.url("postgres", "nothing"), "StoreMissing"),
        (with("options[search_path]=nothing"), "StoreUnsuitable"),
        (format!("postgres://postgres@localhost:{}/x?sslmode=verify-full", server.port()), "StoreTlsFailed"),
        (format!("postgres://postgres@localhost:{}/x?sslmode=verify", server.port()), "StoreLocationInvalid"),
    ] {
        let error = refused(&location).await;
        assert_eq!(error.reason(), reason, "{location}: {error:?}");
    }
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let server = postgres::shared().await;
    let name = "of_bytes";
    let statement = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII'");
    postgres::execute(&server.url("postgres", "postgres"), &statement).await;
    let error = refused(&server.url("postgres", name)).await;
    assert_eq!(error.to_string(), "the database cannot hold a store: its encoding is SQL_ASCII, and UTF8 is needed");
}

#[tokio::test]
async fn a_server_that_proves_who_it_is_is_spoken_to_by_tls() {
    let server = postgres::shared().await;
    let database = server.database().await;
    let name = name_of(&database);
    let certificate = server.certificate();
    let location = format!(
        "postgres://postgres@localhost:{}/{name}?sslmode=verify-full&sslrootcert={}",
        server.port(),
        certificate.display()
    );
    let store = Store::open(&location).await.unwrap();
    store.become_writer("one", now(), MINUTE).await.unwrap();
    let elsewhere = location.replace("localhost", "127.0.0.1");
    assert_eq!(refused(&elsewhere).await.reason(), "StoreTlsFailed", "the certificate is for another name");
}

#[tokio::test]
async fn a_user_with_the_least_rights_is_enough_and_one_without_is_told() {
    let server = postgres::shared().await;
    let database = server.database().await;
    let name = name_of(&database);
    let encoded = PASSWORD.replace(' ', "%20");
    let location = format!("postgres://{GUARDED}:{encoded}@127.0.0.1:{}/{name}?sslmode=disable", server.port());
    postgres::execute(&database, "REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO guarded")
        .await;
    let error = Store::open(&location).await.unwrap_err();
    assert_eq!(error.reason(), "StoreForbidden", "{error:?}");
    // As docs/postgresql.md has it: a schema of its own.
    postgres::execute(&database, "CREATE SCHEMA appaccess AUTHORIZATION guarded").await;
    postgres::execute(&database, &format!("ALTER ROLE guarded IN DATABASE {name} SET search_path = appaccess")).await;
    let store = Store::open(&location).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    writer.keep(&app(), now(), &owning("u_1")).await.unwrap();
    // Somebody who only looks.
    postgres::execute(
        &database,
        "CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA appaccess TO looker; \
         GRANT SELECT ON ALL TABLES IN SCHEMA appaccess TO looker",
    )
    .await;
    let looking = format!("{}&options[search_path]=appaccess", server.url("looker", name));
    let reading = Store::open_existing(&looking).await.unwrap().unwrap();
    assert_eq!(reading.memory(&app(), now()).await.unwrap().inventory.len(), 1);
}

#[tokio::test]
async fn writers_who_share_a_server_never_write_at_the_same_time() {
    let place = Kind::Postgres.place().await;
    let stores = futures::future::join_all((0..4).map(|_| Store::open(&place.location))).await;
    let stores: Vec<Store> = stores.into_iter().map(Result::unwrap).collect();
    // A lease that ends the moment it is taken: each takes over from the others whenever it likes.
    let lease = SignedDuration::ZERO;
    let taking = stores.iter().enumerate().map(async |(number, store)| {
        let mut written = Vec::new();
        for _ in 0..25 {
            let writer = match store.become_writer(&format!("writer {number}"), now(), lease).await {
                Ok(writer) => writer,
                Err(StoreError::Busy { .. } | StoreError::Locked) => continue,
                Err(other) => panic!("{other:?}"),
            };
            match writer.begin(&app(), now(), &[intent()]).await {
                Ok(numbers) => written.extend(numbers),
                Err(StoreError::LostWriter | StoreError::Locked) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        written
    });
    let mut written = futures::future::join_all(taking).await.concat();
    // And in turns: of two, the latter writes, and the former is refused.
    for (former, latter) in stores.iter().zip(stores.iter().skip(1)) {
        let replaced = former.become_writer("former", now(), lease).await.unwrap();
        let writer = latter.become_writer("latter", now(), lease).await.unwrap();
        written.extend(writer.begin(&app(), now(), &[intent()]).await.unwrap());
        let refused = replaced.begin(&app(), now(), &[intent()]).await;
        assert!(matches!(refused, Err(StoreError::LostWriter)), "{refused:?}");
    }
    written.sort_unstable();
    let expected: Vec<u64> = (1..=written.len() as u64).collect();
    assert_eq!(written, expected, "no number was given twice, and none is missing");
    assert_eq!(stores[0].unfinished(&app()).await.unwrap().len(), written.len());
}

#[tokio::test]
async fn who_waits_for_another_writer_gets_its_turn_whatever_the_servers_default_is() {
    use sqlx::{Connection as _, PgConnection};

    let place = Kind::Postgres.place().await;
    let name = name_of(&place.location);
    let stricter = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'");
    postgres::execute(&place.location, &stricter).await;
    let store = Store::open(&place.location).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    let mut other = PgConnection::connect(&place.location).await.unwrap();
    let mut watcher = PgConnection::connect(&place.location).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("UPDATE writer SET holder = holder").execute(&mut *lock).await.unwrap();
    let keeping = async { writer.keep(&app(), now(), &owning("u_1")).await };
    let (kept, ()) = futures::join!(keeping, async {
        let waits = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        crate::support::wait::eventually("it waits for the lock", async || {
            sqlx::query(waits).fetch_optional(&mut watcher).await.ok().flatten()
        })
        .await;
        lock.commit().await.unwrap();
    });
    kept.unwrap();
}

#[tokio::test]
async fn a_view_of_an_extension_makes_an_empty_schema_nobody_elses() {
    let place = Kind::Postgres.place().await;
    let view = "CREATE VIEW statements AS SELECT 1 AS calls";
    postgres::execute(&place.location, view).await;
    assert_eq!(refused(&place.location).await.reason(), "StoreForeign");
    postgres::execute(&place.location, "ALTER EXTENSION plpgsql ADD VIEW statements").await;
    assert!(Store::open_existing(&place.location).await.unwrap().is_none());
    let store = Store::open(&place.location).await.unwrap();
    store.become_writer("one", now(), MINUTE).await.unwrap();
}

#[tokio::test]
async fn a_lock_that_stays_is_said_and_loses_nothing() {
    use sqlx::{Connection as _, PgConnection};

    let place = Kind::Postgres.place().await;
    let store = Store::open(&place.location).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    let mut other = PgConnection::connect(&place.location).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT epoch FROM writer FOR UPDATE").execute(&mut *lock).await.unwrap();
    let error = writer.keep(&app(), now(), &owning("u_1")).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked) && error.is_passing(), "{error:?}");
    assert!(store.memory(&app(), now()).await.unwrap().inventory.is_empty(), "reading goes on");
    lock.rollback().await.unwrap();
    writer.keep(&app(), now(), &owning("u_1")).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_the_server_ends_fails_one_write_at_most_and_doubles_none() {
    let place = Kind::Postgres.place().await;
    let store = Store::open(&place.location).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    let ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut confirmed = BTreeSet::new();
    for _ in 0..20 {
        let (begun, ()) = futures::join!(async { writer.begin(&app(), now(), &[intent()]).await }, async {
            postgres::execute(&place.location, ending).await;
        });
        match begun {
            Ok(numbers) => confirmed.extend(numbers),
            Err(error) => assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}"),
        }
    }
    // Between the ends nothing is left to fail.
    confirmed.extend(writer.begin(&app(), now(), &[intent()]).await.unwrap());
    let lines = store.journal(&JournalFilter::default()).await.unwrap();
    let there: BTreeSet<u64> = lines.iter().map(|line| line.sequence).collect();
    let last = store.memory(&app(), now()).await.unwrap().sequence;
    assert_eq!(there, (1..=last).collect(), "each number has its line");
    assert_eq!(there.len(), lines.len(), "and one only");
    assert!(confirmed.is_subset(&there), "what was confirmed is there: {confirmed:?} of {there:?}");
}

#[tokio::test]
async fn a_server_that_stops_and_comes_back_has_lost_nothing_and_doubled_nothing() {
    let mut server = Server::start().await;
    let location = server.database().await;
    let store = Store::open(&location).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    let first = writer.begin(&app(), now(), &[intent()]).await.unwrap();

    server.stop();
    let result = ResultLine::of(first[0], &Outcome::Applied);
    let lost = writer.finish(&app(), now(), std::slice::from_ref(&result), &owning("u_1")).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unreachable(_)) && lost.is_passing(), "{lost:?}");
    let lost = store.memory(&app(), now()).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unreachable(_)), "{lost:?}");

    server.start_again().await;
    assert_eq!(store.unfinished(&app()).await.unwrap().len(), 1, "the intent is there, its result is not");
    assert!(store.memory(&app(), now()).await.unwrap().inventory.is_empty());
    writer.finish(&app(), now(), &[result], &owning("u_1")).await.unwrap();
    assert_eq!(writer.begin(&app(), now(), &[intent()]).await.unwrap(), [2]);
    writer.finish(&app(), now(), &[ResultLine::of(2, &Outcome::Applied)], &Update::default()).await.unwrap();
    assert_eq!(store.memory(&app(), now()).await.unwrap().inventory.len(), 1);
    assert_eq!(store.journal(&JournalFilter::default()).await.unwrap().len(), 2);

    // Whoever took over while we were away is the writer, and we are not.
    let other = Store::open(&location).await.unwrap();
    postgres::execute(&location, LAPSE).await;
    other.become_writer("two", now(), MINUTE).await.unwrap();
    assert!(matches!(writer.begin(&app(), now(), &[intent()]).await, Err(StoreError::LostWriter)));
}
