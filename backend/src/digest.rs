//! SHA-256 in hexadecimal: the one digest of inputs, features, explanations, events, tokens.

use sha2::{Digest, Sha256};

/// Lower-case hexadecimal SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 over the canonical form (RFC 8785) of a JSON value.
pub fn canonical_sha256(value: &serde_json::Value) -> Result<String, serde_json::Error> {
    Ok(sha256(&serde_jcs::to_vec(value)?))
}
