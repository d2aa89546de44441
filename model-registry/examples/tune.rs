//! Out-of-fold measures of the candidates on `application_train.csv`, for choosing defaults.
//!
//! `cargo run --release -p octroi-model-registry --example tune -- application_train.csv name=value ...`
//! reads the CSV itself (categories by order of appearance, a dozen ratios added), so that
//! settings can be tried without the whole chain of tables.

use std::collections::HashMap;
use std::time::Instant;

use ndarray::Array2;
use octroi_model_registry::training::{
    CandidateKind, Feature, TrainingOptions, TrainingSet, train,
};

struct Columns {
    names: Vec<String>,
    levels: Vec<Option<Vec<String>>>,
    values: Vec<Vec<f64>>,
}

impl Columns {
    fn read(text: &str) -> Self {
        let mut lines = text.lines();
        let names: Vec<String> = lines
            .next()
            .unwrap_or_default()
            .split(',')
            .map(str::to_owned)
            .collect();
        let cells: Vec<Vec<&str>> = lines.map(split).collect();
        let mut columns = Self {
            levels: Vec::new(),
            values: Vec::new(),
            names,
        };
        for column in 0..columns.names.len() {
            let column: Vec<&str> = cells.iter().map(|row| row[column]).collect();
            let (values, levels) = parsed(&column);
            columns.values.push(values);
            columns.levels.push(levels);
        }
        columns
    }

    fn get(&self, name: &str) -> Vec<f64> {
        let place = self
            .names
            .iter()
            .position(|column| column == name)
            .expect("a known column");
        self.values[place].clone()
    }

    fn add(&mut self, name: &str, inputs: &[&str], formula: impl Fn(&[f64]) -> f64) {
        let inputs: Vec<Vec<f64>> = inputs.iter().map(|name| self.get(name)).collect();
        let rows = inputs[0].len();
        let values = (0..rows).map(|row| {
            let value = formula(&inputs.iter().map(|column| column[row]).collect::<Vec<_>>());
            if value.is_finite() { value } else { f64::NAN }
        });
        self.values.push(values.collect());
        self.names.push(name.to_owned());
        self.levels.push(None);
    }

    fn remove(&mut self, name: &str) -> Vec<f64> {
        let place = self
            .names
            .iter()
            .position(|column| column == name)
            .expect("a known column");
        self.names.remove(place);
        self.levels.remove(place);
        self.values.remove(place)
    }
}

/// Splits a line at commas outside quotes.
fn split(line: &str) -> Vec<&str> {
    let mut quoted = false;
    line.split(|sign: char| {
        quoted ^= sign == '"';
        sign == ',' && !quoted
    })
    .map(|cell| cell.trim_matches('"'))
    .collect()
}

fn parsed(column: &[&str]) -> (Vec<f64>, Option<Vec<String>>) {
    let missing = |cell: &str| cell.is_empty() || cell == "XNA";
    let number = |cell: &str| {
        if missing(cell) {
            Some(f64::NAN)
        } else {
            cell.parse().ok()
        }
    };
    if let Some(numbers) = column
        .iter()
        .map(|cell| number(cell))
        .collect::<Option<Vec<f64>>>()
    {
        return (numbers, None);
    }
    let mut levels: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::new();
    let codes = column.iter().map(|cell| {
        if missing(cell) {
            return f64::NAN;
        }
        let next = levels.len();
        let code = *levels.entry(cell).or_insert_with(|| {
            names.push((*cell).to_owned());
            next
        });
        code as f64
    });
    (codes.collect(), Some(names))
}

fn derive(columns: &mut Columns) {
    let place = columns
        .names
        .iter()
        .position(|name| name == "DAYS_EMPLOYED")
        .expect("known");
    for value in &mut columns.values[place] {
        if *value > 300_000.0 {
            *value = f64::NAN;
        }
    }
    let ratio = |x: &[f64]| x[0] / x[1];
    for (name, inputs) in [
        ("CREDIT_TO_INCOME", ["AMT_CREDIT", "AMT_INCOME_TOTAL"]),
        ("ANNUITY_TO_INCOME", ["AMT_ANNUITY", "AMT_INCOME_TOTAL"]),
        ("CREDIT_TERM", ["AMT_CREDIT", "AMT_ANNUITY"]),
        ("GOODS_TO_CREDIT", ["AMT_GOODS_PRICE", "AMT_CREDIT"]),
        ("EMPLOYED_TO_AGE", ["DAYS_EMPLOYED", "DAYS_BIRTH"]),
        ("INCOME_PER_PERSON", ["AMT_INCOME_TOTAL", "CNT_FAM_MEMBERS"]),
        ("PHONE_TO_AGE", ["DAYS_LAST_PHONE_CHANGE", "DAYS_BIRTH"]),
        ("ID_TO_AGE", ["DAYS_ID_PUBLISH", "DAYS_BIRTH"]),
        ("REGISTRATION_TO_AGE", ["DAYS_REGISTRATION", "DAYS_BIRTH"]),
        ("CAR_TO_AGE", ["OWN_CAR_AGE", "DAYS_BIRTH"]),
        ("CAR_TO_EMPLOYED", ["OWN_CAR_AGE", "DAYS_EMPLOYED"]),
    ] {
        columns.add(name, &inputs, ratio);
    }
    let ext = ["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"];
    let known = |x: &[f64]| {
        x.iter()
            .copied()
            .filter(|x| !x.is_nan())
            .collect::<Vec<_>>()
    };
    columns.add("EXT_MEAN", &ext, |x| {
        known(x).iter().sum::<f64>() / known(x).len() as f64
    });
    columns.add("EXT_MIN", &ext, |x| {
        known(x).into_iter().fold(f64::INFINITY, f64::min)
    });
    columns.add("EXT_MAX", &ext, |x| {
        known(x).into_iter().fold(f64::NEG_INFINITY, f64::max)
    });
    columns.add("EXT_SPREAD", &["EXT_MAX", "EXT_MIN"], |x| x[0] - x[1]);
    columns.add("EXT_PRODUCT", &ext, |x| x.iter().product());
    columns.add("EXT_WEIGHTED", &ext, |x| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (x, weight) in x.iter().zip([2.0, 3.0, 4.0]).filter(|(x, _)| !x.is_nan()) {
            sum += x * weight;
            weights += weight;
        }
        sum / weights
    });
    columns.add("EXT_23", &["EXT_SOURCE_2", "EXT_SOURCE_3"], |x| x[0] * x[1]);
    let documents: Vec<String> = columns
        .names
        .iter()
        .filter(|name| name.starts_with("FLAG_DOCUMENT"))
        .cloned()
        .collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    columns.add("DOCUMENTS", &documents, |x| x.iter().sum());
}

