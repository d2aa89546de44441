//! `LightGBM`'s text model (`tree`, version v3 or v4).
//!
//! The rules are those of `LightGBM` 4.7's own prediction (`include/LightGBM/tree.h` there),
//! and each was checked against its Python package (`tests/fixtures/models`):
//!
//! - A numeric split sends `value <= threshold` left. Its missing rule is `none` (NaN is
//!   compared as zero), `zero` (NaN, and numbers within 1e-35 of zero, take the default
//!   direction) or `nan` (NaN takes it).
//! - A categorical split cuts the value to a whole number and sends members of its bit set
//!   left. NaN, negative codes and codes outside the set go right, whatever its missing rule.
//! - Leaf values hold the learning rate already (and, in `dart`, the tree's weight).
//! - `pred_contrib` weighs the two ways of a split by `internal_count` and `leaf_count`.
//! - `sigmoid:k` is the slope of the link, the margin stays the plain sum of leaves. With
//!   `average_output` (`rf`) the PD is that of the trees' mean, so the mean is the margin
//!   here; `predict(raw_score=True)` gives their sum in that one case.
//!
//! Everything is checked against `tree_sizes` and the number of leaves before anything is
//! allocated for it: work and memory are linear in the length of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde_json::Value;
use thiserror::Error;

use super::{ImportedFeature, ImportedModel, Source};
use crate::forest::{Aggregation, CategorySet, Forest, ForestError, Missing, Node, Test, Tree};

/// Leaves a tree may have: the most that `LightGBM` itself lets one grow.
pub const MAX_LEAVES: usize = 131_072;

/// Why a text model is refused. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LightGbmError {
    /// Bytes that are no text.
    #[error("line {line} is not UTF-8 text")]
    Encoding { line: usize },
    /// Written anew by something that changed the line ends, so no size fits any more.
    #[error(
        "line 1 ends in CR LF, which LightGBM does not write: the file was altered on its way; \
         copy it as it was"
    )]
    LineEnds,
    /// A line of another form.
    #[error("line {line}: `{found}` is not KEY=VALUE")]
    Line { line: usize, found: String },
    /// A key given twice.
    #[error("line {line}: the key `{key}` is there twice")]
    Repeated { line: usize, key: String },
    /// A key nobody knows: what it changes about the scores is not known either.
    #[error("line {line}: the key `{key}` is unknown, so the scores could not be exact")]
    UnknownKey { line: usize, key: String },
    /// A key that must be there.
    #[error("{place}: the key `{key}` is missing")]
    Missing { place: String, key: &'static str },
    /// Another version of the format.
    #[error("line {line}: format version `{found}` is not supported (v3 and v4 are)")]
    Version { line: usize, found: String },
    /// A margin per class.
    #[error("line {line}: `{key}` is {found}: only models of one margin (two classes) can be read")]
    Multiclass {
        line: usize,
        key: &'static str,
        found: String,
    },
    /// No link to a probability of default.
    #[error(
        "line {line}: the objective `{found}` has no logistic link to a probability of default \
         (`binary` and `cross_entropy` have)"
    )]
    Objective { line: usize, found: String },
    /// Trained with an objective of the caller's own.
    #[error(
        "the key `objective` is missing, as after training with a function of one's own: the way \
         from margin to probability is not in the file"
    )]
    NoObjective,
    /// Leaves that are linear models.
    #[error(
        "line {line}: tree {tree} is a linear tree (`is_linear=1`), which cannot be scored here"
    )]
    Linear { line: usize, tree: usize },
    /// Not a number, or not one that fits.
    #[error("line {line}: `{key}` holds `{found}`, expected {expected}")]
    Value {
        line: usize,
        key: String,
        found: String,
        expected: &'static str,
    },
    /// Too few or too many values.
    #[error("line {line}: `{key}` holds {found} values, expected {expected}")]
    Count {
        line: usize,
        key: String,
        found: usize,
        expected: usize,
    },
    /// Two columns of one name, or one without.
    #[error("line {line}: the feature name `{name}` is empty or there twice")]
    FeatureName { line: usize, name: String },
    /// The sizes in the header do not lead from tree to tree.
    #[error(
        "line {line}: tree {tree} is not where `tree_sizes` says: the file was altered or cut off"
    )]
    TreePlace { line: usize, tree: usize },
    /// Something is missing at the end.
    #[error("line {line}: `{missing}` should stand here: the file was altered or cut off")]
    CutOff { line: usize, missing: &'static str },
    /// Nothing was trained.
    #[error("line {line}: there are no trees")]
    NoTrees { line: usize },
    /// More leaves than a tree can have.
    #[error("line {line}: {found} leaves are more than a tree has (at most {MAX_LEAVES})")]
    TooManyLeaves { line: usize, found: usize },
    /// A child that is no node and no leaf of the tree.
    #[error("line {line}: `{key}` points to {child}, outside tree {tree}")]
    Child {
        line: usize,
        key: &'static str,
        tree: usize,
        child: i64,
    },
    /// The category sets of a tree do not fit its splits.
    #[error("line {line}: tree {tree}: {what}")]
    Categories {
        line: usize,
        tree: usize,
        what: &'static str,
    },
    /// The list of levels that pandas knew.
    #[error("line {line}: `pandas_categorical` cannot be read: {reason}")]
    PandasCategories { line: usize, reason: String },
    /// The trees are no forest.
    #[error(transparent)]
    Forest(#[from] ForestError),
}

type Outcome<T> = Result<T, LightGbmError>;

/// Whether the bytes begin as a text model does.
#[must_use]
pub fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n")
}

