//! The pages for people who do not see them or have no mouse: axe-core finds nothing on any
//! page, light and dark, in both languages; the keyboard reaches everything and shows where
//! it is.

use crate::chromium::{Browser, Scripts, walk};
use crate::demo::Demo;
use octroi_tests::{HARBOUR, PASSWORD, Role, source_file};
use serde_json::Value;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

#[test]
fn axe_finds_nothing_on_any_page_in_light_and_dark_in_both_languages() {
    let axe = source_file("frontend/node_modules/axe-core/axe.min.js");
    let demo = Demo::start();
    walk(&demo.base, Scripts::Run, async |browser| {
        browser.go("/sign-in").await;
        let nameless = "document.querySelector('main').append(document.createElement('button'))";
        browser.script::<()>(nameless).await;
        let mut found = Vec::new();
        look(browser, &axe, "spoilt", "sign-in", &mut found).await;
        assert!(
            found.iter().any(|said| said.contains("button-name")),
            "axe sees nothing: {found:?}"
        );
        found.clear();
        for language in ["en", "fr"] {
            for scheme in ["light", "dark"] {
                browser.prefer(scheme).await;
                look_everywhere(browser, &axe, language, scheme, &mut found).await;
            }
        }
        assert!(found.is_empty(), "axe found:\n{}", found.join("\n"));
    });
}

async fn look_everywhere(
    browser: &Browser,
    axe: &str,
    language: &str,
    scheme: &str,
    found: &mut Vec<String>,
) {
    browser.go(&format!("/sign-in?lang={language}")).await;
    let state = format!("{language}-{scheme}");
    look(browser, axe, &state, "sign-in", found).await;
    browser.go("/password/nothing").await;
    look(browser, axe, &state, "dead-link", found).await;
    let pages: [(Role, &[(&str, &str)]); 4] = [
        (
            Role::Adviser,
            &[
                ("overview", "/"),
                ("clients", "/clients"),
                ("clients-none", "/clients?q=nobody+of+this+name"),
                ("account", "/account"),
                ("client", "FILE"),
                ("client-families", "FILE?by=family"),
                ("client-counterfactual", "FILE?counterfactual=true"),
                (
                    "comparison",
                    "FILE/comparison?feature=AMT_CREDIT&feature=NAME_CONTRACT_TYPE&feature=OCCUPATION_TYPE",
                ),
                ("403", "/audit"),
                ("404", "/clients/1"),
            ],
        ),
        (
            Role::Analyst,
            &[
                ("models", "/models"),
                ("version", "/models/credit/versions/1"),
                ("note", "/models/credit/versions/1/note"),
                ("drift", "/drift"),
            ],
        ),
        (
            Role::Compliance,
            &[("audit", "/audit"), ("audit-event", "EVENT")],
        ),
        (Role::Admin, &[("administration", "/administration")]),
    ];
    for (role, pages) in pages {
        browser.go("/sign-in").await;
        browser.sign_in(&HARBOUR.email(role), PASSWORD).await;
        for (name, path) in pages {
            let path = if let Some(rest) = path.strip_prefix("FILE") {
                browser.go("/clients?decision=refused").await;
                browser
                    .attribute("#results tbody th a", "href")
                    .await
                    .expect("a link")
                    + rest
            } else if *path == "EVENT" {
                browser
                    .attribute("#results tbody th a", "href")
                    .await
                    .expect("a link")
            } else {
                (*path).to_owned()
            };
            browser.go(&path).await;
            assert_eq!(browser.path().await, path, "{role:?} is signed in");
            look(browser, axe, &state, name, found).await;
        }
        if role == Role::Admin {
            browser.fill("form.key-form input[name=name]", &state).await;
            browser.press("form.key-form input[name=scope]").await;
            browser.leave("form.key-form button").await;
            look(browser, axe, &state, "new-key", found).await;
            browser.press("form[action$='password-link'] button").await;
            browser.agree().await;
            let link = browser.text("#link").await;
            look(browser, axe, &state, "new-link", found).await;
            let path = link.split_once("/password/").expect("an address").1;
            browser.go(&format!("/password/{path}")).await;
            look(browser, axe, &state, "password-link", found).await;
        }
        browser.forget().await;
        browser.go(&format!("/sign-in?lang={language}")).await;
    }
}

/// Runs axe on the page as it is.
async fn look(browser: &Browser, axe: &str, state: &str, name: &str, found: &mut Vec<String>) {
    browser.screenshot(&format!("{name}-{state}")).await;
    browser
        .script::<()>(&format!("{axe}; window.axe = axe"))
        .await;
    let violations: Vec<Value> = browser
        .script(
            "return axe.run(document, { resultTypes: ['violations'] })
               .then((told) => told.violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help,
                 nodes: v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')) })))",
        )
        .await;
    found.extend(
        violations
            .into_iter()
            .map(|violation| format!("{name} {state}: {violation}")),
    );
}

#[test]
fn the_keyboard_skips_the_navigation_and_shows_where_it_is() {
    let demo = Demo::start();
    walk(&demo.base, Scripts::Run, async |browser| {
        browser.go("/sign-in").await;
        browser
            .sign_in(&HARBOUR.email(Role::Adviser), PASSWORD)
            .await;
        browser.go("/clients").await;
        browser.keys(TAB).await;
        assert_eq!(focused(browser).await, "Skip to content");
        expect_focus_is_seen(browser).await;
        browser.screenshot("skip-link").await;
        browser.keys(ENTER).await;
        browser
            .await_that("document.activeElement.id === 'main'")
            .await;
        browser.keys(TAB).await;
        let field: String = browser.script("return document.activeElement.name").await;
        assert_eq!(
            field, "q",
            "the search is the first thing after the navigation"
        );
        expect_focus_is_seen(browser).await;
        browser.keys("5").await;
        browser.await_that("location.search.includes('q=5')").await;
        let field: String = browser.script("return document.activeElement.name").await;
        assert_eq!(field, "q", "new results do not take the focus away");
        for _ in 0..60 {
            browser.keys(TAB).await;
            expect_focus_is_seen(browser).await;
            if browser
                .script("return document.activeElement.matches('#results tbody th a')")
                .await
            {
                break;
            }
        }
        let client = focused(browser).await;
        browser.keys(ENTER).await;
        browser
            .await_that("location.pathname.startsWith('/clients/')")
            .await;
        assert!(browser.heading().await.contains(&client));
        browser.expect_no_complaints().await;
    });
}

async fn focused(browser: &Browser) -> String {
    browser
        .script("return document.activeElement.textContent.trim()")
        .await
}

/// What has the focus is on the screen and differs from what has not.
async fn expect_focus_is_seen(browser: &Browser) {
    let seen: Value = browser
        .script(
            "const element = document.activeElement;
             const style = getComputedStyle(element);
             const box = element.getBoundingClientRect();
             return {
               what: element.outerHTML.slice(0, 120),
               inside: box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
               outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
               shadowed: style.boxShadow !== 'none',
             }",
        )
        .await;
    assert_eq!(seen["inside"], true, "the focus is off the screen: {seen}");
    assert!(
        seen["outlined"] == true || seen["shadowed"] == true,
        "the focus cannot be seen: {seen}"
    );
}
