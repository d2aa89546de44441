//! Contributions against the definition of the Shapley value, worked out subset by subset on
//! small random forests with every kind of split, repeated features and empty nodes.

use ndarray::Array2;
use octroi_model_registry::explain::Explainer;
use octroi_model_registry::forest::{
    Aggregation, CategorySet, Forest, Missing, Node, Test, Tree, goes_left,
};
use proptest::prelude::*;

const FEATURES: usize = 5;

/// What the forest gives on average when only the features of the bit set `known` are known.
fn expectation(forest: &Forest, row: &[f64], known: usize) -> f64 {
    let sum: f64 = forest
        .trees()
        .iter()
        .map(|tree| tree_expectation(tree.nodes(), 0, row, known))
        .sum();
    let scale = match forest.aggregation() {
        Aggregation::Sum => 1.0,
        Aggregation::Average => 1.0 / forest.trees().len() as f64,
    };
    forest.base_margin() + sum * scale
}

fn tree_expectation(nodes: &[Node], node: usize, row: &[f64], known: usize) -> f64 {
    match &nodes[node] {
        Node::Leaf { value, .. } => *value,
        Node::Split {
            feature,
            test,
            missing,
            default_left,
            left,
            right,
            cover,
        } => {
            let (left, right) = (*left as usize, *right as usize);
            let of = |child| tree_expectation(nodes, child, row, known);
            if known >> feature & 1 == 1 {
                let value = row[*feature as usize];
                return of(if goes_left(test, *missing, *default_left, value) {
                    left
                } else {
                    right
                });
            }
            if *cover > 0.0 {
                (nodes[left].cover() * of(left) + nodes[right].cover() * of(right)) / cover
            } else {
                f64::midpoint(of(left), of(right))
            }
        }
    }
}

/// The definition: the mean of what a feature adds over all orders of the features.
fn shapley_value(forest: &Forest, row: &[f64], feature: usize) -> f64 {
    let factorial = |n: usize| (1..=n).product::<usize>() as f64;
    (0..1usize << FEATURES)
        .filter(|known| known >> feature & 1 == 0)
        .map(|known| {
            let size = known.count_ones() as usize;
            let weight = factorial(size) * factorial(FEATURES - size - 1) / factorial(FEATURES);
            weight
                * (expectation(forest, row, known | 1 << feature) - expectation(forest, row, known))
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

fn grow(draws: &mut Draws<'_>, nodes: &mut Vec<Node>, depth: usize, cover: u32) -> u32 {
    let place = nodes.len() as u32;
    let value = f64::from(draws.below(2001)) / 100.0 - 10.0;
    nodes.push(Node::Leaf {
        value,
        cover: f64::from(cover),
    });
    if depth < 6 && draws.below(10) < 8 {
        let feature = draws.below(FEATURES as u32);
        let test = if draws.below(4) == 0 {
            Test::In(CategorySet::new(&[draws.below(4), draws.below(4)]))
        } else {
            Test::AtMost(f64::from(draws.below(9)) / 2.0 - 2.0)
        };
        let missing = [Missing::Never, Missing::Nan, Missing::Zero][draws.below(3) as usize];
        let default_left = draws.below(2) == 0;
        // Some children get no training row at all.
        let below = draws.below(cover + 1);
        let left = grow(draws, nodes, depth + 1, below);
        let right = grow(draws, nodes, depth + 1, cover - below);
        let cover = f64::from(cover);
        nodes[place as usize] = Node::Split {
            feature,
            test,
            missing,
            default_left,
            left,
            right,
            cover,
        };
    }
    place
}

fn random_forest(numbers: &[u32]) -> Forest {
    let mut draws = Draws { numbers, next: 0 };
    let trees = (0..3)
        .map(|_| {
            let mut nodes = Vec::new();
            grow(&mut draws, &mut nodes, 0, 100);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn contributions_are_the_shapley_values_of_the_definition(
        numbers in prop::collection::vec(any::<u32>(), 400),
        row in prop::collection::vec(cell(), FEATURES),
    ) {
        let forest = random_forest(&numbers);
        let explainer = Explainer::new(&forest);
        let mut out = vec![0.0; FEATURES];
        let base_value = explainer.explain(&row, &mut out);
        prop_assert!((base_value - expectation(&forest, &row, 0)).abs() < 1e-9);
        for (feature, ours) in out.iter().enumerate() {
            let expected = shapley_value(&forest, &row, feature);
            prop_assert!((ours - expected).abs() < 1e-9, "feature {feature}: {ours} is not {expected}");
        }
        prop_assert!((base_value + out.iter().sum::<f64>() - forest.margin(&row)).abs() < 1e-9);
    }

    #[test]
    fn a_used_workspace_changes_nothing(
        numbers in prop::collection::vec(any::<u32>(), 400),
        rows in prop::collection::vec(prop::collection::vec(cell(), FEATURES), 4),
    ) {
        let forest = random_forest(&numbers);
        let explainer = Explainer::new(&forest);
        let mut workspace = explainer.workspace();
        let (mut used, mut fresh) = (vec![0.0; FEATURES], vec![0.0; FEATURES]);
        for row in rows {
            explainer.explain_with(&row, &mut used, &mut workspace);
            explainer.explain(&row, &mut fresh);
            prop_assert_eq!(&used, &fresh);
        }
    }

    #[test]
    fn a_row_among_many_gets_what_it_gets_alone(
        numbers in prop::collection::vec(any::<u32>(), 400),
        rows in prop::collection::vec(prop::collection::vec(cell(), FEATURES), 1..40),
    ) {
        let forest = random_forest(&numbers);
        let explainer = Explainer::new(&forest);
        let table = Array2::from_shape_vec((rows.len(), FEATURES), rows.concat()).expect("a table");
        let many = explainer.explain_rows(table.view());
        let by_column = table.t().as_standard_layout().into_owned();
        prop_assert_eq!(&many, &explainer.explain_rows(by_column.t()));
        let mut alone = vec![0.0; FEATURES];
        for (row, many) in rows.iter().zip(many.rows()) {
            explainer.explain(row, &mut alone);
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&alone), bits(&many.to_vec()));
        }
    }
}

/// A chain that asks a new feature at every step, so deep that one block of quadrature points
/// is not enough; its Shapley values are known from their sum and from symmetry.
#[test]
fn a_path_of_forty_distinct_features_is_still_exact() {
    let features = 40u32;
    let mut nodes = Vec::new();
    for feature in 0..features {
        let cover = 0.5f64.powi(feature as i32);
        let next = 2 * feature;
        nodes.push(Node::Split {
            feature,
            test: Test::AtMost(0.0),
            missing: Missing::Nan,
            default_left: true,
            left: next + 1,
            right: next + 2,
            cover,
        });
        nodes.push(Node::Leaf {
            value: 0.0,
            cover: cover / 2.0,
        });
    }
    nodes.push(Node::Leaf {
        value: 1e12,
        cover: 0.5f64.powi(features as i32),
    });
    let forest = Forest::new(
        features as usize,
        0.0,
        Aggregation::Sum,
        vec![Tree::new(nodes)],
    )
    .expect("valid");
    let mut out = vec![0.0; features as usize];
    let base_value = Explainer::new(&forest).explain(&vec![1.0; features as usize], &mut out);
    // Every feature does the same: the leaf is reached only if all are above zero.
    let share = (1e12 - base_value) / f64::from(features);
    for value in out {
        assert!(
            (value / share - 1.0).abs() < 1e-12,
            "{value} is not {share}"
        );
    }
}
