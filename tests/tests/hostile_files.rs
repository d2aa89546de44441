//! Files that mean harm or are none: each ends early, in every command that reads a file, in
//! words that name the file and the limit.

use flate2::Compression;
use flate2::write::GzEncoder;
use octroi_tests::{AZUR, DatabaseKind, Installation, Ran, octroi};
use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable name")
}

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/models/lightgbm/portfolio")
        .join(file)
}

/// Puts something that is no regular file under a name; what an error should call it.
type Disguise = (&'static str, fn(&Path));

const DISGUISES: [Disguise; 3] = [
    ("named pipe", |path| {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.expect("mkfifo runs").success());
    }),
    ("device", |path| {
        std::os::unix::fs::symlink("/dev/zero", path).expect("a link");
    }),
    ("folder", |path| fs::create_dir(path).expect("a folder")),
];

/// One endless line, after a header when there is one.
fn endless(header: &str) -> Vec<u8> {
    [header.as_bytes(), &b"7".repeat(16 << 20)].concat()
}

fn zipped(content: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive
        .start_file("table.csv", SimpleFileOptions::default())
        .expect("an entry");
    archive.write_all(content).expect("packed");
    archive.finish().expect("an archive").into_inner()
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content).expect("packed");
    packed.finish().expect("packed")
}

/// More equal rows than a file of that size may unpack to: 70 MB.
fn bomb(table: &str) -> Vec<u8> {
    let (header, rows) = table.split_once('\n').expect("a header");
    let row = rows.lines().next().expect("a row");
    let row = format!("{row}\n");
    format!("{header}\n{}", row.repeat((70 << 20) / row.len())).into_bytes()
}

/// What every refusal of a file is like.
fn refusal(ran: Ran, words: &[&str]) {
    let error = ran.expect_failure();
    assert!(!error.contains("panicked"), "{error}");
    for word in words {
        assert!(error.contains(word), "{word} is not in: {error}");
    }
}

#[test]
fn tables_that_do_not_end_or_unpack_to_too_much_are_refused_in_every_command_on_folders() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let whole = folder();
    let made = ["synth", "--clients", "60", "--seed", "5", "--out"];
    octroi
        .command(&[&made[..], &[text(whole.path())]].concat())
        .expect_success();
    let out = octroi.folder().join("scores.csv");
    let read = |data: &Path| {
        let data = text(data);
        [
            octroi.command(&["train", "--tenant", AZUR.slug, "--data", data]),
            octroi.command(&["import", "--tenant", AZUR.slug, "--data", data]),
            octroi.command(&[
                "score",
                "--model",
                "credit",
                "--tenant",
                AZUR.slug,
                "--data",
                data,
                "--out",
                text(&out),
            ]),
        ]
    };
    let balance = fs::read_to_string(whole.path().join("bureau_balance.csv")).expect("a table");
    let header = balance.lines().next().expect("a header").to_owned() + "\n";
    let packed = [
        ("bureau_balance.csv", endless(&header), "line 2"),
        (
            "bureau_balance.csv.zip",
            zipped(&endless(&header)),
            "line 2",
        ),
        ("bureau_balance.csv.gz", gzipped(&endless("")), "line 1"),
        (
            "bureau_balance.csv.zip",
            zipped(&bomb(&balance)),
            "files.expansion",
        ),
        (
            "bureau_balance.csv.gz",
            gzipped(&bomb(&balance)),
            "files.expansion",
        ),
    ];
    let data = folder();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(whole.path().join("."))
        .arg(data.path())
        .status();
    assert!(copied.expect("cp runs").success());
    fs::remove_file(data.path().join("bureau_balance.csv")).expect("removed");
    for (name, content, word) in &packed {
        let file = data.path().join(name);
        fs::write(&file, content).expect("written");
        for ran in read(data.path()) {
            refusal(ran, &[name, word]);
        }
        fs::remove_file(&file).expect("removed");
    }
    for (what, disguise) in DISGUISES {
        let file = data.path().join("bureau_balance.csv");
        disguise(&file);
        for ran in read(data.path()) {
            refusal(ran, &["bureau_balance.csv", what, "regular file"]);
        }
        let _ = fs::remove_file(&file).or_else(|_| fs::remove_dir(&file));
    }
    assert!(!out.exists(), "nothing was written");
}

