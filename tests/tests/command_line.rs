//! The command line on small generated tables: what each command makes, that it makes the
//! same again, and what it says when it cannot.

use octroi_tests::{
    AZUR, DatabaseKind, HARBOUR, Installation, Ran, octroi, on_both_databases, signal, start,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const DECIDE: &str = "/api/v1/models/credit/aliases/champion/decisions";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable name")
}

/// Generated tables.
fn synth(out: &Path, arguments: &[&str]) -> Ran {
    let mut all = vec!["synth", "--out", text(out)];
    all.extend_from_slice(arguments);
    octroi(out, &all)
}

fn tables(clients: &str, seed: &str) -> TempDir {
    let out = folder();
    synth(out.path(), &["--clients", clients, "--seed", seed]).expect_success();
    out
}

/// Name and bytes of every file of a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("the folder is there")
        .flatten()
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file can be read"))
        })
        .collect()
}

/// Every file below a folder, which need not be there.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_under(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}

/// Changes one file of a folder.
fn damage(folder: &Path, file: &str, change: impl FnOnce(String) -> String) {
    let path = folder.join(file);
    let before = fs::read_to_string(&path).expect("the table is there");
    let after = change(before.clone());
    assert_ne!(before, after, "nothing was damaged");
    fs::write(path, after).expect("the table can be written");
}

/// Puts `value` in a cell of a CSV text; line 1 is the header.
fn cell(csv: &str, line: usize, column: &str, value: &str) -> String {
    let mut lines: Vec<String> = csv.lines().map(str::to_owned).collect();
    let at = lines[0]
        .split(',')
        .position(|name| name == column)
        .expect("the column is there");
    // Values with commas are quoted; the columns damaged here stand before any of them.
    let mut cells: Vec<&str> = lines[line - 1].split(',').collect();
    cells[at] = value;
    lines[line - 1] = cells.join(",");
    lines.join("\n") + "\n"
}

/// The rows of a score file: PD, decision and margin by client.
fn scores(path: &Path) -> BTreeMap<i64, (f64, String, f64)> {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    let header: Vec<&str> = reader.headers().expect("a header").iter().collect();
    assert_eq!(header, ["SK_ID_CURR", "PD", "DECISION", "MARGIN"]);
    reader
        .deserialize::<(i64, f64, String, f64)>()
        .map(|row| {
            let (id, pd, decision, margin) = row.expect("a row");
            (id, (pd, decision, margin))
        })
        .collect()
}

// --- synth ---------------------------------------------------------------------------------

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let (one, again, other) = (tables("120", "5"), tables("120", "5"), tables("120", "6"));
    let files = contents(one.path());
    assert!(files.len() >= 8, "eight tables: {:?}", files.keys());
    assert_eq!(files, contents(again.path()));
    let others = contents(other.path());
    for (name, bytes) in &files {
        assert_ne!(*bytes, others[name], "{name} does not depend on the seed");
    }
}

#[test]
fn tables_that_are_there_are_replaced_on_request_only() {
    let out = tables("60", "5");
    let before = contents(out.path());
    let refused = synth(out.path(), &["--clients", "60", "--seed", "6"]).expect_failure();
    assert!(
        refused.contains("already there") && refused.contains("overwrit"),
        "{refused}"
    );
    assert_eq!(contents(out.path()), before);
    synth(
        out.path(),
        &["--clients", "60", "--seed", "6", "--overwrite"],
    )
    .expect_success();
    assert_ne!(contents(out.path()), before);
}

// --- train and score -----------------------------------------------------------------------

fn train(home: &Path, data: &Path, arguments: &[&str]) -> Ran {
    let mut all = vec!["train", "--quick", "--json", "--data", text(data)];
    all.extend_from_slice(arguments);
    octroi(home, &all)
}

