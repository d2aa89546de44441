//! One client among all clients and among similar ones.
//! `GET /clients/{id}/comparison?feature=A&feature=B&k=200`.

use serde::Serialize;

use super::{DecisionOutcome, View};
use crate::charts::{Charts, Histogram};

/// Data of the comparison page.
#[derive(Clone, Debug, Serialize)]
pub struct ComparisonView {
    pub id: i64,
    pub name: Option<String>,
    pub outcome: Option<DecisionOutcome>,
    pub pd: Option<f64>,
    /// Every feature one can choose, grouped by family.
    pub features: Vec<FeatureGroup>,
    /// How many similar clients were asked for.
    pub k: u64,
    pub k_choices: Vec<u64>,
    /// How many were found.
    pub similar_found: u64,
    pub clients: u64,
    /// Labels of the features that similarity was measured on.
    pub similar_by: Vec<String>,
    /// One per chosen feature.
    pub panels: Vec<ComparisonPanel>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FeatureGroup {
    pub label: String,
    pub options: Vec<FeatureOption>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FeatureOption {
    pub name: String,
    pub label: String,
    pub selected: bool,
}

/// One feature: distribution, where the client stands, medians.
#[derive(Clone, Debug, Serialize)]
pub struct ComparisonPanel {
    pub feature: String,
    pub label: String,
    pub help: String,
    /// The client's value as it is to be read.
    pub value: String,
    /// Share of all clients below the client, 0 to 1; `None` for categories or when missing.
    pub percentile: Option<f64>,
    pub percentile_similar: Option<f64>,
    pub chart: Histogram,
    /// `true`: numbers, `median` is a median; `false`: categories, the most frequent one.
    pub numeric: bool,
    pub medians: Vec<MedianRow>,
}

/// One line of the table of medians.
#[derive(Clone, Debug, Serialize)]
pub struct MedianRow {
    /// `client`, `all`, `similar`, `granted` or `refused`.
    pub group: String,
    /// As it is to be read.
    pub median: String,
    /// First and third quartile, as they are to be read.
    pub quartiles: Option<(String, String)>,
    pub clients: Option<u64>,
    /// Share without a value, 0 to 1.
    pub missing: Option<f64>,
}

impl View for ComparisonView {
    const TEMPLATE: &'static str = "comparison.html";

    fn charts(&self) -> Charts<'_> {
        let mut charts = Charts::default();
        for panel in &self.panels {
            charts.add(&panel.feature, &panel.chart);
        }
        charts
    }
}
