//! A split asked of a row as it comes, for walks that meet each split once: background values
//! follow one tree through many rows, where encoding each row for each tree would cost more
//! than it saves.

use super::{CategorySet, Missing, Node, Test, ZERO, contains, goes_left};

/// A split made small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompiledNode {
    /// Threshold of a numeric split, index of the set of a categorical one.
    number: f64,
    /// Feature in the low bits, flags above.
    key: u32,
}

/// The category sets of many nodes, one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct CategorySets {
    /// Start and length in `words`.
    ranges: Vec<(u32, u32)>,
    words: Vec<u64>,
}

const CATEGORY: u32 = 1 << 30;
const DEFAULT_LEFT: u32 = 1 << 29;
const ZERO_MISSING: u32 = 1 << 28;
const FEATURE: u32 = (1 << 27) - 1;
/// Flags that take a split off the short way.
const UNUSUAL: u32 = CATEGORY | ZERO_MISSING;

impl CompiledNode {
    /// A split; none for a leaf.
    pub(crate) fn new(node: &Node, sets: &mut CategorySets) -> Option<Self> {
        let Node::Split {
            feature,
            test,
            missing,
            default_left,
            ..
        } = node
        else {
            return None;
        };
        // A NaN compared as zero always goes the way zero goes: a default direction too.
        let nan_left = goes_left(test, *missing, *default_left, f64::NAN);
        let mut key = feature | if nan_left { DEFAULT_LEFT } else { 0 };
        if *missing == Missing::Zero {
            key |= ZERO_MISSING;
        }
        let number = match test {
            Test::AtMost(threshold) => *threshold,
            Test::In(set) => {
                key |= CATEGORY;
                sets.push(set)
            }
        };
        Some(Self { number, key })
    }

    /// Whether the split sends the row left.
    #[inline]
    pub(crate) fn goes_left(self, row: &[f64], sets: &CategorySets) -> bool {
        let value = row[(self.key & FEATURE) as usize];
        if self.key & UNUSUAL == 0 {
            value <= self.number || (value.is_nan() && self.key & DEFAULT_LEFT != 0)
        } else {
            self.unusual(value, sets)
        }
    }

    fn unusual(self, value: f64, sets: &CategorySets) -> bool {
        if value.is_nan() || (self.key & ZERO_MISSING != 0 && value.abs() <= ZERO) {
            return self.key & DEFAULT_LEFT != 0;
        }
        if self.key & CATEGORY == 0 {
            return value <= self.number;
        }
        let (start, length) = sets.ranges[self.number as usize];
        contains(
            &sets.words[start as usize..(start + length) as usize],
            value,
        )
    }
}

impl CategorySets {
    /// Keeps a set and gives its index.
    fn push(&mut self, set: &CategorySet) -> f64 {
        self.ranges
            .push((self.words.len() as u32, set.words.len() as u32));
        self.words.extend_from_slice(&set.words);
        (self.ranges.len() - 1) as f64
    }
}
