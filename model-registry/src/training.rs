//! Comparing candidates and training the chosen one.
//!
//! Every candidate predicts each row by a model that has not seen it (stratified k-fold
//! cross-validation), the measures and the threshold come from those out-of-fold
//! predictions, and the best candidate is then trained on all rows. Nothing depends on the
//! number of threads: random choices come from the seed, and sums are taken in row order.

pub mod imported;

use std::num::NonZeroUsize;
use std::time::Instant;

use ndarray::{ArrayView2, Axis};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::boosting::{BoostingParameters, Hessboost, PreparedRows, Trainer, TrainerError};
use crate::calibration::Calibration;
use crate::evaluation::{Costs, Evaluation, EvaluationError, log_loss};
use crate::forest::{Aggregation, Forest};
use crate::model::{Constant, Model, log_odds, logistic, with_slice};
use crate::package::{
    Candidate, FORMAT, Importance, Manifest, Origin, Package, PackageFeature, QUANTILES, Reference,
    SourceTable, TrainingRecord,
};
use crate::scorecard::{Scorecard, ScorecardError, ScorecardParameters};

/// A column of the training rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Name in the portfolio's dictionary.
    pub name: String,
    /// Of a category: its levels; values are indices into them.
    pub levels: Option<Vec<String>>,
    /// Direction the PD takes with the feature where the dictionary says one: -1, 0 or 1.
    pub monotone: i8,
}

/// Rows to learn from.
#[derive(Debug, Clone, Copy)]
pub struct TrainingSet<'a> {
    /// Client of each row.
    pub ids: &'a [i64],
    /// The columns.
    pub features: &'a [Feature],
    /// Rows x features; NaN is missing; categories as level indices.
    pub values: ArrayView2<'a, f64>,
    /// Whether the client of the row defaulted.
    pub target: &'a [bool],
}

/// What a training may be told.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingOptions {
    /// Seed of every random choice.
    pub seed: u64,
    /// Folds of the cross-validation.
    pub folds: usize,
    /// Cost of granting a client who defaults.
    pub fn_cost: f64,
    /// Cost of refusing a good client.
    pub fp_cost: f64,
    /// What to compare, in order.
    pub candidates: Vec<CandidateKind>,
    /// Settings of boosting; the most rounds are the effort: time grows with them.
    pub boosting: BoostingParameters,
    /// Boosted forests averaged into one, each with its own seed: steadier, and as many times slower.
    pub bags: usize,
    /// Settings of the scorecard.
    pub scorecard: ScorecardParameters,
    /// Threads; all cores when `None`. The result is the same.
    pub threads: Option<NonZeroUsize>,
}

/// A kind of model to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    /// The default rate for everyone.
    Dummy,
    /// Weight-of-evidence logistic scorecard.
    Scorecard,
    /// Gradient boosting.
    Boosting,
    /// Gradient boosting with defaults weighing as much in total as good clients.
    BoostingWeighted,
    /// Gradient boosting that follows the dictionary's directions.
    BoostingMonotone,
}

impl CandidateKind {
    /// Its name in comparisons.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::Scorecard => "scorecard",
            Self::Boosting => "boosting",
            Self::BoostingWeighted => "boosting_weighted",
            Self::BoostingMonotone => "boosting_monotone",
        }
    }
}

/// One setting, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How far a training is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Of all work, 0 to 1.
    pub fraction: f64,
    /// What is being done, in English.
    pub text: String,
}

/// Listens to a training.
pub type ProgressListener<'a> = dyn FnMut(Progress) + Send + 'a;

