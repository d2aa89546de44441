//! One running comparison: what all candidates share, and the order of the work.

use std::sync::Mutex;
use std::time::Instant;

use rayon::prelude::*;

use super::description::{Resampling, describe};
use super::folds::Folds;
use super::search::{Plan, Tuner, named};
use super::work::Work;
use super::{
    CandidateKind, Parameter, ProgressListener, TrainedModel, TrainingError, TrainingOptions,
    TrainingSet,
};
use crate::boosting::{BoostingParameters, Growth, Hessboost, PreparedRows, Trainer};
use crate::calibration::{Calibrated, cross_fit};
use crate::evaluation::{Evaluation, auc, bootstrap};
use crate::forest::Forest;
use crate::model::{Constant, Model, log_odds, with_slice};
use crate::package::{Candidate, Search};
use crate::scorecard::Scorecard;

/// Work of one scorecard fit, in boosting rounds (measured: 34,050 rows x 150 features).
const SCORECARD_WORK: f64 = 15.0;
/// Work of describing the final model, likewise.
const DESCRIPTION_WORK: f64 = 300.0;
/// Bootstrap samples of the candidates that were not chosen, at most: two of their measures
/// are told.
const CANDIDATE_RESAMPLES: usize = 200;

/// A candidate after its cross-validation.
struct Compared {
    kind: CandidateKind,
    candidate: Candidate,
    evaluation: Evaluation,
    calibrated: Calibrated,
    /// Of boosting: settings and rounds of the final model.
    settings: Option<BoostingParameters>,
    seconds: f64,
}

struct Comparison<'a, 's> {
    set: &'a TrainingSet<'s>,
    options: &'a TrainingOptions,
    folds: &'a Folds,
    tuner: Option<Tuner<'a, 's>>,
    prepared: Option<&'a dyn PreparedRows>,
    /// Plan of the untuned candidates, once it is known.
    defaults: Option<Plan>,
    search: Option<Search>,
}

/// Compares the candidates of valid options on valid rows.
pub(super) fn run(
    set: &TrainingSet<'_>,
    options: &TrainingOptions,
    listener: &mut ProgressListener<'_>,
) -> Result<TrainedModel, TrainingError> {
    let mut listener = |progress| listener(progress);
    let mut work = Work::new(&mut listener, total_work(options));
    work.start("preparing the rows", 1.0);
    let folds = Folds::stratified(set.target, options.folds, options.seed);
    let prepared = if options.candidates.iter().any(|kind| boosts(*kind)) {
        Some(Hessboost.prepare(set.values, set.target)?)
    } else {
        None
    };
    let (compared, chosen, model, search, parameters) = {
        let prepared = prepared.as_deref();
        let mut comparison = Comparison {
            set,
            options,
            folds: &folds,
            tuner: prepared.map(|prepared| Tuner::new(set, options, &folds, prepared)),
            prepared,
            defaults: None,
            search: None,
        };
        let mut compared = Vec::new();
        for &kind in &options.candidates {
            compared.push(comparison.compare(kind, &mut work)?);
        }
        let chosen = chosen(&compared).ok_or(TrainingError::NoCandidates)?;
        let model = comparison.final_model(&compared[chosen], &mut work)?;
        let parameters = comparison.parameters(&compared[chosen]);
        (compared, chosen, model, comparison.search, parameters)
    };
    // The trainer's copy of the rows is not needed any more.
    drop(prepared);
    work.start("describing the model", DESCRIPTION_WORK);
    let calibrated = compared[chosen].calibrated.clone();
    let described = Mutex::new((&mut work, 0.0));
    let description = describe(
        &model,
        &calibrated.calibration,
        set,
        &calibrated.pd,
        options.costs(),
        Resampling {
            resamples: options.resamples,
            seed: options.seed,
        },
        &|share| {
            if let Ok(mut described) = described.lock() {
                let more = share - described.1;
                if more > 0.0 {
                    described.1 = share;
                    described.0.advance(more * DESCRIPTION_WORK);
                }
            }
        },
    )?;
    work.finish();
    let algorithm = compared[chosen].candidate.name.clone();
    let seconds = compared.iter().map(|one| one.seconds).collect();
    let mut candidates: Vec<Candidate> = compared.into_iter().map(|one| one.candidate).collect();
    if let Some(intervals) = description.evaluation.intervals {
        candidates[chosen].auc_interval = Some(intervals.auc);
        candidates[chosen].cost_interval = Some(intervals.cost_per_client);
    }
    Ok(TrainedModel {
        model,
        calibration: calibrated.calibration,
        algorithm,
        description,
        calibration_trials: calibrated.trials,
        search,
        candidates,
        seconds,
        out_of_fold: calibrated.pd,
        folds: folds.of_row().to_vec(),
        parameters,
        holdout: None,
        options: options.clone(),
    })
}

