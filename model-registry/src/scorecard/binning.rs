//! Optimal binning: of all ways to put neighbouring fine bins together, the one of highest
//! information value whose default rate rises (or falls) all the way.
//!
//! The problem is that of Navas-Palencia ("Optimal binning: mathematical programming
//! formulation", 2020). The information value is a sum over bins and the order is a matter
//! of one bin and the next, so dynamic programming over (number of bins, start of the last
//! bin, its end) solves it exactly: with n fine bins and k bins in k * n^3 / 6 steps.

use super::ScorecardParameters;
use super::bins::Bins;
use super::evidence::{Population, Tally};

/// A value is only taken out of a column's order where at least as many others are left in it.
const VALUES_OF_A_QUANTITY: usize = 20;
/// A special value is so many times as frequent as the others are on average.
const TIMES_AS_FREQUENT: f64 = 10.0;

/// A distinct value and the rows that hold it.
type Run = (f64, Tally);

/// Bins of a number. `direction` is that which the PD must take with it, 0 for whichever
/// tells more.
pub(super) fn number_bins(
    column: &[f64],
    outcome: &[bool],
    population: &Population,
    direction: i8,
    parameters: &ScorecardParameters,
) -> Bins {
    let mut runs = distinct(column, outcome);
    let special = take_special(&mut runs, population, direction != 0, parameters);
    let fine = quantiles(&runs, parameters.initial_bins);
    let tallies: Vec<Tally> = fine.iter().map(|bin| bin.1).collect();
    let directions: &[f64] = match direction {
        0 => &[1.0, -1.0],
        1.. => &[1.0],
        _ => &[-1.0],
    };
    let limits = Limits::new(population, parameters);
    let mut best = Partition::whole(&tallies);
    for &direction in directions {
        let partition = partition(&tallies, direction, population, limits);
        if partition.value > best.value {
            best = partition;
        }
    }
    best.ends.pop();
    Bins::Number {
        upper: best.ends.iter().map(|&end| fine[end].0).collect(),
        special,
    }
}

/// Bins of a category: levels in the order of their default rate, put together as numbers
/// are. Levels too rare to have a rate of their own go together first.
pub(super) fn category_bins(
    column: &[f64],
    outcome: &[bool],
    levels: usize,
    population: &Population,
    parameters: &ScorecardParameters,
) -> Bins {
    let mut of_level = vec![Tally::default(); levels];
    for (&value, &default) in column.iter().zip(outcome) {
        if !value.is_nan() {
            of_level[value as usize].add(Tally::row(default));
        }
    }
    // A third of a bin is enough to be ordered by; what cannot stand alone finds neighbours.
    let smallest = parameters.min_bin_share / 3.0 * population.total.rows;
    let mut groups: Vec<(Tally, Vec<usize>)> = Vec::new();
    let mut rare = (Tally::default(), Vec::new());
    for (level, &tally) in of_level.iter().enumerate() {
        if tally.rows < smallest {
            rare.0.add(tally);
            rare.1.push(level);
        } else {
            groups.push((tally, vec![level]));
        }
    }
    if !rare.1.is_empty() {
        groups.push(rare);
    }
    groups.sort_by(|a, b| population.rate(a.0).total_cmp(&population.rate(b.0)));
    let tallies: Vec<Tally> = groups.iter().map(|group| group.0).collect();
    let best = partition(
        &tallies,
        1.0,
        population,
        Limits::new(population, parameters),
    );
    let mut bin_of_level = vec![0; levels];
    let (mut bin, mut ends) = (0, best.ends.iter());
    let mut end = ends.next();
    for (place, (_, levels)) in groups.iter().enumerate() {
        for &level in levels {
            bin_of_level[level] = bin;
        }
        if end == Some(&place) {
            bin += 1;
            end = ends.next();
        }
    }
    Bins::Category { bin_of_level }
}

