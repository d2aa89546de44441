//! `LightGBM`'s text model (`tree`, version v3 or v4).

use thiserror::Error;

use super::ImportedModel;

/// Why a text model is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LightGbmError {
    /// Still to come.
    #[error("not readable yet")]
    Pending,
}

/// Whether the bytes begin as a text model does.
#[must_use]
pub fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n")
}

/// Reads a text model.
pub fn read(_bytes: &[u8]) -> Result<ImportedModel, LightGbmError> {
    Err(LightGbmError::Pending)
}
