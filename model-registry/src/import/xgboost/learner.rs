//! What surrounds the trees of a model: objective, base score, columns, booster.

use std::collections::HashSet;

use super::XgBoostError;
use super::document::{Place, Value};
use super::tree::{self, Budget};
use crate::forest::{Aggregation, Forest, Node, Test, Tree};
use crate::import::{ImportedFeature, ImportedModel, Source};

/// Columns a model may have: names are made for them where the file has none, and a file can
/// claim any number.
const MOST_COLUMNS: i64 = 1 << 16;

/// How far a base score must be from 0 and 1: nearer, `XGBoost` 3.2 takes the log-odds of
/// this limit, and 3.0 those of the score.
const BASE_SCORE_LIMIT: f32 = 1e-6;

/// The model a file holds.
pub(super) fn model(file: &Value, source: Source) -> Result<ImportedModel, XgBoostError> {
    let root = Place::root(file);
    let learner = root.key("learner")?;
    check_version(&root)?;
    let link = Link::of(&learner)?;
    let base_margin = link.base_margin(&learner)?;
    let booster = Booster::of(&learner)?;
    let mut features = columns(&learner, &booster)?;
    booster.check_rounds(&learner)?;
    let trees = booster.trees(features.len())?;
    for feature in trees.iter().flat_map(categorical_features) {
        features[feature].categorical = true;
    }
    let forest = Forest::new(features.len(), base_margin, Aggregation::Sum, trees)?;
    Ok(ImportedModel {
        forest,
        features,
        slope: 1.0,
        source,
    })
}

fn categorical_features(tree: &Tree) -> impl Iterator<Item = usize> + '_ {
    tree.nodes().iter().filter_map(|node| match node {
        Node::Split {
            feature,
            test: Test::In(_),
            ..
        } => Some(*feature as usize),
        _ => None,
    })
}

fn check_version(root: &Place) -> Result<(), XgBoostError> {
    let place = root.key("version")?;
    let version = place.integers()?;
    if version.first() == Some(&3) {
        return Ok(());
    }
    let parts: Vec<String> = version.iter().map(ToString::to_string).collect();
    Err(XgBoostError::Unsupported {
        path: place.path().to_owned(),
        found: parts.join("."),
        instead: "models of XGBoost 3 are read; load it there and save it again",
    })
}

/// How an objective makes a probability of a margin, and what its base score is.
#[derive(Clone, Copy)]
enum Link {
    /// The base score is a probability.
    Logistic,
    /// The base score is a margin (`binary:logitraw`, trained on the same loss: its PD is the
    /// logistic function of what `XGBoost` gives).
    Raw,
}

impl Link {
    fn of(learner: &Place) -> Result<Self, XgBoostError> {
        let parameters = learner.key("learner_model_param")?;
        for (key, most, what) in [
            ("num_class", 1, "one model of many classes has no one PD"),
            ("num_target", 1, "one model of many targets has no one PD"),
        ] {
            if let Some(place) = parameters.optional(key)?
                && place.integer()? > most
            {
                return Err(unsupported(&place, &place.integer()?, what));
            }
        }
        let name = learner.key("objective")?.key("name")?;
        match name.text()? {
            "binary:logistic" | "reg:logistic" => Ok(Self::Logistic),
            "binary:logitraw" => Ok(Self::Raw),
            other => Err(unsupported(
                &name,
                &format!("`{other}`"),
                "only the logistic ones give a PD (binary:logistic, binary:logitraw, reg:logistic)",
            )),
        }
    }

    fn base_margin(self, learner: &Place) -> Result<f64, XgBoostError> {
        let place = learner.key("learner_model_param")?.key("base_score")?;
        let scores = place.spelt_numbers()?;
        place.has_length(scores.len(), 1)?;
        let score = scores[0];
        let score = finite(score, || place.path().to_owned())?;
        match self {
            Self::Raw => Ok(f64::from(score)),
            Self::Logistic => base_margin(score).ok_or_else(|| XgBoostError::Range {
                path: place.path().to_owned(),
                found: score.to_string(),
                range: "a base score is a probability, and nearer than 1e-6 to 0 or 1 the versions \
                        of XGBoost disagree what it means",
            }),
        }
    }
}

