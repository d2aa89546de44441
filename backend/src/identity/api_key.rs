//! Keys of partner systems: `octroi_live_` and 256 random bits in base 64, recognisable by
//! secret scanners, shown once, stored as a hash, with a list of permissions as scopes and an
//! end. A person gives a key what they may do themselves; every other scope waits until a
//! colleague who holds it has approved it (`key_approval`), and until then the key opens
//! nothing at all. A key is the bank's: it outlives whoever made or approved it.

use super::{Permission, key_approval};
use crate::audit::{Action, Event};
use crate::database::Database;
use crate::digest;
use crate::instant;
use crate::tenancy::{Tenant, TenantEntity, TenantScope, TenantTransaction};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Set};
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
        pub awaiting: String,
        pub approvals: String,
        pub refused_by: Option<Uuid>,
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

/// What a key is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Active,
    /// Some of its scopes are not approved yet.
    Waiting,
    Expired,
    Revoked,
    /// Ended instead of being approved.
    Refused,
}

impl KeyState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Refused => "refused",
        }
    }
}

/// A key without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    /// The first characters, to recognise it by.
    pub prefix: String,
    pub scopes: Vec<Permission>,
    /// Those of them that nobody has approved yet.
    pub awaiting: Vec<Permission>,
    pub approvals: Vec<key_approval::Approval>,
    /// The administrator who made it; `None` for the command line.
    pub created_by: Option<Uuid>,
    pub created_at: i64,
    /// `None` for keys of before keys had an end.
    pub expires_at: Option<i64>,
    pub state: KeyState,
}

/// What a new key is to be.
pub struct NewApiKey<'a> {
    pub name: &'a str,
    pub scopes: &'a [Permission],
    /// What its maker may do; whatever goes beyond waits for approval.
    pub within: &'a [Permission],
    pub days: u32,
}

/// A key just made; `secret` is not to be had again.
pub struct MadeApiKey {
    pub key: ApiKey,
    pub secret: String,
}

/// How long a key is good unless somebody says otherwise, in days.
pub const DEFAULT_DAYS: u32 = 365;

fn permissions(names: &str) -> Vec<Permission> {
    names.split(' ').filter_map(Permission::named).collect()
}

pub(super) fn names(permissions: &[Permission]) -> Vec<&'static str> {
    permissions.iter().map(|scope| scope.as_str()).collect()
}

impl From<entity::Model> for ApiKey {
    fn from(row: entity::Model) -> Self {
        let state = if row.refused_by.is_some() {
            KeyState::Refused
        } else if row.revoked_at.is_some() {
            KeyState::Revoked
        } else if row.expires_at.is_some_and(|at| at <= instant::now()) {
            KeyState::Expired
        } else if row.awaiting.is_empty() {
            KeyState::Active
        } else {
            KeyState::Waiting
        };
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scopes: permissions(&row.scopes),
            awaiting: permissions(&row.awaiting),
            approvals: key_approval::read(&row.approvals),
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            state,
        }
    }
}

/// Makes a key for a partner's system, with its event.
pub async fn create(scope: &TenantScope, new: NewApiKey<'_>) -> Result<MadeApiKey, DbErr> {
    let secret = format!(
        "{PREFIX}{}",
        URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
    );
    let held = |scope: &&Permission| new.within.contains(scope);
    let awaiting: Vec<Permission> = new.scopes.iter().filter(|s| !held(s)).copied().collect();
    let id = Uuid::now_v7();
    let at = instant::now();
    let transaction = scope.begin().await?;
    let row = entity::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        id: Set(id),
        secret_hash: Set(digest::sha256(secret.as_bytes())),
        name: Set(new.name.to_owned()),
        prefix: Set(secret.chars().take(PREFIX.len() + 4).collect()),
        scopes: Set(names(new.scopes).join(" ")),
        created_by: Set(scope.actor().id),
        created_at: Set(at),
        expires_at: Set(Some(at + i64::from(new.days) * instant::DAY)),
        revoked_at: Set(None),
        awaiting: Set(names(&awaiting).join(" ")),
        approvals: Set("[]".to_owned()),
        refused_by: Set(None),
    }
    .insert(transaction.connection())
    .await?;
    let event = Event::new(Action::ApiKeyCreated, "api_key", id).with(json!({
        "scopes": names(new.scopes), "awaiting": names(&awaiting), "days": new.days,
    }));
    transaction.commit(event, Vec::new()).await?;
    Ok(MadeApiKey {
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

/// A key's row, held until the transaction ends.
pub(super) async fn locked(
    transaction: &TenantTransaction,
    id: Uuid,
) -> Result<Option<entity::Model>, DbErr> {
    transaction
        .find::<entity::Entity>()
        .filter(entity::Column::Id.eq(id))
        .lock_exclusive()
        .one(transaction.connection())
        .await
}

/// Ends a key at once; false when the tenant has no such key.
pub async fn revoke(scope: &TenantScope, id: Uuid) -> Result<bool, DbErr> {
    let transaction = scope.begin().await?;
    let Some(row) = locked(&transaction, id).await? else {
        return Ok(false);
    };
    let event = Event::new(Action::ApiKeyRevoked, "api_key", id)
        .with(json!({ "scopes": names(&permissions(&row.scopes)) }));
    let mut row: entity::ActiveModel = row.into();
    row.revoked_at = Set(Some(instant::now()));
    row.update(transaction.connection()).await?;
    transaction.commit(event, Vec::new()).await?;
    Ok(true)
}

/// Refuses the keys that wait and were made by this person: whoever has been disabled asks for
/// nothing any more. Returns the events to commit.
pub(super) async fn refuse_waiting_of(
    transaction: &TenantTransaction,
    maker: Uuid,
) -> Result<Vec<Event>, DbErr> {
    let waiting = transaction
        .find::<entity::Entity>()
        .filter(entity::Column::CreatedBy.eq(maker))
        .filter(entity::Column::Awaiting.ne(""))
        .filter(entity::Column::RevokedAt.is_null())
        .all(transaction.connection())
        .await?;
    let mut events = Vec::with_capacity(waiting.len());
    for row in waiting {
        events.push(key_approval::refuse_row(transaction, row).await?);
    }
    Ok(events)
}

/// What a secret opens.
pub enum Lookup {
    Unknown,
    Expired,
    /// Genuine, and of no use before it is approved.
    Waiting,
    Living(Arc<Tenant>, Box<ApiKey>),
}

/// The key with this secret, and its tenant.
pub async fn find(database: &Database, secret: &str) -> Result<Lookup, DbErr> {
    let Some(row) = entity::Entity::find()
        .filter(entity::Column::SecretHash.eq(digest::sha256(secret.as_bytes())))
        .one(database.read())
        .await?
    else {
        return Ok(Lookup::Unknown);
    };
    let tenant = row.tenant_id;
    let key = ApiKey::from(row);
    match key.state {
        KeyState::Revoked | KeyState::Refused => Ok(Lookup::Unknown),
        KeyState::Expired => Ok(Lookup::Expired),
        KeyState::Waiting => Ok(Lookup::Waiting),
        KeyState::Active => {
            let tenant = crate::tenancy::entity::Entity::find_by_id(tenant)
                .one(database.read())
                .await?;
            Ok(tenant.map_or(Lookup::Unknown, |tenant| {
                Lookup::Living(Arc::new(Tenant::from(tenant)), Box::new(key))
            }))
        }
    }
}
