//! Drift: how far the distribution of each column of a current population is from that of the
//! reference population (the one a model was trained on).
//!
//! Three measures per column, because each is blind somewhere:
//!
//! * **Population stability index** over bins, the measure that banks know:
//!   `sum((c - r) * ln(c / r))` over the shares `r`, `c` of reference and current in each bin.
//!   Below 0.1 stable, below 0.25 moderate, from 0.25 strong: the usual limits (N. Siddiqi,
//!   *Credit Risk Scorecards*, Wiley 2006). Shares below 0.0001 count as 0.0001, so that an
//!   empty bin weighs much and not infinitely; the common remedy (the drift library Evidently
//!   puts the same figure in place of an empty bin). Without any drift, sampling alone makes it
//!   about `(bins - 1) * (1 / n + 1 / m)` (B. Yurdakul, *Statistical Properties of Population
//!   Stability Index*, Western Michigan University 2018): reported as `psi_by_chance` and
//!   subtracted before the verdict, so that a small population is not called drifted for being
//!   small.
//! * **Jensen-Shannon distance** over the same bins (square root of the divergence in bits): 0
//!   to 1, bounded where the index is not.
//! * A **test**: two-sample Kolmogorov-Smirnov for numbers (missing values left out),
//!   chi-square for categories (a missing value is a level). The p-values are corrected for the
//!   number of columns (Benjamini and Hochberg). With tens of thousands of rows everything is
//!   significant; the verdict is therefore that of the index.
//!
//! The bins of numbers are the deciles of the reference. A value that at least a tenth of the
//! reference has (a count of zero, a flag) is a bin of its own, and so is every value of a
//! column with few distinct ones: otherwise all deciles of a flag that is set for 5 % are equal
//! and the only bin hides any change. Missing values are a bin.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::column::{NamedColumn, TableColumns, Values};
use crate::distribution::{quantile_of_sorted, sorted_finite};
use crate::portfolio::{ColumnKind, Table};

/// From this index a column has drifted moderately.
pub const MODERATE_PSI: f64 = 0.1;
/// From this index a column has drifted strongly.
pub const STRONG_PSI: f64 = 0.25;

/// Least share of a bin in the index.
const SHARE_FLOOR: f64 = 1e-4;
/// Columns with at most this many distinct values get a bin for each.
const FEW_VALUES: usize = 20;
/// A value with this share of the reference gets a bin of its own.
const ATOM_SHARE: f64 = 0.1;
/// Levels expected fewer times than this in either population are merged for the chi-square
/// test (W. G. Cochran, "Some Methods for Strengthening the Common Chi-Square Tests",
/// *Biometrics* 10, 1954).
const LEAST_EXPECTED: f64 = 5.0;

/// How far the current population is from the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Columns compared, largest index first.
    pub features: Vec<FeatureDrift>,
    pub rows_reference: usize,
    pub rows_current: usize,
    /// Columns not compared, and why.
    pub left_out: Vec<LeftOut>,
}

/// A column that was not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub name: String,
    pub why: Why,
}

/// Why a column was not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    Identifier,
    Label,
    OnlyInReference,
    OnlyInCurrent,
    /// A number on one side, a category on the other.
    KindsDiffer,
    /// One of the populations has no rows.
    NoRows,
}

/// The drift of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureDrift {
    pub name: String,
    pub kind: Kind,
    /// Population stability index, 0 or more.
    pub psi: f64,
    /// What the index would be on average by sampling alone.
    pub psi_by_chance: f64,
    /// Jensen-Shannon distance, 0 to 1.
    pub js_distance: f64,
    /// None where a population has no value to test.
    pub statistic: Option<Statistic>,
    /// Share of missing values, 0 to 1.
    pub missing_reference: f64,
    pub missing_current: f64,
    /// The distributions; a bin of missing values, where there are any, comes last.
    pub bins: Vec<Bin>,
    pub verdict: Verdict,
}

/// How a column was treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Number,
    Category,
}

/// A test of "both populations have the same distribution".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistic {
    pub test: Test,
    /// The Kolmogorov-Smirnov distance (0 to 1) or the chi-square statistic.
    pub value: f64,
    pub p_value: f64,
    /// Corrected for the number of columns compared.
    pub p_adjusted: f64,
    /// Degrees of freedom of the chi-square test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom: Option<usize>,
}

/// Which test was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    KolmogorovSmirnov,
    ChiSquare,
}

/// One bin of a column's distribution in both populations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Plain form of `range`, for tables without a language.
    pub label: String,
    pub range: BinRange,
    pub reference_share: f64,
    pub current_share: f64,
}

