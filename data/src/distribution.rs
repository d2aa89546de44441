//! Distributions of one column, for charts and for saying where a client stands: histograms
//! with edges that read well, counts per category, quantiles, percentile rank.
//!
//! Missing values (NaN) and infinities never take part; how many there were is returned with
//! the result, because "half of the clients have no value" is often what the chart must say.

use serde::{Deserialize, Serialize};

/// Counts of a column of numbers in consecutive bins of equal width.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Bin `i` holds values from `edges[i]` up to, not including, `edges[i + 1]`; the last bin
    /// includes its upper edge. One more than there are bins; empty when no value is finite.
    pub edges: Vec<f64>,
    pub counts: Vec<usize>,
    /// The first bin also holds values below its lower edge.
    pub open_below: bool,
    /// The last bin also holds values above its upper edge.
    pub open_above: bool,
    /// Rows without a finite value, in no bin.
    pub missing: usize,
}

/// Share of the rows left out at each end when the range of a histogram is chosen, so that one
/// income of a hundred million does not push everybody into the first bin.
const TAIL_SHARE: f64 = 0.01;

/// The range also ends this many interquartile ranges beyond the quartiles: in fewer than a
/// hundred rows a single outlier moves the 99th percentile.
const FENCE: f64 = 5.0;

/// Counts `values` in about `bins` bins of equal width.
///
/// The edges are multiples of 1, 2, 2.5 or 5 times a power of ten (whole numbers when all
/// values are), wide enough to hold the values between the 1st and the 99th percentile, but
/// no more than five interquartile ranges beyond the quartiles; what lies outside is counted in the first and the last bin, which are then marked open. Up to two
/// bins more than asked for come of the rounding. Zero `bins` counts as one.
#[must_use]
pub fn histogram(values: &[f64], bins: usize) -> Histogram {
    let sorted = sorted_finite(values);
    if sorted.is_empty() {
        return Histogram {
            edges: Vec::new(),
            counts: Vec::new(),
            open_below: false,
            open_above: false,
            missing: values.len(),
        };
    }
    histogram_with_edges(values, &nice_edges(&sorted, bins.max(1)))
}

/// Counts `values` in the bins of another histogram, so that two groups of clients can be
/// drawn over each other. `edges` ascend; fewer than two make no bin.
#[must_use]
pub fn histogram_with_edges(values: &[f64], edges: &[f64]) -> Histogram {
    let mut histogram = Histogram {
        edges: edges.to_vec(),
        counts: vec![0; edges.len().saturating_sub(1)],
        open_below: false,
        open_above: false,
        missing: 0,
    };
    for &value in values {
        match histogram.bin_of(value) {
            None => histogram.missing += 1,
            Some(bin) => {
                histogram.counts[bin] += 1;
                histogram.open_below |= value < edges[0];
                histogram.open_above |= value > edges[edges.len() - 1];
            }
        }
    }
    histogram
}

impl Histogram {
    /// The bin that counts a value, wherever it lies; none for NaN, infinities and a histogram
    /// without bins.
    #[must_use]
    pub fn bin_of(&self, value: f64) -> Option<usize> {
        if !value.is_finite() || self.counts.is_empty() {
            return None;
        }
        let not_above = self.edges.partition_point(|&edge| edge <= value);
        Some(not_above.saturating_sub(1).min(self.counts.len() - 1))
    }

    /// Number of values in bins.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.counts.iter().sum()
    }
}

