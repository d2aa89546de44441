//! The checked raw tables of any number of clients, one or three hundred thousand, in one
//! form whether they came from files or as JSON. Rows of the child tables are grouped by
//! client, in the order of the applications and within a client in the order in which they
//! came, so that the rows of clients `a..b` are one slice of every table. Features computed
//! from a slice are therefore the same as those computed from the whole.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::portfolio::{ColumnKind, Table};

/// Code of a missing category. A category has at most 255 levels, so no level has this code.
pub(crate) const MISSING_LEVEL: u8 = u8::MAX;

/// Values of a column, one per row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ColumnData {
    /// Identifiers are never missing.
    Id(Vec<i64>),
    /// Whole numbers and others; NaN is a missing value.
    Number(Vec<f64>),
    /// Level codes; [`MISSING_LEVEL`] is a missing value.
    Category(Vec<u8>),
}

/// One value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Id(i64),
    Number(f64),
    Level(u8),
}

/// Checked raw tables of some clients.
#[derive(Debug, Clone)]
pub struct RawTables {
    pub(crate) schema: Arc<[Table]>,
    ids: Vec<i64>,
    pub(crate) application: Vec<ColumnData>,
    /// In the order of `schema[1..]`.
    pub(crate) children: Vec<ChildTable>,
    report: ReadReport,
}

/// Rows of a table other than the application's, grouped by client.
#[derive(Debug, Clone)]
pub(crate) struct ChildTable {
    pub(crate) columns: Vec<ColumnData>,
    /// The rows of client `i` are `offsets[i]..offsets[i + 1]`.
    offsets: Vec<usize>,
    provided: Provided,
}

/// For which clients a table was given at all. A client without rows in a table that was
/// given has no history there; without the table nothing is known.
#[derive(Debug, Clone)]
pub(crate) enum Provided {
    Everyone,
    Nobody,
    Each(Vec<bool>),
}

/// What was read, for the reader of a log and for the fingerprint of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadReport {
    /// One entry per file, in the order of the schema.
    pub tables: Vec<TableReport>,
    /// Tables that were not there; their features are missing.
    pub absent: Vec<String>,
    /// What was accepted but should be known, one sentence each.
    pub warnings: Vec<String>,
}

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    pub table: String,
    /// File name without its folder.
    pub file: String,
    pub rows: usize,
    /// SHA-256 of the file as it is on disk, in hexadecimal.
    pub sha256: String,
}

/// Two rows of a table have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RepeatedKey {
    /// Position of the table in the schema.
    pub(crate) table: usize,
    pub(crate) key: i64,
    pub(crate) first: usize,
    pub(crate) second: usize,
}

