//! A model version as the pages and the methodological note show it: every number is read
//! from the immutable package, so the note of a version is the same for ever.

use super::points::points_view;
use super::worked_example::worked_example;
use super::{ResolvedModel, stability};
use crate::clients::wording::Wording;
use crate::instant;
use octroi_frontend::charts::{
    Beeswarm, BeeswarmPoint, BeeswarmRow, Calibration, CalibrationBin, CostCurve, CostPoint,
    DependencePanel, DependencePoint, Importance, ImportanceBar, PartialDependence, Roc, RocPoint,
};
use octroi_frontend::views::{
    CalibrationFacts, CalibrationTrialRow, CandidateRow, Confusion, HoldoutFacts, ImportedFrom,
    Interval, LiftRow, MetricIntervals, Metrics, MissingShare, ModelVersionView, NoteView,
    Parameter, SearchFacts, SearchRangeRow, SliceFeature, SliceRow, Slices, TrainingFacts,
    TrainingTable, TrialRow,
};
use octroi_model_registry::calibration;
use octroi_model_registry::evaluation::{self, Evaluation};
use octroi_model_registry::package::{
    self, Holdout, Manifest, Origin, Package, PackageFeature, Search, SliceEvaluation, SliceGroup,
    SourceTable, Trial,
};

/// Features listed in the note for their missing values.
const MISSING_LISTED: usize = 12;

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
    let at_threshold = at_threshold(evaluation, manifest.threshold);
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
        imported: imported(&manifest.origin),
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
            cost_per_client: at_threshold
                .map_or(evaluation.cost_per_client, |point| point.cost_per_client),
            rows: evaluation.rows as u64,
            defaults: evaluation.defaults as u64,
        },
        candidates: candidates(manifest),
        importance: importance(manifest, wording),
        lift: lift(evaluation),
        calibration_facts: calibration_facts(&model.package),
        search: manifest.search.as_ref().map(search),
        beeswarm: beeswarm(manifest, wording),
        partial_dependence: partial_dependence(manifest, wording),
        slices: slices(manifest, wording),
        holdout: manifest
            .holdout
            .as_ref()
            .map(|holdout| holdout_facts(holdout, manifest.threshold)),
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
    let features = |keep: &dyn Fn(f64) -> bool| {
        let shares = manifest.features.iter();
        let shares = shares.map(|feature| feature.reference.missing_share);
        shares.filter(|&share| keep(share)).count() as u64
    };
    missing.sort_by(|a, b| b.share.total_cmp(&a.share));
    missing.retain(|feature| feature.share > 0.0);
    missing.truncate(MISSING_LISTED);
    NoteView {
        bank: bank.to_owned(),
        generated_at: instant::rfc3339(instant::now()),
        model: version_view(model, Vec::new(), wording),
        missing_share,
        missing,
        complete_features: features(&|share| share <= 0.0),
        mostly_missing_features: features(&|share| share > 0.5),
        points: points_view(model, wording),
        example: worked_example(model, wording),
        warnings: Vec::new(),
    }
}

