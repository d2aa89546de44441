//! Stability: how a model does on groups of clients, by sex, age or kind of contract.
//!
//! A number is cut at its quartiles, a category at its levels; missing values are a group of
//! their own. Groups too small to say anything of are left out.

use super::{Feature, TrainingSet};
use crate::evaluation::{Costs, Evaluation, auc};
use crate::package::{SliceEvaluation, SliceGroup};

/// Rows at least of a group.
const LEAST_ROWS: usize = 200;
/// Groups a number is cut into.
const QUARTERS: usize = 4;

/// `pd` by group of each of the set's `slice_by` features, at the evaluation's threshold.
pub(super) fn slices(
    set: &TrainingSet<'_>,
    pd: &[f64],
    evaluation: &Evaluation,
    costs: Costs,
) -> Vec<SliceEvaluation> {
    let mut slices = Vec::new();
    for name in set.slice_by {
        let Some(column) = set.features.iter().position(|f| f.name == *name) else {
            continue;
        };
        for (group, rows) in groups(set, column) {
            if rows.len() >= LEAST_ROWS {
                slices.push(evaluated(name, group, &rows, set, pd, evaluation, costs));
            }
        }
    }
    slices
}

/// The groups of a column with their rows: levels in their order or quarters ascending, then
/// the missing.
fn groups(set: &TrainingSet<'_>, column: usize) -> Vec<(SliceGroup, Vec<usize>)> {
    let values = set.values.column(column);
    let missing = (0..values.len()).filter(|&row| values[row].is_nan());
    let missing = (SliceGroup::Missing, missing.collect());
    let mut groups = match &set.features[column] {
        Feature {
            levels: Some(levels),
            ..
        } => {
            let mut groups: Vec<(SliceGroup, Vec<usize>)> = levels
                .iter()
                .map(|level| (SliceGroup::Level(level.clone()), Vec::new()))
                .collect();
            for (row, &value) in values.iter().enumerate() {
                if !value.is_nan() {
                    groups[value as usize].1.push(row);
                }
            }
            groups
        }
        _ => quarters(values.iter().copied()),
    };
    groups.push(missing);
    groups
}

/// Rows by quarter of their value; equal values are never parted.
fn quarters(values: impl Iterator<Item = f64>) -> Vec<(SliceGroup, Vec<usize>)> {
    let mut known: Vec<(f64, usize)> = values
        .enumerate()
        .filter(|(_, value)| !value.is_nan())
        .map(|(row, value)| (value + 0.0, row))
        .collect();
    known.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut groups = Vec::new();
    let mut start = 0;
    for quarter in 1..=QUARTERS {
        let Some(last) = (quarter * known.len() / QUARTERS).checked_sub(1) else {
            continue;
        };
        let to = known[last].0;
        let end = known.partition_point(|(value, _)| *value <= to);
        if end > start {
            let from = known[start].0;
            let mut rows: Vec<usize> = known[start..end].iter().map(|(_, row)| *row).collect();
            rows.sort_unstable();
            groups.push((SliceGroup::Range { from, to }, rows));
            start = end;
        }
    }
    groups
}

fn evaluated(
    feature: &str,
    group: SliceGroup,
    rows: &[usize],
    set: &TrainingSet<'_>,
    pd: &[f64],
    evaluation: &Evaluation,
    costs: Costs,
) -> SliceEvaluation {
    let (pd, target): (Vec<f64>, Vec<bool>) =
        rows.iter().map(|&row| (pd[row], set.target[row])).unzip();
    let count = rows.len() as f64;
    let defaults = target.iter().filter(|&&default| default).count();
    let granted = pd.iter().filter(|&&pd| pd < evaluation.threshold).count();
    SliceEvaluation {
        feature: feature.to_owned(),
        group,
        rows: rows.len(),
        defaults,
        mean_pd: pd.iter().sum::<f64>() / count,
        auc: auc(&pd, &target),
        cost_per_client: costs.per_client(&pd, &target, evaluation.threshold),
        granted_share: granted as f64 / count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_hold_every_known_row_once_and_keep_equal_values_together() {
        let values = [5.0, 1.0, f64::NAN, 1.0, 1.0, 2.0, 3.0, 8.0, 9.0];
        let groups = quarters(values.into_iter());
        let rows: Vec<&[usize]> = groups.iter().map(|(_, rows)| rows.as_slice()).collect();
        assert_eq!(rows, [&[1, 3, 4][..], &[5], &[0, 6], &[7, 8]]);
        assert_eq!(groups[0].0, SliceGroup::Range { from: 1.0, to: 1.0 });
        assert_eq!(groups[3].0, SliceGroup::Range { from: 8.0, to: 9.0 });
    }
}
