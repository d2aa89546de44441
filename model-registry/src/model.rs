//! A model of any kind behind one set of questions: margin, probability of default,
//! contributions.
//!
//! For every kind, base value plus contributions is the margin. For a forest the
//! contributions are path-dependent Shapley values; a scorecard and a constant are additive,
//! so theirs are the terms themselves, measured from their mean over the training rows
//! (which for an additive model of independent features is the Shapley value).

use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::forest::Forest;
use crate::scorecard::Scorecard;

/// A model as it is stored and scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// An ensemble of trees.
    Forest(Forest),
    /// A weight-of-evidence logistic scorecard.
    Scorecard(Scorecard),
    /// The same margin for everyone.
    Constant(Constant),
}

/// The dummy: the default rate of the training rows, whatever the client.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// Number of columns of a row, all of them ignored.
    pub features: usize,
    /// Log-odds.
    pub margin: f64,
}

/// Why a margin is what it is: `base_value` plus the sum of `values`, in log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// The mean margin of the training rows, as the model form gives it.
    pub base_value: f64,
    /// One per feature.
    pub values: Vec<f64>,
}

impl Contributions {
    /// Base value plus all contributions: the margin, to 1e-9.
    #[must_use]
    pub fn margin(&self) -> f64 {
        self.base_value + self.values.iter().sum::<f64>()
    }
}

/// The probability of a margin: `1 / (1 + exp(-margin))`.
#[must_use]
pub fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

/// The margin of a probability: `ln(p / (1 - p))`.
#[must_use]
pub fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

impl Model {
    /// Number of columns of a row.
    #[must_use]
    pub fn features(&self) -> usize {
        match self {
            Self::Forest(forest) => forest.features(),
            Self::Scorecard(scorecard) => scorecard.features(),
            Self::Constant(constant) => constant.features,
        }
    }

    /// Computes now what depends on the model alone, which the first explanation would
    /// otherwise wait for.
    pub fn prepare(&self) {
        if let Self::Forest(forest) = self {
            let _ = forest.explainer();
        }
    }

    /// Log-odds of default of one row; NaN is missing.
    ///
    /// # Panics
    /// When the row has fewer values than the model has features.
    #[must_use]
    pub fn margin(&self, row: &[f64]) -> f64 {
        match self {
            Self::Forest(forest) => forest.margin(row),
            Self::Scorecard(scorecard) => scorecard.margin(row),
            Self::Constant(constant) => constant.margin,
        }
    }

    /// Base value and one contribution per feature for one row.
    ///
    /// # Panics
    /// When the row has fewer values than the model has features.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Contributions {
        let mut values = vec![0.0; self.features()];
        let base_value = match self {
            Self::Forest(forest) => forest.explainer().explain(row, &mut values),
            Self::Scorecard(scorecard) => scorecard.explain(row, &mut values),
            Self::Constant(constant) => constant.margin,
        };
        Contributions { base_value, values }
    }

    /// Margins of many rows (rows x features), over all cores, in row order.
    ///
    /// # Panics
    /// When the rows have fewer columns than the model has features.
    #[must_use]
    pub fn margins(&self, rows: ArrayView2<'_, f64>) -> Vec<f64> {
        if let Self::Forest(forest) = self {
            return forest.margins(rows);
        }
        (0..rows.nrows())
            .into_par_iter()
            .map(|row| with_slice(rows.row(row), |row| self.margin(row)))
            .collect()
    }

    /// Contributions of many rows, over all cores, in row order.
    ///
    /// # Panics
    /// When the rows have fewer columns than the model has features.
    #[must_use]
    pub fn contributions_of(&self, rows: ArrayView2<'_, f64>) -> Vec<Contributions> {
        if let Self::Forest(forest) = self {
            let explainer = forest.explainer();
            let base_value = explainer.base_value();
            return explainer
                .explain_rows(rows)
                .rows()
                .into_iter()
                .map(|values| Contributions {
                    base_value,
                    values: values.to_vec(),
                })
                .collect();
        }
        (0..rows.nrows())
            .into_par_iter()
            .map(|row| with_slice(rows.row(row), |row| self.contributions(row)))
            .collect()
    }
}

/// Hands a row over as a slice, copied only when its values are not next to each other.
pub(crate) fn with_slice<T>(row: ArrayView1<'_, f64>, use_row: impl FnOnce(&[f64]) -> T) -> T {
    match row.as_slice() {
        Some(row) => use_row(row),
        None => use_row(&row.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_and_logistic_undo_each_other() {
        for probability in [1e-9, 0.08, 0.5, 0.999] {
            assert!((logistic(log_odds(probability)) - probability).abs() < 1e-12);
        }
    }

    #[test]
    fn a_constant_explains_itself_with_its_base_value_alone() {
        let model = Model::Constant(Constant {
            features: 3,
            margin: -2.5,
        });
        let contributions = model.contributions(&[1.0, f64::NAN, 0.0]);
        assert_eq!(
            contributions,
            Contributions {
                base_value: -2.5,
                values: vec![0.0; 3]
            }
        );
    }
}
