//! Exact path-dependent Shapley values of a forest.
//!
//! The game is that of Lundberg et al., "Consistent individualized feature attribution for
//! tree ensembles" (2018), which `LightGBM`'s `pred_contrib` and `XGBoost`'s `pred_contribs`
//! answer: with a set S of features known, a row follows its own way at splits on S and both
//! ways, weighted by training cover, elsewhere. For one leaf of value v whose path asks the
//! distinct features 1..d, with `o_j` in {0, 1} (does the row pass every split on j that
//! leads to the leaf?) and `z_j` (product of the cover ratios of those splits), that game is
//! `v * prod_S o_j * prod_not_S z_j`.
//!
//! Instead of counting subsets, we integrate the multilinear extension (Owen, "Multilinear
//! extensions of games", 1972):
//!
//! `phi_j = v (o_j - z_j) * integral_0^1 prod_{k != j} (t o_k + (1 - t) z_k) dt`
//!
//! The integrand is a polynomial of degree d - 1, so Gauss-Legendre quadrature with
//! ceil(d / 2) points is exact up to rounding, and the factors are positive, so nothing
//! cancels. The points lie in the lanes of a vector. The sum over leaves is shared along the
//! tree as in Linear `TreeSHAP` (Yu et al., 2022), by split rather than by node: for a split
//! on feature j with children a and b and the factors `f = t o + (1 - t) z` of the edges to
//! them,
//!
//! - down: `above(a) = above f_a`, where `above` is the product of the factors before;
//! - up: `below = f_a below(a) + f_b below(b)`, a leaf's `below` being its value;
//! - `phi_j += above ((o_a - z_a) below(a) + (o_b - z_b) below(b))`, summed over the points.
//!
//! A split on a feature met before on the path replaces the earlier factor `f' = t + (1 - t) z'`:
//! `above` and `below` are multiplied by `1 / f'`, `z` are the products with `z'`, and what
//! the earlier split will count too much, `(1 - z') below`, is taken back. Where the row had
//! left the path by that feature before, the factors are the plain cover ratios and nothing
//! is counted.
//!
//! Only `1 / f'` is kept per point; all other factors are made of one number and the points
//! when needed, which is faster than reading them: tables of all factors, by state of the
//! edge, are 1.7 MB for 150 trees of 31 leaves, more than the fast caches hold. One row of
//! that model, on a busy machine: tables over nodes about 150 us (the version before this);
//! by split with branches for leaves and for features met before 62 us, 47 with AVX2;
//! without branches for leaves 51 and 36; **without either 51 and 34**; eight lanes for all
//! trees, instead of four where the paths are short, 64 and 38.

#![expect(
    clippy::inline_always,
    reason = "what runs inside a dispatch must become part of the function compiled for it"
)]

use ndarray::{Array2, ArrayView2};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::forest::{Comparison, Encoding, Forest, Node, Tree, contiguous};

/// Lanes of trees whose longest path asks no more than eight distinct features.
const FEW: usize = 4;
/// Lanes of all other trees; those that need more points are walked again.
const MANY: usize = 8;

/// A forest prepared for explaining; made once per model.
#[derive(Debug, Clone)]
pub struct Explainer {
    features: usize,
    base_value: f64,
    encoding: Encoding,
    short: Vec<Prepared<FEW>>,
    long: Vec<Prepared<MANY>>,
    /// Splits of the largest tree.
    largest: usize,
}

/// Room for one explanation; keep one per thread to explain without allocating.
#[derive(Debug, Clone)]
pub struct Workspace {
    encoded: Vec<f64>,
    /// By split: 1 if the answer is yes, 0 if it is no.
    answer: Vec<f64>,
    /// By split: whether the row is still on all earlier edges of the split's feature.
    inside: Vec<bool>,
    short: Passes<FEW>,
    long: Passes<MANY>,
}

#[derive(Debug, Clone)]
struct Passes<const LANES: usize> {
    /// By split, and one more for all leaves, which is never read.
    above: Vec<Lanes<LANES>>,
    /// By split, and one more for all leaves, which is zero.
    below: Vec<Lanes<LANES>>,
    contributions: Vec<Lanes<LANES>>,
}

/// A tree as its splits in preorder, and what depends on the quadrature points.
#[derive(Debug, Clone)]
struct Prepared<const LANES: usize> {
    splits: Vec<Split>,
    repeats: Vec<Repeat>,
    blocks: Vec<Block<LANES>>,
}