#[test]
fn training_twice_on_the_same_tables_gives_the_same_package() {
    let data = tables("500", "5");
    let (home, elsewhere) = (folder(), folder());
    let run = |home: &Path, seed: &str| -> Value {
        let out = train(home, data.path(), &["--seed", seed]).expect_success();
        serde_json::from_str(&out).expect("JSON on standard output and nothing else")
    };
    let first = run(home.path(), "3");
    assert_eq!(first["version"], 1);
    let digest = first["digest"].as_str().expect("a digest");
    assert_eq!(digest.len(), 64);
    let again = run(home.path(), "3");
    assert_eq!(again["digest"], first["digest"]);
    assert_eq!(again["version"], 1, "the same package is the same version");
    assert_eq!(
        run(elsewhere.path(), "3")["digest"],
        first["digest"],
        "on any machine"
    );
    let names: Vec<&str> = first["candidates"]
        .as_array()
        .expect("candidates")
        .iter()
        .filter_map(|candidate| candidate["name"].as_str())
        .collect();
    assert!(names.len() >= 3, "dummy, scorecard and boosting: {names:?}");
    let notes = first["notes"].as_array().expect("notes");
    assert_eq!(notes.len(), 2, "in English and in French");
    for note in notes {
        let html = fs::read_to_string(note.as_str().expect("a path")).expect("the note is there");
        assert!(html.starts_with("<!DOCTYPE html>") || html.starts_with("<!doctype html>"));
        assert!(html.contains("<svg"), "curves");
        check_self_contained(&html);
    }
    let other = run(home.path(), "4");
    assert_ne!(other["digest"], first["digest"]);
    assert_eq!(other["version"], 2);
}

/// The package that a training has stored, as JSON.
fn package(home: &Path, digest: &str) -> Value {
    let stored = files_under(&home.join("packages"));
    stored
        .iter()
        .filter(|path| text(path).contains(digest))
        .filter_map(|path| serde_json::from_slice(&fs::read(path).ok()?).ok())
        .find(|document: &Value| document.get("manifest").is_some())
        .expect("the package is there")
}

/// What a note must tell of a package, with as many decimals as it tells it.
fn figures(package: &Value) -> Vec<String> {
    let manifest = &package["manifest"];
    let number = |value: &Value, places: usize| {
        let value = value.as_f64().expect("a number");
        format!("{value:.places$}").replace('-', "\u{2212}")
    };
    let evaluation = &manifest["evaluation"];
    let mut figures: Vec<String> = [
        "auc",
        "gini",
        "ks",
        "average_precision",
        "brier",
        "log_loss",
        "expected_calibration_error",
        "cost_per_client",
    ]
    .iter()
    .map(|measure| number(&evaluation[measure], 4))
    .collect();
    for bound in [0, 1] {
        figures.push(number(&evaluation["intervals"]["auc"][bound], 4));
    }
    for candidate in manifest["candidates"].as_array().expect("candidates") {
        figures.push(number(&candidate["auc"], 4));
        figures.push(number(&candidate["log_loss"], 4));
    }
    for trial in manifest["calibration_trials"].as_array().expect("trials") {
        figures.push(number(&trial["log_loss"], 5));
    }
    for point in evaluation["lift"].as_array().expect("lift") {
        figures.push(number(&point["lift"], 2));
    }
    let slices = manifest["slices"].as_array().expect("slices");
    for slice in slices.iter().filter(|one| one["feature"] == "CODE_GENDER") {
        figures.push(number(&slice["cost_per_client"], 3));
    }
    figures
}

#[test]
fn the_note_of_a_new_model_has_every_section_in_both_languages_and_the_packages_figures() {
    let (home, data) = (folder(), tables("900", "7"));
    let out = train(home.path(), data.path(), &[]).expect_success();
    let result: Value = serde_json::from_str(&out).expect("JSON");
    let package = package(home.path(), result["digest"].as_str().expect("a digest"));
    let figures = figures(&package);
    let sections = [
        "data",
        "imbalance",
        "cost",
        "candidates",
        "procedure",
        "calibration",
        "quality",
        "global",
        "local",
        "slices",
        "limits",
        "watch",
        "fingerprints",
    ];
    for note in result["notes"].as_array().expect("notes") {
        let path = note.as_str().expect("a path");
        let html = fs::read_to_string(path).expect("the note is there");
        for section in sections {
            assert!(
                html.contains(&format!("id=\"{section}\"")),
                "{path}: {section}"
            );
        }
        for drawn in [
            "class=\"swarm\"",
            "class=\"small-plot\"",
            "class=\"slices\"",
        ] {
            assert!(html.contains(drawn), "{path}: {drawn}");
        }
        for table in package["manifest"]["training"]["tables"]
            .as_array()
            .expect("tables")
        {
            assert!(
                html.contains(table["sha256"].as_str().expect("a digest")),
                "{table}"
            );
        }
        let comma = path.ends_with(".fr.html");
        for figure in &figures {
            let figure = if comma {
                figure.replace('.', ",")
            } else {
                figure.clone()
            };
            assert!(html.contains(&figure), "{path} does not tell {figure}");
        }
        assert!(!html.contains("NaN"), "{path}");
    }
}

