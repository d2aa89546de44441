//! Background Shapley values against the definition, worked out subset by subset on small
//! random forests, and against those the `shap` package gives for a `LightGBM` model on real
//! rows kept outside the repository.

use std::path::Path;

use ndarray::{Array2, ArrayView2, arr2};
use octroi_model_registry::background::{
    BackgroundError, BackgroundExplainer, ModelBackground, TABLE_BYTES,
};
use octroi_model_registry::forest::{Aggregation, CategorySet, Forest, Missing, Node, Test, Tree};
use octroi_model_registry::import;
use octroi_model_registry::model::{Constant, Model};
use octroi_model_registry::scorecard::{Bins, Characteristic, Scorecard};
use proptest::prelude::*;

const FEATURES: usize = 5;

/// The mean margin over the background when only the features of the bit set `known` are the
/// row's own.
fn expectation(forest: &Forest, background: &[Vec<f64>], row: &[f64], known: usize) -> f64 {
    let margins = background.iter().map(|other| {
        let mixed: Vec<f64> = (0..FEATURES)
            .map(|feature| [other, row][known >> feature & 1][feature])
            .collect();
        forest.margin(&mixed)
    });
    margins.sum::<f64>() / background.len() as f64
}

/// The definition: the mean of what a feature adds over all orders of the features.
fn shapley_value(forest: &Forest, background: &[Vec<f64>], row: &[f64], feature: usize) -> f64 {
    let factorial = |n: usize| (1..=n).product::<usize>() as f64;
    (0..1usize << FEATURES)
        .filter(|known| known >> feature & 1 == 0)
        .map(|known| {
            let size = known.count_ones() as usize;
            let weight = factorial(size) * factorial(FEATURES - size - 1) / factorial(FEATURES);
            let value = |known| expectation(forest, background, row, known);
            weight * (value(known | 1 << feature) - value(known))
        })
        .sum()
}

/// Draws numbers from a list of them, so that proptest can shrink a forest.
struct Draws<'a> {
    numbers: &'a [u32],
    next: usize,
}

impl Draws<'_> {
    fn below(&mut self, limit: u32) -> u32 {
        let number = self.numbers.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        number % limit
    }
}

fn grow(draws: &mut Draws<'_>, nodes: &mut Vec<Node>, depth: usize) -> u32 {
    let place = nodes.len() as u32;
    let value = f64::from(draws.below(2001)) / 100.0 - 10.0;
    nodes.push(Node::Leaf { value, cover: 1.0 });
    if depth < 7 && draws.below(10) < 8 {
        let feature = draws.below(FEATURES as u32);
        let test = if draws.below(4) == 0 {
            Test::In(CategorySet::new(&[draws.below(4), draws.below(4)]))
        } else {
            Test::AtMost(f64::from(draws.below(9)) / 2.0 - 2.0)
        };
        let missing = [Missing::Never, Missing::Nan, Missing::Zero][draws.below(3) as usize];
        let default_left = draws.below(2) == 0;
        let left = grow(draws, nodes, depth + 1);
        let right = grow(draws, nodes, depth + 1);
        nodes[place as usize] = Node::Split {
            feature,
            test,
            missing,
            default_left,
            left,
            right,
            cover: 1.0,
        };
    }
    place
}

fn random_forest(numbers: &[u32]) -> Forest {
    let mut draws = Draws { numbers, next: 0 };
    let trees = (0..3)
        .map(|_| {
            let mut nodes = Vec::new();
            grow(&mut draws, &mut nodes, 0);
            Tree::new(nodes)
        })
        .collect();
    let aggregation = if draws.below(2) == 0 {
        Aggregation::Sum
    } else {
        Aggregation::Average
    };
    Forest::new(FEATURES, -1.5, aggregation, trees).expect("a valid forest")
}

fn cell() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(f64::NAN), 1 => Just(0.0), 4 => (-6i32..8).prop_map(|half| f64::from(half) / 2.0)]
}

fn rows_of(most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop::collection::vec(prop::collection::vec(cell(), FEATURES), 1..=most)
}

