//! The monotone map from a margin to the probability of default.
//!
//! A model's margin says who is riskier; calibration makes the number true. The map never
//! turns two clients round, so contributions, which explain the margin, stay the reason. It
//! is chosen on out-of-fold predictions ([`CalibrationTrial`]) and stored with the version.
//!
//! The choice is cross-fitted: each fold's margins become PDs by a map fitted on the other
//! folds', so that no PD that is judged has seen its own outcome. A richer map replaces a
//! simpler one only when its log loss is lower by more than one standard error of the
//! difference (the "one standard error rule" of Breiman et al., "Classification and
//! Regression Trees", 1984): what is no better than chance is not worth its freedom.

use serde::{Deserialize, Serialize};

use crate::evaluation::{Costs, Evaluation, EvaluationError, row_log_loss};
use crate::model::{log_odds, logistic};

/// How a margin becomes a PD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// `logistic(margin)`.
    None,
    /// `logistic(slope * margin + intercept)` (Platt, 1999); also an imported model's own link.
    Platt {
        /// Above zero.
        slope: f64,
        /// In log-odds.
        intercept: f64,
    },
    /// Straight lines between points, level outside them (isotonic regression).
    Isotonic {
        /// Ascending.
        margins: Vec<f64>,
        /// One per margin, not descending, each from 0 to 1.
        pds: Vec<f64>,
    },
}

/// What one kind of calibration reached on out-of-fold predictions it was not fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationTrial {
    /// `none`, `platt` or `isotonic`.
    pub method: String,
    /// Mean negative log-likelihood: the least is chosen.
    pub log_loss: f64,
    /// Mean squared distance of PD and outcome.
    pub brier: f64,
    /// See [`crate::evaluation::Evaluation::expected_calibration_error`].
    pub expected_calibration_error: f64,
    /// Whether this is the version's.
    pub chosen: bool,
}

/// A kind of calibration, from the simplest to the richest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    None,
    Platt,
    Isotonic,
}

impl Method {
    const ALL: [Self; 3] = [Self::None, Self::Platt, Self::Isotonic];

    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        }
    }

    fn fit(self, margins: &[f64], target: &[bool]) -> Option<Calibration> {
        match self {
            Self::None => Some(Calibration::None),
            Self::Platt => Calibration::platt(margins, target),
            Self::Isotonic => Calibration::isotonic(margins, target),
        }
    }
}

/// The calibration chosen for out-of-fold margins.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// The chosen kind, fitted on all of them: the version's.
    pub calibration: Calibration,
    /// PD of each row by the chosen kind fitted on the other folds.
    pub pd: Vec<f64>,
    /// The kinds compared.
    pub trials: Vec<CalibrationTrial>,
}

/// Chooses the calibration of out-of-fold `margins`, whose rows are in `fold` 0, 1, ...
pub fn cross_fit(
    margins: &[f64],
    target: &[bool],
    fold: &[usize],
) -> Result<Calibrated, EvaluationError> {
    let mut compared: Vec<(Method, Calibration, Vec<f64>)> = Vec::new();
    for method in Method::ALL {
        if let Some(whole) = method.fit(margins, target)
            && let Some(pd) = cross_fitted(method, margins, target, fold)
        {
            compared.push((method, whole, pd));
        }
    }
    let mut chosen = 0;
    for richer in 1..compared.len() {
        if clearly_better(&compared[richer].2, &compared[chosen].2, target) {
            chosen = richer;
        }
    }
    // None of the measures taken here depends on what mistakes cost.
    let costs = Costs {
        fn_cost: 1.0,
        fp_cost: 1.0,
    };
    let trials = compared
        .iter()
        .enumerate()
        .map(|(index, (method, _, pd))| {
            let evaluation = Evaluation::new(pd, target, costs)?;
            Ok(CalibrationTrial {
                method: method.name().to_owned(),
                log_loss: evaluation.log_loss,
                brier: evaluation.brier,
                expected_calibration_error: evaluation.expected_calibration_error,
                chosen: index == chosen,
            })
        })
        .collect::<Result<Vec<_>, EvaluationError>>()?;
    let (_, calibration, pd) = compared.swap_remove(chosen);
    Ok(Calibrated {
        calibration,
        pd,
        trials,
    })
}

