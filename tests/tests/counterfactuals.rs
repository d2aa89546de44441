//! What would have changed a refusal: each proposal is granted when it is sent in, moves only
//! what the client can change within the bounds that are told, and is recorded when shown.

use octroi_tests::{
    AZUR, Answer, Bank, Caller, HARBOUR, Installation, Role, on_both_databases, rich_application,
    sha256_of_canonical,
};
use serde_json::{Value, json};

const BY_VERSION: &str = "/api/v1/models/credit/versions/1/decisions";

/// What the dictionary lets a client change; nothing else may ever move.
const MUTABLE: [&str; 12] = [
    "AMT_INCOME_TOTAL",
    "AMT_CREDIT",
    "AMT_ANNUITY",
    "AMT_GOODS_PRICE",
    "FLAG_MOBIL",
    "FLAG_WORK_PHONE",
    "FLAG_CONT_MOBILE",
    "FLAG_PHONE",
    "FLAG_EMAIL",
    "FLAG_DOCUMENT_3",
    "FLAG_DOCUMENT_6",
    "FLAG_DOCUMENT_8",
];

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no list"))
}

/// Decisions about clients of a bank with this outcome.
fn decided(octroi: &Installation, bank: &Bank, outcome: &str, count: usize) -> Vec<Value> {
    let partner = octroi.partner(bank);
    let found: Vec<Value> = octroi
        .clients(bank)
        .into_iter()
        .map(|client| {
            partner
                .post(BY_VERSION, &json!({ "client_id": client }))
                .expect(201)
        })
        .filter(|decision| decision["outcome"] == outcome)
        .take(count)
        .collect();
    assert_eq!(found.len(), count, "not enough clients are {outcome}");
    found
}

fn ask(caller: &Caller, decision: &Value, language: &str) -> Answer {
    let id = text(&decision["decision_id"]);
    caller.get(&format!(
        "/api/v1/decisions/{id}/counterfactual?language={language}"
    ))
}

/// That a proposal moves what may move, and no further than was told.
#[track_caller]
fn check_moves(document: &Value, proposal: &Value) {
    for change in list(&proposal["changes"]) {
        let column = text(&change["column"]);
        assert!(MUTABLE.contains(&column), "{column} was moved: {proposal}");
        let (from, to) = (number(&change["from"]), number(&change["to"]));
        assert!((from - to).abs() > 0.0, "{change}");
        let tried = list(&document["tried"])
            .iter()
            .find(|tried| tried["column"] == column);
        if let Some(leader) = change.get("follows") {
            assert_eq!(leader, "AMT_CREDIT");
            let share = |column: &str| {
                let found = list(&proposal["changes"])
                    .iter()
                    .find(|c| c["column"] == column);
                let change = found.expect("what follows has a leader");
                number(&change["to"]) / number(&change["from"])
            };
            assert!(
                (share(column) - share("AMT_CREDIT")).abs() < 0.02,
                "{proposal}"
            );
        } else {
            let tried = tried.unwrap_or_else(|| panic!("{column} was not tried: {document}"));
            let alone = list(&proposal["changes"])
                .iter()
                .all(|c| c["column"] != "AMT_CREDIT");
            if alone || column != "AMT_ANNUITY" {
                assert!(
                    number(&tried["least"]) <= to && to <= number(&tried["greatest"]),
                    "{change}"
                );
            }
            assert!((number(&tried["value"]) - from).abs() < 1e-9);
        }
    }
}

