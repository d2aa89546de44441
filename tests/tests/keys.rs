//! The keys that sign: wrapped by the operator's key, replaced while servers run, and trusted
//! by nobody's word but the operator's.

use ed25519_dalek::{Signer, SigningKey};
use octroi_tests::{
    AZUR, Bank, Caller, DatabaseKind, HARBOUR, Installation, PASSWORD, Role, Server,
    on_both_databases,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

const DECIDE: &str = "/api/v1/models/credit/aliases/champion/decisions";
const TOKEN_SEED: [u8; 32] = *b"a seed of tokens, found in clear";
const PACKAGE_SEED: [u8; 32] = *b"a seed of packages left in clear";
/// PKCS#8 v1 around a bare Ed25519 seed, as the table of tokens had it.
const PKCS8: &str = "302e020100300506032b657004220420";
const KEY: &str = "5cXWLHRA3Vi2X3v8OYp4ZXLvWc7YDr7p4yKXo3lAuTo=";
const MIGRATION: &str = "m2026_11_25_000006_wrap_keys";

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable name")
}

fn operator_key(octroi: &Installation) -> PathBuf {
    octroi.home().join("operator.key")
}

fn package(octroi: &Installation, digest: &str, ending: &str) -> PathBuf {
    let packages = octroi.home().join("packages");
    packages.join(format!("{digest}.{ending}"))
}

/// The digest of a bank's first version.
fn digest(octroi: &Installation, bank: &Bank) -> String {
    let rows = octroi.texts(&format!(
        "SELECT digest FROM model_version WHERE version = 1 AND tenant_id = \
         (SELECT id FROM tenant WHERE slug = '{}')",
        bank.slug
    ));
    rows[0][0].clone().expect("a digest")
}

/// Points a bank's first version at other bytes, as who can write database and store would.
fn exchange(octroi: &Installation, bank: &Bank, bytes: &[u8], created_at: i64) -> String {
    let digest = hex::encode(Sha256::digest(bytes));
    fs::write(package(octroi, &digest, "json"), bytes).expect("written");
    octroi.execute(&format!(
        "UPDATE model_version SET digest = '{digest}', created_at = {created_at} WHERE \
         version = 1 AND tenant_id = (SELECT id FROM tenant WHERE slug = '{}')",
        bank.slug
    ));
    digest
}

/// A package as the first format had it, before there were signatures.
fn in_format_1(octroi: &Installation, digest: &str) -> Vec<u8> {
    let bytes = fs::read(package(octroi, digest, "json")).expect("a package");
    let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
    let remove = |value: &mut Value, members: &[&str]| {
        let object = value.as_object_mut().expect("an object");
        for member in members {
            object.remove(*member).expect("it is there");
        }
    };
    remove(&mut value, &["calibration"]);
    let manifest = &mut value["manifest"];
    manifest["format"] = 1.into();
    remove(
        manifest,
        &[
            "origin",
            "calibration_trials",
            "search",
            "partial_dependence",
        ],
    );
    remove(manifest, &["beeswarm", "slices", "holdout"]);
    let evaluation = &mut manifest["evaluation"];
    remove(
        evaluation,
        &["expected_calibration_error", "lift", "intervals"],
    );
    for candidate in manifest["candidates"].as_array_mut().expect("candidates") {
        remove(candidate, &["ks", "expected_calibration_error"]);
        remove(candidate, &["auc_interval", "cost_interval"]);
    }
    serde_jcs::to_vec(&value).expect("bytes")
}

