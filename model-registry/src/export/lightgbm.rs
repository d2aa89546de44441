//! A forest as `LightGBM`'s text model, version v4.
//!
//! Numbers are written in the shortest form that reads back as the same bits. A base margin
//! becomes a tree of one leaf at the end, so that the margin is added up in the same order
//! and [`crate::import::lightgbm`] gives back the same bits; where trees are averaged, one
//! tree more would change the mean, so it is added to every leaf instead. A Platt
//! calibration is the link with another slope (`sigmoid`), its intercept a part of the base.

use std::fmt::Write;

use thiserror::Error;

use super::{Content, Export, Remark};
use crate::calibration::Calibration;
use crate::forest::{Aggregation, CategorySet, Forest, Missing, Node, Test, Tree, goes_left};
use crate::import::lightgbm::MAX_LEAVES;
use crate::package::PackageFeature;

/// What `LightGBM`'s text cannot say.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LightGbmExportError {
    /// Names stand between blanks.
    #[error("the feature name `{0}` has a blank in it or is empty")]
    FeatureName(String),
    /// A model of nothing.
    #[error("the model has no features")]
    NoFeatures,
    /// More leaves than it lets a tree have.
    #[error("tree {tree} has {leaves} leaves, more than {MAX_LEAVES}")]
    TooManyLeaves { tree: usize, leaves: usize },
    /// `LightGBM` sends a missing category right, always.
    #[error(
        "tree {tree}, node {node}: a missing category goes left here, which a categorical split \
         cannot say"
    )]
    MissingCategory { tree: usize, node: usize },
    /// A slope that is no number above zero.
    #[error("the slope {0} of the calibration is not above zero")]
    Slope(f64),
    /// A leaf and the base margin add up to no number.
    #[error("the margin of tree {tree} is out of range")]
    Overflow { tree: usize },
}

type Outcome<T> = Result<T, LightGbmExportError>;

/// Writes the model.
pub(crate) fn write(content: &Content<'_>) -> Outcome<Export> {
    let Content {
        forest, features, ..
    } = content;
    let mut remarks = Vec::new();
    let (slope, shift) = link(content.calibration, &mut remarks)?;
    if !forest.trees().iter().all(counted) {
        remarks.push(Remark::RoundedCover);
    }
    let nodes = forest.trees().iter().flat_map(Tree::nodes);
    // A tree without any cover has no counts at all, which LightGBM takes as alike.
    if nodes.map(Node::cover).any(|cover| cover <= 0.0) {
        remarks.push(Remark::EmptyNodes);
    }
    let trees = trees(forest, shift)?;
    let mut text = header(features, forest.aggregation(), slope)?;
    let sizes: Vec<String> = trees.iter().map(|tree| tree.len().to_string()).collect();
    line(&mut text, "tree_sizes", sizes);
    text.push('\n');
    text.extend(trees);
    text.push_str("end of trees\n\nfeature_importances:\n\nparameters:\n");
    text.push_str(&remaining(features));
    Ok(Export {
        bytes: text.into_bytes(),
        remarks,
    })
}

/// Slope of the link, and what it adds to the margin.
fn link(calibration: &Calibration, remarks: &mut Vec<Remark>) -> Outcome<(f64, f64)> {
    match calibration {
        Calibration::None => Ok((1.0, 0.0)),
        Calibration::Isotonic { .. } => {
            remarks.push(Remark::Uncalibrated);
            Ok((1.0, 0.0))
        }
        Calibration::Platt { slope, intercept } => {
            let shift = intercept / slope;
            if !(*slope > 0.0 && slope.is_finite() && shift.is_finite()) {
                return Err(LightGbmExportError::Slope(*slope));
            }
            if shift != 0.0 {
                remarks.push(Remark::Shifted {
                    slope: *slope,
                    shift,
                });
            }
            Ok((*slope, shift))
        }
    }
}

fn line(text: &mut String, key: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
    text.push_str(key);
    let mut before = '=';
    for value in values {
        text.push(before);
        text.push_str(value.as_ref());
        before = ' ';
    }
    if before == '=' {
        text.push('=');
    }
    text.push('\n');
}

/// The shortest digits that read back as the same number.
fn number(value: f64) -> String {
    format!("{value:?}")
}

