//! The doors of the service: who is let in is decided by the route and not by how its address
//! is spelled, and what an address does not take (a method, a coding, a text that no database
//! holds) is told by the right answer on every route there is.

use octroi_tests::openapi::{self, Operation};
use octroi_tests::{
    AZUR, Answer, DatabaseKind, Installation, PASSWORD, Role, Visitor, on_both_databases, pages,
    rich_application,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const DECIDE: &str = "/api/v1/models/credit/aliases/champion/decisions";

/// The parameters in a path, as the braces name them.
fn places(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .map(|rest| rest.split('}').next().expect("a brace closes"))
        .collect()
}

/// Something that exists for each place of a path.
struct Existing {
    client: String,
    decision: String,
    event: String,
}

impl Existing {
    fn of(octroi: &Installation) -> Self {
        let client = octroi.clients(&AZUR)[0];
        let made = octroi
            .partner(&AZUR)
            .post(DECIDE, &json!({ "client_id": client }));
        let made = made.expect(201);
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        Self {
            client: client.to_string(),
            decision: text(&made["decision_id"]),
            event: text(&made["audit_event"]),
        }
    }

    /// The path with something that exists in each place.
    fn fill(&self, path: &str) -> String {
        let mut filled = path.to_owned();
        for place in places(path) {
            let value = match place {
                "name" => "credit",
                "alias" => "champion",
                "version" => "1",
                "number" => &self.client,
                "path:.*" | "token" => "nothing",
                "id" if path.contains("/clients/") => &self.client,
                "id" if path.contains("audit") => &self.event,
                "id" => &self.decision,
                other => panic!("{path} has a place {other} that nobody has thought about"),
            };
            filled = filled.replace(&format!("{{{place}}}"), value);
        }
        filled
    }
}

/// All operations of the API with an address each.
fn api(octroi: &Installation) -> Vec<(Operation, String)> {
    let existing = Existing::of(octroi);
    openapi::operations(&openapi::document())
        .into_iter()
        .map(|operation| {
            let path = existing.fill(&operation.path);
            (operation, path)
        })
        .collect()
}

/// Other spellings of a path that lead to the same route.
fn spellings(path: &str) -> Vec<String> {
    let rest = path.strip_prefix("/api").expect("a path of the API");
    vec![
        format!("/%61pi{rest}"),
        format!("/a%70i{rest}"),
        format!("/%61%70%69{rest}"),
        path.replacen("/v1/", "/%761/", 1),
        path.replacen("/v1/", "/v%31/", 1),
    ]
}

fn body_for(octroi: &Installation, operation: &Operation) -> Option<String> {
    let body = match operation.path.as_str() {
        "/api/v1/auth/token" => json!({ "email": AZUR.email(Role::Adviser), "password": PASSWORD }),
        _ => json!({ "client_id": octroi.clients(&AZUR)[0] }),
    };
    (operation.method != "GET").then(|| body.to_string())
}

/// The cookies of somebody signed in, as a header.
fn jar(visitor: &Visitor) -> String {
    let pairs: Vec<String> = visitor
        .cookies()
        .iter()
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    pairs.join("; ")
}

/// A key that may do everything that the API has.
const ALL: [&str; 5] = [
    "clients:view",
    "decisions:make",
    "decisions:view",
    "models:view",
    "audit:view",
];

/// Headers without those that differ between any two answers.
fn lasting(answer: &Answer, names: &[&str]) -> BTreeMap<String, String> {
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), answer.header(name)?.to_owned())))
        .collect()
}

fn events(octroi: &Installation) -> i64 {
    octroi.numbers("SELECT COUNT(*) FROM audit_event")[0]
}

