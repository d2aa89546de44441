//! The folds of the cross-validation, and the pairs of them that settings are chosen with.
//!
//! What is chosen on the rows it is judged on looks better than it is. So settings and rounds
//! are chosen anew for each outer fold, on the rows of the other folds alone (nested
//! cross-validation; Varma and Simon, "Bias in error estimation when using cross-validation
//! for model selection", 2006). Growing a forest without a *pair* of folds serves twice: on
//! the first it judges settings for when the second is held out, and the other way round.
//! The pairs are neighbours on a ring, so each fold is in two of them.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The fold of each row.
#[derive(Debug, Clone)]
pub(super) struct Folds {
    of_row: Vec<usize>,
    count: usize,
}

/// Where a setting is judged: forests grown without pair `pair`, on one of its two folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judging {
    pub pair: usize,
    /// 0 for the pair's first fold, 1 for its second.
    pub side: usize,
}

impl Folds {
    /// Defaults and good clients are dealt out separately, in random order.
    pub fn stratified(target: &[bool], count: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut of_row = vec![0; target.len()];
        let mut next = 0;
        for class in [true, false] {
            let mut rows: Vec<usize> = (0..target.len())
                .filter(|&row| target[row] == class)
                .collect();
            rows.shuffle(&mut random);
            for row in rows {
                of_row[row] = next % count;
                next += 1;
            }
        }
        Self { of_row, count }
    }

    /// Number of folds, and of pairs.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold of each row.
    pub fn of_row(&self) -> &[usize] {
        &self.of_row
    }

    fn rows_where(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let rows = self.of_row.iter().enumerate();
        rows.filter(|(_, fold)| wanted(**fold))
            .map(|(row, _)| row)
            .collect()
    }

    /// Rows of a fold.
    pub fn held_out(&self, fold: usize) -> Vec<usize> {
        self.rows_where(|other| other == fold)
    }

    /// Rows of all other folds.
    pub fn others(&self, fold: usize) -> Vec<usize> {
        self.rows_where(|other| other != fold)
    }

    /// The two folds of a pair.
    pub fn pair(&self, pair: usize) -> [usize; 2] {
        [pair, (pair + 1) % self.count]
    }

    /// Rows of all folds but a pair's.
    pub fn without_pair(&self, pair: usize) -> Vec<usize> {
        let pair = self.pair(pair);
        self.rows_where(|fold| !pair.contains(&fold))
    }

    /// Where settings are judged for when fold `outer` is held out: nothing there has seen
    /// its rows. For the final model, which holds nothing out, everywhere.
    pub fn judgings(&self, outer: Option<usize>) -> Vec<Judging> {
        let all = (0..self.count).flat_map(|pair| [0, 1].map(|side| Judging { pair, side }));
        all.filter(|judging| {
            let other = self.pair(judging.pair)[1 - judging.side];
            outer.is_none_or(|outer| other == outer)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_setting_is_judged_for_a_fold_by_that_folds_rows(
            count in 3usize..9,
            defaults in 9usize..40,
            seed in any::<u64>(),
        ) {
            let target: Vec<bool> = (0..200).map(|row| row < defaults).collect();
            let folds = Folds::stratified(&target, count, seed);
            for outer in 0..count {
                let judgings = folds.judgings(Some(outer));
                prop_assert_eq!(judgings.len(), 2);
                let held_out = folds.held_out(outer);
                for judging in judgings {
                    let grown_on = folds.without_pair(judging.pair);
                    let judged_on = folds.held_out(folds.pair(judging.pair)[judging.side]);
                    prop_assert!(!grown_on.is_empty());
                    for row in &held_out {
                        prop_assert!(!grown_on.contains(row) && !judged_on.contains(row));
                    }
                    prop_assert!(judged_on.iter().all(|row| !grown_on.contains(row)));
                }
            }
            prop_assert_eq!(folds.judgings(None).len(), 2 * count);
        }
    }
}
