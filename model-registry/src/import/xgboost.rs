//! `XGBoost`'s model files, JSON and UBJSON.

use thiserror::Error;

use super::ImportedModel;

/// Why a model is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum XgBoostError {
    /// Still to come.
    #[error("not readable yet")]
    Pending,
}

/// Whether the bytes begin as a model of this library does.
#[must_use]
pub fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{")
}

/// Reads a model.
pub fn read(_bytes: &[u8]) -> Result<ImportedModel, XgBoostError> {
    Err(XgBoostError::Pending)
}
