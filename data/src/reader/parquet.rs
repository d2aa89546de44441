//! Reads a table from a Parquet file: columns of any numeric type for numbers, text or
//! dictionary for categories; the same checks as for text, with rows instead of lines. NaN
//! counts as missing, as some writers store it so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::prelude::{DataFrame, DataType, Series};
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;

use super::declared;
use super::file::SourceFile;
use super::{
    A_NUMBER, A_WHOLE_NUMBER, AN_IDENTIFIER, Expected, FileRows, LARGEST_NUMBER, ReadError,
    UnknownLevels, match_columns,
};
use crate::portfolio::{Column, ColumnKind};
use crate::raw_tables::{ColumnData, MISSING_LEVEL};

/// Names of the columns of a file.
pub(super) fn header(source: &SourceFile) -> Result<Vec<String>, ReadError> {
    refuse_empty(source)?;
    let schema = guarded(source, || {
        declared::check(source)?;
        let schema = ParquetReader::new(source.open()?).schema();
        schema.map_err(|error| source.broken(&error))
    })?;
    Ok(schema.iter_names().map(ToString::to_string).collect())
}

/// Reads all rows as rows of a table.
pub(super) fn read(source: &SourceFile, expected: Expected<'_>) -> Result<FileRows, ReadError> {
    let header = header(source)?;
    let positions = match_columns(source, expected, &header)?;
    let frame = guarded(source, || {
        let frame = ParquetReader::new(source.open()?).finish();
        frame.map_err(|error| source.broken(&error))
    })?;
    let rows = frame.height();
    let mut read = FileRows {
        columns: Vec::with_capacity(positions.len()),
        lines: Vec::new(),
        rows,
        unknown: Vec::new(),
    };
    for (position, (column, at)) in expected.table.columns.iter().zip(positions).enumerate() {
        let mut data = ColumnData::new(&column.kind);
        if at.is_none() {
            data.append_missing(rows);
        } else {
            let values = ColumnValues {
                source,
                column,
                values: series(source, &frame, column)?,
            };
            data = match &column.kind {
                ColumnKind::Id => values.ids()?,
                ColumnKind::Integer | ColumnKind::Number => values.numbers()?,
                ColumnKind::Category { levels } => {
                    values.codes(levels, position, &mut read.unknown)?
                }
            };
        }
        read.columns.push(data);
    }
    Ok(read)
}

/// Runs a parser that was written for files of good faith: where it panics at a broken one, the
/// file is at fault.
fn guarded<T>(
    source: &SourceFile,
    parse: impl FnOnce() -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(parse))
        .unwrap_or_else(|_| Err(source.broken(&"its parts do not fit together")))
}

fn refuse_empty(source: &SourceFile) -> Result<(), ReadError> {
    if source
        .open()?
        .metadata()
        .is_ok_and(|metadata| metadata.len() == 0)
    {
        return Err(ReadError::Empty {
            file: source.path.clone(),
        });
    }
    Ok(())
}

fn series(source: &SourceFile, frame: &DataFrame, column: &Column) -> Result<Series, ReadError> {
    frame
        .column(&column.name)
        .map(|found| found.as_materialized_series().clone())
        .map_err(|error| source.broken(&error))
}

/// One column of the file.
struct ColumnValues<'a> {
    source: &'a SourceFile,
    column: &'a Column,
    values: Series,
}

impl ColumnValues<'_> {
    fn ids(&self) -> Result<ColumnData, ReadError> {
        self.expect_type(DataType::is_integer, AN_IDENTIFIER)?;
        let values = self.cast(&DataType::Int64)?;
        let values = values.i64().map_err(|error| self.source.broken(&error))?;
        let mut ids = Vec::with_capacity(values.len());
        for (row, id) in values.iter().enumerate() {
            ids.push(id.ok_or_else(|| self.no_value(row))?);
        }
        Ok(ColumnData::Id(ids))
    }

    fn numbers(&self) -> Result<ColumnData, ReadError> {
        let whole = self.column.kind == ColumnKind::Integer;
        let expected = if whole { A_WHOLE_NUMBER } else { A_NUMBER };
        self.expect_type(DataType::is_primitive_numeric, expected)?;
        let values = self.cast(&DataType::Float64)?;
        let values = values.f64().map_err(|error| self.source.broken(&error))?;
        let mut numbers = Vec::with_capacity(values.len());
        for (row, value) in values.iter().enumerate() {
            let value = value.unwrap_or(f64::NAN);
            if value.abs() > LARGEST_NUMBER || (whole && !value.is_nan() && value.fract() != 0.0) {
                return Err(ReadError::WrongType {
                    file: self.source.path.clone(),
                    place: self.source.place_of(row as u64 + 1),
                    column: self.column.name.clone(),
                    value: value.to_string(),
                    expected,
                });
            }
            if self.column.required && value.is_nan() {
                return Err(self.no_value(row));
            }
            let sentinel = self.column.is_missing_number(value);
            numbers.push(if sentinel { f64::NAN } else { value });
        }
        Ok(ColumnData::Number(numbers))
    }

    fn codes(
        &self,
        levels: &[String],
        position: usize,
        unknown: &mut Vec<UnknownLevels>,
    ) -> Result<ColumnData, ReadError> {
        let textual = |found: &DataType| {
            matches!(
                found,
                DataType::String | DataType::Categorical(..) | DataType::Enum(..)
            )
        };
        self.expect_type(textual, "text")?;
        let values = self.cast(&DataType::String)?;
        let values = values.str().map_err(|error| self.source.broken(&error))?;
        let mut codes = Vec::with_capacity(values.len());
        for (row, value) in values.iter().enumerate() {
            let value = value.filter(|text| !text.is_empty());
            if self.column.required && value.is_none() {
                return Err(self.no_value(row));
            }
            let code = value.and_then(|text| levels.iter().position(|level| level == text));
            codes.push(code.map_or(MISSING_LEVEL, |code| code as u8));
            if let (Some(text), None) = (value, code)
                && !self.column.is_missing_level(text)
            {
                match unknown.iter_mut().find(|known| known.column == position) {
                    Some(known) => known.count += 1,
                    None => unknown.push(UnknownLevels {
                        column: position,
                        first: text.to_owned(),
                        first_place: row as u64 + 1,
                        count: 1,
                    }),
                }
            }
        }
        Ok(ColumnData::Category(codes))
    }

    /// A column without any value may have the type "null".
    fn expect_type(
        &self,
        fits: impl Fn(&DataType) -> bool,
        expected: &'static str,
    ) -> Result<(), ReadError> {
        let found = self.values.dtype();
        if fits(found) || *found == DataType::Null {
            return Ok(());
        }
        Err(ReadError::ColumnType {
            file: self.source.path.clone(),
            column: self.column.name.clone(),
            found: found.to_string(),
            expected,
        })
    }

    fn cast(&self, to: &DataType) -> Result<Series, ReadError> {
        self.values
            .strict_cast(to)
            .map_err(|error| self.source.broken(&error))
    }

    fn no_value(&self, row: usize) -> ReadError {
        ReadError::MissingValue {
            file: self.source.path.clone(),
            place: self.source.place_of(row as u64 + 1),
            column: self.column.name.clone(),
        }
    }
}
