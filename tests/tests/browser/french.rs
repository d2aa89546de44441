//! The pages in French: words, numbers and dates, on every page of every role.

use crate::chromium::{Browser, Scripts, walk};
use crate::demo::Demo;
use octroi_tests::{AZUR, PASSWORD, Role, source_file};
use std::collections::HashMap;

#[test]
fn the_pages_read_in_french_leave_no_english_word_and_write_decimal_commas() {
    let demo = Demo::start();
    let words = Words::read();
    walk(&demo.base, Scripts::Run, async |browser| {
        browser.go("/sign-in").await;
        assert_eq!(
            browser.heading().await,
            "Sign in",
            "the browser asks for English"
        );
        browser.leave("a[hreflang=fr]").await;
        assert_eq!(browser.heading().await, "Connexion");
        words.expect_french(browser).await;
        browser.sign_in(&AZUR.email(Role::Adviser), PASSWORD).await;
        words.expect_french(browser).await;
        browser.screenshot("overview").await;
        read_a_file(browser, &words).await;
        browser.send("Se déconnecter").await;

        browser.sign_in(&AZUR.email(Role::Analyst), PASSWORD).await;
        for path in ["/models", "/models/credit/versions/1", "/drift"] {
            browser.go(path).await;
            words.expect_french(browser).await;
            browser
                .screenshot(path.rsplit('/').next().unwrap_or(path))
                .await;
        }
        browser.go("/models/credit/versions/1/note").await;
        words.expect_french(browser).await;
        browser.screenshot("note").await;
        browser.back().await;
        browser.send("Se déconnecter").await;

        browser
            .sign_in(&AZUR.email(Role::Compliance), PASSWORD)
            .await;
        browser.go("/audit").await;
        words.expect_french(browser).await;
        browser.leave("#results tbody th a").await;
        words.expect_french(browser).await;
        browser.screenshot("audit-event").await;
        browser.send("Se déconnecter").await;

        browser.sign_in(&AZUR.email(Role::Admin), PASSWORD).await;
        words.expect_french(browser).await;
        browser.screenshot("administration").await;
        browser.expect_no_complaints().await;

        browser.go("/audit").await;
        words.expect_french(browser).await;
        browser.leave("a[hreflang=en]").await;
        assert_eq!(
            browser.heading().await,
            "Not permitted",
            "and back in English"
        );
    });
}

async fn read_a_file(browser: &Browser, words: &Words) {
    for (decision, told) in [("granted", "Crédit accordé"), ("refused", "Crédit refusé")] {
        browser.go(&format!("/clients?decision={decision}")).await;
        words.expect_french(browser).await;
        browser.leave("#results tbody th a").await;
        assert!(browser.text(".decision-words").await.contains(told));
        let why = browser.text(".decision-why").await;
        assert!(why.contains(',') && why.contains("\u{202f}%"), "{why}");
        words.expect_french(browser).await;
        browser.screenshot(&format!("client-{decision}")).await;
        browser.press_link("Par famille").await;
        browser.await_that("location.search === '?by=family'").await;
        words.expect_french(browser).await;
        if decision == "refused" {
            browser.press_link("Chercher des changements").await;
            browser.await_element("#counterfactual details").await;
            words.expect_french(browser).await;
        }
    }
    browser.follow("Comparer").await;
    browser.await_element(".panel").await;
    words.expect_french(browser).await;
    browser.screenshot("comparison").await;
    browser.go("/clients?q=personne+de+ce+nom").await;
    words.expect_french(browser).await;
}

/// The English messages that are not the same in French.
struct Words(HashMap<String, String>);

impl Words {
    fn read() -> Self {
        let messages = |language: &str| -> HashMap<String, String> {
            source_file(&format!("frontend/locales/{language}.ftl"))
                .lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
                .filter_map(|line| line.split_once(" = "))
                .filter(|(_, text)| !text.contains('{'))
                .map(|(key, text)| (key.to_owned(), text.trim().to_owned()))
                .collect()
        };
        let french = messages("fr");
        assert!(french.len() > 200, "the locale is read");
        let same = |text: &String| french.values().any(|told| told == text);
        let english = messages("en");
        Self(
            english
                .into_iter()
                .filter(|(_, text)| !same(text))
                .map(|(key, text)| (text, key))
                .collect(),
        )
    }

    /// Fails when a text of the page, or a text for screen readers, is an English message, or
    /// when a number has a decimal point.
    async fn expect_french(&self, browser: &Browser) {
        let path = browser.path().await;
        assert_eq!(
            browser.attribute("html", "lang").await.as_deref(),
            Some("fr"),
            "{path}"
        );
        let texts: Vec<String> = browser
            .script(
                "const texts = [document.title.replace(/ · Octroi$/, '')];
                 const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                 while (walker.nextNode()) {
                   const within = walker.currentNode.parentElement;
                   if (!within.closest('script, style, code, pre')) texts.push(walker.currentNode.data);
                 }
                 for (const element of document.querySelectorAll('*')) {
                   if (element.closest('[lang=en]:not(html)')) continue;
                   for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
                     if (element.hasAttribute(name)) texts.push(element.getAttribute(name));
                   }
                 }
                 return texts.map((text) => text.replace(/\\s+/g, ' ').trim()).filter(Boolean)",
            )
            .await;
        let english: Vec<_> = texts
            .iter()
            .filter(|text| self.0.contains_key(*text))
            .collect();
        assert!(english.is_empty(), "{path} says in English: {english:?}");
        let pointed: Vec<_> = texts
            .iter()
            .filter(|text| has_decimal_point(text))
            .collect();
        assert!(
            pointed.is_empty(),
            "{path} writes decimal points: {pointed:?}"
        );
    }
}

/// A digit, a point, a digit, unless it is a version (two points) or the name of a file.
fn has_decimal_point(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let inner: Vec<char> = word.trim_end_matches(['.', ',', ')']).chars().collect();
        let points = inner.iter().filter(|c| **c == '.').count();
        points == 1
            && inner
                .windows(3)
                .any(|w| w[0].is_ascii_digit() && w[1] == '.' && w[2].is_ascii_digit())
    })
}
