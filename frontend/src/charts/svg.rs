//! The charts as inline SVG for documents, which must not depend on any script. One plot
//! component draws lines, points and a marked point on two axes; one draws bars.

use askama::Template;

use super::{Calibration, CostCurve, Importance, Roc, Waterfall, importance::DRAWN};
use crate::{Words, format::Format, views::DriftBin};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;

/// Where a value of an axis is on the paper, with its text.
struct AxisTick {
    at: f64,
    text: String,
}

struct Line {
    class: &'static str,
    points: String,
}

struct Mark {
    x: f64,
    y: f64,
    text: String,
    /// The text stands left of the mark when the mark is far right.
    left: bool,
}

#[derive(Template)]
#[template(path = "charts/plot_svg.html")]
struct Plot {
    title: String,
    x_label: String,
    y_label: String,
    x_ticks: Vec<AxisTick>,
    y_ticks: Vec<AxisTick>,
    lines: Vec<Line>,
    dots: Vec<(f64, f64)>,
    mark: Option<Mark>,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// A straight scale for both axes, from 0 to a largest value.
struct Scale {
    x_max: f64,
    y_max: f64,
}

impl Scale {
    fn x(&self, value: f64) -> f64 {
        round(LEFT + value / self.x_max * (WIDTH - LEFT - RIGHT))
    }

    fn y(&self, value: f64) -> f64 {
        round(HEIGHT - BOTTOM - value / self.y_max * (HEIGHT - TOP - BOTTOM))
    }

    fn line(&self, class: &'static str, points: impl Iterator<Item = (f64, f64)>) -> Line {
        let points: Vec<String> = points
            .map(|(x, y)| format!("{},{}", self.x(x), self.y(y)))
            .collect();
        Line {
            class,
            points: points.join(" "),
        }
    }

    fn plot(
        &self,
        words: &Words,
        [title, x_label, y_label]: [&str; 3],
        write_x: impl Fn(f64) -> String,
        write_y: impl Fn(f64) -> String,
    ) -> Plot {
        let ticks = |max: f64| {
            let step = tick_step(max);
            (0..=(max / step + 1e-9).floor() as u32).map(move |i| f64::from(i) * step)
        };
        Plot {
            title: words.t(title),
            x_label: words.t(x_label),
            y_label: words.t(y_label),
            x_ticks: ticks(self.x_max)
                .map(|v| AxisTick {
                    at: self.x(v),
                    text: write_x(v),
                })
                .collect(),
            y_ticks: ticks(self.y_max)
                .map(|v| AxisTick {
                    at: self.y(v),
                    text: write_y(v),
                })
                .collect(),
            lines: Vec::new(),
            dots: Vec::new(),
            mark: None,
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            top: TOP,
            bottom: HEIGHT - BOTTOM,
        }
    }

