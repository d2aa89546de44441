//! A forest laid out for scoring: every split becomes one comparison without a branch.
//!
//! *Encoded rows.* NaN compares false, whatever it is compared with. A split whose missing
//! values go right is therefore `value <= threshold` as it stands. One whose missing values
//! go left is asked the other way round, "does the row go right?": `value > t` is
//! `-value <= -next_up(t)`, exactly, and false for NaN. So a row is encoded once, as the
//! features the splits use and, where needed, their negatives (and both again with zeros
//! turned into NaN, for splits where zero is missing; and 0 or 1 for each different question
//! about a category), and a step is `next + !(encoded[column] <= threshold)`. A leaf's
//! threshold is NaN and leads back to the leaf itself.
//!
//! *One row* walks several trees at a time, so that one tree's loads are waited for while
//! the others' arrive. *Many rows* are taken eight at a time, one in each lane, and walk
//! nothing: every split of a tree is asked, and a no strikes the leaves of its yes side from
//! a set of 64 bits; the first leaf left is where the row ends (Lucchese et al.,
//! "QuickScorer", 2015, with the vector over rows of Lettich et al., 2016). More work than
//! walking, but without a jump or a load that waits for another. Trees of more than 64
//! leaves are walked. Leaf values are added in the order of the trees both ways, so both
//! give the same bits.
//!
//! Of 150 trees of 31 leaves, on a busy machine: a walk by branches 7.1 us a row, 1 encoded
//! tree at a time 5.0, four 2.5, **eight 1.8**, ten 1.7, twelve 1.9, sixteen 2.2; trees
//! sorted by depth gain nothing. Sets of leaves for a single row: 13 us, the compiler finds
//! no vector in it. Eight rows by sets of leaves: 1.4 us a row with SSE2, **0.42** with AVX2;
//! sets of 32 bits and sixteen or thirty-two rows at once: 0.46 and 0.45.

#![expect(
    clippy::inline_always,
    reason = "what runs inside a dispatch must become part of the function compiled for it"
)]

use std::cell::RefCell;
use std::collections::HashMap;

use ndarray::ArrayView2;
use pulp::{Arch, Simd, WithSimd};

use super::{Aggregation, CategorySet, Missing, Node, Test, Tree, ZERO, goes_left};

/// Trees walked at a time for one row.
const ABREAST: usize = 8;
/// Rows scored at a time.
pub(super) const LANES: usize = 8;
type Lanes = [f64; LANES];
/// The parts of an encoded row: values, negatives, both without zeros.
const SECTIONS: usize = 4;

/// How a row is written so that every split is one comparison.
#[derive(Debug, Clone, Default)]
pub(crate) struct Encoding {
    /// Features that numeric splits ask for, ascending: the columns of each section.
    features: Vec<u32>,
    /// Whether any split reads the section.
    used: [bool; SECTIONS],
    /// The columns after the sections.
    categories: Vec<CategoryQuestion>,
    places: HashMap<CategoryQuestion, u32>,
}

/// A question about a category, asked once however many splits repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CategoryQuestion {
    feature: u32,
    set: CategorySet,
    missing: Missing,
    default_left: bool,
}

/// A split as a comparison with a column of an encoded row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison {
    pub(crate) column: u32,
    pub(crate) threshold: f64,
    /// Whether a yes means left.
    pub(crate) yes_is_left: bool,
}

