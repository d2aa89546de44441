//! Calibration: in groups of like predicted PD, how many really defaulted.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

#[derive(Clone, Debug, Serialize)]
pub struct Calibration {
    /// By rising PD.
    pub bins: Vec<CalibrationBin>,
}

/// Means 0 to 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CalibrationBin {
    pub mean_pd: f64,
    pub default_rate: f64,
    pub rows: u64,
}

#[derive(Template)]
#[template(path = "charts/calibration.html")]
struct CalibrationTemplate<'chart> {
    frame: Frame,
    bins: &'chart [CalibrationBin],
}

impl Chart for Calibration {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let data = json!({
            "kind": "calibration",
            "points": self.bins.iter().map(|b| [b.mean_pd, b.default_rate]).collect::<Vec<_>>(),
            "words": {
                "x": words.t("calibration-x"), "y": words.t("calibration-y"),
                "model": words.t("calibration-model"), "perfect": words.t("calibration-perfect"),
            },
        });
        CalibrationTemplate {
            frame: Frame::new(words, &data),
            bins: &self.bins,
        }
        .render()
    }
}