/// What a bin holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BinRange {
    /// Values above `above` up to `up_to` (absent: no limit on that side); `up_to` itself
    /// belongs to the bin unless it has one of its own.
    Interval {
        above: Option<f64>,
        up_to: Option<f64>,
        up_to_included: bool,
    },
    Value {
        value: f64,
    },
    Level {
        level: String,
    },
    Missing,
}

/// What the index says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Stable,
    Moderate,
    Strong,
}

impl Verdict {
    /// The verdict for a population stability index.
    #[must_use]
    pub fn of(psi: f64) -> Self {
        if psi >= STRONG_PSI {
            Self::Strong
        } else if psi >= MODERATE_PSI {
            Self::Moderate
        } else {
            Self::Stable
        }
    }
}

/// Compares two files of the same table of a portfolio; its identifiers and its label are left
/// out, which the report says.
#[must_use]
pub fn compare_tables(
    table: &Table,
    reference: &TableColumns,
    current: &TableColumns,
) -> DriftReport {
    let why = |name: &str| {
        let column = table.columns.iter().find(|column| column.name == name)?;
        if table.label.as_deref() == Some(name) {
            Some(Why::Label)
        } else {
            matches!(column.kind, ColumnKind::Id).then_some(Why::Identifier)
        }
    };
    compare_except(&reference.columns, &current.columns, &why)
}

/// Compares all columns, by name. The caller has taken out identifiers and the label.
#[must_use]
pub fn compare(reference: &[NamedColumn], current: &[NamedColumn]) -> DriftReport {
    compare_except(reference, current, &|_| None)
}

/// Compares the columns for which `except` gives no reason to leave them out.
#[must_use]
pub fn compare_except(
    reference: &[NamedColumn],
    current: &[NamedColumn],
    except: &dyn Fn(&str) -> Option<Why>,
) -> DriftReport {
    let rows = |columns: &[NamedColumn]| columns.iter().map(|c| c.values.len()).max().unwrap_or(0);
    let (pairs, left_out) = pair_columns(reference, current, except);
    let mut features: Vec<FeatureDrift> = pairs
        .into_par_iter()
        .map(|(name, pair)| match pair {
            Pair::Numbers(reference, current) => number_drift(name, reference, current),
            Pair::Categories(reference, current) => category_drift(name, reference, current),
        })
        .collect();
    adjust_p_values(&mut features);
    features.sort_by(|a, b| {
        let by_index = b.psi.total_cmp(&a.psi);
        by_index.then_with(|| a.name.cmp(&b.name))
    });
    DriftReport {
        features,
        rows_reference: rows(reference),
        rows_current: rows(current),
        left_out,
    }
}

/// A column in both populations.
enum Pair<'a> {
    Numbers(&'a [f64], &'a [f64]),
    Categories(Categories<'a>, Categories<'a>),
}

#[derive(Clone, Copy)]
struct Categories<'a> {
    codes: &'a [u32],
    levels: &'a [String],
}

fn pair_columns<'a>(
    reference: &'a [NamedColumn],
    current: &'a [NamedColumn],
    except: &dyn Fn(&str) -> Option<Why>,
) -> (Vec<(&'a str, Pair<'a>)>, Vec<LeftOut>) {
    let in_current: HashMap<&str, &Values> = current
        .iter()
        .map(|column| (column.name.as_str(), &column.values))
        .collect();
    let mut pairs = Vec::new();
    let mut left_out = Vec::new();
    let mut leave_out = |name: &str, why| {
        left_out.push(LeftOut {
            name: name.to_owned(),
            why,
        });
    };
    for NamedColumn { name, values } in reference {
        let pair = match (except(name), in_current.get(name.as_str())) {
            (Some(why), _) => Err(why),
            (None, None) => Err(Why::OnlyInReference),
            (None, Some(current)) => pair_values(values, current),
        };
        match pair {
            Ok(pair) => pairs.push((name.as_str(), pair)),
            Err(why) => leave_out(name, why),
        }
    }
    for NamedColumn { name, .. } in current {
        if !reference.iter().any(|column| column.name == *name) {
            leave_out(name, except(name).unwrap_or(Why::OnlyInCurrent));
        }
    }
    (pairs, left_out)
}

fn pair_values<'a>(reference: &'a Values, current: &'a Values) -> Result<Pair<'a>, Why> {
    if reference.is_empty() || current.is_empty() {
        return Err(Why::NoRows);
    }
    match (reference, current) {
        (Values::Number(reference), Values::Number(current)) => {
            Ok(Pair::Numbers(reference, current))
        }
        (
            Values::Category { codes, levels },
            Values::Category {
                codes: current_codes,
                levels: current_levels,
            },
        ) => Ok(Pair::Categories(
            Categories { codes, levels },
            Categories {
                codes: current_codes,
                levels: current_levels,
            },
        )),
        _ => Err(Why::KindsDiffer),
    }
}

