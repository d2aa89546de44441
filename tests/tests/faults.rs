//! The power goes at any moment: what the service has acknowledged stays, what it has not
//! comes out once when it is asked again, and a stop on request loses nobody's answer.

use octroi_tests::{AZUR, Caller, DatabaseKind, Installation};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const PATH: &str = "/api/v1/models/credit/aliases/champion/decisions";
const ROUNDS: u64 = 20;
const CALLERS: usize = 4;

/// What the callers know: every key that was sent, and the answer where one came.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<String, Value>,
    /// Key and client of requests that nobody answered.
    open: Vec<(String, i64)>,
}

/// Posts until the service is gone: first what is open, then new requests.
fn call(partner: &Caller, clients: &[i64], ledger: &Mutex<Ledger>, next: &AtomicUsize) {
    loop {
        let waiting = ledger.lock().expect("no panic").open.pop();
        let (key, client) = waiting.unwrap_or_else(|| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            (format!("key-{number}"), clients[number % clients.len()])
        });
        let body = json!({ "client_id": client }).to_string();
        let headers = [
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key.as_str()),
        ];
        let answer = partner.try_send("POST", PATH, &headers, Some(body.as_bytes()));
        let mut ledger = ledger.lock().expect("no panic");
        if let Ok(answer) = answer {
            let good = [200, 201].contains(&answer.status);
            assert!(good, "{}: {}", answer.status, answer.text());
            ledger.acknowledged.insert(key, answer.json());
        } else {
            ledger.open.push((key, client));
            return;
        }
    }
}

/// Kills the service in the middle of its work, again and again, then checks the books.
fn survives_kills(kind: DatabaseKind) {
    let mut octroi = Installation::prepared(kind);
    let clients = octroi.clients(&AZUR);
    let before = octroi.stored();
    let ledger = Mutex::new(Ledger::default());
    let next = AtomicUsize::new(0);
    let mut rounds_with_answers = 0;
    for round in 0..ROUNDS {
        octroi.serve();
        let answered = ledger.lock().expect("no panic").acknowledged.len();
        let server = octroi.take_server();
        let partner = Caller::new(&server.base, Some(&octroi.partner_key(&AZUR)));
        std::thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| call(&partner, &clients, &ledger, &next));
            }
            // Moments spread over the first steps of a request and the middle of the load.
            std::thread::sleep(Duration::from_millis(60 + (round * 97) % 500));
            server.kill();
        });
        let now = ledger.lock().expect("no panic").acknowledged.len();
        rounds_with_answers += u64::from(now > answered);
    }
    assert!(
        rounds_with_answers > ROUNDS / 2,
        "{rounds_with_answers} rounds had any load"
    );
    octroi.serve();
    let mut ledger = ledger.into_inner().expect("no panic");
    let partner = octroi.partner(&AZUR);
    assert!(
        !ledger.open.is_empty(),
        "no kill interrupted a request: nothing was tried"
    );
    for (key, client) in std::mem::take(&mut ledger.open) {
        let answer = partner.post_once(PATH, &key, &json!({ "client_id": client }));
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        ledger.acknowledged.insert(key, answer.json());
    }
    check_books(&octroi, &before, &ledger);
    let sample: Vec<(&String, &Value)> = ledger.acknowledged.iter().step_by(7).collect();
    for (key, answer) in sample {
        let again = partner.post_once(PATH, key, &json!({ "client_id": answer["client_id"] }));
        assert_eq!(again.expect(200), *answer, "{key} is answered as before");
    }
    println!(
        "{} decisions acknowledged over {ROUNDS} kills",
        ledger.acknowledged.len()
    );
}

/// Every acknowledged decision is there, once, with its event, its explanation and its key.
fn check_books(octroi: &Installation, before: &octroi_tests::Stored, ledger: &Ledger) {
    let after = octroi.stored();
    let count = i64::try_from(ledger.acknowledged.len()).expect("a few thousand");
    assert_eq!(
        after.decisions - before.decisions,
        count,
        "one decision per key"
    );
    assert_eq!(after.idempotency_keys - before.idempotency_keys, count);
    assert_eq!(after.explanations - before.explanations, count);
    // Of each decision: that it was made, once, and that its reasons were told, as often as
    // the request was answered.
    assert!(after.events - before.events >= 2 * count);
    let ids: BTreeSet<String> = ledger
        .acknowledged
        .values()
        .map(|answer| {
            answer["decision_id"]
                .as_str()
                .expect("an id")
                .replace('-', "")
        })
        .collect();
    assert_eq!(
        ids.len(),
        ledger.acknowledged.len(),
        "no two keys share a decision"
    );
    for (what, sql) in [
        (
            "decision",
            "SELECT {} FROM decision".replace("{}", &octroi.hex_of("id")),
        ),
        (
            "event",
            format!(
                "SELECT {} FROM audit_event WHERE action = 'decision_made'",
                octroi.hex_of("decision_id")
            ),
        ),
        (
            "showing",
            format!(
                "SELECT {} FROM audit_event WHERE action = 'explanation_shown'",
                octroi.hex_of("decision_id")
            ),
        ),
        (
            "explanation",
            format!("SELECT {} FROM explanation", octroi.hex_of("decision_id")),
        ),
    ] {
        let stored: Vec<String> = octroi.texts(&sql).into_iter().flatten().flatten().collect();
        let once: BTreeSet<&String> = stored.iter().collect();
        if what != "showing" {
            assert_eq!(once.len(), stored.len(), "a {what} is there twice");
        }
        let lost = ids.iter().find(|id| !once.contains(id));
        assert!(lost.is_none(), "the {what} of {lost:?} is lost");
    }
    let orphans = octroi.numbers(
        "SELECT COUNT(*) FROM audit_event e WHERE e.action = 'decision_made' AND NOT EXISTS \
         (SELECT 1 FROM decision d WHERE d.tenant_id = e.tenant_id AND d.id = e.decision_id)",
    );
    assert_eq!(orphans, [0], "an event of a decision that was never made");
    if octroi.kind() == DatabaseKind::Sqlite {
        let verdict = octroi.texts("PRAGMA integrity_check");
        assert_eq!(verdict, [[Some("ok".to_owned())]]);
    }
}

