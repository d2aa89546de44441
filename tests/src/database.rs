//! The database behind the service, read with plain SQL: what was stored is not asked of the
//! program that stored it.

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    Sqlite,
    Postgresql,
}

/// An open connection.
pub(crate) struct Connection {
    runtime: Runtime,
    connection: DatabaseConnection,
}

/// Rows as text; `None` is NULL.
pub type Rows = Vec<Vec<Option<String>>>;

impl Connection {
    pub(crate) fn open(url: &str) -> Self {
        Self::try_open(url).unwrap_or_else(|| panic!("{url} cannot be opened"))
    }

    pub(crate) fn try_open(url: &str) -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let mut options = ConnectOptions::new(url.to_owned());
        options
            .max_connections(1)
            .connect_timeout(Duration::from_secs(5))
            .sqlx_logging(false);
        let connection = runtime.block_on(sea_orm::Database::connect(options)).ok()?;
        Some(Self {
            runtime,
            connection,
        })
    }

    pub(crate) fn execute(&self, sql: &str) {
        let done = self
            .runtime
            .block_on(self.connection.execute_unprepared(sql));
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        let rows = self
            .runtime
            .block_on(self.connection.query_all_raw(statement));
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The whole numbers of the first column.
    pub(crate) fn numbers(&self, sql: &str) -> Vec<i64> {
        let rows = self.rows(sql);
        rows.iter()
            .map(|row| row.try_get_by_index(0).expect("a 64-bit integer"))
            .collect()
    }

    /// Rows of text columns.
    pub(crate) fn texts(&self, sql: &str) -> Rows {
        let columns = |row: &QueryResult| {
            (0..row.column_names().len())
                .map(|i| row.try_get_by_index(i).expect("a text column"))
                .collect()
        };
        self.rows(sql).iter().map(columns).collect()
    }
}

/// The whole numbers of the first column of a query, from a database that is no fixture's.
pub fn numbers(url: &str, sql: &str) -> Vec<i64> {
    Connection::open(url).numbers(sql)
}