fn number_drift(name: &str, reference: &[f64], current: &[f64]) -> FeatureDrift {
    let sorted_reference = sorted_finite(reference);
    let sorted_current = sorted_finite(current);
    let cuts = cut_points(&sorted_reference, &sorted_current);
    let missing = (
        reference.len() - sorted_reference.len(),
        current.len() - sorted_current.len(),
    );
    let ranges = ranges_between(&cuts);
    let counts = counts_between(&sorted_reference, &cuts)
        .into_iter()
        .zip(counts_between(&sorted_current, &cuts));
    let mut counted: Vec<(BinRange, (usize, usize))> = ranges.into_iter().zip(counts).collect();
    counted.push((BinRange::Missing, missing));
    let statistic = kolmogorov_smirnov(&sorted_reference, &sorted_current);
    finish(name, Kind::Number, counted, missing, statistic)
}

fn category_drift(name: &str, reference: Categories, current: Categories) -> FeatureDrift {
    // The levels of both sides by name: a file may have levels that the other has not.
    let mut levels: Vec<&str> = Vec::new();
    let mut position: HashMap<&str, usize> = HashMap::new();
    for level in reference.levels.iter().chain(current.levels) {
        position.entry(level).or_insert_with(|| {
            levels.push(level);
            levels.len() - 1
        });
    }
    let count = |side: Categories| {
        let mut counts = vec![0_usize; levels.len() + 1];
        for &code in side.codes {
            let level = side.levels.get(code as usize);
            counts[level.map_or(levels.len(), |level| position[level.as_str()])] += 1;
        }
        counts
    };
    let (in_reference, in_current) = (count(reference), count(current));
    let missing = (in_reference[levels.len()], in_current[levels.len()]);
    let statistic = chi_square(&in_reference, &in_current);
    let ranges = levels.iter().map(|&level| BinRange::Level {
        level: level.to_owned(),
    });
    let counted = ranges
        .chain([BinRange::Missing])
        .zip(in_reference.into_iter().zip(in_current))
        .collect();
    finish(name, Kind::Category, counted, missing, Some(statistic))
}

fn finish(
    name: &str,
    kind: Kind,
    counted: Vec<(BinRange, (usize, usize))>,
    missing: (usize, usize),
    statistic: Option<Statistic>,
) -> FeatureDrift {
    let rows_reference: usize = counted.iter().map(|(_, count)| count.0).sum();
    let rows_current: usize = counted.iter().map(|(_, count)| count.1).sum();
    let (n, m) = (rows_reference as f64, rows_current as f64);
    let bins: Vec<Bin> = counted
        .into_iter()
        .filter(|(_, count)| *count != (0, 0))
        .map(|(range, count)| Bin {
            label: range.to_string(),
            range,
            reference_share: count.0 as f64 / n,
            current_share: count.1 as f64 / m,
        })
        .collect();
    let shares: Vec<(f64, f64)> = bins
        .iter()
        .map(|bin| (bin.reference_share, bin.current_share))
        .collect();
    let psi = stability_index(&shares);
    let psi_by_chance = (bins.len() as f64 - 1.0) * (1.0 / n + 1.0 / m);
    FeatureDrift {
        name: name.to_owned(),
        kind,
        psi,
        psi_by_chance,
        js_distance: jensen_shannon(&shares),
        statistic,
        missing_reference: missing.0 as f64 / n,
        missing_current: missing.1 as f64 / m,
        bins,
        verdict: Verdict::of(psi - psi_by_chance),
    }
}

/// Upper ends of the bins for a column of numbers, ascending; the last bin is open.
fn cut_points(reference: &[f64], current: &[f64]) -> Vec<f64> {
    let mut cuts = Vec::new();
    if let Some(values) = few_values(reference, current) {
        for value in values {
            cuts.extend([value.next_down(), value]);
        }
    } else if !reference.is_empty() {
        for decile in 1..10 {
            let cut = quantile_of_sorted(reference, f64::from(decile) / 10.0);
            if share_of(reference, cut) >= ATOM_SHARE {
                cuts.push(cut.next_down());
            }
            cuts.push(cut);
        }
    }
    cuts.sort_unstable_by(f64::total_cmp);
    cuts.dedup();
    cuts
}

/// The distinct values of both sides, if they are few.
fn few_values(reference: &[f64], current: &[f64]) -> Option<Vec<f64>> {
    let mut distinct = Vec::new();
    for side in [reference, current] {
        let mut rest = side;
        let mut found = 0;
        while let Some(&value) = rest.first() {
            found += 1;
            if found > FEW_VALUES {
                return None;
            }
            distinct.push(value);
            rest = &rest[rest.partition_point(|&other| other <= value)..];
        }
    }
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    (distinct.len() <= FEW_VALUES).then_some(distinct)
}

