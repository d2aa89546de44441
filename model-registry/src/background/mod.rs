//! Exact background ("interventional") Shapley values against a reference sample.
//!
//! The game is that of Janzing et al., "Feature relevance quantification in explainable AI"
//! (2020), what regulators' "true to the model" calls for: with a set S of features known, the
//! others are taken from a row of the background, whatever S says of them, and the margin is
//! averaged over the background. Nothing is said of a feature the model does not look at.
//!
//! For one leaf only patterns matter: which features of its path a row passes, and which a
//! background row does. So the background is counted by pattern once, the values of every
//! pattern a row can have are worked out once, and explaining is looking them up ("prepare
//! once, explain many", as in Nadel and Wettenstein, "From decision trees to Boolean logic",
//! 2025). Three steps make this smaller:
//!
//! - a subtree is worth `r` everywhere plus `l - r` where its left child is passed, so a tree
//!   is one term per split, with the path of an inner node, instead of one per leaf;
//! - a term's values are added into the table of a term further down its path: of the 150
//!   trees with 31 leaves of the reference model 1,962 tables remain;
//! - the values of a pattern need two sums over subsets (module `term`), not one per feature.
//!
//! A table has 2^d entries for a path of d features. Paths too deep for the room allowed keep
//! the list of patterns that occur, and give the same values from it.

mod path;
mod term;

use ndarray::{Array2, ArrayView2, Axis, Slice};
use rayon::prelude::*;
use thiserror::Error;

use crate::forest::{Aggregation, Encoding, Forest, Tree};
use crate::model::{Contributions, Model, with_slice};
use path::{Paths, Pattern, Step};
use term::{MAX_FEATURES, Patterns, Tables, Values, Weights};

/// Bytes the tables of one explainer may take if nothing else is said.
pub const TABLE_BYTES: usize = 64 << 20;
/// Features of the deepest path that is ever given a table.
const DEEPEST_TABLE: usize = 16;
/// The same for a table made for one batch of rows and thrown away.
const DEEPEST_PASSING_TABLE: usize = 20;
/// Rows handed to a thread at a time: they and their values stay in its cache.
const BLOCK: usize = 128;
/// Rows explained in one go, which bounds the memory of a batch.
const BATCH: usize = 1 << 14;
/// Deep terms whose values of a batch are held at the same time.
const TERMS: usize = 32;

/// Why there are no background values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BackgroundError {
    /// A mean over no rows.
    #[error("the background has no rows; give at least one row to compare with")]
    Empty,
    /// Rows of another model.
    #[error("the background has {columns} columns, the model has {features} features")]
    Columns {
        /// What was given.
        columns: usize,
        /// What the model needs.
        features: usize,
    },
    /// A pattern has one bit per feature.
    #[error(
        "tree {tree} asks {features} different features on one path; background values are \
         computed for up to {MAX_FEATURES}"
    )]
    PathTooDeep {
        /// Its place in the forest.
        tree: usize,
        /// Distinct features.
        features: usize,
    },
}

/// A forest and a background prepared for explaining; made once per model version.
#[derive(Debug, Clone)]
pub struct BackgroundExplainer {
    features: usize,
    base_value: f64,
    trees: Vec<Prepared>,
    encoding: Encoding,
    weights: Weights,
    /// Splits of the largest tree.
    largest: usize,
}

/// Room for one explanation; keep one per thread to explain without allocating.
#[derive(Debug, Clone)]
pub struct Workspace {
    encoded: Vec<f64>,
    steps: Vec<Step>,
    passed: Vec<Pattern>,
    values: Values,
}

#[derive(Debug, Clone)]
struct Prepared {
    paths: Paths,
    tables: Vec<Table>,
    deep: Vec<Deep>,
}

/// The values of a split's term and of those above that were added into it.
#[derive(Debug, Clone)]
struct Table {
    split: u32,
    /// By pattern, then by feature of the path.
    values: Vec<f64>,
}

/// A term whose values are worked out when they are asked for.
#[derive(Debug, Clone)]
struct Deep {
    split: u32,
    /// What the term is worth, over the number of background rows.
    value: f64,
    background: Patterns,
}

/// What an explainer holds: what its preparation chose and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Tables looked up for a row.
    pub tables: usize,
    /// Bytes they take.
    pub table_bytes: usize,
    /// Terms kept as lists of patterns.
    pub deep_terms: usize,
    /// Bytes these take.
    pub deep_bytes: usize,
}

