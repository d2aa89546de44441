//! The second person behind a key: whoever holds a scope that the maker of a key does not,
//! approves it, or refuses the key. Makers never approve their own, also not with the account
//! of a colleague for whom they have just made a password link.

use super::api_key::{self, ApiKey, KeyState, entity, names};
use super::{Permission, Principal, password_link};
use crate::audit::{Action, Event};
use crate::instant::{self, DAY};
use crate::tenancy::{TenantScope, TenantTransaction};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One scope of one key, approved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approval {
    pub scope: String,
    pub by: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
}

/// How long somebody whose password was set through a link does not approve keys of whoever
/// made the link: long enough that the person notices a password that they have not set.
const AFTER_LINK: i64 = 7 * DAY;

#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    #[error("there is no such key")]
    Unknown,
    #[error("this key waits for nobody any more")]
    NotWaiting,
    #[error("whoever made a key cannot approve it")]
    OwnKey,
    #[error(
        "your password was set through a link of the person who made this key, less than seven \
         days ago: somebody else must approve it"
    )]
    PasswordFromMaker,
    #[error("{} is not yours to approve", .0.as_str())]
    NotHeld(Permission),
    #[error("the approvals of a key cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// The approvals as the table holds them; what cannot be read approves nothing, and whether a
/// key works does not depend on it.
pub(super) fn read(approvals: &str) -> Vec<Approval> {
    serde_json::from_str(approvals).unwrap_or_default()
}

/// The keys that wait for a scope that this person holds, and that they have not made.
pub async fn waiting_for(scope: &TenantScope, principal: &Principal) -> Result<Vec<ApiKey>, DbErr> {
    let rows = scope
        .find::<entity::Entity>()
        .filter(entity::Column::Awaiting.ne(""))
        .filter(entity::Column::RevokedAt.is_null())
        .order_by_asc(entity::Column::Id)
        .all(scope.reader())
        .await?;
    Ok(rows
        .into_iter()
        .map(ApiKey::from)
        .filter(|key| key.state == KeyState::Waiting)
        .filter(|key| key.created_by != Some(principal.id))
        .filter(|key| key.awaiting.iter().any(|scope| principal.may(*scope)))
        .collect())
}

/// The waiting key's row and which of its scopes are this person's to decide.
async fn held(
    transaction: &TenantTransaction,
    principal: &Principal,
    id: Uuid,
) -> Result<(entity::Model, Vec<Permission>), ApprovalError> {
    let row = api_key::locked(transaction, id)
        .await?
        .ok_or(ApprovalError::Unknown)?;
    let key = ApiKey::from(row.clone());
    if key.state != KeyState::Waiting {
        return Err(ApprovalError::NotWaiting);
    }
    if key.created_by == Some(principal.id) {
        return Err(ApprovalError::OwnKey);
    }
    let awaiting = key.awaiting.iter().copied();
    let held: Vec<Permission> = awaiting.filter(|scope| principal.may(*scope)).collect();
    match key.awaiting.first() {
        Some(first) if held.is_empty() => Err(ApprovalError::NotHeld(*first)),
        _ => Ok((row, held)),
    }
}

/// Approves every waiting scope of the key that this person holds; returns true when the key
/// works from now on.
pub async fn approve(
    scope: &TenantScope,
    principal: &Principal,
    id: Uuid,
) -> Result<bool, ApprovalError> {
    let at = instant::now();
    let transaction = scope.begin().await?;
    let (row, held) = held(&transaction, principal, id).await?;
    if let Some(maker) = row.created_by
        && password_link::set_through(&transaction, principal.id, maker, at - AFTER_LINK).await?
    {
        return Err(ApprovalError::PasswordFromMaker);
    }
    let key = ApiKey::from(row.clone());
    let awaiting: Vec<Permission> = key
        .awaiting
        .iter()
        .filter(|scope| !held.contains(scope))
        .copied()
        .collect();
    let mut approvals = key.approvals;
    approvals.extend(held.iter().map(|scope| Approval {
        scope: scope.as_str().to_owned(),
        by: principal.id,
        at,
    }));
    let mut row: entity::ActiveModel = row.into();
    row.awaiting = Set(names(&awaiting).join(" "));
    row.approvals = Set(serde_json::to_string(&approvals)?);
    row.update(transaction.connection()).await?;
    let event = Event::new(Action::ApiKeyApproved, "api_key", id)
        .with(json!({ "scopes": names(&held), "awaiting": names(&awaiting) }));
    transaction.commit(event, Vec::new()).await?;
    Ok(awaiting.is_empty())
}

/// Ends the key instead of approving it.
pub async fn refuse(
    scope: &TenantScope,
    principal: &Principal,
    id: Uuid,
) -> Result<(), ApprovalError> {
    let transaction = scope.begin().await?;
    let (row, _) = held(&transaction, principal, id).await?;
    let event = refuse_row(&transaction, row).await?;
    transaction.commit(event, Vec::new()).await?;
    Ok(())
}

/// Writes that the transaction's actor has refused the key; returns the event to commit.
pub(super) async fn refuse_row(
    transaction: &TenantTransaction,
    row: entity::Model,
) -> Result<Event, DbErr> {
    let event = Event::new(Action::ApiKeyRefused, "api_key", row.id)
        .with(json!({ "scopes": names(&ApiKey::from(row.clone()).scopes) }));
    let mut row: entity::ActiveModel = row.into();
    row.revoked_at = Set(Some(instant::now()));
    row.refused_by = Set(transaction.actor().id);
    row.update(transaction.connection()).await?;
    Ok(event)
}