/// Reads a text model.
pub fn read(bytes: &[u8]) -> Outcome<ImportedModel> {
    if bytes.starts_with(b"tree\r\n") {
        return Err(LightGbmError::LineEnds);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| LightGbmError::Encoding {
        line: 1 + newlines(&bytes[..error.valid_up_to()]),
    })?;
    let (header, after) = header(text)?;
    let names = feature_names(&header)?;
    let slope = slope(&header)?;
    let aggregation = match header.get("average_output") {
        Some(_) => Aggregation::Average,
        None => Aggregation::Sum,
    };
    let infos = header.need("feature_infos")?;
    infos.expect_count(names.len())?;

    let sizes = header.need("tree_sizes")?;
    if sizes.value.is_empty() {
        return Err(LightGbmError::NoTrees { line: sizes.line });
    }
    let sizes: Vec<usize> = sizes.numbers("a size in bytes")?;
    let mut place = after;
    let mut trees = Vec::with_capacity(sizes.len());
    for (index, &size) in sizes.iter().enumerate() {
        let end = place.at.checked_add(size);
        let block = end
            .and_then(|end| text.get(place.at..end))
            .filter(|block| block.ends_with("\n\n"));
        let misplaced = LightGbmError::TreePlace {
            line: place.line,
            tree: index,
        };
        let block = block.ok_or_else(|| misplaced.clone())?;
        let content = block
            .strip_prefix(format!("Tree={index}\n").as_str())
            .ok_or(misplaced)?;
        trees.push(tree(index, content, place.line)?);
        place.line += newlines(block.as_bytes());
        place.at += size;
    }
    let rest = &text[place.at..];
    if !rest.starts_with("end of trees\n") {
        return Err(LightGbmError::CutOff {
            line: place.line,
            missing: "end of trees",
        });
    }
    let remarks = Remarks::read(rest, place.line, names.len())?;
    let mut categorical = remarks.categorical;
    categorical.extend(listed_categories(infos));
    categorical.extend(looked_up(&trees));
    let levels = levels(&remarks.pandas, &categorical, infos);

    let forest = Forest::new(names.len(), 0.0, aggregation, trees)?;
    let features = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| ImportedFeature {
            name: name.to_owned(),
            levels: levels.get(&index).cloned(),
            categorical: categorical.contains(&index),
        })
        .collect();
    Ok(ImportedModel {
        forest,
        features,
        slope,
        source: Source::LightGbmText,
    })
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|&byte| byte == b'\n').count().saturating_sub(1)
}

/// What is quoted of a file in an error: enough to find it.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where reading has come to: an offset in bytes and its line.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    line: usize,
}

/// One `key=value`, and where it stands.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    key: &'a str,
    value: &'a str,
    line: usize,
}