/// The distinct values in ascending order; missing ones left out.
fn distinct(column: &[f64], outcome: &[bool]) -> Vec<Run> {
    // Sorted apart, defaults and good clients are plain numbers: much faster than pairs.
    let sorted = |wanted: bool| {
        let mut values: Vec<f64> = column
            .iter()
            .zip(outcome)
            .filter(|(value, default)| !value.is_nan() && **default == wanted)
            // Negative zero is zero.
            .map(|(value, _)| value + 0.0)
            .collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (bad, good) = (sorted(true), sorted(false));
    let (mut bad, mut good) = (bad.as_slice(), good.as_slice());
    let mut runs = Vec::new();
    loop {
        let value = match (bad.first(), good.first()) {
            (Some(bad), Some(good)) => bad.min(*good),
            (Some(value), None) | (None, Some(value)) => *value,
            (None, None) => return runs,
        };
        let count = |values: &[f64]| values.iter().take_while(|&&other| other <= value).count();
        let (defaults, goods) = (count(bad), count(good));
        (bad, good) = (&bad[defaults..], &good[goods..]);
        let tally = Tally {
            rows: (defaults + goods) as f64,
            defaults: defaults as f64,
        };
        runs.push((value, tally));
    }
}

/// Takes out the values that mean something else than their number. Such a value
///
/// - is the least, the greatest, or zero;
/// - is held by at least `min_special_share` of the known rows and fills a bin;
/// - is at least ten times as frequent as the other values are on average, of which there
///   are at least twenty: a count or a flag is often at its least and means it.
///
/// Where the dictionary gives a direction, a value is a code and no quantity only if it also
/// lies further from all others than they lie from each other: the direction is a promise
/// about quantities, "none" among them.
fn take_special(
    runs: &mut Vec<Run>,
    population: &Population,
    directed: bool,
    parameters: &ScorecardParameters,
) -> Vec<f64> {
    let known: f64 = runs.iter().map(|run| run.1.rows).sum();
    let least = (parameters.min_special_share * known)
        .max(parameters.min_bin_share * population.total.rows);
    let mut special = Vec::new();
    let mut rest = known;
    while runs.len() > VALUES_OF_A_QUANTITY {
        let last = runs.len() - 1;
        let zero = runs.binary_search_by(|run| run.0.total_cmp(&0.0)).ok();
        let found = [Some(0), Some(last), zero]
            .into_iter()
            .flatten()
            .find(|&place| {
                let rows = runs[place].1.rows;
                let average = (rest - rows) / last as f64;
                rows >= least
                    && rows >= TIMES_AS_FREQUENT * average
                    && (!directed || stands_apart(runs, place))
            });
        let Some(place) = found else { break };
        let (value, tally) = runs.remove(place);
        rest -= tally.rows;
        special.push(value);
    }
    special.sort_unstable_by(f64::total_cmp);
    special
}

/// Whether the first or last value is further from its neighbour than all others reach.
fn stands_apart(runs: &[Run], place: usize) -> bool {
    let last = runs.len() - 1;
    let (from, to, gap) = if place == 0 {
        (runs[1].0, runs[last].0, runs[1].0 - runs[0].0)
    } else if place == last {
        (runs[0].0, runs[last - 1].0, runs[last].0 - runs[last - 1].0)
    } else {
        return false;
    };
    gap > to - from
}

/// Fine bins of about equal size, each with its largest value; a value that fills one has
/// one to itself.
fn quantiles(runs: &[Run], count: usize) -> Vec<Run> {
    let known: f64 = runs.iter().map(|run| run.1.rows).sum();
    let size = (known / count.max(1) as f64).max(1.0);
    let mut bins: Vec<Run> = Vec::new();
    let mut open: Option<Run> = None;
    for &(value, tally) in runs {
        if tally.rows >= size {
            bins.extend(open.take());
        }
        let bin = open.get_or_insert((value, Tally::default()));
        bin.0 = value;
        bin.1.add(tally);
        if bin.1.rows >= size {
            bins.extend(open.take());
        }
    }
    bins.extend(open);
    bins
}

/// What bins must be like.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Rows at least.
    rows: f64,
    /// Bins at most.
    bins: usize,
}

impl Limits {
    fn new(population: &Population, parameters: &ScorecardParameters) -> Self {
        Self {
            rows: parameters.min_bin_share * population.total.rows,
            bins: parameters.bins_at_most(),
        }
    }
}

/// Fine bins put together: the last fine bin of each bin, and what the bins tell.
#[derive(Debug, Clone, PartialEq)]
struct Partition {
    ends: Vec<usize>,
    value: f64,
}

impl Partition {
    /// One bin of all: where there is too little to part.
    fn whole(fine: &[Tally]) -> Self {
        Self {
            ends: fine.len().checked_sub(1).into_iter().collect(),
            value: f64::NEG_INFINITY,
        }
    }
}