#[test]
fn a_bomb_is_what_the_operator_says_it_is() {
    let home = folder();
    let data = folder();
    let made = ["synth", "--clients", "60", "--seed", "5", "--out"];
    octroi(home.path(), &[&made[..], &[text(data.path())]].concat()).expect_success();
    let balance = fs::read_to_string(data.path().join("bureau_balance.csv")).expect("a table");
    let file = data.path().join("large.csv.zip");
    fs::write(&file, zipped(&bomb(&balance))).expect("written");
    let out = data.path().join("drift.html");
    let mut drift = vec![
        "drift",
        "--reference",
        text(&file),
        "--current",
        text(&file),
    ];
    drift.extend(["--out", text(&out)]);
    refusal(
        octroi(home.path(), &drift),
        &["large.csv.zip", "files.expansion"],
    );
    assert!(!out.exists());
    let config = data.path().join("octroi.toml");
    fs::write(&config, "[files]\nexpansion = 2000\n").expect("written");
    drift.extend(["--config", text(&config)]);
    octroi(home.path(), &drift).expect_success();
    assert!(out.exists());
}

#[test]
fn whatever_names_a_file_takes_a_regular_one_only() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let place = folder();
    let (model, rows) = (fixture("model.txt"), fixture("rows.csv"));
    let (model, rows) = (text(&model), text(&rows));
    let out = octroi.folder().join("out");
    let out = text(&out);
    let tables = octroi.tables(&AZUR);
    let tables = text(&tables);
    for (what, disguise) in DISGUISES {
        let path = place.path().join(what);
        disguise(&path);
        let file = text(&path);
        let commands: [&[&str]; 10] = [
            &[
                "drift",
                "--reference",
                file,
                "--current",
                rows,
                "--out",
                out,
            ],
            &["model", "score", file, "--rows", rows, "--out", out],
            &["model", "score", model, "--rows", file, "--out", out],
            &[
                "model",
                "score",
                model,
                "--rows",
                rows,
                "--out",
                out,
                "--contributions",
                "background",
                "--background",
                file,
            ],
            &[
                "model",
                "import",
                file,
                "--portfolio",
                "home-credit",
                "--name",
                "x",
            ],
            &[
                "model",
                "import",
                model,
                "--portfolio",
                "home-credit",
                "--name",
                "x",
                "--levels",
                file,
            ],
            &[
                "import", "--tenant", AZUR.slug, "--data", tables, "--names", file,
            ],
            &["migrate", "--config", file],
            &[
                "drift",
                "--reference",
                rows,
                "--current",
                rows,
                "--out",
                out,
                "--config",
                file,
            ],
            &["keys", "rewrap", "--new-key-file", file],
        ];
        for command in commands {
            refusal(octroi.command(command), &[file, what, "regular file"]);
        }
        let octroi =
            Installation::prepared(DatabaseKind::Sqlite).with("OCTROI_SECRETS__KEY_FILE", file);
        refusal(octroi.command(&["serve"]), &[file, what, "regular file"]);
    }
}

#[test]
fn rows_names_models_and_settings_have_an_end() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let place = folder();
    let (model, rows) = (fixture("model.txt"), fixture("rows.csv"));
    let header = fs::read_to_string(&rows).expect("rows");
    let header = header.lines().next().expect("a header").to_owned() + "\n";
    let written = |name: &str, content: &[u8]| {
        let path = place.path().join(name);
        fs::write(&path, content).expect("written");
        path
    };
    let long_rows = written("rows.csv", &endless(&header));
    let long_names = written("names.csv", &endless("SK_ID_CURR,NAME\n1,\""));
    let long_header = written("header.csv", &endless(""));
    let huge = place.path().join("huge");
    // A hole: nothing of it is on the disk.
    let hole = File::create(&huge).expect("made");
    hole.set_len(1 << 40).expect("a hole");
    let (model, huge) = (text(&model), text(&huge));
    let (long_rows, long_names) = (text(&long_rows), text(&long_names));
    let out = octroi.folder().join("out");
    let out = text(&out);
    let tables = octroi.tables(&AZUR);
    let names = [
        "import",
        "--tenant",
        AZUR.slug,
        "--data",
        text(&tables),
        "--names",
    ];
    let refused: [(&[&str], &str); 7] = [
        (
            &["model", "score", model, "--rows", long_rows, "--out", out],
            "line 2",
        ),
        (
            &[
                "model",
                "score",
                model,
                "--rows",
                text(&long_header),
                "--out",
                out,
            ],
            "line 1",
        ),
        (&[&names[..], &[long_names]].concat(), "line 2"),
        (
            &["model", "score", huge, "--rows", long_rows, "--out", out],
            "files.model_bytes",
        ),
        (&["migrate", "--config", huge], "1048576 bytes"),
        (&["keys", "rewrap", "--new-key-file", huge], "4096 bytes"),
        (
            &[
                "drift",
                "--reference",
                huge,
                "--current",
                huge,
                "--out",
                out,
            ],
            "line 1",
        ),
    ];
    for (command, word) in refused {
        refusal(octroi.command(command), &[word]);
    }
}
