//! Features of any number of clients, computed by the portfolio's SQL files. The same queries
//! run over the same plain columns for one client who is being scored and for all clients of
//! a training run, in batches; a batch is a slice of every table, and every aggregate adds the
//! rows of a client in their order, so a client's features are the same bits in any company.
//!
//! Reading the SQL and optimising its plan takes longer than running it for one client. Both
//! are done once per portfolio, over stand-in tables; a run puts the real tables into a copy of
//! the optimised plan.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex};

use ndarray::Array2;
use polars::prelude::{
    Categorical8Type, CategoricalChunked, ChunkedArray, Column as FrameColumn, DataFrame, DataType,
    Float64Type, FrozenCategories, Int64Type, IntoColumn, IntoLazy, LazyFrame, NamedFrom,
    PolarsError, Series, UInt8Type,
};
use polars::sql::SQLContext;
use polars_expr::state::ExecutionState;
use polars_mem_engine::create_physical_plan;
use polars_plan::plans::{ArenaLpIter, IR, IRPlan};
use polars_utils::arena::Node;
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
    #[error("running the feature queries: {0}")]
    Run(String),
    #[error("the feature queries return {found} rows for {expected} applications")]
    Rows { expected: usize, found: usize },
    #[error("the feature queries return no integer column {0}")]
    NoIdentifier(String),
    #[error("feature {feature} has the type {found}: features are numbers or categories")]
    Kind { feature: String, found: String },
    #[error("portfolio: {0}")]
    Frame(String),
    #[error("variants of an application: {0}")]
    Variants(String),
}

/// Computes the features of every client. Infinities become missing.
pub fn compute(portfolio: &Portfolio, tables: &RawTables) -> Result<FeatureTable, FeatureError> {
    compute_telling(portfolio, tables, &mut |_| {})
}

