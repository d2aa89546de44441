//! A tenant is one bank: its name, language, portfolio and business costs.

use super::TenantScope;
use crate::audit::{Action, Actor, Event};
use crate::database::Database;
use crate::instant;
use crate::name::{self, NameError};
use octroi_data::language::Language;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, SqlErr};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

pub mod entity {
    //! Table `tenant`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub slug: String,
        pub name: String,
        pub language: String,
        pub portfolio: String,
        pub fn_cost: f64,
        pub fp_cost: f64,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Identifier of a tenant; a type of its own, so that no other UUID can take its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TenantId(pub Uuid);

/// A bank as the rest of the code sees it.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub language: Language,
    pub portfolio: String,
    /// Cost of one missed default.
    pub fn_cost: f64,
    /// Cost of one refused good client.
    pub fp_cost: f64,
}

#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error("there is no tenant \"{slug}\"; {known}")]
    Unknown { slug: String, known: String },
    #[error("a tenant \"{0}\" exists already")]
    Exists(String),
    #[error(
        "a tenant's short name has 1 to 40 of a-z, 0-9 and -, and begins with a letter; \"{0}\" does not"
    )]
    BadSlug(String),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl From<entity::Model> for Tenant {
    fn from(row: entity::Model) -> Self {
        Self {
            id: TenantId(row.id),
            slug: row.slug,
            name: row.name,
            language: row.language.parse().unwrap_or(Language::En),
            portfolio: row.portfolio,
            fn_cost: row.fn_cost,
            fp_cost: row.fp_cost,
        }
    }
}

/// Adds a tenant, together with its event, with the default costs of the brief: a missed
/// default costs ten times a refused good client. Tenants are made by the operator only.
pub async fn create(
    database: &Database,
    slug: &str,
    name: &str,
    language: Language,
    request_id: String,
) -> Result<Tenant, TenantError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.len() > 40
        || !slug.starts_with(|c: char| c.is_ascii_lowercase())
        || !slug.chars().all(allowed)
    {
        return Err(TenantError::BadSlug(slug.to_owned()));
    }
    let row = entity::Model {
        id: Uuid::now_v7(),
        slug: slug.to_owned(),
        name: name::parse(name)?,
        language: language.as_str().to_owned(),
        portfolio: "home-credit".to_owned(),
        fn_cost: 10.0,
        fp_cost: 1.0,
        created_at: instant::now(),
    };
    let tenant = Tenant::from(row.clone());
    let owner = Arc::new(tenant.clone());
    let scope = TenantScope::new(database.clone(), owner, Actor::operator(), request_id);
    let transaction = scope.begin().await?;
    let inserted = entity::Entity::insert(entity::ActiveModel::from(row))
        .exec_without_returning(transaction.connection())
        .await;
    inserted.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => TenantError::Exists(slug.to_owned()),
        _ => error.into(),
    })?;
    let event =
        Event::new(Action::TenantCreated, "tenant", tenant.id.0).with(json!({ "slug": slug }));
    transaction.commit(event, Vec::new()).await?;
    Ok(tenant)
}

/// All tenants, by short name.
pub async fn list(database: &Database) -> Result<Vec<Tenant>, TenantError> {
    let rows = entity::Entity::find()
        .order_by_asc(entity::Column::Slug)
        .all(database.read())
        .await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

/// The tenant with this short name; the error lists those that exist.
pub async fn find_by_slug(database: &Database, slug: &str) -> Result<Tenant, TenantError> {
    let tenants = list(database).await?;
    let known = if tenants.is_empty() {
        "none exists yet".to_owned()
    } else {
        let slugs: Vec<&str> = tenants.iter().map(|t| t.slug.as_str()).collect();
        format!("known: {}", slugs.join(", "))
    };
    tenants
        .into_iter()
        .find(|tenant| tenant.slug == slug)
        .ok_or_else(|| TenantError::Unknown {
            slug: slug.to_owned(),
            known,
        })
}
