//! Forests written as `XGBoost`'s JSON and read again give the same margins. What is written
//! here is left in `target/tmp/xgboost-exports` with our margins and contributions, for
//! `tests/conformance/xgboost_exports.py` to load in `XGBoost` itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use octroi_model_registry::boosting::{
    BoostingParameters, Growth, Hessboost, Trainer, rounded_below,
};
use octroi_model_registry::export::xgboost::json;
use octroi_model_registry::forest::{Aggregation, CategorySet, Forest, Missing, Node, Test, Tree};
use octroi_model_registry::import;
use octroi_model_registry::model::{Model, logistic};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FIXTURES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/fixtures/models/xgboost"
);

fn names(features: usize) -> Vec<String> {
    (0..features)
        .map(|column| format!("column_{column}"))
        .collect()
}

/// Writes a forest and the rows it is compared on; gives what is read back.
fn exported(name: &str, forest: &Forest, rows: &[Vec<f64>]) -> Forest {
    let names = names(forest.features());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bytes = json(forest, &names, 1.0, 0.0).expect("it can be said");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("xgboost-exports")
        .join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("model.json"), &bytes).expect("written");
    let cell = |value: f64| {
        if value.is_nan() {
            String::new()
        } else {
            format!("{value:?}")
        }
    };
    let line = |values: &[f64]| {
        values
            .iter()
            .map(|&value| cell(value))
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut of_rows = format!("{}\n", names.join(","));
    let mut expected = format!("margin,{},bias\n", names.join(","));
    let model = Model::Forest(forest.clone());
    for row in rows {
        writeln!(of_rows, "{}", line(row)).expect("a string");
        let contributions = model.contributions(row);
        let all = [
            &[model.margin(row)],
            &contributions.values[..],
            &[contributions.base_value],
        ];
        writeln!(expected, "{}", line(&all.concat())).expect("a string");
    }
    std::fs::write(folder.join("rows.csv"), of_rows).expect("written");
    std::fs::write(folder.join("expected.csv"), expected).expect("written");
    let read = import::read(&bytes).expect("it can be read");
    assert!(
        read.features
            .iter()
            .map(|feature| &feature.name)
            .eq(names.iter())
    );
    read.forest
}

fn assert_same_margins(name: &str, forest: &Forest, back: &Forest, rows: &[Vec<f64>]) {
    for row in rows {
        let (ours, theirs) = (forest.margin(row), back.margin(row));
        assert!(
            (ours - theirs).abs() < 1e-6,
            "{name}: {ours} is not {theirs} for {row:?}"
        );
    }
}

fn table(path: &Path) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).expect("a table");
    let number = |cell: &str| cell.parse().unwrap_or(f64::NAN);
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(number).collect())
        .collect()
}

#[test]
fn what_came_from_xgboost_goes_back_as_the_same_forest() {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(FIXTURES)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let bytes = std::fs::read(folder.join("model.json")).expect("a fixture");
        let forest = import::read(&bytes).expect("a model").forest;
        let rows = table(&folder.join("rows.csv"));
        let back = exported(&name, &forest, &rows);
        assert_same_margins(&name, &forest, &back, &rows);
        // Leaves times weights are rounded, and a base score that is a margin becomes a tree.
        if !name.contains("dart") && name != "logitraw" {
            assert_eq!(back, forest, "{name}");
        }
    }
}

#[test]
fn what_was_trained_here_goes_out_and_comes_back() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let values = Array2::from_shape_fn((1500, 6), |(_, column)| {
        if random.random::<f64>() < 0.1 {
            f64::NAN
        } else {
            random.random::<f64>() * 10f64.powi(column as i32 * 2 - 3)
        }
    });
    let target: Vec<bool> = values
        .rows()
        .into_iter()
        .map(|row| {
            let score = if row[3].is_nan() {
                1.0
            } else {
                row[3] / 300.0 - row[0] * 800.0
            };
            random.random::<f64>() < logistic(score.clamp(-3.0, 3.0) - 1.0)
        })
        .collect();
    let parameters = BoostingParameters {
        rounds: 60,
        learning_rate: 0.1,
        min_child_weight: 2.0,
        ..BoostingParameters::default()
    };
    let all: Vec<usize> = (0..target.len()).collect();
    let prepared = Hessboost.prepare(values.view(), &target).expect("rows");
    let growth = Growth {
        rows: &all,
        parameters: &parameters,
        seed: 7,
        watched: &[],
        patience: 0,
    };
    let grown = prepared.grow(&growth, &mut || {}).expect("trains");
    let forest = grown.forest.with_counted_cover(values.view(), &all);
    let rows: Vec<Vec<f64>> = values
        .rows()
        .into_iter()
        .take(200)
        .map(|row| row.to_vec())
        .collect();
    let back = exported("trained-here", &forest, &rows);
    assert_same_margins("trained-here", &forest, &back, &rows);
}

/// Grows a subtree in preorder, so that siblings are seldom neighbours, with every kind of
/// test; gives its place and cover.
fn random_tree(random: &mut ChaCha8Rng, depth: usize, nodes: &mut Vec<Node>) -> (u32, f64) {
    let place = nodes.len();
    if depth == 0 || random.random::<f64>() < 0.1 {
        let (value, cover) = (
            random.random::<f64>() - 0.5,
            f64::from(random.random_range(1..50)),
        );
        nodes.push(Node::Leaf { value, cover });
        return (place as u32, cover);
    }
    let categorical = random.random::<f64>() < 0.5;
    let test = match (categorical, random.random_range(0..8)) {
        (true, count) => {
            let codes: Vec<u32> = (0..count * 4).map(|_| random.random_range(0..40)).collect();
            Test::In(CategorySet::new(&codes))
        }
        (false, 0) => Test::AtMost(f64::INFINITY),
        (false, 1) => Test::AtMost(f64::NEG_INFINITY),
        (false, _) => Test::AtMost(rounded_below(random.random::<f32>() * 20.0 - 10.0)),
    };
    // A placeholder until its children are there.
    nodes.push(Node::Leaf {
        value: 0.0,
        cover: 0.0,
    });
    let (left, of_left) = random_tree(random, depth - 1, nodes);
    let (right, of_right) = random_tree(random, depth - 1, nodes);
    let cover = of_left + of_right;
    nodes[place] = Node::Split {
        feature: u32::from(categorical),
        missing: if random.random() {
            Missing::Nan
        } else {
            Missing::Never
        },
        default_left: random.random(),
        test,
        left,
        right,
        cover,
    };
    (place as u32, cover)
}

#[test]
fn every_kind_of_split_and_a_mean_of_trees_go_out_and_come_back() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let trees: Vec<Tree> = (0..30)
        .map(|_| {
            let mut nodes = Vec::new();
            random_tree(&mut random, 5, &mut nodes);
            Tree::new(nodes)
        })
        .collect();
    let rows: Vec<Vec<f64>> = (0..300)
        .map(|_| {
            let missing = |random: &mut ChaCha8Rng| random.random::<f64>() < 0.1;
            let number = random.random::<f64>() * 20.0 - 10.0;
            let code = f64::from(random.random_range(-2..60));
            [number, code]
                .map(|value| {
                    if missing(&mut random) {
                        f64::NAN
                    } else {
                        value
                    }
                })
                .to_vec()
        })
        .collect();
    for (name, aggregation) in [("sum", Aggregation::Sum), ("mean", Aggregation::Average)] {
        let forest = Forest::new(2, -1.25, aggregation, trees.clone()).expect("valid");
        let back = exported(name, &forest, &rows);
        assert_same_margins(name, &forest, &back, &rows);
    }
}
