//! One client's raw application as nested JSON: an object with the row of the application
//! table and an array of rows for each other table, the way partner banks send it and the way
//! it is stored with a decision. It is checked against the same schema as the files, and every
//! problem is named with its JSON pointer (RFC 6901), so that a caller can correct all of them
//! at once.
//!
//! ```json
//! { "application": { "SK_ID_CURR": 100002, "AMT_CREDIT": 406597.5 },
//!   "bureau": [ { "SK_ID_BUREAU": 6158904, "CREDIT_ACTIVE": "Closed" } ],
//!   "bureau_balance": [ { "SK_ID_BUREAU": 6158904, "MONTHS_BALANCE": -1, "STATUS": "0" } ] }
//! ```
//!
//! A table that is not there is unknown and its features are missing; an empty array says
//! that the client has no history there.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::{Map, Number, Value};
use thiserror::Error;

use crate::portfolio::{Column, ColumnKind, Portfolio, Sentinel, Table};
use crate::raw_tables::{Cell, ColumnData, RawTables, empty_columns, is_outcome};
use crate::reader::LARGEST_NUMBER;

/// The most rows a client may have in a table. The longest real history has under 3,000.
pub const MAX_ROWS: usize = 10_000;

/// The most problems that are told of one application: one more than anybody is shown, so that
/// whoever shows them knows that there are more. Reading ends there.
pub const MAX_PROBLEMS: usize = 101;

/// A raw application that has been checked.
///
/// `content` has one form for one meaning: missing values are absent, sentinels are missing,
/// numbers of a number column are floats, rows of child tables do not repeat `SK_ID_CURR`.
#[derive(Debug, Clone, PartialEq)]
pub struct RawApplication {
    pub id: i64,
    pub content: Value,
}

/// Something wrong in an application, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{pointer}: {problem}")]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    pub problem: String,
}

/// Why applications could not be put together into tables.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ApplicationsError {
    #[error("application {id}: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid {
        id: i64,
        problems: Vec<FieldProblem>,
    },
    #[error("{table}: {key} is there twice")]
    RepeatedKey { table: String, key: i64 },
}

impl RawApplication {
    /// Checks an application and brings it into its one form. All problems are returned, up to
    /// [`MAX_PROBLEMS`].
    pub fn parse(portfolio: &Portfolio, value: &Value) -> Result<Self, Vec<FieldProblem>> {
        let mut reading = Reading::default();
        let content = reading.document(&portfolio.tables, value, None);
        match (reading.id, reading.problems.is_empty()) {
            (Some(id), true) => Ok(Self {
                id,
                content: Value::Object(content),
            }),
            _ => Err(reading.problems),
        }
    }
}

impl RawTables {
    /// Puts applications together into tables; the rows of each keep their order.
    pub fn from_applications(
        portfolio: &Portfolio,
        applications: &[RawApplication],
    ) -> Result<Self, ApplicationsError> {
        Self::put_together(portfolio, applications, false)
    }

    /// The same for applications that have nothing to do with each other, such as those of
    /// different banks: identifiers are numbered anew (the client's from 0 in the order given),
    /// so that no two meet. The order of a client's own identifiers stays.
    pub fn side_by_side(
        portfolio: &Portfolio,
        applications: &[RawApplication],
    ) -> Result<Self, ApplicationsError> {
        Self::put_together(portfolio, applications, true)
    }

    fn put_together(
        portfolio: &Portfolio,
        applications: &[RawApplication],
        numbered_anew: bool,
    ) -> Result<Self, ApplicationsError> {
        let schema = Arc::clone(&portfolio.tables);
        let mut columns: Vec<Vec<ColumnData>> = schema.iter().map(empty_columns).collect();
        for (position, application) in applications.iter().enumerate() {
            let starts: Vec<usize> = columns.iter().map(|table| table[0].len()).collect();
            let mut reading = Reading::default();
            reading.document(&schema, &application.content, Some(&mut columns));
            if !reading.problems.is_empty() {
                return Err(ApplicationsError::Invalid {
                    id: application.id,
                    problems: reading.problems,
                });
            }
            if numbered_anew {
                number_anew(&schema, &mut columns, &starts, position as i64);
            }
        }
        let mut columns = columns.into_iter();
        let own = columns.next().unwrap_or_default();
        let children = columns.map(Some).collect();
        let assembled = Self::assemble(&schema, own, children);
        let (mut tables, _) = assembled.map_err(|repeated| ApplicationsError::RepeatedKey {
            table: schema[repeated.table].name.clone(),
            key: repeated.key,
        })?;
        for (table, child) in schema[1..].iter().zip(&mut tables.children) {
            let given =
                |application: &RawApplication| application.content.get(&table.name).is_some();
            child.set_provided(applications.iter().map(given).collect());
        }
        let absent = |table: &&Table| {
            let name = &table.name;
            !applications
                .iter()
                .any(|application| application.content.get(name).is_some())
        };
        let mut report = tables.report().clone();
        report.absent = schema[1..]
            .iter()
            .filter(absent)
            .map(|table| table.name.clone())
            .collect();
        Ok(tables.with_report(report))
    }

