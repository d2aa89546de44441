//! What a model heeds, over all clients: mean absolute contributions, a sample of
//! contributions (the beeswarm) and partial dependence.

use ndarray::Axis;
use rayon::prelude::*;

use super::TrainingSet;
use super::description::evenly;
use crate::calibration::Calibration;
use crate::model::Model;
use crate::package::{
    BeeswarmFeature, BeeswarmPoint, DependencePoint, Importance, PartialDependence,
};

/// Rows at most whose contributions make the importance.
const IMPORTANCE_ROWS: usize = 2000;
/// Features and rows at most of the beeswarm.
const BEESWARM: (usize, usize) = (12, 200);
/// Features and rows at most of the partial dependence.
const DEPENDENCE: (usize, usize) = (8, 500);
/// Values at most a number is set to.
const DEPENDENCE_POINTS: usize = 20;
/// Levels at most a category is set to.
const DEPENDENCE_LEVELS: usize = 30;

/// Mean absolute contributions over evenly spaced rows, largest first.
pub(super) fn importance(model: &Model, set: &TrainingSet<'_>) -> Vec<Importance> {
    let sample = evenly(set.values.nrows(), IMPORTANCE_ROWS);
    let sampled = sample.len();
    let mut sums = vec![0.0; set.features.len()];
    for contributions in model.contributions_of(set.values.select(Axis(0), &sample).view()) {
        for (sum, value) in sums.iter_mut().zip(contributions.values) {
            *sum += value.abs();
        }
    }
    let mut importance: Vec<Importance> = set
        .features
        .iter()
        .zip(sums)
        .map(|(feature, sum)| Importance {
            feature: feature.name.clone(),
            mean_abs_contribution: sum / sampled as f64,
        })
        .collect();
    importance.sort_by(|a, b| b.mean_abs_contribution.total_cmp(&a.mean_abs_contribution));
    importance
}

/// The columns of the most important features that matter at all.
fn foremost(set: &TrainingSet<'_>, importance: &[Importance], most: usize) -> Vec<usize> {
    importance
        .iter()
        .filter(|one| one.mean_abs_contribution > 0.0)
        .take(most)
        .filter_map(|one| {
            set.features
                .iter()
                .position(|feature| feature.name == one.feature)
        })
        .collect()
}

/// Contributions of evenly spaced rows, feature by feature.
pub(super) fn beeswarm(
    model: &Model,
    set: &TrainingSet<'_>,
    importance: &[Importance],
) -> Vec<BeeswarmFeature> {
    let (features, rows) = BEESWARM;
    let rows = set
        .values
        .select(Axis(0), &evenly(set.values.nrows(), rows));
    let contributions = model.contributions_of(rows.view());
    foremost(set, importance, features)
        .into_iter()
        .map(|column| {
            let feature = &set.features[column];
            let ranks = match &feature.levels {
                Some(_) => vec![None; rows.nrows()],
                None => ranks(&rows.column(column).to_vec()),
            };
            BeeswarmFeature {
                feature: feature.name.clone(),
                points: contributions
                    .iter()
                    .zip(ranks)
                    .map(|(row, rank)| BeeswarmPoint {
                        contribution: row.values[column] + 0.0,
                        rank,
                    })
                    .collect(),
            }
        })
        .collect()
}

/// Rank of each value among the known ones, 0 (least) to 1, equal ones at their middle.
fn ranks(values: &[f64]) -> Vec<Option<f64>> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = (sorted.len().max(2) - 1) as f64;
    let rank = |&value: &f64| {
        let below = sorted.partition_point(|&known| known < value);
        let upto = sorted.partition_point(|&known| known <= value);
        (!value.is_nan()).then(|| (below + upto - 1) as f64 / 2.0 / last)
    };
    values.iter().map(rank).collect()
}

/// Mean calibrated PD of evenly spaced rows with a feature set to one value after the other.
pub(super) fn partial_dependence(
    model: &Model,
    calibration: &Calibration,
    set: &TrainingSet<'_>,
    importance: &[Importance],
) -> Vec<PartialDependence> {
    let (features, rows) = DEPENDENCE;
    let rows = evenly(set.values.nrows(), rows);
    let mean_pd = |column: usize, value: f64| {
        let sum: f64 = rows
            .iter()
            .map(|&row| {
                let mut row = set.values.row(row).to_vec();
                row[column] = value;
                calibration.pd(model.margin(&row))
            })
            .sum();
        sum / rows.len() as f64
    };
    foremost(set, importance, features)
        .into_par_iter()
        .map(|column| {
            let feature = &set.features[column];
            let values = match &feature.levels {
                Some(levels) => (0..levels.len().min(DEPENDENCE_LEVELS))
                    .map(|level| level as f64)
                    .collect(),
                None => quantiles(set, column),
            };
            PartialDependence {
                feature: feature.name.clone(),
                missing_pd: (!values.is_empty()).then(|| mean_pd(column, f64::NAN)),
                points: values
                    .into_iter()
                    .map(|value| DependencePoint {
                        value,
                        mean_pd: mean_pd(column, value),
                    })
                    .collect(),
            }
        })
        .collect()
}

/// Different values at evenly spaced ranks, from the least to the greatest.
fn quantiles(set: &TrainingSet<'_>, column: usize) -> Vec<f64> {
    let column = set.values.column(column);
    let mut known: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
    if known.is_empty() {
        return known;
    }
    known.sort_unstable_by(f64::total_cmp);
    let last = known.len() - 1;
    let mut values: Vec<f64> = (0..DEPENDENCE_POINTS)
        .map(|step| known[step * last / (DEPENDENCE_POINTS - 1)] + 0.0)
        .collect();
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_run_from_zero_to_one_with_equal_values_in_the_middle() {
        let found = ranks(&[3.0, 1.0, f64::NAN, 1.0, 9.0]);
        let expected = [
            Some(2.0 / 3.0),
            Some(1.0 / 6.0),
            None,
            Some(1.0 / 6.0),
            Some(1.0),
        ];
        for (found, expected) in found.iter().zip(expected) {
            match (found, expected) {
                (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-12),
                (found, expected) => assert_eq!(*found, expected),
            }
        }
    }
}
