//! The Shapley values of one term against the counted patterns of a background.
//!
//! With d features on the path, let X be the features the row passes and N those a background
//! row fails. If some feature is outside X and in N, neither passes it and the pair gives
//! nothing. Otherwise, with a = |N| and b = d - |X|, a feature of N is needed from the row and
//! gains `w(a, b)`, a feature outside X is needed from the background row and loses `w(b, a)`,
//! where `w(a, b) = (a - 1)! b! / (a + b)!`. So with `R_a(X)` the number of background rows
//! with N inside X and |N| = a:
//!
//! - `P(X) = sum_a R_a(X) w(a, d - |X|)` and `Q(Y) = sum_a R_a(Y) w(a, d - |Y| - 1)`,
//! - a feature j in X gets `P(X) - Q(X without j)`, as Q leaves out just the rows with j in N,
//! - a feature outside X gets `-G(X)`, `G(X) = sum_a R_a(X) w(d - |X|, a)`.
//!
//! `R_a` are whole numbers, so it does not matter in what order rows are counted: adding up
//! over subsets for all X at once ([`Tables`]) and looking through the list of patterns for one
//! X ([`Patterns::values`]) give the same bits.

use super::path::Pattern;

/// Distinct features a path may have: one bit each.
pub(super) const MAX_FEATURES: usize = Pattern::BITS as usize;

/// `w(a, b)` for a + b up to the number of features; zero where a is.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    width: usize,
    of: Vec<f64>,
}

impl Weights {
    pub(super) fn new(features: usize) -> Self {
        let width = features + 1;
        let mut of = vec![0.0; width * width];
        for b in 0..width {
            // w(1, b) = 1 / (b + 1) and w(a + 1, b) = w(a, b) a / (a + b + 1).
            let mut weight = 1.0 / (b + 1) as f64;
            for a in 1..width {
                of[a * width + b] = weight;
                weight *= a as f64 / (a + b + 1) as f64;
            }
        }
        Self { width, of }
    }

    fn get(&self, a: usize, b: usize) -> f64 {
        self.of[a * self.width + b]
    }
}

/// The distinct sets N of a background and how many rows have each, by size of the set.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns {
    /// Size of the sets, and where they end; ascending, sizes that do not occur left out.
    ranks: Vec<(u32, u32)>,
    sets: Sets,
    counts: Vec<u32>,
}

/// Half the memory for the paths that all but the deepest trees have.
#[derive(Debug, Clone)]
enum Sets {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Default for Sets {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

/// One value per feature of a path, and what it takes to work them out.
#[derive(Debug, Clone)]
pub(super) struct Values {
    pub(super) of: [f64; MAX_FEATURES],
    inside: [f64; MAX_FEATURES],
    without: [f64; MAX_FEATURES],
}

impl Default for Values {
    fn default() -> Self {
        Self {
            of: [0.0; MAX_FEATURES],
            inside: [0.0; MAX_FEATURES],
            without: [0.0; MAX_FEATURES],
        }
    }
}

impl Patterns {
    /// Counts the sets N of these, in any order; `failed` is used up.
    pub(super) fn new(failed: &mut [Pattern], features: usize) -> Self {
        failed.sort_unstable();
        let mut by_rank: Vec<Vec<(Pattern, u32)>> = vec![Vec::new(); features + 1];
        for same in failed.chunk_by(|left, right| left == right) {
            by_rank[same[0].count_ones() as usize].push((same[0], same.len() as u32));
        }
        Self::of(&by_rank, features)
    }

    fn of(by_rank: &[Vec<(Pattern, u32)>], features: usize) -> Self {
        let mut end = 0;
        let mut ranks = Vec::new();
        for (rank, sets) in by_rank.iter().enumerate() {
            if !sets.is_empty() {
                end += sets.len() as u32;
                ranks.push((rank as u32, end));
            }
        }
        let sets = by_rank.iter().flatten().map(|&(set, _)| set);
        Self {
            ranks,
            sets: if features <= u32::BITS as usize {
                Sets::Narrow(sets.map(|set| set as u32).collect())
            } else {
                Sets::Wide(sets.collect())
            },
            counts: by_rank.iter().flatten().map(|&(_, count)| count).collect(),
        }
    }

    /// Number of distinct sets.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Number of sizes the sets have.
    pub(super) fn sizes(&self) -> usize {
        self.ranks.len()
    }

    /// Bytes these take.
    pub(super) fn bytes(&self) -> usize {
        let set = match &self.sets {
            Sets::Narrow(_) => size_of::<u32>(),
            Sets::Wide(_) => size_of::<u64>(),
        };
        self.counts.len() * (set + size_of::<u32>())
    }

    /// The values of `features` features for the row that passes `passed` of them, each
    /// multiplied by `value`.
    pub(super) fn values(
        &self,
        passed: Pattern,
        features: usize,
        value: f64,
        weights: &Weights,
        out: &mut Values,
    ) {
        match &self.sets {
            Sets::Narrow(sets) => self.look_through(sets, passed, features, value, weights, out),
            Sets::Wide(sets) => self.look_through(sets, passed, features, value, weights, out),
        }
    }

