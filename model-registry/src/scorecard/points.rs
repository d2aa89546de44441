//! The points of a scorecard: the same sum on the scale people are used to.
//!
//! With `factor = points to double the odds / ln 2` and `offset = base score - factor *
//! ln(base odds)`, the score of a client is `offset - factor * margin` (Siddiqi, 2006): at
//! odds of `base_odds` good clients to one default it is `base_score`, and it rises by
//! `points_to_double` whenever those odds double. A bin's points are `-factor * coefficient *
//! WoE` and the base points are what a client has whose every weight of evidence is zero, so
//! that base points and points add up to the score, and a bin below zero is riskier than
//! clients are overall.
//!
//! The odds are those of the margin, before any calibration of the version.

use super::{Bins, Characteristic, Scorecard};

/// The scale of the points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Points {
    /// Score at the base odds.
    pub base_score: f64,
    /// Good clients to one default; above zero.
    pub base_odds: f64,
    /// Points by which the odds double; above zero, so that more points are less risk.
    pub points_to_double: f64,
}

impl Default for Points {
    fn default() -> Self {
        Self {
            base_score: 600.0,
            base_odds: 50.0,
            points_to_double: 20.0,
        }
    }
}

impl Points {
    /// Points of one unit of log-odds.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.points_to_double / std::f64::consts::LN_2
    }

    /// Score at even odds.
    #[must_use]
    pub fn offset(&self) -> f64 {
        self.base_score - self.factor() * self.base_odds.ln()
    }

    /// The score of a margin (log-odds of default).
    #[must_use]
    pub fn score(&self, margin: f64) -> f64 {
        self.offset() - self.factor() * margin
    }
}

/// A scorecard as a table of points.
#[derive(Debug, Clone, PartialEq)]
pub struct ScorecardTable {
    /// Points every client starts with.
    pub base_points: f64,
    /// In the order of the scorecard: strongest first.
    pub characteristics: Vec<CharacteristicPoints>,
}

/// The points of one feature.
#[derive(Debug, Clone, PartialEq)]
pub struct CharacteristicPoints {
    /// Column of the row.
    pub feature: usize,
    /// How well the feature alone tells defaults apart.
    pub information_value: f64,
    /// Weight of the feature in the margin.
    pub coefficient: f64,
    /// In the order of [`Bins::of`], the missing one last.
    pub bins: Vec<BinPoints>,
}

/// The points of one bin.
#[derive(Debug, Clone, PartialEq)]
pub struct BinPoints {
    /// Which values.
    pub values: BinValues,
    /// Share of the training rows, where the scorecard knows it.
    pub share: Option<f64>,
    /// Of the training rows of the bin; absent where it had none or the scorecard does not know.
    pub default_rate: Option<f64>,
    /// Weight of evidence.
    pub woe: f64,
    /// Added to the score, exactly.
    pub points: f64,
}

/// The values of a bin.
#[derive(Debug, Clone, PartialEq)]
pub enum BinValues {
    /// Numbers above `above` up to and with `up_to`; unbounded where absent.
    Range {
        /// Not itself in the bin.
        above: Option<f64>,
        /// In the bin.
        up_to: Option<f64>,
    },
    /// This number alone.
    Special(f64),
    /// These levels of a category.
    Levels(Vec<usize>),
    /// No value, or a level that is not known.
    Missing,
}

impl BinPoints {
    /// For a table on paper. A sum of rounded points is within half a point a row of the score.
    #[must_use]
    pub fn rounded(&self) -> i64 {
        self.points.round() as i64
    }
}

impl Scorecard {
    /// The scorecard as a table of points.
    #[must_use]
    pub fn points(&self, points: &Points) -> ScorecardTable {
        ScorecardTable {
            base_points: points.score(self.intercept),
            characteristics: self
                .characteristics
                .iter()
                .map(|one| one.points(points))
                .collect(),
        }
    }
}

