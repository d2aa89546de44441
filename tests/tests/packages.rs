//! The packages of model versions as an operator meets them: what was altered in the store is
//! refused by its version's name, and everything else goes on.

use octroi_tests::{AZUR, HARBOUR, Installation, Role, on_both_databases};
use serde_json::json;
use std::path::PathBuf;

const DECIDE: &str = "/api/v1/models/credit/aliases/champion/decisions";

/// The stored file of AZUR's version, with this ending.
fn stored(octroi: &Installation, ending: &str) -> PathBuf {
    let models = octroi
        .person(&AZUR, Role::Analyst)
        .get("/api/v1/models")
        .expect(200);
    let digest = models["versions"][0]["digest"].as_str().expect("a digest");
    octroi
        .home()
        .join("packages")
        .join(format!("{digest}.{ending}"))
}

fn refuses_an_altered(mut octroi: Installation, ending: &str) {
    let path = stored(&octroi, ending);
    drop(octroi.take_server());
    let whole = std::fs::read(&path).expect("it is there");
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    std::fs::write(&path, altered).expect("written");
    octroi.serve();

    let decide = |bank| {
        let client = octroi.clients(bank)[0];
        octroi
            .partner(bank)
            .post(DECIDE, &json!({ "client_id": client }))
    };
    let before = octroi.stored();
    let problem = decide(&AZUR).expect(500);
    assert_eq!(problem["type"], "/problems/version-refused");
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.contains("version 1 of \"credit\""), "{detail}");
    assert_eq!(octroi.stored(), before, "nothing was decided");
    decide(&HARBOUR).expect(201);

    // Put right, it serves again without a restart: what was refused is not remembered.
    std::fs::write(&path, whole).expect("written");
    decide(&AZUR).expect(201);
}

on_both_databases! {
    fn a_flipped_byte_of_a_package_refuses_its_version_while_others_serve(octroi: Installation) {
        refuses_an_altered(octroi, "json");
    }

    fn a_flipped_byte_of_a_signature_refuses_its_version_while_others_serve(octroi: Installation) {
        refuses_an_altered(octroi, "sig");
    }
}
