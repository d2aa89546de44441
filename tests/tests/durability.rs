//! What is acknowledged is durable, whatever the database answers in between: full disks, errors
//! at any statement and at the commit itself, a file that is moved away. An answer of success
//! without a row, seen through another connection and after the next start, is the one thing
//! that must never happen.

use octroi_tests::{
    AZUR, Caller, DatabaseKind, HARBOUR, Installation, Role, octroi, rich_application, start,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PATH: &str = "/api/v1/models/credit/aliases/champion/decisions";

/// A request for a decision that has never been made before.
fn ask(partner: &Caller, key: &str, body: &Value) -> Result<String, u16> {
    let answer = partner.post_once(PATH, key, body);
    match answer.status {
        201 => {
            let id = answer.json()["decision_id"]
                .as_str()
                .expect("an id")
                .to_owned();
            Ok(id.replace('-', ""))
        }
        status => {
            assert!(status >= 500, "{status}: {}", answer.text());
            Err(status)
        }
    }
}

/// The decisions that are there, seen through a connection of the test's own.
fn stored(octroi: &Installation) -> BTreeSet<String> {
    let sql = format!("SELECT {} FROM decision", octroi.hex_of("id"));
    octroi.texts(&sql).into_iter().flatten().flatten().collect()
}

/// Every acknowledged decision is there, now and after a power cut, and its event with it.
fn keeps(octroi: &mut Installation, acknowledged: &BTreeSet<String>) {
    for round in ["now", "after the next start"] {
        let lost: Vec<_> = acknowledged.difference(&stored(octroi)).cloned().collect();
        assert!(
            lost.is_empty(),
            "{} of {} acknowledged decisions are not there {round}",
            lost.len(),
            acknowledged.len()
        );
        let sql = format!(
            "SELECT {} FROM audit_event WHERE action = 'decision_made'",
            octroi.hex_of("decision_id")
        );
        let told: BTreeSet<String> = octroi.texts(&sql).into_iter().flatten().flatten().collect();
        assert!(
            acknowledged.is_subset(&told),
            "an event is not there {round}"
        );
        octroi.take_server().kill();
        octroi.serve();
    }
}

fn readiness(octroi: &Installation) -> u16 {
    // Whoever asks twice within a second is given the same answer.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    octroi.anonymous().get("/health/ready").status
}

/// Where a decision about a new client writes, in the order in which it does.
const STATEMENTS: [(&str, &str); 7] = [
    ("client", "INSERT"),
    ("client_changes", "INSERT"),
    ("decision", "INSERT"),
    ("explanation", "INSERT"),
    ("client", "UPDATE"),
    ("idempotency_key", "INSERT"),
    ("audit_event", "INSERT"),
];

/// Makes every `event` on `table` fail. On SQLite the error rolls the whole transaction back by
/// itself, as a full disk does.
fn break_statement(octroi: &Installation, table: &str, event: &str) {
    match octroi.kind() {
        DatabaseKind::Sqlite => octroi.execute(&format!(
            "CREATE TRIGGER broken BEFORE {event} ON {table} \
             BEGIN SELECT RAISE(ROLLBACK, 'injected'); END"
        )),
        DatabaseKind::Postgresql => {
            octroi.execute(
                "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql \
                 AS 'BEGIN RAISE EXCEPTION ''injected''; END'",
            );
            octroi.execute(&format!(
                "CREATE TRIGGER broken BEFORE {event} ON {table} EXECUTE FUNCTION broken()"
            ));
        }
    }
}

/// Makes the commit itself fail, after every statement has succeeded.
fn break_commit(octroi: &Installation) {
    match octroi.kind() {
        DatabaseKind::Sqlite => {
            octroi.execute("CREATE TABLE nobody (id INTEGER PRIMARY KEY)");
            octroi.execute(
                "CREATE TABLE late (id INTEGER REFERENCES nobody DEFERRABLE INITIALLY DEFERRED)",
            );
            octroi.execute(
                "CREATE TRIGGER broken AFTER INSERT ON decision BEGIN INSERT INTO late VALUES (1); \
                 END",
            );
        }
        DatabaseKind::Postgresql => {
            octroi.execute(
                "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql \
                 AS 'BEGIN RAISE EXCEPTION ''injected''; END'",
            );
            octroi.execute(
                "CREATE CONSTRAINT TRIGGER broken AFTER INSERT ON decision \
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION broken()",
            );
        }
    }
}

fn mend(octroi: &Installation, table: &str) {
    match octroi.kind() {
        DatabaseKind::Sqlite => octroi.execute("DROP TRIGGER broken"),
        DatabaseKind::Postgresql => octroi.execute(&format!("DROP TRIGGER broken ON {table}")),
    }
}

fn survives_injected_errors(kind: DatabaseKind) {
    let mut octroi = Installation::serving(kind);
    let partner = octroi.partner(&AZUR);
    let spare = octroi.caller(&AZUR, &["decisions:make"]);
    let mut acknowledged = BTreeSet::new();
    let mut client = 7_000_000;
    let mut fresh = || {
        client += 1;
        (
            format!("new-{client}"),
            json!({ "tables": rich_application(client) }),
        )
    };
    let mut places: Vec<(&str, Option<&str>)> = STATEMENTS
        .iter()
        .map(|(table, event)| (*table, Some(*event)))
        .collect();
    places.push(("decision", None));
    for (table, event) in places {
        let before = octroi.stored();
        match event {
            Some(event) => break_statement(&octroi, table, event),
            None => break_commit(&octroi),
        }
        for _ in 0..2 {
            let (key, body) = fresh();
            let answer = ask(&partner, &key, &body);
            assert!(answer.is_err(), "{table} {event:?}: acknowledged");
        }
        assert_eq!(
            octroi.stored(),
            before,
            "{table} {event:?}: half of it is there"
        );
        mend(&octroi, table);
        for _ in 0..3 {
            let (key, body) = fresh();
            let id = ask(&partner, &key, &body).expect("the error is over");
            assert!(
                stored(&octroi).contains(&id),
                "{table} {event:?}: seen by nobody else"
            );
            acknowledged.insert(id);
        }
    }
    // What an administrator does after the errors holds as well.
    let id = octroi.texts(&format!(
        "SELECT {} FROM api_key WHERE name = 'test'",
        octroi.hex_of("id")
    ));
    let id = id[0][0].clone().expect("an id");
    let mut admin = octroi.signed_in(&AZUR, Role::Admin);
    let revoke = format!("/administration/keys/{id}/revoke");
    assert_eq!(admin.press("/administration", &revoke, &[]).status, 303);
    let working = |octroi: &Installation| {
        [partner.credential(), spare.credential()]
            .into_iter()
            .filter(|key| {
                Caller::new(octroi.base(), *key)
                    .get("/api/v1/decisions")
                    .status
                    != 401
            })
            .count()
    };
    assert_eq!(working(&octroi), 1, "one of the two keys is revoked");
    assert_eq!(readiness(&octroi), 200);
    keeps(&mut octroi, &acknowledged);
    assert_eq!(working(&octroi), 1, "and stays so");
}

#[test]
fn an_error_at_any_statement_of_a_decision_acknowledges_nothing_then_or_later_on_sqlite() {
    survives_injected_errors(DatabaseKind::Sqlite);
}

#[test]
fn an_error_at_any_statement_of_a_decision_acknowledges_nothing_then_or_later_on_postgresql() {
    survives_injected_errors(DatabaseKind::Postgresql);
}

/// Asks until the disk is full, twice, and goes on when there is room again.
fn survives_full_disks(
    octroi: &mut Installation,
    make_room: &mut dyn FnMut(&Installation),
    take_room: &mut dyn FnMut(&Installation),
) {
    let partner = octroi.partner(&AZUR);
    let client = octroi.clients(&AZUR)[0];
    let mut acknowledged = BTreeSet::new();
    let mut number = 0;
    let mut next = |acknowledged: &mut BTreeSet<String>| {
        number += 1;
        let body = json!({ "client_id": client });
        ask(&partner, &format!("key-{number}"), &body).map(|id| {
            acknowledged.insert(id);
        })
    };
    for round in 0..3 {
        take_room(octroi);
        let full = (0..4_000).any(|_| next(&mut acknowledged).is_err());
        assert!(full, "round {round}: the disk never filled");
        make_room(octroi);
        assert_eq!(
            readiness(octroi),
            200,
            "round {round}: not ready with room again"
        );
        for _ in 0..20 {
            next(&mut acknowledged).expect("there is room again");
        }
        let lost = acknowledged.difference(&stored(octroi)).count();
        assert_eq!(
            lost, 0,
            "round {round}: {lost} acknowledged decisions are seen by nobody else"
        );
    }
    keeps(octroi, &acknowledged);
}

#[test]
fn a_database_at_its_quota_acknowledges_nothing_and_goes_on_when_there_is_room() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    // Ballast that is let go of makes room inside the file.
    octroi.execute("CREATE TABLE ballast (content BLOB)");
    octroi.execute("INSERT INTO ballast VALUES (zeroblob(3000000))");
    let megabytes = octroi.numbers("PRAGMA page_count")[0] / 256 + 2;
    let mut octroi = octroi.with("OCTROI_DATABASE__MAX_MEGABYTES", &megabytes.to_string());
    octroi.serve();
    let mut left = 3;
    survives_full_disks(
        &mut octroi,
        &mut |octroi| {
            assert_eq!(readiness(octroi), 503, "ready with no room for a decision");
            left -= 1;
            octroi.execute(&format!(
                "UPDATE ballast SET content = zeroblob({left}000000)"
            ));
        },
        &mut |_| {},
    );
}

