//! Which file a SQLite database is. An open connection goes on writing into its file when
//! somebody moves that away, or puts a backup in its place: what is acknowledged then is not
//! where it will be looked for. So the file is known by its device and number, and looked at
//! before each transaction.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The file under its path, as it was when the database was opened.
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: OnceLock<(u64, u64)>,
}

/// The path names another file now, or none.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "the database's file {} is not the one that was opened: it was moved, deleted or replaced; \
     put it back, or start the service again", path.display()
)]
pub struct FileMoved {
    path: PathBuf,
}

impl DatabaseFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            identity: OnceLock::new(),
        }
    }

    /// Right after the database has been opened: from now on it is this file.
    pub(super) fn remember(&self) -> Result<(), FileMoved> {
        let found = self.found().ok_or_else(|| self.moved())?;
        self.identity.get_or_init(|| found);
        Ok(())
    }

    /// An error when the path names another file than the one that was opened.
    pub(super) fn check(&self) -> Result<(), FileMoved> {
        if self.found().as_ref() == self.identity.get() {
            Ok(())
        } else {
            Err(self.moved())
        }
    }

    fn found(&self) -> Option<(u64, u64)> {
        let file = std::fs::metadata(&self.path).ok()?;
        Some((file.dev(), file.ino()))
    }

    fn moved(&self) -> FileMoved {
        FileMoved {
            path: self.path.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_moved_away_or_replaced_is_not_the_one_that_was_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("octroi.db");
        std::fs::write(&path, "one").expect("written");
        let file = DatabaseFile::new(path.clone());
        file.remember().expect("it is there");
        file.check().expect("still the same");
        let aside = folder.path().join("aside");
        std::fs::rename(&path, &aside).expect("moved");
        assert!(file.check().is_err(), "gone");
        std::fs::write(&path, "one").expect("written");
        assert!(file.check().is_err(), "another one with the same content");
        std::fs::rename(&aside, &path).expect("moved back");
        file.check().expect("the one that was opened");
    }
}
