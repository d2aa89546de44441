//! Charts as typed components. On a page each is a canvas that Chart.js draws from JSON
//! beside it (never from inline script), with the same numbers as a table under it for
//! everyone who does not see, or does not run, the canvas. In documents the same data
//! become inline SVG ([`svg`]).

mod beeswarm;
mod calibration;
mod cost_curve;
mod gauge;
mod histogram;
mod importance;
mod partial_dependence;
mod pd_histogram;
mod per_day;
mod roc;
mod search_plot;
mod slice_table;
pub mod svg;
mod waterfall;

use serde::Serialize;
use serde_json::Value;

pub use beeswarm::{Beeswarm, BeeswarmPoint, BeeswarmRow};
pub use calibration::{Calibration, CalibrationBin};
pub use cost_curve::{CostCurve, CostPoint};
pub use gauge::Gauge;
pub use histogram::{Histogram, HistogramBin};
pub use importance::{Importance, ImportanceBar};
pub use partial_dependence::{DependencePanel, DependencePoint, PartialDependence};
pub use pd_histogram::{PdBin, PdHistogram};
pub use per_day::{DayCount, DecisionsPerDay};
pub use roc::{Roc, RocPoint};
pub use search_plot::SearchPlot;
pub use slice_table::SliceTable;
pub use waterfall::{Waterfall, WaterfallBar};

use crate::{RenderError, Words, format::Format};

/// Something that can draw itself on a page.
pub trait Chart {
    /// The HTML of the chart with its table, in the language of `words`.
    fn html(&self, words: &'static Words) -> askama::Result<String>;
}

impl<C: Chart> Chart for &C {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        (*self).html(words)
    }
}

/// The charts of one page by name.
#[derive(Default)]
pub struct Charts<'view>(Vec<(String, Box<dyn Chart + 'view>)>);

impl<'view> Charts<'view> {
    /// Adds a chart under the name that the page's template uses.
    pub fn add(&mut self, name: impl Into<String>, chart: impl Chart + 'view) {
        self.0.push((name.into(), Box::new(chart)));
    }

    pub(crate) fn render(
        self,
        words: &'static Words,
    ) -> Result<Vec<(String, String)>, RenderError> {
        self.0
            .into_iter()
            .map(|(chart, drawn)| match drawn.html(words) {
                Ok(html) => Ok((chart, html)),
                Err(source) => Err(RenderError::Chart { chart, source }),
            })
            .collect()
    }
}

/// What every chart template shares.
pub(crate) struct Frame {
    words: &'static Words,
    format: Format,
    /// Data for the script, safe inside a `script` element.
    json: String,
}

impl Frame {
    fn new(words: &'static Words, data: &impl Serialize) -> Self {
        Self {
            words,
            format: Format::new(words.language()),
            json: script_json(data),
        }
    }

    fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    fn count(&self, count: u64) -> String {
        self.format.integer(count as f64)
    }
}

/// JSON that cannot end the `script` element it stands in.
fn script_json(data: &impl Serialize) -> String {
    serde_json::to_value(data)
        .unwrap_or(Value::Null)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::script_json;

    #[test]
    fn data_cannot_leave_their_script_element() {
        let json = script_json(&"</script><script>alert(1)</script>");
        assert!(!json.contains('<') && !json.contains('>'));
    }
}
