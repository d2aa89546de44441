//! Our margins and contributions against those `LightGBM` 4.7 gives for its own model, on
//! real rows kept outside the repository.
//!
//! The parser here reads just what that one model uses (numeric splits); it is how the
//! algorithms are checked, not an importer.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use octroi_model_registry::forest::{Aggregation, Forest, Missing, Node, Test, Tree};
use octroi_model_registry::model::Model;

const REFERENCE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/reference/lightgbm-numeric"
);

fn field<'a>(block: &'a str, name: &str) -> Vec<&'a str> {
    let line = block
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .unwrap();
    line.split(' ').collect()
}

fn numbers(block: &str, name: &str) -> Vec<f64> {
    field(block, name)
        .into_iter()
        .map(|number| number.parse().unwrap())
        .collect()
}

fn tree(block: &str) -> Tree {
    let splits = field(block, "split_feature").len();
    let (threshold, decision) = (numbers(block, "threshold"), numbers(block, "decision_type"));
    let (left, right) = (numbers(block, "left_child"), numbers(block, "right_child"));
    let feature = numbers(block, "split_feature");
    // A child below zero is leaf -child - 1; leaves follow the splits in our list.
    let place = |child: f64| {
        if child < 0.0 {
            splits as u32 + (-child - 1.0) as u32
        } else {
            child as u32
        }
    };
    let mut nodes: Vec<Node> = (0..splits)
        .map(|index| {
            let decision = decision[index] as u32;
            assert_eq!(decision & 1, 0, "a categorical split");
            Node::Split {
                feature: feature[index] as u32,
                test: Test::AtMost(threshold[index]),
                missing: [Missing::Never, Missing::Zero, Missing::Nan][(decision >> 2) as usize],
                default_left: decision & 2 != 0,
                left: place(left[index]),
                right: place(right[index]),
                cover: numbers(block, "internal_count")[index],
            }
        })
        .collect();
    let leaves = numbers(block, "leaf_value")
        .into_iter()
        .zip(numbers(block, "leaf_count"));
    nodes.extend(leaves.map(|(value, cover)| Node::Leaf { value, cover }));
    Tree::new(nodes)
}

fn table(file: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(Path::new(REFERENCE).join(file)).unwrap();
    let number = |cell: &str| {
        if cell.is_empty() {
            f64::NAN
        } else {
            cell.parse().unwrap()
        }
    };
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(number).collect())
        .collect()
}

fn reference_forest() -> Option<Forest> {
    let Ok(text) = std::fs::read_to_string(Path::new(REFERENCE).join("model.txt")) else {
        println!("not run: ../shared is absent");
        return None;
    };
    let features = numbers(&text, "max_feature_idx")[0] as usize + 1;
    let trees: Vec<Tree> = text.split("\nTree=").skip(1).map(tree).collect();
    assert_eq!(trees.len(), 150);
    Some(Forest::new(features, 0.0, Aggregation::Sum, trees).unwrap())
}

#[test]
fn margins_are_lightgbms() {
    let Some(forest) = reference_forest() else {
        return;
    };
    let (rows, margins) = (table("rows.csv"), table("margin.csv"));
    assert_eq!(rows.len(), 300);
    for (row, margin) in rows.iter().zip(&margins) {
        assert!((forest.margin(row) - margin[0]).abs() < 1e-12);
    }
}

#[test]
fn contributions_are_lightgbms_and_add_up_to_the_margin() {
    let Some(forest) = reference_forest() else {
        return;
    };
    let (rows, expected) = (table("rows.csv"), table("contributions.csv"));
    let model = Model::Forest(forest);
    let mut largest: f64 = 0.0;
    for (row, expected) in rows.iter().zip(&expected) {
        let contributions = model.contributions(row);
        assert_eq!(expected.len(), contributions.values.len() + 1);
        let ours = contributions
            .values
            .iter()
            .chain([&contributions.base_value]);
        for (ours, theirs) in ours.zip(expected) {
            largest = largest.max((ours - theirs).abs());
        }
        assert!((contributions.margin() - model.margin(row)).abs() < 1e-11);
    }
    assert!(largest < 1e-9, "largest difference {largest}");
}

#[test]
fn the_stored_form_of_the_reference_model_gives_the_same_bits() {
    let Some(forest) = reference_forest() else {
        return;
    };
    let stored = serde_json::to_string(&forest).unwrap();
    let read: Forest = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, forest);
    for row in table("rows.csv") {
        assert_eq!(read.margin(&row).to_bits(), forest.margin(&row).to_bits());
    }
}
