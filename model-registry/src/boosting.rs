//! Gradient boosting by a library that only ever trains.
//!
//! [`Trainer`] is all this project asks of one: rows in, [`Forest`] out. [`Hessboost`] is the
//! default; what it grows is converted to our own form, and its own predictions and
//! explanations (in `f32`) are never used.
//!
//! The conversion is exact. `hessboost` rounds a value to `f32` and sends it left when it is
//! below an `f32` threshold. Rounding is monotone, so that rule is a comparison of the
//! unrounded `f64` with one boundary, the point halfway between the threshold and the `f32`
//! before it ([`rounded_below`]). Covers are counted by sending the training rows through the
//! converted tree: a Hessian sum would weigh a certain client less than a doubtful one.

use std::ops::ControlFlow;

use hessboost::config::{Monotone, TrainingParams, TreeMethod};
use hessboost::data::{DMatrix, ViewCuts};
use hessboost::metric::EvalMetric;
use hessboost::model::BoostedModel;
use hessboost::objective::{Objective, RegLoss};
use hessboost::tree::RegTree;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::forest::{Aggregation, CategorySet, Forest, ForestError, Missing, Node, Test, Tree};

/// Settings of gradient boosting; names as in the literature, not as in one library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostingParameters {
    /// Trees; in cross-validation the most that are tried.
    pub rounds: usize,
    /// Shrinkage of each tree.
    pub learning_rate: f64,
    /// Splits on the longest path.
    pub max_depth: usize,
    /// Least Hessian sum in a child.
    pub min_child_weight: f64,
    /// Share of rows drawn for each tree.
    pub subsample: f64,
    /// Share of features drawn for each tree.
    pub colsample: f64,
    /// L2 penalty of leaf values.
    pub lambda: f64,
    /// L1 penalty of leaf values.
    pub alpha: f64,
    /// Histogram bins per feature.
    pub max_bin: usize,
    /// Weight of a default against a good client; 1 is no weighting.
    pub default_weight: f64,
    /// Direction of the PD per feature (-1, 0, 1); empty for none.
    pub monotone: Vec<i8>,
}

impl Default for BoostingParameters {
    /// The best of a dozen settings tried on 34,050 real Home Credit applications x 139
    /// features; depth 5 or 6, three averaged forests and twice the learning rate were worse.
    /// `rounds` is a limit: early stopping ends before it.
    fn default() -> Self {
        Self {
            rounds: 1000,
            learning_rate: 0.03,
            max_depth: 4,
            min_child_weight: 30.0,
            subsample: 0.8,
            colsample: 0.4,
            lambda: 10.0,
            alpha: 0.0,
            max_bin: 128,
            default_weight: 1.0,
            monotone: Vec::new(),
        }
    }
}

/// One forest to grow.
#[derive(Debug, Clone, Copy)]
pub struct Growth<'g> {
    /// Rows to grow it on.
    pub rows: &'g [usize],
    /// Settings; `rounds` is the most that are grown.
    pub parameters: &'g BoostingParameters,
    /// Seed of its random choices.
    pub seed: u64,
    /// Sets of held-out rows whose log loss is taken after each round; none for none.
    pub watched: &'g [&'g [usize]],
    /// Growing ends when each watched set has gone this many rounds without a lower log loss.
    pub patience: usize,
}

/// A forest, and how it came to be.
#[derive(Debug, Clone)]
pub struct Grown {
    /// Of all rounds grown. Covers are Hessian sums: see [`Forest::with_counted_cover`].
    pub forest: Forest,
    /// Log loss after each round, for each watched set.
    pub losses: Vec<Vec<f64>>,
}

