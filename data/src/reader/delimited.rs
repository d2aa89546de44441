//! Reads a table from comma-separated text. The text is cut at ends of lines into blocks that
//! are parsed in parallel while the next ones are unpacked, so that the text of a large table
//! is never in memory as a whole; each block knows its first line, so that an error can name
//! the line it is on.

use std::collections::HashMap;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};
use rayon::prelude::*;

use super::bounds::{self, Exceeded, LONGEST_ROW};
use super::file::SourceFile;
use super::{
    A_NUMBER, A_WHOLE_NUMBER, AN_IDENTIFIER, Expected, FileRows, LARGEST_NUMBER, ReadError, UTF8,
    UnknownLevels, match_columns,
};
use crate::portfolio::{Column, ColumnKind};
use crate::raw_tables::{Cell, ColumnData, MISSING_LEVEL, empty_columns};

/// Size of a block. A row of the widest table has under 2 kB.
const BLOCK: usize = 4 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file of text whose header has been read.
pub(super) struct Opened<'a> {
    source: &'a SourceFile,
    blocks: Blocks<'a>,
    header: Vec<String>,
    /// What follows the header in the first block.
    first: Block,
}

/// Whole lines of a file.
struct Block {
    text: Vec<u8>,
    /// Line of the file at which the block starts, counted from 1.
    line: u64,
}

impl<'a> Opened<'a> {
    pub(super) fn new(
        source: &'a SourceFile,
        content: &'a mut (dyn Read + Send),
    ) -> Result<Self, ReadError> {
        let mut blocks = Blocks {
            source,
            content,
            rest: Vec::new(),
            line: 1,
            ended: false,
        };
        let Some(mut first) = blocks.next()? else {
            return Err(ReadError::Empty {
                file: source.path.clone(),
            });
        };
        if first.text.starts_with(BYTE_ORDER_MARK) {
            first.text.drain(..BYTE_ORDER_MARK.len());
        }
        let not_csv = |why: &str| ReadError::NotCsv {
            file: source.path.clone(),
            why: why.to_owned(),
        };
        if let Some(why) = other_content(&first.text) {
            return Err(not_csv(why));
        }
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(&first.text[..]);
        let mut record = ByteRecord::new();
        let found = reader.read_byte_record(&mut record);
        if !found.map_err(|error| not_csv(&error.to_string()))? {
            return Err(ReadError::Empty {
                file: source.path.clone(),
            });
        }
        let header = record
            .iter()
            .map(|name| std::str::from_utf8(name).map(str::to_owned))
            .collect::<Result<Vec<String>, _>>()
            .map_err(|_| not_csv("its first line is not UTF-8 text"))?;
        let (bytes, line) = (reader.position().byte(), reader.position().line());
        drop(reader);
        if bytes > LONGEST_ROW as u64 {
            return Err(source.exceeds(Exceeded::Row { line: 1 }));
        }
        first.text.drain(..bytes as usize);
        first.line = line;
        Ok(Self {
            source,
            blocks,
            header,
            first,
        })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Reads all rows as rows of a table.
    pub(super) fn read(mut self, expected: Expected<'_>) -> Result<FileRows, ReadError> {
        let positions = match_columns(self.source, expected, &self.header)?;
        let parser = Parser {
            source: self.source,
            expected,
            width: self.header.len(),
            cells: positions
                .iter()
                .zip(&expected.table.columns)
                .map(|(position, column)| position.map(|at| (at, CellParser::new(column))))
                .collect(),
        };
        let at_once = 2 * rayon::current_num_threads();
        let mut all = Parsed::new(expected);
        let mut batch = vec![self.first];
        while !batch.is_empty() {
            let blocks = &mut self.blocks;
            let (parsed, next) = rayon::join(
                || -> Vec<Result<Parsed, ReadError>> {
                    batch.par_iter().map(|block| parser.parse(block)).collect()
                },
                || blocks.batch(at_once),
            );
            // An error on an earlier line is told first, whichever was found first.
            for block in parsed {
                all.append(block?);
            }
            batch = next?;
        }
        Ok(all.finish())
    }
}

/// Recognises content that is no CSV by how it begins.
fn other_content(text: &[u8]) -> Option<&'static str> {
    let begins = |with: &[u8]| text.starts_with(with);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if begins(b"PK\x03\x04") {
        Some("it is a zip archive: name it .csv.zip")
    } else if begins(b"\x1f\x8b") {
        Some("it is a gzip file: name it .csv.gz")
    } else if begins(b"PAR1") {
        Some("it is a Parquet file: name it .parquet")
    } else if begins(b"%PDF") {
        Some("it is a PDF document")
    } else if matches!(first, Some(b'<')) {
        Some("it is HTML or XML")
    } else if matches!(first, Some(b'{' | b'[')) {
        Some("it is JSON")
    } else if text.iter().take(64 << 10).any(|byte| *byte == 0) {
        Some("it has binary content")
    } else {
        None
    }
}

