//! The form every tree model takes here, whatever trained it: trees of axis-parallel
//! splits over `f64` features, added or averaged on top of a base margin.
//!
//! Scoring and explaining know this form only, so an importer or a trainer has to state
//! exactly how its library routes a row: which values count as missing at a split, where
//! they go, and whether a split compares a number or looks a category up. Every comparison
//! is `value <= threshold`; libraries that compare otherwise (`<`, or in `f32`) are brought
//! to it exactly by moving the threshold (see `boosting`).
//!
//! A [`Forest`] can only be made by [`Forest::new`] or by deserialising, and both check it:
//! children in range, every node reached once (so no cycle), finite values, features in
//! range. Scoring therefore needs no check per step.

mod compiled;
mod single;

use std::sync::OnceLock;

use ndarray::{ArrayView2, Axis, Slice};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::explain::Explainer;
use crate::model::with_slice;

pub(crate) use compiled::{Comparison, Encoding, contiguous};
pub(crate) use single::{CategorySets, CompiledNode};

use compiled::Compiled;

/// Features a forest may have.
pub const MAX_FEATURES: usize = 1 << 26;

/// Splits a path may have. Explaining walks down by recursion and its room grows with the
/// depth, so a chain of splits from a hostile file must end somewhere.
pub const MAX_DEPTH: usize = 1024;

/// Which values of the split's feature take the default direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// None: a NaN is compared as if it were zero (`LightGBM` `missing_type=None`).
    Never,
    /// NaN.
    Nan,
    /// NaN, and numbers within 1e-35 of zero (`LightGBM` `missing_type=Zero`).
    Zero,
}

/// Rows a thread takes at a time: enough that handing them out costs nothing.
const PORTION: usize = 128;

/// Numbers this close to zero are zero where zero counts as missing (`LightGBM` `kZeroThreshold`).
const ZERO: f64 = 1e-35_f32 as f64;

/// What a split asks of a feature that is not missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `value <= threshold` goes left. Libraries part missing values from all others by an
    /// infinite threshold.
    AtMost(f64),
    /// A value whose integer part is a category of the set goes left; any other goes right.
    In(CategorySet),
}

/// A set of category codes, one bit per code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CategorySet {
    words: Vec<u64>,
}

impl CategorySet {
    /// The largest code a set may hold; above it a bit set would be a way to exhaust memory.
    pub const MAX_CODE: u32 = (1 << 20) - 1;

    /// The set of these codes.
    ///
    /// # Panics
    /// When a code is above [`CategorySet::MAX_CODE`].
    #[must_use]
    pub fn new(codes: &[u32]) -> Self {
        let mut words = vec![0u64; codes.iter().max().map_or(0, |&code| code as usize / 64 + 1)];
        for &code in codes {
            assert!(
                code <= Self::MAX_CODE,
                "category code {code} is out of range"
            );
            words[code as usize / 64] |= 1 << (code % 64);
        }
        Self { words }
    }

    /// The codes of the set in ascending order.
    #[must_use]
    pub fn codes(&self) -> Vec<u32> {
        let bits = self.words.len() as u32 * 64;
        (0..bits)
            .filter(|&code| self.words[code as usize / 64] >> (code % 64) & 1 == 1)
            .collect()
    }

    /// Whether the integer part of `value` is in the set.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        contains(&self.words, value)
    }
}

#[inline]
fn contains(words: &[u64], value: f64) -> bool {
    // A cast would turn NaN and what is below zero into code 0.
    if value.is_nan() || value <= -1.0 {
        return false;
    }
    let code = value as u64 as usize;
    words
        .get(code / 64)
        .is_some_and(|word| word >> (code % 64) & 1 == 1)
}

/// One node; node 0 of a tree is its root.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Sends a row on to one of two children.
    Split {
        /// Column of the row.
        feature: u32,
        /// The question asked.
        test: Test,
        /// Which values take the default direction.
        missing: Missing,
        /// The default direction.
        default_left: bool,
        /// Index of the child for a yes.
        left: u32,
        /// Index of the child for a no.
        right: u32,
        /// Training rows (or their weight) that passed here.
        cover: f64,
    },
    /// Ends the way with a value in log-odds.
    Leaf {
        /// Added to the margin.
        value: f64,
        /// Training rows (or their weight) that ended here.
        cover: f64,
    },
}

