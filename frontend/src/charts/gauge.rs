//! The probability of default as a half circle with the threshold on it. Pure SVG, so that
//! the most important figure needs no script.

use std::f64::consts::PI;

use askama::Template;
use serde::Serialize;

use super::Chart;
use crate::{Words, format::Format, scale::pd_position, views::DecisionOutcome};

/// A probability of default against its threshold, both 0 to 1.
#[derive(Clone, Debug, Serialize)]
pub struct Gauge {
    pub pd: f64,
    pub threshold: f64,
    pub outcome: DecisionOutcome,
}

const RADIUS: f64 = 100.0;
const TICKS: [f64; 6] = [0.01, 0.05, 0.10, 0.25, 0.50, 1.0];

/// A short line across the arc with its text outside.
struct Tick {
    x1: f64,
    y1: f64,
    x2: f64,
    y2: f64,
    text_x: f64,
    text_y: f64,
    anchor: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "charts/gauge.html")]
struct GaugeTemplate {
    summary: String,
    granted_arc: String,
    refused_arc: String,
    ticks: Vec<Tick>,
    threshold: Tick,
    marker: (f64, f64),
    granted: bool,
    pd: String,
    pd_words: String,
}

impl Chart for Gauge {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let format = Format::new(words.language());
        let pd = format.percent(self.pd, 1);
        let threshold = format.percent(self.threshold, 1);
        GaugeTemplate {
            summary: words.with(
                "gauge-summary",
                &[("pd", (&pd).into()), ("threshold", (&threshold).into())],
            ),
            granted_arc: arc(0.0, pd_position(self.threshold)),
            refused_arc: arc(pd_position(self.threshold), 1.0),
            ticks: TICKS
                .into_iter()
                .filter(|tick| (pd_position(*tick) - pd_position(self.threshold)).abs() > 0.05)
                .map(|at| {
                    tick(
                        at,
                        RADIUS + 8.0,
                        RADIUS + 12.0,
                        RADIUS + 20.0,
                        format.percent(at, 0),
                    )
                })
                .collect(),
            threshold: tick(
                self.threshold,
                RADIUS - 13.0,
                RADIUS + 14.0,
                RADIUS + 22.0,
                words.with("gauge-threshold", &[("threshold", threshold.into())]),
            ),
            marker: point(pd_position(self.pd), RADIUS),
            granted: self.outcome == DecisionOutcome::Granted,
            pd,
            pd_words: words.t("probability-of-default"),
        }
        .render()
    }
}

/// A point of the half circle: 0 is its left end, 1 its right end.
fn point(position: f64, radius: f64) -> (f64, f64) {
    let angle = PI * (1.0 - position);
    (round(radius * angle.cos()), round(-radius * angle.sin()))
}

fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

fn arc(from: f64, to: f64) -> String {
    let (x1, y1) = point(from, RADIUS);
    let (x2, y2) = point(to, RADIUS);
    format!("M{x1} {y1}A{RADIUS} {RADIUS} 0 0 1 {x2} {y2}")
}

fn tick(pd: f64, inner: f64, outer: f64, text: f64, words: String) -> Tick {
    let position = pd_position(pd);
    let (x1, y1) = point(position, inner);
    let (x2, y2) = point(position, outer);
    let (text_x, text_y) = point(position, text);
    Tick {
        x1,
        y1,
        x2,
        y2,
        text_x,
        text_y: text_y + 3.0,
        anchor: match position {
            p if p < 0.42 => "end",
            p if p > 0.58 => "start",
            _ => "middle",
        },
        text: words,
    }
}
