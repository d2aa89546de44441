//! `octroi model`: other libraries' files scored by themselves, made versions, and written.

use octroi_tests::{AZUR, DatabaseKind, Installation, Ran, octroi};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable name")
}

fn fixture(model: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/models/lightgbm")
        .join(model)
        .join(file)
}

/// `octroi model score`, with a home that must stay empty.
fn score(model: &Path, rows: &Path, out: &Path, more: &[&str]) -> Ran {
    let home = folder();
    let mut all = vec!["model", "score", text(model), "--rows", text(rows)];
    all.extend(["--out", text(out)]);
    all.extend(more);
    let ran = octroi(home.path(), &all);
    let left = fs::read_dir(home.path()).expect("a folder").count();
    assert_eq!(left, 0, "scoring a file needs no home");
    ran
}

fn table(path: &Path) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    let header = reader.headers().expect("a header");
    let header = header.iter().map(str::to_owned).collect();
    let number = |cell: &str| cell.parse().expect("a number");
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        row.iter().map(number).collect()
    });
    (header, rows.collect())
}

#[test]
fn a_model_file_is_scored_and_explained_as_its_library_does() {
    let out = folder();
    for model in [
        "categories",
        "pandas-categories",
        "rf",
        "sigmoid",
        "zero-as-missing",
    ] {
        let (file, rows) = (fixture(model, "model.txt"), fixture(model, "rows.csv"));
        let path = out.path().join(format!("{model}.csv"));
        score(&file, &rows, &path, &["--contributions", "path"]).expect_success();
        let (ours, theirs) = (table(&path), table(&fixture(model, "expected.csv")));
        assert_eq!(ours.0, theirs.0);
        assert_eq!(ours.1.len(), 30);
        for (ours, theirs) in ours.1.iter().flatten().zip(theirs.1.iter().flatten()) {
            assert!((ours - theirs).abs() < 1e-9, "{model}: {ours} {theirs}");
        }
        let plain = out.path().join("plain.csv");
        score(&file, &rows, &plain, &[]).expect_success();
        let plain = table(&plain);
        assert_eq!(plain.0, ["margin", "pd"]);
        for (plain, explained) in plain.1.iter().zip(&ours.1) {
            assert_eq!(plain[..], explained[..2]);
        }
    }
}

#[test]
fn contributions_against_background_rows_add_up_to_the_margin() {
    let out = folder();
    let (file, rows) = (
        fixture("categories", "model.txt"),
        fixture("categories", "rows.csv"),
    );
    let path = out.path().join("scores.csv");
    let more = ["--contributions", "background", "--background", text(&rows)];
    score(&file, &rows, &path, &more).expect_success();
    let (header, scored) = table(&path);
    assert_eq!(header, table(&fixture("categories", "expected.csv")).0);
    let mean = scored.iter().map(|row| row[0]).sum::<f64>() / scored.len() as f64;
    for row in &scored {
        assert!((row[2..].iter().sum::<f64>() - row[0]).abs() < 1e-9);
        let bias = row.last().expect("the bias");
        assert!(
            (bias - mean).abs() < 1e-9,
            "the mean margin of the background"
        );
    }
}

#[test]
fn columns_are_found_by_name_and_others_are_told() {
    let out = folder();
    let rows = fs::read_to_string(fixture("gbdt", "rows.csv")).expect("rows");
    let turned: String = rows
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells.push("remark");
            cells.reverse();
            cells.join(",") + "\n"
        })
        .collect();
    let other = out.path().join("turned.csv");
    // An empty cell may be spelt out.
    fs::write(&other, turned.replace(",,", ",NA,")).expect("a file");
    let (one, two) = (out.path().join("1.csv"), out.path().join("2.csv"));
    let model = fixture("gbdt", "model.txt");
    score(&model, &fixture("gbdt", "rows.csv"), &one, &[]).expect_success();
    let ran = score(&model, &other, &two, &[]);
    assert!(ran.err.contains("does not take: remark"), "{}", ran.err);
    ran.expect_success();
    let bytes = |path| fs::read_to_string(path).expect("scores");
    assert_eq!(bytes(one), bytes(two));
}

