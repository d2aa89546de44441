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

use crate::forest::{Aggregation, CategorySets, CompiledNode, Forest, Node, Tree};

/// Quadrature points handled in one walk; trees that need more are walked again.
const LANES: usize = 4;
type Lanes = [f64; LANES];

/// A forest prepared for explaining; made once per model.
#[derive(Debug, Clone)]
pub struct Explainer {
    features: usize,
    base_value: f64,
    trees: Vec<Prepared>,
    sets: CategorySets,
    /// Nodes of the largest tree.
    largest: usize,
}

/// Room for one explanation; keep one per thread to explain without allocating.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Whether the row leaves by the edge into this node: 0 or 1.
    left: Vec<u8>,
    /// One of [`OPEN`], [`SHUT`], [`SHUT_EARLIER`], by node.
    state: Vec<u8>,
    product: Vec<Lanes>,
    /// Sum of the products of the leaves at and below a node.
    sum: Vec<Lanes>,
}

/// The row takes the edge and all earlier ones on its feature.
const OPEN: u8 = 0;
/// The row takes the earlier ones, not this.
const SHUT: u8 = 1;
/// The row has left the path by this feature before.
const SHUT_EARLIER: u8 = 2;

#[derive(Debug, Clone)]
struct Prepared {
    /// Nodes in preorder: a parent comes before its children, its left child right after it.
    nodes: Vec<PreparedNode>,
    /// For each block of quadrature points, the factors of each node's edge by state.
    blocks: Vec<Vec<[EdgeFactors; 3]>>,
}

#[derive(Debug, Clone)]
struct PreparedNode {
    node: CompiledNode,
    right: u32,
    parent: u32,
    /// The node whose incoming edge is the previous one on the same feature; the root, whose
    /// state is always open, when there is none.
    earlier: u32,
    /// Feature of the incoming edge.
    feature: u32,
}

/// What an edge multiplies the product by, and how much of the sum below it is its feature's
/// contribution. Aligned so that one of them is one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct EdgeFactors {
    product: Lanes,
    share: Lanes,
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
        let mut sets = CategorySets::default();
        for tree in forest.trees() {
            let (prepared, expected) = Prepared::new(tree, scale, &mut sets);
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
            sets,
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
            left: vec![0; self.largest],
            state: vec![OPEN; self.largest],
            product: vec![[1.0; LANES]; self.largest],
            sum: vec![[0.0; LANES]; self.largest],
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
            tree.follow(row, &self.sets, workspace);
            for factors in &tree.blocks {
                tree.add_contributions(factors, workspace, out);
            }
        }
        self.base_value
    }
}

