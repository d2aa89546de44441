//! Decisions per day, granted and refused.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::Words;

#[derive(Clone, Debug, Serialize)]
pub struct DecisionsPerDay {
    /// By rising day.
    pub days: Vec<DayCount>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DayCount {
    /// `YYYY-MM-DD`, UTC.
    pub day: String,
    pub granted: u64,
    pub refused: u64,
}

#[derive(Template)]
#[template(path = "charts/per_day.html")]
struct PerDayTemplate<'chart> {
    frame: Frame,
    days: &'chart [DayCount],
}

impl Chart for DecisionsPerDay {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let format = crate::format::Format::new(words.language());
        let data = json!({
            "kind": "per_day",
            "labels": self.days.iter().map(|d| format.date(&d.day)).collect::<Vec<_>>(),
            "granted": self.days.iter().map(|d| d.granted).collect::<Vec<_>>(),
            "refused": self.days.iter().map(|d| d.refused).collect::<Vec<_>>(),
            "words": {
                "granted": words.t("outcome-granted"), "refused": words.t("outcome-refused"),
                "y": words.t("decisions"),
            },
        });
        PerDayTemplate {
            frame: Frame::new(words, &data),
            days: &self.days,
        }
        .render()
    }
}