/// Cuts the content of a file into blocks.
struct Blocks<'a> {
    source: &'a SourceFile,
    content: &'a mut (dyn Read + Send),
    /// Read but not yet given out.
    rest: Vec<u8>,
    line: u64,
    ended: bool,
}

impl Blocks<'_> {
    fn next(&mut self) -> Result<Option<Block>, ReadError> {
        let mut text = std::mem::take(&mut self.rest);
        while !self.ended {
            let wanted = BLOCK.max(text.len() * 2) - text.len();
            let read = (&mut *self.content)
                .take(wanted as u64)
                .read_to_end(&mut text)
                .map_err(|error| self.source.unreadable(&error))?;
            if read < wanted {
                self.ended = true;
            } else if let Some(end) = last_row_end(&text) {
                self.rest = text.split_off(end);
                break;
            } else if text.len() > LONGEST_ROW {
                return Err(self.source.exceeds(Exceeded::Row { line: self.line }));
            }
        }
        if text.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        self.line += line_ends(&text);
        Ok(Some(Block { text, line }))
    }

    /// Up to `count` blocks; fewer only at the end.
    fn batch(&mut self, count: usize) -> Result<Vec<Block>, ReadError> {
        let mut batch = Vec::with_capacity(count);
        while batch.len() < count {
            match self.next()? {
                Some(block) => batch.push(block),
                None => break,
            }
        }
        Ok(batch)
    }
}

/// Summed over short pieces in a byte each, which the compiler turns into vector code.
fn line_ends(text: &[u8]) -> u64 {
    text.chunks(255)
        .map(|piece| {
            let ends = piece
                .iter()
                .map(|byte| u8::from(*byte == b'\n'))
                .sum::<u8>();
            u64::from(ends)
        })
        .sum()
}

/// Position after the last end of line that is outside quotes; of a file that ends its lines
/// with carriage returns alone, after the last of these.
fn last_row_end(text: &[u8]) -> Option<usize> {
    if !text.contains(&b'"') {
        let last = |end| text.iter().rposition(|byte| *byte == end);
        return last(b'\n').or_else(|| last(b'\r')).map(|at| at + 1);
    }
    let mut place = bounds::Place::FieldStart;
    let (mut line_feed, mut carriage_return) = (None, None);
    for (at, &byte) in text.iter().enumerate() {
        if place != bounds::Place::Quoted {
            match byte {
                b'\n' => line_feed = Some(at + 1),
                b'\r' => carriage_return = Some(at + 1),
                _ => {}
            }
        }
        place = place.after(byte);
    }
    line_feed.or(carriage_return)
}

/// What is known of the rows of a table before they are read.
struct Parser<'a> {
    source: &'a SourceFile,
    expected: Expected<'a>,
    /// Number of fields of a row.
    width: usize,
    /// For each column of the table its field in a row, and how that is read.
    cells: Vec<Option<(usize, CellParser<'a>)>>,
}

impl Parser<'_> {
    fn parse(&self, block: &Block) -> Result<Parsed, ReadError> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(&block.text[..]);
        let mut record = ByteRecord::new();
        let mut parsed = Parsed::new(self.expected);
        let keep_lines = self.expected.table.key.is_some();
        while reader
            .read_byte_record(&mut record)
            .map_err(|error| self.source.broken(&error))?
        {
            let line = block.line + record.position().map_or(1, csv::Position::line) - 1;
            let start = record.position().map_or(0, csv::Position::byte);
            if reader.position().byte() - start > LONGEST_ROW as u64 {
                return Err(self.source.exceeds(Exceeded::Row { line }));
            }
            if record.len() != self.width {
                return Err(ReadError::RowLength {
                    file: self.source.path.clone(),
                    place: self.source.place_of(line),
                    expected: self.width,
                    found: record.len(),
                });
            }
            self.parse_row(&record, line, &mut parsed)?;
            parsed.rows += 1;
            if keep_lines {
                parsed.lines.push(line);
            }
        }
        Ok(parsed)
    }

    fn parse_row(
        &self,
        record: &ByteRecord,
        line: u64,
        parsed: &mut Parsed,
    ) -> Result<(), ReadError> {
        for (position, cell) in self.cells.iter().enumerate() {
            let Some((field, parser)) = cell else {
                parsed.columns[position].push(Cell::Missing);
                continue;
            };
            let text = &record[*field];
            let column = parser.column;
            let value = match parser.parse(text) {
                Ok(value) => value,
                Err(NotRead::UnknownLevel(level)) => {
                    parsed.unknown_level(position, level, line);
                    Cell::Missing
                }
                Err(NotRead::WrongType(expected)) => {
                    return Err(ReadError::WrongType {
                        file: self.source.path.clone(),
                        place: self.source.place_of(line),
                        column: column.name.clone(),
                        value: shortened(text),
                        expected,
                    });
                }
            };
            // A required category of a level nobody knows is a warning like any other; the
            // sentinels of a required category (CODE_GENDER "XNA") are in the real tables.
            if column.required && text.is_empty() {
                return Err(ReadError::MissingValue {
                    file: self.source.path.clone(),
                    place: self.source.place_of(line),
                    column: column.name.clone(),
                });
            }
            parsed.columns[position].push(value);
        }
        Ok(())
    }
}

