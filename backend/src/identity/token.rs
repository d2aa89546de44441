//! Access tokens for the programs of people: a JWT signed with Ed25519, good for fifteen
//! minutes, and only as long as the person has not ended the tokens of before: each carries the
//! generation of the account that it was issued for; signing out, a new password and disabling
//! count the generation on, which no clock can get wrong. The keys are shared by all replicas
//! ([`crate::keys`]), so that each accepts the others' tokens; the newest signs, and a key that
//! was replaced verifies until the last token it can have signed has run out, not longer: who
//! has stolen it makes no more.

use crate::instant;
use crate::keys::{InUse, KeyError, KeyStore, Purpose};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a token is good, in seconds.
pub const LIFETIME_SECONDS: i64 = 900;
/// How far the clocks of replicas may be apart, in seconds.
const SKEW_SECONDS: i64 = 30;
const ISSUER: &str = "octroi";

/// After how long the keys are read again before one signs: so long a replaced key may still
/// be signed with, by a replica that has not heard of the new one.
const READ_AGAIN: Duration = Duration::from_mins(1);
/// And so long, in seconds, a token lives beyond that: its life and the leeway of the check.
const STILL_VERIFIES: i64 = LIFETIME_SECONDS + 60 + 60;

/// PKCS#8 v1 wrapper of a bare Ed25519 seed (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Names of our keys are shorter.
const LONGEST_KEY_ID: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the signing key in the database is damaged: {0}")]
    Key(jsonwebtoken::errors::Error),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error("the token is not valid")]
    Invalid,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: Uuid,
    tenant: Uuid,
    iat: i64,
    exp: i64,
    /// Of the account, when the token was issued.
    #[serde(default)]
    generation: i64,
}

/// Whom a genuine token is for. It is good while the account has this generation.
pub struct TokenOwner {
    pub tenant: Uuid,
    pub user: Uuid,
    pub generation: i64,
}

/// Signs and checks access tokens.
pub struct TokenSigner {
    store: Arc<KeyStore>,
    keys: InUse<TokenKeys>,
}

/// All keys of tokens, newest first.
struct TokenKeys(Vec<TokenKey>);

struct TokenKey {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// Second after which nothing that it has signed is good.
    verifies_until: i64,
}

impl TokenKeys {
    async fn read(store: &KeyStore) -> Result<Self, TokenError> {
        let mut keys = Vec::new();
        let mut verifies_until = i64::MAX;
        for pair in store.keys(Purpose::Tokens).await? {
            let private = Zeroizing::new([PKCS8_PREFIX.as_slice(), pair.seed()].concat());
            let public = URL_SAFE_NO_PAD.encode(pair.public());
            keys.push(TokenKey {
                encoding: EncodingKey::from_ed_der(&private),
                decoding: DecodingKey::from_ed_components(&public).map_err(TokenError::Key)?,
                id: pair.id,
                verifies_until,
            });
            // The one before it was replaced when this one was made.
            verifies_until = pair.created_at / 1_000_000 + STILL_VERIFIES;
        }
        Ok(Self(keys))
    }

    fn named(&self, id: &str) -> Option<&TokenKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl TokenSigner {
    /// Loads the keys of the service.
    pub async fn load(store: Arc<KeyStore>) -> Result<Self, TokenError> {
        let keys = InUse::new(TokenKeys::read(&store).await?);
        Ok(Self { store, keys })
    }

    async fn newer_than(&self, stale: &Arc<TokenKeys>) -> Result<Arc<TokenKeys>, TokenError> {
        let read = || TokenKeys::read(&self.store);
        self.keys.newer_than(stale, read).await
    }

    /// A token for this person.
    pub async fn issue(&self, owner: &TokenOwner) -> Result<String, TokenError> {
        let mut keys = self.keys.current();
        if self.keys.age() > READ_AGAIN {
            match self.newer_than(&keys).await {
                Ok(newer) => keys = newer,
                // What it has will do: the operator's key may just have been exchanged.
                Err(error) => tracing::error!(%error, "the keys of tokens cannot be read again"),
            }
        }
        let key = keys.0.first().ok_or(KeyError::NotConfigured)?;
        let iat = instant::now() / 1_000_000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: owner.user,
            tenant: owner.tenant,
            iat,
            exp: iat + LIFETIME_SECONDS,
            generation: owner.generation,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.id.clone());
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(TokenError::Key)
    }

