//! The files of a population on disk. Each is written under a temporary name and gets its own
//! only when all are complete, so a folder never holds half a population under real names.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::rows::Rows;
use super::tables::TableFile;
use super::{SynthError, SynthTable};

struct OpenFile {
    table: TableFile,
    temporary: PathBuf,
    writer: BufWriter<File>,
    rows: u64,
}

/// The open files; dropped before [`Output::finish`], they leave nothing behind.
pub(super) struct Output {
    folder: PathBuf,
    files: Vec<OpenFile>,
}

impl Output {
    /// Creates the folder and a temporary file for each table, with its header.
    pub(super) fn create(
        folder: &Path,
        tables: &[TableFile],
        overwrite: bool,
    ) -> Result<Self, SynthError> {
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        for table in tables {
            let path = folder.join(format!("{}.csv", table.name));
            if !overwrite && path.exists() {
                return Err(SynthError::Exists { path });
            }
        }
        let mut output = Self {
            folder: folder.to_owned(),
            files: Vec::new(),
        };
        for table in tables {
            let temporary = folder.join(format!(".{}.csv.partial", table.name));
            let file = File::create(&temporary).map_err(|source| failed(&temporary, source))?;
            let writer = BufWriter::with_capacity(1 << 18, file);
            output.files.push(OpenFile {
                table: *table,
                temporary,
                writer,
                rows: 0,
            });
        }
        for file in &mut output.files {
            file.write(file.table.header.as_bytes())?;
            file.write(b"\n")?;
        }
        Ok(output)
    }

    /// Appends rows to the table at `position` of those given to [`Output::create`].
    pub(super) fn append(&mut self, position: usize, rows: &Rows) -> Result<(), SynthError> {
        let file = &mut self.files[position];
        file.rows += rows.count;
        file.write(&rows.bytes)
    }

    /// Flushes every file to disk, then gives each its name.
    pub(super) fn finish(mut self) -> Result<Vec<SynthTable>, SynthError> {
        for file in &mut self.files {
            file.writer
                .flush()
                .and_then(|()| file.writer.get_ref().sync_all())
                .map_err(|source| failed(&file.temporary, source))?;
        }
        let mut written = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let name = format!("{}.csv", file.table.name);
            let path = self.folder.join(&name);
            fs::rename(&file.temporary, &path).map_err(|source| failed(&path, source))?;
            written.push(SynthTable {
                table: file.table.name.to_owned(),
                file: name,
                rows: file.rows,
            });
        }
        self.files.clear();
        Ok(written)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        for file in &self.files {
            // The error that ends the work is the one to report, not a failed clean-up.
            let _ = fs::remove_file(&file.temporary);
        }
    }
}

impl OpenFile {
    fn write(&mut self, bytes: &[u8]) -> Result<(), SynthError> {
        self.writer
            .write_all(bytes)
            .map_err(|source| failed(&self.temporary, source))
    }
}

fn failed(path: &Path, source: std::io::Error) -> SynthError {
    SynthError::File {
        path: path.to_owned(),
        source,
    }
}