fn share_of(sorted: &[f64], value: f64) -> f64 {
    let below = sorted.partition_point(|&other| other < value);
    let not_above = sorted.partition_point(|&other| other <= value);
    (not_above - below) as f64 / sorted.len() as f64
}

fn ranges_between(cuts: &[f64]) -> Vec<BinRange> {
    (0..=cuts.len())
        .map(|bin| {
            let above = bin.checked_sub(1).map(|below| cuts[below]);
            let up_to = cuts.get(bin).copied();
            match (above, up_to) {
                (Some(above), Some(value)) if above.next_up() >= value => BinRange::Value { value },
                _ => {
                    let next = cuts.get(bin + 1).copied();
                    let own_bin = up_to.map(f64::next_up).filter(|up| Some(*up) == next);
                    BinRange::Interval {
                        above,
                        up_to: own_bin.or(up_to),
                        up_to_included: own_bin.is_none(),
                    }
                }
            }
        })
        .collect()
}

fn counts_between(sorted: &[f64], cuts: &[f64]) -> Vec<usize> {
    let mut counts = Vec::with_capacity(cuts.len() + 1);
    let mut before = 0;
    for &cut in cuts {
        let not_above = sorted.partition_point(|&value| value <= cut);
        counts.push(not_above - before);
        before = not_above;
    }
    counts.push(sorted.len() - before);
    counts
}

impl std::fmt::Display for BinRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Interval {
                above,
                up_to,
                up_to_included,
            } => match (above.map(Short), up_to.map(Short)) {
                (None, None) => f.write_str("all"),
                (None, Some(up_to)) if *up_to_included => write!(f, "≤ {up_to}"),
                (None, Some(up_to)) => write!(f, "< {up_to}"),
                (Some(above), None) => write!(f, "> {above}"),
                (Some(above), Some(up_to)) => write!(f, "{above} – {up_to}"),
            },
            Self::Value { value } => write!(f, "{}", Short(*value)),
            Self::Level { level } => f.write_str(level),
            Self::Missing => f.write_str("missing"),
        }
    }
}

/// A number with at most six significant digits.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded: f64 = format!("{:.5e}", self.0).parse().unwrap_or(self.0);
        // Adding zero turns -0 into 0.
        write!(f, "{}", rounded + 0.0)
    }
}

/// Population stability index of (reference, current) shares.
fn stability_index(shares: &[(f64, f64)]) -> f64 {
    let term = |&(reference, current): &(f64, f64)| {
        let (reference, current) = (reference.max(SHARE_FLOOR), current.max(SHARE_FLOOR));
        (current - reference) * (current / reference).ln()
    };
    shares.iter().map(term).sum()
}

/// Jensen-Shannon distance of two distributions, in bits: J. Lin, "Divergence Measures Based on
/// the Shannon Entropy", IEEE Transactions on Information Theory 37 (1991).
fn jensen_shannon(shares: &[(f64, f64)]) -> f64 {
    let half = |share: f64, middle: f64| {
        if share > 0.0 {
            0.5 * share * (share / middle).log2()
        } else {
            0.0
        }
    };
    let term = |&(reference, current): &(f64, f64)| {
        let middle = 0.5 * (reference + current);
        half(reference, middle) + half(current, middle)
    };
    shares.iter().map(term).sum::<f64>().clamp(0.0, 1.0).sqrt()
}

/// Two-sample Kolmogorov-Smirnov test of ascending values.
///
/// The p-value is asymptotic: `Q((sqrt(e) + 0.12 + 0.11 / sqrt(e)) D)` with `e = n m / (n + m)`
/// and Kolmogorov's `Q`; the correction for finite samples is M. A. Stephens's (*Journal of the
/// Royal Statistical Society* B 32, 1970), as in *Numerical Recipes*, 3rd edition, section
/// 14.3.3. With ties it is on the cautious side (too large).
fn kolmogorov_smirnov(reference: &[f64], current: &[f64]) -> Option<Statistic> {
    if reference.is_empty() || current.is_empty() {
        return None;
    }
    let (n, m) = (reference.len() as f64, current.len() as f64);
    let distance = largest_gap(reference, current);
    let effective = (n * m / (n + m)).sqrt();
    let p_value = kolmogorov_tail((effective + 0.12 + 0.11 / effective) * distance);
    Some(Statistic {
        test: Test::KolmogorovSmirnov,
        value: distance,
        p_value,
        p_adjusted: p_value,
        degrees_of_freedom: None,
    })
}

