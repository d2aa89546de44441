//! The points of a scorecard: `GET /models/{name}/versions/{version}/points`.

use serde::Serialize;

use super::View;

/// Data of the points page: every characteristic with its bins.
#[derive(Clone, Debug, Serialize)]
pub struct PointsView {
    pub name: String,
    pub version: String,
    /// The scale: `base_score` at `base_odds` good clients to one default, `points_to_double`
    /// more whenever these odds double.
    pub base_score: f64,
    pub base_odds: f64,
    pub points_to_double: f64,
    /// Points every client starts with.
    pub base_points: f64,
    /// Strongest first.
    pub characteristics: Vec<PointsCharacteristic>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PointsCharacteristic {
    pub label: String,
    pub information_value: f64,
    /// Weight in the margin.
    pub coefficient: f64,
    pub bins: Vec<PointsBin>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PointsBin {
    pub values: PointsValues,
    /// Share of the training rows; absent in scorecards that do not know it.
    pub share: Option<f64>,
    /// Absent where no training row was in the bin, too.
    pub default_rate: Option<f64>,
    /// Weight of evidence: above zero is riskier than clients are overall.
    pub woe: f64,
    /// Whole points, below zero for what is riskier.
    pub points: i64,
}

/// The values of a bin; numbers and levels as they are to be read.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PointsValues {
    /// Up to and with this.
    AtMost { to: String },
    /// From the first, which is not in the bin, to the second, which is.
    Between { from: String, to: String },
    /// Above this.
    Above { from: String },
    /// Of what reads backwards: from this, which is in the bin.
    AtLeast { from: String },
    /// Below this, which is not in the bin.
    Below { to: String },
    /// From the first, which is in the bin, to the second, which is not.
    FromTo { from: String, to: String },
    /// Every known number.
    All,
    /// This alone.
    Special { value: String },
    /// One of these.
    Levels { levels: Vec<String> },
    /// No value, or a level that is not known.
    Missing,
}

impl View for PointsView {
    const TEMPLATE: &'static str = "points.html";
}
