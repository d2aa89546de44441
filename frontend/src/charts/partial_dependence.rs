//! Partial dependence: the mean probability of default of a sample of clients when one
//! feature is set to one value after the other. One small plot a feature, all on one scale,
//! so that a flat one is seen to be flat. Pure SVG, the same on a page and in a document.

use askama::Template;
use serde::Serialize;

use super::{Chart, svg};
use crate::{Words, format::Format};

#[derive(Clone, Debug, Default, Serialize)]
pub struct PartialDependence {
    /// Most important first.
    pub panels: Vec<DependencePanel>,
    /// Default rate of the training rows, drawn for comparison.
    pub default_rate: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct DependencePanel {
    pub feature: String,
    pub label: String,
    /// Categories have no order: lying lines with their names.
    pub categories: bool,
    /// Numbers ascending as they are read; categories by falling PD.
    pub points: Vec<DependencePoint>,
    /// With the value missing.
    pub missing_pd: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DependencePoint {
    /// The value as it is to be read.
    pub label: String,
    pub mean_pd: f64,
    /// Of a category: share of the clients.
    pub share: Option<f64>,
}

const WIDTH: f64 = 232.0;
const HEIGHT: f64 = 158.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;
/// Room for the dot of a missing value.
const MISSING: f64 = 26.0;
/// Levels drawn of a category: those that most clients have.
const LEVELS: usize = 7;

struct Dot {
    x: f64,
    y: f64,
    text: String,
    anchor: &'static str,
}

struct Panel<'chart> {
    of: &'chart DependencePanel,
    summary: String,
    line: String,
    dots: Vec<Dot>,
    missing: Option<Dot>,
    guide: f64,
    /// Of numbers along the left side, of categories along the bottom.
    ticks: Vec<(f64, String)>,
    hidden_levels: u64,
}

#[derive(Template)]
#[template(path = "charts/partial_dependence.html")]
struct PartialDependenceTemplate<'chart> {
    words: &'static Words,
    format: Format,
    panels: Vec<Panel<'chart>>,
    default_rate: f64,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl PartialDependenceTemplate<'_> {
    fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    fn hidden(&self, levels: u64) -> String {
        self.words
            .with("dependence-levels-hidden", &[("n", levels.into())])
    }
}

impl Chart for PartialDependence {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let format = Format::new(words.language());
        let pds = self.panels.iter().flat_map(|panel| {
            let points = panel.points.iter().map(|point| point.mean_pd);
            points.chain(panel.missing_pd)
        });
        let max = svg::round_up(pds.fold(self.default_rate.max(0.01), f64::max));
        let drawing = Drawing { max, words, format };
        PartialDependenceTemplate {
            words,
            format,
            panels: self
                .panels
                .iter()
                .map(|panel| drawing.panel(panel, self.default_rate))
                .collect(),
            default_rate: self.default_rate,
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            top: TOP,
            bottom: HEIGHT - BOTTOM,
        }
        .render()
    }
}

struct Drawing {
    /// The PD at which every panel ends.
    max: f64,
    words: &'static Words,
    format: Format,
}