fn header(features: &[PackageFeature], aggregation: Aggregation, slope: f64) -> Outcome<String> {
    let last = features
        .len()
        .checked_sub(1)
        .ok_or(LightGbmExportError::NoFeatures)?;
    let blank = |c: char| c.is_whitespace() || c.is_control();
    if let Some(feature) = features
        .iter()
        .find(|feature| feature.name.is_empty() || feature.name.contains(blank))
    {
        return Err(LightGbmExportError::FeatureName(feature.name.clone()));
    }
    let mut text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n\
         max_feature_idx={last}\nobjective=binary sigmoid:{slope:?}\n"
    );
    if aggregation == Aggregation::Average {
        text.push_str("average_output\n");
    }
    line(
        &mut text,
        "feature_names",
        features.iter().map(|feature| &feature.name),
    );
    line(&mut text, "feature_infos", features.iter().map(info));
    Ok(text)
}

/// What was seen of a feature in training: codes of a category, the range of a number.
fn info(feature: &PackageFeature) -> String {
    if let Some(levels) = &feature.levels {
        let codes: Vec<String> = (0..levels.len()).map(|code| code.to_string()).collect();
        return codes.join(":");
    }
    feature.reference.quantiles.map_or_else(
        || "none".to_owned(),
        |quantiles| {
            let (from, to) = (quantiles[0], quantiles[quantiles.len() - 1]);
            format!("[{from:?}:{to:?}]")
        },
    )
}

/// Parameters and pandas' levels: they give the codes of the categories their meaning.
fn remaining(features: &[PackageFeature]) -> String {
    let categories = features
        .iter()
        .enumerate()
        .filter_map(|(column, feature)| Some((column, feature.levels.as_ref()?)));
    let (columns, levels): (Vec<String>, Vec<&Vec<String>>) = categories
        .map(|(column, levels)| (column.to_string(), levels))
        .unzip();
    let levels = serde_json::json!(levels);
    format!(
        "[boosting: gbdt]\n[objective: binary]\n[categorical_feature: {}]\n\n\
         end of parameters\n\npandas_categorical:{levels}\n",
        columns.join(",")
    )
}

/// The text of each tree, and of the one that holds the base margin.
fn trees(forest: &Forest, shift: f64) -> Outcome<Vec<String>> {
    let base = forest.base_margin() + shift;
    let of_each_leaf = match forest.aggregation() {
        Aggregation::Average => base,
        Aggregation::Sum => 0.0,
    };
    let mut texts = Vec::with_capacity(forest.trees().len() + 1);
    for (index, tree) in forest.trees().iter().enumerate() {
        texts.push(tree_text(index, tree, of_each_leaf)?);
    }
    let apart = forest.aggregation() == Aggregation::Sum && base != 0.0;
    if apart || texts.is_empty() {
        let (value, cover) = (base, 1.0);
        let constant = Tree::new(vec![Node::Leaf { value, cover }]);
        texts.push(tree_text(texts.len(), &constant, 0.0)?);
    }
    Ok(texts)
}

/// Whether the covers are counts as `LightGBM` has them: whole, and not too large for an int.
fn counted(tree: &Tree) -> bool {
    let count = |cover: f64| cover.fract() == 0.0 && cover <= f64::from(i32::MAX);
    tree.nodes().iter().map(Node::cover).all(count)
}

/// The lines of one tree as they are filled.
#[derive(Default)]
struct Lines {
    split_feature: Vec<String>,
    threshold: Vec<String>,
    decision_type: Vec<String>,
    left_child: Vec<String>,
    right_child: Vec<String>,
    internal_cover: Vec<f64>,
    leaf_value: Vec<String>,
    leaf_cover: Vec<f64>,
    cat_boundaries: Vec<String>,
    cat_threshold: Vec<String>,
}

fn tree_text(index: usize, tree: &Tree, of_each_leaf: f64) -> Outcome<String> {
    let nodes = tree.nodes();
    // A split has its place among the splits, a leaf among the leaves and below zero.
    let (mut splits, mut leaves) = (0i64, 0i64);
    let places: Vec<i64> = nodes
        .iter()
        .map(|node| {
            let counter = match node {
                Node::Split { .. } => &mut splits,
                Node::Leaf { .. } => &mut leaves,
            };
            *counter += 1;
            match node {
                Node::Split { .. } => *counter - 1,
                Node::Leaf { .. } => -*counter,
            }
        })
        .collect();
    let leaves = usize::try_from(leaves).unwrap_or(usize::MAX);
    if leaves > MAX_LEAVES {
        return Err(LightGbmExportError::TooManyLeaves {
            tree: index,
            leaves,
        });
    }
    let mut lines = Lines {
        cat_boundaries: vec!["0".to_owned()],
        ..Lines::default()
    };
    for (at, node) in nodes.iter().enumerate() {
        match node {
            Node::Leaf { value, cover } => {
                let value = value + of_each_leaf;
                if !value.is_finite() {
                    return Err(LightGbmExportError::Overflow { tree: index });
                }
                lines.leaf_value.push(number(value));
                lines.leaf_cover.push(*cover);
            }
            Node::Split {
                feature,
                left,
                right,
                cover,
                ..
            } => {
                lines.split_feature.push(feature.to_string());
                lines.left_child.push(places[*left as usize].to_string());
                lines.right_child.push(places[*right as usize].to_string());
                lines.internal_cover.push(*cover);
                if !lines.decide(node) {
                    return Err(LightGbmExportError::MissingCategory {
                        tree: index,
                        node: at,
                    });
                }
            }
        }
    }
    Ok(lines.text(index, counted(tree)))
}

