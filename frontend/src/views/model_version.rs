//! One immutable model version: how good it is, on what it was trained, what it weighs.
//! `GET /models/{name}/versions/{version}`; the note is `.../note`.

use serde::Serialize;

use super::{
    CalibrationFacts, HoldoutFacts, ImportedFrom, Interval, LiftRow, SearchFacts, Slices, View,
};
use crate::charts::{
    Beeswarm, Calibration, Charts, CostCurve, Importance, PartialDependence, Roc, SearchPlot,
    SliceTable,
};

/// Data of the model version page; the methodological note shows the same.
#[derive(Clone, Debug, Serialize)]
pub struct ModelVersionView {
    pub name: String,
    pub version: String,
    pub aliases: Vec<String>,
    pub portfolio: String,
    pub algorithm: String,
    pub created_at: String,
    pub created_by: String,
    pub code_version: String,
    pub digest: String,
    /// Absent of a model trained here.
    pub imported: Option<ImportedFrom>,
    pub threshold: f64,
    /// Cost of a missed default and of a refused good client, in the same unit.
    pub fn_cost: f64,
    pub fp_cost: f64,
    pub metrics: Metrics,
    pub roc: Roc,
    pub calibration: Calibration,
    pub cost_curve: CostCurve,
    /// Best first.
    pub candidates: Vec<CandidateRow>,
    pub importance: Importance,
    pub lift: Vec<LiftRow>,
    pub calibration_facts: CalibrationFacts,
    /// Absent where no settings were searched.
    pub search: Option<SearchFacts>,
    /// Empty where the package has none, as are the two below.
    pub beeswarm: Beeswarm,
    pub partial_dependence: PartialDependence,
    pub slices: Slices,
    /// Absent where there were no labelled clients but those of the training.
    pub holdout: Option<HoldoutFacts>,
    pub training: TrainingFacts,
}

/// Measured on rows the model has not seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Metrics {
    pub rows: u64,
    pub defaults: u64,
    pub default_rate: f64,
    pub auc: f64,
    pub gini: f64,
    pub ks: f64,
    pub average_precision: f64,
    pub brier: f64,
    pub log_loss: f64,
    pub expected_calibration_error: f64,
    pub cost_per_client: f64,
    /// Absent where none were computed.
    pub intervals: Option<MetricIntervals>,
    /// At the threshold, clients by decision and outcome.
    pub confusion: Confusion,
    /// At the threshold, shares 0 to 1: of all clients granted, of defaults that were
    /// granted, of good clients that were refused.
    pub granted_share: f64,
    pub missed_defaults: f64,
    pub refused_good: f64,
}

/// How far chance may have moved each measure: 95% bootstrap intervals.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MetricIntervals {
    pub resamples: u64,
    pub auc: Interval,
    pub gini: Interval,
    pub ks: Interval,
    pub average_precision: Interval,
    pub brier: Interval,
    pub log_loss: Interval,
    pub expected_calibration_error: Interval,
    pub cost_per_client: Interval,
}

/// Clients by what was decided and what happened.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Confusion {
    pub granted_good: u64,
    pub granted_default: u64,
    pub refused_good: u64,
    pub refused_default: u64,
}

/// One way of making the model, by stratified cross-validation.
#[derive(Clone, Debug, Serialize)]
pub struct CandidateRow {
    pub name: String,
    pub description: String,
    pub imbalance: String,
    pub auc_mean: f64,
    pub auc_std: f64,
    pub average_precision: f64,
    pub brier: f64,
    pub log_loss: f64,
    /// Absent of a version whose package does not tell it, as are the calibration error and the intervals.
    pub ks: Option<f64>,
    pub expected_calibration_error: Option<f64>,
    pub cost_per_client: f64,
    pub auc_interval: Option<Interval>,
    pub cost_interval: Option<Interval>,
    pub threshold: f64,
    pub chosen: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct TrainingFacts {
    pub rows: u64,
    pub defaults: u64,
    pub default_rate: f64,
    pub features: u64,
    pub seed: u64,
    pub folds: u64,
    pub data_fingerprint: String,
    pub features_sql_digest: String,
    pub tables: Vec<TrainingTable>,
    /// Tables of the portfolio that were not there.
    pub absent_tables: Vec<String>,
    pub parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, Serialize)]
pub struct TrainingTable {
    pub table: String,
    pub file: String,
    pub rows: u64,
    pub sha256: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    pub name: String,
    pub value: String,
}

impl View for ModelVersionView {
    const TEMPLATE: &'static str = "model_version.html";

    fn charts(&self) -> Charts<'_> {
        let mut charts = Charts::default();
        charts.add("roc", &self.roc);
        charts.add("calibration", &self.calibration);
        charts.add("cost_curve", &self.cost_curve);
        charts.add("importance", &self.importance);
        charts.add("beeswarm", &self.beeswarm);
        charts.add("partial_dependence", &self.partial_dependence);
        charts.add(
            "slices",
            SliceTable {
                slices: &self.slices,
                folded: true,
            },
        );
        if let Some(search) = &self.search {
            charts.add("search", SearchPlot(search));
        }
        charts
    }
}
