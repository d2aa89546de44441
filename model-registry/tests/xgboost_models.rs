//! What we make of `XGBoost`'s model files against what `XGBoost` 3.2 says of them:
//! made-up models of every kind (`tests/fixtures/models/make_xgboost.py`), and one trained on
//! real rows that is kept outside the repository.
//!
//! `XGBoost` adds in `f32`; its margins and contributions carry that rounding, ours do not.

use std::path::{Path, PathBuf};

use octroi_model_registry::import::{self, ImportedModel, Source};
use octroi_model_registry::model::{Model, logistic};

const FIXTURES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/fixtures/models/xgboost"
);
const REFERENCE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/reference/xgboost-numeric"
);

fn table(path: &Path) -> (Vec<String>, Vec<Vec<f64>>) {
    let text = std::fs::read_to_string(path).expect("a table");
    let mut lines = text.lines();
    let header = lines.next().expect("a header");
    let number = |cell: &str| {
        if cell.is_empty() {
            f64::NAN
        } else {
            cell.parse().expect("a number")
        }
    };
    (
        header.split(',').map(str::to_owned).collect(),
        lines
            .map(|line| line.split(',').map(number).collect())
            .collect(),
    )
}

fn read(path: &Path) -> ImportedModel {
    let bytes = std::fs::read(path).expect("a file");
    import::read(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fixtures() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(FIXTURES)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    assert!(folders.len() > 19);
    folders
}

/// The largest differences of margins and of contributions, on all rows.
fn differences(
    model: &ImportedModel,
    rows: &[Vec<f64>],
    margins: &[f64],
    expected: &[&[f64]],
) -> (f64, f64) {
    let ours = Model::Forest(model.forest.clone());
    let (mut margin, mut contribution) = (0f64, 0f64);
    for ((row, theirs), expected) in rows.iter().zip(margins).zip(expected) {
        margin = margin.max((ours.margin(row) - theirs).abs());
        let contributions = ours.contributions(row);
        assert!((contributions.margin() - ours.margin(row)).abs() < 1e-9);
        let ours = contributions
            .values
            .iter()
            .chain([&contributions.base_value]);
        assert_eq!(expected.len(), contributions.values.len() + 1);
        for (ours, theirs) in ours.zip(*expected) {
            contribution = contribution.max((ours - theirs).abs());
        }
    }
    (margin, contribution)
}

#[test]
fn margins_and_contributions_of_every_kind_of_model_are_xgboosts() {
    for folder in fixtures() {
        let model = read(&folder.join("model.json"));
        let (_, rows) = table(&folder.join("rows.csv"));
        let (_, expected) = table(&folder.join("expected.csv"));
        assert_eq!(rows.len(), expected.len());
        let margins: Vec<f64> = expected.iter().map(|row| row[0]).collect();
        let contributions: Vec<&[f64]> = expected.iter().map(|row| &row[2..]).collect();
        let (margin, contribution) = differences(&model, &rows, &margins, &contributions);
        let name = folder.file_name().expect("a name").display();
        println!("{name}: margin {margin:.1e}, contributions {contribution:.1e}");
        assert!(margin < 2e-6, "{name}: margin differs by {margin}");
        assert!(
            contribution < 1e-5,
            "{name}: contributions differ by {contribution}"
        );
        for (row, expected) in rows.iter().zip(&expected) {
            let pd = logistic(model.slope * model.forest.margin(row));
            assert!((pd - expected[1]).abs() < 1e-6, "{name}");
        }
    }
}

#[test]
fn json_and_ubjson_of_a_model_are_the_same_model() {
    for folder in fixtures() {
        let json = read(&folder.join("model.json"));
        let ubjson = read(&folder.join("model.ubj"));
        assert_eq!(json.source, Source::XgBoostJson);
        assert_eq!(ubjson.source, Source::XgBoostUbjson);
        assert_eq!(json.features, ubjson.features);
        assert_eq!(json.forest, ubjson.forest, "{}", folder.display());
    }
}

#[test]
fn columns_have_their_names_and_levels() {
    let columns = |name: &str| read(&Path::new(FIXTURES).join(name).join("model.json")).features;
    let names = |name: &str| -> Vec<String> {
        columns(name)
            .into_iter()
            .map(|column| column.name)
            .collect()
    };
    assert_eq!(names("unnamed"), ["f0", "f1", "f2", "f3"]);
    assert_eq!(
        names("categories"),
        [
            "income",
            "debt_share",
            "late_payments",
            "balance",
            "region",
            "occupation"
        ]
    );
    assert!(columns("categories")[4].categorical && columns("categories")[4].levels.is_none());
    let levels = columns("levels");
    assert!(!levels[0].categorical && levels[0].levels.is_none());
    let regions = ["north", "east", "south", "west", "abroad", ""];
    assert_eq!(
        levels[4].levels.as_deref(),
        Some(&regions.map(str::to_owned)[..])
    );
    let occupations = levels[5].levels.as_ref().expect("levels");
    assert_eq!((occupations.len(), occupations[2].as_str()), (70, "25"));
}

#[test]
fn the_model_of_real_rows_gives_xgboosts_margins_and_contributions() {
    let folder = Path::new(REFERENCE);
    if !folder.exists() {
        println!("not run: ../shared is absent");
        return;
    }
    let model = read(&folder.join("model.json"));
    let (names, rows) = table(&folder.join("rows.csv"));
    assert!(model.features.iter().map(|column| &column.name).eq(&names));
    assert_eq!(rows.len(), 300);
    let (_, margins) = table(&folder.join("margin.csv"));
    let margins: Vec<f64> = margins.iter().map(|row| row[0]).collect();
    let (_, contributions) = table(&folder.join("contributions.csv"));
    let contributions: Vec<&[f64]> = contributions.iter().map(Vec::as_slice).collect();
    let (margin, contribution) = differences(&model, &rows, &margins, &contributions);
    println!("margin {margin:.1e}, contributions {contribution:.1e}");
    assert!(margin < 1e-5, "margins differ by {margin}");
    assert!(
        contribution < 1e-4,
        "contributions differ by {contribution}"
    );
}