/// What came out of a training.
#[derive(Debug, Clone)]
pub struct TrainedModel {
    /// The chosen candidate trained on all rows.
    pub model: Model,
    /// Which candidate that is.
    pub algorithm: String,
    /// Of its out-of-fold predictions.
    pub evaluation: Evaluation,
    /// All candidates, in the order compared.
    pub candidates: Vec<Candidate>,
    /// Seconds each candidate took, in the same order; not part of a package.
    pub seconds: Vec<f64>,
    /// The chosen candidate's out-of-fold PD of each row.
    pub out_of_fold: Vec<f64>,
    /// The fold each row was in.
    pub folds: Vec<usize>,
    /// The columns with their distributions.
    pub features: Vec<PackageFeature>,
    /// Features by mean absolute contribution, largest first.
    pub importance: Vec<Importance>,
    /// Evenly spaced training rows, kept with the package.
    pub sample: Vec<Vec<Option<f64>>>,
    /// Settings of the chosen candidate.
    pub parameters: Vec<Parameter>,
    /// SHA-256 over ids, values and outcomes.
    pub data_fingerprint: String,
    /// The options it was trained with.
    pub options: TrainingOptions,
}

/// What a package says besides what training knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Name of the portfolio.
    pub portfolio: String,
    /// Version of the code.
    pub code_version: String,
    /// SHA-256 of the SQL that computes the features.
    pub features_sql_digest: String,
    /// The files read.
    pub tables: Vec<SourceTable>,
    /// Tables of the portfolio that were not there.
    pub absent_tables: Vec<String>,
}

/// Why nothing could be trained.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// Nothing to learn from.
    #[error("there are no rows to train on")]
    NoRows,
    /// Nothing to learn with.
    #[error("there are no features to train with")]
    NoFeatures,
    /// Parts of the training set differ in size.
    #[error("{what}: {found}, expected {expected}")]
    Shape {
        what: &'static str,
        found: usize,
        expected: usize,
    },
    /// Two columns of one name.
    #[error("the feature {0} is there twice")]
    RepeatedFeature(String),
    /// All clients defaulted or none did.
    #[error("{defaults} of {rows} clients defaulted: both outcomes are needed")]
    SingleClass { rows: usize, defaults: usize },
    /// A fold would be without a default, or without a good client.
    #[error("{defaults} defaults and {good} good clients are too few for {folds} folds")]
    TooFewForFolds {
        defaults: usize,
        good: usize,
        folds: usize,
    },
    /// A cross-validation needs two folds.
    #[error("{0} folds are too few: at least 2")]
    Folds(usize),
    /// Nothing to compare.
    #[error("no candidate to compare")]
    NoCandidates,
    /// Only a missing value (NaN) may be other than finite.
    #[error("client {id}: {feature} is infinite")]
    Infinite { id: i64, feature: String },
    /// A category's value is the index of a level.
    #[error("client {id}: {feature} is {value}, not one of its {levels} levels")]
    Level {
        id: i64,
        feature: String,
        value: f64,
        levels: usize,
    },
    /// A setting that makes no sense.
    #[error("{0}")]
    Option(&'static str),
    /// The boosting library failed.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
    /// The scorecard failed.
    #[error(transparent)]
    Scorecard(#[from] ScorecardError),
    /// The predictions could not be evaluated.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The threads could not be started.
    #[error("the threads could not be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Default for TrainingOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            folds: 5,
            fn_cost: 10.0,
            fp_cost: 1.0,
            candidates: vec![
                CandidateKind::Dummy,
                CandidateKind::Scorecard,
                CandidateKind::Boosting,
                CandidateKind::BoostingWeighted,
            ],
            boosting: BoostingParameters::default(),
            bags: 1,
            scorecard: ScorecardParameters::default(),
            threads: None,
        }
    }
}

impl TrainingOptions {
    /// Less effort: half the rounds at twice the learning rate.
    #[must_use]
    pub fn quick() -> Self {
        let mut options = Self::default();
        options.boosting.rounds /= 2;
        options.boosting.learning_rate *= 2.0;
        options
    }
}

