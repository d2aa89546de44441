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
//! ceil(d / 2) points is exact up to rounding, and every term is positive, so nothing
//! cancels. The sum over leaves is shared along the tree as in Linear `TreeSHAP` (Yu et al.,
//! 2022): one walk down multiplies the factors, one walk up adds the leaves below each edge.
//! A feature met again on a path replaces its earlier factor. All factors depend only on the
//! model and the one bit "does the row take this edge", so both variants are kept ready.

use crate::forest::{Aggregation, Forest, Missing, Node, Test, Tree, goes_left};

/// Quadrature points handled in one walk; trees that need more are walked again.
const LANES: usize = 4;
type Lanes = [f64; LANES];
const NONE: u32 = u32::MAX;

/// A forest prepared for explaining; made once per model.
#[derive(Debug, Clone)]
pub struct Explainer {
    features: usize,
    base_value: f64,
    trees: Vec<Prepared>,
    largest: usize,
}

/// Room for one explanation; keep one per thread to explain without allocating.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Whether the row takes the edge into this node.
    taken: Vec<bool>,
    /// Whether it takes that edge and every earlier one on the same feature.
    open: Vec<bool>,
    product: Vec<Lanes>,
}

#[derive(Debug, Clone)]
struct Prepared {
    /// Nodes in preorder: a parent comes before its children.
    nodes: Vec<PreparedNode>,
    /// For each block of quadrature points, the factors of each node's edge.
    blocks: Vec<Vec<EdgeFactors>>,
}

#[derive(Debug, Clone)]
struct PreparedNode {
    parent: u32,
    /// The node whose incoming edge is the previous one on the same feature, or `NONE`.
    earlier: u32,
    /// Feature of the incoming edge.
    feature: u32,
    /// Cover ratio of the incoming edge alone.
    ratio: f64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Split {
        feature: u32,
        test: Test,
        missing: Missing,
        default_left: bool,
        left: u32,
        right: u32,
    },
    Leaf(f64),
}

/// What the incoming edge multiplies the product by, and how much of the sum below it is the
/// feature's contribution; with the row inside (`open`) or just leaving (`shut`).
#[derive(Debug, Clone, Copy)]
struct EdgeFactors {
    open: Lanes,
    open_share: Lanes,
    shut: Lanes,
    shut_share: Lanes,
}

impl Explainer {
    /// Prepares what depends on the model only.
    #[must_use]
    pub fn new(forest: &Forest) -> Self {
        let scale = match forest.aggregation() {
            Aggregation::Average if !forest.trees().is_empty() => 1.0 / forest.trees().len() as f64,
            _ => 1.0,
        };
        let mut base_value = forest.base_margin();
        let mut trees = Vec::with_capacity(forest.trees().len());
        for tree in forest.trees() {
            let (prepared, expected) = Prepared::new(tree, scale);
            base_value += expected;
            // A tree of one leaf tells nothing about any feature.
            if prepared.nodes.len() > 1 {
                trees.push(prepared);
            }
        }
        let largest = trees.iter().map(|tree| tree.nodes.len()).max().unwrap_or(0);
        Self {
            features: forest.features(),
            base_value,
            trees,
            largest,
        }
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
            taken: vec![true; self.largest],
            open: vec![true; self.largest],
            product: vec![[1.0; LANES]; self.largest],
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
        out.fill(0.0);
        for tree in &self.trees {
            tree.follow(row, workspace);
            for block in &tree.blocks {
                tree.add_contributions(block, workspace, out);
            }
        }
        self.base_value
    }
}

impl Prepared {
    /// The tree in preorder, its leaves scaled, and the margin it gives on average.
    fn new(tree: &Tree, scale: f64) -> (Self, f64) {
        let mut builder = Builder {
            tree,
            scale,
            nodes: Vec::new(),
            weights: Vec::new(),
            expected: 0.0,
            deepest: 0,
        };
        builder.visit(0, NONE, 0, 1.0, &mut Vec::new(), 1.0);
        let points = gauss_legendre(builder.deepest.div_ceil(2).max(1));
        let blocks = points
            .chunks(LANES)
            .map(|points| edge_factors(&builder, points))
            .collect();
        (
            Self {
                nodes: builder.nodes,
                blocks,
            },
            builder.expected,
        )
    }

    /// Asks each split once, and notes for each node whether the row is still inside.
    fn follow(&self, row: &[f64], workspace: &mut Workspace) {
        let Workspace { taken, open, .. } = workspace;
        for (index, node) in self.nodes.iter().enumerate() {
            open[index] = taken[index] && (node.earlier == NONE || open[node.earlier as usize]);
            if let Kind::Split {
                feature,
                test,
                missing,
                default_left,
                left,
                right,
            } = &node.kind
            {
                let goes_left = goes_left(test, *missing, *default_left, row[*feature as usize]);
                taken[*left as usize] = goes_left;
                taken[*right as usize] = !goes_left;
            }
        }
        // The root has no edge; later trees write over everything but its entry.
        taken[0] = true;
    }

