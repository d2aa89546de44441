//! Training from end to end on made-up rows: what is chosen, that it is repeatable, and what
//! is refused.

use std::num::NonZeroUsize;

use ndarray::Array2;
use octroi_model_registry::boosting::BoostingParameters;
use octroi_model_registry::evaluation::auc;
use octroi_model_registry::model::{Model, logistic};
use octroi_model_registry::training::{
    CandidateKind, Feature, Provenance, TrainedModel, TrainingError, TrainingOptions, TrainingSet,
    train,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

struct Rows {
    ids: Vec<i64>,
    features: Vec<Feature>,
    values: Array2<f64>,
    target: Vec<bool>,
}

impl Rows {
    /// Seven columns: two telling numbers (one often missing), a telling category, a copy of
    /// the first number and noise.
    fn new(rows: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(17);
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
        }
    }

    fn set(&self) -> TrainingSet<'_> {
        TrainingSet {
            ids: &self.ids,
            features: &self.features,
            values: self.values.view(),
            target: &self.target,
        }
    }
}

fn options() -> TrainingOptions {
    let boosting = BoostingParameters {
        rounds: 80,
        min_child_weight: 5.0,
        colsample: 0.7,
        ..BoostingParameters::default()
    };
    TrainingOptions {
        boosting,
        ..TrainingOptions::default()
    }
}

fn trained(rows: &Rows, options: &TrainingOptions) -> TrainedModel {
    train(&rows.set(), options, &mut |_| {}).expect("trains")
}

fn digest(trained: TrainedModel) -> String {
    let provenance = Provenance {
        portfolio: String::new(),
        code_version: String::new(),
        features_sql_digest: String::new(),
        tables: Vec::new(),
        absent_tables: Vec::new(),
    };
    trained.into_package(provenance).digest().expect("a digest")
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
    assert!(by_name("boosting").log_loss < by_name("boosting_weighted").log_loss);
    let chosen = by_name(&trained.algorithm);
    assert!(chosen.auc >= by_name("scorecard").auc.max(by_name("boosting").auc));
    assert_eq!(auc(&trained.out_of_fold, &rows.target), Some(chosen.auc));
    assert!(chosen.cost_per_client < by_name("dummy").cost_per_client);
    assert!(["column 0", "column 5"].contains(&trained.importance[0].feature.as_str()));
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
            bags: 2,
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
        digest(trained(&rows, &options))
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
    assert!(matches!(
        refused(&|rows| {
            rows.values = Array2::zeros((0, 7));
            rows.ids.clear();
            rows.target.clear();
        }),
        TrainingError::NoRows
    ));
}
