//! What a synthetic population promises: the schema, the same bytes for the same options,
//! plausible rows that agree over the tables, a default rate near 8 %, and a true PD that ranks.

#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const SCHEMA: &str = include_str!("../../portfolios/home-credit/tables.toml");

fn population(options: &SynthOptions) -> (TempDir, SynthReport) {
    let folder = TempDir::new().unwrap();
    let report = write_population(options, folder.path()).unwrap();
    (folder, report)
}

fn of(clients: usize, seed: u64) -> SynthOptions {
    SynthOptions {
        clients,
        seed,
        ..SynthOptions::default()
    }
}

/// Columns of one file by name; a missing value is an empty string.
fn columns(folder: &Path, table: &str) -> HashMap<String, Vec<String>> {
    let mut reader = csv::Reader::from_path(folder.join(format!("{table}.csv"))).unwrap();
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let mut columns: HashMap<String, Vec<String>> = names
        .iter()
        .map(|name| (name.clone(), Vec::new()))
        .collect();
    // The reader refuses a row whose fields are not as many as the header's.
    for record in reader.records() {
        for (name, value) in names.iter().zip(&record.unwrap()) {
            columns.get_mut(name).unwrap().push(value.to_owned());
        }
    }
    columns
}

fn numbers(columns: &HashMap<String, Vec<String>>, name: &str) -> Vec<Option<f64>> {
    columns[name]
        .iter()
        .map(|value| value.parse().ok())
        .collect()
}

fn mean(values: &[Option<f64>]) -> f64 {
    let present: Vec<f64> = values.iter().flatten().copied().collect();
    present.iter().sum::<f64>() / present.len() as f64
}

fn missing(values: &[Option<f64>]) -> f64 {
    values.iter().filter(|value| value.is_none()).count() as f64 / values.len() as f64
}

fn all_bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

fn on_threads(threads: usize, options: &SynthOptions) -> Vec<(String, Vec<u8>)> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let (folder, _) = pool.install(|| population(options));
    all_bytes(folder.path())
}

/// Share of pairs of a defaulted and a good client that `scores` puts in the right order.
fn area_under_curve(scores: &[f64], labels: &[bool]) -> f64 {
    let mut ranked: Vec<_> = scores.iter().zip(labels).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(b.0));
    let (mut good, mut below) = (0.0, 0.0);
    for (_, defaulted) in ranked {
        if *defaulted {
            below += good;
        } else {
            good += 1.0;
        }
    }
    below / good / (labels.len() as f64 - good)
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_one_thread_and_on_two() {
    let options = of(300, 5);
    let one = on_threads(1, &options);
    assert_eq!(one.len(), 9);
    assert!(one == on_threads(2, &options));
}

#[test]
fn another_seed_gives_other_bytes() {
    let (one, other) = (population(&of(50, 1)).0, population(&of(50, 2)).0);
    let (one, other) = (all_bytes(one.path()), all_bytes(other.path()));
    for ((name, bytes), (_, others)) in one.iter().zip(&other) {
        assert!(bytes != others, "{name}");
    }
}

#[test]
fn a_client_is_the_same_in_a_larger_population() {
    let (small, large) = (population(&of(50, 1)).0, population(&of(80, 1)).0);
    let read = |folder: &Path| fs::read_to_string(folder.join("application_train.csv")).unwrap();
    assert!(read(large.path()).starts_with(&read(small.path())));
}

#[test]
fn every_header_is_the_schemas_and_every_category_one_of_its_levels() {
    let schema: toml::Table = SCHEMA.parse().unwrap();
    let (folder, _) = population(&of(400, 3));
    for table in schema["table"].as_array().unwrap() {
        for file in table["files"].as_array().unwrap() {
            let file = file.as_str().unwrap();
            let mut reader =
                csv::Reader::from_path(folder.path().join(format!("{file}.csv"))).unwrap();
            let header: Vec<String> = reader
                .headers()
                .unwrap()
                .iter()
                .map(str::to_owned)
                .collect();
            let expected: Vec<&toml::Value> = table["columns"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|column| {
                    column["name"].as_str() != Some("TARGET") || file != "application_test"
                })
                .collect();
            let names: Vec<&str> = expected
                .iter()
                .map(|column| column["name"].as_str().unwrap())
                .collect();
            assert_eq!(header, names, "{file}");
            for record in reader.records() {
                for (value, column) in record.unwrap().iter().zip(&expected) {
                    check_value(file, column, value);
                }
            }
        }
    }
}

