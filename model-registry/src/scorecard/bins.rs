//! How a feature's values fall into bins, as it is stored with a version.

use serde::{Deserialize, Serialize};

/// The bins of a feature: those in the order of its values, then one for each special value,
/// then that of missing values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Bins {
    /// Bin i holds values up to `upper[i]` and above the one before; the last has no upper end.
    Number {
        /// Ascending.
        upper: Vec<f64>,
        /// Values that mean something else than their number (a code, "none at all"): each
        /// has a bin of its own after those of the ranges. Ascending.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        special: Vec<f64>,
    },
    /// The bin of each level.
    Category {
        /// One bin index per level.
        bin_of_level: Vec<u32>,
    },
}

impl Bins {
    /// Bins without the missing one.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Number { upper, special } => upper.len() + 1 + special.len(),
            Self::Category { bin_of_level } => {
                bin_of_level.iter().max().map_or(0, |&bin| bin as usize + 1)
            }
        }
    }

    /// Bins whose weight follows an order: all but the special ones and the missing one.
    #[must_use]
    pub fn ordered(&self) -> usize {
        match self {
            Self::Number { upper, .. } => upper.len() + 1,
            Self::Category { .. } => self.count(),
        }
    }

    /// The bin of a value; a level that is not known counts as missing, and of a category's
    /// value its integer part is the level, as in a forest.
    #[must_use]
    pub fn of(&self, value: f64) -> usize {
        match self {
            _ if value.is_nan() => self.count(),
            Self::Number { upper, special } => {
                let place = special.partition_point(|&special| special < value);
                match special.get(place) {
                    Some(&special) if special <= value => upper.len() + 1 + place,
                    _ => upper.partition_point(|&upper| upper < value),
                }
            }
            Self::Category { bin_of_level } if value > -1.0 => bin_of_level
                .get(value as usize)
                .map_or_else(|| self.count(), |&bin| bin as usize),
            Self::Category { .. } => self.count(),
        }
    }

    /// Whether the numbers are finite and in order; a negative zero, which does not survive
    /// being stored, becomes zero.
    pub(super) fn normalise(&mut self) -> bool {
        let Self::Number { upper, special } = self else {
            return true;
        };
        for number in upper.iter_mut().chain(special.iter_mut()) {
            *number += 0.0;
        }
        [upper, special].into_iter().all(|numbers| {
            numbers.iter().all(|number| number.is_finite()) && numbers.is_sorted_by(|a, b| a < b)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_a_bins_end_belongs_to_it_and_what_is_unknown_to_the_missing_bin() {
        let number = Bins::Number {
            upper: vec![1.0, 2.0],
            special: Vec::new(),
        };
        let places = [0.0, 1.0, 1.5, 2.0, 2.5, f64::NAN].map(|value| number.of(value));
        assert_eq!(places, [0, 0, 1, 1, 2, 3]);
        let category = Bins::Category {
            bin_of_level: vec![0, 1, 1],
        };
        let places = [0.0, 2.0, 3.0, -1.0, f64::NAN].map(|value| category.of(value));
        assert_eq!(places, [0, 1, 2, 2, 2]);
    }

    #[test]
    fn a_special_value_has_its_own_bin_wherever_it_lies() {
        let bins = Bins::Number {
            upper: vec![1.0, 2.0],
            special: vec![0.0, 1.5, 999.0],
        };
        let values = [-0.0, 1.4, 1.5, 1.6, 998.0, 999.0, f64::NAN];
        assert_eq!(values.map(|value| bins.of(value)), [3, 1, 4, 1, 2, 5, 6]);
        assert_eq!((bins.ordered(), bins.count()), (3, 6));
    }
}
