//! Reads a folder with the files of a portfolio's tables, or one such file. A table is a file
//! named after it: `NAME.csv`, `NAME.csv.zip`, `NAME.zip`, `NAME.csv.gz` or `NAME.parquet`.
//! Everything is checked against the schema; whatever is wrong is an error that names file,
//! line and column, and nothing is returned. Two things are accepted and reported: a table
//! other than the application's may be absent, and a category level that the schema does not
//! know becomes a missing value.

pub mod bounds;
mod declared;
mod delimited;
mod file;
mod parquet;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::column::{NamedColumn, TableColumns};
use crate::portfolio::{ColumnKind, Portfolio, Table};
use crate::raw_tables::{
    ColumnData, MISSING_LEVEL, RawTables, ReadReport, TableReport, is_outcome,
};
use bounds::{Bounds, Exceeded};
use file::{Format, SourceFile};

/// Which application files to read: those with the outcome, those without, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applications {
    /// The first file of the application table; every row is expected to have its outcome.
    Train,
    /// The second file of the application table.
    Test,
    /// Whichever of the two are there, at least one; the rows of both one after the other.
    All,
}

/// Place of a row in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Line of a text file; the header is line 1.
    Line(u64),
    /// Row of a Parquet file, which has no lines.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// Why a folder or a file was not read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("{}: {source}", .path.display())]
    Open {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: no file of the table {table}: looked for {}", .dir.display(), .looked_for.join(", "))]
    MissingTable {
        table: String,
        dir: PathBuf,
        looked_for: Vec<String>,
    },
    #[error("table {table}: {} and {} hold the same table: keep one", .first.display(), .second.display())]
    TwoFiles {
        table: String,
        first: PathBuf,
        second: PathBuf,
    },
    #[error("{}: broken {format}: {detail}", .file.display())]
    Broken {
        file: PathBuf,
        format: &'static str,
        detail: String,
    },
    #[error("{}: {source}", .file.display())]
    Exceeds { file: PathBuf, source: Exceeded },
    #[error("{}: the archive holds {found} CSV files, not one", .file.display())]
    ArchiveContents { file: PathBuf, found: usize },
    #[error("{}: the file is empty", .file.display())]
    Empty { file: PathBuf },
    #[error("{}: there is no row after the header", .file.display())]
    NoRows { file: PathBuf },
    #[error("{}: not a CSV file: {why}", .file.display())]
    NotCsv { file: PathBuf, why: String },
    #[error("{}: line 1: column {} is missing from the table {table}", .file.display(), .columns.join(", "))]
    MissingColumns {
        file: PathBuf,
        table: String,
        columns: Vec<String>,
    },
    #[error("{}: line 1: the table {table} has no column {column}", .file.display())]
    UnknownColumn {
        file: PathBuf,
        table: String,
        column: String,
    },
    #[error("{}: line 1: the column {column} is there twice", .file.display())]
    RepeatedColumn { file: PathBuf, column: String },
    #[error("{}: {place}: {found} fields where the header has {expected}", .file.display())]
    RowLength {
        file: PathBuf,
        place: Place,
        expected: usize,
        found: usize,
    },
    #[error("{}: {place}: column {column}: \"{value}\" is not {expected}", .file.display())]
    WrongType {
        file: PathBuf,
        place: Place,
        column: String,
        value: String,
        expected: &'static str,
    },
    #[error("{}: column {column} has the type {found}, expected {expected}", .file.display())]
    ColumnType {
        file: PathBuf,
        column: String,
        found: String,
        expected: &'static str,
    },
    #[error("{}: {place}: column {column} has no value and must have one", .file.display())]
    MissingValue {
        file: PathBuf,
        place: Place,
        column: String,
    },
    #[error("{}: {place}: {column} {key} is already in {}, {first_place}", .file.display(), .first_file.display())]
    RepeatedKey {
        file: PathBuf,
        place: Place,
        column: String,
        key: i64,
        first_file: PathBuf,
        first_place: Place,
    },
    #[error("{}: neither its name nor its columns are those of a table of the portfolio {portfolio}", .file.display())]
    UnknownTable { file: PathBuf, portfolio: String },
}

/// Rows of one file, checked.
struct FileRows {
    columns: Vec<ColumnData>,
    /// Line of each row, for tables with a key, so that a repeated one can be shown.
    lines: Vec<u64>,
    rows: usize,
    unknown: Vec<UnknownLevels>,
}