fn check_value(file: &str, column: &toml::Value, value: &str) {
    let name = column["name"].as_str().unwrap();
    let required = column.get("required").is_some();
    if value.is_empty() {
        assert!(!required, "{file}.{name} is required");
        return;
    }
    match column["type"].as_str().unwrap() {
        "category" => {
            let is_in = |key: &str| {
                column
                    .get(key)
                    .and_then(toml::Value::as_array)
                    .is_some_and(|levels| levels.iter().any(|level| level.as_str() == Some(value)))
            };
            assert!(
                is_in("levels") || is_in("missing"),
                "{file}.{name} = {value}"
            );
        }
        "number" => assert!(
            value.parse::<f64>().unwrap().is_finite(),
            "{file}.{name} = {value}"
        ),
        _ => assert!(value.parse::<i64>().is_ok(), "{file}.{name} = {value}"),
    }
}

#[test]
fn ten_thousand_clients_default_near_eight_percent_and_the_true_pd_ranks_them() {
    let (folder, report) = population(&of(10_000, 1));
    let rate = report.default_rate.unwrap();
    assert!((0.065..=0.095).contains(&rate), "default rate {rate}");
    assert!(
        (report.mean_pd - rate).abs() < 0.01,
        "mean PD {}",
        report.mean_pd
    );
    let labels: Vec<bool> = columns(folder.path(), "application_train")["TARGET"]
        .iter()
        .map(|label| label == "1")
        .collect();
    let truth = numbers(&columns(folder.path(), "true_pd"), "PD");
    let truth: Vec<f64> = truth
        .into_iter()
        .take(labels.len())
        .map(Option::unwrap)
        .collect();
    let area = area_under_curve(&truth, &labels);
    assert!((0.79..=0.87).contains(&area), "area under the curve {area}");
}

#[test]
fn the_strongest_columns_point_the_way_they_do_in_the_real_portfolio() {
    let (folder, _) = population(&of(6_000, 4));
    let train = columns(folder.path(), "application_train");
    let target = numbers(&train, "TARGET");
    let gap = |name: &str| {
        let values = numbers(&train, name);
        let of = |label: f64| {
            let chosen: Vec<_> = values
                .iter()
                .zip(&target)
                .filter(|(_, target)| **target == Some(label))
                .map(|(value, _)| *value)
                .collect();
            mean(&chosen)
        };
        of(1.0) - of(0.0)
    };
    for score in ["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"] {
        assert!(
            (-0.2..-0.06).contains(&gap(score)),
            "{score}: {}",
            gap(score)
        );
    }
    assert!(gap("DAYS_BIRTH") > 300.0);
    assert!(gap("REGION_RATING_CLIENT") > 0.0);
}

#[test]
fn sentinels_and_missing_values_stand_where_they_do_in_the_real_tables() {
    let (folder, _) = population(&of(2_000, 6));
    let train = columns(folder.path(), "application_train");
    let pensioners: Vec<bool> = train["NAME_INCOME_TYPE"]
        .iter()
        .map(|kind| kind == "Pensioner")
        .collect();
    assert!(pensioners.iter().filter(|is| **is).count() > 200);
    for (row, pensioner) in pensioners.iter().enumerate() {
        let unemployed = train["DAYS_EMPLOYED"][row] == "365243";
        assert!(unemployed || !pensioner);
        assert_eq!(train["ORGANIZATION_TYPE"][row] == "XNA", unemployed);
        assert!(!unemployed || train["OCCUPATION_TYPE"][row].is_empty());
        assert_eq!(
            train["OWN_CAR_AGE"][row].is_empty(),
            train["FLAG_OWN_CAR"][row] == "N"
        );
        for column in ["LIVINGAREA", "LANDAREA", "YEARS_BUILD"] {
            let absent = |kind: &str| train[&format!("{column}_{kind}")][row].is_empty();
            assert!(absent("AVG") == absent("MODE") && absent("AVG") == absent("MEDI"));
        }
    }
    let share = |name: &str| missing(&numbers(&train, name));
    assert!((0.5..0.63).contains(&share("EXT_SOURCE_1")));
    assert!((0.15..0.25).contains(&share("EXT_SOURCE_3")));
    assert!((0.45..0.57).contains(&share("APARTMENTS_AVG")));
    let previous = columns(folder.path(), "previous_application");
    for (column, sentinel) in [
        ("NAME_CASH_LOAN_PURPOSE", "XAP"),
        ("CODE_REJECT_REASON", "XAP"),
        ("NAME_PAYMENT_TYPE", "XNA"),
        ("DAYS_FIRST_DRAWING", "365243.0"),
        ("DAYS_LAST_DUE", "365243.0"),
    ] {
        assert!(
            previous[column].iter().any(|value| value == sentinel),
            "{column}"
        );
    }
}

