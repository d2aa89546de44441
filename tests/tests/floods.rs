//! Nobody stops the others: callers who are slow, callers who are many, callers who guess, and
//! what they are told. Everything is on this machine's loopback, where each of 127.0.0.0/8 is a
//! caller's address of its own.

use octroi_tests::{
    AZUR, Answer, Caller, DatabaseKind, Dialer, Installation, PASSWORD, Raw, Role, Visitor,
    on_both_databases,
};
use serde_json::json;
use std::time::{Duration, Instant};

const TOKEN: &str = "/api/v1/auth/token";

/// A service with these settings.
fn serving(settings: &[(&str, &str)]) -> Installation {
    let mut octroi = Installation::prepared(DatabaseKind::Sqlite);
    for (name, value) in settings {
        octroi = octroi.with(&format!("OCTROI_SERVER__{name}"), value);
    }
    octroi.serve();
    octroi
}

/// The head of a POST whose body is announced and not sent.
fn announced(path: &str, content_type: &str, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: octroi\r\nContent-Type: {content_type}\r\n\
         Content-Length: 5000\r\n{more}\r\n"
    )
}

fn slow_post(dialer: &Dialer) -> Raw {
    let mut connection = dialer.connect();
    connection.send(announced(TOKEN, "application/json", ""));
    connection.send("{");
    connection
}

/// Asks for a token on behalf of a caller behind a proxy.
fn guess(caller: &Caller, from: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password }).to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Forwarded-For", from),
    ];
    caller.send("POST", TOKEN, &headers, Some(body.as_bytes()))
}

#[track_caller]
fn seconds_to_wait(answer: &Answer) -> u64 {
    let said = answer
        .header("Retry-After")
        .expect("it says when to come back");
    said.parse().expect("in seconds")
}

/// Waits until something is so.
#[track_caller]
fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_mins(1), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_body_that_trickles_is_answered_408_and_the_connection_closed() {
    let octroi = serving(&[("BODY_GRACE_SECONDS", "1")]);
    let dialer = Dialer::new(octroi.base(), "127.0.0.1");
    let key = format!("Authorization: Bearer {}\r\n", octroi.partner_key(&AZUR));
    let decide = "/api/v1/models/credit/aliases/champion/decisions";
    let chunked = format!(
        "POST {decide} HTTP/1.1\r\nHost: octroi\r\nContent-Type: application/json\r\n{key}\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    for (head, byte) in [
        (announced(decide, "application/json", &key), " "),
        (announced(TOKEN, "application/json", ""), " "),
        (chunked, "1\r\n \r\n"),
    ] {
        let mut connection = dialer.connect();
        connection.send(&head);
        let answer = connection.trickle(byte);
        assert!(answer.starts_with("HTTP/1.1 408"), "{head}{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert!(
            answer.to_lowercase().contains("connection: close"),
            "{answer}"
        );
    }
    let mut page = dialer.connect();
    page.send(announced(
        "/sign-in",
        "application/x-www-form-urlencoded",
        "",
    ));
    let answer = page.trickle("a");
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("<html"),
        "{answer}"
    );
}

