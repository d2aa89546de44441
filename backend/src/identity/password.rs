//! Passwords: Argon2id (19 MiB, two passes, one lane, OWASP's minimum); which may be chosen is
//! in `password_rules`.
//! Hashing is slow on purpose, so it runs on blocking threads, and a semaphore bounds how many
//! at once. Each of those works in a block of memory that is made once and handed on, because
//! what an allocator is given back it keeps, on every thread that ever hashed. A flood of
//! sign-ins queues; what finds the queue full is told to come back.

use super::password_rules::{self, PasswordOwner};
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use std::sync::{Arc, Mutex, PoisonError};
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
    #[error(
        "this password, or one much like it, is on the lists of leaked ones; take several words \
         that do not belong together"
    )]
    Leaked,
    #[error(
        "this password repeats itself, which is guessed at once; take several words that do not \
         belong together"
    )]
    Repeated,
    #[error(
        "this password follows the alphabet, the numbers or a row of keys; take several words \
         that do not belong together"
    )]
    Sequence,
    #[error(
        "this password contains \"{0}\", from the name, the e-mail or the bank: it is tried \
         first; leave it out"
    )]
    Personal(String),
    #[error(
        "this password is made of parts that are tried first; take several words that do not \
         belong together"
    )]
    Guessable,
    #[error("this is the password of before; choose another")]
    Same,
    #[error("the password could not be hashed")]
    Hash,
    #[error("too many passwords are waiting to be hashed; try again shortly")]
    Busy,
}

impl Password {
    /// What somebody typed to sign in: any length is compared, none is accepted by itself.
    #[must_use]
    pub fn typed(text: String) -> Self {
        Self(text)
    }

    /// A password to be set, by the person that it must not be made of.
    pub fn chosen(text: String, owner: &PasswordOwner<'_>) -> Result<Self, PasswordError> {
        password_rules::check(&text, owner)?;
        Ok(Self(text))
    }

    /// True when both are the same text; both are in the hands of the person who typed them.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// Passwords that may wait for each that is being hashed. With two at a time of some 50 ms,
/// the last in the queue waits for less than two seconds.
const WAITING_PER_PERMIT: usize = 32;

/// Hashes and verifies, a bounded number at a time.
#[derive(Clone)]
pub struct PasswordHasher {
    /// Taken while waiting and while hashing.
    places: Arc<Semaphore>,
    /// Taken while hashing.
    permits: Arc<Semaphore>,
    /// At most one for each permit, made by whoever finds none.
    memories: Arc<Mutex<Vec<Memory>>>,
    /// Verified against when the account does not exist, so that the answer takes as long.
    decoy: Arc<str>,
}

/// Argon2's blocks.
type Memory = Vec<Block>;

fn parameters() -> Result<Params, PasswordError> {
    Params::new(19 * 1024, 2, 1, Some(Params::DEFAULT_OUTPUT_LEN)).map_err(|_| PasswordError::Hash)
}

/// Fills `out`; the memory grows to what the parameters ask for.
fn derive(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &Salt,
    out: &mut [u8],
    memory: &mut Memory,
) -> Result<(), PasswordError> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, out, memory)
        .map_err(|_| PasswordError::Hash)
}

fn hash(password: &str, memory: &mut Memory) -> Result<String, PasswordError> {
    let params = parameters()?;
    let salt = Salt::new(&rand::random::<[u8; 16]>()).map_err(|_| PasswordError::Hash)?;
    let described = ParamsString::try_from(&params).map_err(|_| PasswordError::Hash)?;
    let version = Version::V0x13;
    let argon2 = Argon2::new(Algorithm::Argon2id, version, params);
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    derive(&argon2, password, &salt, &mut out, memory)?;
    let phc = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(version.into()),
        params: described,
        salt: Some(salt),
        hash: Some(Output::new(&out).map_err(|_| PasswordError::Hash)?),
    };
    Ok(phc.to_string())
}

