//! `XGBoost`'s model files, JSON and UBJSON (what `save_model` of 3.x writes).
//!
//! `XGBoost` rounds a value to `f32` and sends it left when it is below an `f32` threshold;
//! rounding is monotone, so that is one comparison in `f64` ([`crate::boosting::rounded_below`]).
//! The codes a categorical split lists go right, all others left, known to it or not; such a
//! node is taken over with its children exchanged. NaN goes the default way. Leaves and
//! tree weights are the file's `f32`; the sum is ours, in `f64`, so margins differ from
//! `XGBoost`'s own by its rounding.
//!
//! Two things hold only for values a table of features has. A number beyond the range of
//! `f32`, which `XGBoost` refuses, is here larger (or smaller) than every threshold. A code is
//! a whole number: of a fraction both sides take the integer part, but `XGBoost` rounds to
//! `f32` before and takes what is below zero, -0.5 too, for no code.
//!
//! What the rounds of a file mean is settled by the file: all of them are scored, as
//! `Booster.predict` does. Where early stopping left a `best_iteration` below the last one,
//! `XGBClassifier` would use fewer, so such a file is refused until it is cut.

use thiserror::Error;

use super::ImportedModel;

mod document;
mod json;
mod learner;
mod tree;
mod ubjson;

pub(crate) use learner::base_margin;
pub(crate) use tree::lowest_threshold;

/// Why a model is refused. A place in the file is given by its keys, as in
/// `learner.gradient_booster.model.trees[3].left_children[0]`.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum XgBoostError {
    /// The binary format of old versions.
    #[error(
        "this is XGBoost's old binary format, which tells too little of itself: load it with \
         the version that wrote it and save it as JSON or UBJSON \
         (`booster.save_model(\"model.json\")`)"
    )]
    Binary,
    /// Not JSON, or cut off.
    #[error("not valid JSON: {0}")]
    Json(String),
    /// Not UBJSON, or cut off.
    #[error("not valid UBJSON at byte {at}: {what}")]
    Ubjson { at: usize, what: &'static str },
    /// A key that every model has.
    #[error("{0} is missing")]
    Absent(String),
    /// A value of another kind.
    #[error("{path} is not {expected}")]
    Kind {
        path: String,
        expected: &'static str,
    },
    /// A model of a kind that is not scored here.
    #[error("{path} is {found}: {instead}")]
    Unsupported {
        path: String,
        found: String,
        instead: &'static str,
    },
    /// Lists that belong together, of different lengths.
    #[error("{path} has {found} entries where {expected} are due")]
    Length {
        path: String,
        found: usize,
        expected: usize,
    },
    /// A number that is infinite or NaN, or is in `f32`.
    #[error("{path} is not a finite number")]
    NotFinite { path: String },
    /// A number out of its range.
    #[error("{path} is {found}: {range}")]
    Range {
        path: String,
        found: String,
        range: &'static str,
    },
    /// Nodes that make no tree.
    #[error("{path}: {what}")]
    Tree { path: String, what: &'static str },
    /// Two columns of one name.
    #[error("{path}: the name `{name}` comes twice")]
    NameTwice { path: String, name: String },
    /// What is left when all of the above is checked.
    #[error("the trees are not valid: {0}")]
    Forest(#[from] crate::forest::ForestError),
}

/// The first byte that is no white space.
fn begin(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

/// Whether the bytes begin as a model of this library does.
#[must_use]
pub fn recognises(bytes: &[u8]) -> bool {
    begin(bytes).starts_with(b"{") || is_binary(bytes)
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(b"binf") || bytes.starts_with(b"bs64")
}

/// Reads a model: JSON when what follows the first brace is JSON, UBJSON otherwise.
pub fn read(bytes: &[u8]) -> Result<ImportedModel, XgBoostError> {
    if is_binary(bytes) {
        return Err(XgBoostError::Binary);
    }
    let inside = begin(bytes).get(1..).unwrap_or_default();
    // In UBJSON the length of a key follows, which begins with a letter.
    let is_json = matches!(begin(inside).first(), None | Some(b'"' | b'}'));
    if is_json {
        learner::model(&json::read(bytes)?, super::Source::XgBoostJson)
    } else {
        learner::model(&ubjson::read(bytes)?, super::Source::XgBoostUbjson)
    }
}