/// Values of a category column that are none of its levels.
#[derive(Debug, Clone, PartialEq)]
struct UnknownLevels {
    /// Position of the column in the table.
    column: usize,
    first: String,
    first_place: u64,
    count: u64,
}

/// What is expected of a file, apart from its table.
#[derive(Clone, Copy)]
struct Expected<'a> {
    table: &'a Table,
    /// Whether the label column must be there.
    labelled: bool,
}

/// Largest size of a number, in either direction: sums of as many of them as a client has
/// rows stay exact to well under a unit.
pub(crate) const LARGEST_NUMBER: f64 = 1e15;

const A_NUMBER: &str = "a number (finite, at most 1e15 in size)";
const A_WHOLE_NUMBER: &str = "a whole number (at most 1e15 in size)";
const AN_IDENTIFIER: &str = "an identifier (a 64-bit integer)";
const UTF8: &str = "UTF-8 text";
const AN_OUTCOME: &str = "an outcome (0, 1 or blank)";

/// Reads the tables of a folder.
///
/// Files whose name is no table's are ignored. The rows of the other tables that belong to no
/// client of the applications read are left out and counted in a warning.
pub fn read_folder(
    portfolio: &Portfolio,
    dir: &Path,
    which: Applications,
) -> Result<RawTables, ReadError> {
    read_folder_telling(portfolio, dir, which, Bounds::default(), &mut |_| {})
}

/// [`read_folder`] with limits of one's own, that tells the share of the tables read, by the
/// size of their files.
pub fn read_folder_telling(
    portfolio: &Portfolio,
    dir: &Path,
    which: Applications,
    bounds: Bounds,
    on_progress: &mut dyn FnMut(f64),
) -> Result<RawTables, ReadError> {
    let names = file::names(dir)?;
    let sizes = TableSizes::of(portfolio, dir, &names);
    let mut report = ReadReport::default();
    let application = read_applications(portfolio, dir, &names, (which, bounds), &mut report)?;
    let mut children = Vec::new();
    let mut sources = vec![application.sources];
    for (position, table) in portfolio.tables.iter().enumerate().skip(1) {
        on_progress(sizes.share_before(position));
        match file::find(dir, &names, &table.name, &table.files[0], bounds)? {
            None => {
                report.absent.push(table.name.clone());
                children.push(None);
                sources.push(Vec::new());
            }
            Some(source) => {
                let expected = Expected {
                    table,
                    labelled: true,
                };
                let rows = read_file(&source, expected)?;
                report.add(&source, table, &rows)?;
                children.push(Some(rows.columns));
                sources.push(vec![(source, rows.rows, rows.lines)]);
            }
        }
    }
    let assembled = RawTables::assemble(&portfolio.tables, application.columns, children);
    let (tables, orphans) = assembled.map_err(|repeated| {
        let (first_file, first_place) = locate(&sources[repeated.table], repeated.first);
        let (file, place) = locate(&sources[repeated.table], repeated.second);
        let table = &portfolio.tables[repeated.table];
        ReadError::RepeatedKey {
            file,
            place,
            column: table.key.clone().unwrap_or_default(),
            key: repeated.key,
            first_file,
            first_place,
        }
    })?;
    for (table, count) in portfolio.tables[1..].iter().zip(orphans) {
        if count > 0 {
            report.warnings.push(format!(
                "{}: {count} rows belong to none of the clients read and were left out",
                table.name
            ));
        }
    }
    Ok(tables.with_report(report))
}

/// Bytes of each table's files, to tell how far the reading is.
struct TableSizes(Vec<u64>);

impl TableSizes {
    /// A file whose size is not known counts as none.
    fn of(portfolio: &Portfolio, dir: &Path, names: &[String]) -> Self {
        let size = |stem: &String| -> u64 {
            file::spellings(stem)
                .filter(|name| names.contains(name))
                .filter_map(|name| std::fs::metadata(dir.join(name)).ok())
                .map(|file| file.len())
                .sum()
        };
        let tables = portfolio.tables.iter();
        Self(
            tables
                .map(|table| table.files.iter().map(size).sum())
                .collect(),
        )
    }

    fn share_before(&self, position: usize) -> f64 {
        let all: u64 = self.0.iter().sum();
        self.0[..position].iter().sum::<u64>() as f64 / all.max(1) as f64
    }
}