fn boosts(kind: CandidateKind) -> bool {
    !matches!(kind, CandidateKind::Dummy | CandidateKind::Scorecard)
}

/// Cross-validation of one candidate, as planned, in boosting rounds on all rows.
fn validation_work(kind: CandidateKind, options: &TrainingOptions) -> f64 {
    let one = match kind {
        CandidateKind::Dummy => 1.0,
        CandidateKind::Scorecard => SCORECARD_WORK,
        _ => options.boosting.rounds as f64,
    };
    one * (options.folds - 1) as f64
}

fn total_work(options: &TrainingOptions) -> f64 {
    let kinds = &options.candidates;
    let validations: f64 = kinds
        .iter()
        .map(|kind| validation_work(*kind, options))
        .sum();
    let tuned = kinds.contains(&CandidateKind::BoostingTuned);
    let untuned = |kind: &CandidateKind| boosts(*kind) && *kind != CandidateKind::BoostingTuned;
    let mut total = 1.0 + validations + final_work(options) + DESCRIPTION_WORK;
    if kinds.iter().any(untuned) {
        total += Tuner::work_of_defaults(options);
    }
    if tuned {
        total += Tuner::work_of_search(options);
    }
    total
}

fn final_work(options: &TrainingOptions) -> f64 {
    let works = options.candidates.iter();
    works
        .map(|kind| validation_work(*kind, options) / (options.folds - 1) as f64)
        .fold(0.0, f64::max)
}

/// The highest AUC; of equals the one of lower cost, then the earlier. Weights move margins
/// away from log-odds, which contributions are read as: the weighted one is shown, and chosen
/// only when alone.
fn chosen(compared: &[Compared]) -> Option<usize> {
    let best = |eligible: &dyn Fn(&Compared) -> bool| {
        (0..compared.len())
            .filter(|&index| eligible(&compared[index]))
            .reduce(|best, one| {
                let (new, old) = (&compared[one].evaluation, &compared[best].evaluation);
                let better = new.auc > old.auc
                    || (new.auc >= old.auc && new.cost_per_client < old.cost_per_client);
                if better { one } else { best }
            })
    };
    best(&|one| one.kind != CandidateKind::BoostingWeighted).or_else(|| best(&|_| true))
}

