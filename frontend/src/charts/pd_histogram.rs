//! How the probability of default is spread over the portfolio, granted and refused.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

#[derive(Clone, Debug, Serialize)]
pub struct PdHistogram {
    pub bins: Vec<PdBin>,
    pub threshold: Option<f64>,
}

/// Clients with a PD from `from` (included) to `to`, 0 to 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PdBin {
    pub from: f64,
    pub to: f64,
    pub granted: u64,
    pub refused: u64,
}

#[derive(Template)]
#[template(path = "charts/pd_histogram.html")]
struct PdHistogramTemplate<'chart> {
    frame: Frame,
    bins: &'chart [PdBin],
}

impl Chart for PdHistogram {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let data = json!({
            "kind": "pd_histogram",
            "from": self.bins.iter().map(|b| b.from).collect::<Vec<_>>(),
            "to": self.bins.iter().map(|b| b.to).collect::<Vec<_>>(),
            "granted": self.bins.iter().map(|b| b.granted).collect::<Vec<_>>(),
            "refused": self.bins.iter().map(|b| b.refused).collect::<Vec<_>>(),
            "threshold": self.threshold,
            "words": {
                "granted": words.t("outcome-granted"), "refused": words.t("outcome-refused"),
                "x": words.t("probability-of-default"), "y": words.t("clients"),
            },
        });
        PdHistogramTemplate {
            frame: Frame::new(words, &data),
            bins: &self.bins,
        }
        .render()
    }
}
