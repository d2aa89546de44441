//! Scorecards from the outside: fitted on made-up rows, written as points, turned into trees.

use ndarray::Array2;
use octroi_model_registry::model::Model;
use octroi_model_registry::scorecard::points::{BinValues, Points};
use octroi_model_registry::scorecard::{Bins, Characteristic, Scorecard, ScorecardParameters};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Bins of a number: cuts and specials out of the same few values, so that they meet.
fn number() -> impl Strategy<Value = Bins> {
    let numbers = || prop::collection::btree_set(-4i32..8, 0..5);
    (numbers(), numbers()).prop_map(|(upper, special)| Bins::Number {
        upper: upper
            .into_iter()
            .map(|value| f64::from(value) / 2.0)
            .collect(),
        special: special.into_iter().map(f64::from).collect(),
    })
}

/// Bins of a category, each with a level.
fn category() -> impl Strategy<Value = Bins> {
    prop::collection::vec(0u32..4, 0..8).prop_map(|mut bin_of_level| {
        let mut used = bin_of_level.clone();
        used.sort_unstable();
        used.dedup();
        for bin in &mut bin_of_level {
            *bin = used.partition_point(|&used| used < *bin) as u32;
        }
        Bins::Category { bin_of_level }
    })
}

fn characteristic(feature: usize) -> impl Strategy<Value = Characteristic> {
    prop_oneof![number(), category()].prop_flat_map(move |bins| {
        let count = bins.count() + 1;
        (
            Just(bins),
            prop::collection::vec(-2.0..2.0, count),
            prop::collection::vec(prop_oneof![Just(0u64), 1u64..500], count),
            0.1..2.0,
        )
            .prop_map(move |(bins, woe, mut rows, coefficient)| {
                // Training rows there were.
                rows[0] += 1;
                let total = rows.iter().sum::<u64>() as f64;
                let sum: f64 = woe
                    .iter()
                    .zip(&rows)
                    .map(|(woe, &rows)| woe * rows as f64)
                    .sum();
                Characteristic {
                    feature,
                    bins,
                    mean_woe: sum / total,
                    woe,
                    defaults: vec![0; rows.len()],
                    rows,
                    coefficient,
                    information_value: 0.1,
                }
            })
    })
}

fn cell() -> impl Strategy<Value = f64> {
    prop_oneof![
        1 => Just(f64::NAN),
        1 => prop_oneof![Just(-0.0), Just(1e300), Just(f64::NEG_INFINITY), Just(f64::INFINITY)],
        6 => (-20i32..40).prop_map(|quarter| f64::from(quarter) / 4.0),
    ]
}

proptest! {
    #[test]
    fn a_scorecard_and_its_forest_score_and_explain_alike(
        characteristics in (characteristic(0), characteristic(2), characteristic(2)),
        rows in prop::collection::vec([cell(), cell(), cell()], 20),
    ) {
        let (first, second, third) = characteristics;
        let scorecard = Scorecard::new(3, -2.0, vec![first, second, third]).expect("valid");
        let forest = Model::Forest(scorecard.to_forest().expect("a forest"));
        let scorecard = Model::Scorecard(scorecard);
        for row in rows {
            let (margin, other) = (scorecard.margin(&row), forest.margin(&row));
            prop_assert!((margin - other).abs() < 1e-12, "{row:?}: {margin} is not {other}");
            let (ours, theirs) = (scorecard.contributions(&row), forest.contributions(&row));
            prop_assert!((ours.base_value - theirs.base_value).abs() < 1e-9);
            for (ours, theirs) in ours.values.iter().zip(&theirs.values) {
                prop_assert!((ours - theirs).abs() < 1e-9, "{row:?}: {ours} is not {theirs}");
            }
        }
    }
}

