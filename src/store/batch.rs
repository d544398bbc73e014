//! Rows by the hundred: inserts, replacements and deletions of many rows in few statements, in SQL that SQLite and
//! PostgreSQL both read. Knows no domain.

use appaccess_core::access::Text;
use jiff::Timestamp;
use sqlx::QueryBuilder;

use super::{
    StoreError,
    database::{Backend, Connection},
    row::time_text,
};

/// Rows per statement: the widest table stays far below the limits on bound values (32,766 in SQLite, 65,535 in PostgreSQL).
const ROWS: usize = 400;
/// Bytes of a key or another short text; an index of PostgreSQL takes no more than about 2,700 in all.
const SHORT: usize = 1024;
/// Bytes of a list within a row.
const LONG: usize = 64 * 1024 * 1024;

/// A table by its columns: those of its primary key, and the others.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) keys: &'static [&'static str],
    pub(super) values: &'static [&'static str],
}

/// One value of one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    /// A short text.
    Text(Option<Text>),
    /// A list as JSON.
    Long(String),
    /// A number or a truth.
    Number(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl From<&Text> for Cell {
    fn from(text: &Text) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<&Option<Text>> for Cell {
    fn from(text: &Option<Text>) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Timestamp> for Cell {
    fn from(time: Timestamp) -> Self {
        Self::Text(Some(time_text(time).into()))
    }
}

impl From<Option<Timestamp>> for Cell {
    fn from(time: Option<Timestamp>) -> Self {
        Self::Text(time.map(|time| time_text(time).into()))
    }
}

impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Number(truth.into())
    }
}

/// Inserts `rows`, each with the key's columns first; one whose key is there is replaced. No key may come twice.
pub(super) async fn upsert(connection: &mut Connection, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
    let columns = [table.keys, table.values].concat().join(", ");
    let updates: Vec<String> = table.values.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let conflict = if updates.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", updates.join(", ")) };
    for chunk in rows.chunks(ROWS) {
        let mut query: QueryBuilder<Backend> = QueryBuilder::new(format!("INSERT INTO {} ({columns}) ", table.name));
        push_rows(&mut query, table, chunk)?;
        query.push(format!(" ON CONFLICT ({}) DO {conflict}", table.keys.join(", ")));
        query.build().persistent(chunk.len() == ROWS || chunk.len() == 1).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Deletes the rows with these keys.
pub(super) async fn delete(connection: &mut Connection, table: &Table, keys: &[Vec<Cell>]) -> Result<(), StoreError> {
    let start = format!("DELETE FROM {}", table.name);
    for_keys(connection, table, &start, keys).await.map(|_| ())
}

/// Runs `start` (`UPDATE … SET …`, `DELETE FROM …`) on the rows with these keys; how many rows there were.
pub(super) async fn for_keys(
    connection: &mut Connection,
    table: &Table,
    start: &str,
    keys: &[Vec<Cell>],
) -> Result<u64, StoreError> {
    let mut affected = 0;
    for chunk in keys.chunks(ROWS) {
        let mut query: QueryBuilder<Backend> = QueryBuilder::new(start);
        push_keys(&mut query, table, chunk)?;
        affected += query.build().persistent(false).execute(&mut *connection).await?.rows_affected();
    }
    Ok(affected)
}

/// Appends the condition that the key is one of `keys`, of which there must be no more than [`ROWS`].
pub(super) fn push_keys(
    query: &mut QueryBuilder<Backend>,
    table: &Table,
    keys: &[Vec<Cell>],
) -> Result<(), StoreError> {
    query.push(format!(" WHERE ({}) IN (", table.keys.join(", ")));
    push_rows(query, table, keys)?;
    query.push(")");
    Ok(())
}

fn push_rows(query: &mut QueryBuilder<Backend>, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
    for cell in rows.iter().flatten() {
        check(table, cell)?;
    }
    query.push_values(rows, |mut tuple, row| {
        for cell in row {
            match cell {
                Cell::Text(text) => tuple.push_bind(text.clone()),
                Cell::Long(text) => tuple.push_bind(text.clone()),
                Cell::Number(number) => tuple.push_bind(*number),
            };
        }
    });
    Ok(())
}

fn check(table: &Table, cell: &Cell) -> Result<(), StoreError> {
    let (text, limit) = match cell {
        Cell::Text(Some(text)) => (&**text, SHORT),
        Cell::Long(text) => (text.as_str(), LONG),
        Cell::Text(None) | Cell::Number(_) => return Ok(()),
    };
    let why = if text.len() > limit {
        format!("it has {} bytes, and {limit} are allowed", text.len()).into()
    } else if text.contains('\0') {
        "it holds a NUL character".into()
    } else {
        return Ok(());
    };
    Err(StoreError::Text { table: table.name, why })
}