impl Node {
    /// Training rows (or their weight) that passed this node.
    #[must_use]
    pub fn cover(&self) -> f64 {
        match self {
            Self::Split { cover, .. } | Self::Leaf { cover, .. } => *cover,
        }
    }
}

/// One tree, as a list of nodes with the root first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TreeForm", into = "TreeForm")]
pub struct Tree {
    nodes: Vec<Node>,
}

/// How trees become one margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Boosting: the sum of the trees.
    Sum,
    /// Random forest: their mean.
    Average,
}

impl Aggregation {
    /// What the sum of this many trees is multiplied by.
    fn scale(self, trees: usize) -> f64 {
        match self {
            Self::Average if trees > 0 => 1.0 / trees as f64,
            _ => 1.0,
        }
    }
}

/// Why a forest is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ForestError {
    /// A tree needs at least its root.
    #[error("tree {tree} has no nodes")]
    EmptyTree { tree: usize },
    /// A child index points outside the tree.
    #[error("tree {tree}, node {node}: child {child} is out of range")]
    ChildOutOfRange {
        tree: usize,
        node: usize,
        child: u32,
    },
    /// A node has two parents, or is its own ancestor.
    #[error("tree {tree}, node {node} is reached twice: not a tree")]
    Cycle { tree: usize, node: usize },
    /// A node no path leads to.
    #[error("tree {tree}, node {node} cannot be reached from the root")]
    Unreachable { tree: usize, node: usize },
    /// A path of more splits than can be explained.
    #[error("tree {tree} is deeper than {MAX_DEPTH} splits")]
    TooDeep { tree: usize },
    /// A number that is infinite or NaN (a threshold may be infinite).
    #[error("tree {tree}, node {node}: {what} is not finite")]
    NotFinite {
        tree: usize,
        node: usize,
        what: &'static str,
    },
    /// A cover below zero.
    #[error("tree {tree}, node {node}: cover is negative")]
    NegativeCover { tree: usize, node: usize },
    /// A feature the forest does not have.
    #[error("tree {tree}, node {node}: feature {feature} of {features}")]
    FeatureOutOfRange {
        tree: usize,
        node: usize,
        feature: u32,
        features: usize,
    },
    /// More features than a node can name.
    #[error("{0} features are more than a forest can hold")]
    TooManyFeatures(usize),
    /// The base margin is infinite or NaN.
    #[error("the base margin is not finite")]
    BaseMargin,
    /// The columns of a stored tree do not fit each other.
    #[error("a stored tree is inconsistent: {0}")]
    Form(&'static str),
}

/// A validated ensemble of trees over `features` columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "ForestForm", into = "ForestForm")]
pub struct Forest {
    features: usize,
    base_margin: f64,
    aggregation: Aggregation,
    trees: Vec<Tree>,
    compiled: Box<Compiled>,
    explainer: OnceLock<Box<Explainer>>,
}

impl PartialEq for Forest {
    fn eq(&self, other: &Self) -> bool {
        self.features == other.features
            && self.base_margin.to_bits() == other.base_margin.to_bits()
            && self.aggregation == other.aggregation
            && self.trees == other.trees
    }
}

impl Tree {
    /// A tree of these nodes, root first; [`Forest::new`] checks it.
    #[must_use]
    pub fn new(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    /// Its nodes, root first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The same tree with every leaf value multiplied.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let mut nodes = self.nodes.clone();
        for node in &mut nodes {
            if let Node::Leaf { value, .. } = node {
                *value *= factor;
            }
        }
        Self { nodes }
    }