/// Compares by the algorithm and the parameters that were stored.
fn matches(password: &str, stored: &str, memory: &mut Memory) -> Result<bool, PasswordError> {
    let phc = PasswordHash::new(stored).map_err(|_| PasswordError::Hash)?;
    let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else {
        return Err(PasswordError::Hash);
    };
    let algorithm = Algorithm::try_from(phc.algorithm.as_str()).map_err(|_| PasswordError::Hash)?;
    let version = phc.version.map(Version::try_from).transpose();
    let version = version
        .map_err(|_| PasswordError::Hash)?
        .unwrap_or_default();
    let params = Params::try_from(&phc).map_err(|_| PasswordError::Hash)?;
    let mut out = vec![0; expected.len()];
    let argon2 = Argon2::new(algorithm, version, params);
    derive(&argon2, password, salt, &mut out, memory)?;
    // Outputs compare in constant time.
    Ok(Output::new(&out).is_ok_and(|computed| computed == *expected))
}

impl PasswordHasher {
    pub fn new(at_once: usize) -> Result<Self, PasswordError> {
        let mut memory = Memory::new();
        let decoy = hash("no account has this password", &mut memory)?.into();
        Ok(Self {
            places: Arc::new(Semaphore::new(at_once * (1 + WAITING_PER_PERMIT))),
            permits: Arc::new(Semaphore::new(at_once)),
            memories: Arc::new(Mutex::new(vec![memory])),
            decoy,
        })
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        self.work(move |memory| hash(&password.0, memory)).await
    }

    /// True when `password` belongs to `stored`; for an unknown account (`None`) it takes as
    /// long and is false.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let decoy = Arc::clone(&self.decoy);
        self.work(move |memory| {
            let phc = stored.as_deref().unwrap_or(&decoy);
            let matches = matches(&password.0, phc, memory)?;
            Ok(stored.is_some() && matches)
        })
        .await
    }

    /// Waits for a permit and works in a memory of its own. Place and permit go with the work:
    /// a caller who goes away does not make room for another while it still runs.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| PasswordError::Busy)?;
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Hash)?;
        let memories = Arc::clone(&self.memories);
        tokio::task::spawn_blocking(move || {
            let shelf = || memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = shelf().pop().unwrap_or_default();
            let done = work(&mut memory);
            shelf().push(memory);
            drop((permit, place));
            done
        })
        .await
        .map_err(|_| PasswordError::Hash)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    #[tokio::test]
    async fn a_password_verifies_and_another_does_not() {
        let hasher = PasswordHasher::new(1).expect("parameters are valid");
        let chosen = Password::typed("correct horse battery".into());
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

    #[tokio::test]
    async fn hashes_stored_by_other_parameters_and_by_earlier_versions_verify() {
        let hasher = PasswordHasher::new(1).expect("parameters are valid");
        let raised = Params::new(32 * 1024, 1, 2, Some(48)).expect("parameters are valid");
        let raised = Argon2::new(Algorithm::Argon2id, Version::V0x13, raised);
        for argon2 in [Argon2::default(), raised] {
            let stored: PasswordHash = argon2
                .hash_password(b"correct horse battery")
                .expect("hashes");
            for (typed, expected) in [("correct horse battery", true), ("correct horse", false)] {
                let typed = Password::typed(typed.to_owned());
                let answer = hasher.verify(typed, Some(stored.to_string())).await;
                assert_eq!(answer.expect("verifies"), expected);
            }
        }
        let chosen = Password::typed("correct horse battery".into());
        let ours = hasher.hash(chosen).await.expect("hashes");
        let verified = Argon2::default().verify_password(b"correct horse battery", ours.as_str());
        assert!(verified.is_ok(), "the library reads what we store: {ours}");
    }

    #[tokio::test]
    async fn memory_is_made_once_per_permit_and_handed_on() {
        let hasher = PasswordHasher::new(2).expect("parameters are valid");
        let all = (0..12).map(|_| hasher.verify(Password::typed("wrong".to_owned()), None));
        let answers = futures_util::future::join_all(all).await;
        assert!(
            answers
                .into_iter()
                .all(|answer| matches!(answer, Ok(false)))
        );
        let memories = hasher.memories.lock().expect("nobody panicked");
        assert!(memories.len() <= 2);
        assert!(memories.iter().all(|memory| memory.len() == 19 * 1024));
    }

    #[tokio::test]
    async fn what_finds_the_queue_full_is_sent_away() {
        let hasher = PasswordHasher::new(1).expect("parameters are valid");
        let all = (0..60).map(|_| hasher.verify(Password::typed("wrong".to_owned()), None));
        let answers = futures_util::future::join_all(all).await;
        let busy = answers
            .iter()
            .filter(|a| matches!(a, Err(PasswordError::Busy)));
        assert_eq!(busy.count(), 60 - 33);
    }
}