impl Lines {
    /// Writes what a split asks; false when that cannot be said.
    fn decide(&mut self, node: &Node) -> bool {
        let Node::Split {
            test,
            missing,
            default_left,
            ..
        } = node
        else {
            return true;
        };
        let missing_type = match missing {
            Missing::Never => 0,
            Missing::Zero => 1,
            Missing::Nan => 2,
        };
        match test {
            Test::AtMost(threshold) => {
                self.threshold.push(number(*threshold));
                let decision = missing_type << 2 | u8::from(*default_left) << 1;
                self.decision_type.push(decision.to_string());
                true
            }
            Test::In(set) => {
                let left = |value: f64| goes_left(test, *missing, *default_left, value);
                // Zero is a code like any other there, and NaN goes right.
                if left(f64::NAN) || left(0.0) != set.contains(0.0) {
                    return false;
                }
                let of_set = self.cat_boundaries.len() - 1;
                self.threshold.push(of_set.to_string());
                self.cat_threshold.extend(words(set));
                self.cat_boundaries
                    .push(self.cat_threshold.len().to_string());
                self.decision_type.push("9".to_owned());
                true
            }
        }
    }

    fn text(&self, index: usize, counted: bool) -> String {
        let mut text = String::new();
        let sets = self.cat_boundaries.len() - 1;
        let splits = self.split_feature.len();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "Tree={index}\nnum_leaves={}\nnum_cat={sets}",
            splits + 1
        );
        let numbers = |covers: &[f64]| covers.iter().map(|&cover| number(cover)).collect();
        let zeros = vec!["0".to_owned(); splits];
        let all = self.internal_cover.first().or(self.leaf_cover.first());
        let all = all.copied().unwrap_or(0.0);
        // Only the ratios matter: weights become counts out of a thousand million.
        let factor = if counted || all <= 0.0 {
            1.0
        } else {
            1e9 / all
        };
        let counts = |covers: &[f64]| -> Vec<String> {
            let count = |cover: &f64| (cover * factor).round() as i32;
            covers
                .iter()
                .map(|cover| count(cover).to_string())
                .collect()
        };
        let weights: [Vec<String>; 2] = [numbers(&self.leaf_cover), numbers(&self.internal_cover)];
        let (leaf_counts, counts) = (counts(&self.leaf_cover), counts(&self.internal_cover));
        for (key, values) in [
            ("split_feature", &self.split_feature),
            ("split_gain", &zeros),
            ("threshold", &self.threshold),
            ("decision_type", &self.decision_type),
            ("left_child", &self.left_child),
            ("right_child", &self.right_child),
            ("leaf_value", &self.leaf_value),
            ("leaf_weight", &weights[0]),
            ("leaf_count", &leaf_counts),
            ("internal_value", &zeros),
            ("internal_weight", &weights[1]),
            ("internal_count", &counts),
        ] {
            line(&mut text, key, values);
        }
        if sets > 0 {
            line(&mut text, "cat_boundaries", &self.cat_boundaries);
            line(&mut text, "cat_threshold", &self.cat_threshold);
        }
        text.push_str("is_linear=0\nshrinkage=1\n\n\n");
        text
    }
}

