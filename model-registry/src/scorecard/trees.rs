//! A scorecard as a forest: one tree a characteristic, so that whatever is done with forests
//! (scoring many rows, Shapley values against a background) is done with scorecards too.
//!
//! The tree first parts what is missing (or a level not known) from all values, then finds
//! the bin by halves. Its covers are the training rows of the bins, so the path-dependent
//! Shapley value of its one feature is the scorecard's own contribution: the term less its
//! mean over the training rows.

use super::{Bins, Characteristic, Scorecard, ScorecardError};
use crate::forest::{Aggregation, CategorySet, Forest, Missing, Node, Test, Tree};

impl Scorecard {
    /// The same model as a forest: margins agree to 1e-12, contributions to 1e-9.
    pub fn to_forest(&self) -> Result<Forest, ScorecardError> {
        let trees = self
            .characteristics
            .iter()
            .enumerate()
            .map(|(index, one)| one.tree(index))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Forest::new(
            self.features,
            self.intercept,
            Aggregation::Sum,
            trees,
        )?)
    }
}

/// Some neighbouring values, or some levels, that are in one bin.
struct Piece {
    values: Values,
    bin: usize,
    cover: f64,
}

enum Values {
    /// Up to this number, and above that of the piece before.
    UpTo(f64),
    /// Above the number of the piece before.
    Rest,
    Levels(Vec<u32>),
}

impl Characteristic {
    fn tree(&self, index: usize) -> Result<Tree, ScorecardError> {
        if self.rows.is_empty() {
            return Err(ScorecardError::NoCounts(index));
        }
        let missing = self.bins.count();
        let (known, pieces) = match &self.bins {
            Bins::Number { upper, special } => (
                Test::AtMost(f64::INFINITY),
                self.number_pieces(upper, special),
            ),
            Bins::Category { bin_of_level } => {
                if bin_of_level.len() > CategorySet::MAX_CODE as usize {
                    return Err(ScorecardError::Levels(index));
                }
                let levels: Vec<u32> = (0..bin_of_level.len() as u32).collect();
                let known = Test::In(CategorySet::new(&levels));
                (known, self.category_pieces(bin_of_level))
            }
        };
        let mut tree = Growing {
            characteristic: self,
            nodes: Vec::new(),
        };
        if pieces.is_empty() {
            tree.leaf(missing, self.rows[missing] as f64);
        } else {
            let root = tree.split(known);
            let left = tree.halve(&pieces);
            let right = tree.leaf(missing, self.rows[missing] as f64);
            tree.join(root, left, right);
        }
        Ok(Tree::new(tree.nodes))
    }

    /// A special value lies within some range's bin, which it cuts in two; the range's rows
    /// may be on either side: both give the same value, so their mean is the same.
    fn number_pieces(&self, upper: &[f64], special: &[f64]) -> Vec<Piece> {
        let mut ends: Vec<f64> = upper.to_vec();
        ends.extend(
            special
                .iter()
                .flat_map(|special| [special.next_down(), *special]),
        );
        ends.sort_unstable_by(f64::total_cmp);
        ends.dedup();
        let pieces = ends
            .iter()
            .map(|&end| (Values::UpTo(end), self.bins.of(end)));
        // Above every end lies the last range.
        let mut pieces: Vec<Piece> = pieces
            .chain([(Values::Rest, upper.len())])
            .map(|(values, bin)| Piece {
                values,
                bin,
                cover: 0.0,
            })
            .collect();
        let mut counted = vec![false; self.rows.len()];
        for piece in &mut pieces {
            if !std::mem::replace(&mut counted[piece.bin], true) {
                piece.cover = self.rows[piece.bin] as f64;
            }
        }
        pieces
    }

    fn category_pieces(&self, bin_of_level: &[u32]) -> Vec<Piece> {
        let mut levels = vec![Vec::new(); self.bins.count()];
        for (level, &bin) in bin_of_level.iter().enumerate() {
            levels[bin as usize].push(level as u32);
        }
        levels
            .into_iter()
            .enumerate()
            .filter(|(_, levels)| !levels.is_empty())
            .map(|(bin, levels)| Piece {
                values: Values::Levels(levels),
                bin,
                cover: self.rows[bin] as f64,
            })
            .collect()
    }
}

struct Growing<'a> {
    characteristic: &'a Characteristic,
    nodes: Vec<Node>,
}

impl Growing<'_> {
    fn leaf(&mut self, bin: usize, cover: f64) -> u32 {
        let one = self.characteristic;
        self.nodes.push(Node::Leaf {
            value: one.coefficient * one.woe[bin],
            cover,
        });
        self.nodes.len() as u32 - 1
    }

    /// A split whose children and cover are set by [`Growing::join`].
    fn split(&mut self, test: Test) -> u32 {
        self.nodes.push(Node::Split {
            feature: self.characteristic.feature as u32,
            test,
            missing: Missing::Nan,
            default_left: false,
            left: 0,
            right: 0,
            cover: 0.0,
        });
        self.nodes.len() as u32 - 1
    }

    fn join(&mut self, split: u32, yes: u32, no: u32) {
        let sum = self.nodes[yes as usize].cover() + self.nodes[no as usize].cover();
        if let Node::Split {
            left, right, cover, ..
        } = &mut self.nodes[split as usize]
        {
            (*left, *right, *cover) = (yes, no, sum);
        }
    }

    /// The tree over some pieces, at least one.
    fn halve(&mut self, pieces: &[Piece]) -> u32 {
        if let [piece] = pieces {
            return self.leaf(piece.bin, piece.cover);
        }
        let (left, right) = pieces.split_at(pieces.len() / 2);
        let test = if let Some(Values::UpTo(end)) = left.last().map(|piece| &piece.values) {
            Test::AtMost(*end)
        } else {
            let levels = left.iter().flat_map(|piece| match &piece.values {
                Values::Levels(levels) => levels.as_slice(),
                Values::UpTo(_) | Values::Rest => &[],
            });
            Test::In(CategorySet::new(&levels.copied().collect::<Vec<_>>()))
        };
        let split = self.split(test);
        let yes = self.halve(left);
        let no = self.halve(right);
        self.join(split, yes, no);
        split
    }
}
