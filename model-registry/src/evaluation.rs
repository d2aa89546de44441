//! How good a model is, computed from predicted probabilities and what happened.
//!
//! Rows with the same prediction are one group everywhere: no measure depends on the order
//! of the rows. All measures are those of one pass over the groups, worst prediction first.

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub mod bootstrap;

/// Points kept of the ROC curve.
const ROC_POINTS: usize = 200;
/// Points kept of the cost curve, besides its minimum.
const COST_POINTS: usize = 200;
/// Bins of the calibration curve.
const CALIBRATION_BINS: usize = 10;

/// What a model is worth on a set of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Rows evaluated.
    pub rows: usize,
    /// Of which defaulted.
    pub defaults: usize,
    /// Defaults per row.
    pub default_rate: f64,
    /// Area under the ROC curve: the chance that a default has a higher PD than a good client, ties half.
    pub auc: f64,
    /// `2 * auc - 1`.
    pub gini: f64,
    /// Kolmogorov-Smirnov: the largest distance between the PDs' distributions of defaults and good clients.
    pub ks: f64,
    /// Mean precision over recall steps (area under the precision-recall curve, without interpolation).
    pub average_precision: f64,
    /// Mean squared distance of PD and outcome.
    pub brier: f64,
    /// Mean negative log-likelihood.
    pub log_loss: f64,
    /// The ROC curve from (0, 0) to (1, 1), thinned.
    pub roc: Vec<RocPoint>,
    /// Mean PD against default rate in tenths of the rows by PD.
    pub calibration: Vec<CalibrationBin>,
    /// Mean distance of mean PD and default rate over those tenths, weighted by their rows.
    pub expected_calibration_error: f64,
    /// Defaults among the riskiest rows against what chance would give.
    pub lift: Vec<LiftPoint>,
    /// Cost by threshold, ascending, thinned; the cheapest threshold is one of its points.
    pub cost_curve: Vec<CostPoint>,
    /// The threshold of least cost: a PD at or above it is refused.
    pub threshold: f64,
    /// Cost per client at that threshold.
    pub cost_per_client: f64,
    /// How far chance may have moved the measures; absent where it was not computed.
    pub intervals: Option<Intervals>,
}

/// The riskiest `share` of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LiftPoint {
    /// Share of all rows, riskiest first.
    pub share: f64,
    /// Their default rate over the overall one.
    pub lift: f64,
    /// Share of all defaults among them.
    pub captured: f64,
}

/// 95% bootstrap percentile intervals, `[low, high]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intervals {
    /// Bootstrap samples drawn.
    pub resamples: usize,
    /// Of [`Evaluation::auc`].
    pub auc: [f64; 2],
    /// Of [`Evaluation::gini`].
    pub gini: [f64; 2],
    /// Of [`Evaluation::ks`].
    pub ks: [f64; 2],
    /// Of [`Evaluation::average_precision`].
    pub average_precision: [f64; 2],
    /// Of [`Evaluation::brier`].
    pub brier: [f64; 2],
    /// Of [`Evaluation::log_loss`].
    pub log_loss: [f64; 2],
    /// Of [`Evaluation::expected_calibration_error`].
    pub expected_calibration_error: [f64; 2],
    /// Of the cost per client at the evaluation's own threshold.
    pub cost_per_client: [f64; 2],
}

/// A point of the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Share of good clients refused.
    pub fpr: f64,
    /// Share of defaults refused.
    pub tpr: f64,
}

/// Rows with neighbouring PDs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean predicted probability.
    pub mean_pd: f64,
    /// Share that defaulted.
    pub default_rate: f64,
    /// Rows in the bin.
    pub rows: usize,
}

/// What one threshold costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostPoint {
    /// A PD at or above it is refused.
    pub threshold: f64,
    /// `(fn_cost * missed_defaults + fp_cost * refused_good) / rows`.
    pub cost_per_client: f64,
    /// Share of clients granted.
    pub granted_share: f64,
    /// Defaults granted.
    pub missed_defaults: usize,
    /// Good clients refused.
    pub refused_good: usize,
}

