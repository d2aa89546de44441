//! Model versions and aliases.

use crate::identity::{Authorized, need};
use crate::instant;
use crate::models::{ModelReference, model_version};
use crate::service::Service;
use crate::web::Problem;
use actix_web::{Responder, web};
use octroi_model_registry::calibration::Calibration;
use octroi_model_registry::evaluation::Intervals;
use octroi_model_registry::package::Origin;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct ModelVersionSummary {
    model: String,
    version: i32,
    /// Aliases that point at it.
    aliases: Vec<String>,
    #[schema(example = "boosting")]
    algorithm: String,
    portfolio: String,
    /// Out of fold.
    auc: f64,
    threshold: f64,
    /// SHA-256 of the package.
    digest: String,
    created_at: String,
}

#[derive(Serialize, ToSchema)]
struct ModelList {
    versions: Vec<ModelVersionSummary>,
}

#[derive(Serialize, ToSchema)]
struct ModelDetail {
    #[serde(flatten)]
    summary: ModelVersionSummary,
    /// Features in the order the model takes them.
    features: Vec<String>,
    gini: f64,
    ks: f64,
    average_precision: f64,
    brier: f64,
    log_loss: f64,
    /// Mean distance of probability and default rate over tenths of the clients.
    expected_calibration_error: f64,
    /// At the threshold, with the costs below.
    cost_per_client: f64,
    /// 95% bootstrap intervals, [low, high]; null where none were computed.
    intervals: Option<MeasureIntervals>,
    /// From margins to probabilities: `none`, `platt` or `isotonic`.
    #[schema(example = "platt")]
    calibration: String,
    /// Null of a model trained here.
    imported: Option<ImportedModel>,
    fn_cost: f64,
    fp_cost: f64,
    training_rows: usize,
    training_defaults: usize,
    data_fingerprint: String,
}

/// How far chance may have moved the measures.
#[derive(Serialize, ToSchema)]
struct MeasureIntervals {
    auc: [f64; 2],
    gini: [f64; 2],
    ks: [f64; 2],
    average_precision: [f64; 2],
    brier: [f64; 2],
    log_loss: [f64; 2],
    expected_calibration_error: [f64; 2],
    cost_per_client: [f64; 2],
}

/// The file of another library that a model was read from.
#[derive(Serialize, ToSchema)]
struct ImportedModel {
    /// Kind of file.
    #[schema(example = "lightgbm")]
    source: String,
    file: String,
    /// Of the bytes of the file.
    sha256: String,
}

impl From<Intervals> for MeasureIntervals {
    fn from(intervals: Intervals) -> Self {
        Self {
            auc: intervals.auc,
            gini: intervals.gini,
            ks: intervals.ks,
            average_precision: intervals.average_precision,
            brier: intervals.brier,
            log_loss: intervals.log_loss,
            expected_calibration_error: intervals.expected_calibration_error,
            cost_per_client: intervals.cost_per_client,
        }
    }
}

async fn summaries(
    authorized: &Authorized<need::ViewModels>,
    service: &Service,
) -> Result<Vec<(model_version::Model, ModelVersionSummary)>, Problem> {
    let aliases = service.models.aliases(&authorized.scope).await?;
    let versions = service.models.versions(&authorized.scope).await?;
    Ok(versions
        .into_iter()
        .map(|row| {
            let summary = ModelVersionSummary {
                aliases: aliases
                    .iter()
                    .filter(|alias| alias.model == row.model && alias.version == row.version)
                    .map(|alias| alias.alias.clone())
                    .collect(),
                model: row.model.clone(),
                version: row.version,
                algorithm: row.algorithm.clone(),
                portfolio: row.portfolio.clone(),
                auc: row.auc,
                threshold: row.threshold,
                digest: row.digest.clone(),
                created_at: instant::rfc3339(row.created_at),
            };
            (row, summary)
        })
        .collect())
}

/// All model versions of the bank.
#[utoipa::path(
    get, path = "/models",
    operation_id = "list_models",
    context_path = "/api/v1", tag = "models",
    responses(
        (status = 200, body = ModelList),
    )
)]
pub(super) async fn list(
    authorized: Authorized<need::ViewModels>,
    service: web::Data<Service>,
) -> Result<impl Responder, Problem> {
    let versions = summaries(&authorized, &service).await?;
    Ok(web::Json(ModelList {
        versions: versions.into_iter().map(|(_, s)| s).collect(),
    }))
}

/// One model version.
#[utoipa::path(
    get, path = "/models/{name}/versions/{version}",
    operation_id = "find_model_version",
    context_path = "/api/v1", tag = "models",
    params(
        ("name" = String, Path, example = "credit", pattern = "^[a-z][a-z0-9_-]{0,59}$"),
        ("version" = i32, Path, example = 1, minimum = 1, maximum = 2_147_483_647),
    ),
    responses(
        (status = 200, body = ModelDetail),
    )
)]
pub(super) async fn find(
    authorized: Authorized<need::ViewModels>,
    service: web::Data<Service>,
    path: web::Path<(String, i32)>,
) -> Result<impl Responder, Problem> {
    let (model, version) = path.into_inner();
    let reference = ModelReference::version(model, version);
    let resolved = service
        .models
        .resolve(&authorized.scope, &reference)
        .await?;
    let summary = summaries(&authorized, &service)
        .await?
        .into_iter()
        .find(|(row, _)| row.id == resolved.row.id)
        .map(|(_, summary)| summary)
        .ok_or(Problem::NotFound("model version"))?;
    let manifest = &resolved.package.manifest;
    Ok(web::Json(ModelDetail {
        summary,
        features: manifest
            .features
            .iter()
            .map(|feature| feature.name.clone())
            .collect(),
        gini: manifest.evaluation.gini,
        ks: manifest.evaluation.ks,
        average_precision: manifest.evaluation.average_precision,
        brier: manifest.evaluation.brier,
        log_loss: manifest.evaluation.log_loss,
        expected_calibration_error: manifest.evaluation.expected_calibration_error,
        cost_per_client: manifest.evaluation.cost_per_client,
        intervals: manifest.evaluation.intervals.map(MeasureIntervals::from),
        calibration: match &resolved.package.calibration {
            Calibration::None => "none",
            Calibration::Platt { .. } => "platt",
            Calibration::Isotonic { .. } => "isotonic",
        }
        .to_owned(),
        imported: match &manifest.origin {
            Origin::Trained => None,
            Origin::Imported {
                source,
                file,
                sha256,
            } => Some(ImportedModel {
                source: source.clone(),
                file: file.clone(),
                sha256: sha256.clone(),
            }),
        },
        fn_cost: manifest.fn_cost,
        fp_cost: manifest.fp_cost,
        training_rows: manifest.training.rows,
        training_defaults: manifest.training.defaults,
        data_fingerprint: manifest.training.data_fingerprint.clone(),
    }))
}
