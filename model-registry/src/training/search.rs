//! Choosing the settings of boosting: early stopping for the number of rounds, and successive
//! halving over named ranges for the rest.
//!
//! Many settings are tried with a little boosting, and the better third again with three
//! times as much (Jamieson and Talwalkar, "Non-stochastic best arm identification and
//! hyperparameter optimization", 2016); the last ones are grown until their held-out log loss
//! has stopped falling. "A little" is a sum of learning rates, not a number of rounds:
//! otherwise a low learning rate would always lose. The halving runs for every outer fold at
//! once, each on the judgings that have not seen it ([`Folds::judgings`]), and once for the
//! final model on all of them; a forest that several need is grown once.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::description::evenly;
use super::folds::{Folds, Judging};
use super::work::Work;
use super::{Parameter, TrainingError, TrainingOptions, TrainingSet};
use crate::boosting::{BoostingParameters, Growth, PreparedRows};
use crate::evaluation::auc;
use crate::forest::Forest;
use crate::model::{logistic, with_slice};
use crate::package::{Search, SearchRange, Trial};

/// Sums of learning rates given before the last rung.
const RUNGS: [f64; 2] = [1.5, 4.5];
/// Of the settings of a rung one in so many goes on.
const HALVING: usize = 3;
/// Makes the search's random choices others than the folds'.
const SEED_OF_SEARCH: u64 = 0x7365_6172_6368;

/// How a drawn number becomes a setting.
#[derive(Clone, Copy)]
enum Grain {
    Free,
    Whole,
    /// To the nearest power of two.
    PowerOfTwo,
}

/// Name, least, greatest, whether logarithmic, grain.
const RANGES: [(&str, f64, f64, bool, Grain); 8] = [
    ("learning_rate", 0.02, 0.1, true, Grain::Free),
    ("max_depth", 3.0, 7.0, false, Grain::Whole),
    ("min_child_weight", 3.0, 150.0, true, Grain::Free),
    ("subsample", 0.5, 1.0, false, Grain::Free),
    ("colsample", 0.15, 0.8, false, Grain::Free),
    ("lambda", 0.3, 100.0, true, Grain::Free),
    ("alpha", 0.01, 10.0, true, Grain::Free),
    ("max_bin", 64.0, 256.0, true, Grain::PowerOfTwo),
];

/// Settings with the names they are recorded under.
pub(super) fn named(parameters: &BoostingParameters) -> Vec<(&'static str, String)> {
    vec![
        ("learning_rate", parameters.learning_rate.to_string()),
        ("max_depth", parameters.max_depth.to_string()),
        ("min_child_weight", parameters.min_child_weight.to_string()),
        ("subsample", parameters.subsample.to_string()),
        ("colsample", parameters.colsample.to_string()),
        ("lambda", parameters.lambda.to_string()),
        ("alpha", parameters.alpha.to_string()),
        ("max_bin", parameters.max_bin.to_string()),
    ]
}

/// Settings drawn from the ranges, to three digits, which a note can tell.
fn drawn(base: &BoostingParameters, random: &mut ChaCha8Rng) -> BoostingParameters {
    let values = RANGES.map(|(_, from, to, logarithmic, grain)| {
        let share = random.random::<f64>();
        let value = if logarithmic {
            (from.ln() + (to.ln() - from.ln()) * share).exp()
        } else {
            from + (to - from) * share
        };
        let value = match grain {
            Grain::Free => {
                let digits = 10f64.powi(2 - value.log10().floor() as i32);
                (value * digits).round() / digits
            }
            Grain::Whole => value.round(),
            Grain::PowerOfTwo => value.log2().round().exp2(),
        };
        value.clamp(from, to)
    });
    let [
        learning_rate,
        max_depth,
        min_child_weight,
        subsample,
        colsample,
        lambda,
        alpha,
        max_bin,
    ] = values;
    BoostingParameters {
        learning_rate,
        max_depth: max_depth as usize,
        min_child_weight,
        subsample,
        colsample,
        lambda,
        alpha,
        max_bin: max_bin as usize,
        ..base.clone()
    }
}

/// What the forest of one setting, grown without one pair of folds, reached on both of them.
#[derive(Debug, Clone)]
struct Reached {
    /// Rounds up to the least log loss of either fold, and some more.
    rounds: usize,
    /// Log loss after each round on the pair's folds.
    losses: [Vec<f64>; 2],
    /// AUC on the pair's folds after the round of the least log loss there.
    auc: [f64; 2],
    /// Rows it was grown on.
    rows: usize,
    /// Whether it was grown until nothing got better any more.
    stopped: bool,
}

impl Reached {
    /// Rounds up to the least log loss on one side.
    fn best(&self, side: usize) -> usize {
        let losses = &self.losses[side];
        (0..losses.len())
            .min_by(|&a, &b| losses[a].total_cmp(&losses[b]))
            .map_or(0, |round| round + 1)
    }
}