impl Encoding {
    pub(super) fn new(trees: &[Tree]) -> Self {
        let mut encoding = Self::default();
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            match node {
                Node::Split {
                    feature,
                    test: Test::In(set),
                    missing,
                    default_left,
                    ..
                } => encoding.add_category(*feature, set, *missing, *default_left),
                Node::Split { feature, .. } => encoding.features.push(*feature),
                Node::Leaf { .. } => {}
            }
        }
        encoding.features.sort_unstable();
        encoding.features.dedup();
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            if let Some(comparison) = encoding.comparison(node) {
                let section = comparison.column as usize / encoding.features.len().max(1);
                if let Some(used) = encoding.used.get_mut(section) {
                    *used = true;
                }
            }
        }
        encoding
    }

    fn add_category(
        &mut self,
        feature: u32,
        set: &CategorySet,
        missing: Missing,
        default_left: bool,
    ) {
        let question = CategoryQuestion {
            feature,
            set: set.clone(),
            missing,
            default_left,
        };
        let next = self.categories.len() as u32;
        if let std::collections::hash_map::Entry::Vacant(place) = self.places.entry(question) {
            self.categories.push(place.key().clone());
            place.insert(next);
        }
    }

    /// Columns of an encoded row.
    pub(crate) fn width(&self) -> usize {
        SECTIONS * self.features.len() + self.categories.len()
    }

    /// The comparison a split becomes; none for a leaf.
    pub(crate) fn comparison(&self, node: &Node) -> Option<Comparison> {
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
        let threshold = match test {
            Test::AtMost(threshold) => *threshold,
            Test::In(set) => {
                let place = self.places.get(&CategoryQuestion {
                    feature: *feature,
                    set: set.clone(),
                    missing: *missing,
                    default_left: *default_left,
                })?;
                return Some(Comparison {
                    column: (SECTIONS * self.features.len()) as u32 + place,
                    threshold: 0.5,
                    yes_is_left: true,
                });
            }
        };
        // A NaN compared as zero always goes the way zero goes: a default direction too.
        let nan_left = goes_left(test, *missing, *default_left, f64::NAN);
        let place = self.features.binary_search(feature).ok()?;
        let section = 2 * usize::from(*missing == Missing::Zero) + usize::from(nan_left);
        Some(Comparison {
            column: (section * self.features.len() + place) as u32,
            threshold: match (nan_left, threshold == f64::INFINITY) {
                (false, _) => threshold,
                (true, false) => -threshold.next_up(),
                // Nothing is above it: never a yes.
                (true, true) => f64::NAN,
            },
            yes_is_left: !nan_left,
        })
    }

    /// Writes `row` to `encoded`, which has [`Encoding::width`] values.
    pub(crate) fn encode(&self, row: &[f64], encoded: &mut [f64]) {
        let features = self.features.len();
        let (numbers, categories) = encoded.split_at_mut(SECTIONS * features);
        let (plain, others) = numbers.split_at_mut(features);
        for (value, &feature) in plain.iter_mut().zip(&self.features) {
            *value = row[feature as usize];
        }
        for section in 1..SECTIONS {
            if self.used[section] {
                let from = (section - 1) * features;
                let derived = &mut others[from..from + features];
                for (derived, &value) in derived.iter_mut().zip(&*plain) {
                    *derived = derive(section, value);
                }
            }
        }
        for (answer, question) in categories.iter_mut().zip(&self.categories) {
            *answer = question.answer(row);
        }
    }

    /// Writes `row` to one lane of an encoded block; [`Encoding::finish`] does the rest.
    fn encode_lane(&self, row: &[f64], lane: usize, block: &mut [Lanes]) {
        let (numbers, categories) = block.split_at_mut(SECTIONS * self.features.len());
        for (column, &feature) in numbers.iter_mut().zip(&self.features) {
            column[lane] = row[feature as usize];
        }
        for (column, question) in categories.iter_mut().zip(&self.categories) {
            column[lane] = question.answer(row);
        }
    }

    /// Fills the sections that are made of the first, for all lanes.
    fn finish(&self, block: &mut [Lanes]) {
        let features = self.features.len();
        let (plain, others) = block.split_at_mut(features);
        for section in 1..SECTIONS {
            if self.used[section] {
                let from = (section - 1) * features;
                let derived = &mut others[from..from + features];
                for (derived, values) in derived.iter_mut().zip(&*plain) {
                    *derived = values.map(|value| derive(section, value));
                }
            }
        }
    }
}

/// A value as the section holds it.
#[inline]
fn derive(section: usize, value: f64) -> f64 {
    let known = if section >= 2 && value.abs() <= ZERO {
        f64::NAN
    } else {
        value
    };
    if section % 2 == 1 { -known } else { known }
}

impl CategoryQuestion {
    /// 0 for left, 1 for right.
    fn answer(&self, row: &[f64]) -> f64 {
        let value = row[self.feature as usize];
        let left = if value.is_nan() || (self.missing == Missing::Zero && value.abs() <= ZERO) {
            match self.missing {
                Missing::Never => self.set.contains(0.0),
                Missing::Nan | Missing::Zero => self.default_left,
            }
        } else {
            self.set.contains(value)
        };
        f64::from(u8::from(!left))
    }
}

/// A node made small; siblings are side by side.
#[derive(Debug, Clone, Copy)]
struct Step {
    threshold: f64,
    column: u32,
    /// Where a yes leads; a no leads to the next one.
    yes: u32,
}

/// Room for scoring many rows, one per thread.
pub(super) struct Room {
    row: Vec<f64>,
    encoded: Vec<f64>,
    block: Vec<Lanes>,
}

/// All trees of a forest.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    encoding: Encoding,
    steps: Vec<Step>,
    /// Value of each leaf, at the place of its step.
    values: Vec<f64>,
    /// Index of each step's node in its tree.
    nodes: Vec<u32>,
    roots: Vec<u32>,
    sets: Option<LeafSets>,
    scale: f64,
}