/// Reads one file of any table, recognised by its name, else by its columns.
pub fn read_table_file(portfolio: &Portfolio, path: &Path) -> Result<TableColumns, ReadError> {
    read_table_file_within(portfolio, path, Bounds::default())
}

/// [`read_table_file`] with limits of one's own.
pub fn read_table_file_within(
    portfolio: &Portfolio,
    path: &Path,
    bounds: Bounds,
) -> Result<TableColumns, ReadError> {
    let source = SourceFile::at(path, bounds);
    let by_name = portfolio
        .tables
        .iter()
        .find(|table| table.files.contains(&source.stem));
    let table = match by_name {
        Some(table) => table,
        None => recognise(portfolio, &source)?,
    };
    let expected = Expected {
        table,
        labelled: false,
    };
    let rows = read_file(&source, expected)?;
    let columns = table.columns.iter().zip(rows.columns);
    Ok(TableColumns {
        table: table.name.clone(),
        rows: rows.rows,
        columns: columns
            .map(|(column, data)| match (data, &column.kind) {
                (ColumnData::Id(ids), _) => {
                    let numbers = ids.into_iter().map(|id| id as f64).collect();
                    NamedColumn::numbers(&column.name, numbers)
                }
                (ColumnData::Category(codes), ColumnKind::Category { levels }) => {
                    let wide = |code| {
                        if code == MISSING_LEVEL {
                            crate::column::MISSING_CODE
                        } else {
                            u32::from(code)
                        }
                    };
                    let codes = codes.into_iter().map(wide).collect();
                    NamedColumn::categories(&column.name, codes, levels.clone())
                }
                (ColumnData::Number(numbers), _) => NamedColumn::numbers(&column.name, numbers),
                (ColumnData::Category(_), _) => unreachable!("codes come from levels"),
            })
            .collect(),
    })
}

/// The files a table was read from, with their rows and the lines of these.
type Sources = Vec<(SourceFile, usize, Vec<u64>)>;

struct ApplicationRows {
    columns: Vec<ColumnData>,
    sources: Sources,
}

fn read_applications(
    portfolio: &Portfolio,
    dir: &Path,
    names: &[String],
    (which, bounds): (Applications, Bounds),
    report: &mut ReadReport,
) -> Result<ApplicationRows, ReadError> {
    let table = portfolio.application();
    let wanted = match which {
        Applications::Train => &table.files[..1],
        Applications::Test => &table.files[1..],
        Applications::All => &table.files[..],
    };
    let mut columns: Vec<ColumnData> = Vec::new();
    let mut sources: Sources = Vec::new();
    for stem in wanted {
        let Some(source) = file::find(dir, names, &table.name, stem, bounds)? else {
            continue;
        };
        let expected = Expected {
            table,
            labelled: *stem == table.files[0],
        };
        let rows = read_file(&source, expected)?;
        if rows.rows == 0 {
            return Err(ReadError::NoRows { file: source.path });
        }
        check_outcomes(&source, expected, &rows, report)?;
        report.add(&source, table, &rows)?;
        if columns.is_empty() {
            columns = rows.columns;
        } else {
            for (own, other) in columns.iter_mut().zip(rows.columns) {
                own.append(other);
            }
        }
        sources.push((source, rows.rows, rows.lines));
    }
    if sources.is_empty() {
        return Err(ReadError::MissingTable {
            table: table.name.clone(),
            dir: dir.to_owned(),
            looked_for: wanted
                .iter()
                .flat_map(|stem| file::spellings(stem))
                .collect(),
        });
    }
    Ok(ApplicationRows { columns, sources })
}

/// An outcome is 0, 1 or blank; blank ones in the file that should have them are reported.
fn check_outcomes(
    source: &SourceFile,
    expected: Expected<'_>,
    rows: &FileRows,
    report: &mut ReadReport,
) -> Result<(), ReadError> {
    let Some(position) = expected.table.label_position() else {
        return Ok(());
    };
    let ColumnData::Number(outcomes) = &rows.columns[position] else {
        return Ok(());
    };
    let wrong = outcomes
        .iter()
        .position(|&outcome| !outcome.is_nan() && !is_outcome(outcome));
    if let Some(row) = wrong {
        return Err(ReadError::WrongType {
            file: source.path.clone(),
            place: source.place(&rows.lines, row),
            column: expected.table.columns[position].name.clone(),
            value: outcomes[row].to_string(),
            expected: AN_OUTCOME,
        });
    }
    let blank = outcomes.iter().filter(|outcome| outcome.is_nan()).count();
    if expected.labelled && blank > 0 {
        report.warnings.push(format!(
            "{}: {blank} rows have no {}",
            source.name, expected.table.columns[position].name
        ));
    }
    Ok(())
}