impl ColumnData {
    pub(crate) fn new(kind: &ColumnKind) -> Self {
        match kind {
            ColumnKind::Id => Self::Id(Vec::new()),
            ColumnKind::Integer | ColumnKind::Number => Self::Number(Vec::new()),
            ColumnKind::Category { .. } => Self::Category(Vec::new()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Id(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Category(codes) => codes.len(),
        }
    }

    /// Adds a value; one of another type than the column's counts as missing.
    pub(crate) fn push(&mut self, cell: Cell) {
        match (self, cell) {
            (Self::Id(values), Cell::Id(id)) => values.push(id),
            (Self::Id(values), _) => values.push(i64::MIN),
            (Self::Number(values), Cell::Number(number)) => values.push(number),
            (Self::Number(values), _) => values.push(f64::NAN),
            (Self::Category(codes), Cell::Level(code)) => codes.push(code),
            (Self::Category(codes), _) => codes.push(MISSING_LEVEL),
        }
    }

    /// Adds the rows of a column of the same type.
    pub(crate) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Id(own), Self::Id(mut other)) => own.append(&mut other),
            (Self::Number(own), Self::Number(mut other)) => own.append(&mut other),
            (Self::Category(own), Self::Category(mut other)) => own.append(&mut other),
            _ => unreachable!("columns of one table have one type"),
        }
    }

    /// Adds `rows` missing values.
    pub(crate) fn append_missing(&mut self, rows: usize) {
        match self {
            Self::Id(values) => values.extend(std::iter::repeat_n(i64::MIN, rows)),
            Self::Number(values) => values.extend(std::iter::repeat_n(f64::NAN, rows)),
            Self::Category(codes) => codes.extend(std::iter::repeat_n(MISSING_LEVEL, rows)),
        }
    }

    /// A column with one row `times` over.
    pub(crate) fn repeated(&self, row: usize, times: usize) -> Self {
        match self {
            Self::Id(values) => Self::Id(vec![values[row]; times]),
            Self::Number(values) => Self::Number(vec![values[row]; times]),
            Self::Category(codes) => Self::Category(vec![codes[row]; times]),
        }
    }

    pub(crate) fn cell(&self, row: usize) -> Cell {
        match self {
            Self::Id(values) => Cell::Id(values[row]),
            Self::Number(values) if values[row].is_nan() => Cell::Missing,
            Self::Number(values) => Cell::Number(values[row]),
            Self::Category(codes) if codes[row] == MISSING_LEVEL => Cell::Missing,
            Self::Category(codes) => Cell::Level(codes[row]),
        }
    }

    pub(crate) fn ids(&self) -> &[i64] {
        match self {
            Self::Id(values) => values,
            _ => unreachable!("keys are identifiers"),
        }
    }

    pub(crate) fn ids_mut(&mut self) -> &mut [i64] {
        match self {
            Self::Id(values) => values,
            _ => unreachable!("keys are identifiers"),
        }
    }

    fn gather(&mut self, order: &[u32]) {
        fn pick<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
            order.iter().map(|&row| values[row as usize]).collect()
        }
        match self {
            Self::Id(values) => *values = pick(values, order),
            Self::Number(values) => *values = pick(values, order),
            Self::Category(codes) => *codes = pick(codes, order),
        }
    }
}

/// Whether a value of the label column is an outcome: 1 defaulted, 0 repaid.
#[allow(clippy::float_cmp)]
pub(crate) fn is_outcome(value: f64) -> bool {
    value == 0.0 || value == 1.0
}

/// Empty columns of a table.
pub(crate) fn empty_columns(table: &Table) -> Vec<ColumnData> {
    let columns = table.columns.iter();
    columns
        .map(|column| ColumnData::new(&column.kind))
        .collect()
}

impl RawTables {
    /// Number of clients.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.ids.len()
    }

    /// Identifier of each client's application, in the order in which they came.
    #[must_use]
    pub fn ids(&self) -> Vec<i64> {
        self.ids.clone()
    }

    pub(crate) fn ids_of(&self, clients: Range<usize>) -> &[i64] {
        &self.ids[clients]
    }

    /// What was read.
    #[must_use]
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    /// Whether the outcome of every client is known.
    #[must_use]
    pub fn has_label(&self) -> bool {
        !self.ids.is_empty() && self.labels().iter().all(Option::is_some)
    }

    /// Outcome of each client: `true` for a default, `None` where it is not known.
    #[must_use]
    pub fn labels(&self) -> Vec<Option<bool>> {
        let column = self.schema[0]
            .label_position()
            .map(|position| &self.application[position]);
        match column {
            Some(ColumnData::Number(values)) => values
                .iter()
                .map(|&value| (!value.is_nan()).then_some(value != 0.0))
                .collect(),
            _ => vec![None; self.clients()],
        }
    }

    /// The same tables with a row of a stranger, of whom nothing is known, after the last
    /// client's rows in each table but the application's.
    pub(crate) fn with_a_stranger(&self) -> Self {
        let mut tables = self.clone();
        for child in &mut tables.children {
            for column in &mut child.columns {
                column.append_missing(1);
            }
            if let Some(end) = child.offsets.last_mut() {
                *end += 1;
            }
        }
        tables
    }

    /// The same tables with another report; the readers know what they read.
    pub(crate) fn with_report(mut self, report: ReadReport) -> Self {
        self.report = report;
        self
    }

    /// Puts the tables of the schema together: `application` with its columns in the order
    /// of the schema, and each child table, or `None` where it is absent. Also returns, for
    /// each child table, how many rows belong to no client; they are left out.
    pub(crate) fn assemble(
        schema: &Arc<[Table]>,
        application: Vec<ColumnData>,
        children: Vec<Option<Vec<ColumnData>>>,
    ) -> Result<(Self, Vec<usize>), RepeatedKey> {
        let clients = application[0].len();
        let key = schema[0].key_position().unwrap_or_default();
        let ids = application[key].ids().to_vec();
        let mut owners: HashMap<&str, HashMap<i64, u32>> = HashMap::new();
        owners.insert(&schema[0].name, index(0, &ids, None)?);
        let mut grouped = Vec::with_capacity(children.len());
        let mut orphans = Vec::with_capacity(children.len());
        for (position, rows) in children.into_iter().enumerate() {
            let table = &schema[position + 1];
            let Some(mut columns) = rows else {
                grouped.push(ChildTable::absent(table, clients));
                orphans.push(0);
                continue;
            };
            let parent = table.parent.as_deref().unwrap_or_default();
            let key = table.parent_key_position().unwrap_or_default();
            let owner = match owners.get(parent) {
                Some(known) => columns[key]
                    .ids()
                    .par_iter()
                    .map(|id| known.get(id).copied())
                    .collect(),
                None => vec![None; columns[key].len()],
            };
            if let Some(key) = table.key_position() {
                let by_key = index(position + 1, columns[key].ids(), Some(&owner))?;
                owners.insert(&table.name, by_key);
            }
            let (order, offsets) = group(&owner, clients);
            orphans.push(owner.len() - order.len());
            let in_order = order.len() == owner.len()
                && order
                    .iter()
                    .enumerate()
                    .all(|(at, &row)| at == row as usize);
            if !in_order {
                columns
                    .par_iter_mut()
                    .for_each(|column| column.gather(&order));
            }
            grouped.push(ChildTable {
                columns,
                offsets,
                provided: Provided::Everyone,
            });
        }
        let tables = Self {
            schema: Arc::clone(schema),
            ids,
            application,
            children: grouped,
            report: ReadReport::default(),
        };
        Ok((tables, orphans))
    }
}

