//! What is written, and on which connection. The rule for SQLite: **a connection is used again
//! only when its last transaction was committed** or its last statement succeeded; otherwise it
//! is closed, and the next one who writes opens another.
//!
//! Why: after some errors (disk full, input or output failed, no memory) SQLite rolls back by
//! itself. The driver then still counts one open transaction, its own rollback fails, and every
//! later "transaction" is only a savepoint of one that nobody ever commits: acknowledged, seen
//! by no other connection, gone at the next start. Which errors do that differs by version and
//! by statement, so no list of them is kept. An application that goes on after a failed
//! statement is another way to lose half of a transaction (PostgreSQL answers its COMMIT with a
//! silent rollback), so [`Transaction::commit`] refuses where any statement has failed.

use super::PATIENCE;
use super::file::{DatabaseFile, FileMoved};
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Writes statement by statement, or in transactions; cheap to clone.
#[derive(Clone)]
pub struct Writer(Way);

#[derive(Clone)]
enum Way {
    /// SQLite: those who write come in turn.
    Single(Arc<Single>),
    /// PostgreSQL: transactions run side by side.
    Pool(DatabaseConnection),
}

struct Single {
    options: ConnectOptions,
    file: Option<DatabaseFile>,
    /// `None`: the last one was closed, the next who writes opens another.
    connection: Arc<Mutex<Option<DatabaseConnection>>>,
}

/// The single connection for as long as somebody writes. Dropped without [`Lease::keep`], the
/// connection goes with it.
struct Lease {
    place: OwnedMutexGuard<Option<DatabaseConnection>>,
    keep: bool,
}

/// Statements that take effect together, or not at all; dropping it takes them back.
pub struct Transaction {
    // Dropped in this order: the transaction, then the connection it was on.
    inner: DatabaseTransaction,
    failed: AtomicBool,
    lease: Option<Lease>,
}

impl Writer {
    pub(super) fn pool(connection: DatabaseConnection) -> Self {
        Self(Way::Pool(connection))
    }

    /// Opens the connection, which may make the file.
    pub(super) async fn single(
        options: ConnectOptions,
        file: Option<DatabaseFile>,
    ) -> Result<Self, DbErr> {
        let connection = sea_orm::Database::connect(options.clone()).await?;
        if let Some(file) = &file {
            file.remember()?;
        }
        Ok(Self(Way::Single(Arc::new(Single {
            options,
            file,
            connection: Arc::new(Mutex::new(Some(connection))),
        }))))
    }

    /// Begins a transaction on a connection that is known to be in none.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let (inner, lease) = match &self.0 {
            Way::Pool(pool) => (pool.begin().await?, None),
            Way::Single(single) => {
                let (lease, connection) = single.lease().await?;
                // `BEGIN IMMEDIATE`: what reads before it writes cannot be overtaken.
                let immediate = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                (connection.begin_with_options(immediate).await?, Some(lease))
            }
        };
        Ok(Transaction {
            inner,
            failed: AtomicBool::new(false),
            lease,
        })
    }

    /// A connection apart, for migrations.
    pub(super) async fn connection_of_its_own(&self) -> Result<DatabaseConnection, DbErr> {
        match &self.0 {
            Way::Pool(pool) => Ok(pool.clone()),
            Way::Single(single) => sea_orm::Database::connect(single.options.clone()).await,
        }
    }

    /// The next who writes opens another connection.
    pub(super) async fn open_anew(&self) {
        if let Way::Single(single) = &self.0 {
            *single.connection.lock().await = None;
        }
    }

    /// An error when the database's file is no longer the one that was opened.
    pub(super) fn check_file(&self) -> Result<(), FileMoved> {
        match &self.0 {
            Way::Single(single) => single.file.as_ref().map_or(Ok(()), DatabaseFile::check),
            Way::Pool(_) => Ok(()),
        }
    }
}

impl Single {
    /// Waits for its turn.
    async fn lease(&self) -> Result<(Lease, DatabaseConnection), DbErr> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.connection).lock_owned())
            .await
            .map_err(|_| unusable("others have been writing for too long".to_owned()))?;
        let mut lease = Lease { place, keep: false };
        if let Some(file) = &self.file {
            file.check()?;
        }
        let connection = match &*lease.place {
            Some(connection) => connection.clone(),
            None => sea_orm::Database::connect(self.options.clone()).await?,
        };
        *lease.place = Some(connection.clone());
        Ok((lease, connection))
    }
}

fn unusable(why: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why))
}

impl From<FileMoved> for DbErr {
    fn from(moved: FileMoved) -> Self {
        unusable(moved.to_string())
    }
}

impl Lease {
    fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.keep {
            *self.place = None;
        }
    }
}

impl Transaction {
    /// Makes everything durable; refused where a statement has failed.
    pub async fn commit(self) -> Result<(), DbErr> {
        if self.failed.load(Ordering::Acquire) {
            return Err(DbErr::Custom(
                "a statement of this transaction failed, so it cannot be committed".to_owned(),
            ));
        }
        let Self { inner, lease, .. } = self;
        inner.commit().await?;
        if let Some(lease) = lease {
            lease.keep();
        }
        Ok(())
    }

    /// Takes everything back, and says whether the database did; dropping does the same unasked.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    fn note<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if result.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        result
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(self.inner.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.note(self.inner.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(self.inner.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(self.inner.query_all_raw(statement).await)
    }
}

/// One statement on a connection of the writer, which is kept when the statement succeeded.
macro_rules! alone {
    ($writer:ident, $method:ident($argument:ident)) => {
        match &$writer.0 {
            Way::Pool(pool) => pool.$method($argument).await,
            Way::Single(single) => {
                let (lease, connection) = single.lease().await?;
                let result = connection.$method($argument).await?;
                lease.keep();
                Ok(result)
            }
        }
    };
}

/// Each statement stands for itself.
#[async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Way::Pool(pool) => pool.get_database_backend(),
            Way::Single(_) => DbBackend::Sqlite,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        alone!(self, execute_raw(statement))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        alone!(self, execute_unprepared(sql))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        alone!(self, query_one_raw(statement))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        alone!(self, query_all_raw(statement))
    }
}