impl Drawing {
    fn panel<'chart>(&self, of: &'chart DependencePanel, default_rate: f64) -> Panel<'chart> {
        let summary = self.summary(of);
        if of.categories {
            self.categories(of, default_rate, summary)
        } else {
            self.numbers(of, default_rate, summary)
        }
    }

    fn summary(&self, of: &DependencePanel) -> String {
        let by_pd = |a: &&DependencePoint, b: &&DependencePoint| a.mean_pd.total_cmp(&b.mean_pd);
        let (Some(least), Some(most)) = (
            of.points.iter().min_by(by_pd),
            of.points.iter().max_by(by_pd),
        ) else {
            return of.label.clone();
        };
        self.words.with(
            "dependence-summary",
            &[
                ("label", (&of.label).into()),
                ("least", self.format.percent(least.mean_pd, 1).into()),
                ("at-least", (&least.label).into()),
                ("most", self.format.percent(most.mean_pd, 1).into()),
                ("at-most", (&most.label).into()),
            ],
        )
    }

    fn ticks(&self, at: impl Fn(f64) -> f64) -> Vec<(f64, String)> {
        // Half as many as on a large plot.
        let step = svg::tick_step(self.max) * 2.0;
        let places = usize::from(step < 0.01);
        (0..=(self.max / step + 1e-9) as u32)
            .map(|tick| f64::from(tick) * step)
            .map(|pd| (at(pd), self.format.percent(pd, places)))
            .collect()
    }

    fn numbers<'chart>(
        &self,
        of: &'chart DependencePanel,
        default_rate: f64,
        summary: String,
    ) -> Panel<'chart> {
        let y = |pd: f64| svg::round(HEIGHT - BOTTOM - pd / self.max * (HEIGHT - TOP - BOTTOM));
        let gap = if of.missing_pd.is_some() {
            MISSING
        } else {
            0.0
        };
        let room = WIDTH - LEFT - RIGHT - gap - 8.0;
        let last = of.points.len().saturating_sub(1);
        // Points are quantiles: each step is as many clients, so that a long tail of large
        // amounts does not press the rest into a corner.
        let x = |index: usize| svg::round(LEFT + 4.0 + room * index as f64 / last.max(1) as f64);
        let dots: Vec<Dot> = of
            .points
            .iter()
            .enumerate()
            .map(|(index, point)| {
                let anchor = match index {
                    0 => "start",
                    _ if index == last => "end",
                    _ => "middle",
                };
                // The middle is written where both ends leave room for it.
                let ends = of.points[0].label.chars().count()
                    + of.points[last].label.chars().count()
                    + point.label.chars().count();
                let written = index == 0 || index == last || (index == last / 2 && ends <= 22);
                Dot {
                    x: x(index),
                    y: y(point.mean_pd),
                    text: if written {
                        point.label.clone()
                    } else {
                        String::new()
                    },
                    anchor,
                }
            })
            .collect();
        let line: Vec<String> = dots
            .iter()
            .map(|dot| format!("{},{}", dot.x, dot.y))
            .collect();
        Panel {
            of,
            summary,
            line: line.join(" "),
            dots,
            missing: of.missing_pd.map(|pd| Dot {
                x: WIDTH - RIGHT - 10.0,
                y: y(pd),
                text: "∅".to_owned(),
                anchor: "middle",
            }),
            guide: y(default_rate),
            ticks: self.ticks(y),
            hidden_levels: 0,
        }
    }

    fn categories<'chart>(
        &self,
        of: &'chart DependencePanel,
        default_rate: f64,
        summary: String,
    ) -> Panel<'chart> {
        let left = WIDTH * 0.5;
        let x = |pd: f64| svg::round(left + pd / self.max * (WIDTH - RIGHT - 6.0 - left));
        let mut shares: Vec<f64> = of.points.iter().filter_map(|point| point.share).collect();
        shares.sort_by(|a, b| b.total_cmp(a));
        let least = shares.get(LEVELS - 1).copied().unwrap_or(0.0);
        let drawn: Vec<&DependencePoint> = of
            .points
            .iter()
            .filter(|point| point.share.is_none_or(|share| share >= least))
            .take(LEVELS)
            .collect();
        let lines = drawn.len() + usize::from(of.missing_pd.is_some());
        let line = (HEIGHT - TOP - BOTTOM) / lines.max(1) as f64;
        let dot = |index: usize, pd: f64, text: &str| Dot {
            x: x(pd),
            y: svg::round(TOP + (index as f64 + 0.5) * line.min(22.0)),
            text: svg::cut(text, 18),
            anchor: "end",
        };
        let missing = self.words.t("not-known");
        Panel {
            of,
            summary,
            line: String::new(),
            dots: drawn
                .iter()
                .enumerate()
                .map(|(index, point)| dot(index, point.mean_pd, &point.label))
                .collect(),
            missing: of.missing_pd.map(|pd| dot(drawn.len(), pd, &missing)),
            guide: x(default_rate),
            // Half the width, half the ticks.
            ticks: self.ticks(x).into_iter().step_by(2).collect(),
            hidden_levels: (of.points.len() - drawn.len()) as u64,
        }
    }
}
