//! The operator's key: 256 bits that wrap the keys in the database (AES-256-GCM; the few seals
//! that a key ever makes leave random nonces of 96 bits room enough). It
//! comes from the environment or a file, never from the database, so that a copy of the
//! database alone signs nothing.

use super::{KeyError, tell};
use crate::configuration::Settings;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use octroi_data::reader::bounds;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sea_orm::prelude::Uuid;
use sha2::{Digest, Sha256};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Name of the file in a home that has no other.
const FILE: &str = "operator.key";
const BYTES: usize = 32;
/// A file of a key is one short line.
const LARGEST_FILE: u64 = 4 << 10;

/// A key of the operator's, and where it came from.
pub struct OperatorKey {
    bytes: Zeroizing<[u8; BYTES]>,
    origin: String,
}

impl std::fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperatorKey")
            .field("id", &self.id())
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl OperatorKey {
    /// The key that the settings name: the text, its file, or the file in the home; `None`
    /// where none is named and the home has none.
    pub fn configured(settings: &Settings) -> Result<Option<Self>, KeyError> {
        let secrets = &settings.secrets;
        if !secrets.key.is_empty() {
            let origin = "OCTROI_SECRETS__KEY".to_owned();
            return Self::parsed(secrets.key.expose(), origin).map(Some);
        }
        if !secrets.key_file.as_os_str().is_empty() {
            return Self::read(&secrets.key_file).map(Some);
        }
        match Self::read(&Self::file_in(&settings.home)) {
            Err(KeyError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Where the key lies in a home.
    #[must_use]
    pub fn file_in(home: &Path) -> PathBuf {
        home.join(FILE)
    }

    /// The key in a file.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes =
            bounds::read_whole(path, LARGEST_FILE, "").map_err(|source| KeyError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        let bytes = Zeroizing::new(bytes);
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        Self::parsed(text, path.display().to_string())
    }

    /// Makes a key in a file for this user only, and says so; one that is there already stays.
    pub fn make(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Unwritable {
            path: path.to_owned(),
            source,
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        if !folder.as_os_str().is_empty() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let bytes = Zeroizing::new(rand::random::<[u8; BYTES]>());
        let text = Zeroizing::new(general_purpose::STANDARD.encode(bytes.as_slice()));
        // Whole under another name first: who starts at the same time never reads half a key.
        let temporary = folder.join(format!(".{FILE}.{}", Uuid::now_v7()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| {
                writeln!(file, "{}", text.as_str())?;
                file.sync_all()
            })
            .and_then(|()| std::fs::hard_link(&temporary, path));
        let _ = std::fs::remove_file(&temporary);
        match written {
            Ok(()) => tell(&format!(
                "the operator's key was made in {}: the keys that sign tokens and packages are \
                 wrapped by it; keep a copy, apart from those of the database",
                path.display()
            )),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        Self::read(path)
    }

    fn parsed(text: &str, origin: String) -> Result<Self, KeyError> {
        let text = text.trim();
        let decoded = Zeroizing::new(if text.len() == 2 * BYTES {
            hex::decode(text).ok()
        } else {
            decode_base64(text)
        });
        let bytes = decoded.as_deref().and_then(|bytes| bytes.try_into().ok());
        match bytes {
            Some(bytes) => Ok(Self {
                bytes: Zeroizing::new(bytes),
                origin,
            }),
            None => Err(KeyError::Unusable(origin)),
        }
    }

    /// What tells keys apart, and tells nothing of them.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"octroi operator key id v1\n")
            .chain_update(self.bytes.as_slice())
            .finalize();
        hex::encode(&digest[..8])
    }

    /// Where it came from: a variable or a file.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Nonce and ciphertext of `secret`, which unwrap only with the same `label`.
    pub(super) fn wrap(&self, label: &str, secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        let nonce = rand::random::<[u8; NONCE_LEN]>();
        // With room for the tag: growing would leave a copy of the secret behind.
        let mut sealed = Vec::with_capacity(secret.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(secret);
        self.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(label.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| KeyError::Wrapping)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was wrapped, if nothing has been changed.
    pub(super) fn unwrap(&self, label: &str, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = wrapped.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let cipher = self.cipher().ok()?;
        let opened = cipher
            .open_in_place(nonce, Aad::from(label.as_bytes()), &mut sealed)
            .ok()?;
        Some(Zeroizing::new(opened.to_vec()))
    }

    fn cipher(&self) -> Result<LessSafeKey, KeyError> {
        UnboundKey::new(&AES_256_GCM, self.bytes.as_slice())
            .map(LessSafeKey::new)
            .map_err(|_| KeyError::Wrapping)
    }
}

/// Either alphabet, with or without padding.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<OperatorKey, KeyError> {
        OperatorKey::parsed(text, "here".to_owned())
    }

    #[test]
    fn a_key_is_read_in_hexadecimal_and_in_either_base64() {
        let bytes = [0xfb_u8; BYTES];
        let hexadecimal = key(&hex::encode(bytes)).expect("a key");
        for text in [
            general_purpose::STANDARD.encode(bytes),
            general_purpose::URL_SAFE.encode(bytes),
            general_purpose::URL_SAFE_NO_PAD.encode(bytes),
            format!("{}\n", general_purpose::STANDARD.encode(bytes)),
        ] {
            assert_eq!(key(&text).expect("a key").id(), hexadecimal.id(), "{text}");
        }
        for text in ["", "secret", &"0".repeat(63), &"x".repeat(64), "AAAA"] {
            let error = key(text).expect_err("refused").to_string();
            assert!(
                error.contains("here") && !error.contains("secret"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_wrapped_secret_opens_with_its_key_and_label_only() {
        let (one, other) = (key(&"1".repeat(64)), key(&"2".repeat(64)));
        let (one, other) = (one.expect("a key"), other.expect("a key"));
        let wrapped = one.wrap("tokens first", b"seed").expect("wrapped");
        assert!(!wrapped.windows(4).any(|part| part == b"seed"));
        assert_eq!(
            one.unwrap("tokens first", &wrapped)
                .as_deref()
                .map(Vec::as_slice),
            Some(b"seed".as_slice())
        );
        assert!(one.unwrap("packages first", &wrapped).is_none());
        assert!(other.unwrap("tokens first", &wrapped).is_none());
        for place in 0..wrapped.len() {
            let mut altered = wrapped.clone();
            altered[place] ^= 1;
            assert!(
                one.unwrap("tokens first", &altered).is_none(),
                "byte {place}"
            );
            assert!(one.unwrap("tokens first", &wrapped[..place]).is_none());
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let text = "ab".repeat(BYTES);
        let key = key(&text).expect("a key");
        let shown = format!("{key:?}");
        assert!(
            !shown.contains("abab") && !shown.contains("171, 171"),
            "{shown}"
        );
    }

    #[test]
    fn a_key_is_made_once_and_for_this_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        let made = OperatorKey::make(&path).expect("made").id();
        assert_eq!(OperatorKey::make(&path).expect("there").id(), made);
        assert_eq!(OperatorKey::read(&path).expect("read").id(), made);
        let mode = path.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
    }
}
