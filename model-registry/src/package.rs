//! A model version: one immutable, content-addressed document.
//!
//! A package is a manifest and a model, written as canonical JSON (RFC 8785), and its name
//! is the SHA-256 of those bytes. It holds no time, host or person, so the same data, seed
//! and code give the same digest. Canonical JSON writes every `f64` in the shortest form that
//! reads back as the same bits (a negative zero excepted; [`crate::forest`] has none).

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::calibration::{Calibration, CalibrationTrial};
use crate::evaluation::Evaluation;
use crate::model::Model;
use crate::training::Parameter;

mod format_1;

/// The format this code writes; it reads this one and all before it (`docs/PACKAGES.md`).
pub const FORMAT: u32 = 2;

/// Points of a reference distribution: minimum, each twentieth, maximum.
pub const QUANTILES: usize = 21;

/// A model and everything needed to know where it comes from and how it should be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// What is known about the model.
    pub manifest: Manifest,
    /// The model itself.
    pub model: Model,
    /// From its margin to the PD.
    pub calibration: Calibration,
    /// Some of the training rows, one value per feature (`None` is missing): the population
    /// that drift is measured from. No identifiers, no outcomes.
    pub sample: Vec<Vec<Option<f64>>>,
}

/// What is known about a model version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Name of the portfolio whose features the model takes.
    pub portfolio: String,
    /// Which candidate it is: `dummy`, `scorecard`, `boosting`, ...
    pub algorithm: String,
    /// Version of the code that trained it.
    pub code_version: String,
    /// The columns of a row, in order.
    pub features: Vec<PackageFeature>,
    /// SHA-256 of the SQL that computes the features.
    pub features_sql_digest: String,
    /// A PD at or above it is refused.
    pub threshold: f64,
    /// Cost of a default granted.
    pub fn_cost: f64,
    /// Cost of a good client refused.
    pub fp_cost: f64,
    /// Of the out-of-fold predictions of this model's kind.
    pub evaluation: Evaluation,
    /// All that were compared, this one among them.
    pub candidates: Vec<Candidate>,
    /// Features by mean absolute contribution, largest first.
    pub importance: Vec<Importance>,
    /// What it was trained on and how.
    pub training: TrainingRecord,
    /// Where the model comes from.
    pub origin: Origin,
    /// Calibrations compared; empty where none was.
    pub calibration_trials: Vec<CalibrationTrial>,
    /// The search for the settings of the tuned candidate; absent where there was none.
    pub search: Option<Search>,
    /// PD by the value of the most important features.
    pub partial_dependence: Vec<PartialDependence>,
    /// Contributions of some training rows, of the most important features.
    pub beeswarm: Vec<BeeswarmFeature>,
    /// The out-of-fold predictions by group of clients.
    pub slices: Vec<SliceEvaluation>,
    /// On labelled clients that took no part in training; absent where there were none.
    pub holdout: Option<Holdout>,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// Trained here.
    Trained,
    /// Read from another library's file.
    Imported {
        /// Kind of file: [`crate::import::Source::as_str`].
        source: String,
        /// Name of the file.
        file: String,
        /// SHA-256 of its bytes.
        sha256: String,
    },
}

/// A search for settings by successive halving: many are tried with few boosting rounds,
/// and the better ones again with more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// What was varied.
    pub ranges: Vec<SearchRange>,
    /// Every setting tried, in the order drawn.
    pub trials: Vec<Trial>,
}

/// A setting that was varied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchRange {
    /// Its name.
    pub name: String,
    /// Least value.
    pub from: f64,
    /// Greatest value.
    pub to: f64,
    /// Drawn evenly on a logarithmic scale.
    pub logarithmic: bool,
}

/// One setting that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The settings.
    pub parameters: Vec<Parameter>,
    /// Boosting rounds it was given at last.
    pub rounds: usize,
    /// Out-of-fold AUC with that many.
    pub auc: f64,
    /// Out-of-fold log loss with that many: the least goes on.
    pub log_loss: f64,
    /// Whether the tuned candidate has these settings.
    pub chosen: bool,
}

/// The mean PD of a sample of training rows with one feature set to one value after the
/// other (Friedman, 2001).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartialDependence {
    /// Name of the feature.
    pub feature: String,
    /// By value, ascending; of a category the value is the index of a level.
    pub points: Vec<DependencePoint>,
    /// With the value missing; absent where the training rows have it always.
    pub missing_pd: Option<f64>,
}

/// A point of a [`PartialDependence`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependencePoint {
    /// The value set.
    pub value: f64,
    /// Mean PD.
    pub mean_pd: f64,
}

