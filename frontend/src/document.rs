//! Documents that stand alone: one HTML file with its style and its charts inside, to be
//! sent, printed on A4 or kept beside a model. Every number comes from the view.
//!
//! Serve them with [`content_security_policy`], which allows their one style element by
//! its digest and nothing else.

use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use rust_embed::RustEmbed;

use crate::{
    Argument, Language, RenderError, Words,
    charts::svg,
    format::{Format, up_to},
    views::{DriftReport, DriftRow, DriftTest, DriftVerdict, Interval},
};

mod note;

pub use note::note;

#[derive(RustEmbed)]
#[folder = "templates/documents/"]
#[include = "document.css"]
struct Style;

const STYLE: &str = include_str!("../templates/documents/document.css");

/// What both documents share.
struct Paper {
    words: &'static Words,
    format: Format,
    language: Language,
    style: &'static str,
}

impl Paper {
    fn new(language: Language) -> Self {
        Self {
            words: Words::of(language),
            format: Format::new(language),
            language,
            style: STYLE,
        }
    }

    fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    fn with(&self, key: &str, arguments: &[(&str, Argument)]) -> String {
        self.words.with(key, arguments)
    }

    fn datetime(&self, at: &str) -> String {
        self.format.datetime(at)
    }

    /// With the decimals it needs and no more.
    fn number(&self, value: f64) -> String {
        up_to(self.language, value, 2)
    }

    fn percent(&self, share: f64, places: usize) -> String {
        self.format.percent(share, places)
    }

    fn decimal(&self, value: f64, places: usize) -> String {
        self.format.decimal(value, places)
    }

    fn interval(&self, interval: Interval, places: usize) -> String {
        let bound = |value| Argument::from(self.decimal(value, places));
        let bounds = [("low", bound(interval.low)), ("high", bound(interval.high))];
        self.with("interval", &bounds)
    }

    fn count(&self, count: u64) -> String {
        self.format.integer(count as f64)
    }
}

struct DriftLine<'view> {
    row: &'view DriftRow,
    bars: String,
    verdict: &'static str,
    shape: &'static str,
    test: String,
}

#[derive(Template)]
#[template(path = "documents/drift.html")]
struct DriftTemplate<'view> {
    paper: Paper,
    report: &'view DriftReport,
    bank: &'view str,
    score: Option<DriftLine<'view>>,
    lines: Vec<DriftLine<'view>>,
    /// How many features have each verdict.
    strong: u64,
    moderate: u64,
    stable: u64,
    left_out: u64,
}

fn drift_line<'view>(
    words: &'static Words,
    row: &'view DriftRow,
) -> Result<DriftLine<'view>, RenderError> {
    Ok(DriftLine {
        row,
        bars: svg::sparkbars(words, &row.bins)?,
        verdict: row.verdict.as_str(),
        shape: match row.verdict {
            DriftVerdict::Stable => "○",
            DriftVerdict::Moderate => "▲",
            DriftVerdict::Strong => "◆",
        },
        test: words.t(match row.test {
            DriftTest::KolmogorovSmirnov => "test-kolmogorov-smirnov",
            DriftTest::ChiSquare => "test-chi-square",
        }),
    })
}

/// The drift report, worst feature first.
pub fn drift(report: &DriftReport, bank: &str, language: Language) -> Result<String, RenderError> {
    let words = Words::of(language);
    let count = |of: DriftVerdict| report.rows.iter().filter(|r| r.verdict == of).count() as u64;
    let document = DriftTemplate {
        paper: Paper::new(language),
        report,
        bank,
        score: report
            .score
            .as_ref()
            .map(|row| drift_line(words, row))
            .transpose()?,
        lines: report
            .rows
            .iter()
            .map(|row| drift_line(words, row))
            .collect::<Result<_, _>>()?,
        strong: count(DriftVerdict::Strong),
        moderate: count(DriftVerdict::Moderate),
        stable: count(DriftVerdict::Stable),
        left_out: report.left_out.len() as u64,
    };
    Ok(document.render()?)
}

/// The header value for both documents.
#[must_use]
pub fn content_security_policy() -> String {
    let digest = Style::get("document.css")
        .map(|file| BASE64_STANDARD.encode(file.metadata.sha256_hash()))
        .unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
}
