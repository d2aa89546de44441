//! Who may open what, in words: pages of others, clients who do not exist, and what an
//! administrator can end at once.

use crate::chromium::{Browser, Scripts, walk};
use crate::demo::Demo;
use octroi_tests::{Caller, HARBOUR, PASSWORD, Role};

const SESSION: &str = "octroi-session";

#[test]
fn whoever_may_not_open_a_page_is_told_so_and_finds_a_way_out() {
    let demo = Demo::start();
    walk(&demo.base, Scripts::Run, async |browser| {
        for role in Role::ALL {
            browser.go("/sign-in").await;
            browser.sign_in(&HARBOUR.email(role), PASSWORD).await;
            let offered = browser.texts(".top-nav a").await;
            for (name, path) in [
                ("Overview", "/"),
                ("Clients", "/clients"),
                ("Models", "/models"),
                ("Data drift", "/drift"),
                ("Audit log", "/audit"),
                ("Administration", "/administration"),
            ] {
                browser.go(path).await;
                let heading = browser.heading().await;
                if offered.iter().any(|entry| entry == name) {
                    assert_eq!(heading, name, "{role:?} is offered {path}");
                } else {
                    assert_eq!(heading, "Not permitted", "{role:?} is not offered {path}");
                    expect_way_out(browser).await;
                }
            }
            browser.go("/clients/1").await;
            expect_way_out(browser).await;
            every_link_opens(browser, role).await;
            browser.go("/nowhere").await;
            assert_eq!(browser.heading().await, "Not found");
            expect_way_out(browser).await;
            browser.send("Sign out").await;
        }
        browser.go("/sign-in").await;
        browser
            .sign_in(&HARBOUR.email(Role::Adviser), PASSWORD)
            .await;
        browser.go("/audit").await;
        browser.screenshot("403").await;
        browser.go("/clients/1").await;
        assert_eq!(browser.heading().await, "Not found");
        browser.screenshot("404").await;
    });
}

/// The first button of an error page leads to a page that opens.
async fn expect_way_out(browser: &Browser) {
    let from = browser.path().await;
    let status = browser.text(".error-status").await;
    assert!(["403", "404"].contains(&status.as_str()), "{status}");
    browser.leave(".error-page .actions a").await;
    let heading = browser.heading().await;
    assert!(
        ["Overview", "Administration"].contains(&heading.as_str()),
        "out of {from} leads to {heading}"
    );
}

/// No page offers this role a link that it may not follow.
async fn every_link_opens(browser: &Browser, role: Role) {
    browser.go("/").await;
    let mut pages = browser.texts(".top-nav a").await.len();
    let mut seen: Vec<String> = Vec::new();
    let mut open = vec![
        "/".to_owned(),
        "/clients".to_owned(),
        "/administration".to_owned(),
    ];
    while let Some(path) = open.pop() {
        // One of each kind of page is enough: numbers and identifiers count as one.
        let kind: Vec<&str> = path
            .split('?')
            .next()
            .unwrap_or_default()
            .split('/')
            .map(|part| {
                if part.contains(|c: char| c.is_ascii_digit()) {
                    "#"
                } else {
                    part
                }
            })
            .collect();
        let kind = kind.join("/");
        if seen.contains(&kind) {
            continue;
        }
        seen.push(kind);
        browser.go(&path).await;
        if browser.count(".error-status").await > 0 {
            assert!(
                ["/", "/clients", "/administration"].contains(&path.as_str()),
                "{role:?} was offered {path}, which says {}",
                browser.heading().await
            );
            continue;
        }
        pages += 1;
        let links: Vec<String> = browser
            .script(
                "return [...document.querySelectorAll('a[href^=\"/\"]')].map((a) => a.getAttribute('href'))
                   .filter((href) => !href.includes('lang=') && !href.includes('/report'))",
            )
            .await;
        open.extend(links.into_iter().filter(|link| link != "/"));
    }
    assert!(pages >= 2, "{role:?} can open something");
}