/// Compares the candidates, trains the best on all rows and describes it.
pub fn train(
    set: &TrainingSet<'_>,
    options: &TrainingOptions,
    progress: &mut ProgressListener<'_>,
) -> Result<TrainedModel, TrainingError> {
    validate(set, options)?;
    match options.threads {
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads.get())
                .build()?;
            pool.install(|| Comparison::new(set, options, progress)?.run())
        }
        None => Comparison::new(set, options, progress)?.run(),
    }
}

fn validate(set: &TrainingSet<'_>, options: &TrainingOptions) -> Result<(), TrainingError> {
    let (rows, columns) = set.values.dim();
    if rows == 0 {
        return Err(TrainingError::NoRows);
    }
    if columns == 0 {
        return Err(TrainingError::NoFeatures);
    }
    for (what, found, expected) in [
        ("ids", set.ids.len(), rows),
        ("outcomes", set.target.len(), rows),
        ("features", set.features.len(), columns),
    ] {
        if found != expected {
            return Err(TrainingError::Shape {
                what,
                found,
                expected,
            });
        }
    }
    let mut names: Vec<&str> = set
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(TrainingError::RepeatedFeature(pair[0].to_owned()));
    }
    validate_options(options)?;
    let defaults = set.target.iter().filter(|&&default| default).count();
    let (good, folds) = (rows - defaults, options.folds);
    if defaults == 0 || good == 0 {
        return Err(TrainingError::SingleClass { rows, defaults });
    }
    if defaults < folds || good < folds {
        return Err(TrainingError::TooFewForFolds {
            defaults,
            good,
            folds,
        });
    }
    validate_values(set)
}

fn validate_options(options: &TrainingOptions) -> Result<(), TrainingError> {
    if options.folds < 2 {
        return Err(TrainingError::Folds(options.folds));
    }
    if options.candidates.is_empty() {
        return Err(TrainingError::NoCandidates);
    }
    if options.bags == 0 || options.boosting.rounds == 0 {
        return Err(TrainingError::Option(
            "boosting needs at least one round and one bag",
        ));
    }
    Ok(())
}

fn validate_values(set: &TrainingSet<'_>) -> Result<(), TrainingError> {
    for (row, &id) in set.values.rows().into_iter().zip(set.ids) {
        for (&value, feature) in row.iter().zip(set.features) {
            if value.is_infinite() {
                return Err(TrainingError::Infinite {
                    id,
                    feature: feature.name.clone(),
                });
            }
            if let Some(levels) = &feature.levels {
                let levels = levels.len();
                let known = value.is_nan()
                    || (value >= 0.0 && value.fract() == 0.0 && (value as usize) < levels);
                if !known {
                    return Err(TrainingError::Level {
                        id,
                        feature: feature.name.clone(),
                        value,
                        levels,
                    });
                }
            }
        }
    }
    Ok(())
}

/// A candidate after its cross-validation.
struct Compared {
    kind: CandidateKind,
    candidate: Candidate,
    evaluation: Evaluation,
    out_of_fold: Vec<f64>,
    /// Of boosting: the rounds chosen.
    rounds: usize,
    seconds: f64,
}

/// One running comparison: what all candidates share.
struct Comparison<'a, 's, 'p> {
    set: &'a TrainingSet<'s>,
    options: &'a TrainingOptions,
    folds: Vec<usize>,
    boosting_rows: Option<Box<dyn PreparedRows + 'a>>,
    /// Rounds that won for plain boosting; its variants take them over.
    rounds: Option<usize>,
    work: Work<'p>,
}

/// Reports work done as a share of all there is, in units of one boosting round.
struct Work<'p> {
    listener: &'p mut ProgressListener<'p>,
    done: f64,
    total: f64,
    text: String,
}

impl Work<'_> {
    fn start(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.report();
    }

    fn advance(&mut self, units: f64) {
        let before = (self.done / self.total * 200.0) as u32;
        self.done += units;
        // A listener may draw or write: half a percent is often enough.
        if (self.done / self.total * 200.0) as u32 != before {
            self.report();
        }
    }

    fn report(&mut self) {
        let fraction = (self.done / self.total).min(1.0);
        (self.listener)(Progress {
            fraction,
            text: self.text.clone(),
        });
    }
}