impl Entry<'_> {
    /// Its values; an empty text holds none.
    fn values(&self) -> impl Iterator<Item = &str> {
        self.value
            .split(' ')
            .take(if self.value.is_empty() { 0 } else { usize::MAX })
    }

    fn expect_count(&self, expected: usize) -> Outcome<()> {
        let found = self.values().count();
        if found == expected {
            return Ok(());
        }
        Err(LightGbmError::Count {
            line: self.line,
            key: self.key.to_owned(),
            found,
            expected,
        })
    }

    fn not(&self, found: &str, expected: &'static str) -> LightGbmError {
        LightGbmError::Value {
            line: self.line,
            key: self.key.to_owned(),
            found: quoted(found),
            expected,
        }
    }

    fn number<T: FromStr>(&self, expected: &'static str) -> Outcome<T> {
        let parsed = self.value.parse();
        parsed.map_err(|_| self.not(self.value, expected))
    }

    fn numbers<T: FromStr>(&self, expected: &'static str) -> Outcome<Vec<T>> {
        let parse = |text: &str| text.parse().map_err(|_| self.not(text, expected));
        self.values().map(parse).collect()
    }
}

/// The entries of the header or of a tree.
struct Entries<'a> {
    place: String,
    by_key: BTreeMap<&'a str, Entry<'a>>,
}

impl<'a> Entries<'a> {
    fn new(place: String) -> Self {
        Self {
            place,
            by_key: BTreeMap::new(),
        }
    }

    fn insert(&mut self, text: &'a str, line: usize) -> Outcome<()> {
        // The one key that has no value.
        let split = match text {
            "average_output" => Some((text, "")),
            _ => text.split_once('='),
        };
        let (key, value) = split.ok_or_else(|| LightGbmError::Line {
            line,
            found: quoted(text),
        })?;
        let entry = Entry { key, value, line };
        match self.by_key.insert(key, entry) {
            None => Ok(()),
            Some(_) => Err(LightGbmError::Repeated {
                line,
                key: quoted(key),
            }),
        }
    }

    fn get(&self, key: &str) -> Option<Entry<'a>> {
        self.by_key.get(key).copied()
    }

    fn need(&self, key: &'static str) -> Outcome<Entry<'a>> {
        self.get(key).ok_or_else(|| LightGbmError::Missing {
            place: self.place.clone(),
            key,
        })
    }

    fn expect_known(&self, known: &[&str]) -> Outcome<()> {
        let unknown = self
            .by_key
            .values()
            .find(|entry| !known.contains(&entry.key));
        unknown.map_or(Ok(()), |entry| {
            Err(LightGbmError::UnknownKey {
                line: entry.line,
                key: quoted(entry.key),
            })
        })
    }
}

const HEADER: &[&str] = &[
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "average_output",
    "feature_names",
    "monotone_constraints",
    "feature_infos",
    "tree_sizes",
];

/// The header, and where the trees begin.
fn header(text: &str) -> Outcome<(Entries<'_>, Place)> {
    let mut header = Entries::new("the header".to_owned());
    let mut place = Place { at: 0, line: 1 };
    for whole in text.split_inclusive('\n') {
        place.at += whole.len();
        let line = place.line;
        place.line += 1;
        match whole.strip_suffix('\n') {
            Some("tree") if line == 1 => {}
            Some("") => {
                check_header(&header)?;
                return Ok((header, place));
            }
            Some(entry) => header.insert(entry, line)?,
            None => break,
        }
    }
    Err(LightGbmError::CutOff {
        line: place.line,
        missing: "Tree=0",
    })
}

fn check_header(header: &Entries<'_>) -> Outcome<()> {
    let version = header.need("version")?;
    if !matches!(version.value, "v3" | "v4") {
        return Err(LightGbmError::Version {
            line: version.line,
            found: quoted(version.value),
        });
    }
    header.expect_known(HEADER)?;
    for key in ["num_class", "num_tree_per_iteration"] {
        let entry = header.need(key)?;
        if entry.value != "1" {
            return Err(LightGbmError::Multiclass {
                line: entry.line,
                key,
                found: quoted(entry.value),
            });
        }
    }
    Ok(())
}

fn feature_names<'a>(header: &Entries<'a>) -> Outcome<Vec<&'a str>> {
    let last: usize = header.need("max_feature_idx")?.number("an index")?;
    let entry = header.need("feature_names")?;
    let names: Vec<&str> = entry.value.split(' ').collect();
    if names.len().checked_sub(1) != Some(last) {
        return Err(LightGbmError::Count {
            line: entry.line,
            key: entry.key.to_owned(),
            found: names.len(),
            expected: last.saturating_add(1),
        });
    }
    let mut seen = BTreeSet::new();
    match names
        .iter()
        .find(|name| name.is_empty() || !seen.insert(**name))
    {
        None => Ok(names),
        Some(name) => Err(LightGbmError::FeatureName {
            line: entry.line,
            name: quoted(name),
        }),
    }
}