/// The partition of highest information value into bins that are large enough, few enough
/// and whose smoothed default rate times `direction` rises strictly; of equals that of fewest
/// bins, and of those the one whose last bin (then the one before it, ...) starts first.
fn partition(fine: &[Tally], direction: f64, population: &Population, limits: Limits) -> Partition {
    let n = fine.len();
    let place = |start: usize, end: usize| end * n + start;
    // Of a bin from start to end: its directed rate and value; not a number if it is too small.
    let mut rate = vec![f64::NAN; n * n];
    let mut value = vec![f64::NAN; n * n];
    for start in 0..n {
        let mut tally = Tally::default();
        for end in start..n {
            tally.add(fine[end]);
            if tally.rows >= limits.rows {
                rate[place(start, end)] = population.rate(tally) * direction;
                value[place(start, end)] = population.information_value(tally);
            }
        }
    }
    // With one bin more each time: the best value of a partition that ends with this bin, and
    // where the bin before it starts.
    let first = |index: usize| {
        if index.is_multiple_of(n) {
            value[index]
        } else {
            f64::NAN
        }
    };
    let mut layers = vec![((0..n * n).map(first).collect::<Vec<f64>>(), Vec::new())];
    while layers.len() < limits.bins.min(n) {
        let before = &layers[layers.len() - 1].0;
        let mut best = vec![f64::NAN; n * n];
        let mut from = vec![0; n * n];
        for end in layers.len()..n {
            for start in layers.len()..=end {
                let here = place(start, end);
                if value[here].is_nan() {
                    continue;
                }
                let (mut most, mut earlier) = (f64::NAN, 0);
                for h in 0..start {
                    let there = place(h, start - 1);
                    let ordered = rate[there] < rate[here];
                    if ordered && (most.is_nan() || before[there] > most) {
                        (most, earlier) = (before[there], h);
                    }
                }
                best[here] = most + value[here];
                from[here] = earlier;
            }
        }
        if best.iter().all(|best| best.is_nan()) {
            break;
        }
        layers.push((best, from));
    }
    let mut found = Partition::whole(fine);
    let mut last = None;
    for (layer, (best, _)) in layers.iter().enumerate() {
        for start in 0..n {
            let best = best[place(start, n - 1)];
            if best > found.value {
                found.value = best;
                last = Some((layer, start));
            }
        }
    }
    if let Some((layer, mut start)) = last {
        let mut end = n - 1;
        for layer in (1..=layer).rev() {
            let earlier = layers[layer].1[place(start, end)];
            end = start - 1;
            found.ends.push(end);
            start = earlier;
        }
        found.ends.sort_unstable();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: every way to set or leave out each cut.
    fn brute_force(
        fine: &[Tally],
        direction: f64,
        population: &Population,
        limits: Limits,
    ) -> Option<f64> {
        let cuts = fine.len() - 1;
        (0..1u32 << cuts)
            .filter_map(|chosen| {
                let mut bins = vec![fine[0]];
                for cut in 0..cuts {
                    if chosen >> cut & 1 == 1 {
                        bins.push(fine[cut + 1]);
                    } else if let Some(last) = bins.last_mut() {
                        last.add(fine[cut + 1]);
                    }
                }
                let ordered = bins.windows(2).all(|pair| {
                    population.rate(pair[0]) * direction < population.rate(pair[1]) * direction
                });
                let fits =
                    bins.len() <= limits.bins && bins.iter().all(|bin| bin.rows >= limits.rows);
                (ordered && fits).then(|| {
                    bins.iter()
                        .map(|&bin| population.information_value(bin))
                        .sum::<f64>()
                })
            })
            .max_by(f64::total_cmp)
    }

    fn bins_of(fine: &[Tally], ends: &[usize]) -> Vec<Tally> {
        let mut start = 0;
        ends.iter()
            .map(|&end| {
                let mut tally = Tally::default();
                for &fine in &fine[start..=end] {
                    tally.add(fine);
                }
                start = end + 1;
                tally
            })
            .collect()
    }

    proptest! {
        #[test]
        fn no_other_partition_tells_more(
            counts in prop::collection::vec((1u32..60, 0u32..100), 1..11),
            most in 1usize..6,
            share in 0.0..0.3,
            smoothing in prop_oneof![Just(0.0), Just(20.0)],
            rising in any::<bool>(),
        ) {
            let fine: Vec<Tally> = counts
                .iter()
                .map(|&(rows, defaults)| Tally {
                    rows: f64::from(rows),
                    // Some on both sides keeps the weights finite without smoothing.
                    defaults: (f64::from(rows * defaults) / 100.0).floor().clamp(0.5, f64::from(rows) - 0.5),
                })
                .collect();
            let mut total = Tally::default();
            for &fine in &fine {
                total.add(fine);
            }
            let population = Population { total, smoothing };
            let limits = Limits { rows: share * total.rows, bins: most };
            let direction = if rising { 1.0 } else { -1.0 };
            let found = partition(&fine, direction, &population, limits);
            let expected = brute_force(&fine, direction, &population, limits).expect("one bin at least");
            prop_assert!((found.value - expected).abs() < 1e-12, "{} is not {expected}", found.value);
            let bins = bins_of(&fine, &found.ends);
            prop_assert_eq!(found.ends.last(), Some(&(fine.len() - 1)));
            prop_assert!(bins.len() <= most && bins.iter().all(|bin| bin.rows >= limits.rows));
            prop_assert!(bins.is_sorted_by(|a, b| population.rate(*a) * direction < population.rate(*b) * direction));
            let value: f64 = bins.iter().map(|&bin| population.information_value(bin)).sum();
            prop_assert!((value - expected).abs() < 1e-12);
        }
    }

    fn parameters() -> ScorecardParameters {
        ScorecardParameters::default()
    }

    fn population(outcome: &[bool]) -> Population {
        Population {
            total: Tally::of(outcome),
            smoothing: parameters().smoothing,
        }
    }

    /// Every fifth row a default, more of them the higher `risk` is.
    fn outcome(risk: impl Iterator<Item = f64>) -> Vec<bool> {
        let mut owed = 0.0;
        risk.map(|risk| {
            owed += risk;
            let default = owed >= 1.0;
            owed -= f64::from(u8::from(default));
            default
        })
        .collect()
    }

    #[test]
    fn a_code_of_unusual_mass_has_its_own_bin_and_the_rest_keeps_its_order() {
        let column: Vec<f64> = (0..2000)
            .map(|row| {
                if row % 5 == 0 {
                    365_243.0
                } else {
                    -f64::from(row)
                }
            })
            .collect();
        let outcome = outcome(column.iter().map(|&value| {
            if value > 0.0 {
                0.05
            } else {
                0.4 + value / 5000.0
            }
        }));
        for direction in [0, 1] {
            let bins = number_bins(
                &column,
                &outcome,
                &population(&outcome),
                direction,
                &parameters(),
            );
            let Bins::Number { upper, special } = bins else {
                panic!("a number")
            };
            assert_eq!(special, [365_243.0]);
            assert!(upper.len() > 3 && upper.iter().all(|&upper| upper < 0.0));
        }
    }

    #[test]
    fn none_is_special_unless_the_dictionary_orders_it() {
        let column: Vec<f64> = (0..2000)
            .map(|row| if row % 2 == 0 { 0.0 } else { f64::from(row) })
            .collect();
        let outcome = outcome(column.iter().map(|value| 0.3 - value / 10_000.0));
        let special = |direction| {
            let bins = number_bins(
                &column,
                &outcome,
                &population(&outcome),
                direction,
                &parameters(),
            );
            match bins {
                Bins::Number { special, .. } => special,
                Bins::Category { .. } => panic!("a number"),
            }
        };
        assert_eq!(special(0), [0.0]);
        assert!(special(-1).is_empty());
    }

    #[test]
    fn a_count_and_a_flag_are_at_zero_often_and_mean_it() {
        for values in [2u32, 6] {
            let column: Vec<f64> = (0..2000u32)
                .map(|row| f64::from(if row % 3 == 0 { row % values } else { 0 }))
                .collect();
            let outcome = outcome(column.iter().map(|value| 0.1 + value / 20.0));
            let bins = number_bins(&column, &outcome, &population(&outcome), 0, &parameters());
            assert!(matches!(bins, Bins::Number { special, .. } if special.is_empty()));
        }
    }

    #[test]
    fn levels_follow_their_default_rate_and_rare_ones_go_together() {
        let column: Vec<f64> = (0..2000)
            .map(|row| match row % 100 {
                0..50 => 0.0,
                50..90 => 2.0,
                90..99 => 5.0,
                _ => f64::from(row / 100 % 2 * 2 + 1),
            })
            .collect();
        let risk = [0.3, 0.1, 0.1, 0.1, 0.1, 0.9];
        let outcome = outcome(column.iter().map(|&level| risk[level as usize]));
        let bins = category_bins(&column, &outcome, 6, &population(&outcome), &parameters());
        let Bins::Category { bin_of_level } = bins else {
            panic!("a category")
        };
        assert_eq!([0, 2, 5].map(|level| bin_of_level[level]), [1, 0, 2]);
        // Levels 1 and 3 have 10 rows each, level 4 none: they cannot stand alone.
        assert!(bin_of_level[1] == bin_of_level[3] && bin_of_level[3] == bin_of_level[4]);
        assert!(bin_of_level[1] < 2);
    }

    #[test]
    fn a_column_without_a_value_has_one_bin() {
        let outcome = [true, false, false];
        let column = [f64::NAN; 3];
        let population = population(&outcome);
        assert_eq!(
            number_bins(&column, &outcome, &population, 0, &parameters()).count(),
            1
        );
        assert_eq!(
            category_bins(&column, &outcome, 2, &population, &parameters()).count(),
            1
        );
    }
}