/// The point of the cost curve that is nearest to a threshold.
fn at_threshold(evaluation: &Evaluation, threshold: f64) -> Option<&evaluation::CostPoint> {
    evaluation.cost_curve.iter().min_by(|a, b| {
        let distance = |point: &evaluation::CostPoint| (point.threshold - threshold).abs();
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
        expected_calibration_error: evaluation.expected_calibration_error,
        cost_per_client: evaluation.cost_per_client,
        intervals: evaluation.intervals.as_ref().map(intervals),
        confusion: at.map_or_else(Confusion::default, |point| Confusion {
            granted_good: good(evaluation).saturating_sub(point.refused_good) as u64,
            granted_default: point.missed_defaults as u64,
            refused_good: point.refused_good as u64,
            refused_default: evaluation.defaults.saturating_sub(point.missed_defaults) as u64,
        }),
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
            ks: candidate.ks,
            expected_calibration_error: candidate.expected_calibration_error,
            cost_per_client: candidate.cost_per_client,
            auc_interval: candidate.auc_interval.map(Interval::from),
            cost_interval: candidate.cost_interval.map(Interval::from),
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

fn tables(read: &[SourceTable]) -> Vec<TrainingTable> {
    read.iter()
        .map(|table| TrainingTable {
            table: table.table.clone(),
            file: table.file.clone(),
            rows: table.rows as u64,
            sha256: table.sha256.clone(),
        })
        .collect()
}

fn imported(origin: &Origin) -> Option<ImportedFrom> {
    match origin {
        Origin::Trained => None,
        Origin::Imported {
            source,
            file,
            sha256,
        } => Some(ImportedFrom {
            source: match source.as_str() {
                "lightgbm" => "LightGBM".to_owned(),
                "xgboost" => "XGBoost".to_owned(),
                other => other.to_owned(),
            },
            file: file.clone(),
            sha256: sha256.clone(),
        }),
    }
}

fn intervals(of: &evaluation::Intervals) -> MetricIntervals {
    MetricIntervals {
        resamples: of.resamples as u64,
        auc: of.auc.into(),
        gini: of.gini.into(),
        ks: of.ks.into(),
        average_precision: of.average_precision.into(),
        brier: of.brier.into(),
        log_loss: of.log_loss.into(),
        expected_calibration_error: of.expected_calibration_error.into(),
        cost_per_client: of.cost_per_client.into(),
    }
}

fn lift(evaluation: &Evaluation) -> Vec<LiftRow> {
    let row = |point: &evaluation::LiftPoint| LiftRow {
        share: point.share,
        lift: point.lift,
        captured: point.captured,
    };
    evaluation.lift.iter().map(row).collect()
}

fn calibration_facts(package: &Package) -> CalibrationFacts {
    let trials = package.manifest.calibration_trials.iter();
    let facts = CalibrationFacts {
        trials: trials
            .map(|trial| CalibrationTrialRow {
                method: trial.method.clone(),
                log_loss: trial.log_loss,
                brier: trial.brier,
                expected_calibration_error: trial.expected_calibration_error,
                chosen: trial.chosen,
            })
            .collect(),
        ..CalibrationFacts::default()
    };
    match &package.calibration {
        calibration::Calibration::None => CalibrationFacts {
            method: "none".to_owned(),
            ..facts
        },
        calibration::Calibration::Platt { slope, intercept } => CalibrationFacts {
            method: "platt".to_owned(),
            slope: Some(*slope),
            intercept: Some(*intercept),
            ..facts
        },
        calibration::Calibration::Isotonic { margins, .. } => CalibrationFacts {
            method: "isotonic".to_owned(),
            corners: Some(margins.len() as u64),
            ..facts
        },
    }
}

/// A trial that had clearly more boosting (rounds times learning rate) than the least went on.
const MORE_BOOSTING: f64 = 1.5;

fn search(search: &Search) -> SearchFacts {
    let boosting =
        |trial: &Trial| trial.rounds as f64 * setting(trial, "learning_rate").unwrap_or(1.0);
    let least = search
        .trials
        .iter()
        .map(boosting)
        .fold(f64::INFINITY, f64::min);
    let mut trials: Vec<TrialRow> = search
        .trials
        .iter()
        .map(|trial| TrialRow {
            values: search
                .ranges
                .iter()
                .map(|range| setting(trial, &range.name))
                .collect(),
            rounds: trial.rounds as u64,
            auc: trial.auc,
            log_loss: trial.log_loss,
            went_on: boosting(trial) > MORE_BOOSTING * least,
            chosen: trial.chosen,
        })
        .collect();
    trials.sort_by(|a, b| a.log_loss.total_cmp(&b.log_loss));
    SearchFacts {
        ranges: search
            .ranges
            .iter()
            .map(|range| SearchRangeRow {
                name: range.name.clone(),
                from: range.from,
                to: range.to,
                logarithmic: range.logarithmic,
            })
            .collect(),
        trials,
    }
}

fn setting(trial: &Trial, name: &str) -> Option<f64> {
    let named = trial
        .parameters
        .iter()
        .find(|parameter| parameter.name == name);
    named.and_then(|parameter| parameter.value.parse().ok())
}

fn of_name<'a>(manifest: &'a Manifest, feature: &str) -> Option<&'a PackageFeature> {
    manifest.features.iter().find(|one| one.name == feature)
}

fn beeswarm(manifest: &Manifest, wording: Wording) -> Beeswarm {
    let row = |swarm: &package::BeeswarmFeature| {
        let backwards = wording.reads_backwards(&swarm.feature);
        BeeswarmRow {
            feature: swarm.feature.clone(),
            label: wording.label(&swarm.feature),
            ordered: of_name(manifest, &swarm.feature).is_none_or(|one| one.levels.is_none()),
            points: swarm
                .points
                .iter()
                .map(|point| BeeswarmPoint {
                    contribution: point.contribution,
                    rank: point
                        .rank
                        .map(|rank| if backwards { 1.0 - rank } else { rank }),
                })
                .collect(),
        }
    };
    Beeswarm {
        rows: manifest.beeswarm.iter().map(row).collect(),
    }
}

fn partial_dependence(manifest: &Manifest, wording: Wording) -> PartialDependence {
    PartialDependence {
        panels: manifest
            .partial_dependence
            .iter()
            .filter(|dependence| !dependence.points.is_empty())
            .map(|dependence| panel(dependence, manifest, wording))
            .collect(),
        default_rate: manifest.evaluation.default_rate,
    }
}

fn panel(
    dependence: &package::PartialDependence,
    manifest: &Manifest,
    wording: Wording,
) -> DependencePanel {
    let feature = of_name(manifest, &dependence.feature);
    let levels = feature.and_then(|feature| feature.levels.as_deref());
    let shares = feature.and_then(|feature| feature.reference.level_shares.as_ref());
    let categories = levels.is_some() || wording.is_flag(&dependence.feature);
    let mut points: Vec<DependencePoint> = dependence
        .points
        .iter()
        .map(|point| DependencePoint {
            label: wording.value(&dependence.feature, levels, point.value),
            mean_pd: point.mean_pd,
            share: shares.and_then(|shares| shares.get(point.value as usize).copied()),
        })
        .collect();
    if categories {
        points.sort_by(|a, b| b.mean_pd.total_cmp(&a.mean_pd));
    } else if wording.reads_backwards(&dependence.feature) {
        points.reverse();
    }
    // What a model would say of a value that was never missing is no fact about it.
    let ever_missing = feature.is_some_and(|feature| feature.reference.missing_share > 0.0);
    DependencePanel {
        feature: dependence.feature.clone(),
        label: wording.label(&dependence.feature),
        categories,
        points,
        missing_pd: dependence.missing_pd.filter(|_| ever_missing),
    }
}

fn slices(manifest: &Manifest, wording: Wording) -> Slices {
    let auc = manifest.evaluation.auc;
    let mut features: Vec<SliceFeature> = Vec::new();
    // The age in days and in years makes the same groups.
    let told_once = |slice: &&SliceEvaluation| !wording.repeats_another(&slice.feature);
    for slice in manifest.slices.iter().filter(told_once) {
        let row = slice_row(slice, manifest, wording);
        match features
            .last_mut()
            .filter(|last| last.feature == slice.feature)
        {
            Some(feature) => feature.groups.push(row),
            None => features.push(SliceFeature {
                feature: slice.feature.clone(),
                label: wording.label(&slice.feature),
                protected: wording.is_protected(&slice.feature),
                groups: vec![row],
            }),
        }
    }
    for feature in &mut features {
        if wording.reads_backwards(&feature.feature) {
            // Those without a value stay last.
            let known = feature.groups.len() - usize::from(ends_missing(manifest, feature));
            feature.groups[..known].reverse();
        }
    }
    Slices {
        auc,
        few: stability::FEW as u64,
        features,
    }
}

fn ends_missing(manifest: &Manifest, feature: &SliceFeature) -> bool {
    let mut of_feature = manifest.slices.iter().rev();
    of_feature
        .find(|slice| slice.feature == feature.feature)
        .is_some_and(|slice| slice.group == SliceGroup::Missing)
}

fn slice_row(slice: &SliceEvaluation, manifest: &Manifest, wording: Wording) -> SliceRow {
    SliceRow {
        label: match &slice.group {
            SliceGroup::Level(level) => wording.level(&slice.feature, level),
            SliceGroup::Range { from, to } => wording.range(&slice.feature, *from, *to),
            SliceGroup::Missing => wording.value(&slice.feature, None, f64::NAN),
        },
        rows: slice.rows as u64,
        defaults: slice.defaults as u64,
        default_rate: share(slice.defaults, slice.rows),
        rate_interval: stability::rate_interval(slice),
        mean_pd: slice.mean_pd,
        auc: slice.auc,
        auc_interval: stability::auc_interval(slice),
        granted_share: slice.granted_share,
        cost_per_client: slice.cost_per_client,
        flags: stability::flags(slice, manifest.evaluation.auc),
    }
}

fn holdout_facts(holdout: &Holdout, threshold: f64) -> HoldoutFacts {
    let evaluation = &holdout.evaluation;
    HoldoutFacts {
        tables: tables(&holdout.tables),
        metrics: metrics(evaluation, at_threshold(evaluation, threshold)),
        cost_at_threshold: holdout.cost_at_threshold,
        cheapest_threshold: evaluation.threshold,
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
        tables: tables(&record.tables),
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