    /// Each client's application, in the order of the clients. One at a time is in memory.
    pub fn applications(&self) -> impl Iterator<Item = RawApplication> + '_ {
        (0..self.clients()).map(|client| self.application_of(client))
    }

    fn application_of(&self, client: usize) -> RawApplication {
        let mut content = Map::new();
        let own = row(&self.schema[0], &self.application, client, None);
        content.insert(self.schema[0].name.clone(), Value::Object(own));
        let owner_key = self.schema[0].key.as_deref();
        for (table, child) in self.schema[1..].iter().zip(&self.children) {
            if !child.is_provided(client) {
                continue;
            }
            let rows = child.rows_of(client..client + 1);
            let rows = rows.map(|at| Value::Object(row(table, &child.columns, at, owner_key)));
            content.insert(table.name.clone(), rows.collect());
        }
        RawApplication {
            id: self.ids_of(client..client + 1)[0],
            content: Value::Object(content),
        }
    }
}

/// Numbers the identifiers of the application whose rows begin at `starts`: its own becomes
/// `number`, those of its rows follow those given before, in their order.
fn number_anew(schema: &[Table], columns: &mut [Vec<ColumnData>], starts: &[usize], number: i64) {
    let mut known: Vec<(&str, BTreeMap<i64, i64>)> = Vec::new();
    for (at, table) in schema.iter().enumerate() {
        let (table_columns, start) = (&mut columns[at], starts[at]);
        let owner = schema[0].key.as_deref().and_then(|key| table.position(key));
        if let Some(owner) = owner {
            table_columns[owner].ids_mut()[start..].fill(number);
        }
        let parent = table.parent.as_deref().unwrap_or_default();
        if let Some((_, numbers)) = known.iter().find(|(name, _)| *name == parent)
            && let Some(reference) = table.parent_key_position()
        {
            for id in &mut table_columns[reference].ids_mut()[start..] {
                *id = numbers.get(id).copied().unwrap_or(i64::MIN);
            }
        }
        if let Some(key) = table.key_position().filter(|_| at > 0) {
            let ids = &mut table_columns[key].ids_mut()[start..];
            let sorted: BTreeSet<i64> = ids.iter().copied().collect();
            let numbers: BTreeMap<i64, i64> = sorted.into_iter().zip(start as i64..).collect();
            for id in ids {
                *id = numbers.get(id).copied().unwrap_or(i64::MIN);
            }
            known.push((&table.name, numbers));
        }
    }
}

/// A row as JSON, without the column `leave_out`.
fn row(
    table: &Table,
    columns: &[ColumnData],
    at: usize,
    leave_out: Option<&str>,
) -> Map<String, Value> {
    let mut object = Map::new();
    for (column, data) in table.columns.iter().zip(columns) {
        if Some(column.name.as_str()) == leave_out {
            continue;
        }
        if let Some(value) = json(column, data.cell(at)) {
            object.insert(column.name.clone(), value);
        }
    }
    object
}

/// The one form of a value in JSON; `None` for a missing one. Where a value is required, a
/// missing one can only have been written as a sentinel, and is written so again.
fn json(column: &Column, cell: Cell) -> Option<Value> {
    match (cell, &column.kind) {
        (Cell::Missing, ColumnKind::Category { .. }) if column.required => {
            column.missing.iter().find_map(|sentinel| match sentinel {
                Sentinel::Level(level) => Some(Value::from(level.as_str())),
                Sentinel::Number(_) => None,
            })
        }
        (Cell::Id(id), _) => Some(Value::from(id)),
        (Cell::Number(number), ColumnKind::Integer) => Some(Value::from(number as i64)),
        (Cell::Number(number), _) => Number::from_f64(number).map(Value::Number),
        (Cell::Level(code), ColumnKind::Category { levels }) => levels
            .get(code as usize)
            .map(|level| Value::from(level.as_str())),
        (Cell::Missing | Cell::Level(_), _) => None,
    }
}

/// Reads one document, collecting what is wrong.
#[derive(Default)]
struct Reading {
    id: Option<i64>,
    problems: Vec<FieldProblem>,
}

/// A table while its rows are read.
struct TableReading<'a> {
    table: &'a Table,
    /// Column that repeats the client's identifier in a child table.
    owner: Option<usize>,
    key: Option<usize>,
    keys: HashSet<i64>,
    /// Column that refers to a row of another child table, and that table's keys.
    reference: Option<(usize, &'a HashSet<i64>)>,
}