/// Takes an installation back to what the version before wrapping left: keys in clear, which
/// sign what is there, and neither the columns nor the operator's key. Gives the time of the
/// first key.
fn before_wrapping(octroi: &Installation) -> i64 {
    fs::remove_file(operator_key(octroi)).expect("removed");
    let made = octroi.numbers("SELECT MIN(created_at) FROM package_key")[0];
    let blob = |hex: String| match octroi.kind() {
        DatabaseKind::Sqlite => format!("X'{hex}'"),
        DatabaseKind::Postgresql => format!("decode('{hex}', 'hex')"),
    };
    let key = SigningKey::from_bytes(&PACKAGE_SEED);
    let public = hex::encode(key.verifying_key().as_bytes());
    for statement in [
        "DELETE FROM signing_key".to_owned(),
        "DELETE FROM package_key".to_owned(),
        format!(
            "INSERT INTO signing_key (id, private_key, public_key, created_at) VALUES \
             ('first', {}, 'for people', {made})",
            blob(format!("{PKCS8}{}", hex::encode(TOKEN_SEED)))
        ),
        format!(
            "INSERT INTO package_key (id, seed, public_key, created_at) VALUES \
             ('first', {}, {}, {made})",
            blob(hex::encode(PACKAGE_SEED)),
            blob(public.clone())
        ),
        "ALTER TABLE signing_key DROP COLUMN wrapped_by".to_owned(),
        "ALTER TABLE package_key DROP COLUMN wrapped_by".to_owned(),
        format!("DELETE FROM seaql_migrations WHERE version = '{MIGRATION}'"),
    ] {
        octroi.execute(&statement);
    }
    for bank in [&AZUR, &HARBOUR] {
        let digest = digest(octroi, bank);
        let message = format!("octroi package v1\n{digest}");
        let signature = hex::encode(key.sign(message.as_bytes()).to_bytes());
        let signature = json!({
            "algorithm": "Ed25519", "digest": digest, "key": public, "signature": signature
        });
        fs::write(package(octroi, &digest, "sig"), signature.to_string()).expect("written");
    }
    made
}