impl ChildTable {
    fn absent(table: &Table, clients: usize) -> Self {
        Self {
            columns: empty_columns(table),
            offsets: vec![0; clients + 1],
            provided: Provided::Nobody,
        }
    }

    /// Rows that belong to a range of clients.
    pub(crate) fn rows_of(&self, clients: Range<usize>) -> Range<usize> {
        self.offsets[clients.start]..self.offsets[clients.end]
    }

    /// Whether the table was given for a client.
    pub(crate) fn is_provided(&self, client: usize) -> bool {
        match &self.provided {
            Provided::Everyone => true,
            Provided::Nobody => false,
            Provided::Each(provided) => provided[client],
        }
    }

    pub(crate) fn set_provided(&mut self, provided: Vec<bool>) {
        self.provided = Provided::Each(provided);
    }
}

/// Maps each key to the row, or to the client where `owner` says whose the row is.
fn index(
    table: usize,
    keys: &[i64],
    owner: Option<&[Option<u32>]>,
) -> Result<HashMap<i64, u32>, RepeatedKey> {
    let mut rows = HashMap::with_capacity(keys.len());
    for (row, &key) in keys.iter().enumerate() {
        if let Some(first) = rows.insert(key, row as u32) {
            return Err(RepeatedKey {
                table,
                key,
                first: first as usize,
                second: row,
            });
        }
    }
    if let Some(owner) = owner {
        rows.retain(|_, row| match owner[*row as usize] {
            Some(client) => {
                *row = client;
                true
            }
            None => false,
        });
    }
    Ok(rows)
}

/// Order that groups rows by client and keeps their order within one (a counting sort), and
/// where the rows of each client start.
fn group(owner: &[Option<u32>], clients: usize) -> (Vec<u32>, Vec<usize>) {
    let mut offsets = vec![0_usize; clients + 1];
    for client in owner.iter().flatten() {
        offsets[*client as usize + 1] += 1;
    }
    for client in 0..clients {
        offsets[client + 1] += offsets[client];
    }
    let mut next = offsets.clone();
    let mut order = vec![0_u32; offsets[clients]];
    for (row, client) in owner.iter().enumerate() {
        if let Some(client) = client {
            let place = &mut next[*client as usize];
            order[*place] = row as u32;
            *place += 1;
        }
    }
    (order, offsets)
}