#[test]
fn a_training_that_is_interrupted_leaves_nothing_behind() {
    let data = tables("700", "5");
    let home = folder();
    let mut training = start(home.path(), &["train", "--data", text(data.path())]);
    let mut told = BufReader::new(training.stderr.take().expect("its standard error"));
    let mut lines = String::new();
    while !lines.contains(" features\n") {
        let read = told.read_line(&mut lines).expect("text");
        assert!(read > 0, "it ended before it trained: {lines}");
    }
    signal("INT", training.id());
    let code = training.wait().expect("it ends").code();
    told.read_to_string(&mut lines).expect("text");
    assert_eq!(code, Some(130), "{lines}");
    assert!(lines.contains("no version was registered"), "{lines}");
    let left: Vec<PathBuf> = files_under(home.path())
        .into_iter()
        .filter(|path| !text(path).contains("octroi.db"))
        .collect();
    let written = |path: &&PathBuf| {
        let name = text(path);
        name.contains(".part") || name.contains("/packages/") || name.contains("/notes/")
    };
    assert_eq!(left.iter().find(written), None, "{left:?}");
    let out = train(home.path(), data.path(), &[]).expect_success();
    let result: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(result["version"], 1, "nothing was registered before");
}

#[test]
fn candidates_threads_and_clients_held_out_are_named_on_the_command_line() {
    let (data, later) = (tables("700", "5"), folder());
    synth(
        later.path(),
        &["--clients", "400", "--seed", "6", "--first-id", "700001"],
    )
    .expect_success();
    let home = folder();
    let run = |arguments: &[&str]| -> Value {
        let out = train(home.path(), data.path(), arguments).expect_success();
        serde_json::from_str(&out).expect("JSON")
    };
    let few = ["--candidates", "dummy,boosting", "--threads"];
    let one = run(&[&few[..], &["1"]].concat());
    let two = run(&[&few[..], &["2"]].concat());
    assert_eq!(one["digest"], two["digest"]);
    let names = |result: &Value| -> Vec<String> {
        let candidates = result["candidates"].as_array().expect("candidates");
        let name = |one: &Value| one["name"].as_str().expect("a name").to_owned();
        candidates.iter().map(name).collect()
    };
    assert_eq!(names(&one), ["dummy", "boosting"]);
    let calibrations = one["calibration"].as_array().expect("calibrations");
    let chosen = calibrations.iter().filter(|trial| trial["chosen"] == true);
    assert_eq!(
        (calibrations[0]["method"].as_str(), chosen.count()),
        (Some("none"), 1)
    );
    assert!(one["intervals"]["auc"][0].as_f64() <= one["candidates"][1]["auc"].as_f64());
    assert!(one["holdout"].is_null());
    let judged = run(&["--candidates", "boosting", "--holdout", text(later.path())]);
    let evaluation = &judged["holdout"]["evaluation"];
    assert_eq!(evaluation["rows"], 400);
    assert!(evaluation["auc"].as_f64().is_some());
    assert!(
        judged["holdout"]["cost_at_threshold"].as_f64() >= evaluation["cost_per_client"].as_f64()
    );
    let known = train(
        home.path(),
        data.path(),
        &["--candidates", "boosting", "--holdout", text(data.path())],
    );
    let error = known.expect_failure();
    assert!(error.contains("judged on others"), "{error}");
    let error = train(home.path(), data.path(), &["--candidates", "oracle"]).expect_failure();
    assert!(
        error.contains("oracle") && error.contains("boosting_tuned"),
        "{error}"
    );
}