impl Reading {
    fn problem(&mut self, pointer: &Pointer<'_>, problem: impl Into<String>) {
        if !self.is_full() {
            self.problems.push(FieldProblem {
                pointer: pointer.to_string(),
                problem: problem.into(),
            });
        }
    }

    /// True when more problems would not be told, so that nothing more is read.
    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    /// Returns the document in its one form, or, when `columns` are given, fills these with
    /// its rows instead (the document is then one that had been checked before).
    fn document(
        &mut self,
        schema: &[Table],
        value: &Value,
        mut columns: Option<&mut Vec<Vec<ColumnData>>>,
    ) -> Map<String, Value> {
        let mut content = Map::new();
        let root = Pointer::Root;
        let Some(document) = value.as_object() else {
            self.problem(&root, "expected an object with the tables");
            return content;
        };
        for name in document.keys() {
            if self.is_full() {
                return content;
            }
            if !schema.iter().any(|table| table.name == *name) {
                let known: Vec<&str> = schema.iter().map(|table| table.name.as_str()).collect();
                let known = known.join(", ");
                self.problem(
                    &root.key(name),
                    format!("unknown table: the tables are {known}"),
                );
            }
        }
        let nobody = HashSet::new();
        let mut keys: Vec<(&str, HashSet<i64>)> = Vec::new();
        for (position, table) in schema.iter().enumerate() {
            let pointer = root.key(&table.name);
            let Some(value) = document.get(&table.name) else {
                if position == 0 {
                    self.problem(&pointer, "missing: the application itself is required");
                }
                continue;
            };
            let parent = table.parent.as_deref();
            let mut reading = TableReading {
                table,
                owner: (position > 0)
                    .then(|| table.position(schema[0].key.as_deref()?))
                    .flatten(),
                key: table.key_position(),
                keys: HashSet::new(),
                reference: None,
            };
            if let Some(parent) = parent
                && parent != schema[0].name
                && let Some(column) = table.parent_key_position()
            {
                let known = keys.iter().find(|(name, _)| *name == parent);
                reading.reference = Some((column, known.map_or(&nobody, |(_, known)| known)));
            }
            let target = columns.as_deref_mut().map(|columns| &mut columns[position]);
            if position == 0 {
                let row = self.object(&mut reading, value, &pointer, target);
                content.insert(table.name.clone(), Value::Object(row));
            } else {
                let rows = self.rows(&mut reading, value, &pointer, target);
                content.insert(table.name.clone(), Value::Array(rows));
            }
            let own = reading.keys;
            keys.push((&table.name, own));
        }
        content
    }

    fn rows(
        &mut self,
        reading: &mut TableReading<'_>,
        value: &Value,
        pointer: &Pointer<'_>,
        mut target: Option<&mut Vec<ColumnData>>,
    ) -> Vec<Value> {
        let Some(rows) = value.as_array() else {
            self.problem(pointer, "expected an array of rows");
            return Vec::new();
        };
        // The limit is for documents from outside; a table of a folder may hold more.
        if target.is_none() && rows.len() > MAX_ROWS {
            let count = rows.len();
            self.problem(
                pointer,
                format!("{count} rows: at most {MAX_ROWS} per table"),
            );
            return Vec::new();
        }
        let mut read = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            if self.is_full() {
                break;
            }
            let pointer = Pointer::Index(pointer, at);
            read.push(Value::Object(self.object(
                reading,
                row,
                &pointer,
                target.as_deref_mut(),
            )));
        }
        read
    }

    fn object(
        &mut self,
        reading: &mut TableReading<'_>,
        value: &Value,
        pointer: &Pointer<'_>,
        mut target: Option<&mut Vec<ColumnData>>,
    ) -> Map<String, Value> {
        let mut read = Map::new();
        let Some(object) = value.as_object() else {
            self.problem(pointer, "expected an object with the columns of a row");
            return read;
        };
        let table = reading.table;
        for name in object.keys() {
            if self.is_full() {
                return read;
            }
            if table.position(name).is_none() {
                let problem = format!("the table {} has no such column", table.name);
                self.problem(&pointer.key(name), problem);
            }
        }
        for (position, column) in table.columns.iter().enumerate() {
            let here = pointer.key(&column.name);
            let value = object.get(&column.name).unwrap_or(&Value::Null);
            let mut cell = match cell(column, value) {
                Ok(cell) => cell,
                Err(problem) => {
                    self.problem(&here, problem);
                    continue;
                }
            };
            if reading.owner == Some(position) {
                cell = self.owner(cell, &here);
            } else {
                // What is on file came through a reader, which lets an unknown level be missing.
                if column.required && value.is_null() && target.is_none() {
                    self.problem(&here, "required and missing");
                }
                if target.is_none()
                    && let Some(problem) = out_of_range(column, cell)
                {
                    self.problem(&here, problem);
                }
                self.identify(reading, position, cell, &here);
                if target.is_none()
                    && let Some(value) = json(column, cell)
                {
                    read.insert(column.name.clone(), value);
                }
            }
            if let Some(columns) = target.as_deref_mut() {
                columns[position].push(cell);
            }
        }
        read
    }

    /// The client's identifier in a row of a child table, which may be left out there.
    fn owner(&mut self, cell: Cell, here: &Pointer<'_>) -> Cell {
        if let (Cell::Id(found), Some(own)) = (cell, self.id)
            && found != own
        {
            self.problem(here, format!("{found} is not this application ({own})"));
        }
        self.id.map_or(cell, Cell::Id)
    }

    /// Notes the key of a row, and checks outcomes and references to other rows.
    fn identify(
        &mut self,
        reading: &mut TableReading<'_>,
        position: usize,
        cell: Cell,
        here: &Pointer<'_>,
    ) {
        if reading.table.label_position() == Some(position)
            && let Cell::Number(outcome) = cell
            && !is_outcome(outcome)
        {
            self.problem(here, format!("{outcome} is no outcome: 0 or 1"));
        }
        let Cell::Id(id) = cell else { return };
        if reading.key == Some(position) {
            if reading.table.parent.is_none() {
                self.id = Some(id);
            }
            if !reading.keys.insert(id) {
                self.problem(here, format!("{id} is there twice"));
            }
        }
        if let Some((column, known)) = reading.reference
            && column == position
            && !known.contains(&id)
        {
            let parent = reading.table.parent.as_deref().unwrap_or_default();
            self.problem(here, format!("no row of {parent} has {id}"));
        }
    }
}