/// Each fold's PDs by a map fitted on the others; `None` where one cannot be fitted.
fn cross_fitted(
    method: Method,
    margins: &[f64],
    target: &[bool],
    fold: &[usize],
) -> Option<Vec<f64>> {
    let folds = fold.iter().max().map_or(0, |last| last + 1);
    let mut pd = vec![f64::NAN; margins.len()];
    for held_out in 0..folds {
        let (others, outcomes): (Vec<f64>, Vec<bool>) = (0..margins.len())
            .filter(|&row| fold[row] != held_out)
            .map(|row| (margins[row], target[row]))
            .unzip();
        let map = method.fit(&others, &outcomes)?;
        for row in (0..margins.len()).filter(|&row| fold[row] == held_out) {
            pd[row] = map.pd(margins[row]);
        }
    }
    Some(pd)
}

/// Whether `richer` has a lower mean log loss by more than one standard error.
fn clearly_better(richer: &[f64], simpler: &[f64], target: &[bool]) -> bool {
    let gains: Vec<f64> = richer
        .iter()
        .zip(simpler)
        .zip(target)
        .map(|((&richer, &simpler), &default)| {
            row_log_loss(simpler, default) - row_log_loss(richer, default)
        })
        .collect();
    let rows = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / rows;
    let squares: f64 = gains.iter().map(|gain| (gain - mean).powi(2)).sum();
    mean > (squares / (rows - 1.0) / rows).sqrt()
}

/// Newton steps of [`Calibration::platt`]; the problem is convex in two unknowns.
const NEWTON_STEPS: usize = 100;

impl Calibration {
    /// Of an imported model whose link is `logistic(slope * margin)`.
    #[must_use]
    pub fn of_slope(slope: f64) -> Self {
        // Not nearly 1 but 1: anything else is a link of its own.
        if slope.to_bits() == 1f64.to_bits() {
            return Self::None;
        }
        Self::Platt {
            slope,
            intercept: 0.0,
        }
    }

    /// The slope and intercept of greatest likelihood, with Platt's targets, which keep a
    /// little doubt ("Probabilistic outputs for support vector machines", 1999), by Newton's
    /// method with halved steps (Lin, Lin and Weng, 2007). `None` when all margins are equal
    /// or higher ones default less.
    #[must_use]
    pub fn platt(margins: &[f64], target: &[bool]) -> Option<Self> {
        let defaults = target.iter().filter(|&&default| default).count() as f64;
        let good = target.len() as f64 - defaults;
        let wanted = |default: bool| {
            if default {
                (defaults + 1.0) / (defaults + 2.0)
            } else {
                1.0 / (good + 2.0)
            }
        };
        let loss = |slope: f64, intercept: f64| -> f64 {
            let rows = margins.iter().zip(target);
            rows.map(|(margin, &default)| {
                let score = slope * margin + intercept;
                // ln(1 + exp(score)) without overflow.
                score.max(0.0) + (-score.abs()).exp().ln_1p() - wanted(default) * score
            })
            .sum()
        };
        let (mut slope, mut intercept) = (1.0, 0.0);
        let mut current = loss(slope, intercept);
        for _ in 0..NEWTON_STEPS {
            let (mut d_slope, mut d_intercept) = (0.0, 0.0);
            let (mut h_slope, mut h_both, mut h_intercept) = (0.0, 0.0, 0.0);
            for (margin, &default) in margins.iter().zip(target) {
                let pd = logistic(slope * margin + intercept);
                let (error, weight) = (pd - wanted(default), pd * (1.0 - pd));
                d_slope += error * margin;
                d_intercept += error;
                h_slope += weight * margin * margin;
                h_both += weight * margin;
                h_intercept += weight;
            }
            let determinant = h_slope * h_intercept - h_both * h_both;
            if determinant <= 1e-12 * h_slope * h_intercept {
                return None;
            }
            let step_slope = (h_intercept * d_slope - h_both * d_intercept) / determinant;
            let step_intercept = (h_slope * d_intercept - h_both * d_slope) / determinant;
            let mut share = 1.0;
            let better = loop {
                let next = (
                    slope - share * step_slope,
                    intercept - share * step_intercept,
                );
                let next_loss = loss(next.0, next.1);
                if next_loss < current {
                    (slope, intercept) = next;
                    let gain = current - next_loss;
                    current = next_loss;
                    break gain > 1e-12 * current.abs();
                }
                share /= 2.0;
                if share < 1e-10 {
                    break false;
                }
            };
            if !better {
                break;
            }
        }
        (slope > 0.0 && slope.is_finite() && intercept.is_finite())
            .then_some(Self::Platt { slope, intercept })
    }

