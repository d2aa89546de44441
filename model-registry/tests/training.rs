//! Training from end to end on made-up rows: what is chosen, that it is repeatable, and what
//! is refused.

use std::num::NonZeroUsize;

use ndarray::Array2;
use octroi_model_registry::boosting::BoostingParameters;
use octroi_model_registry::calibration::Calibration;
use octroi_model_registry::evaluation::Evaluation;
use octroi_model_registry::evaluation::auc;
use octroi_model_registry::model::{Model, logistic};
use octroi_model_registry::package::{Package, SliceGroup, SourceTable};
use octroi_model_registry::training::{
    CandidateKind, Feature, Provenance, Resampling, TrainedModel, TrainingError, TrainingOptions,
    TrainingSet, describe, train,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

struct Rows {
    ids: Vec<i64>,
    features: Vec<Feature>,
    values: Array2<f64>,
    target: Vec<bool>,
    slice_by: Vec<String>,
}

impl Rows {
    /// Seven columns: two telling numbers (one often missing), a telling category, a copy of
    /// the first number and noise.
    fn new(rows: usize) -> Self {
        Self::drawn(rows, 17)
    }

    fn drawn(rows: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut values = Array2::zeros((rows, 7));
        let mut target = Vec::new();
        for mut row in values.rows_mut() {
            for (column, value) in row.iter_mut().enumerate() {
                *value = random.random::<f64>() * f64::from(1 + column as u32);
            }
            row[2] = f64::from(random.random_range(0..4u32));
            row[5] = row[0] * 2.0;
            let score = 3.0 * row[0] + if row[2] > 2.0 { 1.5 } else { 0.0 } - row[1] - 3.2;
            target.push(random.random::<f64>() < logistic(score));
            if random.random::<f64>() < 0.4 {
                row[1] = f64::NAN;
            }
        }
        let feature = |column: usize| Feature {
            name: format!("column {column}"),
            levels: (column == 2).then(|| ["a", "b", "c", "d"].map(str::to_owned).to_vec()),
            monotone: 0,
        };
        Self {
            ids: (0..rows as i64).collect(),
            features: (0..7).map(feature).collect(),
            values,
            target,
            slice_by: ["column 2", "column 1", "no such column"]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    fn set(&self) -> TrainingSet<'_> {
        TrainingSet {
            ids: &self.ids,
            features: &self.features,
            values: self.values.view(),
            target: &self.target,
            slice_by: &self.slice_by,
        }
    }
}

fn options() -> TrainingOptions {
    let boosting = BoostingParameters {
        rounds: 80,
        learning_rate: 0.1,
        min_child_weight: 5.0,
        colsample: 0.7,
        ..BoostingParameters::default()
    };
    TrainingOptions {
        boosting,
        patience: 10,
        trials: 3,
        resamples: 40,
        ..TrainingOptions::default()
    }
}

fn trained(rows: &Rows, options: &TrainingOptions) -> TrainedModel {
    train(&rows.set(), options, &mut |_| {}).expect("trains")
}

fn package(trained: TrainedModel) -> Package {
    trained.into_package(Provenance {
        portfolio: String::new(),
        code_version: String::new(),
        features_sql_digest: String::new(),
        tables: Vec::new(),
        absent_tables: Vec::new(),
    })
}

#[test]
fn the_candidates_are_compared_and_the_best_is_trained() {
    let rows = Rows::new(3000);
    let trained = trained(&rows, &options());
    let by_name = |name: &str| {
        trained
            .candidates
            .iter()
            .find(|one| one.name == name)
            .expect("a candidate")
    };
    assert!((by_name("dummy").auc_mean - 0.5).abs() < 1e-12);
    assert!(
        by_name("scorecard").auc > 0.7,
        "{}",
        by_name("scorecard").auc
    );
    assert!(by_name("boosting").auc > 0.7, "{}", by_name("boosting").auc);
    assert_eq!(trained.candidates.len(), 6);
    for candidate in &trained.candidates {
        let [low, high] = candidate.auc_interval.expect("an interval");
        assert!(
            low <= candidate.auc && candidate.auc <= high,
            "{candidate:?}"
        );
        let [low, high] = candidate.cost_interval.expect("an interval");
        assert!(low <= candidate.cost_per_client && candidate.cost_per_client <= high);
    }
    let chosen = by_name(&trained.algorithm);
    assert!(chosen.auc >= by_name("scorecard").auc.max(by_name("boosting").auc));
    assert_eq!(auc(&trained.out_of_fold, &rows.target), Some(chosen.auc));
    assert!(chosen.cost_per_client < by_name("dummy").cost_per_client);
    let importance = &trained.description.importance;
    assert!(["column 0", "column 5"].contains(&importance[0].feature.as_str()));
}

#[test]
fn candidates_differ_in_what_they_are_told_and_share_what_they_are_not() {
    let mut rows = Rows::new(2500);
    rows.features[0].monotone = 1;
    let of = |kind| {
        let options = TrainingOptions {
            candidates: vec![kind],
            ..options()
        };
        let trained = trained(&rows, &options);
        let setting = |name: &str| {
            let found = trained.parameters.iter().find(|one| one.name == name);
            found.map(|one| one.value.clone())
        };
        (
            setting("rounds"),
            setting("default_weight"),
            setting("monotone_features"),
            trained.search.is_some(),
        )
    };
    let plain = of(CandidateKind::Boosting);
    let weighted = of(CandidateKind::BoostingWeighted);
    let monotone = of(CandidateKind::BoostingMonotone);
    let tuned = of(CandidateKind::BoostingTuned);
    assert_eq!((&plain.0, &plain.0), (&weighted.0, &monotone.0));
    let rounds: usize = plain.0.expect("rounds").parse().expect("a number");
    assert!(rounds > 5 && rounds < 80, "stopped early: {rounds}");
    assert_eq!(plain.1.as_deref(), Some("1"));
    assert_ne!(weighted.1.as_deref(), Some("1"));
    assert_eq!(plain.2.as_deref(), Some("0"));
    assert_eq!(monotone.2.as_deref(), Some("1"));
    assert!(tuned.3 && !plain.3);
    assert_eq!(of(CandidateKind::Scorecard).0, None);
}

#[test]
fn a_search_records_every_setting_within_its_ranges_and_which_was_chosen() {
    let rows = Rows::new(1500);
    let options = TrainingOptions {
        candidates: vec![CandidateKind::BoostingTuned],
        trials: 5,
        ..options()
    };
    let trained = trained(&rows, &options);
    let search = trained.search.clone().expect("a search");
    assert_eq!(search.trials.len(), 6, "the defaults are the first");
    assert_eq!(search.trials.iter().filter(|one| one.chosen).count(), 1);
    for (index, trial) in search.trials.iter().enumerate() {
        assert!(
            trial.rounds >= 1 && trial.log_loss > 0.0 && trial.auc >= 0.5,
            "{trial:?}"
        );
        for parameter in &trial.parameters {
            let range = search
                .ranges
                .iter()
                .find(|range| range.name == parameter.name);
            let range = range.expect("every setting is a named range");
            let value: f64 = parameter.value.parse().expect("a number");
            // The defaults need not lie in the ranges.
            assert!(
                index == 0 || (range.from <= value && value <= range.to),
                "{parameter:?}"
            );
        }
    }
    let chosen = search.trials.iter().find(|one| one.chosen).expect("one");
    for parameter in &chosen.parameters {
        assert!(trained.parameters.contains(parameter), "{parameter:?}");
    }
}

#[test]
fn the_version_is_judged_by_the_calibration_it_carries() {
    let rows = Rows::new(3000);
    // Weighted margins are far from log-odds: without calibration the PDs would be useless.
    let options = TrainingOptions {
        candidates: vec![CandidateKind::BoostingWeighted],
        ..options()
    };
    let trained = trained(&rows, &options);
    assert_ne!(trained.calibration, Calibration::None);
    let methods: Vec<&str> = trained
        .calibration_trials
        .iter()
        .map(|trial| trial.method.as_str())
        .collect();
    assert_eq!(methods, ["none", "platt", "isotonic"]);
    let evaluation = &trained.description.evaluation;
    assert!(evaluation.expected_calibration_error < 0.03);
    let chosen = trained.calibration_trials.iter().find(|one| one.chosen);
    let chosen = chosen.expect("a calibration");
    assert_eq!(chosen.log_loss.to_bits(), evaluation.log_loss.to_bits());
    assert!(trained.calibration_trials[0].expected_calibration_error > 0.05);
    let margins = trained.model.margins(rows.values.view());
    let package = package(trained);
    let mean_pd = margins.iter().map(|&m| package.pd(m)).sum::<f64>() / 3000.0;
    let rate = package.manifest.evaluation.default_rate;
    assert!((mean_pd / rate - 1.0).abs() < 0.1, "{mean_pd} of {rate}");
}

#[test]
fn a_version_tells_what_it_heeds_and_how_it_does_on_groups() {
    let rows = Rows::new(3000);
    let options = TrainingOptions {
        candidates: vec![CandidateKind::Boosting],
        ..options()
    };
    let trained = trained(&rows, &options);
    let description = &trained.description;
    // Partial dependence, tried by hand: every row with the value set, scored, averaged.
    let first = &description.partial_dependence[0];
    assert_eq!(first.feature, description.importance[0].feature);
    let column = rows
        .features
        .iter()
        .position(|one| one.name == first.feature);
    let column = column.expect("a column");
    let used: Vec<usize> = (0..500).map(|index| index * 3000 / 500).collect();
    for point in &first.points {
        let sum: f64 = used
            .iter()
            .map(|&row| {
                let mut row = rows.values.row(row).to_vec();
                row[column] = point.value;
                trained.calibration.pd(trained.model.margin(&row))
            })
            .sum();
        assert!((sum / 500.0 - point.mean_pd).abs() < 1e-12);
    }
    assert!(first.points.is_sorted_by(|a, b| a.value < b.value) && first.points.len() == 20);
    assert!(
        first.points[19].mean_pd > first.points[0].mean_pd,
        "more is riskier"
    );
    let category = description
        .partial_dependence
        .iter()
        .find(|one| one.feature == "column 2")
        .expect("a telling category");
    assert_eq!(category.points.len(), 4);
    for feature in &description.beeswarm {
        assert_eq!(feature.points.len(), 200);
        assert_eq!(
            feature.points.iter().all(|point| point.rank.is_none()),
            feature.feature == "column 2"
        );
    }
    // Groups: four levels, four quarters and the missing; a column that is not there is none.
    let groups = |feature: &str| -> Vec<_> {
        let slices = description.slices.iter();
        slices.filter(|slice| slice.feature == feature).collect()
    };
    assert_eq!(groups("column 2").len(), 4);
    assert_eq!(groups("column 1").len(), 5);
    assert!(
        groups("column 1")
            .last()
            .is_some_and(|one| one.group == SliceGroup::Missing)
    );
    assert_eq!(description.slices.len(), 9);
    for feature in ["column 1", "column 2"] {
        let groups = groups(feature);
        let (rows, defaults) = groups.iter().fold((0, 0), |sums, one| {
            (sums.0 + one.rows, sums.1 + one.defaults)
        });
        assert_eq!(rows, 3000);
        assert_eq!(defaults, description.evaluation.defaults);
        let cost: f64 = groups
            .iter()
            .map(|one| one.cost_per_client * one.rows as f64)
            .sum();
        assert!((cost / 3000.0 - description.evaluation.cost_per_client).abs() < 1e-9);
    }
}

#[test]
fn clients_held_out_are_judged_by_the_final_version() {
    let (rows, later) = (Rows::new(2500), Rows::drawn(1500, 99));
    let options = TrainingOptions {
        candidates: vec![CandidateKind::Boosting],
        ..options()
    };
    let mut trained = trained(&rows, &options);
    let table = SourceTable {
        table: "applications".to_owned(),
        file: "later.csv".to_owned(),
        rows: 1500,
        sha256: String::new(),
    };
    trained
        .hold_out(&later.set(), vec![table.clone()])
        .expect("judges");
    let mut other = Rows::drawn(1500, 99);
    other.features[0].name = "another".to_owned();
    assert!(matches!(
        trained.hold_out(&other.set(), Vec::new()),
        Err(TrainingError::OtherFeatures)
    ));
    let package = package(trained);
    let holdout = package.manifest.holdout.as_ref().expect("a holdout");
    assert_eq!(holdout.tables, [table]);
    let pd: Vec<f64> = package
        .model
        .margins(later.values.view())
        .into_iter()
        .map(|margin| package.pd(margin))
        .collect();
    let by_hand = Evaluation::new(&pd, &later.target, options.costs()).expect("valid");
    assert_eq!(holdout.evaluation.auc.to_bits(), by_hand.auc.to_bits());
    assert!(holdout.evaluation.intervals.is_some());
    assert!(holdout.cost_at_threshold >= by_hand.cost_per_client);
}

#[test]
fn a_model_from_elsewhere_is_described_on_labelled_rows() {
    let rows = Rows::new(1600);
    let options = TrainingOptions {
        candidates: vec![CandidateKind::Scorecard],
        ..options()
    };
    let model = trained(&rows, &options).model;
    let pd: Vec<f64> = model
        .margins(rows.values.view())
        .into_iter()
        .map(logistic)
        .collect();
    let resampling = Resampling {
        resamples: 0,
        seed: 1,
    };
    let described = describe(
        &model,
        &Calibration::None,
        &rows.set(),
        &pd,
        options.costs(),
        resampling,
        &|_| {},
    )
    .expect("described");
    assert_eq!(described.evaluation.rows, 1600);
    assert_eq!(described.evaluation.intervals, None);
    assert_eq!(described.features.len(), 7);
    assert_eq!(described.sample.len(), 1000);
    assert_eq!(described.slices.len(), 9);
}

#[test]
fn folds_hold_the_same_share_of_defaults_and_every_row_once() {
    let rows = Rows::new(1003);
    let options = TrainingOptions {
        candidates: vec![CandidateKind::Dummy],
        ..options()
    };
    let trained = trained(&rows, &options);
    let count = |fold, default| {
        (0..1003)
            .filter(|&row| trained.folds[row] == fold && rows.target[row] == default)
            .count()
    };
    for default in [true, false] {
        let counts: Vec<usize> = (0..5).map(|fold| count(fold, default)).collect();
        assert!(
            counts.iter().max().expect("five") - counts.iter().min().expect("five") <= 1,
            "{counts:?}"
        );
    }
}

#[test]
fn every_kind_explains_its_margin_to_the_last_nine_digits() {
    let rows = Rows::new(1500);
    for kind in [
        CandidateKind::Dummy,
        CandidateKind::Scorecard,
        CandidateKind::Boosting,
    ] {
        let options = TrainingOptions {
            candidates: vec![kind],
            ..options()
        };
        let model = trained(&rows, &options).model;
        let margins = model.margins(rows.values.view());
        for (row, margin) in rows.values.rows().into_iter().zip(margins) {
            let row = row.to_vec();
            assert_eq!(model.margin(&row).to_bits(), margin.to_bits());
            assert!(
                (model.contributions(&row).margin() - margin).abs() < 1e-9,
                "{kind:?}"
            );
        }
    }
}

#[test]
fn one_thread_and_two_give_the_same_bytes_and_another_seed_does_not() {
    let rows = Rows::new(2000);
    let with = |threads, seed| {
        let options = TrainingOptions {
            threads: NonZeroUsize::new(threads),
            seed,
            ..options()
        };
        let package = package(trained(&rows, &options));
        assert!(package.manifest.search.is_some() && !package.manifest.beeswarm.is_empty());
        assert!(package.manifest.evaluation.intervals.is_some());
        package.digest().expect("a digest")
    };
    let one = with(1, 1);
    assert_eq!(one, with(2, 1));
    assert_eq!(one, with(3, 1));
    assert_ne!(one, with(2, 2));
}

#[test]
fn a_scorecards_bins_are_monotone_and_the_copy_of_a_feature_stays_out() {
    let rows = Rows::new(3000);
    let options = TrainingOptions {
        candidates: vec![CandidateKind::Scorecard],
        ..options()
    };
    let Model::Scorecard(scorecard) = trained(&rows, &options).model else {
        panic!("a scorecard")
    };
    let features: Vec<usize> = scorecard
        .characteristics()
        .iter()
        .map(|one| one.feature)
        .collect();
    assert!(features.contains(&2));
    assert!(
        features.contains(&0) ^ features.contains(&5),
        "{features:?}"
    );
    assert!(!features.contains(&6), "noise");
    for one in scorecard.characteristics() {
        assert!(one.coefficient > 0.0 && one.information_value >= 0.02);
        let known = &one.woe[..one.bins.ordered()];
        let rising = known.is_sorted_by(|a, b| a < b);
        let falling = known.is_sorted_by(|a, b| a > b);
        assert!(rising || falling, "{:?}", one.woe);
        assert_eq!(one.rows.iter().sum::<u64>(), 3000);
    }
}

#[test]
fn progress_rises_to_one() {
    let rows = Rows::new(800);
    let mut fractions = Vec::new();
    train(&rows.set(), &options(), &mut |progress| {
        fractions.push(progress.fraction);
    })
    .expect("trains");
    assert!(fractions.len() > 20);
    assert!(fractions.is_sorted(), "{fractions:?}");
    assert!((fractions.last().expect("some") - 1.0).abs() < 1e-12);
}

#[test]
fn rows_nothing_can_be_learned_from_are_refused_by_name() {
    let refused = |change: &dyn Fn(&mut Rows)| {
        let mut rows = Rows::new(200);
        change(&mut rows);
        train(&rows.set(), &options(), &mut |_| {}).expect_err("refused")
    };
    assert!(matches!(
        refused(&|rows| rows.target.fill(false)),
        TrainingError::SingleClass {
            rows: 200,
            defaults: 0
        }
    ));
    assert!(matches!(
        refused(&|rows| {
            rows.target.fill(false);
            rows.target[..4].fill(true);
        }),
        TrainingError::TooFewForFolds {
            defaults: 4,
            folds: 5,
            ..
        }
    ));
    assert!(matches!(
        refused(&|rows| rows.values[[7, 1]] = f64::INFINITY),
        TrainingError::Infinite { id: 7, feature } if feature == "column 1"
    ));
    assert!(matches!(
        refused(&|rows| rows.values[[3, 2]] = 4.0),
        TrainingError::Level {
            id: 3,
            levels: 4,
            ..
        }
    ));
    assert!(matches!(
        refused(&|rows| rows.target.truncate(9)),
        TrainingError::Shape {
            what: "outcomes",
            ..
        }
    ));
    assert!(matches!(
        refused(&|rows| rows.features.truncate(6)),
        TrainingError::Shape {
            what: "features",
            ..
        }
    ));
    assert!(matches!(
        refused(&|rows| rows.features[1].name = "column 0".to_owned()),
        TrainingError::RepeatedFeature(name) if name == "column 0"
    ));
    let rows = Rows::new(200);
    let asked = |options| train(&rows.set(), &options, &mut |_| {}).expect_err("refused");
    assert!(matches!(
        asked(TrainingOptions {
            folds: 2,
            ..options()
        }),
        TrainingError::Folds(2)
    ));
    assert!(matches!(
        asked(TrainingOptions {
            candidates: vec![CandidateKind::Dummy, CandidateKind::Dummy],
            ..options()
        }),
        TrainingError::RepeatedCandidate("dummy")
    ));
    assert!(matches!(
        refused(&|rows| {
            rows.values = Array2::zeros((0, 7));
            rows.ids.clear();
            rows.target.clear();
        }),
        TrainingError::NoRows
    ));
}
