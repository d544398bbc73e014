//! Rows by the hundred: inserts, replacements and deletions of many rows in few statements, in SQL that SQLite and
//! PostgreSQL both read. Knows no domain.

use super::{
    StoreError,
    database::Connection,
    query::{Cell, Query, build},
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

/// Inserts `rows`, each with the key's columns first; one whose key is there is replaced. No key may come twice.
pub(super) async fn upsert(connection: &mut Connection, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
    let columns = [table.keys, table.values].concat().join(", ");
    let updates: Vec<String> = table.values.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let conflict = if updates.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", updates.join(", ")) };
    for chunk in rows.chunks(ROWS) {
        let mut query = build(format!("INSERT INTO {} ({columns}) ", table.name));
        push_rows(&mut query, table, chunk)?;
        query.push(&format!(" ON CONFLICT ({}) DO {conflict}", table.keys.join(", ")));
        let is_usual = chunk.len() == ROWS || chunk.len() == 1;
        query.kept(is_usual).execute(connection).await.map_err(|error| named(error, table))?;
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
        let mut query = build(start.to_owned());
        push_keys(&mut query, table, chunk)?;
        affected += query.execute(connection).await?;
    }
    Ok(affected)
}

/// Appends the condition that the key is one of `keys`, of which there must be no more than [`ROWS`].
pub(super) fn push_keys(query: &mut Query, table: &Table, keys: &[Vec<Cell>]) -> Result<(), StoreError> {
    query.push(&format!(" WHERE ({}) IN (", table.keys.join(", ")));
    push_rows(query, table, keys)?;
    query.push(")");
    Ok(())
}

fn push_rows(query: &mut Query, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
    for cell in rows.iter().flatten() {
        check(table, cell)?;
    }
    query.push("VALUES ");
    for (place, row) in rows.iter().enumerate() {
        query.push(if place == 0 { "(" } else { ", (" });
        for (place, cell) in row.iter().enumerate() {
            query.push(if place == 0 { "" } else { ", " }).push_bind(cell.clone());
        }
        query.push(")");
    }
    Ok(())
}

/// The error with the table that it is about.
fn named(error: StoreError, table: &Table) -> StoreError {
    match error {
        StoreError::Text { why, .. } => StoreError::Text { table: table.name, why },
        other => other,
    }
}

fn check(table: &Table, cell: &Cell) -> Result<(), StoreError> {
    let (text, limit) = match cell {
        Cell::Text(Some(text)) => (&**text, SHORT),
        Cell::Long(text) => (text.as_str(), LONG),
        Cell::Text(None) | Cell::Number(_) | Cell::MaybeNumber(_) => return Ok(()),
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
