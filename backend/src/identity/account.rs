//! People: their accounts, and signing in with e-mail and password.

use super::failed_sign_ins::FailedSignIn;
use super::{Password, PasswordError, PasswordHasher, Role, api_key, password_link, session};
use crate::audit::{Action, Event};
use crate::database::Database;
use crate::instant;
use crate::name::{self, NameError};
use crate::service::Service;
use crate::tenancy::{self, Tenant, TenantEntity, TenantScope, TenantTransaction};
use octroi_data::language::Language;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Set, SqlErr};
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

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
        pub token_generation: i64,
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
    /// Access tokens of another generation have been ended.
    pub token_generation: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("\"{0}\" is no e-mail address")]
    Email(String),
    #[error("an account with the address {0} exists already")]
    Exists(String),
    #[error("this account is disabled; enable it first")]
    Disabled,
    #[error("the stored role \"{0}\" is unknown to this version")]
    StoredRole(String),
    #[error(transparent)]
    Name(#[from] NameError),
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
            token_generation: row.token_generation,
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
        || email
            .chars()
            .any(|c| c.is_whitespace() || name::controls(c))
        || !email
            .split_once('@')
            .is_some_and(|(l, d)| !l.is_empty() && d.contains('.'))
    {
        return Err(AccountError::Email(new.email));
    }
    let name = name::parse(&new.name)?;
    let password_hash = hasher.hash(new.password).await?;
    let id = Uuid::now_v7();
    let transaction = scope.begin().await?;
    let row = entity::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        id: Set(id),
        email: Set(email.clone()),
        name: Set(name),
        role: Set(new.role.as_str().to_owned()),
        language: Set(new.language.as_str().to_owned()),
        password_hash: Set(password_hash),
        created_at: Set(instant::now()),
        disabled_at: Set(None),
        token_generation: Set(0),
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

/// Somebody who wants to come in.
pub struct SignInAttempt<'a> {
    pub email: &'a str,
    pub password: Password,
    pub address: Option<IpAddr>,
    pub request_id: String,
}

/// How an attempt to sign in ended; unknown account, wrong password and disabled account are
/// one and the same to the outside.
pub enum SignIn {
    Welcome {
        tenant: Arc<Tenant>,
        account: Box<Account>,
    },
    Refused,
    /// Nothing was compared: there were too many failures. How long to wait.
    TooMany(Duration),
}

/// Checks e-mail and password, when the throttle lets it. A failure on an existing account
/// becomes an event of its tenant. Until the answer an account that does not exist takes the
/// same steps as one that does.
pub async fn sign_in(
    service: &Service,
    attempt: SignInAttempt<'_>,
) -> Result<SignIn, AccountError> {
    let counted = match service.throttle.begin(attempt.email, attempt.address) {
        Ok(counted) => counted,
        Err(wait) => return Ok(SignIn::TooMany(wait)),
    };
    let Some(place) = service.failed_sign_ins.place() else {
        counted.forgive();
        return Err(PasswordError::Busy.into());
    };
    let (row, matches) = match compare(service, attempt.email, attempt.password).await {
        Ok(compared) => compared,
        Err(error) => {
            counted.forgive();
            return Err(error);
        }
    };
    let row = row.map(|row| (row.disabled_at.is_none() && matches, row));
    match row {
        Some((true, row)) => {
            counted.forgive();
            drop(place);
            welcome(service, row).await
        }
        refused => {
            let account = refused.as_ref().map(|(_, row)| row.id);
            tracing::info!(?account, request_id = attempt.request_id, "sign-in failed");
            if let Some((_, row)) = refused {
                place.record(FailedSignIn {
                    tenant: row.tenant_id,
                    account: row.id,
                    request_id: attempt.request_id,
                });
            }
            Ok(SignIn::Refused)
        }
    }
}

/// The account of this address, and whether the password is its own.
async fn compare(
    service: &Service,
    email: &str,
    password: Password,
) -> Result<(Option<entity::Model>, bool), AccountError> {
    let row = entity::Entity::find()
        .filter(entity::Column::Email.eq(normalised(email)))
        .one(service.database.read())
        .await?;
    let stored = row.as_ref().map(|row| row.password_hash.clone());
    let matches = service.passwords.verify(password, stored).await?;
    Ok((row, matches))
}

async fn welcome(service: &Service, row: entity::Model) -> Result<SignIn, AccountError> {
    let tenant = tenancy::entity::Entity::find_by_id(row.tenant_id)
        .one(service.database.read())
        .await?;
    let Some(tenant) = tenant else {
        return Ok(SignIn::Refused);
    };
    // So that the trail has the failures before the success that they led to.
    service.failed_sign_ins.settle().await;
    Ok(SignIn::Welcome {
        tenant: Arc::new(Tenant::from(tenant)),
        account: Box::new(Account::try_from(row)?),
    })
}

pub(super) fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Disables a person (whose sessions, tokens and one-time links end at once, and whose keys
/// that still wait for approval are refused) or lets them in again; false when the tenant has
/// no such person.
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
    session::end_all_of(&transaction, id).await?;
    end_tokens(&transaction, id).await?;
    password_link::end_all_of(&transaction, id).await?;
    let action = if disabled {
        Action::UserDisabled
    } else {
        Action::UserEnabled
    };
    let refused = if disabled {
        api_key::refuse_waiting_of(&transaction, id).await?
    } else {
        Vec::new()
    };
    transaction
        .commit(Event::new(action, "user", id), refused)
        .await?;
    Ok(true)
}

/// The row of a person of the transaction's tenant, held until the transaction ends.
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

/// Ends every access token that the person has: the next ones carry another generation.
pub(super) async fn end_tokens(transaction: &TenantTransaction, id: Uuid) -> Result<(), DbErr> {
    entity::Entity::update_many()
        .col_expr(
            entity::Column::TokenGeneration,
            Expr::col(entity::Column::TokenGeneration).add(1),
        )
        .filter(entity::Column::TenantId.eq(transaction.tenant_id().0))
        .filter(entity::Column::Id.eq(id))
        .exec(transaction.connection())
        .await?;
    Ok(())
}

/// Ends every session and access token of the person, on their own wish.
pub async fn sign_out_everywhere(scope: &TenantScope, id: Uuid) -> Result<(), DbErr> {
    let transaction = scope.begin().await?;
    session::end_all_of(&transaction, id).await?;
    end_tokens(&transaction, id).await?;
    transaction
        .commit(
            Event::new(Action::SignedOutEverywhere, "user", id),
            Vec::new(),
        )
        .await?;
    Ok(())
}

/// The language in which the person reads the pages.
pub async fn set_language(scope: &TenantScope, id: Uuid, language: Language) -> Result<(), DbErr> {
    let transaction = scope.begin().await?;
    entity::Entity::update_many()
        .col_expr(entity::Column::Language, Expr::value(language.as_str()))
        .filter(entity::Column::TenantId.eq(scope.tenant_id().0))
        .filter(entity::Column::Id.eq(id))
        .exec(transaction.connection())
        .await?;
    let event = Event::new(Action::LanguageChanged, "user", id)
        .with(json!({ "language": language.as_str() }));
    transaction.commit(event, Vec::new()).await?;
    Ok(())
}