fn set_option(options: &mut TrainingOptions, name: &str, value: &str) {
    let number: f64 = value.parse().unwrap_or(f64::NAN);
    let boosting = &mut options.boosting;
    match name {
        "rounds" => boosting.rounds = number as usize,
        "learning_rate" => boosting.learning_rate = number,
        "max_depth" => boosting.max_depth = number as usize,
        "min_child_weight" => boosting.min_child_weight = number,
        "subsample" => boosting.subsample = number,
        "colsample" => boosting.colsample = number,
        "lambda" => boosting.lambda = number,
        "alpha" => boosting.alpha = number,
        "max_bin" => boosting.max_bin = number as usize,
        "bags" => options.bags = number as usize,
        "seed" => options.seed = number as u64,
        "initial_bins" => options.scorecard.initial_bins = number as usize,
        "max_bins" => options.scorecard.max_bins = number as usize,
        "min_bin_share" => options.scorecard.min_bin_share = number,
        "min_special_share" => options.scorecard.min_special_share = number,
        "smoothing" => options.scorecard.smoothing = number,
        "max_features" => options.scorecard.max_features = number as usize,
        "max_correlation" => options.scorecard.max_correlation = number,
        "l2_penalty" => options.scorecard.alpha = number,
        "candidates" => {
            options.candidates = value
                .split(',')
                .map(|name| match name {
                    "dummy" => CandidateKind::Dummy,
                    "scorecard" => CandidateKind::Scorecard,
                    "boosting" => CandidateKind::Boosting,
                    "boosting_weighted" => CandidateKind::BoostingWeighted,
                    _ => panic!("unknown candidate {name}"),
                })
                .collect();
        }
        _ => panic!("unknown option {name}"),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("a path to application_train.csv");
    let mut columns = Columns::read(&std::fs::read_to_string(file).expect("a readable file"));
    let ids: Vec<i64> = columns
        .remove("SK_ID_CURR")
        .into_iter()
        .map(|id| id as i64)
        .collect();
    let target: Vec<bool> = columns
        .remove("TARGET")
        .into_iter()
        .map(|target| target > 0.5)
        .collect();
    derive(&mut columns);
    let mut options = TrainingOptions::default();
    for argument in arguments {
        let (name, value) = argument.split_once('=').expect("name=value");
        set_option(&mut options, name, value);
    }
    let values = Array2::from_shape_fn((ids.len(), columns.values.len()), |(row, column)| {
        columns.values[column][row]
    });
    let features: Vec<Feature> = columns
        .names
        .into_iter()
        .zip(columns.levels)
        .map(|(name, levels)| Feature {
            name,
            levels,
            monotone: 0,
        })
        .collect();
    let set = TrainingSet {
        ids: &ids,
        features: &features,
        values: values.view(),
        target: &target,
    };
    let start = Instant::now();
    let trained = train(&set, &options, &mut |_| {}).expect("trains");
    for (candidate, seconds) in trained.candidates.iter().zip(&trained.seconds) {
        println!(
            "{:18} auc {:.4} (folds {:.4} +- {:.4}) ap {:.4} brier {:.5} logloss {:.5} cost {:.4} threshold {:.4} {:.1} s",
            candidate.name,
            candidate.auc,
            candidate.auc_mean,
            candidate.auc_std,
            candidate.average_precision,
            candidate.brier,
            candidate.log_loss,
            candidate.cost_per_client,
            candidate.threshold,
            seconds
        );
    }
    let rounds = trained
        .parameters
        .iter()
        .find(|parameter| parameter.name == "rounds");
    println!(
        "{} rows x {} features, rounds {:?}, {:.1} s",
        ids.len(),
        features.len(),
        rounds.map(|p| &p.value),
        start.elapsed().as_secs_f64()
    );
}
