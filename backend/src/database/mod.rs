//! The way to the database: a pool to read, and a writer. On SQLite the writer is a single
//! connection, so that those who write queue in the process instead of failing with "database
//! is locked", and every commit is on disk before it is acknowledged (WAL, synchronous FULL);
//! what became of that connection decides whether it is used again ([`writer`]). On PostgreSQL
//! both are one pool.

mod file;
mod readiness;
mod writer;

pub use readiness::NotReady;
pub use writer::{Transaction, Writer};

use crate::configuration::Settings;
use file::DatabaseFile;
use octroi_migration::{Migrator, MigratorTrait};
use readiness::Probe;
use sea_orm::sqlx::Connection;
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long somebody waits for a connection, or for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    read: DatabaseConnection,
    writer: Writer,
    probe: Arc<Probe>,
}

/// What to do where a SQLite database's file is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Make it: for the commands that a first run consists of.
    Create,
    /// An error. A service that made a new file where its old one has been moved away or is not
    /// mounted would serve an empty bank.
    Refuse,
}

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("the database at {url} cannot be opened: {source}")]
    Open { url: String, source: DbErr },
    #[error(
        "there is no database at {}: if this is a new installation, `octroi migrate` makes it; \
         otherwise the file was moved or its volume is not mounted, and `home` or `database.url` \
         must name where it is", path.display()
    )]
    Missing { path: PathBuf },
    #[error("the folder {path} cannot be made: {source}")]
    Folder {
        path: String,
        source: std::io::Error,
    },
    #[error("a migration failed, the database is as before it: {0}")]
    Migration(DbErr),
    #[error(
        "the database lacks {0} migration(s); run `octroi migrate` with the same configuration"
    )]
    Behind(usize),
    #[error("the database did not answer: {0}")]
    Query(#[from] DbErr),
}

impl Database {
    /// Opens the configured database.
    pub async fn open(settings: &Settings, absent: Absent) -> Result<Self, DatabaseError> {
        let url = settings.database_url();
        let shown = url_without_password(&url);
        let opened = |source| DatabaseError::Open {
            url: shown.clone(),
            source,
        };
        let connections = settings.database.max_connections;
        if !url.starts_with("sqlite") {
            let read = sea_orm::Database::connect(postgresql_options(&url, connections))
                .await
                .map_err(opened)?;
            return Ok(Self::new(read.clone(), Writer::pool(read)));
        }
        let path = settings.sqlite_file();
        if let Some(path) = &path {
            prepare(path, absent)?;
        }
        let mut writing = options(&url, 1);
        let most_pages = settings
            .database
            .max_megabytes
            .saturating_mul(PAGES_OF_A_MEGABYTE);
        writing.map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite_settings(sqlite).create_if_missing(absent == Absent::Create);
            if most_pages == 0 {
                sqlite
            } else {
                sqlite.pragma("max_page_count", most_pages.to_string())
            }
        });
        let writer = Writer::single(writing, path.map(DatabaseFile::new))
            .await
            .map_err(opened)?;
        let mut reading = options(&url, connections);
        // Opened when first read from, which is after migrations.
        reading.connect_lazy(true);
        reading.map_sqlx_sqlite_opts(|sqlite| {
            sqlite_settings(sqlite)
                .create_if_missing(false)
                .pragma("query_only", "ON")
        });
        let read = sea_orm::Database::connect(reading).await.map_err(opened)?;
        Ok(Self::new(read, writer))
    }

    fn new(read: DatabaseConnection, writer: Writer) -> Self {
        Self {
            read,
            writer,
            probe: Arc::default(),
        }
    }

    /// Brings the schema to this version of the code.
    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        let connection = self.writer.connection_of_its_own().await?;
        Migrator::up(&connection, None)
            .await
            .map_err(DatabaseError::Migration)?;
        // One that was opened before knows the schema of before: what it prepares by that, and
        // has to prepare again when it is run, was seen to read a new column as empty.
        self.writer.open_anew().await;
        Ok(())
    }

    /// Refuses a schema that is older than the code.
    pub async fn check_is_current(&self) -> Result<(), DatabaseError> {
        let connection = self.writer.connection_of_its_own().await?;
        let pending = Migrator::get_pending_migrations(&connection).await?;
        if pending.is_empty() {
            Ok(())
        } else {
            Err(DatabaseError::Behind(pending.len()))
        }
    }

    /// For reading only.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For what is written.
    #[must_use]
    pub fn write(&self) -> &Writer {
        &self.writer
    }

    /// Whether what is written now can be read back through another connection.
    pub async fn readiness(&self) -> Result<(), NotReady> {
        self.probe.check(self).await
    }
}

/// SQLite's pages have 4 kB.
const PAGES_OF_A_MEGABYTE: u64 = 256;

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false);
    options
}

/// A connection goes back to the pool only when the driver knows it to be in no transaction.
fn postgresql_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = options(url, connections);
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                // A rollback that was begun is finished before this is answered.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    });
    options
}

fn sqlite_settings(
    sqlite: sea_orm::sqlx::sqlite::SqliteConnectOptions,
) -> sea_orm::sqlx::sqlite::SqliteConnectOptions {
    sqlite
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("journal_mode", "WAL")
        .pragma("synchronous", "FULL")
        .pragma("mmap_size", "268435456")
}

fn prepare(path: &std::path::Path, absent: Absent) -> Result<(), DatabaseError> {
    if absent == Absent::Refuse && !path.is_file() {
        return Err(DatabaseError::Missing {
            path: path.to_owned(),
        });
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|source| DatabaseError::Folder {
                path: folder.display().to_string(),
                source,
            })
        }
        _ => Ok(()),
    }
}

fn url_without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}"),
        None => url.to_owned(),
    }
}
