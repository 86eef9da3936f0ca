//! Says something to all nodes that share a PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyPool;

use super::StoreError;

/// The longest text, in bytes. PostgreSQL takes less than 8000.
const LONGEST: usize = 7_999;
/// How long one text may take to be said.
const SAYING: Duration = Duration::from_secs(2);

/// A way to speak to other nodes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Voice {
    pub(super) pool: AnyPool,
    pub(super) channel: Arc<str>,
}

impl Voice {
    /// Says something to whoever listens at this moment. It takes two seconds at the most.
    ///
    /// # Errors
    ///
    /// When the database did not take it.
    pub async fn say(&self, text: &str) -> Result<(), StoreError> {
        debug_assert!(text.len() <= LONGEST, "a text is too long for a notification");
        let saying = sqlx::query("SELECT pg_notify($1, $2)").bind(self.channel.to_string()).bind(text);
        match tokio::time::timeout(SAYING, saying.execute(&self.pool)).await {
            Ok(said) => Ok(said.map(|_| ())?),
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()),
        }
    }
}
