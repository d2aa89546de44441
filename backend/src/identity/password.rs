//! Passwords: Argon2id (19 MiB, two passes, one lane, OWASP's minimum), 12 to 128 characters.
//! Hashing is slow on purpose, so it runs on blocking threads, and a semaphore bounds how many
//! at once: a flood of sign-ins queues instead of taking the machine's memory.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A password in the clear; never printed, never serialised.
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(***)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("a password has 12 to 128 characters; this one has {0}")]
    Length(usize),
    #[error("this password is on every list of leaked ones; choose another")]
    Leaked,
    #[error("the password could not be hashed")]
    Hash,
}

/// The most common leaked passwords of 12 characters or more (shorter ones are refused by
/// length already).
const LEAKED: [&str; 16] = [
    "123456789012",
    "1234567890123",
    "1q2w3e4r5t6y",
    "111111111111",
    "000000000000",
    "passwordpassword",
    "password1234",
    "password12345",
    "qwertyuiop123",
    "qwerty123456",
    "azertyuiop123",
    "motdepasse123",
    "administrator",
    "letmeinletmein",
    "iloveyou1234",
    "unknown12345",
];

impl Password {
    /// What somebody typed to sign in: any length is compared, none is accepted by itself.
    #[must_use]
    pub fn typed(text: String) -> Self {
        Self(text)
    }

    /// A password to be set.
    pub fn chosen(text: String) -> Result<Self, PasswordError> {
        let length = text.chars().count();
        if !(12..=128).contains(&length) {
            return Err(PasswordError::Length(length));
        }
        if LEAKED.contains(&text.to_lowercase().as_str()) {
            return Err(PasswordError::Leaked);
        }
        Ok(Self(text))
    }
}

/// Hashes and verifies, a bounded number at a time.
#[derive(Clone)]
pub struct PasswordHasher {
    permits: Arc<Semaphore>,
    /// Verified against when the account does not exist, so that the answer takes as long.
    decoy: Arc<str>,
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, PasswordError> {
    Ok(argon2()?
        .hash_password(password.as_bytes())
        .map_err(|_| PasswordError::Hash)?
        .to_string())
}

impl PasswordHasher {
    pub fn new(at_once: usize) -> Result<Self, PasswordError> {
        Ok(Self {
            permits: Arc::new(Semaphore::new(at_once)),
            decoy: hash("no account has this password")?.into(),
        })
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| PasswordError::Hash)?;
        tokio::task::spawn_blocking(move || hash(&password.0))
            .await
            .map_err(|_| PasswordError::Hash)?
    }

    /// True when `password` belongs to `stored`; for an unknown account (`None`) it takes as
    /// long and is false.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| PasswordError::Hash)?;
        let decoy = Arc::clone(&self.decoy);
        tokio::task::spawn_blocking(move || {
            let known = stored.is_some();
            let phc = stored.as_deref().unwrap_or(&decoy);
            let parsed = PasswordHash::new(phc).map_err(|_| PasswordError::Hash)?;
            let matches = argon2()?
                .verify_password(password.0.as_bytes(), &parsed)
                .is_ok();
            Ok(known && matches)
        })
        .await
        .map_err(|_| PasswordError::Hash)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_verifies_and_another_does_not() {
        let hasher = PasswordHasher::new(1).expect("parameters are valid");
        let chosen = Password::chosen("correct horse battery".into()).expect("long enough");
        let stored = hasher.hash(chosen).await.expect("hashes");
        assert!(stored.starts_with("$argon2id$"));
        let typed = |text: &str| Password::typed(text.to_owned());
        assert!(
            hasher
                .verify(typed("correct horse battery"), Some(stored.clone()))
                .await
                .expect("verifies")
        );
        assert!(
            !hasher
                .verify(typed("wrong"), Some(stored))
                .await
                .expect("verifies")
        );
        assert!(
            !hasher
                .verify(typed("anything"), None)
                .await
                .expect("verifies")
        );
    }

    #[test]
    fn short_and_leaked_passwords_are_refused() {
        assert!(matches!(
            Password::chosen("short".into()),
            Err(PasswordError::Length(5))
        ));
        assert!(matches!(
            Password::chosen("Password1234".into()),
            Err(PasswordError::Leaked)
        ));
    }
}
