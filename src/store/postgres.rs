//! A store on a PostgreSQL server, in the first schema of the search path. Any number of processes may share it; who
//! writes locks one row for as long as its transaction lasts.

use std::{borrow::Cow, sync::LazyLock, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqlSafeStr as _,
    migrate::{Migration, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{
    StoreError,
    database::{Database, Patience, within},
    location::Server,
    open::{ATTEMPTS, MIGRATIONS, Schema, by_steps, by_tables, newest},
};

/// Connections of this process: one writes at a time, the others read.
const CONNECTIONS: u32 = 5;
/// What holds for each session, whatever the server's own settings are: how long a statement may take and wait for a lock,
/// how long a transaction may wait for us, and how soon the server notices that we are gone without a word. Without the
/// last two, a machine that vanished could keep the writer's row locked for hours.
const SESSION: [(&str, &str); 6] = [
    ("lock_timeout", "5s"),
    ("statement_timeout", "120s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// The steps of all databases, with the order of bytes for every text: times and keys sort as they do in SQLite, and an
/// index survives an upgrade of the system's locales.
static STEPS: LazyLock<Migrator> = LazyLock::new(|| {
    let steps = MIGRATIONS.iter().map(|step| {
        let statements = step.sql.as_str().replace(" TEXT", " TEXT COLLATE \"C\"");
        Migration { sql: AssertSqlSafe(statements).into_sql_str(), ..step.clone() }
    });
    Migrator { migrations: Cow::Owned(steps.collect()), ..Migrator::DEFAULT }
});

/// Opens the store, creating and upgrading its tables as needed.
pub(super) async fn open(server: &Server, patience: Patience) -> Result<Database, StoreError> {
    let options = options(server);
    let mut attempt = 1;
    loop {
        let mut connection = connect(&options, &patience).await?;
        let prepared = prepare(&mut connection, &patience).await;
        drop(tokio::time::timeout(patience.farewell, connection.close()).await);
        match prepared {
            Ok(()) => return Ok(Database::postgres(pool(options, &patience), patience, true)),
            // Somebody else creates or upgrades it at the same time: look again.
            Err(StoreError::Locked) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Opens the store for reading alone; `None` where there is none.
pub(super) async fn open_existing(server: &Server) -> Result<Option<Database>, StoreError> {
    let patience = Patience::default();
    let options = options(server).options([("default_transaction_read_only", "on")]);
    let mut connection = connect(&options, &patience).await?;
    let schema = inspect(&mut connection, &patience).await;
    drop(tokio::time::timeout(patience.farewell, connection.close()).await);
    match schema? {
        Schema::Empty => Ok(None),
        Schema::Version(found) if found < newest() => Err(StoreError::Outdated { found, known: newest() }),
        Schema::Version(_) => Ok(Some(Database::postgres(pool(options, &patience), patience, false))),
    }
}

fn options(server: &Server) -> PgConnectOptions {
    let options = server.0.as_ref().clone().options(SESSION);
    match std::env::var_os("PGAPPNAME") {
        Some(_) => options,
        None => options.application_name("appaccess"),
    }
}

async fn connect(options: &PgConnectOptions, patience: &Patience) -> Result<PgConnection, StoreError> {
    let server = || match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    match tokio::time::timeout(patience.connection, options.connect()).await {
        Ok(connected) => connected.map_err(|error| StoreError::of_server(error).at(&server())),
        Err(_) => Err(StoreError::Late),
    }
}

/// A connection that comes back is asked whether it still answers, and for no longer than a moment: what was left half
/// done is undone by then.
fn pool(options: PgConnectOptions, patience: &Patience) -> sqlx::Pool<sqlx::Postgres> {
    let farewell = patience.farewell;
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(patience.connection)
        .after_release(move |connection, _| Box::pin(answers(connection, farewell)))
        .connect_lazy_with(options)
}

async fn answers(connection: &mut PgConnection, patience: Duration) -> Result<bool, sqlx::Error> {
    let answer = tokio::time::timeout(patience, connection.ping()).await;
    answer.unwrap_or(Err(sqlx::Error::WorkerCrashed)).map(|()| true)
}

/// Looks at what is there, and makes or upgrades our tables where it is nothing, or ours. The steps are made one process
/// at a time, under a lock of the server's; who comes second finds them made. After an error the connection may be in the
/// middle of anything.
async fn prepare(connection: &mut PgConnection, patience: &Patience) -> Result<(), StoreError> {
    if inspect(connection, patience).await? == Schema::Version(newest()) {
        return Ok(());
    }
    // An answer for each step, and for the lock, the list of steps, and the end of both.
    let answers = u32::try_from(STEPS.iter().count()).unwrap_or(u32::MAX).saturating_add(4);
    let made = STEPS.run_direct(None, connection, false);
    match tokio::time::timeout(patience.answer.saturating_mul(answers), made).await {
        Ok(made) => made.map_err(StoreError::of_migration),
        Err(_) => Err(StoreError::Late),
    }
}

/// What the database holds, with an error for all that we must not touch or cannot use.
async fn inspect(connection: &mut PgConnection, patience: &Patience) -> Result<Schema, StoreError> {
    let (schema, encoding): (Option<String>, String) = within(
        patience.answer,
        sqlx::query_as("SELECT current_schema()::text, current_setting('server_encoding')").fetch_one(&mut *connection),
    )
    .await?;
    if encoding != "UTF8" {
        return Err(StoreError::Unsuitable { why: format!("its encoding is {encoding}, and UTF8 is needed") });
    }
    let Some(schema) = schema else {
        return Err(StoreError::Unsuitable { why: "no schema of its search path is there".to_owned() });
    };
    let place = format!("the schema {schema:?} of the database");
    // What belongs to an extension (its views in `public`, say) is nobody's data.
    let tables = "SELECT c.relname::text FROM pg_catalog.pg_class c \
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e') \
                  LIMIT 1000";
    let tables: Vec<String> = within(patience.answer, sqlx::query_scalar(tables).fetch_all(&mut *connection)).await?;
    if let Some(known) = by_tables(&tables, &place)? {
        return Ok(known);
    }
    let steps = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
    let steps: Vec<(i64, Vec<u8>)> = within(patience.answer, sqlx::query_as(steps).fetch_all(connection)).await?;
    by_steps(&steps, tables.len(), &place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_those_of_all_databases_but_for_the_order_of_texts() {
        assert_eq!(STEPS.iter().count(), MIGRATIONS.iter().count());
        for (ours, shared) in STEPS.iter().zip(MIGRATIONS.iter()) {
            assert_eq!((ours.version, &ours.checksum), (shared.version, &shared.checksum));
            assert_eq!(ours.sql.as_str().replace(" COLLATE \"C\"", ""), shared.sql.as_str());
        }
    }
}
