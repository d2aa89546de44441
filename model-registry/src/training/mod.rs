//! Comparing candidates and training the chosen one.
//!
//! Every candidate predicts each row by a model that has not seen it (stratified k-fold
//! cross-validation), and whatever is chosen on the way, settings, rounds and calibration, is
//! chosen without the row as well. The measures and the threshold come from those calibrated
//! out-of-fold predictions, and the best candidate is then trained on all rows. Nothing
//! depends on the number of threads: random choices come from the seed, and sums are taken in
//! row order.

mod comparison;
mod description;
mod folds;
pub mod imported;
mod interpretation;
mod search;
mod slices;
mod validation;
mod work;

use std::num::NonZeroUsize;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::boosting::{BoostingParameters, TrainerError};
use crate::calibration::{Calibration, CalibrationTrial};
use crate::evaluation::{Costs, Evaluation, EvaluationError, bootstrap};
use crate::model::Model;
use crate::package::{
    Candidate, FORMAT, Holdout, Manifest, Origin, Package, Search, SourceTable, TrainingRecord,
};
use crate::scorecard::{ScorecardError, ScorecardParameters};

pub use description::{Description, Resampling, data_fingerprint, describe};

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
    /// Features that the predictions are looked at by group of; names that are not among the
    /// features are passed over.
    pub slice_by: &'a [String],
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
    /// Settings of boosting; early stopping chooses the rounds up to these.
    pub boosting: BoostingParameters,
    /// Early stopping: rounds without a lower held-out log loss before growing ends.
    pub patience: usize,
    /// Settings drawn for the tuned candidate, beside the defaults.
    pub trials: usize,
    /// Rows at most that a forest is grown on while settings are searched.
    pub search_rows: usize,
    /// Bootstrap samples for the intervals of the chosen candidate.
    pub resamples: usize,
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
    /// Gradient boosting with searched settings.
    BoostingTuned,
}

impl CandidateKind {
    /// All kinds, in the order they are compared by default.
    pub const ALL: [Self; 6] = [
        Self::Dummy,
        Self::Scorecard,
        Self::Boosting,
        Self::BoostingWeighted,
        Self::BoostingMonotone,
        Self::BoostingTuned,
    ];

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its name in comparisons.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::Scorecard => "scorecard",
            Self::Boosting => "boosting",
            Self::BoostingWeighted => "boosting_weighted",
            Self::BoostingMonotone => "boosting_monotone",
            Self::BoostingTuned => "boosting_tuned",
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
    /// From its margin to the PD, fitted on its out-of-fold margins.
    pub calibration: Calibration,
    /// Which candidate that is.
    pub algorithm: String,
    /// Of its calibrated out-of-fold predictions, and of the model itself.
    pub description: Description,
    /// Calibrations compared for the chosen candidate.
    pub calibration_trials: Vec<CalibrationTrial>,
    /// The search for settings, where there was one.
    pub search: Option<Search>,
    /// All candidates, in the order compared.
    pub candidates: Vec<Candidate>,
    /// Seconds each candidate took, in the same order; not part of a package.
    pub seconds: Vec<f64>,
    /// The chosen candidate's calibrated out-of-fold PD of each row.
    pub out_of_fold: Vec<f64>,
    /// The fold each row was in.
    pub folds: Vec<usize>,
    /// Settings of the chosen candidate.
    pub parameters: Vec<Parameter>,
    /// On labelled clients that took no part, where [`TrainedModel::hold_out`] was asked.
    pub holdout: Option<Holdout>,
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
    /// Settings are chosen without two folds; one must remain.
    #[error("{0} folds are too few: at least 3")]
    Folds(usize),
    /// Nothing to compare.
    #[error("no candidate to compare")]
    NoCandidates,
    /// A candidate named twice.
    #[error("the candidate {0} is named twice")]
    RepeatedCandidate(&'static str),
    /// The clients kept apart have other columns.
    #[error("the clients held out have other features than those trained on")]
    OtherFeatures,
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
            candidates: CandidateKind::ALL.to_vec(),
            boosting: BoostingParameters::default(),
            patience: 40,
            trials: 12,
            search_rows: 40_000,
            resamples: 1000,
            scorecard: ScorecardParameters::default(),
            threads: None,
        }
    }
}

