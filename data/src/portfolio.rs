//! A portfolio's definition: its raw tables with the type of every column, its dictionary and
//! its feature queries. It is compiled into the binary, so that a model version and the
//! schema it was trained on travel together, and parsed once.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use thiserror::Error;

use crate::dictionary::Dictionary;

/// The most levels a category may have: codes are stored in one byte, and the last value of
/// the byte stands for a missing category.
pub(crate) const MAX_LEVELS: usize = 255;

/// Definition of a portfolio.
#[derive(Debug)]
pub struct Portfolio {
    /// Name by which configuration and model packages refer to it.
    pub name: String,
    /// The raw tables; the first is the one with a row per client.
    pub tables: Arc<[Table]>,
    /// Meaning of every column and feature.
    pub dictionary: Dictionary,
    /// The feature queries, in the order in which they run; the last joins the others.
    pub(crate) queries: Vec<Query>,
}

/// One SQL file of the feature folder.
#[derive(Debug)]
pub(crate) struct Query {
    /// Name under which later queries find its result.
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// A raw table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub name: String,
    /// Names of its files without extension. Where there are two, the first has the label.
    pub files: Vec<String>,
    /// Column whose values are unique in the table.
    #[serde(default)]
    pub key: Option<String>,
    /// The table whose rows own the rows of this one.
    #[serde(default)]
    pub parent: Option<String>,
    /// Column of this table that holds the parent's key.
    #[serde(default)]
    pub parent_key: Option<String>,
    /// Column with the outcome: 1 defaulted, 0 repaid.
    #[serde(default)]
    pub label: Option<String>,
    pub columns: Vec<Column>,
}

/// A column of a raw table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "WrittenColumn")]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// A row without a value is refused.
    pub required: bool,
    /// Values that stand for "missing".
    pub missing: Vec<Sentinel>,
    /// Smallest and largest value that an application from outside may have; absent: no limit.
    /// Files, which are history, are taken as they are.
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// Type of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnKind {
    /// A 64-bit integer that identifies a row; not a quantity.
    Id,
    /// A whole number.
    Integer,
    /// A finite `f64`.
    Number,
    /// One of `levels`; the position of a level is the code that models see.
    Category { levels: Vec<String> },
}

/// A value that stands for "missing".
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Sentinel {
    Number(f64),
    Level(String),
}

/// No portfolio has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown portfolio `{name}`: the portfolios are {}", .known.join(", "))]
pub struct UnknownPortfolio {
    pub name: String,
    pub known: Vec<String>,
}

const HOME_CREDIT: &str = "home-credit";

static HOME_CREDIT_PORTFOLIO: LazyLock<Portfolio> = LazyLock::new(read_home_credit);

impl Portfolio {
    /// The portfolio of the competition "Home Credit Default Risk".
    #[must_use]
    pub fn home_credit() -> &'static Self {
        &HOME_CREDIT_PORTFOLIO
    }

    /// The portfolio with a given name.
    pub fn named(name: &str) -> Result<&'static Self, UnknownPortfolio> {
        if name == HOME_CREDIT {
            return Ok(Self::home_credit());
        }
        Err(UnknownPortfolio {
            name: name.to_owned(),
            known: vec![HOME_CREDIT.to_owned()],
        })
    }

    /// The table with a given name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The table with a row per client.
    #[must_use]
    pub fn application(&self) -> &Table {
        &self.tables[0]
    }
}

impl Table {
    /// Position of a column.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|own| own.name == column)
    }

    /// Position of the key column.
    pub(crate) fn key_position(&self) -> Option<usize> {
        self.position(self.key.as_deref()?)
    }

    /// Position of the column that holds the parent's key.
    pub(crate) fn parent_key_position(&self) -> Option<usize> {
        self.position(self.parent_key.as_deref()?)
    }

    /// Position of the label column.
    pub(crate) fn label_position(&self) -> Option<usize> {
        self.position(self.label.as_deref()?)
    }
}

impl Column {
    /// Whether a number stands for "missing". Sentinels are whole numbers, which compare exactly.
    #[allow(clippy::float_cmp)]
    pub(crate) fn is_missing_number(&self, value: f64) -> bool {
        self.missing
            .iter()
            .any(|sentinel| matches!(sentinel, Sentinel::Number(number) if *number == value))
    }

    /// Whether a category level stands for "missing".
    pub(crate) fn is_missing_level(&self, value: &str) -> bool {
        self.missing
            .iter()
            .any(|sentinel| matches!(sentinel, Sentinel::Level(level) if level == value))
    }
}

/// A column as `tables.toml` writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenColumn {
    name: String,
    r#type: WrittenType,
    #[serde(default)]
    levels: Vec<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    missing: Vec<Sentinel>,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenType {
    Id,
    Integer,
    Number,
    Category,
}

impl TryFrom<WrittenColumn> for Column {
    type Error = String;

    fn try_from(written: WrittenColumn) -> Result<Self, String> {
        let categorical = matches!(written.r#type, WrittenType::Category);
        if categorical == written.levels.is_empty() || written.levels.len() > MAX_LEVELS {
            return Err(format!(
                "column {}: a category has 1 to {MAX_LEVELS} levels, other types none",
                written.name
            ));
        }
        Ok(Self {
            name: written.name,
            kind: match written.r#type {
                WrittenType::Id => ColumnKind::Id,
                WrittenType::Integer => ColumnKind::Integer,
                WrittenType::Number => ColumnKind::Number,
                WrittenType::Category => ColumnKind::Category {
                    levels: written.levels,
                },
            },
            required: written.required,
            missing: written.missing,
            min: written.min,
            max: written.max,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schema {
    #[serde(rename = "table")]
    tables: Vec<Table>,
}

macro_rules! home_credit_file {
    ($path:literal) => {
        include_str!(concat!("../portfolios/home-credit/", $path))
    };
}

/// Parses the files compiled in. They are part of the program: a fault in one of them is a
/// fault of the build, found by the first test that runs, so it panics with the message.
fn read_home_credit() -> Portfolio {
    let schema: Schema = toml::from_str(home_credit_file!("tables.toml"))
        .unwrap_or_else(|error| panic!("home-credit/tables.toml: {error}"));
    let dictionary = Dictionary::from_toml(&[
        ("families.toml", home_credit_file!("families.toml")),
        (
            "dictionary/application.toml",
            home_credit_file!("dictionary/application.toml"),
        ),
        (
            "dictionary/derived.toml",
            home_credit_file!("dictionary/derived.toml"),
        ),
        (
            "dictionary/aggregates.toml",
            home_credit_file!("dictionary/aggregates.toml"),
        ),
    ])
    .unwrap_or_else(|error| panic!("home-credit: {error}"));
    let query = |name, sql| Query { name, sql };
    Portfolio {
        name: HOME_CREDIT.to_owned(),
        tables: schema.tables.into(),
        dictionary,
        queries: vec![
            query(
                "application_features",
                home_credit_file!("features/application.sql"),
            ),
            query("bureau_features", home_credit_file!("features/bureau.sql")),
            query(
                "bureau_balance_features",
                home_credit_file!("features/bureau_balance.sql"),
            ),
            query(
                "previous_application_features",
                home_credit_file!("features/previous_application.sql"),
            ),
            query(
                "POS_CASH_balance_features",
                home_credit_file!("features/POS_CASH_balance.sql"),
            ),
            query(
                "installments_payments_features",
                home_credit_file!("features/installments_payments.sql"),
            ),
            query(
                "credit_card_balance_features",
                home_credit_file!("features/credit_card_balance.sql"),
            ),
            query("features", home_credit_file!("features/join.sql")),
        ],
    }
}
