//! Nobody stops the others: banks are served in turn however many requests one of them sends,
//! what is beyond a share is told when to come again, and neither reports, refusals nor errors
//! can be made into a flood.

use octroi_tests::{
    AZUR, Answer, Bank, Caller, DatabaseKind, HARBOUR, Installation, Role, on_both_databases,
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const CHAMPION: &str = "/api/v1/models/credit/aliases/champion/decisions";
/// In parallel on one key.
const FLOOD: usize = 50;

/// The service with limits of its own.
fn limited(kind: DatabaseKind, limits: &[(&str, &str)]) -> Installation {
    let mut octroi = Installation::prepared(kind);
    for (name, value) in limits {
        octroi = octroi.with(&format!("OCTROI_LIMITS__{name}"), value);
    }
    octroi.serve();
    octroi
}

/// Paths that ask what would have changed refusals of a bank.
fn counterfactuals(octroi: &Installation, bank: &Bank) -> Vec<String> {
    let list = octroi
        .partner(bank)
        .get("/api/v1/decisions?limit=200")
        .expect(200);
    let paths: Vec<String> = list["decisions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|decision| decision["outcome"] == "refused")
        .map(|decision| {
            let id = decision["decision_id"].as_str().expect("an identifier");
            format!("/api/v1/decisions/{id}/counterfactual")
        })
        .collect();
    assert!(paths.len() > 3, "the demo refuses some clients");
    paths
}

/// `count` requests at once, each by `ask`.
fn at_once(count: usize, ask: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    thread::scope(|scope| {
        let asked: Vec<_> = (0..count)
            .map(|number| {
                let ask = &ask;
                scope.spawn(move || ask(number))
            })
            .collect();
        asked
            .into_iter()
            .map(|answer| answer.join().expect("an answer"))
            .collect()
    })
}

/// Seconds after which to come again.
#[track_caller]
fn retry_after(answer: &Answer) -> u64 {
    let seconds = answer.header("Retry-After").and_then(|s| s.parse().ok());
    seconds.unwrap_or_else(|| panic!("no Retry-After with {}", answer.status))
}

/// Answers that are no success, each of which must have this status and say when to come again.
#[track_caller]
fn sent_away(answers: &[Answer], status: u16) -> Vec<&Answer> {
    let away: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status != 200)
        .collect();
    for answer in &away {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!((1..=600).contains(&retry_after(answer)));
    }
    away
}

/// A decision about a whole application changes the bank's clients.
fn change_clients(octroi: &Installation, bank: &Bank, number: i64) {
    let tables = octroi_tests::rich_application(number);
    let decided = octroi
        .partner(bank)
        .post(CHAMPION, &json!({ "tables": tables }));
    decided.expect(201);
}

fn drift_reports(octroi: &Installation, bank: &Bank) -> i64 {
    octroi.numbers(&format!(
        "SELECT COUNT(*) FROM drift_report WHERE tenant_id = (SELECT id FROM tenant WHERE slug = '{}')",
        bank.slug
    ))[0]
}

/// The rows of refused access, as (refusals, first, last) where they are counted together.
fn refusals(octroi: &Installation) -> Vec<Value> {
    let rows = octroi.texts("SELECT event FROM audit_event WHERE action = 'access_denied'");
    rows.iter()
        .map(|row| {
            let event = row[0].as_deref().expect("an event");
            serde_json::from_str::<Value>(event).expect("JSON")["data"].clone()
        })
        .collect()
}

fn refused_in_all(rows: &[Value]) -> u64 {
    let counted = |row: &Value| row["refusals"].as_u64().unwrap_or(1);
    rows.iter().map(counted).sum()
}

#[test]
fn a_bank_is_answered_in_turn_while_another_floods_the_service() {
    let octroi = limited(DatabaseKind::Sqlite, &[("HEAVY_AT_ONCE", "1")]);
    let theirs = counterfactuals(&octroi, &HARBOUR);
    let ours = counterfactuals(&octroi, &AZUR);
    let flood = octroi.partner(&AZUR);
    let other = octroi.partner(&HARBOUR);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..FLOOD {
            let (flood, ours, answered) = (&flood, &ours, &answered);
            scope.spawn(move || {
                let answer = flood.get(&ours[number % ours.len()]);
                assert_eq!(answer.status, 200, "{}", answer.text());
                answered.fetch_add(1, Ordering::SeqCst);
            });
        }
        // The flood is under way.
        while answered.load(Ordering::SeqCst) == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        let before = answered.load(Ordering::SeqCst);
        for path in theirs.iter().take(3) {
            other.get(path).expect(200);
        }
        let meanwhile = answered.load(Ordering::SeqCst) - before;
        assert!(
            before + meanwhile < FLOOD,
            "three answers had to wait for the whole flood ({before} before, {meanwhile} meanwhile)"
        );
    });
    assert_eq!(
        octroi.events(&AZUR, "counterfactual_shown").len(),
        FLOOD,
        "each showing is recorded"
    );
}

