//! Can a decision be kept now? The only honest answer is to write something and to read it back
//! through another connection, as much as a decision takes: a database that answers `SELECT 1` may take nothing, and one
//! that takes everything may keep nothing. Whoever asks more often than once a second is given
//! the last answer, because anybody may ask.

use super::Database;
use super::file::FileMoved;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, Set};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

mod entity {
    //! Table `readiness_probe`: what each running process wrote last.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "readiness_probe")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub process: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub written: i64,
        pub written_at: i64,
        pub content: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// An answer is good for this long.
const FRESH: Duration = Duration::from_secs(1);
/// Whoever asks wants to know now.
const LIMIT: Duration = Duration::from_secs(3);
/// More than the rows of a decision take, so that there is room for one.
const ROOM: usize = 65_536;
/// What processes have left that are no longer there, in microseconds.
const LEFT_BEHIND: i64 = 24 * 3_600_000_000;

/// Why no traffic should come.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotReady {
    #[error(transparent)]
    Moved(#[from] FileMoved),
    #[error("the database does not take what is written: {0}")]
    Write(String),
    #[error("the database does not answer: {0}")]
    Read(String),
    #[error("what was just written is not there when it is read back")]
    Lost,
    #[error("the database did not answer within {} seconds", LIMIT.as_secs())]
    Slow,
}

/// Asks on behalf of one process.
pub(super) struct Probe {
    process: Uuid,
    last: Mutex<Option<Answer>>,
}

struct Answer {
    at: Instant,
    written: i64,
    verdict: Result<(), NotReady>,
}

impl Default for Probe {
    fn default() -> Self {
        Self {
            process: Uuid::now_v7(),
            last: Mutex::new(None),
        }
    }
}

impl Probe {
    pub(super) async fn check(&self, database: &Database) -> Result<(), NotReady> {
        let mut last = self.last.lock().await;
        if let Some(answer) = &*last
            && answer.at.elapsed() < FRESH
        {
            return answer.verdict.clone();
        }
        let written = last.as_ref().map_or(0, |answer| answer.written) + 1;
        let verdict = timeout(LIMIT, self.write_and_read(database, written))
            .await
            .unwrap_or(Err(NotReady::Slow));
        if let Err(why) = &verdict {
            tracing::warn!(%why, "not ready");
        }
        *last = Some(Answer {
            at: Instant::now(),
            written,
            verdict: verdict.clone(),
        });
        verdict
    }

    async fn write_and_read(&self, database: &Database, written: i64) -> Result<(), NotReady> {
        database.write().check_file()?;
        self.write(database, written)
            .await
            .map_err(|error| NotReady::Write(error.to_string()))?;
        let found = entity::Entity::find_by_id((self.process, written))
            .one(database.read())
            .await
            .map_err(|error| NotReady::Read(error.to_string()))?;
        if found.is_some() {
            Ok(())
        } else {
            Err(NotReady::Lost)
        }
    }

    async fn write(&self, database: &Database, written: i64) -> Result<(), DbErr> {
        use entity::Column;
        let at = crate::instant::now();
        let transaction = database.write().begin().await?;
        let row = entity::ActiveModel {
            process: Set(self.process),
            written: Set(written),
            written_at: Set(at),
            content: Set(vec![0; ROOM]),
        };
        entity::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        // Only now, so that what it took does not stand in for the room there is.
        let earlier = Condition::all()
            .add(Column::Process.eq(self.process))
            .add(Column::Written.lt(written));
        entity::Entity::delete_many()
            .filter(
                Condition::any()
                    .add(earlier)
                    .add(Column::WrittenAt.lt(at - LEFT_BEHIND)),
            )
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }
}