on_both_databases! {
    fn the_demos_tables_train_to_the_demos_model_again(octroi: Installation) {
        let data = octroi.tables(&AZUR);
        let out = octroi.command(&["train", "--quick", "--json", "--seed", "11", "--tenant", AZUR.slug,
            "--alias", "again", "--data", text(&data)]).expect_success();
        let result: Value = serde_json::from_str(&out).expect("JSON");
        let stored = octroi.texts("SELECT digest FROM model_version ORDER BY created_at");
        assert_eq!(stored.len(), 2, "one model for each bank: {stored:?}");
        assert_eq!(result["digest"].as_str(), stored[0][0].as_deref());
        let client = octroi.clients(&AZUR)[0];
        let partner = octroi.partner(&AZUR);
        let path = "/api/v1/models/credit/aliases/again/decisions";
        let by_new_alias = partner.post(path, &json!({ "client_id": client })).expect(201);
        let by_champion = partner.post(DECIDE, &json!({ "client_id": client })).expect(201);
        assert_eq!(by_new_alias["margin"], by_champion["margin"]);
    }

    fn a_scored_folder_agrees_with_the_api_to_the_last_bit(octroi: Installation) {
        let out = octroi.folder().join("scores.csv");
        let data = octroi.tables(&AZUR);
        let told = octroi.command(&["score", "--model", "credit@champion", "--tenant", AZUR.slug,
            "--data", text(&data), "--out", text(&out)]).expect_success();
        let scores = scores(&out);
        assert!(scores.len() >= 700, "labelled and unlabelled: {}", scores.len());
        assert!(told.contains(&scores.len().to_string()), "{told}");
        let partner = octroi.partner(&AZUR);
        for client in octroi.clients(&AZUR).into_iter().take(20) {
            let decision = partner.post(DECIDE, &json!({ "client_id": client })).expect(201);
            let (pd, outcome, margin) = &scores[&client];
            assert_eq!(decision["pd"].as_f64().map(f64::to_bits), Some(pd.to_bits()), "client {client}");
            assert_eq!(decision["margin"].as_f64().map(f64::to_bits), Some(margin.to_bits()));
            assert_eq!(decision["outcome"], outcome.as_str());
        }
    }

    fn imported_clients_are_there_at_once_and_imported_again_change_nothing(octroi: Installation) {
        let data = tables("60", "77");
        let before = octroi.stored();
        let import = |arguments: &[&str]| {
            let mut all = vec!["import", "--tenant", HARBOUR.slug, "--data", text(data.path())];
            all.extend_from_slice(arguments);
            octroi.command(&all)
        };
        let names = octroi.folder().join("names.csv");
        fs::write(&names, "SK_ID_CURR,NAME\n1,Nobody\n").expect("a file");
        let told = import(&["--names", text(&names)]).expect_success();
        let imported = octroi.stored().clients - before.clients;
        assert!(imported >= 60, "labelled and unlabelled: {imported}");
        assert!(told.contains(&format!("{imported} clients imported")), "{told}");
        let event = &octroi.events(&HARBOUR, "clients_imported")[0];
        assert_eq!(event["data"]["clients"], imported);
        assert_eq!(event["actor"]["role"], "operator");
        let told = import(&[]).expect_success();
        assert!(told.contains("0 clients imported"), "{told}");
        assert_eq!(octroi.stored().clients - before.clients, imported);
        // The running service decides about them.
        let first = scores_of_first(&octroi, data.path());
        let decision = octroi.partner(&HARBOUR).post(DECIDE, &json!({ "client_id": first })).expect(201);
        assert_eq!(decision["client_id"], first);
    }

    fn a_category_nobody_knows_is_taken_as_missing_with_a_warning_that_names_it(octroi: Installation) {
        let data = tables("60", "84");
        damage(data.path(), "bureau.csv", |csv| cell(&csv, 7, "CREDIT_ACTIVE", "Perhaps"));
        damage(data.path(), "application_test.csv", |csv| cell(&csv, 2, "NAME_CONTRACT_TYPE", "Gift"));
        let ran = octroi.command(&["import", "--tenant", AZUR.slug, "--applications", "test",
            "--data", text(data.path())]);
        assert!(ran.succeeded, "{}", ran.err);
        for word in ["bureau.csv", "CREDIT_ACTIVE", "Perhaps", "line 7", "application_test.csv", "Gift", "line 2"] {
            assert!(ran.err.contains(word), "{word} is not in: {}", ran.err);
        }
        // The client is decided about, also when the features must be computed anew from what is on file.
        let csv = fs::read_to_string(data.path().join("application_test.csv")).expect("the table");
        let client: i64 = csv.lines().nth(1).and_then(|row| row.split(',').next()?.parse().ok()).expect("a client");
        let partner = octroi.partner(&AZUR);
        let first = partner.post(DECIDE, &json!({ "client_id": client })).expect(201);
        octroi.execute(&format!("UPDATE client SET features_sql_digest = 'older' WHERE number = {client}"));
        let again = partner.post(DECIDE, &json!({ "client_id": client })).expect(201);
        assert_eq!(again["margin"], first["margin"]);
    }

    fn a_folder_with_a_mistake_is_refused_by_file_line_and_column_and_nothing_is_imported(octroi: Installation) {
        let before = octroi.stored();
        for (file, line, column, value) in [
            ("application_test.csv", 3, "AMT_CREDIT", "much"),
            ("application_train.csv", 5, "DAYS_BIRTH", ""),
            ("application_train.csv", 4, "TARGET", "2"),
            ("bureau.csv", 7, "DAYS_CREDIT", "-700.5"),
            ("installments_payments.csv", 9, "AMT_PAYMENT", "1,5"),
        ] {
            let data = tables("60", "78");
            damage(data.path(), file, |csv| cell(&csv, line, column, value));
            let error = octroi.command(&["import", "--tenant", AZUR.slug, "--data", text(data.path())]).expect_failure();
            assert!(error.contains(file), "{error}");
            assert!(error.contains(&line.to_string()), "line {line}: {error}");
            if !value.contains(',') {
                assert!(error.contains(column), "column {column}: {error}");
            }
        }
        assert_eq!(octroi.stored(), before);
    }
}

