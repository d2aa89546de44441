//! The way to the database: one pool to read, one to write. On SQLite the writing pool has a
//! single connection, so that writers queue in the process instead of failing with "database
//! is locked", and every commit is on disk before it is acknowledged (WAL, synchronous FULL).
//! On PostgreSQL both are the same pool.

use crate::configuration::Settings;
use octroi_migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr};
use std::time::Duration;

/// Both pools; cheap to clone.
#[derive(Clone)]
pub struct Database {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("the database at {url} cannot be opened: {source}")]
    Open { url: String, source: DbErr },
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
    /// Opens the configured database; makes the folder of a SQLite file that does not exist.
    pub async fn open(settings: &Settings) -> Result<Self, DatabaseError> {
        let url = settings.database_url();
        let shown = url_without_password(&url);
        let opened = |source| DatabaseError::Open {
            url: shown.clone(),
            source,
        };
        if !url.starts_with("sqlite") {
            let read = sea_orm::Database::connect(options(&url, settings.database.max_connections))
                .await
                .map_err(opened)?;
            return Ok(Self {
                write: read.clone(),
                read,
            });
        }
        if let Some(folder) = sqlite_folder(&url) {
            std::fs::create_dir_all(&folder).map_err(|source| DatabaseError::Folder {
                path: folder.display().to_string(),
                source,
            })?;
        }
        let write = sea_orm::Database::connect(sqlite_options(&url, 1))
            .await
            .map_err(opened)?;
        let read =
            sea_orm::Database::connect(sqlite_options(&url, settings.database.max_connections))
                .await
                .map_err(opened)?;
        Ok(Self { read, write })
    }

    /// Brings the schema to this version of the code.
    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        Migrator::up(&self.write, None)
            .await
            .map_err(DatabaseError::Migration)
    }

    /// Refuses a schema that is older than the code.
    pub async fn check_is_current(&self) -> Result<(), DatabaseError> {
        let pending = Migrator::get_pending_migrations(&self.write).await?;
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

    /// For transactions that write.
    #[must_use]
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// True when the database answers.
    pub async fn answers(&self) -> bool {
        self.read.execute_unprepared("SELECT 1").await.is_ok()
    }
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false);
    options
}

fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = options(url, connections);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("mmap_size", "268435456")
    });
    options
}

fn sqlite_folder(url: &str) -> Option<std::path::PathBuf> {
    let path = url.strip_prefix("sqlite://")?.split('?').next()?;
    let folder = std::path::Path::new(path).parent()?;
    (!folder.as_os_str().is_empty()).then(|| folder.to_owned())
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