fn read_file(source: &SourceFile, expected: Expected<'_>) -> Result<FileRows, ReadError> {
    match source.format {
        Format::Parquet => parquet::read(source, expected),
        _ => file::with_content(source, |content| {
            delimited::Opened::new(source, content)?.read(expected)
        }),
    }
}

/// The table whose columns a file has; the one it shares the most columns with, if it shares
/// at least half of the table's.
fn recognise<'a>(portfolio: &'a Portfolio, source: &SourceFile) -> Result<&'a Table, ReadError> {
    let header = match source.format {
        Format::Parquet => parquet::header(source)?,
        _ => file::with_content(source, |content| {
            Ok(delimited::Opened::new(source, content)?.header().to_vec())
        })?,
    };
    let shared = |table: &Table| {
        let columns = table.columns.iter();
        columns
            .filter(|column| header.contains(&column.name))
            .count()
    };
    portfolio
        .tables
        .iter()
        .filter(|table| 2 * shared(table) >= table.columns.len())
        .max_by_key(|table| shared(table))
        .ok_or_else(|| ReadError::UnknownTable {
            file: source.path.clone(),
            portfolio: portfolio.name.clone(),
        })
}

/// For each column of the table its position in the file, `None` where the file may and does
/// lack it.
fn match_columns(
    source: &SourceFile,
    expected: Expected<'_>,
    header: &[String],
) -> Result<Vec<Option<usize>>, ReadError> {
    let table = expected.table;
    let mut seen = HashSet::new();
    for name in header {
        if !seen.insert(name) {
            return Err(ReadError::RepeatedColumn {
                file: source.path.clone(),
                column: name.clone(),
            });
        }
    }
    let positions: Vec<Option<usize>> = table
        .columns
        .iter()
        .map(|column| header.iter().position(|name| *name == column.name))
        .collect();
    if positions.iter().all(Option::is_none) {
        return Err(ReadError::NotCsv {
            file: source.path.clone(),
            why: format!("its first line has none of the columns of {}", table.name),
        });
    }
    if let Some(unknown) = header.iter().find(|name| table.position(name).is_none()) {
        return Err(ReadError::UnknownColumn {
            file: source.path.clone(),
            table: table.name.clone(),
            column: unknown.clone(),
        });
    }
    let optional = |name: &String| !expected.labelled && table.label.as_ref() == Some(name);
    let missing: Vec<String> = table
        .columns
        .iter()
        .zip(&positions)
        .filter(|(column, position)| position.is_none() && !optional(&column.name))
        .map(|(column, _)| column.name.clone())
        .collect();
    if missing.is_empty() {
        Ok(positions)
    } else {
        Err(ReadError::MissingColumns {
            file: source.path.clone(),
            table: table.name.clone(),
            columns: missing,
        })
    }
}

/// File and place of a row of a table that may come from several files.
fn locate(sources: &Sources, mut row: usize) -> (PathBuf, Place) {
    for (source, rows, lines) in sources {
        if row < *rows {
            return (source.path.clone(), source.place(lines, row));
        }
        row -= rows;
    }
    (PathBuf::new(), Place::Row(row as u64 + 1))
}

impl ReadReport {
    fn add(
        &mut self,
        source: &SourceFile,
        table: &Table,
        rows: &FileRows,
    ) -> Result<(), ReadError> {
        self.tables.push(TableReport {
            table: table.name.clone(),
            file: source.name.clone(),
            rows: rows.rows,
            sha256: source.sha256()?,
        });
        for unknown in &rows.unknown {
            self.warnings.push(format!(
                "{}: column {}: {} values are none of the levels known and were taken as missing (first: \"{}\", {})",
                source.name,
                table.columns[unknown.column].name,
                unknown.count,
                unknown.first,
                source.place_of(unknown.first_place),
            ));
        }
        Ok(())
    }
}
