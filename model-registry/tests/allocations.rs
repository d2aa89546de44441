//! A decision takes no memory from the allocator to score a row or to explain it: under load
//! that is where threads would wait for each other. In a binary of its own, because the
//! counter is the program's allocator.

use allocation_counter::measure;
use octroi_model_registry::forest::{Aggregation, CategorySet, Forest, Missing, Node, Test, Tree};

/// Trees with every kind of split; the first of more than 64 leaves if `large`.
fn forest(large: bool) -> Forest {
    let trees = (0..20u32)
        .map(|tree| {
            let splits = if large && tree == 0 { 70 } else { 20 };
            let mut nodes = Vec::new();
            for step in 0..splits {
                let test = if step % 5 == 4 {
                    Test::In(CategorySet::new(&[step, tree]))
                } else {
                    Test::AtMost(f64::from(step) / 3.0)
                };
                nodes.push(Node::Split {
                    feature: (tree + step) % 12,
                    test,
                    missing: [Missing::Never, Missing::Nan, Missing::Zero][step as usize % 3],
                    default_left: step % 2 == 0,
                    left: 2 * step + 1,
                    right: 2 * step + 2,
                    cover: f64::from(splits - step) + 1.0,
                });
                nodes.push(Node::Leaf {
                    value: 1.0,
                    cover: 1.0,
                });
            }
            nodes.push(Node::Leaf {
                value: -1.0,
                cover: 1.0,
            });
            Tree::new(nodes)
        })
        .collect();
    Forest::new(12, 0.0, Aggregation::Sum, trees).expect("a valid forest")
}

#[test]
fn scoring_and_explaining_a_row_allocate_nothing_once_warm() {
    for large in [false, true] {
        let forest = forest(large);
        let explainer = forest.explainer();
        let mut workspace = explainer.workspace();
        let mut values = vec![0.0; forest.features()];
        let mut row = [1.0; 12];
        let mut decide = |number: f64| {
            row[0] = number;
            let margin = forest.margin(&row) + forest.partial_sum(&row, 0..3);
            let base_value = explainer.explain_with(&row, &mut values, &mut workspace);
            margin + base_value + values[0]
        };
        decide(0.0);
        let allocations = measure(|| {
            for number in 0..100 {
                std::hint::black_box(decide(f64::from(number)));
            }
        });
        assert_eq!(allocations.count_total, 0, "large: {large}");
    }
}

#[test]
fn the_counter_counts() {
    assert!(measure(|| drop(std::hint::black_box(vec![1u8; 10]))).count_total > 0);
}
