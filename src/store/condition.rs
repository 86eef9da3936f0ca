//! How a store is, for who only wants to know: nothing is made, and nothing changed.

use sqlx::{Connection, Executor, Row};

use super::connect::{Database, Engine, SCHEMAS};
use super::{Options, StoreError};

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There is no such file.
    Absent {
        /// Whether its folder is there.
        folder: bool,
    },
    /// It can be read.
    Present {
        /// How many changes of the schema it has.
        applied: usize,
        /// How many this version knows.
        known: usize,
        /// Why it cannot be written, if that is so.
        writable: Option<String>,
    },
}

/// Looks.
///
/// # Errors
///
/// When it cannot be reached or read.
pub async fn of(options: &Options) -> Result<Condition, StoreError> {
    let database = Database::new(&options.url)?;
    if let Engine::Sqlite(Some(path)) = &database.engine
        && !path.exists()
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        return Ok(Condition::Absent { folder: folder.is_none_or(std::path::Path::is_dir) });
    }
    let mut connection = database.pool.acquire().await?;
    // Before the first start there is no such table.
    let applied = connection.fetch_one("SELECT COUNT(*) FROM warmline_migrations").await;
    let applied = applied.and_then(|row| row.try_get::<i64, _>(0)).unwrap_or(0);
    let applied = usize::try_from(applied).unwrap_or(0);
    let writable = if applied == 0 { None } else { try_to_write(&database, &mut connection).await.err() };
    let writable = writable.map(|error| error.to_string());
    drop(connection);
    database.pool.close().await;
    Ok(Condition::Present { applied, known: SCHEMAS, writable })
}

/// Deletes nothing, in a transaction that is taken back: it needs the rights and the lock all the same.
async fn try_to_write(database: &Database, connection: &mut sqlx::AnyConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin_with(database.engine.begin()).await?;
    transaction.execute("DELETE FROM calls WHERE 1 = 0").await?;
    transaction.rollback().await
}