/// Work of one scorecard fit, in boosting rounds (measured: 34,050 rows x 150 features).
const SCORECARD_WORK: f64 = 15.0;
/// Trees between two looks at the held-out rows when the number of rounds is chosen.
const STAGE: usize = 10;
/// Rows at most whose contributions make the importance.
const IMPORTANCE_ROWS: usize = 2000;
/// Rows at most that a package keeps as its reference sample.
const SAMPLE_ROWS: usize = 1000;

impl<'a, 's, 'p> Comparison<'a, 's, 'p> {
    fn new(
        set: &'a TrainingSet<'s>,
        options: &'a TrainingOptions,
        listener: &'p mut ProgressListener<'p>,
    ) -> Result<Self, TrainingError> {
        let boosts =
            |kind: &CandidateKind| !matches!(kind, CandidateKind::Dummy | CandidateKind::Scorecard);
        let boosting_rows = if options.candidates.iter().any(boosts) {
            Some(Hessboost.prepare(set.values.view(), set.target)?)
        } else {
            None
        };
        let forest_work = (options.boosting.rounds * options.bags) as f64;
        let work = |kind: &CandidateKind| match kind {
            CandidateKind::Dummy => 1.0,
            CandidateKind::Scorecard => SCORECARD_WORK,
            _ => forest_work,
        };
        // Each candidate once per fold; the last one again on all rows, with some to spare.
        let total = options.candidates.iter().map(work).sum::<f64>() * options.folds as f64
            + options.candidates.iter().map(work).fold(0.0, f64::max) * 1.3;
        Ok(Self {
            set,
            options,
            folds: stratified_folds(set.target, options.folds, options.seed),
            boosting_rows,
            rounds: None,
            work: Work {
                listener,
                done: 0.0,
                total,
                text: String::new(),
            },
        })
    }

    fn run(mut self) -> Result<TrainedModel, TrainingError> {
        let mut compared = Vec::new();
        for &kind in &self.options.candidates {
            compared.push(self.compare(kind)?);
        }
        // Weights move the predictions away from probabilities: shown, chosen only when alone.
        let eligible = |one: &&Compared| one.kind != CandidateKind::BoostingWeighted;
        let chosen = best(compared.iter().filter(eligible)).or_else(|| best(compared.iter()));
        let chosen = chosen.ok_or(TrainingError::NoCandidates)?;
        self.work
            .start(&format!("training {} on all rows", chosen.candidate.name));
        let all: Vec<usize> = (0..self.set.target.len()).collect();
        let model = self.fit(chosen.kind, &all, chosen.rounds)?;
        self.work.done = self.work.total;
        self.work.start("done");
        let parameters = self.parameters(chosen.kind, chosen.rounds);
        Ok(TrainedModel {
            importance: importance(&model, self.set),
            model,
            algorithm: chosen.candidate.name.clone(),
            evaluation: chosen.evaluation.clone(),
            out_of_fold: chosen.out_of_fold.clone(),
            seconds: compared.iter().map(|one| one.seconds).collect(),
            folds: self.folds,
            features: references(self.set),
            sample: sample(self.set),
            parameters,
            data_fingerprint: data_fingerprint(self.set),
            options: self.options.clone(),
            candidates: compared.into_iter().map(|one| one.candidate).collect(),
        })
    }