/// A small file system over a folder, as long as it lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this system lets nobody mount one.
    fn over(folder: &Path, bytes: u64) -> Option<Self> {
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(folder)
            .stderr(std::process::Stdio::null())
            .status();
        matches!(status, Ok(status) if status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "umount {}",
            self.0.display()
        );
    }
}

fn copy(from: &Path, to: &Path) {
    let mut command = Command::new("cp");
    let status = command.arg("-a").arg(from.join(".")).arg(to).status();
    assert!(status.expect("cp runs").success());
}

#[test]
fn a_full_disk_acknowledges_nothing_and_the_service_goes_on_when_there_is_room() {
    let mut octroi = Installation::prepared(DatabaseKind::Sqlite);
    let home = octroi.home();
    let aside = octroi.folder().join("aside");
    fs::create_dir(&aside).expect("a folder");
    copy(&home, &aside);
    let size = Command::new("du")
        .args(["-sb"])
        .arg(&home)
        .output()
        .expect("du runs");
    let size: u64 = String::from_utf8_lossy(&size.stdout)
        .split_whitespace()
        .next()
        .and_then(|bytes| bytes.parse().ok())
        .expect("a size");
    let Some(disk) = SmallDisk::over(&home, size + 12_000_000) else {
        println!("not run: no file system can be mounted here");
        return;
    };
    copy(&aside, &home);
    octroi.serve();
    let ballast = home.join("ballast");
    survives_full_disks(
        &mut octroi,
        &mut |_| fs::remove_file(&ballast).expect("the ballast is there"),
        &mut |_| {
            let zero = fs::File::open("/dev/zero").expect("zeros");
            let mut file = fs::File::create(&ballast).expect("there is room for a file");
            let written = std::io::copy(&mut std::io::Read::take(zero, 1 << 30), &mut file);
            assert!(written.is_err(), "the disk has no end");
        },
    );
    octroi.take_server().kill();
    drop(disk);
}