/// The margin `XGBoost` makes of a base score that is a probability, unless it is too near 0
/// or 1. Up to the logarithm with its rounding to `f32`, which near 1 is no small matter:
/// 0.9999 gives 9.21017, not 9.21024.
pub(crate) fn base_margin(score: f32) -> Option<f64> {
    let usual = BASE_SCORE_LIMIT..=1.0 - BASE_SCORE_LIMIT;
    usual
        .contains(&score)
        .then(|| -f64::from(1.0 / score - 1.0).ln())
}

fn unsupported(
    place: &Place,
    found: &(impl ToString + ?Sized),
    instead: &'static str,
) -> XgBoostError {
    XgBoostError::Unsupported {
        path: place.path().to_owned(),
        found: found.to_string(),
        instead,
    }
}

/// A number as the `f32` it is in `XGBoost`.
pub(super) fn finite(number: f64, path: impl FnOnce() -> String) -> Result<f32, XgBoostError> {
    let rounded = number as f32;
    if rounded.is_finite() {
        Ok(rounded)
    } else {
        Err(XgBoostError::NotFinite { path: path() })
    }
}

fn columns(learner: &Place, booster: &Booster) -> Result<Vec<ImportedFeature>, XgBoostError> {
    let claimed = learner.key("learner_model_param")?.key("num_feature")?;
    let count = claimed.integer()?;
    if !(0..=MOST_COLUMNS).contains(&count) {
        return Err(XgBoostError::Range {
            path: claimed.path().to_owned(),
            found: count.to_string(),
            range: "from 0 to 65536 columns can be taken",
        });
    }
    let count = count as usize;
    let texts = |key: &str| -> Result<Option<Vec<&str>>, XgBoostError> {
        match learner.optional(key)? {
            None => Ok(None),
            Some(place) => {
                let texts = place.texts()?;
                if texts.is_empty() {
                    return Ok(None);
                }
                place.has_length(texts.len(), count)?;
                Ok(Some(texts))
            }
        }
    };
    let names: Vec<String> = match texts("feature_names")? {
        Some(names) => names.into_iter().map(str::to_owned).collect(),
        // What XGBoost itself shows for a column without a name.
        None => (0..count).map(|index| format!("f{index}")).collect(),
    };
    check_distinct(&names)?;
    let types = texts("feature_types")?;
    let levels = levels(&booster.model, count)?;
    Ok(names
        .into_iter()
        .zip(levels)
        .enumerate()
        .map(|(index, (name, levels))| ImportedFeature {
            name,
            categorical: levels.is_some()
                || types.as_ref().is_some_and(|types| types[index] == "c"),
            levels,
        })
        .collect())
}

fn check_distinct(names: &[String]) -> Result<(), XgBoostError> {
    let mut seen = HashSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        None => Ok(()),
        Some(name) => Err(XgBoostError::NameTwice {
            path: "learner.feature_names".to_owned(),
            name: name.clone(),
        }),
    }
}

/// The levels of each column, where the file has them (a data frame's categories; 3.1 on).
fn levels(model: &Place, columns: usize) -> Result<Vec<Option<Vec<String>>>, XgBoostError> {
    let none = vec![None; columns];
    let Some(cats) = model.optional("cats")? else {
        return Ok(none);
    };
    let place = cats.key("enc")?;
    let encodings = place.objects()?;
    if encodings.is_empty() {
        return Ok(none);
    }
    place.has_length(encodings.len(), columns)?;
    encodings.iter().map(levels_of).collect()
}

/// Levels are texts, kept as one run of bytes and where each begins, or whole numbers.
fn levels_of(encoding: &Place) -> Result<Option<Vec<String>>, XgBoostError> {
    let values = encoding.key("values")?;
    let Some(place) = encoding.optional("offsets")? else {
        let levels: Vec<String> = values.integers()?.iter().map(ToString::to_string).collect();
        return Ok(some_unless_empty(levels));
    };
    let bytes: Vec<u8> = values
        .integers()?
        .iter()
        .map(|&byte| {
            // Written as signed bytes.
            i8::try_from(byte)
                .map(i8::cast_unsigned)
                .or_else(|_| u8::try_from(byte))
        })
        .collect::<Result<_, _>>()
        .map_err(|_| XgBoostError::Kind {
            path: values.path().to_owned(),
            expected: "a list of bytes",
        })?;
    // XGBoost 3.2 counts letters where it should count bytes, so levels with letters outside
    // ASCII are cut in the file. Their codes are right all the same: the column takes codes.
    if !bytes.is_ascii() {
        return Ok(None);
    }
    let offsets = place.integers()?;
    let mut levels = Vec::new();
    for (index, ends) in offsets.windows(2).enumerate() {
        let range = usize::try_from(ends[0])
            .ok()
            .zip(usize::try_from(ends[1]).ok());
        let level = range
            .and_then(|(start, end)| bytes.get(start..end))
            .ok_or_else(|| XgBoostError::Range {
                path: place.at(index + 1),
                found: ends[1].to_string(),
                range: "levels follow one another within `values`",
            })?;
        levels.push(String::from_utf8_lossy(level).into_owned());
    }
    Ok(some_unless_empty(levels))
}