fn array(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| {
        rows[row][column]
    })
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn values_are_those_of_the_definition_with_tables_and_without(
        numbers in prop::collection::vec(any::<u32>(), 500),
        background in rows_of(6),
        row in prop::collection::vec(cell(), FEATURES),
        table_bytes in prop_oneof![Just(0), 0usize..3000, Just(TABLE_BYTES)],
    ) {
        let forest = random_forest(&numbers);
        let explainer =
            BackgroundExplainer::with_table_bytes(&forest, array(&background).view(), table_bytes)
                .expect("a background");
        prop_assert!(explainer.size().table_bytes <= table_bytes);
        let mut out = vec![0.0; FEATURES];
        let base_value = explainer.explain(&row, &mut out);
        prop_assert!((base_value - expectation(&forest, &background, &row, 0)).abs() < 1e-9);
        for (feature, ours) in out.iter().enumerate() {
            let expected = shapley_value(&forest, &background, &row, feature);
            prop_assert!((ours - expected).abs() < 1e-9, "feature {feature}: {ours} is not {expected}");
        }
        prop_assert!((base_value + out.iter().sum::<f64>() - forest.margin(&row)).abs() < 1e-9);
    }

    #[test]
    fn many_rows_get_the_bits_one_row_gets_whatever_the_threads(
        numbers in prop::collection::vec(any::<u32>(), 500),
        background in rows_of(20),
        rows in rows_of(300),
        table_bytes in prop_oneof![Just(0), 0usize..3000, Just(TABLE_BYTES)],
    ) {
        let forest = random_forest(&numbers);
        let explainer =
            BackgroundExplainer::with_table_bytes(&forest, array(&background).view(), table_bytes)
                .expect("a background");
        let mut workspace = explainer.workspace();
        let mut out = vec![0.0; FEATURES];
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| explainer.explain_rows(array(&rows).view()))
        };
        let (one, three) = (on(1), on(3));
        for (row, (one, three)) in rows.iter().zip(one.rows().into_iter().zip(three.rows())) {
            explainer.explain_with(row, &mut out, &mut workspace);
            prop_assert_eq!(bits(&out), bits(one.as_slice().expect("a row")));
            prop_assert_eq!(bits(&out), bits(three.as_slice().expect("a row")));
        }
    }

    #[test]
    fn a_row_compared_with_itself_has_nothing_to_explain(
        numbers in prop::collection::vec(any::<u32>(), 500),
        row in prop::collection::vec(cell(), FEATURES),
    ) {
        let forest = random_forest(&numbers);
        let explainer = BackgroundExplainer::new(&forest, array(std::slice::from_ref(&row)).view())
            .expect("a background");
        let mut out = vec![0.0; FEATURES];
        let base_value = explainer.explain(&row, &mut out);
        prop_assert_eq!(base_value.to_bits(), forest.margin(&row).to_bits());
        prop_assert!(out.iter().all(|value| *value == 0.0));
    }
}

/// A chain that asks a new feature at every step: only a row above zero everywhere gets the
/// last leaf.
fn chain(features: u32) -> Forest {
    let mut nodes = Vec::new();
    for feature in 0..features {
        nodes.push(Node::Split {
            feature,
            test: Test::AtMost(0.0),
            missing: Missing::Nan,
            default_left: true,
            left: 2 * feature + 1,
            right: 2 * feature + 2,
            cover: 1.0,
        });
        nodes.push(Node::Leaf {
            value: 0.0,
            cover: 1.0,
        });
    }
    nodes.push(Node::Leaf {
        value: 6.0,
        cover: 1.0,
    });
    Forest::new(
        features as usize,
        0.0,
        Aggregation::Sum,
        vec![Tree::new(nodes)],
    )
    .expect("valid")
}

#[test]
fn a_path_of_sixty_four_features_is_exact() {
    for features in [12, 33, 64] {
        let forest = chain(features as u32);
        // One background row fails everything, one the first half, one nothing.
        let half = features / 2;
        let background = Array2::from_shape_fn((3, features), |(row, feature)| {
            [-1.0, if feature < half { -1.0 } else { 1.0 }, 1.0][row]
        });
        let explainer = BackgroundExplainer::new(&forest, background.view()).expect("a background");
        let mut out = vec![0.0; features];
        assert!((explainer.explain(&vec![1.0; features], &mut out) - 2.0).abs() < 1e-12);
        // Against each background row the features it fails share the leaf alike.
        let (all, first) = (6.0 / features as f64 / 3.0, 6.0 / half as f64 / 3.0);
        for (feature, value) in out.iter().enumerate() {
            let expected = if feature < half { all + first } else { all };
            assert!(
                (value - expected).abs() < 1e-12,
                "{value} is not {expected}"
            );
        }
    }
}

#[test]
fn what_cannot_be_a_background_is_refused() {
    let forest = chain(3);
    let refused = |rows: ArrayView2<'_, f64>| {
        BackgroundExplainer::new(&forest, rows).expect_err("no background")
    };
    assert_eq!(
        refused(Array2::zeros((0, 3)).view()),
        BackgroundError::Empty
    );
    assert_eq!(
        refused(Array2::zeros((4, 2)).view()),
        BackgroundError::Columns {
            columns: 2,
            features: 3
        }
    );
    let refused = BackgroundExplainer::new(&chain(65), Array2::zeros((1, 65)).view());
    assert_eq!(
        refused.expect_err("one bit too many"),
        BackgroundError::PathTooDeep {
            tree: 0,
            features: 65
        }
    );
}

