//! The service as others find it: the OpenAPI document and whether answers keep to it, the
//! documentation page, headers, request ids, health and metrics, and a database that is gone.

use octroi_tests::openapi::{self, Operation};
use octroi_tests::{
    AZUR, Answer, DatabaseKind, Installation, Role, on_both_databases, rich_application,
};
use serde_json::{Value, json};

const DECIDE: &str = "/api/v1/models/credit/aliases/champion/decisions";

/// One request to an operation: its name in the document, the real path, a body.
struct Request {
    operation: &'static str,
    path: String,
    body: Option<String>,
}

impl Request {
    fn get(operation: &'static str, path: impl Into<String>) -> Self {
        Self {
            operation,
            path: path.into(),
            body: None,
        }
    }

    fn post(operation: &'static str, path: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            operation,
            path: path.into(),
            body: Some(body.into()),
        }
    }
}

const BY_ALIAS: &str = "POST /api/v1/models/{name}/aliases/{alias}/decisions";
const BY_VERSION: &str = "POST /api/v1/models/{name}/versions/{version}/decisions";

/// Requests that succeed and that fail in the ways there are, for every operation.
#[allow(clippy::too_many_lines, reason = "one list: a request per answer")]
fn requests(octroi: &Installation) -> Vec<Request> {
    let client = octroi.clients(&AZUR)[0];
    let decision = octroi
        .partner(&AZUR)
        .post(DECIDE, &json!({ "client_id": client }))
        .expect(201);
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let (id, event) = (
        text(&decision["decision_id"]),
        text(&decision["audit_event"]),
    );
    let latest = octroi.partner(&AZUR).get("/api/v1/decisions?limit=200");
    let latest = latest.expect(200)["decisions"].clone();
    let of = |outcome: &str| {
        let mut decisions = latest.as_array().expect("decisions").iter();
        let found = decisions.find(|decision| decision["outcome"] == outcome);
        text(&found.expect("there are both")["decision_id"])
    };
    let (granted, refused) = (of("granted"), of("refused"));
    let nil = "00000000-0000-0000-0000-000000000000";
    let mut requests = vec![
        Request::post(
            "POST /api/v1/auth/token",
            "/api/v1/auth/token",
            json!({ "email": AZUR.email(Role::Adviser), "password": octroi_tests::PASSWORD })
                .to_string(),
        ),
        Request::post(
            "POST /api/v1/auth/token",
            "/api/v1/auth/token",
            json!({ "email": "nobody@azur.example", "password": "not this one" }).to_string(),
        ),
        Request::post("POST /api/v1/auth/token", "/api/v1/auth/token", "{}"),
        Request::post("POST /api/v1/auth/token", "/api/v1/auth/token", "no JSON"),
        Request::get("GET /api/v1/decisions", "/api/v1/decisions?limit=3"),
        Request::get("GET /api/v1/decisions", "/api/v1/decisions?limit=0"),
        Request::get(
            "GET /api/v1/decisions/{id}",
            format!("/api/v1/decisions/{id}"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}",
            format!("/api/v1/decisions/{nil}"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/explanation",
            format!("/api/v1/decisions/{id}/explanation"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/explanation",
            format!("/api/v1/decisions/{id}/explanation?language=de"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/explanation",
            format!("/api/v1/decisions/{id}/explanation?tongue=de"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/explanation",
            format!("/api/v1/decisions/{nil}/explanation"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/counterfactual",
            format!("/api/v1/decisions/{refused}/counterfactual"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/counterfactual",
            format!("/api/v1/decisions/{granted}/counterfactual?language=fr"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/counterfactual",
            format!("/api/v1/decisions/{refused}/counterfactual?language=de"),
        ),
        Request::get(
            "GET /api/v1/decisions/{id}/counterfactual",
            format!("/api/v1/decisions/{nil}/counterfactual"),
        ),
        Request::get("GET /api/v1/models", "/api/v1/models"),
        Request::get(
            "GET /api/v1/models/{name}/versions/{version}",
            "/api/v1/models/credit/versions/1",
        ),
        Request::get(
            "GET /api/v1/models/{name}/versions/{version}",
            "/api/v1/models/credit/versions/9",
        ),
        Request::get("GET /api/v1/clients", "/api/v1/clients?limit=3&page=2"),
        Request::get("GET /api/v1/clients", "/api/v1/clients?limit=201"),
        Request::get(
            "GET /api/v1/clients/{id}",
            format!("/api/v1/clients/{client}"),
        ),
        Request::get("GET /api/v1/clients/{id}", "/api/v1/clients/1"),
        Request::get("GET /api/v1/audit/events", "/api/v1/audit/events?limit=50"),
        Request::get(
            "GET /api/v1/audit/events",
            "/api/v1/audit/events?action=nothing",
        ),
        Request::get(
            "GET /api/v1/audit/events/{id}",
            format!("/api/v1/audit/events/{event}"),
        ),
        Request::get(
            "GET /api/v1/audit/events/{id}",
            format!("/api/v1/audit/events/{nil}"),
        ),
    ];
    for (operation, path) in [
        (BY_ALIAS, DECIDE),
        (BY_VERSION, "/api/v1/models/credit/versions/1/decisions"),
    ] {
        for body in [
            json!({ "client_id": client }).to_string(),
            json!({ "tables": rich_application(750_001) }).to_string(),
            json!({ "client_id": 1 }).to_string(),
            json!({ "tables": {} }).to_string(),
            "{".to_owned(),
            format!("\"{}\"", "x".repeat(5 << 20)),
        ] {
            requests.push(Request::post(operation, path, body));
        }
    }
    requests
}

fn operation(document: &Value, name: &str) -> Operation {
    let found = openapi::operations(document)
        .into_iter()
        .find(|o| o.name() == name);
    found.unwrap_or_else(|| panic!("{name} is not in the document"))
}

/// Checks one answer against the document.
#[track_caller]
fn check(document: &Value, name: &str, answer: &Answer, problems: &mut Vec<String>) {
    let described = openapi::description(document, &operation(document, name));
    let response = &described["responses"][answer.status.to_string()];
    let response = openapi::resolved(document, response);
    if !response.is_object() {
        problems.push(format!(
            "{name}: the status {} is not documented",
            answer.status
        ));
        return;
    }
    let served = answer.header("Content-Type").unwrap_or_default();
    let content = &response["content"];
    let Some(schema) = content.get(served).map(|media| &media["schema"]) else {
        let documented: Vec<&String> = content
            .as_object()
            .into_iter()
            .flat_map(|c| c.keys())
            .collect();
        problems.push(format!(
            "{name}: {} is served as {served}, documented as {documented:?}",
            answer.status
        ));
        return;
    };
    for mismatch in openapi::mismatches(document, schema, &answer.json()) {
        problems.push(format!("{name}: {} {mismatch}", answer.status));
    }
}

on_both_databases! {
    fn every_answer_is_one_that_the_document_describes(octroi: Installation) {
        let document = openapi::document();
        let all = octroi.caller(&AZUR, &["clients:view", "decisions:make", "decisions:view", "models:view", "audit:view"]);
        let none = octroi.caller(&AZUR, &["drift:view"]);
        let mut problems = Vec::new();
        let mut walked = std::collections::BTreeSet::new();
        for request in requests(&octroi) {
            let Request { operation, path, body } = request;
            walked.insert(operation);
            let method = operation.split(' ').next().expect("a method");
            let body = body.as_deref().map(str::as_bytes);
            let json = [("Content-Type", "application/json")];
            let plain = [("Content-Type", "text/plain")];
            let mut answers = Vec::new();
            for caller in [&all, &none, &octroi.anonymous()] {
                let headers = if body.is_some() { &json[..] } else { &[] };
                // A body that is too large may be answered before it has been sent.
                answers.extend(caller.try_send(method, &path, headers, body));
            }
            if body.is_some_and(|body| body.len() < 1 << 20) {
                answers.extend(all.try_send(method, &path, &plain, body));
            }
            for answer in answers {
                check(&document, operation, &answer, &mut problems);
            }
        }
        let missing: Vec<String> = openapi::operations(&document).iter().map(Operation::name)
            .filter(|name| !walked.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "no request for {missing:?}");
        problems.sort();
        problems.dedup();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    fn the_example_of_the_document_is_accepted(octroi: Installation) {
        let document = openapi::document();
        let example = &document["components"]["schemas"]["DecisionBody"]["example"];
        assert!(example.is_object(), "the body has an example");
        let decision = octroi.partner(&AZUR).post(DECIDE, example).expect(201);
        assert_eq!(decision["client_id"], 700_001);
    }

    fn the_document_is_served_and_shown(octroi: Installation) {
        let served = octroi.anonymous().get("/api/v1/openapi.json");
        assert_eq!(served.expect(200), openapi::document());
        let page = octroi.anonymous().get("/docs/");
        assert_eq!(page.status, 200);
        assert!(page.text().contains("swagger-ui"), "Swagger UI");
        let address = octroi.anonymous().get("/docs");
        assert!([301, 302, 303, 307, 308].contains(&address.status));
        assert_eq!(address.header("Location"), Some("/docs/"));
        for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
            assert_eq!(octroi.anonymous().get(&format!("/docs/{file}")).status, 200, "{file}");
        }
    }

    fn a_request_id_is_taken_over_when_it_is_a_sane_one_and_given_back(octroi: Installation) {
        let partner = octroi.partner(&AZUR);
        let body = json!({ "client_id": octroi.clients(&AZUR)[0] }).to_string();
        let headers = [("Content-Type", "application/json"), ("X-Request-Id", "order.42_a-b")];
        let answer = partner.send("POST", DECIDE, &headers, Some(body.as_bytes()));
        let decision = answer.expect(201);
        assert_eq!(answer.header("X-Request-Id"), Some("order.42_a-b"));
        let event = octroi.events(&AZUR, "decision_made").into_iter()
            .find(|event| event["decision"] == decision["decision_id"]).expect("its event");
        assert_eq!(event["request_id"], "order.42_a-b");
        assert!(octroi.log().contains("order.42_a-b"), "the log line has it, too");
        let long = "x".repeat(65);
        let mut seen = std::collections::BTreeSet::new();
        for insane in ["two words", "<script>", "a\"b", long.as_str(), ""] {
            let answer = partner.send("GET", "/api/v1/decisions", &[("X-Request-Id", insane)], None);
            let id = answer.header("X-Request-Id").expect("an id").to_owned();
            assert_ne!(id, insane);
            assert!(seen.insert(id), "each request has an id of its own");
        }
        for path in ["/health/live", "/sign-in", "/api/v1/nothing", "/nothing"] {
            assert!(octroi.anonymous().get(path).header("X-Request-Id").is_some(), "{path}");
        }
    }

    fn every_page_carries_the_headers_that_keep_it_safe(octroi: Installation) {
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        let client = octroi.clients(&AZUR)[0];
        for path in ["/", "/clients", "/sign-in", "/nothing", &format!("/clients/{client}"), "/audit"] {
            let page = adviser.get(path);
            let policy = page.header("Content-Security-Policy").expect("a policy");
            assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(page.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
            assert_eq!(page.header("Cache-Control"), Some("no-store"), "{path}");
            assert!(page.header("Strict-Transport-Security").is_some_and(|h| h.contains("max-age=")), "{path}");
            assert!(page.header("Referrer-Policy").is_some(), "{path}");
            let html = page.text();
            assert!(!html.contains("<script>") && !html.contains("style=\""), "{path}: nothing inline");
        }
        let answer = octroi.partner(&AZUR).get("/api/v1/decisions");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    }

    fn assets_are_kept_by_browsers_and_by_their_tag_not_sent_twice(octroi: Installation) {
        let html = octroi.anonymous().get("/sign-in").text();
        let links: Vec<&str> = html.split('"').filter(|part| part.starts_with("/assets/")).collect();
        assert!(links.len() >= 2, "{links:?}");
        for link in links {
            let asset = octroi.anonymous().get(link);
            assert_eq!(asset.status, 200, "{link}");
            assert!(asset.header("Cache-Control").is_some_and(|h| h.contains("max-age=31536000")));
            let tag = asset.header("ETag").expect("a tag").to_owned();
            let again = octroi.anonymous().send("GET", link, &[("If-None-Match", &tag)], None);
            assert_eq!(again.status, 304, "{link}");
        }
        for outside in ["/assets/../Cargo.toml", "/assets/%2e%2e/Cargo.toml", "/assets/nothing.css"] {
            assert_eq!(octroi.anonymous().get(outside).status, 404, "{outside}");
        }
    }

    fn what_does_not_exist_is_a_page_in_the_browser_and_a_problem_on_the_api(octroi: Installation) {
        let page = octroi.anonymous().get("/nothing");
        assert_eq!(page.status, 404);
        assert!(page.header("Content-Type").is_some_and(|t| t.starts_with("text/html")));
        octroi.anonymous().get("/api/v1/nothing").expect_problem(404);
        octroi.anonymous().get("/api/v2/decisions").expect_problem(404);
        for method in ["PUT", "DELETE", "PATCH"] {
            let answer = octroi.partner(&AZUR).send(method, "/api/v1/decisions", &[], Some(b""));
            assert!([404, 405].contains(&answer.status), "{method}: {}", answer.status);
            answer.expect_problem(answer.status);
        }
    }

    fn health_and_metrics_need_no_credentials_and_tell_no_secret(octroi: Installation) {
        let anyone = octroi.anonymous();
        assert_eq!(anyone.get("/health/live").status, 200);
        assert_eq!(anyone.get("/health/ready").status, 200);
        let count = |text: &str| -> f64 {
            let lines = text.lines().filter(|l| l.contains("decision") && !l.starts_with('#') && l.contains("_total"));
            lines.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        let before = count(&anyone.get("/metrics").text());
        let client = octroi.clients(&AZUR)[0];
        for _ in 0..3 {
            octroi.partner(&AZUR).post(DECIDE, &json!({ "client_id": client })).expect(201);
        }
        let page = anyone.get("/metrics");
        assert_eq!(page.status, 200);
        let metrics = page.text();
        assert!((count(&metrics) - before - 3.0).abs() < 0.1, "three decisions more:\n{metrics}");
        assert!(metrics.trim_end().ends_with("# EOF"), "OpenMetrics");
        assert!(metrics.contains("/api/v1/models/{name}/aliases/{alias}/decisions"), "by route");
        assert!(!metrics.contains(&client.to_string()), "no identifier of anybody");
    }

    fn an_answer_is_compressed_for_who_asks(octroi: Installation) {
        let headers = [("Accept-Encoding", "gzip")];
        let answer = octroi.anonymous().send("GET", "/api/v1/openapi.json", &headers, None);
        assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    }
}

#[test]
fn the_document_is_openapi_3_1_and_describes_each_operation() {
    let document = openapi::document();
    let version = document["openapi"].as_str().expect("a version");
    assert!(version.starts_with("3.1"), "{version}");
    let operations = openapi::operations(&document);
    assert!(operations.len() >= 12, "{operations:?}");
    let mut ids = std::collections::BTreeSet::new();
    for operation in &operations {
        let name = operation.name();
        let described = openapi::description(&document, operation);
        let id = described["operationId"].as_str().unwrap_or_default();
        assert!(
            !id.is_empty() && ids.insert(id.to_owned()),
            "{name} has an operationId of its own: {id}"
        );
        let summary = described["summary"]
            .as_str()
            .or(described["description"].as_str());
        assert!(
            summary.is_some_and(|text| !text.is_empty()),
            "{name} says what it does"
        );
        let parameters = described["parameters"].as_array();
        for part in operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{'))
        {
            let part = part.trim_end_matches('}');
            let known = parameters
                .into_iter()
                .flatten()
                .any(|p| p["name"] == part && p["in"] == "path");
            assert!(known, "{name}: {part} is no parameter");
        }
    }
}

#[test]
fn a_database_that_is_gone_is_a_503_and_never_a_404_or_500() {
    let mut octroi = Installation::serving(DatabaseKind::Postgresql);
    let partner = octroi.partner(&AZUR);
    let client = octroi.clients(&AZUR)[0];
    partner
        .post(DECIDE, &json!({ "client_id": client }))
        .expect(201);
    octroi.lose_database();
    let answer = partner.post(DECIDE, &json!({ "client_id": client }));
    answer.expect_problem(503);
    assert!(answer.header("Retry-After").is_some());
    partner.get("/api/v1/decisions").expect_problem(503);
    // An answer is good for a second, however many ask.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(octroi.anonymous().get("/health/ready").status, 503);
    assert_eq!(octroi.anonymous().get("/health/live").status, 200);
    let body = json!({ "email": AZUR.email(Role::Adviser), "password": octroi_tests::PASSWORD });
    octroi
        .anonymous()
        .post("/api/v1/auth/token", &body)
        .expect_problem(503);
}
