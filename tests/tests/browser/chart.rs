//! What can be said of a chart: that it was drawn, what was drawn, and that the table beside
//! it holds the same.

use crate::chromium::Browser;
use serde_json::Value;

/// How many colours the drawing in this canvas has; an empty one has a single colour.
async fn colours(browser: &Browser, canvas: &str) -> usize {
    let script = format!(
        "const canvas = document.querySelector({canvas:?});
         const {{ data }} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
         const seen = new Set();
         for (let i = 0; i < data.length; i += 4) {{
           seen.add((data[i] << 24) | (data[i + 1] << 16) | (data[i + 2] << 8) | data[i + 3]);
         }}
         return seen.size"
    );
    browser.script(&script).await
}

/// Waits for the chart of this figure and fails when its canvas stays empty.
pub(crate) async fn expect_drawn(browser: &Browser, figure: &str) {
    let canvas = format!("{figure} canvas");
    browser
        .await_that(&format!(
            "window.Chart?.getChart(document.querySelector({canvas:?}))"
        ))
        .await;
    let colours = colours(browser, &canvas).await;
    assert!(
        colours > 3,
        "nothing is drawn in {canvas}: {colours} colours"
    );
}

/// Every chart of the page.
pub(crate) async fn expect_all_drawn(browser: &Browser) -> usize {
    browser
        .await_that(
            "[...document.querySelectorAll('figure.chart canvas')]\
             .every((canvas) => window.Chart?.getChart(canvas))",
        )
        .await;
    let blank: Vec<String> = browser
        .script(
            "return [...document.querySelectorAll('figure.chart')].filter((figure) => {
               const canvas = figure.querySelector('canvas');
               // Some are drawn by the server, and read as they are.
               if (!canvas) { return !figure.querySelector('svg'); }
               const blank = document.createElement('canvas');
               blank.width = canvas.width;
               blank.height = canvas.height;
               return canvas.width === 0 || canvas.toDataURL() === blank.toDataURL();
             }).map((figure) => figure.querySelector('figcaption').textContent)",
        )
        .await;
    assert!(
        blank.is_empty(),
        "on {} nothing is drawn in {blank:?}",
        browser.path().await
    );
    browser.count("figure.chart canvas").await
}

/// What the script was given to draw.
pub(crate) async fn given(browser: &Browser, figure: &str) -> Value {
    let data = browser
        .texts(&format!("{figure} script[type='application/json']"))
        .await;
    serde_json::from_str(data.first().expect("the chart has data")).expect("the data are JSON")
}

/// A number as the page writes it, in English or French.
pub(crate) fn number(text: &str) -> f64 {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '%' && *c != '+')
        .map(|c| match c {
            '\u{2212}' => '-',
            ',' => '.',
            other => other,
        })
        .collect();
    plain
        .parse()
        .unwrap_or_else(|_| panic!("{text:?} is not a number"))
}

/// Checks the waterfall of the page: its table adds up to the rounding of what is shown, what
/// is drawn adds up exactly. Gives back how many contributions there are.
pub(crate) async fn expect_waterfall_adds_up(browser: &Browser) -> usize {
    expect_drawn(browser, "#contributions").await;
    let running = browser.texts("#contributions tbody td:nth-child(4)").await;
    let contributions = browser.texts("#contributions tbody td:nth-child(3)").await;
    let (base, margin) = (number(&running[0]), number(running.last().expect("rows")));
    let contributions: Vec<f64> = contributions
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| number(text))
        .collect();
    let rounding = 0.0005 * (contributions.len() + 2) as f64;
    let sum = base + contributions.iter().sum::<f64>();
    assert!(
        (sum - margin).abs() <= rounding,
        "{base} and {contributions:?} are not {margin}"
    );

    let drawn = given(browser, "#contributions").await;
    let exact = |value: &Value| value.as_f64().expect("a number");
    let bars = drawn["bars"].as_array().expect("bars");
    assert_eq!(
        bars.len(),
        contributions.len(),
        "the table has a line for each bar"
    );
    let sum = exact(&drawn["base"]) + bars.iter().map(|bar| exact(&bar["c"])).sum::<f64>();
    assert!(
        (sum - exact(&drawn["margin"])).abs() < 1e-9,
        "{drawn} does not add up"
    );
    contributions.len()
}
