//! Tables `signing_key` and `package_key`: key pairs by purpose, the newest of which signs.
//! A row's seed is wrapped by the operator's key together with the row's table, name and time,
//! and the public key is derived from it, so that whoever can write to the database can
//! neither add a key of their own nor move one of ours or date it anew.
//!
//! Rows of versions before wrapping have `wrapped_by` NULL and the seed in clear. They count
//! once, as long as there is nothing wrapped yet: then all are wrapped, and what they were is
//! wiped from the file.

use super::{KeyError, OperatorKey, tell};
use crate::configuration::Settings;
use crate::database::{Database, Transaction};
use crate::instant;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, Value};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult};
use std::future::Future;
use zeroize::Zeroizing;

const SEED: usize = 32;

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Tokens,
    Packages,
}

impl Purpose {
    pub const ALL: [Self; 2] = [Self::Tokens, Self::Packages];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Packages => "packages",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Tokens => "signing_key",
            Self::Packages => "package_key",
        }
    }

    /// The column with what is secret.
    fn column(self) -> &'static str {
        match self {
            Self::Tokens => "private_key",
            Self::Packages => "seed",
        }
    }

    /// A public key as the table keeps it; for people, it is never read.
    fn public_value(self, public: &[u8; SEED]) -> Value {
        match self {
            Self::Tokens => URL_SAFE_NO_PAD.encode(public).into(),
            Self::Packages => public.to_vec().into(),
        }
    }
}

/// A key pair (Ed25519).
pub struct KeyPair {
    pub id: String,
    /// In microseconds since 1970.
    pub created_at: i64,
    seed: Zeroizing<[u8; SEED]>,
}

impl KeyPair {
    fn new(id: String, created_at: i64) -> Self {
        Self {
            id,
            created_at,
            seed: Zeroizing::new(rand::random()),
        }
    }

    #[must_use]
    pub fn seed(&self) -> &[u8; SEED] {
        &self.seed
    }

    #[must_use]
    pub fn public(&self) -> [u8; SEED] {
        SigningKey::from_bytes(&self.seed)
            .verifying_key()
            .to_bytes()
    }
}

/// A row as it is stored.
struct Row {
    id: String,
    secret: Zeroizing<Vec<u8>>,
    created_at: i64,
    wrapped_by: Option<String>,
}

impl Row {
    fn from(result: &QueryResult, purpose: Purpose) -> Result<Self, DbErr> {
        Ok(Self {
            id: result.try_get("", "id")?,
            secret: Zeroizing::new(result.try_get("", purpose.column())?),
            created_at: result.try_get("", "created_at")?,
            wrapped_by: result.try_get("", "wrapped_by")?,
        })
    }

    /// What a wrapped seed is bound to.
    fn label(&self, purpose: Purpose) -> String {
        label(purpose, &self.id, self.created_at)
    }

    fn altered(&self, purpose: Purpose) -> KeyError {
        KeyError::Altered {
            table: purpose.table(),
            id: self.id.clone(),
        }
    }

    fn pair(&self, purpose: Purpose, seed: &[u8]) -> Result<KeyPair, KeyError> {
        let seed = seed.try_into().map_err(|_| self.altered(purpose))?;
        Ok(KeyPair {
            id: self.id.clone(),
            created_at: self.created_at,
            seed: Zeroizing::new(seed),
        })
    }

    fn unwrapped(&self, purpose: Purpose, operator: &OperatorKey) -> Result<KeyPair, KeyError> {
        let seed = operator.unwrap(&self.label(purpose), &self.secret);
        let seed = seed.ok_or_else(|| self.altered(purpose))?;
        self.pair(purpose, &seed)
    }

    /// The seed of a row from before wrapping: bare, or behind the prefix of PKCS#8 v1.
    fn in_clear(&self, purpose: Purpose) -> Result<KeyPair, KeyError> {
        let prefix = self.secret.len().saturating_sub(SEED);
        self.pair(purpose, &self.secret[prefix..])
    }
}

fn label(purpose: Purpose, id: &str, created_at: i64) -> String {
    format!(
        "octroi wrapped key v1\n{}\n{id}\n{created_at}",
        purpose.table()
    )
}

/// The keys of a database and the operator's key that opens them.
pub struct KeyStore {
    database: Database,
    operator: OperatorKey,
}

impl KeyStore {
    /// Finds the operator's key for this database. Where nothing is wrapped yet and the database
    /// is a SQLite file, one is made in the home; it is an error where one was used and is gone.
    pub async fn open(settings: &Settings, database: &Database) -> Result<Self, KeyError> {
        let connection = database.write();
        let mut wrapped_by = None;
        for purpose in Purpose::ALL {
            let rows = rows(connection, purpose).await?;
            wrapped_by = wrapped_by.or(rows.into_iter().find_map(|row| row.wrapped_by));
        }
        let looked_at = OperatorKey::file_in(&settings.home);
        let sqlite = connection.get_database_backend() == DbBackend::Sqlite;
        let operator = match (OperatorKey::configured(settings)?, &wrapped_by) {
            (Some(operator), _) => operator,
            (None, Some(wrapped_by)) => {
                return Err(KeyError::Missing {
                    wrapped_by: wrapped_by.clone(),
                    looked_at,
                });
            }
            (None, None) if sqlite || settings.secrets.makes_key => OperatorKey::make(&looked_at)?,
            (None, None) => return Err(KeyError::NotConfigured),
        };
        match wrapped_by {
            Some(wrapped_by) if wrapped_by != operator.id() => {
                Err(other_key(wrapped_by, &operator))
            }
            _ => Ok(Self {
                database: database.clone(),
                operator,
            }),
        }
    }

