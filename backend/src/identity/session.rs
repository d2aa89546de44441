//! Sessions of people in a browser: a random 256-bit token in a cookie, of which the database
//! holds only the hash; an idle and an absolute limit; signing out deletes the row at once.

use super::{Account, account};
use crate::audit::{Action, Event};
use crate::configuration::SessionSettings;
use crate::database::Database;
use crate::digest;
use crate::instant;
use crate::tenancy::{Tenant, TenantScope, TenantTransaction};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Set};
use std::sync::Arc;

pub mod entity {
    //! Table `session`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub tenant_id: Uuid,
        pub user_id: Uuid,
        pub created_at: i64,
        pub last_seen_at: i64,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const MINUTE: i64 = 60_000_000;

/// A session that is alive.
pub struct Session {
    pub tenant_id: Uuid,
    pub user_id: Uuid,
}

/// Opens a session for somebody who has just signed in; returns the cookie's value, or nothing
/// when the account was disabled, or its password changed, while the one typed was checked.
pub async fn open(
    scope: &TenantScope,
    account: &Account,
    limits: &SessionSettings,
) -> Result<Option<String>, DbErr> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let at = instant::now();
    let transaction = scope.begin().await?;
    let row = account::locked(&transaction, account.id).await?;
    if row.is_none_or(|row| {
        row.disabled_at.is_some() || row.token_generation != account.token_generation
    }) {
        return Ok(None);
    }
    entity::ActiveModel {
        token_hash: Set(digest::sha256(token.as_bytes())),
        tenant_id: Set(scope.tenant_id().0),
        user_id: Set(account.id),
        created_at: Set(at),
        last_seen_at: Set(at),
        expires_at: Set(at + i64::from(limits.absolute_hours) * 60 * MINUTE),
    }
    .insert(transaction.connection())
    .await?;
    // What has run out for everybody is swept by whoever signs in next.
    entity::Entity::delete_many()
        .filter(entity::Column::ExpiresAt.lt(at))
        .exec(transaction.connection())
        .await?;
    transaction
        .commit(Event::new(Action::SignedIn, "user", account.id), Vec::new())
        .await?;
    Ok(Some(token))
}

/// The living session of this cookie. Its idle time is pushed back at most once a minute, so
/// that reading a page is not a write.
pub async fn find(
    database: &Database,
    token: &str,
    limits: &SessionSettings,
) -> Result<Option<Session>, DbErr> {
    let at = instant::now();
    let hash = digest::sha256(token.as_bytes());
    let Some(row) = entity::Entity::find_by_id(hash)
        .one(database.read())
        .await?
    else {
        return Ok(None);
    };
    let idle = i64::from(limits.idle_minutes) * MINUTE;
    if at >= row.expires_at || at - row.last_seen_at >= idle {
        return Ok(None);
    }
    let session = Session {
        tenant_id: row.tenant_id,
        user_id: row.user_id,
    };
    if at - row.last_seen_at > MINUTE {
        let mut row: entity::ActiveModel = row.into();
        row.last_seen_at = Set(at);
        // Signed out in the meantime: there is nothing to push back.
        match row.update(database.write()).await {
            Ok(_) => {}
            Err(DbErr::RecordNotUpdated) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(session))
}

/// Ends the session of this cookie, and the person's access tokens with it: whoever signs out
/// wants nobody to go on in their name.
pub async fn end(scope: &TenantScope, token: &str, user: Uuid) -> Result<(), DbErr> {
    let transaction = scope.begin().await?;
    entity::Entity::delete_by_id(digest::sha256(token.as_bytes()))
        .exec(transaction.connection())
        .await?;
    account::end_tokens(&transaction, user).await?;
    transaction
        .commit(Event::new(Action::SignedOut, "user", user), Vec::new())
        .await?;
    Ok(())
}

/// Ends all sessions of a person.
pub(super) async fn end_all_of(transaction: &TenantTransaction, user: Uuid) -> Result<(), DbErr> {
    end_others_of(transaction, user, "").await
}

/// Ends all sessions of a person but the one of this cookie.
pub(super) async fn end_others_of(
    transaction: &TenantTransaction,
    user: Uuid,
    cookie: &str,
) -> Result<(), DbErr> {
    entity::Entity::delete_many()
        .filter(entity::Column::TenantId.eq(transaction.tenant_id().0))
        .filter(entity::Column::UserId.eq(user))
        .filter(entity::Column::TokenHash.ne(digest::sha256(cookie.as_bytes())))
        .exec(transaction.connection())
        .await?;
    Ok(())
}

/// The token that every form of this session carries against cross-site requests: derived
/// from the cookie, so that only a page served to this session can hold it.
#[must_use]
pub fn form_token(cookie: &str) -> String {
    digest::sha256(format!("octroi form token {cookie}").as_bytes())
}

/// The tenant of a session.
pub async fn tenant(database: &Database, session: &Session) -> Result<Option<Arc<Tenant>>, DbErr> {
    let row = crate::tenancy::entity::Entity::find_by_id(session.tenant_id)
        .one(database.read())
        .await?;
    Ok(row.map(|row| Arc::new(Tenant::from(row))))
}
