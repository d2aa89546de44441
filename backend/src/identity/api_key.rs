//! Keys of partner systems: `octroi_live_` and 256 random bits in base 64, recognisable by
//! secret scanners, shown once, stored as a hash, with a list of permissions as scopes.

use super::Permission;
use crate::audit::{Action, Event};
use crate::database::Database;
use crate::digest;
use crate::instant;
use crate::tenancy::{Tenant, TenantEntity, TenantScope};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Set};
use serde_json::json;
use std::sync::Arc;

pub mod entity {
    //! Table `api_key`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub secret_hash: String,
        pub name: String,
        pub prefix: String,
        pub scopes: String,
        pub created_by: Option<Uuid>,
        pub created_at: i64,
        pub expires_at: Option<i64>,
        pub revoked_at: Option<i64>,
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

/// What every key begins with.
pub const PREFIX: &str = "octroi_live_";

/// A key without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    /// The first characters, to recognise it by.
    pub prefix: String,
    pub scopes: Vec<Permission>,
    /// The administrator who made it; `None` for the command line.
    pub created_by: Option<Uuid>,
    pub created_at: i64,
    pub revoked: bool,
}

/// A key just made; `secret` is not to be had again.
pub struct NewApiKey {
    pub key: ApiKey,
    pub secret: String,
}

impl From<entity::Model> for ApiKey {
    fn from(row: entity::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scopes: row
                .scopes
                .split(' ')
                .filter_map(Permission::named)
                .collect(),
            created_by: row.created_by,
            created_at: row.created_at,
            revoked: row.revoked_at.is_some(),
        }
    }
}

/// Makes a key for a partner's system, with its event.
pub async fn create(
    scope: &TenantScope,
    name: &str,
    scopes: &[Permission],
) -> Result<NewApiKey, DbErr> {
    let secret = format!(
        "{PREFIX}{}",
        URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
    );
    let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let id = Uuid::now_v7();
    let transaction = scope.begin().await?;
    let row = entity::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        id: Set(id),
        secret_hash: Set(digest::sha256(secret.as_bytes())),
        name: Set(name.to_owned()),
        prefix: Set(secret.chars().take(PREFIX.len() + 4).collect()),
        scopes: Set(names.join(" ")),
        created_by: Set(scope.actor().id),
        created_at: Set(instant::now()),
        expires_at: Set(None),
        revoked_at: Set(None),
    }
    .insert(transaction.connection())
    .await?;
    let event = Event::new(Action::ApiKeyCreated, "api_key", id).with(json!({ "scopes": names }));
    transaction.commit(event, Vec::new()).await?;
    Ok(NewApiKey {
        key: row.into(),
        secret,
    })
}

/// The tenant's keys, newest first.
pub async fn list(scope: &TenantScope) -> Result<Vec<ApiKey>, DbErr> {
    let rows = scope
        .find::<entity::Entity>()
        .order_by_desc(entity::Column::Id)
        .all(scope.reader())
        .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// Ends a key at once; false when the tenant has no such key.
pub async fn revoke(scope: &TenantScope, id: Uuid) -> Result<bool, DbErr> {
    let transaction = scope.begin().await?;
    let Some(row) = transaction
        .find::<entity::Entity>()
        .filter(entity::Column::Id.eq(id))
        .one(transaction.connection())
        .await?
    else {
        return Ok(false);
    };
    let mut row: entity::ActiveModel = row.into();
    row.revoked_at = Set(Some(instant::now()));
    row.update(transaction.connection()).await?;
    transaction
        .commit(Event::new(Action::ApiKeyRevoked, "api_key", id), Vec::new())
        .await?;
    Ok(true)
}

/// The living key with this secret, and its tenant.
pub async fn find(
    database: &Database,
    secret: &str,
) -> Result<Option<(Arc<Tenant>, ApiKey)>, DbErr> {
    let Some(row) = entity::Entity::find()
        .filter(entity::Column::SecretHash.eq(digest::sha256(secret.as_bytes())))
        .one(database.read())
        .await?
    else {
        return Ok(None);
    };
    let expired = row.expires_at.is_some_and(|at| at <= instant::now());
    if expired || row.revoked_at.is_some() {
        return Ok(None);
    }
    let tenant = crate::tenancy::entity::Entity::find_by_id(row.tenant_id)
        .one(database.read())
        .await?;
    Ok(tenant.map(|tenant| (Arc::new(Tenant::from(tenant)), row.into())))
}