/// What mistakes cost the bank, in any unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Of granting a client who defaults.
    pub fn_cost: f64,
    /// Of refusing a client who would have repaid.
    pub fp_cost: f64,
}

impl Costs {
    /// Cost per client of granting below `threshold` and refusing from it on.
    #[must_use]
    pub fn per_client(&self, pd: &[f64], target: &[bool], threshold: f64) -> f64 {
        let costs = pd
            .iter()
            .zip(target)
            .map(|(&pd, &default)| match (pd >= threshold, default) {
                (true, false) => self.fp_cost,
                (false, true) => self.fn_cost,
                _ => 0.0,
            });
        costs.sum::<f64>() / pd.len() as f64
    }
}

/// Why predictions cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EvaluationError {
    /// Nothing to evaluate.
    #[error("no rows to evaluate")]
    NoRows,
    /// Predictions and outcomes differ in number.
    #[error("{predictions} predictions for {outcomes} outcomes")]
    Lengths { predictions: usize, outcomes: usize },
    /// Outside 0 to 1, or NaN.
    #[error("prediction {row} is {value}, not a probability")]
    NotAProbability { row: usize, value: f64 },
    /// All defaulted or none did: nothing can be told apart.
    #[error("{defaults} of {rows} rows defaulted: both outcomes are needed")]
    SingleClass { rows: usize, defaults: usize },
    /// A cost below zero, NaN or infinite.
    #[error("costs must be finite and not negative")]
    Costs,
}

/// Rows with the same PD.
#[derive(Clone, Copy)]
struct Group {
    pd: f64,
    rows: usize,
    defaults: usize,
    /// Negative log-likelihood of a default.
    loss_if_default: f64,
    /// Of a good client.
    loss_if_good: f64,
}

impl Evaluation {
    /// Evaluates predicted probabilities `pd` against outcomes (`true` is a default).
    pub fn new(pd: &[f64], target: &[bool], costs: Costs) -> Result<Self, EvaluationError> {
        let groups = groups(pd, target)?;
        if !(costs.fn_cost >= 0.0
            && costs.fp_cost >= 0.0
            && (costs.fn_cost + costs.fp_cost).is_finite())
        {
            return Err(EvaluationError::Costs);
        }
        let rows = target.len();
        let defaults = target.iter().filter(|&&default| default).count();
        if defaults == 0 || defaults == rows {
            return Err(EvaluationError::SingleClass { rows, defaults });
        }
        let measures = Measures::of(&groups, rows, defaults);
        let (cost_curve, best) = cost_curve(&groups, rows, defaults, costs);
        Ok(Self {
            rows,
            defaults,
            default_rate: defaults as f64 / rows as f64,
            auc: measures.auc,
            gini: 2.0 * measures.auc - 1.0,
            ks: measures.ks,
            average_precision: measures.average_precision,
            brier: measures.brier,
            log_loss: measures.log_loss,
            roc: thinned(&roc(&groups, rows, defaults)),
            expected_calibration_error: measures.expected_calibration_error,
            calibration: calibration(&groups, rows),
            lift: lift(&groups, rows, defaults),
            cost_curve,
            threshold: best.threshold,
            cost_per_client: best.cost_per_client,
            intervals: None,
        })
    }
}

/// What one pass over the groups gives; also taken of each bootstrap sample.
#[derive(Clone, Copy)]
struct Measures {
    auc: f64,
    ks: f64,
    average_precision: f64,
    brier: f64,
    log_loss: f64,
    expected_calibration_error: f64,
}

