//! Fitting: bin every feature, keep those that tell most and do not repeat each other, and
//! weigh them by a logistic regression.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, ArrayView2, ShapeBuilder};
use rayon::prelude::*;

use super::binning::{category_bins, number_bins};
use super::bins::Bins;
use super::evidence::{Population, Tally};
use super::{Characteristic, Scorecard, ScorecardError, ScorecardParameters};
use crate::model::log_odds;

/// Columns read together: as many `f64` as a cache line of a row holds.
const COLUMNS_AT_ONCE: usize = 8;

impl Scorecard {
    /// Fits a scorecard on the `rows` of `values` (rows x features; NaN missing; `levels[j]`
    /// is the number of levels of a categorical column), with `monotone[j]` the direction the
    /// PD must take with column j, 0 for whichever tells more.
    pub fn fit(
        values: ArrayView2<'_, f64>,
        target: &[bool],
        rows: &[usize],
        levels: &[Option<usize>],
        monotone: &[i8],
        parameters: &ScorecardParameters,
    ) -> Result<Self, ScorecardError> {
        let outcome: Vec<bool> = rows.iter().map(|&row| target[row]).collect();
        let population = Population {
            total: Tally::of(&outcome),
            smoothing: parameters.smoothing,
        };
        let features: Vec<usize> = (0..values.ncols()).collect();
        let bin = |feature: usize, column: &[f64]| {
            let direction = monotone[feature];
            let bins = match levels[feature] {
                Some(levels) => category_bins(column, &outcome, levels, &population, parameters),
                None => number_bins(column, &outcome, &population, direction, parameters),
            };
            Binned::new(feature, bins, column, &outcome, &population, parameters)
        };
        let binned: Vec<Binned> = features
            .par_chunks(COLUMNS_AT_ONCE)
            .flat_map_iter(|features| {
                let mut columns = vec![Vec::with_capacity(rows.len()); features.len()];
                for &row in rows {
                    for (column, &feature) in columns.iter_mut().zip(features) {
                        column.push(values[[row, feature]]);
                    }
                }
                let bin = |(&feature, column): (&usize, Vec<f64>)| bin(feature, &column);
                features
                    .iter()
                    .zip(columns)
                    .filter_map(bin)
                    .collect::<Vec<_>>()
            })
            .collect();
        let selected = select(binned, parameters);
        regress(values.ncols(), selected, &outcome, &population, parameters)
    }
}

/// The regression ends when no derivative of the loss is larger, per row: the coefficients
/// are then right to about four digits, far closer than the folds agree on them.
const GRADIENT_PER_ROW: f64 = 1e-6;

/// A binned feature with the bin of each training row.
struct Binned {
    characteristic: Characteristic,
    bin_of_rows: Vec<u8>,
    /// Per bin the weight of evidence, moved and scaled to mean 0 and variance 1 over the rows.
    standardised: Vec<f64>,
}

impl Binned {
    /// `None` when the feature says too little.
    fn new(
        feature: usize,
        bins: Bins,
        column: &[f64],
        outcome: &[bool],
        population: &Population,
        parameters: &ScorecardParameters,
    ) -> Option<Self> {
        let mut tallies = vec![Tally::default(); bins.count() + 1];
        let bin_of_rows: Vec<u8> = column.iter().map(|&value| bins.of(value) as u8).collect();
        for (&bin, &default) in bin_of_rows.iter().zip(outcome) {
            tallies[usize::from(bin)].add(Tally::row(default));
        }
        let information_value = tallies
            .iter()
            .map(|&bin| population.information_value(bin))
            .sum();
        if information_value < parameters.min_information_value {
            return None;
        }
        let woe: Vec<f64> = tallies.iter().map(|&bin| population.woe(bin)).collect();
        let mean = |of_bin: &dyn Fn(f64) -> f64| {
            let sum = |(tally, &woe): (&Tally, &f64)| tally.rows * of_bin(woe);
            tallies.iter().zip(&woe).map(sum).sum::<f64>() / population.total.rows
        };
        let mean_woe = mean(&|woe| woe);
        let scale = mean(&|woe| (woe - mean_woe).powi(2))
            .sqrt()
            .max(f64::MIN_POSITIVE);
        Some(Self {
            standardised: woe.iter().map(|woe| (woe - mean_woe) / scale).collect(),
            bin_of_rows,
            characteristic: Characteristic {
                feature,
                bins,
                woe,
                rows: tallies.iter().map(|bin| bin.rows as u64).collect(),
                defaults: tallies.iter().map(|bin| bin.defaults as u64).collect(),
                mean_woe,
                coefficient: 0.0,
                information_value,
            },
        })
    }

    /// Correlation of the two features' weights of evidence over the training rows, from the
    /// number of rows of each pair of bins.
    fn correlation(&self, other: &Self) -> f64 {
        let width = other.standardised.len();
        let mut rows = vec![0u32; self.standardised.len() * width];
        for (&bin, &other) in self.bin_of_rows.iter().zip(&other.bin_of_rows) {
            rows[usize::from(bin) * width + usize::from(other)] += 1;
        }
        let mut sum = 0.0;
        for (bin, rows) in self.standardised.iter().zip(rows.chunks(width)) {
            for (other, &rows) in other.standardised.iter().zip(rows) {
                sum += bin * other * f64::from(rows);
            }
        }
        sum / self.bin_of_rows.len() as f64
    }
}

/// The features of highest information value that do not repeat a better one.
fn select(mut binned: Vec<Binned>, parameters: &ScorecardParameters) -> Vec<Binned> {
    // A stable sort: of equals the earlier column is first.
    binned.sort_by(|left, right| {
        right
            .characteristic
            .information_value
            .total_cmp(&left.characteristic.information_value)
    });
    let mut kept: Vec<Binned> = Vec::new();
    for candidate in binned {
        if kept.len() == parameters.max_features {
            break;
        }
        let repeats = kept
            .par_iter()
            .any(|other| candidate.correlation(other).abs() > parameters.max_correlation);
        if !repeats {
            kept.push(candidate);
        }
    }
    kept
}

/// Logistic regression on the weights of evidence. A negative coefficient would turn a
/// feature's meaning round (it only corrects another feature), so such features leave.
fn regress(
    features: usize,
    mut selected: Vec<Binned>,
    outcome: &[bool],
    population: &Population,
    parameters: &ScorecardParameters,
) -> Result<Scorecard, ScorecardError> {
    let mut intercept = log_odds(population.total.rate());
    // A start: alone every feature would have about one, together they have less.
    for binned in &mut selected {
        binned.characteristic.coefficient = 0.5;
    }
    // The crate takes the more frequent class for the positive one.
    let mut sign = if population.total.rate() > 0.5 {
        1.0
    } else {
        -1.0
    };
    while !selected.is_empty() {
        // By column: the gradient sums over rows.
        let shape = (outcome.len(), selected.len()).f();
        let records = Array2::from_shape_fn(shape, |(row, column)| {
            let binned = &selected[column];
            binned.characteristic.woe[usize::from(binned.bin_of_rows[row])]
        });
        let start = selected
            .iter()
            .map(|binned| sign * binned.characteristic.coefficient)
            .chain([sign * intercept]);
        let start = Array1::from_iter(start);
        let data = Dataset::new(records, Array1::from(outcome.to_vec()));
        let fitted = LogisticRegression::default()
            .alpha(parameters.alpha)
            .max_iterations(200)
            .initial_params(start)
            .gradient_tolerance(GRADIENT_PER_ROW * outcome.len() as f64)
            .fit(&data)?;
        sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
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
        intercept = log_odds(population.total.rate());
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