    fn validate(&self, tree: usize, features: usize) -> Result<(), ForestError> {
        if self.nodes.is_empty() {
            return Err(ForestError::EmptyTree { tree });
        }
        let mut seen = vec![false; self.nodes.len()];
        let mut stack = vec![(0usize, 0usize)];
        while let Some((node, depth)) = stack.pop() {
            if depth > MAX_DEPTH {
                return Err(ForestError::TooDeep { tree });
            }
            if std::mem::replace(&mut seen[node], true) {
                return Err(ForestError::Cycle { tree, node });
            }
            validate_numbers(&self.nodes[node], tree, node)?;
            if let Node::Split {
                feature,
                left,
                right,
                ..
            } = self.nodes[node]
            {
                if feature as usize >= features {
                    return Err(ForestError::FeatureOutOfRange {
                        tree,
                        node,
                        feature,
                        features,
                    });
                }
                for child in [left, right] {
                    if child as usize >= self.nodes.len() {
                        return Err(ForestError::ChildOutOfRange { tree, node, child });
                    }
                    stack.push((child as usize, depth + 1));
                }
            }
        }
        match seen.iter().position(|seen| !seen) {
            Some(node) => Err(ForestError::Unreachable { tree, node }),
            None => Ok(()),
        }
    }
}

fn validate_numbers(content: &Node, tree: usize, node: usize) -> Result<(), ForestError> {
    let (number, what) = match content {
        Node::Split {
            test: Test::AtMost(threshold),
            ..
        } => (if threshold.is_nan() { f64::NAN } else { 0.0 }, "threshold"),
        Node::Split {
            test: Test::In(_), ..
        } => (0.0, "threshold"),
        Node::Leaf { value, .. } => (*value, "leaf value"),
    };
    for (number, what) in [(number, what), (content.cover(), "cover")] {
        if !number.is_finite() {
            return Err(ForestError::NotFinite { tree, node, what });
        }
    }
    if content.cover() < 0.0 {
        return Err(ForestError::NegativeCover { tree, node });
    }
    Ok(())
}

impl Forest {
    /// Checks the trees and prepares them for scoring.
    pub fn new(
        features: usize,
        base_margin: f64,
        aggregation: Aggregation,
        trees: Vec<Tree>,
    ) -> Result<Self, ForestError> {
        if features > MAX_FEATURES {
            return Err(ForestError::TooManyFeatures(features));
        }
        if !base_margin.is_finite() {
            return Err(ForestError::BaseMargin);
        }
        for (index, tree) in trees.iter().enumerate() {
            tree.validate(index, features)?;
        }
        let trees: Vec<Tree> = trees.into_iter().map(without_negative_zero).collect();
        let compiled = Box::new(Compiled::new(&trees, aggregation));
        Ok(Self {
            features,
            base_margin: base_margin + 0.0,
            aggregation,
            trees,
            compiled,
            explainer: OnceLock::new(),
        })
    }

    /// Number of columns a row has.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// The margin before any tree.
    #[must_use]
    pub fn base_margin(&self) -> f64 {
        self.base_margin
    }

    /// How the trees are put together.
    #[must_use]
    pub fn aggregation(&self) -> Aggregation {
        self.aggregation
    }

    /// The trees.
    #[must_use]
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The margin (log-odds) of one row of [`Forest::features`] values; NaN is missing.
    ///
    /// # Panics
    /// When the row has fewer values than the forest has features.
    #[must_use]
    pub fn margin(&self, row: &[f64]) -> f64 {
        assert!(
            row.len() >= self.features,
            "row of {} values for {} features",
            row.len(),
            self.features
        );
        self.base_margin + self.compiled.total(row)
    }

    /// The margins of many rows (rows x features), over all cores, in row order; each is
    /// what [`Forest::margin`] gives, to the bit.
    ///
    /// # Panics
    /// When the rows have fewer columns than the forest has features.
    #[must_use]
    pub fn margins(&self, rows: ArrayView2<'_, f64>) -> Vec<f64> {
        assert!(
            rows.ncols() >= self.features,
            "rows of {} values for {} features",
            rows.ncols(),
            self.features
        );
        let mut margins = vec![0.0; rows.nrows()];
        margins.par_chunks_mut(PORTION).enumerate().for_each_init(
            || self.compiled.room(),
            |room, (portion, margins)| {
                let start = portion * PORTION;
                let rows = rows.slice_axis(Axis(0), Slice::from(start..start + margins.len()));
                self.compiled.totals(rows, room, margins);
                for margin in margins {
                    *margin += self.base_margin;
                }
            },
        );
        margins
    }

