//! A forest as `XGBoost`'s JSON model, as 3.2 writes it.
//!
//! `XGBoost` rounds a value to `f32` and compares it with an `f32`. A threshold here can be
//! said so when it is the point where rounding crosses an `f32` ([`rounded_below`]): true of
//! all that was trained here and of what came from `XGBoost`, seldom of a `LightGBM` model,
//! which is refused. Leaves and covers are rounded to `f32`, as `XGBoost` has them, so its
//! margins are ours to its own precision (about 1e-6).
//!
//! A base margin that no `f32` probability gives to the bit becomes a tree of one leaf. A mean
//! of trees becomes a sum of smaller leaves; so does a Platt calibration, which `XGBoost` has
//! no place for. As on the way in, the rules hold for numbers within the range of `f32` and
//! for whole codes.

use serde::Serialize;
use thiserror::Error;

use super::{Content, Export, Remark};
use crate::boosting::rounded_below;
use crate::calibration::Calibration;
use crate::forest::{Aggregation, Forest, Missing, Node, Test, Tree, goes_left};
use crate::import::xgboost::{base_margin, lowest_threshold};
use crate::model::logistic;

/// What `XGBoost`'s JSON cannot say.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum XgBoostExportError {
    /// Letters its expressions use.
    #[error("the feature name `{0}` is empty or has one of `[`, `]` and `<` in it")]
    FeatureName(String),
    /// Two columns of one name.
    #[error("the feature name `{0}` comes twice")]
    NameTwice(String),
    /// The names are not those of the forest's columns.
    #[error("{names} names for {features} features")]
    Names { names: usize, features: usize },
    /// Finer than `f32`.
    #[error(
        "tree {tree}, node {node}: the threshold {threshold:?} lies where XGBoost, which compares \
         in single precision, cannot part values; export as LightGBM text"
    )]
    Threshold {
        tree: usize,
        node: usize,
        threshold: f64,
    },
    /// Zero is missing, and would be compared.
    #[error(
        "tree {tree}, node {node}: zero counts as missing and goes another way than its \
         neighbours, which XGBoost cannot say; export as LightGBM text"
    )]
    ZeroMissing { tree: usize, node: usize },
    /// Larger than `f32` goes.
    #[error(
        "tree {tree}, node {node}: the {what} {number:?} is out of the range of single precision"
    )]
    Overflow {
        tree: usize,
        node: usize,
        what: &'static str,
        number: f64,
    },
    /// The base margin and the calibration's intercept make no number.
    #[error("the base margin {0:?} is out of the range of single precision")]
    BaseMargin(f64),
    /// A slope that is no number above zero.
    #[error("the slope {0} of the calibration is not above zero")]
    Slope(f64),
    /// A number JSON cannot hold; none is left by then.
    #[error("the file cannot be written: {0}")]
    Unwritable(String),
}

type Outcome<T> = Result<T, XgBoostExportError>;

/// Writes the model.
pub(crate) fn write(content: &Content<'_>) -> Outcome<Export> {
    let mut remarks = Vec::new();
    let (slope, intercept) = match *content.calibration {
        Calibration::None => (1.0, 0.0),
        Calibration::Isotonic { .. } => {
            remarks.push(Remark::Uncalibrated);
            (1.0, 0.0)
        }
        Calibration::Platt { slope, intercept } => {
            if !(slope > 0.0 && slope.is_finite()) {
                return Err(XgBoostExportError::Slope(slope));
            }
            remarks.push(Remark::Rescaled { slope, intercept });
            (slope, intercept)
        }
    };
    let names: Vec<&str> = content
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    Ok(Export {
        bytes: json(&content.forest, &names, slope, intercept)?,
        remarks,
    })
}

/// The JSON of a forest over columns of these names, with the margins
/// `slope * margin + intercept`.
pub fn json(forest: &Forest, names: &[&str], slope: f64, intercept: f64) -> Outcome<Vec<u8>> {
    check_names(names, forest.features())?;
    let scale = match forest.aggregation() {
        Aggregation::Average if !forest.trees().is_empty() => slope / forest.trees().len() as f64,
        _ => slope,
    };
    let mut categorical = vec![false; names.len()];
    let mut trees = Vec::with_capacity(forest.trees().len() + 1);
    for (index, tree) in forest.trees().iter().enumerate() {
        trees.push(TreeForm::new(
            index,
            tree,
            names.len(),
            scale,
            &mut categorical,
        )?);
    }
    let base = slope * forest.base_margin() + intercept;
    let score = base_score(base);
    if score.is_none() || trees.is_empty() {
        if !(base as f32).is_finite() {
            return Err(XgBoostExportError::BaseMargin(base));
        }
        let value = if score.is_none() { base } else { 0.0 };
        let constant = Tree::new(vec![Node::Leaf { value, cover: 1.0 }]);
        trees.push(TreeForm::new(
            trees.len(),
            &constant,
            names.len(),
            1.0,
            &mut categorical,
        )?);
    }
    let types = categorical
        .iter()
        .map(|&categorical| if categorical { "c" } else { "float" })
        .collect();
    let file = File::new(names, types, score.unwrap_or(0.5), trees);
    serde_json::to_vec(&file).map_err(|error| XgBoostExportError::Unwritable(error.to_string()))
}