on_both_databases! {
    fn a_refusal_is_told_what_would_have_changed_it_and_that_is_granted_when_it_is_sent_in(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let mut proposals = 0;
        for decision in decided(&octroi, &AZUR, "refused", 8) {
            let client = decision["client_id"].as_i64().expect("a number");
            let document = ask(&partner, &decision, "en").expect(200);
            assert_eq!(document["decision_id"], decision["decision_id"]);
            assert_eq!(document["pd"], decision["pd"]);
            let mut before = 0.0;
            for proposal in list(&document["proposals"]) {
                check_moves(&document, proposal);
                assert!(number(&proposal["cost"]) >= before, "the smallest first: {document}");
                before = number(&proposal["cost"]);
                let mut tables = octroi.application(&AZUR, client);
                for change in list(&proposal["changes"]) {
                    let cell = &mut tables["application"][text(&change["column"])];
                    assert!((number(cell) - number(&change["from"])).abs() < 1e-9);
                    let whole = cell.is_i64();
                    let to = number(&change["to"]);
                    *cell = if whole && to.fract() == 0.0 { json!(to as i64) } else { json!(to) };
                }
                let again = partner.post(BY_VERSION, &json!({ "tables": tables })).expect(201);
                assert_eq!(again["outcome"], "granted", "{proposal}");
                assert_eq!(number(&again["pd"]).to_bits(), number(&proposal["pd"]).to_bits());
                assert!(number(&proposal["pd"]) < number(&document["threshold"]));
                assert!(text(&proposal["sentence"]).contains("would have been granted"));
                proposals += 1;
            }
            let none = document.get("none").is_some();
            assert_eq!(none, list(&document["proposals"]).is_empty(), "{document}");
            // What was sent in is on file now; the decision is asked about with its own inputs.
            assert_eq!(ask(&partner, &decision, "en").expect(200), document);
        }
        assert!(proposals > 0, "no refusal of eight had a way out");
    }

    fn a_refusal_without_a_way_out_is_told_so_with_what_was_tried(octroi: Installation) {
        let partner = octroi.partner(&HARBOUR);
        let mut tables = rich_application(760_001);
        // Somebody whom no loan of any size would be granted.
        let own = tables["application"].as_object_mut().expect("an object");
        for (column, value) in [("EXT_SOURCE_1", 0.001), ("EXT_SOURCE_2", 0.001), ("EXT_SOURCE_3", 0.001)] {
            own.insert(column.to_owned(), json!(value));
        }
        // With nothing known that could be moved.
        for column in MUTABLE.iter().filter(|column| !["AMT_INCOME_TOTAL", "AMT_CREDIT"].contains(column)) {
            own.remove(*column);
        }
        own.insert("AMT_CREDIT".to_owned(), json!(45_000.0));
        own.insert("AMT_INCOME_TOTAL".to_owned(), json!(25_000.0));
        let decision = partner.post(BY_VERSION, &json!({ "tables": tables })).expect(201);
        assert_eq!(decision["outcome"], "refused", "{decision}");
        let document = ask(&partner, &decision, "fr").expect(200);
        let tried: Vec<&str> = list(&document["tried"]).iter().map(|t| text(&t["column"])).collect();
        assert_eq!(tried, ["AMT_INCOME_TOTAL"], "the least loan goes no lower: {document}");
        assert_eq!(document["exhaustive"], true);
        assert_eq!(document["combinations"], 1, "a fifth more than 25 000 is one step");
        if list(&document["proposals"]).is_empty() {
            assert!(text(&document["none"]).contains("Aucune"), "{document}");
        }
    }

    fn it_is_told_in_the_language_asked_for_with_the_same_numbers(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        for decision in decided(&octroi, &AZUR, "refused", 3) {
            let [fr, en] = ["fr", "en"].map(|language| ask(&partner, &decision, language).expect(200));
            assert_eq!(list(&fr["proposals"]).len(), list(&en["proposals"]).len());
            for (fr, en) in list(&fr["proposals"]).iter().zip(list(&en["proposals"])) {
                assert_eq!(fr["pd"], en["pd"]);
                assert!(text(&fr["sentence"]).starts_with("Avec ") && text(&en["sentence"]).starts_with("With "));
            }
        }
    }

    fn a_grant_has_nothing_to_change_and_nothing_is_recorded(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let granted = decided(&octroi, &AZUR, "granted", 1).remove(0);
        let problem = ask(&partner, &granted, "en").expect_problem(409);
        assert!(text(&problem["detail"]).contains("granted"), "{problem}");
        let nobody = json!({ "decision_id": "00000000-0000-0000-0000-000000000000" });
        ask(&partner, &nobody, "en").expect_problem(404);
        let refused = decided(&octroi, &AZUR, "refused", 1).remove(0);
        ask(&partner, &refused, "de").expect_problem(422);
        ask(&octroi.anonymous(), &refused, "en").expect_problem(401);
        ask(&octroi.caller(&AZUR, &["decisions:make"]), &refused, "en").expect_problem(403);
        ask(&octroi.partner(&HARBOUR), &refused, "en").expect_problem(404);
        assert!(octroi.events(&AZUR, "counterfactual_shown").is_empty());
    }

    fn each_showing_is_recorded_with_the_digest_of_what_was_shown_and_no_value_of_the_client(octroi: Installation) {
        let adviser = octroi.person(&AZUR, Role::Adviser);
        let decision = decided(&octroi, &AZUR, "refused", 1).remove(0);
        let documents = ["fr", "en"].map(|language| ask(&adviser, &decision, language).expect(200));
        let events = octroi.events(&AZUR, "counterfactual_shown");
        assert_eq!(events.len(), 2);
        for (event, document) in events.iter().zip(documents.iter().rev()) {
            assert_eq!(event["decision"], decision["decision_id"]);
            assert_eq!(event["client"], decision["client_id"]);
            assert_eq!(event["actor"]["kind"], "user");
            assert_eq!(event["data"]["channel"], "api");
            assert_eq!(event["data"]["language"], document["language"]);
            assert_eq!(event["data"]["counterfactual"], sha256_of_canonical(document));
            let told = list(&event["data"]["proposals"]);
            assert_eq!(told.len(), list(&document["proposals"]).len());
            for (told, proposal) in told.iter().zip(list(&document["proposals"])) {
                let columns: Vec<&Value> = list(&proposal["changes"]).iter().map(|c| &c["column"]).collect();
                assert_eq!(told["columns"], json!(columns));
                assert_eq!(told["pd"], proposal["pd"]);
                assert_eq!(told.as_object().map(serde_json::Map::len), Some(2), "columns and PD alone");
            }
        }
    }

    fn a_decision_that_would_come_out_otherwise_today_is_not_asked_about(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let decision = decided(&octroi, &AZUR, "refused", 1).remove(0);
        octroi.execute("UPDATE decision SET margin = margin + 0.001");
        let problem = ask(&partner, &decision, "en").expect_problem(409);
        assert!(text(&problem["detail"]).contains("decide again"), "{problem}");
        assert!(octroi.events(&AZUR, "counterfactual_shown").is_empty());
    }
}
