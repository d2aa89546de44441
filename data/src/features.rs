//! Features of any number of clients, computed by the portfolio's SQL files. The same queries
//! run over the same plain columns for one client who is being scored and for all clients of
//! a training run, in batches; a batch is a slice of every table, and every aggregate adds the
//! rows of a client in their order, so a client's features are the same bits in any company.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex};

use ndarray::Array2;
use polars::prelude::{
    Categorical8Type, CategoricalChunked, ChunkedArray, Column as FrameColumn, DataFrame, DataType,
    Float64Type, FrozenCategories, Int64Type, IntoColumn, IntoLazy, LazyFrame, NamedFrom, Series,
    UInt8Type,
};
use polars::sql::SQLContext;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::portfolio::{ColumnKind, Portfolio, Query, Table};
use crate::raw_tables::{ColumnData, MISSING_LEVEL, RawTables};

/// Clients per run of the queries: enough to make the fixed cost of a run small, few enough to
/// keep what the queries hold in memory at once under a few hundred MB.
const BATCH: usize = 10_000;

/// Features of some clients.
#[derive(Debug, Clone)]
pub struct FeatureTable {
    /// Identifier of each row's application, in the order of the raw tables.
    pub ids: Vec<i64>,
    /// Name and kind of each column; the order depends on the portfolio alone.
    pub features: Vec<FeatureSpec>,
    /// Rows by features. NaN is missing; a category is the position of its level.
    pub values: Array2<f64>,
    /// Outcome of each row (`true`: defaulted), if that of every row is known.
    pub target: Option<Vec<bool>>,
}

/// Name and kind of a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureSpec {
    pub name: String,
    pub kind: FeatureKind,
}

/// What the values of a feature are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    Number,
    /// Values are positions in `levels`.
    Category {
        levels: Vec<String>,
    },
}

/// Why features could not be computed.
#[derive(Debug, Error)]
pub enum FeatureError {
    #[error("feature query {query}: {detail}")]
    Query { query: &'static str, detail: String },
    #[error("the feature queries return {found} rows for {expected} applications")]
    Rows { expected: usize, found: usize },
    #[error("the feature queries return no integer column {0}")]
    NoIdentifier(String),
    #[error("feature {feature} has the type {found}: features are numbers or categories")]
    Kind { feature: String, found: String },
    #[error("portfolio: {0}")]
    Frame(String),
}

/// Computes the features of every client. Infinities become missing.
pub fn compute(portfolio: &Portfolio, tables: &RawTables) -> Result<FeatureTable, FeatureError> {
    let prepared = prepared(portfolio)?;
    let clients = tables.clients();
    let mut features = Vec::new();
    let mut values = Array2::zeros((0, 0));
    let mut start = 0;
    // At least one run, so that the columns are known even when there is no client.
    loop {
        let batch = start..clients.min(start + BATCH);
        let frame = prepared.run(portfolio, tables, batch.clone())?;
        if start == 0 {
            features = specs(portfolio, &frame)?;
            values = Array2::from_elem((clients, features.len()), f64::NAN);
        }
        fill(&mut values, tables, batch, &features, &frame)?;
        start += BATCH;
        if start >= clients {
            break;
        }
    }
    let target = tables
        .has_label()
        .then(|| tables.labels().into_iter().flatten().collect());
    Ok(FeatureTable {
        ids: tables.ids(),
        features,
        values,
        target,
    })
}

/// SHA-256, in hexadecimal, of the SQL files in the order in which they run.
#[must_use]
pub fn sql_digest(portfolio: &Portfolio) -> String {
    let mut digest = Sha256::new();
    for query in &portfolio.queries {
        for part in [query.name, query.sql] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
    }
    hex::encode(digest.finalize())
}

/// Name of the relation that tells which tables were given for a client.
const PROVIDED: &str = "provided";

/// What the queries of a portfolio need and what does not change from run to run.
struct Prepared {
    /// For each table the columns that some query names, with their categories.
    columns: Vec<Vec<PreparedColumn>>,
}

struct PreparedColumn {
    /// Position in the table.
    position: usize,
    /// The data frame's type of a category column.
    category: Option<DataType>,
}

/// Prepared once per portfolio; a portfolio lives as long as the program.
fn prepared(portfolio: &Portfolio) -> Result<Arc<Prepared>, FeatureError> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Prepared>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(prepared) = known.get(&portfolio.name) {
        return Ok(Arc::clone(prepared));
    }
    let prepared = Arc::new(Prepared::new(portfolio)?);
    known.insert(portfolio.name.clone(), Arc::clone(&prepared));
    Ok(prepared)
}

