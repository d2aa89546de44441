//! The weight-of-evidence logistic scorecard, the reference model of retail credit.
//!
//! Every feature is cut into a few bins whose default rate rises or falls all the way, the
//! cut that tells most; missing values and values that mean something else than
//! their number have bins of their own; levels of a category share bins. A bin's weight of
//! evidence is the logarithm of its share of the defaults over its share of the good clients
//! (Siddiqi, "Credit Risk Scorecards", 2006, with the sign turned so that a higher weight is
//! a higher risk, as everywhere here), and a logistic regression weighs the features. A
//! feature enters when its information value (the sum over bins of the share of defaults less
//! the share of good clients, times the weight of evidence) is at least 0.02, Siddiqi's limit
//! of "unpredictive".
//!
//! The model is a sum over features of `coefficient * WoE[bin]`, so a feature's contribution
//! is that term measured from its mean over the training rows, exactly. The same sum is
//! written as points for people ([`points`]) and as one tree a feature ([`Scorecard::to_forest`]).

mod binning;
mod bins;
mod evidence;
mod fit;
pub mod points;
mod trees;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use bins::Bins;

use crate::forest::ForestError;

/// Settings of the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorecardParameters {
    /// Quantile bins that the bins of a number are made of.
    pub initial_bins: usize,
    /// Bins of a feature at most, without special ones and the missing one.
    pub max_bins: usize,
    /// A bin (other than the missing one) holds at least this share of the rows.
    pub min_bin_share: f64,
    /// A special value is held by at least this share of the rows that have a value.
    pub min_special_share: f64,
    /// Pseudo-rows at the overall default rate added to each bin.
    pub smoothing: f64,
    /// Least information value of a feature that enters.
    pub min_information_value: f64,
    /// Features at most.
    pub max_features: usize,
    /// A feature whose weights correlate more than this with a better one's stays out.
    pub max_correlation: f64,
    /// L2 penalty of the coefficients.
    pub alpha: f64,
}

impl Default for ScorecardParameters {
    fn default() -> Self {
        Self {
            initial_bins: 50,
            max_bins: 8,
            min_bin_share: 0.03,
            min_special_share: 0.05,
            smoothing: 20.0,
            min_information_value: 0.02,
            max_features: 40,
            max_correlation: 0.8,
            alpha: 1.0,
        }
    }
}

/// One feature of a scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Characteristic {
    /// Column of the row.
    pub feature: usize,
    /// Its bins.
    pub bins: Bins,
    /// Weight of evidence per bin, the missing one last.
    pub woe: Vec<f64>,
    /// Training rows per bin; empty in scorecards made before they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<u64>,
    /// Training rows per bin that defaulted; empty where `rows` is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defaults: Vec<u64>,
    /// Mean weight of evidence of the training rows.
    pub mean_woe: f64,
    /// Weight in the margin.
    pub coefficient: f64,
    /// How well the feature alone tells defaults apart.
    pub information_value: f64,
}

/// A scorecard over rows of `features` columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ScorecardForm", into = "ScorecardForm")]
pub struct Scorecard {
    features: usize,
    intercept: f64,
    characteristics: Vec<Characteristic>,
}

/// Why a scorecard is refused or cannot be fitted.
#[derive(Debug, Error)]
pub enum ScorecardError {
    /// A feature the rows do not have.
    #[error("characteristic {0} names a feature out of range")]
    Feature(usize),
    /// As many weights as bins are needed, the missing bin included.
    #[error("characteristic {0} has another number of weights than bins")]
    Weights(usize),
    /// Either every bin says how many rows it holds and how many of them defaulted, or none.
    #[error("characteristic {0} has counts of rows that do not fit its bins")]
    Counts(usize),
    /// A number that is infinite or NaN, or bins out of order.
    #[error("characteristic {0} has bins out of order or a number that is not finite")]
    Number(usize),
    /// The regression failed.
    #[error("the logistic regression failed: {0}")]
    Regression(#[from] linfa_logistic::error::Error),
    /// The trees need to know how many training rows went which way.
    #[error(
        "characteristic {0} does not say how many rows its bins hold, so its trees would have \
         no covers: train the scorecard again"
    )]
    NoCounts(usize),
    /// A category code a tree cannot hold.
    #[error("characteristic {0} has more levels than a tree can tell apart")]
    Levels(usize),
    /// The trees are no forest.
    #[error(transparent)]
    Forest(#[from] ForestError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScorecardForm {
    features: usize,
    intercept: f64,
    characteristics: Vec<Characteristic>,
}

impl From<Scorecard> for ScorecardForm {
    fn from(scorecard: Scorecard) -> Self {
        let Scorecard {
            features,
            intercept,
            characteristics,
        } = scorecard;
        Self {
            features,
            intercept,
            characteristics,
        }
    }
}

impl TryFrom<ScorecardForm> for Scorecard {
    type Error = ScorecardError;

    fn try_from(form: ScorecardForm) -> Result<Self, ScorecardError> {
        Self::new(form.features, form.intercept, form.characteristics)
    }
}

impl Scorecard {
    /// Checks and keeps the parts of a scorecard.
    pub fn new(
        features: usize,
        intercept: f64,
        mut characteristics: Vec<Characteristic>,
    ) -> Result<Self, ScorecardError> {
        for (index, characteristic) in characteristics.iter_mut().enumerate() {
            if characteristic.feature >= features {
                return Err(ScorecardError::Feature(index));
            }
            if characteristic.woe.len() != characteristic.bins.count() + 1 {
                return Err(ScorecardError::Weights(index));
            }
            if !characteristic.counts_fit() {
                return Err(ScorecardError::Counts(index));
            }
            let numbers = [
                characteristic.mean_woe,
                characteristic.coefficient,
                characteristic.information_value,
            ];
            let ordered = characteristic.bins.normalise();
            let finite = |number: &f64| number.is_finite();
            if !ordered || !numbers.iter().all(finite) || !characteristic.woe.iter().all(finite) {
                return Err(ScorecardError::Number(index));
            }
        }
        if !intercept.is_finite() {
            return Err(ScorecardError::Number(0));
        }
        Ok(Self {
            features,
            intercept: intercept + 0.0,
            characteristics,
        })
    }