thread_local! {
    static ENCODED: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

impl Compiled {
    pub(super) fn new(trees: &[Tree], aggregation: Aggregation) -> Self {
        let encoding = Encoding::new(trees);
        let mut compiled = Self {
            steps: Vec::new(),
            values: Vec::new(),
            nodes: Vec::new(),
            roots: Vec::new(),
            sets: LeafSets::new(trees, &encoding),
            scale: aggregation.scale(trees.len()),
            encoding,
        };
        for tree in trees {
            compiled.push(tree);
        }
        compiled
    }

    /// Lays a tree out breadth first: the children of a node are given adjacent places.
    fn push(&mut self, tree: &Tree) {
        let root = self.steps.len();
        self.roots.push(root as u32);
        let mut order = vec![0u32];
        let mut next = 0;
        while next < order.len() {
            let index = order[next];
            let node = &tree.nodes[index as usize];
            let (step, value) = match (node, self.encoding.comparison(node)) {
                (Node::Split { left, right, .. }, Some(comparison)) => {
                    let yes = (root + order.len()) as u32;
                    order.extend(if comparison.yes_is_left {
                        [*left, *right]
                    } else {
                        [*right, *left]
                    });
                    let (threshold, column) = (comparison.threshold, comparison.column);
                    let step = Step {
                        threshold,
                        column,
                        yes,
                    };
                    (step, 0.0)
                }
                (Node::Leaf { value, .. }, _) => (Step::back_to(root + next), *value),
                // Not reached: the encoding was made of these very trees.
                (Node::Split { .. }, None) => (Step::back_to(root + next), f64::NAN),
            };
            self.steps.push(step);
            self.values.push(value);
            self.nodes.push(index);
            next += 1;
        }
    }

    pub(super) fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// The sum of the leaf values of some trees, scaled.
    pub(super) fn sum(&self, row: &[f64], trees: std::ops::Range<usize>) -> f64 {
        self.with_encoded(row, |encoded| self.sum_encoded(encoded, trees)) * self.scale
    }

    /// The sum of all trees, scaled.
    pub(super) fn total(&self, row: &[f64]) -> f64 {
        self.sum(row, 0..self.roots.len())
    }

    fn with_encoded<T>(&self, row: &[f64], score: impl FnOnce(&[f64]) -> T) -> T {
        ENCODED.with_borrow_mut(|room| {
            let width = self.encoding.width().max(1);
            if room.len() < width {
                room.resize(width, 0.0);
            }
            self.encoding
                .encode(row, &mut room[..self.encoding.width()]);
            score(&room[..width])
        })
    }

    fn sum_encoded(&self, encoded: &[f64], trees: std::ops::Range<usize>) -> f64 {
        let mut sum = 0.0;
        let mut groups = self.roots[trees].chunks_exact(ABREAST);
        for roots in &mut groups {
            let leaves = self.walk::<ABREAST>(encoded, roots);
            for leaf in leaves {
                sum += self.values[leaf as usize];
            }
        }
        let rest = groups.remainder();
        if !rest.is_empty() {
            // The last root again and again in the places that are over.
            let last = rest[rest.len() - 1];
            let roots: [u32; ABREAST] =
                std::array::from_fn(|place| rest.get(place).copied().unwrap_or(last));
            let leaves = self.walk::<ABREAST>(encoded, &roots);
            for &leaf in &leaves[..rest.len()] {
                sum += self.values[leaf as usize];
            }
        }
        sum
    }

    /// The places of the leaves that some trees end in.
    fn walk<const TREES: usize>(&self, encoded: &[f64], roots: &[u32]) -> [u32; TREES] {
        let mut at: [u32; TREES] = std::array::from_fn(|tree| roots[tree]);
        loop {
            let mut moved = 0;
            for at in &mut at {
                let step = self.steps[*at as usize];
                let yes = encoded[step.column as usize] <= step.threshold;
                let next = step.yes.wrapping_add(u32::from(!yes));
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                return at;
            }
        }
    }

    /// Tells for each tree the node index of the leaf that `row` ends in.
    pub(super) fn for_each_leaf(&self, row: &[f64], mut tell: impl FnMut(usize, usize)) {
        self.with_encoded(row, |encoded| {
            for (tree, &root) in self.roots.iter().enumerate() {
                let [leaf] = self.walk::<1>(encoded, &[root]);
                tell(tree, self.nodes[leaf as usize] as usize);
            }
        });
    }

    pub(super) fn room(&self) -> Room {
        Room {
            row: Vec::new(),
            encoded: vec![0.0; self.encoding.width().max(1)],
            block: vec![[0.0; LANES]; self.encoding.width()],
        }
    }

    /// The scaled sums of some rows.
    pub(super) fn totals(&self, rows: ArrayView2<'_, f64>, room: &mut Room, sums: &mut [f64]) {
        let Some(sets) = &self.sets else {
            for (sum, row) in sums.iter_mut().zip(rows.rows()) {
                let row = contiguous(&row, &mut room.row);
                self.encoding
                    .encode(row, &mut room.encoded[..self.encoding.width()]);
                *sum = self.sum_encoded(&room.encoded, 0..self.roots.len()) * self.scale;
            }
            return;
        };
        for (block, sums) in sums.chunks_mut(LANES).enumerate() {
            for lane in 0..sums.len() {
                let row = rows.row(block * LANES + lane);
                let row = contiguous(&row, &mut room.row);
                self.encoding.encode_lane(row, lane, &mut room.block);
            }
            self.encoding.finish(&mut room.block);
            let lanes = Arch::new().dispatch(SumOfBlock {
                sets,
                block: &room.block,
            });
            for (sum, lane) in sums.iter_mut().zip(lanes) {
                *sum = lane * self.scale;
            }
        }
    }
}

/// A row as a slice, copied to `room` only when its values are not next to each other.
pub(crate) fn contiguous<'a>(
    row: &'a ndarray::ArrayView1<'_, f64>,
    room: &'a mut Vec<f64>,
) -> &'a [f64] {
    if let Some(row) = row.as_slice() {
        return row;
    }
    room.clear();
    room.extend(row.iter());
    room
}

