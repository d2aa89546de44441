//! Decisions over the API: by client and with a whole application, consistent in themselves,
//! explained in full, the same each time, and recorded with what was shown.

use octroi_tests::{
    AZUR, Answer, Bank, Caller, DatabaseKind, HARBOUR, Installation, Role, on_both_databases,
    rich_application, sha256_of_canonical,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

const BY_ALIAS: &str = "/api/v1/models/credit/aliases/champion/decisions";
const BY_VERSION: &str = "/api/v1/models/credit/versions/1/decisions";

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// The calibration in the stored package of a bank's only version.
fn calibration(octroi: &Installation, bank: &Bank) -> Value {
    let models = octroi.person(bank, Role::Analyst).get("/api/v1/models");
    let digest = models.expect(200)["versions"][0]["digest"].clone();
    let file = format!("{}.json", digest.as_str().expect("a digest"));
    let package = std::fs::read(octroi.home().join("packages").join(file)).expect("it is there");
    let package: Value = serde_json::from_slice(&package).expect("JSON");
    package["calibration"].clone()
}

/// The PD of a margin.
fn calibrated(calibration: &Value, margin: f64) -> f64 {
    let logistic = |margin: f64| 1.0 / (1.0 + (-margin).exp());
    match &calibration["platt"] {
        Value::Null if calibration == "none" => logistic(margin),
        Value::Object(platt) => {
            logistic(number(&platt["slope"]) * margin + number(&platt["intercept"]))
        }
        _ => panic!("the fixture is too small for {calibration}"),
    }
}

#[track_caller]
fn check_consistent(calibration: &Value, decision: &Value) {
    let (pd, threshold) = (number(&decision["pd"]), number(&decision["threshold"]));
    assert!(
        (0.0..=1.0).contains(&pd),
        "a PD is a probability: {decision}"
    );
    let expected = if pd >= threshold {
        "refused"
    } else {
        "granted"
    };
    assert_eq!(
        decision["outcome"], expected,
        "PD {pd} at the threshold {threshold}"
    );
    let expected = calibrated(calibration, number(&decision["margin"]));
    assert!(
        (pd - expected).abs() < 1e-12,
        "PD {pd}, but margin and calibration say {expected}"
    );
}

#[track_caller]
fn check_sum(explanation: &Value) {
    let contributions = explanation["contributions"]
        .as_array()
        .expect("contributions");
    assert!(contributions.len() > 100, "every feature contributes");
    let sum: f64 = contributions
        .iter()
        .map(|c| number(&c["contribution"]))
        .sum();
    let (base, margin) = (
        number(&explanation["base_value"]),
        number(&explanation["margin"]),
    );
    assert!(
        (base + sum - margin).abs() < 1e-9,
        "{base} + {sum} is not {margin}"
    );
    check_families(explanation, margin - base);
}

/// Families come strongest first, each once and with a label, and tell the same whole.
#[track_caller]
fn check_families(explanation: &Value, whole: f64) {
    let families = explanation["families"].as_array().expect("families");
    let named: HashSet<&Value> = families.iter().map(|one| &one["family"]).collect();
    assert!(named.len() > 5 && named.len() == families.len());
    let told: Vec<f64> = families
        .iter()
        .map(|one| number(&one["contribution"]))
        .collect();
    assert!(told.is_sorted_by(|one, next| one.abs() >= next.abs()));
    let sum: f64 = told.iter().sum();
    assert!((sum - whole).abs() < 1e-9, "{sum} is not {whole}");
    for one in families {
        let label = one["label"].as_str().expect("a label");
        assert!(!label.is_empty() && one["family"] != label, "{one}");
    }
}

fn explanation(caller: &Caller, decision: &Value, language: &str) -> Value {
    let path = decision["explanation"].as_str().expect("a link");
    caller
        .get(&format!("{path}?language={language}"))
        .expect(200)
}

/// What makes a decision, without what identifies this one.
fn bits(decision: &Value) -> [u64; 4] {
    ["pd", "margin", "threshold", "base_value"].map(|field| number(&decision[field]).to_bits())
}

fn reasons_alike(one: &Value, other: &Value) -> bool {
    one["reasons"] == other["reasons"] && one["outcome"] == other["outcome"]
}

on_both_databases! {
    fn every_client_of_a_bank_gets_a_decision_that_follows_from_its_pd(octroi: Installation) {
        let calibration = calibration(&octroi, &AZUR);
        let partner = octroi.partner(&AZUR);
        let mut outcomes = std::collections::BTreeSet::new();
        for client in octroi.clients(&AZUR).into_iter().take(60) {
            let answer = partner.post(BY_ALIAS, &json!({ "client_id": client }));
            let decision = answer.expect(201);
            check_consistent(&calibration, &decision);
            assert_eq!(decision["client_id"], client);
            assert_eq!(decision["model"], "credit");
            assert_eq!(decision["version"], 1);
            assert_eq!(decision["alias"], "champion");
            let location = format!("/api/v1/decisions/{}", decision["decision_id"].as_str().expect("an id"));
            assert_eq!(answer.header("Location"), Some(location.as_str()));
            outcomes.insert(decision["outcome"].to_string());
        }
        assert_eq!(outcomes.len(), 2, "60 clients, and all of them {outcomes:?}");
    }

    fn the_contributions_of_an_explanation_add_up_to_the_margin(octroi: Installation) {
        let calibration = calibration(&octroi, &HARBOUR);
        let partner = octroi.partner(&HARBOUR);
        for client in octroi.clients(&HARBOUR).into_iter().take(15) {
            let decision = partner.post(BY_ALIAS, &json!({ "client_id": client })).expect(201);
            let explanation = explanation(&partner, &decision, "en");
            check_consistent(&calibration, &explanation);
            check_sum(&explanation);
            assert_eq!(bits(&explanation), bits(&decision));
            assert_eq!(explanation["decision_id"], decision["decision_id"]);
        }
    }

    fn a_whole_application_with_all_seven_tables_is_decided_and_becomes_a_client(octroi: Installation) {
        let calibration = calibration(&octroi, &AZUR);
        let partner = octroi.partner(&AZUR);
        let before = octroi.stored();
        let body = json!({ "tables": rich_application(700_001), "language": "en" });
        let decision = partner.post(BY_ALIAS, &body).expect(201);
        check_consistent(&calibration, &decision);
        check_sum(&explanation(&partner, &decision, "en"));
        assert_eq!(decision["client_id"], 700_001);
        assert_eq!(octroi.stored().clients, before.clients + 1);
        let created = &octroi.events(&AZUR, "client_created")[0];
        assert_eq!(created["client"], 700_001);
        // From now on the client can be decided about by its number.
        let again = partner.post(BY_ALIAS, &json!({ "client_id": 700_001, "language": "en" })).expect(201);
        assert_eq!(bits(&again), bits(&decision));
        assert!(reasons_alike(&again, &decision));
        assert_eq!(octroi.stored().clients, before.clients + 1);
    }

    fn an_application_sent_again_unchanged_changes_no_client_and_changed_it_does(octroi: Installation) {
        let calibration = calibration(&octroi, &AZUR);
        let partner = octroi.partner(&AZUR);
        let body = json!({ "tables": rich_application(700_002) });
        partner.post(BY_ALIAS, &body).expect(201);
        partner.post(BY_ALIAS, &body).expect(201);
        assert!(octroi.events(&AZUR, "client_changed").is_empty());
        let mut changed = body.clone();
        changed["tables"]["application"]["AMT_CREDIT"] = json!(999_999.0);
        let other = partner.post(BY_ALIAS, &changed).expect(201);
        check_consistent(&calibration, &other);
        let events = octroi.events(&AZUR, "client_changed");
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["client"], 700_002);
        let summary = octroi.person(&AZUR, Role::Adviser).get("/api/v1/clients/700002").expect(200);
        assert_eq!(summary["credit"], 999_999.0);
    }

    fn tables_that_are_not_known_may_be_left_out(octroi: Installation) {
        let calibration = calibration(&octroi, &AZUR);
        let partner = octroi.partner(&AZUR);
        let mut tables = rich_application(700_003);
        let whole = partner.post(BY_ALIAS, &json!({ "tables": tables })).expect(201);
        for table in ["credit_card_balance", "POS_CASH_balance", "installments_payments",
            "previous_application", "bureau_balance", "bureau"] {
            tables.as_object_mut().expect("an object").remove(table);
            let decision = partner.post(BY_ALIAS, &json!({ "tables": tables })).expect(201);
            check_consistent(&calibration, &decision);
        }
        let bare = partner.post(BY_ALIAS, &json!({ "tables": tables })).expect(201);
        assert_ne!(bits(&bare), bits(&whole), "a history that counts for nothing");
    }

    fn the_application_as_sent_by_a_partner_gives_what_the_imported_tables_give(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        for client in octroi.clients(&AZUR).into_iter().take(10) {
            let imported = partner.post(BY_ALIAS, &json!({ "client_id": client })).expect(201);
            let tables = octroi.application(&AZUR, client);
            let sent = partner.post(BY_ALIAS, &json!({ "tables": tables })).expect(201);
            assert_eq!(bits(&imported), bits(&sent), "client {client}");
            assert!(reasons_alike(&imported, &sent));
        }
        assert!(octroi.events(&AZUR, "client_changed").is_empty(), "the same application is no change");
    }

    fn alias_and_version_give_the_same_bits_each_time_they_are_asked(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let body = json!({ "tables": rich_application(700_004), "language": "fr" });
        let first = partner.post(BY_ALIAS, &body).expect(201);
        for path in [BY_ALIAS, BY_VERSION, BY_ALIAS, BY_VERSION] {
            let again = partner.post(path, &body).expect(201);
            assert_eq!(bits(&first), bits(&again), "{path}");
            assert!(reasons_alike(&first, &again));
            assert_ne!(first["decision_id"], again["decision_id"]);
        }
        let by_version = partner.post(BY_VERSION, &body).expect(201);
        assert!(by_version.get("alias").is_none(), "no alias was asked for: {by_version}");
    }

    fn the_same_bits_come_out_after_a_restart(octroi: Installation) {
        let mut octroi = octroi;
        let body = json!({ "tables": rich_application(700_005), "language": "fr" });
        let first = octroi.partner(&HARBOUR).post(BY_ALIAS, &body).expect(201);
        let shown = explanation(&octroi.partner(&HARBOUR), &first, "en");
        octroi.take_server().kill();
        octroi.serve();
        let partner = octroi.partner(&HARBOUR);
        assert_eq!(bits(&partner.post(BY_ALIAS, &body).expect(201)), bits(&first));
        assert_eq!(explanation(&partner, &first, "en"), shown);
    }

    fn features_of_an_older_query_are_computed_anew_from_the_application_on_file(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let decide = |client: i64| partner.post(BY_ALIAS, &json!({ "client_id": client })).expect(201);
        let clients: Vec<i64> = octroi.clients(&AZUR).into_iter().take(25).collect();
        let on_file: Vec<Value> = clients.iter().map(|client| decide(*client)).collect();
        octroi.execute("UPDATE client SET features_sql_digest = 'older'");
        for (client, before) in clients.iter().zip(&on_file) {
            let anew = decide(*client);
            assert_eq!(bits(&anew), bits(before), "client {client}");
            assert!(reasons_alike(&anew, before));
        }
    }

    fn reasons_come_in_the_language_asked_for_and_else_in_the_banks_own(octroi: Installation) {
        let client = octroi.clients(&AZUR)[0];
        let partner = octroi.partner(&AZUR);
        let ask = |language: &str| {
            partner.post(BY_ALIAS, &json!({ "client_id": client, "language": language })).expect(201)
        };
        let (french, english) = (ask("fr"), ask("en"));
        let own = partner.post(BY_ALIAS, &json!({ "client_id": client })).expect(201);
        assert_eq!(own["language"], "fr", "Banque Azur speaks French");
        assert!(reasons_alike(&own, &french));
        let (fr, en) = (french["reasons"].as_array().expect("reasons"), english["reasons"].as_array().expect("reasons"));
        assert!(!fr.is_empty() && fr.len() == en.len());
        for (fr, en) in fr.iter().zip(en) {
            assert_eq!(fr["feature"], en["feature"]);
            assert_eq!(fr["contribution"], en["contribution"]);
            assert_ne!(fr["sentence"], en["sentence"]);
            for reason in [fr, en] {
                let sentence = reason["sentence"].as_str().expect("a sentence");
                let feature = reason["feature"].as_str().expect("a name");
                assert!(!sentence.contains(feature), "a reason is told in words: {sentence}");
                let raises = number(&reason["contribution"]) > 0.0;
                assert_eq!(reason["raises"], raises, "{reason}");
            }
        }
        let sizes: Vec<f64> = fr.iter().map(|r| number(&r["contribution"]).abs()).collect();
        assert!(sizes.is_sorted_by(|a, b| a >= b), "strongest first: {sizes:?}");
    }

    fn a_decision_leaves_its_two_events_with_the_digest_of_what_was_shown(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let client = octroi.clients(&AZUR)[1];
        let body = json!({ "client_id": client, "language": "en" });
        let decision = partner.post(BY_ALIAS, &body).expect(201);
        let id = decision["decision_id"].as_str().expect("an id");
        let officer = octroi.person(&AZUR, Role::Compliance);
        let path = format!("/api/v1/audit/events?decision={id}");
        let entries = officer.get(&path).expect(200)["events"].as_array().expect("events").clone();
        assert_eq!(entries.len(), 2, "{entries:?}");
        let find = |action: &str| {
            let found = entries.iter().find(|entry| entry["event"]["action"] == action);
            found.unwrap_or_else(|| panic!("no {action}")).clone()
        };
        let (made, shown) = (find("decision_made"), find("explanation_shown"));
        assert_eq!(made["id"], decision["audit_event"], "the answer names its event");
        for entry in [&made, &shown] {
            let event = &entry["event"];
            assert_eq!(event["id"], entry["id"]);
            assert_eq!(event["decision"], id);
            assert_eq!(event["client"], client);
            assert_eq!(event["actor"]["kind"], "api_key");
            assert_eq!(event["request_id"], made["event"]["request_id"]);
            let mut leaf = Sha256::new();
            leaf.update([0_u8]);
            leaf.update(serde_jcs::to_vec(event).expect("canonical"));
            assert_eq!(entry["leaf_hash"], hex::encode(leaf.finalize()));
        }
        assert_eq!(made["event"]["data"]["pd"], decision["pd"]);
        assert_eq!(made["event"]["data"]["outcome"], decision["outcome"]);
        let document = explanation(&partner, &decision, "en");
        assert_eq!(shown["event"]["data"]["explanation"], sha256_of_canonical(&document));
        assert_eq!(shown["event"]["data"]["language"], "en");
        assert_eq!(shown["event"]["data"]["channel"], "api");
        let told: Vec<&Value> = decision["reasons"].as_array().expect("reasons").iter().map(|r| &r["feature"]).collect();
        assert_eq!(shown["event"]["data"]["reasons"], json!(told));
    }

    fn each_showing_of_an_explanation_is_recorded_with_its_own_digest(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let decision = partner.post(BY_ALIAS, &json!({ "client_id": octroi.clients(&AZUR)[2] })).expect(201);
        let documents = ["fr", "en", "fr"].map(|language| explanation(&partner, &decision, language));
        assert_eq!(documents[0], documents[2]);
        assert_ne!(documents[0], documents[1]);
        // Newest first; the oldest is that of the decision itself, in the bank's French.
        let shown: Vec<Value> = octroi.events(&AZUR, "explanation_shown").into_iter()
            .filter(|event| event["decision"] == decision["decision_id"]).collect();
        let digests: Vec<&str> = shown.iter().filter_map(|e| e["data"]["explanation"].as_str()).collect();
        let expected: Vec<String> = documents.iter().rev().chain([&documents[0]]).map(sha256_of_canonical).collect();
        assert_eq!(digests, expected);
    }

    fn decisions_are_listed_newest_first_and_page_by_page(octroi: Installation) {
        let partner = octroi.partner(&HARBOUR);
        let client = octroi.clients(&HARBOUR)[0];
        let made: Vec<Value> = (0..7)
            .map(|_| partner.post(BY_ALIAS, &json!({ "client_id": client })).expect(201)["decision_id"].clone())
            .collect();
        let mut listed = Vec::new();
        let mut before = String::new();
        loop {
            let page = partner.get(&format!("/api/v1/decisions?client={client}&limit=3{before}")).expect(200);
            let decisions = page["decisions"].as_array().expect("decisions");
            listed.extend(decisions.iter().map(|decision| decision["decision_id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            before = format!("&before={next}");
        }
        // The demo decided once about each client.
        assert_eq!(listed.len(), 8);
        assert!(listed[..7].iter().eq(made.iter().rev()));
        let one = partner.get(&format!("/api/v1/decisions/{}", made[0].as_str().expect("an id"))).expect(200);
        assert_eq!(one["client_id"], client);
        assert_eq!(one["channel"], "api");
    }
}

#[test]
fn both_databases_give_the_same_bits() {
    let answers: Vec<Value> = [DatabaseKind::Sqlite, DatabaseKind::Postgresql]
        .into_iter()
        .map(|kind| {
            let octroi = Installation::serving(kind);
            let body = json!({ "tables": rich_application(700_006), "language": "en" });
            let answer: Answer = octroi.partner(&AZUR).post(BY_ALIAS, &body);
            answer.expect(201)
        })
        .collect();
    assert_eq!(bits(&answers[0]), bits(&answers[1]));
    assert!(reasons_alike(&answers[0], &answers[1]));
}
