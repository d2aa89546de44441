//! From a name to a loaded model: `credit@champion` -> alias -> version -> package. Also
//! where a newly trained package becomes a version.

use super::{model_alias, model_version};
use crate::audit::{Action, Event};
use crate::configuration::Settings;
use crate::database::Database;
use crate::instant;
use crate::keys::{InUse, KeyError, KeyPair, KeyStore, Purpose};
use crate::tenancy::TenantScope;
use octroi_model_registry::package::{Origin, Package};
use octroi_model_registry::signature::{PackageKeys, SignatureError};
use octroi_model_registry::store::{PackageStore, StoreError};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

/// Which version is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionTarget {
    Version(i32),
    Alias(String),
}

/// `NAME@ALIAS` or `NAME@VERSION`; a bare name means its champion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelReference {
    pub model: String,
    pub target: VersionTarget,
}

impl ModelReference {
    /// One particular version.
    #[must_use]
    pub fn version(model: String, version: i32) -> Self {
        Self {
            model,
            target: VersionTarget::Version(version),
        }
    }

    /// Whatever the alias `champion` points at now.
    #[must_use]
    pub fn champion(model: String) -> Self {
        Self {
            model,
            target: VersionTarget::Alias("champion".to_owned()),
        }
    }
}

impl FromStr for ModelReference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (model, target) = text.split_once('@').unwrap_or((text, "champion"));
        if model.is_empty() || target.is_empty() {
            return Err(format!("\"{text}\" is not NAME@ALIAS or NAME@VERSION"));
        }
        let target = target
            .strip_prefix('v')
            .unwrap_or(target)
            .parse()
            .map_or_else(
                |_| VersionTarget::Alias(target.to_owned()),
                VersionTarget::Version,
            );
        Ok(Self {
            model: model.to_owned(),
            target,
        })
    }
}