fn check_names(names: &[&str], features: usize) -> Outcome<()> {
    if names.len() != features {
        return Err(XgBoostExportError::Names {
            names: names.len(),
            features,
        });
    }
    let mut seen = std::collections::HashSet::new();
    for &name in names {
        if name.is_empty() || name.contains(['[', ']', '<']) {
            return Err(XgBoostExportError::FeatureName(name.to_owned()));
        }
        if !seen.insert(name) {
            return Err(XgBoostExportError::NameTwice(name.to_owned()));
        }
    }
    Ok(())
}

/// The `f32` probability of which `XGBoost` makes this margin, to the bit.
fn base_score(margin: f64) -> Option<f32> {
    let near = logistic(margin) as f32;
    let mut candidate = (0..4).fold(near, |score, _| score.next_down());
    for _ in 0..9 {
        if base_margin(candidate).is_some_and(|made| (made + 0.0).to_bits() == margin.to_bits()) {
            return Some(candidate);
        }
        candidate = candidate.next_up();
    }
    None
}

/// The `f32` threshold below which exactly the values up to `boundary` are rounded.
fn threshold_of(boundary: f64) -> Option<f32> {
    // Nothing that is known, and what rounds to minus infinity: both are "below the least".
    if boundary <= lowest_threshold() {
        return Some(f32::MIN);
    }
    let near = boundary as f32;
    let above = near.next_up();
    let is_it = |threshold: f32| rounded_below(threshold).to_bits() == boundary.to_bits();
    [near.next_down(), near, above, above.next_up()]
        .into_iter()
        .find(|&threshold| threshold.is_finite() && is_it(threshold))
}

/// A split in `XGBoost`'s terms.
struct Question {
    /// The listed codes go right.
    codes: Option<Vec<u32>>,
    condition: f32,
    default_left: bool,
    /// Its left and its right child.
    children: [u32; 2],
}

/// What cannot be said of a split.
enum Unsaid {
    Threshold(f64),
    ZeroMissing,
}

fn question(
    test: &Test,
    missing: Missing,
    default_left: bool,
    children: [u32; 2],
) -> Result<Question, Unsaid> {
    let exchanged = [children[1], children[0]];
    let left = |value: f64| goes_left(test, missing, default_left, value);
    // A NaN compared as zero always goes the way zero goes: a default direction too.
    let nan_left = left(f64::NAN);
    let nobody = Question {
        codes: None,
        condition: f32::MIN,
        default_left: nan_left,
        children,
    };
    match test {
        Test::In(set) => {
            // Where zero is missing, the code 0 is what its default direction makes of it.
            let mut codes: Vec<u32> = set.codes().into_iter().filter(|&code| code > 0).collect();
            if left(0.0) {
                codes.insert(0, 0);
            }
            if codes.is_empty() {
                return Ok(nobody); // XGBoost knows no empty list
            }
            Ok(Question {
                codes: Some(codes),
                condition: 0.0,
                default_left: !nan_left,
                children: exchanged,
            })
        }
        Test::AtMost(threshold) => {
            let as_compared = |value: f64| left(value) == (value <= *threshold);
            let near_zero = f64::from(1e-35f32);
            if ![-near_zero, 0.0, near_zero].into_iter().all(as_compared) {
                return Err(Unsaid::ZeroMissing);
            }
            if *threshold == f64::INFINITY {
                return Ok(Question {
                    default_left: !nan_left,
                    children: exchanged,
                    ..nobody
                });
            }
            let condition = threshold_of(*threshold).ok_or(Unsaid::Threshold(*threshold))?;
            Ok(Question {
                condition,
                ..nobody
            })
        }
    }
}

