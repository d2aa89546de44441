//! The paths of one tree: its splits in preorder, and for any row the pattern of passed
//! features at each of them.
//!
//! A path to a leaf asks each of its distinct features for one or more splits; to a game over
//! features only one bit each matters: does the row pass *all* splits on it? Bits are numbered
//! in the order in which the path meets its features, so that a pattern further down begins
//! with the bits of the patterns above it. A step down clears at most one bit.

use crate::forest::{CategorySets, CompiledNode, Node, Tree};

/// One bit per distinct feature of a path, set while the row passes all splits on it.
pub(super) type Pattern = u64;

/// A split on its path.
#[derive(Debug, Clone)]
pub(super) struct Split {
    node: CompiledNode,
    /// The split above; the root is its own.
    parent: u32,
    /// Whether this split is on the left of the one above.
    on_the_left: bool,
    /// Bit of this split's feature on paths through it.
    bit: Pattern,
    /// Distinct features of a path through this split, in the order of their bits.
    pub(super) features: Vec<u32>,
    /// Whether the path has asked the feature before.
    pub(super) asked_before: bool,
    /// Splits below, left and right; a leaf has none.
    pub(super) below: [Option<u32>; 2],
    /// Whether the term of this split is that of its left child.
    pub(super) left: bool,
    /// What the subtree is worth more in the child of the term than in the other one.
    pub(super) value: f64,
}

/// Splits of one tree in preorder.
#[derive(Debug, Clone, Default)]
pub(super) struct Paths {
    pub(super) splits: Vec<Split>,
}

impl Paths {
    /// A tree as terms, one per split: see the module above. Leaf values are multiplied by
    /// `scale`.
    pub(super) fn new(tree: &Tree, scale: f64, sets: &mut CategorySets) -> Self {
        let mut paths = Self::default();
        paths.visit(tree, 0, scale, None, &[], sets);
        paths
    }

    /// Most distinct features on one path.
    pub(super) fn deepest(&self) -> usize {
        self.splits
            .iter()
            .map(|split| split.features.len())
            .max()
            .unwrap_or(0)
    }

    /// Returns the place of the split (none for a leaf) and the constant of the subtree: what
    /// it gives where no term below is passed.
    fn visit(
        &mut self,
        tree: &Tree,
        node: u32,
        scale: f64,
        above: Option<(u32, bool)>,
        path: &[u32],
        sets: &mut CategorySets,
    ) -> (Option<u32>, f64) {
        let content = &tree.nodes()[node as usize];
        let (feature, left, right, compiled) = match (content, CompiledNode::new(content, sets)) {
            (Node::Leaf { value, .. }, _) => return (None, value * scale),
            (
                Node::Split {
                    feature,
                    left,
                    right,
                    ..
                },
                Some(compiled),
            ) => (*feature, *left, *right, compiled),
            // Not reached: every split compiles.
            (Node::Split { .. }, None) => return (None, 0.0),
        };
        let index = self.splits.len() as u32;
        let mut features = path.to_vec();
        let known = path.iter().position(|&earlier| earlier == feature);
        let slot = known.unwrap_or(path.len());
        if known.is_none() {
            features.push(feature);
        }
        let (parent, on_the_left) = above.unwrap_or((0, true));
        self.splits.push(Split {
            node: compiled,
            parent,
            on_the_left,
            // Past the width nothing is right, but nobody will ask: such a tree is refused.
            bit: 1u64.checked_shl(slot as u32).unwrap_or(0),
            features: features.clone(),
            asked_before: known.is_some(),
            below: [None; 2],
            left: true,
            value: 0.0,
        });
        let (on_left, left) = self.visit(tree, left, scale, Some((index, true)), &features, sets);
        let (on_right, right) =
            self.visit(tree, right, scale, Some((index, false)), &features, sets);
        let goes_on = |below: Option<u32>| {
            below.is_some_and(|below| !self.splits[below as usize].asked_before)
        };
        // The side whose next split can take this term into its own table.
        let term_left = goes_on(on_left) || !goes_on(on_right);
        let (here, other) = if term_left {
            (left, right)
        } else {
            (right, left)
        };
        let split = &mut self.splits[index as usize];
        split.below = [on_left, on_right];
        split.left = term_left;
        split.value = here - other;
        (Some(index), other)
    }

    /// Writes the pattern of `row` at the term of each split, bits past its features set.
    /// `room` and `out` hold one place per split.
    pub(super) fn follow(
        &self,
        row: &[f64],
        sets: &CategorySets,
        room: &mut [Step],
        out: &mut [Pattern],
    ) {
        let root = Step {
            pattern: Pattern::MAX,
            left: true,
            bit: 0,
        };
        for ((index, split), out) in self.splits.iter().enumerate().zip(out) {
            let above = if index == 0 {
                root
            } else {
                room[split.parent as usize]
            };
            let pattern = above.into_child(split.on_the_left);
            let step = Step {
                pattern,
                left: split.node.goes_left(row, sets),
                bit: split.bit,
            };
            *out = step.into_child(split.left);
            room[index] = step;
        }
    }
}

/// Where a row stands at a split.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    pattern: Pattern,
    left: bool,
    bit: Pattern,
}

impl Step {
    /// The pattern of the left or the right child, without a branch.
    #[inline]
    fn into_child(self, left: bool) -> Pattern {
        self.pattern & !(self.bit * u64::from(self.left != left))
    }
}

impl Split {
    /// The bits that mean something in a pattern of this split's term.
    pub(super) fn mask(&self) -> Pattern {
        Pattern::MAX >> (Pattern::BITS - self.features.len() as u32)
    }

    /// The split on the side of this split's term whose table this term can go into: one that
    /// asks a new feature, so that its patterns tell those of this one.
    pub(super) fn heir(&self, splits: &[Split]) -> Option<u32> {
        let below = self.below[usize::from(!self.left)]?;
        (!splits[below as usize].asked_before).then_some(below)
    }
}