    /// What some of the trees add to the margin of `row`; choosing a number of boosting
    /// rounds looks at the margin after each few trees.
    #[must_use]
    pub fn partial_sum(&self, row: &[f64], trees: std::ops::Range<usize>) -> f64 {
        self.compiled.sum(row, trees)
    }

    /// How a row is encoded for this forest's splits.
    pub(crate) fn encoding(&self) -> &Encoding {
        self.compiled.encoding()
    }

    /// What a leaf value is multiplied by: one over the number of trees for an average.
    pub(crate) fn scale(&self) -> f64 {
        self.compiled.scale()
    }

    /// The explainer of this forest, prepared on first use.
    #[must_use]
    pub fn explainer(&self) -> &Explainer {
        self.explainer
            .get_or_init(|| Box::new(Explainer::new(self)))
    }
}

/// Whether a split sends a value of its feature left: the rule all else here must follow.
#[must_use]
pub fn goes_left(test: &Test, missing: Missing, default_left: bool, value: f64) -> bool {
    if missing == Missing::Zero && value.abs() <= ZERO {
        return default_left;
    }
    let value = match (value.is_nan(), missing) {
        (true, Missing::Never) => 0.0,
        (true, _) => return default_left,
        (false, _) => value,
    };
    match test {
        Test::AtMost(threshold) => value <= *threshold,
        Test::In(set) => set.contains(value),
    }
}

/// JSON canonicalisation writes `-0` as `0`; without it here, a stored forest would differ
/// from the one in memory by a bit that changes nothing.
fn without_negative_zero(mut tree: Tree) -> Tree {
    for node in &mut tree.nodes {
        match node {
            Node::Split {
                test: Test::AtMost(number),
                cover,
                ..
            }
            | Node::Leaf {
                value: number,
                cover,
            } => {
                *number += 0.0;
                *cover += 0.0;
            }
            Node::Split { cover, .. } => *cover += 0.0,
        }
    }
    tree
}

impl Forest {
    /// The node index of the leaf that `row` ends in, for each tree.
    pub fn leaves<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = usize> + 'a {
        let mut leaves = vec![0; self.trees.len()];
        self.compiled
            .for_each_leaf(row, |tree, leaf| leaves[tree] = leaf);
        leaves.into_iter()
    }

    /// The same forest with every cover replaced by the number of those `rows` of `values`
    /// (rows x features) that pass the node: what a trainer that reports weights instead of
    /// counts needs.
    #[must_use]
    pub fn with_counted_cover(&self, values: ArrayView2<'_, f64>, rows: &[usize]) -> Self {
        let mut trees = self.trees.clone();
        let counts = self.leaf_counts(values, rows);
        for (tree, counts) in trees.iter_mut().zip(counts) {
            add_up_cover(&mut tree.nodes, 0, &counts);
        }
        Self {
            trees,
            explainer: OnceLock::new(),
            ..self.clone()
        }
    }

    fn leaf_counts(&self, values: ArrayView2<'_, f64>, rows: &[usize]) -> Vec<Vec<u32>> {
        let empty = || -> Vec<Vec<u32>> {
            self.trees
                .iter()
                .map(|tree| vec![0; tree.nodes.len()])
                .collect()
        };
        // Integer counts: the order in which the parts are added does not matter.
        rows.par_iter()
            .fold(empty, |mut counts, &row| {
                with_slice(values.row(row), |row| {
                    self.compiled
                        .for_each_leaf(row, |tree, leaf| counts[tree][leaf] += 1);
                });
                counts
            })
            .reduce(empty, |mut left, right| {
                for (left, right) in left.iter_mut().flatten().zip(right.iter().flatten()) {
                    *left += right;
                }
                left
            })
    }
}