/// A tree by column; the fields are `XGBoost`'s keys.
#[derive(Serialize)]
struct TreeForm {
    base_weights: Vec<f32>,
    categories: Vec<u32>,
    categories_nodes: Vec<usize>,
    categories_segments: Vec<usize>,
    categories_sizes: Vec<usize>,
    default_left: Vec<u8>,
    id: usize,
    left_children: Vec<i64>,
    loss_changes: Vec<f32>,
    parents: Vec<u32>,
    right_children: Vec<i64>,
    split_conditions: Vec<f32>,
    split_indices: Vec<u32>,
    split_type: Vec<u8>,
    sum_hessian: Vec<f32>,
    tree_param: TreeParameters,
}

#[derive(Serialize)]
struct TreeParameters {
    num_deleted: String,
    num_feature: String,
    num_nodes: String,
    size_leaf_vector: String,
}

impl TreeForm {
    fn new(
        tree: usize,
        content: &Tree,
        features: usize,
        scale: f64,
        categorical: &mut [bool],
    ) -> Outcome<Self> {
        let nodes = content.nodes();
        let mut form = Self {
            base_weights: vec![0.0; nodes.len()],
            categories: Vec::new(),
            categories_nodes: Vec::new(),
            categories_segments: Vec::new(),
            categories_sizes: Vec::new(),
            default_left: vec![0; nodes.len()],
            id: tree,
            left_children: vec![-1; nodes.len()],
            loss_changes: vec![0.0; nodes.len()],
            parents: vec![i32::MAX as u32; nodes.len()],
            right_children: vec![-1; nodes.len()],
            split_conditions: vec![0.0; nodes.len()],
            split_indices: vec![0; nodes.len()],
            split_type: vec![0; nodes.len()],
            sum_hessian: Vec::with_capacity(nodes.len()),
            tree_param: TreeParameters {
                num_deleted: 0.to_string(),
                num_feature: features.to_string(),
                num_nodes: nodes.len().to_string(),
                size_leaf_vector: 1.to_string(),
            },
        };
        let splits = splits(tree, nodes)?;
        let order = order(&splits);
        let mut places = vec![0; nodes.len()];
        for (place, &node) in order.iter().enumerate() {
            places[node] = place as u32;
        }
        for &node in &order {
            let content = &nodes[node];
            let single = |number: f64, what| {
                let rounded = number as f32;
                if rounded.is_finite() {
                    return Ok(rounded);
                }
                Err(XgBoostExportError::Overflow {
                    tree,
                    node,
                    what,
                    number,
                })
            };
            let place = places[node] as usize;
            form.sum_hessian.push(single(content.cover(), "cover")?);
            match (content, &splits[node]) {
                (Node::Leaf { value, .. }, _) => {
                    let value = single(value * scale, "leaf value")?;
                    form.split_conditions[place] = value;
                    form.base_weights[place] = value;
                }
                (Node::Split { feature, .. }, Some(question)) => {
                    form.split_indices[place] = *feature;
                    categorical[*feature as usize] |= question.codes.is_some();
                    form.ask(place, question, &places);
                }
                (Node::Split { .. }, None) => {}
            }
        }
        Ok(form)
    }

    fn ask(&mut self, place: usize, question: &Question, places: &[u32]) {
        let [left, right] = question.children.map(|child| places[child as usize]);
        self.left_children[place] = left.into();
        self.right_children[place] = right.into();
        for child in [left, right] {
            self.parents[child as usize] = place as u32;
        }
        self.default_left[place] = question.default_left.into();
        self.split_conditions[place] = question.condition;
        if let Some(codes) = &question.codes {
            self.split_type[place] = 1;
            self.categories_nodes.push(place);
            self.categories_segments.push(self.categories.len());
            self.categories_sizes.push(codes.len());
            self.categories.extend(codes);
        }
    }
}

/// What each split asks; a leaf asks nothing.
fn splits(tree: usize, nodes: &[Node]) -> Outcome<Vec<Option<Question>>> {
    let of = |(node, content): (usize, &Node)| {
        let Node::Split {
            test,
            missing,
            default_left,
            left,
            right,
            ..
        } = content
        else {
            return Ok(None);
        };
        match question(test, *missing, *default_left, [*left, *right]) {
            Ok(question) => Ok(Some(question)),
            Err(Unsaid::Threshold(threshold)) => Err(XgBoostExportError::Threshold {
                tree,
                node,
                threshold,
            }),
            Err(Unsaid::ZeroMissing) => Err(XgBoostExportError::ZeroMissing { tree, node }),
        }
    };
    nodes.iter().enumerate().map(of).collect()
}

