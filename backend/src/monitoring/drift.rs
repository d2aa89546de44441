//! Drift of a tenant's clients against the data a model version was trained on: the version's
//! reference sample on one side, the features of the clients in the portfolio on the other.
//! A report is stored with its event, so that a page shows the last one without computing.

use crate::admission::{Gate, NotAdmitted};
use crate::audit::{Action, Event};
use crate::clients::{ClientError, Population};
use crate::instant;
use crate::models::{Arrangement, ModelError, ResolvedModel};
use crate::tenancy::{TenantEntity, TenantScope, TenantTransaction};
use octroi_data::column::{NamedColumn, Values};
use octroi_data::drift::{self, DriftReport};
use octroi_model_registry::package::PackageFeature;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;
use std::sync::Arc;

pub mod entity {
    //! Table `drift_report`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "drift_report")]
    #[allow(clippy::struct_field_names)] // the column of the model is called `model`
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub model: String,
        pub version: i32,
        #[sea_orm(column_type = "Text")]
        pub report: String,
        pub created_by: String,
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

#[derive(Debug, thiserror::Error)]
pub enum MonitoringError {
    #[error("the portfolio has no clients to compare; import some first")]
    NoClients,
    #[error("the stored drift report cannot be read: {0}")]
    Report(#[from] serde_json::Error),
    #[error("the worker that compares populations has stopped")]
    WorkerStopped,
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// A report and what it is about.
pub struct StoredDrift {
    pub id: Uuid,
    pub model: String,
    pub version: i32,
    pub report: DriftReport,
    pub created_by: String,
    pub created_at: i64,
}

/// Reports of a bank that are kept; older ones go when a new one comes. Their events stay.
const KEPT: u64 = 20;

/// Compares when it is the bank's turn, and stores the report.
pub(super) async fn compute(
    heavy: &Gate,
    scope: &TenantScope,
    model: ResolvedModel,
    population: Arc<Population>,
    by: &str,
) -> Result<(), MonitoringError> {
    if population.numbers.is_empty() {
        return Err(MonitoringError::NoClients);
    }
    let package = Arc::clone(&model.package);
    let compared = move || {
        let features = &package.manifest.features;
        let reference = package.reference_rows();
        let reference: Vec<NamedColumn> = features
            .iter()
            .zip(reference.columns())
            .map(|(feature, values)| column(feature, values.iter().copied()))
            .collect();
        let current: Vec<NamedColumn> = features
            .iter()
            .filter_map(|feature| {
                let of_one = Arrangement::new(std::slice::from_ref(feature), &population.specs);
                let arranged = of_one.ok()?.columns().first()?.clone();
                let values = population.values_of(arranged.place());
                let values = values.iter().map(|&value| arranged.value(value));
                Some(column(feature, values))
            })
            .collect();
        drift::compare(&reference, &current)
    };
    let report = heavy.run(scope, compared).await?;
    let report = report.map_err(|_| MonitoringError::WorkerStopped)?;
    let id = Uuid::now_v7();
    let at = instant::now();
    let transaction = scope.begin().await?;
    let row = entity::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        id: Set(id),
        model: Set(model.row.model.clone()),
        version: Set(model.row.version),
        report: Set(serde_json::to_string(&report)?),
        created_by: Set(by.to_owned()),
        created_at: Set(at),
    };
    entity::Entity::insert(row)
        .exec_without_returning(transaction.connection())
        .await?;
    let event = Event::new(Action::DriftComputed, "drift_report", id).with(json!({
        "model": model.row.model,
        "version": model.row.version,
        "rows_reference": report.rows_reference,
        "rows_current": report.rows_current,
    }));
    forget_older(&transaction).await?;
    transaction.commit(event, Vec::new()).await?;
    Ok(())
}

/// A report is half a megabyte: a bank keeps its latest.
async fn forget_older(transaction: &TenantTransaction) -> Result<(), DbErr> {
    let oldest_kept: Option<Uuid> = transaction
        .find::<entity::Entity>()
        .select_only()
        .column(entity::Column::Id)
        .order_by_desc(entity::Column::Id)
        .offset(KEPT - 1)
        .limit(1)
        .into_tuple()
        .one(transaction.connection())
        .await?;
    if let Some(oldest_kept) = oldest_kept {
        entity::Entity::delete_many()
            .filter(entity::Column::TenantId.eq(transaction.tenant_id().0))
            .filter(entity::Column::Id.lt(oldest_kept))
            .exec(transaction.connection())
            .await?;
    }
    Ok(())
}

/// Which report is the latest of the tenant.
pub async fn latest_id(scope: &TenantScope) -> Result<Option<Uuid>, MonitoringError> {
    Ok(scope
        .find::<entity::Entity>()
        .select_only()
        .column(entity::Column::Id)
        .order_by_desc(entity::Column::Id)
        .into_tuple()
        .one(scope.reader())
        .await?)
}

/// The latest report of the tenant.
pub async fn latest(scope: &TenantScope) -> Result<Option<StoredDrift>, MonitoringError> {
    let row = scope
        .find::<entity::Entity>()
        .order_by_desc(entity::Column::Id)
        .one(scope.reader())
        .await?;
    row.map(|row| {
        Ok(StoredDrift {
            id: row.id,
            report: serde_json::from_str(&row.report)?,
            model: row.model,
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
        })
    })
    .transpose()
}

fn column(feature: &PackageFeature, values: impl Iterator<Item = f64>) -> NamedColumn {
    let values = match &feature.levels {
        None => Values::Number(values.collect()),
        Some(levels) => Values::Category {
            codes: values
                .map(|value| {
                    if value.is_nan() {
                        u32::MAX
                    } else {
                        value as u32
                    }
                })
                .collect(),
            levels: levels.clone(),
        },
    };
    NamedColumn {
        name: feature.name.clone(),
        values,
    }
}