/// [`compute`] that tells the share of the clients done.
pub fn compute_telling(
    portfolio: &Portfolio,
    tables: &RawTables,
    on_progress: &mut dyn FnMut(f64),
) -> Result<FeatureTable, FeatureError> {
    let prepared = prepared(portfolio)?;
    let clients = tables.clients();
    let mut features = Vec::new();
    let mut values = Array2::zeros((0, 0));
    let mut start = 0;
    // At least one run, so that the columns are known even when there is no client.
    loop {
        let batch = start..clients.min(start + BATCH);
        let own = &tables.application;
        let frame = prepared.run(portfolio, tables, own, batch.clone(), batch.clone())?;
        if start == 0 {
            features = specs(portfolio, &frame)?;
            values = Array2::from_elem((clients, features.len()), f64::NAN);
        }
        fill(&mut values, tables, batch, &features, &frame)?;
        start += BATCH;
        if start >= clients {
            break;
        }
        on_progress(start as f64 / clients as f64);
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

/// Features of one client as they would be with other values in some columns of the
/// application: for each of the `variants` a row of features, in their order. A variant has a
/// value (NaN: missing) for each of `columns`, which are number columns of the application
/// that the queries hand through as features of the same name.
///
/// All variants are one run: the client's application is there once per variant, everything
/// else once. The rows of a result have no order, so each is found again by the values that
/// were put in.
pub fn compute_variants(
    portfolio: &Portfolio,
    tables: &RawTables,
    columns: &[&str],
    variants: &[Vec<f64>],
) -> Result<FeatureTable, FeatureError> {
    let wrong = |why: &str| FeatureError::Variants(why.to_owned());
    if tables.clients() != 1 {
        return Err(wrong("they are made of exactly one client"));
    }
    if variants.iter().any(|values| values.len() != columns.len()) {
        return Err(wrong("each has one value per column"));
    }
    let count = variants.len();
    let mut application: Vec<ColumnData> = tables
        .application
        .iter()
        .map(|column| column.repeated(0, count))
        .collect();
    for (at, name) in columns.iter().enumerate() {
        let position = portfolio.application().position(name);
        match position.map(|position| &mut application[position]) {
            Some(ColumnData::Number(values)) => {
                *values = variants.iter().map(|variant| variant[at]).collect();
            }
            _ => return Err(wrong(&format!("{name} is no number of the application"))),
        }
    }
    let prepared = prepared(portfolio)?;
    // An aggregate of one client alone is one value to the engine, and many values are
    // multiplied by its reciprocal instead of being divided by it: other bits. A stranger in
    // each table, whom no application joins, makes it a column.
    let tables = tables.with_a_stranger();
    let frame = prepared.run(portfolio, &tables, &application, 0..count, 0..1)?;
    if frame.height() != count {
        return Err(FeatureError::Rows {
            expected: count,
            found: frame.height(),
        });
    }
    let features = specs(portfolio, &frame)?;
    let mut values = Array2::from_elem((count, features.len()), f64::NAN);
    let mut put_in = Vec::with_capacity(columns.len());
    let mut read = Vec::with_capacity(features.len());
    for feature in &features {
        let column = frame
            .column(&feature.name)
            .map_err(|error| FeatureError::Frame(error.to_string()))?;
        read.push(numbers(column, &feature.kind)?);
    }
    for name in columns {
        let position = features.iter().position(|feature| feature.name == *name);
        put_in.push(position.ok_or_else(|| wrong(&format!("{name} is no feature")))?);
    }
    let row_of: HashMap<Vec<u64>, usize> = (0..count)
        .map(|row| {
            let key = put_in.iter().map(|&at| same_bits(read[at][row]));
            (key.collect(), row)
        })
        .collect();
    for (at, variant) in variants.iter().enumerate() {
        let key: Vec<u64> = variant.iter().map(|&value| same_bits(value)).collect();
        let row = *row_of.get(&key).ok_or(FeatureError::Rows {
            expected: count,
            found: row_of.len(),
        })?;
        for (column, read) in read.iter().enumerate() {
            values[[at, column]] = read[row];
        }
    }
    Ok(FeatureTable {
        ids: vec![tables.ids_of(0..1)[0]; count],
        features,
        values,
        target: None,
    })
}

/// The bits of a value, alike for all missing values and for both zeros.
fn same_bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        (value + 0.0).to_bits()
    }
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

/// The queries of a portfolio, ready to run.
struct Prepared {
    /// For each table the columns that some query names, with their categories.
    columns: Vec<Vec<PreparedColumn>>,
    /// The optimised plan of all queries, over stand-in tables.
    plan: Mutex<IRPlan>,
    /// Where the plan reads which table.
    scans: Vec<(Node, Source)>,
}

struct PreparedColumn {
    /// Position in the table.
    position: usize,
    /// The data frame's type of a category column.
    category: Option<DataType>,
}

/// What a plan reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Position of a table in the schema.
    Table(usize),
    Provided,
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
        let columns = used_columns(portfolio)?;
        let schema = &portfolio.tables;
        let mut relations = Vec::new();
        let mut sources = Vec::new();
        for (position, table) in schema.iter().enumerate() {
            let frame = stand_in(table, &columns[position])?;
            sources.push((Source::Table(position), frame.schema().clone()));
            relations.push((table.name.as_str(), frame.lazy()));
        }
        let frame = provided_stand_in(schema)?;
        sources.push((Source::Provided, frame.schema().clone()));
        relations.push((PROVIDED, frame.lazy()));
        let plan = plan_queries(relations, &portfolio.queries)?;
        let mut scans = Vec::new();
        // The optimiser changes the types of columns it drops, but not their names.
        for (node, step) in plan.lp_arena.iter(plan.lp_top) {
            if let IR::DataFrameScan { df, .. } = step {
                let names = || df.schema().iter_names();
                let source = sources.iter().find(|(_, own)| own.iter_names().eq(names()));
                let (source, _) = source.ok_or_else(|| {
                    FeatureError::Frame("the plan reads a table that is none of its own".to_owned())
                })?;
                scans.push((node, *source));
            }
        }
        Ok(Self {
            columns,
            plan: Mutex::new(plan),
            scans,
        })
    }

    /// Runs the queries over rows of `application` and everything else that there is of a
    /// range of clients. Usually these are the same; a client whose application is there in
    /// several variants has more rows than one.
    fn run(
        &self,
        portfolio: &Portfolio,
        tables: &RawTables,
        application: &[ColumnData],
        rows: Range<usize>,
        clients: Range<usize>,
    ) -> Result<DataFrame, FeatureError> {
        let schema = &portfolio.tables;
        let mut frames = Vec::with_capacity(schema.len());
        let own = self.frame(schema, 0, application, rows)?;
        frames.push(Arc::new(own));
        for (position, child) in tables.children.iter().enumerate() {
            let rows = child.rows_of(clients.clone());
            let frame = self.frame(schema, position + 1, &child.columns, rows)?;
            frames.push(Arc::new(frame));
        }
        let provided = Arc::new(provided(schema, tables, clients)?);
        let (top, mut plans, mut expressions) = {
            let plan = self
                .plan
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            (plan.lp_top, plan.lp_arena.clone(), plan.expr_arena.clone())
        };
        for (node, source) in &self.scans {
            if let IR::DataFrameScan { df, .. } = plans.get_mut(*node) {
                *df = match source {
                    Source::Table(position) => Arc::clone(&frames[*position]),
                    Source::Provided => Arc::clone(&provided),
                };
            }
        }
        create_physical_plan(top, &mut plans, &mut expressions, None)
            .and_then(|mut plan| plan.execute(&mut ExecutionState::new()))
            .map_err(|error| FeatureError::Run(error.to_string()))
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

/// For each table the columns that some query names.
fn used_columns(portfolio: &Portfolio) -> Result<Vec<Vec<PreparedColumn>>, FeatureError> {
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
    portfolio.tables.iter().map(prepare).collect()
}

/// Reads the queries one after the other, each finding the results of those before it, and
/// optimises the plan of the last.
fn plan_queries<'a>(
    mut relations: Vec<(&'a str, LazyFrame)>,
    queries: &'a [Query],
) -> Result<IRPlan, FeatureError> {
    let mut last = None;
    for query in queries {
        let failed = |error: PolarsError| FeatureError::Query {
            query: query.name,
            detail: error.to_string(),
        };
        // A context of its own for each query: one remembers the aliases of earlier queries.
        let mut context = SQLContext::new();
        for (name, relation) in &relations {
            context.register(name, relation.clone());
        }
        let mut plan = context.execute(query.sql).map_err(failed)?;
        // Names a column that is not there now, with the query it is in.
        plan.collect_schema().map_err(failed)?;
        relations.push((query.name, plan.clone()));
        last = Some(plan.to_alp_optimized().map_err(failed));
    }
    last.unwrap_or_else(|| {
        let detail = "the portfolio has no query".to_owned();
        Err(FeatureError::Frame(detail))
    })
}

/// Identifiers of the rows of a stand-in table: several, in no order, so that the optimiser
/// does not take the real tables for sorted.
const STAND_IN: [i64; 3] = [2, 3, 1];

/// A table with the right columns and nothing to say.
fn stand_in(table: &Table, used: &[PreparedColumn]) -> Result<DataFrame, FeatureError> {
    let columns = used.iter().map(|prepared| {
        let column = &table.columns[prepared.position];
        let mut data = ColumnData::new(&column.kind);
        match &mut data {
            ColumnData::Id(ids) => ids.extend(STAND_IN),
            data => data.append_missing(STAND_IN.len()),
        }
        frame_column(&column.name, &data, prepared, 0..STAND_IN.len())
    });
    DataFrame::new(STAND_IN.len(), columns.collect())
        .map_err(|error| FeatureError::Frame(error.to_string()))
}

fn provided_stand_in(schema: &[Table]) -> Result<DataFrame, FeatureError> {
    let key = schema[0].key.as_deref().unwrap_or_default();
    let mut columns = vec![Series::new(key.into(), STAND_IN).into_column()];
    for table in &schema[1..] {
        columns.push(number_column(&table.name, &[f64::NAN; STAND_IN.len()]));
    }
    DataFrame::new(STAND_IN.len(), columns).map_err(|error| FeatureError::Frame(error.to_string()))
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
        for (&row, value) in rows.iter().zip(numbers(column, &feature.kind)?) {
            values[[row, position]] = value;
        }
    }
    Ok(())
}

/// The values of a column of the result; what is no finite number is missing.
fn numbers(column: &FrameColumn, kind: &FeatureKind) -> Result<Vec<f64>, FeatureError> {
    let failed = |error: PolarsError| FeatureError::Run(error.to_string());
    if let FeatureKind::Category { .. } = kind {
        let codes = column.cat8().map_err(failed)?.physical();
        let number = |code: Option<u8>| code.map_or(f64::NAN, f64::from);
        return Ok(codes.iter().map(number).collect());
    }
    let numbers = column.cast(&DataType::Float64).map_err(failed)?;
    let numbers = numbers.f64().map_err(failed)?.iter();
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite()).unwrap_or(f64::NAN);
    Ok(numbers.map(finite).collect())
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