impl Prepared {
    fn new(portfolio: &Portfolio) -> Result<Self, FeatureError> {
        let words: HashSet<&str> = portfolio
            .queries
            .iter()
            .flat_map(|query| {
                query
                    .sql
                    .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            })
            .collect();
        let prepare = |table: &Table| {
            let used = table.columns.iter().enumerate();
            used.filter(|(_, column)| words.contains(column.name.as_str()))
                .map(|(position, column)| {
                    let category = match &column.kind {
                        ColumnKind::Category { levels } => Some(category_type(levels)?),
                        _ => None,
                    };
                    Ok(PreparedColumn { position, category })
                })
                .collect()
        };
        Ok(Self {
            columns: portfolio
                .tables
                .iter()
                .map(prepare)
                .collect::<Result<_, FeatureError>>()?,
        })
    }

    /// Runs the queries over a range of clients.
    fn run(
        &self,
        portfolio: &Portfolio,
        tables: &RawTables,
        clients: Range<usize>,
    ) -> Result<DataFrame, FeatureError> {
        let mut context = SQLContext::new();
        let schema = &portfolio.tables;
        let own = self.frame(schema, 0, &tables.application, clients.clone())?;
        context.register(&schema[0].name, own.lazy());
        context.register(PROVIDED, provided(schema, tables, clients.clone())?.lazy());
        for (position, child) in tables.children.iter().enumerate() {
            let rows = child.rows_of(clients.clone());
            let frame = self.frame(schema, position + 1, &child.columns, rows)?;
            context.register(&schema[position + 1].name, frame.lazy());
        }
        let mut last = DataFrame::empty();
        for query in &portfolio.queries {
            let failed = |error: polars::prelude::PolarsError| FeatureError::Query {
                query: query.name,
                detail: error.to_string(),
            };
            let plan = context.execute(query.sql).map_err(failed)?;
            last = collect(query, plan)?;
            context.register(query.name, last.clone().lazy());
        }
        Ok(last)
    }

    /// Rows of a table as a data frame; a whole number is a float, as the queries expect.
    fn frame(
        &self,
        schema: &[Table],
        table: usize,
        columns: &[ColumnData],
        rows: Range<usize>,
    ) -> Result<DataFrame, FeatureError> {
        let built = self.columns[table].iter().map(|prepared| {
            let name = &schema[table].columns[prepared.position].name;
            frame_column(name, &columns[prepared.position], prepared, rows.clone())
        });
        DataFrame::new(rows.len(), built.collect())
            .map_err(|error| FeatureError::Frame(error.to_string()))
    }
}

fn collect(query: &Query, plan: LazyFrame) -> Result<DataFrame, FeatureError> {
    plan.collect().map_err(|error| FeatureError::Query {
        query: query.name,
        detail: error.to_string(),
    })
}

fn category_type(levels: &[String]) -> Result<DataType, FeatureError> {
    FrozenCategories::new(levels.iter().map(String::as_str))
        .map(DataType::from_frozen_categories)
        .map_err(|error| FeatureError::Frame(error.to_string()))
}

fn frame_column(
    name: &str,
    data: &ColumnData,
    prepared: &PreparedColumn,
    rows: Range<usize>,
) -> FrameColumn {
    match (data, &prepared.category) {
        (ColumnData::Id(ids), _) => Series::new(name.into(), &ids[rows]).into_column(),
        (ColumnData::Number(values), _) => number_column(name, &values[rows]),
        (ColumnData::Category(codes), Some(category)) => {
            let codes: ChunkedArray<UInt8Type> = codes[rows]
                .iter()
                .map(|&code| (code != MISSING_LEVEL).then_some(code))
                .collect();
            CategoricalChunked::<Categorical8Type>::from_cats_and_dtype(
                codes.with_name(name.into()),
                category.clone(),
            )
            .into_column()
        }
        (ColumnData::Category(_), None) => unreachable!("a category column has its type"),
    }
}

