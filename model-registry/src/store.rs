//! Where packages are kept: `packages/<digest>.json` in an object store.
//!
//! A package never changes, so a name is written once, whole or not at all (the local store
//! writes a temporary file, syncs it and renames it), and is checked against its digest each
//! time it is read: what was altered on disk is refused, not scored.

use std::path::Path as FilePath;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use thiserror::Error;

use crate::package::{Package, PackageError, digest};

/// Immutable packages by digest. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct PackageStore {
    objects: Arc<dyn ObjectStore>,
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
    /// Reading or writing failed.
    #[error("the package store failed: {0}")]
    Storage(#[from] object_store::Error),
}

impl PackageStore {
    /// A store in a folder of this machine, which is made when missing.
    pub fn folder(folder: impl AsRef<FilePath>) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
            folder: folder.display().to_string(),
            source,
        })?;
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
        })
    }

    /// Keeps a package and gives its digest. Keeping it again changes nothing, unless what is
    /// there under its name is damaged, which is an error.
    pub async fn put(&self, package: &Package) -> Result<String, StoreError> {
        let bytes = package.to_bytes()?;
        let name = digest(&bytes);
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

    /// The package of this digest, verified.
    pub async fn get(&self, digest: &str) -> Result<Package, StoreError> {
        Ok(Package::verified(&self.bytes(digest).await?, digest)?)
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

/// A digest comes from outside (a request, a database): only one of the right form is a path.
fn location(digest: &str) -> Result<Path, StoreError> {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digest.len() != 64 || !digest.bytes().all(hexadecimal) {
        return Err(StoreError::NotADigest(digest.to_owned()));
    }
    Ok(Path::from(format!("packages/{digest}.json")))
}
