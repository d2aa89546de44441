//! A decision as stored: outcome, PD and threshold, and the digests of model, inputs and
//! features that let anybody recompute it. Written once, never changed.

use crate::admission::NotAdmitted;
use crate::clients::ClientError;
use crate::models::ModelError;
use crate::tenancy::{TenantEntity, TenantScope};
use octroi_data::application::ApplicationsError;
use octroi_data::features::FeatureError;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub mod entity {
    //! Table `decision`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "decision")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub client_number: i64,
        pub model: String,
        pub version: i32,
        pub alias: Option<String>,
        pub model_digest: String,
        pub inputs_digest: String,
        pub features_digest: String,
        pub features_sql_digest: String,
        pub inputs: Vec<u8>,
        pub features: Vec<u8>,
        pub margin: f64,
        pub pd: f64,
        pub threshold: f64,
        pub outcome: String,
        pub channel: String,
        pub actor_kind: String,
        pub actor_id: Option<Uuid>,
        pub code_version: String,
        pub created_at: i64,
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

/// A decision as stored.
pub type Decision = entity::Model;

/// Granted or refused; there is nothing between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Granted,
    Refused,
}

impl Outcome {
    /// A PD at or above the threshold is refused.
    #[must_use]
    pub fn of(pd: f64, threshold: f64) -> Self {
        if pd >= threshold {
            Self::Refused
        } else {
            Self::Granted
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
        }
    }

    /// The outcome of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Granted, Self::Refused]
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
    }
}

/// Where a decision was asked for, or an explanation shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Page,
    Api,
    CommandLine,
}

impl Channel {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::CommandLine => "command_line",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    #[error("there is no decision {0}")]
    Unknown(Uuid),
    #[error("the Idempotency-Key was used before with another request")]
    IdempotencyConflict,
    #[error("the model {model} wants the feature {feature}, which is not computed")]
    MissingFeature { model: String, feature: String },
    #[error("the stored decision {id} is damaged: {why}")]
    Damaged { id: Uuid, why: String },
    #[error("the decision {0} granted the credit: there is nothing that would have to change")]
    Granted(Uuid),
    #[error(
        "the decision {0} cannot be computed again as it was: the features are computed in \
         another way now; decide again and ask about the new decision"
    )]
    Superseded(Uuid),
    #[error("computing features: {0}")]
    Features(#[from] FeatureError),
    #[error("putting the application into tables: {0}")]
    Applications(#[from] ApplicationsError),
    #[error("the search for a counterfactual ended without an answer: {0}")]
    Search(String),
    #[error("the answer could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// The decision with this id.
pub async fn find(scope: &TenantScope, id: Uuid) -> Result<Decision, DecisionError> {
    scope
        .find::<entity::Entity>()
        .filter(entity::Column::Id.eq(id))
        .one(scope.reader())
        .await?
        .ok_or(DecisionError::Unknown(id))
}

/// A decision without its large columns.
#[derive(Clone, Debug, sea_orm::FromQueryResult)]
pub struct DecisionLine {
    pub id: Uuid,
    pub client_number: i64,
    pub model: String,
    pub version: i32,
    pub pd: f64,
    pub threshold: f64,
    pub outcome: String,
    pub channel: String,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub created_at: i64,
}

fn lines(scope: &TenantScope) -> Select<entity::Entity> {
    use entity::Column;
    scope
        .find::<entity::Entity>()
        .select_only()
        .columns([
            Column::Id,
            Column::ClientNumber,
            Column::Model,
            Column::Version,
            Column::Pd,
            Column::Threshold,
            Column::Outcome,
            Column::Channel,
            Column::ActorKind,
            Column::ActorId,
            Column::CreatedAt,
        ])
        .order_by_desc(Column::Id)
}

/// The decisions about one client, newest first, fifty at most.
pub async fn history(scope: &TenantScope, number: i64) -> Result<Vec<DecisionLine>, DecisionError> {
    Ok(lines(scope)
        .filter(entity::Column::ClientNumber.eq(number))
        .limit(50)
        .into_model()
        .all(scope.reader())
        .await?)
}

/// A page of decisions, newest first: those before `before`.
pub async fn list(
    scope: &TenantScope,
    client: Option<i64>,
    before: Option<Uuid>,
    limit: u64,
) -> Result<Vec<DecisionLine>, DecisionError> {
    let mut query = lines(scope);
    if let Some(number) = client {
        query = query.filter(entity::Column::ClientNumber.eq(number));
    }
    if let Some(before) = before {
        query = query.filter(entity::Column::Id.lt(before));
    }
    Ok(query.limit(limit).into_model().all(scope.reader()).await?)
}

/// The latest decision of the tenant.
pub async fn recent(scope: &TenantScope) -> Result<Option<DecisionLine>, DecisionError> {
    Ok(lines(scope)
        .limit(1)
        .into_model()
        .one(scope.reader())
        .await?)
}

/// Instants and outcomes of the decisions since `from`, for counts by day.
pub async fn per_day(scope: &TenantScope, from: i64) -> Result<Vec<(i64, String)>, DecisionError> {
    Ok(scope
        .find::<entity::Entity>()
        .filter(entity::Column::CreatedAt.gte(from))
        .select_only()
        .columns([entity::Column::CreatedAt, entity::Column::Outcome])
        .into_tuple()
        .all(scope.reader())
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pd_at_the_threshold_is_refused() {
        assert_eq!(Outcome::of(0.1, 0.1), Outcome::Refused);
        assert_eq!(Outcome::of(0.099_999, 0.1), Outcome::Granted);
    }
}
