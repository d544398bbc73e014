//! Statements and what is bound to them, the same for SQLite and PostgreSQL. The one place where a statement meets the
//! driver of its database. Knows no table.

use std::borrow::Cow;

use appaccess_core::access::Text;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use sqlx::{
    Arguments, AssertSqlSafe, Encode, FromRow, Type,
    postgres::{PgArguments, PgRow},
    query_as_with, query_with,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    StoreError,
    database::{Connection, within},
    row::time_text,
};

/// One value bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    /// A short text.
    Text(Option<Text>),
    /// A list as JSON, or prose.
    Long(String),
    /// A number or a truth.
    Number(i64),
    /// A number or a truth that may be unknown.
    MaybeNumber(Option<i64>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Long(text)
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

impl From<jiff::Timestamp> for Cell {
    fn from(time: jiff::Timestamp) -> Self {
        Self::Text(Some(time_text(time).into()))
    }
}

impl From<Option<jiff::Timestamp>> for Cell {
    fn from(time: Option<jiff::Timestamp>) -> Self {
        Self::Text(time.map(|time| time_text(time).into()))
    }
}

impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Number(truth.into())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        Self::MaybeNumber(number)
    }
}

/// A row as both databases give it: text columns as `String`, numbers and truths as `i64`.
pub(super) trait Record:
    for<'row> FromRow<'row, SqliteRow> + for<'row> FromRow<'row, PgRow> + Send + Unpin
{
}

impl<T> Record for T where T: for<'row> FromRow<'row, SqliteRow> + for<'row> FromRow<'row, PgRow> + Send + Unpin {}

/// A statement with its values.
pub(super) struct Query {
    statement: Cow<'static, str>,
    values: Vec<Cell>,
    is_kept: bool,
}

/// A statement that names its values `$1`, `$2`, ….
pub(super) fn query(statement: &'static str) -> Query {
    Query { statement: Cow::Borrowed(statement), values: Vec::new(), is_kept: true }
}

/// The beginning of a statement that is put together by [`Query::push`] and [`Query::push_bind`]; it names no value.
pub(super) fn build(start: impl Into<Cow<'static, str>>) -> Query {
    Query { statement: start.into(), values: Vec::new(), is_kept: false }
}

impl Query {
    /// Binds the next value.
    pub(super) fn bind(mut self, value: impl Into<Cell>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Appends text of ours, never of others.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.statement.to_mut().push_str(text);
        self
    }

    /// Appends a value.
    pub(super) fn push_bind(&mut self, value: impl Into<Cell>) -> &mut Self {
        self.values.push(value.into());
        self.push("?")
    }

    /// Whether the database keeps the statement, since it comes again in exactly this form.
    pub(super) fn kept(self, is_kept: bool) -> Self {
        Self { is_kept, ..self }
    }

    /// Runs it; how many rows it changed.
    pub(super) async fn execute(self, connection: &mut Connection) -> Result<u64, StoreError> {
        match connection {
            Connection::Sqlite(transaction) => {
                let query = query_with(AssertSqlSafe(self.statement), arguments::<SqliteArguments>(self.values)?);
                let work = query.persistent(self.is_kept).execute(&mut **transaction);
                Ok(Box::pin(work).await?.rows_affected())
            }
            Connection::Postgres(transaction, answer) => {
                let query = query_with(AssertSqlSafe(numbered(self.statement)), arguments::<PgArguments>(self.values)?);
                let work = query.persistent(self.is_kept).execute(&mut **transaction);
                Ok(within(*answer, work).await?.rows_affected())
            }
        }
    }

    /// Its rows, as they come.
    pub(super) fn rows<T: Record + 'static>(
        self,
        connection: &mut Connection,
    ) -> Result<BoxStream<'_, Result<T, StoreError>>, StoreError> {
        Ok(match connection {
            Connection::Sqlite(transaction) => {
                let query = query_as_with(AssertSqlSafe(self.statement), arguments::<SqliteArguments>(self.values)?);
                query.persistent(self.is_kept).fetch(&mut **transaction).map_err(StoreError::from).boxed()
            }
            Connection::Postgres(transaction, answer) => {
                let answer = *answer;
                let query =
                    query_as_with(AssertSqlSafe(numbered(self.statement)), arguments::<PgArguments>(self.values)?);
                let rows = query.persistent(self.is_kept).fetch(&mut **transaction);
                futures::stream::try_unfold(rows, move |mut rows| async move {
                    Ok(within(answer, rows.try_next()).await?.map(|row| (row, rows)))
                })
                .boxed()
            }
        })
    }

    /// All its rows.
    pub(super) async fn all<T: Record + 'static>(self, connection: &mut Connection) -> Result<Vec<T>, StoreError> {
        self.rows(connection)?.try_collect().await
    }

    /// Its only row, where there is one.
    pub(super) async fn optional<T: Record + 'static>(
        self,
        connection: &mut Connection,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(connection).await?.pop())
    }

    /// Its only row.
    pub(super) async fn one<T: Record + 'static>(self, connection: &mut Connection) -> Result<T, StoreError> {
        self.optional(connection).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }
}

/// The values as a driver wants them.
fn arguments<A: Arguments>(values: Vec<Cell>) -> Result<A, StoreError>
where
    Option<Text>: Encode<'static, A::Database> + Type<A::Database>,
    Option<i64>: Encode<'static, A::Database> + Type<A::Database>,
    String: Encode<'static, A::Database> + Type<A::Database>,
    i64: Encode<'static, A::Database> + Type<A::Database>,
{
    let mut arguments = A::default();
    arguments.reserve(values.len(), values.len() * size_of::<Cell>());
    for value in values {
        let added = match value {
            Cell::Text(text) => arguments.add(text),
            Cell::Long(text) => arguments.add(text),
            Cell::Number(number) => arguments.add(number),
            Cell::MaybeNumber(number) => arguments.add(number),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The statement with `$1`, `$2`, … in the place of each question mark, which is how PostgreSQL names values. SQLite would
/// look for each of those names among all the others.
fn numbered(statement: Cow<'static, str>) -> Cow<'static, str> {
    let mut parts = statement.split('?');
    let Some(first) = parts.next().filter(|first| first.len() < statement.len()) else { return statement };
    let mut numbered = String::with_capacity(statement.len() * 2);
    numbered.push_str(first);
    for (number, part) in (1..).zip(parts) {
        numbered.push('$');
        numbered.push_str(&u32::to_string(&number));
        numbered.push_str(part);
    }
    numbered.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_their_order() {
        assert_eq!(numbered("SELECT 1 WHERE a = $1".into()), "SELECT 1 WHERE a = $1");
        assert_eq!(numbered("VALUES (?, ?), (?, ?)".into()), "VALUES ($1, $2), ($3, $4)");
    }
}