/// The order in which nodes are written. Explaining, `XGBoost` 3.2 takes the right child to
/// be the one after the left (and reads beyond its memory where it is not), so a tree that
/// is not so already is written breadth first.
fn order(splits: &[Option<Question>]) -> Vec<usize> {
    let beside = |question: &Question| question.children[1] == question.children[0] + 1;
    if splits.iter().flatten().all(beside) {
        return (0..splits.len()).collect();
    }
    let mut order = vec![0];
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        next += 1;
        if let Some(question) = &splits[node] {
            order.extend(question.children.map(|child| child as usize));
        }
    }
    order
}

/// The whole file; the fields are `XGBoost`'s keys, its parameters are texts.
#[derive(Serialize)]
struct File<'a> {
    learner: Trained<'a>,
    version: [u32; 3],
}

#[derive(Serialize)]
struct Trained<'a> {
    attributes: Empty,
    feature_names: &'a [&'a str],
    feature_types: Vec<&'a str>,
    gradient_booster: Booster,
    learner_model_param: LearnerParameters,
    objective: Objective,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Booster {
    model: Ensemble,
    name: &'static str,
}

#[derive(Serialize)]
struct Ensemble {
    cats: Categories,
    gbtree_model_param: TreesParameters,
    iteration_indptr: Vec<usize>,
    tree_info: Vec<u8>,
    trees: Vec<TreeForm>,
}

/// Levels are not written: a category is given as its code.
#[derive(Serialize, Default)]
struct Categories {
    enc: [u8; 0],
    feature_segments: [u8; 0],
    sorted_idx: [u8; 0],
}

#[derive(Serialize)]
struct TreesParameters {
    num_parallel_tree: String,
    num_trees: String,
}

#[derive(Serialize)]
struct LearnerParameters {
    base_score: String,
    boost_from_average: &'static str,
    num_class: &'static str,
    num_feature: String,
    num_target: &'static str,
}

#[derive(Serialize)]
struct Objective {
    name: &'static str,
    reg_loss_param: LossParameters,
}

#[derive(Serialize)]
struct LossParameters {
    scale_pos_weight: &'static str,
}