    /// The owner of a token that is genuine and has not run out.
    pub async fn check(&self, token: &str) -> Result<TokenOwner, TokenError> {
        let key_id = jsonwebtoken::decode_header(token)
            .ok()
            .filter(|header| header.alg == Algorithm::EdDSA)
            .and_then(|header| header.kid)
            .filter(|id| id.len() <= LONGEST_KEY_ID)
            .ok_or(TokenError::Invalid)?;
        let mut keys = self.keys.current();
        if keys.named(&key_id).is_none() {
            // Another replica may sign with a newer key than we have read.
            keys = self.newer_than(&keys).await?;
        }
        let now = instant::now() / 1_000_000;
        let key = keys
            .named(&key_id)
            .filter(|key| now <= key.verifies_until)
            .ok_or(TokenError::Invalid)?;
        genuine(token, &key.decoding, now)
    }
}

/// A signature alone is not enough: a token that claims a longer life than the service gives,
/// or one from the future, was not issued as it should be, whoever signed it.
fn genuine(token: &str, key: &DecodingKey, now: i64) -> Result<TokenOwner, TokenError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.leeway = SKEW_SECONDS.unsigned_abs();
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
        .map_err(|_| TokenError::Invalid)?
        .claims;
    let life = claims.exp.saturating_sub(claims.iat);
    if !(1..=LIFETIME_SECONDS).contains(&life) || claims.iat > now.saturating_add(SKEW_SECONDS) {
        return Err(TokenError::Invalid);
    }
    Ok(TokenOwner {
        tenant: claims.tenant,
        user: claims.sub,
        generation: claims.generation,
    })
}
#[cfg(test)]
mod tests {
    use super::*;

    fn signed(iat: i64, exp: i64) -> Result<TokenOwner, TokenError> {
        let seed = [7_u8; 32];
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: Uuid::nil(),
            tenant: Uuid::nil(),
            iat,
            exp,
            generation: 3,
        };
        let encoding = EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed].concat());
        let header = Header::new(Algorithm::EdDSA);
        let token = jsonwebtoken::encode(&header, &claims, &encoding).expect("it is signed");
        let public = URL_SAFE_NO_PAD.encode(public.as_bytes());
        let decoding = DecodingKey::from_ed_components(&public).expect("a key");
        genuine(&token, &decoding, instant::now() / 1_000_000)
    }

    #[test]
    fn a_signed_token_that_lives_longer_than_the_service_gives_is_refused() {
        let now = instant::now() / 1_000_000;
        let owner = signed(now, now + LIFETIME_SECONDS).expect("as the service issues it");
        assert_eq!(owner.generation, 3);
        for (iat, exp) in [
            (now, now + LIFETIME_SECONDS + 1),
            (now, now + 10 * 365 * 86_400),
            (i64::MIN, i64::MAX),
            (now, i64::MAX),
        ] {
            assert!(signed(iat, exp).is_err(), "{iat} to {exp}");
        }
    }

    #[test]
    fn a_signed_token_from_the_future_or_the_past_is_refused() {
        let now = instant::now() / 1_000_000;
        assert!(signed(now + 5, now + 5 + LIFETIME_SECONDS).is_ok());
        for iat in [now + 3_600, now - 3_600] {
            assert!(signed(iat, iat + LIFETIME_SECONDS).is_err(), "{iat}");
        }
        assert!(signed(now + 10, now + 5).is_err(), "ends before it begins");
    }
}
