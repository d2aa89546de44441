//! The weight-of-evidence logistic scorecard, the reference model of retail credit.
//!
//! Every feature is cut into a few bins whose default rate rises or falls all the way (a
//! missing value has its own bin, categories are bins, rare ones share one). A bin's weight
//! of evidence is the logarithm of its share of the defaults over its share of the good
//! clients (Siddiqi, "Credit Risk Scorecards", 2006, with the sign turned so that a higher
//! weight is a higher risk, as everywhere here), and a logistic regression weighs the
//! features. A feature enters when its information value (the sum over bins of the share of
//! defaults less the share of good clients, times the weight of evidence) is at least 0.02,
//! Siddiqi's limit of "unpredictive".
//!
//! The model is a sum over features of `coefficient * WoE[bin]`, so a feature's contribution
//! is that term measured from its mean over the training rows, exactly.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::log_odds;

/// Settings of the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorecardParameters {
    /// Quantile bins before merging.
    pub initial_bins: usize,
    /// Bins of a number at most, without the missing one.
    pub max_bins: usize,
    /// A bin (other than the missing one) holds at least this share of the rows.
    pub min_bin_share: f64,
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
            initial_bins: 20,
            max_bins: 8,
            min_bin_share: 0.03,
            smoothing: 20.0,
            min_information_value: 0.02,
            max_features: 40,
            max_correlation: 0.8,
            alpha: 1.0,
        }
    }
}

/// How a feature's values fall into bins; a missing value has the bin after the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bins {
    /// Bin i holds values up to `upper[i]` and above the one before; the last has no upper end.
    Number {
        /// Ascending.
        upper: Vec<f64>,
    },
    /// The bin of each level.
    Category {
        /// One bin index per level.
        bin_of_level: Vec<u32>,
    },
}