/// Largest difference between two empirical distribution functions.
fn largest_gap(reference: &[f64], current: &[f64]) -> f64 {
    let (n, m) = (reference.len(), current.len());
    let (mut i, mut j, mut largest) = (0, 0, 0_u128);
    while i < n && j < m {
        let value = reference[i].min(current[j]);
        while i < n && reference[i] <= value {
            i += 1;
        }
        while j < m && current[j] <= value {
            j += 1;
        }
        // Compared as whole numbers: equal samples differ by exactly zero.
        let (left, right) = (i as u128 * m as u128, j as u128 * n as u128);
        largest = largest.max(left.abs_diff(right));
    }
    largest as f64 / (n as f64 * m as f64)
}

/// Probability that Kolmogorov's limit distribution exceeds `x`, by whichever of its two series
/// converges fast (*Numerical Recipes*, 3rd edition, section 6.14.12).
fn kolmogorov_tail(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x <= 0.0 {
        return 1.0;
    }
    if x < 1.18 {
        let y = (-PI * PI / (8.0 * x * x)).exp();
        let series = y + y.powi(9) + y.powi(25) + y.powi(49);
        return (1.0 - (2.0 * PI).sqrt() / x * series).clamp(0.0, 1.0);
    }
    let y = (-2.0 * x * x).exp();
    (2.0 * (y - y.powi(4) + y.powi(9))).clamp(0.0, 1.0)
}

/// Chi-square test of homogeneity of two rows of counts, without continuity correction.
///
/// Levels that are expected fewer than five times in the smaller population are merged into
/// one; if even that one is expected too rarely, the rarest of the others joins it.
fn chi_square(reference: &[usize], current: &[usize]) -> Statistic {
    let n: f64 = reference.iter().sum::<usize>() as f64;
    let m: f64 = current.iter().sum::<usize>() as f64;
    let smaller_share = n.min(m) / (n + m);
    let rare = |&(a, b): &(f64, f64)| (a + b) * smaller_share < LEAST_EXPECTED;
    let (pooled, mut kept): (Vec<_>, Vec<_>) = reference
        .iter()
        .zip(current)
        .map(|(&a, &b)| (a as f64, b as f64))
        .filter(|&(a, b)| a + b > 0.0)
        .partition(rare);
    if !pooled.is_empty() {
        let add = |sum: (f64, f64), one: &(f64, f64)| (sum.0 + one.0, sum.1 + one.1);
        let mut pool = pooled.iter().fold((0.0, 0.0), add);
        kept.sort_by(|a, b| (b.0 + b.1).total_cmp(&(a.0 + a.1)));
        while rare(&pool) {
            match kept.pop() {
                Some(rarest) => pool = add(pool, &rarest),
                None => break,
            }
        }
        kept.push(pool);
    }
    let term = |&(a, b): &(f64, f64)| {
        let both = a + b;
        let (in_n, in_m) = (both * n / (n + m), both * m / (n + m));
        (a - in_n).powi(2) / in_n + (b - in_m).powi(2) / in_m
    };
    let value: f64 = kept.iter().map(term).sum();
    let degrees = kept.len().saturating_sub(1);
    let p_value = chi_square_tail(value, degrees);
    Statistic {
        test: Test::ChiSquare,
        value,
        p_value,
        p_adjusted: p_value,
        degrees_of_freedom: Some(degrees),
    }
}

/// Probability that a chi-square variable exceeds `value`: the regularised upper incomplete
/// gamma function `Q(degrees / 2, value / 2)`. One when there are no degrees of freedom.
fn chi_square_tail(value: f64, degrees: usize) -> f64 {
    if degrees == 0 || value <= 0.0 {
        return 1.0;
    }
    upper_gamma(degrees as f64 / 2.0, value / 2.0).clamp(0.0, 1.0)
}

/// Regularised upper incomplete gamma function: the series below `a + 1`, the continued
/// fraction (by Lentz's method) above (*Numerical Recipes*, 3rd edition, section 6.2).
fn upper_gamma(a: f64, x: f64) -> f64 {
    const ENOUGH: f64 = 1e-15;
    const TINY: f64 = 1e-300;
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
        while term > sum * ENOUGH {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    // The number of steps grows like the root of `a`; a thousand are enough beyond 10^5.
    for i in 1..1000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = an * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + an / c;
        c = if c.abs() < TINY { TINY } else { c };
        fraction *= d * c;
        if (d * c - 1.0).abs() < ENOUGH {
            break;
        }
    }
    front * fraction
}

/// Logarithm of the gamma function of a multiple of one half, from its recurrence: the only
/// arguments a chi-square test has.
fn ln_gamma(a: f64) -> f64 {
    let (start, start_value) = if a.fract() == 0.0 {
        (1.0, 0.0)
    } else {
        (0.5, 0.5 * std::f64::consts::PI.ln())
    };
    let steps = (a - start).round() as usize;
    (0..steps).fold(start_value, |sum, step| sum + (start + step as f64).ln())
}