/// Contributions of one feature to some training rows' margins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeeswarmFeature {
    /// Name of the feature.
    pub feature: String,
    /// One per row.
    pub points: Vec<BeeswarmPoint>,
}

/// One row's point of a [`BeeswarmFeature`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeeswarmPoint {
    /// In log-odds.
    pub contribution: f64,
    /// Rank of the value among the rows, 0 (least) to 1; absent where it is missing, and of
    /// categories, which have no order.
    pub rank: Option<f64>,
}

/// A group of clients, and how the model does on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliceEvaluation {
    /// The feature that makes the groups.
    pub feature: String,
    /// Which of them.
    pub group: SliceGroup,
    /// Clients in it.
    pub rows: usize,
    /// Of which defaulted.
    pub defaults: usize,
    /// Mean PD out of fold.
    pub mean_pd: f64,
    /// AUC within the group; absent where all defaulted or none did.
    pub auc: Option<f64>,
    /// Cost per client at the version's threshold.
    pub cost_per_client: f64,
    /// Share granted at the version's threshold.
    pub granted_share: f64,
}

/// What the clients of a group have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceGroup {
    /// This level of a category.
    Level(String),
    /// A number from `from` to `to`, both included.
    Range {
        /// Least value.
        from: f64,
        /// Greatest value.
        to: f64,
    },
    /// No value.
    Missing,
}

/// Labelled clients that took no part in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdout {
    /// The files read.
    pub tables: Vec<SourceTable>,
    /// Of the version's own PD; its threshold is the one cheapest there, not the version's.
    pub evaluation: Evaluation,
    /// Cost per client at the version's threshold.
    pub cost_at_threshold: f64,
}

/// One column of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageFeature {
    /// Name in the portfolio's dictionary.
    pub name: String,
    /// Of a category: its levels; the value of a row is the index of one.
    pub levels: Option<Vec<String>>,
    /// How its values were distributed in training.
    pub reference: Reference,
}

/// The distribution of a feature over the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Share of rows without a value.
    pub missing_share: f64,
    /// Of a number that is not always missing: minimum, each twentieth, maximum.
    pub quantiles: Option<[f64; QUANTILES]>,
    /// Of a category: share of the rows at each level.
    pub level_shares: Option<Vec<f64>>,
}

/// A candidate of the comparison, with what it reached out of fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Short name, unique in the comparison.
    pub name: String,
    /// `dummy`, `scorecard` or `boosting`.
    pub kind: String,
    /// One English sentence.
    pub description: String,
    /// Mean of the folds' AUC.
    pub auc_mean: f64,
    /// Standard deviation of the folds' AUC (n - 1).
    pub auc_std: f64,
    /// AUC of each fold.
    pub auc_folds: Vec<f64>,
    /// Of all out-of-fold predictions together, as are the following.
    pub auc: f64,
    /// See [`Evaluation::average_precision`].
    pub average_precision: f64,
    /// See [`Evaluation::brier`].
    pub brier: f64,
    /// See [`Evaluation::log_loss`].
    pub log_loss: f64,
    /// See [`Evaluation::cost_per_client`].
    pub cost_per_client: f64,
    /// See [`Evaluation::threshold`].
    pub threshold: f64,
    /// See [`Evaluation::ks`]; packages of format 1 do not tell.
    pub ks: Option<f64>,
    /// See [`Evaluation::expected_calibration_error`]; packages of format 1 do not tell.
    pub expected_calibration_error: Option<f64>,
    /// 95% interval of `auc`.
    pub auc_interval: Option<[f64; 2]>,
    /// 95% interval of `cost_per_client`.
    pub cost_interval: Option<[f64; 2]>,
    /// How the rarity of defaults was handled.
    pub imbalance: String,
}

impl Candidate {
    /// What an evaluation says of a candidate, before it has a name and folds: its maker sets
    /// those.
    pub(crate) fn measured(evaluation: &Evaluation) -> Self {
        let intervals = evaluation.intervals;
        Self {
            name: String::new(),
            kind: String::new(),
            description: String::new(),
            auc_mean: evaluation.auc,
            auc_std: 0.0,
            auc_folds: Vec::new(),
            auc: evaluation.auc,
            average_precision: evaluation.average_precision,
            brier: evaluation.brier,
            log_loss: evaluation.log_loss,
            cost_per_client: evaluation.cost_per_client,
            threshold: evaluation.threshold,
            ks: Some(evaluation.ks),
            expected_calibration_error: Some(evaluation.expected_calibration_error),
            auc_interval: intervals.map(|intervals| intervals.auc),
            cost_interval: intervals.map(|intervals| intervals.cost_per_client),
            imbalance: String::new(),
        }
    }
}