impl Measures {
    /// Of groups whose rows are counted from the highest PD down; groups without rows are
    /// passed over.
    fn of(groups: &[Group], rows: usize, defaults: usize) -> Self {
        let good = (rows - defaults) as f64;
        let (mut refused, mut caught) = (0, 0);
        let (mut pairs, mut ks, mut precision) = (0.0, 0.0f64, 0.0);
        let (mut brier, mut log_loss) = (0.0, 0.0);
        let mut bins = TenthsByPd::new(rows);
        for group in groups.iter().filter(|group| group.rows > 0) {
            let repaid = group.rows - group.defaults;
            // Defaults above these good clients, ties half.
            pairs += repaid as f64 * (caught as f64 + group.defaults as f64 / 2.0);
            refused += group.rows;
            caught += group.defaults;
            let tpr = caught as f64 / defaults as f64;
            ks = ks.max((tpr - (refused - caught) as f64 / good).abs());
            precision += group.defaults as f64 * (caught as f64 / refused as f64);
            brier +=
                repaid as f64 * group.pd.powi(2) + group.defaults as f64 * (1.0 - group.pd).powi(2);
            log_loss +=
                repaid as f64 * group.loss_if_good + group.defaults as f64 * group.loss_if_default;
            bins.add(group);
        }
        Self {
            auc: pairs / (good * defaults as f64),
            ks,
            // `sum (R_k - R_{k-1}) P_k` over the groups.
            average_precision: precision / defaults as f64,
            brier: brier / rows as f64,
            log_loss: log_loss / rows as f64,
            expected_calibration_error: bins.error(),
        }
    }
}

/// Tenths of the rows by PD; a group belongs where its middle row falls, so that ties stay
/// together.
struct TenthsByPd {
    rows: usize,
    /// Rows of the groups that are still to come, all of lower PD.
    below: usize,
    /// Sum of PDs, defaults, rows.
    bins: [(f64, usize, usize); CALIBRATION_BINS],
}

impl TenthsByPd {
    fn new(rows: usize) -> Self {
        Self {
            rows,
            below: rows,
            bins: [(0.0, 0, 0); CALIBRATION_BINS],
        }
    }

    fn add(&mut self, group: &Group) {
        self.below -= group.rows;
        let middle = self.below + (group.rows - 1) / 2;
        let bin = &mut self.bins[middle * CALIBRATION_BINS / self.rows];
        bin.0 += group.pd * group.rows as f64;
        bin.1 += group.defaults;
        bin.2 += group.rows;
    }

    fn error(&self) -> f64 {
        let distances = self.bins.iter().map(|bin| (bin.0 - bin.1 as f64).abs());
        distances.sum::<f64>() / self.rows as f64
    }
}

/// Shares of the rows for which the lift is told.
const LIFT_SHARES: [f64; 6] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5];

/// Rows of equal PD that straddle a share count in proportion.
fn lift(groups: &[Group], rows: usize, defaults: usize) -> Vec<LiftPoint> {
    let point = |share: f64| {
        let wanted = share * rows as f64;
        let (mut taken, mut found) = (0.0, 0.0);
        for group in groups {
            let part = ((wanted - taken) / group.rows as f64).clamp(0.0, 1.0);
            taken += part * group.rows as f64;
            found += part * group.defaults as f64;
        }
        let captured = found / defaults as f64;
        LiftPoint {
            share,
            lift: captured / share,
            captured,
        }
    };
    LIFT_SHARES.into_iter().map(point).collect()
}

/// Of what was given this probability; a certainty that proves wrong costs -ln(1e-15), not
/// infinity.
fn surprise(probability: f64) -> f64 {
    -probability.clamp(1e-15, 1.0).ln()
}

/// Negative log-likelihood of one row; a certainty that proves wrong costs -ln(1e-15).
#[must_use]
pub fn row_log_loss(pd: f64, default: bool) -> f64 {
    surprise(if default { pd } else { 1.0 - pd })
}

/// Mean of [`row_log_loss`].
#[must_use]
pub fn log_loss(pd: &[f64], target: &[bool]) -> f64 {
    let losses = pd.iter().zip(target);
    let sum: f64 = losses
        .map(|(&pd, &default)| row_log_loss(pd, default))
        .sum();
    sum / pd.len() as f64
}