/// The slope of the logistic link.
fn slope(header: &Entries<'_>) -> Outcome<f64> {
    let entry = header.get("objective").ok_or(LightGbmError::NoObjective)?;
    if entry.value == "cross_entropy" {
        return Ok(1.0);
    }
    let Some(sigmoid) = entry.value.strip_prefix("binary sigmoid:") else {
        return Err(LightGbmError::Objective {
            line: entry.line,
            found: quoted(entry.value),
        });
    };
    match sigmoid.parse::<f64>() {
        Ok(slope) if slope > 0.0 && slope.is_finite() => Ok(slope),
        _ => Err(entry.not(entry.value, "a sigmoid above zero")),
    }
}

const TREE: &[&str] = &[
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
    "shrinkage",
];

/// A tree from its block of lines; `first_line` is that of `Tree=`.
fn tree(index: usize, block: &str, first_line: usize) -> Outcome<Tree> {
    let mut entries = Entries::new(format!("tree {index} (line {first_line})"));
    for (line, text) in block.split('\n').enumerate() {
        if !text.is_empty() {
            entries.insert(text, first_line + 1 + line)?;
        }
    }
    if let Some(entry) = entries.get("is_linear")
        && entry.value != "0"
    {
        return Err(LightGbmError::Linear {
            line: entry.line,
            tree: index,
        });
    }
    entries.expect_known(TREE)?;
    let entry = entries.need("num_leaves")?;
    let leaves: usize = entry.number("a number of leaves")?;
    if leaves > MAX_LEAVES {
        return Err(LightGbmError::TooManyLeaves {
            line: entry.line,
            found: leaves,
        });
    }
    let Some(splits) = leaves.checked_sub(1) else {
        return Err(entry.not(entry.value, "at least one leaf"));
    };
    let values = counted(entries.need("leaf_value")?, leaves)?;
    if splits == 0 {
        // A constant; versions before 4.6 write no count for it.
        let counted = entries
            .get("leaf_count")
            .filter(|entry| !entry.value.is_empty());
        let cover = match counted {
            Some(entry) => covers(entry, 1)?[0],
            None => 0.0,
        };
        let value = values[0];
        return Ok(Tree::new(vec![Node::Leaf { value, cover }]));
    }
    for key in ["split_gain", "internal_value", "internal_weight"] {
        if let Some(entry) = entries.get(key) {
            entry.expect_count(splits)?;
        }
    }
    if let Some(entry) = entries.get("leaf_weight") {
        entry.expect_count(leaves)?;
    }
    let leaf_covers = covers(entries.need("leaf_count")?, leaves)?;
    let mut nodes = split_nodes(index, &entries, splits)?;
    let leaves = values.into_iter().zip(leaf_covers);
    nodes.extend(leaves.map(|(value, cover)| Node::Leaf { value, cover }));
    Ok(Tree::new(nodes))
}

/// So many numbers.
fn counted(entry: Entry<'_>, expected: usize) -> Outcome<Vec<f64>> {
    entry.expect_count(expected)?;
    entry.numbers("a number")
}

fn covers(entry: Entry<'_>, expected: usize) -> Outcome<Vec<f64>> {
    entry.expect_count(expected)?;
    let counts: Vec<u32> = entry.numbers("a number of rows")?;
    Ok(counts.into_iter().map(f64::from).collect())
}