#[test]
fn what_cannot_be_scored_is_refused_by_place_and_nothing_is_written() {
    let out = folder();
    let scores = out.path().join("scores.csv");
    let rows = out.path().join("rows.csv");
    let given = fs::read_to_string(fixture("pandas-categories", "rows.csv")).expect("rows");
    let (first, rest) = given.split_once('\n').expect("a header");
    let second = rest.lines().next().expect("a row");
    let with = |column: usize, cell: &str| {
        let mut cells: Vec<&str> = second.split(',').collect();
        cells[column] = cell;
        format!("{first}\n{second}\n{}\n", cells.join(","))
    };
    let model = fixture("pandas-categories", "model.txt");
    for (text, told) in [
        (String::new(), "is empty"),
        (
            given.replacen("balance", "Balance", 1),
            "has no column balance",
        ),
        (
            given.replacen("balance", "income", 1),
            "has the column income twice",
        ),
        (
            with(0, "much"),
            "line 3, column income: `much` is not a number",
        ),
        (
            with(4, "moon"),
            "line 3, column region: `moon` is not a level of the category (north, east",
        ),
        (with(4, "6"), "line 3, column region: `6`"),
        (with(4, "1.5"), "line 3, column region: `1.5`"),
        (format!("{given}1,2\n"), "rows.csv"),
    ] {
        fs::write(&rows, &text).expect("a file");
        let told_is = score(&model, &rows, &scores, &[]).expect_failure();
        assert!(told_is.contains(told), "{told}: {told_is}");
    }
    fs::write(&rows, with(4, "4")).expect("a file");
    score(&model, &rows, &scores, &[]).expect_success();
    fs::remove_file(&scores).expect("it was written");
    let no_model = fixture("gbdt", "rows.csv");
    let told = score(&no_model, &rows, &scores, &[]).expect_failure();
    assert!(told.contains("no model file known here"), "{told}");
    let absent = out.path().join("absent");
    let told = score(&absent, &rows, &scores, &[]).expect_failure();
    assert!(told.contains("absent"), "{told}");
    let told = score(&model, &rows, &scores, &["--contributions", "background"]).expect_failure();
    assert!(told.contains("--background"), "{told}");
    let mut left: Vec<_> = fs::read_dir(out.path())
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    left.sort_unstable();
    assert_eq!(left, ["rows.csv"], "nothing half-written");
}

// --- import and export ---------------------------------------------------------------------

fn import(octroi: &Installation, file: &Path, more: &[&str]) -> Ran {
    let data = octroi.tables(&AZUR);
    import_without_data(octroi, file, &[&["--data", text(&data)], more].concat())
}

fn import_without_data(octroi: &Installation, file: &Path, more: &[&str]) -> Ran {
    let mut all = vec!["model", "import", text(file), "--tenant", AZUR.slug];
    all.extend(["--portfolio", "home-credit", "--name", "elsewhere"]);
    all.extend(more);
    octroi.command(&all)
}

fn versions(octroi: &Installation) -> usize {
    octroi.texts("SELECT digest FROM model_version").len()
}

/// Margins of labelled clients by a version, in the order of the table.
fn margins(octroi: &Installation, version: &str) -> Vec<(i64, f64)> {
    let out = octroi.folder().join("margins.csv");
    let data = octroi.tables(&AZUR);
    let arguments = ["score", "--tenant", AZUR.slug, "--data", text(&data)];
    let arguments = [&arguments[..], &["--model", version, "--out", text(&out)]].concat();
    octroi.command(&arguments).expect_success();
    let mut reader = csv::Reader::from_path(&out).expect("scores");
    let rows = reader.deserialize::<(i64, f64, String, f64)>();
    rows.map(|row| row.expect("a row"))
        .map(|(client, _, _, margin)| (client, margin))
        .collect()
}

