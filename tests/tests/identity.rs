//! Who may do what: credentials, permissions, sessions, throttling, and secrets that stay
//! secret.

use octroi_tests::openapi::{self, Operation};
use octroi_tests::{
    AZUR, Bank, Caller, HARBOUR, Installation, PASSWORD, Role, on_both_databases, rich_application,
};
use serde_json::{Value, json};

const DECIDE: &str = "/api/v1/models/credit/aliases/champion/decisions";

/// The permission that each operation needs; an operation without an entry fails the tests.
const NEEDS: [(&str, &str); 12] = [
    (
        "POST /api/v1/models/{name}/aliases/{alias}/decisions",
        "decisions:make",
    ),
    (
        "POST /api/v1/models/{name}/versions/{version}/decisions",
        "decisions:make",
    ),
    ("GET /api/v1/decisions", "decisions:view"),
    ("GET /api/v1/decisions/{id}", "decisions:view"),
    ("GET /api/v1/decisions/{id}/explanation", "decisions:view"),
    (
        "GET /api/v1/decisions/{id}/counterfactual",
        "decisions:view",
    ),
    ("GET /api/v1/models", "models:view"),
    (
        "GET /api/v1/models/{name}/versions/{version}",
        "models:view",
    ),
    ("GET /api/v1/clients", "clients:view"),
    ("GET /api/v1/clients/{id}", "clients:view"),
    ("GET /api/v1/audit/events", "audit:view"),
    ("GET /api/v1/audit/events/{id}", "audit:view"),
];

/// What signs in is open to everybody.
const OPEN: [&str; 1] = ["POST /api/v1/auth/token"];

/// The table of the house.
fn permissions(role: Role) -> &'static [&'static str] {
    match role {
        Role::Adviser => &["clients:view", "decisions:make", "decisions:view"],
        Role::Analyst => &[
            "clients:view",
            "decisions:make",
            "decisions:view",
            "models:view",
            "drift:view",
        ],
        Role::Compliance => &[
            "clients:view",
            "decisions:view",
            "models:view",
            "drift:view",
            "audit:view",
        ],
        Role::Admin => &["users:manage", "keys:manage"],
    }
}

/// The operations that need a permission, with it.
fn guarded() -> Vec<(Operation, &'static str)> {
    openapi::operations(&openapi::document())
        .into_iter()
        .filter(|operation| !OPEN.contains(&operation.name().as_str()))
        .map(|operation| {
            let name = operation.name();
            let need = NEEDS.iter().find(|(own, _)| *own == name);
            let (_, need) = need.unwrap_or_else(|| panic!("{name} has no entry in NEEDS"));
            (operation, *need)
        })
        .collect()
}

/// Calls an operation with names of things that exist where that is easy.
fn call(caller: &Caller, operation: &Operation) -> u16 {
    let path = operation
        .path
        .replace("{name}", "credit")
        .replace("{alias}", "champion")
        .replace("{version}", "1")
        .replace("clients/{id}", "clients/1")
        .replace("{id}", "00000000-0000-0000-0000-000000000000");
    let body = (operation.method == "POST").then(|| json!({ "client_id": 1 }).to_string());
    let headers = [("Content-Type", "application/json")];
    let headers = if body.is_some() { &headers[..] } else { &[] };
    let answer = caller.send(
        &operation.method,
        &path,
        headers,
        body.as_deref().map(str::as_bytes),
    );
    if answer.status >= 400 {
        answer.expect_problem(answer.status);
    }
    answer.status
}

fn user_id(octroi: &Installation, bank: &Bank, role: Role) -> String {
    let hex = octroi.hex_of("id");
    let sql = format!(
        "SELECT {hex} FROM user_account WHERE email = '{}'",
        bank.email(role)
    );
    dashed(
        octroi.texts(&sql)[0][0]
            .as_deref()
            .expect("the user is there"),
    )
}

