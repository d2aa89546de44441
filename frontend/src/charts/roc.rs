//! Receiver operating characteristic: of the clients who default, how many are found, at
//! the price of how many good ones.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

#[derive(Clone, Debug, Serialize)]
pub struct Roc {
    /// From (0, 0) to (1, 1).
    pub points: Vec<RocPoint>,
    pub auc: f64,
    /// The point of the threshold in use.
    pub at_threshold: Option<RocPoint>,
}

/// Rates 0 to 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RocPoint {
    pub fpr: f64,
    pub tpr: f64,
}

#[derive(Template)]
#[template(path = "charts/roc.html")]
struct RocTemplate {
    frame: Frame,
    auc: f64,
    rows: Vec<RocPoint>,
}

impl Chart for Roc {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let points = super::svg::thinned(&self.points, 120);
        let data = json!({
            "kind": "roc",
            "points": points.iter().map(|p| [p.fpr, p.tpr]).collect::<Vec<_>>(),
            "at": self.at_threshold.map(|p| [p.fpr, p.tpr]),
            "words": {
                "x": words.t("roc-x"), "y": words.t("roc-y"),
                "model": words.t("roc-model"), "chance": words.t("roc-chance"),
                "at": words.t("at-the-threshold"),
            },
        });
        RocTemplate {
            frame: Frame::new(words, &data),
            auc: self.auc,
            rows: super::svg::thinned(&self.points, 12),
        }
        .render()
    }
}