impl Comparison<'_, '_> {
    fn compare(
        &mut self,
        kind: CandidateKind,
        work: &mut Work<'_>,
    ) -> Result<Compared, TrainingError> {
        let start = Instant::now();
        let plan = self.plan(kind, work)?;
        work.start(
            &format!("cross-validating {}", kind.as_str()),
            validation_work(kind, self.options),
        );
        let mut margins = vec![0.0; self.set.target.len()];
        for fold in 0..self.folds.count() {
            let settings = plan.as_ref().map(|plan| &plan[fold]);
            let model = self.fit(kind, &self.folds.others(fold), settings, work)?;
            let held_out = self.folds.held_out(fold);
            let found: Vec<f64> = held_out
                .par_iter()
                .map(|&row| with_slice(self.set.values.row(row), |row| model.margin(row)))
                .collect();
            for (row, margin) in held_out.into_iter().zip(found) {
                margins[row] = margin;
            }
        }
        let calibrated = cross_fit(&margins, self.set.target, self.folds.of_row())?;
        let costs = self.options.costs();
        let mut evaluation = Evaluation::new(&calibrated.pd, self.set.target, costs)?;
        evaluation.intervals = bootstrap::intervals(
            &calibrated.pd,
            self.set.target,
            costs,
            &evaluation,
            self.options.resamples.min(CANDIDATE_RESAMPLES),
            self.options.seed,
            &|_| {},
        )?;
        Ok(Compared {
            kind,
            candidate: self.describe(kind, &evaluation, &calibrated.pd),
            evaluation,
            calibrated,
            settings: plan.and_then(|plan| plan.last().cloned()),
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// Settings of boosting for each outer fold and, last, for the final model.
    fn plan(
        &mut self,
        kind: CandidateKind,
        work: &mut Work<'_>,
    ) -> Result<Option<Plan>, TrainingError> {
        let Some(tuner) = self.tuner.as_mut().filter(|_| boosts(kind)) else {
            return Ok(None);
        };
        if kind == CandidateKind::BoostingTuned {
            let planned = Tuner::work_of_search(self.options);
            work.start("searching settings of boosting", planned);
            let (plan, search) = tuner.search(work)?;
            self.search = Some(search);
            return Ok(Some(plan));
        }
        // Its variants take the rounds of plain boosting over.
        let mut plan = if let Some(plan) = &self.defaults {
            plan.clone()
        } else {
            let planned = Tuner::work_of_defaults(self.options);
            work.start("choosing the rounds of boosting", planned);
            let plan = tuner.defaults(work)?;
            self.defaults = Some(plan.clone());
            plan
        };
        for settings in &mut plan {
            if kind == CandidateKind::BoostingWeighted {
                settings.default_weight = self.default_weight();
            }
            if kind == CandidateKind::BoostingMonotone {
                settings.monotone = self.set.features.iter().map(|one| one.monotone).collect();
            }
        }
        Ok(Some(plan))
    }

    /// Trains one kind on some rows.
    fn fit(
        &self,
        kind: CandidateKind,
        rows: &[usize],
        settings: Option<&BoostingParameters>,
        work: &mut Work<'_>,
    ) -> Result<Model, TrainingError> {
        let features = self.set.features.len();
        let unit = rows.len() as f64 / self.set.target.len() as f64;
        if let Some(parameters) = settings {
            return Ok(Model::Forest(self.grow(rows, parameters, work)?));
        }
        if kind == CandidateKind::Dummy {
            let defaults = rows.iter().filter(|&&row| self.set.target[row]).count();
            work.advance(unit);
            let margin = log_odds(defaults as f64 / rows.len() as f64);
            return Ok(Model::Constant(Constant { features, margin }));
        }
        let columns = self.set.features.iter();
        let levels: Vec<Option<usize>> = columns
            .clone()
            .map(|feature| feature.levels.as_ref().map(Vec::len))
            .collect();
        let monotone: Vec<i8> = columns.map(|feature| feature.monotone).collect();
        let scorecard = Scorecard::fit(
            self.set.values,
            self.set.target,
            rows,
            &levels,
            &monotone,
            &self.options.scorecard,
        )?;
        work.advance(SCORECARD_WORK * unit);
        Ok(Model::Scorecard(scorecard))
    }

    fn grow(
        &self,
        rows: &[usize],
        parameters: &BoostingParameters,
        work: &mut Work<'_>,
    ) -> Result<Forest, TrainingError> {
        let prepared = self.prepared.ok_or(TrainingError::NoCandidates)?;
        let growth = Growth {
            rows,
            parameters,
            seed: self.options.seed,
            watched: &[],
            patience: 0,
        };
        let unit = rows.len() as f64 / self.set.target.len() as f64;
        let grown = prepared.grow(&growth, &mut || work.advance(unit))?;
        // What was stopped early was planned in full.
        let spared = self
            .options
            .boosting
            .rounds
            .saturating_sub(parameters.rounds);
        work.advance(spared as f64 * unit);
        Ok(grown.forest)
    }

    fn final_model(&self, chosen: &Compared, work: &mut Work<'_>) -> Result<Model, TrainingError> {
        work.start(
            &format!("training {} on all rows", chosen.candidate.name),
            final_work(self.options),
        );
        let all: Vec<usize> = (0..self.set.target.len()).collect();
        let model = self.fit(chosen.kind, &all, chosen.settings.as_ref(), work)?;
        Ok(match model {
            Model::Forest(forest) => {
                Model::Forest(forest.with_counted_cover(self.set.values, &all))
            }
            other => other,
        })
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
                let rows = self.folds.held_out(fold);
                let pd: Vec<f64> = rows.iter().map(|&row| out_of_fold[row]).collect();
                let target: Vec<bool> = rows.iter().map(|&row| self.set.target[row]).collect();
                auc(&pd, &target)
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
            imbalance,
            ..Candidate::measured(evaluation)
        }
    }

    fn parameters(&self, chosen: &Compared) -> Vec<Parameter> {
        let settings: Vec<(&str, String)> = match (&chosen.settings, chosen.kind) {
            (None, CandidateKind::Scorecard) => {
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
            (None, _) => Vec::new(),
            (Some(boosting), _) => {
                let monotone = boosting.monotone.iter().filter(|&&sign| sign != 0);
                let mut settings = vec![
                    ("trainer", Hessboost.name().to_owned()),
                    ("rounds", boosting.rounds.to_string()),
                ];
                settings.extend(named(boosting));
                settings.extend([
                    ("default_weight", boosting.default_weight.to_string()),
                    ("monotone_features", monotone.count().to_string()),
                    ("patience", self.options.patience.to_string()),
                ]);
                settings
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
        CandidateKind::BoostingTuned => {
            ("boosting", "Gradient boosted trees with searched settings.")
        }
    }
}