impl BackgroundExplainer {
    /// Prepares a forest and a background (rows x features; NaN is missing), with tables of up
    /// to [`TABLE_BYTES`].
    pub fn new(forest: &Forest, background: ArrayView2<'_, f64>) -> Result<Self, BackgroundError> {
        Self::with_table_bytes(forest, background, TABLE_BYTES)
    }

    /// The same with other bounds for the tables: more make single rows of deep trees faster.
    pub fn with_table_bytes(
        forest: &Forest,
        background: ArrayView2<'_, f64>,
        table_bytes: usize,
    ) -> Result<Self, BackgroundError> {
        check(background, forest.features())?;
        let scale = match forest.aggregation() {
            Aggregation::Average if !forest.trees().is_empty() => 1.0 / forest.trees().len() as f64,
            _ => 1.0,
        };
        let encoding = forest.encoding();
        let paths: Vec<Paths> = forest
            .trees()
            .iter()
            .enumerate()
            .map(|(index, tree)| checked_paths(index, tree, scale, encoding))
            .collect::<Result<_, _>>()?;
        let deepest = paths.iter().map(Paths::deepest).max().unwrap_or(0);
        let weights = Weights::new(deepest);
        let table_features = (0..=DEEPEST_TABLE.min(deepest))
            .rev()
            .find(|&most| {
                paths.iter().map(|paths| bytes(paths, most)).sum::<usize>() <= table_bytes
            })
            .unwrap_or(0);
        let largest = paths.iter().map(|paths| paths.splits.len()).max();
        let encoded = encoded(encoding, background);
        let trees = paths
            .into_par_iter()
            // A tree of one leaf tells nothing about any feature.
            .filter(|paths| !paths.splits.is_empty())
            .map(|paths| Prepared::new(paths, &encoded, &weights, table_features))
            .collect();
        let model_margin = |row| with_slice(background.row(row), |row| forest.margin(row));
        Ok(Self {
            features: forest.features(),
            base_value: mean(background.nrows(), model_margin),
            trees,
            encoding: encoding.clone(),
            weights,
            largest: largest.unwrap_or(0),
        })
    }

    /// The mean margin of the background.
    #[must_use]
    pub fn base_value(&self) -> f64 {
        self.base_value
    }

    /// What the preparation came to.
    #[must_use]
    pub fn size(&self) -> Size {
        let tables = || self.trees.iter().flat_map(|tree| &tree.tables);
        let deep = || self.trees.iter().flat_map(|tree| &tree.deep);
        Size {
            tables: tables().count(),
            table_bytes: tables().map(|table| size_of_val(&*table.values)).sum(),
            deep_terms: deep().count(),
            deep_bytes: deep().map(|deep| deep.background.bytes()).sum(),
        }
    }