/// One split; "yes" and "no" are the children the comparison leads to.
#[derive(Debug, Clone, Copy)]
struct Split {
    threshold: f64,
    column: u32,
    feature: u32,
    /// `z` of the edge to each child: the cover ratios of all edges of the feature so far.
    z: [f64; 2],
    /// The child's value if it is a leaf, otherwise 0.
    value: [f64; 2],
    /// The child's split; that of a leaf is the number of splits.
    child: [u32; 2],
    /// Index of the [`Repeat`] if the feature was met before on the path.
    repeat: u32,
}

const FIRST: u32 = u32::MAX;

/// What a split on a feature met before needs besides.
#[derive(Debug, Clone, Copy)]
struct Repeat {
    /// The split of the previous edge of the feature, and the answer that takes that edge.
    earlier: u32,
    answer: f64,
    /// The edges' factors: their own cover ratios where the row has left before, [`Split::z`]
    /// where it is inside.
    z: [[f64; 2]; 2],
    /// z of the earlier edges.
    before: f64,
}

/// Some quadrature points of a tree.
#[derive(Debug, Clone)]
struct Block<const LANES: usize> {
    /// The points; lanes without one have weight zero.
    t: Lanes<LANES>,
    /// 1, and 1 - t: what multiplies z without and with the row inside.
    rest: [Lanes<LANES>; 2],
    weight: Lanes<LANES>,
    /// By repeat: 1, and one over the factor of the earlier edges with the row inside.
    replaced: Vec<[Lanes<LANES>; 2]>,
}

/// Numbers at several points, worked on together.
#[derive(Debug, Clone, Copy)]
struct Lanes<const LANES: usize>([f64; LANES]);

impl Explainer {
    /// Prepares what depends on the model only.
    #[must_use]
    pub fn new(forest: &Forest) -> Self {
        let mut explainer = Self {
            features: forest.features(),
            base_value: forest.base_margin(),
            encoding: forest.encoding().clone(),
            short: Vec::new(),
            long: Vec::new(),
            largest: 0,
        };
        for tree in forest.trees() {
            let outline = Outline::new(tree, forest.scale(), &explainer.encoding);
            explainer.base_value += outline.expected;
            explainer.largest = explainer.largest.max(outline.splits.len());
            // A tree of one leaf tells nothing about any feature.
            if outline.splits.is_empty() {
                continue;
            }
            let points = gauss_legendre(outline.deepest.div_ceil(2).max(1));
            if points.len() <= FEW {
                explainer.short.push(outline.prepare(&points));
            } else {
                explainer.long.push(outline.prepare(&points));
            }
        }
        explainer
    }

    /// The expected margin over the training rows, as the covers give it.
    #[must_use]
    pub fn base_value(&self) -> f64 {
        self.base_value
    }

    /// Room for [`Explainer::explain_with`].
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace {
            encoded: vec![0.0; self.encoding.width()],
            answer: vec![0.0; self.largest],
            inside: vec![true; self.largest],
            short: Passes::new(self.largest, self.features),
            long: Passes::new(self.largest, self.features),
        }
    }

    /// Writes the Shapley value of each feature (log-odds) to `out` and returns the base
    /// value; base value plus the sum of `out` is the margin of `row`.
    ///
    /// # Panics
    /// When `row` or `out` is shorter than the forest has features.
    pub fn explain(&self, row: &[f64], out: &mut [f64]) -> f64 {
        self.explain_with(row, out, &mut self.workspace())
    }

    /// [`Explainer::explain`] without allocating.
    ///
    /// # Panics
    /// When `row` or `out` is shorter than the forest has features, or the workspace is
    /// another, smaller explainer's.
    pub fn explain_with(&self, row: &[f64], out: &mut [f64], workspace: &mut Workspace) -> f64 {
        assert!(
            row.len() >= self.features && out.len() >= self.features,
            "row or output too short"
        );
        self.encoding.encode(row, &mut workspace.encoded);
        Arch::new().dispatch(Explanation {
            explainer: self,
            workspace,
            out: &mut out[..self.features],
        });
        self.base_value
    }

    /// The Shapley values of many rows (rows x features), over all cores; each row of the
    /// result is what [`Explainer::explain`] gives, to the bit.
    ///
    /// # Panics
    /// When the rows have fewer columns than the forest has features.
    #[must_use]
    pub fn explain_rows(&self, rows: ArrayView2<'_, f64>) -> Array2<f64> {
        assert!(
            rows.ncols() >= self.features,
            "rows of {} values for {} features",
            rows.ncols(),
            self.features
        );
        let mut out = vec![0.0; rows.nrows() * self.features];
        out.par_chunks_mut((PORTION * self.features).max(1))
            .enumerate()
            .for_each_init(
                || (self.workspace(), Vec::new()),
                |(workspace, room), (portion, out)| {
                    for (place, out) in out.chunks_mut(self.features).enumerate() {
                        let row = rows.row(portion * PORTION + place);
                        self.explain_with(contiguous(&row, room), out, workspace);
                    }
                },
            );
        let mut out = out.into_iter();
        Array2::from_shape_simple_fn((rows.nrows(), self.features), || out.next().unwrap_or(0.0))
    }
}

