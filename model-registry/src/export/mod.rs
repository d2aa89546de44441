//! Models of this registry as files that other libraries load and score the same.
//!
//! What a format cannot say exactly is refused by name. What does not change a margin (how
//! the PD is calibrated, a cover that is no whole number) is told as a [`Remark`] instead.

use std::borrow::Cow;

use thiserror::Error;

use crate::calibration::Calibration;
use crate::forest::{Aggregation, Forest, ForestError};
use crate::model::Model;
use crate::package::{Package, PackageFeature};

pub mod lightgbm;
pub mod xgboost;

/// What a model can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `XGBoost`'s JSON model.
    XgBoost,
    /// `LightGBM`'s text model.
    LightGbm,
}

/// A file made of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The file.
    pub bytes: Vec<u8>,
    /// What the file does not say, or says in another way.
    pub remarks: Vec<Remark>,
}

/// What whoever uses the file should know.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Remark {
    /// Margins are the same, PDs are not.
    #[error(
        "the isotonic calibration is not part of the file: its margins are this version's, its \
         probabilities are not"
    )]
    Uncalibrated,
    /// PDs are the same, margins are not.
    #[error(
        "the calibration is part of the file (slope {slope}): its probabilities are this \
         version's PDs, its margins are this version's plus {shift}"
    )]
    Shifted { slope: f64, shift: f64 },
    /// PDs are the same, margins and contributions are not.
    #[error(
        "the calibration is part of the file: its probabilities are this version's PDs, its \
         margins are {slope} times this version's plus {intercept}"
    )]
    Rescaled { slope: f64, intercept: f64 },
    /// Contributions are near, not equal.
    #[error(
        "the training rows of this model were counted by weight: the library rounds them, so its \
         contributions differ slightly; its margins do not"
    )]
    RoundedCover,
    /// Contributions cannot be had there.
    #[error(
        "some nodes hold no training row, such as the bin of a value that was never missing: \
         LightGBM's own contributions are no numbers then; its margins are these"
    )]
    EmptyNodes,
}

/// Why a model cannot be written.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ExportError {
    /// A scorecard that cannot be told as trees.
    #[error("the scorecard cannot be written as trees: {0}")]
    Scorecard(String),
    /// A constant that is no margin.
    #[error(transparent)]
    Forest(#[from] ForestError),
    /// What `XGBoost` cannot say.
    #[error("XGBoost: {0}")]
    XgBoost(#[from] xgboost::XgBoostExportError),
    /// What `LightGBM` cannot say.
    #[error("LightGBM: {0}")]
    LightGbm(#[from] lightgbm::LightGbmExportError),
}

/// What every format is made of.
pub(crate) struct Content<'a> {
    pub(crate) forest: Cow<'a, Forest>,
    pub(crate) features: &'a [PackageFeature],
    pub(crate) calibration: &'a Calibration,
}

/// Writes the model of a package.
pub fn write(package: &Package, format: Format) -> Result<Export, ExportError> {
    let forest = match &package.model {
        Model::Forest(forest) => Cow::Borrowed(forest),
        Model::Constant(constant) => Cow::Owned(Forest::new(
            constant.features,
            constant.margin,
            Aggregation::Sum,
            Vec::new(),
        )?),
        Model::Scorecard(scorecard) => {
            let trees = scorecard.to_forest();
            Cow::Owned(trees.map_err(|error| ExportError::Scorecard(error.to_string()))?)
        }
    };
    let content = Content {
        forest,
        features: &package.manifest.features,
        calibration: &package.calibration,
    };
    match format {
        Format::XgBoost => Ok(xgboost::write(&content)?),
        Format::LightGbm => Ok(lightgbm::write(&content)?),
    }
}
