//! Contributions of many clients, feature by feature: a dot is one client, right of the
//! middle its risk is raised, and the darker the dot the larger the value. Pure SVG with its
//! numbers beside it, the same on a page and in a document.

use askama::Template;
use serde::Serialize;

use super::{Chart, svg};
use crate::{Words, format::Format};

/// Features by importance, largest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Beeswarm {
    pub rows: Vec<BeeswarmRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct BeeswarmRow {
    pub feature: String,
    pub label: String,
    /// False of a category, whose values have no rank.
    pub ordered: bool,
    pub points: Vec<BeeswarmPoint>,
}

/// One client.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BeeswarmPoint {
    /// In log-odds.
    pub contribution: f64,
    /// Of the value as it is read, 0 (least) to 1; absent of a missing value and a category.
    pub rank: Option<f64>,
}

const WIDTH: f64 = 680.0;
const LEFT: f64 = 292.0;
const RIGHT: f64 = 10.0;
const LINE: f64 = 28.0;
const AXIS: f64 = 34.0;
/// Dots whose contributions differ by less than this on the paper share a stack.
const STACK: f64 = 3.0;
/// How far a dot stands from its neighbour in a stack, at most.
const APART: f64 = 2.6;
/// Shades that ranks are told apart by.
const SHADES: usize = 5;
/// Dots of one feature at most: more cannot be told apart.
const DOTS: usize = 400;

struct Swarm {
    label: Vec<String>,
    middle: f64,
    /// Path data of the dots of each shade, the palest first.
    shades: Vec<String>,
    /// Of missing values and categories.
    rings: String,
}

/// The same as numbers.
struct Row<'row> {
    label: &'row str,
    mean_abs: f64,
    low: Option<f64>,
    high: Option<f64>,
    unranked: Option<f64>,
}

#[derive(Template)]
#[template(path = "charts/beeswarm.html")]
struct BeeswarmTemplate<'chart> {
    words: &'static Words,
    format: Format,
    swarms: Vec<Swarm>,
    ticks: Vec<(f64, String)>,
    zero: f64,
    width: f64,
    left: f64,
    right: f64,
    bottom: f64,
    height: f64,
    rows: Vec<Row<'chart>>,
}

impl BeeswarmTemplate<'_> {
    fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    fn signed(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.format.signed(value, 3))
    }
}

impl Chart for Beeswarm {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let contributions = || self.rows.iter().flat_map(|row| &row.points);
        let least = contributions().fold(0.0_f64, |least, point| least.min(point.contribution));
        let most = contributions().fold(0.0_f64, |most, point| most.max(point.contribution));
        let step = svg::tick_step((most - least).max(1e-6));
        let (from, to) = ((least / step).floor() * step, (most / step).ceil() * step);
        let to = if to > from { to } else { from + step };
        let x =
            |value: f64| svg::round(LEFT + (value - from) / (to - from) * (WIDTH - LEFT - RIGHT));
        let format = Format::new(words.language());
        let steps = ((to - from) / step).round() as u32;
        let bottom = self.rows.len() as f64 * LINE;
        BeeswarmTemplate {
            words,
            format,
            swarms: self
                .rows
                .iter()
                .enumerate()
                .map(|(index, row)| swarm(row, (index as f64 + 0.5) * LINE, x))
                .collect(),
            ticks: (0..=steps)
                .map(|tick| from + f64::from(tick) * step)
                .map(|value| (x(value), svg::tick_text(format, value, step)))
                .collect(),
            zero: x(0.0),
            width: WIDTH,
            left: LEFT,
            right: WIDTH - RIGHT,
            bottom,
            height: bottom + AXIS,
            rows: self.rows.iter().map(numbers).collect(),
        }
        .render()
    }
}

/// Dots of like contribution stand in stacks around the middle, in the order of the clients,
/// closer where there are many: no dot is placed by chance.
fn swarm(row: &BeeswarmRow, middle: f64, x: impl Fn(f64) -> f64) -> Swarm {
    let points = svg::thinned(&row.points, DOTS);
    let stack = |point: &BeeswarmPoint| (x(point.contribution) / STACK).round() as i64;
    let mut height = std::collections::BTreeMap::<i64, u32>::new();
    for point in &points {
        *height.entry(stack(point)).or_default() += 1;
    }
    let mut placed = std::collections::BTreeMap::<i64, u32>::new();
    let mut shades = vec![String::new(); SHADES];
    let mut rings = String::new();
    for point in &points {
        let of = stack(point);
        let tall = height.get(&of).copied().unwrap_or(1);
        let apart = APART.min((LINE - 5.0) / f64::from(tall));
        let place = placed.entry(of).or_default();
        let side = if place.is_multiple_of(2) { 1.0 } else { -1.0 };
        let y = svg::round(middle + side * f64::from(place.div_ceil(2)) * apart);
        *place += 1;
        // A line of no length with round ends is a dot, in the fewest bytes.
        let dot = format!("M{} {y}h0", x(point.contribution));
        match point.rank {
            Some(rank) => {
                let shade = (rank.clamp(0.0, 1.0) * SHADES as f64) as usize;
                shades[shade.min(SHADES - 1)].push_str(&dot);
            }
            None => rings.push_str(&dot),
        }
    }
    Swarm {
        label: svg::two_lines(&row.label, 38),
        middle,
        shades,
        rings,
    }
}

fn numbers(row: &BeeswarmRow) -> Row<'_> {
    let mean = |keep: &dyn Fn(&BeeswarmPoint) -> bool| {
        let kept: Vec<f64> = row
            .points
            .iter()
            .filter(|point| keep(point))
            .map(|point| point.contribution)
            .collect();
        (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
    };
    let absolute: f64 = row.points.iter().map(|p| p.contribution.abs()).sum();
    Row {
        label: &row.label,
        mean_abs: absolute / row.points.len().max(1) as f64,
        low: mean(&|point| point.rank.is_some_and(|rank| rank < 1.0 / 3.0)),
        high: mean(&|point| point.rank.is_some_and(|rank| rank > 2.0 / 3.0)),
        unranked: row
            .ordered
            .then(|| mean(&|point| point.rank.is_none()))
            .flatten(),
    }
}