/// Edges for ascending, finite, non-empty `sorted`.
fn nice_edges(sorted: &[f64], bins: usize) -> Vec<f64> {
    let whole = sorted.iter().all(|value| value.fract() == 0.0);
    let [mut low, first, third, mut high] =
        [TAIL_SHARE, 0.25, 0.75, 1.0 - TAIL_SHARE].map(|p| quantile_of_sorted(sorted, p));
    if third > first {
        low = low.max(first - FENCE * (third - first));
        high = high.min(third + FENCE * (third - first));
    }
    if whole {
        (low, high) = (low.floor(), high.ceil());
    }
    let range = high - low;
    // A column that is (nearly) constant gets one bin around its value.
    let smallest = f64::max(low.abs(), high.abs()) * 1e-12;
    let step = if range > smallest {
        nice_step(range / bins as f64, whole)
    } else if whole || low == 0.0 {
        1.0
    } else {
        nice_step(low.abs() / 10.0, false)
    };
    let first = (low / step).floor();
    // A whole number that is an upper edge starts a bin of its own: 0, 1, 2 are three bins.
    let mut last = (high / step).floor() + 1.0;
    if !whole && (last - 1.0) * step >= high && last - 1.0 > first {
        last -= 1.0;
    }
    let count = (last - first).max(1.0) as usize;
    (0..=count)
        .map(|index| multiple(first + index as f64, step))
        .collect()
}

/// The least of 1, 2, 2.5, 5 times a power of ten that is not below `width`; a whole number of
/// at least 1 if `whole`.
fn nice_step(width: f64, whole: bool) -> f64 {
    let width = if whole { width.max(1.0) } else { width };
    let power = width.log10().floor() as i32;
    for exponent in power..=power + 1 {
        for leading in [1.0, 2.0, 2.5, 5.0] {
            let step = multiple(leading, 10f64.powi(exponent));
            if step >= width * (1.0 - 1e-12) && (!whole || step.fract() == 0.0) {
                return step;
            }
        }
    }
    10f64.powi(power + 2)
}

/// `count` steps, without the last-digit noise that makes 3 x 0.1 read 0.30000000000000004.
fn multiple(count: f64, step: f64) -> f64 {
    let product = count * step;
    format!("{product:.12e}").parse().unwrap_or(product)
}

/// How often each level of a category occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryCounts {
    /// One per level, in the order of the codes.
    pub levels: Vec<LevelCount>,
    /// Rows whose code is no level's.
    pub missing: usize,
}

/// How often one level occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelCount {
    pub level: String,
    pub count: usize,
}

/// Counts the levels of a category; a code that is not below `levels.len()` is missing.
#[must_use]
pub fn category_counts(codes: &[u32], levels: &[String]) -> CategoryCounts {
    count_levels(codes.iter().map(|&code| code as usize), levels)
}

/// Counts the levels of a category whose codes are a column of a feature matrix; NaN, and what
/// is no level's code, is missing.
#[must_use]
pub fn category_counts_of_numbers(codes: &[f64], levels: &[String]) -> CategoryCounts {
    let as_code = |&code: &f64| {
        if code >= 0.0 && code.fract() == 0.0 {
            code as usize
        } else {
            usize::MAX
        }
    };
    count_levels(codes.iter().map(as_code), levels)
}

fn count_levels(codes: impl Iterator<Item = usize>, levels: &[String]) -> CategoryCounts {
    let mut counts = vec![0; levels.len()];
    let mut missing = 0;
    for code in codes {
        match counts.get_mut(code) {
            Some(count) => *count += 1,
            None => missing += 1,
        }
    }
    let level_count = |(level, count): (&String, usize)| LevelCount {
        level: level.clone(),
        count,
    };
    CategoryCounts {
        levels: levels.iter().zip(counts).map(level_count).collect(),
        missing,
    }
}

/// Share of `values` below `x`, equal ones counted half (mid-rank): 0 to 1, and 0.5 for the
/// median or when all are equal to `x`. None when `x` is NaN or no value is finite.
#[must_use]
pub fn percentile_rank(values: &[f64], x: f64) -> Option<f64> {
    let (mut below, mut not_above, mut all) = (0_usize, 0_usize, 0_usize);
    for &value in values.iter().filter(|value| value.is_finite()) {
        all += 1;
        below += usize::from(value < x);
        not_above += usize::from(value <= x);
    }
    (all > 0 && !x.is_nan()).then(|| 0.5 * (below + not_above) as f64 / all as f64)
}

