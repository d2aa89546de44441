//! Rows of a CSV file as a model takes them: columns by name, in any order.

use ndarray::Array2;
use octroi_data::reader::bounds::{self, BoundedRows};
use octroi_model_registry::import::ImportedFeature;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Reads a file of rows bit by bit.
pub struct RowReader {
    reader: csv::Reader<BoundedRows<File>>,
    path: PathBuf,
    columns: Vec<Column>,
    /// Columns of the file that the model does not take.
    pub ignored: Vec<String>,
    record: csv::StringRecord,
}

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error("{} cannot be read: {source}", path.display())]
    Open {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is empty: its first line must name the columns", .0.display())]
    Empty(PathBuf),
    #[error("{} is no CSV file that can be read: {source}", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    #[error("{} has no column {missing}, which the model takes", path.display())]
    MissingColumns { path: PathBuf, missing: String },
    #[error("{} has the column {column} twice", path.display())]
    RepeatedColumn { path: PathBuf, column: String },
    #[error("{}, line {line}, column {column}: `{cell}` is not {expected}", path.display())]
    Cell {
        path: PathBuf,
        line: u64,
        column: String,
        cell: String,
        expected: String,
    },
}

/// Where a feature stands in the file, and the codes of its levels.
struct Column {
    name: String,
    at: usize,
    levels: Option<Levels>,
}

struct Levels {
    codes: HashMap<String, f64>,
    /// Levels that are numbers themselves: there a code could be mistaken for a level.
    numbers: bool,
}

/// Names told at most, of many.
const TOLD: usize = 10;

/// The first few of many names.
#[must_use]
pub fn first_of(names: &[String]) -> String {
    let told = names.iter().take(TOLD).cloned().collect::<Vec<_>>();
    match names.len() - told.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

impl RowReader {
    /// Opens a file and finds the model's features among its columns.
    pub fn open(path: &Path, features: &[ImportedFeature]) -> Result<Self, RowError> {
        let file = bounds::open(path).map_err(|source| RowError::Open {
            path: path.to_owned(),
            source,
        })?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(BoundedRows::new(file));
        let header = reader.headers().map_err(|source| RowError::Csv {
            path: path.to_owned(),
            source,
        })?;
        if header.is_empty() || (header.len() == 1 && header[0].is_empty()) {
            return Err(RowError::Empty(path.to_owned()));
        }
        let mut places = HashMap::new();
        for (at, name) in header.iter().enumerate() {
            // What pandas and spreadsheets put before the first name.
            let name = name.trim_start_matches('\u{feff}');
            if places.insert(name.to_owned(), at).is_some() {
                return Err(RowError::RepeatedColumn {
                    path: path.to_owned(),
                    column: name.to_owned(),
                });
            }
        }
        let mut columns = Vec::with_capacity(features.len());
        let mut missing = Vec::new();
        for feature in features {
            match places.remove(&feature.name) {
                None => missing.push(feature.name.clone()),
                Some(at) => columns.push(Column {
                    name: feature.name.clone(),
                    at,
                    levels: feature.levels.as_deref().map(Levels::new),
                }),
            }
        }
        if !missing.is_empty() {
            return Err(RowError::MissingColumns {
                path: path.to_owned(),
                missing: first_of(&missing),
            });
        }
        let mut ignored: Vec<(usize, String)> =
            places.into_iter().map(|(name, at)| (at, name)).collect();
        ignored.sort_unstable();
        Ok(Self {
            reader,
            path: path.to_owned(),
            columns,
            ignored: ignored.into_iter().map(|(_, name)| name).collect(),
            record: csv::StringRecord::new(),
        })
    }

    /// The next rows, at most so many (rows x features); none at the end. Empty cells and
    /// `NA` and `NaN` are missing.
    pub fn next_rows(&mut self, most: usize) -> Result<Option<Array2<f64>>, RowError> {
        let mut values = Vec::new();
        let mut rows = 0;
        while rows < most {
            let more = self.reader.read_record(&mut self.record);
            if !more.map_err(|source| RowError::Csv {
                path: self.path.clone(),
                source,
            })? {
                break;
            }
            for column in &self.columns {
                values.push(self.value(column)?);
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let shape = (rows, self.columns.len());
        Ok(Array2::from_shape_vec(shape, values).ok())
    }

    /// All rows that are left.
    pub fn all_rows(&mut self) -> Result<Array2<f64>, RowError> {
        let empty = Array2::zeros((0, self.columns.len()));
        Ok(self.next_rows(usize::MAX)?.unwrap_or(empty))
    }

    /// Bytes read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.reader.position().byte()
    }

    fn value(&self, column: &Column) -> Result<f64, RowError> {
        let cell = self.record.get(column.at).unwrap_or_default();
        if cell.is_empty() || cell.eq_ignore_ascii_case("na") || cell.eq_ignore_ascii_case("nan") {
            return Ok(f64::NAN);
        }
        let value = match &column.levels {
            None => cell.parse().ok(),
            Some(levels) => levels.code(cell),
        };
        value.ok_or_else(|| RowError::Cell {
            path: self.path.clone(),
            line: self.record.position().map_or(0, csv::Position::line),
            column: column.name.clone(),
            cell: cell.to_owned(),
            expected: column
                .levels
                .as_ref()
                .map_or_else(|| "a number".to_owned(), Levels::expected),
        })
    }
}

impl Levels {
    fn new(levels: &[String]) -> Self {
        let code = |(code, level): (usize, &String)| (level.clone(), code as f64);
        Self {
            numbers: levels.iter().any(|level| level.parse::<f64>().is_ok()),
            codes: levels.iter().enumerate().map(code).collect(),
        }
    }

    /// The code of a level's text, or a code itself.
    fn code(&self, cell: &str) -> Option<f64> {
        if let Some(&code) = self.codes.get(cell) {
            return Some(code);
        }
        let number: f64 = cell.parse().ok()?;
        if self.numbers {
            // `1.0` is the level `1`.
            let same = |level: &&String| level.parse::<f64>() == Ok(number);
            return self.codes.keys().find(same).map(|level| self.codes[level]);
        }
        let is_code =
            number >= 0.0 && number.fract() == 0.0 && (number as usize) < self.codes.len();
        is_code.then_some(number)
    }

    fn expected(&self) -> String {
        let mut levels: Vec<(&f64, &String)> = self
            .codes
            .iter()
            .map(|(level, code)| (code, level))
            .collect();
        levels.sort_by(|a, b| a.0.total_cmp(b.0));
        let levels: Vec<String> = levels.into_iter().map(|(_, level)| level.clone()).collect();
        let code = if self.numbers {
            ""
        } else {
            ", nor the code of one"
        };
        format!("a level of the category ({}){code}", first_of(&levels))
    }
}
