//! What a risk analyst reads: the models, how good a version is, its note, and the drift.

use crate::chart;
use crate::chromium::{Browser, Scripts, walk};
use crate::demo::Demo;
use octroi_tests::{HARBOUR, PASSWORD, Role};

#[test]
fn an_analyst_reads_a_model_version_and_its_note_and_takes_a_drift_report_home() {
    let demo = Demo::start();
    walk(&demo.base, Scripts::Run, async |browser| {
        browser.go("/sign-in").await;
        browser
            .sign_in(&HARBOUR.email(Role::Analyst), PASSWORD)
            .await;
        browser.follow("Models").await;
        assert_eq!(browser.heading().await, "Models");
        browser.screenshot("models").await;
        browser.follow("version 1").await;
        read_the_version(browser).await;
        read_the_note(browser).await;
        take_the_drift_home(browser).await;
        browser.expect_no_complaints().await;
    });
}

async fn read_the_version(browser: &Browser) {
    let metrics = browser.text(".metrics").await;
    for name in [
        "AUC",
        "Gini",
        "KS",
        "Brier score",
        "Threshold",
        "Cost per client",
    ] {
        assert!(metrics.contains(name), "{name} is not among\n{metrics}");
    }
    let auc = chart::number(
        browser
            .text(".metric:first-child dd")
            .await
            .lines()
            .next()
            .expect("a value"),
    );
    assert!((0.5..1.0).contains(&auc), "AUC {auc}");
    assert_eq!(
        chart::expect_all_drawn(browser).await,
        4,
        "cost, ROC, calibration, contributions"
    );
    let rows = browser
        .texts("section:has(#candidates-heading) tbody tr")
        .await;
    assert!(
        rows.len() >= 3,
        "dummy, scorecard and boosting at least: {rows:?}"
    );
    assert_eq!(
        rows.iter().filter(|row| row.contains("chosen")).count(),
        1,
        "{rows:?}"
    );
    let roc = chart::given(browser, "[aria-label='ROC curve']").await;
    let points = roc["points"].as_array().expect("points");
    assert!(points.len() > 10, "a curve, not a corner");
    browser.screenshot("version").await;
}

async fn read_the_note(browser: &Browser) {
    browser.follow("Methodological note").await;
    assert!(browser.path().await.ends_with("/note"));
    assert_ne!(
        browser.style("body", "max-width").await,
        "none",
        "the note's own style is applied"
    );
    assert!(
        browser.count("svg.plot").await >= 3,
        "cost, ROC and calibration are drawn"
    );
    assert!(browser.count("h2").await >= 8, "its eight chapters");
    browser.screenshot("note").await;
    browser.back().await;
}

async fn take_the_drift_home(browser: &Browser) {
    browser.follow("Data drift").await;
    let before = browser.texts(".fine").await;
    browser.send("Compute").await;
    assert_eq!(
        browser.text("[role=status].notice").await,
        "The drift has been computed."
    );
    let after = browser.texts(".fine").await;
    assert_ne!(before, after, "it says when and by whom it was computed");
    assert!(after[0].contains("Samir Patel"), "{after:?}");
    let psi: Vec<f64> = browser
        .texts("table.drift tbody tr:not(.current) td:nth-child(3)")
        .await
        .iter()
        .map(|text| chart::number(text))
        .collect();
    assert!(psi.len() > 100, "{} features", psi.len());
    assert!(
        psi.is_sorted_by(|a, b| a >= b),
        "the worst comes first: {psi:?}"
    );
    browser.screenshot("drift").await;

    browser.press_link("Download as one file").await;
    let file = browser.download().await;
    let html = std::fs::read_to_string(&file).expect("the report is text");
    let addresses = html.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http://", "https://", "src=", "<link", "@import", "url("] {
        assert!(
            !addresses.contains(outside),
            "the report refers to something outside: {outside}"
        );
    }
    browser.go_to_file(&file).await;
    assert_eq!(browser.heading().await, "Data drift report");
    assert_ne!(
        browser.style("body", "max-width").await,
        "none",
        "the style is inside"
    );
    assert!(
        browser.count("svg").await > 20,
        "the distributions are inside"
    );
    browser.screenshot("drift-report").await;
}
