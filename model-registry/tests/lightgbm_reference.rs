//! Our margins and contributions against those `LightGBM` 4.7 gives for its own models, on
//! real rows kept outside the repository.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use octroi_model_registry::forest::Forest;
use octroi_model_registry::import;
use octroi_model_registry::model::Model;

/// The reference models, numeric and with categorical splits.
const REFERENCES: [&str; 2] = ["lightgbm-numeric", "lightgbm-categorical"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/reference")
        .join(name)
}

fn table(name: &str, file: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(folder(name).join(file)).unwrap();
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

fn reference_forest(name: &str) -> Option<Forest> {
    let Ok(bytes) = std::fs::read(folder(name).join("model.txt")) else {
        println!("not run: ../shared is absent");
        return None;
    };
    let model = import::read(&bytes).unwrap();
    assert_eq!(model.forest.trees().len(), 150);
    assert_eq!(model.slope.to_bits(), 1f64.to_bits());
    Some(model.forest)
}

#[test]
fn margins_are_lightgbms() {
    for name in REFERENCES {
        let Some(forest) = reference_forest(name) else {
            return;
        };
        let (rows, margins) = (table(name, "rows.csv"), table(name, "margin.csv"));
        assert_eq!(rows.len(), 300);
        let differences = rows
            .iter()
            .zip(&margins)
            .map(|(row, margin)| (forest.margin(row) - margin[0]).abs());
        let largest = differences.fold(0.0, f64::max);
        println!("{name}: margins differ by {largest:e} at most");
        assert!(largest < 1e-12, "{name}: largest difference {largest:e}");
    }
}

#[test]
fn contributions_are_lightgbms_and_add_up_to_the_margin() {
    for name in REFERENCES {
        let Some(forest) = reference_forest(name) else {
            return;
        };
        let (rows, expected) = (table(name, "rows.csv"), table(name, "contributions.csv"));
        assert_eq!(expected.len(), 300);
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
        println!("{name}: contributions differ by {largest:e} at most");
        assert!(largest < 1e-9, "{name}: largest difference {largest:e}");
    }
}

#[test]
fn the_stored_form_of_the_reference_models_gives_the_same_bits() {
    for name in REFERENCES {
        let Some(forest) = reference_forest(name) else {
            return;
        };
        let stored = serde_json::to_string(&forest).unwrap();
        let read: Forest = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, forest);
        for row in table(name, "rows.csv") {
            assert_eq!(read.margin(&row).to_bits(), forest.margin(&row).to_bits());
        }
    }
}
