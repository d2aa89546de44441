//! Scoring against the rule of a split, followed node by node: whatever the split asks,
//! whatever the value, one row or many, the margin is the same to the bit.

use ndarray::{Array2, ArrayView2};
use octroi_model_registry::forest::{
    Aggregation, CategorySet, Forest, Missing, Node, Test, Tree, goes_left,
};
use octroi_model_registry::model::Model;
use proptest::prelude::*;

const FEATURES: usize = 4;

/// Where comparisons go wrong, if they do.
const EDGES: [f64; 18] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e-36,
    -1e-36,
    1.1e-35,
    1.0,
    -1.0,
    -0.5,
    2.0,
    70.0,
    1e300,
];

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => prop::sample::select(&EDGES[..]),
        1 => any::<f64>(),
        1 => (0u32..130).prop_map(f64::from),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let threshold = value().prop_filter("a threshold is a number", |value| !value.is_nan());
    prop_oneof![
        2 => threshold.prop_map(Test::AtMost),
        1 => prop::collection::vec(0u32..130, 0..6).prop_map(|codes| Test::In(CategorySet::new(&codes))),
    ]
}

fn split() -> impl Strategy<Value = Node> {
    let missing = prop::sample::select(&[Missing::Never, Missing::Nan, Missing::Zero][..]);
    (0..FEATURES as u32, test(), missing, any::<bool>()).prop_map(
        |(feature, test, missing, default_left)| Node::Split {
            feature,
            test,
            missing,
            default_left,
            left: 0,
            right: 0,
            cover: 0.0,
        },
    )
}

/// A tree of these splits: each replaces the leaf its number points to.
fn tree(splits: Vec<(Node, prop::sample::Index)>) -> Tree {
    let leaf = |number: usize| Node::Leaf {
        value: (number as f64 * 0.7).sin() / 3.0,
        cover: 1.0,
    };
    let mut nodes = vec![leaf(0)];
    for (mut split, place) in splits {
        let leaves: Vec<usize> = (0..nodes.len())
            .filter(|&node| matches!(nodes[node], Node::Leaf { .. }))
            .collect();
        let place = *place.get(&leaves);
        let next = nodes.len();
        nodes.extend([leaf(next), leaf(next + 1)]);
        if let Node::Split { left, right, .. } = &mut split {
            (*left, *right) = (next as u32, next as u32 + 1);
        }
        nodes[place] = split;
    }
    Tree::new(nodes)
}

/// Up to 19 trees; `most` is the most splits of one.
fn forest(most: usize) -> impl Strategy<Value = Forest> {
    let splits = prop::collection::vec((split(), any::<prop::sample::Index>()), 0..most);
    let aggregation = prop::sample::select(&[Aggregation::Sum, Aggregation::Average][..]);
    (prop::collection::vec(splits, 0..20), aggregation).prop_map(|(trees, aggregation)| {
        let trees = trees.into_iter().map(tree).collect();
        Forest::new(FEATURES, -0.3, aggregation, trees).expect("valid")
    })
}

fn rows() -> impl Strategy<Value = Array2<f64>> {
    prop::collection::vec(prop::collection::vec(value(), FEATURES), 1..30).prop_map(|rows| {
        Array2::from_shape_vec((rows.len(), FEATURES), rows.concat()).expect("rows of one length")
    })
}

/// The leaf of each tree and the margin, node by node.
fn followed(forest: &Forest, row: &[f64]) -> (Vec<usize>, f64) {
    let (mut leaves, mut sum) = (Vec::new(), 0.0);
    for tree in forest.trees() {
        let mut at = 0;
        while let Node::Split {
            feature,
            test,
            missing,
            default_left,
            left,
            right,
            ..
        } = &tree.nodes()[at]
        {
            let value = row[*feature as usize];
            let left_way = goes_left(test, *missing, *default_left, value);
            at = if left_way { *left } else { *right } as usize;
        }
        leaves.push(at);
        if let Node::Leaf { value, .. } = tree.nodes()[at] {
            sum += value;
        }
    }
    let scale = match forest.aggregation() {
        Aggregation::Average if !leaves.is_empty() => 1.0 / leaves.len() as f64,
        _ => 1.0,
    };
    (leaves, forest.base_margin() + sum * scale)
}

fn bits(margins: &[f64]) -> Vec<u64> {
    margins.iter().map(|margin| margin.to_bits()).collect()
}

fn check(forest: &Forest, rows: ArrayView2<'_, f64>) {
    let mut expected = Vec::new();
    for row in rows.rows() {
        let row = row.to_vec();
        let (leaves, margin) = followed(forest, &row);
        assert_eq!(forest.leaves(&row).collect::<Vec<_>>(), leaves, "{row:?}");
        assert_eq!(forest.margin(&row).to_bits(), margin.to_bits(), "{row:?}");
        expected.push(margin);
    }
    assert_eq!(bits(&forest.margins(rows)), bits(&expected));
    let model = Model::Forest(forest.clone());
    assert_eq!(bits(&model.margins(rows)), bits(&expected));
    // The same rows with the values of a column next to each other.
    let by_column = rows.t().as_standard_layout().into_owned();
    assert_eq!(bits(&forest.margins(by_column.t())), bits(&expected));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_row_takes_the_way_of_the_rule_alone_and_among_others(forest in forest(31), rows in rows()) {
        check(&forest, rows.view());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn a_tree_of_more_than_64_leaves_is_no_exception(forest in forest(150), rows in rows()) {
        check(&forest, rows.view());
    }
}

#[test]
fn a_tree_of_exactly_64_leaves_uses_every_bit() {
    // A chain: the last leaf is reached by 63 answers of no.
    let mut nodes = Vec::new();
    for step in 0..63u32 {
        nodes.push(Node::Split {
            feature: 0,
            test: Test::AtMost(f64::from(step)),
            missing: Missing::Nan,
            default_left: step % 2 == 0,
            left: 2 * step + 1,
            right: 2 * step + 2,
            cover: 1.0,
        });
        nodes.push(Node::Leaf {
            value: f64::from(step),
            cover: 1.0,
        });
    }
    nodes.push(Node::Leaf {
        value: 63.0,
        cover: 1.0,
    });
    let forest =
        Forest::new(1, 0.0, Aggregation::Sum, vec![Tree::new(nodes)]).expect("a valid forest");
    let rows = Array2::from_shape_fn((70, 1), |(row, _)| row as f64 - 1.0);
    check(&forest, rows.view());
    assert!((forest.margin(&[1e9]) - 63.0).abs() < 1e-15);
    assert!(forest.margin(&[f64::NAN]).abs() < 1e-15);
}

#[test]
fn partial_sums_add_up_to_the_margin() {
    let trees = (0..20)
        .map(|tree| {
            Tree::new(vec![Node::Leaf {
                value: f64::from(tree),
                cover: 1.0,
            }])
        })
        .collect();
    let forest = Forest::new(0, 1.0, Aggregation::Sum, trees).expect("a valid forest");
    assert!((forest.partial_sum(&[], 3..9) - 33.0).abs() < 1e-12);
    assert!((forest.partial_sum(&[], 5..5)).abs() < 1e-12);
    assert!((forest.margin(&[]) - 191.0).abs() < 1e-12);
}