    fn compare(&mut self, kind: CandidateKind) -> Result<Compared, TrainingError> {
        let start = Instant::now();
        self.work
            .start(&format!("cross-validating {}", kind.as_str()));
        let (out_of_fold, rounds) = match kind {
            CandidateKind::Dummy | CandidateKind::Scorecard => (self.cross_validate(kind)?, 0),
            _ => self.cross_validate_boosting(kind)?,
        };
        let costs = Costs {
            fn_cost: self.options.fn_cost,
            fp_cost: self.options.fp_cost,
        };
        let evaluation = Evaluation::new(&out_of_fold, self.set.target, costs)?;
        let candidate = self.describe(kind, &evaluation, &out_of_fold);
        Ok(Compared {
            kind,
            candidate,
            evaluation,
            out_of_fold,
            rounds,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// Rows of a fold, or of all the others.
    fn rows(&self, fold: usize, held_out: bool) -> Vec<usize> {
        (0..self.folds.len())
            .filter(|&row| (self.folds[row] == fold) == held_out)
            .collect()
    }

    fn cross_validate(&mut self, kind: CandidateKind) -> Result<Vec<f64>, TrainingError> {
        let mut out_of_fold = vec![0.0; self.folds.len()];
        for fold in 0..self.options.folds {
            let model = self.fit(kind, &self.rows(fold, false), 0)?;
            for row in self.rows(fold, true) {
                let margin = with_slice(self.set.values.row(row), |row| model.margin(row));
                out_of_fold[row] = logistic(margin);
            }
        }
        Ok(out_of_fold)
    }

    /// Out-of-fold predictions of boosting and its number of rounds: the one, common to all
    /// folds, of least log loss on held-out rows.
    fn cross_validate_boosting(
        &mut self,
        kind: CandidateKind,
    ) -> Result<(Vec<f64>, usize), TrainingError> {
        let known = self.rounds;
        let most = known.unwrap_or(self.options.boosting.rounds);
        let mut forests = Vec::new();
        let mut loss = vec![0.0; most.div_ceil(STAGE)];
        for fold in 0..self.options.folds {
            let forest = self.grow(kind, &self.rows(fold, false), most)?;
            if known.is_none() {
                self.add_stage_loss(&forest, &self.rows(fold, true), &mut loss);
            }
            forests.push(forest);
        }
        let rounds = known.unwrap_or_else(|| {
            let least = (0..loss.len())
                .min_by(|&a, &b| loss[a].total_cmp(&loss[b]))
                .unwrap_or(0);
            ((least + 1) * STAGE).min(most)
        });
        self.rounds = Some(rounds);
        let mut out_of_fold = vec![0.0; self.folds.len()];
        for (fold, grown) in forests.into_iter().enumerate() {
            for row in self.rows(fold, true) {
                let margin = with_slice(self.set.values.row(row), |row| {
                    grown.margin_after(row, rounds)
                });
                out_of_fold[row] = logistic(margin);
            }
        }
        Ok((out_of_fold, rounds))
    }

    /// Adds the log loss of held-out rows after each stage, summed in row order.
    fn add_stage_loss(&self, grown: &Grown, rows: &[usize], loss: &mut [f64]) {
        let stages: Vec<Vec<f64>> = rows
            .par_iter()
            .map(|&row| {
                with_slice(self.set.values.row(row), |values| {
                    grown.staged_pd(values, loss.len())
                })
            })
            .collect();
        let target: Vec<bool> = rows.iter().map(|&row| self.set.target[row]).collect();
        for (stage, loss) in loss.iter_mut().enumerate() {
            let pd: Vec<f64> = stages.iter().map(|stages| stages[stage]).collect();
            *loss += log_loss(&pd, &target) * rows.len() as f64;
        }
    }

    /// Trains one kind on some rows.
    fn fit(
        &mut self,
        kind: CandidateKind,
        rows: &[usize],
        rounds: usize,
    ) -> Result<Model, TrainingError> {
        let features = self.set.features.len();
        match kind {
            CandidateKind::Dummy => {
                let defaults = rows.iter().filter(|&&row| self.set.target[row]).count();
                self.work.advance(1.0);
                let margin = log_odds(defaults as f64 / rows.len() as f64);
                Ok(Model::Constant(Constant { features, margin }))
            }
            CandidateKind::Scorecard => {
                let levels: Vec<Option<usize>> = self
                    .set
                    .features
                    .iter()
                    .map(|feature| feature.levels.as_ref().map(Vec::len))
                    .collect();
                let monotone: Vec<i8> = self
                    .set
                    .features
                    .iter()
                    .map(|feature| feature.monotone)
                    .collect();
                let parameters = &self.options.scorecard;
                let scorecard = Scorecard::fit(
                    self.set.values,
                    self.set.target,
                    rows,
                    &levels,
                    &monotone,
                    parameters,
                )?;
                self.work.advance(SCORECARD_WORK);
                Ok(Model::Scorecard(scorecard))
            }
            _ => Ok(Model::Forest(self.grow(kind, rows, rounds)?.into_forest()?)),
        }
    }

    fn grow(
        &mut self,
        kind: CandidateKind,
        rows: &[usize],
        rounds: usize,
    ) -> Result<Grown, TrainingError> {
        let Some(prepared) = &self.boosting_rows else {
            return Err(TrainingError::NoCandidates);
        };
        let mut parameters = self.boosting_parameters(kind);
        // What cross-validation stops early was counted in full.
        self.work.done += (parameters.rounds - rounds) as f64 * self.options.bags as f64;
        parameters.rounds = rounds;
        let work = &mut self.work;
        let bags = (0..self.options.bags as u64)
            .map(|bag| {
                let seed = self.options.seed.wrapping_add(bag.wrapping_mul(1_000_003));
                prepared.train(rows, &parameters, seed, &mut || work.advance(1.0))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Grown { bags })
    }

    fn boosting_parameters(&self, kind: CandidateKind) -> BoostingParameters {
        let mut parameters = self.options.boosting.clone();
        if kind == CandidateKind::BoostingWeighted {
            parameters.default_weight = self.default_weight();
        }
        if kind == CandidateKind::BoostingMonotone {
            parameters.monotone = self
                .set
                .features
                .iter()
                .map(|feature| feature.monotone)
                .collect();
        }
        parameters
    }

    /// Good clients per default.
    fn default_weight(&self) -> f64 {
        let defaults = self.set.target.iter().filter(|&&default| default).count() as f64;
        self.set.target.len() as f64 / defaults - 1.0
    }

    fn describe(
        &self,
        kind: CandidateKind,
        evaluation: &Evaluation,
        out_of_fold: &[f64],
    ) -> Candidate {
        let auc_folds: Vec<f64> = (0..self.options.folds)
            .filter_map(|fold| {
                let rows = self.rows(fold, true);
                let pd: Vec<f64> = rows.iter().map(|&row| out_of_fold[row]).collect();
                let target: Vec<bool> = rows.iter().map(|&row| self.set.target[row]).collect();
                crate::evaluation::auc(&pd, &target)
            })
            .collect();
        let folds = auc_folds.len() as f64;
        let auc_mean = auc_folds.iter().sum::<f64>() / folds;
        let squares: f64 = auc_folds.iter().map(|auc| (auc - auc_mean).powi(2)).sum();
        let (form, description) = description(kind);
        let imbalance = match kind {
            CandidateKind::BoostingWeighted => {
                format!(
                    "each default weighs {:.1} good clients",
                    self.default_weight()
                )
            }
            _ => "no weights: the threshold takes the costs into account".to_owned(),
        };
        Candidate {
            name: kind.as_str().to_owned(),
            kind: form.to_owned(),
            description: description.to_owned(),
            auc_mean,
            auc_std: (squares / (folds - 1.0)).sqrt(),
            auc_folds,
            auc: evaluation.auc,
            average_precision: evaluation.average_precision,
            brier: evaluation.brier,
            log_loss: evaluation.log_loss,
            cost_per_client: evaluation.cost_per_client,
            threshold: evaluation.threshold,
            ks: Some(evaluation.ks),
            expected_calibration_error: Some(evaluation.expected_calibration_error),
            auc_interval: evaluation.intervals.map(|intervals| intervals.auc),
            cost_interval: evaluation
                .intervals
                .map(|intervals| intervals.cost_per_client),
            imbalance,
        }
    }

    fn parameters(&self, kind: CandidateKind, rounds: usize) -> Vec<Parameter> {
        let settings: Vec<(&str, String)> = match kind {
            CandidateKind::Dummy => Vec::new(),
            CandidateKind::Scorecard => {
                let scorecard = &self.options.scorecard;
                vec![
                    ("max_bins", scorecard.max_bins.to_string()),
                    ("min_bin_share", scorecard.min_bin_share.to_string()),
                    ("smoothing", scorecard.smoothing.to_string()),
                    (
                        "min_information_value",
                        scorecard.min_information_value.to_string(),
                    ),
                    ("max_features", scorecard.max_features.to_string()),
                    ("max_correlation", scorecard.max_correlation.to_string()),
                    ("l2_penalty", scorecard.alpha.to_string()),
                ]
            }
            _ => {
                let boosting = self.boosting_parameters(kind);
                vec![
                    ("trainer", Hessboost.name().to_owned()),
                    ("rounds", rounds.to_string()),
                    ("bags", self.options.bags.to_string()),
                    ("learning_rate", boosting.learning_rate.to_string()),
                    ("max_depth", boosting.max_depth.to_string()),
                    ("min_child_weight", boosting.min_child_weight.to_string()),
                    ("subsample", boosting.subsample.to_string()),
                    ("colsample", boosting.colsample.to_string()),
                    ("lambda", boosting.lambda.to_string()),
                    ("alpha", boosting.alpha.to_string()),
                    ("max_bin", boosting.max_bin.to_string()),
                    ("default_weight", boosting.default_weight.to_string()),
                    (
                        "monotone_features",
                        boosting
                            .monotone
                            .iter()
                            .filter(|&&sign| sign != 0)
                            .count()
                            .to_string(),
                    ),
                ]
            }
        };
        settings
            .into_iter()
            .map(|(name, value)| Parameter {
                name: name.to_owned(),
                value,
            })
            .collect()
    }
}

fn description(kind: CandidateKind) -> (&'static str, &'static str) {
    match kind {
        CandidateKind::Dummy => (
            "dummy",
            "The default rate of the training rows for every client.",
        ),
        CandidateKind::Scorecard => (
            "scorecard",
            "Logistic regression on the weight of evidence of monotone bins.",
        ),
        CandidateKind::Boosting => ("boosting", "Gradient boosted trees on all features."),
        CandidateKind::BoostingWeighted => (
            "boosting",
            "Gradient boosted trees with defaults weighing as much in total as good clients.",
        ),
        CandidateKind::BoostingMonotone => (
            "boosting",
            "Gradient boosted trees that follow the dictionary's directions of risk.",
        ),
    }
}

/// The highest AUC; of equals the one of lower cost, then the earlier.
fn best<'c>(compared: impl Iterator<Item = &'c Compared>) -> Option<&'c Compared> {
    compared.reduce(|best, one| {
        let (new, old) = (&one.evaluation, &best.evaluation);
        let better =
            new.auc > old.auc || (new.auc >= old.auc && new.cost_per_client < old.cost_per_client);
        if better { one } else { best }
    })
}

/// Forests grown with different seeds on the same rows.
struct Grown {
    bags: Vec<Forest>,
}

impl Grown {
    fn margin_after(&self, row: &[f64], rounds: usize) -> f64 {
        let margins = self.bags.iter().map(|forest| {
            forest.base_margin() + forest.partial_sum(row, 0..rounds.min(forest.trees().len()))
        });
        margins.sum::<f64>() / self.bags.len() as f64
    }

    /// PD after each stage of trees.
    fn staged_pd(&self, row: &[f64], stages: usize) -> Vec<f64> {
        let mut margins: Vec<f64> = self.bags.iter().map(Forest::base_margin).collect();
        (0..stages)
            .map(|stage| {
                for (margin, forest) in margins.iter_mut().zip(&self.bags) {
                    let end = ((stage + 1) * STAGE).min(forest.trees().len());
                    *margin += forest.partial_sum(row, (stage * STAGE).min(end)..end);
                }
                logistic(margins.iter().sum::<f64>() / self.bags.len() as f64)
            })
            .collect()
    }

    /// The mean of the bags as one forest.
    fn into_forest(mut self) -> Result<Forest, TrainingError> {
        if self.bags.len() == 1 {
            return Ok(self.bags.remove(0));
        }
        let share = 1.0 / self.bags.len() as f64;
        let base_margin = self.bags.iter().map(Forest::base_margin).sum::<f64>() * share;
        let features = self.bags[0].features();
        let trees = self
            .bags
            .iter()
            .flat_map(|bag| bag.trees().iter().map(|tree| tree.scaled(share)))
            .collect();
        Ok(Forest::new(features, base_margin, Aggregation::Sum, trees)
            .map_err(TrainerError::Forest)?)
    }
}

/// The fold of each row: defaults and good clients are dealt out separately, in random order.
fn stratified_folds(target: &[bool], folds: usize, seed: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut fold_of = vec![0; target.len()];
    let mut next = 0;
    for class in [true, false] {
        let mut rows: Vec<usize> = (0..target.len())
            .filter(|&row| target[row] == class)
            .collect();
        rows.shuffle(&mut random);
        for row in rows {
            fold_of[row] = next % folds;
            next += 1;
        }
    }
    fold_of
}

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
fn evenly(rows: usize, most: usize) -> Vec<usize> {
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

/// Mean absolute contributions over evenly spaced rows, largest first.
fn importance(model: &Model, set: &TrainingSet<'_>) -> Vec<Importance> {
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

fn references(set: &TrainingSet<'_>) -> Vec<PackageFeature> {
    (0..set.features.len())
        .into_par_iter()
        .map(|index| {
            let feature = &set.features[index];
            let column = set.values.column(index).to_vec();
            let reference = reference(column, feature.levels.as_ref().map(Vec::len));
            PackageFeature {
                name: feature.name.clone(),
                levels: feature.levels.clone(),
                reference,
            }
        })
        .collect()
}

fn reference(mut column: Vec<f64>, levels: Option<usize>) -> Reference {
    let rows = column.len() as f64;
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

impl TrainedModel {
    /// The immutable package of this model.
    #[must_use]
    pub fn into_package(self, provenance: Provenance) -> Package {
        let threshold = self.evaluation.threshold;
        let manifest = Manifest {
            format: FORMAT,
            portfolio: provenance.portfolio,
            algorithm: self.algorithm,
            code_version: provenance.code_version,
            features: self.features,
            features_sql_digest: provenance.features_sql_digest,
            threshold,
            fn_cost: self.options.fn_cost,
            fp_cost: self.options.fp_cost,
            training: TrainingRecord {
                rows: self.evaluation.rows,
                defaults: self.evaluation.defaults,
                seed: self.options.seed,
                folds: self.options.folds,
                data_fingerprint: self.data_fingerprint,
                tables: provenance.tables,
                absent_tables: provenance.absent_tables,
                parameters: self.parameters,
            },
            evaluation: self.evaluation,
            candidates: self.candidates,
            importance: self.importance,
            origin: Origin::Trained,
            calibration_trials: Vec::new(),
            search: None,
            partial_dependence: Vec::new(),
            beeswarm: Vec::new(),
            slices: Vec::new(),
            holdout: None,
        };
        Package {
            manifest,
            model: self.model,
            calibration: Calibration::None,
            sample: self.sample,
        }
    }
}
