//! Two banks in one installation: whatever one asks for with the other's identifiers is not
//! there. The walk follows the OpenAPI document and the routes of the pages, and a route that
//! it has no entry for fails it.

use octroi_tests::openapi::{self, Operation};
use octroi_tests::{
    AZUR, Answer, Bank, Caller, HARBOUR, Installation, Role, Visitor, on_both_databases, pages,
};
use serde_json::{Value, json};

/// Identifiers of Banque Azur, whose data Harbour Bank must never see.
struct Theirs {
    client: i64,
    decision: String,
    event: String,
    user: String,
    key: String,
    /// A model that only Banque Azur has.
    model: &'static str,
}

/// What an operation answers to a stranger who may call it.
enum Expected {
    /// The thing is not there.
    NotFound,
    /// A list without anything of the other bank.
    OwnOnly,
}

/// How to call an operation with the other bank's identifiers.
struct Attempt {
    path: String,
    body: Option<Value>,
    expected: Expected,
}

impl Attempt {
    fn not_found(path: String) -> Self {
        Self {
            path,
            body: None,
            expected: Expected::NotFound,
        }
    }

    fn own_only(path: String) -> Self {
        Self {
            path,
            body: None,
            expected: Expected::OwnOnly,
        }
    }

    fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// The entries of the walk; `None` for an operation that nobody has thought about.
fn attempts(operation: &Operation, theirs: &Theirs) -> Option<Vec<Attempt>> {
    let Theirs {
        client,
        decision,
        event,
        user,
        key,
        model,
    } = theirs;
    let found = match operation.name().as_str() {
        // Takes no identifier: whoever signs in gets their own token.
        "POST /api/v1/auth/token" => vec![
            Attempt::own_only("/api/v1/auth/token".to_owned())
                .with(json!({ "email": HARBOUR.email(Role::Adviser), "password": "not this one" })),
        ],
        "POST /api/v1/models/{name}/aliases/{alias}/decisions" => vec![
            Attempt::not_found("/api/v1/models/credit/aliases/champion/decisions".to_owned())
                .with(json!({ "client_id": client })),
            Attempt::not_found(format!("/api/v1/models/{model}/aliases/champion/decisions"))
                .with(json!({ "tables": octroi_tests::rich_application(740_001) })),
        ],
        "POST /api/v1/models/{name}/versions/{version}/decisions" => vec![
            Attempt::not_found("/api/v1/models/credit/versions/1/decisions".to_owned())
                .with(json!({ "client_id": client })),
            Attempt::not_found(format!("/api/v1/models/{model}/versions/1/decisions"))
                .with(json!({ "tables": octroi_tests::rich_application(740_001) })),
        ],
        "GET /api/v1/decisions" => vec![
            Attempt::own_only("/api/v1/decisions?limit=200".to_owned()),
            Attempt::own_only(format!("/api/v1/decisions?client={client}")),
            Attempt::own_only(format!("/api/v1/decisions?before={decision}&limit=200")),
        ],
        "GET /api/v1/decisions/{id}" => {
            vec![Attempt::not_found(format!("/api/v1/decisions/{decision}"))]
        }
        "GET /api/v1/decisions/{id}/explanation" => vec![
            Attempt::not_found(format!("/api/v1/decisions/{decision}/explanation")),
            Attempt::not_found(format!(
                "/api/v1/decisions/{decision}/explanation?language=fr"
            )),
        ],
        "GET /api/v1/decisions/{id}/counterfactual" => vec![
            Attempt::not_found(format!("/api/v1/decisions/{decision}/counterfactual")),
            Attempt::not_found(format!(
                "/api/v1/decisions/{decision}/counterfactual?language=fr"
            )),
        ],
        "GET /api/v1/models" => vec![Attempt::own_only("/api/v1/models".to_owned())],
        "GET /api/v1/models/{name}/versions/{version}" => vec![Attempt::not_found(format!(
            "/api/v1/models/{model}/versions/1"
        ))],
        "GET /api/v1/clients" => vec![
            Attempt::own_only("/api/v1/clients?limit=200".to_owned()),
            Attempt::own_only(format!("/api/v1/clients?q={client}")),
        ],
        "GET /api/v1/clients/{id}" => vec![Attempt::not_found(format!("/api/v1/clients/{client}"))],
        "GET /api/v1/audit/events" => vec![
            Attempt::own_only("/api/v1/audit/events?limit=200".to_owned()),
            Attempt::own_only(format!("/api/v1/audit/events?client={client}")),
            Attempt::own_only(format!("/api/v1/audit/events?decision={decision}")),
            Attempt::own_only(format!("/api/v1/audit/events?actor={user}")),
            Attempt::own_only(format!("/api/v1/audit/events?actor={key}")),
            Attempt::own_only(format!("/api/v1/audit/events?before={event}&limit=200")),
        ],
        "GET /api/v1/audit/events/{id}" => {
            vec![Attempt::not_found(format!("/api/v1/audit/events/{event}"))]
        }
        _ => return None,
    };
    Some(found)
}

/// A page and how to ask for it with the other bank's identifiers.
fn page_attempts(route: &str, theirs: &Theirs) -> Option<Vec<Attempt>> {
    let Theirs {
        client,
        decision,
        event,
        user,
        key,
        model,
    } = theirs;
    let found = match route {
        // The same for everybody, or about oneself only.
        "GET /assets/{path:.*}"
        | "GET /sign-in"
        | "POST /sign-in"
        | "POST /sign-out"
        | "POST /administration/keys"
        | "GET /account"
        | "POST /account/password"
        | "POST /account/sign-out-everywhere"
        | "POST /account/language"
        // Open to whoever has the link, whose hash is looked up in all banks.
        | "GET /password/{token}"
        | "POST /password/{token}" => vec![],
        "GET /" => vec![Attempt::own_only("/".to_owned())],
        "GET /clients" => vec![
            Attempt::own_only("/clients".to_owned()),
            Attempt::own_only(format!("/clients?q={client}")),
        ],
        "GET /clients/{number}" => vec![
            Attempt::not_found(format!("/clients/{client}")),
            Attempt::not_found(format!("/clients/{client}?counterfactual=true")),
        ],
        "POST /clients/{number}/score" => {
            vec![Attempt::not_found(format!("/clients/{client}/score")).with(json!({}))]
        }
        "GET /clients/{number}/comparison" => vec![
            Attempt::not_found(format!("/clients/{client}/comparison")),
            Attempt::not_found(format!("/clients/{client}/comparison?feature=AMT_CREDIT")),
        ],
        "GET /models" => vec![Attempt::own_only("/models".to_owned())],
        "GET /models/{name}/versions/{version}" => {
            vec![Attempt::not_found(format!("/models/{model}/versions/1"))]
        }
        "GET /models/{name}/versions/{version}/note" => vec![Attempt::not_found(format!(
            "/models/{model}/versions/1/note"
        ))],
        "GET /models/{name}/versions/{version}/points" => vec![Attempt::not_found(format!(
            "/models/{model}/versions/1/points"
        ))],
        "GET /drift" => vec![Attempt::own_only("/drift".to_owned())],
        "POST /drift" => vec![Attempt::own_only("/drift".to_owned()).with(json!({}))],
        "GET /drift/report" => vec![Attempt::own_only("/drift/report".to_owned())],
        "GET /audit" => vec![
            Attempt::own_only("/audit".to_owned()),
            Attempt::own_only(format!("/audit?client={client}")),
            Attempt::own_only(format!("/audit?decision={decision}")),
            Attempt::own_only(format!("/audit?actor={user}")),
        ],
        "GET /audit/{id}" => vec![Attempt::not_found(format!("/audit/{event}"))],
        "GET /administration" => vec![Attempt::own_only("/administration".to_owned())],
        "POST /administration/keys/{id}/revoke" => {
            vec![Attempt::not_found(format!("/administration/keys/{key}/revoke")).with(json!({}))]
        }
        "POST /account/keys/{id}/approve" => {
            vec![Attempt::not_found(format!("/account/keys/{key}/approve")).with(json!({}))]
        }
        "POST /account/keys/{id}/refuse" => {
            vec![Attempt::not_found(format!("/account/keys/{key}/refuse")).with(json!({}))]
        }
        "POST /administration/users/{id}/password-link" => vec![
            Attempt::not_found(format!("/administration/users/{user}/password-link"))
                .with(json!({})),
        ],
        "POST /administration/users/{id}/disable" => vec![
            Attempt::not_found(format!("/administration/users/{user}/disable")).with(json!({})),
        ],
        "POST /administration/users/{id}/enable" => {
            vec![Attempt::not_found(format!("/administration/users/{user}/enable")).with(json!({}))]
        }
        _ => return None,
    };
    Some(found)
}

fn dashed(hex: &str) -> String {
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// Makes Banque Azur have something of everything.
fn theirs(octroi: &Installation) -> Theirs {
    let azur = format!("(SELECT id FROM tenant WHERE slug = '{}')", AZUR.slug);
    octroi.execute(&format!(
        "UPDATE model_version SET model = 'azur-4711' WHERE tenant_id = {azur}"
    ));
    octroi.execute(&format!(
        "UPDATE model_alias SET model = 'azur-4711' WHERE tenant_id = {azur}"
    ));
    let client = octroi.clients(&AZUR)[0];
    let made = octroi
        .partner(&AZUR)
        .post(
            "/api/v1/models/azur-4711/aliases/champion/decisions",
            &json!({ "client_id": client }),
        )
        .expect(201);
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let id = |table: &str, condition: &str| {
        let hex = octroi.hex_of("id");
        let sql = format!("SELECT {hex} FROM {table} WHERE tenant_id = {azur} AND {condition}");
        dashed(octroi.texts(&sql)[0][0].as_deref().expect("there is one"))
    };
    Theirs {
        client,
        decision: text(&made["decision_id"]),
        event: text(&made["audit_event"]),
        user: id(
            "user_account",
            &format!("email = '{}'", AZUR.email(Role::Adviser)),
        ),
        key: id("api_key", "name = 'partner'"),
        model: "azur-4711",
    }
}

/// Everything of Banque Azur that would be recognised in an answer. The number of the client
/// that was asked for comes back in the form, so it counts where it links to something.
fn traces(octroi: &Installation, theirs: &Theirs) -> Vec<String> {
    let azur = format!("(SELECT id FROM tenant WHERE slug = '{}')", AZUR.slug);
    let mut traces = vec![
        AZUR.name.to_owned(),
        AZUR.domain.to_owned(),
        "azur-4711".to_owned(),
    ];
    for client in octroi.clients(&AZUR) {
        traces.push(format!("/clients/{client}"));
        traces.push(format!("\"client_id\":{client}"));
        traces.push(format!("\"client\":{client}"));
    }
    for table in ["decision", "audit_event", "user_account", "api_key"] {
        let hex = octroi.hex_of("id");
        let sql = format!("SELECT {hex} FROM {table} WHERE tenant_id = {azur}");
        traces.extend(
            octroi
                .texts(&sql)
                .into_iter()
                .flatten()
                .flatten()
                .map(|hex| dashed(&hex)),
        );
    }
    for digest in octroi.texts(&format!(
        "SELECT digest FROM model_version WHERE tenant_id = {azur}"
    )) {
        traces.extend(digest.into_iter().flatten());
    }
    // What is asked for may be said back (in the links of a filter), and tells nothing.
    let asked = [&theirs.decision, &theirs.event, &theirs.user, &theirs.key];
    traces.retain(|trace| !asked.contains(&trace));
    traces
}

/// A count of everything that Banque Azur has.
fn holdings(octroi: &Installation) -> Vec<i64> {
    let azur = format!("(SELECT id FROM tenant WHERE slug = '{}')", AZUR.slug);
    [
        "client",
        "decision",
        "explanation",
        "audit_event",
        "model_version",
        "model_alias",
        "user_account",
        "api_key",
        "drift_report",
        "session",
        "password_link",
    ]
    .iter()
    .map(|table| {
        octroi.numbers(&format!(
            "SELECT COUNT(*) FROM {table} WHERE tenant_id = {azur}"
        ))[0]
    })
    .chain(octroi.numbers(&format!(
        "SELECT COUNT(*) FROM user_account WHERE tenant_id = {azur} AND disabled_at IS NULL"
    )))
    .chain(octroi.numbers(&format!(
        "SELECT COUNT(*) FROM api_key WHERE tenant_id = {azur} AND revoked_at IS NULL"
    )))
    // A key of theirs that waits must not be decided about from here.
    .chain(octroi.numbers(&format!(
        "SELECT COUNT(*) FROM api_key WHERE tenant_id = {azur} AND awaiting <> ''"
    )))
    .collect()
}

#[track_caller]
fn check(answer: &Answer, attempt: &Attempt, who: &str, may: bool, traces: &[String]) {
    let told = format!("{who} at {}: {}", attempt.path, answer.status);
    if answer.status == 403 {
        assert!(!may, "{told}, but is permitted");
    } else {
        match attempt.expected {
            Expected::NotFound => assert_eq!(answer.status, 404, "{told} {}", answer.text()),
            Expected::OwnOnly => {
                assert!(
                    [200, 303, 401].contains(&answer.status),
                    "{told} {}",
                    answer.text()
                );
            }
        }
    }
    // An error page links to itself in the other language.
    let text = answer.text().replace(&attempt.path, "");
    let seen = traces.iter().find(|trace| text.contains(trace.as_str()));
    assert!(
        seen.is_none(),
        "{told} shows {}",
        seen.map_or("", String::as_str)
    );
}

fn strangers(octroi: &Installation) -> Vec<(String, Caller, bool)> {
    let mut strangers: Vec<(String, Caller, bool)> = Role::ALL
        .into_iter()
        .map(|role| {
            (
                role.as_str().to_owned(),
                octroi.person(&HARBOUR, role),
                false,
            )
        })
        .collect();
    let all = [
        "clients:view",
        "decisions:make",
        "decisions:view",
        "models:view",
        "drift:view",
        "audit:view",
        "users:manage",
        "keys:manage",
    ];
    strangers.push((
        "a key with every scope".to_owned(),
        octroi.caller(&HARBOUR, &all),
        true,
    ));
    strangers
}

fn ask(visitor: &mut Visitor, csrf: &str, method: &str, attempt: &Attempt) -> Answer {
    if method == "POST" {
        visitor.submit(&attempt.path, &[("csrf", csrf)])
    } else {
        visitor.get(&attempt.path)
    }
}

on_both_databases! {
    fn no_operation_of_the_api_shows_or_changes_what_is_another_banks(octroi: Installation) {
        let theirs = theirs(&octroi);
        let traces = traces(&octroi, &theirs);
        let strangers = strangers(&octroi);
        let before = holdings(&octroi);
        let mut asked = 0;
        for operation in openapi::operations(&openapi::document()) {
            let attempts = attempts(&operation, &theirs);
            let attempts = attempts.unwrap_or_else(|| panic!("{} has no entry in the walk", operation.name()));
            for attempt in attempts {
                for (who, caller, may_everything) in &strangers {
                    let body = attempt.body.as_ref().map(Value::to_string);
                    let headers = [("Content-Type", "application/json")];
                    let headers = if body.is_some() { &headers[..] } else { &[] };
                    let answer = caller.send(&operation.method, &attempt.path, headers, body.as_deref().map(str::as_bytes));
                    check(&answer, &attempt, who, *may_everything, &traces);
                    asked += 1;
                }
            }
        }
        assert!(asked > 100, "{asked} requests");
        assert_eq!(holdings(&octroi), before);
        // The same requests by Banque Azur itself find what they name.
        let officer = octroi.person(&AZUR, Role::Compliance);
        for path in [
            format!("/api/v1/decisions/{}", theirs.decision),
            format!("/api/v1/decisions/{}/explanation", theirs.decision),
            format!("/api/v1/clients/{}", theirs.client),
            format!("/api/v1/audit/events/{}", theirs.event),
            "/api/v1/models/azur-4711/versions/1".to_owned(),
        ] {
            officer.get(&path).expect(200);
        }
    }

    fn no_page_shows_or_changes_what_is_another_banks(octroi: Installation) {
        let theirs = theirs(&octroi);
        let traces = traces(&octroi, &theirs);
        let before = holdings(&octroi);
        let mut visitors: Vec<(&str, Visitor, String)> = Role::ALL
            .into_iter()
            .map(|role| {
                let mut visitor = octroi.signed_in(&HARBOUR, role);
                let home = if role == Role::Admin { "/administration" } else { "/clients" };
                let csrf = visitor.form_token(home);
                (role.as_str(), visitor, csrf)
            })
            .collect();
        for route in pages::operations() {
            let route = route.name();
            let attempts = page_attempts(&route, &theirs);
            let attempts = attempts.unwrap_or_else(|| panic!("{route} has no entry in the walk"));
            let method = route.split(' ').next().expect("a method").to_owned();
            for attempt in attempts {
                let mut allowed = 0;
                for (who, visitor, csrf) in &mut visitors {
                    let answer = ask(visitor, csrf, &method, &attempt);
                    check(&answer, &attempt, who, false, &traces);
                    allowed += usize::from(answer.status != 403);
                }
                assert!(allowed > 0, "nobody may {route}: the walk proves nothing");
            }
        }
        assert_eq!(holdings(&octroi), before);
    }

    fn an_object_with_the_same_number_in_both_banks_is_two_objects(octroi: Installation) {
        let body = json!({ "tables": octroi_tests::rich_application(740_002), "language": "en" });
        let path = "/api/v1/models/credit/aliases/champion/decisions";
        let ask = |bank: &Bank| octroi.partner(bank).post(path, &body).expect(201);
        let (azur, harbour) = (ask(&AZUR), ask(&HARBOUR));
        assert_ne!(azur["decision_id"], harbour["decision_id"]);
        assert_ne!(azur["margin"], harbour["margin"], "each bank has a model of its own");
        let mut changed = body.clone();
        changed["tables"]["application"]["AMT_CREDIT"] = json!(999_999.0);
        octroi.partner(&AZUR).post(path, &changed).expect(201);
        let credit = |bank: &Bank| {
            octroi.person(bank, Role::Adviser).get("/api/v1/clients/740002").expect(200)["credit"].clone()
        };
        assert_eq!(credit(&AZUR), 999_999.0);
        assert_eq!(credit(&HARBOUR), 406_597.5);
    }
}