    /// Number of columns of a row.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// The margin of a client whose every weight of evidence is zero.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The features that entered, strongest first.
    #[must_use]
    pub fn characteristics(&self) -> &[Characteristic] {
        &self.characteristics
    }

    /// Log-odds of default of one row.
    ///
    /// # Panics
    /// When the row has fewer values than the scorecard has features.
    #[must_use]
    pub fn margin(&self, row: &[f64]) -> f64 {
        assert!(
            row.len() >= self.features,
            "row of {} values for {} features",
            row.len(),
            self.features
        );
        self.intercept
            + self
                .characteristics
                .iter()
                .map(|one| one.coefficient * one.woe_of(row))
                .sum::<f64>()
    }

    /// Writes the contribution of each feature to `out` and returns the base value.
    ///
    /// # Panics
    /// When `row` or `out` is shorter than the scorecard has features.
    pub fn explain(&self, row: &[f64], out: &mut [f64]) -> f64 {
        out.fill(0.0);
        let mut base_value = self.intercept;
        for one in &self.characteristics {
            out[one.feature] += one.coefficient * (one.woe_of(row) - one.mean_woe);
            base_value += one.coefficient * one.mean_woe;
        }
        base_value
    }
}

impl Characteristic {
    fn woe_of(&self, row: &[f64]) -> f64 {
        self.woe[self.bins.of(row[self.feature])]
    }

    fn counts_fit(&self) -> bool {
        let bins = self.woe.len();
        let pairs = || self.rows.iter().zip(&self.defaults);
        self.rows.len() == self.defaults.len()
            && (self.rows.is_empty() || self.rows.len() == bins)
            && pairs().all(|(rows, defaults)| defaults <= rows)
    }
}

impl ScorecardParameters {
    /// [`ScorecardParameters::max_bins`], within what a byte can number.
    fn bins_at_most(&self) -> usize {
        self.max_bins.clamp(1, 200)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scorecard_whose_weights_do_not_fit_its_bins_is_refused() {
        let characteristic = |woe: Vec<f64>, upper: Vec<f64>| Characteristic {
            feature: 0,
            bins: Bins::Number {
                upper,
                special: Vec::new(),
            },
            woe,
            rows: Vec::new(),
            defaults: Vec::new(),
            mean_woe: 0.0,
            coefficient: 1.0,
            information_value: 0.1,
        };
        let with = |characteristic| Scorecard::new(1, 0.0, vec![characteristic]);
        assert!(with(characteristic(vec![0.1, 0.2, 0.3], vec![1.0])).is_ok());
        assert!(matches!(
            with(characteristic(vec![0.1, 0.2], vec![1.0])),
            Err(ScorecardError::Weights(0))
        ));
        let order = with(characteristic(vec![0.1; 4], vec![2.0, 1.0]));
        assert!(matches!(order, Err(ScorecardError::Number(0))));
        assert!(matches!(
            Scorecard::new(0, 0.0, vec![characteristic(vec![0.1; 2], vec![])]),
            Err(ScorecardError::Feature(0))
        ));
    }
    #[test]
    fn counts_are_of_every_bin_or_of_none() {
        let with = |rows: Vec<u64>, defaults: Vec<u64>| {
            let characteristic = Characteristic {
                feature: 0,
                bins: Bins::Category {
                    bin_of_level: vec![0],
                },
                woe: vec![0.1, 0.2],
                rows,
                defaults,
                mean_woe: 0.0,
                coefficient: 1.0,
                information_value: 0.1,
            };
            Scorecard::new(1, 0.0, vec![characteristic])
        };
        assert!(with(vec![], vec![]).is_ok() && with(vec![5, 2], vec![5, 0]).is_ok());
        for (rows, defaults) in [
            (vec![5], vec![1]),
            (vec![5, 2], vec![]),
            (vec![5, 2], vec![6, 0]),
        ] {
            assert!(matches!(
                with(rows, defaults),
                Err(ScorecardError::Counts(0))
            ));
        }
    }

    #[test]
    fn a_scorecard_of_the_first_format_is_read_and_written_as_it_was() {
        let stored = concat!(
            r#"{"features":2,"intercept":-2.5,"characteristics":[{"feature":1,"bins":{"number":"#,
            r#"{"upper":[1.5]}},"woe":[-0.5,0.5,0.25],"mean_woe":0.125,"coefficient":0.75,"#,
            r#""information_value":0.1},{"feature":0,"bins":{"category":{"bin_of_level":[1,0]}},"#,
            r#""woe":[-0.5,0.5,0.0],"mean_woe":0.0,"coefficient":1.0,"information_value":0.05}]}"#,
        );
        let read: Scorecard = serde_json::from_str(stored).expect("read");
        assert_eq!(serde_json::to_string(&read).expect("written"), stored);
        assert!((read.margin(&[0.0, 1.0]) - (-2.5 + 0.75 * -0.5 + 0.5)).abs() < 1e-15);
        let unknown = stored.replace("\"upper\"", "\"lower\":[],\"upper\"");
        assert!(serde_json::from_str::<Scorecard>(&unknown).is_err());
    }
}