    /// All keys of this purpose, newest first.
    pub async fn keys(&self, purpose: Purpose) -> Result<Vec<KeyPair>, KeyError> {
        let rows = rows(self.database.write(), purpose).await?;
        if rows.is_empty() {
            return Err(KeyError::Mixed {
                table: purpose.table(),
                what: "no key",
            });
        }
        rows.iter().map(|row| self.opened(row, purpose)).collect()
    }

    fn opened(&self, row: &Row, purpose: Purpose) -> Result<KeyPair, KeyError> {
        match &row.wrapped_by {
            None => Err(KeyError::Mixed {
                table: purpose.table(),
                what: "a key in clear",
            }),
            Some(by) if *by != self.operator.id() => Err(other_key(by.clone(), &self.operator)),
            Some(_) => row.unwrapped(purpose, &self.operator),
        }
    }

    /// The first start with an operator's key: makes the keys that are missing, wraps those in
    /// clear, and wipes what they were. Before that `adopt` is given the keys of packages,
    /// newest first, and the time before which versions were registered without signatures;
    /// when it fails, nothing has happened. Every other start does nothing.
    pub async fn settle<F, E>(&self, adopt: impl FnOnce(Vec<KeyPair>, i64) -> F) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
        E: From<KeyError>,
    {
        if self.is_settled(self.database.write()).await? {
            return Ok(());
        }
        let transaction = self.begin().await?;
        // Another replica may have been faster.
        if self.is_settled(&transaction).await? {
            return Ok(transaction.rollback().await.map_err(KeyError::from)?);
        }
        let mut in_clear = false;
        let mut settled = Vec::new();
        for purpose in Purpose::ALL {
            let stored = rows(&transaction, purpose).await.map_err(KeyError::from)?;
            in_clear |= !stored.is_empty();
            let mut pairs = Vec::new();
            for row in &stored {
                let pair = row.in_clear(purpose)?;
                self.update(&transaction, purpose, &pair, &self.operator)
                    .await?;
                pairs.push(pair);
            }
            let oldest = pairs.last().map_or(i64::MAX, |pair| pair.created_at);
            if pairs.is_empty() {
                let pair = KeyPair::new("first".to_owned(), instant::now());
                self.insert(&transaction, purpose, &pair).await?;
                pairs.push(pair);
            }
            settled.push((purpose, pairs, oldest));
        }
        for (purpose, pairs, oldest) in settled {
            if purpose == Purpose::Packages {
                adopt(pairs, oldest).await?;
                break;
            }
        }
        transaction.commit().await.map_err(KeyError::from)?;
        if in_clear {
            self.wipe().await;
            tell(
                "the keys that sign tokens and packages were in the database in clear; they are \
                 wrapped now. Backups from before hold them: `octroi keys rotate` makes new ones",
            );
        }
        Ok(())
    }

    /// Whether there are keys of every purpose, all wrapped. Some wrapped and some not is not
    /// how we leave a database.
    async fn is_settled(&self, connection: &impl ConnectionTrait) -> Result<bool, KeyError> {
        let (mut wrapped, mut other) = (0, None);
        for purpose in Purpose::ALL {
            let rows = rows(connection, purpose).await?;
            if rows.is_empty() {
                other = Some((purpose.table(), "no key"));
            }
            for row in rows {
                match row.wrapped_by {
                    Some(_) => wrapped += 1,
                    None => other = Some((purpose.table(), "a key in clear")),
                }
            }
        }
        match other {
            Some((table, what)) if wrapped > 0 => Err(KeyError::Mixed { table, what }),
            Some(_) => Ok(false),
            None => Ok(true),
        }
    }

    /// Makes a new key of every purpose, which signs from now on; gives their names.
    pub async fn rotate(&self) -> Result<Vec<(Purpose, String)>, KeyError> {
        let transaction = self.begin().await?;
        let mut made = Vec::new();
        for purpose in Purpose::ALL {
            let rows = rows(&transaction, purpose).await?;
            for row in &rows {
                self.opened(row, purpose)?;
            }
            // The newest signs, whatever the clock says.
            let newest = rows.first().map_or(0, |row| row.created_at);
            let pair = KeyPair::new(
                Uuid::now_v7().to_string(),
                Ord::max(instant::now(), newest + 1),
            );
            self.insert(&transaction, purpose, &pair).await?;
            made.push((purpose, pair.id));
        }
        transaction.commit().await?;
        Ok(made)
    }