fn some_unless_empty(levels: Vec<String>) -> Option<Vec<String>> {
    (!levels.is_empty()).then_some(levels)
}

/// The trees of a file and what each is multiplied by.
struct Booster<'a> {
    model: Place<'a>,
    /// Of `dart`: where they are, and one per tree.
    weights: Option<(Place<'a>, Vec<f32>)>,
}

impl<'a> Booster<'a> {
    fn of(learner: &Place<'a>) -> Result<Self, XgBoostError> {
        let booster = learner.key("gradient_booster")?;
        let name = booster.key("name")?;
        match name.text()? {
            "gbtree" => Ok(Self {
                model: booster.key("model")?,
                weights: None,
            }),
            "dart" => {
                let place = booster.key("weight_drop")?;
                let weights = place.numbers()?.into_iter().enumerate();
                let weights = weights
                    .map(|(index, weight)| finite(weight, || place.at(index)))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Self {
                    model: booster.key("gbtree")?.key("model")?,
                    weights: Some((place, weights)),
                })
            }
            other => Err(unsupported(
                &name,
                &format!("`{other}`"),
                "trees are read, of the boosters gbtree and dart",
            )),
        }
    }

    /// Refuses a file of which `Booster.predict` uses all rounds and `XGBClassifier` some.
    fn check_rounds(&self, learner: &Place) -> Result<(), XgBoostError> {
        let Some(attributes) = learner.optional("attributes")? else {
            return Ok(());
        };
        let Some(best) = attributes.optional("best_iteration")? else {
            return Ok(());
        };
        let parameters = self.model.key("gbtree_model_param")?;
        let together = match parameters.optional("num_parallel_tree")? {
            Some(place) => place.integer()?.max(1),
            None => 1,
        };
        let rounds = parameters.key("num_trees")?.integer()? / together;
        if best.integer()?.saturating_add(1) < rounds {
            return Err(unsupported(
                &best,
                &best.integer()?,
                "later rounds are in the file, which Booster.predict uses and XGBClassifier does \
                 not; save the model cut (`booster[: booster.best_iteration + 1]`), or without \
                 the attribute (`booster.set_attr(best_iteration=None)`)",
            ));
        }
        Ok(())
    }

    fn trees(&self, columns: usize) -> Result<Vec<Tree>, XgBoostError> {
        let place = self.model.key("trees")?;
        let trees = place.objects()?;
        let claimed = self.model.key("gbtree_model_param")?.key("num_trees")?;
        let expected = usize::try_from(claimed.integer()?).unwrap_or(usize::MAX);
        place.has_length(trees.len(), expected)?;
        self.check_groups(trees.len())?;
        if let Some((place, weights)) = &self.weights {
            place.has_length(weights.len(), trees.len())?;
        }
        let mut budget = Budget::default();
        trees
            .iter()
            .enumerate()
            .map(|(index, place)| {
                let tree = tree::tree(place, columns, &mut budget)?;
                Ok(match &self.weights {
                    Some((_, weights)) => tree.scaled(f64::from(weights[index])),
                    None => tree,
                })
            })
            .collect()
    }

    /// Every tree belongs to the one output.
    fn check_groups(&self, trees: usize) -> Result<(), XgBoostError> {
        let place = self.model.key("tree_info")?;
        let groups = place.integers()?;
        place.has_length(groups.len(), trees)?;
        match groups.iter().position(|&group| group != 0) {
            None => Ok(()),
            Some(index) => Err(XgBoostError::Unsupported {
                path: place.at(index),
                found: groups[index].to_string(),
                instead: "one model of many classes has no one PD",
            }),
        }
    }
}
