//! What a Parquet file says of itself, held against its size before Polars takes its word for
//! it. A footer of a few bytes can promise any number of columns, rows and bytes, and room is
//! made for them before the first is read; here the footer and the head of every page are read
//! by a parser that makes room for nothing, and what they promise must be within bounds.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{ColumnMetaData, FileMetaData, PageHeader};

use super::ReadError;
use super::file::SourceFile;

const MAGIC: &[u8] = b"PAR1";
/// Magic bytes and length of the footer, at the end of a file.
const TAIL: u64 = 8;
/// Largest footer. One of a thousand row groups of the widest table has 12 MB.
const LARGEST_FOOTER: u64 = 16 << 20;
/// Most columns, groups of columns among them. The widest table has 122.
const MOST_COLUMNS: usize = 1_000;
/// Largest head of a page: a few numbers, and two values as its statistics.
const LARGEST_PAGE_HEADER: usize = 1 << 20;
/// Bytes that a value takes once it is read.
const VALUE: u64 = 8;

/// Refuses a file that promises more than its bounds allow, or what cannot be.
pub(super) fn check(source: &SourceFile) -> Result<(), ReadError> {
    let file = source.open()?;
    let size = file
        .metadata()
        .map_err(|error| source.broken(&error))?
        .len();
    let mut file = BufReader::new(file);
    let footer = footer(source, &mut file, size)?;
    let most = source.bounds.unpacked(size);
    let exceeded = || source.exceeds(source.bounds.exceeded(most));
    if footer.schema.len() > MOST_COLUMNS {
        return Err(source.broken(&format!("it has more than {MOST_COLUMNS} columns")));
    }
    let count =
        |number: i64| u64::try_from(number).map_err(|_| source.broken(&"it counts below zero"));
    let mut rows = 0_u64;
    let mut bytes = 0_u64;
    for group in &footer.row_groups {
        let group_rows = count(group.num_rows)?;
        rows = rows.saturating_add(group_rows);
        for column in &group.columns {
            let Some(column) = &column.meta_data else {
                return Err(source.broken(&"a column is not described"));
            };
            if count(column.num_values)? > group_rows {
                return Err(source.broken(&"a column has more values than there are rows"));
            }
            bytes = bytes.saturating_add(count(column.total_uncompressed_size)?);
        }
    }
    let values = rows
        .max(count(footer.num_rows)?)
        .saturating_mul(footer.schema.len() as u64);
    if values.saturating_mul(VALUE) > most || bytes > most {
        return Err(exceeded());
    }
    let mut unpacked = 0_u64;
    for group in &footer.row_groups {
        let columns = group
            .columns
            .iter()
            .filter_map(|one| one.meta_data.as_ref());
        for column in columns {
            let pages = Pages::of(source, column, size)?;
            unpacked = unpacked.saturating_add(pages.unpacked(source, &mut file, most)?);
            if unpacked > most {
                return Err(exceeded());
            }
        }
    }
    Ok(())
}

fn footer(
    source: &SourceFile,
    file: &mut BufReader<File>,
    size: u64,
) -> Result<FileMetaData, ReadError> {
    let broken = |error: std::io::Error| source.broken(&error);
    if size < TAIL + MAGIC.len() as u64 {
        return Err(source.broken(&"it is too short"));
    }
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(size - TAIL)).map_err(broken)?;
    file.read_exact(&mut tail).map_err(broken)?;
    let (length, magic) = tail.split_at(4);
    if magic != MAGIC {
        return Err(source.broken(&"it does not end with PAR1"));
    }
    let length = length
        .iter()
        .rev()
        .fold(0, |length, &byte| length << 8 | u64::from(byte));
    if length > size - TAIL {
        return Err(source.broken(&"its footer is longer than the file"));
    }
    if length > LARGEST_FOOTER {
        return Err(source.broken(&format!(
            "its footer is longer than {LARGEST_FOOTER} bytes, the most that is read: write it \
             with larger row groups"
        )));
    }
    file.seek(SeekFrom::Start(size - TAIL - length))
        .map_err(broken)?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes).map_err(broken)?;
    // What it may make room for: a list whose entries take a byte each is larger in memory.
    let most = 4 * bytes.len() + 1024;
    let mut protocol = TCompactInputProtocol::new(bytes.as_slice(), most);
    FileMetaData::read_from_in_protocol(&mut protocol).map_err(|error| source.broken(&error))
}

/// Where the pages of a column of a row group lie.
struct Pages {
    start: u64,
    end: u64,
    values: i64,
}

impl Pages {
    fn of(source: &SourceFile, column: &ColumnMetaData, size: u64) -> Result<Self, ReadError> {
        let first = column
            .dictionary_page_offset
            .unwrap_or(column.data_page_offset);
        let start = u64::try_from(first).ok();
        let length = u64::try_from(column.total_compressed_size).ok();
        let end = start
            .zip(length)
            .and_then(|(start, length)| start.checked_add(length));
        match start.zip(end) {
            Some((start, end)) if end <= size => Ok(Self {
                start,
                end,
                values: column.num_values,
            }),
            _ => Err(source.broken(&"a column lies outside the file")),
        }
    }

    /// Bytes that all pages together say they unpack to; what follows the first `most` is not
    /// looked at.
    fn unpacked(
        &self,
        source: &SourceFile,
        file: &mut BufReader<File>,
        most: u64,
    ) -> Result<u64, ReadError> {
        let broken = |error: std::io::Error| source.broken(&error);
        let lies = || source.broken(&"a page does not fit its column");
        let (mut at, mut seen, mut unpacked) = (self.start, 0_i64, 0_u64);
        while at < self.end && seen < self.values && unpacked <= most {
            file.seek(SeekFrom::Start(at)).map_err(broken)?;
            let mut head = Counted { file, read: 0 };
            let mut protocol = TCompactInputProtocol::new(&mut head, LARGEST_PAGE_HEADER);
            let page = PageHeader::read_from_in_protocol(&mut protocol)
                .map_err(|error| source.broken(&error))?;
            let read = head.read;
            let packed = u64::try_from(page.compressed_page_size).map_err(|_| lies())?;
            let content = u64::try_from(page.uncompressed_page_size).map_err(|_| lies())?;
            if let Some(dictionary) = &page.dictionary_page_header {
                // An entry takes a byte at least.
                let entries = u64::try_from(dictionary.num_values).map_err(|_| lies())?;
                if entries > content {
                    return Err(lies());
                }
            }
            let values = page.data_page_header.as_ref().map(|page| page.num_values);
            let values = values.or(page
                .data_page_header_v2
                .as_ref()
                .map(|page| page.num_values));
            let values = i64::from(values.unwrap_or(0));
            seen = seen.saturating_add(values);
            if values < 0 || seen > self.values {
                return Err(lies());
            }
            unpacked = unpacked.saturating_add(content);
            at = at.saturating_add(read).saturating_add(packed);
        }
        if at > self.end {
            return Err(lies());
        }
        Ok(unpacked)
    }
}

/// Counts what is read of a file.
struct Counted<'a> {
    file: &'a mut BufReader<File>,
    read: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}