    /// The monotone map of least squared error (pool adjacent violators; Ayer et al., 1955),
    /// level over each pool and straight between two. No pool is given certainty: a PD stays
    /// `1 / (rows + 2)` away from 0 and 1. `None` without margins.
    #[must_use]
    pub fn isotonic(margins: &[f64], target: &[bool]) -> Option<Self> {
        let mut rows: Vec<(f64, bool)> = margins
            .iter()
            .copied()
            .zip(target.iter().copied())
            .collect();
        rows.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
        let mut pools: Vec<Pool> = Vec::new();
        for (margin, default) in rows {
            let mut pool = Pool {
                from: margin + 0.0,
                to: margin + 0.0,
                rows: 1.0,
                defaults: f64::from(u8::from(default)),
            };
            // Equal margins are one pool whatever happened to them.
            while let Some(before) = pools.last()
                && (before.to >= pool.from || before.rate() >= pool.rate())
            {
                pool.from = before.from;
                pool.rows += before.rows;
                pool.defaults += before.defaults;
                pools.pop();
            }
            pools.push(pool);
        }
        if pools.is_empty() {
            return None;
        }
        let doubt = 1.0 / (margins.len() as f64 + 2.0);
        let (mut margins, mut pds) = (Vec::new(), Vec::new());
        for pool in &pools {
            let pd = pool.rate().clamp(doubt, 1.0 - doubt);
            margins.push(pool.from);
            pds.push(pd);
            if pool.to > pool.from {
                margins.push(pool.to);
                pds.push(pd);
            }
        }
        Some(Self::Isotonic { margins, pds })
    }

    /// The least margin whose PD is `pd` or more; none where every margin's is, or no
    /// margin's.
    #[must_use]
    pub fn margin(&self, pd: f64) -> Option<f64> {
        let margin = match self {
            Self::None => log_odds(pd),
            Self::Platt { slope, intercept } => (log_odds(pd) - intercept) / slope,
            Self::Isotonic { margins, pds } => {
                let above = pds.partition_point(|&known| known < pd);
                let below = above.checked_sub(1)?;
                let share = (pd - pds[below]) / (pds.get(above)? - pds[below]);
                margins[below] + (margins[above] - margins[below]) * share
            }
        };
        margin.is_finite().then_some(margin)
    }

    /// The probability of default of a margin.
    #[must_use]
    pub fn pd(&self, margin: f64) -> f64 {
        match self {
            Self::None => logistic(margin),
            Self::Platt { slope, intercept } => logistic(slope * margin + intercept),
            Self::Isotonic { margins, pds } => interpolated(margins, pds, margin),
        }
    }
}

/// Neighbouring margins with one PD.
struct Pool {
    from: f64,
    to: f64,
    rows: f64,
    defaults: f64,
}

impl Pool {
    fn rate(&self) -> f64 {
        self.defaults / self.rows
    }
}