fn dashed(hex: &str) -> String {
    let part = |from: usize, to: usize| &hex[from..to];
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

on_both_databases! {
    fn no_operation_answers_without_valid_credentials(octroi: Installation) {
        let key = octroi.partner_key(&AZUR);
        let token = octroi.person(&AZUR, Role::Adviser);
        let token = token.credential().expect("a token");
        let (head, rest) = token.split_once('.').expect("a token has parts");
        let (claims, signature) = rest.split_once('.').expect("a token has parts");
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        let mut flipped = signature.to_owned();
        let first = if flipped.starts_with('A') { "B" } else { "A" };
        flipped.replace_range(0..1, first);
        let bad = [
            None,
            Some(String::new()),
            Some("octroi_live_".to_owned()),
            Some(format!("{key}x")),
            Some(key[..key.len() - 1].to_owned()),
            Some(key.to_uppercase()),
            Some(format!("{head}.{claims}.{flipped}")),
            Some(format!("{unsigned}.{claims}.")),
            Some(format!("{head}.{claims}")),
            Some("octroi_live_' OR '1'='1".to_owned()),
        ];
        for (operation, _) in guarded() {
            for credential in &bad {
                let caller = Caller::new(octroi.base(), credential.as_deref());
                assert_eq!(call(&caller, &operation), 401, "{} with {credential:?}", operation.name());
            }
        }
        // A stranger's body is not looked at.
        for body in ["{", "{\"surprise\": 1}", "{\"tables\": {}}"] {
            octroi.anonymous().post_text(DECIDE, body).expect_problem(401);
        }
        let answer = octroi.anonymous().get("/api/v1/decisions");
        let asks = answer.header("WWW-Authenticate").expect("says how to authenticate");
        assert!(asks.starts_with("Bearer"), "{asks}");
        for scheme in ["Basic", "bearer2", "Token"] {
            let value = format!("{scheme} {key}");
            let headers = [("Authorization", value.as_str())];
            octroi.anonymous().send("GET", "/api/v1/decisions", &headers, None).expect_problem(401);
        }
    }

    fn each_role_may_do_what_its_row_of_the_table_says_and_nothing_else(octroi: Installation) {
        for role in Role::ALL {
            let caller = octroi.person(&AZUR, role);
            for (operation, need) in guarded() {
                let before = octroi.numbers("SELECT COUNT(*) FROM audit_event WHERE action = 'access_denied'")[0];
                let status = call(&caller, &operation);
                let after = octroi.numbers("SELECT COUNT(*) FROM audit_event WHERE action = 'access_denied'")[0];
                let allowed = permissions(role).contains(&need);
                assert_eq!(status == 403, !allowed, "{} calls {}: {status}", role.as_str(), operation.name());
                assert_ne!(status, 401);
                assert_eq!(after - before, i64::from(!allowed), "an event for each refusal and for nothing else");
            }
        }
        let denied = &octroi.events(&AZUR, "access_denied")[0];
        assert_eq!(denied["actor"]["role"], "admin");
        assert_eq!(denied["subject"]["kind"], "permission");
    }

    fn a_key_may_do_what_its_scopes_say_and_nothing_else(octroi: Installation) {
        for scope in ["clients:view", "decisions:make", "decisions:view", "models:view", "drift:view", "audit:view"] {
            let caller = octroi.caller(&HARBOUR, &[scope]);
            for (operation, need) in guarded() {
                let status = call(&caller, &operation);
                assert_eq!(status == 403, need != scope, "{scope} calls {}: {status}", operation.name());
            }
        }
        let refused = octroi.command(&["key-add", "--name", "x", "--scope", "everything", "--tenant", AZUR.slug]);
        assert!(refused.expect_failure().contains("decisions:make"), "it names the scopes there are");
    }

    fn an_administrator_makes_a_key_that_works_until_it_is_revoked(octroi: Installation) {
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let fields = [("name", "Broker"), ("scope", "decisions:view"), ("scope", "decisions:make")];
        let page = admin.press("/administration", "/administration/keys", &fields).text();
        let at = page.find("octroi_live_").expect("the secret is shown once");
        let secret: String = page[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
        assert!(secret.len() > 50, "256 bits: {secret}");
        assert!(!admin.get("/administration").text().contains(&secret), "and never again");
        let broker = Caller::new(octroi.base(), Some(&secret));
        // What an administrator may not do, a colleague who may has to approve.
        broker.get("/api/v1/decisions").expect_problem(403);
        let hex = octroi.hex_of("id");
        let id = octroi.texts(&format!("SELECT {hex} FROM api_key WHERE name = 'Broker'"))[0][0].clone();
        let id = dashed(&id.expect("the key is there"));
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        assert_eq!(adviser.press("/account", &format!("/account/keys/{id}/approve"), &[]).status, 303);
        broker.get("/api/v1/decisions").expect(200);
        broker.get("/api/v1/clients").expect_problem(403);
        let action = format!("/administration/keys/{id}/revoke");
        assert_eq!(admin.press("/administration", &action, &[]).status, 303);
        broker.get("/api/v1/decisions").expect_problem(401);
        let stored = octroi.texts("SELECT secret_hash FROM api_key")
            .into_iter().flatten().flatten().collect::<Vec<_>>().join(" ");
        assert!(!stored.contains(&secret[12..]), "only a hash is kept");
        for action in ["api_key_created", "api_key_revoked"] {
            assert_eq!(octroi.events(&AZUR, action)[0]["subject"]["id"], id);
        }
    }

    fn an_expired_key_is_refused(octroi: Installation) {
        let key = octroi.caller(&AZUR, &["decisions:view"]);
        key.get("/api/v1/decisions").expect(200);
        octroi.execute("UPDATE api_key SET expires_at = created_at + 1 WHERE name = 'test'");
        key.get("/api/v1/decisions").expect_problem(401);
    }

    fn a_key_cannot_be_given_the_administration_of_people(octroi: Installation) {
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let fields = [("name", "Root"), ("scope", "users:manage"), ("scope", "keys:manage")];
        let answer = admin.press("/administration", "/administration/keys", &fields);
        assert_eq!(answer.status, 400);
        let named = octroi.numbers("SELECT COUNT(*) FROM api_key WHERE name = 'Root'");
        assert_eq!(named, [0]);
    }

    fn a_wrong_password_and_an_unknown_address_are_told_alike(octroi: Installation) {
        let ask = |email: &str, password: &str| {
            octroi.anonymous().post("/api/v1/auth/token", &json!({ "email": email, "password": password }))
        };
        let known = ask(&AZUR.email(Role::Adviser), "wrong password here");
        let unknown = ask("nobody@azur.example", "wrong password here");
        known.expect_problem(401);
        assert_eq!(known.body, unknown.body);
        let failed = &octroi.events(&AZUR, "sign_in_failed")[0];
        assert_eq!(failed["subject"]["id"], user_id(&octroi, &AZUR, Role::Adviser));
        // Case and spaces of the address do not matter, those of the password do.
        assert_eq!(ask(&format!(" {} ", AZUR.email(Role::Adviser).to_uppercase()), PASSWORD).status, 200);
        assert_eq!(ask(&AZUR.email(Role::Adviser), &PASSWORD.to_uppercase()).status, 401);
    }

    fn ten_attempts_a_minute_are_answered_and_the_eleventh_is_not(octroi: Installation) {
        let ask = |email: &str, password: &str| {
            octroi.anonymous().post("/api/v1/auth/token", &json!({ "email": email, "password": password }))
        };
        for email in [AZUR.email(Role::Adviser), "nobody@azur.example".to_owned()] {
            for _ in 0..10 {
                ask(&email, "wrong password here").expect_problem(401);
            }
            let refused = ask(&email, PASSWORD);
            refused.expect_problem(429);
            assert!(refused.header("Retry-After").is_some(), "it says when to come back");
        }
        // The page counts with the API, and others are not held up.
        let mut visitor = octroi.visitor();
        assert_eq!(visitor.sign_in(&AZUR.email(Role::Adviser), PASSWORD).status, 429);
        assert_eq!(visitor.sign_in(&AZUR.email(Role::Analyst), PASSWORD).status, 303);
    }

    fn an_access_token_says_who_it_is_for_and_for_how_long(octroi: Installation) {
        let answer = octroi.anonymous().post("/api/v1/auth/token",
            &json!({ "email": AZUR.email(Role::Adviser), "password": PASSWORD })).expect(200);
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], 900);
        let token = answer["access_token"].as_str().expect("a token");
        let caller = Caller::new(octroi.base(), Some(token));
        caller.get("/api/v1/clients").expect(200);
        let issued = &octroi.events(&AZUR, "token_issued");
        assert!(issued.iter().any(|event| event["actor"]["role"] == "adviser"));
        let made = caller.post(DECIDE, &json!({ "tables": rich_application(730_001) })).expect(201);
        let events = octroi.events(&AZUR, "decision_made");
        let event = events.iter().find(|event| event["decision"] == made["decision_id"]).expect("its event");
        assert_eq!(event["actor"]["kind"], "user");
        assert_eq!(event["actor"]["role"], "adviser");
    }

    fn cookies_open_the_pages_and_keys_open_the_api_and_not_the_other_way_round(octroi: Installation) {
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        assert_eq!(adviser.get("/clients").status, 200);
        assert_eq!(adviser.get("/api/v1/clients").status, 401);
        let key = octroi.partner(&AZUR);
        let answer = key.get("/clients");
        assert_eq!(answer.status, 303);
        assert!(answer.header("Location").is_some_and(|to| to.starts_with("/sign-in")));
    }

    fn signing_in_gives_a_guarded_cookie_and_signing_out_ends_the_session(octroi: Installation) {
        let mut visitor = octroi.visitor();
        let refused = visitor.sign_in(&AZUR.email(Role::Adviser), "wrong password here");
        assert_eq!(refused.status, 401);
        assert!(visitor.cookies().is_empty());
        let welcome = visitor.sign_in(&AZUR.email(Role::Adviser), PASSWORD);
        assert_eq!(welcome.status, 303);
        let cookie = welcome.header("Set-Cookie").expect("a cookie").to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie} lacks {part}");
        }
        let jar = visitor.cookies().clone();
        assert_eq!(visitor.get("/clients").status, 200);
        assert_eq!(visitor.press("/clients", "/sign-out", &[]).status, 303);
        // The cookie itself is worth nothing from now on.
        for (name, value) in &jar {
            visitor.set_cookie(name, value);
        }
        assert_eq!(visitor.get("/clients").status, 303);
        for action in ["signed_in", "signed_out", "sign_in_failed"] {
            assert_eq!(octroi.events(&AZUR, action).len(), 1, "{action}");
        }
        let stored = octroi.texts("SELECT token_hash FROM session");
        assert!(stored.is_empty(), "nothing is left: {stored:?}");
    }

    fn a_new_session_has_a_new_token_and_only_its_hash_is_kept(octroi: Installation) {
        let one = octroi.signed_in(&AZUR, Role::Adviser);
        let other = octroi.signed_in(&AZUR, Role::Adviser);
        let token = |jar: &std::collections::BTreeMap<String, String>| jar.values().next().cloned().expect("a cookie");
        let (one, other) = (token(one.cookies()), token(other.cookies()));
        assert_ne!(one, other);
        assert!(one.len() >= 43, "256 bits: {one}");
        let stored = octroi.texts("SELECT token_hash FROM session");
        assert_eq!(stored.len(), 2);
        assert!(!stored.iter().flatten().flatten().any(|hash| *hash == one || *hash == other));
    }

    fn a_form_without_the_sessions_own_token_changes_nothing(octroi: Installation) {
        let client = octroi.clients(&AZUR)[0];
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        let mut other = octroi.signed_in(&AZUR, Role::Adviser);
        let foreign = other.form_token("/clients");
        let action = format!("/clients/{client}/score");
        let before = octroi.stored();
        for fields in [&[][..], &[("csrf", "")], &[("csrf", "guess")], &[("csrf", foreign.as_str())]] {
            assert_eq!(adviser.submit(&action, fields).status, 403, "{fields:?}");
            assert_eq!(adviser.submit("/sign-out", fields).status, 403, "{fields:?}");
        }
        assert_eq!(octroi.stored(), before);
        assert_eq!(adviser.get("/clients").status, 200, "still signed in");
        assert_eq!(adviser.press("/clients", &action, &[]).status, 303);
        assert_eq!(octroi.stored().decisions, before.decisions + 1);
    }

    fn a_sign_in_form_from_another_site_is_refused(octroi: Installation) {
        let mut visitor = octroi.visitor();
        let email = AZUR.email(Role::Adviser);
        let fields = [("email", email.as_str()), ("password", PASSWORD)];
        let headers = [("Sec-Fetch-Site", "cross-site")];
        assert_eq!(visitor.submit_with("/sign-in", &headers, &fields).status, 403);
        assert!(visitor.cookies().is_empty());
    }

    fn signing_in_leads_on_to_a_page_of_this_host_only(octroi: Installation) {
        let email = AZUR.email(Role::Adviser);
        for (next, expected) in [
            ("/clients?q=7", "/clients?q=7"),
            ("https://elsewhere.example/", "/"),
            ("//elsewhere.example/", "/"),
            ("/\\elsewhere.example/", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            let mut visitor = octroi.visitor();
            let fields = [("email", email.as_str()), ("password", PASSWORD), ("next", next)];
            let answer = visitor.submit("/sign-in", &fields);
            assert_eq!(answer.header("Location"), Some(expected), "{next}");
        }
    }

    fn an_idle_session_and_an_old_one_end(octroi: Installation) {
        let mut idle = octroi.signed_in(&AZUR, Role::Adviser);
        octroi.execute("UPDATE session SET last_seen_at = last_seen_at - 1860000000");
        assert_eq!(idle.get("/clients").status, 303, "idle for 31 minutes");
        let mut old = octroi.signed_in(&AZUR, Role::Adviser);
        assert_eq!(old.get("/clients").status, 200);
        octroi.execute("UPDATE session SET expires_at = expires_at - 43260000000");
        assert_eq!(old.get("/clients").status, 303, "signed in twelve hours ago");
    }

    fn disabling_a_person_ends_their_sessions_and_tokens_at_once(octroi: Installation) {
        let mut adviser = octroi.signed_in(&AZUR, Role::Adviser);
        let program = octroi.person(&AZUR, Role::Adviser);
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let id = user_id(&octroi, &AZUR, Role::Adviser);
        assert_eq!(admin.press("/administration", &format!("/administration/users/{id}/disable"), &[]).status, 303);
        assert_eq!(adviser.get("/clients").status, 303);
        program.get("/api/v1/clients").expect_problem(401);
        assert_eq!(octroi.visitor().sign_in(&AZUR.email(Role::Adviser), PASSWORD).status, 401);
        assert_eq!(admin.press("/administration", &format!("/administration/users/{id}/enable"), &[]).status, 303);
        assert_eq!(adviser.get("/clients").status, 303, "an ended session stays ended");
        assert_eq!(octroi.visitor().sign_in(&AZUR.email(Role::Adviser), PASSWORD).status, 303);
        // Nobody locks themselves out.
        let own = user_id(&octroi, &AZUR, Role::Admin);
        assert_eq!(admin.press("/administration", &format!("/administration/users/{own}/disable"), &[]).status, 409);
        for action in ["user_disabled", "user_enabled"] {
            assert_eq!(octroi.events(&AZUR, action)[0]["subject"]["id"], id);
        }
    }

    fn secrets_are_in_no_log_line(octroi: Installation) {
        let mut octroi = octroi.with("OCTROI_TELEMETRY__LOG_FILTER", "trace,sqlx=debug,polars=info");
        octroi.take_server().kill();
        octroi.serve();
        let guess = "guess-that-was-nearly-right";
        let address = octroi.anonymous();
        let token_path = "/api/v1/auth/token";
        address.post(token_path, &json!({ "email": AZUR.email(Role::Adviser), "password": guess }));
        address.post_text(token_path, &format!("{{\"email\": \"a@b.example\", \"password\": [\"{guess}\"]}}"));
        address.post_text(token_path, &format!("{{\"email\": \"a@b.example\", \"password\": \"{guess}"));
        let program = octroi.person(&AZUR, Role::Adviser);
        program.get("/api/v1/clients").expect(200);
        let key = octroi.new_key(&AZUR, &["decisions:make"]);
        let partner = Caller::new(octroi.base(), Some(&key));
        let mut application = rich_application(730_009);
        application["application"]["AMT_INCOME_TOTAL"] = json!(131_313.25);
        partner.post(DECIDE, &json!({ "tables": application })).expect(201);
        let wrong_key = format!("{key}wrong");
        Caller::new(octroi.base(), Some(&wrong_key)).get("/api/v1/decisions").expect_problem(401);
        let mut visitor = octroi.visitor();
        visitor.sign_in(&AZUR.email(Role::Analyst), guess);
        visitor.sign_in(&AZUR.email(Role::Analyst), PASSWORD);
        visitor.get("/clients");
        let form_token = visitor.form_token("/clients");
        let session = visitor.cookies().values().next().cloned().expect("a cookie");
        visitor.press("/clients", "/sign-out", &[]);
        let mut admin = octroi.signed_in(&AZUR, Role::Admin);
        let analyst = user_id(&octroi, &AZUR, Role::Analyst);
        let page = admin.press("/administration", &format!("/administration/users/{analyst}/password-link"), &[]).text();
        let at = page.find("/password/").expect("the link is shown");
        let link: String = page[at + 10..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
        let path = format!("/password/{link}");
        visitor.get(&path);
        visitor.submit(&path, &[("new", guess)]);
        visitor.submit(&path, &[("new", "lampe gravier tournesol"), ("again", "lampe gravier tournesol")]);
        visitor.get(&path);
        let log = octroi.log();
        assert!(log.lines().count() > 20, "something was logged");
        let hashes = octroi.texts("SELECT password_hash FROM user_account");
        let hashes: Vec<String> = hashes.into_iter().flatten().flatten().collect();
        let personal = "131313.25";
        let mut secrets = vec![guess, PASSWORD, &link, "gravier", &key, &wrong_key, &session, &form_token, personal,
            program.credential().expect("a token")];
        secrets.extend(hashes.iter().map(String::as_str));
        for secret in secrets {
            let leak = log.lines().find(|line| line.contains(secret));
            let leak: String = leak.unwrap_or_default().chars().take(400).collect();
            assert!(leak.is_empty(), "{secret} is in: {leak}");
        }
        // Nor are they in the trail, where a name or an address would be personal data, too.
        let events = octroi.texts("SELECT event FROM audit_event");
        for event in events.into_iter().flatten().flatten() {
            for secret in [guess, PASSWORD, key.as_str(), session.as_str(), "azur.example", "Camille"] {
                assert!(!event.contains(secret), "{secret} is in {event}");
            }
        }
    }
}

#[test]
fn the_table_of_needs_names_no_operation_that_is_gone() {
    let names: Vec<String> = openapi::operations(&openapi::document())
        .iter()
        .map(Operation::name)
        .collect();
    for name in NEEDS.iter().map(|(name, _)| *name).chain(OPEN) {
        assert!(
            names.contains(&name.to_owned()),
            "{name} is not in the document any more"
        );
    }
}

#[test]
fn only_what_signs_in_is_marked_open_in_the_document() {
    let document = openapi::document();
    assert_eq!(document["security"], json!([{ "bearer": [] }]));
    for operation in openapi::operations(&document) {
        let own = &openapi::description(&document, &operation)["security"];
        let open = OPEN.contains(&operation.name().as_str());
        let says_open = *own == json!([{}]) || *own == json!([]);
        assert_eq!(says_open, open, "{}: {own}", operation.name());
        assert!(open || *own == Value::Null);
    }
}