/// Area under the ROC curve, ties counted half; `None` without both outcomes.
#[must_use]
pub fn auc(pd: &[f64], target: &[bool]) -> Option<f64> {
    let groups = groups(pd, target).ok()?;
    let defaults = target.iter().filter(|&&default| default).count();
    (defaults > 0 && defaults < target.len())
        .then(|| Measures::of(&groups, target.len(), defaults).auc)
}

/// Groups of equal PD, highest first.
fn groups(pd: &[f64], target: &[bool]) -> Result<Vec<Group>, EvaluationError> {
    if pd.len() != target.len() {
        return Err(EvaluationError::Lengths {
            predictions: pd.len(),
            outcomes: target.len(),
        });
    }
    if pd.is_empty() {
        return Err(EvaluationError::NoRows);
    }
    if let Some(row) = pd.iter().position(|pd| !(0.0..=1.0).contains(pd)) {
        return Err(EvaluationError::NotAProbability {
            row,
            value: pd[row],
        });
    }
    let mut order: Vec<usize> = (0..pd.len()).collect();
    order.sort_unstable_by(|&left, &right| pd[right].total_cmp(&pd[left]));
    let mut groups: Vec<Group> = Vec::new();
    for row in order {
        let defaults = usize::from(target[row]);
        match groups.last_mut() {
            Some(group) if group.pd.total_cmp(&pd[row]).is_eq() => {
                group.rows += 1;
                group.defaults += defaults;
            }
            _ => groups.push(Group {
                pd: pd[row],
                rows: 1,
                defaults,
                loss_if_default: surprise(pd[row]),
                loss_if_good: surprise(1.0 - pd[row]),
            }),
        }
    }
    Ok(groups)
}

fn roc(groups: &[Group], rows: usize, defaults: usize) -> Vec<RocPoint> {
    let (mut refused, mut caught) = (0, 0);
    let mut curve = vec![RocPoint { fpr: 0.0, tpr: 0.0 }];
    for group in groups {
        refused += group.rows;
        caught += group.defaults;
        curve.push(RocPoint {
            fpr: (refused - caught) as f64 / (rows - defaults) as f64,
            tpr: caught as f64 / defaults as f64,
        });
    }
    curve
}

fn thinned(curve: &[RocPoint]) -> Vec<RocPoint> {
    let points = curve.len().min(ROC_POINTS);
    (0..points)
        .map(|point| curve[point * (curve.len() - 1) / (points - 1)])
        .collect()
}

fn calibration(groups: &[Group], rows: usize) -> Vec<CalibrationBin> {
    let mut tenths = TenthsByPd::new(rows);
    for group in groups {
        tenths.add(group);
    }
    tenths
        .bins
        .into_iter()
        .filter(|bin| bin.2 > 0)
        .map(|(pd, defaults, rows)| CalibrationBin {
            mean_pd: pd / rows as f64,
            default_rate: defaults as f64 / rows as f64,
            rows,
        })
        .collect()
}