/// Quantiles of the finite `values` at each of `probabilities` (clamped to 0..=1), by linear
/// interpolation between order statistics: type 7 of Hyndman and Fan, "Sample Quantiles in
/// Statistical Packages", The American Statistician 50 (1996), the default of R and `NumPy`.
/// None when no value is finite.
#[must_use]
pub fn quantiles(values: &[f64], probabilities: &[f64]) -> Option<Vec<f64>> {
    let sorted = sorted_finite(values);
    if sorted.is_empty() {
        return None;
    }
    let at = |&probability: &f64| quantile_of_sorted(&sorted, probability);
    Some(probabilities.iter().map(at).collect())
}

/// Smallest, quartiles (type 7) and largest of a column: what a box plot draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FiveNumbers {
    pub min: f64,
    pub first_quartile: f64,
    pub median: f64,
    pub third_quartile: f64,
    pub max: f64,
    /// Finite values that took part.
    pub count: usize,
    /// Values left out because they are missing or infinite.
    pub missing: usize,
}

/// The five-number summary of the finite `values`; None when there are none.
#[must_use]
pub fn five_numbers(values: &[f64]) -> Option<FiveNumbers> {
    let sorted = sorted_finite(values);
    let (&min, &max) = (sorted.first()?, sorted.last()?);
    Some(FiveNumbers {
        min,
        first_quartile: quantile_of_sorted(&sorted, 0.25),
        median: quantile_of_sorted(&sorted, 0.5),
        third_quartile: quantile_of_sorted(&sorted, 0.75),
        max,
        count: sorted.len(),
        missing: values.len() - sorted.len(),
    })
}

