//! How the model does group by group: a table with two small plots in each row, the AUC
//! against that of all clients and the mean PD against the default rate.

use askama::Template;

use super::{Chart, svg};
use crate::{
    Words,
    format::Format,
    views::{Interval, SliceFeature, SliceFlag, SliceRow, Slices},
};

/// Draws the slices.
pub struct SliceTable<'view> {
    pub slices: &'view Slices,
    /// Whether features beyond the first few of which nothing is to be noticed are folded away.
    pub folded: bool,
}

/// Features that are always seen.
const SEEN: usize = 5;

/// A plot is this wide, with some room at either end.
const WIDTH: f64 = 110.0;
const ROOM: f64 = 5.0;

/// From the least to the greatest value on the paper.
struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    /// Wide enough for all values, rounded outwards.
    fn over(values: impl Iterator<Item = f64>, step: f64) -> Self {
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), v| {
            (least.min(v), most.max(v))
        });
        if least > most {
            return Self { from: 0.0, to: 1.0 };
        }
        let (from, to) = ((least / step).floor() * step, (most / step).ceil() * step);
        Self {
            from,
            to: if to > from { to } else { from + step },
        }
    }

    fn x(&self, value: f64) -> f64 {
        let share = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        svg::round(ROOM + share * (WIDTH - 2.0 * ROOM))
    }
}

struct AucPlot {
    low: f64,
    high: f64,
    at: f64,
}

struct RatePlot {
    low: f64,
    high: f64,
    rate: f64,
    pd: f64,
}

struct Row<'view> {
    of: &'view SliceRow,
    auc: Option<AucPlot>,
    rate: RatePlot,
}

struct Group<'view> {
    label: &'view str,
    protected: bool,
    rows: Vec<Row<'view>>,
}

#[derive(Template)]
#[template(path = "charts/slices.html")]
struct SliceTemplate<'view> {
    words: &'static Words,
    format: Format,
    /// What is seen at once, and what is folded away.
    parts: [Vec<Group<'view>>; 2],
    auc: Scale,
    overall: f64,
    rate: Scale,
}

impl SliceTemplate<'_> {
    fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    fn flag(&self, flag: SliceFlag) -> String {
        self.words.word("slice-flag", flag.as_str(), flag.as_str())
    }

    fn folded(&self, features: usize) -> String {
        self.words
            .with("slices-folded", &[("n", (features as u64).into())])
    }

    fn count(&self, count: u64) -> String {
        self.format.integer(count as f64)
    }

    fn interval(&self, interval: &Interval) -> String {
        self.words.with(
            "interval",
            &[
                ("low", self.format.decimal(interval.low, 3).into()),
                ("high", self.format.decimal(interval.high, 3).into()),
            ],
        )
    }
}

impl Chart for SliceTable<'_> {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let slices = self.slices;
        let all = || slices.features.iter().flat_map(|feature| &feature.groups);
        let said = || all().filter(|row| !row.flags.contains(&SliceFlag::Few));
        let intervals = said().filter_map(|row| row.auc_interval);
        let auc = Scale::over(
            intervals
                .flat_map(|interval| [interval.low, interval.high])
                .chain([slices.auc]),
            0.05,
        );
        let rate = Scale::over(
            said()
                .flat_map(|row| [row.rate_interval.high, row.mean_pd])
                .chain([0.0]),
            0.05,
        );
        let overall = auc.x(slices.auc);
        let row = |of| plots(of, &auc, &rate);
        let noticed = |feature: &SliceFeature| {
            let mut flags = feature.groups.iter().flat_map(|group| &group.flags);
            flags.any(|flag| *flag != SliceFlag::Few)
        };
        let mut parts = [Vec::new(), Vec::new()];
        for (place, feature) in slices.features.iter().enumerate() {
            let seen = !self.folded || place < SEEN || noticed(feature);
            parts[usize::from(!seen)].push(Group {
                label: &feature.label,
                protected: feature.protected,
                rows: feature.groups.iter().map(row).collect(),
            });
        }
        SliceTemplate {
            words,
            format: Format::new(words.language()),
            parts,
            auc,
            overall,
            rate,
        }
        .render()
    }
}

fn plots<'view>(of: &'view SliceRow, auc: &Scale, rate: &Scale) -> Row<'view> {
    let few = of.flags.contains(&SliceFlag::Few);
    let plot = of.auc.zip(of.auc_interval).filter(|_| !few);
    Row {
        of,
        auc: plot.map(|(at, interval)| AucPlot {
            low: auc.x(interval.low),
            high: auc.x(interval.high),
            at: auc.x(at),
        }),
        rate: RatePlot {
            low: rate.x(of.rate_interval.low),
            high: rate.x(of.rate_interval.high),
            rate: rate.x(of.default_rate),
            pd: rate.x(of.mean_pd),
        },
    }
}
