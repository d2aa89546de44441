//! `Idempotency-Key`: one request however often it is sent.

use octroi_tests::{AZUR, HARBOUR, Installation, Stored, on_both_databases, rich_application};
use serde_json::json;
use std::sync::Barrier;

const PATH: &str = "/api/v1/models/credit/aliases/champion/decisions";
const BY_VERSION: &str = "/api/v1/models/credit/versions/1/decisions";

on_both_databases! {
    fn the_same_key_and_body_give_the_same_answer_and_one_decision(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let body = json!({ "tables": rich_application(720_001), "language": "en" });
        let first = partner.post_once(PATH, "order-1", &body);
        let decision = first.expect(201);
        let before = octroi.stored();
        // Written otherwise, the same request.
        let spaced = serde_json::to_string_pretty(&body).expect("JSON");
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "order-1")];
        for again in [
            partner.post_once(PATH, "order-1", &body),
            partner.send("POST", PATH, &headers, Some(spaced.as_bytes())),
        ] {
            assert_eq!(again.expect(200), decision);
            assert_eq!(again.body, first.body, "to the byte");
            assert_eq!(again.header("Idempotent-Replayed"), Some("true"));
        }
        // Nothing is decided again; that the reasons were told again is recorded each time.
        let after = octroi.stored();
        assert_eq!(after, Stored { events: before.events + 2, ..before });
        assert_eq!(before.idempotency_keys, 1);
        let shown = octroi.events(&AZUR, "explanation_shown");
        let shown: Vec<_> = shown
            .iter()
            .filter(|event| event["decision"] == decision["decision_id"])
            .map(|event| &event["data"]["explanation"])
            .collect();
        assert_eq!(shown.len(), 3);
        assert!(shown.iter().all(|digest| *digest == shown[0]), "{shown:?}");
    }

    fn twenty_at_once_are_one_decision(octroi: Installation) {
        let before = octroi.stored();
        let body = json!({ "tables": rich_application(720_002) });
        let start = Barrier::new(20);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        let partner = octroi.partner(&AZUR);
                        start.wait();
                        partner.post_once(PATH, "at-once", &body)
                    })
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().expect("no panic")).collect()
        });
        for answer in &answers {
            assert!([200, 201].contains(&answer.status), "{}: {}", answer.status, answer.text());
            assert_eq!(answer.body, answers[0].body);
        }
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        let after = octroi.stored();
        assert_eq!(after.decisions, before.decisions + 1);
        assert_eq!(after.explanations, before.explanations + 1);
        assert_eq!(after.clients, before.clients + 1);
        assert_eq!(after.idempotency_keys, before.idempotency_keys + 1);
        // The decision, the client, and the explanation to each of the twenty.
        assert_eq!(after.events, before.events + 22);
    }

    fn twenty_different_keys_at_once_are_twenty_decisions(octroi: Installation) {
        let before = octroi.stored();
        let client = octroi.clients(&AZUR)[0];
        std::thread::scope(|scope| {
            for i in 0..20 {
                let octroi = &octroi;
                scope.spawn(move || {
                    let body = json!({ "client_id": client });
                    octroi.partner(&AZUR).post_once(PATH, &format!("own-{i}"), &body).expect(201);
                });
            }
        });
        let after = octroi.stored();
        assert_eq!(after.decisions, before.decisions + 20);
        assert_eq!(after.events, before.events + 40);
    }

    fn the_same_new_client_in_twenty_applications_at_once_is_one_client(octroi: Installation) {
        let before = octroi.stored();
        // Who comes first is a matter of luck, so several times.
        for client in 720_005..720_010 {
            let body = json!({ "tables": rich_application(client) });
            let start = Barrier::new(20);
            std::thread::scope(|scope| {
                for _ in 0..20 {
                    scope.spawn(|| {
                        let partner = octroi.partner(&AZUR);
                        start.wait();
                        partner.post(PATH, &body).expect(201);
                    });
                }
            });
        }
        let after = octroi.stored();
        assert_eq!(after.clients, before.clients + 5);
        assert_eq!(after.decisions, before.decisions + 100);
        let created = octroi.events(&AZUR, "client_created");
        assert_eq!(created.len(), 5, "a client is created once: {created:?}");
    }

    fn another_request_under_the_same_key_is_refused(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let clients = octroi.clients(&AZUR);
        let body = json!({ "client_id": clients[0] });
        partner.post_once(PATH, "order-2", &body).expect(201);
        let before = octroi.stored();
        for (path, other) in [
            (PATH, json!({ "client_id": clients[1] })),
            (PATH, json!({ "client_id": clients[0], "language": "en" })),
            (PATH, json!({ "tables": rich_application(720_003) })),
            (BY_VERSION, body.clone()),
        ] {
            let problem = partner.post_once(path, "order-2", &other).expect_problem(422);
            assert_eq!(problem["type"], "/problems/idempotency-conflict");
        }
        assert_eq!(octroi.stored(), before);
    }

    fn a_key_is_not_used_up_by_a_request_that_failed(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        partner.post_once(PATH, "order-3", &json!({ "client_id": 1 })).expect_problem(404);
        partner.post_once(PATH, "order-3", &json!({})).expect_problem(422);
        let client = octroi.clients(&AZUR)[0];
        partner.post_once(PATH, "order-3", &json!({ "client_id": client })).expect(201);
    }

    fn keys_of_two_banks_have_nothing_to_do_with_each_other(octroi: Installation) {
        let body = json!({ "tables": rich_application(720_004) });
        let azur = octroi.partner(&AZUR).post_once(PATH, "order-4", &body).expect(201);
        let harbour = octroi.partner(&HARBOUR).post_once(PATH, "order-4", &body).expect(201);
        assert_ne!(azur["decision_id"], harbour["decision_id"]);
    }

    fn a_repeated_answer_survives_a_restart(octroi: Installation) {
        let mut octroi = octroi;
        let body = json!({ "client_id": octroi.clients(&AZUR)[0] });
        let first = octroi.partner(&AZUR).post_once(PATH, "order-5", &body);
        first.expect(201);
        octroi.take_server().kill();
        octroi.serve();
        let again = octroi.partner(&AZUR).post_once(PATH, "order-5", &body);
        again.expect(200);
        assert_eq!(again.body, first.body);
    }
}
