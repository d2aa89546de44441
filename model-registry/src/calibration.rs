//! The monotone map from a margin to the probability of default.
//!
//! A model's margin says who is riskier; calibration makes the number true. The map never
//! turns two clients round, so contributions, which explain the margin, stay the reason. It
//! is chosen on out-of-fold predictions ([`CalibrationTrial`]) and stored with the version.

use serde::{Deserialize, Serialize};

use crate::model::logistic;

/// How a margin becomes a PD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// `logistic(margin)`.
    None,
    /// `logistic(slope * margin + intercept)` (Platt, 1999); also an imported model's own link.
    Platt {
        /// Above zero.
        slope: f64,
        /// In log-odds.
        intercept: f64,
    },
    /// Straight lines between points, level outside them (isotonic regression).
    Isotonic {
        /// Ascending.
        margins: Vec<f64>,
        /// One per margin, not descending, each from 0 to 1.
        pds: Vec<f64>,
    },
}

/// What one kind of calibration reached on out-of-fold predictions it was not fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationTrial {
    /// `none`, `platt` or `isotonic`.
    pub method: String,
    /// Mean negative log-likelihood: the least is chosen.
    pub log_loss: f64,
    /// Mean squared distance of PD and outcome.
    pub brier: f64,
    /// See [`crate::evaluation::Evaluation::expected_calibration_error`].
    pub expected_calibration_error: f64,
    /// Whether this is the version's.
    pub chosen: bool,
}

impl Calibration {
    /// Of an imported model whose link is `logistic(slope * margin)`.
    #[must_use]
    pub fn of_slope(slope: f64) -> Self {
        // Not nearly 1 but 1: anything else is a link of its own.
        if slope.to_bits() == 1f64.to_bits() {
            return Self::None;
        }
        Self::Platt {
            slope,
            intercept: 0.0,
        }
    }

    /// The probability of default of a margin.
    #[must_use]
    pub fn pd(&self, margin: f64) -> f64 {
        match self {
            Self::None => logistic(margin),
            Self::Platt { slope, intercept } => logistic(slope * margin + intercept),
            Self::Isotonic { margins, pds } => interpolated(margins, pds, margin),
        }
    }
}

fn interpolated(margins: &[f64], pds: &[f64], margin: f64) -> f64 {
    let above = margins.partition_point(|&known| known < margin);
    match (above.checked_sub(1), margins.get(above)) {
        (None, _) => pds.first().copied().unwrap_or(f64::NAN),
        (Some(below), None) => pds[below],
        (Some(below), Some(&end)) => {
            let share = (margin - margins[below]) / (end - margins[below]);
            pds[below] + (pds[above] - pds[below]) * share
        }
    }
}