/// The curve on a grid of PDs, ascending by threshold, and its exact minimum over all PDs.
fn cost_curve(
    groups: &[Group],
    rows: usize,
    defaults: usize,
    costs: Costs,
) -> (Vec<CostPoint>, CostPoint) {
    let mut points = Vec::with_capacity(groups.len() + 1);
    let (mut refused, mut caught) = (0, 0);
    for cut in 0..=groups.len() {
        let (missed_defaults, refused_good) = (defaults - caught, refused - caught);
        points.push(CostPoint {
            threshold: threshold_at(groups, cut),
            cost_per_client: (costs.fn_cost * missed_defaults as f64
                + costs.fp_cost * refused_good as f64)
                / rows as f64,
            granted_share: (rows - refused) as f64 / rows as f64,
            missed_defaults,
            refused_good,
        });
        if let Some(group) = groups.get(cut) {
            refused += group.rows;
            caught += group.defaults;
        }
    }
    // No threshold up to 1 grants a client whose PD is 1.
    if groups[0].pd >= 1.0 {
        points.remove(0);
    }
    // Of equal costs the highest threshold: more clients granted.
    let mut best = 0;
    for (index, point) in points.iter().enumerate() {
        if point.cost_per_client < points[best].cost_per_client {
            best = index;
        }
    }
    let kept = points.len().min(COST_POINTS);
    let mut grid: Vec<usize> = (0..kept)
        .map(|k| k * (points.len() - 1) / (kept - 1).max(1))
        .collect();
    if let Err(place) = grid.binary_search(&best) {
        grid.insert(place, best);
    }
    (
        grid.into_iter().rev().map(|index| points[index]).collect(),
        points[best],
    )
}

