//! A model version as the pages and the methodological note show it: every number is read
//! from the immutable package, so the note of a version is the same for ever.

use super::ResolvedModel;
use crate::clients::wording::Wording;
use crate::instant;
use octroi_frontend::charts::{
    Calibration, CalibrationBin, CostCurve, CostPoint, Importance, ImportanceBar, Roc, RocPoint,
};
use octroi_frontend::views::{
    CandidateRow, Metrics, MissingShare, ModelVersionView, NoteView, Parameter, TrainingFacts,
    TrainingTable,
};
use octroi_model_registry::evaluation::{self, Evaluation};
use octroi_model_registry::package::Manifest;

/// Features listed in the note for their missing values.
const MISSING_LISTED: usize = 20;

/// The view of a version.
#[must_use]
pub fn version_view(
    model: &ResolvedModel,
    aliases: Vec<String>,
    wording: Wording,
) -> ModelVersionView {
    let row = &model.row;
    let manifest = &model.package.manifest;
    let evaluation = &manifest.evaluation;
    let at_threshold = at_threshold(evaluation);
    ModelVersionView {
        name: row.model.clone(),
        version: row.version.to_string(),
        aliases,
        portfolio: manifest.portfolio.clone(),
        algorithm: manifest.algorithm.clone(),
        created_at: instant::rfc3339(row.created_at),
        created_by: row.created_by.clone(),
        code_version: manifest.code_version.clone(),
        digest: row.digest.clone(),
        threshold: manifest.threshold,
        fn_cost: manifest.fn_cost,
        fp_cost: manifest.fp_cost,
        metrics: metrics(evaluation, at_threshold),
        roc: roc(evaluation, at_threshold),
        calibration: Calibration {
            bins: evaluation
                .calibration
                .iter()
                .map(|bin| CalibrationBin {
                    mean_pd: bin.mean_pd,
                    default_rate: bin.default_rate,
                    rows: bin.rows as u64,
                })
                .collect(),
        },
        cost_curve: CostCurve {
            points: evaluation
                .cost_curve
                .iter()
                .map(|point| cost_point(evaluation, point))
                .collect(),
            threshold: manifest.threshold,
            cost_per_client: evaluation.cost_per_client,
        },
        candidates: candidates(manifest),
        importance: importance(manifest, wording),
        training: training(manifest),
    }
}

/// The methodological note of a version.
#[must_use]
pub fn note_view(bank: &str, model: &ResolvedModel, wording: Wording) -> NoteView {
    let manifest = &model.package.manifest;
    let mut missing: Vec<MissingShare> = manifest
        .features
        .iter()
        .map(|feature| MissingShare {
            label: wording.label(&feature.name),
            share: feature.reference.missing_share,
        })
        .collect();
    let share = missing.iter().map(|feature| feature.share).sum::<f64>();
    let missing_share = share / missing.len().max(1) as f64;
    missing.sort_by(|a, b| b.share.total_cmp(&a.share));
    missing.retain(|feature| feature.share > 0.0);
    missing.truncate(MISSING_LISTED);
    NoteView {
        bank: bank.to_owned(),
        generated_at: instant::rfc3339(instant::now()),
        model: version_view(model, Vec::new(), wording),
        missing_share,
        missing,
        warnings: Vec::new(),
    }
}

/// The point of the cost curve that the threshold is.
fn at_threshold(evaluation: &Evaluation) -> Option<&evaluation::CostPoint> {
    evaluation.cost_curve.iter().min_by(|a, b| {
        let distance =
            |point: &evaluation::CostPoint| (point.threshold - evaluation.threshold).abs();
        distance(a).total_cmp(&distance(b))
    })
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn good(evaluation: &Evaluation) -> usize {
    evaluation.rows - evaluation.defaults
}

fn metrics(evaluation: &Evaluation, at: Option<&evaluation::CostPoint>) -> Metrics {
    Metrics {
        rows: evaluation.rows as u64,
        defaults: evaluation.defaults as u64,
        default_rate: evaluation.default_rate,
        auc: evaluation.auc,
        gini: evaluation.gini,
        ks: evaluation.ks,
        average_precision: evaluation.average_precision,
        brier: evaluation.brier,
        log_loss: evaluation.log_loss,
        cost_per_client: evaluation.cost_per_client,
        granted_share: at.map_or(0.0, |point| point.granted_share),
        missed_defaults: at.map_or(0.0, |point| {
            share(point.missed_defaults, evaluation.defaults)
        }),
        refused_good: at.map_or(0.0, |point| share(point.refused_good, good(evaluation))),
    }
}

fn cost_point(evaluation: &Evaluation, point: &evaluation::CostPoint) -> CostPoint {
    CostPoint {
        threshold: point.threshold,
        cost_per_client: point.cost_per_client,
        granted_share: point.granted_share,
        missed_defaults: share(point.missed_defaults, evaluation.defaults),
        refused_good: share(point.refused_good, good(evaluation)),
    }
}

fn roc(evaluation: &Evaluation, at: Option<&evaluation::CostPoint>) -> Roc {
    Roc {
        points: evaluation
            .roc
            .iter()
            .map(|point| RocPoint {
                fpr: point.fpr,
                tpr: point.tpr,
            })
            .collect(),
        auc: evaluation.auc,
        at_threshold: at.map(|point| RocPoint {
            fpr: share(point.refused_good, good(evaluation)),
            tpr: 1.0 - share(point.missed_defaults, evaluation.defaults),
        }),
    }
}

fn candidates(manifest: &Manifest) -> Vec<CandidateRow> {
    let mut rows: Vec<CandidateRow> = manifest
        .candidates
        .iter()
        .map(|candidate| CandidateRow {
            name: candidate.name.clone(),
            description: candidate.description.clone(),
            imbalance: candidate.imbalance.clone(),
            auc_mean: candidate.auc,
            auc_std: candidate.auc_std,
            average_precision: candidate.average_precision,
            brier: candidate.brier,
            log_loss: candidate.log_loss,
            cost_per_client: candidate.cost_per_client,
            threshold: candidate.threshold,
            chosen: candidate.name == manifest.algorithm,
        })
        .collect();
    rows.sort_by(|a, b| b.auc_mean.total_cmp(&a.auc_mean));
    rows
}

fn importance(manifest: &Manifest, wording: Wording) -> Importance {
    Importance {
        bars: manifest
            .importance
            .iter()
            .filter(|feature| feature.mean_abs_contribution > 0.0)
            .map(|feature| ImportanceBar {
                feature: feature.feature.clone(),
                label: wording.label(&feature.feature),
                mean_abs_contribution: feature.mean_abs_contribution,
            })
            .collect(),
    }
}

fn training(manifest: &Manifest) -> TrainingFacts {
    let record = &manifest.training;
    TrainingFacts {
        rows: record.rows as u64,
        defaults: record.defaults as u64,
        default_rate: share(record.defaults, record.rows),
        features: manifest.features.len() as u64,
        seed: record.seed,
        folds: record.folds as u64,
        data_fingerprint: record.data_fingerprint.clone(),
        features_sql_digest: manifest.features_sql_digest.clone(),
        tables: record
            .tables
            .iter()
            .map(|table| TrainingTable {
                table: table.table.clone(),
                file: table.file.clone(),
                rows: table.rows as u64,
                sha256: table.sha256.clone(),
            })
            .collect(),
        absent_tables: record.absent_tables.clone(),
        parameters: record
            .parameters
            .iter()
            .map(|parameter| Parameter {
                name: parameter.name.clone(),
                value: parameter.value.clone(),
            })
            .collect(),
    }
}