/// The splits of a tree; leaf n becomes node `splits + n`.
fn split_nodes(index: usize, entries: &Entries<'_>, splits: usize) -> Outcome<Vec<Node>> {
    let entry = entries.need("split_feature")?;
    entry.expect_count(splits)?;
    let features: Vec<u32> = entry.numbers("the index of a feature")?;
    let threshold = entries.need("threshold")?;
    let thresholds = counted(threshold, splits)?;
    let decision = entries.need("decision_type")?;
    decision.expect_count(splits)?;
    let decisions: Vec<u8> = decision.numbers("a decision type")?;
    let left = children(index, entries, "left_child", splits)?;
    let right = children(index, entries, "right_child", splits)?;
    let covers = covers(entries.need("internal_count")?, splits)?;
    let mut sets = Sets::read(index, entries, splits)?;
    let mut nodes = Vec::with_capacity(2 * splits + 1);
    for node in 0..splits {
        let bits = decisions[node];
        let missing = match bits >> 2 {
            0 => Missing::Never,
            1 => Missing::Zero,
            2 => Missing::Nan,
            _ => return Err(decision.not(&bits.to_string(), "a decision type below 12")),
        };
        let categorical = bits & 1 != 0;
        let test = if categorical {
            Test::In(sets.take(thresholds[node], threshold.line)?)
        } else {
            Test::AtMost(thresholds[node])
        };
        nodes.push(Node::Split {
            feature: features[node],
            test,
            // A category that is missing is in no set, whatever the file says besides.
            missing: if categorical { Missing::Nan } else { missing },
            default_left: !categorical && bits & 2 != 0,
            left: left[node],
            right: right[node],
            cover: covers[node],
        });
    }
    sets.expect_all_taken()?;
    Ok(nodes)
}

/// Indices of children in our order: a child below zero is leaf `-child - 1`.
fn children(
    tree: usize,
    entries: &Entries<'_>,
    key: &'static str,
    splits: usize,
) -> Outcome<Vec<u32>> {
    let entry = entries.need(key)?;
    entry.expect_count(splits)?;
    let children: Vec<i64> = entry.numbers("the index of a child")?;
    let place = |child: i64| {
        let outside = LightGbmError::Child {
            line: entry.line,
            key,
            tree,
            child,
        };
        let (number, before, count) = if child < 0 {
            (!child, splits, splits + 1)
        } else {
            (child, 0, splits)
        };
        let inside = usize::try_from(number)
            .ok()
            .filter(|&number| number < count);
        inside
            .and_then(|number| u32::try_from(before + number).ok())
            .ok_or(outside)
    };
    children.into_iter().map(place).collect()
}

/// The category sets of a tree. A categorical split's threshold is the index of its own: a
/// file in which many splits share one large set could ask for far more memory than its size.
struct Sets {
    tree: usize,
    line: usize,
    by_split: Vec<Option<CategorySet>>,
}

impl Sets {
    fn read(tree: usize, entries: &Entries<'_>, splits: usize) -> Outcome<Self> {
        let entry = entries.need("num_cat")?;
        let number: usize = entry.number("a number of categorical splits")?;
        let mut sets = Self {
            tree,
            line: entry.line,
            by_split: Vec::new(),
        };
        if number == 0 {
            return Ok(sets);
        }
        if number > splits {
            return Err(sets.wrong("more category sets than splits"));
        }
        let boundary = entries.need("cat_boundaries")?;
        boundary.expect_count(number + 1)?;
        let boundaries: Vec<usize> = boundary.numbers("an index")?;
        let entry = entries.need("cat_threshold")?;
        let words: Vec<u32> = entry.numbers("32 bits of a category set")?;
        sets.line = boundary.line;
        let whole = boundaries.first() == Some(&0) && boundaries.last() == Some(&words.len());
        for pair in boundaries.windows(2) {
            let words = words
                .get(pair[0]..pair[1])
                .filter(|_| whole)
                .ok_or_else(|| sets.wrong("`cat_boundaries` do not divide `cat_threshold`"))?;
            let set = category_set(words)
                .ok_or_else(|| sets.wrong("a category code above 1048575 cannot be held"))?;
            sets.by_split.push(Some(set));
        }
        Ok(sets)
    }

    fn wrong(&self, what: &'static str) -> LightGbmError {
        LightGbmError::Categories {
            line: self.line,
            tree: self.tree,
            what,
        }
    }

    fn take(&mut self, threshold: f64, line: usize) -> Outcome<CategorySet> {
        // A cast saturates; what is no whole number is found by casting back.
        let index = threshold as usize;
        let same = (index as f64).to_bits() == threshold.to_bits();
        let set = self.by_split.get_mut(index).filter(|_| same);
        set.and_then(Option::take).ok_or(LightGbmError::Categories {
            line,
            tree: self.tree,
            what: "the threshold of a categorical split is not the index of its own set",
        })
    }

    fn expect_all_taken(&self) -> Outcome<()> {
        if self.by_split.iter().all(Option::is_none) {
            return Ok(());
        }
        Err(self.wrong("there are more category sets than categorical splits"))
    }
}