    fn look_through<T: Copy + Into<u64>>(
        &self,
        sets: &[T],
        passed: Pattern,
        features: usize,
        value: f64,
        weights: &Weights,
        out: &mut Values,
    ) {
        let failed = features - passed.count_ones() as usize;
        let (mut gain, mut loss) = (0.0, 0.0);
        let Values {
            of,
            inside,
            without,
        } = out;
        without[..features].fill(0.0);
        let mut start = 0;
        for &(rank, end) in &self.ranks {
            inside[..features].fill(0.0);
            let mut rows = 0.0;
            let range = start as usize..end as usize;
            for (&set, &count) in sets[range.clone()].iter().zip(&self.counts[range]) {
                let mut set: u64 = set.into();
                if set & !passed != 0 {
                    continue;
                }
                let count = f64::from(count);
                rows += count;
                while set != 0 {
                    inside[set.trailing_zeros() as usize] += count;
                    set &= set - 1;
                }
            }
            start = end;
            let weight = weights.get(rank as usize, failed);
            gain += rows * weight;
            loss += rows * weights.get(failed, rank as usize);
            for (without, inside) in without.iter_mut().zip(&inside[..features]) {
                *without += (rows - inside) * weight;
            }
        }
        for (feature, of) in of[..features].iter_mut().enumerate() {
            *of = value
                * if passed >> feature & 1 == 1 {
                    gain - without[feature]
                } else {
                    -loss
                };
        }
    }
}

/// P, Q and G of one term, for every X.
#[derive(Debug, Default)]
pub(super) struct Tables {
    subsets: Vec<f64>,
    gain: Vec<f64>,
    without: Vec<f64>,
    loss: Vec<f64>,
}

impl Tables {
    /// Works them out; the room is kept for the next term.
    pub(super) fn fill(&mut self, patterns: &Patterns, features: usize, weights: &Weights) {
        match &patterns.sets {
            Sets::Narrow(sets) => self.add_up(patterns, sets, features, weights),
            Sets::Wide(sets) => self.add_up(patterns, sets, features, weights),
        }
    }

    fn add_up<T: Copy + Into<u64>>(
        &mut self,
        patterns: &Patterns,
        sets: &[T],
        features: usize,
        weights: &Weights,
    ) {
        let size = 1usize << features;
        for table in [&mut self.gain, &mut self.without, &mut self.loss] {
            table.clear();
            table.resize(size, 0.0);
        }
        let mut start = 0;
        for &(rank, end) in &patterns.ranks {
            self.subsets.clear();
            self.subsets.resize(size, 0.0);
            let range = start as usize..end as usize;
            for (&set, &count) in sets[range.clone()].iter().zip(&patterns.counts[range]) {
                let set: u64 = set.into();
                self.subsets[set as usize] = f64::from(count);
            }
            start = end;
            sum_over_subsets(&mut self.subsets, features);
            self.add_rank(rank as usize, features, weights);
        }
    }

    fn add_rank(&mut self, rank: usize, features: usize, weights: &Weights) {
        // By |X|: its weights in P, Q and G.
        let mut by_size = [[0.0; 3]; MAX_FEATURES + 1];
        for (size, [gain, without, loss]) in by_size[..=features].iter_mut().enumerate() {
            let failed = features - size;
            *gain = weights.get(rank, failed);
            *without = failed
                .checked_sub(1)
                .map_or(0.0, |failed| weights.get(rank, failed));
            *loss = weights.get(failed, rank);
        }
        let tables = self
            .gain
            .iter_mut()
            .zip(&mut self.without)
            .zip(&mut self.loss);
        for (passed, (((gain, without), loss), rows)) in tables.zip(&self.subsets).enumerate() {
            if *rows > 0.0 {
                let weights = &by_size[passed.count_ones() as usize];
                *gain += rows * weights[0];
                *without += rows * weights[1];
                *loss += rows * weights[2];
            }
        }
    }

    /// What [`Patterns::values`] would give, to the bit.
    pub(super) fn values(&self, passed: Pattern, value: f64, out: &mut [f64]) {
        let passed = passed as usize;
        let (gain, loss) = (self.gain[passed], self.loss[passed]);
        for (feature, out) in out.iter_mut().enumerate() {
            let bit = 1usize << feature;
            *out = value
                * if passed & bit == 0 {
                    -loss
                } else {
                    gain - self.without[passed ^ bit]
                };
        }
    }
}

/// Each entry becomes the sum of those whose index is a subset of its own.
fn sum_over_subsets(table: &mut [f64], bits: usize) {
    for bit in 0..bits {
        let step = 1usize << bit;
        for both in table.chunks_exact_mut(2 * step) {
            let (without, with) = both.split_at_mut(step);
            for (with, without) in with.iter_mut().zip(without) {
                *with += *without;
            }
        }
    }
}