/// Rounds that a rung gives a setting: its share of the sum of learning rates, or all.
fn rounds_of(effort: Option<f64>, parameters: &BoostingParameters) -> usize {
    effort.map_or(parameters.rounds, |effort| {
        let rounds = (effort / parameters.learning_rate).ceil() as usize;
        rounds.clamp(1, parameters.rounds)
    })
}

/// Grows forests without pairs of folds and keeps what they reached.
pub(super) struct Tuner<'a, 's> {
    set: &'a TrainingSet<'s>,
    options: &'a TrainingOptions,
    folds: &'a Folds,
    prepared: &'a dyn PreparedRows,
    /// The defaults first, then those drawn.
    trials: Vec<BoostingParameters>,
    /// By trial and pair.
    reached: Vec<Vec<Option<Reached>>>,
}

/// Settings for each outer fold and, last, for the final model.
pub(super) type Plan = Vec<BoostingParameters>;

impl<'a, 's> Tuner<'a, 's> {
    pub fn new(
        set: &'a TrainingSet<'s>,
        options: &'a TrainingOptions,
        folds: &'a Folds,
        prepared: &'a dyn PreparedRows,
    ) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(options.seed ^ SEED_OF_SEARCH);
        let mut trials = vec![options.boosting.clone()];
        trials.extend((0..options.trials).map(|_| drawn(&options.boosting, &mut random)));
        let reached = vec![vec![None; folds.count()]; trials.len()];
        Self {
            set,
            options,
            folds,
            prepared,
            trials,
            reached,
        }
    }

    /// Work of [`Tuner::defaults`] in boosting rounds on all rows.
    pub fn work_of_defaults(options: &TrainingOptions) -> f64 {
        options.boosting.rounds as f64 * (options.folds - 2) as f64
    }

    /// Likewise of [`Tuner::search`]: about as measured, since how far the outer folds differ
    /// in what they keep is not known before.
    pub fn work_of_search(options: &TrainingOptions) -> f64 {
        let pairs = (options.folds - 2) as f64;
        let rungs: f64 = RUNGS
            .iter()
            .enumerate()
            .map(|(rung, effort)| {
                let trials = (options.trials + 1) as f64 / HALVING.pow(rung as u32) as f64;
                effort / options.boosting.learning_rate * trials * 1.3
            })
            .sum();
        (rungs + 3.0 * options.boosting.rounds as f64) * pairs
    }

    /// The defaults with the rounds that early stopping gives.
    pub fn defaults(&mut self, work: &mut Work<'_>) -> Result<Plan, TrainingError> {
        let outers = self.outers();
        outers
            .into_iter()
            .map(|outer| self.stopped(0, outer, work))
            .collect()
    }

    /// The best settings of the search with the rounds that early stopping gives.
    pub fn search(&mut self, work: &mut Work<'_>) -> Result<(Plan, Search), TrainingError> {
        let outers = self.outers();
        let mut kept: Vec<Vec<usize>> = vec![(0..self.trials.len()).collect(); outers.len()];
        for effort in RUNGS.map(Some).into_iter().chain([None]) {
            for trial in 0..self.trials.len() {
                for pair in 0..self.folds.count() {
                    let needed = outers.iter().zip(&kept).any(|(outer, kept)| {
                        kept.contains(&trial)
                            && self
                                .folds
                                .judgings(*outer)
                                .iter()
                                .any(|judging| judging.pair == pair)
                    });
                    if needed {
                        self.reach(trial, pair, effort, self.options.search_rows, work)?;
                    }
                }
            }
            let next = match effort {
                Some(_) => self.trials.len().min(kept[0].len().div_ceil(HALVING)),
                None => 1,
            };
            for (outer, kept) in outers.iter().zip(&mut kept) {
                let loss = |trial: &usize| self.loss(*trial, *outer, effort);
                kept.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
                kept.truncate(next);
            }
        }
        let search = self.record(kept[outers.len() - 1][0]);
        let plan = outers
            .into_iter()
            .zip(kept)
            .map(|(outer, kept)| self.stopped(kept[0], outer, work))
            .collect::<Result<Plan, TrainingError>>()?;
        Ok((plan, search))
    }

    fn outers(&self) -> Vec<Option<usize>> {
        (0..self.folds.count()).map(Some).chain([None]).collect()
    }

    /// A trial's settings with the rounds of least log loss over the judgings of an outer fold.
    fn stopped(
        &mut self,
        trial: usize,
        outer: Option<usize>,
        work: &mut Work<'_>,
    ) -> Result<BoostingParameters, TrainingError> {
        for judging in self.folds.judgings(outer) {
            self.reach(trial, judging.pair, None, usize::MAX, work)?;
        }
        let reached: Vec<(&Reached, Judging)> = self.judged(trial, outer).collect();
        // As far as every judging is sure to have been grown, whatever the held-out fold, which
        // growing waited for as well, says.
        let sure = reached
            .iter()
            .map(|(reached, judging)| {
                let waited = reached.best(judging.side) + self.options.patience;
                waited.min(reached.losses[judging.side].len())
            })
            .min()
            .unwrap_or(0);
        let loss = |round: usize| -> f64 {
            reached
                .iter()
                .map(|(reached, judging)| reached.losses[judging.side][round])
                .sum()
        };
        let best = (0..sure).min_by(|&a, &b| loss(a).total_cmp(&loss(b)));
        Ok(BoostingParameters {
            rounds: best.map_or(1, |round| round + 1),
            ..self.trials[trial].clone()
        })
    }

    fn judged(
        &self,
        trial: usize,
        outer: Option<usize>,
    ) -> impl Iterator<Item = (&Reached, Judging)> {
        self.folds
            .judgings(outer)
            .into_iter()
            .filter_map(move |judging| {
                let reached = self.reached[trial][judging.pair].as_ref()?;
                Some((reached, judging))
            })
    }

    /// Least log loss on the judgings of an outer fold with a rung's effort, on average.
    fn loss(&self, trial: usize, outer: Option<usize>, effort: Option<f64>) -> f64 {
        let rounds = rounds_of(effort, &self.trials[trial]);
        let losses: Vec<f64> = self
            .judged(trial, outer)
            .map(|(reached, judging)| {
                reached.losses[judging.side]
                    .iter()
                    .take(rounds)
                    .copied()
                    .fold(f64::INFINITY, f64::min)
            })
            .collect();
        losses.iter().sum::<f64>() / losses.len() as f64
    }

    /// Grows a trial without a pair of folds, unless it is known: for a rung's effort, or until
    /// nothing gets better any more, on at most `most` of the rows.
    fn reach(
        &mut self,
        trial: usize,
        pair: usize,
        effort: Option<f64>,
        most: usize,
        work: &mut Work<'_>,
    ) -> Result<(), TrainingError> {
        let thin = |rows: Vec<usize>| -> Vec<usize> {
            let most = most.min(rows.len());
            evenly(rows.len(), most)
                .into_iter()
                .map(|at| rows[at])
                .collect()
        };
        let grown_on = thin(self.folds.without_pair(pair));
        if let Some(known) = &self.reached[trial][pair]
            && known.stopped
            && known.rows == grown_on.len()
        {
            return Ok(());
        }
        let watched = self
            .folds
            .pair(pair)
            .map(|fold| thin(self.folds.held_out(fold)));
        let parameters = BoostingParameters {
            rounds: rounds_of(effort, &self.trials[trial]),
            ..self.trials[trial].clone()
        };
        let unit = grown_on.len() as f64 / self.set.target.len() as f64;
        let growth = Growth {
            rows: &grown_on,
            parameters: &parameters,
            seed: self.options.seed,
            watched: &[&watched[0], &watched[1]],
            patience: self.options.patience,
        };
        let grown = self.prepared.grow(&growth, &mut || work.advance(unit))?;
        let rounds = grown.forest.trees().len();
        // What stopped early was planned in full.
        work.advance((parameters.rounds - rounds) as f64 * unit);
        let mut losses = grown.losses.into_iter();
        let mut reached = Reached {
            rounds,
            losses: std::array::from_fn(|_| losses.next().unwrap_or_default()),
            auc: [f64::NAN; 2],
            rows: grown_on.len(),
            stopped: effort.is_none(),
        };
        for (side, rows) in watched.iter().enumerate() {
            reached.auc[side] = self.auc(&grown.forest, reached.best(side), rows);
        }
        self.reached[trial][pair] = Some(reached);
        Ok(())
    }

    fn auc(&self, forest: &Forest, rounds: usize, rows: &[usize]) -> f64 {
        let pd: Vec<f64> = rows
            .par_iter()
            .map(|&row| {
                with_slice(self.set.values.row(row), |row| {
                    logistic(forest.base_margin() + forest.partial_sum(row, 0..rounds))
                })
            })
            .collect();
        let target: Vec<bool> = rows.iter().map(|&row| self.set.target[row]).collect();
        auc(&pd, &target).unwrap_or(0.5)
    }

    /// What every trial reached at last, over all pairs it was grown without.
    fn record(&self, chosen: usize) -> Search {
        let trials = (0..self.trials.len())
            .map(|trial| {
                let judged: Vec<(&Reached, Judging)> = self.judged(trial, None).collect();
                let aucs = judged.iter().map(|(reached, at)| reached.auc[at.side]);
                Trial {
                    parameters: named(&self.trials[trial])
                        .into_iter()
                        .map(|(name, value)| Parameter {
                            name: name.to_owned(),
                            value,
                        })
                        .collect(),
                    rounds: judged.iter().map(|(one, _)| one.rounds).max().unwrap_or(0),
                    auc: aucs.sum::<f64>() / judged.len() as f64,
                    log_loss: self.loss(trial, None, None),
                    chosen: trial == chosen,
                }
            })
            .collect();
        Search {
            ranges: RANGES
                .iter()
                .map(|&(name, from, to, logarithmic, _)| SearchRange {
                    name: name.to_owned(),
                    from,
                    to,
                    logarithmic,
                })
                .collect(),
            trials,
        }
    }
}