/// The set of these bits; none when a code is larger than a set may hold.
fn category_set(words: &[u32]) -> Option<CategorySet> {
    let mut codes = Vec::new();
    for (index, &word) in words.iter().enumerate() {
        for bit in (0..32).filter(|bit| word >> bit & 1 == 1) {
            let code = u32::try_from(index).ok()?.checked_mul(32)? + bit;
            if code > CategorySet::MAX_CODE {
                return None;
            }
            codes.push(code);
        }
    }
    Some(CategorySet::new(&codes))
}

/// What stands behind the trees: no score depends on it, but the meaning of codes does.
#[derive(Default)]
struct Remarks {
    /// Columns that were declared categories.
    categorical: BTreeSet<usize>,
    /// Levels of the columns that were pandas categories, in the order of columns.
    pandas: Vec<Vec<String>>,
}

impl Remarks {
    fn read(text: &str, first_line: usize, features: usize) -> Outcome<Self> {
        let mut remarks = Self::default();
        let (mut begun, mut ended) = (None, false);
        for (at, text) in text.split('\n').enumerate() {
            let line = first_line + at;
            if text == "parameters:" {
                begun = Some(line);
            } else if text == "end of parameters" {
                ended = true;
            } else if let Some(list) = text
                .strip_prefix("[categorical_feature: ")
                .and_then(|list| list.strip_suffix(']'))
            {
                let columns = list.split(',').filter_map(|column| column.parse().ok());
                remarks.categorical = columns.filter(|&column| column < features).collect();
            } else if let Some(list) = text.strip_prefix("pandas_categorical:") {
                remarks.pandas = pandas_levels(list)
                    .map_err(|reason| LightGbmError::PandasCategories { line, reason })?;
            }
        }
        match begun {
            Some(line) if !ended => Err(LightGbmError::CutOff {
                line,
                missing: "end of parameters",
            }),
            _ => Ok(remarks),
        }
    }
}

fn pandas_levels(list: &str) -> Result<Vec<Vec<String>>, String> {
    let lists: Option<Vec<Vec<Value>>> =
        serde_json::from_str(list).map_err(|error| error.to_string())?;
    let level = |level: Value| match level {
        Value::String(text) => Ok(text),
        // As Python and a CSV file write them.
        Value::Bool(yes) => Ok(if yes { "True" } else { "False" }.to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{other} is not a level")),
    };
    let lists = lists.unwrap_or_default().into_iter();
    lists
        .map(|levels| levels.into_iter().map(level).collect())
        .collect()
}

/// Columns whose `feature_infos` lists codes (`-1:0:1`) instead of a range (`[0:1]`).
fn listed_categories(infos: Entry<'_>) -> Vec<usize> {
    let lists_codes = |info: &str| info != "none" && !info.starts_with('[');
    infos
        .values()
        .enumerate()
        .filter(|(_, info)| lists_codes(info))
        .map(|(column, _)| column)
        .collect()
}

fn looked_up(trees: &[Tree]) -> Vec<usize> {
    let nodes = trees.iter().flat_map(Tree::nodes);
    nodes
        .filter_map(|node| match node {
            Node::Split {
                feature,
                test: Test::In(_),
                ..
            } => Some(*feature as usize),
            _ => None,
        })
        .collect()
}

/// Levels by column. pandas' lists are those of its category columns in order, with no names;
/// they are taken only where they are as many as the categorical columns and hold a level for
/// every code seen in training. Otherwise (an ordered pandas category is a number to
/// `LightGBM`, a column of codes is no pandas category) nobody can say which list is whose.
fn levels(
    pandas: &[Vec<String>],
    categorical: &BTreeSet<usize>,
    infos: Entry<'_>,
) -> BTreeMap<usize, Vec<String>> {
    if pandas.len() != categorical.len() {
        return BTreeMap::new();
    }
    let infos: Vec<&str> = infos.values().collect();
    let covers = |column: usize, levels: &[String]| {
        let info = infos.get(column).copied().unwrap_or_default();
        let mut codes = info.split(':').filter_map(|code| code.parse::<i64>().ok());
        codes.all(|code| usize::try_from(code).map_or(true, |code| code < levels.len()))
    };
    let pairs = || categorical.iter().copied().zip(pandas);
    if !pairs().all(|(column, levels)| covers(column, levels)) {
        return BTreeMap::new();
    }
    pairs()
        .map(|(column, levels)| (column, levels.clone()))
        .collect()
}
