//! Failed sign-ins of existing accounts become events of their tenant, off the answer's way: an
//! account that does not exist has no tenant to write to, so an answer that waited for the
//! commit would tell by its time, above all under load, which accounts there are.
//!
//! Nothing is lost in silence. Every attempt, whoever it is for, takes a place in the queue
//! before the password is compared and is sent away (503) when there is none; the log tells of
//! the failure before the answer leaves; a database that does not answer is tried again until
//! it does; and the service stops only when the queue is written, or says what is not.

use crate::audit::{Action, Actor, Event};
use crate::database::Database;
use crate::tenancy::{self, Tenant, TenantScope};
use sea_orm::DbErr;
use sea_orm::entity::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Failures that may wait for the database. Two are made at a time, in tens of milliseconds.
const WAITING: usize = 256;
/// How long a sign-in, or the end of the service, waits for the failures before it.
const PATIENCE: Duration = Duration::from_secs(5);

/// One wrong password at an account that exists.
#[derive(Debug)]
pub(super) struct FailedSignIn {
    pub(super) tenant: Uuid,
    pub(super) account: Uuid,
    pub(super) request_id: String,
}

enum Message {
    Failed(FailedSignIn),
    /// Answered when everything before it has been written.
    Settle(oneshot::Sender<()>),
}

/// The queue in front of the database.
pub struct FailedSignIns(mpsc::Sender<Message>);

/// A place in the queue.
pub(super) struct Place<'a>(mpsc::Permit<'a, Message>);

impl Place<'_> {
    pub(super) fn record(self, failed: FailedSignIn) {
        self.0.send(Message::Failed(failed));
    }
}

impl FailedSignIns {
    /// Starts the writer, which ends with the queue.
    #[must_use]
    pub fn start(database: Database) -> Self {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            while let Some(message) = receiver.recv().await {
                match message {
                    Message::Failed(failed) => write(&database, &failed).await,
                    // Whoever asked may have lost patience.
                    Message::Settle(settled) => drop(settled.send(())),
                }
            }
        });
        Self(sender)
    }

    /// A place for one failure; `None` when too many wait.
    pub(super) fn place(&self) -> Option<Place<'_>> {
        self.0.try_reserve().ok().map(Place)
    }

    /// Waits until what failed before now is in the log of its tenant.
    pub async fn settle(&self) {
        let (sender, settled) = oneshot::channel();
        let all = async {
            // The writer ends only when this sender does.
            if self.0.send(Message::Settle(sender)).await.is_ok() {
                let _ = settled.await;
            }
        };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            let waiting = WAITING - self.0.capacity();
            tracing::error!(waiting, "failed sign-ins are not in the audit trail yet");
        }
    }
}

/// Writes one event, however long the database takes.
async fn write(database: &Database, failed: &FailedSignIn) {
    let mut pause = Duration::from_millis(100);
    while let Err(error) = try_to_write(database, failed).await {
        tracing::error!(error = %error, ?failed, "a failed sign-in could not be recorded; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

async fn try_to_write(database: &Database, failed: &FailedSignIn) -> Result<(), DbErr> {
    let tenant = tenancy::entity::Entity::find_by_id(failed.tenant)
        .one(database.read())
        .await?;
    // A tenant that is gone has no log any more.
    let Some(tenant) = tenant else { return Ok(()) };
    let scope = TenantScope::new(
        database.clone(),
        Arc::new(Tenant::from(tenant)),
        Actor::anonymous(),
        failed.request_id.clone(),
    );
    let event = Event::new(Action::SignInFailed, "user", failed.account);
    scope.record(event).await.map(drop)
}
