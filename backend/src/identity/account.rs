//! People: their accounts, and signing in with e-mail and password.

use super::{Password, PasswordError, PasswordHasher, Role, session};
use crate::audit::{Action, Actor, Event};
use crate::database::Database;
use crate::instant;
use crate::tenancy::{self, Tenant, TenantEntity, TenantScope};
use octroi_data::language::Language;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Set, SqlErr};
use serde_json::json;
use std::sync::Arc;

pub mod entity {
    //! Table `user_account`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub email: String,
        pub name: String,
        pub role: String,
        pub language: String,
        pub password_hash: String,
        pub created_at: i64,
        pub disabled_at: Option<i64>,
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

/// A person of one bank, without the password's hash.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub language: Language,
    pub disabled: bool,
    pub created_at: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("\"{0}\" is no e-mail address")]
    Email(String),
    #[error("an account with the address {0} exists already")]
    Exists(String),
    #[error("the stored role \"{0}\" is unknown to this version")]
    StoredRole(String),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl TryFrom<entity::Model> for Account {
    type Error = AccountError;

    fn try_from(row: entity::Model) -> Result<Self, AccountError> {
        Ok(Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: row
                .role
                .parse()
                .map_err(|_| AccountError::StoredRole(row.role))?,
            language: row.language.parse().unwrap_or(Language::En),
            disabled: row.disabled_at.is_some(),
            created_at: row.created_at,
        })
    }
}

/// What a new account needs.
pub struct NewAccount {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub language: Language,
    pub password: Password,
}

/// Adds a person to the tenant, with its event.
pub async fn create(
    scope: &TenantScope,
    hasher: &PasswordHasher,
    new: NewAccount,
) -> Result<Account, AccountError> {
    let email = normalised(&new.email);
    if email.len() > 254
        || !email
            .split_once('@')
            .is_some_and(|(l, d)| !l.is_empty() && d.contains('.'))
    {
        return Err(AccountError::Email(new.email));
    }
    let password_hash = hasher.hash(new.password).await?;
    let id = Uuid::now_v7();
    let transaction = scope.begin().await?;
    let row = entity::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        id: Set(id),
        email: Set(email.clone()),
        name: Set(new.name),
        role: Set(new.role.as_str().to_owned()),
        language: Set(new.language.as_str().to_owned()),
        password_hash: Set(password_hash),
        created_at: Set(instant::now()),
        disabled_at: Set(None),
    }
    .insert(transaction.connection())
    .await
    .map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => AccountError::Exists(email),
        _ => error.into(),
    })?;
    let event =
        Event::new(Action::UserCreated, "user", id).with(json!({ "role": new.role.as_str() }));
    transaction.commit(event, Vec::new()).await?;
    row.try_into()
}

/// The tenant's people, by name.
pub async fn list(scope: &TenantScope) -> Result<Vec<Account>, AccountError> {
    let rows = scope
        .find::<entity::Entity>()
        .order_by_asc(entity::Column::Name)
        .all(scope.reader())
        .await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// One person of a known tenant.
pub async fn find(
    database: &Database,
    tenant: Uuid,
    id: Uuid,
) -> Result<Option<Account>, AccountError> {
    entity::Entity::find_by_id((tenant, id))
        .one(database.read())
        .await?
        .map(Account::try_from)
        .transpose()
}

/// How an attempt to sign in ended; unknown account, wrong password and disabled account are
/// one and the same to the outside.
pub enum SignIn {
    Welcome {
        tenant: Arc<Tenant>,
        account: Box<Account>,
    },
    Refused,
}

/// Checks e-mail and password. A failure on an existing account is an event of its tenant.
pub async fn sign_in(
    database: &Database,
    hasher: &PasswordHasher,
    email: &str,
    password: Password,
    request_id: &str,
) -> Result<SignIn, AccountError> {
    let row = entity::Entity::find()
        .filter(entity::Column::Email.eq(normalised(email)))
        .one(database.read())
        .await?;
    let stored = row.as_ref().map(|row| row.password_hash.clone());
    let matches = hasher.verify(password, stored).await?;
    let Some(row) = row else {
        return Ok(SignIn::Refused);
    };
    let Some(tenant) = tenancy::entity::Entity::find_by_id(row.tenant_id)
        .one(database.read())
        .await?
    else {
        return Ok(SignIn::Refused);
    };
    let tenant = Arc::new(Tenant::from(tenant));
    let account = Account::try_from(row)?;
    if matches && !account.disabled {
        return Ok(SignIn::Welcome {
            tenant,
            account: Box::new(account),
        });
    }
    TenantScope::new(
        database.clone(),
        tenant,
        Actor::anonymous(),
        request_id.to_owned(),
    )
    .record(Event::new(Action::SignInFailed, "user", account.id))
    .await?;
    Ok(SignIn::Refused)
}

fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Disables a person (whose sessions end at once) or lets them in again; false when the
/// tenant has no such person.
pub async fn set_disabled(
    scope: &TenantScope,
    id: Uuid,
    disabled: bool,
) -> Result<bool, AccountError> {
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
    row.disabled_at = Set(disabled.then(instant::now));
    row.update(transaction.connection()).await?;
    session::entity::Entity::delete_many()
        .filter(session::entity::Column::TenantId.eq(scope.tenant_id().0))
        .filter(session::entity::Column::UserId.eq(id))
        .exec(transaction.connection())
        .await?;
    let action = if disabled {
        Action::UserDisabled
    } else {
        Action::UserEnabled
    };
    transaction
        .commit(Event::new(action, "user", id), Vec::new())
        .await?;
    Ok(true)
}
