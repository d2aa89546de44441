//! How far the measures of a group of clients can be moved by chance, and what is then to be
//! noticed about the group. A package holds what was counted; these are closed forms over it.

use octroi_frontend::views::{Interval, SliceFlag};
use octroi_model_registry::package::SliceEvaluation;

/// Defaults and good clients a group needs for anything to be said of it.
pub(super) const FEW: usize = 30;
/// Standard errors from which a difference is said to be one. Chance alone passes three in
/// one group of 370, so that a few dozen groups seldom give a false alarm.
const CLEAR: f64 = 3.0;
/// Standard errors of a 95% interval.
const NORMAL_95: f64 = 1.959_964;

/// Standard error of an AUC (Hanley and McNeil, 1982).
fn auc_error(auc: f64, defaults: f64, good: f64) -> f64 {
    let among_defaults = auc / (2.0 - auc) - auc * auc;
    let among_good = 2.0 * auc * auc / (1.0 + auc) - auc * auc;
    let pairs = auc * (1.0 - auc) + (defaults - 1.0) * among_defaults + (good - 1.0) * among_good;
    (pairs.max(0.0) / (defaults * good)).sqrt()
}

/// 95% interval of a group's AUC; none without both outcomes.
pub(super) fn auc_interval(slice: &SliceEvaluation) -> Option<Interval> {
    let auc = slice.auc?;
    let half = NORMAL_95 * auc_error(auc, slice.defaults as f64, good(slice) as f64);
    Some(Interval {
        low: (auc - half).max(0.0),
        high: (auc + half).min(1.0),
    })
}

/// 95% interval of a group's default rate (Wilson, 1927).
pub(super) fn rate_interval(slice: &SliceEvaluation) -> Interval {
    let rows = slice.rows.max(1) as f64;
    let rate = slice.defaults as f64 / rows;
    let square = NORMAL_95 * NORMAL_95;
    let middle = (rate + square / (2.0 * rows)) / (1.0 + square / rows);
    let spread = (rate * (1.0 - rate) / rows + square / (4.0 * rows * rows)).sqrt();
    let half = NORMAL_95 * spread / (1.0 + square / rows);
    Interval {
        low: (middle - half).max(0.0),
        high: (middle + half).min(1.0),
    }
}

/// What is to be noticed about a group, with `auc` that of all clients.
pub(super) fn flags(slice: &SliceEvaluation, auc: f64) -> Vec<SliceFlag> {
    if slice.defaults < FEW || good(slice) < FEW {
        return vec![SliceFlag::Few];
    }
    let (defaults, rows) = (slice.defaults as f64, slice.rows as f64);
    let mut flags = Vec::new();
    if let Some(own) = slice.auc {
        // The error that the group would have were it ranked as well as all clients.
        let error = auc_error(auc, defaults, good(slice) as f64);
        if auc - own > CLEAR * error {
            flags.push(SliceFlag::RanksWorse);
        }
    }
    // If every PD is right, the number of defaults varies at most so much.
    let error = (slice.mean_pd * (1.0 - slice.mean_pd) / rows).sqrt();
    let surplus = defaults / rows - slice.mean_pd;
    if surplus > CLEAR * error {
        flags.push(SliceFlag::Underestimated);
    } else if -surplus > CLEAR * error {
        flags.push(SliceFlag::Overestimated);
    }
    flags
}

fn good(slice: &SliceEvaluation) -> usize {
    slice.rows.saturating_sub(slice.defaults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use octroi_model_registry::package::SliceGroup;

    fn slice(rows: usize, defaults: usize, mean_pd: f64, auc: f64) -> SliceEvaluation {
        SliceEvaluation {
            feature: "KIND".to_owned(),
            group: SliceGroup::Missing,
            rows,
            defaults,
            mean_pd,
            auc: Some(auc),
            cost_per_client: 0.5,
            granted_share: 0.7,
        }
    }

    #[test]
    fn the_error_of_an_auc_is_that_of_hanley_and_mcneils_own_example() {
        // Their table: AUC 0.893, 51 abnormal and 58 normal: 0.032.
        assert!((auc_error(0.893, 51.0, 58.0) - 0.032).abs() < 0.001);
    }

    #[test]
    fn the_interval_of_a_rate_is_wilsons_and_never_leaves_zero_to_one() {
        let interval = rate_interval(&slice(10, 1, 0.1, 0.7));
        assert!((interval.low - 0.0179).abs() < 0.0005, "{interval:?}");
        assert!((interval.high - 0.4042).abs() < 0.0005, "{interval:?}");
        assert!(rate_interval(&slice(5, 0, 0.1, 0.7)).low < 1e-12);
    }

    #[test]
    fn a_difference_counts_only_where_there_are_clients_enough_to_see_it() {
        assert_eq!(flags(&slice(20_000, 1_600, 0.08, 0.75), 0.75), []);
        assert_eq!(
            flags(&slice(20_000, 2_000, 0.08, 0.70), 0.75),
            [SliceFlag::RanksWorse, SliceFlag::Underestimated]
        );
        assert_eq!(
            flags(&slice(20_000, 1_300, 0.08, 0.76), 0.75),
            [SliceFlag::Overestimated]
        );
        assert_eq!(flags(&slice(400, 40, 0.08, 0.70), 0.75), []);
        assert_eq!(
            flags(&slice(200, 29, 0.02, 0.3), 0.75),
            [SliceFlag::Few],
            "few defaults say nothing, whatever they look like"
        );
    }
}