/// What is wrong with a value outside the limits of its column.
fn out_of_range(column: &Column, cell: Cell) -> Option<String> {
    let number = match cell {
        Cell::Id(id) => id as f64,
        Cell::Number(number) => number,
        Cell::Missing | Cell::Level(_) => return None,
    };
    let below = column.min.filter(|min| number < *min);
    let above = column.max.filter(|max| number > *max);
    match (below, above) {
        (Some(min), _) => Some(format!("{number} is below {min}, the least it can be")),
        (_, Some(max)) => Some(format!("{number} is above {max}, the most it can be")),
        _ => None,
    }
}

/// Reads a value by its column; sentinels are missing.
fn cell(column: &Column, value: &Value) -> Result<Cell, String> {
    if value.is_null() {
        return Ok(Cell::Missing);
    }
    match &column.kind {
        ColumnKind::Id => value
            .as_i64()
            .map(Cell::Id)
            .ok_or_else(|| format!("{} is not a 64-bit integer", quoted(value))),
        ColumnKind::Integer | ColumnKind::Number => {
            let whole = column.kind == ColumnKind::Integer;
            let expected = if whole { "a whole number" } else { "a number" };
            let number = value
                .as_f64()
                .filter(|number| !whole || number.fract() == 0.0)
                .ok_or_else(|| format!("{} is not {expected}", quoted(value)))?;
            if number.is_nan() || number.abs() > LARGEST_NUMBER {
                return Err(format!("{number:e} is too large: at most 1e15 in size"));
            }
            if column.is_missing_number(number) {
                return Ok(Cell::Missing);
            }
            Ok(Cell::Number(number))
        }
        ColumnKind::Category { levels } => {
            let Some(text) = value.as_str() else {
                return Err(format!("{} is not text", quoted(value)));
            };
            if let Some(code) = levels.iter().position(|level| level == text) {
                return Ok(Cell::Level(code as u8));
            }
            if column.is_missing_level(text) {
                return Ok(Cell::Missing);
            }
            let text = quoted(value);
            let levels = levels.join("\", \"");
            Err(format!("{text} is none of \"{levels}\""))
        }
    }
}

/// A value as a message quotes it.
fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Array(_) => return "an array".to_owned(),
        Value::Object(_) => return "an object".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// A JSON pointer that is written out only when a problem needs it.
enum Pointer<'a> {
    Root,
    Key(&'a Pointer<'a>, &'a str),
    Index(&'a Pointer<'a>, usize),
}

impl<'a> Pointer<'a> {
    fn key(&'a self, key: &'a str) -> Pointer<'a> {
        Pointer::Key(self, key)
    }
}

impl std::fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => {
                let key = key.replace('~', "~0").replace('/', "~1");
                write!(f, "{parent}/{key}")
            }
            Self::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}
