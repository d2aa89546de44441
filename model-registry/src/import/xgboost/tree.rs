//! One tree of a model file: lists with one entry per node become nodes.
//!
//! Pruning leaves deleted nodes in the lists; they are dropped and the rest is numbered
//! anew. A node's cover is the sum of its leaves' Hessians, in `f64`, where the file has sums
//! rounded to `f32`: otherwise contributions would add up to the margin to 1e-6 only.

use super::XgBoostError;
use super::document::Place;
use super::learner::finite;
use crate::boosting::rounded_below;
use crate::forest::{CategorySet, Missing, Node, Test, Tree};

/// The feature of a node that pruning has deleted.
const DELETED: i64 = i32::MAX as i64;

/// What the category sets of one file may take, in words of 64 codes: a split that lists the
/// one code 1,000,000 is a few bytes there and 125 kB here.
const MOST_SET_WORDS: usize = 1 << 23;

/// What is used of [`MOST_SET_WORDS`].
#[derive(Default)]
pub(super) struct Budget {
    set_words: usize,
}

/// The lists of a tree, all of one length.
struct Lists<'a> {
    place: &'a Place<'a>,
    left: &'a [i64],
    right: &'a [i64],
    feature: &'a [i64],
    condition: Vec<f64>,
    default_left: Vec<bool>,
    hessian: Vec<f64>,
    /// 0 of a numerical split, 1 of a categorical one.
    kind: &'a [i64],
    /// Codes listed at each categorical node.
    categories: Vec<Option<&'a [i64]>>,
}

/// Reads one tree over so many columns.
pub(super) fn tree(
    place: &Place,
    columns: usize,
    budget: &mut Budget,
) -> Result<Tree, XgBoostError> {
    let lists = Lists::new(place)?;
    let order = lists.reached()?;
    lists.check_rest(&order)?;
    let mut numbers = vec![u32::MAX; lists.left.len()];
    let mut kept = order.clone();
    kept.sort_unstable();
    for (number, &node) in kept.iter().enumerate() {
        numbers[node] = number as u32;
    }
    let cover = lists.cover(&order)?;
    let nodes = kept
        .iter()
        .map(|&node| lists.node(node, cover[node], columns, &numbers, budget))
        .collect::<Result<_, _>>()?;
    Ok(Tree::new(nodes))
}