#[test]
fn beyond_its_share_a_key_is_told_when_to_come_again_and_others_are_answered() {
    let octroi = limited(
        DatabaseKind::Sqlite,
        &[("HEAVY_AT_ONCE", "1"), ("HEAVY_WAITING_PER_CALLER", "2")],
    );
    let ours = counterfactuals(&octroi, &AZUR);
    let theirs = counterfactuals(&octroi, &HARBOUR);
    let flood = octroi.partner(&AZUR);
    let colleague = octroi.caller(&AZUR, &["decisions:view"]);
    let other = octroi.partner(&HARBOUR);
    let answers = at_once(30, |number| match number {
        28 => colleague.get(&ours[0]),
        29 => other.get(&theirs[0]),
        _ => flood.get(&ours[number % ours.len()]),
    });
    assert_eq!(answers[28].status, 200, "{}", answers[28].text());
    assert_eq!(answers[29].status, 200, "{}", answers[29].text());
    let away = sent_away(&answers, 429);
    assert!(!away.is_empty() && away.len() < 28, "{}", away.len());
    away[0].expect_problem(429);
    flood.get(&ours[0]).expect(200);
}

#[test]
fn a_person_beyond_their_share_reads_so_on_a_page() {
    let octroi = limited(
        DatabaseKind::Sqlite,
        &[("HEAVY_AT_ONCE", "1"), ("HEAVY_WAITING_PER_CALLER", "1")],
    );
    let adviser = octroi.signed_in(&AZUR, Role::Adviser);
    let jar: Vec<String> = adviser
        .cookies()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let jar = jar.join("; ");
    let clients = octroi.numbers(
        "SELECT client_number FROM decision WHERE outcome = 'refused' AND tenant_id = \
         (SELECT id FROM tenant WHERE slug = 'banque-azur')",
    );
    let browser = octroi.anonymous();
    let answers = at_once(20, |number| {
        let path = format!(
            "/clients/{}?counterfactual=true",
            clients[number % clients.len()]
        );
        browser.send("GET", &path, &[("Cookie", jar.as_str())], None)
    });
    let away = sent_away(&answers, 429);
    assert!(!away.is_empty() && away.len() < 20, "{}", away.len());
    assert!(
        away[0].text().contains("Trop de demandes"),
        "{}",
        away[0].text()
    );
}

#[test]
fn a_service_that_is_full_says_so_and_when_to_come_again() {
    let octroi = limited(
        DatabaseKind::Sqlite,
        &[("HEAVY_AT_ONCE", "1"), ("HEAVY_WAITING", "1")],
    );
    let ours = counterfactuals(&octroi, &AZUR);
    let partner = octroi.partner(&AZUR);
    let answers = at_once(20, |number| partner.get(&ours[number % ours.len()]));
    let away = sent_away(&answers, 503);
    assert!(!away.is_empty() && away.len() < 20, "{}", away.len());
    away[0].expect_problem(503);
}

#[test]
fn a_key_has_a_quota_of_requests_and_is_told_what_is_left_of_it() {
    let octroi = limited(
        DatabaseKind::Sqlite,
        &[("REQUESTS_PER_SECOND_PER_CALLER", "1")],
    );
    let partner = octroi.partner(&AZUR);
    let answers = at_once(10, |_| partner.get("/api/v1/decisions?limit=1"));
    let away = sent_away(&answers, 429);
    assert!(!away.is_empty() && away.len() < 10, "{}", away.len());
    away[0].expect_problem(429);
    let let_through = answers.iter().find(|answer| answer.status == 200);
    let let_through = let_through.expect("the first is within the quota");
    assert_eq!(
        let_through.header("RateLimit-Policy"),
        Some("\"caller\";q=1;w=1")
    );
    assert_eq!(let_through.header("RateLimit"), Some("\"caller\";r=0;t=1"));
    let colleague = octroi.caller(&AZUR, &["decisions:view"]);
    colleague.get("/api/v1/decisions?limit=1").expect(200);
}

#[test]
fn a_bank_has_a_quota_of_requests_that_its_people_do_not_share() {
    let octroi = limited(
        DatabaseKind::Sqlite,
        &[("REQUESTS_PER_SECOND_PER_BANK", "1")],
    );
    let callers: Vec<Caller> = (0..10)
        .map(|_| octroi.caller(&AZUR, &["decisions:view"]))
        .collect();
    let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
    let answers = at_once(10, |number| {
        callers[number].get("/api/v1/decisions?limit=1")
    });
    assert!(!sent_away(&answers, 429).is_empty());
    assert_eq!(adviser.get("/clients").status, 200);
    octroi
        .partner(&HARBOUR)
        .get("/api/v1/decisions?limit=1")
        .expect(200);
}

