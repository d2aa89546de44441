//! Global contributions: how much each feature moves the score on average.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

#[derive(Clone, Debug, Serialize)]
pub struct Importance {
    /// Largest first.
    pub bars: Vec<ImportanceBar>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ImportanceBar {
    pub feature: String,
    pub label: String,
    /// Mean absolute contribution, log-odds.
    pub mean_abs_contribution: f64,
}

/// How many bars are drawn; the table has them all.
pub(crate) const DRAWN: usize = 20;

#[derive(Template)]
#[template(path = "charts/importance.html")]
struct ImportanceTemplate<'chart> {
    frame: Frame,
    bars: &'chart [ImportanceBar],
}

impl Chart for Importance {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let drawn = self.bars.iter().take(DRAWN);
        let data = json!({
            "kind": "importance",
            "labels": drawn.clone().map(|b| &b.label).collect::<Vec<_>>(),
            "values": drawn.map(|b| b.mean_abs_contribution).collect::<Vec<_>>(),
            "words": { "axis": words.t("importance-axis") },
        });
        ImportanceTemplate {
            frame: Frame::new(words, &data),
            bars: &self.bars,
        }
        .render()
    }
}