    /// Room for [`BackgroundExplainer::explain_with`].
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace {
            encoded: vec![0.0; self.encoding.width()],
            steps: vec![Step::default(); self.largest],
            passed: vec![0; self.largest],
            values: Values::default(),
        }
    }

    /// Writes the Shapley value of each feature (log-odds) to `out` and returns the base value;
    /// base value plus the sum of `out` is the margin of `row`.
    ///
    /// # Panics
    /// When `row` or `out` is shorter than the forest has features.
    pub fn explain(&self, row: &[f64], out: &mut [f64]) -> f64 {
        self.explain_with(row, out, &mut self.workspace())
    }

    /// [`BackgroundExplainer::explain`] without allocating.
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
        let Workspace {
            encoded,
            steps,
            passed,
            values,
        } = workspace;
        self.encoding.encode(row, encoded);
        for tree in &self.trees {
            tree.paths.follow(encoded, steps, passed);
            tree.add_tables(passed, out);
            for deep in &tree.deep {
                let features = &tree.paths.splits[deep.split as usize].features;
                let count = features.len();
                let passed = passed[deep.split as usize] & tree.mask(deep);
                deep.background
                    .values(passed, count, deep.value, &self.weights, values);
                add(features, &values.of, out);
            }
        }
        self.base_value
    }

    /// The Shapley values of many rows (rows x features), over all cores; each row's are those
    /// of [`BackgroundExplainer::explain`] to the bit.
    ///
    /// # Panics
    /// When the rows have fewer columns than the forest has features.
    #[must_use]
    pub fn explain_rows(&self, rows: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut out = Array2::zeros((rows.nrows(), self.features));
        if self.features == 0 {
            return out;
        }
        let batches = out.axis_chunks_iter_mut(Axis(0), BATCH);
        for (mut out, rows) in batches.zip(rows.axis_chunks_iter(Axis(0), BATCH)) {
            if let Some(out) = out.as_slice_mut() {
                self.explain_batch(rows, out);
            }
        }
        out
    }

    fn explain_batch(&self, rows: ArrayView2<'_, f64>, out: &mut [f64]) {
        let encoded = encoded(&self.encoding, rows);
        let rows = encoded.view();
        // Trees of tables only go together: a block of rows stays in the cache for all of them.
        for trees in self
            .trees
            .chunk_by(|left, right| left.deep.is_empty() && right.deep.is_empty())
        {
            let deep = trees.iter().map(|tree| tree.deep.len()).sum::<usize>();
            let mut passed = vec![0; rows.nrows() * deep];
            let block = |index: usize| {
                let start = index * BLOCK;
                let end = rows.nrows().min(start + BLOCK);
                rows.slice_axis(Axis(0), Slice::from(start..end))
            };
            let blocks = out.par_chunks_mut(BLOCK * self.features).enumerate();
            if deep == 0 {
                blocks.for_each_init(
                    || self.workspace(),
                    |workspace, (index, out)| {
                        self.look_up(trees, block(index), out, workspace, &mut []);
                    },
                );
                continue;
            }
            blocks
                .zip(passed.par_chunks_mut(BLOCK * deep))
                .for_each_init(
                    || self.workspace(),
                    |workspace, ((index, out), passed)| {
                        self.look_up(trees, block(index), out, workspace, passed);
                    },
                );
            for tree in trees {
                self.add_deep(tree, &passed, out);
            }
        }
    }

    /// Adds what the tables of some trees say, and notes the patterns of the deep terms.
    fn look_up(
        &self,
        trees: &[Prepared],
        rows: ArrayView2<'_, f64>,
        out: &mut [f64],
        workspace: &mut Workspace,
        deep_passed: &mut [Pattern],
    ) {
        let Workspace { steps, passed, .. } = workspace;
        for tree in trees {
            let outs = out.chunks_exact_mut(self.features);
            for (index, (row, out)) in rows.rows().into_iter().zip(outs).enumerate() {
                with_slice(row, |row| tree.paths.follow(row, steps, passed));
                tree.add_tables(passed, out);
                let count = tree.deep.len();
                let noted = &mut deep_passed[index * count..(index + 1) * count];
                for (noted, deep) in noted.iter_mut().zip(&tree.deep) {
                    *noted = passed[deep.split as usize] & tree.mask(deep);
                }
            }
        }
    }

    /// `passed`: by row, then by deep term.
    fn add_deep(&self, tree: &Prepared, passed: &[Pattern], out: &mut [f64]) {
        let count = tree.deep.len();
        for (chunk, terms) in tree.deep.chunks(TERMS).enumerate() {
            let values: Vec<BatchValues> = terms
                .par_iter()
                .enumerate()
                .map_init(Tables::default, |tables, (index, deep)| {
                    let column = passed.iter().skip(chunk * TERMS + index).step_by(count);
                    let column: Vec<Pattern> = column.copied().collect();
                    let features = tree.paths.splits[deep.split as usize].features.len();
                    deep.values_of(&column, features, &self.weights, tables)
                })
                .collect();
            out.par_chunks_mut(self.features)
                .enumerate()
                .for_each(|(row, out)| {
                    for (deep, values) in terms.iter().zip(&values) {
                        let features = &tree.paths.splits[deep.split as usize].features;
                        add(features, values.of(row, features.len()), out);
                    }
                });
        }
    }
}

/// The values of one deep term for a batch of rows.
#[derive(Debug)]
struct BatchValues {
    values: Vec<f64>,
    /// Where the values of each row are; in the order of the rows if there are no places.
    places: Vec<u32>,
}

impl BatchValues {
    fn of(&self, row: usize, features: usize) -> &[f64] {
        let place = self.places.get(row).map_or(row, |&place| place as usize);
        &self.values[place * features..(place + 1) * features]
    }
}