    /// Wraps all keys by another operator's key; nothing is signed anew. Gives how many.
    pub async fn rewrap(&self, by: &OperatorKey) -> Result<usize, KeyError> {
        let transaction = self.begin().await?;
        let mut count = 0;
        for purpose in Purpose::ALL {
            for row in rows(&transaction, purpose).await? {
                let pair = self.opened(&row, purpose)?;
                self.update(&transaction, purpose, &pair, by).await?;
                count += 1;
            }
        }
        transaction.commit().await?;
        self.wipe().await;
        Ok(count)
    }

    /// The operator's key in use.
    #[must_use]
    pub fn operator(&self) -> &OperatorKey {
        &self.operator
    }

    /// A transaction that nobody else changes keys beside.
    async fn begin(&self) -> Result<Transaction, KeyError> {
        let transaction = self.database.write().begin().await?;
        let statements: &[&str] = match transaction.get_database_backend() {
            // What is overwritten is zeroed.
            DbBackend::Sqlite => &["PRAGMA secure_delete = ON"],
            _ => &["LOCK TABLE signing_key, package_key IN SHARE ROW EXCLUSIVE MODE"],
        };
        for statement in statements {
            transaction.execute_unprepared(statement).await?;
        }
        Ok(transaction)
    }

    async fn insert(
        &self,
        connection: &impl ConnectionTrait,
        purpose: Purpose,
        pair: &KeyPair,
    ) -> Result<(), KeyError> {
        let label = label(purpose, &pair.id, pair.created_at);
        let insert = Query::insert()
            .into_table(purpose.table())
            .columns([
                "id",
                purpose.column(),
                "public_key",
                "created_at",
                "wrapped_by",
            ])
            .values_panic([
                pair.id.as_str().into(),
                self.operator.wrap(&label, pair.seed())?.into(),
                Expr::val(purpose.public_value(&pair.public())),
                pair.created_at.into(),
                self.operator.id().into(),
            ])
            .to_owned();
        connection.execute(&insert).await?;
        Ok(())
    }

    async fn update(
        &self,
        connection: &impl ConnectionTrait,
        purpose: Purpose,
        pair: &KeyPair,
        operator: &OperatorKey,
    ) -> Result<(), KeyError> {
        let label = label(purpose, &pair.id, pair.created_at);
        let update = Query::update()
            .table(purpose.table())
            .value(purpose.column(), operator.wrap(&label, pair.seed())?)
            .value("wrapped_by", operator.id())
            .and_where(Expr::col("id").eq(pair.id.as_str()))
            .to_owned();
        connection.execute(&update).await?;
        Ok(())
    }

    /// Removes what rows were before from the files of the database. It fails where others hold
    /// the tables or they are not ours: that is told, for the keys are wrapped already.
    async fn wipe(&self) {
        let connection = self.database.write();
        let done = match connection.get_database_backend() {
            DbBackend::Sqlite => truncated_log(connection).await,
            _ => rewritten(connection).await,
        };
        if !matches!(done, Ok(true)) {
            tell(
                "what the keys were stored as before may still lie in the database's files: on \
                 SQLite stop every other command and start again, on PostgreSQL type VACUUM \
                 (FULL) signing_key, package_key as their owner, or make new keys with `octroi \
                 keys rotate`",
            );
        }
    }
}

/// Has PostgreSQL write the tables anew; false where it may not, which is no error to it.
async fn rewritten(connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
    for purpose in Purpose::ALL {
        let before = file_number(connection, purpose).await?;
        let statement = format!("VACUUM (FULL) {}", purpose.table());
        connection.execute_unprepared(&statement).await?;
        if file_number(connection, purpose).await? == before {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Which file PostgreSQL keeps a table in.
async fn file_number(
    connection: &impl ConnectionTrait,
    purpose: Purpose,
) -> Result<Option<i64>, DbErr> {
    let statement = sea_orm::Statement::from_string(
        connection.get_database_backend(),
        format!("SELECT pg_relation_filenode('{}')::bigint", purpose.table()),
    );
    let row = connection.query_one_raw(statement).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

/// Writes SQLite's log into its file and empties it; false where a reader is in the way.
async fn truncated_log(connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let statement = sea_orm::Statement::from_string(
        connection.get_database_backend(),
        "PRAGMA wal_checkpoint(TRUNCATE)",
    );
    let row = connection.query_one_raw(statement).await?;
    let busy: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(busy == Some(0))
}

fn other_key(wrapped_by: String, operator: &OperatorKey) -> KeyError {
    KeyError::Other {
        wrapped_by,
        origin: operator.origin().to_owned(),
        given: operator.id(),
    }
}

/// The rows of a table, newest first.
async fn rows(connection: &impl ConnectionTrait, purpose: Purpose) -> Result<Vec<Row>, DbErr> {
    let select = Query::select()
        .columns(["id", purpose.column(), "created_at", "wrapped_by"])
        .from(purpose.table())
        .order_by("created_at", Order::Desc)
        .order_by("id", Order::Desc)
        .to_owned();
    let found = connection.query_all(&select).await?;
    found.iter().map(|row| Row::from(row, purpose)).collect()
}
