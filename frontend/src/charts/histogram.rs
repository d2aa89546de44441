//! One feature's distribution among all clients and among similar ones, with the client
//! marked.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

/// Bins of a number, or categories of a category.
#[derive(Clone, Debug, Serialize)]
pub struct Histogram {
    pub bins: Vec<HistogramBin>,
    /// The bin the client is in; `None` when the value is missing.
    pub client_bin: Option<usize>,
    /// The client's value as it is to be read.
    pub client_value: String,
    /// Categories are drawn as lying bars.
    pub categories: bool,
}

/// Shares are of all clients, of the similar ones, 0 to 1.
#[derive(Clone, Debug, Serialize)]
pub struct HistogramBin {
    /// As it is to be read: `100,000 to 150,000`, or the category.
    pub label: String,
    pub all: f64,
    pub similar: f64,
}

#[derive(Template)]
#[template(path = "charts/histogram.html")]
struct HistogramTemplate<'chart> {
    frame: Frame,
    chart: &'chart Histogram,
}

impl HistogramTemplate<'_> {
    fn is_client(&self, index: usize) -> bool {
        self.chart.client_bin == Some(index)
    }
}

impl Chart for Histogram {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let data = json!({
            "kind": "histogram",
            "labels": self.bins.iter().map(|b| &b.label).collect::<Vec<_>>(),
            "all": self.bins.iter().map(|b| b.all).collect::<Vec<_>>(),
            "similar": self.bins.iter().map(|b| b.similar).collect::<Vec<_>>(),
            "client": self.client_bin,
            "categories": self.categories,
            "words": {
                "all": words.t("group-all"),
                "similar": words.t("group-similar"),
                "client": words.with("histogram-client", &[("value", (&self.client_value).into())]),
                "axis": words.t("histogram-axis"),
            },
        });
        HistogramTemplate {
            frame: Frame::new(words, &data),
            chart: self,
        }
        .render()
    }
}