fn scores_of_first(octroi: &Installation, data: &Path) -> i64 {
    let out = octroi.folder().join("first.csv");
    octroi
        .command(&[
            "score",
            "--model",
            "credit",
            "--tenant",
            HARBOUR.slug,
            "--data",
            text(data),
            "--out",
            text(&out),
        ])
        .expect_success();
    *scores(&out).keys().next().expect("somebody")
}

#[test]
fn labelled_and_unlabelled_folders_are_scored_alike() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let data = tables("60", "79");
    let score = |name: &str| {
        let out = octroi.folder().join(name);
        octroi
            .command(&[
                "score",
                "--model",
                "credit@1",
                "--tenant",
                AZUR.slug,
                "--data",
                text(data.path()),
                "--out",
                text(&out),
            ])
            .expect_success();
        scores(&out)
    };
    let both = score("both.csv");
    fs::rename(
        data.path().join("application_test.csv"),
        data.path().join("aside"),
    )
    .expect("moved");
    let labelled = score("labelled.csv");
    assert_eq!(labelled.len(), 60);
    fs::rename(
        data.path().join("aside"),
        data.path().join("application_test.csv"),
    )
    .expect("moved");
    fs::remove_file(data.path().join("application_train.csv")).expect("removed");
    let unlabelled = score("unlabelled.csv");
    assert_eq!(labelled.len() + unlabelled.len(), both.len());
    for (id, score) in labelled.iter().chain(&unlabelled) {
        assert_eq!(both[id], *score, "client {id}");
    }
    let mut scored: Vec<&(f64, String, f64)> = both.values().collect();
    scored.sort_by(|a, b| a.2.total_cmp(&b.2));
    assert!(
        scored.is_sorted_by(|a, b| a.0 <= b.0),
        "calibration is a rising map of the margin"
    );
    for (pd, decision, _) in scored {
        assert!((0.0..=1.0).contains(pd));
        assert!(["granted", "refused"].contains(&decision.as_str()));
    }
}