impl Deep {
    /// A table for this batch, or the list once per distinct pattern: whichever is less work.
    /// Both give the same bits.
    fn values_of(
        &self,
        passed: &[Pattern],
        features: usize,
        weights: &Weights,
        tables: &mut Tables,
    ) -> BatchValues {
        if features <= DEEPEST_PASSING_TABLE {
            // Sums over subsets are a straight run through memory, looking through a list is
            // not: one step of it is taken for four of the former, an estimate, not measured.
            let by_table = (self.background.sizes() * (features + 6)) << (features - 1);
            let by_list = 4 * passed.len().min(1 << features) * self.background.len();
            if by_table < by_list {
                tables.fill(&self.background, features, weights);
                let mut values = vec![0.0; passed.len() * features];
                for (&passed, out) in passed.iter().zip(values.chunks_exact_mut(features)) {
                    tables.values(passed, self.value, out);
                }
                return BatchValues {
                    values,
                    places: Vec::new(),
                };
            }
        }
        let mut by_pattern: Vec<(Pattern, u32)> = passed.iter().copied().zip(0..).collect();
        by_pattern.sort_unstable();
        let mut values = Vec::new();
        let mut places = vec![0; passed.len()];
        let mut room = Values::default();
        for (place, same) in by_pattern
            .chunk_by(|left, right| left.0 == right.0)
            .enumerate()
        {
            self.background
                .values(same[0].0, features, self.value, weights, &mut room);
            values.extend_from_slice(&room.of[..features]);
            for &(_, row) in same {
                places[row as usize] = place as u32;
            }
        }
        BatchValues { values, places }
    }
}

fn check(background: ArrayView2<'_, f64>, features: usize) -> Result<(), BackgroundError> {
    if background.nrows() == 0 {
        return Err(BackgroundError::Empty);
    }
    if background.ncols() != features {
        return Err(BackgroundError::Columns {
            columns: background.ncols(),
            features,
        });
    }
    Ok(())
}

fn checked_paths(
    index: usize,
    tree: &Tree,
    scale: f64,
    encoding: &Encoding,
) -> Result<Paths, BackgroundError> {
    let paths = Paths::new(tree, scale, encoding);
    match paths.deepest() {
        features if features > MAX_FEATURES => Err(BackgroundError::PathTooDeep {
            tree: index,
            features,
        }),
        _ => Ok(paths),
    }
}

/// The mean of some number of rows, always added in their order.
fn mean(rows: usize, of: impl Fn(usize) -> f64 + Send + Sync) -> f64 {
    let each: Vec<f64> = (0..rows).into_par_iter().map(of).collect();
    each.iter().sum::<f64>() / rows as f64
}

/// Bytes of a tree's tables if paths of up to `most` features have them.
fn bytes(paths: &Paths, most: usize) -> usize {
    let tables = paths.splits.iter().filter(|split| {
        let heir = split.heir(&paths.splits);
        split.features.len() <= most
            && heir.is_none_or(|heir| paths.splits[heir as usize].features.len() > most)
    });
    tables
        .map(|split| (split.features.len() * size_of::<f64>()) << split.features.len())
        .sum()
}

/// Adds values by feature of a path to values by feature of the model.
#[inline]
fn add(features: &[u32], values: &[f64], out: &mut [f64]) {
    for (&feature, value) in features.iter().zip(values) {
        out[feature as usize] += value;
    }
}

impl Prepared {
    fn new(
        paths: Paths,
        background: &Array2<f64>,
        weights: &Weights,
        table_features: usize,
    ) -> Self {
        let mut failed = failed_by_split(&paths, background);
        let rows = background.nrows();
        let mut prepared = Self {
            paths: Paths::default(),
            tables: Vec::new(),
            deep: Vec::new(),
        };
        let mut room = Tables::default();
        let mut inherited: Vec<Vec<f64>> = vec![Vec::new(); paths.splits.len()];
        for (index, failed) in failed.chunks_exact_mut(rows).enumerate() {
            let split = &paths.splits[index];
            let features = split.features.len();
            let background = Patterns::new(failed, features);
            let value = split.value / rows as f64;
            let split_index = index as u32;
            if features > table_features {
                prepared.deep.push(Deep {
                    split: split_index,
                    value,
                    background,
                });
                continue;
            }
            room.fill(&background, features, weights);
            let above = std::mem::take(&mut inherited[index]);
            let values = table(&room, features, value, &above);
            match split.heir(&paths.splits) {
                Some(heir) if paths.splits[heir as usize].features.len() <= table_features => {
                    inherited[heir as usize] = values;
                }
                _ => prepared.tables.push(Table {
                    split: split_index,
                    values,
                }),
            }
        }
        prepared.paths = paths;
        prepared
    }

