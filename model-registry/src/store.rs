//! Where packages are kept: `packages/<digest>.json` in an object store (a folder, or a
//! bucket that speaks S3), each with its signature `packages/<digest>.sig`.
//!
//! A package never changes, so a name is written once, whole or not at all (the local store
//! writes a temporary file, syncs it and renames it), and is checked against its digest and
//! its signature each time it is read: what was altered is refused, not scored. The signature
//! is written first, so that a package that is there is a signed one. Every package is signed,
//! also those of the format from before there were signatures: their versions were given one
//! afterwards ([`PackageStore::sign_unsigned`]), so that nothing in the store decides whether a
//! signature is asked for.

use std::path::Path as FilePath;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use thiserror::Error;

use crate::package::{Package, PackageError, digest, stored_format};
use crate::signature::{PackageKeys, SignatureError};

/// The first format whose packages are signed.
const SIGNED_SINCE: u64 = 2;

/// Immutable packages by digest. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct PackageStore {
    objects: Arc<dyn ObjectStore>,
    keys: Arc<PackageKeys>,
}

/// A bucket that speaks S3. Who may use it is told by the usual `AWS_*` variables or the
/// identity of the machine, never by a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// `s3://BUCKET` or `s3://BUCKET/FOLDER`.
    pub url: String,
    /// Of a store other than Amazon's; empty for Amazon's.
    pub endpoint: String,
    /// Empty: as the environment says.
    pub region: String,
    /// Whether an endpoint without TLS will do.
    pub allow_http: bool,
}

/// Why a package cannot be kept or fetched.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No package of that digest.
    #[error("there is no package {0}")]
    Unknown(String),
    /// A digest is 64 lower-case hexadecimal digits.
    #[error("`{0}` is not a package digest")]
    NotADigest(String),
    /// The bytes are not a package, or not that one.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The folder cannot be made or opened.
    #[error("the folder {folder} cannot be used: {source}")]
    Folder {
        folder: String,
        source: std::io::Error,
    },
    /// The signature does not count.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The address of a bucket is wrong.
    #[error("`{url}` is no address of a bucket, s3://BUCKET/FOLDER: {why}")]
    Bucket { url: String, why: String },
    /// Reading or writing failed.
    #[error("the package store failed: {0}")]
    Storage(#[from] object_store::Error),
}

impl StoreError {
    /// Whether the package is there no more, or not as it was put: asking again will not help,
    /// unlike a store that does not answer.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Unknown(_) | Self::Package(_) | Self::Signature(_)
        )
    }
}