/// The bits of a set in words of 32; at least one, as `LightGBM` has it.
fn words(set: &CategorySet) -> Vec<String> {
    let codes = set.codes();
    let last = codes.last().map_or(0, |code| code / 32);
    let mut words = vec![0u32; last as usize + 1];
    for code in codes {
        words[code as usize / 32] |= 1 << (code % 32);
    }
    words.iter().map(u32::to_string).collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::import::{self, ImportedModel};
    use crate::package::Reference;

    fn feature(index: usize, levels: Option<Vec<String>>) -> PackageFeature {
        PackageFeature {
            name: format!("feature_{index}"),
            levels,
            reference: Reference {
                missing_share: 0.0,
                quantiles: None,
                level_shares: None,
            },
        }
    }

    fn features(count: usize) -> Vec<PackageFeature> {
        (0..count).map(|index| feature(index, None)).collect()
    }

    fn export(forest: &Forest, calibration: &Calibration) -> Outcome<Export> {
        write(&Content {
            forest: Cow::Borrowed(forest),
            features: &features(forest.features()),
            calibration,
        })
    }

    fn and_back(forest: &Forest) -> ImportedModel {
        let exported = export(forest, &Calibration::None).expect("it can be said");
        import::read(&exported.bytes).expect("it can be read")
    }

    fn split(test: Test, missing: Missing, default_left: bool) -> Node {
        Node::Split {
            feature: 0,
            test,
            missing,
            default_left,
            left: 1,
            right: 2,
            cover: 2.0,
        }
    }

    fn stump(root: Node) -> Tree {
        let leaf = |value| Node::Leaf { value, cover: 1.0 };
        Tree::new(vec![root, leaf(0.25), leaf(-1.5)])
    }

    fn forest(base: f64, aggregation: Aggregation, trees: Vec<Tree>) -> Forest {
        Forest::new(2, base, aggregation, trees).expect("valid")
    }

    const FEATURES: u32 = 3;

    /// A tree grown by splitting a leaf drawn at random, again and again.
    fn tree() -> impl Strategy<Value = Tree> {
        let threshold = prop_oneof![
            -10.0..10.0f64,
            Just(0.0),
            Just(1e-35),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
        ];
        let codes = prop::collection::vec(1..100u32, 0..6);
        let test = prop_oneof![
            threshold.prop_map(Test::AtMost),
            codes.prop_map(|codes| Test::In(CategorySet::new(&codes))),
        ];
        let missing = prop::sample::select(vec![Missing::Never, Missing::Nan, Missing::Zero]);
        let step = (
            any::<prop::sample::Index>(),
            0..FEATURES,
            test,
            missing,
            any::<bool>(),
            (-3.0..3.0f64, -3.0..3.0f64),
        );
        prop::collection::vec(step, 0..8).prop_map(|steps| {
            let cover = 7.0;
            let mut nodes = vec![Node::Leaf { value: 0.5, cover }];
            for (at, feature, test, missing, default_left, values) in steps {
                let is_leaf = |at: &usize| matches!(nodes[*at], Node::Leaf { .. });
                let leaves: Vec<usize> = (0..nodes.len()).filter(is_leaf).collect();
                let at = leaves[at.index(leaves.len())];
                let left = nodes.len() as u32;
                nodes[at] = Node::Split {
                    feature,
                    // What a categorical split of LightGBM can say.
                    default_left: default_left && matches!(test, Test::AtMost(_)),
                    test,
                    missing,
                    left,
                    right: left + 1,
                    cover,
                };
                for value in [values.0, values.1] {
                    nodes.push(Node::Leaf { value, cover });
                }
            }
            Tree::new(nodes)
        })
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            -12.0..12.0f64,
            (0..100i32).prop_map(f64::from),
            prop::sample::select(vec![
                0.0,
                -0.0,
                1e-36,
                1e-35,
                1e300,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NAN,
            ]),
        ]
    }

    proptest! {
        #[test]
        fn what_is_exported_and_imported_again_gives_the_same_bits(
            trees in prop::collection::vec(tree(), 0..5),
            base in prop_oneof![Just(0.0), -4.0..4.0f64],
            averaged in any::<bool>(),
            rows in prop::collection::vec(prop::collection::vec(value(), FEATURES as usize), 20),
        ) {
            let aggregation = if averaged { Aggregation::Average } else { Aggregation::Sum };
            let ours = Forest::new(FEATURES as usize, base, aggregation, trees).expect("valid");
            let theirs = and_back(&ours).forest;
            for row in &rows {
                let (ours, theirs) = (ours.margin(row), theirs.margin(row));
                if averaged && base != 0.0 {
                    prop_assert!((ours - theirs).abs() < 1e-12);
                } else {
                    prop_assert_eq!(ours.to_bits(), theirs.to_bits());
                }
            }
        }
    }

    #[test]
    fn every_fixture_comes_through_with_its_trees_slope_and_base_value() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models/lightgbm");
        for entry in std::fs::read_dir(folder).expect("fixtures") {
            let path = entry.expect("a folder").path().join("model.txt");
            let bytes = std::fs::read(&path).expect("a model");
            let model = import::read(&bytes).expect("readable");
            let features: Vec<PackageFeature> = model
                .features
                .iter()
                .enumerate()
                .map(|(index, known)| feature(index, known.levels.clone()))
                .collect();
            let exported = write(&Content {
                forest: Cow::Borrowed(&model.forest),
                features: &features,
                calibration: &Calibration::of_slope(model.slope),
            });
            let exported = exported.expect("it can be said");
            assert_eq!(exported.remarks, [], "{}", path.display());
            let again = import::read(&exported.bytes).expect("it can be read");
            assert_eq!(again.forest, model.forest, "{}", path.display());
            assert_eq!(again.slope.to_bits(), model.slope.to_bits());
            for (again, model) in again.features.iter().zip(&model.features) {
                assert_eq!(again.levels, model.levels);
            }
        }
    }

    #[test]
    fn a_missing_category_that_goes_left_is_refused() {
        let set = || Test::In(CategorySet::new(&[0, 2]));
        for root in [
            split(set(), Missing::Nan, true),
            split(set(), Missing::Never, false),
            split(set(), Missing::Zero, false),
        ] {
            let forest = forest(0.0, Aggregation::Sum, vec![stump(root)]);
            let refused = export(&forest, &Calibration::None);
            let expected = LightGbmExportError::MissingCategory { tree: 0, node: 0 };
            assert_eq!(refused, Err(expected));
        }
        let fine = forest(
            0.0,
            Aggregation::Sum,
            vec![stump(split(set(), Missing::Nan, false))],
        );
        let again = and_back(&fine).forest;
        assert_eq!(again, fine);
    }

    #[test]
    fn a_platt_calibration_is_the_slope_and_a_part_of_the_base() {
        let tree = stump(split(Test::AtMost(0.5), Missing::Nan, true));
        let platt = Calibration::Platt {
            slope: 0.8,
            intercept: -0.3,
        };
        for aggregation in [Aggregation::Sum, Aggregation::Average] {
            let forest = forest(-2.0, aggregation, vec![tree.clone(), tree.clone()]);
            let exported = export(&forest, &platt).expect("it can be said");
            assert!(matches!(exported.remarks[..], [Remark::Shifted { .. }]));
            let again = import::read(&exported.bytes).expect("it can be read");
            for row in [[0.0, 0.0], [1.0, 0.0], [f64::NAN, 0.0]] {
                let theirs = Calibration::of_slope(again.slope).pd(again.forest.margin(&row));
                assert!((platt.pd(forest.margin(&row)) - theirs).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn covers_that_are_weights_become_counts_of_the_same_ratios() {
        let mut nodes = stump(split(Test::AtMost(0.5), Missing::Nan, true))
            .nodes()
            .to_vec();
        for (node, new) in nodes.iter_mut().zip([0.75, 0.5, 0.25]) {
            match node {
                Node::Leaf { cover, .. } | Node::Split { cover, .. } => *cover = new,
            }
        }
        let forest = forest(0.0, Aggregation::Sum, vec![Tree::new(nodes)]);
        let exported = export(&forest, &Calibration::None).expect("it can be said");
        assert_eq!(exported.remarks, [Remark::RoundedCover]);
        let again = import::read(&exported.bytes)
            .expect("it can be read")
            .forest;
        let base_value = again.explainer().base_value();
        assert!((base_value - forest.explainer().base_value()).abs() < 1e-8);
    }

    #[test]
    fn levels_and_names_are_written_so_that_they_can_be_read() {
        let forest = forest(-2.5, Aggregation::Sum, Vec::new());
        let levels = vec!["a b".to_owned(), "c\"d".to_owned()];
        let named = |features: &[PackageFeature]| {
            write(&Content {
                forest: Cow::Borrowed(&forest),
                features,
                calibration: &Calibration::None,
            })
        };
        let exported = named(&[feature(0, Some(levels.clone())), feature(1, None)]);
        let again = import::read(&exported.expect("it can be said").bytes).expect("it can be read");
        assert_eq!(again.features[0].levels, Some(levels));
        assert_eq!(again.features[1].levels, None);
        let mut blank = feature(0, None);
        blank.name = "two words".to_owned();
        let refused = named(&[blank, feature(1, None)]);
        let expected = LightGbmExportError::FeatureName("two words".to_owned());
        assert_eq!(refused, Err(expected));
    }
}
