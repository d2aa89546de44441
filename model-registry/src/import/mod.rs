//! Models that other libraries made, brought to this project's own form exactly.
//!
//! A file either becomes a [`Forest`] that gives the library's own margins, or is refused
//! with an error that names the line or the key: nothing is scored almost right. What the
//! bytes are is told from the bytes, not from a name.

use thiserror::Error;

use crate::forest::Forest;

pub mod lightgbm;
pub mod xgboost;

/// A model from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedModel {
    /// Its trees.
    pub forest: Forest,
    /// The columns of a row, in order.
    pub features: Vec<ImportedFeature>,
    /// PD is `logistic(slope * margin)` (`LightGBM`'s `sigmoid`; 1 in `XGBoost`).
    pub slope: f64,
    /// Who wrote the file.
    pub source: Source,
}

/// A column of an imported model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFeature {
    /// Its name in the file.
    pub name: String,
    /// Of a category whose levels the file lists: the level of each code.
    pub levels: Option<Vec<String>>,
    /// Whether a split looks its value up in a set of codes.
    pub categorical: bool,
}

/// What a model file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `LightGBM`'s text model.
    LightGbmText,
    /// `XGBoost`'s JSON model.
    XgBoostJson,
    /// `XGBoost`'s UBJSON model.
    XgBoostUbjson,
}

impl Source {
    /// Its name in messages and manifests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LightGbmText => "LightGBM text",
            Self::XgBoostJson => "XGBoost JSON",
            Self::XgBoostUbjson => "XGBoost UBJSON",
        }
    }
}

/// Why a file is no model that can be scored exactly.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ImportError {
    /// None of the known kinds of file.
    #[error(
        "this is no model file known here: a LightGBM text model begins with the line `tree`, \
         an XGBoost model is JSON or UBJSON with the key `learner`"
    )]
    Unknown,
    /// Of `LightGBM`.
    #[error("LightGBM text model: {0}")]
    LightGbm(#[from] lightgbm::LightGbmError),
    /// Of `XGBoost`.
    #[error("XGBoost model: {0}")]
    XgBoost(#[from] xgboost::XgBoostError),
}

/// Reads a model file of any known kind.
pub fn read(bytes: &[u8]) -> Result<ImportedModel, ImportError> {
    if lightgbm::recognises(bytes) {
        return Ok(lightgbm::read(bytes)?);
    }
    if xgboost::recognises(bytes) {
        return Ok(xgboost::read(bytes)?);
    }
    Err(ImportError::Unknown)
}