/// A value as a message quotes it.
fn shortened(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into_owned(),
    }
}

/// Reads the values of one column.
struct CellParser<'a> {
    column: &'a Column,
    /// Code of each level; a sentinel has [`MISSING_LEVEL`].
    codes: HashMap<&'a [u8], u8>,
}

/// Why a value was not read.
enum NotRead {
    WrongType(&'static str),
    UnknownLevel(String),
}

impl<'a> CellParser<'a> {
    fn new(column: &'a Column) -> Self {
        let mut codes = HashMap::new();
        if let ColumnKind::Category { levels } = &column.kind {
            for (code, level) in levels.iter().enumerate() {
                codes.insert(level.as_bytes(), code as u8);
            }
            for sentinel in &column.missing {
                if let crate::portfolio::Sentinel::Level(level) = sentinel {
                    codes.insert(level.as_bytes(), MISSING_LEVEL);
                }
            }
        }
        Self { column, codes }
    }

    fn parse(&self, text: &[u8]) -> Result<Cell, NotRead> {
        if text.is_empty() {
            return Ok(Cell::Missing);
        }
        match &self.column.kind {
            ColumnKind::Id => match parse_text::<i64>(text) {
                Some(id) => Ok(Cell::Id(id)),
                None => Err(NotRead::WrongType(AN_IDENTIFIER)),
            },
            ColumnKind::Integer => match parse_text::<f64>(text) {
                Some(value) if value.abs() <= LARGEST_NUMBER && value.fract() == 0.0 => {
                    Ok(self.number(value))
                }
                _ => Err(NotRead::WrongType(A_WHOLE_NUMBER)),
            },
            ColumnKind::Number => match parse_text::<f64>(text) {
                Some(value) if value.abs() <= LARGEST_NUMBER => Ok(self.number(value)),
                _ => Err(NotRead::WrongType(A_NUMBER)),
            },
            ColumnKind::Category { .. } => match self.codes.get(text) {
                Some(&MISSING_LEVEL) => Ok(Cell::Missing),
                Some(&code) => Ok(Cell::Level(code)),
                None => match std::str::from_utf8(text) {
                    Ok(level) => Err(NotRead::UnknownLevel(level.to_owned())),
                    Err(_) => Err(NotRead::WrongType(UTF8)),
                },
            },
        }
    }

    fn number(&self, value: f64) -> Cell {
        if self.column.is_missing_number(value) {
            Cell::Missing
        } else {
            Cell::Number(value)
        }
    }
}

fn parse_text<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Rows read so far.
struct Parsed {
    columns: Vec<ColumnData>,
    lines: Vec<u64>,
    rows: usize,
    unknown: Vec<UnknownLevels>,
}

impl Parsed {
    fn new(expected: Expected<'_>) -> Self {
        Self {
            columns: empty_columns(expected.table),
            lines: Vec::new(),
            rows: 0,
            unknown: Vec::new(),
        }
    }

    fn unknown_level(&mut self, column: usize, level: String, line: u64) {
        match self.unknown.iter_mut().find(|known| known.column == column) {
            Some(known) => known.count += 1,
            None => self.unknown.push(UnknownLevels {
                column,
                first: level,
                first_place: line,
                count: 1,
            }),
        }
    }

    fn append(&mut self, mut other: Self) {
        for (own, other) in self.columns.iter_mut().zip(other.columns) {
            own.append(other);
        }
        self.lines.append(&mut other.lines);
        self.rows += other.rows;
        for unknown in other.unknown {
            match self
                .unknown
                .iter_mut()
                .find(|known| known.column == unknown.column)
            {
                Some(known) => known.count += unknown.count,
                None => self.unknown.push(unknown),
            }
        }
    }

    fn finish(self) -> FileRows {
        FileRows {
            columns: self.columns,
            lines: self.lines,
            rows: self.rows,
            unknown: self.unknown,
        }
    }
}