impl TrainingOptions {
    /// Less effort: half the rounds at twice the learning rate, nothing searched, fewer
    /// bootstrap samples.
    #[must_use]
    pub fn quick() -> Self {
        let mut options = Self::default();
        options.boosting.rounds /= 2;
        options.boosting.learning_rate *= 2.0;
        options.patience /= 2;
        options.resamples /= 5;
        options.trials = 0;
        options
            .candidates
            .retain(|kind| *kind != CandidateKind::BoostingTuned);
        options
    }

    /// What mistakes cost.
    #[must_use]
    pub fn costs(&self) -> Costs {
        Costs {
            fn_cost: self.fn_cost,
            fp_cost: self.fp_cost,
        }
    }
}

/// Compares the candidates, trains the best on all rows and describes it.
pub fn train(
    set: &TrainingSet<'_>,
    options: &TrainingOptions,
    progress: &mut ProgressListener<'_>,
) -> Result<TrainedModel, TrainingError> {
    validation::rows(set)?;
    validation::options(set, options)?;
    on_threads(options, || comparison::run(set, options, progress))
}

/// Runs `work` on as many threads as the options say.
fn on_threads<T: Send>(
    options: &TrainingOptions,
    work: impl FnOnce() -> Result<T, TrainingError> + Send,
) -> Result<T, TrainingError> {
    match options.threads {
        Some(threads) => rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build()?
            .install(work),
        None => work(),
    }
}

impl TrainedModel {
    /// Evaluates the final model, as it will decide, on labelled clients that took no part in
    /// training; `tables` are the files they were read from.
    pub fn hold_out(
        &mut self,
        set: &TrainingSet<'_>,
        tables: Vec<SourceTable>,
    ) -> Result<(), TrainingError> {
        let same = set.features.len() == self.description.features.len()
            && set
                .features
                .iter()
                .zip(&self.description.features)
                .all(|(held, known)| held.name == known.name && held.levels == known.levels);
        if !same {
            return Err(TrainingError::OtherFeatures);
        }
        validation::rows(set)?;
        let options = self.options.clone();
        let costs = options.costs();
        let threshold = self.description.evaluation.threshold;
        let evaluated = on_threads(&options, || {
            let margins = self.model.margins(set.values);
            let pd: Vec<f64> = margins
                .into_iter()
                .map(|margin| self.calibration.pd(margin))
                .collect();
            let mut evaluation = Evaluation::new(&pd, set.target, costs)?;
            evaluation.intervals = bootstrap::intervals(
                &pd,
                set.target,
                costs,
                &evaluation,
                options.resamples,
                options.seed,
                &|_| {},
            )?;
            let cost_at_threshold = costs.per_client(&pd, set.target, threshold);
            Ok(Holdout {
                tables,
                evaluation,
                cost_at_threshold,
            })
        })?;
        self.holdout = Some(evaluated);
        Ok(())
    }

    /// The immutable package of this model.
    #[must_use]
    pub fn into_package(self, provenance: Provenance) -> Package {
        let description = self.description;
        let threshold = description.evaluation.threshold;
        let manifest = Manifest {
            format: FORMAT,
            portfolio: provenance.portfolio,
            algorithm: self.algorithm,
            code_version: provenance.code_version,
            features: description.features,
            features_sql_digest: provenance.features_sql_digest,
            threshold,
            fn_cost: self.options.fn_cost,
            fp_cost: self.options.fp_cost,
            training: TrainingRecord {
                rows: description.evaluation.rows,
                defaults: description.evaluation.defaults,
                seed: self.options.seed,
                folds: self.options.folds,
                data_fingerprint: description.data_fingerprint,
                tables: provenance.tables,
                absent_tables: provenance.absent_tables,
                parameters: self.parameters,
            },
            evaluation: description.evaluation,
            candidates: self.candidates,
            importance: description.importance,
            origin: Origin::Trained,
            calibration_trials: self.calibration_trials,
            search: self.search,
            partial_dependence: description.partial_dependence,
            beeswarm: description.beeswarm,
            slices: description.slices,
            holdout: self.holdout,
        };
        Package {
            manifest,
            model: self.model,
            calibration: self.calibration,
            sample: description.sample,
        }
    }
}
