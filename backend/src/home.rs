//! Who may read what Octroi writes. Database, packages, notes, keys and generated tables hold
//! what is known about clients, so the process makes folders and files for its own user only,
//! whatever umask it was started with; only what a command writes where its caller asked, and
//! that is outside the home, gets the mode that the caller's umask gives. What was made wider
//! by an earlier version or by hand is named with the command that mends it, not changed: it
//! may be somebody's wish.

use crate::configuration::Settings;
use rustix::fs::Mode;
use std::fs::Permissions;
use std::io::Result;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Bits of the group and of everybody else.
const OTHERS: u32 = 0o077;

/// Entries of a home that are looked at; a start is not held up by more.
const LOOKED_AT: usize = 100_000;

/// The umask that the process was started with.
static CALLERS: OnceLock<Mode> = OnceLock::new();

/// From now on files are 0600 and folders 0700; to be called before anything is written.
pub fn keep_private() {
    let before = rustix::process::umask(Mode::from_bits_truncate(OTHERS));
    // The first umask is the caller's; any later one would be our own.
    let _ = CALLERS.set(before);
}

fn callers_mode(all: u32) -> Permissions {
    let umask = CALLERS.get().map_or(OTHERS, Mode::bits);
    Permissions::from_mode(all & !umask)
}

/// Makes the folder and those above it; outside the home as the caller's umask says.
pub fn make_folder(home: &Path, folder: &Path) -> Result<()> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    let missing = missing(folder);
    std::fs::create_dir_all(folder)?;
    hand_over_folders(home, &missing)
}

/// The folder and those above it, as far as they are not there.
#[must_use]
pub fn missing(folder: &Path) -> Vec<PathBuf> {
    folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .map(Path::to_owned)
        .collect()
}

/// [`hand_over`] of folders that a command has made.
pub fn hand_over_folders(home: &Path, made: &[PathBuf]) -> Result<()> {
    for folder in made.iter().filter(|folder| !holds(home, folder)) {
        std::fs::set_permissions(folder, callers_mode(0o777))?;
    }
    Ok(())
}

/// Gives a file that a command was asked to write the mode of the caller's other files; one
/// in the home stays private.
pub fn hand_over(home: &Path, file: &Path) -> Result<()> {
    if holds(home, file) {
        return Ok(());
    }
    std::fs::set_permissions(file, callers_mode(0o666))
}

fn holds(home: &Path, path: &Path) -> bool {
    resolved(path).starts_with(resolved(home))
}

/// The path without links and dots, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path
        .ancestors()
        .find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => match path.strip_prefix(above) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => path,
    }
}

/// Something of ours that others may read or write.
#[derive(Debug, PartialEq, Eq)]
pub struct Wider {
    /// The first that was found.
    pub path: PathBuf,
    pub mode: u32,
    /// How many there are in the same place, this one among them.
    pub count: usize,
    /// What to type.
    pub chmod: String,
}

impl std::fmt::Display for Wider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let more = match self.count {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        write!(
            f,
            "{}{more} is open to others on this machine, with the mode {:04o}; to close: {}",
            self.path.display(),
            self.mode,
            self.chmod
        )
    }
}

/// What is open to others: of the home, of a SQLite file elsewhere, of the operator's key.
#[must_use]
pub fn wider(settings: &Settings) -> Vec<Wider> {
    let mut found = Vec::new();
    let mut looked_at = 0;
    let mut open = Vec::new();
    collect(&settings.home, &mut looked_at, &mut open);
    found.extend(told(open, "-R ", &settings.home));
    let database = settings.sqlite_file().into_iter().flat_map(|file| {
        ["", "-wal", "-shm"].map(|ending| {
            let mut name = file.clone().into_os_string();
            name.push(ending);
            PathBuf::from(name)
        })
    });
    let key = Some(settings.secrets.key_file.clone());
    let key = key.filter(|file| !file.as_os_str().is_empty());
    for file in database
        .chain(key)
        .filter(|file| !holds(&settings.home, file))
    {
        let mut open = Vec::new();
        // A link, as Kubernetes makes for a secret, is as open as what it names.
        collect(
            &file.canonicalize().unwrap_or(file),
            &mut looked_at,
            &mut open,
        );
        let path = open.first().map(|(path, _)| path.clone());
        found.extend(path.and_then(|path| told(open, "", &path)));
    }
    found
}

fn told(open: Vec<(PathBuf, u32)>, how: &str, place: &Path) -> Option<Wider> {
    let count = open.len();
    let (path, mode) = open.into_iter().next()?;
    let place = place.display().to_string().replace('\'', r"'\''");
    Some(Wider {
        path,
        mode,
        count,
        chmod: format!("chmod {how}go= '{place}'"),
    })
}

fn collect(path: &Path, looked_at: &mut usize, open: &mut Vec<(PathBuf, u32)>) {
    *looked_at += 1;
    let Ok(metadata) = path.symlink_metadata() else {
        return;
    };
    if *looked_at > LOOKED_AT || metadata.is_symlink() {
        return;
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        open.push((path.to_owned(), mode));
    }
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), looked_at, open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_home_is_known_by_any_of_its_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        std::fs::create_dir(&home).expect("made");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&home, &link).expect("linked");
        for inside in [
            home.clone(),
            home.join("notes/not/there"),
            link.join("out.csv"),
            folder.path().join("home/../link/x"),
        ] {
            assert!(holds(&home, &inside), "{}", inside.display());
        }
        for outside in [folder.path().join("home2"), folder.path().join("out.csv")] {
            assert!(!holds(&home, &outside), "{}", outside.display());
        }
        let later = folder.path().join("later");
        assert!(holds(&later, &later.join("x")), "a home not made yet");
    }
}