#[test]
fn no_acknowledged_decision_is_lost_or_doubled_by_twenty_kills_on_sqlite() {
    survives_kills(DatabaseKind::Sqlite);
}

#[test]
fn no_acknowledged_decision_is_lost_or_doubled_by_twenty_kills_on_postgresql() {
    survives_kills(DatabaseKind::Postgresql);
}

/// Sends all of a request but its last bytes.
fn begin(octroi: &Installation, key: &str) -> (TcpStream, Vec<u8>) {
    let body = json!({ "client_id": octroi.clients(&AZUR)[0] }).to_string();
    let address = octroi.base().strip_prefix("http://").expect("http");
    let mut connection = TcpStream::connect(address).expect("the service listens");
    connection
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: octroi\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n",
        octroi.partner_key(&AZUR),
        body.len()
    );
    let (first, last) = body.as_bytes().split_at(body.len() / 2);
    connection
        .write_all(head.as_bytes())
        .expect("the head is sent");
    connection
        .write_all(first)
        .expect("half of the body is sent");
    (connection, last.to_vec())
}

#[test]
fn a_stop_on_request_lets_open_requests_finish_and_ends_well() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        let mut octroi = Installation::serving(kind);
        let before = octroi.stored();
        let mut open: Vec<(TcpStream, Vec<u8>)> = (0..3)
            .map(|i| begin(&octroi, &format!("open-{i}")))
            .collect();
        std::thread::sleep(Duration::from_millis(100));
        let server = octroi.take_server();
        let address = server
            .base
            .strip_prefix("http://")
            .expect("http")
            .to_owned();
        server.terminate();
        std::thread::sleep(Duration::from_millis(300));
        assert!(
            TcpStream::connect(&address).is_err(),
            "nobody new is let in"
        );
        for (connection, rest) in &mut open {
            connection
                .write_all(rest)
                .expect("the rest of the body is sent");
            let mut answer = String::new();
            connection
                .read_to_string(&mut answer)
                .expect("an answer and then the end");
            assert!(answer.starts_with("HTTP/1.1 201"), "{kind:?}: {answer}");
        }
        assert!(server.wait(), "the end is a good one");
        assert_eq!(octroi.stored().decisions, before.decisions + 3);
    }
}

#[test]
fn a_full_disk_or_a_read_only_database_acknowledges_nothing() {
    let octroi = Installation::serving(DatabaseKind::Sqlite);
    let partner = octroi.partner(&AZUR);
    let client = octroi.clients(&AZUR)[0];
    let shown = partner.get("/api/v1/decisions?limit=200").expect(200);
    let id = shown["decisions"][0]["decision_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let before = octroi.stored();
    // The decision's last write fails, and with it everything before it.
    octroi.execute(
        "CREATE TRIGGER full BEFORE INSERT ON audit_event \
         BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    let answer = partner.post_once(PATH, "full", &json!({ "client_id": client }));
    assert!(
        [500, 503].contains(&answer.status),
        "{}: {}",
        answer.status,
        answer.text()
    );
    assert!(
        !answer.text().contains("disk full"),
        "the inside is not told: {}",
        answer.text()
    );
    assert_eq!(octroi.stored(), before, "no decision without its event");
    // A list shows scores, so without its event it is refused, too.
    assert!([500, 503].contains(&partner.get("/api/v1/decisions?limit=1").status));
    let explanation = partner.get(&format!("/api/v1/decisions/{id}/explanation"));
    assert!(
        explanation.status >= 500,
        "nothing is shown unrecorded: {}",
        explanation.text()
    );
    let refused = shown["decisions"].as_array().expect("decisions").iter();
    let refused = refused
        .filter(|decision| decision["outcome"] == "refused")
        .find_map(|decision| decision["decision_id"].as_str())
        .expect("one of the latest decisions refused");
    let counterfactual = partner.get(&format!("/api/v1/decisions/{refused}/counterfactual"));
    assert!(
        counterfactual.status >= 500,
        "nothing is shown unrecorded: {}",
        counterfactual.text()
    );
    octroi.execute("DROP TRIGGER full");
    partner
        .post_once(PATH, "full", &json!({ "client_id": client }))
        .expect(201);
}