impl<'a> Lists<'a> {
    fn new(place: &'a Place<'a>) -> Result<Self, XgBoostError> {
        let parameters = place.key("tree_param")?;
        let values = parameters.key("size_leaf_vector")?;
        // Before 3.0 none was written as 0.
        if !(0..=1).contains(&values.integer()?) {
            return Err(XgBoostError::Unsupported {
                path: values.path().to_owned(),
                found: values.integer()?.to_string(),
                instead: "leaves of many values are not scored",
            });
        }
        let claimed = parameters.key("num_nodes")?.integer()?;
        let nodes = usize::try_from(claimed).unwrap_or(usize::MAX);
        let integers = |key: &str| -> Result<&'a [i64], XgBoostError> {
            let list = place.key(key)?;
            let integers = list.integers()?;
            list.has_length(integers.len(), nodes)?;
            Ok(integers)
        };
        let numbers = |key: &str| -> Result<Vec<f64>, XgBoostError> {
            let list = place.key(key)?;
            let numbers = list.numbers()?;
            list.has_length(numbers.len(), nodes)?;
            Ok(numbers)
        };
        integers("parents")?;
        let list = place.key("default_left")?;
        let default_left = list.flags()?;
        list.has_length(default_left.len(), nodes)?;
        Ok(Self {
            place,
            left: integers("left_children")?,
            right: integers("right_children")?,
            feature: integers("split_indices")?,
            condition: numbers("split_conditions")?,
            default_left,
            hessian: numbers("sum_hessian")?,
            kind: integers("split_type")?,
            categories: categories(place, nodes)?,
        })
    }

    /// The path of an entry of one of the lists.
    fn at(&self, key: &str, node: usize) -> String {
        format!("{}.{key}[{node}]", self.place.path())
    }

    fn children(&self, node: usize) -> Option<[(&'static str, i64); 2]> {
        (self.left[node] != -1).then(|| {
            [
                ("left_children", self.left[node]),
                ("right_children", self.right[node]),
            ]
        })
    }

    /// The nodes that are reached from the root, parents before children.
    fn reached(&self) -> Result<Vec<usize>, XgBoostError> {
        let nodes = self.left.len();
        if nodes == 0 {
            return Err(self.refused("left_children", "a tree needs at least its root"));
        }
        let mut seen = vec![false; nodes];
        seen[0] = true;
        let mut order = vec![0];
        let mut next = 0;
        while let Some(&node) = order.get(next) {
            next += 1;
            let Some(children) = self.children(node) else {
                if self.right[node] != -1 {
                    let path = self.at("right_children", node);
                    return Err(XgBoostError::Tree {
                        path,
                        what: "a node has a right child and no left one",
                    });
                }
                continue;
            };
            for (key, child) in children {
                let path = || self.at(key, node);
                let index = usize::try_from(child).ok().filter(|&index| index < nodes);
                let Some(index) = index else {
                    return Err(XgBoostError::Range {
                        path: path(),
                        found: child.to_string(),
                        range: "the tree has no such node",
                    });
                };
                if std::mem::replace(&mut seen[index], true) {
                    return Err(XgBoostError::Tree {
                        path: path(),
                        what: "this child is reached twice, so the nodes make no tree",
                    });
                }
                order.push(index);
            }
        }
        Ok(order)
    }

    /// What is not reached must be what pruning has deleted.
    fn check_rest(&self, reached: &[usize]) -> Result<(), XgBoostError> {
        let mut is_reached = vec![false; self.left.len()];
        for &node in reached {
            is_reached[node] = true;
        }
        let lost =
            (0..is_reached.len()).find(|&node| !is_reached[node] && self.feature[node] != DELETED);
        match lost {
            None => Ok(()),
            Some(node) => Err(XgBoostError::Tree {
                path: self.at("split_indices", node),
                what: "no path from the root leads to this node, and it is not deleted",
            }),
        }
    }

    fn refused(&self, key: &str, what: &'static str) -> XgBoostError {
        XgBoostError::Tree {
            path: format!("{}.{key}", self.place.path()),
            what,
        }
    }

    /// The cover of each node that is reached.
    fn cover(&self, order: &[usize]) -> Result<Vec<f64>, XgBoostError> {
        let mut cover = vec![0.0; self.left.len()];
        for &node in order.iter().rev() {
            let hessian = finite(self.hessian[node], || self.at("sum_hessian", node))?;
            if hessian < 0.0 {
                return Err(XgBoostError::Range {
                    path: self.at("sum_hessian", node),
                    found: hessian.to_string(),
                    range: "a sum of Hessians is not negative",
                });
            }
            cover[node] = match self.children(node) {
                // Their indices were checked on the way here.
                Some(children) => children
                    .map(|(_, child)| cover[child as usize])
                    .iter()
                    .sum(),
                None => f64::from(hessian),
            };
        }
        Ok(cover)
    }

    fn node(
        &self,
        node: usize,
        cover: f64,
        columns: usize,
        numbers: &[u32],
        budget: &mut Budget,
    ) -> Result<Node, XgBoostError> {
        let condition = finite(self.condition[node], || self.at("split_conditions", node))?;
        let Some(children) = self.children(node) else {
            let value = f64::from(condition);
            return Ok(Node::Leaf { value, cover });
        };
        let [left, right] = children.map(|(_, child)| numbers[child as usize]);
        let column = self.feature[node];
        let feature = u32::try_from(column)
            .ok()
            .filter(|&index| (index as usize) < columns);
        let Some(feature) = feature else {
            return Err(XgBoostError::Range {
                path: self.at("split_indices", node),
                found: column.to_string(),
                range: "the model has no such column",
            });
        };
        let default_left = self.default_left[node];
        let missing = Missing::Nan;
        Ok(match self.codes(node)? {
            None => Node::Split {
                feature,
                test: Test::AtMost(below(condition)),
                missing,
                default_left,
                left,
                right,
                cover,
            },
            // The codes listed go right in XGBoost.
            Some(codes) => Node::Split {
                feature,
                test: Test::In(self.set(node, codes, budget)?),
                missing,
                default_left: !default_left,
                left: right,
                right: left,
                cover,
            },
        })
    }

    /// The codes of a categorical split; a numerical one has none.
    fn codes(&self, node: usize) -> Result<Option<&'a [i64]>, XgBoostError> {
        let what = match (self.kind[node], self.categories[node]) {
            (0, None) => return Ok(None),
            (1, Some(codes)) => return Ok(Some(codes)),
            (0, Some(_)) => "a numerical split has categories",
            (1, None) => "a categorical split has no categories",
            _ => "a split is numerical (0) or categorical (1)",
        };
        let path = self.at("split_type", node);
        Err(XgBoostError::Tree { path, what })
    }

    fn set(
        &self,
        node: usize,
        codes: &[i64],
        budget: &mut Budget,
    ) -> Result<CategorySet, XgBoostError> {
        let refused = |found: String, range| XgBoostError::Range {
            path: format!("{}.categories (of node {node})", self.place.path()),
            found,
            range,
        };
        let mut known = Vec::with_capacity(codes.len());
        for &code in codes {
            match u32::try_from(code) {
                Ok(code) if code <= CategorySet::MAX_CODE => known.push(code),
                _ => return Err(refused(code.to_string(), "codes go from 0 to 1048575")),
            }
        }
        budget.set_words += known.iter().max().map_or(0, |&code| code as usize / 64 + 1);
        if budget.set_words > MOST_SET_WORDS {
            return Err(refused(
                format!(
                    "too large with all before it ({} bytes)",
                    budget.set_words * 8
                ),
                "the category sets of a model may take 64 MiB",
            ));
        }
        Ok(CategorySet::new(&known))
    }
}