fn number_column(name: &str, values: &[f64]) -> FrameColumn {
    if values.iter().any(|value| value.is_nan()) {
        let known: ChunkedArray<Float64Type> = values
            .iter()
            .map(|&value| (!value.is_nan()).then_some(value))
            .collect();
        known.with_name(name.into()).into_column()
    } else {
        Series::new(name.into(), values).into_column()
    }
}

/// The relation `provided`: for each client and child table 0 if the table was given, else
/// missing.
fn provided(
    schema: &[Table],
    tables: &RawTables,
    clients: Range<usize>,
) -> Result<DataFrame, FeatureError> {
    let key = schema[0].key.as_deref().unwrap_or_default();
    let ids = tables.ids_of(clients.clone());
    let mut columns = vec![Series::new(key.into(), ids).into_column()];
    for (table, child) in schema[1..].iter().zip(&tables.children) {
        let given: Vec<f64> = clients
            .clone()
            .map(|client| {
                if child.is_provided(client) {
                    0.0
                } else {
                    f64::NAN
                }
            })
            .collect();
        columns.push(number_column(&table.name, &given));
    }
    DataFrame::new(clients.len(), columns).map_err(|error| FeatureError::Frame(error.to_string()))
}

/// The features are the columns of the result, but for the identifier.
fn specs(portfolio: &Portfolio, frame: &DataFrame) -> Result<Vec<FeatureSpec>, FeatureError> {
    let key = portfolio.application().key.as_deref().unwrap_or_default();
    let mut specs = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        let name = column.name().to_string();
        if name == key {
            continue;
        }
        let kind = match column.dtype() {
            DataType::Enum(categories, _) => FeatureKind::Category {
                levels: categories
                    .categories()
                    .values_iter()
                    .map(str::to_owned)
                    .collect(),
            },
            dtype if dtype.is_primitive_numeric() => FeatureKind::Number,
            dtype => {
                return Err(FeatureError::Kind {
                    feature: name,
                    found: dtype.to_string(),
                });
            }
        };
        specs.push(FeatureSpec { name, kind });
    }
    if specs.len() == frame.width() {
        return Err(FeatureError::NoIdentifier(key.to_owned()));
    }
    Ok(specs)
}

/// Writes the result of a batch into its rows, in the order of the clients whatever the order
/// of the result.
fn fill(
    values: &mut Array2<f64>,
    tables: &RawTables,
    clients: Range<usize>,
    features: &[FeatureSpec],
    frame: &DataFrame,
) -> Result<(), FeatureError> {
    let expected = clients.len();
    if frame.height() != expected {
        return Err(FeatureError::Rows {
            expected,
            found: frame.height(),
        });
    }
    let ids = tables.ids_of(clients.clone());
    let row_of: HashMap<i64, usize> = ids
        .iter()
        .zip(clients)
        .map(|(&id, row)| (id, row))
        .collect();
    let key = tables.schema[0].key.as_deref().unwrap_or_default();
    let rows: Vec<usize> = identifiers(frame, key)?
        .iter()
        .flatten()
        .filter_map(|id| row_of.get(&id).copied())
        .collect();
    if rows.len() != expected {
        return Err(FeatureError::Rows {
            expected,
            found: rows.len(),
        });
    }
    for (position, feature) in features.iter().enumerate() {
        let column = frame
            .column(&feature.name)
            .map_err(|error| FeatureError::Frame(error.to_string()))?;
        let numbers = column
            .to_physical_repr()
            .cast(&DataType::Float64)
            .map_err(|error| FeatureError::Frame(error.to_string()))?;
        let numbers = numbers
            .f64()
            .map_err(|error| FeatureError::Frame(error.to_string()))?;
        for (&row, value) in rows.iter().zip(numbers.iter()) {
            let value = value.filter(|value| value.is_finite());
            values[[row, position]] = value.unwrap_or(f64::NAN);
        }
    }
    Ok(())
}

fn identifiers<'a>(
    frame: &'a DataFrame,
    key: &str,
) -> Result<&'a ChunkedArray<Int64Type>, FeatureError> {
    frame
        .column(key)
        .and_then(|column| column.i64())
        .map_err(|_| FeatureError::NoIdentifier(key.to_owned()))
}