/// Corrects the p-values of all columns for their number: Y. Benjamini and Y. Hochberg,
/// "Controlling the False Discovery Rate", *Journal of the Royal Statistical Society* B 57
/// (1995).
fn adjust_p_values(features: &mut [FeatureDrift]) {
    let mut tested: Vec<&mut Statistic> = features
        .iter_mut()
        .filter_map(|feature| feature.statistic.as_mut())
        .collect();
    tested.sort_by(|a, b| b.p_value.total_cmp(&a.p_value));
    let all = tested.len();
    let mut least = 1.0_f64;
    for (from_largest, statistic) in tested.into_iter().enumerate() {
        let rank = (all - from_largest) as f64;
        least = least.min(statistic.p_value * all as f64 / rank);
        statistic.p_adjusted = least;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(reference: &[f64], current: &[f64]) -> FeatureDrift {
        let column = |values: &[f64]| [NamedColumn::numbers("x", values.to_vec())];
        let report = compare(&column(reference), &column(current));
        report.features.into_iter().next().unwrap()
    }

    fn names(levels: &[&str]) -> Vec<String> {
        levels.iter().map(|&level| level.to_owned()).collect()
    }

    /// Uniform numbers that Python makes too: x = (x * 6364136223846793005 +
    /// 1442695040888963407) % 2**64, then (x >> 11) / 2**53.
    fn uniform(seed: u64, rows: usize) -> Vec<f64> {
        let mut x = seed;
        let mut next = || {
            x = x
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (x >> 11) as f64 / 2f64.powi(53)
        };
        (0..rows).map(|_| next()).collect()
    }

    fn close(found: f64, expected: f64, relative: f64) {
        let tolerance = expected.abs() * relative;
        assert!((found - expected).abs() <= tolerance, "{found} {expected}");
    }

    #[test]
    fn the_same_population_has_not_drifted() {
        let drift = number(&uniform(1, 500), &uniform(1, 500));
        assert_eq!((drift.psi, drift.js_distance), (0.0, 0.0));
        let statistic = drift.statistic.unwrap();
        assert_eq!((statistic.value, statistic.p_value), (0.0, 1.0));
        assert_eq!(drift.verdict, Verdict::Stable);
    }

    #[test]
    fn a_continuous_column_has_a_bin_per_decile() {
        let drift = number(&uniform(1, 1000), &uniform(2, 1000));
        assert_eq!(drift.bins.len(), 10);
        for bin in &drift.bins {
            assert!((bin.reference_share - 0.1).abs() < 0.005, "{bin:?}");
        }
    }

    #[test]
    fn a_rare_flag_that_becomes_frequent_is_seen() {
        let flag = |ones: usize| {
            (0..1000)
                .map(|i| f64::from(u8::from(i < ones)))
                .collect::<Vec<_>>()
        };
        let drift = number(&flag(20), &flag(400));
        assert_eq!(drift.verdict, Verdict::Strong);
        let labels: Vec<&str> = drift.bins.iter().map(|bin| bin.label.as_str()).collect();
        assert_eq!(labels, ["0", "1"]);
        assert_eq!(number(&flag(980), &flag(600)).verdict, Verdict::Strong);
        assert_eq!(number(&flag(0), &flag(400)).verdict, Verdict::Strong);
    }

    #[test]
    fn a_value_that_many_have_is_a_bin_of_its_own() {
        let mut reference = uniform(1, 1000);
        reference[..700].fill(0.0);
        let drift = number(&reference, &uniform(2, 1000));
        let zero = drift.bins.iter().find(|bin| bin.label == "0").unwrap();
        assert_eq!((zero.reference_share, zero.current_share), (0.7, 0.0));
        assert_eq!(zero.range, BinRange::Value { value: 0.0 });
    }

    #[test]
    fn values_that_go_missing_are_seen() {
        let mut current = uniform(1, 1000);
        current[..400].fill(f64::NAN);
        let drift = number(&uniform(1, 1000), &current);
        assert_eq!(drift.verdict, Verdict::Strong);
        assert_eq!((drift.missing_reference, drift.missing_current), (0.0, 0.4));
        assert_eq!(drift.bins.last().unwrap().range, BinRange::Missing);
        let all_missing = number(&uniform(1, 10), &[f64::NAN; 10]);
        assert_eq!(all_missing.statistic, None);
        assert_eq!(all_missing.verdict, Verdict::Strong);
    }

    #[test]
    fn identifiers_the_label_and_unmatched_columns_are_left_out_and_said() {
        let columns = |names: &[&str]| -> Vec<NamedColumn> {
            let column = |&name: &&str| NamedColumn::numbers(name, vec![1.0, 2.0]);
            names.iter().map(column).collect()
        };
        let mut reference = columns(&["SK_ID_CURR", "TARGET", "a", "only_here", "kind"]);
        reference[4] = NamedColumn::categories("kind", vec![0, 0], names(&["x"]));
        let current = columns(&["a", "SK_ID_CURR", "only_there", "kind"]);
        let portfolio = crate::portfolio::Portfolio::home_credit();
        let table = |columns| TableColumns {
            table: "application".to_owned(),
            rows: 2,
            columns,
        };
        let report = compare_tables(portfolio.application(), &table(reference), &table(current));
        let compared: Vec<&str> = report.features.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(compared, ["a"]);
        let left_out: Vec<(&str, Why)> = report
            .left_out
            .iter()
            .map(|l| (l.name.as_str(), l.why))
            .collect();
        let expected = [
            ("SK_ID_CURR", Why::Identifier),
            ("TARGET", Why::Label),
            ("only_here", Why::OnlyInReference),
            ("kind", Why::KindsDiffer),
            ("only_there", Why::OnlyInCurrent),
        ];
        assert_eq!(left_out, expected);
    }

    #[test]
    fn a_population_without_rows_is_not_compared() {
        let report = compare(
            &[NamedColumn::numbers("x", vec![])],
            &[NamedColumn::numbers("x", vec![1.0])],
        );
        assert_eq!(report.left_out[0].why, Why::NoRows);
    }

    #[test]
    fn levels_are_matched_by_name_whatever_their_codes() {
        let reference = NamedColumn::categories("c", vec![0, 0, 1, 1], names(&["N", "Y"]));
        let current = NamedColumn::categories("c", vec![1, 1, 0, 0], names(&["Y", "N"]));
        let report = compare(std::slice::from_ref(&reference), &[current]);
        assert_eq!(report.features[0].psi, 0.0);
        let other = NamedColumn::categories("c", vec![0, 0, u32::MAX, 0], names(&["new"]));
        let drift = &compare(&[reference], &[other]).features[0];
        let labels: Vec<&str> = drift.bins.iter().map(|bin| bin.label.as_str()).collect();
        assert_eq!(labels, ["N", "Y", "new", "missing"]);
        assert_eq!(drift.missing_current, 0.25);
    }

    #[test]
    fn the_worst_column_comes_first() {
        let reference = [
            NamedColumn::numbers("still", uniform(1, 400)),
            NamedColumn::numbers("moved", uniform(2, 400)),
        ];
        let current = [
            NamedColumn::numbers("still", uniform(3, 400)),
            NamedColumn::numbers("moved", uniform(4, 400).iter().map(|v| v + 0.5).collect()),
        ];
        let report = compare(&reference, &current);
        assert_eq!(report.features[0].name, "moved");
        assert_eq!(report.features[0].verdict, Verdict::Strong);
        assert_eq!(report.features[1].verdict, Verdict::Stable);
    }

    // a, b = lcg(1, 400), lcg(2, 300) ** 1.2; scipy.stats.ks_2samp(a, b, method="asymp"), and
    // a, b = numpy.floor(lcg(3, 200) * 10), numpy.floor(lcg(4, 5000) * 11)  (SciPy 1.15 or newer)
    #[test]
    fn kolmogorov_smirnov_agrees_with_scipy() {
        let b: Vec<f64> = uniform(2, 300).iter().map(|v| v.powf(1.2)).collect();
        let found = number(&uniform(1, 400), &b).statistic.unwrap();
        close(found.value, 0.096_666_666_666_666_65, 1e-12);
        close(found.p_value, 0.076_551_852_550_973_08, 0.02);
        let tied = |seed, rows, scale: f64| -> Vec<f64> {
            uniform(seed, rows)
                .iter()
                .map(|v| (v * scale).floor())
                .collect()
        };
        let found = number(&tied(3, 200, 10.0), &tied(4, 5000, 11.0))
            .statistic
            .unwrap();
        close(found.value, 0.099_600_000_000_000_02, 1e-12);
        close(found.p_value, 0.041_305_013_680_367_764, 0.05);
    }

    // scipy.special.kolmogorov(x)
    #[test]
    fn kolmogorovs_tail_agrees_with_scipy() {
        for (x, expected) in [
            (0.3, 0.999_990_694_198_665_5),
            (0.5, 0.963_945_243_664_875_1),
            (1.0, 0.269_999_671_677_354_56),
            (1.18, 0.123_453_809_429_765_7),
            (1.5, 0.022_217_962_616_525_127),
            (3.0, 3.045_995_948_942_526e-8),
        ] {
            close(kolmogorov_tail(x), expected, 1e-12);
        }
    }

    // scipy.stats.chi2_contingency(table, correction=False)
    #[test]
    fn chi_square_agrees_with_scipy() {
        for (reference, current, value, p_value, degrees) in [
            (
                &[10, 20, 30][..],
                &[6, 9, 17][..],
                0.271_574_651_504_035_04,
                0.873_028_283_380_073,
                2,
            ),
            (
                &[120, 90, 40, 250],
                &[180, 60, 45, 200],
                23.626_725_961_862_412,
                2.988_813_274_113_957_2e-5,
                3,
            ),
            (
                &[1000, 0, 500],
                &[900, 40, 560],
                48.659_384_309_831_18,
                2.714_869_451_367_398e-11,
                2,
            ),
        ] {
            let found = chi_square(reference, current);
            close(found.value, value, 1e-12);
            close(found.p_value, p_value, 1e-9);
            assert_eq!(found.degrees_of_freedom, Some(degrees));
        }
    }

    // scipy.stats.chi2.sf(value, degrees)
    #[test]
    fn the_chi_square_tail_agrees_with_scipy() {
        for (value, degrees, expected) in [
            (3.84, 1, 0.050_043_521_248_705_19),
            (0.5, 3, 0.918_891_411_654_675_8),
            (25.0, 10, 0.005_345_505_487_134_069),
            (80.0, 57, 0.023_934_022_659_329_698),
            (400.0, 57, 5.304_572_599_515_077e-53),
            (1e-3, 2, 0.999_500_124_979_169_3),
        ] {
            close(chi_square_tail(value, degrees), expected, 1e-10);
        }
    }

    // scipy.spatial.distance.jensenshannon([.2, .5, .3], [.1, .4, .5], base=2)
    #[test]
    fn the_jensen_shannon_distance_agrees_with_scipy() {
        let found = jensen_shannon(&[(0.2, 0.1), (0.5, 0.4), (0.3, 0.5)]);
        close(found, 0.185_735_825_285_916_67, 1e-9);
    }

    #[test]
    fn rare_levels_are_merged_before_the_chi_square_test() {
        let found = chi_square(&[500, 480, 1, 2, 0], &[510, 470, 1, 0, 3]);
        assert_eq!(found.degrees_of_freedom, Some(1));
        assert!(found.p_value > 0.1);
    }

    // scipy.stats.false_discovery_control([.01, .04, .03, .5, .002])
    #[test]
    fn p_values_are_corrected_as_in_scipy() {
        let mut features: Vec<FeatureDrift> = [0.01, 0.04, 0.03, 0.5, 0.002]
            .map(|p_value| {
                let mut drift = number(&[1.0, 2.0], &[1.0, 3.0]);
                drift.statistic.as_mut().unwrap().p_value = p_value;
                drift
            })
            .to_vec();
        adjust_p_values(&mut features);
        for (feature, expected) in features.iter().zip([0.025, 0.05, 0.05, 0.5, 0.01]) {
            close(
                feature.statistic.as_ref().unwrap().p_adjusted,
                expected,
                1e-12,
            );
        }
    }

    fn any_column() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![
            3 => -10.0..10.0f64,
            3 => (-3..4i32).prop_map(f64::from),
            1 => Just(f64::NAN),
        ];
        prop::collection::vec(value, 1..200)
    }

    proptest! {
        #[test]
        fn measures_stay_in_their_ranges(a in any_column(), b in any_column()) {
            let drift = number(&a, &b);
            prop_assert!(drift.psi >= 0.0 && drift.psi.is_finite());
            prop_assert!((0.0..=1.0).contains(&drift.js_distance));
            if let Some(statistic) = &drift.statistic {
                prop_assert!((0.0..=1.0).contains(&statistic.value));
                prop_assert!((0.0..=1.0).contains(&statistic.p_value));
            }
            let total = |share: fn(&Bin) -> f64| drift.bins.iter().map(share).sum::<f64>();
            prop_assert!((total(|bin| bin.reference_share) - 1.0).abs() < 1e-9);
            prop_assert!((total(|bin| bin.current_share) - 1.0).abs() < 1e-9);
            prop_assert_eq!(number(&a, &a).psi, 0.0);
        }

        #[test]
        fn the_measures_do_not_care_which_side_is_the_reference(a in any_column(), b in any_column()) {
            let (there, back) = (number(&a, &b), number(&b, &a));
            prop_assert_eq!(there.statistic, back.statistic);
            let swapped: Vec<(f64, f64)> =
                there.bins.iter().map(|bin| (bin.current_share, bin.reference_share)).collect();
            prop_assert!((stability_index(&swapped) - there.psi).abs() < 1e-12);
            prop_assert!((jensen_shannon(&swapped) - there.js_distance).abs() < 1e-9);
        }

        #[test]
        fn a_report_survives_json(a in any_column(), b in any_column()) {
            let column = |values: Vec<f64>| [NamedColumn::numbers("x", values)];
            let report = compare(&column(a), &column(b));
            let text = serde_json::to_string(&report).unwrap();
            prop_assert_eq!(serde_json::from_str::<DriftReport>(&text).unwrap(), report);
        }
    }
}