    fn add_contributions(
        &self,
        factors: &[EdgeFactors],
        workspace: &mut Workspace,
        out: &mut [f64],
    ) {
        let Workspace { open, product, .. } = workspace;
        product[0] = [1.0; LANES];
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            let above = product[node.parent as usize];
            let below = if open[index] {
                times(above, factors[index].open)
            } else if node.earlier == NONE || open[node.earlier as usize] {
                times(above, factors[index].shut)
            } else {
                above.map(|value| value * node.ratio)
            };
            product[index] = match node.kind {
                Kind::Leaf(value) => below.map(|factor| factor * value),
                Kind::Split { .. } => below,
            };
        }
        // Upwards, a split's product is no longer needed: it becomes the sum of its leaves.
        for node in (0..self.nodes.len())
            .filter(|&node| matches!(self.nodes[node].kind, Kind::Split { .. }))
        {
            product[node] = [0.0; LANES];
        }
        for (index, node) in self.nodes.iter().enumerate().skip(1).rev() {
            let sum = product[index];
            if open[index] {
                out[node.feature as usize] += dot(sum, factors[index].open_share);
            } else if node.earlier == NONE || open[node.earlier as usize] {
                out[node.feature as usize] += dot(sum, factors[index].shut_share);
            }
            let parent = &mut product[node.parent as usize];
            for (parent, sum) in parent.iter_mut().zip(sum) {
                *parent += sum;
            }
        }
    }
}

#[inline]
fn times(left: Lanes, right: Lanes) -> Lanes {
    std::array::from_fn(|lane| left[lane] * right[lane])
}

#[inline]
fn dot(left: Lanes, right: Lanes) -> f64 {
    let product = times(left, right);
    (product[0] + product[1]) + (product[2] + product[3])
}

/// Walks a tree in preorder, keeping the distinct features of the path.
struct Builder<'a> {
    tree: &'a Tree,
    scale: f64,
    nodes: Vec<PreparedNode>,
    /// `z` of the incoming edge's feature, all its edges on the path multiplied.
    weights: Vec<f64>,
    expected: f64,
    /// Largest number of distinct features on one path.
    deepest: usize,
}

impl Builder<'_> {
    /// `path`: for each distinct feature so far, the node its latest edge leads into.
    fn visit(
        &mut self,
        node: usize,
        parent: u32,
        feature: u32,
        ratio: f64,
        path: &mut Vec<u32>,
        reach: f64,
    ) -> u32 {
        let index = self.nodes.len() as u32;
        let slot = path
            .iter()
            .position(|&earlier| self.nodes[earlier as usize].feature == feature);
        let slot = if parent == NONE { None } else { slot };
        let earlier = slot.map_or(NONE, |slot| path[slot]);
        let before = if earlier == NONE {
            1.0
        } else {
            self.weights[earlier as usize]
        };
        self.weights.push(before * ratio);
        self.nodes.push(PreparedNode {
            parent,
            earlier,
            feature,
            ratio,
            kind: Kind::Leaf(0.0),
        });
        if parent != NONE {
            match slot {
                Some(slot) => path[slot] = index,
                None => path.push(index),
            }
        }
        match &self.tree.nodes()[node] {
            Node::Leaf { value, .. } => {
                self.deepest = self.deepest.max(path.len());
                self.expected += reach * value * self.scale;
                self.nodes[index as usize].kind = Kind::Leaf(value * self.scale);
            }
            Node::Split {
                feature,
                test,
                missing,
                default_left,
                left,
                right,
                cover,
            } => {
                let ratios = [*left, *right].map(|child| {
                    // A node no training row reached says nothing; its children share alike.
                    if *cover > 0.0 {
                        self.tree.nodes()[child as usize].cover() / cover
                    } else {
                        0.5
                    }
                });
                let left = self.visit(
                    *left as usize,
                    index,
                    *feature,
                    ratios[0],
                    path,
                    reach * ratios[0],
                );
                let right = self.visit(
                    *right as usize,
                    index,
                    *feature,
                    ratios[1],
                    path,
                    reach * ratios[1],
                );
                let (feature, test, missing, default_left) =
                    (*feature, test.clone(), *missing, *default_left);
                self.nodes[index as usize].kind = Kind::Split {
                    feature,
                    test,
                    missing,
                    default_left,
                    left,
                    right,
                };
            }
        }
        match slot {
            Some(slot) => path[slot] = earlier,
            None if parent != NONE => {
                path.pop();
            }
            None => {}
        }
        index
    }
}

fn edge_factors(builder: &Builder<'_>, points: &[(f64, f64)]) -> Vec<EdgeFactors> {
    // Lanes without a point have weight zero, at a place where nothing divides by zero.
    let point = |lane: usize| points.get(lane).copied().unwrap_or((0.5, 0.0));
    let inside = |z: f64, t: f64| t + (1.0 - t) * z;
    builder
        .nodes
        .iter()
        .zip(&builder.weights)
        .map(|(node, &z)| {
            let earlier = (node.earlier != NONE).then(|| builder.weights[node.earlier as usize]);
            let lanes = |value: &dyn Fn(f64, f64) -> f64| -> Lanes {
                std::array::from_fn(|lane| {
                    let (t, weight) = point(lane);
                    value(t, weight)
                })
            };
            let divisor = |t: f64| earlier.map_or(1.0, |z| inside(z, t));
            let counted =
                |t: f64, weight: f64| earlier.map_or(0.0, |z| weight * (1.0 - z) / inside(z, t));
            EdgeFactors {
                open: lanes(&|t, _| inside(z, t) / divisor(t)),
                open_share: lanes(&|t, weight| {
                    weight * (1.0 - z) / inside(z, t) - counted(t, weight)
                }),
                shut: lanes(&|t, _| (1.0 - t) * z / divisor(t)),
                shut_share: lanes(&|t, weight| -weight / (1.0 - t) - counted(t, weight)),
            }
        })
        .collect()
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
