//! The way to the database: SQLite in a file, or PostgreSQL.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{Migrate, Migration, MigrationType};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Executor, SqlSafeStr};

/// How many connections a process uses: one writes, the others read.
const CONNECTIONS: u32 = 5;
/// How long it may take to get one.
const ACQUIRE: Duration = Duration::from_secs(2);

/// Names the lock under which the schema is changed: "warmline" as a number.
const LOCK: i64 = 0x7761_726d_6c69_6e65;
/// The table that says which changes were applied.
const APPLIED: &str = "warmline_migrations";

/// Every change of the schema so far, oldest first. Each only adds, so that a process of the version before
/// goes on working while a new one is rolled out.
const MIGRATIONS: [(&str, &str); 7] = [
    ("calls", include_str!("../../migrations/0001_calls.sql")),
    ("handoffs", include_str!("../../migrations/0002_handoffs.sql")),
    ("prompt versions", include_str!("../../migrations/0003_prompt_versions.sql")),
    ("audit", include_str!("../../migrations/0004_audit.sql")),
    ("tracking", include_str!("../../migrations/0005_tracking.sql")),
    ("recordings", include_str!("../../migrations/0006_recordings.sql")),
    ("prompt variants", include_str!("../../migrations/0007_prompt_variants.sql")),
];

/// How many states the schema had so far.
#[cfg(test)]
pub(super) const SCHEMAS: usize = MIGRATIONS.len();

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Engine {
    /// A file, or memory that is gone with the process.
    Sqlite(Option<PathBuf>),
    /// A server.
    Postgres,
}

/// A database that need not be there yet.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) engine: Engine,
    pub(super) pool: AnyPool,
    /// Its address.
    #[cfg(feature = "postgres")]
    pub(super) url: SecretString,
}

impl Database {
    /// Reads the address. Nothing is connected.
    pub(super) fn new(url: &SecretString) -> sqlx::Result<Self> {
        sqlx::any::install_default_drivers();
        let engine = engine(url.expose_secret())?;
        let options = AnyConnectOptions::from_str(url.expose_secret())?.disable_statement_logging();
        let pool = match &engine {
            // A second connection would open a second, empty database.
            Engine::Sqlite(None) => {
                AnyPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None)
            }
            Engine::Sqlite(Some(_)) | Engine::Postgres => AnyPoolOptions::new().max_connections(CONNECTIONS),
        };
        let pool = pool.acquire_timeout(ACQUIRE);
        let pool = match engine {
            Engine::Sqlite(_) => pool.after_connect(|connection, _| Box::pin(set_up_sqlite(connection))),
            Engine::Postgres => pool,
        };
        Ok(Self {
            engine,
            pool: pool.connect_lazy_with(options),
            #[cfg(feature = "postgres")]
            url: url.clone(),
        })
    }

    /// Brings the schema up to date, alone: others that do the same wait meanwhile.
    pub(super) async fn prepare(&self) -> sqlx::Result<()> {
        self.migrate_to(MIGRATIONS.len()).await
    }

    /// Brings the schema to an earlier state than today's.
    pub(super) async fn migrate_to(&self, count: usize) -> sqlx::Result<()> {
        if let Engine::Sqlite(Some(path)) = &self.engine {
            create_for_us_alone(path).map_err(sqlx::Error::Io)?;
        }
        let mut connection = self.pool.acquire().await?;
        let mut alone = connection.begin_with(self.engine.begin()).await?;
        if self.engine == Engine::Postgres {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *alone).await?;
        }
        migrate(&mut alone, count).await?;
        alone.commit().await
    }
}

impl Engine {
    /// Begins a transaction that reads: everything in it as it was at one moment.
    pub(super) fn begin_to_read(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        }
    }

    /// Begins a transaction that writes. Of SQLite's, one that only finds out later that it has to write would
    /// fail when another has written meanwhile.
    pub(super) fn begin(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

/// Applies what was not applied yet. A newer process may have been here before; what it added is left alone.
async fn migrate(connection: &mut AnyConnection, count: usize) -> sqlx::Result<()> {
    connection.ensure_migrations_table(APPLIED).await?;
    let applied = connection.list_applied_migrations(APPLIED).await?;
    for ((name, sql), version) in MIGRATIONS.into_iter().zip(1..).take(count) {
        if applied.iter().all(|applied| applied.version != version) {
            let kind = MigrationType::Simple;
            let migration = Migration::new(version, name.into(), kind, sql.into_sql_str(), false);
            connection.apply(APPLIED, &migration).await?;
        }
    }
    Ok(())
}

fn engine(url: &str) -> sqlx::Result<Engine> {
    if !url.starts_with("sqlite:") {
        return Ok(Engine::Postgres);
    }
    // The library names databases in memory itself.
    let path = SqliteConnectOptions::from_str(url)?.get_filename().to_owned();
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    Ok(Engine::Sqlite((!in_memory).then_some(path)))
}

async fn set_up_sqlite(connection: &mut AnyConnection) -> sqlx::Result<()> {
    // WAL lets readers read while the writer writes. With FULL a commit outlives a power failure. What is
    // deleted is overwritten, because people may ask for that.
    for pragma in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON"] {
        connection.execute(pragma).await?;
    }
    Ok(())
}

/// What callers say is nobody else's to read. SQLite gives the files it makes the mode of this one; those that
/// are there already are closed to others here.
fn create_for_us_alone(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let Ok(about) = std::fs::metadata(&file) else { continue };
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            std::fs::set_permissions(&file, Permissions::from_mode(mode & 0o700))?;
            tracing::warn!("database file was readable by others, and is not any more");
        }
    }
    Ok(())
}