/// The labelled applications, with what the model has no level for left out.
fn applications(octroi: &Installation) -> (Vec<i64>, PathBuf) {
    let path = octroi.tables(&AZUR).join("application_train.csv");
    let mut reader = csv::Reader::from_path(path).expect("the table");
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| {
        header
            .iter()
            .position(|column| column == name)
            .expect("a column")
    };
    let columns = [
        "EXT_SOURCE_2",
        "NAME_EDUCATION_TYPE",
        "DAYS_BIRTH",
        "CODE_GENDER",
    ];
    let mut text = columns.join(",") + "\n";
    let mut clients = Vec::new();
    for row in reader.records() {
        let row = row.expect("a row");
        clients.push(row[at("SK_ID_CURR")].parse().expect("a number"));
        let cell = |name: &&str| match &row[at(name)] {
            "Academic degree" | "XNA" => String::new(),
            cell => cell.to_owned(),
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        text += &(cells.join(",") + "\n");
    }
    let rows = octroi.folder().join("applications.csv");
    fs::write(&rows, text).expect("a file");
    (clients, rows)
}

#[test]
fn an_imported_model_is_a_version_that_scores_as_its_file_does() {
    let octroi = Installation::serving(DatabaseKind::Sqlite);
    let file = fixture("portfolio", "model.txt");
    let before = versions(&octroi);
    let told = import(&octroi, &file, &[]).expect_success();
    assert!(told.contains("elsewhere version 1"), "{told}");
    assert!(
        told.contains("AUC") && told.contains("--alias champion"),
        "{told}"
    );
    assert_eq!(versions(&octroi), before + 1);
    // Nobody is decided about by it yet.
    let aliases = octroi.texts("SELECT alias FROM model_alias WHERE model = 'elsewhere'");
    assert!(aliases.is_empty(), "{aliases:?}");
    let (clients, rows) = applications(&octroi);
    let out = octroi.folder().join("by-file.csv");
    score(&file, &rows, &out, &[]).expect_success();
    let by_file = table(&out).1;
    let by_version: std::collections::BTreeMap<i64, f64> =
        margins(&octroi, "elsewhere@1").into_iter().collect();
    assert!(by_file.len() >= 400, "{}", by_file.len());
    for (client, row) in clients.iter().zip(&by_file) {
        assert_eq!(
            by_version[client].to_bits(),
            row[0].to_bits(),
            "client {client}"
        );
    }
    // The same file again is the same version; with an alias it decides.
    let told = import(&octroi, &file, &["--alias", "champion"]).expect_success();
    assert!(
        told.contains("elsewhere version 1 (the same package"),
        "{told}"
    );
    assert_eq!(versions(&octroi), before + 1);
    let client = octroi.clients(&AZUR)[0];
    let by_api = octroi
        .partner(&AZUR)
        .post(
            "/api/v1/models/elsewhere/aliases/champion/decisions",
            &json!({ "client_id": client }),
        )
        .expect(201);
    let margin = by_api["margin"].as_f64().map(f64::to_bits);
    assert_eq!(margin, Some(by_version[&client].to_bits()));
    let events = octroi.events(&AZUR, "model_imported");
    assert_eq!(events.len(), 1);
    // And written again it is scored the same.
    let written = octroi.folder().join("written.txt");
    let arguments = ["model", "export", "elsewhere@1", "--tenant", AZUR.slug];
    let arguments = [
        &arguments[..],
        &["--format", "lightgbm", "--out", text(&written)],
    ]
    .concat();
    octroi.command(&arguments).expect_success();
    score(&written, &rows, &out, &[]).expect_success();
    assert_eq!(table(&out).1, by_file);
}

#[test]
fn a_file_that_cannot_be_a_version_leaves_none() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let before = versions(&octroi);
    let whole = fs::read_to_string(fixture("portfolio", "model.txt")).expect("a model");
    let at = whole.find("pandas_categorical:").expect("levels");
    let without_levels = octroi.folder().join("codes.txt");
    fs::write(&without_levels, &whole[..at]).expect("a file");
    let cut = octroi.folder().join("cut.txt");
    fs::write(&cut, &whole[..whole.len() / 2]).expect("a file");
    let levels = |text: &str| {
        let path = octroi.folder().join("levels.json");
        fs::write(&path, text).expect("a file");
        path
    };
    let refused = |file: &Path, more: &[&str]| import(&octroi, file, more).expect_failure();

    let told = refused(&fixture("gbdt", "model.txt"), &[]);
    assert!(told.contains("income, debt_share"), "{told}");
    let told = refused(&cut, &[]);
    assert!(told.contains("cut off"), "{told}");
    let told = refused(&without_levels, &[]);
    assert!(
        told.contains("NAME_EDUCATION_TYPE") && told.contains("--levels"),
        "{told}"
    );
    for (list, expected) in [
        ("[", "levels.json"),
        (
            r#"{"NAME_EDUCATION_TYPE": ["Higher education", "b", "c", "d"]}"#,
            "CODE_GENDER",
        ),
        (
            r#"{"CODE_GENDER": ["M", "M", "F"]}"#,
            "a level is there twice",
        ),
        (
            r#"{"CODE_GENDER": ["man", "other", "woman"]}"#,
            "no level of the model",
        ),
        (
            r#"{"NAME_EDUCATION_TYPE": ["Higher education"]}"#,
            "there are 1 levels",
        ),
    ] {
        let path = levels(list);
        let told = refused(&without_levels, &["--levels", text(&path)]);
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let whole = fixture("portfolio", "model.txt");
    let told = import_without_data(&octroi, &whole, &["--data", "/nowhere"]).expect_failure();
    assert!(told.contains("/nowhere"), "{told}");
    let told = import_without_data(&octroi, &whole, &[]).expect_failure();
    assert!(told.contains("--data"), "{told}");
    let elsewhere = [
        "model",
        "import",
        text(&cut),
        "--portfolio",
        "cars",
        "--name",
        "x",
    ];
    let told = octroi.command(&elsewhere).expect_failure();
    assert!(
        told.contains("cut.txt") || told.contains("home-credit"),
        "{told}"
    );
    assert_eq!(versions(&octroi), before);

    // With the levels that the file left out, it is the same model.
    let path = levels(
        r#"{"NAME_EDUCATION_TYPE": ["Higher education", "Secondary / secondary special",
            "Lower secondary", "Incomplete higher"], "CODE_GENDER": ["M", "other", "F"]}"#,
    );
    import(&octroi, &without_levels, &["--levels", text(&path)]).expect_success();
    import(&octroi, &fixture("portfolio", "model.txt"), &[]).expect_success();
    assert_eq!(
        margins(&octroi, "elsewhere@1"),
        margins(&octroi, "elsewhere@2")
    );
}

#[test]
fn the_output_never_replaces_what_is_read_or_what_is_no_file() {
    let folder = folder();
    let copies = ["model.txt", "rows.csv"].map(|name| {
        let copy = folder.path().join(name);
        fs::copy(fixture("rf", name), &copy).expect("copied");
        copy
    });
    for input in &copies {
        let before = fs::read(input).expect("bytes");
        let error = score(&copies[0], &copies[1], input, &[]).expect_failure();
        assert!(error.contains("is also read"), "{error}");
        assert_eq!(fs::read(input).expect("bytes"), before);
    }
    let error = score(&copies[0], &copies[1], folder.path(), &[]).expect_failure();
    assert!(error.contains("is no file"), "{error}");
    let left = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 2, "nothing half-written is left");
}