impl fmt::Display for ModelReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            VersionTarget::Version(version) => write!(f, "{}@{version}", self.model),
            VersionTarget::Alias(alias) => write!(f, "{}@{alias}", self.model),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("the model \"{model}\" has no version {version}; versions there are: {known}")]
    UnknownVersion {
        model: String,
        version: i32,
        known: String,
    },
    #[error("the model \"{model}\" has no alias \"{alias}\"; aliases there are: {known}")]
    UnknownAlias {
        model: String,
        alias: String,
        known: String,
    },
    #[error(
        "a model's name has 1 to 60 of a-z, 0-9, - and _, and begins with a letter; \"{0}\" does not"
    )]
    BadName(String),
    #[error("version {version} of \"{model}\": {source}")]
    Package {
        model: String,
        version: i32,
        source: StoreError,
    },
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error("preparing a model was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    #[error("the package store: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// A model that can score, and how it was reached.
#[derive(Clone)]
pub struct ResolvedModel {
    pub row: model_version::Model,
    pub alias: Option<String>,
    pub package: Arc<Package>,
}

/// What registering a package gave.
pub struct Registered {
    pub version: i32,
    pub digest: String,
    /// The same package was a version of this model already.
    pub existed: bool,
}

/// All packages, loaded when first asked for.
pub struct ModelLibrary {
    store: PackageStore,
    key_store: Arc<KeyStore>,
    keys: InUse<PackageKeys>,
    loaded: RwLock<HashMap<String, Arc<Package>>>,
}

impl ModelLibrary {
    /// Packages where the settings say: in the folder `packages` of the home, or in a bucket.
    /// The first start with an operator's key settles the keys, and signs what was registered
    /// before there were signatures.
    pub async fn open(
        settings: &Settings,
        database: &Database,
        key_store: Arc<KeyStore>,
    ) -> Result<Self, ModelError> {
        let kept_in = |keys| match settings.packages.bucket() {
            Some(bucket) => PackageStore::bucket(&bucket, keys),
            None => PackageStore::folder(&settings.home, keys),
        };
        key_store
            .settle(async |pairs, oldest| {
                let store = kept_in(signing_and_verifying(&pairs)?)?;
                sign_versions_before(database, &store, oldest).await
            })
            .await?;
        let keys = package_keys(&key_store).await?;
        Ok(Self {
            store: kept_in(keys.clone())?,
            key_store,
            keys: InUse::new(keys),
            loaded: RwLock::default(),
        })
    }

    /// The package of this digest from the store. One that is signed by a key we do not know
    /// may be signed by a newer one than we have read.
    async fn fetch(&self, digest: &str) -> Result<Package, FetchError> {
        let keys = self.keys.current();
        match self.store.with_keys(Arc::clone(&keys)).get(digest).await {
            Err(StoreError::Signature(SignatureError::UnknownKey { .. })) => {
                let read = || package_keys(&self.key_store);
                let newer = self.keys.newer_than(&keys, read).await?;
                Ok(self.store.with_keys(newer).get(digest).await?)
            }
            fetched => Ok(fetched?),
        }
    }

    /// The version that `reference` means for this tenant, with its package.
    pub async fn resolve(
        &self,
        scope: &TenantScope,
        reference: &ModelReference,
    ) -> Result<ResolvedModel, ModelError> {
        let (version, alias) = match &reference.target {
            VersionTarget::Version(version) => (*version, None),
            VersionTarget::Alias(alias) => {
                let version = alias_version(scope, &reference.model, alias).await?;
                (version, Some(alias.clone()))
            }
        };
        let row = version_row(scope, &reference.model, version).await?;
        let package = self.package(&row).await?;
        Ok(ResolvedModel {
            row,
            alias,
            package,
        })
    }

    /// The package of a version, from memory or from the store.
    pub async fn package(&self, row: &model_version::Model) -> Result<Arc<Package>, ModelError> {
        if let Some(package) = self
            .loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&row.digest)
        {
            return Ok(Arc::clone(package));
        }
        let package = self.fetch(&row.digest).await.map_err(|error| match error {
            FetchError::Store(source) => ModelError::Package {
                model: row.model.clone(),
                version: row.version,
                source,
            },
            FetchError::Keys(error) => error.into(),
        })?;
        let package = Arc::new(package);
        let prepared = Arc::clone(&package);
        tokio::task::spawn_blocking(move || prepared.model.prepare()).await?;
        self.loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(row.digest.clone(), Arc::clone(&package));
        Ok(package)
    }

    /// Makes a package the next version of `model` and points `alias`, where one is given, at
    /// it. The package is stored first: a row never names a package that is not there.
    pub async fn register(
        &self,
        scope: &TenantScope,
        model: &str,
        alias: Option<&str>,
        package: &Package,
        created_by: &str,
    ) -> Result<Registered, ModelError> {
        check_name(model)?;
        alias.map_or(Ok(()), check_name)?;
        let store = self.store.with_keys(self.keys.current());
        let digest = store.put(package).await?;
        let transaction = scope.begin().await?;
        let versions = transaction
            .find::<model_version::Entity>()
            .filter(model_version::Column::Model.eq(model))
            .order_by_desc(model_version::Column::Version)
            .all(transaction.connection())
            .await?;
        let at = instant::now();
        let same = versions.iter().find(|row| row.digest == digest);
        let existed = same.is_some();
        let version = match same {
            Some(row) => row.version,
            None => versions.first().map_or(1, |row| row.version + 1),
        };
        let mut events = Vec::new();
        let facts = json!({ "model": model, "version": version, "digest": digest });
        if !existed {
            model_version::ActiveModel {
                tenant_id: Set(scope.tenant_id().0),
                id: Set(Uuid::now_v7()),
                model: Set(model.to_owned()),
                version: Set(version),
                digest: Set(digest.clone()),
                portfolio: Set(package.manifest.portfolio.clone()),
                algorithm: Set(package.manifest.algorithm.clone()),
                auc: Set(package.manifest.evaluation.auc),
                threshold: Set(package.manifest.threshold),
                created_by: Set(created_by.to_owned()),
                created_at: Set(at),
            }
            .insert(transaction.connection())
            .await?;
            events.push(
                Event::new(made(package), "model_version", format!("{model}@{version}"))
                    .with(facts.clone()),
            );
        }
        if let Some(alias) = alias {
            move_alias(
                transaction.connection(),
                scope,
                model,
                alias,
                version,
                created_by,
                at,
            )
            .await?;
            let name = format!("{model}@{alias}");
            events.push(Event::new(Action::AliasMoved, "model_alias", name).with(facts));
        }
        // The same package again, and no alias to move: nothing has happened.
        if let Some(event) = events.pop() {
            transaction.commit(event, events).await?;
        }
        Ok(Registered {
            version,
            digest,
            existed,
        })
    }

    /// All versions of the tenant, newest first.
    pub async fn versions(
        &self,
        scope: &TenantScope,
    ) -> Result<Vec<model_version::Model>, ModelError> {
        Ok(scope
            .find::<model_version::Entity>()
            .order_by_asc(model_version::Column::Model)
            .order_by_desc(model_version::Column::Version)
            .all(scope.reader())
            .await?)
    }

    /// All aliases of the tenant.
    pub async fn aliases(
        &self,
        scope: &TenantScope,
    ) -> Result<Vec<model_alias::Model>, ModelError> {
        Ok(scope
            .find::<model_alias::Entity>()
            .order_by_asc(model_alias::Column::Model)
            .order_by_asc(model_alias::Column::Alias)
            .all(scope.reader())
            .await?)
    }

    /// The champion that pages score with: of the only model, or of the first by name.
    pub async fn champion(&self, scope: &TenantScope) -> Result<Option<ResolvedModel>, ModelError> {
        let Some(alias) = scope
            .find::<model_alias::Entity>()
            .filter(model_alias::Column::Alias.eq("champion"))
            .order_by_asc(model_alias::Column::Model)
            .one(scope.reader())
            .await?
        else {
            return Ok(None);
        };
        let reference = ModelReference::champion(alias.model);
        self.resolve(scope, &reference).await.map(Some)
    }
}