/// Which of the files of a home hold these bytes.
fn holding(home: &Path, bytes: &[u8]) -> Vec<String> {
    fs::read_dir(home)
        .expect("a home")
        .flatten()
        .filter(|entry| entry.path().is_file())
        .filter(|entry| {
            let content = fs::read(entry.path()).expect("readable");
            content.windows(bytes.len()).any(|part| part == bytes)
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn decide(octroi: &Installation, server: &Server, bank: &Bank) -> octroi_tests::Answer {
    let partner = Caller::new(&server.base, Some(&octroi.partner_key(bank)));
    let client = octroi.clients(bank)[0];
    partner.post(DECIDE, &json!({ "client_id": client }))
}

fn token(server: &Server) -> String {
    let answer = Caller::new(&server.base, None).post(
        "/api/v1/auth/token",
        &json!({ "email": AZUR.email(Role::Analyst), "password": PASSWORD }),
    );
    let token = answer.expect(200)["access_token"].clone();
    token.as_str().expect("a token").to_owned()
}

fn accepts(server: &Server, token: &str) -> u16 {
    Caller::new(&server.base, Some(token))
        .get("/api/v1/models")
        .status
}

#[test]
fn keys_in_clear_are_wrapped_at_the_first_start_and_their_bytes_are_gone() {
    let mut octroi = Installation::prepared(DatabaseKind::Sqlite);
    before_wrapping(&octroi);
    for seed in [TOKEN_SEED, PACKAGE_SEED] {
        assert!(
            !holding(&octroi.home(), &seed).is_empty(),
            "it was in clear"
        );
    }
    octroi.serve();
    assert!(octroi.log().contains("operator.key"), "{}", octroi.log());
    decide(&octroi, octroi.server(), &AZUR).expect(201);
    let token = token(octroi.server());
    assert_eq!(accepts(octroi.server(), &token), 200);
    let gone = |octroi: &Installation| {
        for seed in [TOKEN_SEED, PACKAGE_SEED] {
            assert_eq!(holding(&octroi.home(), &seed), [""; 0]);
        }
    };
    gone(&octroi);
    drop(octroi.take_server());
    gone(&octroi);
    octroi.serve();
    assert_eq!(
        accepts(octroi.server(), &token),
        200,
        "the keys are the same"
    );
    decide(&octroi, octroi.server(), &HARBOUR).expect(201);
}

on_both_databases! {
    fn only_versions_from_before_signatures_are_taken_unsigned_and_only_at_the_upgrade(octroi: Installation) {
        let mut octroi = octroi;
        drop(octroi.take_server());
        let first_key = before_wrapping(&octroi);
        let (azur, harbour) = (digest(&octroi, &AZUR), digest(&octroi, &HARBOUR));
        let (old, new) = (in_format_1(&octroi, &azur), in_format_1(&octroi, &harbour));
        let old = exchange(&octroi, &AZUR, &old, first_key - 1);
        let new = exchange(&octroi, &HARBOUR, &new, first_key);
        let octroi = octroi.with("OCTROI_SECRETS__KEY", KEY);
        octroi.command(&["migrate"]).expect_success();
        let server = octroi.serve_another();
        decide(&octroi, &server, &AZUR).expect(201);
        let refused = decide(&octroi, &server, &HARBOUR).expect(500);
        assert_eq!(refused["type"], "/problems/version-refused");
        assert!(package(&octroi, &old, "sig").exists(), "it has been signed since");
        assert!(!package(&octroi, &new, "sig").exists());
        drop(server);

        // Later on, neither the store nor the row's time makes a package a signed one.
        fs::remove_file(package(&octroi, &old, "sig")).expect("removed");
        exchange(&octroi, &HARBOUR, &fs::read(package(&octroi, &new, "json")).expect("there"), 1);
        let server = octroi.serve_another();
        for bank in [&AZUR, &HARBOUR] {
            let refused = decide(&octroi, &server, bank).expect(500);
            assert_eq!(refused["type"], "/problems/version-refused");
        }
    }

    fn running_servers_take_what_new_keys_sign_and_go_on_with_what_old_ones_did(octroi: Installation) {
        let mut octroi = octroi;
        let other = octroi.serve_another();
        let before = token(octroi.server());
        decide(&octroi, &other, &AZUR).expect(201);
        let told = octroi.command(&["keys", "rotate"]);
        assert!(told.err.contains("\"by\":\"uid "), "who did it is logged: {}", told.err);
        told.expect_success();

        // A server that starts now signs with the new key at once.
        drop(octroi.take_server());
        octroi.serve();
        let after = token(octroi.server());
        let key_of = |token: &str| token.split('.').next().expect("a header").to_owned();
        assert_ne!(key_of(&before), key_of(&after));
        for server in [&other, octroi.server()] {
            assert_eq!(accepts(server, &after), 200, "one that it has not read");
            assert_eq!(accepts(server, &before), 200, "one from before");
            decide(&octroi, server, &HARBOUR).expect(201);
        }
        let (head, rest) = after.split_once('.').expect("a token");
        let stranger = format!("{}.{rest}", head.replacen("eyJ", "eyK", 1));
        assert_eq!(accepts(&other, &stranger), 401);

        // A package that is signed by a key made after the servers have read theirs.
        octroi.command(&["keys", "rotate"]).expect_success();
        let data = octroi.tables(&AZUR);
        let mut train = vec!["train", "--quick", "--tenant", AZUR.slug, "--seed", "77"];
        train.extend(["--candidates", "dummy,scorecard", "--data", text(&data)]);
        octroi.command(&train).expect_success();
        let decision = decide(&octroi, &other, &AZUR).expect(201);
        assert_eq!(decision["model"]["version"].as_i64().or(decision["version"].as_i64()), Some(2));

        let list = octroi.command(&["keys", "list"]).expect_success();
        assert_eq!(list.matches(" signs ").count(), 2, "{list}");
        assert_eq!(list.matches(" verifies ").count(), 4, "{list}");
    }

    fn keys_are_wrapped_by_another_operators_key_without_signing_anything_anew(octroi: Installation) {
        let mut octroi = octroi;
        let before = token(octroi.server());
        let keys = |octroi: &Installation| {
            let list = octroi.command(&["keys", "list"]).expect_success();
            list.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let listed = keys(&octroi);
        let new = octroi.folder().join("new.key");
        let told = octroi
            .command(&["keys", "rewrap", "--new-key-file", text(&new)])
            .expect_success();
        assert!(told.contains("mv '"), "what to do next: {told}");
        decide(&octroi, octroi.server(), &AZUR).expect(201);
        drop(octroi.take_server());
        let refused = octroi.command(&["serve"]).expect_failure();
        for word in ["secrets.key_file", "OCTROI_SECRETS__KEY", "operator.key"] {
            assert!(refused.contains(word), "{word} is not in: {refused}");
        }
        fs::rename(&new, operator_key(&octroi)).expect("moved");
        assert_eq!(keys(&octroi), listed);
        octroi.serve();
        assert_eq!(accepts(octroi.server(), &before), 200);
        decide(&octroi, octroi.server(), &AZUR).expect(201);
    }

    fn a_key_that_the_operator_has_not_wrapped_is_nobodys(octroi: Installation) {
        let mut octroi = octroi;
        drop(octroi.take_server());
        let older = "UPDATE package_key SET created_at = created_at - 1";
        octroi.execute(older);
        let refused = octroi.command(&["serve"]).expect_failure();
        assert!(refused.contains("package_key") && refused.contains("altered"), "{refused}");
        octroi.execute("UPDATE package_key SET created_at = created_at + 1");
        octroi.execute(
            "INSERT INTO package_key (id, seed, public_key, created_at) \
             SELECT 'mine', public_key, public_key, created_at + 1 FROM package_key",
        );
        let refused = octroi.command(&["serve"]).expect_failure();
        assert!(refused.contains("package_key") && refused.contains("in clear"), "{refused}");
        octroi.execute("DELETE FROM package_key");
        let refused = octroi.command(&["serve"]).expect_failure();
        assert!(refused.contains("package_key") && refused.contains("no key"), "{refused}");
    }

    fn without_the_operators_key_nothing_starts_and_the_way_out_is_named(octroi: Installation) {
        let mut octroi = octroi;
        drop(octroi.take_server());
        let key = fs::read_to_string(operator_key(&octroi)).expect("a key");
        fs::remove_file(operator_key(&octroi)).expect("removed");
        for command in [&["serve"][..], &["keys", "list"], &["keys", "rotate"]] {
            let refused = octroi.command(command).expect_failure();
            for word in ["secrets.key_file", "OCTROI_SECRETS__KEY", "operator.key"] {
                assert!(refused.contains(word), "{word} is not in: {refused}");
            }
        }
        assert!(!operator_key(&octroi).exists(), "none is made in its place");
        let octroi = octroi.with("OCTROI_SECRETS__KEY", KEY);
        let refused = octroi.command(&["serve"]).expect_failure();
        assert!(refused.contains("wrapped by the operator's key"), "{refused}");
        assert!(!refused.contains(KEY), "{refused}");
        let octroi = octroi.with("OCTROI_SECRETS__KEY", "no key");
        let refused = octroi.command(&["serve"]).expect_failure();
        assert!(refused.contains("openssl rand -base64 32"), "{refused}");
        let octroi = octroi.with("OCTROI_SECRETS__KEY", key.trim());
        let server = octroi.serve_another();
        decide(&octroi, &server, &AZUR).expect(201);
        assert!(!server.log().contains(key.trim()), "it is not logged");
    }
}

#[test]
fn a_database_server_without_an_operators_key_says_how_to_make_one() {
    let octroi = Installation::prepared(DatabaseKind::Postgresql);
    octroi.execute("CREATE DATABASE empty");
    let url = octroi.database_url_of("empty");
    fs::remove_file(operator_key(&octroi)).expect("removed");
    let octroi = octroi
        .with("OCTROI_DATABASE__URL", &url)
        .with("OCTROI_SERVER__ADDRESS", "127.0.0.1:0");
    octroi.command(&["migrate"]).expect_success();
    let refused = octroi.command(&["serve"]).expect_failure();
    for word in [
        "secrets.key_file",
        "OCTROI_SECRETS__KEY",
        "openssl rand -base64 32",
    ] {
        assert!(refused.contains(word), "{word} is not in: {refused}");
    }
    assert!(!operator_key(&octroi).exists());
}
