//! Finds the file of a table in a folder and opens it: plain, in a zip archive, compressed
//! with gzip, or Parquet. Its SHA-256 is taken over the bytes on disk, once they have been read
//! as a table: what is none ends before.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::bounds::{self, BoundedContent, Bounds, Exceeded};
use super::{Place, ReadError};

/// How a table may be stored; with the ending of its file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Zip,
    Gzip,
    Parquet,
}

const ENDINGS: [(&str, Format); 5] = [
    (".csv", Format::Csv),
    (".csv.zip", Format::Zip),
    (".zip", Format::Zip),
    (".csv.gz", Format::Gzip),
    (".parquet", Format::Parquet),
];

/// A file of a table, not yet read.
#[derive(Debug, Clone)]
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    /// File name without its folder.
    pub(super) name: String,
    /// File name without its folder and ending.
    pub(super) stem: String,
    pub(super) format: Format,
    pub(super) bounds: Bounds,
}

/// The file names under which a table is looked for.
pub(super) fn spellings(stem: &str) -> impl Iterator<Item = String> + '_ {
    ENDINGS
        .iter()
        .map(move |(ending, _)| format!("{stem}{ending}"))
}

/// Names of the files of a folder, sorted.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, ReadError> {
    let open = |source| ReadError::Open {
        path: dir.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(open)? {
        names.push(
            entry
                .map_err(open)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}

/// The file of a table in a folder with these file names, if there is one.
pub(super) fn find(
    dir: &Path,
    names: &[String],
    table: &str,
    stem: &str,
    bounds: Bounds,
) -> Result<Option<SourceFile>, ReadError> {
    let mut found = spellings(stem).filter(|spelling| names.contains(spelling));
    let Some(first) = found.next() else {
        return Ok(None);
    };
    if let Some(second) = found.next() {
        return Err(ReadError::TwoFiles {
            table: table.to_owned(),
            first: dir.join(first),
            second: dir.join(second),
        });
    }
    Ok(Some(SourceFile::at(&dir.join(first), bounds)))
}

impl SourceFile {
    /// A file with one of the known endings; any other ending is taken for plain CSV.
    pub(super) fn at(path: &Path, bounds: Bounds) -> Self {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let lower = name.to_lowercase();
        // The longest ending wins: `x.csv.zip` is `x`, not `x.csv`.
        let ending = ENDINGS
            .iter()
            .filter(|(ending, _)| lower.ends_with(ending))
            .max_by_key(|(ending, _)| ending.len());
        let (stem, format) = match ending {
            Some((ending, format)) => (name[..name.len() - ending.len()].to_owned(), *format),
            None => (name.clone(), Format::Csv),
        };
        Self {
            path: path.to_owned(),
            name,
            stem,
            format,
            bounds,
        }
    }

    /// SHA-256 of the bytes on disk, in hexadecimal.
    pub(super) fn sha256(&self) -> Result<String, ReadError> {
        hash(self.open()?).map_err(|source| self.cannot_open(source))
    }

    /// Place of a row, from the lines kept when the file was read.
    pub(super) fn place(&self, lines: &[u64], row: usize) -> Place {
        self.place_of(lines.get(row).copied().unwrap_or(row as u64 + 1))
    }

    pub(super) fn place_of(&self, number: u64) -> Place {
        match self.format {
            Format::Parquet => Place::Row(number),
            _ => Place::Line(number),
        }
    }

    pub(super) fn open(&self) -> Result<File, ReadError> {
        bounds::open(&self.path).map_err(|source| self.cannot_open(source))
    }

    fn cannot_open(&self, source: std::io::Error) -> ReadError {
        ReadError::Open {
            path: self.path.clone(),
            source,
        }
    }

    /// The error for a limit that the file goes over.
    pub(super) fn exceeds(&self, source: Exceeded) -> ReadError {
        ReadError::Exceeds {
            file: self.path.clone(),
            source,
        }
    }

    /// The error for content that cannot be read: over a limit, or broken.
    pub(super) fn unreadable(&self, error: &std::io::Error) -> ReadError {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(exceeded) => self.exceeds(Exceeded::clone(exceeded)),
            None => self.broken(error),
        }
    }

    /// The error for content that cannot be unpacked.
    pub(super) fn broken(&self, detail: &impl ToString) -> ReadError {
        ReadError::Broken {
            file: self.path.clone(),
            format: match self.format {
                Format::Csv => "file",
                Format::Zip => "zip archive",
                Format::Gzip => "gzip file",
                Format::Parquet => "Parquet file",
            },
            detail: detail.to_string(),
        }
    }
}

/// Calls `read` with the unpacked bytes of a file.
pub(super) fn with_content<T>(
    source: &SourceFile,
    read: impl FnOnce(&mut (dyn Read + Send)) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let mut file = source.open()?;
    if matches!(source.format, Format::Csv | Format::Parquet) {
        return read(&mut file);
    }
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    if size == 0 {
        return Err(ReadError::Empty {
            file: source.path.clone(),
        });
    }
    let file = BufReader::new(file);
    if source.format == Format::Gzip {
        let content = MultiGzDecoder::new(file);
        return read(&mut BoundedContent::new(content, size, source.bounds));
    }
    let mut archive = zip::ZipArchive::new(file).map_err(|error| source.broken(&error))?;
    let entry = single_csv(source, &archive)?;
    let content = archive
        .by_index(entry)
        .map_err(|error| source.broken(&error))?;
    // What the archive says of itself counts only as far as it can be true.
    let packed = content.compressed_size().min(size);
    read(&mut BoundedContent::new(content, packed, source.bounds))
}

/// Position of the one CSV file of an archive. Folders and the resource files that a Mac adds
/// do not count.
fn single_csv<R: Read + std::io::Seek>(
    source: &SourceFile,
    archive: &zip::ZipArchive<R>,
) -> Result<usize, ReadError> {
    let candidates: Vec<&str> = archive
        .file_names()
        .filter(|name| !name.ends_with('/') && !name.starts_with("__MACOSX"))
        .filter(|name| name.to_lowercase().ends_with(".csv"))
        .collect();
    match candidates[..] {
        [only] => archive
            .index_for_name(only)
            .ok_or_else(|| source.broken(&"its directory is inconsistent")),
        _ => Err(ReadError::ArchiveContents {
            file: source.path.clone(),
            found: candidates.len(),
        }),
    }
}

fn hash(mut file: File) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex::encode(digest.finalize()));
        }
        digest.update(&buffer[..read]);
    }
}