#[test]
fn only_the_commands_of_a_first_run_make_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let rows = folder.path().to_str().expect("a readable name");
    for arguments in [
        vec!["serve"],
        vec![
            "score",
            "--model",
            "credit",
            "--data",
            rows,
            "--out",
            "scores.csv",
        ],
        vec![
            "model",
            "export",
            "credit@1",
            "--format",
            "lightgbm",
            "--out",
            "model.txt",
        ],
    ] {
        // A service that starts all the same would never end.
        let mut process = start(&home, &arguments);
        for _ in 0..300 {
            if process.try_wait().expect("it is ours").is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let _ = process.kill();
        let ended = process.wait_with_output().expect("it is ours");
        assert!(
            !ended.status.success(),
            "{arguments:?} went on without a database"
        );
        let error = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            error.contains("there is no database at"),
            "{arguments:?}: {error}"
        );
        assert!(error.contains("octroi migrate"), "the way out: {error}");
        assert!(!home.join("octroi.db").exists(), "{arguments:?} made one");
    }
    octroi(&home, &["migrate"]).expect_success();
    assert!(home.join("octroi.db").exists());
    let elsewhere = folder.path().join("elsewhere");
    octroi(&elsewhere, &["tenant-add", "bank", "--name", "Bank"]).expect_success();
}

#[test]
fn a_file_moved_away_from_under_the_service_stops_decisions_and_readiness_until_it_is_back() {
    let octroi = Installation::serving(DatabaseKind::Sqlite);
    let partner = octroi.partner(&AZUR);
    let body = json!({ "client_id": octroi.clients(&AZUR)[0] });
    ask(&partner, "before", &body).expect("all is well");
    assert_eq!(readiness(&octroi), 200);
    let (file, aside) = (
        octroi.home().join("octroi.db"),
        octroi.home().join("aside.db"),
    );
    fs::rename(&file, &aside).expect("moved");
    assert_eq!(ask(&partner, "gone", &body), Err(503));
    assert_eq!(readiness(&octroi), 503);
    fs::copy(&aside, &file).expect("copied");
    assert_eq!(
        ask(&partner, "replaced", &body),
        Err(503),
        "a copy is another database"
    );
    assert_eq!(readiness(&octroi), 503);
    fs::rename(&aside, &file).expect("moved back");
    assert_eq!(readiness(&octroi), 200);
    let id = ask(&partner, "back", &body).expect("all is well again");
    assert!(stored(&octroi).contains(&id));
}

#[test]
fn comparisons_follow_a_change_although_the_clock_was_ahead_before() {
    let octroi = Installation::prepared(DatabaseKind::Sqlite);
    // As if everything on file had been written by a clock that was a year ahead.
    octroi.execute("UPDATE client SET updated_at = updated_at + 31536000000000");
    let mut octroi = octroi;
    octroi.serve();
    let client = octroi.clients(&HARBOUR)[0];
    let mut adviser = octroi.signed_in(&HARBOUR, Role::Adviser);
    let page = format!("/clients/{client}/comparison?feature=AMT_INCOME_TOTAL");
    let before = adviser.get(&page);
    assert_eq!(before.status, 200, "{}", before.text());
    assert!(!before.text().contains("5,000,000"));
    let mut tables = octroi.application(&HARBOUR, client);
    tables["application"]["AMT_INCOME_TOTAL"] = json!(5_000_000.0);
    let answer = octroi
        .partner(&HARBOUR)
        .post(PATH, &json!({ "tables": tables }));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let after = adviser.get(&page).text();
    assert!(
        after.contains("5,000,000"),
        "the page shows the client as it was"
    );
}