/// Rows a thread takes at a time.
const PORTION: usize = 16;

/// Dispatched to the widest registers there are.
struct Explanation<'a> {
    explainer: &'a Explainer,
    workspace: &'a mut Workspace,
    out: &'a mut [f64],
}

impl WithSimd for Explanation<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Workspace {
            encoded,
            answer,
            inside,
            short,
            long,
            ..
        } = self.workspace;
        short.contributions.fill(Lanes::ZERO);
        long.contributions.fill(Lanes::ZERO);
        for tree in &self.explainer.short {
            tree.explain(encoded, answer, inside, short);
        }
        for tree in &self.explainer.long {
            tree.explain(encoded, answer, inside, long);
        }
        let lanes = short.contributions.iter().zip(&long.contributions);
        for (out, (short, long)) in self.out.iter_mut().zip(lanes) {
            *out = short.sum() + long.sum();
        }
    }
}

impl<const LANES: usize> Passes<LANES> {
    fn new(largest: usize, features: usize) -> Self {
        Self {
            above: vec![Lanes::ZERO; largest + 1],
            below: vec![Lanes::ZERO; largest + 1],
            contributions: vec![Lanes::ZERO; features],
        }
    }
}

impl<const LANES: usize> Prepared<LANES> {
    #[inline(always)]
    fn explain(
        &self,
        encoded: &[f64],
        answer: &mut [f64],
        inside: &mut [bool],
        passes: &mut Passes<LANES>,
    ) {
        let splits = self.splits.len();
        let (answer, inside) = (&mut answer[..splits], &mut inside[..splits]);
        for (answer, split) in answer.iter_mut().zip(&self.splits) {
            *answer = if encoded[split.column as usize] <= split.threshold {
                1.0
            } else {
                0.0
            };
        }
        for (index, split) in self.splits.iter().enumerate() {
            inside[index] = match self.repeats.get(split.repeat as usize) {
                None => true,
                Some(repeat) => {
                    let earlier = repeat.earlier as usize;
                    // Neither may be skipped: a branch would be taken at random.
                    inside[earlier] & (answer[earlier].to_bits() == repeat.answer.to_bits())
                }
            };
        }
        for block in &self.blocks {
            self.down(block, answer, inside, &mut passes.above[..=splits]);
            self.up(block, answer, inside, passes);
        }
    }

    /// The factors above each split.
    #[inline(always)]
    fn down(
        &self,
        block: &Block<LANES>,
        answer: &[f64],
        inside: &[bool],
        above: &mut [Lanes<LANES>],
    ) {
        above[0] = block.weight;
        for (index, (split, &yes)) in self.splits.iter().zip(answer).enumerate() {
            let (a, b) = (split.child[0] as usize, split.child[1] as usize);
            let before = above[index];
            if split.repeat == FIRST {
                above[a] = before * block.factor(yes, split.z[0]);
                above[b] = before * block.factor(1.0 - yes, split.z[1]);
            } else {
                // Leaves' factors are made too: cheaper than a branch.
                let state = usize::from(inside[index]);
                let before = before * block.replaced[split.repeat as usize][state];
                above[index] = before;
                let [z, other_z] = self.repeats[split.repeat as usize].z[state];
                above[a] = before * block.repeated(state, yes, z);
                above[b] = before * block.repeated(state, 1.0 - yes, other_z);
            }
        }
    }

