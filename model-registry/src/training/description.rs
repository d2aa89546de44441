//! What a package says of a model on labelled rows, whoever made the model and however: how
//! good it is, what it heeds, how it treats groups of clients, and what the rows look like.

use ndarray::ArrayView1;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::interpretation::{beeswarm, importance, partial_dependence};
use super::slices::slices;
use super::{TrainingError, TrainingSet, validation};
use crate::calibration::Calibration;
use crate::evaluation::{Costs, Evaluation, bootstrap};
use crate::model::Model;
use crate::package::{
    BeeswarmFeature, Importance, PackageFeature, PartialDependence, QUANTILES, Reference,
    SliceEvaluation,
};

/// Rows at most that a package keeps as its reference sample.
const SAMPLE_ROWS: usize = 1000;

/// The parts of a manifest that a model and labelled rows give.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Of the predictions, with 95% intervals.
    pub evaluation: Evaluation,
    /// Features by mean absolute contribution, largest first.
    pub importance: Vec<Importance>,
    /// Of the most important features.
    pub partial_dependence: Vec<PartialDependence>,
    /// Of the most important features.
    pub beeswarm: Vec<BeeswarmFeature>,
    /// The predictions by group, at the evaluation's threshold.
    pub slices: Vec<SliceEvaluation>,
    /// The columns with their distributions.
    pub features: Vec<PackageFeature>,
    /// Evenly spaced rows, kept with the package.
    pub sample: Vec<Vec<Option<f64>>>,
    /// [`data_fingerprint`] of the rows.
    pub data_fingerprint: String,
}

/// Bootstrap samples of a description, and the seed of every random choice in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Samples; none for no intervals.
    pub resamples: usize,
    /// Seed.
    pub seed: u64,
}

/// Describes `model`, whose margins `calibration` turns into PDs, on the labelled rows of
/// `set`. `pd` is the prediction of each row that is judged: of rows the model was trained
/// on, a prediction by a model that had not seen them; of others, the model's own.
/// `on_progress` hears the share done, from any thread. The same arguments give the same
/// description on any number of threads.
pub fn describe(
    model: &Model,
    calibration: &Calibration,
    set: &TrainingSet<'_>,
    pd: &[f64],
    costs: Costs,
    resampling: Resampling,
    on_progress: &(dyn Fn(f64) + Sync),
) -> Result<Description, TrainingError> {
    validation::rows(set)?;
    let mut evaluation = Evaluation::new(pd, set.target, costs)?;
    let done = std::sync::atomic::AtomicUsize::new(0);
    evaluation.intervals = bootstrap::intervals(
        pd,
        set.target,
        costs,
        &evaluation,
        resampling.resamples,
        resampling.seed,
        &|samples| {
            let done = done.fetch_add(samples, std::sync::atomic::Ordering::Relaxed) + samples;
            on_progress(BOOTSTRAP_SHARE * done as f64 / resampling.resamples as f64);
        },
    )?;
    let importance = importance(model, set);
    on_progress(IMPORTANCE_DONE);
    let partial_dependence = partial_dependence(model, calibration, set, &importance);
    let description = Description {
        slices: slices(set, pd, &evaluation, costs),
        evaluation,
        beeswarm: beeswarm(model, set, &importance),
        partial_dependence,
        importance,
        features: references(set),
        sample: sample(set),
        data_fingerprint: data_fingerprint(set),
    };
    on_progress(1.0);
    Ok(description)
}

/// Of the work of a description, about what the bootstrap is.
const BOOTSTRAP_SHARE: f64 = 0.6;
/// Likewise, what is done when the importance is known as well.
const IMPORTANCE_DONE: f64 = 0.8;

/// SHA-256 over ids, feature names and levels, values (their bits, one NaN for all) and
/// outcomes, in hexadecimal: the same data give the same fingerprint anywhere.
#[must_use]
pub fn data_fingerprint(set: &TrainingSet<'_>) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    for feature in set.features {
        text(&feature.name);
        for level in feature.levels.iter().flatten() {
            text(level);
        }
        text("");
    }
    let mut bytes = Vec::with_capacity(set.features.len() * 8 + 9);
    for ((row, &id), &default) in set.values.rows().into_iter().zip(set.ids).zip(set.target) {
        bytes.clear();
        bytes.extend_from_slice(&id.to_le_bytes());
        bytes.push(u8::from(default));
        for &value in row {
            let value = if value.is_nan() { f64::NAN } else { value };
            bytes.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        hash.update(&bytes);
    }
    hex::encode(hash.finalize())
}

/// At most `most` rows of `rows`, evenly spaced.
pub(super) fn evenly(rows: usize, most: usize) -> Vec<usize> {
    let taken = rows.min(most);
    (0..taken).map(|index| index * rows / taken).collect()
}

/// The rows that a package keeps.
fn sample(set: &TrainingSet<'_>) -> Vec<Vec<Option<f64>>> {
    evenly(set.values.nrows(), SAMPLE_ROWS)
        .into_iter()
        .map(|row| {
            // A negative zero would not survive canonical JSON: adding zero makes it positive.
            let known = |value: &f64| (!value.is_nan()).then_some(*value + 0.0);
            set.values.row(row).iter().map(known).collect()
        })
        .collect()
}

fn references(set: &TrainingSet<'_>) -> Vec<PackageFeature> {
    (0..set.features.len())
        .into_par_iter()
        .map(|index| {
            let feature = &set.features[index];
            let levels = feature.levels.as_ref().map(Vec::len);
            let reference = reference(set.values.column(index), levels);
            PackageFeature {
                name: feature.name.clone(),
                levels: feature.levels.clone(),
                reference,
            }
        })
        .collect()
}

fn reference(column: ArrayView1<'_, f64>, levels: Option<usize>) -> Reference {
    let rows = column.len() as f64;
    let mut column: Vec<f64> = column.into_iter().copied().collect();
    column.retain(|value| !value.is_nan());
    let missing_share = 1.0 - column.len() as f64 / rows;
    if let Some(levels) = levels {
        let mut counts = vec![0.0; levels];
        for value in column {
            counts[value as usize] += 1.0;
        }
        let level_shares = Some(counts.into_iter().map(|count| count / rows).collect());
        return Reference {
            missing_share,
            quantiles: None,
            level_shares,
        };
    }
    column.sort_unstable_by(f64::total_cmp);
    let quantiles = (!column.is_empty()).then(|| {
        std::array::from_fn(|step| {
            // Linear interpolation between order statistics (Hyndman and Fan's type 7).
            let place = step as f64 / (QUANTILES - 1) as f64 * (column.len() - 1) as f64;
            let below = column[place.floor() as usize];
            let above = column[place.ceil() as usize];
            below + (above - below) * place.fract() + 0.0
        })
    });
    Reference {
        missing_share,
        quantiles,
        level_shares: None,
    }
}
