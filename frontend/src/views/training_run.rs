//! What a training run tells of itself besides its measures: what was searched, how it was
//! calibrated, how groups of clients fare, and how clients that took no part fare. The model
//! version page and the methodological note show the same.

use serde::Serialize;

use super::{Metrics, TrainingTable};
use crate::charts::Waterfall;

/// A 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl From<[f64; 2]> for Interval {
    fn from([low, high]: [f64; 2]) -> Self {
        Self { low, high }
    }
}

/// Where a model that was not trained here comes from.
#[derive(Clone, Debug, Serialize)]
pub struct ImportedFrom {
    /// Kind of file, as its library is called.
    pub source: String,
    pub file: String,
    pub sha256: String,
}

/// The riskiest `share` of the clients, 0 to 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LiftRow {
    pub share: f64,
    /// Their default rate over the overall one.
    pub lift: f64,
    /// Share of all defaults among them.
    pub captured: f64,
}

/// The map from margins to probabilities.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CalibrationFacts {
    /// `none`, `platt` or `isotonic`.
    pub method: String,
    /// Of Platt's map: what the margin is multiplied by, and what is added.
    pub slope: Option<f64>,
    pub intercept: Option<f64>,
    /// Of an isotonic map: its corners.
    pub corners: Option<u64>,
    /// The ways that were compared.
    pub trials: Vec<CalibrationTrialRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CalibrationTrialRow {
    pub method: String,
    pub log_loss: f64,
    pub brier: f64,
    pub expected_calibration_error: f64,
    pub chosen: bool,
}

/// The search for the settings of boosting.
#[derive(Clone, Debug, Serialize)]
pub struct SearchFacts {
    pub ranges: Vec<SearchRangeRow>,
    /// The least log loss first.
    pub trials: Vec<TrialRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SearchRangeRow {
    pub name: String,
    pub from: f64,
    pub to: f64,
    pub logarithmic: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct TrialRow {
    /// One per range; absent where the trial does not name it.
    pub values: Vec<Option<f64>>,
    pub rounds: u64,
    pub auc: f64,
    pub log_loss: f64,
    /// Was better than others after the first, short boosting, and given more.
    pub went_on: bool,
    pub chosen: bool,
}

/// Measures by group of clients.
#[derive(Clone, Debug, Serialize)]
pub struct Slices {
    /// Of all clients.
    pub auc: f64,
    /// Defaults below which nothing is said of a group.
    pub few: u64,
    pub features: Vec<SliceFeature>,
}

/// The groups that one feature makes.
#[derive(Clone, Debug, Serialize)]
pub struct SliceFeature {
    pub feature: String,
    pub label: String,
    /// The law names it as a ground of discrimination.
    pub protected: bool,
    pub groups: Vec<SliceRow>,
}

/// One group; shares 0 to 1.
#[derive(Clone, Debug, Serialize)]
pub struct SliceRow {
    pub label: String,
    pub rows: u64,
    pub defaults: u64,
    pub default_rate: f64,
    /// Of the default rate.
    pub rate_interval: Interval,
    pub mean_pd: f64,
    pub auc: Option<f64>,
    pub auc_interval: Option<Interval>,
    pub granted_share: f64,
    pub cost_per_client: f64,
    pub flags: Vec<SliceFlag>,
}

/// What is to be noticed about a group. Shown by word, shape and colour together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceFlag {
    /// Too few defaults or good clients for anything to be said.
    Few,
    /// Ranks clearly worse than among all clients.
    RanksWorse,
    /// Clearly more defaults than predicted.
    Underestimated,
    /// Clearly fewer defaults than predicted.
    Overestimated,
}

impl SliceFlag {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Few => "few",
            Self::RanksWorse => "ranks-worse",
            Self::Underestimated => "underestimated",
            Self::Overestimated => "overestimated",
        }
    }

    #[must_use]
    pub fn shape(self) -> &'static str {
        match self {
            Self::Few => "○",
            Self::RanksWorse => "▼",
            Self::Underestimated => "◆",
            Self::Overestimated => "◇",
        }
    }
}

/// Labelled clients that took no part in training.
#[derive(Clone, Debug, Serialize)]
pub struct HoldoutFacts {
    pub tables: Vec<TrainingTable>,
    pub metrics: Metrics,
    /// Cost per client at the version's own threshold.
    pub cost_at_threshold: f64,
    /// The threshold that would have been cheapest there.
    pub cheapest_threshold: f64,
}

/// How a margin is made of contributions, shown on the mean of some clients: contributions
/// add up, so their means add up to the mean margin, and no single person is shown.
#[derive(Clone, Debug, Serialize)]
pub struct WorkedExample {
    /// How many clients the means are of.
    pub clients: u64,
    /// PD of the mean margin, and of the base value alone.
    pub pd: f64,
    pub base_pd: f64,
    pub waterfall: Waterfall,
}
