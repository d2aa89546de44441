//! What a file may be, so that a hostile or broken one ends early: a regular file (a pipe may
//! never answer, a device never end), rows of a bounded length (an endless one would fill the
//! memory before it is seen to be no row), and content that is at most so many times as large
//! as the file (a zip of zeros unpacks to a thousand times its size). Every command that reads
//! a file reads it through here.

use std::fmt;
use std::fs::{File, FileType, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Longest row of a text file, in bytes. A row of the widest table has under 2 kB.
pub const LONGEST_ROW: usize = 1 << 20;

/// What a packed file may unpack to however small it is: a short table of equal rows is no bomb.
const ALWAYS_UNPACKED: u64 = 64 << 20;

/// Limits that may be raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// What a packed file may unpack to, in sizes of the file. The tables of Home Credit unpack
    /// to 5 to 30 times their size.
    pub expansion: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { expansion: 100 }
    }
}

impl Bounds {
    /// Bytes that a packed file of this size may unpack to.
    pub(super) fn unpacked(self, packed: u64) -> u64 {
        packed.saturating_mul(self.expansion).max(ALWAYS_UNPACKED)
    }

    /// The error for a file that unpacks to more than `most` bytes.
    pub(super) fn exceeded(self, most: u64) -> Exceeded {
        Exceeded::Expansion {
            most,
            expansion: self.expansion,
        }
    }
}

/// Which limit a file went over, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exceeded {
    /// A row has no end.
    Row { line: u64 },
    /// It unpacks to too much.
    Expansion { most: u64, expansion: u64 },
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { line } => write!(
                f,
                "the row that begins on line {line} is longer than {LONGEST_ROW} bytes, which \
                 no row is: is an end of line or a closing quote missing?"
            ),
            Self::Expansion { most, expansion } => write!(
                f,
                "it unpacks to more than {most} bytes (the limit is {expansion} times its size, \
                 at least {ALWAYS_UNPACKED}); if it is what it should be, unpack it to a CSV \
                 file, or raise files.expansion"
            ),
        }
    }
}

impl std::error::Error for Exceeded {}

impl From<Exceeded> for Error {
    fn from(exceeded: Exceeded) -> Self {
        Self::new(ErrorKind::InvalidData, exceeded)
    }
}

/// Opens a regular file, or a link to one, for reading.
pub fn open(path: &Path) -> Result<File> {
    // Asked first, because already the opening of a device may do something.
    check(std::fs::metadata(path)?.file_type())?;
    // And again of what was opened; a pipe put there in between is not waited for.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

fn check(kind: FileType) -> Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let what = if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(Error::new(
        ErrorKind::InvalidInput,
        format!(
            "it is {what}, and only regular files are read: name a file, or write the content \
             to one first"
        ),
    ))
}

/// The bytes of a file of at most `most`; `raise` says how to have more.
pub fn read_whole(path: &Path, most: u64, raise: &str) -> Result<Vec<u8>> {
    let file = open(path)?;
    let too_large = || {
        Error::new(
            ErrorKind::InvalidData,
            format!("it is larger than {most} bytes, the most that is read{raise}"),
        )
    };
    let size = file.metadata()?.len();
    if size > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // It may have grown since, and files of the system do not tell their size.
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Where in a row of comma-separated text one stands, as the csv crate reads it: a quote opens
/// a quoted field only where the field begins, and is an ordinary character elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote in a quoted field: its end, or the first of two.
    Quote,
}

impl Place {
    pub(super) fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Quote,
            (Self::Quoted, _) | (Self::Quote | Self::FieldStart, b'"') => Self::Quoted,
            (_, b',' | b'\n' | b'\r') => Self::FieldStart,
            _ => Self::Plain,
        }
    }
}

/// Passes comma-separated text through as long as its rows end.
pub struct BoundedRows<R> {
    text: R,
    place: Place,
    /// Bytes of the row so far.
    length: usize,
    line: u64,
    /// Line on which the row begins.
    row: u64,
}

impl<R: Read> BoundedRows<R> {
    /// Text that begins with the first row.
    pub fn new(text: R) -> Self {
        Self {
            text,
            place: Place::FieldStart,
            length: 0,
            line: 1,
            row: 1,
        }
    }
}

impl<R: Read> Read for BoundedRows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.text.read(buffer)?;
        for &byte in &buffer[..read] {
            self.line += u64::from(byte == b'\n');
            let ends = matches!(byte, b'\n' | b'\r') && self.place != Place::Quoted;
            self.place = self.place.after(byte);
            if ends {
                self.length = 0;
                self.row = self.line;
            } else {
                self.length += 1;
                if self.length > LONGEST_ROW {
                    return Err(Exceeded::Row { line: self.row }.into());
                }
            }
        }
        Ok(read)
    }
}

/// Passes unpacked content through up to a limit.
pub(super) struct BoundedContent<R> {
    content: R,
    left: u64,
    exceeded: Exceeded,
}

impl<R: Read> BoundedContent<R> {
    pub(super) fn new(content: R, packed: u64, bounds: Bounds) -> Self {
        let most = bounds.unpacked(packed);
        Self {
            content,
            left: most,
            exceeded: bounds.exceeded(most),
        }
    }
}

impl<R: Read> Read for BoundedContent<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.content.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => Err(self.exceeded.clone().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> std::result::Result<Vec<csv::ByteRecord>, csv::Error> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(BoundedRows::new(text))
            .into_byte_records()
            .collect()
    }

    #[test]
    fn a_row_without_end_is_refused_by_the_line_it_begins_on() {
        let endless = vec![b'7'; LONGEST_ROW + 1];
        let quoted = [b"\"".as_slice(), &b"x,\n".repeat(LONGEST_ROW / 2)].concat();
        for row in [endless, quoted] {
            let text = [b"a,b\n1,2\n".as_slice(), &row].concat();
            let error = rows(&text).expect_err("refused").to_string();
            assert!(error.contains("begins on line 3"), "{error}");
        }
    }

    #[test]
    fn quotes_that_open_no_field_hide_no_end_of_a_row() {
        let line = b"a 5\" screen,\"said \"\"no\"\"\n\",x\n".as_slice();
        let text = line.repeat(2 * LONGEST_ROW / line.len());
        let read = rows(&text).expect("every row ends");
        assert!(read.iter().all(|row| row.len() == 3));
    }

    #[test]
    fn content_is_passed_up_to_the_limit_and_no_further() {
        let bounds = Bounds { expansion: 10 };
        let packed = ALWAYS_UNPACKED / 10 + 1;
        let most = bounds.unpacked(packed);
        assert_eq!(most, packed * 10);
        assert_eq!(bounds.unpacked(1), ALWAYS_UNPACKED);
        let unpack = |bytes: u64| {
            let content = std::io::repeat(b'x').take(bytes);
            let mut content = BoundedContent::new(content, packed, bounds);
            std::io::copy(&mut content, &mut std::io::sink())
        };
        assert_eq!(unpack(most).expect("the most"), most);
        let error = unpack(most + 1).expect_err("one more").to_string();
        assert!(error.contains("files.expansion"), "{error}");
    }
}