/// The largest `f64` that rounds to the `f32` minus infinity.
pub(crate) fn lowest_threshold() -> f64 {
    f64::from(f32::MIN) - 2f64.powi(103)
}

/// The largest `f64` that `XGBoost` takes for less than a threshold.
fn below(threshold: f32) -> f64 {
    if threshold.to_bits() == f32::MIN.to_bits() {
        return lowest_threshold();
    }
    rounded_below(threshold)
}

/// Gives each categorical node its part of the one list of codes.
fn categories<'a>(place: &Place<'a>, nodes: usize) -> Result<Vec<Option<&'a [i64]>>, XgBoostError> {
    let list = |key: &str| -> Result<(Place<'a>, &'a [i64]), XgBoostError> {
        let list = place.key(key)?;
        let values = list.integers()?;
        Ok((list, values))
    };
    let (_, codes) = list("categories")?;
    let (of_node, owners) = list("categories_nodes")?;
    let (starts_place, starts) = list("categories_segments")?;
    let (lengths_place, lengths) = list("categories_sizes")?;
    starts_place.has_length(starts.len(), owners.len())?;
    lengths_place.has_length(lengths.len(), owners.len())?;
    let mut sets = vec![None; nodes];
    for (index, &owner) in owners.iter().enumerate() {
        let set = usize::try_from(owner)
            .ok()
            .and_then(|owner| sets.get_mut(owner));
        let Some(set @ None) = set else {
            return Err(XgBoostError::Range {
                path: of_node.at(index),
                found: owner.to_string(),
                range: "the tree has no such node, or it was listed before",
            });
        };
        let part = usize::try_from(starts[index])
            .ok()
            .zip(usize::try_from(lengths[index]).ok())
            .and_then(|(start, length)| codes.get(start..start.checked_add(length)?));
        let Some(part) = part else {
            return Err(XgBoostError::Range {
                path: starts_place.at(index),
                found: starts[index].to_string(),
                range: "its codes are not within `categories`",
            });
        };
        *set = Some(part);
    }
    Ok(sets)
}