/// How much a feature matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Importance {
    /// Name of the feature.
    pub feature: String,
    /// Mean absolute contribution over a sample of training rows, in log-odds.
    pub mean_abs_contribution: f64,
}

/// What a model was trained on and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRecord {
    /// Training rows.
    pub rows: usize,
    /// Of which defaulted.
    pub defaults: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Folds of the cross-validation.
    pub folds: usize,
    /// SHA-256 over ids, values and outcomes ([`crate::training::data_fingerprint`]).
    pub data_fingerprint: String,
    /// The files read.
    pub tables: Vec<SourceTable>,
    /// Tables of the portfolio that were not there.
    pub absent_tables: Vec<String>,
    /// Settings of the chosen candidate.
    pub parameters: Vec<Parameter>,
}

/// A file that was read for training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    /// Name of the table in the portfolio.
    pub table: String,
    /// Name of the file.
    pub file: String,
    /// Its rows.
    pub rows: usize,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Why bytes are not a package.
#[derive(Debug, Error)]
pub enum PackageError {
    /// The bytes are not those the digest was made of.
    #[error("package {expected} is damaged: its bytes have the digest {found}")]
    Damaged { expected: String, found: String },
    /// Written by other code.
    #[error("package format {found} is not supported (this version reads formats 1 to {FORMAT})")]
    Format { found: u64 },
    /// Not a package at all, or one of its parts is invalid.
    #[error("not a valid package: {0}")]
    Invalid(#[source] serde_json::Error),
    /// The model takes another number of features than the manifest lists.
    #[error("the manifest lists {listed} features, the model takes {taken}")]
    Features { listed: usize, taken: usize },
    /// A row of the sample that is not one of this model's.
    #[error("row {row} of the sample has {values} values, the model takes {taken}")]
    Sample {
        row: usize,
        values: usize,
        taken: usize,
    },
    /// A number JSON cannot hold (NaN or infinite).
    #[error("the package cannot be written: {0}")]
    Unwritable(#[source] serde_json::Error),
}

impl Package {
    /// Canonical JSON: the bytes that are stored and hashed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackageError> {
        serde_jcs::to_vec(self).map_err(PackageError::Unwritable)
    }

    /// SHA-256 of the canonical bytes, in hexadecimal: the name of the package.
    pub fn digest(&self) -> Result<String, PackageError> {
        Ok(digest(&self.to_bytes()?))
    }

    /// Reads a package without knowing its digest; the format is looked at first. An older
    /// one is brought to today's form, in memory only.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PackageError> {
        let package: Self = match stored_format(bytes)? {
            1 => format_1::read(bytes).map_err(PackageError::Invalid)?,
            2 => serde_json::from_slice(bytes).map_err(PackageError::Invalid)?,
            found => return Err(PackageError::Format { found }),
        };
        let (listed, taken) = (package.manifest.features.len(), package.model.features());
        if listed != taken {
            return Err(PackageError::Features { listed, taken });
        }
        if let Some(row) = package.sample.iter().position(|row| row.len() != taken) {
            return Err(PackageError::Sample {
                row,
                values: package.sample[row].len(),
                taken,
            });
        }
        Ok(package)
    }

    /// The calibrated probability of default of a margin.
    #[must_use]
    pub fn pd(&self, margin: f64) -> f64 {
        self.calibration.pd(margin)
    }

    /// The sample of training rows: rows x features, NaN is missing.
    #[must_use]
    pub fn reference_rows(&self) -> Array2<f64> {
        let shape = (self.sample.len(), self.manifest.features.len());
        Array2::from_shape_fn(shape, |(row, column)| {
            self.sample[row]
                .get(column)
                .copied()
                .flatten()
                .unwrap_or(f64::NAN)
        })
    }

    /// Reads a package that must have this digest.
    pub fn verified(bytes: &[u8], expected: &str) -> Result<Self, PackageError> {
        let found = digest(bytes);
        if found != expected {
            return Err(PackageError::Damaged {
                expected: expected.to_owned(),
                found,
            });
        }
        Self::from_bytes(bytes)
    }
}

/// The format a package says it has.
pub fn stored_format(bytes: &[u8]) -> Result<u64, PackageError> {
    let head: Head = serde_json::from_slice(bytes).map_err(PackageError::Invalid)?;
    Ok(head.manifest.format)
}

/// The part of a package every format has.
#[derive(Deserialize)]
struct Head {
    manifest: HeadManifest,
}

#[derive(Deserialize)]
struct HeadManifest {
    format: u64,
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