fn interpolated(margins: &[f64], pds: &[f64], margin: f64) -> f64 {
    let above = margins.partition_point(|&known| known < margin);
    match (above.checked_sub(1), margins.get(above)) {
        (None, _) => pds.first().copied().unwrap_or(f64::NAN),
        (Some(below), None) => pds[below],
        (Some(below), Some(&end)) => {
            let share = (margin - margins[below]) / (end - margins[below]);
            // Rounding must not lift a PD over the next point's.
            (pds[below] + (pds[above] - pds[below]) * share).min(pds[above])
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_margin_of_a_threshold_parts_the_pds_below_it_from_the_others() {
        let maps = [
            Calibration::None,
            Calibration::Platt {
                slope: 0.4,
                intercept: -1.3,
            },
            Calibration::Isotonic {
                margins: vec![-3.0, -2.0, -1.0, 1.0],
                pds: vec![0.02, 0.02, 0.3, 0.9],
            },
        ];
        for map in maps {
            for threshold in [0.05, 0.083, 0.3, 0.6] {
                let margin = map.margin(threshold).expect("some are above, some below");
                assert!((map.pd(margin) - threshold).abs() < 1e-12, "{map:?}");
                assert!(map.pd(margin - 1e-6) < threshold, "{map:?}");
            }
        }
        let level = Calibration::Isotonic {
            margins: vec![0.0, 1.0],
            pds: vec![0.1, 0.2],
        };
        assert_eq!(level.margin(0.05), None, "everybody is refused");
        assert_eq!(level.margin(0.25), None, "nobody is");
    }

    /// Margins, outcomes that follow `link` of them, and folds.
    fn drawn(rows: usize, link: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<bool>, Vec<usize>) {
        let mut random = ChaCha8Rng::seed_from_u64(21);
        let margins: Vec<f64> = (0..rows)
            .map(|_| random.random::<f64>() * 6.0 - 5.0)
            .collect();
        let target = margins
            .iter()
            .map(|&margin| random.random::<f64>() < link(margin))
            .collect();
        (margins, target, (0..rows).map(|row| row % 5).collect())
    }

    fn method(trials: &[CalibrationTrial]) -> &str {
        let chosen: Vec<&str> = trials
            .iter()
            .filter(|trial| trial.chosen)
            .map(|trial| trial.method.as_str())
            .collect();
        assert_eq!(chosen.len(), 1);
        chosen[0]
    }

    #[test]
    fn margins_that_are_log_odds_are_left_as_they_are() {
        let (margins, target, fold) = drawn(6000, logistic);
        let calibrated = cross_fit(&margins, &target, &fold).expect("valid");
        assert_eq!(calibrated.calibration, Calibration::None);
        assert_eq!(calibrated.trials.len(), 3);
        assert_eq!(method(&calibrated.trials), "none");
    }

    #[test]
    fn margins_that_are_stretched_and_moved_are_put_right_by_platt() {
        let (margins, target, fold) = drawn(20_000, |margin| logistic(0.6 * margin - 1.0));
        let calibrated = cross_fit(&margins, &target, &fold).expect("valid");
        let Calibration::Platt { slope, intercept } = calibrated.calibration else {
            panic!("platt, not {:?}", calibrated.trials)
        };
        assert!((slope - 0.6).abs() < 0.05 && (intercept + 1.0).abs() < 0.08);
        assert!(calibrated.trials[1].expected_calibration_error < 0.01);
    }

    #[test]
    fn what_no_straight_line_puts_right_is_isotonic() {
        let (margins, target, fold) =
            drawn(20_000, |margin| if margin < -2.0 { 0.05 } else { 0.6 });
        let calibrated = cross_fit(&margins, &target, &fold).expect("valid");
        assert_eq!(method(&calibrated.trials), "isotonic");
        assert!((calibrated.calibration.pd(-4.0) - 0.05).abs() < 0.02);
        assert!((calibrated.calibration.pd(0.5) - 0.6).abs() < 0.04);
    }

    #[test]
    fn equal_margins_can_only_be_left_alone() {
        let target: Vec<bool> = (0..50).map(|row| row % 10 == 0).collect();
        let fold: Vec<usize> = (0..50).map(|row| row % 5).collect();
        assert_eq!(Calibration::platt(&[-2.0; 50], &target), None);
        let calibrated = cross_fit(&[-2.0; 50], &target, &fold).expect("valid");
        assert_eq!(calibrated.calibration, Calibration::None);
    }

    proptest! {
        #[test]
        fn a_fitted_map_never_turns_two_clients_round(
            rows in proptest::collection::vec((-8i32..8, any::<bool>()), 2..80),
            asked in proptest::collection::vec(-12.0..12.0f64, 2..20),
        ) {
            let (margins, target): (Vec<f64>, Vec<bool>) = rows
                .into_iter()
                .map(|(margin, default)| (f64::from(margin) / 2.0, default))
                .unzip();
            let mut asked = asked;
            asked.sort_unstable_by(f64::total_cmp);
            for method in Method::ALL {
                if let Some(map) = method.fit(&margins, &target) {
                    let pds: Vec<f64> = asked.iter().map(|&margin| map.pd(margin)).collect();
                    prop_assert!(pds.is_sorted(), "{map:?}");
                    prop_assert!(pds.iter().all(|pd| (0.0..=1.0).contains(pd)));
                }
            }
        }

        #[test]
        fn an_isotonic_map_gives_the_mean_outcome_over_all_rows(
            rows in proptest::collection::vec((-8i32..8, any::<bool>()), 40..80),
        ) {
            let (margins, target): (Vec<f64>, Vec<bool>) = rows
                .into_iter()
                .map(|(margin, default)| (f64::from(margin), default))
                .unzip();
            let map = Calibration::isotonic(&margins, &target).expect("rows");
            let sum: f64 = margins.iter().map(|&margin| map.pd(margin)).sum();
            let defaults = target.iter().filter(|&&default| default).count() as f64;
            // Each pool has its own rate, but for the little doubt at the ends.
            prop_assert!((sum - defaults).abs() <= 1.0 + 1e-9);
        }
    }
}
