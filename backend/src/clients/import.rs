//! Importing clients from a folder of the portfolio's tables: read and checked whole, features
//! computed by the same SQL as everywhere, then written in one transaction with one event.
//! A problem anywhere leaves the portfolio as it was.

use super::entity::{Column, Entity};
use super::{ClientError, Inputs, changes};
use crate::audit::{Action, Event};
use crate::name;
use crate::tenancy::TenantScope;
use octroi_data::features;
use octroi_data::portfolio::Portfolio;
use octroi_data::raw_tables::ReadReport;
use octroi_data::reader::bounds::{self, BoundedRows, Bounds};
use octroi_data::reader::{self, Applications};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What to import.
pub struct Import<'a> {
    pub folder: &'a Path,
    pub which: Applications,
    pub bounds: Bounds,
    pub names: Names,
}

/// Names of clients by their number; clients without one are known by their number only.
#[derive(Default)]
pub struct Names(HashMap<i64, String>);

/// What an import did.
pub struct ImportReport {
    pub imported: usize,
    /// Clients that were in the portfolio already and have been left alone.
    pub present: usize,
    pub read: ReadReport,
}

impl Names {
    /// A CSV file with the columns `SK_ID_CURR` and `NAME`.
    pub fn from_csv(file: &Path) -> Result<Self, ClientError> {
        let problem = |line: usize, problem: String| ClientError::Names {
            file: file.display().to_string(),
            line,
            problem,
        };
        let content = bounds::open(file).map_err(|error| problem(1, error.to_string()))?;
        let mut reader = csv::Reader::from_reader(BoundedRows::new(content));
        let header = reader
            .headers()
            .map_err(|error| problem(1, error.to_string()))?;
        if header.iter().collect::<Vec<_>>() != ["SK_ID_CURR", "NAME"] {
            return Err(problem(1, "the header must be SK_ID_CURR,NAME".to_owned()));
        }
        let mut names = HashMap::new();
        for (row, record) in reader.records().enumerate() {
            let line = row + 2;
            let record = record.map_err(|error| problem(line, error.to_string()))?;
            let number = record
                .get(0)
                .and_then(|number| number.parse().ok())
                .ok_or_else(|| problem(line, "SK_ID_CURR is no whole number".to_owned()))?;
            // Without a name a client is known by the number, as one who is not in the file.
            let name = record.get(1).unwrap_or_default();
            if !name.trim().is_empty() {
                let name = name::parse(name).map_err(|error| problem(line, error.to_string()))?;
                names.insert(number, name);
            }
        }
        Ok(Self(names))
    }

    /// Names made by somebody else.
    #[must_use]
    pub fn from_map(names: HashMap<i64, String>) -> Self {
        Self(names)
    }
}

/// Rows written in one statement: 19 columns each, and SQLite takes 32,766 variables.
const CHUNK: usize = 500;

/// Imports the clients of a folder that the portfolio does not hold yet.
pub async fn import(
    scope: &TenantScope,
    portfolio: &'static Portfolio,
    import: Import<'_>,
) -> Result<ImportReport, ClientError> {
    let (folder, which, bounds) = (import.folder, import.which, import.bounds);
    let tables = reader::read_folder_telling(portfolio, folder, which, bounds, &mut |_| {})?;
    let table = features::compute(portfolio, &tables)?;
    let digest = features::sql_digest(portfolio);
    let present: HashSet<i64> = scope
        .find::<Entity>()
        .select_only()
        .column(Column::Number)
        .into_tuple::<i64>()
        .all(scope.reader())
        .await?
        .into_iter()
        .collect();
    let mut names = import.names.0;
    let transaction = scope.begin().await?;
    let mut imported = 0;
    let mut rows = Vec::with_capacity(CHUNK);
    for (application, values) in tables.applications().zip(table.values.rows()) {
        if present.contains(&application.id) {
            continue;
        }
        let inputs = Inputs::new(&application, values.to_vec(), &digest)?;
        rows.push(inputs.row(scope, names.remove(&application.id).unwrap_or_default()));
        imported += 1;
        if rows.len() == CHUNK {
            let full = std::mem::replace(&mut rows, Vec::with_capacity(CHUNK));
            Entity::insert_many(full)
                .exec_without_returning(transaction.connection())
                .await?;
        }
    }
    if !rows.is_empty() {
        Entity::insert_many(rows)
            .exec_without_returning(transaction.connection())
            .await?;
    }
    changes::count_one(&transaction).await?;
    let files: Vec<_> = tables
        .report()
        .tables
        .iter()
        .map(|table| json!({ "table": table.table, "rows": table.rows, "sha256": table.sha256 }))
        .collect();
    let event = Event::new(Action::ClientsImported, "portfolio", &portfolio.name)
        .with(json!({ "clients": imported, "files": files }));
    transaction.commit(event, Vec::new()).await?;
    Ok(ImportReport {
        imported,
        present: table.ids.len() - imported,
        read: tables.report().clone(),
    })
}