impl Prepared {
    /// The tree in preorder, its leaves scaled, and the margin it gives on average.
    fn new(tree: &Tree, scale: f64, sets: &mut CategorySets) -> (Self, f64) {
        let mut builder = Builder {
            tree,
            scale,
            sets,
            nodes: Vec::new(),
            edges: Vec::new(),
            expected: 0.0,
            deepest: 0,
        };
        builder.visit(0, Edge::ROOT, &mut Vec::new(), 1.0);
        let points = gauss_legendre(builder.deepest.div_ceil(2).max(1));
        let blocks = points
            .chunks(LANES)
            .map(|points| edge_factors(&builder.edges, points))
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
    fn follow(&self, row: &[f64], sets: &CategorySets, workspace: &mut Workspace) {
        let Workspace { left, state, .. } = workspace;
        left[0] = 0;
        state[0] = OPEN;
        for (index, node) in self.nodes.iter().enumerate() {
            // Without a branch: which way a row goes is what a processor cannot guess.
            let earlier = state[node.earlier as usize];
            state[index] = if earlier == OPEN {
                left[index]
            } else {
                SHUT_EARLIER
            };
            if !node.node.is_leaf() {
                let goes_left = u8::from(node.node.goes_left(row, sets));
                left[index + 1] = SHUT - goes_left;
                left[node.right as usize] = goes_left;
            }
        }
    }

    fn add_contributions(
        &self,
        factors: &[[EdgeFactors; 3]],
        workspace: &mut Workspace,
        out: &mut [f64],
    ) {
        let Workspace {
            state,
            product,
            sum,
            ..
        } = workspace;
        product[0] = [1.0; LANES];
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            let factors = &factors[index][state[index] as usize];
            product[index] = times(product[node.parent as usize], factors.product);
            let leaf = if node.node.is_leaf() {
                node.node.number
            } else {
                0.0
            };
            sum[index] = product[index].map(|product| product * leaf);
        }
        for (index, node) in self.nodes.iter().enumerate().skip(1).rev() {
            let below = sum[index];
            out[node.feature as usize] += dot(below, factors[index][state[index] as usize].share);
            let parent = &mut sum[node.parent as usize];
            for (parent, below) in parent.iter_mut().zip(below) {
                *parent += below;
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

/// What a node's incoming edge brings.
#[derive(Debug, Clone, Copy)]
struct Edge {
    parent: u32,
    feature: u32,
    /// Cover ratio of this edge alone.
    ratio: f64,
    /// `z` of its feature: the ratios of all its edges on the path, this one included.
    z: f64,
    /// The same without this edge, when there were others.
    earlier_z: Option<f64>,
}

impl Edge {
    const ROOT: Self = Self {
        parent: 0,
        feature: u32::MAX,
        ratio: 1.0,
        z: 1.0,
        earlier_z: None,
    };
}

/// Walks a tree in preorder, keeping the distinct features of the path.
struct Builder<'a> {
    tree: &'a Tree,
    scale: f64,
    sets: &'a mut CategorySets,
    nodes: Vec<PreparedNode>,
    edges: Vec<Edge>,
    expected: f64,
    /// Largest number of distinct features on one path.
    deepest: usize,
}

impl Builder<'_> {
    /// `path`: for each distinct feature so far, the node its latest edge leads into; `reach`
    /// is the share of training rows that come here. Returns the node's place.
    fn visit(&mut self, node: usize, mut edge: Edge, path: &mut Vec<u32>, reach: f64) -> u32 {
        let index = self.nodes.len() as u32;
        let slot = path
            .iter()
            .position(|&earlier| self.edges[earlier as usize].feature == edge.feature);
        let earlier = slot.map_or(0, |slot| path[slot]);
        if slot.is_some() {
            let z = self.edges[earlier as usize].z;
            edge.earlier_z = Some(z);
            edge.z = z * edge.ratio;
        }
        match slot {
            Some(slot) => path[slot] = index,
            None if index > 0 => path.push(index),
            None => {}
        }
        let content = &self.tree.nodes()[node];
        let mut compiled = CompiledNode::new(content, index + 1, self.sets);
        if compiled.is_leaf() {
            compiled.number *= self.scale;
            self.expected += reach * compiled.number;
            self.deepest = self.deepest.max(path.len());
        }
        let (parent, feature) = (edge.parent, edge.feature);
        self.nodes.push(PreparedNode {
            node: compiled,
            right: 0,
            parent,
            earlier,
            feature,
        });
        self.edges.push(edge);
        if let Node::Split {
            feature,
            left,
            right,
            cover,
            ..
        } = content
        {
            let mut child = |child: u32| {
                let covered = self.tree.nodes()[child as usize].cover();
                // A node no training row reached says nothing; its children share alike.
                let ratio = if *cover > 0.0 { covered / cover } else { 0.5 };
                let edge = Edge {
                    parent: index,
                    feature: *feature,
                    ratio,
                    z: ratio,
                    earlier_z: None,
                };
                self.visit(child as usize, edge, path, reach * ratio)
            };
            child(*left);
            let right = child(*right);
            self.nodes[index as usize].right = right;
        }
        match slot {
            Some(slot) => path[slot] = earlier,
            None if index > 0 => {
                path.pop();
            }
            None => {}
        }
        index
    }
}

/// The factors of each edge at some quadrature points, by state. With the row inside, a
/// feature's factor at t is `t + (1 - t) z`, outside it is `(1 - t) z`; its contribution is
/// `(o - z)` over that factor times the sum below. An edge on a feature met before takes back
/// what the earlier edge counted for the leaves below this one.
fn edge_factors(edges: &[Edge], points: &[(f64, f64)]) -> Vec<[EdgeFactors; 3]> {
    // Lanes without a point have weight zero, at a place where nothing divides by zero.
    let points: [(f64, f64); LANES] =
        std::array::from_fn(|lane| points.get(lane).copied().unwrap_or((0.5, 0.0)));
    let inside = |z: f64, t: f64| t + (1.0 - t) * z;
    let factors = |edge: &Edge| {
        let before = |t: f64| edge.earlier_z.map_or(1.0, |z| inside(z, t));
        let counted = |(t, weight): (f64, f64)| {
            edge.earlier_z
                .map_or(0.0, |z| weight * (1.0 - z) / inside(z, t))
        };
        let open = EdgeFactors {
            product: points.map(|(t, _)| inside(edge.z, t) / before(t)),
            share: points.map(|(t, weight)| {
                weight * (1.0 - edge.z) / inside(edge.z, t) - counted((t, weight))
            }),
        };
        let shut = EdgeFactors {
            product: points.map(|(t, _)| (1.0 - t) * edge.z / before(t)),
            share: points.map(|(t, weight)| -weight / (1.0 - t) - counted((t, weight))),
        };
        // Left before: the contribution was counted at the edge where the row left.
        let shut_earlier = EdgeFactors {
            product: [edge.ratio; LANES],
            share: [0.0; LANES],
        };
        [open, shut, shut_earlier]
    };
    edges.iter().map(factors).collect()
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