#[test]
fn tables_that_are_absent_are_said_and_their_features_missing() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let data = tables("60", "80");
    for table in ["bureau", "bureau_balance", "credit_card_balance"] {
        fs::remove_file(data.path().join(format!("{table}.csv"))).expect("removed");
    }
    let out = octroi.folder().join("scores.csv");
    let ran = octroi.command(&[
        "score",
        "--model",
        "credit",
        "--tenant",
        AZUR.slug,
        "--data",
        text(data.path()),
        "--out",
        text(&out),
    ]);
    assert!(ran.succeeded, "{}", ran.err);
    for table in ["bureau", "bureau_balance", "credit_card_balance"] {
        assert!(ran.err.contains(table), "{}", ran.err);
    }
    assert!(scores(&out).len() >= 60);
}

/// A file, words of the message, and what is done to the file.
type Damage = (&'static str, &'static [&'static str], fn(String) -> String);

#[test]
fn a_folder_that_cannot_be_read_is_refused_in_words_and_no_file_is_written() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let out = octroi.folder().join("scores.csv");
    let empty = folder();
    let missing = empty.path().join("nowhere");
    let refuse = |data: &Path| {
        let error = octroi
            .command(&[
                "score",
                "--model",
                "credit",
                "--tenant",
                AZUR.slug,
                "--data",
                text(data),
                "--out",
                text(&out),
            ])
            .expect_failure();
        assert!(!out.exists(), "a file is there: {error}");
        assert!(
            error.starts_with("error: ") && !error.contains("panicked"),
            "{error}"
        );
        error
    };
    assert!(refuse(&missing).contains("nowhere"));
    assert!(refuse(empty.path()).contains("application"));
    let damages: [Damage; 8] = [
        ("application_train.csv", &["AMT_CREDIT"], |csv| {
            csv.replacen("AMT_CREDIT", "AMT_CREDITS", 1)
        }),
        ("application_train.csv", &["TWICE", "100002"], |csv| {
            let line = csv.lines().nth(1).expect("a row").to_owned();
            csv + &line + "\n"
        }),
        ("application_train.csv", &["3"], |csv| {
            let mut lines: Vec<&str> = csv.lines().collect();
            let short = lines[2].rsplit_once(',').expect("many columns").0;
            lines[2] = short;
            lines.join("\n")
        }),
        ("application_train.csv", &["empty"], |_| String::new()),
        ("application_train.csv", &[], |_| {
            "\u{0}\u{1}PNG\u{fffd}\u{2}".to_owned()
        }),
        ("bureau.csv", &["SK_ID_BUREAU"], |csv| {
            cell(&csv, 2, "SK_ID_BUREAU", "")
        }),
        ("bureau.csv", &["SK_ID_CURR"], |csv| {
            cell(&csv, 2, "SK_ID_CURR", "x")
        }),
        ("previous_application.csv", &["no column SK_ID"], |csv| {
            csv.replacen("SK_ID_PREV", "SK_ID", 1)
        }),
    ];
    for (file, words, change) in damages {
        let data = tables("60", "81");
        damage(data.path(), file, change);
        let error = refuse(data.path());
        assert!(error.contains(file), "{error}");
        for word in words.iter().filter(|word| **word != "TWICE") {
            assert!(error.contains(word), "{word} is not in: {error}");
        }
    }
}

#[test]
fn training_without_labels_is_refused_and_registers_nothing() {
    let data = tables("60", "82");
    fs::remove_file(data.path().join("application_train.csv")).expect("removed");
    let home = folder();
    let error = train(home.path(), data.path(), &[]).expect_failure();
    assert!(error.contains("application_train"), "{error}");
    let data = tables("60", "83");
    damage(data.path(), "application_train.csv", |csv| {
        cell(&csv, 4, "TARGET", "")
    });
    let error = train(home.path(), data.path(), &[]).expect_failure();
    assert!(error.contains("TARGET"), "{error}");
    let packages = files_under(&home.path().join("packages"));
    assert!(packages.is_empty(), "{packages:?}");
    // Where they would be, were there any.
    let data = tables("500", "5");
    train(home.path(), data.path(), &[]).expect_success();
    let packages = files_under(&home.path().join("packages"));
    let packages = packages
        .iter()
        .filter(|path| path.extension() == Some("json".as_ref()));
    assert_eq!(packages.count(), 1);
}

// --- drift ---------------------------------------------------------------------------------

fn check_self_contained(html: &str) {
    for outside in [
        "src=\"http",
        "src=\"/",
        "href=\"/assets",
        "<link ",
        "@import",
        "url(http",
    ] {
        assert!(!html.contains(outside), "{outside} is in the document");
    }
}

#[test]
fn a_later_population_drifts_and_the_same_one_does_not() {
    let (reference, same, later, out) =
        (tables("2000", "5"), tables("2000", "6"), folder(), folder());
    synth(
        later.path(),
        &["--clients", "2000", "--seed", "7", "--shift", "1"],
    )
    .expect_success();
    let compare = |current: &Path, name: &str, language: &str| {
        let report = out.path().join(name);
        let told = octroi(
            out.path(),
            &[
                "drift",
                "--reference",
                text(&reference.path().join("application_train.csv")),
                "--current",
                text(&current.join("application_train.csv")),
                "--out",
                text(&report),
                "--language",
                language,
            ],
        )
        .expect_success();
        let psi = |line: &str| {
            line.split("PSI")
                .nth(1)?
                .split_whitespace()
                .next()?
                .parse::<f64>()
                .ok()
        };
        let worst: Vec<f64> = told.lines().filter_map(psi).collect();
        (told, worst, fs::read_to_string(report).expect("a report"))
    };
    let (_, calm, html) = compare(same.path(), "same.html", "en");
    let (told, drifted, french) = compare(later.path(), "later.html", "fr");
    assert!(drifted[0] > 0.25, "{told}");
    assert!(calm[0] < 0.1, "two samples of one population: {calm:?}");
    assert!(drifted.is_sorted_by(|a, b| a >= b), "worst first: {told}");
    for html in [&html, &french] {
        assert!(html.contains("<svg"), "small distributions");
        check_self_contained(html);
    }
    assert!(html.contains("lang=\"en\"") && french.contains("lang=\"fr\""));
}

#[test]
fn two_files_of_different_tables_are_not_compared() {
    let (data, out) = (tables("60", "5"), folder());
    let report = out.path().join("report.html");
    let error = octroi(
        out.path(),
        &[
            "drift",
            "--reference",
            text(&data.path().join("application_train.csv")),
            "--current",
            text(&data.path().join("bureau.csv")),
            "--out",
            text(&report),
        ],
    )
    .expect_failure();
    assert!(
        error.contains("application") && error.contains("bureau"),
        "{error}"
    );
    assert!(!report.exists());
}

// --- whom a command is about ---------------------------------------------------------------

#[test]
fn a_command_that_could_mean_two_banks_asks_which() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let data = octroi.tables(&AZUR);
    let out = octroi.folder().join("scores.csv");
    let score = |arguments: &[&str]| {
        let mut all = vec!["score", "--data", text(&data), "--out", text(&out)];
        all.extend_from_slice(arguments);
        octroi.command(&all).expect_failure()
    };
    let error = score(&["--model", "credit"]);
    assert!(
        error.contains(AZUR.slug) && error.contains(HARBOUR.slug),
        "{error}"
    );
    let error = score(&["--model", "credit", "--tenant", "nobody"]);
    assert!(error.contains("nobody"), "{error}");
    for model in ["credit@challenger", "credit@7", "debit"] {
        let error = score(&["--model", model, "--tenant", AZUR.slug]);
        let name = model.split('@').next().expect("a name");
        assert!(error.contains(name), "{model}: {error}");
    }
    let error = score(&["--model", "@", "--tenant", AZUR.slug]);
    assert!(error.contains("NAME@ALIAS"), "{error}");
}

