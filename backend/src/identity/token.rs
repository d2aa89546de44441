//! Access tokens for the programs of people: a JWT signed with Ed25519, good for fifteen
//! minutes. The key pair is made once and kept in the database, so that all replicas accept
//! each other's tokens.

use crate::database::Database;
use crate::instant;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryOrder, Set};
use serde::{Deserialize, Serialize};

pub mod entity {
    //! Table `signing_key`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "signing_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub private_key: Vec<u8>,
        pub public_key: String,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// How long a token is good, in seconds.
pub const LIFETIME_SECONDS: i64 = 900;
const ISSUER: &str = "octroi";

/// PKCS#8 v1 wrapper of a bare Ed25519 seed (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the signing key in the database is damaged: {0}")]
    Key(jsonwebtoken::errors::Error),
    #[error("the table signing_key has no key, and none can be made")]
    NoKey,
    #[error("the token is not valid")]
    Invalid,
    #[error(transparent)]
    Database(#[from] DbErr),
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: Uuid,
    tenant: Uuid,
    iat: i64,
    exp: i64,
}

/// Signs and checks access tokens.
pub struct TokenSigner {
    key_id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl TokenSigner {
    /// Loads the newest key pair, or makes the first.
    pub async fn load(database: &Database) -> Result<Self, TokenError> {
        let row = match newest(database).await? {
            Some(row) => row,
            None => first(database).await?,
        };
        Ok(Self {
            encoding: EncodingKey::from_ed_der(&row.private_key),
            decoding: DecodingKey::from_ed_components(&row.public_key).map_err(TokenError::Key)?,
            key_id: row.id,
        })
    }

    /// A token for this person.
    pub fn issue(&self, tenant: Uuid, user: Uuid) -> Result<String, TokenError> {
        let iat = instant::now() / 1_000_000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user,
            tenant,
            iat,
            exp: iat + LIFETIME_SECONDS,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(TokenError::Key)
    }

    /// Tenant and person of a token that is genuine and has not run out.
    pub fn check(&self, token: &str) -> Result<(Uuid, Uuid), TokenError> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        let token = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| TokenError::Invalid)?;
        Ok((token.claims.tenant, token.claims.sub))
    }
}

async fn newest(database: &Database) -> Result<Option<entity::Model>, TokenError> {
    Ok(entity::Entity::find()
        .order_by_desc(entity::Column::CreatedAt)
        .one(database.write())
        .await?)
}

/// Makes the first key pair. Replicas that start together must not make two: the second finds
/// the name taken and takes what is there.
async fn first(database: &Database) -> Result<entity::Model, TokenError> {
    entity::Entity::insert(make_key())
        .on_conflict(
            OnConflict::column(entity::Column::Id)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(database.write())
        .await?;
    newest(database).await?.ok_or(TokenError::NoKey)
}

fn make_key() -> entity::ActiveModel {
    let seed = rand::random::<[u8; 32]>();
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    entity::ActiveModel {
        id: Set("first".to_owned()),
        private_key: Set([PKCS8_PREFIX.as_slice(), &seed].concat()),
        public_key: Set(URL_SAFE_NO_PAD.encode(public.as_bytes())),
        created_at: Set(instant::now()),
    }
}
