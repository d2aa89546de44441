//! The first walk through the demo: an adviser reads why a client was refused or granted and
//! compares the client; a compliance officer then finds that view in the audit log.

use crate::chart;
use crate::chromium::{Browser, Scripts, walk};
use crate::demo::Demo;
use octroi_tests::{HARBOUR, PASSWORD, Role};

#[test]
fn a_newcomer_reads_a_decision_as_adviser_and_finds_that_view_as_compliance_officer() {
    let demo = Demo::start();
    walk(&demo.base, Scripts::Run, async |browser| {
        sign_in_from_the_front_door(browser).await;
        let client = find_a_client(browser).await;
        let explanation = read_the_file(browser, &client).await;
        ask_what_would_change_it(browser, &client).await;
        compare(browser, &client).await;
        score_again(browser, &client).await;
        sign_out(browser, &client).await;
        find_the_view_in_the_log(browser, &client, &explanation).await;
        browser.expect_no_complaints().await;
    });
}

async fn sign_in_from_the_front_door(browser: &Browser) {
    browser.go("/").await;
    assert_eq!(browser.heading().await, "Sign in");
    let logins = browser.texts("table code").await;
    assert!(logins.contains(&HARBOUR.email(Role::Adviser)), "{logins:?}");
    assert!(logins.contains(&PASSWORD.to_owned()), "{logins:?}");
    assert_eq!(
        browser.count("table tbody tr").await,
        8,
        "two banks with four roles"
    );
    let room = "const t = document.querySelector('.scroll'); return t.scrollWidth <= t.clientWidth";
    assert!(browser.script::<bool>(room).await, "a login is cut off");
    browser.screenshot("sign-in").await;

    browser
        .sign_in(&HARBOUR.email(Role::Adviser), "not-the-password")
        .await;
    let refusal = browser.text("[role=alert]").await;
    assert!(refusal.contains("do not belong together"), "{refusal}");
    // A refused sign-in answers 401, which the browser notes.
    browser.complaints().await;

    browser
        .sign_in(&HARBOUR.email(Role::Adviser), PASSWORD)
        .await;
    assert_eq!(browser.heading().await, "Overview");
    assert_eq!(browser.text("header .bank").await, HARBOUR.name);
    assert_eq!(chart::expect_all_drawn(browser).await, 2);
    browser.screenshot("overview").await;
}

/// Finds one client by part of the number and by name; gives back the number.
async fn find_a_client(browser: &Browser) -> String {
    browser.follow("Clients").await;
    let first = browser.text("#results tbody th a").await;
    let name = browser.text("#results tbody th .name").await;
    browser.screenshot("clients").await;

    let part = &first[2..];
    browser.fill("#q", part).await;
    browser
        .await_that(&format!(
            "location.search.includes('q={part}') && \
             [...document.querySelectorAll('#results tbody th a')].every((a) => a.textContent.includes('{part}'))"
        ))
        .await;
    assert!(browser.texts("#results tbody th a").await.contains(&first));

    let surname = name
        .split_whitespace()
        .last()
        .expect("a name")
        .to_lowercase();
    browser.fill("#q", &surname).await;
    browser
        .await_that(&format!(
            "document.querySelectorAll('#results tbody .name').length > 0 && \
             [...document.querySelectorAll('#results tbody .name')].every((e) => e.textContent.toLowerCase().includes('{surname}'))"
        ))
        .await;
    assert!(browser.texts("#results tbody th a").await.contains(&first));

    browser.fill("#q", "nobody of this name").await;
    browser
        .await_that("document.querySelector('#results .empty')")
        .await;
    browser.screenshot("clients-none").await;
    browser.follow("Clear the filters").await;
    browser.choose("select[name=decision]", "refused").await;
    browser
        .await_that(
            "document.querySelectorAll('#results .outcome').length > 0 && \
             !document.querySelector('#results .outcome-granted')",
        )
        .await;
    let refused = browser.text("#results tbody th a").await;
    browser.fill("#q", &refused).await;
    browser
        .await_that("document.querySelectorAll('#results tbody tr').length === 1")
        .await;
    browser.follow(&refused).await;
    refused
}