on_both_databases! {
fn a_drift_report_is_computed_once_for_the_same_clients_and_the_latest_are_kept(octroi: Installation) {
    let mut analyst = octroi.signed_in(&AZUR, Role::Analyst);
    let prepared = drift_reports(&octroi, &AZUR);
    for _ in 0..5 {
        assert_eq!(analyst.press("/drift", "/drift", &[]).status, 303);
    }
    assert_eq!(drift_reports(&octroi, &AZUR), prepared + 1);
    let documents = [(); 3].map(|()| analyst.get("/drift/report").text());
    assert!(documents[0].contains("Banque Azur"));
    assert!(documents.iter().all(|document| *document == documents[0]));
    for change in 0..22 {
        change_clients(&octroi, &AZUR, 790_000 + change);
        assert_eq!(analyst.press("/drift", "/drift", &[]).status, 303);
    }
    assert_eq!(drift_reports(&octroi, &AZUR), 20, "the latest are kept");
    assert_ne!(analyst.get("/drift/report").text(), documents[0]);
    assert_eq!(octroi.events(&AZUR, "drift_computed").len() as i64, prepared + 23);
    assert_eq!(drift_reports(&octroi, &HARBOUR), 1, "another bank's stay");
}

fn a_flood_of_errors_names_the_first_hundred_and_says_that_there_are_more(octroi: Installation) {
    let before = octroi.stored();
    let mut tables = octroi_tests::rich_application(790_100);
    let rows = vec![json!({ "A": 1, "B": 1, "C": 1, "D": 1 }); 9_000];
    for table in ["bureau", "previous_application", "POS_CASH_balance", "credit_card_balance", "installments_payments"] {
        tables[table] = json!(rows);
    }
    let partner = octroi.partner(&AZUR);
    let problem = partner.post(CHAMPION, &json!({ "tables": tables })).expect_problem(422);
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(100));
    assert_eq!(problem["errors"][0]["pointer"], "/tables/bureau/0/A");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("more than 100"), "{detail}");
    let fields: serde_json::Map<String, Value> =
        (0..5_000).map(|n| (format!("field_{n}"), json!(1))).collect();
    let problem = partner.post(CHAMPION, &Value::Object(fields)).expect_problem(422);
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(100));
    assert_eq!(octroi.stored(), before);
}}

#[test]
fn how_often_a_bank_has_its_drift_computed_is_bounded() {
    let octroi = limited(DatabaseKind::Sqlite, &[("DRIFT_REPORTS_PER_HOUR", "1")]);
    let mut analyst = octroi.signed_in(&AZUR, Role::Analyst);
    assert_eq!(analyst.press("/drift", "/drift", &[]).status, 303);
    change_clients(&octroi, &AZUR, 790_001);
    let refused = analyst.press("/drift", "/drift", &[]);
    assert_eq!(refused.status, 429);
    assert!(retry_after(&refused) > 60);
    let mut other = octroi.signed_in(&HARBOUR, Role::Analyst);
    assert_eq!(other.press("/drift", "/drift", &[]).status, 303);
}

/// A key that may see models only, asking for clients.
fn refuse(octroi: &Installation, times: usize) {
    let caller = octroi.caller(&AZUR, &["models:view"]);
    for _ in 0..times {
        caller.get("/api/v1/clients").expect_problem(403);
    }
}

#[test]
fn refusals_after_the_first_ones_are_recorded_together_when_their_window_ends() {
    let octroi = limited(
        DatabaseKind::Sqlite,
        &[("REFUSALS_RECORDED", "2"), ("REFUSALS_WINDOW_SECONDS", "1")],
    );
    refuse(&octroi, 40);
    // Nothing but the end of a window writes them; how long it takes is not what is asserted.
    let recorded = (0..600).find_map(|_| {
        thread::sleep(Duration::from_millis(100));
        let rows = refusals(&octroi);
        (refused_in_all(&rows) == 40).then_some(rows)
    });
    let recorded = recorded.expect("all refusals are recorded in the end");
    let together = recorded
        .iter()
        .filter(|row| row["refusals"].is_u64())
        .count();
    assert!(together > 0 && recorded.len() < 40, "{recorded:?}");
}

#[test]
fn an_orderly_stop_loses_no_refusal() {
    let mut octroi = limited(
        DatabaseKind::Sqlite,
        &[
            ("REFUSALS_RECORDED", "2"),
            ("REFUSALS_WINDOW_SECONDS", "3600"),
        ],
    );
    refuse(&octroi, 40);
    assert_eq!(refusals(&octroi).len(), 2, "the first ones, one by one");
    let server = octroi.take_server();
    server.terminate();
    assert!(server.wait(), "it ends well");
    let rows = refusals(&octroi);
    assert_eq!(rows.len(), 3, "{rows:?}");
    let together = rows.iter().find(|row| row["refusals"] == 38);
    let together = together.unwrap_or_else(|| panic!("38 are counted together: {rows:?}"));
    assert_eq!(together["routes"]["GET /api/v1/clients"], 38, "{together}");
    let [first, last] = ["first", "last"].map(|name| together[name].as_str().expect("an instant"));
    assert!(first <= last, "{together}");
}