impl Bins {
    /// Bins without the missing one.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Number { upper } => upper.len() + 1,
            Self::Category { bin_of_level } => {
                bin_of_level.iter().max().map_or(0, |&bin| bin as usize + 1)
            }
        }
    }

    /// The bin of a value; a level that is not known counts as missing.
    #[must_use]
    pub fn of(&self, value: f64) -> usize {
        match self {
            _ if value.is_nan() => self.count(),
            Self::Number { upper } => upper.partition_point(|&upper| upper < value),
            Self::Category { bin_of_level } if value >= 0.0 => bin_of_level
                .get(value as usize)
                .map_or_else(|| self.count(), |&bin| bin as usize),
            Self::Category { .. } => self.count(),
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
    /// A number that is infinite or NaN, or bins out of order.
    #[error("characteristic {0} has bins out of order or a number that is not finite")]
    Number(usize),
    /// The regression failed.
    #[error("the logistic regression failed: {0}")]
    Regression(#[from] linfa_logistic::error::Error),
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
            let numbers = [
                characteristic.mean_woe,
                characteristic.coefficient,
                characteristic.information_value,
            ];
            let ordered = match &mut characteristic.bins {
                Bins::Number { upper } => {
                    // As in a forest: a stored `-0` comes back as `0`.
                    for upper in upper.iter_mut() {
                        *upper += 0.0;
                    }
                    upper.iter().all(|upper| upper.is_finite()) && upper.is_sorted_by(|a, b| a < b)
                }
                Bins::Category { .. } => true,
            };
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

    /// Fits a scorecard on the `rows` of `values` (rows x features; NaN missing; `levels[j]`
    /// is the number of levels of a categorical column), with `monotone[j]` the direction the
    /// PD must take with column j, 0 for whichever fits better.
    pub fn fit(
        values: ArrayView2<'_, f64>,
        target: &[bool],
        rows: &[usize],
        levels: &[Option<usize>],
        monotone: &[i8],
        parameters: &ScorecardParameters,
    ) -> Result<Self, ScorecardError> {
        let outcome: Vec<bool> = rows.iter().map(|&row| target[row]).collect();
        let total = Tally::of(&outcome);
        let binned: Vec<Binned> = (0..values.ncols())
            .into_par_iter()
            .filter_map(|feature| {
                let column: Vec<f64> = rows.iter().map(|&row| values[[row, feature]]).collect();
                let bins = match levels[feature] {
                    Some(levels) => category_bins(&column, levels, total, parameters),
                    None => number_bins(&column, &outcome, total, monotone[feature], parameters),
                };
                Binned::new(feature, bins, &column, &outcome, total, parameters)
            })
            .collect();
        let selected = select(binned, &outcome, parameters);
        regress(values.ncols(), selected, &outcome, total, parameters)
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
}

/// Rows and how many of them defaulted.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    rows: f64,
    defaults: f64,
}

impl Tally {
    fn of(outcome: &[bool]) -> Self {
        let defaults = outcome.iter().filter(|&&default| default).count();
        Self {
            rows: outcome.len() as f64,
            defaults: defaults as f64,
        }
    }

    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.defaults += other.defaults;
    }

    fn rate(self) -> f64 {
        self.defaults / self.rows
    }

    /// Shares of all defaults and of all good clients, smoothed towards none of either.
    fn shares(self, total: Self, smoothing: f64) -> (f64, f64) {
        let (bad, good) = (smoothing * total.rate(), smoothing * (1.0 - total.rate()));
        (
            (self.defaults + bad) / (total.defaults + bad),
            (self.rows - self.defaults + good) / (total.rows - total.defaults + good),
        )
    }

    fn woe(self, total: Self, smoothing: f64) -> f64 {
        let (defaults, good) = self.shares(total, smoothing);
        (defaults / good).ln()
    }

    fn information_value(self, total: Self, smoothing: f64) -> f64 {
        let defaults = self.defaults / total.defaults;
        let good = (self.rows - self.defaults) / (total.rows - total.defaults);
        (defaults - good) * self.woe(total, smoothing)
    }
}

/// Cuts a numeric column at quantiles, then merges neighbours until the default rate is
/// monotone (pool adjacent violators), no bin is too small and there are few enough.
fn number_bins(
    column: &[f64],
    outcome: &[bool],
    total: Tally,
    direction: i8,
    parameters: &ScorecardParameters,
) -> Bins {
    let mut known: Vec<(f64, bool)> = column
        .iter()
        .copied()
        .zip(outcome.iter().copied())
        .filter(|(value, _)| !value.is_nan())
        .collect();
    known.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let fine = quantile_bins(&known, parameters.initial_bins);
    let directions: &[f64] = match direction {
        1 => &[1.0],
        -1 => &[-1.0],
        _ => &[1.0, -1.0],
    };
    let mut best: (f64, Vec<(f64, Tally)>) = (f64::NEG_INFINITY, Vec::new());
    for &direction in directions {
        let bins = coarse(&fine, direction, total, parameters);
        let value = bins
            .iter()
            .map(|bin| bin.1.information_value(total, parameters.smoothing))
            .sum();
        if value > best.0 {
            best = (value, bins);
        }
    }
    let mut upper: Vec<f64> = best.1.iter().map(|bin| bin.0).collect();
    upper.pop();
    Bins::Number { upper }
}

/// Bins of about equal size, each with its largest value; equal values stay together.
fn quantile_bins(known: &[(f64, bool)], count: usize) -> Vec<(f64, Tally)> {
    let size = known.len().div_ceil(count.max(1)).max(1) as f64;
    let mut bins: Vec<(f64, Tally)> = Vec::new();
    let mut open = Tally::default();
    for (index, &(value, default)) in known.iter().enumerate() {
        open.add(Tally {
            rows: 1.0,
            defaults: f64::from(u8::from(default)),
        });
        let last_of_value = known.get(index + 1).is_none_or(|next| next.0 > value);
        if last_of_value && (open.rows >= size || index + 1 == known.len()) {
            bins.push((value, std::mem::take(&mut open)));
        }
    }
    bins
}

fn coarse(
    fine: &[(f64, Tally)],
    direction: f64,
    total: Tally,
    parameters: &ScorecardParameters,
) -> Vec<(f64, Tally)> {
    let mut bins: Vec<(f64, Tally)> = Vec::new();
    for &bin in fine {
        bins.push(bin);
        while let [.., before, last] = bins.as_slice()
            && (last.1.rate() - before.1.rate()) * direction <= 0.0
        {
            let pair = bins.len() - 2;
            merge(&mut bins, pair);
        }
    }
    let smallest = parameters.min_bin_share * total.rows;
    loop {
        let small = bins.iter().any(|bin| bin.1.rows < smallest);
        if bins.len() < 2 || !(small || bins.len() > parameters.max_bins) {
            return bins;
        }
        // The pair whose merging loses least; when bins are too small, a pair with one of them.
        let loss = |pair: &[(f64, Tally)]| {
            let mut both = pair[0].1;
            both.add(pair[1].1);
            let value = |tally: Tally| tally.information_value(total, parameters.smoothing);
            value(pair[0].1) + value(pair[1].1) - value(both)
        };
        let pair = (0..bins.len() - 1)
            .filter(|&pair| {
                !small || bins[pair].1.rows < smallest || bins[pair + 1].1.rows < smallest
            })
            .min_by(|&a, &b| loss(&bins[a..a + 2]).total_cmp(&loss(&bins[b..b + 2])));
        merge(&mut bins, pair.unwrap_or(0));
    }
}

/// Puts a bin and the one after it together.
fn merge(bins: &mut Vec<(f64, Tally)>, pair: usize) {
    let (upper, tally) = bins.remove(pair + 1);
    bins[pair].0 = upper;
    bins[pair].1.add(tally);
}

/// Bins of a category: one per level that is frequent enough, one for the others.
fn category_bins(
    column: &[f64],
    levels: usize,
    total: Tally,
    parameters: &ScorecardParameters,
) -> Bins {
    let mut counts = vec![0.0; levels];
    for value in column.iter().filter(|value| !value.is_nan()) {
        counts[*value as usize] += 1.0;
    }
    let smallest = parameters.min_bin_share / 3.0 * total.rows;
    let mut next = 0;
    let mut rare = None;
    let bin_of_level = counts
        .iter()
        .map(|&count| {
            let bin = if count >= smallest { None } else { rare };
            bin.unwrap_or_else(|| {
                let bin = next;
                next += 1;
                if count < smallest {
                    rare = Some(bin);
                }
                bin
            })
        })
        .collect();
    Bins::Category { bin_of_level }
}

/// A binned feature with the weight of evidence of each training row.
struct Binned {
    characteristic: Characteristic,
    woe_of_rows: Vec<f64>,
}

impl Binned {
    /// `None` when the feature says too little.
    fn new(
        feature: usize,
        bins: Bins,
        column: &[f64],
        outcome: &[bool],
        total: Tally,
        parameters: &ScorecardParameters,
    ) -> Option<Self> {
        let mut tallies = vec![Tally::default(); bins.count() + 1];
        let bin_of_rows: Vec<usize> = column.iter().map(|&value| bins.of(value)).collect();
        for (&bin, &default) in bin_of_rows.iter().zip(outcome) {
            tallies[bin].add(Tally {
                rows: 1.0,
                defaults: f64::from(u8::from(default)),
            });
        }
        let information_value = tallies
            .iter()
            .map(|bin| bin.information_value(total, parameters.smoothing))
            .sum();
        if information_value < parameters.min_information_value {
            return None;
        }
        let woe: Vec<f64> = tallies
            .iter()
            .map(|bin| bin.woe(total, parameters.smoothing))
            .collect();
        let woe_of_rows: Vec<f64> = bin_of_rows.iter().map(|&bin| woe[bin]).collect();
        let mean_woe = woe_of_rows.iter().sum::<f64>() / total.rows;
        let characteristic = Characteristic {
            feature,
            bins,
            woe,
            mean_woe,
            coefficient: 0.0,
            information_value,
        };
        Some(Self {
            characteristic,
            woe_of_rows,
        })
    }
}

/// The features of highest information value that do not repeat a better one.
fn select(
    mut binned: Vec<Binned>,
    outcome: &[bool],
    parameters: &ScorecardParameters,
) -> Vec<Binned> {
    binned.sort_by(|left, right| {
        right
            .characteristic
            .information_value
            .total_cmp(&left.characteristic.information_value)
    });
    let mut kept: Vec<(Binned, Vec<f64>)> = Vec::new();
    for candidate in binned {
        if kept.len() == parameters.max_features {
            break;
        }
        let unit = standardised(&candidate);
        let repeats = kept.iter().any(|(_, other)| {
            let correlation: f64 =
                unit.iter().zip(other).map(|(a, b)| a * b).sum::<f64>() / outcome.len() as f64;
            correlation.abs() > parameters.max_correlation
        });
        if !repeats {
            kept.push((candidate, unit));
        }
    }
    kept.into_iter().map(|(binned, _)| binned).collect()
}

fn standardised(binned: &Binned) -> Vec<f64> {
    let mean = binned.characteristic.mean_woe;
    let rows = binned.woe_of_rows.len() as f64;
    let variance = binned
        .woe_of_rows
        .iter()
        .map(|woe| (woe - mean).powi(2))
        .sum::<f64>()
        / rows;
    let scale = variance.sqrt().max(f64::MIN_POSITIVE);
    binned
        .woe_of_rows
        .iter()
        .map(|woe| (woe - mean) / scale)
        .collect()
}

/// Logistic regression on the weights of evidence. A negative coefficient would turn a
/// feature's meaning round (it only corrects another feature), so such features leave.
fn regress(
    features: usize,
    mut selected: Vec<Binned>,
    outcome: &[bool],
    total: Tally,
    parameters: &ScorecardParameters,
) -> Result<Scorecard, ScorecardError> {
    let mut intercept = log_odds(total.rate());
    while !selected.is_empty() {
        let records = Array2::from_shape_fn((outcome.len(), selected.len()), |(row, column)| {
            selected[column].woe_of_rows[row]
        });
        let data = Dataset::new(records, Array1::from(outcome.to_vec()));
        let fitted = LogisticRegression::default()
            .alpha(parameters.alpha)
            .max_iterations(200)
            .fit(&data)?;
        // The crate takes the more frequent class for the positive one.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        intercept = sign * fitted.intercept();
        for (binned, coefficient) in selected.iter_mut().zip(fitted.params()) {
            binned.characteristic.coefficient = sign * coefficient;
        }
        let before = selected.len();
        selected.retain(|binned| binned.characteristic.coefficient > 0.0);
        if selected.len() == before {
            break;
        }
    }
    if selected.is_empty() {
        intercept = log_odds(total.rate());
    }
    Scorecard::new(
        features,
        intercept,
        selected
            .into_iter()
            .map(|binned| binned.characteristic)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_of_evidence_is_the_log_of_the_shares_ratio() {
        let total = Tally {
            rows: 1000.0,
            defaults: 100.0,
        };
        let bin = Tally {
            rows: 200.0,
            defaults: 50.0,
        };
        // Half of the defaults, a sixth of the good clients.
        assert!((bin.woe(total, 0.0) - (0.5f64 / (150.0 / 900.0)).ln()).abs() < 1e-12);
        let value = (0.5 - 150.0 / 900.0) * 3f64.ln();
        assert!((bin.information_value(total, 0.0) - value).abs() < 1e-12);
        // A bin without rows says nothing, and smoothing keeps one without defaults finite.
        assert!(Tally::default().woe(total, 20.0).abs() < 1e-12);
        let good = Tally {
            rows: 50.0,
            defaults: 0.0,
        };
        assert!(good.woe(total, 20.0) < 0.0 && good.woe(total, 20.0).is_finite());
    }

    #[test]
    fn a_value_at_a_bins_end_belongs_to_it_and_what_is_unknown_to_the_missing_bin() {
        let number = Bins::Number {
            upper: vec![1.0, 2.0],
        };
        let places = [0.0, 1.0, 1.5, 2.0, 2.5, f64::NAN].map(|value| number.of(value));
        assert_eq!(places, [0, 0, 1, 1, 2, 3]);
        let category = Bins::Category {
            bin_of_level: vec![0, 1, 1],
        };
        let places = [0.0, 2.0, 3.0, -1.0, f64::NAN].map(|value| category.of(value));
        assert_eq!(places, [0, 1, 2, 2, 2]);
    }

    #[test]
    fn rare_levels_share_one_bin() {
        let column: Vec<f64> = (0..1000)
            .map(|row| match row {
                0..600 => 0.0,
                600..603 => 1.0,
                603..606 => 3.0,
                _ => 2.0,
            })
            .collect();
        let total = Tally {
            rows: 1000.0,
            defaults: 80.0,
        };
        let bins = category_bins(&column, 5, total, &ScorecardParameters::default());
        let expected = Bins::Category {
            bin_of_level: vec![0, 1, 2, 1, 1],
        };
        assert_eq!(bins, expected);
    }

    #[test]
    fn bins_merge_until_the_default_rate_rises_all_the_way() {
        let rates = [0.02, 0.05, 0.04, 0.08, 0.20];
        let fine: Vec<(f64, Tally)> = rates
            .iter()
            .enumerate()
            .map(|(index, rate)| {
                let tally = Tally {
                    rows: 100.0,
                    defaults: rate * 100.0,
                };
                (index as f64, tally)
            })
            .collect();
        let total = Tally {
            rows: 500.0,
            defaults: 39.0,
        };
        let bins = coarse(&fine, 1.0, total, &ScorecardParameters::default());
        let upper: Vec<f64> = bins.iter().map(|bin| bin.0).collect();
        assert_eq!(upper, [0.0, 2.0, 3.0, 4.0]);
        assert_eq!(
            coarse(&fine, -1.0, total, &ScorecardParameters::default()).len(),
            1
        );
    }

    #[test]
    fn a_scorecard_whose_weights_do_not_fit_its_bins_is_refused() {
        let characteristic = |woe: Vec<f64>, upper: Vec<f64>| Characteristic {
            feature: 0,
            bins: Bins::Number { upper },
            woe,
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
}