#[test]
fn a_bank_and_its_people_are_added_from_the_command_line() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    octroi
        .command(&["tenant-add", "third-bank", "--name", "Third Bank"])
        .expect_success();
    let twice = octroi.command(&["tenant-add", "third-bank", "--name", "Third Bank"]);
    assert!(twice.expect_failure().contains("third-bank"));
    for bad in ["Third Bank", "../x", "", "A"] {
        let refused = octroi
            .command(&["tenant-add", bad, "--name", "Bad"])
            .expect_failure();
        assert!(!refused.contains("panicked"), "{refused}");
    }
    let add = |password: &str| {
        octroi.command_with_input(
            &[
                "user-add",
                "--tenant",
                "third-bank",
                "--email",
                "a@third.example",
                "--name",
                "A",
                "--role",
                "adviser",
            ],
            &format!("{password}\n"),
        )
    };
    assert!(
        add("short").expect_failure().contains("12"),
        "says how long a password is"
    );
    assert!(add("password1234").expect_failure().contains("leaked"));
    add("correct horse battery").expect_success();
    assert!(
        add("correct horse battery")
            .expect_failure()
            .contains("a@third.example")
    );
    let mut octroi = octroi;
    octroi.serve();
    assert_eq!(
        octroi
            .visitor()
            .sign_in("a@third.example", "correct horse battery")
            .status,
        303
    );
}

