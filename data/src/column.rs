//! Columns as plain vectors: how tables leave the readers for the statistics, without the
//! data-frame library, so that whoever compares or draws a column needs nothing but `Vec`.

/// Code of a missing category in [`Values::Category`].
pub const MISSING_CODE: u32 = u32::MAX;

/// One file of one table of the portfolio, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumns {
    /// Name of the table in the portfolio's schema (`application`, `bureau`, ...).
    pub table: String,
    /// Number of rows; every column has this length.
    pub rows: usize,
    pub columns: Vec<NamedColumn>,
}

/// A column with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedColumn {
    pub name: String,
    pub values: Values,
}

impl NamedColumn {
    /// A column of numbers; NaN is a missing value.
    #[must_use]
    pub fn numbers(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            values: Values::Number(values),
        }
    }

    /// A column of categories: `codes` index `levels`, [`MISSING_CODE`] is a missing value.
    #[must_use]
    pub fn categories(name: impl Into<String>, codes: Vec<u32>, levels: Vec<String>) -> Self {
        Self {
            name: name.into(),
            values: Values::Category { codes, levels },
        }
    }
}

/// The values of a column, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// NaN is a missing value.
    Number(Vec<f64>),
    /// Codes index `levels`; [`MISSING_CODE`] is a missing value.
    Category {
        codes: Vec<u32>,
        levels: Vec<String>,
    },
}

impl Values {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Category { codes, .. } => codes.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
