//! Signatures of packages: who made a version, provable without the database.
//!
//! A digest says that bytes are what a row names; a signature (Ed25519, RFC 8032) says that
//! this service named them, also for a package that was carried elsewhere. It covers the
//! digest behind a line that no other signature of the service begins with, so that one
//! cannot be passed off as another.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What every signed message begins with.
const CONTEXT: &str = "octroi package v1\n";

/// The keys of a service: one signs, all verify. Cloning copies the secret.
#[derive(Clone)]
pub struct PackageKeys {
    signing: SigningKey,
    earlier: Vec<VerifyingKey>,
}

impl std::fmt::Debug for PackageKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackageKeys")
            .field("public", &hex::encode(self.signing.verifying_key()))
            .finish_non_exhaustive()
    }
}

/// A signature as it is stored: `packages/<digest>.sig`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageSignature {
    /// `Ed25519`.
    pub algorithm: String,
    /// The package that is signed.
    pub digest: String,
    /// Public key, in hexadecimal.
    pub key: String,
    /// In hexadecimal.
    pub signature: String,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// There is none.
    #[error("package {0} is not signed")]
    Missing(String),
    /// What stands there is no signature of this package.
    #[error("the signature of package {digest} cannot be read: {why}")]
    Unreadable { digest: String, why: String },
    /// Made with a key this service does not know.
    #[error("package {digest} is signed with the key {key}, which is not one of this service's")]
    UnknownKey { digest: String, key: String },
    /// The signature does not fit.
    #[error("the signature of package {0} does not fit: package or signature was altered")]
    Wrong(String),
}

impl PackageKeys {
    /// Keys that sign with `seed`; `earlier` public keys (32 bytes each) still verify.
    /// One of them that is no point of the curve is left out: nothing verifies by it.
    #[must_use]
    pub fn new(seed: [u8; 32], earlier: &[[u8; 32]]) -> Self {
        let points = earlier
            .iter()
            .filter_map(|key| VerifyingKey::from_bytes(key).ok());
        Self {
            signing: SigningKey::from_bytes(&seed),
            earlier: points.collect(),
        }
    }

    /// The public key that new signatures verify by.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// The signature of a package's digest.
    #[must_use]
    pub fn sign(&self, digest: &str) -> PackageSignature {
        PackageSignature {
            algorithm: "Ed25519".to_owned(),
            digest: digest.to_owned(),
            key: hex::encode(self.public()),
            signature: hex::encode(self.signing.sign(&message(digest)).to_bytes()),
        }
    }

    /// Checks that the stored bytes `signature` are one of ours for this digest.
    pub fn verify(&self, digest: &str, signature: &[u8]) -> Result<(), SignatureError> {
        let unreadable = |why: String| SignatureError::Unreadable {
            digest: digest.to_owned(),
            why,
        };
        let stored: PackageSignature =
            serde_json::from_slice(signature).map_err(|error| unreadable(error.to_string()))?;
        if stored.algorithm != "Ed25519" {
            return Err(unreadable(format!("algorithm `{}`", stored.algorithm)));
        }
        let bytes = hex::decode(&stored.signature)
            .ok()
            .and_then(|bytes| Signature::from_slice(&bytes).ok())
            .ok_or_else(|| unreadable("64 bytes in hexadecimal are expected".to_owned()))?;
        let own = self.signing.verifying_key();
        let key = std::iter::once(&own)
            .chain(&self.earlier)
            .find(|known| hex::encode(known) == stored.key)
            .ok_or_else(|| SignatureError::UnknownKey {
                digest: digest.to_owned(),
                key: stored.key.clone(),
            })?;
        // Strict: one message and key have one signature only.
        key.verify_strict(&message(digest), &bytes)
            .map_err(|_| SignatureError::Wrong(digest.to_owned()))
    }
}

fn message(digest: &str) -> Vec<u8> {
    format!("{CONTEXT}{digest}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn stored(signature: &PackageSignature) -> Vec<u8> {
        serde_json::to_vec(signature).expect("JSON")
    }

    #[test]
    fn a_signature_counts_for_its_own_digest_only() {
        let keys = PackageKeys::new([7; 32], &[]);
        let signature = stored(&keys.sign(DIGEST));
        assert_eq!(keys.verify(DIGEST, &signature), Ok(()));
        let other = DIGEST.replace('e', "f");
        assert_eq!(
            keys.verify(&other, &signature),
            Err(SignatureError::Wrong(other.clone()))
        );
    }

    #[test]
    fn a_key_that_was_replaced_still_verifies_and_a_strangers_never_does() {
        let old = PackageKeys::new([7; 32], &[]);
        let new = PackageKeys::new([8; 32], &[old.public()]);
        let stranger = PackageKeys::new([9; 32], &[]);
        assert_eq!(new.verify(DIGEST, &stored(&old.sign(DIGEST))), Ok(()));
        assert!(matches!(
            new.verify(DIGEST, &stored(&stranger.sign(DIGEST))),
            Err(SignatureError::UnknownKey { .. })
        ));
        let mut claimed = stranger.sign(DIGEST);
        claimed.key = hex::encode(new.public());
        assert_eq!(
            new.verify(DIGEST, &stored(&claimed)),
            Err(SignatureError::Wrong(DIGEST.to_owned()))
        );
    }

    #[test]
    fn a_flipped_byte_of_the_signature_is_found() {
        let keys = PackageKeys::new([7; 32], &[]);
        let signature = stored(&keys.sign(DIGEST));
        for place in 0..signature.len() {
            let mut altered = signature.clone();
            altered[place] ^= 1;
            let verdict = keys.verify(DIGEST, &altered);
            // The digest inside is for people; what counts is the one that was asked for.
            let read: Option<PackageSignature> = serde_json::from_slice(&altered).ok();
            let harmless = read.is_some_and(|read| {
                let own = keys.sign(DIGEST);
                (&read.algorithm, &read.key, &read.signature)
                    == (&own.algorithm, &own.key, &own.signature)
            });
            assert_eq!(verdict.is_ok(), harmless, "byte {place}");
        }
    }
}