/// The threshold that refuses the first `cut` groups: halfway between two neighbouring PDs,
/// so that a later PD that differs in its last bit falls on the same side.
fn threshold_at(groups: &[Group], cut: usize) -> f64 {
    match (
        cut.checked_sub(1).map(|last| groups[last].pd),
        groups.get(cut),
    ) {
        (None, _) => 1.0,
        (Some(_), None) => 0.0,
        (Some(refused), Some(granted)) => {
            let middle = granted.pd + (refused - granted.pd) / 2.0;
            if middle > granted.pd { middle } else { refused }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_TO_ONE: Costs = Costs {
        fn_cost: 10.0,
        fp_cost: 1.0,
    };

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-12, "{left} is not {right}");
    }

    #[test]
    fn a_small_table_gives_the_values_worked_out_by_hand() {
        let pd = [0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.4, 0.3, 0.2, 0.1];
        let target = [
            true, false, true, false, false, true, false, false, false, false,
        ];
        let evaluation = Evaluation::new(&pd, &target, TEN_TO_ONE).expect("valid");
        // Good clients above each default: 0, 1, 3 of 7: concordant 7 + 6 + 4 of 21 pairs.
        close(evaluation.auc, 17.0 / 21.0);
        close(evaluation.gini, 13.0 / 21.0);
        // After the sixth row all defaults and three good clients: 1 - 3/7.
        close(evaluation.ks, 4.0 / 7.0);
        close(
            evaluation.average_precision,
            (1.0 + 2.0 / 3.0 + 3.0 / 6.0) / 3.0,
        );
        let squares: f64 = [0.1, 0.8, 0.3, 0.6, 0.55, 0.5, 0.4, 0.3, 0.2, 0.1]
            .iter()
            .map(|e| e * e)
            .sum();
        close(evaluation.brier, squares / 10.0);
        let logs: f64 = [0.9, 0.2, 0.7, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9f64]
            .iter()
            .map(|p| -p.ln())
            .sum();
        close(evaluation.log_loss, logs / 10.0);
        // Refusing the first six: no default missed, three good refused: 3 / 10.
        close(evaluation.cost_per_client, 0.3);
        close(evaluation.threshold, 0.45);
        close(evaluation.default_rate, 0.3);
    }

    #[test]
    fn tied_predictions_count_half_and_their_order_does_not_matter() {
        let forward = Evaluation::new(
            &[0.5, 0.5, 0.2, 0.5],
            &[true, false, false, true],
            TEN_TO_ONE,
        )
        .expect("valid");
        let backward = Evaluation::new(
            &[0.5, 0.2, 0.5, 0.5],
            &[true, false, false, true],
            TEN_TO_ONE,
        )
        .expect("valid");
        // Each default beats 0.2 and ties with 0.5: (1 + 0.5) / 2.
        close(forward.auc, 0.75);
        assert_eq!(forward, backward);
    }

    #[test]
    fn a_constant_prediction_has_auc_one_half_and_the_cheaper_of_all_or_none() {
        let target: Vec<bool> = (0..100).map(|row| row < 8).collect();
        let evaluation = Evaluation::new(&vec![0.08; 100], &target, TEN_TO_ONE).expect("valid");
        close(evaluation.auc, 0.5);
        close(evaluation.ks, 0.0);
        close(evaluation.average_precision, 0.08);
        // Granting all misses 8 defaults (80); refusing all loses 92.
        close(evaluation.cost_per_client, 0.8);
        close(evaluation.threshold, 1.0);
        assert_eq!(evaluation.calibration.len(), 1);
    }

    #[test]
    fn the_threshold_is_the_exact_minimum_found_by_trying_every_one() {
        let (pd, target) = pseudo_random(3000);
        let evaluation = Evaluation::new(
            &pd,
            &target,
            Costs {
                fn_cost: 7.0,
                fp_cost: 2.0,
            },
        )
        .expect("valid");
        let cost = |threshold: f64| -> f64 {
            let sum: f64 = pd
                .iter()
                .zip(&target)
                .map(|(&pd, &default)| match (pd >= threshold, default) {
                    (false, true) => 7.0,
                    (true, false) => 2.0,
                    _ => 0.0,
                })
                .sum();
            sum / 3000.0
        };
        let least = pd.iter().map(|&pd| cost(pd)).fold(cost(1.0), f64::min);
        close(evaluation.cost_per_client, least);
        close(cost(evaluation.threshold), least);
        for point in &evaluation.cost_curve {
            close(point.cost_per_client, cost(point.threshold));
        }
        assert!(evaluation.cost_curve.len() <= COST_POINTS + 1);
        assert!(
            evaluation
                .cost_curve
                .is_sorted_by(|a, b| a.threshold < b.threshold)
        );
        assert!(
            evaluation
                .cost_curve
                .iter()
                .any(|point| point.threshold.to_bits() == evaluation.threshold.to_bits())
        );
    }

    #[test]
    fn curves_are_thinned_and_keep_their_ends() {
        let (pd, target) = pseudo_random(5000);
        let evaluation = Evaluation::new(&pd, &target, TEN_TO_ONE).expect("valid");
        assert_eq!(evaluation.roc.len(), ROC_POINTS);
        assert_eq!(evaluation.roc[0], RocPoint { fpr: 0.0, tpr: 0.0 });
        assert_eq!(
            evaluation.roc[ROC_POINTS - 1],
            RocPoint { fpr: 1.0, tpr: 1.0 }
        );
        assert_eq!(evaluation.calibration.len(), 10);
        assert_eq!(
            evaluation
                .calibration
                .iter()
                .map(|bin| bin.rows)
                .sum::<usize>(),
            5000
        );
        assert!(
            evaluation
                .calibration
                .is_sorted_by(|a, b| a.mean_pd < b.mean_pd)
        );
    }

    #[test]
    fn what_cannot_be_evaluated_is_refused_by_name() {
        let single = Evaluation::new(&[0.5, 0.4], &[false, false], TEN_TO_ONE);
        assert_eq!(
            single,
            Err(EvaluationError::SingleClass {
                rows: 2,
                defaults: 0
            })
        );
        assert!(matches!(
            Evaluation::new(&[0.5, f64::NAN], &[false, true], TEN_TO_ONE),
            Err(EvaluationError::NotAProbability { row: 1, .. })
        ));
        assert_eq!(
            Evaluation::new(&[], &[], TEN_TO_ONE),
            Err(EvaluationError::NoRows)
        );
    }

    /// Predictions with ties, and outcomes that follow them loosely.
    fn pseudo_random(rows: u64) -> (Vec<f64>, Vec<bool>) {
        let mut state = 1u64;
        let mut next = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        (0..rows)
            .map(|_| {
                let pd = (next() * 1000.0).round() / 1000.0;
                (pd, next() < pd * 0.5)
            })
            .unzip()
    }
}
