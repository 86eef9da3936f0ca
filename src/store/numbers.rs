//! What telephone numbers asked before they were pointed here, for the way back. The command line writes it; no call
//! does.

use sqlx::Row;

use super::connect::{Database, Engine};
use super::{Options, StoreError};

/// One change of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Names it. Written twice it is the same.
    pub id: String,
    /// The number, in E.164.
    pub number: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// All of it, as JSON.
    pub change: String,
}

/// Keeps changes of numbers.
#[derive(Debug, Clone)]
pub struct Ledger(Database);

impl Ledger {
    /// The store of these settings, made if it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        let database = Database::new(&options.url)?;
        database.prepare().await?;
        Ok(Self(database))
    }

    /// The same where it is there already; nothing is made.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub async fn open_kept(options: &Options) -> Result<Option<Self>, StoreError> {
        let database = Database::new(&options.url)?;
        match &database.engine {
            Engine::Sqlite(Some(path)) if !path.exists() => Ok(None),
            Engine::Sqlite(_) | Engine::Postgres => Self::open(options).await.map(Some),
        }
    }

    /// Keeps a change.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn keep(&self, change: &Change) -> Result<(), StoreError> {
        let sql = "INSERT INTO number_changes (change_id, number, changed_at, change) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (change_id) DO NOTHING";
        let row = sqlx::query(sql).bind(change.id.clone()).bind(change.number.clone());
        let row = row.bind(i64::try_from(change.at).unwrap_or(i64::MAX)).bind(change.change.clone());
        row.execute(&self.0.pool).await?;
        Ok(())
    }

    /// Every change of a number, oldest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn of(&self, number: &str) -> Result<Vec<Change>, StoreError> {
        let sql = "SELECT change_id, number, changed_at, change FROM number_changes WHERE number = $1 \
                   ORDER BY changed_at, change_id";
        let rows = sqlx::query(sql).bind(number.to_owned()).fetch_all(&self.0.pool).await?;
        let read = |row: &sqlx::any::AnyRow| -> sqlx::Result<Change> {
            Ok(Change {
                id: row.try_get("change_id")?,
                number: row.try_get("number")?,
                at: row.try_get::<i64, _>("changed_at")?.try_into().unwrap_or(0),
                change: row.try_get("change")?,
            })
        };
        Ok(rows.iter().map(read).collect::<sqlx::Result<Vec<Change>>>()?)
    }
}