impl PackageStore {
    /// A store in a folder of this machine, which is made when missing.
    pub fn folder(folder: impl AsRef<FilePath>, keys: PackageKeys) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
            folder: folder.display().to_string(),
            source,
        })?;
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            keys: Arc::new(keys),
        })
    }

    /// A store in a bucket. Makes `ring` the process's cryptography for TLS when nothing is yet.
    pub fn bucket(bucket: &Bucket, keys: PackageKeys) -> Result<Self, StoreError> {
        let wrong = |why: &str| StoreError::Bucket {
            url: bucket.url.clone(),
            why: why.to_owned(),
        };
        let rest = bucket
            .url
            .strip_prefix("s3://")
            .ok_or_else(|| wrong("it begins with s3://"))?;
        let (name, folder) = rest.split_once('/').unwrap_or((rest, ""));
        if name.is_empty() {
            return Err(wrong("the bucket has no name"));
        }
        // It fails where there is one already, which will do as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(name)
            .with_allow_http(bucket.allow_http);
        if !bucket.endpoint.is_empty() {
            builder = builder.with_endpoint(&bucket.endpoint);
        }
        if !bucket.region.is_empty() {
            builder = builder.with_region(&bucket.region);
        }
        let objects = builder.build()?;
        let folder =
            Path::parse(folder.trim_end_matches('/')).map_err(|error| wrong(&error.to_string()))?;
        let objects: Arc<dyn ObjectStore> = if folder.as_ref().is_empty() {
            Arc::new(objects)
        } else {
            Arc::new(PrefixStore::new(objects, folder))
        };
        Ok(Self {
            objects,
            keys: Arc::new(keys),
        })
    }

    /// The same store with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: Arc<PackageKeys>) -> Self {
        Self {
            objects: Arc::clone(&self.objects),
            keys,
        }
    }

    /// Keeps a package and gives its digest. Keeping it again changes nothing, unless what is
    /// there under its name is damaged, which is an error.
    pub async fn put(&self, package: &Package) -> Result<String, StoreError> {
        let bytes = package.to_bytes()?;
        let name = digest(&bytes);
        self.put_signature(&name).await?;
        match self
            .objects
            .put_opts(&location(&name)?, bytes.into(), PutMode::Create.into())
            .await
        {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) => {
                self.get(&name).await?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(name)
    }

    /// A signature that is there already stays, by whichever of our keys it was made.
    async fn put_signature(&self, digest: &str) -> Result<(), StoreError> {
        let place = signature_location(digest)?;
        if self.verify_signature(digest).await.is_ok() {
            return Ok(());
        }
        let text = serde_json::to_vec(&self.keys.sign(digest)).map_err(PackageError::Unwritable)?;
        self.objects.put(&place, text.into()).await?;
        Ok(())
    }

    async fn verify_signature(&self, digest: &str) -> Result<(), StoreError> {
        let signature = match self.objects.get(&signature_location(digest)?).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(SignatureError::Missing(digest.to_owned()).into());
            }
            Err(error) => return Err(error.into()),
        };
        Ok(self.keys.verify(digest, &signature)?)
    }

    /// The package of this digest, its bytes and its signature verified.
    pub async fn get(&self, digest: &str) -> Result<Package, StoreError> {
        let bytes = self.bytes(digest).await?;
        let package = Package::verified(&bytes, digest)?;
        self.verify_signature(digest).await?;
        Ok(package)
    }

    /// Signs the package of a version that was registered before there were signatures, which
    /// the caller knows from elsewhere; its digest is its proof. A package of a later format
    /// was signed when it was made: it gets none afterwards, and the answer is false.
    pub async fn sign_unsigned(&self, digest: &str) -> Result<bool, StoreError> {
        let bytes = self.bytes(digest).await?;
        Package::verified(&bytes, digest)?;
        if stored_format(&bytes)? >= SIGNED_SINCE {
            return Ok(false);
        }
        self.put_signature(digest).await?;
        Ok(true)
    }

    /// The stored bytes of this digest, as they are.
    pub async fn bytes(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        match self.objects.get(&location(digest)?).await {
            Ok(found) => Ok(found.bytes().await?.to_vec()),
            Err(object_store::Error::NotFound { .. }) => {
                Err(StoreError::Unknown(digest.to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Digests of all packages, sorted.
    pub async fn list(&self) -> Result<Vec<String>, StoreError> {
        let mut digests: Vec<String> = self
            .objects
            .list(Some(&Path::from("packages")))
            .try_filter_map(|object| async move {
                Ok(object
                    .location
                    .filename()
                    .and_then(|name| name.strip_suffix(".json"))
                    .map(str::to_owned))
            })
            .try_collect()
            .await?;
        digests.sort_unstable();
        Ok(digests)
    }
}

fn signature_location(digest: &str) -> Result<Path, StoreError> {
    let package = location(digest)?;
    Ok(Path::from(package.as_ref().replace(".json", ".sig")))
}

/// A digest comes from outside (a request, a database): only one of the right form is a path.
fn location(digest: &str) -> Result<Path, StoreError> {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digest.len() != 64 || !digest.bytes().all(hexadecimal) {
        return Err(StoreError::NotADigest(digest.to_owned()));
    }
    Ok(Path::from(format!("packages/{digest}.json")))
}