/// Why a library could not train.
#[derive(Debug, Error)]
pub enum TrainerError {
    /// Its own reason.
    #[error("hessboost: {0}")]
    Hessboost(#[from] hessboost::error::HessboostError),
    /// What it made is not a valid forest.
    #[error("the trained trees are not valid: {0}")]
    Forest(#[from] ForestError),
    /// It made something this project has no form for.
    #[error("the trained model has {0}, which a forest cannot hold")]
    Unsupported(&'static str),
}

/// A library that grows forests.
pub trait Trainer: Sync {
    /// Name and version, for the record.
    fn name(&self) -> &'static str;

    /// Takes the rows over (rows x features, NaN missing, all else finite) with their outcomes.
    fn prepare(
        &self,
        values: ArrayView2<'_, f64>,
        target: &[bool],
    ) -> Result<Box<dyn PreparedRows>, TrainerError>;
}

/// Rows a trainer has taken over; a forest can be grown on any part of them.
pub trait PreparedRows: Sync {
    /// Grows a forest; `on_round` hears of each finished tree. The same arguments give the
    /// same forest on any number of threads.
    fn grow(
        &self,
        growth: &Growth<'_>,
        on_round: &mut (dyn FnMut() + Send),
    ) -> Result<Grown, TrainerError>;
}

/// The `hessboost` crate: pure Rust, histogram-based, depth-wise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hessboost;

struct HessboostRows {
    matrix: DMatrix,
}

impl Trainer for Hessboost {
    fn name(&self) -> &'static str {
        "hessboost 0.4.6"
    }

    fn prepare(
        &self,
        values: ArrayView2<'_, f64>,
        target: &[bool],
    ) -> Result<Box<dyn PreparedRows>, TrainerError> {
        let mut matrix = Vec::with_capacity(values.len());
        matrix.extend(values.iter().map(|&value| rounded(value)));
        let labels: Vec<f32> = target
            .iter()
            .map(|&default| f32::from(u8::from(default)))
            .collect();
        let matrix = DMatrix::from_dense_vec(matrix, values.nrows(), values.ncols())?
            .with_labels(&labels)?;
        Ok(Box::new(HessboostRows { matrix }))
    }
}

impl PreparedRows for HessboostRows {
    fn grow(
        &self,
        growth: &Growth<'_>,
        on_round: &mut (dyn FnMut() + Send),
    ) -> Result<Grown, TrainerError> {
        let (model, losses) = self.boost(growth, on_round)?;
        Ok(Grown {
            forest: convert(&model)?,
            losses,
        })
    }
}

impl HessboostRows {
    fn boost(
        &self,
        growth: &Growth<'_>,
        on_round: &mut (dyn FnMut() + Send),
    ) -> Result<(BoostedModel, Vec<Vec<f64>>), TrainerError> {
        // The cuts are quantiles of the features alone; sharing them saves binning each fold.
        let matrix = self
            .matrix
            .select_rows_with_cuts(growth.rows, ViewCuts::Source)?;
        let watched = growth
            .watched
            .iter()
            .map(|rows| self.matrix.select_rows_with_cuts(rows, ViewCuts::Source))
            .collect::<Result<Vec<DMatrix>, _>>()?;
        let settings = settings(growth.parameters, growth.seed)?;
        let mut losses = vec![Vec::new(); watched.len()];
        let mut best = vec![(0usize, f64::INFINITY); watched.len()];
        let mut trainer =
            hessboost::training::Trainer::new(&settings, &matrix, growth.parameters.rounds);
        for rows in &watched {
            trainer = trainer.eval(rows, "held out");
        }
        let trained = trainer
            .on_round(|round| {
                on_round();
                let mut stalled = !best.is_empty();
                for ((loss, losses), best) in round.values().iter().zip(&mut losses).zip(&mut best)
                {
                    if *loss < best.1 {
                        *best = (losses.len(), *loss);
                    }
                    losses.push(*loss);
                    stalled &= losses.len() - best.0 > growth.patience;
                }
                if stalled {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .train()?;
        Ok((trained.model, losses))
    }
}

fn settings(parameters: &BoostingParameters, seed: u64) -> Result<TrainingParams, TrainerError> {
    let monotone = parameters.monotone.iter().map(|direction| match direction {
        1 => Monotone::Increasing,
        -1 => Monotone::Decreasing,
        _ => Monotone::None,
    });
    let settings = TrainingParams::builder()
        .objective(Objective::BinaryLogistic(RegLoss::new(
            parameters.default_weight,
        )?))
        .tree_method(TreeMethod::Hist)
        .eval_metric(EvalMetric::LogLoss)
        .seed(seed)
        .eta(parameters.learning_rate)
        .max_depth(parameters.max_depth)
        .min_child_weight(parameters.min_child_weight)
        .subsample(parameters.subsample)
        .colsample_bytree(parameters.colsample)
        .lambda(parameters.lambda)
        .alpha(parameters.alpha)
        .max_bin(parameters.max_bin)
        .monotone_constraints(monotone.collect::<Vec<_>>())
        .build()?;
    Ok(settings)
}

/// A value as the trainer sees it: `f32`, and no infinity by overflow.
fn rounded(value: f64) -> f32 {
    (value as f32).clamp(f32::MIN, f32::MAX)
}

/// The largest `f64` that, rounded to the nearest `f32` (ties to even), is below `threshold`.
#[must_use]
pub fn rounded_below(threshold: f32) -> f64 {
    // For the least `f32`, with which the library parts missing values from all others, this
    // gives minus infinity, which no finite value is at most.
    // Halfway between neighbouring `f32` values fits an `f64` exactly.
    let middle = f64::midpoint(f64::from(threshold.next_down()), f64::from(threshold));
    let threshold_is_even = threshold.to_bits() & 1 == 0;
    if threshold_is_even {
        middle.next_down()
    } else {
        middle
    }
}

/// The forest that gives the margins of a trained `hessboost` model, in `f64`.
fn convert(model: &BoostedModel) -> Result<Forest, TrainerError> {
    if model
        .tree_weights()
        .any(|weight| weight.to_bits() != 1f32.to_bits())
    {
        return Err(TrainerError::Unsupported("weighted trees"));
    }
    let trees = model
        .trees()
        .iter()
        .map(convert_tree)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Forest::new(
        model.n_features(),
        f64::from(model.base_score()),
        Aggregation::Sum,
        trees,
    )?)
}

fn convert_tree(tree: &RegTree) -> Result<Tree, TrainerError> {
    if tree.is_vector_leaf() || tree.linear_leaves().is_some() {
        return Err(TrainerError::Unsupported("leaves that are not numbers"));
    }
    let nodes = tree.nodes().iter().enumerate().map(|(index, node)| {
        let cover = f64::from(node.sum_hess);
        if node.is_leaf() {
            return Node::Leaf {
                value: f64::from(node.leaf_value),
                cover,
            };
        }
        let test = if node.is_categorical {
            Test::In(CategorySet::new(tree.split_categories(index)))
        } else {
            Test::AtMost(rounded_below(node.split_cond))
        };
        Node::Split {
            feature: node.split_feature,
            test,
            missing: Missing::Nan,
            default_left: node.default_left,
            left: node.left as u32,
            right: node.right as u32,
            cover,
        }
    });
    Ok(Tree::new(nodes.collect()))
}

#[cfg(test)]
mod tests {
    use hessboost::model::Iterations;
    use ndarray::Array2;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn parameters() -> BoostingParameters {
        BoostingParameters {
            rounds: 40,
            learning_rate: 0.2,
            max_depth: 4,
            min_child_weight: 2.0,
            subsample: 0.8,
            colsample: 0.7,
            lambda: 1.0,
            alpha: 0.0,
            max_bin: 64,
            default_weight: 1.0,
            monotone: Vec::new(),
        }
    }

    /// Eight columns, a tenth of the cells missing, three of them telling.
    fn sample(rows: usize) -> (Array2<f64>, Vec<bool>) {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let values = Array2::from_shape_fn((rows, 8), |(_, column)| {
            let value = random.random::<f64>() * 10f64.powi(column as i32 - 2);
            if random.random::<f64>() < 0.1 {
                f64::NAN
            } else {
                value
            }
        });
        let target = values
            .rows()
            .into_iter()
            .map(|row| {
                let score = row[1] * 20.0 - row[4] / 50.0 + if row[6].is_nan() { 1.0 } else { 0.0 };
                random.random::<f64>()
                    < crate::model::logistic(if score.is_nan() { -1.0 } else { score - 1.5 })
            })
            .collect();
        (values, target)
    }

    fn train(values: &Array2<f64>, target: &[bool], parameters: &BoostingParameters) -> Forest {
        let all: Vec<usize> = (0..target.len()).collect();
        let rows = Hessboost.prepare(values.view(), target).expect("rows");
        let growth = Growth {
            rows: &all,
            parameters,
            seed: 7,
            watched: &[],
            patience: 0,
        };
        let grown = rows.grow(&growth, &mut || {}).expect("trains");
        grown.forest.with_counted_cover(values.view(), &all)
    }

    #[test]
    fn the_converted_forest_gives_the_librarys_margins() {
        let (values, target) = sample(2000);
        let labels: Vec<f32> = target.iter().map(|&t| f32::from(u8::from(t))).collect();
        let matrix = DMatrix::from_dense_vec(values.iter().map(|&v| v as f32).collect(), 2000, 8)
            .and_then(|matrix| matrix.with_labels(&labels))
            .expect("matrix");
        let rows = HessboostRows {
            matrix: matrix.clone(),
        };
        let all: Vec<usize> = (0..2000).collect();
        let growth = Growth {
            rows: &all,
            parameters: &parameters(),
            seed: 7,
            watched: &[],
            patience: 0,
        };
        let (model, _) = rows.boost(&growth, &mut || {}).expect("trains");
        let theirs = model
            .predict_margin(&matrix, Iterations::Best)
            .expect("margins")
            .into_vec();
        let forest = convert(&model).expect("converts");
        assert!(forest.trees().iter().any(|tree| tree.nodes().len() > 10));
        for (row, theirs) in values.rows().into_iter().zip(theirs) {
            let ours = forest.margin(&row.to_vec());
            assert!(
                (ours - f64::from(theirs)).abs() < 1e-5,
                "{ours} is not {theirs}"
            );
        }
    }

    #[test]
    fn a_threshold_moved_to_f64_parts_the_same_values() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for threshold in [
            0.0f32,
            -0.0,
            1.0,
            -1.0,
            0.1,
            f32::MIN_POSITIVE,
            1e30,
            -3.7e-12,
        ] {
            let boundary = f64::midpoint(f64::from(threshold.next_down()), f64::from(threshold));
            let spread = boundary.abs().max(1e-40) * 1e-7;
            let near = (0..200).map(|_| boundary + (random.random::<f64>() - 0.5) * spread);
            let exact = [
                boundary,
                boundary.next_up(),
                boundary.next_down(),
                f64::from(threshold),
                0.0,
                -0.0,
            ];
            for value in near.chain(exact) {
                assert_eq!(
                    value <= rounded_below(threshold),
                    (value as f32) < threshold,
                    "{value} at {threshold}"
                );
            }
        }
    }

    #[test]
    fn growing_ends_when_every_watched_set_has_stopped_getting_better() {
        let (values, target) = sample(2000);
        let rows: Vec<Vec<usize>> = (0..4)
            .map(|quarter| (quarter * 500..(quarter + 1) * 500).collect())
            .collect();
        let parameters = BoostingParameters {
            rounds: 400,
            ..parameters()
        };
        let growth = Growth {
            rows: &[rows[0].as_slice(), &rows[1]].concat(),
            parameters: &parameters,
            seed: 7,
            watched: &[&rows[2], &rows[3]],
            patience: 12,
        };
        let prepared = Hessboost.prepare(values.view(), &target).expect("rows");
        let mut heard = 0;
        let grown = prepared.grow(&growth, &mut || heard += 1).expect("trains");
        let rounds = grown.forest.trees().len();
        assert!(rounds < 400 && heard == rounds);
        let since_best = |losses: &Vec<f64>| {
            assert_eq!(losses.len(), rounds);
            let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
            let best = losses.iter().position(|&loss| loss <= least);
            rounds - 1 - best.expect("a best round")
        };
        let waited: Vec<usize> = grown.losses.iter().map(since_best).collect();
        assert_eq!(waited.iter().min(), Some(&12), "{waited:?}");
        // The library's losses, from `f32`, are those of the converted forest.
        for (rows, losses) in growth.watched.iter().zip(&grown.losses) {
            let (pd, outcome): (Vec<f64>, Vec<bool>) = rows
                .iter()
                .map(|&row| {
                    let margin = grown.forest.margin(&values.row(row).to_vec());
                    (crate::model::logistic(margin), target[row])
                })
                .unzip();
            let ours = crate::evaluation::log_loss(&pd, &outcome);
            assert!((ours - losses[rounds - 1]).abs() < 1e-6, "{ours}");
        }
    }

    #[test]
    fn covers_are_counts_of_the_training_rows() {
        let (values, target) = sample(500);
        let forest = train(&values, &target, &parameters());
        for tree in forest.trees() {
            assert!((tree.nodes()[0].cover() - 500.0).abs() < 1e-9);
            for node in tree.nodes() {
                if let Node::Split {
                    left, right, cover, ..
                } = node
                {
                    let children = tree.nodes()[*left as usize].cover()
                        + tree.nodes()[*right as usize].cover();
                    assert!((children - cover).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn a_monotone_direction_holds_in_the_converted_forest() {
        let (values, target) = sample(1500);
        let mut parameters = parameters();
        parameters.monotone = vec![0, -1, 0, 0, 0, 0, 0, 0];
        let forest = train(&values, &target, &parameters);
        let mut row = values.row(3).to_vec();
        let margins: Vec<f64> = (0..100)
            .map(|step| {
                row[1] = f64::from(step) * 0.002;
                forest.margin(&row)
            })
            .collect();
        assert!(margins.is_sorted_by(|a, b| a >= b));
    }
}
