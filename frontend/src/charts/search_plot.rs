//! The settings that were tried: one small plot a setting, its value across, the log loss up.
//! A good region shows as a valley. Pure SVG, the same on a page and in a document.

use askama::Template;

use super::{Chart, svg};
use crate::{
    Words,
    format::Format,
    views::{SearchFacts, SearchRangeRow},
};

/// Draws a search. Its numbers are in the table of trials that stands beside it.
pub struct SearchPlot<'view>(pub &'view SearchFacts);

const WIDTH: f64 = 232.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;

struct Dot {
    x: f64,
    y: f64,
    went_on: bool,
    chosen: bool,
}

struct Panel<'view> {
    range: &'view SearchRangeRow,
    dots: Vec<Dot>,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "charts/search.html")]
struct SearchTemplate<'view> {
    words: &'static Words,
    panels: Vec<Panel<'view>>,
    ticks: Vec<(f64, String)>,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    bottom: f64,
}

impl SearchTemplate<'_> {
    fn t(&self, key: &str) -> String {
        self.words.t(key)
    }
}

impl Chart for SearchPlot<'_> {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let search = self.0;
        let losses = || search.trials.iter().map(|trial| trial.log_loss);
        let least = losses().fold(f64::INFINITY, f64::min);
        let most = losses().fold(f64::NEG_INFINITY, f64::max);
        let step = svg::tick_step((most - least).max(1e-6)) * 2.0;
        let (low, high) = ((least / step).floor() * step, (most / step).ceil() * step);
        let high = if high > low { high } else { low + step };
        let format = Format::new(words.language());
        let y = |loss: f64| {
            svg::round(HEIGHT - BOTTOM - (loss - low) / (high - low) * (HEIGHT - TOP - BOTTOM))
        };
        let panel = |(index, range): (usize, &'_ SearchRangeRow)| -> Vec<Dot> {
            search
                .trials
                .iter()
                .filter_map(|trial| {
                    let value = trial.values.get(index).copied().flatten()?;
                    Some(Dot {
                        x: x(range, value),
                        y: y(trial.log_loss),
                        went_on: trial.went_on,
                        chosen: trial.chosen,
                    })
                })
                .collect()
        };
        let steps = if search.trials.is_empty() {
            0
        } else {
            ((high - low) / step).round() as u32
        };
        SearchTemplate {
            words,
            panels: search
                .ranges
                .iter()
                .enumerate()
                .map(|(index, range)| Panel {
                    range,
                    dots: panel((index, range)),
                    from: format.setting(range.from),
                    to: format.setting(range.to),
                })
                .collect(),
            ticks: (0..=steps)
                .map(|tick| low + f64::from(tick) * step)
                .map(|loss| (y(loss), svg::tick_text(format, loss, step)))
                .collect(),
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            bottom: HEIGHT - BOTTOM,
        }
        .render()
    }
}

/// Where a value stands between the ends of its range, on the scale it was drawn on.
fn x(range: &SearchRangeRow, value: f64) -> f64 {
    let share = if range.logarithmic && range.from > 0.0 && value > 0.0 {
        (value / range.from).ln() / (range.to / range.from).ln()
    } else {
        (value - range.from) / (range.to - range.from)
    };
    let share = if share.is_finite() { share } else { 0.5 };
    svg::round(LEFT + 5.0 + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT - 10.0))
}