// --- configuration -------------------------------------------------------------------------

#[test]
fn every_problem_of_a_configuration_is_named_at_once() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite)
        .with("OCTROI_SERVER__ADDRESS", "nowhere")
        .with("OCTROI_SESSION__IDLE_MINUTES", "0")
        .with("OCTROI_TELEMETRY__OTLP_ENDPOINT", "ftp://x");
    let error = octroi.command(&["serve"]).expect_failure();
    for name in [
        "server.address",
        "session.idle_minutes",
        "telemetry.otlp_endpoint",
    ] {
        assert!(error.contains(name), "{name} is not in: {error}");
    }
    let octroi =
        Installation::prepared(DatabaseKind::Sqlite).with("OCTROI_SERVER__ADRESS", "127.0.0.1:0");
    let error = octroi.command(&["serve"]).expect_failure();
    assert!(
        error.contains("adress"),
        "a misspelt setting is named: {error}"
    );
}

#[test]
fn an_address_that_is_taken_is_named() {
    let octroi = Installation::serving(DatabaseKind::Sqlite);
    let address = octroi
        .base()
        .strip_prefix("http://")
        .expect("http")
        .to_owned();
    let octroi = octroi.with("OCTROI_SERVER__ADDRESS", &address);
    let error = octroi.command(&["serve"]).expect_failure();
    assert!(
        error.contains(&address) && error.contains("server.address"),
        "{error}"
    );
}

#[test]
fn a_database_server_without_the_schema_is_migrated_on_request_only() {
    let octroi = Installation::prepared(DatabaseKind::Postgresql);
    octroi.execute("CREATE DATABASE empty");
    let url = octroi.database_url_of("empty");
    let octroi = octroi
        .with("OCTROI_DATABASE__URL", &url)
        .with("OCTROI_SERVER__ADDRESS", "127.0.0.1:0");
    let error = octroi.command(&["serve"]).expect_failure();
    assert!(
        error.contains("octroi migrate"),
        "it says what to do: {error}"
    );
    for _ in 0..2 {
        let told = octroi.command(&["migrate"]).expect_success();
        assert!(told.contains("up to date"), "{told}");
    }
    octroi
        .command(&["tenant-add", "first", "--name", "First"])
        .expect_success();
}

#[test]
fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite).with(
        "OCTROI_DATABASE__URL",
        "postgres://octroi:topsecret@127.0.0.1:1/octroi",
    );
    let ran = octroi.command(&["migrate"]);
    let error = ran.expect_failure();
    assert!(error.contains("127.0.0.1:1"), "{error}");
    assert!(!error.contains("topsecret"), "{error}");
}
