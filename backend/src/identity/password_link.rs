//! The one-time link by which a person sets a password without the old one: made by the
//! administrator (or the operator), shown once, good for a day and for one use, kept as a
//! hash. The newest ends those of before, and every change of the password ends them all.

use super::{
    Account, AccountError, Password, PasswordHasher, PasswordOwner, account, password_change,
};
use crate::audit::{Action, Actor, ActorKind, Event};
use crate::database::Database;
use crate::digest;
use crate::instant::{self, DAY};
use crate::tenancy::{self, Tenant, TenantEntity, TenantScope, TenantTransaction};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Set};
use serde_json::json;
use std::sync::Arc;

pub mod entity {
    //! Table `password_link`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "password_link")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub token_hash: String,
        pub user_id: Uuid,
        pub made_by: Option<Uuid>,
        pub made_at: i64,
        pub expires_at: i64,
        pub used_at: Option<i64>,
        pub ended_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for entity::Entity {
    fn tenant_column() -> Self::Column {
        entity::Column::TenantId
    }
}

/// A link that works, and whose password it sets.
pub struct PasswordLink {
    pub tenant: Arc<Tenant>,
    pub account: Account,
    id: Uuid,
    made_by: Option<Uuid>,
}

/// A link that was used: the reader of an account is told who could have known the password.
pub struct UsedLink {
    pub made_by: Option<Uuid>,
    pub at: i64,
}

/// Makes a link for a person and ends those of before; returns its token, or nothing when the
/// tenant has no such person.
pub async fn make(scope: &TenantScope, user: Uuid) -> Result<Option<String>, AccountError> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let at = instant::now();
    let transaction = scope.begin().await?;
    let Some(person) = account::locked(&transaction, user).await? else {
        return Ok(None);
    };
    if person.disabled_at.is_some() {
        return Err(AccountError::Disabled);
    }
    end_all_of(&transaction, user).await?;
    let id = Uuid::now_v7();
    entity::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        id: Set(id),
        token_hash: Set(digest::sha256(token.as_bytes())),
        user_id: Set(user),
        made_by: Set(scope.actor().id),
        made_at: Set(at),
        expires_at: Set(at + DAY),
        used_at: Set(None),
        ended_at: Set(None),
    }
    .insert(transaction.connection())
    .await?;
    let event =
        Event::new(Action::PasswordLinkMade, "user", user).with(json!({ "link": id, "hours": 24 }));
    transaction.commit(event, Vec::new()).await?;
    Ok(Some(token))
}

/// The link with this token, unless it is unknown, used, ended or too old, or the account is
/// disabled: to the outside these are one and the same.
pub async fn find(database: &Database, token: &str) -> Result<Option<PasswordLink>, AccountError> {
    let Some(row) = entity::Entity::find()
        .filter(entity::Column::TokenHash.eq(digest::sha256(token.as_bytes())))
        .filter(entity::Column::UsedAt.is_null())
        .filter(entity::Column::EndedAt.is_null())
        .filter(entity::Column::ExpiresAt.gt(instant::now()))
        .one(database.read())
        .await?
    else {
        return Ok(None);
    };
    let tenant = tenancy::entity::Entity::find_by_id(row.tenant_id)
        .one(database.read())
        .await?;
    let account = account::find(database, row.tenant_id, row.user_id).await?;
    Ok(match (tenant, account) {
        (Some(tenant), Some(account)) if !account.disabled => Some(PasswordLink {
            tenant: Arc::new(tenant.into()),
            account,
            id: row.id,
            made_by: row.made_by,
        }),
        _ => None,
    })
}

/// Sets the password that was chosen through the link, and ends the link and every session
/// and token of the person; false when the link has ended in the meantime.
pub async fn redeem(
    database: &Database,
    hasher: &PasswordHasher,
    link: PasswordLink,
    chosen: Password,
    request_id: String,
) -> Result<bool, AccountError> {
    let password_hash = hasher.hash(chosen).await?;
    let user = link.account.id;
    let actor = Actor {
        kind: ActorKind::User,
        id: Some(user),
        role: Some(link.account.role.as_str().to_owned()),
    };
    let scope = TenantScope::new(database.clone(), link.tenant, actor, request_id);
    let at = instant::now();
    let transaction = scope.begin().await?;
    let used = entity::Entity::update_many()
        .col_expr(entity::Column::UsedAt, Expr::value(at))
        .filter(entity::Column::TenantId.eq(scope.tenant_id().0))
        .filter(entity::Column::Id.eq(link.id))
        .filter(entity::Column::UsedAt.is_null())
        .filter(entity::Column::EndedAt.is_null())
        .filter(entity::Column::ExpiresAt.gt(at))
        .exec(transaction.connection())
        .await?;
    let person = account::locked(&transaction, user).await?;
    let Some(person) = person.filter(|row| row.disabled_at.is_none() && used.rows_affected == 1)
    else {
        return Ok(false);
    };
    password_change::replace(&transaction, person, password_hash, "").await?;
    let event = Event::new(Action::PasswordLinkUsed, "user", user)
        .with(json!({ "link": link.id, "made_by": link.made_by }));
    transaction.commit(event, Vec::new()).await?;
    Ok(true)
}

/// Ends the links of a person that are still open.
pub(super) async fn end_all_of(transaction: &TenantTransaction, user: Uuid) -> Result<(), DbErr> {
    entity::Entity::update_many()
        .col_expr(entity::Column::EndedAt, Expr::value(instant::now()))
        .filter(entity::Column::TenantId.eq(transaction.tenant_id().0))
        .filter(entity::Column::UserId.eq(user))
        .filter(entity::Column::UsedAt.is_null())
        .filter(entity::Column::EndedAt.is_null())
        .exec(transaction.connection())
        .await?;
    Ok(())
}

/// True when the person's password was set through a link of `maker` after `since`.
pub(super) async fn set_through(
    transaction: &TenantTransaction,
    user: Uuid,
    maker: Uuid,
    since: i64,
) -> Result<bool, DbErr> {
    let used = transaction
        .find::<entity::Entity>()
        .filter(entity::Column::UserId.eq(user))
        .filter(entity::Column::MadeBy.eq(maker))
        .filter(entity::Column::UsedAt.gt(since))
        .one(transaction.connection())
        .await?;
    Ok(used.is_some())
}

/// The link through which the person's password was last set, if one ever was.
pub async fn last_used(scope: &TenantScope, user: Uuid) -> Result<Option<UsedLink>, DbErr> {
    let row = scope
        .find::<entity::Entity>()
        .filter(entity::Column::UserId.eq(user))
        .filter(entity::Column::UsedAt.is_not_null())
        .order_by_desc(entity::Column::UsedAt)
        .one(scope.reader())
        .await?;
    Ok(row.and_then(|row| {
        row.used_at.map(|at| UsedLink {
            made_by: row.made_by,
            at,
        })
    }))
}

impl PasswordLink {
    /// Whom the password must not be made of.
    #[must_use]
    pub fn owner(&self) -> PasswordOwner<'_> {
        PasswordOwner {
            name: &self.account.name,
            email: &self.account.email,
            bank: &self.tenant.name,
        }
    }
}