impl Characteristic {
    fn points(&self, points: &Points) -> CharacteristicPoints {
        let total = self.rows.iter().sum::<u64>();
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        let bins = (0..self.woe.len()).map(|bin| {
            let woe = self.woe[bin];
            let rows = self.rows.get(bin).copied();
            let defaults = self.defaults.get(bin).copied();
            BinPoints {
                values: self.bins.values(bin),
                share: rows.and_then(|rows| share(rows, total)),
                default_rate: defaults.and_then(|defaults| share(defaults, rows.unwrap_or(0))),
                woe,
                // Not `-0`: it would be shown with its sign.
                points: 0.0 - points.factor() * self.coefficient * woe,
            }
        });
        CharacteristicPoints {
            feature: self.feature,
            information_value: self.information_value,
            coefficient: self.coefficient,
            bins: bins.collect(),
        }
    }
}

impl Bins {
    /// The values of a bin.
    #[must_use]
    pub fn values(&self, bin: usize) -> BinValues {
        match self {
            _ if bin >= self.count() => BinValues::Missing,
            Self::Number { upper, special } => match special.get(bin.wrapping_sub(upper.len() + 1))
            {
                Some(&special) => BinValues::Special(special),
                None => BinValues::Range {
                    above: bin
                        .checked_sub(1)
                        .and_then(|before| upper.get(before).copied()),
                    up_to: upper.get(bin).copied(),
                },
            },
            Self::Category { bin_of_level } => BinValues::Levels(
                (0..bin_of_level.len())
                    .filter(|&level| bin_of_level[level] as usize == bin)
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_odds_have_the_base_score_and_twice_the_odds_have_more() {
        let points = Points::default();
        assert!((points.score(-50f64.ln()) - 600.0).abs() < 1e-9);
        assert!((points.score(-100f64.ln()) - 620.0).abs() < 1e-9);
    }

    fn scorecard() -> Scorecard {
        let number = Characteristic {
            feature: 0,
            bins: Bins::Number {
                upper: vec![1.0, 2.0],
                special: vec![999.0],
            },
            woe: vec![-0.4, 0.1, 0.7, 0.2, 0.0],
            rows: vec![40, 30, 20, 10, 0],
            defaults: vec![1, 3, 8, 1, 0],
            mean_woe: 0.0,
            coefficient: 0.8,
            information_value: 0.3,
        };
        let category = Characteristic {
            feature: 1,
            bins: Bins::Category {
                bin_of_level: vec![1, 0, 1],
            },
            woe: vec![-0.2, 0.3, 0.5],
            rows: Vec::new(),
            defaults: Vec::new(),
            mean_woe: 0.0,
            coefficient: 1.1,
            information_value: 0.1,
        };
        Scorecard::new(2, -2.5, vec![number, category]).expect("valid")
    }

    #[test]
    fn base_points_and_the_points_of_the_bins_are_the_score() {
        let (scorecard, points) = (scorecard(), Points::default());
        let table = scorecard.points(&points);
        for number in [0.5, 1.0, 1.5, 7.0, 999.0, f64::NAN] {
            for level in [0.0, 1.0, 2.0, f64::NAN] {
                let row = [number, level];
                let sum: f64 = scorecard
                    .characteristics()
                    .iter()
                    .zip(&table.characteristics)
                    .map(|(one, table)| table.bins[one.bins.of(row[one.feature])].points)
                    .sum();
                let score = points.score(scorecard.margin(&row));
                assert!((table.base_points + sum - score).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn every_bin_says_its_values_its_share_and_its_default_rate() {
        let table = scorecard().points(&Points::default());
        let bins = &table.characteristics[0].bins;
        let values: Vec<BinValues> = bins.iter().map(|bin| bin.values.clone()).collect();
        let range = |above, up_to| BinValues::Range { above, up_to };
        assert_eq!(
            values,
            [
                range(None, Some(1.0)),
                range(Some(1.0), Some(2.0)),
                range(Some(2.0), None),
                BinValues::Special(999.0),
                BinValues::Missing
            ]
        );
        assert_eq!(
            (bins[2].share, bins[2].default_rate),
            (Some(0.2), Some(0.4))
        );
        assert_eq!((bins[4].share, bins[4].default_rate), (Some(0.0), None));
        assert!(bins[0].rounded() > 0 && bins[2].rounded() < 0);
        let levels = &table.characteristics[1].bins;
        assert_eq!(levels[1].values, BinValues::Levels(vec![0, 2]));
        assert_eq!(levels[1].share, None);
    }
}
