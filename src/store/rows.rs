//! Rows, and the few statements that write them: the same for SQLite and PostgreSQL.
//!
//! Rows are written many at a time, because a statement costs a round trip. Every statement may be repeated
//! without harm, since a commit may succeed and its confirmation be lost.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

/// How many rows one statement writes. Few sizes, so that few statements are prepared.
const CHUNKS: [usize; 3] = [64, 8, 1];

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text, or nothing.
    Text(Option<String>),
    /// A whole number, or nothing.
    Number(Option<i64>),
}

pub(super) type Row = Vec<Value>;

/// A statement that writes any number of rows.
pub(super) enum Statement {
    /// Rows that may be new.
    Insert(Table),
    /// Changes to rows that exist.
    Change(Update),
}

/// A table, and how rows get into it.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The first `keys` of them name a row.
    pub(super) columns: &'static [&'static str],
    pub(super) keys: usize,
    /// Which of the `given` rows are written.
    pub(super) when: &'static str,
    /// What becomes of a row of the same name.
    pub(super) set: &'static str,
}

/// Changes of a table. `set` and `which` speak of the columns of `given`, the first of which is the call.
pub(super) struct Update {
    pub(super) table: &'static str,
    pub(super) columns: usize,
    pub(super) set: &'static str,
    pub(super) which: &'static str,
}

impl Statement {
    fn sql(&self, rows: usize) -> String {
        match self {
            Self::Insert(table) => table.sql(rows),
            Self::Change(update) => update.sql(rows),
        }
    }
}

impl Table {
    fn sql(&self, rows: usize) -> String {
        let (name, columns) = (self.name, self.columns.join(", "));
        let read: Vec<String> = (1..=self.columns.len()).map(|at| format!("column{at}")).collect();
        format!(
            "INSERT INTO {name} ({columns}) SELECT {} FROM (VALUES {}) AS given WHERE {} \
             ON CONFLICT ({}) DO UPDATE SET {}",
            read.join(", "),
            values(rows, self.columns.len()),
            // Without a condition SQLite could not tell `ON CONFLICT` from the `ON` of a join.
            self.when,
            self.columns[..self.keys].join(", "),
            self.set
        )
    }
}

impl Update {
    fn sql(&self, rows: usize) -> String {
        let Self { table, columns, set, which } = self;
        let values = values(rows, *columns);
        format!("UPDATE {table} SET {set} FROM (VALUES {values}) AS given WHERE {which}")
    }
}

/// What is to be executed: a text, and the rows for its places.
pub(super) type Work = Vec<(String, Vec<Row>)>;

/// Adds what writes these rows.
pub(super) fn add(work: &mut Work, statement: &Statement, mut rows: Vec<Row>) {
    for size in CHUNKS {
        while rows.len() >= size {
            work.push((statement.sql(size), rows.drain(..size).collect()));
        }
    }
}

/// Executes it all.
pub(super) async fn execute(to: &mut AnyConnection, work: Work) -> sqlx::Result<()> {
    for (sql, rows) in work {
        bind(sqlx::query(AssertSqlSafe(sql)), rows).execute(&mut *to).await?;
    }
    Ok(())
}

fn bind(query: Query<'static, Any, AnyArguments>, rows: Vec<Row>) -> Query<'static, Any, AnyArguments> {
    rows.into_iter().flatten().fold(query, |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Number(number) => query.bind(number),
    })
}

/// `($1, $2), ($3, $4)`
fn values(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> = (1..=columns).map(|at| format!("${}", row * columns + at)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

impl Value {
    /// A text. PostgreSQL cannot hold the character NUL, and nobody says it.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Some(text.replace('\0', "")))
    }

    pub(super) fn some_text(text: Option<&str>) -> Self {
        text.map_or(Self::Text(None), Self::text)
    }

    pub(super) fn number(number: impl TryInto<i64>) -> Self {
        Self::Number(Some(number.try_into().unwrap_or(i64::MAX)))
    }

    pub(super) fn some_number(number: Option<u64>) -> Self {
        number.map_or(Self::Number(None), Self::number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_writes_many_rows_and_leaves_deleted_calls_alone() {
        let table = Table {
            name: "turns",
            columns: &["call_sid", "position", "text"],
            keys: 2,
            when: "EXISTS (SELECT 1 FROM calls WHERE calls.call_sid = given.column1)",
            set: "text = excluded.text",
        };
        assert_eq!(
            table.sql(2),
            "INSERT INTO turns (call_sid, position, text) SELECT column1, column2, column3 \
             FROM (VALUES ($1, $2, $3), ($4, $5, $6)) AS given \
             WHERE EXISTS (SELECT 1 FROM calls WHERE calls.call_sid = given.column1) \
             ON CONFLICT (call_sid, position) DO UPDATE SET text = excluded.text"
        );
    }
}