/// Sets covers bottom-up from counts at the leaves; returns the cover of `node`.
fn add_up_cover(nodes: &mut [Node], node: usize, counts: &[u32]) -> f64 {
    let total = match nodes[node] {
        Node::Leaf { .. } => f64::from(counts[node]),
        Node::Split { left, right, .. } => {
            add_up_cover(nodes, left as usize, counts) + add_up_cover(nodes, right as usize, counts)
        }
    };
    match &mut nodes[node] {
        Node::Leaf { cover, .. } | Node::Split { cover, .. } => *cover = total,
    }
    total
}

/// How a forest is stored: by tree.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForestForm {
    features: usize,
    base_margin: f64,
    aggregation: Aggregation,
    trees: Vec<Tree>,
}

impl From<Forest> for ForestForm {
    fn from(forest: Forest) -> Self {
        let Forest {
            features,
            base_margin,
            aggregation,
            trees,
            ..
        } = forest;
        Self {
            features,
            base_margin,
            aggregation,
            trees,
        }
    }
}

impl TryFrom<ForestForm> for Forest {
    type Error = ForestError;

    fn try_from(form: ForestForm) -> Result<Self, ForestError> {
        Self::new(
            form.features,
            form.base_margin,
            form.aggregation,
            form.trees,
        )
    }
}

/// How a tree is stored: by column, one entry per node, which keeps packages small.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TreeForm {
    /// -1 for a leaf.
    feature: Vec<i32>,
    /// Threshold of a numeric split, index into `categories` of a categorical one, value of a leaf.
    value: Vec<f64>,
    left: Vec<u32>,
    right: Vec<u32>,
    /// 1: default left; 2: NaN counts as missing; 4: zero does too; 8: categorical;
    /// 16: the threshold is infinite, of the sign of `value` (JSON has no infinity).
    flags: Vec<u8>,
    cover: Vec<f64>,
    categories: Vec<Vec<u32>>,
}

impl From<Tree> for TreeForm {
    fn from(tree: Tree) -> Self {
        let mut form = Self {
            feature: Vec::new(),
            value: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
            flags: Vec::new(),
            cover: Vec::new(),
            categories: Vec::new(),
        };
        for node in tree.nodes {
            form.push(node);
        }
        form
    }
}

impl TreeForm {
    fn push(&mut self, node: Node) {
        self.cover.push(node.cover());
        match node {
            Node::Leaf { value, .. } => {
                self.feature.push(-1);
                self.value.push(value);
                self.left.push(0);
                self.right.push(0);
                self.flags.push(0);
            }
            Node::Split {
                feature,
                test,
                missing,
                default_left,
                left,
                right,
                ..
            } => {
                self.feature.push(feature as i32);
                self.left.push(left);
                self.right.push(right);
                let missing = match missing {
                    Missing::Never => 0,
                    Missing::Nan => 2,
                    Missing::Zero => 6,
                };
                let (value, category) = match test {
                    Test::AtMost(threshold) if threshold.is_infinite() => (threshold.signum(), 16),
                    Test::AtMost(threshold) => (threshold, 0),
                    Test::In(set) => {
                        self.categories.push(set.codes());
                        ((self.categories.len() - 1) as f64, 8)
                    }
                };
                self.value.push(value);
                self.flags.push(u8::from(default_left) | missing | category);
            }
        }
    }

    fn node(&self, index: usize) -> Result<Node, ForestError> {
        let (value, cover) = (self.value[index], self.cover[index]);
        let Ok(feature) = u32::try_from(self.feature[index]) else {
            return Ok(Node::Leaf { value, cover });
        };
        let flags = self.flags[index];
        let missing = match flags & 6 {
            0 => Missing::Never,
            2 => Missing::Nan,
            6 => Missing::Zero,
            _ => return Err(ForestError::Form("unknown missing rule")),
        };
        let test = if flags & 16 != 0 {
            Test::AtMost(value * f64::INFINITY)
        } else if flags & 8 == 0 {
            Test::AtMost(value)
        } else {
            let codes = self
                .categories
                .get(value as usize)
                .ok_or(ForestError::Form("category set out of range"))?;
            if codes.iter().any(|&code| code > CategorySet::MAX_CODE) {
                return Err(ForestError::Form("category code out of range"));
            }
            Test::In(CategorySet::new(codes))
        };
        let default_left = flags & 1 == 1;
        let (left, right) = (self.left[index], self.right[index]);
        Ok(Node::Split {
            feature,
            test,
            missing,
            default_left,
            left,
            right,
            cover,
        })
    }
}