#[test]
fn an_administrator_makes_and_revokes_keys_and_ends_a_colleagues_session_at_once() {
    let demo = Demo::start();
    walk(&demo.base, Scripts::Run, async |browser| {
        browser.go("/sign-in").await;
        browser
            .sign_in(&HARBOUR.email(Role::Adviser), PASSWORD)
            .await;
        let advisers_session = browser.cookie(SESSION).await;
        browser.forget().await;

        browser.go("/sign-in").await;
        browser.sign_in(&HARBOUR.email(Role::Admin), PASSWORD).await;
        assert_eq!(browser.heading().await, "Administration");
        let people = browser.texts("section:has(#users-heading) tbody th").await;
        for name in [
            "Alice Morgan",
            "Samir Patel",
            "Grace Okafor",
            "Tom Fletcher",
        ] {
            assert!(
                people.contains(&name.to_owned()),
                "{name} is not among {people:?}"
            );
        }
        browser.screenshot("administration").await;
        make_and_revoke_a_key(browser, &demo.base, &advisers_session).await;
        end_a_session(browser, &advisers_session).await;
        // Signing in as a disabled user answers 401, which the browser notes.
        let complaints = browser.complaints().await;
        assert!(
            complaints.iter().all(|said| said.contains("401")),
            "{complaints:#?}"
        );
    });
}

async fn make_and_revoke_a_key(browser: &Browser, base: &str, approver: &str) {
    assert!(
        browser
            .text("section:has(#keys-heading)")
            .await
            .contains("partner")
    );
    browser
        .fill("form.key-form input[name=name]", "night batch")
        .await;
    browser
        .press("form.key-form input[value='decisions:view']")
        .await;
    browser.send("Create the key").await;
    let secret = browser.text("#secret").await;
    assert!(secret.len() >= 32, "{secret:?} is no secret");
    browser.screenshot("new-key").await;
    let call = || {
        Caller::new(base, Some(&secret))
            .get("/api/v1/decisions/00000000-0000-7000-8000-000000000000")
    };
    assert_eq!(call().status, 403, "nobody has approved it yet");
    browser.go("/administration").await;
    assert!(
        !browser.words().await.contains(&secret),
        "the secret is shown once"
    );
    let own = browser.cookie(SESSION).await;
    browser.set_cookie(SESSION, approver).await;
    browser.go("/clients").await;
    browser.leave("a.who").await;
    assert_eq!(browser.heading().await, "My account");
    browser.screenshot("waiting-key").await;
    browser
        .leave("button[aria-label='Approve night batch']")
        .await;
    assert!(
        browser
            .text("[role=status].notice")
            .await
            .contains("works from now on")
    );
    browser.set_cookie(SESSION, &own).await;
    assert_eq!(
        call().status,
        404,
        "the key opens the door, behind which there is nothing"
    );
    browser.go("/administration").await;
    browser
        .press("button[aria-label='Revoke night batch']")
        .await;
    assert!(browser.agree().await.contains("night batch"));
    assert_eq!(
        browser.text("[role=status].notice").await,
        "The API key has been revoked."
    );
    assert_eq!(call().status, 401, "a revoked key opens nothing");
}

async fn end_a_session(browser: &Browser, advisers_session: &str) {
    let own = browser.cookie(SESSION).await;
    browser.set_cookie(SESSION, advisers_session).await;
    browser.go("/clients").await;
    assert_eq!(browser.heading().await, "Clients", "the adviser is at work");
    browser.set_cookie(SESSION, &own).await;
    browser.go("/administration").await;
    browser
        .leave("button[aria-label='Disable Alice Morgan']")
        .await;
    assert!(
        browser
            .text("[role=status].notice")
            .await
            .contains("disabled")
    );
    browser.set_cookie(SESSION, advisers_session).await;
    browser.go("/clients").await;
    assert_eq!(
        browser.heading().await,
        "Sign in",
        "the adviser's session has ended"
    );
    browser
        .sign_in(&HARBOUR.email(Role::Adviser), PASSWORD)
        .await;
    assert!(
        browser
            .text("[role=alert]")
            .await
            .contains("do not belong together")
    );
    browser.set_cookie(SESSION, &own).await;
    browser.go("/administration").await;
    browser
        .leave("button[aria-label='Enable Alice Morgan']")
        .await;
    browser.send("Sign out").await;
    browser
        .sign_in(&HARBOUR.email(Role::Adviser), PASSWORD)
        .await;
    assert_eq!(browser.heading().await, "Overview");
}