#[test]
fn amounts_and_days_are_plausible() {
    let (folder, _) = population(&of(2_000, 8));
    let train = columns(folder.path(), "application_train");
    let pairs = |a: &str, b: &str| {
        numbers(&train, a)
            .into_iter()
            .zip(numbers(&train, b))
            .collect::<Vec<_>>()
    };
    for (annuity, credit) in pairs("AMT_ANNUITY", "AMT_CREDIT") {
        assert!(annuity.unwrap() > 0.0 && annuity.unwrap() < credit.unwrap());
    }
    for (birth, employed) in pairs("DAYS_BIRTH", "DAYS_EMPLOYED") {
        assert!((-25_600.0..=-7_300.0).contains(&birth.unwrap()));
        assert!(employed.unwrap() > birth.unwrap() + 17.0 * 365.0);
    }
    for (members, children) in pairs("CNT_FAM_MEMBERS", "CNT_CHILDREN") {
        assert!((1.0..=2.0).contains(&(members.unwrap() - children.unwrap())));
    }
    let bureau = columns(folder.path(), "bureau");
    let debts = numbers(&bureau, "AMT_CREDIT_SUM_DEBT");
    for (debt, amount) in debts.into_iter().zip(numbers(&bureau, "AMT_CREDIT_SUM")) {
        assert!(debt.is_none_or(|debt| debt >= 0.0 && debt <= amount.unwrap()));
    }
    let cards = columns(folder.path(), "credit_card_balance");
    let limits = numbers(&cards, "AMT_CREDIT_LIMIT_ACTUAL");
    for (balance, limit) in numbers(&cards, "AMT_BALANCE").into_iter().zip(limits) {
        assert!((0.0..=1.5 * limit.unwrap()).contains(&balance.unwrap()));
    }
    for table in ["POS_CASH_balance", "credit_card_balance", "bureau_balance"] {
        for month in numbers(&columns(folder.path(), table), "MONTHS_BALANCE") {
            assert!(
                (-97.0..=0.0).contains(&month.unwrap()),
                "{table}: {month:?}"
            );
        }
    }
    for day in numbers(
        &columns(folder.path(), "installments_payments"),
        "DAYS_ENTRY_PAYMENT",
    ) {
        assert!(day.is_none_or(|day| day < 0.0));
    }
}

#[test]
fn identifiers_are_unique_and_every_history_has_its_parent() {
    let (folder, report) = population(&of(500, 9));
    let ids = |table: &str, column: &str| columns(folder.path(), table)[column].clone();
    let unique = |table: &str, column: &str| {
        let all = ids(table, column);
        let set: HashSet<String> = all.iter().cloned().collect();
        assert_eq!(set.len(), all.len(), "{table}.{column}");
        set
    };
    let mut clients = unique("application_train", "SK_ID_CURR");
    clients.extend(unique("application_test", "SK_ID_CURR"));
    assert_eq!(clients.len(), report.labelled + report.unlabelled);
    assert!(clients.contains("100002"));
    let previous = unique("previous_application", "SK_ID_PREV");
    let bureau = unique("bureau", "SK_ID_BUREAU");
    assert!(previous.is_disjoint(&bureau) && previous.is_disjoint(&clients));
    assert!(clients == unique("true_pd", "SK_ID_CURR"));
    assert!(
        ids("bureau_balance", "SK_ID_BUREAU")
            .iter()
            .all(|id| bureau.contains(id))
    );
    for table in ["bureau", "previous_application"] {
        assert!(
            ids(table, "SK_ID_CURR")
                .iter()
                .all(|id| clients.contains(id)),
            "{table}"
        );
    }
    let owner: HashMap<String, String> = ids("previous_application", "SK_ID_PREV")
        .into_iter()
        .zip(ids("previous_application", "SK_ID_CURR"))
        .collect();
    for table in [
        "POS_CASH_balance",
        "installments_payments",
        "credit_card_balance",
    ] {
        for (loan, client) in ids(table, "SK_ID_PREV")
            .iter()
            .zip(ids(table, "SK_ID_CURR"))
        {
            assert_eq!(owner.get(loan), Some(&client), "{table}");
        }
    }
}

