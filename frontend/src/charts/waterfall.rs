//! From the base value to the client's margin, one contribution after the other, in
//! log-odds.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

/// The contributions of one explanation. `base_value + sum(contributions) = margin`.
#[derive(Clone, Debug, Serialize)]
pub struct Waterfall {
    /// Log-odds before anything is known of the client.
    pub base_value: f64,
    /// Log-odds of the client.
    pub margin: f64,
    /// Log-odds of the threshold.
    pub threshold_margin: Option<f64>,
    /// In the order they are drawn; the one that stands for all others last.
    pub bars: Vec<WaterfallBar>,
}

#[derive(Clone, Debug, Serialize)]
pub struct WaterfallBar {
    pub label: String,
    /// The client's value as it is to be read; empty for families and others.
    pub value: String,
    /// Log-odds, above 0 towards default.
    pub contribution: f64,
    /// For the bar that sums up the others: how many they are.
    pub others: Option<u64>,
}

struct Row {
    label: String,
    value: String,
    contribution: f64,
    running: f64,
}

#[derive(Template)]
#[template(path = "charts/waterfall.html")]
struct WaterfallTemplate {
    frame: Frame,
    base_value: f64,
    margin: f64,
    rows: Vec<Row>,
}

impl Chart for Waterfall {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let mut running = self.base_value;
        let rows: Vec<Row> = self
            .bars
            .iter()
            .map(|bar| {
                running += bar.contribution;
                Row {
                    label: bar.others.map_or_else(
                        || bar.label.clone(),
                        |n| words.with("waterfall-others", &[("n", n.into())]),
                    ),
                    value: bar.value.clone(),
                    contribution: bar.contribution,
                    running,
                }
            })
            .collect();
        let bars: Vec<_> = rows
            .iter()
            .map(|row| {
                let named = [
                    ("label", (&row.label).into()),
                    ("value", (&row.value).into()),
                ];
                let label = if row.value.is_empty() {
                    row.label.clone()
                } else {
                    words.with("reason-fact", &named)
                };
                json!({
                    "label": label, "c": row.contribution,
                    "from": row.running - row.contribution, "to": row.running,
                })
            })
            .collect();
        let data = json!({
            "kind": "waterfall",
            "base": self.base_value,
            "margin": self.margin,
            "threshold": self.threshold_margin,
            "bars": bars,
            "words": {
                "base": words.t("waterfall-base"),
                "margin": words.t("waterfall-margin"),
                "axis": words.t("waterfall-axis"),
                "threshold": words.t("threshold"),
                "raises": words.t("raises-the-risk"),
                "lowers": words.t("lowers-the-risk"),
            },
        });
        WaterfallTemplate {
            frame: Frame::new(words, &data),
            base_value: self.base_value,
            margin: self.margin,
            rows,
        }
        .render()
    }
}