on_both_databases! {
    fn no_spelling_of_an_address_of_the_api_takes_a_cookie(octroi: Installation) {
        let operations = api(&octroi);
        for role in [Role::Adviser, Role::Admin, Role::Compliance] {
            let visitor = octroi.signed_in(&AZUR, role);
            let cookie = jar(&visitor);
            let before = (octroi.stored(), events(&octroi));
            for (operation, path) in &operations {
                if operation.path == "/api/v1/auth/token" {
                    continue;
                }
                let body = body_for(&octroi, operation);
                for spelled in spellings(path) {
                    let headers = [("Cookie", cookie.as_str()), ("Content-Type", "application/json")];
                    let answer = octroi.anonymous().send(&operation.method, &spelled, &headers,
                        body.as_deref().map(str::as_bytes));
                    assert_eq!(answer.status, 401, "{} {spelled}: {}", operation.method, answer.text());
                    answer.expect_problem(401);
                }
            }
            assert_eq!((octroi.stored(), events(&octroi)), before, "nothing is stored or recorded");
        }
        // The spellings are the same routes: with a key they are answered.
        let key = octroi.caller(&AZUR, &ALL);
        for (operation, path) in &operations {
            let body = body_for(&octroi, operation);
            for spelled in spellings(path) {
                let headers = [("Content-Type", "application/json")];
                let headers = if body.is_some() { &headers[..] } else { &[] };
                let answer = key.send(&operation.method, &spelled, headers, body.as_deref().map(str::as_bytes));
                assert!(![401, 404].contains(&answer.status), "{} {spelled}: {}", operation.method, answer.text());
            }
        }
    }

    fn no_spelling_of_an_address_of_the_pages_takes_a_key(octroi: Installation) {
        let key = octroi.caller(&AZUR, &ALL);
        for path in ["/", "/clients", "/%63lients", "/clien%74s", "/%61udit", "/audit"] {
            let answer = key.get(path);
            assert_eq!(answer.status, 303, "{path}: {}", answer.text());
            assert!(answer.header("Location").is_some_and(|to| to.starts_with("/sign-in")), "{path}");
        }
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        assert_eq!(adviser.get("/%63lients").status, 200, "the spelling is the same page");
    }

    fn the_head_of_an_address_is_that_of_its_get_and_leaves_the_same_events(octroi: Installation) {
        let names = ["Content-Type", "Content-Length", "Cache-Control", "Content-Security-Policy",
            "ETag", "Location", "WWW-Authenticate", "X-Content-Type-Options"];
        let key = octroi.caller(&AZUR, &ALL);
        for (operation, path) in api(&octroi) {
            if operation.method != "GET" {
                continue;
            }
            let before = events(&octroi);
            let got = key.get(&path);
            let of_get = events(&octroi) - before;
            let head = key.send("HEAD", &path, &[], None);
            let of_head = events(&octroi) - before - of_get;
            assert_eq!(head.status, got.status, "{path}");
            assert!(head.body.is_empty(), "{path}");
            assert_eq!(of_head, of_get, "{path}");
            // The length follows what the log and the counterfactual hold by now.
            let same: Vec<&str> = names.into_iter().filter(|name| *name != "Content-Length").collect();
            assert_eq!(lasting(&head, &same), lasting(&got, &same), "{path}");
            assert!(head.header("Content-Length").is_some(), "{path}");
            octroi.anonymous().send("HEAD", &path, &[], None);
        }
        let anyone = octroi.anonymous();
        let asset = anyone.get("/sign-in").text();
        let asset = asset.split('"').find(|part| part.starts_with("/assets/")).expect("an asset");
        for path in ["/", "/sign-in", "/nothing", "/api/v1/nothing", "/api/v1/openapi.json", "/docs/",
            "/docs", "/health/live", "/health/ready", asset] {
            let (got, head) = (anyone.get(path), anyone.send("HEAD", path, &[], None));
            assert_eq!(head.status, got.status, "{path}");
            assert!(head.body.is_empty(), "{path}");
            assert_eq!(lasting(&head, &names), lasting(&got, &names), "{path}");
        }
        assert_eq!(anyone.send("HEAD", "/metrics", &[], None).status, 200);
        // One answer on a connection is not mistaken for the next.
        assert_eq!(anyone.get("/health/live").text(), "alive\n");
    }

    fn a_method_that_an_address_does_not_take_is_a_405_that_names_those_it_takes(octroi: Installation) {
        let existing = Existing::of(&octroi);
        let mut taken: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let all = openapi::operations(&openapi::document()).into_iter().chain(pages::operations());
        for operation in all {
            let path = existing.fill(&operation.path);
            taken.entry(path).or_default().insert(operation.method);
        }
        for path in ["/api/v1/openapi.json", "/docs/", "/health/live", "/health/ready", "/metrics"] {
            taken.entry(path.to_owned()).or_default().insert("GET".to_owned());
        }
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        admin.get("/administration");
        let cookie = jar(&admin);
        let before = (octroi.stored(), events(&octroi));
        for (path, methods) in &taken {
            let mut names: BTreeSet<&str> = methods.iter().map(String::as_str).collect();
            names.insert("OPTIONS");
            if names.contains("GET") {
                names.insert("HEAD");
            }
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"] {
                if methods.contains(method) {
                    continue;
                }
                let answer = octroi.anonymous().send(method, path, &[("Cookie", &cookie)], None);
                let expected = if method == "OPTIONS" { 204 } else { 405 };
                assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text());
                let allow = answer.header("Allow").unwrap_or_default();
                let allowed: BTreeSet<&str> = allow.split(", ").collect();
                assert_eq!(allowed, names, "{method} {path}");
                if expected == 405 && path.starts_with("/api/") {
                    answer.expect_problem(405);
                }
            }
        }
        assert_eq!((octroi.stored(), events(&octroi)), before);
        let page = octroi.anonymous().send("DELETE", "/clients", &[], None);
        assert!(page.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html")));
    }

    fn what_is_not_there_is_a_404_for_every_method(octroi: Installation) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            for path in ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/decisions",
                "/%61pi/nothing", "/api/v1/models/credit"] {
                let answer = octroi.anonymous().send(method, path, &[], None);
                assert_eq!(answer.status, 404, "{method} {path}");
                if method != "HEAD" {
                    answer.expect_problem(404);
                }
            }
            for path in ["/nothing", "/apis/v1", "/clients/1/nothing", "/health", "/docsx"] {
                let answer = octroi.anonymous().send(method, path, &[], None);
                assert_eq!(answer.status, 404, "{method} {path}");
                assert!(answer.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html")), "{method} {path}");
            }
        }
    }

    fn codings_and_charsets_that_are_not_known_are_a_415(octroi: Installation) {
        let key = octroi.partner(&AZUR);
        let body = json!({ "client_id": octroi.clients(&AZUR)[0] }).to_string();
        let send = |coding: Option<&str>, kind: &str| {
            let mut headers = vec![("Content-Type", kind)];
            headers.extend(coding.map(|coding| ("Content-Encoding", coding)));
            key.send("POST", DECIDE, &headers, Some(body.as_bytes()))
        };
        for coding in ["br", "zstd", "compress", "gzip, gzip", "aes128gcm", ""] {
            send(Some(coding), "application/json").expect_problem(415);
        }
        for kind in ["application/json; charset=latin1", "application/json;charset=UTF-16",
            "application/json; charset=\"iso-8859-1\""] {
            send(None, kind).expect_problem(415);
        }
        for kind in ["application/json", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\""] {
            send(Some("identity"), kind).expect(201);
            send(None, kind).expect(201);
        }
        for kind in ["application/x-www-form-urlencoded; charset=latin1", "text/plain", "application/json"] {
            let headers = [("Content-Type", kind)];
            let answer = octroi.anonymous().send("POST", "/sign-in", &headers, Some(b"email=a@b.c&password=x"));
            assert_eq!(answer.status, 415, "{kind}");
        }
    }

    fn a_text_that_no_database_holds_is_a_4xx_wherever_it_comes_in(octroi: Installation) {
        let document = openapi::document();
        let key = octroi.caller(&AZUR, &ALL);
        let json = [("Content-Type", "application/json")];
        let existing = Existing::of(&octroi);
        let before = octroi.stored();
        let refused = |what: &str, answer: &Answer, status: &[u16]| {
            assert!(status.contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
        };
        for operation in openapi::operations(&document) {
            let name = operation.name();
            let body = body_for(&octroi, &operation);
            let bytes = body.as_deref().map(str::as_bytes);
            let headers = if bytes.is_some() { &json[..] } else { &[] };
            for place in places(&operation.path) {
                for text in ["%00", "a%00b", "credit%00", "%ED%A0%80", "%FF", "%01", "%E2%80%AE", "%2500"] {
                    let path = operation.path.replace(&format!("{{{place}}}"), text);
                    let path = existing.fill(&path);
                    let answer = key.send(&operation.method, &path, headers, bytes);
                    let expected: &[u16] = if text.contains("%00") { &[400] } else { &[400, 404] };
                    refused(&format!("{name}: {path}"), &answer, expected);
                }
            }
            let path = existing.fill(&operation.path);
            let described = openapi::description(&document, &operation);
            let parameters = described["parameters"].as_array().into_iter().flatten();
            let queries = parameters.filter(|p| p["in"] == "query").map(|p| p["name"].as_str().expect("a name"));
            for query in queries.chain(["surprise"]) {
                let answer = key.send(&operation.method, &format!("{path}?{query}=a%00b"), headers, bytes);
                refused(&format!("{name}?{query}"), &answer, &[400]);
                assert!(answer.text().contains(query), "{name}: the parameter is named: {}", answer.text());
            }
            let answer = key.send(&operation.method, &format!("{path}?%00=1"), headers, bytes);
            refused(&format!("{name}?NUL"), &answer, &[400]);
        }
        for (pointer, body) in [
            ("/language", json!({ "client_id": 1, "language": "e\0n" })),
            ("/a\u{2400}b", json!({ "a\0b": 1 })),
            ("/tables/application/CODE_GENDER", json!({ "tables": { "application": { "CODE_GENDER": "\0" } } })),
            ("/tables/bureau/1/x/y/0", json!({ "tables": { "bureau": [{}, { "x": { "y": ["\0"] } }] } })),
        ] {
            let answer = key.post(DECIDE, &body);
            let problem = answer.expect_problem(422);
            let named: Vec<&Value> = problem["errors"].as_array().expect("fields").iter().map(|e| &e["pointer"]).collect();
            assert!(named.contains(&&json!(pointer)), "{pointer} in {named:?}");
        }
        let anyone = octroi.anonymous();
        for body in [json!({ "email": "a\0@b.c", "password": "x" }), json!({ "email": "a@b.c", "password": "\0" })] {
            anyone.post("/api/v1/auth/token", &body).expect_problem(422);
        }
        let long = "k".repeat(201);
        for idempotency in ["\u{fc}", long.as_str()] {
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", idempotency)];
            let answer = key.send("POST", DECIDE, &headers, Some(json!({ "client_id": 1 }).to_string().as_bytes()));
            refused(idempotency, &answer, &[400]);
        }
        // Whatever else a caller says of itself is not stored, and harms nobody.
        let odd = "\u{1f600} \u{fc} \t '\"\\";
        for header in ["User-Agent", "Accept-Language", "X-Request-Id", "Cookie", "Referer", "traceparent",
            "X-Forwarded-For", "Forwarded", "If-None-Match"] {
            let answer = key.send("GET", "/api/v1/decisions?limit=1", &[(header, odd)], None);
            assert_eq!(answer.status, 200, "{header}: {}", answer.text());
        }
        assert_eq!(octroi.stored(), before);
    }

    fn a_text_that_no_database_holds_is_a_4xx_on_every_page(octroi: Installation) {
        let mut visitors: Vec<(Visitor, String)> = [Role::Analyst, Role::Compliance, Role::Admin].into_iter().map(|role| {
            let mut visitor = octroi.signed_in(&AZUR, role);
            let home = if role == Role::Admin { "/administration" } else { "/clients" };
            let token = visitor.form_token(home);
            (visitor, token)
        }).collect();
        let existing = Existing::of(&octroi);
        let before = octroi.stored();
        for operation in pages::operations() {
            let name = operation.name();
            let path = existing.fill(&operation.path);
            if operation.path == "/sign-out" {
                continue;
            }
            for (visitor, token) in &mut visitors {
                let mut ask = |path: &str, fields: &[(&str, &str)]| if operation.method == "GET" {
                    visitor.get(path)
                } else {
                    visitor.submit(path, fields)
                };
                for place in places(&operation.path) {
                    for text in ["%00", "a%00b", "%ED%A0%80", "%FF", "%01", "%2500"] {
                        let path = existing.fill(&operation.path.replace(&format!("{{{place}}}"), text));
                        let answer = ask(&path, &[("csrf", token)]);
                        assert!((400..500).contains(&answer.status), "{name}: {path}: {}", answer.status);
                    }
                }
                for query in ["q", "subject", "actor", "decision", "action", "from", "to", "page", "k", "feature",
                    "by", "lang", "next", "notice", "surprise"] {
                    let answer = ask(&format!("{path}?{query}=a%00b"), &[("csrf", token)]);
                    assert_eq!(answer.status, 400, "{name}?{query}");
                }
                if operation.method == "POST" {
                    for fields in [&[("csrf", token.as_str()), ("name", "a\0b"), ("scope", "models:view")][..],
                        &[("csrf", token.as_str()), ("a\0b", "1")],
                        &[("csrf", "\0")],
                        &[("email", "a\0@b.c"), ("password", "x")]] {
                        let answer = ask(&path, fields);
                        assert!((400..500).contains(&answer.status), "{name} {fields:?}: {}", answer.status);
                    }
                }
            }
        }
        assert_eq!(octroi.stored(), before);
        let log = octroi.log();
        assert!(!log.contains("\"level\":\"ERROR\"") && !log.contains(" ERROR "), "{log}");
    }

    fn an_application_of_texts_that_are_odd_but_can_be_kept_is_decided_on(octroi: Installation) {
        // What is refused is what cannot be kept, not what is unusual.
        let tables = rich_application(760_001);
        octroi.partner(&AZUR).post_once(DECIDE, "ab\u{7e}c", &json!({ "tables": tables })).expect(201);
    }
}

#[test]
fn a_request_that_is_no_http_is_logged_as_the_callers_and_not_as_an_error_of_ours() {
    use std::io::{Read, Write};
    let octroi = Installation::serving(DatabaseKind::Sqlite);
    let address = octroi.base().strip_prefix("http://").expect("http");
    for bytes in [
        &b"GARBAGE\r\n\r\n"[..],
        b"GET /health/live HTTP/1.1\r\nHost octroi\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ] {
        let mut connection = std::net::TcpStream::connect(address).expect("the service listens");
        connection.write_all(bytes).expect("can be sent");
        let mut answer = Vec::new();
        // Until the service closes it.
        let _ = connection.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(octroi.anonymous().get("/health/live").status, 200);
    let log = octroi.log();
    assert!(!log.contains("\"level\":\"ERROR\""), "{log}");
    assert!(log.contains("a request cannot be read"), "{log}");
}