    /// The leaves below each split, and the contributions.
    #[inline(always)]
    fn up(
        &self,
        block: &Block<LANES>,
        answer: &[f64],
        inside: &[bool],
        passes: &mut Passes<LANES>,
    ) {
        let splits = self.splits.len();
        let above = &passes.above[..=splits];
        let below = &mut passes.below[..=splits];
        below[splits] = Lanes::ZERO;
        for (index, (split, &yes)) in self.splits.iter().zip(answer).enumerate().rev() {
            let (a, b) = (split.child[0] as usize, split.child[1] as usize);
            let a = below[a] + Lanes::all(split.value[0]);
            let b = below[b] + Lanes::all(split.value[1]);
            let no = 1.0 - yes;
            let (share_a, share_b) = (yes - split.z[0], no - split.z[1]);
            let contribution = &mut passes.contributions[split.feature as usize];
            if split.repeat == FIRST {
                let (f, g) = (block.factor(yes, split.z[0]), block.factor(no, split.z[1]));
                below[index] = f * a + g * b;
                let share = Lanes::all(share_a) * a + Lanes::all(share_b) * b;
                *contribution = *contribution + above[index] * share;
            } else {
                let repeat = &self.repeats[split.repeat as usize];
                let state = usize::from(inside[index]);
                let counts = f64::from(u8::from(inside[index]));
                let [z, other_z] = repeat.z[state];
                let f = block.repeated(state, yes, z);
                let g = block.repeated(state, no, other_z);
                let here = block.replaced[split.repeat as usize][state] * (f * a + g * b);
                below[index] = here;
                let share = Lanes::all(share_a * counts) * a + Lanes::all(share_b * counts) * b
                    - Lanes::all((1.0 - repeat.before) * counts) * here;
                *contribution = *contribution + above[index] * share;
            }
        }
    }
}

impl<const LANES: usize> Block<LANES> {
    fn new(points: &[(f64, f64)], repeats: &[Repeat]) -> Self {
        let points: [(f64, f64); LANES] =
            std::array::from_fn(|lane| points.get(lane).copied().unwrap_or((0.5, 0.0)));
        Self {
            t: Lanes(points.map(|(t, _)| t)),
            rest: [Lanes([1.0; LANES]), Lanes(points.map(|(t, _)| 1.0 - t))],
            weight: Lanes(points.map(|(_, weight)| weight)),
            replaced: repeats
                .iter()
                .map(|repeat| {
                    let inside = points.map(|(t, _)| 1.0 / (t + (1.0 - t) * repeat.before));
                    [Lanes([1.0; LANES]), Lanes(inside)]
                })
                .collect(),
        }
    }

    /// `t o + (1 - t) z`.
    #[inline(always)]
    fn factor(&self, o: f64, z: f64) -> Lanes<LANES> {
        Lanes::all(o) * self.t + self.rest[1] * Lanes::all(z)
    }

    /// The factor of an edge of a split on a feature met before: as it stands, or, where the
    /// row has left before, z alone.
    #[inline(always)]
    fn repeated(&self, state: usize, o: f64, z: f64) -> Lanes<LANES> {
        Lanes::all(o * state as f64) * self.t + self.rest[state] * Lanes::all(z)
    }
}

impl<const LANES: usize> Lanes<LANES> {
    const ZERO: Self = Self([0.0; LANES]);

    #[inline(always)]
    fn all(number: f64) -> Self {
        Self([number; LANES])
    }

    fn sum(self) -> f64 {
        self.0.iter().sum()
    }
}

impl<const LANES: usize> std::ops::Add for Lanes<LANES> {
    type Output = Self;

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for (number, other) in self.0.iter_mut().zip(other.0) {
            *number += other;
        }
        self
    }
}

impl<const LANES: usize> std::ops::Sub for Lanes<LANES> {
    type Output = Self;

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for (number, other) in self.0.iter_mut().zip(other.0) {
            *number -= other;
        }
        self
    }
}

impl<const LANES: usize> std::ops::Mul for Lanes<LANES> {
    type Output = Self;

    #[inline(always)]
    fn mul(mut self, other: Self) -> Self {
        for (number, other) in self.0.iter_mut().zip(other.0) {
            *number *= other;
        }
        self
    }
}

/// A tree's splits, before the quadrature points are known.
struct Outline {
    splits: Vec<Split>,
    repeats: Vec<Repeat>,
    /// The margin the tree gives on average.
    expected: f64,
    /// Largest number of distinct features on one path.
    deepest: usize,
}

/// The edges of one feature on the current path.
#[derive(Debug, Clone, Copy)]
struct Edges {
    feature: u32,
    /// The split of the latest one, and the answer that takes it.
    split: u32,
    answer: f64,
    z: f64,
}

/// What a walk over a tree has still to do.
enum Visit {
    /// Go to `node`, which is child `side` of `split` and which this share of the training
    /// rows reaches.
    Enter {
        node: usize,
        split: u32,
        side: usize,
        reach: f64,
    },
    /// Put the path as it was before an edge.
    Leave { slot: usize, earlier: Option<Edges> },
}