impl<'a> File<'a> {
    fn new(names: &'a [&'a str], types: Vec<&'a str>, score: f32, trees: Vec<TreeForm>) -> Self {
        Self {
            learner: Trained {
                attributes: Empty {},
                feature_names: names,
                feature_types: types,
                learner_model_param: LearnerParameters {
                    base_score: format!("[{score:E}]"),
                    boost_from_average: "0",
                    num_class: "0",
                    num_feature: names.len().to_string(),
                    num_target: "1",
                },
                objective: Objective {
                    name: "binary:logistic",
                    reg_loss_param: LossParameters {
                        scale_pos_weight: "1",
                    },
                },
                gradient_booster: Booster {
                    name: "gbtree",
                    model: Ensemble {
                        cats: Categories::default(),
                        gbtree_model_param: TreesParameters {
                            num_parallel_tree: 1.to_string(),
                            num_trees: trees.len().to_string(),
                        },
                        iteration_indptr: (0..=trees.len()).collect(),
                        tree_info: vec![0; trees.len()],
                        trees,
                    },
                },
            },
            version: [3, 2, 0],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forest::CategorySet;
    use crate::import;

    fn stump(test: Test, missing: Missing, default_left: bool) -> Forest {
        let leaf = |value| Node::Leaf { value, cover: 1.0 };
        let root = Node::Split {
            feature: 0,
            test,
            missing,
            default_left,
            left: 1,
            right: 2,
            cover: 2.0,
        };
        let tree = Tree::new(vec![root, leaf(0.25), leaf(-1.5)]);
        Forest::new(1, 0.0, Aggregation::Sum, vec![tree]).expect("valid")
    }

    fn and_back(forest: &Forest) -> Outcome<Forest> {
        let names: Vec<String> = (0..forest.features())
            .map(|index| format!("x{index}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let bytes = json(forest, &names, 1.0, 0.0)?;
        Ok(import::read(&bytes).expect("it can be read").forest)
    }

    const VALUES: [f64; 12] = [
        f64::NAN,
        0.0,
        1e-36,
        -1e-36,
        1.0,
        -1.0,
        2.0,
        63.0,
        64.0,
        1e9,
        -1e30,
        1e30,
    ];

    #[test]
    fn every_rule_for_what_is_missing_is_said_exactly_or_refused() {
        let tests = [
            Test::AtMost(rounded_below(1.0)),
            Test::AtMost(rounded_below(-1.0)),
            Test::AtMost(rounded_below(0.0)),
            Test::AtMost(f64::INFINITY),
            Test::AtMost(f64::NEG_INFINITY),
            Test::In(CategorySet::new(&[0, 2, 64])),
            Test::In(CategorySet::new(&[1])),
            Test::In(CategorySet::new(&[0])),
            Test::In(CategorySet::new(&[])),
        ];
        let mut refused = 0;
        for test in &tests {
            for missing in [Missing::Never, Missing::Nan, Missing::Zero] {
                for default_left in [true, false] {
                    let forest = stump(test.clone(), missing, default_left);
                    let back = match and_back(&forest) {
                        Ok(back) => back,
                        Err(XgBoostExportError::ZeroMissing { tree: 0, node: 0 }) => {
                            assert_eq!(missing, Missing::Zero);
                            refused += 1;
                            continue;
                        }
                        Err(other) => panic!("{other}"),
                    };
                    for value in VALUES {
                        assert_eq!(
                            forest.margin(&[value]).to_bits(),
                            back.margin(&[value]).to_bits(),
                            "{test:?} {missing:?} {default_left} {value}"
                        );
                    }
                }
            }
        }
        // Zero parted from its neighbours by five thresholds, in one of two directions each;
        // that at zero itself in both.
        assert_eq!(refused, 6);
    }

    #[test]
    fn a_threshold_finer_than_single_precision_is_refused_with_its_place() {
        assert_eq!(
            and_back(&stump(Test::AtMost(0.1), Missing::Nan, true)),
            Err(XgBoostExportError::Threshold {
                tree: 0,
                node: 0,
                threshold: 0.1
            })
        );
        let huge = Tree::new(vec![Node::Leaf {
            value: 1e39,
            cover: 1.0,
        }]);
        let forest = Forest::new(0, 0.0, Aggregation::Sum, vec![huge]).expect("valid");
        assert!(matches!(
            and_back(&forest),
            Err(XgBoostExportError::Overflow { .. })
        ));
    }

    #[test]
    fn names_xgboost_cannot_have_are_refused() {
        let forest = Forest::new(2, 0.5, Aggregation::Sum, Vec::new()).expect("valid");
        let refusal = |names: &[&str]| json(&forest, names, 1.0, 0.0).expect_err("refused");
        assert_eq!(
            refusal(&["a[0]", "b"]),
            XgBoostExportError::FeatureName("a[0]".into())
        );
        assert_eq!(
            refusal(&["a", "a"]),
            XgBoostExportError::NameTwice("a".into())
        );
        assert_eq!(
            refusal(&["a"]),
            XgBoostExportError::Names {
                names: 1,
                features: 2
            }
        );
    }

    #[test]
    fn slope_and_intercept_of_a_calibration_are_in_the_margins() {
        let forest = stump(Test::AtMost(rounded_below(1.0)), Missing::Nan, true);
        let bytes = json(&forest, &["x"], 2.0, -0.7).expect("it can be said");
        let back = import::read(&bytes).expect("it can be read").forest;
        for value in VALUES {
            let expected = 2.0 * forest.margin(&[value]) - 0.7;
            assert!((back.margin(&[value]) - expected).abs() < 1e-7);
        }
    }

    proptest! {
        #[test]
        fn every_single_precision_threshold_comes_back(bits in any::<u32>()) {
            let threshold = f32::from_bits(bits);
            prop_assume!(threshold.is_finite());
            let found = threshold_of(rounded_below(threshold));
            // 0.0 and -0.0 part the same values.
            prop_assert_eq!(found.map(|found| found + 0.0), Some(threshold + 0.0));
        }

        #[test]
        fn a_base_margin_comes_back_to_single_precision(base in -20.0..20.0f64) {
            let forest = Forest::new(0, base, Aggregation::Sum, Vec::new()).expect("valid");
            let back = and_back(&forest).expect("it can be said");
            prop_assert!((back.margin(&[]) - base).abs() <= base.abs() * 1e-7);
        }

        #[test]
        fn a_base_score_of_xgboost_comes_back_to_the_bit(score in 1e-6..0.99999f32) {
            let base = base_margin(score).expect("far enough from 0 and 1");
            let forest = Forest::new(0, base, Aggregation::Sum, Vec::new()).expect("valid");
            let back = and_back(&forest).expect("it can be said");
            prop_assert_eq!(back.base_margin().to_bits(), forest.base_margin().to_bits());
        }
    }
}