#[test]
fn a_scorecard_without_counts_has_no_forest() {
    let characteristic = Characteristic {
        feature: 0,
        bins: Bins::Category {
            bin_of_level: vec![0],
        },
        woe: vec![0.1, 0.2],
        rows: Vec::new(),
        defaults: Vec::new(),
        mean_woe: 0.0,
        coefficient: 1.0,
        information_value: 0.1,
    };
    let scorecard = Scorecard::new(1, -2.0, vec![characteristic]).expect("valid");
    let error = scorecard.to_forest().expect_err("refused").to_string();
    assert!(error.contains("train the scorecard again"), "{error}");
}

/// Four columns: a number of which 365243 is a code, a category, a number that is often
/// missing, noise.
fn rows(count: usize) -> (Array2<f64>, Vec<bool>) {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut target = Vec::new();
    let mut values = Array2::zeros((count, 4));
    for mut row in values.rows_mut() {
        row[0] = -random.random_range(0.0..10_000.0);
        row[1] = f64::from(random.random_range(0..5u32));
        row[2] = random.random();
        row[3] = random.random();
        let mut pd = 0.02 + (10_000.0 + row[0]) / 60_000.0 + 0.03 * row[1];
        if random.random_bool(0.2) {
            row[0] = 365_243.0;
            pd = 0.03 + 0.02 * row[1];
        }
        pd += 0.2 * row[2];
        if random.random_bool(0.3) {
            row[2] = f64::NAN;
        }
        target.push(random.random_bool(pd));
    }
    (values, target)
}

fn fitted(monotone: [i8; 4]) -> (Array2<f64>, Vec<bool>, Scorecard) {
    let (values, target) = rows(6000);
    let all: Vec<usize> = (0..6000).collect();
    let levels = [None, Some(6), None, None];
    let scorecard = Scorecard::fit(
        values.view(),
        &target,
        &all,
        &levels,
        &monotone,
        &ScorecardParameters::default(),
    )
    .expect("fits");
    (values, target, scorecard)
}

#[test]
fn a_code_has_its_own_points_and_the_table_adds_up_to_the_training_rows() {
    let (values, target, scorecard) = fitted([0; 4]);
    let mut features: Vec<usize> = scorecard
        .characteristics()
        .iter()
        .map(|one| one.feature)
        .collect();
    features.sort_unstable();
    assert_eq!(features, [0, 1, 2], "all but the noise");
    let points = Points::default();
    let table = scorecard.points(&points);
    let defaults = target.iter().filter(|&&default| default).count() as f64;
    for one in &table.characteristics {
        let share: f64 = one.bins.iter().filter_map(|bin| bin.share).sum();
        assert!((share - 1.0).abs() < 1e-12);
        let part = |bin: &octroi_model_registry::scorecard::points::BinPoints| {
            Some(bin.share? * bin.default_rate? * 6000.0)
        };
        let sum: f64 = one.bins.iter().filter_map(part).sum();
        assert!((sum - defaults).abs() < 1e-6);
    }
    let first = table
        .characteristics
        .iter()
        .find(|one| one.feature == 0)
        .expect("there");
    let special: Vec<&BinValues> = first
        .bins
        .iter()
        .map(|bin| &bin.values)
        .filter(|values| matches!(values, BinValues::Special(_)))
        .collect();
    assert_eq!(special, [&BinValues::Special(365_243.0)]);
    let forest = scorecard.to_forest().expect("a forest");
    for row in values.rows() {
        let row = row.to_vec();
        assert!((forest.margin(&row) - scorecard.margin(&row)).abs() < 1e-12);
    }
}

#[test]
fn the_pd_follows_the_directions_asked_for() {
    let (_, _, scorecard) = fitted([-1, 0, 1, 0]);
    let find = |feature| {
        let all = scorecard.characteristics();
        all.iter().find(|one| one.feature == feature)
    };
    // The PD rises with the first number: against its direction there is nothing left but the
    // code, which is no quantity.
    if let Some(one) = find(0) {
        assert_eq!(one.bins.ordered(), 1);
    }
    let one = find(2).expect("there");
    assert!(one.woe[..one.bins.ordered()].is_sorted_by(|a, b| a < b));
}