    fn mark(&self, x: f64, y: f64, text: String) -> Mark {
        Mark {
            x: self.x(x),
            y: self.y(y),
            text,
            left: x > self.x_max * 0.6,
        }
    }
}

/// ROC curve with the diagonal of chance.
pub fn roc(words: &'static Words, roc: &Roc) -> askama::Result<String> {
    let format = Format::new(words.language());
    let scale = Scale {
        x_max: 1.0,
        y_max: 1.0,
    };
    let percent = |v: f64| format.percent(v, 0);
    let mut plot = scale.plot(words, ["roc-title", "roc-x", "roc-y"], percent, percent);
    plot.lines = vec![
        scale.line("guide", [(0.0, 0.0), (1.0, 1.0)].into_iter()),
        scale.line(
            "curve",
            thinned(&roc.points, 150).iter().map(|p| (p.fpr, p.tpr)),
        ),
    ];
    plot.mark = roc
        .at_threshold
        .map(|p| scale.mark(p.fpr, p.tpr, words.t("at-the-threshold")));
    plot.render()
}

/// Calibration with the diagonal of a perfect one; both axes end at the largest value.
pub fn calibration(words: &'static Words, calibration: &Calibration) -> askama::Result<String> {
    let format = Format::new(words.language());
    let largest = calibration.bins.iter().fold(0.01_f64, |max, bin| {
        max.max(bin.mean_pd).max(bin.default_rate)
    });
    let max = round_up(largest);
    let scale = Scale {
        x_max: max,
        y_max: max,
    };
    let percent = |v: f64| format.percent(v, 0);
    let names = ["calibration-title", "calibration-x", "calibration-y"];
    let mut plot = scale.plot(words, names, percent, percent);
    let points = || calibration.bins.iter().map(|b| (b.mean_pd, b.default_rate));
    plot.lines = vec![
        scale.line("guide", [(0.0, 0.0), (max, max)].into_iter()),
        scale.line("curve", points()),
    ];
    plot.dots = points().map(|(x, y)| (scale.x(x), scale.y(y))).collect();
    plot.render()
}

/// Cost per client by threshold with the chosen threshold.
pub fn cost_curve(words: &'static Words, curve: &CostCurve) -> askama::Result<String> {
    let format = Format::new(words.language());
    let points = curve.finite();
    let largest = |of: fn(&super::CostPoint) -> f64, least: f64| {
        round_up(points.iter().map(of).fold(least, f64::max))
    };
    let scale = Scale {
        x_max: largest(|p| p.threshold, 0.01),
        y_max: largest(|p| p.cost_per_client, 0.01),
    };
    let mut plot = scale.plot(
        words,
        ["cost-title", "threshold", "cost-per-client"],
        |v| format.percent(v, 0),
        |v| format.decimal(v, 2),
    );
    let points = thinned(&points, 150);
    plot.lines = vec![scale.line(
        "curve",
        points.iter().map(|p| (p.threshold, p.cost_per_client)),
    )];
    let text = words.with(
        "cost-mark",
        &[
            ("threshold", format.percent(curve.threshold, 1).into()),
            ("cost", format.decimal(curve.cost_per_client, 3).into()),
        ],
    );
    plot.mark = Some(scale.mark(curve.threshold, curve.cost_per_client, text));
    plot.render()
}

struct LyingBar {
    label: String,
    value: String,
    width: f64,
    y: f64,
}

#[derive(Template)]
#[template(path = "charts/bars_svg.html")]
struct BarChart {
    title: String,
    bars: Vec<LyingBar>,
    height: f64,
}

/// The largest global contributions as lying bars.
pub fn importance(words: &'static Words, importance: &Importance) -> askama::Result<String> {
    const LINE: f64 = 19.0;
    const LONGEST: f64 = 330.0;
    let format = Format::new(words.language());
    let drawn = &importance.bars[..importance.bars.len().min(DRAWN)];
    let largest = drawn
        .iter()
        .map(|bar| bar.mean_abs_contribution)
        .fold(f64::MIN_POSITIVE, f64::max);
    let bars = drawn
        .iter()
        .enumerate()
        .map(|(index, bar)| LyingBar {
            label: bar.label.clone(),
            value: format.decimal(bar.mean_abs_contribution, 3),
            width: round(bar.mean_abs_contribution / largest * LONGEST),
            y: index as f64 * LINE,
        })
        .collect();
    BarChart {
        title: words.t("importance-title"),
        bars,
        height: drawn.len() as f64 * LINE,
    }
    .render()
}

struct Step {
    label: String,
    value: String,
    class: &'static str,
    x: f64,
    width: f64,
    y: f64,
}

#[derive(Template)]
#[template(path = "charts/waterfall_svg.html")]
struct Steps {
    title: String,
    bars: Vec<Step>,
    base: f64,
    height: f64,
}

/// From the base value to the margin, one contribution after the other.
pub fn waterfall(words: &'static Words, waterfall: &Waterfall) -> askama::Result<String> {
    const LINE: f64 = 20.0;
    const LEFT_END: f64 = 304.0;
    const RIGHT_END: f64 = 625.0;
    let format = Format::new(words.language());
    let mut running = waterfall.base_value;
    // (label, value, class, from, to)
    let mut steps = vec![(
        words.t("waterfall-base"),
        format.decimal(running, 3),
        "total",
        running,
        running,
    )];
    for bar in &waterfall.bars {
        let before = running;
        running += bar.contribution;
        let label = bar.others.map_or_else(
            || bar.label.clone(),
            |n| words.with("waterfall-others", &[("n", n.into())]),
        );
        let class = if bar.contribution > 0.0 {
            "raises"
        } else {
            "lowers"
        };
        let value = format.signed(bar.contribution, 3);
        steps.push((cut(&label, 48), value, class, before, running));
    }
    let margin = waterfall.margin;
    steps.push((
        words.t("waterfall-sum"),
        format.decimal(margin, 3),
        "total",
        margin,
        margin,
    ));
    let ends = || steps.iter().flat_map(|step| [step.3, step.4]);
    let least = ends().fold(f64::INFINITY, f64::min);
    let span = (ends().fold(f64::NEG_INFINITY, f64::max) - least).max(1e-9);
    let x = |value: f64| LEFT_END + (value - least) / span * (RIGHT_END - LEFT_END);
    let base = round(x(waterfall.base_value));
    let bars: Vec<Step> = steps
        .into_iter()
        .enumerate()
        .map(|(index, (label, value, class, from, to))| Step {
            label,
            value,
            class,
            x: round(x(from.min(to)) - 1.0),
            width: round((x(from) - x(to)).abs() + 2.0),
            y: index as f64 * LINE,
        })
        .collect();
    Steps {
        title: words.t("waterfall-summary"),
        height: bars.len() as f64 * LINE,
        bars,
        base,
    }
    .render()
}

struct Pair {
    title: String,
    reference: (f64, f64, f64),
    current: (f64, f64, f64),
}

#[derive(Template)]
#[template(path = "charts/sparkbars_svg.html")]
struct Sparkbars {
    summary: String,
    pairs: Vec<Pair>,
    width: f64,
}

/// Two small distributions side by side, bin by bin: reference and current.
pub fn sparkbars(words: &'static Words, bins: &[DriftBin]) -> askama::Result<String> {
    const TALL: f64 = 34.0;
    let format = Format::new(words.language());
    let step = (150.0 / bins.len().max(1) as f64).clamp(6.0, 30.0);
    let largest = bins.iter().fold(f64::MIN_POSITIVE, |max, bin| {
        max.max(bin.reference).max(bin.current)
    });
    let bar = |share: f64, x: f64| {
        let tall = round((share / largest * TALL).max(0.0));
        (round(x), round(TALL - tall), tall)
    };
    let pairs = bins
        .iter()
        .enumerate()
        .map(|(index, bin)| {
            let x = index as f64 * step;
            Pair {
                title: words.with(
                    "drift-bin",
                    &[
                        ("label", (&bin.label).into()),
                        ("reference", format.percent(bin.reference, 1).into()),
                        ("current", format.percent(bin.current, 1).into()),
                    ],
                ),
                reference: bar(bin.reference, x),
                current: bar(bin.current, x + (step - 1.5) / 2.0),
            }
        })
        .collect();
    Sparkbars {
        summary: words.t("drift-distribution"),
        pairs,
        width: round((step - 1.5) / 2.0),
    }
    .render()
}

/// At most `most` of the points, the first and the last among them.
pub(crate) fn thinned<P: Copy>(points: &[P], most: usize) -> Vec<P> {
    if points.len() <= most || most < 2 {
        return points.to_vec();
    }
    (0..most)
        .map(|i| points[i * (points.len() - 1) / (most - 1)])
        .collect()
}

/// A label on one line or two, broken at a space.
pub(crate) fn two_lines(label: &str, width: usize) -> Vec<String> {
    if label.chars().count() <= width {
        return vec![label.to_owned()];
    }
    let (mut first, mut rest) = (String::new(), String::new());
    for word in label.split(' ') {
        let line = if rest.is_empty() && first.chars().count() + word.chars().count() < width {
            &mut first
        } else {
            &mut rest
        };
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    vec![first, cut(&rest, width)]
}

/// At most so many characters, the last an ellipsis when some are left out.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

/// A tick's value with as many decimals as the step between ticks needs.
pub(crate) fn tick_text(format: Format, value: f64, step: f64) -> String {
    let places = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    format.decimal(value, places)
}

pub(crate) fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

/// A step of 1, 2 or 5 times a power of ten that gives four to ten ticks.
pub(crate) fn tick_step(max: f64) -> f64 {
    let power = 10_f64.powf((max / 4.0).log10().floor());
    let fits = [5.0, 2.0, 1.0]
        .into_iter()
        .find(|m| max / (m * power) >= 4.0);
    fits.unwrap_or(1.0) * power
}

/// The next multiple of the tick step, so that the last tick ends the axis.
pub(crate) fn round_up(max: f64) -> f64 {
    let step = tick_step(max);
    (max / step - 1e-9).ceil() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<u32> = (0..1000).collect();
        let few = thinned(&points, 12);
        assert_eq!((few.len(), few[0], few[11]), (12, 0, 999));
        assert_eq!(thinned(&points[..3], 12), vec![0, 1, 2]);
    }

    #[test]
    fn a_long_label_is_broken_at_a_space_and_cut_only_at_its_very_end() {
        assert_eq!(two_lines("short", 10), ["short"]);
        assert_eq!(two_lines("one two three", 8), ["one two", "three"]);
        assert_eq!(two_lines("one two three four", 8), ["one two", "three f…"]);
    }

    #[test]
    fn an_axis_has_between_four_and_ten_steps() {
        for max in [0.013, 0.07, 0.31, 0.5, 1.0, 3.7, 812.0] {
            let steps = max / tick_step(max);
            assert!((4.0..=10.0).contains(&steps), "{max}: {steps}");
            assert!(round_up(max) >= max - 1e-9);
        }
    }
}