impl TryFrom<TreeForm> for Tree {
    type Error = ForestError;

    fn try_from(form: TreeForm) -> Result<Self, ForestError> {
        let nodes = form.feature.len();
        let lengths = [
            form.value.len(),
            form.left.len(),
            form.right.len(),
            form.flags.len(),
            form.cover.len(),
        ];
        if lengths.iter().any(|&length| length != nodes) {
            return Err(ForestError::Form("columns of different lengths"));
        }
        Ok(Self {
            nodes: (0..nodes)
                .map(|index| form.node(index))
                .collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(feature: u32, test: Test, missing: Missing, default_left: bool) -> Node {
        Node::Split {
            feature,
            test,
            missing,
            default_left,
            left: 1,
            right: 2,
            cover: 10.0,
        }
    }

    fn leaf(value: f64) -> Node {
        Node::Leaf { value, cover: 5.0 }
    }

    fn stump(root: Node) -> Vec<Node> {
        vec![root, leaf(-1.0), leaf(1.0)]
    }

    fn forest(nodes: Vec<Node>) -> Result<Forest, ForestError> {
        Forest::new(2, 0.0, Aggregation::Sum, vec![Tree::new(nodes)])
    }

    #[test]
    fn a_value_at_the_threshold_goes_left_and_a_missing_one_its_default_way() {
        for default_left in [true, false] {
            let at = forest(stump(split(
                0,
                Test::AtMost(2.0),
                Missing::Nan,
                default_left,
            )))
            .expect("valid");
            let missing = if default_left { -1.0 } else { 1.0 };
            for (value, expected) in [
                (2.0, -1.0),
                (2.0f64.next_up(), 1.0),
                (f64::NEG_INFINITY, -1.0),
                (f64::NAN, missing),
            ] {
                assert!(
                    (at.margin(&[value, 0.0]) - expected).abs() < 1e-15,
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn zero_counts_as_missing_only_where_the_split_says_so() {
        let zero = forest(stump(split(1, Test::AtMost(-5.0), Missing::Zero, true))).expect("valid");
        assert!(zero.margin(&[9.0, 0.0]) < 0.0);
        assert!(zero.margin(&[9.0, 1e-36]) < 0.0);
        assert!(zero.margin(&[9.0, 1.0]) > 0.0);
        let never =
            forest(stump(split(1, Test::AtMost(-5.0), Missing::Never, true))).expect("valid");
        assert!(never.margin(&[9.0, 0.0]) > 0.0);
        assert!(never.margin(&[9.0, f64::NAN]) > 0.0, "compared as zero");
    }

    #[test]
    fn categories_of_the_set_go_left_and_all_others_right() {
        let set = CategorySet::new(&[0, 3, 70]);
        assert_eq!(set.codes(), [0, 3, 70]);
        let at = forest(stump(split(0, Test::In(set), Missing::Nan, false))).expect("valid");
        for (value, left) in [
            (0.0, true),
            (3.0, true),
            (70.0, true),
            (1.0, false),
            (71.0, false),
            (-1.0, false),
            (1e300, false),
        ] {
            assert_eq!(at.margin(&[value, 0.0]) < 0.0, left, "{value}");
        }
        assert!(at.margin(&[f64::NAN, 0.0]) > 0.0);
    }

    #[test]
    fn trees_are_added_or_averaged_on_the_base_margin() {
        let trees = vec![Tree::new(vec![leaf(1.0)]), Tree::new(vec![leaf(2.0)])];
        let sum = Forest::new(0, 10.0, Aggregation::Sum, trees.clone()).expect("valid");
        let average = Forest::new(0, 10.0, Aggregation::Average, trees).expect("valid");
        assert!((sum.margin(&[]) - 13.0).abs() < 1e-15);
        assert!((average.margin(&[]) - 11.5).abs() < 1e-15);
    }

    #[test]
    fn what_is_not_a_tree_is_refused_with_its_place() {
        let root = || split(0, Test::AtMost(0.0), Missing::Nan, true);
        let with = |left, right| {
            let mut nodes = stump(root());
            if let Node::Split {
                left: l, right: r, ..
            } = &mut nodes[0]
            {
                (*l, *r) = (left, right);
            }
            forest(nodes).expect_err("refused")
        };
        assert_eq!(
            with(1, 9),
            ForestError::ChildOutOfRange {
                tree: 0,
                node: 0,
                child: 9
            }
        );
        assert_eq!(with(1, 0), ForestError::Cycle { tree: 0, node: 0 });
        assert_eq!(with(1, 1), ForestError::Cycle { tree: 0, node: 1 });
        let mut loose = stump(root());
        loose.push(leaf(0.0));
        assert_eq!(
            forest(loose).expect_err("refused"),
            ForestError::Unreachable { tree: 0, node: 3 }
        );
        let feature = forest(stump(split(2, Test::AtMost(0.0), Missing::Nan, true)));
        assert!(matches!(
            feature,
            Err(ForestError::FeatureOutOfRange {
                feature: 2,
                features: 2,
                ..
            })
        ));
        let not_a_number = forest(stump(split(0, Test::AtMost(f64::NAN), Missing::Nan, true)));
        assert!(matches!(
            not_a_number,
            Err(ForestError::NotFinite {
                what: "threshold",
                ..
            })
        ));
        assert!(matches!(
            forest(vec![leaf(f64::NAN)]),
            Err(ForestError::NotFinite {
                what: "leaf value",
                ..
            })
        ));
        assert_eq!(
            forest(Vec::new()).expect_err("refused"),
            ForestError::EmptyTree { tree: 0 }
        );
    }

    #[test]
    fn an_infinite_threshold_parts_missing_values_from_all_others_and_can_be_stored() {
        for (threshold, known) in [(f64::INFINITY, -1.0), (f64::NEG_INFINITY, 1.0)] {
            let root = split(0, Test::AtMost(threshold), Missing::Nan, known > 0.0);
            let at = forest(stump(root)).expect("valid");
            let stored = serde_json::to_string(&at).expect("stored");
            let read: Forest = serde_json::from_str(&stored).expect("read");
            assert_eq!(read, at);
            for value in [f64::MIN, 0.0, f64::MAX] {
                assert!((read.margin(&[value, 0.0]) - known).abs() < 1e-15);
            }
            assert!((read.margin(&[f64::NAN, 0.0]) + known).abs() < 1e-15);
        }
    }

    #[test]
    fn a_stored_tree_whose_columns_do_not_fit_is_an_error_and_no_panic() {
        let stored = serde_json::to_string(
            &forest(stump(split(
                0,
                Test::In(CategorySet::new(&[1])),
                Missing::Zero,
                true,
            )))
            .expect("valid"),
        )
        .expect("stored");
        assert!(serde_json::from_str::<Forest>(&stored).is_ok());
        for (part, instead) in [
            ("\"feature\":[0,-1,-1]", "\"feature\":[0,-1]"),
            ("\"feature\":[0,-1,-1]", "\"feature\":[5,-1,-1]"),
            ("\"categories\":[[1]]", "\"categories\":[]"),
            ("\"categories\":[[1]]", "\"categories\":[[4294967295]]"),
            ("\"flags\":[15,0,0]", "\"flags\":[12,0,0]"),
            ("\"left\":[1,0,0]", "\"left\":[0,0,0]"),
        ] {
            assert!(stored.contains(part), "{part} not in {stored}");
            assert!(
                serde_json::from_str::<Forest>(&stored.replace(part, instead)).is_err(),
                "{instead}"
            );
        }
    }
}
