//! A folder of small tables for a test to fill: rows name the columns they have, all others
//! are blank.

use std::fs;
use std::path::{Path, PathBuf};

use octroi_data::portfolio::Table;
use octroi_data::reader::{Applications, ReadError, read_folder};
use octroi_data::{FeatureTable, Portfolio, RawTables, features};
use tempfile::TempDir;

/// A row: the columns that have a value.
pub(crate) type Row<'a> = &'a [(&'a str, &'a str)];

/// What every application must have.
pub(crate) const REQUIRED: [(&str, &str); 5] = [
    ("NAME_CONTRACT_TYPE", "Cash loans"),
    ("CODE_GENDER", "F"),
    ("AMT_INCOME_TOTAL", "100000"),
    ("AMT_CREDIT", "500000"),
    ("DAYS_BIRTH", "-14610"),
];

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with one labelled application of client 1.
    pub(crate) fn with_one_client() -> Self {
        let folder = Self::new();
        folder.applications(
            "application_train",
            &[&[("SK_ID_CURR", "1"), ("TARGET", "0")]],
        );
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.file(name), content).unwrap();
    }

    /// Writes the CSV file of a table.
    pub(crate) fn table(&self, stem: &str, rows: &[Row<'_>]) {
        self.write(&format!("{stem}.csv"), csv_text(stem, rows));
    }

    /// Writes an application file; what is required and not in a row is added to it.
    pub(crate) fn applications(&self, stem: &str, rows: &[Row<'_>]) {
        let complete: Vec<Vec<(&str, &str)>> = rows
            .iter()
            .map(|row| {
                let mut row = row.to_vec();
                for required in REQUIRED {
                    if !row.iter().any(|(name, _)| *name == required.0) {
                        row.push(required);
                    }
                }
                row
            })
            .collect();
        let rows: Vec<Row<'_>> = complete.iter().map(Vec::as_slice).collect();
        self.table(stem, &rows);
    }

    pub(crate) fn read(&self, which: Applications) -> Result<RawTables, ReadError> {
        read_folder(Portfolio::home_credit(), self.path(), which)
    }

    pub(crate) fn features(&self) -> FeatureTable {
        let tables = self.read(Applications::Train).unwrap();
        features::compute(Portfolio::home_credit(), &tables).unwrap()
    }

    /// The message with which reading the labelled applications is refused.
    pub(crate) fn refusal(&self) -> String {
        self.refusal_of(Applications::Train)
    }

    /// The folder's own path is left out of the message.
    pub(crate) fn refusal_of(&self, which: Applications) -> String {
        let message = self.read(which).unwrap_err().to_string();
        message.replace(&format!("{}/", self.path().display()), "")
    }
}

pub(crate) fn schema(stem: &str) -> &'static Table {
    let tables = &Portfolio::home_credit().tables;
    let found = tables
        .iter()
        .find(|table| table.files.iter().any(|file| file == stem));
    found.expect("a table of the schema")
}

/// Names of the columns of a file; the one without outcomes lacks their column.
pub(crate) fn columns(stem: &str) -> Vec<&'static str> {
    let names = schema(stem)
        .columns
        .iter()
        .map(|column| column.name.as_str());
    names
        .filter(|name| stem != "application_test" || *name != "TARGET")
        .collect()
}

pub(crate) fn csv_text(stem: &str, rows: &[Row<'_>]) -> String {
    let columns = columns(stem);
    let mut text = columns.join(",") + "\n";
    for row in rows {
        for (name, _) in *row {
            assert!(columns.contains(name), "{stem} has no column {name}");
        }
        let value = |name: &&str| {
            let found = row
                .iter()
                .find(|(own, _)| own == name)
                .map_or("", |(_, value)| value);
            if found.contains(',') {
                format!("\"{found}\"")
            } else {
                found.to_owned()
            }
        };
        text += &columns.iter().map(value).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

/// Value of a feature of one row.
pub(crate) fn value(table: &FeatureTable, row: usize, name: &str) -> f64 {
    let position = table
        .features
        .iter()
        .position(|feature| feature.name == name);
    table.values[[row, position.unwrap_or_else(|| panic!("no feature {name}"))]]
}

/// The values bit by bit, every missing one alike.
pub(crate) fn bits(table: &FeatureTable, row: usize) -> Vec<u64> {
    let bits = |value: &f64| {
        if value.is_nan() {
            u64::MAX
        } else {
            value.to_bits()
        }
    };
    table.values.row(row).iter().map(bits).collect()
}

/// Names of the features in which two rows differ.
pub(crate) fn differences(
    left: (&FeatureTable, usize),
    right: (&FeatureTable, usize),
) -> Vec<String> {
    let pairs = bits(left.0, left.1).into_iter().zip(bits(right.0, right.1));
    pairs
        .zip(&left.0.features)
        .filter(|((left, right), _)| left != right)
        .map(|(_, feature)| feature.name.clone())
        .collect()
}