impl Outline {
    /// Walks the tree in preorder, without recursion: a tree may be deeper than a stack.
    fn new(tree: &Tree, scale: f64, encoding: &Encoding) -> Self {
        let mut outline = Self {
            splits: Vec::new(),
            repeats: Vec::new(),
            expected: 0.0,
            deepest: 0,
        };
        let mut path: Vec<Edges> = Vec::new();
        // Place in `path` of each feature, which need not be small numbers.
        let mut slots: std::collections::HashMap<u32, usize> = std::collections::HashMap::new();
        let mut visits = vec![Visit::Enter {
            node: 0,
            split: FIRST,
            side: 0,
            reach: 1.0,
        }];
        while let Some(visit) = visits.pop() {
            let (node, split, side, reach) = match visit {
                Visit::Enter {
                    node,
                    split,
                    side,
                    reach,
                } => (node, split, side, reach),
                Visit::Leave { slot, earlier } => {
                    if let Some(earlier) = earlier {
                        path[slot] = earlier;
                    } else if let Some(edges) = path.pop() {
                        slots.remove(&edges.feature);
                    }
                    continue;
                }
            };
            if let Some(from) = outline.splits.get(split as usize) {
                let edges = Edges {
                    feature: from.feature,
                    split,
                    answer: if side == 0 { 1.0 } else { 0.0 },
                    z: from.z[side],
                };
                let slot = *slots.entry(from.feature).or_insert(path.len());
                let earlier = path.get(slot).copied();
                match earlier {
                    Some(_) => path[slot] = edges,
                    None => path.push(edges),
                }
                visits.push(Visit::Leave { slot, earlier });
            }
            let content = &tree.nodes()[node];
            let place = outline.splits.len() as u32;
            match (content, encoding.comparison(content)) {
                (
                    Node::Split {
                        feature,
                        left,
                        right,
                        cover,
                        ..
                    },
                    Some(comparison),
                ) => {
                    if let Some(from) = outline.splits.get_mut(split as usize) {
                        from.child[side] = place;
                    }
                    let children = if comparison.yes_is_left {
                        [*left, *right]
                    } else {
                        [*right, *left]
                    };
                    let own = children.map(|child| {
                        let covered = tree.nodes()[child as usize].cover();
                        // A node no training row reached says nothing; its children share alike.
                        if *cover > 0.0 { covered / cover } else { 0.5 }
                    });
                    let earlier = slots.get(feature).map(|&slot| path[slot]);
                    outline.push(*feature, comparison, own, earlier);
                    for side in [1, 0] {
                        visits.push(Visit::Enter {
                            node: children[side] as usize,
                            split: place,
                            side,
                            reach: reach * own[side],
                        });
                    }
                }
                (Node::Leaf { value, .. }, _) => {
                    let value = value * scale;
                    outline.expected += reach * value;
                    outline.deepest = outline.deepest.max(path.len());
                    if let Some(from) = outline.splits.get_mut(split as usize) {
                        from.value[side] = value;
                    }
                }
                // Not reached: the encoding was made of this very forest.
                (Node::Split { .. }, None) => {}
            }
        }
        let leaf = outline.splits.len() as u32;
        for child in outline.splits.iter_mut().flat_map(|split| &mut split.child) {
            // The root is no split's child, so this child was a leaf.
            if *child == 0 {
                *child = leaf;
            }
        }
        outline
    }

    fn push(
        &mut self,
        feature: u32,
        comparison: Comparison,
        own: [f64; 2],
        earlier: Option<Edges>,
    ) {
        let before = earlier.map_or(1.0, |edges| edges.z);
        let z = own.map(|own| before * own);
        let repeat = earlier.map_or(FIRST, |edges| {
            self.repeats.push(Repeat {
                earlier: edges.split,
                answer: edges.answer,
                z: [own, z],
                before,
            });
            (self.repeats.len() - 1) as u32
        });
        self.splits.push(Split {
            threshold: comparison.threshold,
            column: comparison.column,
            feature,
            z,
            value: [0.0; 2],
            child: [0; 2],
            repeat,
        });
    }

    fn prepare<const LANES: usize>(self, points: &[(f64, f64)]) -> Prepared<LANES> {
        let blocks = points
            .chunks(LANES)
            .map(|points| Block::new(points, &self.repeats))
            .collect();
        Prepared {
            splits: self.splits,
            repeats: self.repeats,
            blocks,
        }
    }
}

/// Points and weights of the n-point Gauss-Legendre rule on [0, 1], exact for polynomials of
/// degree 2n - 1 (roots of the Legendre polynomial by Newton's method).
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    (0..n)
        .map(|index| {
            let mut x = (std::f64::consts::PI * (index as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut value, mut before) = (1.0, 0.0);
                for k in 0..n {
                    let k = k as f64;
                    (value, before) = (
                        ((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0),
                        value,
                    );
                }
                slope = n as f64 * (x * value - before) / (x * x - 1.0);
                let step = value / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}
