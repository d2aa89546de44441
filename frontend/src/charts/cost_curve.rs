//! The business cost per client for every threshold, with the chosen one marked.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

#[derive(Clone, Debug, Serialize)]
pub struct CostCurve {
    /// By rising threshold.
    pub points: Vec<CostPoint>,
    pub threshold: f64,
    pub cost_per_client: f64,
}

/// What a threshold would cost and do; shares 0 to 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CostPoint {
    pub threshold: f64,
    pub cost_per_client: f64,
    pub granted_share: f64,
    /// Of the clients who default, how many would be granted.
    pub missed_defaults: f64,
    /// Of the good clients, how many would be refused.
    pub refused_good: f64,
}

#[derive(Template)]
#[template(path = "charts/cost_curve.html")]
struct CostCurveTemplate {
    frame: Frame,
    threshold: f64,
    cost: f64,
    rows: Vec<CostPoint>,
}

impl CostCurve {
    /// The points that can be drawn: granting everyone has an infinite threshold.
    pub(crate) fn finite(&self) -> Vec<CostPoint> {
        let drawable = |p: &&CostPoint| p.threshold.is_finite() && p.cost_per_client.is_finite();
        self.points.iter().filter(drawable).copied().collect()
    }
}

impl Chart for CostCurve {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let points = super::svg::thinned(&self.finite(), 120);
        let data = json!({
            "kind": "cost_curve",
            "points": points.iter().map(|p| [p.threshold, p.cost_per_client]).collect::<Vec<_>>(),
            "at": [self.threshold, self.cost_per_client],
            "words": {
                "x": words.t("threshold"), "y": words.t("cost-per-client"),
                "at": words.t("cost-chosen"),
            },
        });
        CostCurveTemplate {
            frame: Frame::new(words, &data),
            threshold: self.threshold,
            cost: self.cost_per_client,
            rows: super::svg::thinned(&self.finite(), 16),
        }
        .render()
    }
}