    fn mask(&self, deep: &Deep) -> Pattern {
        self.paths.splits[deep.split as usize].mask()
    }

    #[inline]
    fn add_tables(&self, passed: &[Pattern], out: &mut [f64]) {
        for table in &self.tables {
            let split = &self.paths.splits[table.split as usize];
            let features = split.features.len();
            let start = (passed[table.split as usize] & split.mask()) as usize * features;
            add(&split.features, &table.values[start..start + features], out);
        }
    }
}

/// Rows as the comparisons of the splits take them.
fn encoded(encoding: &Encoding, rows: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut encoded = Array2::zeros((rows.nrows(), encoding.width()));
    for (row, mut encoded) in rows.rows().into_iter().zip(encoded.rows_mut()) {
        if let Some(encoded) = encoded.as_slice_mut() {
            with_slice(row, |row| encoding.encode(row, encoded));
        }
    }
    encoded
}

/// The features of its path that each row of the encoded background fails, by split, then by
/// row.
fn failed_by_split(paths: &Paths, background: &Array2<f64>) -> Vec<Pattern> {
    let (rows, splits) = (background.nrows(), paths.splits.len());
    let mut failed = vec![0; rows * splits];
    let (mut steps, mut passed) = (vec![Step::default(); splits], vec![0; splits]);
    for (index, row) in background.rows().into_iter().enumerate() {
        with_slice(row, |row| {
            paths.follow(row, &mut steps, &mut passed);
        });
        for (split, passed) in passed.iter().enumerate() {
            failed[split * rows + index] = !passed & paths.splits[split].mask();
        }
    }
    failed
}

/// The values of a term for every pattern, on top of those of the terms above it, whose
/// features are the first of its own.
fn table(tables: &Tables, features: usize, value: f64, above: &[f64]) -> Vec<f64> {
    let mut values = vec![0.0; features << features];
    for (passed, values) in (0..).zip(values.chunks_exact_mut(features)) {
        tables.values(passed, value, values);
    }
    if above.is_empty() {
        return values;
    }
    let features_above = features - 1;
    let rows_above = above.chunks_exact(features_above).cycle();
    for (values, above) in values.chunks_exact_mut(features).zip(rows_above) {
        for (value, above) in values.iter_mut().zip(above) {
            *value += above;
        }
    }
    values
}

/// Background values for a model of any kind.
///
/// A scorecard and a constant are additive, so their Shapley values are the terms themselves,
/// less their mean over the background.
#[derive(Debug, Clone)]
pub struct ModelBackground<'a> {
    model: &'a Model,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Forest(Box<BackgroundExplainer>),
    Additive(Contributions),
}

impl<'a> ModelBackground<'a> {
    /// Prepares a model and a background (rows x features; NaN is missing).
    pub fn new(model: &'a Model, background: ArrayView2<'_, f64>) -> Result<Self, BackgroundError> {
        check(background, model.features())?;
        let kind = match model {
            Model::Forest(forest) => {
                Kind::Forest(Box::new(BackgroundExplainer::new(forest, background)?))
            }
            Model::Scorecard(_) | Model::Constant(_) => Kind::Additive(mean_of(model, background)),
        };
        Ok(Self { model, kind })
    }

    /// Base value (the mean margin of the background) and one contribution per feature.
    ///
    /// # Panics
    /// When the row has fewer values than the model has features.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Contributions {
        match &self.kind {
            Kind::Forest(explainer) => {
                let mut values = vec![0.0; self.model.features()];
                let base_value = explainer.explain(row, &mut values);
                Contributions { base_value, values }
            }
            Kind::Additive(mean) => {
                let mut contributions = self.model.contributions(row);
                contributions.base_value = mean.margin();
                for (value, mean) in contributions.values.iter_mut().zip(&mean.values) {
                    *value -= mean;
                }
                contributions
            }
        }
    }
}

/// The mean of a model's own contributions over some rows.
fn mean_of(model: &Model, rows: ArrayView2<'_, f64>) -> Contributions {
    let each = model.contributions_of(rows);
    let mut values = vec![0.0; model.features()];
    for one in &each {
        for (sum, value) in values.iter_mut().zip(&one.values) {
            *sum += value;
        }
    }
    for value in &mut values {
        *value /= rows.nrows() as f64;
    }
    Contributions {
        base_value: each.first().map_or(0.0, |one| one.base_value),
        values,
    }
}
