//! The business cost per client for every threshold, with the chosen one marked.

use askama::Template;
use serde::Serialize;
use serde_json::json;

use super::{Chart, Frame};
use crate::{Words, views::Confusion};

#[derive(Clone, Debug, Serialize)]
pub struct CostCurve {
    /// By rising threshold.
    pub points: Vec<CostPoint>,
    pub threshold: f64,
    pub cost_per_client: f64,
    /// Clients it was computed on, and how many of them defaulted.
    pub rows: u64,
    pub defaults: u64,
}

/// What a threshold would cost and do; shares 0 to 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CostPoint {
    pub threshold: f64,
    pub cost_per_client: f64,
    pub granted_share: f64,
    /// Of the clients who default, how many would be granted.
    pub missed_defaults: f64,
    /// Of the good clients, how many would be refused.
    pub refused_good: f64,
}

#[derive(Template)]
#[template(path = "charts/cost_curve.html")]
struct CostCurveTemplate {
    frame: Frame,
    threshold: f64,
    cost: f64,
    rows: Vec<CostPoint>,
    /// Where the explorer begins, and its last place.
    at: usize,
    last: usize,
    granted_share: f64,
    confusion: Confusion,
}

impl CostCurve {
    /// The points that can be drawn: granting everyone has an infinite threshold.
    pub(crate) fn finite(&self) -> Vec<CostPoint> {
        let drawable = |p: &&CostPoint| p.threshold.is_finite() && p.cost_per_client.is_finite();
        self.points.iter().filter(drawable).copied().collect()
    }

    /// Thresholds, lowest and highest, whose cost is at most `more` above the chosen one's:
    /// how flat the curve is around it.
    pub(crate) fn flat(&self, more: f64) -> Option<(f64, f64)> {
        let bound = self.cost_per_client * (1.0 + more);
        let points = self.finite();
        let chosen = self.chosen(&points)?;
        let near = |points: &mut dyn Iterator<Item = &CostPoint>| {
            let fits = points.take_while(|point| point.cost_per_client <= bound);
            fits.last().map(|point| point.threshold)
        };
        let low = near(&mut points[..=chosen].iter().rev())?;
        let high = near(&mut points[chosen..].iter())?;
        Some((low, high))
    }

    fn chosen(&self, points: &[CostPoint]) -> Option<usize> {
        let distance = |point: &CostPoint| (point.threshold - self.threshold).abs();
        (0..points.len()).min_by(|&a, &b| distance(&points[a]).total_cmp(&distance(&points[b])))
    }

    fn confusion(&self, point: &CostPoint) -> Confusion {
        let good = self.rows - self.defaults;
        let granted_default = (point.missed_defaults * self.defaults as f64).round() as u64;
        let refused_good = (point.refused_good * good as f64).round() as u64;
        Confusion {
            granted_good: good.saturating_sub(refused_good),
            granted_default,
            refused_good,
            refused_default: self.defaults.saturating_sub(granted_default),
        }
    }
}

impl Chart for CostCurve {
    fn html(&self, words: &'static Words) -> askama::Result<String> {
        let points = self.finite();
        let at = self.chosen(&points).unwrap_or(0);
        let row = |point: &CostPoint| {
            let confusion = self.confusion(point);
            // A millionth is finer than anything that is shown.
            let short = |value: f64| (value * 1e6).round() / 1e6;
            json!([
                short(point.threshold),
                short(point.cost_per_client),
                confusion.granted_default,
                confusion.refused_good
            ])
        };
        let data = json!({
            "kind": "cost_curve",
            "points": points.iter().map(row).collect::<Vec<_>>(),
            "at": [self.threshold, self.cost_per_client],
            "rows": self.rows,
            "defaults": self.defaults,
            "words": {
                "x": words.t("threshold"), "y": words.t("cost-per-client"),
                "at": words.t("cost-chosen"), "tried": words.t("explorer-tried"),
            },
        });
        let chosen = points.get(at);
        CostCurveTemplate {
            frame: Frame::new(words, &data),
            threshold: self.threshold,
            cost: self.cost_per_client,
            rows: super::svg::thinned(&points, 16),
            at,
            last: points.len().saturating_sub(1),
            granted_share: chosen.map_or(0.0, |point| point.granted_share),
            confusion: chosen.map_or_else(Confusion::default, |point| self.confusion(point)),
        }
        .render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(costs: &[f64]) -> CostCurve {
        let point = |(index, &cost): (usize, &f64)| CostPoint {
            threshold: index as f64 / 10.0,
            cost_per_client: cost,
            granted_share: 0.5,
            missed_defaults: 0.25,
            refused_good: 0.1,
        };
        CostCurve {
            points: costs.iter().enumerate().map(point).collect(),
            threshold: 0.2,
            cost_per_client: costs[2],
            rows: 100,
            defaults: 20,
        }
    }

    #[test]
    fn the_flat_part_ends_where_the_cost_first_rises_above_the_bound() {
        let flat = curve(&[1.0, 0.503, 0.5, 0.504, 0.51, 0.5]).flat(0.01);
        assert_eq!(flat, Some((0.1, 0.3)));
    }

    #[test]
    fn clients_by_decision_and_outcome_add_up_to_all() {
        let curve = curve(&[1.0, 0.6, 0.5]);
        let confusion = curve.confusion(&curve.points[2]);
        assert_eq!(
            (confusion.granted_default, confusion.refused_default),
            (5, 15)
        );
        assert_eq!((confusion.refused_good, confusion.granted_good), (8, 72));
    }
}
