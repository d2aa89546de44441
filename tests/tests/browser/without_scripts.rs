//! The pages where JavaScript is blocked: everything can still be found, read and compared.

use crate::chromium::{Scripts, walk};
use crate::demo::Demo;
use octroi_tests::{HARBOUR, PASSWORD, Role};

#[test]
fn an_adviser_finds_reads_and_compares_a_client_where_scripts_are_blocked() {
    let demo = Demo::start();
    walk(&demo.base, Scripts::Blocked, async |browser| {
        browser.go("/").await;
        assert!(
            !browser
                .script::<bool>("return document.documentElement.classList.contains('script')")
                .await,
            "the page's scripts are blocked"
        );
        browser
            .sign_in(&HARBOUR.email(Role::Adviser), PASSWORD)
            .await;
        assert_eq!(browser.heading().await, "Overview");
        browser.follow("Clients").await;
        let first = browser.text("#results tbody th a").await;
        browser.fill("#q", &first[1..]).await;
        browser.leave("form.filters button").await;
        assert!(browser.path().await.contains(&format!("q={}", &first[1..])));
        browser.follow(&first).await;
        assert!(browser.heading().await.contains(&first));

        assert!(browser.text(".decision-words").await.contains("Credit "));
        assert!(browser.count(".reasons li").await > 0);
        browser.press("#contributions details summary").await;
        let table = browser.text("#contributions table").await;
        assert!(
            table.contains("Base value") && table.contains("This client"),
            "{table}"
        );
        assert!(table.lines().count() >= 12, "{table}");
        browser.screenshot("client").await;
        browser.follow("By family").await;
        assert_eq!(browser.path().await, format!("/clients/{first}?by=family"));

        browser.go("/clients?decision=refused").await;
        let refused = browser.text("#results tbody th a").await;
        browser.follow(&refused).await;
        browser.follow("Search for changes").await;
        let path = format!("/clients/{refused}?by=feature&counterfactual=true");
        assert!(
            browser.path().await.starts_with(&path),
            "{}",
            browser.path().await
        );
        let answer = browser.text("#counterfactual [role=status]").await;
        assert!(
            answer.contains("would have been granted") || answer.contains("would have led"),
            "{answer}"
        );
        browser.screenshot("counterfactual").await;

        browser.go(&format!("/clients/{first}")).await;
        browser.follow("Compare").await;
        browser.press("input[name=feature][value=AMT_CREDIT]").await;
        browser.choose("select[name=k]", "50").await;
        browser.leave(".chooser form button").await;
        assert!(
            browser.path().await.contains("k=50"),
            "{}",
            browser.path().await
        );
        browser.press(".panel details summary").await;
        assert!(
            browser
                .text(".panel figure table")
                .await
                .contains("All clients")
        );
        browser.screenshot("comparison").await;
        browser.follow("Back to the file").await;
        browser.send("Score again").await;
        assert_eq!(
            browser.text("[role=status].notice").await,
            "The client has been scored again."
        );
        browser.send("Sign out").await;
        assert_eq!(browser.heading().await, "Sign in");
    });
}