/// The finite values, ascending.
pub(crate) fn sorted_finite(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Type 7 quantile of ascending, finite, non-empty values.
pub(crate) fn quantile_of_sorted(sorted: &[f64], probability: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = probability.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let share = position - position.floor();
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    // Rounding must not carry the value beyond its neighbours.
    if high > low {
        (low * (1.0 - share) + high * share).clamp(low, high)
    } else {
        low
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_huge_income_does_not_flatten_the_histogram() {
        let mut incomes: Vec<f64> = (0..1000).map(|i| 50_000.0 + 200.0 * f64::from(i)).collect();
        incomes.push(117_000_000.0);
        let histogram = histogram(&incomes, 10);
        assert!(histogram.counts.len() >= 8, "{histogram:?}");
        assert!(histogram.open_above);
        assert_eq!(histogram.counted(), 1001);
        assert!(*histogram.edges.last().unwrap() <= 300_000.0);
    }

    #[test]
    fn an_outlier_among_few_clients_does_not_flatten_the_histogram() {
        let mut values: Vec<f64> = (0..20).map(|i| f64::from(i) / 20.0).collect();
        values.push(1e6);
        let histogram = histogram(&values, 10);
        assert!(*histogram.edges.last().unwrap() < 10.0, "{histogram:?}");
    }

    #[test]
    fn edges_are_round_numbers() {
        let values: Vec<f64> = (0..=1000).map(|i| f64::from(i) / 1000.0).collect();
        let histogram = histogram(&values, 10);
        let expected = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
        assert_eq!(histogram.edges, expected);
    }

    #[test]
    fn small_whole_numbers_get_a_bin_each() {
        let histogram = histogram(&[0.0, 0.0, 1.0, 2.0, 2.0, 2.0], 10);
        assert_eq!(histogram.edges, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(histogram.counts, [2, 1, 3]);
        assert!(!histogram.open_above);
    }

    #[test]
    fn a_constant_column_has_one_bin() {
        assert_eq!(histogram(&[7.0; 5], 10).counts, [5]);
        assert_eq!(histogram(&[0.25; 5], 10).counts, [5]);
        assert_eq!(histogram(&[-0.0; 5], 10).counts, [5]);
    }

    #[test]
    fn a_column_without_values_has_no_bins_and_says_how_many_are_missing() {
        let histogram = histogram(&[f64::NAN, f64::INFINITY], 10);
        assert_eq!((histogram.counts.len(), histogram.missing), (0, 2));
        assert_eq!(histogram.bin_of(1.0), None);
        assert_eq!(quantiles(&[f64::NAN], &[0.5]), None);
        assert_eq!(five_numbers(&[]), None);
        assert_eq!(percentile_rank(&[], 1.0), None);
    }

    #[test]
    fn another_group_is_counted_in_the_same_bins() {
        let all = histogram(&[0.0, 1.0, 2.0, 3.0], 4);
        let group = histogram_with_edges(&[-5.0, 2.0, 9.0, f64::NAN], &all.edges);
        assert_eq!(group.edges, all.edges);
        assert_eq!(group.counts, [1, 0, 1, 1]);
        assert!(group.open_below && group.open_above);
        assert_eq!(group.missing, 1);
    }

    #[test]
    fn levels_are_counted_in_order_and_unknown_codes_are_missing() {
        let levels = ["N".to_owned(), "Y".to_owned()];
        let counts = category_counts(&[1, 0, 1, u32::MAX, 2], &levels);
        assert_eq!(counts.levels[0].count, 1);
        assert_eq!(counts.levels[1].count, 2);
        assert_eq!(counts.missing, 2);
        let from_matrix = category_counts_of_numbers(&[1.0, 0.0, 1.0, f64::NAN, -1.0], &levels);
        assert_eq!(from_matrix, counts);
    }

    #[test]
    fn ties_count_half_in_the_percentile_rank() {
        let values = [1.0, 2.0, 2.0, 3.0, f64::NAN];
        assert_eq!(percentile_rank(&values, 2.0), Some(0.5));
        assert_eq!(percentile_rank(&values, 1.0), Some(0.125));
        assert_eq!(percentile_rank(&values, 9.0), Some(1.0));
        assert_eq!(percentile_rank(&values, f64::NAN), None);
    }

    // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0, .1, .25, .5, .9, 1])
    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, f64::NAN];
        let found = quantiles(&values, &[0.0, 0.1, 0.25, 0.5, 0.9, 1.0]).unwrap();
        for (found, expected) in found.iter().zip([1.0, 1.0, 1.75, 3.5, 6.9, 9.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        let summary = five_numbers(&values).unwrap();
        assert_eq!(
            (summary.median, summary.count, summary.missing),
            (3.5, 8, 1)
        );
    }

    proptest! {
        #[test]
        fn every_row_is_in_a_bin_or_missing(
            values in prop::collection::vec(prop_oneof![
                4 => -1e9..1e9f64,
                1 => Just(f64::NAN),
                1 => any::<f64>().prop_map(|v| if v.abs() > 1e100 { 0.0 } else { v }),
            ], 0..200),
            bins in 0..40usize,
        ) {
            let histogram = histogram(&values, bins);
            prop_assert_eq!(histogram.counted() + histogram.missing, values.len());
            prop_assert!(histogram.edges.is_sorted_by(|a, b| a < b), "{:?}", histogram.edges);
            prop_assert!(histogram.counts.len() <= bins.max(1) + 2);
        }

        #[test]
        fn quantiles_ascend_and_stay_within_the_data(
            values in prop::collection::vec(-1e6..1e6f64, 1..100),
            p in 0.0..=1.0f64, q in 0.0..=1.0f64,
        ) {
            let (p, q) = (p.min(q), p.max(q));
            let found = quantiles(&values, &[0.0, p, q, 1.0]).unwrap();
            prop_assert!(found.is_sorted());
        }

        #[test]
        fn ranks_of_a_value_from_both_ends_add_up_to_one(
            values in prop::collection::vec((-20..20i32).prop_map(f64::from), 1..100),
            x in (-20..20i32).prop_map(f64::from),
        ) {
            let mirrored: Vec<f64> = values.iter().map(|v| -v).collect();
            let both = percentile_rank(&values, x).unwrap() + percentile_rank(&mirrored, -x).unwrap();
            prop_assert!((both - 1.0).abs() < 1e-12);
        }
    }
}