/// Reads what an adviser must be able to tell the client; gives back the explanation's digest.
async fn read_the_file(browser: &Browser, client: &str) -> String {
    assert!(browser.heading().await.contains(client));
    assert_eq!(
        browser
            .text(".decision-words")
            .await
            .trim_start_matches('◆')
            .trim(),
        "Credit refused"
    );
    let why = browser.text(".decision-why").await;
    let shares: Vec<f64> = why
        .split_whitespace()
        .filter(|word| word.contains('%'))
        .map(|word| chart::number(word.trim_end_matches(['.', ','])))
        .collect();
    assert_eq!(
        shares.len(),
        2,
        "the probability and the threshold are named: {why}"
    );
    assert!(shares[0] >= shares[1], "{why}");
    let gauge = browser
        .attribute(".gauge", "aria-label")
        .await
        .expect("the gauge is described");
    assert!(
        gauge.contains(&format!("{:.1}%", shares[0])),
        "{gauge} against {why}"
    );

    let reasons = browser.texts(".raises li").await;
    assert!(
        !reasons.is_empty(),
        "nothing is said to raise the risk of a refused client"
    );
    for reason in &reasons {
        assert!(
            reason.contains(": ") && reason.contains("raises the risk."),
            "{reason}"
        );
    }

    assert_eq!(
        chart::expect_waterfall_adds_up(browser).await,
        11,
        "ten features and the others"
    );
    let drawn = chart::given(browser, "#contributions").await;
    assert!(
        drawn["margin"].as_f64() >= drawn["threshold"].as_f64(),
        "{drawn}"
    );
    browser.screenshot("client").await;
    browser.press_link("By family").await;
    browser
        .await_that(
            "document.querySelector('#contributions [aria-current]').textContent === 'By family'",
        )
        .await;
    browser.await_that("location.search === '?by=family'").await;
    chart::expect_waterfall_adds_up(browser).await;
    let families = chart::given(browser, "#contributions").await;
    let close = |a: &serde_json::Value, b: &serde_json::Value| {
        (a.as_f64().expect("a number") - b.as_f64().expect("a number")).abs() < 1e-9
    };
    assert!(
        close(&families["margin"], &drawn["margin"]),
        "families explain the same score"
    );
    browser.screenshot("client-families").await;

    browser.press("#information-groups .term").await;
    let help = browser.text("[popover]:popover-open").await;
    assert!(help.len() > 20, "a label says what it means: {help}");
    browser.keys("\u{e00c}").await;

    let shown = browser
        .texts("section:has(#shown-heading) tbody tr:first-child td")
        .await;
    assert_eq!(
        shown[1], "Alice Morgan",
        "who reads the file is in its list of readers"
    );
    let fine = browser.texts("main > .fine code").await;
    assert_eq!(
        fine[0].len(),
        64,
        "the explanation is named by its digest: {fine:?}"
    );
    fine[0].clone()
}

/// Searches for what would have changed the refusal, and reads it.
async fn ask_what_would_change_it(browser: &Browser, client: &str) {
    assert_eq!(
        browser.count("#counterfactual li").await,
        0,
        "nothing is searched for unasked"
    );
    browser.press_link("Search for changes").await;
    browser.await_element("#counterfactual details").await;
    let proposals = browser.texts("#counterfactual ol li").await;
    for proposal in &proposals {
        assert!(
            proposal.starts_with("With ") && proposal.contains("would have been granted"),
            "{proposal}"
        );
        let shares: Vec<f64> = proposal
            .split_whitespace()
            .filter(|word| word.contains('%'))
            .map(|word| chart::number(word.trim_end_matches(['.', ',', ')'])))
            .collect();
        assert!(shares.len() == 2 && shares[0] < shares[1], "{proposal}");
    }
    if proposals.is_empty() {
        let none = browser.text("#counterfactual [role=status]").await;
        assert!(none.contains("would have led to a grant"), "{none}");
    }
    browser.press("#counterfactual details summary").await;
    let tried = browser.texts("#counterfactual details li").await;
    assert!(
        tried
            .iter()
            .any(|line| line.starts_with("Loan amount: from ")),
        "{tried:?}"
    );
    browser.screenshot("client-counterfactual").await;
    browser.go("/clients?decision=granted").await;
    browser.leave("#results tbody th a").await;
    assert_eq!(
        browser.count("#counterfactual").await,
        0,
        "a grant has nothing to change"
    );
    browser.go(&format!("/clients/{client}")).await;
}