/// Why a package was not fetched.
enum FetchError {
    Store(StoreError),
    Keys(KeyError),
}

impl From<StoreError> for FetchError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<KeyError> for FetchError {
    fn from(error: KeyError) -> Self {
        Self::Keys(error)
    }
}

async fn package_keys(store: &KeyStore) -> Result<PackageKeys, KeyError> {
    signing_and_verifying(&store.keys(Purpose::Packages).await?)
}

/// The newest of the keys signs, all verify.
fn signing_and_verifying(pairs: &[KeyPair]) -> Result<PackageKeys, KeyError> {
    let (newest, earlier) = pairs.split_first().ok_or(KeyError::NotConfigured)?;
    let earlier: Vec<[u8; 32]> = earlier.iter().map(KeyPair::public).collect();
    Ok(PackageKeys::new(*newest.seed(), &earlier))
}

/// Signs the packages of all tenants' versions that were registered before there were
/// signatures: then every package has one, and none is ever taken without.
async fn sign_versions_before(
    database: &Database,
    store: &PackageStore,
    first_key: i64,
) -> Result<(), ModelError> {
    let digests: Vec<String> = model_version::Entity::find()
        .select_only()
        .column(model_version::Column::Digest)
        .distinct()
        .filter(model_version::Column::CreatedAt.lt(first_key))
        .into_tuple()
        .all(database.read())
        .await?;
    for digest in digests {
        match store.sign_unsigned(&digest).await {
            Ok(true) => tracing::info!(%digest, "a package from before signatures was signed"),
            Ok(false) => {}
            // It is refused when it is asked for, and the others go on.
            Err(error) if error.is_refusal() => {
                tracing::error!(%digest, %error, "a package from before signatures is not signed");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn made(package: &Package) -> Action {
    match package.manifest.origin {
        Origin::Trained => Action::ModelTrained,
        Origin::Imported { .. } => Action::ModelImported,
    }
}

fn check_name(name: &str) -> Result<(), ModelError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let fine = name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(allowed);
    if fine {
        Ok(())
    } else {
        Err(ModelError::BadName(name.to_owned()))
    }
}

async fn alias_version(scope: &TenantScope, model: &str, alias: &str) -> Result<i32, ModelError> {
    let aliases = scope
        .find::<model_alias::Entity>()
        .filter(model_alias::Column::Model.eq(model))
        .all(scope.reader())
        .await?;
    match aliases.iter().find(|row| row.alias == alias) {
        Some(row) => Ok(row.version),
        None => Err(ModelError::UnknownAlias {
            model: model.to_owned(),
            alias: alias.to_owned(),
            known: listed(aliases.into_iter().map(|row| row.alias)),
        }),
    }
}

async fn version_row(
    scope: &TenantScope,
    model: &str,
    version: i32,
) -> Result<model_version::Model, ModelError> {
    let versions = scope
        .find::<model_version::Entity>()
        .filter(model_version::Column::Model.eq(model))
        .all(scope.reader())
        .await?;
    let known = listed(versions.iter().map(|row| row.version.to_string()));
    versions
        .into_iter()
        .find(|row| row.version == version)
        .ok_or_else(|| ModelError::UnknownVersion {
            model: model.to_owned(),
            version,
            known,
        })
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

async fn move_alias(
    connection: &impl ConnectionTrait,
    scope: &TenantScope,
    model: &str,
    alias: &str,
    version: i32,
    by: &str,
    at: i64,
) -> Result<(), DbErr> {
    use sea_orm::sea_query::OnConflict;
    let row = model_alias::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        model: Set(model.to_owned()),
        alias: Set(alias.to_owned()),
        version: Set(version),
        updated_by: Set(by.to_owned()),
        updated_at: Set(at),
    };
    let moved = OnConflict::columns([
        model_alias::Column::TenantId,
        model_alias::Column::Model,
        model_alias::Column::Alias,
    ])
    .update_columns([
        model_alias::Column::Version,
        model_alias::Column::UpdatedBy,
        model_alias::Column::UpdatedAt,
    ])
    .to_owned();
    model_alias::Entity::insert(row)
        .on_conflict(moved)
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_an_alias_a_version_or_the_champion() {
        let target = |text: &str| text.parse::<ModelReference>().map(|r| r.target);
        assert_eq!(
            target("credit@champion"),
            Ok(VersionTarget::Alias("champion".into()))
        );
        assert_eq!(target("credit@3"), Ok(VersionTarget::Version(3)));
        assert_eq!(target("credit@v3"), Ok(VersionTarget::Version(3)));
        assert_eq!(
            target("credit"),
            Ok(VersionTarget::Alias("champion".into()))
        );
        assert!(target("@3").is_err());
    }
}