impl Step {
    /// The step of a leaf: NaN is never a yes, and a no leads one further.
    fn back_to(place: usize) -> Self {
        Self {
            threshold: f64::NAN,
            column: 0,
            yes: (place as u32).wrapping_sub(1),
        }
    }
}

/// Each split with the leaves a no leaves over; made where no tree has more than 64 leaves.
#[derive(Debug, Clone)]
struct LeafSets {
    splits: Vec<SetSplit>,
    /// Leaf values, tree by tree in the order of the bits.
    values: Vec<f64>,
    /// Where each tree's splits and values start, and where the last one's end.
    starts: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct SetSplit {
    threshold: f64,
    column: u32,
    /// All leaves but those on the yes side.
    after_no: u64,
}

impl LeafSets {
    fn new(trees: &[Tree], encoding: &Encoding) -> Option<Self> {
        let mut sets = Self {
            splits: Vec::new(),
            values: Vec::new(),
            starts: vec![(0, 0)],
        };
        for tree in trees {
            // A tree of n leaves has 2n - 1 nodes.
            if tree.nodes.len() > 2 * 64 - 1 {
                return None;
            }
            let first = sets.values.len();
            sets.push(&tree.nodes, 0, first, encoding)?;
            sets.starts
                .push((sets.splits.len() as u32, sets.values.len() as u32));
        }
        Some(sets)
    }

    /// Adds what is at and below a node, yes side first; `first` is the tree's first leaf.
    fn push(
        &mut self,
        nodes: &[Node],
        node: usize,
        first: usize,
        encoding: &Encoding,
    ) -> Option<()> {
        let (left, right) = match &nodes[node] {
            Node::Leaf { value, .. } => {
                self.values.push(*value);
                return Some(());
            }
            Node::Split { left, right, .. } => (*left as usize, *right as usize),
        };
        let comparison = encoding.comparison(&nodes[node])?;
        let (yes, no) = if comparison.yes_is_left {
            (left, right)
        } else {
            (right, left)
        };
        let place = self.splits.len();
        self.splits.push(SetSplit {
            threshold: comparison.threshold,
            column: comparison.column,
            after_no: 0,
        });
        let start = self.values.len() - first;
        self.push(nodes, yes, first, encoding)?;
        let struck = self.values.len() - first - start;
        self.splits[place].after_no = !(((1u64 << struck) - 1) << start);
        self.push(nodes, no, first, encoding)
    }

    #[inline(always)]
    fn sums(&self, block: &[Lanes]) -> Lanes {
        let mut sums = [0.0; LANES];
        for bounds in self.starts.windows(2) {
            let ((split, leaf), (split_end, leaf_end)) = (bounds[0], bounds[1]);
            let mut left = [u64::MAX; LANES];
            for split in &self.splits[split as usize..split_end as usize] {
                let values = &block[split.column as usize];
                for lane in 0..LANES {
                    let yes = u64::from(values[lane] <= split.threshold);
                    left[lane] &= split.after_no | yes.wrapping_neg();
                }
            }
            let values = &self.values[leaf as usize..leaf_end as usize];
            for lane in 0..LANES {
                sums[lane] += values[left[lane].trailing_zeros() as usize];
            }
        }
        sums
    }
}

/// Dispatched to the widest registers there are.
struct SumOfBlock<'a> {
    sets: &'a LeafSets,
    block: &'a [Lanes],
}

impl WithSimd for SumOfBlock<'_> {
    type Output = Lanes;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Lanes {
        self.sets.sums(self.block)
    }
}
