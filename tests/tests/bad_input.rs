//! Input that cannot be accepted: the right status, a problem document that names the fields,
//! and nothing stored.

use octroi_tests::{AZUR, Answer, Installation, on_both_databases, rich_application};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PATH: &str = "/api/v1/models/credit/aliases/champion/decisions";

/// Runs `attempts` and checks that nothing is stored by them.
#[track_caller]
fn storing_nothing(octroi: &Installation, attempts: impl FnOnce()) {
    let before = octroi.stored();
    attempts();
    assert_eq!(octroi.stored(), before);
}

/// The pointers of the fields that an answer refuses.
#[track_caller]
fn pointers(answer: &Answer) -> Vec<String> {
    let problem = answer.expect_problem(422);
    let errors = problem["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("no fields in {problem}"));
    errors
        .iter()
        .map(|error| {
            let said = error["problem"].as_str().expect("what is wrong");
            assert!(!said.is_empty());
            error["pointer"].as_str().expect("a pointer").to_owned()
        })
        .collect()
}

/// The application of a whole request with one value put where `pointer` says.
fn with(pointer: &str, value: Value) -> Value {
    let mut tables = rich_application(710_001);
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = tables
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{pointer} leads nowhere"));
    match parent {
        Value::Array(rows) => rows[name.parse::<usize>().expect("a row")] = value,
        other => other[name] = value,
    }
    json!({ "tables": tables })
}

on_both_databases! {
    fn a_field_that_cannot_be_accepted_is_named_by_its_pointer(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        storing_nothing(&octroi, || {
            for (pointer, value) in [
                ("/application/AMT_CREDITS", json!(1.0)),
                ("/application/AMT_CREDIT", json!("much")),
                ("/application/AMT_CREDIT", json!("406597.5")),
                ("/application/AMT_CREDIT", json!(true)),
                ("/application/AMT_CREDIT", json!([1.0])),
                ("/application/AMT_CREDIT", json!({ "value": 1.0 })),
                ("/application/AMT_CREDIT", json!("NaN")),
                ("/application/AMT_CREDIT", json!(1e300)),
                ("/application/AMT_CREDIT", Value::Null),
                ("/application/CNT_CHILDREN", json!(1.5)),
                ("/application/SK_ID_CURR", json!("710001")),
                ("/application/SK_ID_CURR", json!(1.5)),
                ("/application/SK_ID_CURR", Value::Null),
                ("/application/TARGET", json!(2)),
                ("/application/NAME_CONTRACT_TYPE", json!("Gift")),
                ("/application/NAME_CONTRACT_TYPE", json!(1)),
                ("/application/CODE_GENDER", json!("f")),
                ("/bureau/1/CREDIT_ACTIVE", json!("Perhaps")),
                ("/bureau_balance/0/STATUS", json!("9")),
                ("/bureau/0/SK_ID_CURR", json!(1)),
                ("/bureau/1/SK_ID_BUREAU", json!(8_000_001)),
                ("/bureau_balance/1/SK_ID_BUREAU", json!(8_000_009)),
                ("/installments_payments/0/AMT_PAYMENT", json!("5200")),
                ("/unknown_table", json!([])),
                ("/bureau", json!({})),
                ("/bureau/0", json!(7)),
                ("/application", json!([])),
            ] {
                let answer = partner.post(PATH, &with(pointer, value.clone()));
                let named = pointers(&answer);
                let expected = format!("/tables{pointer}");
                assert!(named.contains(&expected), "{value} at {expected}, and named are {named:?}");
            }
        });
    }

    fn a_pointer_escapes_what_json_pointers_escape(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        storing_nothing(&octroi, || {
            let mut body = with("/application/AMT_CREDIT", json!(1.0));
            body["tables"]["application"]["a/b~c"] = json!(1);
            assert_eq!(pointers(&partner.post(PATH, &body)), ["/tables/application/a~1b~0c"]);
        });
    }

    fn every_required_column_that_is_missing_is_named(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        storing_nothing(&octroi, || {
            for column in ["SK_ID_CURR", "NAME_CONTRACT_TYPE", "CODE_GENDER", "AMT_INCOME_TOTAL",
                "AMT_CREDIT", "DAYS_BIRTH"] {
                let mut tables = rich_application(710_002);
                tables["application"].as_object_mut().expect("an object").remove(column);
                let named = pointers(&partner.post(PATH, &json!({ "tables": tables })));
                assert_eq!(named, [format!("/tables/application/{column}")]);
            }
            let answer = partner.post(PATH, &json!({ "tables": {} }));
            assert_eq!(pointers(&answer), ["/tables/application"]);
            let named = pointers(&partner.post(PATH, &json!({ "tables": { "application": {} } })));
            assert!(named.len() >= 6, "all at once: {named:?}");
        });
    }

    fn a_body_that_does_not_say_who_or_says_it_twice_is_refused(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let client = octroi.clients(&AZUR)[0];
        storing_nothing(&octroi, || {
            for body in [
                json!({}),
                json!({ "language": "en" }),
                json!({ "client_id": client, "tables": rich_application(710_003) }),
                json!({ "client_id": null, "tables": null }),
            ] {
                partner.post(PATH, &body).expect_problem(422);
            }
            let answer = partner.post(PATH, &json!({ "client_id": client, "language": "de" }));
            assert_eq!(pointers(&answer), ["/language"]);
            let twice = format!("{{\"client_id\": {client}, \"client_id\": {client}}}");
            partner.post_text(PATH, &twice).expect_problem(400);
            for body in [
                format!("{{\"client_id\": {client}, \"tabels\": {{}}}}"),
                format!("{{\"client_id\": \"{client}\"}}"),
                "{\"client_id\": 1.5}".to_owned(),
                "{\"client_id\": 99999999999999999999}".to_owned(),
                "null".to_owned(),
                "7".to_owned(),
            ] {
                partner.post_text(PATH, &body).expect_problem(422);
            }
        });
    }

    fn a_body_that_is_no_object_is_refused(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let client = octroi.clients(&AZUR)[0];
        storing_nothing(&octroi, || {
            for body in [json!([]), json!([client]), json!([client, null, "en"])] {
                let answer = partner.post(PATH, &body);
                assert!([400, 422].contains(&answer.status), "{body}: {} {}", answer.status, answer.text());
            }
        });
    }

    fn what_is_no_json_is_refused(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let application = |credit: &str| {
            let body = with("/application/AMT_CREDIT", json!(4321.5)).to_string();
            assert!(body.contains("4321.5"));
            body.replace("4321.5", credit)
        };
        storing_nothing(&octroi, || {
            for body in [
                String::new(),
                " ".to_owned(),
                "client_id=1".to_owned(),
                "{\"client_id\": 1".to_owned(),
                "{'client_id': 1}".to_owned(),
                "{\"client_id\": 1} {}".to_owned(),
                application("NaN"),
                application("Infinity"),
                application("-Infinity"),
                application("1e999"),
                application("0x10"),
                application("1_000"),
                format!("{{\"tables\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000)),
                format!("{}1{}", "{\"tables\":".repeat(10_000), "}".repeat(10_000)),
            ] {
                partner.post_text(PATH, &body).expect_problem(400);
            }
            let headers = [("Content-Type", "application/json")];
            let bad_utf8 = b"{\"client_id\": 1, \"language\": \"\xff\xfe\"}";
            partner.send("POST", PATH, &headers, Some(bad_utf8)).expect_problem(400);
        });
    }

    fn another_content_type_is_refused(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let body = json!({ "client_id": octroi.clients(&AZUR)[0] }).to_string();
        storing_nothing(&octroi, || {
            for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
                let headers = [("Content-Type", content_type)];
                partner.send("POST", PATH, &headers, Some(body.as_bytes())).expect_problem(415);
            }
            partner.send("POST", PATH, &[], Some(body.as_bytes())).expect_problem(415);
        });
        let headers = [("Content-Type", "application/json; charset=utf-8")];
        partner.send("POST", PATH, &headers, Some(body.as_bytes())).expect(201);
    }

    fn a_body_of_ten_megabytes_is_refused(octroi: Installation) {
        let key = octroi.partner_key(&AZUR);
        storing_nothing(&octroi, || {
            // By hand, because the answer comes while the body is still being sent.
            for announced in [true, false] {
                let answer = send_ten_megabytes(&octroi, &key, announced);
                assert!(answer.starts_with("HTTP/1.1 413"), "announced {announced}: {answer}");
                assert!(answer.contains("application/problem+json"), "{answer}");
            }
        });
        octroi.partner(&AZUR).post(PATH, &json!({ "client_id": octroi.clients(&AZUR)[0] })).expect(201);
    }

    fn more_rows_than_anybody_has_are_refused_by_number(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        storing_nothing(&octroi, || {
            let mut tables = rich_application(710_004);
            let row = json!({ "SK_ID_PREV": 1 });
            tables["installments_payments"] = Value::Array(vec![row; 10_001]);
            let named = pointers(&partner.post(PATH, &json!({ "tables": tables })));
            assert_eq!(named, ["/tables/installments_payments"]);
        });
    }

    fn what_does_not_exist_is_not_found(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let body = json!({ "client_id": octroi.clients(&AZUR)[0] });
        storing_nothing(&octroi, || {
            for path in [
                "/api/v1/models/credit/aliases/challenger/decisions",
                "/api/v1/models/debit/aliases/champion/decisions",
                "/api/v1/models/credit/versions/99/decisions",
                "/api/v1/models/credit/versions/-1/decisions",
                "/api/v1/models/credit/versions/one/decisions",
                "/api/v1/models/credit/versions/99999999999/decisions",
            ] {
                partner.post(path, &body).expect_problem(404);
            }
            for client in [1_i64, -1, 0, i64::MAX, i64::MIN] {
                partner.post(PATH, &json!({ "client_id": client })).expect_problem(404);
            }
            for path in [
                "/api/v1/decisions/00000000-0000-0000-0000-000000000000",
                "/api/v1/decisions/7",
                "/api/v1/decisions/00000000-0000-0000-0000-000000000000/explanation",
                "/api/v1/nothing",
            ] {
                partner.get(path).expect_problem(404);
            }
        });
    }

    fn parameters_out_of_bounds_are_refused(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        for query in ["limit=0", "limit=201", "limit=-1", "limit=many", "before=yesterday",
            "client=somebody", "surprise=1"] {
            partner.get(&format!("/api/v1/decisions?{query}")).expect_problem(400);
        }
        let decision = partner.post(PATH, &json!({ "client_id": octroi.clients(&AZUR)[0] })).expect(201);
        let link = decision["explanation"].as_str().expect("a link");
        partner.get(&format!("{link}?language=de")).expect_problem(422);
        storing_nothing(&octroi, || {
            for key in [String::new(), "k".repeat(201)] {
                let body = json!({ "client_id": octroi.clients(&AZUR)[0] });
                partner.post_once(PATH, &key, &body).expect_problem(400);
            }
        });
    }

    fn the_service_goes_on_after_all_of_it(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        // Bytes that are no HTTP at all, and connections that end in the middle.
        for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"GARBAGE\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Le"] {
            let mut connection = connect(&octroi);
            connection.write_all(bytes).expect("can be sent");
            drop(connection);
        }
        partner.post(PATH, &json!({ "client_id": octroi.clients(&AZUR)[0] })).expect(201);
        let log = octroi.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

fn connect(octroi: &Installation) -> TcpStream {
    let address = octroi.base().strip_prefix("http://").expect("http");
    let connection = TcpStream::connect(address).expect("the service listens");
    connection
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    connection
}

/// The answer's first bytes to ten megabytes, with their length in front or in chunks.
fn send_ten_megabytes(octroi: &Installation, key: &str, announced: bool) -> String {
    let mut connection = connect(octroi);
    let size = 10 << 20;
    let length = if announced {
        format!("Content-Length: {size}")
    } else {
        "Transfer-Encoding: chunked".to_owned()
    };
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: octroi\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\n{length}\r\n\r\n"
    );
    connection
        .write_all(head.as_bytes())
        .expect("the head can be sent");
    let mut sender = connection.try_clone().expect("a connection has two ends");
    let sending = std::thread::spawn(move || {
        let piece = vec![b' '; 64 << 10];
        for _ in 0..size / piece.len() {
            let mut bytes = Vec::new();
            if !announced {
                bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            }
            bytes.extend_from_slice(&piece);
            if !announced {
                bytes.extend_from_slice(b"\r\n");
            }
            // The other side may have stopped listening: that is its right.
            if sender.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    let mut answer = Vec::new();
    let mut buffer = [0_u8; 4096];
    while let Ok(read) = connection.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        if read == 0 || text.contains("\r\n\r\n") {
            break;
        }
    }
    drop(connection);
    sending.join().expect("the sender ends");
    String::from_utf8_lossy(&answer).into_owned()
}