#[test]
fn a_shift_moves_income_scores_ages_contracts_missing_values_and_defaults() {
    let shifted = SynthOptions {
        shift: 1.0,
        ..of(4_000, 1)
    };
    let (before, after) = (population(&of(4_000, 1)), population(&shifted));
    let tables = [&before, &after].map(|(folder, _)| columns(folder.path(), "application_train"));
    let both = |name: &str| [0, 1].map(|i| mean(&numbers(&tables[i], name)));
    let [low, high] = both("AMT_INCOME_TOTAL");
    assert!(high > 1.2 * low, "{low} {high}");
    let [low, high] = both("AMT_CREDIT");
    assert!(high > 1.1 * low, "{low} {high}");
    let [old, young] = both("DAYS_BIRTH");
    assert!(young > old + 1_000.0, "{old} {young}");
    let [strong, weak] = both("EXT_SOURCE_3");
    assert!(weak < strong - 0.05, "{strong} {weak}");
    let absent = [0, 1].map(|i| missing(&numbers(&tables[i], "EXT_SOURCE_3")));
    assert!(absent[1] > absent[0] + 0.1, "{absent:?}");
    let revolving = [0, 1].map(|i| {
        let kinds = &tables[i]["NAME_CONTRACT_TYPE"];
        kinds
            .iter()
            .filter(|kind| *kind == "Revolving loans")
            .count() as f64
            / kinds.len() as f64
    });
    assert!(revolving[1] > revolving[0] + 0.1, "{revolving:?}");
    assert!(after.1.mean_pd > before.1.mean_pd + 0.03);
}

#[test]
fn without_labels_everyone_is_in_application_test() {
    let (folder, report) = population(&SynthOptions {
        label: false,
        ..of(60, 1)
    });
    assert_eq!(
        (report.labelled, report.unlabelled, report.default_rate),
        (0, 70, None)
    );
    assert!(!folder.path().join("application_train.csv").exists());
    assert_eq!(
        columns(folder.path(), "application_test")["SK_ID_CURR"].len(),
        70
    );
}

#[test]
fn progress_ends_at_all_clients() {
    let folder = TempDir::new().unwrap();
    let mut last = None;
    write_population_with(&of(60, 1), folder.path(), &mut |progress| {
        last = Some(progress);
    })
    .unwrap();
    assert_eq!(
        last,
        Some(SynthProgress {
            clients_done: 70,
            clients: 70
        })
    );
}

#[test]
fn options_out_of_range_are_refused_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    let refused = |options: SynthOptions| {
        let error = write_population(&options, folder.path()).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        error
    };
    assert!(matches!(refused(of(0, 1)), SynthError::NoClients));
    assert!(matches!(
        refused(of(usize::MAX, 1)),
        SynthError::TooManyClients { .. }
    ));
    let first = SynthOptions {
        first_id: 39_999_990,
        ..of(60, 1)
    };
    assert!(matches!(refused(first), SynthError::FirstId { .. }));
    for shift in [-0.1, 3.1, f64::NAN] {
        let shifted = SynthOptions { shift, ..of(60, 1) };
        assert!(matches!(refused(shifted), SynthError::Shift { .. }));
    }
}

#[test]
fn tables_already_there_stay_unless_overwriting_is_allowed() {
    let (folder, _) = population(&of(20, 1));
    let before = all_bytes(folder.path());
    let error = write_population(&of(20, 2), folder.path()).unwrap_err();
    assert!(
        error.to_string().contains(".csv is already there"),
        "{error}"
    );
    assert!(before == all_bytes(folder.path()));
    write_population(
        &SynthOptions {
            overwrite: true,
            ..of(20, 2)
        },
        folder.path(),
    )
    .unwrap();
    let after = all_bytes(folder.path());
    assert!(before != after && before.len() == after.len());
}

#[test]
fn an_unwritable_folder_is_named_in_the_error() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("taken");
    fs::write(&file, b"").unwrap();
    let error = write_population(&of(20, 1), &file).unwrap_err();
    assert!(error.to_string().contains("taken"), "{error}");
}