#[test]
fn a_constant_and_a_scorecard_are_compared_with_their_mean_over_the_background() {
    let background = arr2(&[[1.0, 5.0], [3.0, 5.0], [3.0, 5.0], [f64::NAN, 5.0]]);
    let constant = Model::Constant(Constant {
        features: 2,
        margin: -2.5,
    });
    let of_constant = ModelBackground::new(&constant, background.view()).expect("a background");
    let contributions = of_constant.contributions(&[7.0, 7.0]);
    assert_eq!(contributions.base_value.to_bits(), (-2.5f64).to_bits());
    assert_eq!(contributions.values, [0.0, 0.0]);

    let scorecard = Scorecard::new(
        2,
        -2.0,
        vec![Characteristic {
            feature: 0,
            bins: Bins::Number {
                upper: vec![2.0],
                special: Vec::new(),
            },
            woe: vec![0.5, -0.5, 1.0],
            coefficient: 2.0,
            mean_woe: 0.25,
            information_value: 0.1,
            rows: Vec::new(),
            defaults: Vec::new(),
        }],
    )
    .expect("a scorecard");
    let model = Model::Scorecard(scorecard);
    let of_scorecard = ModelBackground::new(&model, background.view()).expect("a background");
    // Terms 1, -1, -1 and 2: on average 0.25, on top of -2.
    let contributions = of_scorecard.contributions(&[f64::NAN, 0.0]);
    assert!((contributions.base_value - -1.75).abs() < 1e-12);
    assert!((contributions.values[0] - 1.75).abs() < 1e-12);
    assert!((contributions.margin() - model.margin(&[f64::NAN, 0.0])).abs() < 1e-12);
}

const REFERENCE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/reference/lightgbm-numeric"
);

fn table(file: &str) -> Array2<f64> {
    let text = std::fs::read_to_string(Path::new(REFERENCE).join(file)).expect("a reference file");
    let number = |cell: &str| match cell {
        "" => f64::NAN,
        number => number.parse().expect("a number"),
    };
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(number).collect())
        .collect();
    array(&rows)
}

/// The reference model, each threshold through `read`.
fn reference_forest(read: fn(f64) -> f64) -> Option<Forest> {
    let Ok(bytes) = std::fs::read(Path::new(REFERENCE).join("model.txt")) else {
        println!("not run: ../shared is absent");
        return None;
    };
    let forest = import::read(&bytes).expect("the model").forest;
    let trees = forest.trees().iter().map(|tree| {
        let mut nodes = tree.nodes().to_vec();
        for node in &mut nodes {
            if let Node::Split {
                test: Test::AtMost(threshold),
                ..
            } = node
            {
                *threshold = read(*threshold);
            }
        }
        Tree::new(nodes)
    });
    let (features, base) = (forest.features(), forest.base_margin());
    let read = Forest::new(features, base, forest.aggregation(), trees.collect());
    Some(read.expect("a forest"))
}

/// `shap` keeps thresholds in `f32`, so that a value between a threshold and its rounding
/// takes the other way than in the model: 128 of the 300 rows meet one against some background
/// row, and differ by up to 0.013. The comparison is with the thresholds it had.
#[test]
fn values_are_those_shap_gives_for_the_thresholds_it_keeps() {
    let Some(forest) = reference_forest(|threshold| f64::from(threshold as f32)) else {
        return;
    };
    let (rows, background) = (table("rows.csv"), table("background.csv"));
    let expected = table("contributions_background.csv");
    let explainer = BackgroundExplainer::new(&forest, background.view()).expect("a background");
    let ours = explainer.explain_rows(rows.view());
    assert_eq!(expected.dim(), (ours.nrows(), ours.ncols() + 1));
    let mut largest = 0.0f64;
    for (ours, expected) in ours.rows().into_iter().zip(expected.rows()) {
        let ours = ours
            .iter()
            .chain([&explainer.base_value()])
            .copied()
            .collect::<Vec<_>>();
        for (ours, expected) in ours.iter().zip(expected) {
            largest = largest.max((ours - expected).abs());
        }
    }
    assert!(largest < 1e-6, "largest difference {largest}");
}

#[test]
fn values_of_the_reference_model_add_up_to_the_margin_with_tables_and_without() {
    let Some(forest) = reference_forest(|threshold| threshold) else {
        return;
    };
    let (rows, background) = (table("rows.csv"), table("background.csv"));
    let tables = BackgroundExplainer::new(&forest, background.view()).expect("a background");
    let lists =
        BackgroundExplainer::with_table_bytes(&forest, background.view(), 0).expect("a background");
    assert_eq!((tables.size().deep_terms, lists.size().tables), (0, 0));
    let by_table = tables.explain_rows(rows.view());
    let by_list = lists.explain_rows(rows.view());
    for (row, (by_table, by_list)) in rows
        .rows()
        .into_iter()
        .zip(by_table.rows().into_iter().zip(by_list.rows()))
    {
        let margin = forest.margin(row.as_slice().expect("a row"));
        assert!((tables.base_value() + by_table.sum() - margin).abs() < 1e-11);
        for (by_table, by_list) in by_table.iter().zip(by_list) {
            assert!((by_table - by_list).abs() < 1e-12);
        }
    }
}