#[test]
fn what_trickles_after_an_answer_or_instead_of_a_head_is_cut_off() {
    let octroi = serving(&[("HEAD_SECONDS", "1")]);
    let dialer = Dialer::new(octroi.base(), "127.0.0.1");
    let unread = "POST /api/v1/decisions HTTP/1.1\r\nHost: octroi\r\n\
                  Transfer-Encoding: chunked\r\n\r\n";
    let whole = "GET /sign-in HTTP/1.1\r\nHost: octroi\r\n\r\n";
    for (begin, byte, answered) in [
        (unread.to_owned(), "1\r\n \r\n", true),
        (format!("{whole}GET /"), "a", true),
        ("GET /".to_owned(), "a", false),
    ] {
        let mut connection = dialer.connect();
        connection.send(&begin);
        let answer = connection.trickle(byte);
        assert!(
            answer.starts_with("HTTP/1.1 ") == answered || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
    // Silence is cut off as well.
    for begin in [unread, whole, ""] {
        let mut connection = dialer.connect();
        connection.send(begin);
        connection.read_to_end();
    }
}

#[test]
fn a_connection_that_is_used_is_kept() {
    let octroi = serving(&[("HEAD_SECONDS", "1")]);
    let mut connection = Dialer::new(octroi.base(), "127.0.0.1").connect();
    let began = Instant::now();
    let mut answers = 0;
    // Longer than a connection may be without a request.
    while began.elapsed() < Duration::from_secs(8) {
        assert!(connection.send("GET /health/live HTTP/1.1\r\nHost: octroi\r\n\r\n"));
        eventually("an answer", || {
            let came = connection.peek().expect("it is kept");
            answers += came.matches("HTTP/1.1 200").count();
            came.contains("HTTP/1.1 200")
        });
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(answers > 5);
}

#[test]
fn a_thousand_slow_posts_from_one_address_leave_the_others_alone() {
    let octroi = serving(&[]);
    let crowd = Dialer::new(octroi.base(), "127.0.0.2");
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..1_000 {
        let mut connection = slow_post(&crowd);
        // Above the limit each is told so at once.
        if held.len() < 256 {
            held.push(connection);
        } else {
            let answer = connection.read_to_end();
            assert!(
                answer.starts_with("HTTP/1.1 429") || answer.is_empty(),
                "{answer}"
            );
            refused += usize::from(answer.starts_with("HTTP/1.1 429"));
        }
        if refused % 100 == 0 {
            assert_eq!(octroi.anonymous().get("/health/ready").status, 200);
        }
    }
    assert!(refused > 0);
    octroi.partner(&AZUR).get("/api/v1/decisions").expect(200);
    assert_eq!(
        octroi
            .signed_in(&AZUR, Role::Adviser)
            .get("/clients")
            .status,
        200
    );
    drop(held);
    eventually("the address is served again", || {
        let mut connection = crowd.connect();
        connection.send("GET /health/live HTTP/1.1\r\nHost: octroi\r\nConnection: close\r\n\r\n");
        connection.read_to_end().starts_with("HTTP/1.1 200")
    });
}

#[test]
fn above_the_limit_of_all_everybody_is_told_so_except_the_operators() {
    let octroi = serving(&[
        ("CONNECTIONS", "20"),
        ("CONNECTIONS_PER_ADDRESS", "10"),
        ("OPERATIONS_ADDRESS", "127.0.0.1:0"),
    ]);
    let mut held = Vec::new();
    for from in ["127.0.0.2", "127.0.0.3"] {
        let dialer = Dialer::new(octroi.base(), from);
        held.extend((0..10).map(|_| slow_post(&dialer)));
    }
    let late = Dialer::new(octroi.base(), "127.0.0.4");
    let mut answer = String::new();
    eventually("the twenty are counted", || {
        let mut connection = slow_post(&late);
        std::thread::sleep(Duration::from_millis(100));
        answer = connection.peek().unwrap_or_default();
        !answer.is_empty()
    });
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(
        answer.contains("Retry-After: 1") && answer.contains("/problems/busy"),
        "{answer}"
    );
    let operator = Caller::new(&octroi.server().operations, None);
    assert_eq!(operator.get("/health/ready").status, 200);
    let metrics = operator.get("/metrics").text();
    assert!(
        metrics.contains("octroi_connections_refused_total{problem=\"busy\"}"),
        "{metrics}"
    );
    drop(held);
    eventually("there is room again", || {
        let answer = octroi.anonymous().try_send("GET", "/sign-in", &[], None);
        answer.is_ok_and(|answer| answer.status == 200)
    });
}

#[test]
fn a_trusted_proxy_has_more_connections_and_each_caller_behind_it_a_share() {
    let octroi = serving(&[
        ("CONNECTIONS_PER_ADDRESS", "5"),
        ("TRUSTED_PROXIES", "127.0.0.2"),
    ]);
    let proxy = Dialer::new(octroi.base(), "127.0.0.2");
    let on_behalf = |from: &str| {
        let mut connection = proxy.connect();
        let forwarded = format!("X-Forwarded-For: {from}\r\n");
        connection.send(announced(TOKEN, "application/json", &forwarded));
        connection
    };
    let mut held: Vec<Raw> = (0..5).map(|_| on_behalf("198.51.100.1")).collect();
    held.extend((0..5).map(|_| on_behalf("198.51.100.2")));
    std::thread::sleep(Duration::from_millis(200));
    let answer = on_behalf("198.51.100.1").read_to_end();
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert!(
        answer.contains("/problems/too-many-connections"),
        "{answer}"
    );
    let mut other = proxy.connect();
    other.send(
        "GET /sign-in HTTP/1.1\r\nHost: octroi\r\nX-Forwarded-For: 198.51.100.3\r\n\
         Connection: close\r\n\r\n",
    );
    assert!(other.read_to_end().starts_with("HTTP/1.1 200"));
    for connection in &mut held {
        assert_eq!(
            connection.peek().as_deref(),
            Some(""),
            "these wait for their bodies"
        );
    }
}

#[test]
fn http_2_is_not_spoken() {
    let octroi = serving(&[]);
    let mut connection = Dialer::new(octroi.base(), "127.0.0.1").connect();
    connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    let answer = connection.read_to_end();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn a_sign_in_is_small() {
    let octroi = serving(&[]);
    let long = "x".repeat(9_000);
    let body = json!({ "email": AZUR.email(Role::Adviser), "password": long });
    let problem = octroi.anonymous().post(TOKEN, &body).expect_problem(413);
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|said| said.contains("8192")),
        "{problem}"
    );
    let page = octroi.visitor().sign_in(&AZUR.email(Role::Adviser), &long);
    assert_eq!(page.status, 413);
    assert!(
        page.header("Content-Type")
            .is_some_and(|t| t.starts_with("text/html"))
    );
    // Nor in pieces, however the path is spelt.
    for path in [TOKEN, "/%61pi/v1/auth/token"] {
        let mut connection = Dialer::new(octroi.base(), "127.0.0.1").connect();
        connection.send(format!(
            "POST {path} HTTP/1.1\r\nHost: octroi\r\nContent-Type: application/json\r\n\
             Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        ));
        connection.send(format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len()));
        let answer = connection.read_to_end();
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
    let fits = json!({ "email": AZUR.email(Role::Adviser), "password": "x".repeat(7_000) });
    octroi.anonymous().post(TOKEN, &fits).expect_problem(401);
}

/// Megabytes that the service holds.
fn resident(octroi: &Installation) -> u64 {
    let path = format!("/proc/{}/status", octroi.server().process_id());
    let status = std::fs::read_to_string(path).expect("the service runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.expect("a size") / 1024
}

#[test]
fn a_flood_of_sign_ins_takes_no_memory_and_what_cannot_wait_is_sent_away_alike() {
    let octroi = serving(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let dialer = Dialer::new(octroi.base(), "127.0.0.1");
    guess(
        &octroi.anonymous(),
        "198.51.100.1",
        "nobody@azur.example",
        "wrong password",
    )
    .expect_problem(401);
    let before = resident(&octroi);
    let known = AZUR.email(Role::Adviser);
    let flood: Vec<(bool, Raw)> = (0..150)
        .map(|n| {
            let email = if n % 2 == 0 {
                known.clone()
            } else {
                format!("{n}@azur.example")
            };
            let body = json!({ "email": email, "password": "wrong password" }).to_string();
            let mut connection = dialer.connect();
            connection.send(format!(
                "POST {TOKEN} HTTP/1.1\r\nHost: octroi\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nX-Forwarded-For: 198.51.100.{n}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            ));
            (n % 2 == 0, connection)
        })
        .collect();
    let mut busy = [0, 0];
    for (known, mut connection) in flood {
        let answer = connection.read_to_end();
        let sent_away = answer.starts_with("HTTP/1.1 503");
        assert!(sent_away || answer.starts_with("HTTP/1.1 401"), "{answer}");
        if sent_away {
            assert!(answer.to_lowercase().contains("retry-after: "), "{answer}");
            busy[usize::from(known)] += 1;
        }
    }
    assert!(
        busy[0] > 0 && busy[1] > 0,
        "both kinds were sent away: {busy:?}"
    );
    let grown = resident(&octroi).saturating_sub(before);
    assert!(
        grown < 120,
        "{grown} MB more, on {before} MB, for two hashings at a time"
    );
    eventually("the service goes on", || {
        guess(&octroi.anonymous(), "203.0.113.1", &known, PASSWORD).status == 200
    });
}

on_both_databases! {
    fn a_stranger_is_stopped_and_the_person_comes_in(octroi: Installation) {
        let mut octroi = octroi.with("OCTROI_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1");
        octroi.take_server().kill();
        octroi.serve();
        let proxy = octroi.anonymous();
        for email in [AZUR.email(Role::Adviser), "nobody@azur.example".to_owned()] {
            // Ten, and what is free again while they are answered.
            let refused = (0..40).find_map(|n| {
                // What the stranger says about earlier hops is not looked at.
                let from = format!("203.0.113.{n}, 198.51.100.1, 10.1.1.1");
                let answer = guess(&proxy, &from, &email, "wrong password");
                (answer.status != 401).then_some(answer)
            });
            let refused = refused.expect("it is stopped");
            refused.expect_problem(429);
            let wait = seconds_to_wait(&refused);
            assert!((1..=6).contains(&wait), "one of ten a minute is free again: {wait}");
        }
        let known = AZUR.email(Role::Adviser);
        guess(&proxy, "198.51.100.2", &known, PASSWORD).expect(200);
        // Signing in well costs nothing.
        for _ in 0..20 {
            guess(&proxy, "198.51.100.3", &known, PASSWORD).expect(200);
        }
    }

    fn one_address_guesses_sixty_times_and_pages_say_when_to_come_back(octroi: Installation) {
        let adviser = AZUR.email(Role::Adviser);
        let mut refused = None;
        // Sixty and what drains while they are answered.
        for n in 0..200 {
            let body = json!({ "email": format!("{n}@azur.example"), "password": "wrong password" });
            let answer = octroi.anonymous().post(TOKEN, &body);
            if answer.status == 429 {
                refused = Some((n, answer));
                break;
            }
            answer.expect_problem(401);
        }
        let (guesses, refused) = refused.expect("it is stopped");
        assert!(guesses >= 60, "{guesses}");
        assert_eq!(seconds_to_wait(&refused), 1);
        // A header that anybody can write makes nobody somebody else.
        let mut answers = (0..20).map(|n| guess(&octroi.anonymous(), &format!("198.51.100.{n}"), &adviser, "wrong password"));
        assert!(answers.any(|answer| answer.status == 429));
        let page = octroi.visitor().sign_in(&adviser, "wrong password");
        if page.status == 429 {
            assert!(seconds_to_wait(&page) >= 1);
        }
        let mut pages = (0..20).map(|_| octroi.visitor().sign_in(&adviser, "wrong password"));
        let page = pages.find(|page| page.status == 429).expect("the page is stopped, too");
        assert!(seconds_to_wait(&page) >= 1);
    }

    fn failures_are_in_the_trail_when_the_service_has_stopped(octroi: Installation) {
        let mut octroi = octroi;
        for n in 0..5 {
            let email = if n < 3 { AZUR.email(Role::Adviser) } else { "nobody@azur.example".to_owned() };
            let body = json!({ "email": email, "password": "wrong password" });
            octroi.anonymous().post(TOKEN, &body).expect_problem(401);
        }
        let server = octroi.take_server();
        server.terminate();
        assert!(server.wait());
        let recorded = octroi.numbers("SELECT COUNT(*) FROM audit_event WHERE action = 'sign_in_failed'");
        assert_eq!(recorded, [3]);
    }
}

#[test]
fn a_host_is_believed_from_named_proxies_only() {
    for (proxies, expected) in [("10.0.0.1", 403), ("127.0.0.1", 303)] {
        let octroi = serving(&[("TRUSTED_PROXIES", proxies)]);
        let email = AZUR.email(Role::Adviser);
        let fields = [("email", email.as_str()), ("password", PASSWORD)];
        for header in [
            ("X-Forwarded-Host", "bank.example"),
            ("Forwarded", "for=198.51.100.1;host=\"bank.example\""),
        ] {
            let headers = [("Origin", "https://bank.example"), header];
            let mut visitor = Visitor::new(octroi.base());
            let answer = visitor.submit_with("/sign-in", &headers, &fields);
            assert_eq!(answer.status, expected, "{header:?} with {proxies} trusted");
        }
    }
}

#[test]
fn operators_have_an_address_of_their_own_when_it_is_configured() {
    let octroi = serving(&[("OPERATIONS_ADDRESS", "127.0.0.1:0")]);
    let operator = Caller::new(&octroi.server().operations, None);
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(operator.get(path).status, 200, "{path}");
        assert_eq!(
            octroi.anonymous().get(path).status,
            404,
            "{path} is not published"
        );
    }
    for path in ["/sign-in", "/api/v1/openapi.json"] {
        assert_eq!(operator.get(path).status, 404, "{path}");
        assert_eq!(octroi.anonymous().get(path).status, 200, "{path}");
    }
    assert!(
        operator.get("/metrics").text().contains("/sign-in"),
        "it counts what everybody asked"
    );
}
