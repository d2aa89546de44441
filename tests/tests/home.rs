//! What is written is for its own user only, whatever the umask; what a command is asked to
//! write elsewhere is the caller's.

use octroi_tests::{AZUR, Caller, DatabaseKind, Installation, PASSWORD, octroi_as};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn mode(path: &Path) -> u32 {
    let metadata = fs::symlink_metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
}

/// Everything in a folder, itself included.
fn walk(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder").flatten();
        found.extend(entries.flat_map(|entry| walk(&entry.path())));
    }
    found
}

fn is_private(home: &Path) {
    let found = walk(home);
    for path in &found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(path), expected, "{}", path.display());
    }
    for part in ["octroi.db", "operator.key", "packages"] {
        assert!(
            found.iter().any(|path| path.ends_with(part)),
            "{part} was looked at"
        );
    }
}

#[test]
fn a_home_is_private_under_every_umask_and_what_was_asked_for_is_the_callers() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("deep/home");
    let text = |path: &Path| path.to_str().expect("a name").to_owned();
    let prepare = ["demo", "--clients", "600", "--prepare-only", "--home"];
    let run = |umask: &str, arguments: &[&str]| {
        octroi_as(umask, &home, arguments).expect_success();
    };
    run("000", &[&prepare[..], &[&text(&home)]].concat());
    is_private(&home);
    assert!(walk(&home).iter().any(|path| path.ends_with("partner.key")));

    let asked = folder.path().join("asked/for");
    let data = text(&home.join("data").join(AZUR.slug));
    let (scores, tables) = (asked.join("scores.csv"), asked.join("tables"));
    let (drift, rows) = (asked.join("drift.html"), asked.join("rows.csv"));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models/lightgbm/portfolio");
    let table = text(&home.join("data").join(AZUR.slug).join("bureau.csv"));
    let commands: [&[&str]; 4] = [
        &[
            "score",
            "--model",
            "credit",
            "--tenant",
            AZUR.slug,
            "--data",
            &data,
            "--out",
            &text(&scores),
        ],
        &["synth", "--clients", "60", "--out", &text(&tables)],
        &[
            "drift",
            "--reference",
            &table,
            "--current",
            &table,
            "--out",
            &text(&drift),
        ],
        &[
            "model",
            "score",
            &text(&fixture.join("model.txt")),
            "--rows",
            &text(&fixture.join("rows.csv")),
            "--out",
            &text(&rows),
        ],
    ];
    for command in commands {
        run("027", command);
    }
    for path in walk(&folder.path().join("asked")) {
        let expected = if path.is_dir() { 0o750 } else { 0o640 };
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
    for command in commands {
        run(
            "000",
            &[
                command,
                if command[0] == "synth" {
                    &["--overwrite"]
                } else {
                    &[]
                },
            ]
            .concat(),
        );
    }
    for path in walk(&asked).iter().filter(|path| path.is_file()) {
        assert_eq!(mode(path), 0o666, "{}", path.display());
    }
    let notes = text(&home.join("notes/mine/scores.csv"));
    let mut inside = commands[0].to_vec();
    inside.pop();
    inside.push(&notes);
    run("000", &inside);
    is_private(&home);
}

#[test]
fn a_service_that_runs_keeps_its_home_private() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    let server = octroi.serve_with_umask("000");
    let partner = Caller::new(&server.base, Some(&octroi.partner_key(&AZUR)));
    let client = octroi.clients(&AZUR)[0];
    let decide = "/api/v1/models/credit/aliases/champion/decisions";
    partner
        .post(decide, &json!({ "client_id": client }))
        .expect(201);
    let wide: Vec<PathBuf> = walk(&octroi.home())
        .into_iter()
        .filter(|path| mode(path) & 0o077 != 0)
        .collect();
    assert!(wide.is_empty(), "{wide:?}");
    assert!(octroi.home().join("octroi.db-wal").exists());
    assert!(!server.log().contains("open to others"), "{}", server.log());
}

#[test]
fn a_home_that_others_can_read_is_named_with_the_command_that_closes_it() {
    let mut octroi = Installation::prepared(DatabaseKind::Sqlite);
    let database = octroi.home().join("octroi.db");
    chmod(&database, 0o644);
    octroi.serve();
    let log = octroi.log();
    let close = format!("chmod -R go= '{}'", octroi.home().display());
    assert!(log.contains("octroi.db") && log.contains("0644"), "{log}");
    assert!(log.contains(&close), "{log}");
    let mut user = vec!["user-add", "--tenant", AZUR.slug, "--role", "adviser"];
    user.extend(["--email", "new@azur.example", "--name", "New"]);
    let told = octroi.command_with_input(&user, PASSWORD).err;
    assert!(told.contains(&close), "{told}");
    let closed = std::process::Command::new("sh")
        .arg("-c")
        .arg(&close)
        .status();
    assert!(closed.expect("sh runs").success());
    drop(octroi.take_server());
    let before = octroi.log().len();
    octroi.serve();
    assert!(!octroi.log()[before..].contains("open to others"));
}
