//! "Who saw this client" finds whoever was shown the client by itself, in a list, in a search,
//! in a folder that was scored, or in an entry of the log; and what made a bank is on record.

use octroi_tests::{AZUR, Caller, HARBOUR, Installation, Role, octroi, on_both_databases};
use serde_json::{Value, json};

const DECIDE: &str = "/api/v1/models/credit/aliases/champion/decisions";

/// The events about a client, newest first, by the filter of the API.
#[track_caller]
fn about(officer: &Caller, client: i64) -> Vec<Value> {
    let list = officer.get(&format!("/api/v1/audit/events?client={client}&limit=200"));
    let list = list.expect(200);
    let events = list["events"].as_array().expect("a list");
    events.iter().map(|entry| entry["event"].clone()).collect()
}

/// How many of the events are of this action and channel.
fn count(events: &[Value], action: &str, channel: &str) -> usize {
    let of = |event: &&Value| event["action"] == action && event["data"]["channel"] == channel;
    events.iter().filter(of).count()
}

on_both_databases! {
    fn a_list_and_a_search_are_found_by_each_client_that_they_showed(octroi: Installation) {
        let officer = octroi.person(&AZUR, Role::Compliance);
        let clients = octroi.clients(&AZUR);
        let (first, last) = (clients[0], *clients.last().expect("there are clients"));
        let before = (about(&officer, first), about(&officer, last));
        let adviser = octroi.person(&AZUR, Role::Adviser);
        adviser.get("/api/v1/clients?limit=3").expect(200);
        adviser.get(&format!("/api/v1/clients?q={first}")).expect(200);
        let mut visitor = octroi.signed_in(&AZUR, Role::Adviser);
        assert_eq!(visitor.get("/clients").status, 200);
        assert_eq!(visitor.get(&format!("/clients?q={last}")).status, 200);
        let seen = about(&officer, first);
        assert_eq!(count(&seen, "client_viewed", "api") - count(&before.0, "client_viewed", "api"), 2);
        assert_eq!(count(&seen, "client_viewed", "page") - count(&before.0, "client_viewed", "page"), 1);
        let seen = about(&officer, last);
        assert_eq!(count(&seen, "client_viewed", "api"), count(&before.1, "client_viewed", "api"));
        assert_eq!(count(&seen, "client_viewed", "page") - count(&before.1, "client_viewed", "page"), 1);
        let list = about(&officer, first).into_iter().find(|event| event["clients"].as_array().is_some_and(|c| c.len() == 3));
        let list = list.expect("the list of three");
        assert_eq!(list["clients"], json!(clients[..3]));
        assert!(list["actor"]["id"].is_string(), "and who it was");
    }

    fn a_list_of_decisions_is_found_by_each_client_in_it(octroi: Installation) {
        let (one, other) = (octroi.clients(&AZUR)[0], octroi.clients(&AZUR)[1]);
        for client in [one, other] {
            octroi.partner(&AZUR).post(DECIDE, &json!({ "client_id": client })).expect(201);
        }
        octroi.partner(&AZUR).get("/api/v1/decisions?limit=2").expect(200);
        let officer = octroi.person(&AZUR, Role::Compliance);
        for client in [one, other] {
            assert_eq!(count(&about(&officer, client), "decision_viewed", "api"), 1);
        }
        assert_eq!(count(&about(&officer, octroi.clients(&AZUR)[2]), "decision_viewed", "api"), 0);
    }

    fn the_page_of_the_log_finds_lists_too(octroi: Installation) {
        let client = octroi.clients(&AZUR)[1];
        octroi.person(&AZUR, Role::Adviser).get("/api/v1/clients?limit=2").expect(200);
        let mut officer = octroi.signed_in(&AZUR, Role::Compliance);
        let page = officer.get(&format!("/audit?subject={client}&action=client_viewed"));
        assert_eq!(page.status, 200);
        let rows = page.text().matches("href=\"/audit/").count();
        assert!(rows >= 1, "the list is found: {}", page.text());
    }

    fn reading_an_entry_of_the_log_is_seeing_its_clients(octroi: Installation) {
        let client = octroi.clients(&AZUR)[0];
        let made = octroi.partner(&AZUR).post(DECIDE, &json!({ "client_id": client })).expect(201);
        let event = made["audit_event"].as_str().expect("an id");
        let officer = octroi.person(&AZUR, Role::Compliance);
        officer.get(&format!("/api/v1/audit/events/{event}")).expect(200);
        let read = |events: &[Value]| events.iter().filter(|e| e["action"] == "log_viewed" && e["subject"]["id"] == event).count();
        assert_eq!(read(&about(&officer, client)), 1);
        let mut visitor = octroi.signed_in(&AZUR, Role::Compliance);
        assert_eq!(visitor.get(&format!("/audit/{event}")).status, 200);
        assert_eq!(read(&about(&officer, client)), 2);
        // An entry about many clients is read for all of them.
        octroi.person(&AZUR, Role::Adviser).get("/api/v1/clients?limit=5").expect(200);
        let fifth = octroi.clients(&AZUR)[4];
        let list = about(&officer, fifth).into_iter().find(|e| e["clients"].as_array().is_some_and(|c| c.len() == 5));
        let list = list.expect("the list")["id"].as_str().expect("an id").to_owned();
        officer.get(&format!("/api/v1/audit/events/{list}")).expect(200);
        let seen = about(&officer, fifth);
        assert!(seen.iter().any(|e| e["action"] == "log_viewed" && e["subject"]["id"] == list.as_str()), "{seen:?}");
    }

    fn clients_scored_on_the_command_line_are_on_record_one_by_one(octroi: Installation) {
        let out = octroi.folder().join("scores.csv");
        let tables = octroi.tables(&AZUR);
        octroi.command(&["score", "--tenant", AZUR.slug, "--model", "credit@champion",
            "--data", tables.to_str().expect("a name"), "--out", out.to_str().expect("a name")]).expect_success();
        let scores = std::fs::read_to_string(&out).expect("the file");
        let mut scored: Vec<i64> = scores.lines().skip(1).map(|l| l.split(',').next().expect("a column").parse().expect("a number")).collect();
        scored.sort_unstable();
        let mut told = Vec::new();
        let mut parts = octroi.events(&AZUR, "clients_scored");
        parts.reverse();
        assert!(parts.len() >= 2, "{} clients are told in several events", scored.len());
        for (i, part) in parts.iter().enumerate() {
            assert!(part.to_string().len() <= 16 << 10, "an event has an end");
            assert_eq!(part["part"]["number"], i + 1);
            assert_eq!(part["part"]["of"], parts.len());
            assert_eq!(part["part"]["first"], parts[0]["id"]);
            assert_eq!(part["actor"]["role"], "operator");
            told.extend(part["clients"].as_array().expect("clients").iter().map(|n| n.as_i64().expect("a number")));
        }
        assert_eq!(told, scored);
        let officer = octroi.person(&AZUR, Role::Compliance);
        for client in [scored[0], scored[scored.len() - 1]] {
            assert_eq!(count(&about(&officer, client), "clients_scored", "command_line"), 1, "{client}");
        }
        // The other bank is not told, not even for a number that both have.
        octroi.execute(&format!("UPDATE client SET number = {} WHERE number = {}", scored[0], octroi.clients(&HARBOUR)[0]));
        let other = octroi.person(&HARBOUR, Role::Compliance);
        assert_eq!(count(&about(&other, scored[0]), "clients_scored", "command_line"), 0);
    }

    fn making_a_bank_is_an_event_of_it(octroi: Installation) {
        octroi.command(&["tenant-add", "third-bank", "--name", "Third Bank"]).expect_success();
        let sql = "SELECT COUNT(*) FROM audit_event WHERE action = 'tenant_created' \
            AND tenant_id = (SELECT id FROM tenant WHERE slug = 'third-bank')";
        assert_eq!(octroi.numbers(sql), [1]);
        // All of it or nothing: a name that is taken leaves neither.
        octroi.command(&["tenant-add", "third-bank", "--name", "Again"]).expect_failure();
        let sql = "SELECT COUNT(*) FROM audit_event WHERE action = 'tenant_created'";
        let banks = octroi.numbers("SELECT COUNT(*) FROM tenant");
        assert_eq!(octroi.numbers(sql), banks, "each bank has the event that made it");
    }

    fn names_that_a_terminal_would_obey_are_refused_on_the_command_line(octroi: Installation) {
        let long = "x".repeat(121);
        for name in ["a\u{1b}[2Jb", "a\nb", "\u{202e}b", "", "  ", long.as_str()] {
            octroi.command(&["tenant-add", "odd", "--name", name]).expect_failure();
            octroi.command(&["key-add", "--tenant", AZUR.slug, "--name", name, "--scope", "models:view"]).expect_failure();
            octroi.command_with_input(&["user-add", "--tenant", AZUR.slug, "--name", name, "--email", "odd@azur.example",
                "--role", "adviser"], "a long enough passphrase 7\n").expect_failure();
        }
        for email in ["a b@azur.example", "a\u{1b}@azur.example", "a\n@azur.example"] {
            octroi.command_with_input(&["user-add", "--tenant", AZUR.slug, "--name", "Odd", "--email", email,
                "--role", "adviser"], "a long enough passphrase 7\n").expect_failure();
        }
        for name in [long.as_str(), "UPPER", "a b", "a\u{1b}b"] {
            octroi.command(&["tenant-add", name, "--name", "Odd"]).expect_failure();
        }
        assert_eq!(octroi.numbers("SELECT COUNT(*) FROM tenant"), [2]);
    }
}

#[test]
fn the_bank_that_a_first_command_makes_has_its_event() {
    let home = tempfile::tempdir().expect("a folder");
    octroi(
        home.path(),
        &["key-add", "--name", "first", "--scope", "models:view"],
    )
    .expect_success();
    let listed = octroi(
        home.path(),
        &["tenant-add", "default", "--name", "A second"],
    );
    listed.expect_failure();
    let url = format!("sqlite://{}", home.path().join("octroi.db").display());
    let count = octroi_tests::numbers(
        &url,
        "SELECT COUNT(*) FROM audit_event WHERE action = 'tenant_created'",
    );
    assert_eq!(count, [1]);
}