/// Chooses two features and reads where the client stands.
async fn compare(browser: &Browser, client: &str) {
    browser.follow("Compare").await;
    assert_eq!(browser.heading().await, format!("Client {client} compared"));
    let chosen = "[...document.querySelectorAll('input[name=feature]:checked')]";
    let wanted = ["AMT_CREDIT", "DAYS_BIRTH"];
    browser
        .script::<()>(
            "document.querySelectorAll('#feature-list details').forEach((d) => (d.open = true))",
        )
        .await;
    let ticked: Vec<String> = browser
        .script(&format!("return {chosen}.map((i) => i.value)"))
        .await;
    let changes = ticked
        .iter()
        .filter(|name| !wanted.contains(&name.as_str()))
        .map(String::as_str)
        .chain(
            wanted
                .into_iter()
                .filter(|name| !ticked.iter().any(|t| t == name)),
        );
    for feature in changes {
        browser
            .press(&format!("input[name=feature][value={feature}]"))
            .await;
    }
    browser
        .await_that(
            "document.querySelectorAll('.panel').length === 2 && \
             document.getElementById('panel-AMT_CREDIT') && document.getElementById('panel-DAYS_BIRTH')",
        )
        .await;
    assert_eq!(chart::expect_all_drawn(browser).await, 2);
    for feature in wanted {
        let panel = format!("section[aria-labelledby=panel-{feature}]");
        let drawn = chart::given(browser, &panel).await;
        let share = |group: &str| -> f64 {
            drawn[group]
                .as_array()
                .expect("shares")
                .iter()
                .filter_map(serde_json::Value::as_f64)
                .sum()
        };
        assert!((share("all") - 1.0).abs() < 1e-6, "{drawn}");
        assert!((share("similar") - 1.0).abs() < 1e-6, "{drawn}");
        assert!(drawn["client"].is_u64(), "the client is marked: {drawn}");
        let standing = browser.text(&format!("{panel} .panel-value")).await;
        assert!(standing.contains("of all clients"), "{standing}");
        assert!(standing.contains("of similar clients"), "{standing}");
        let groups = browser.texts(&format!("{panel} .small tbody th")).await;
        assert_eq!(
            groups.len(),
            5,
            "the client, all, similar, granted and refused: {groups:?}"
        );
    }
    browser.screenshot("comparison").await;
    browser.reload().await;
    assert_eq!(
        browser.count(".panel").await,
        2,
        "the address keeps what was chosen"
    );
    browser.follow("Back to the file").await;
}

async fn score_again(browser: &Browser, client: &str) {
    let decisions = browser
        .count("section:has(#history-heading) tbody tr")
        .await;
    let refused = browser.text(".decision-why").await;
    browser.send("Score again").await;
    assert_eq!(
        browser.text("[role=status].notice").await,
        "The client has been scored again."
    );
    assert!(browser.heading().await.contains(client));
    assert_eq!(
        browser
            .count("section:has(#history-heading) tbody tr")
            .await,
        decisions + 1
    );
    assert_eq!(
        browser.text(".decision-why").await,
        refused,
        "the same inputs, the same decision"
    );
    let by = browser.texts(".decision dl dd").await;
    assert!(by.contains(&"Alice Morgan".to_owned()), "{by:?}");
    browser.screenshot("client-scored-again").await;
    browser.reload().await;
    assert_eq!(browser.count(".notice").await, 0, "it is said once");
}

async fn sign_out(browser: &Browser, client: &str) {
    browser.send("Sign out").await;
    assert_eq!(browser.heading().await, "Sign in");
    browser.back().await;
    browser.await_that("document.querySelector('h1')").await;
    assert!(
        !browser.words().await.contains("Credit refused"),
        "nothing can be read after signing out"
    );
    browser.go(&format!("/clients/{client}")).await;
    assert_eq!(browser.heading().await, "Sign in");
}

async fn find_the_view_in_the_log(browser: &Browser, client: &str, explanation: &str) {
    browser.go("/").await;
    browser
        .sign_in(&HARBOUR.email(Role::Compliance), PASSWORD)
        .await;
    browser.follow("Audit log").await;
    browser
        .choose("select[name=action]", "explanation_shown")
        .await;
    browser.fill("input[name=subject]", client).await;
    browser.press("form.filters button").await;
    browser
        .await_that(&format!(
            "location.search.includes('subject={client}') && \
             document.querySelectorAll('#results tbody tr').length > 0 && \
             [...document.querySelectorAll('#results tbody tr')].every((row) => \
               row.textContent.includes('Explanation shown') && row.textContent.includes('{client}') && \
               row.textContent.includes('Alice Morgan') && row.querySelector('time').dateTime)"
        ))
        .await;
    browser.screenshot("audit").await;
    // The oldest view is the one that was read above.
    browser.leave("#results tbody tr:last-child th a").await;
    assert!(browser.heading().await.contains("Audit log"));
    let event = browser.text(".event").await;
    for told in ["Alice Morgan", "Explanation shown", client, explanation] {
        assert!(event.contains(told), "{told} is not in\n{event}");
    }
    let digests = browser.texts(".event code.long").await;
    assert!(
        digests
            .iter()
            .any(|d| d.len() == 64 && d.chars().all(|c| c.is_ascii_hexdigit())),
        "{digests:?}"
    );
    browser.screenshot("audit-event").await;
    browser.send("Sign out").await;
}
