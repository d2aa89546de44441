//! All clients of a tenant in memory, for comparing one with all and with similar ones. Built
//! from the stored features when first asked for and again when clients have come or changed.

use super::entity::{Column, Entity};
use super::{ClientError, changes, client};
use crate::tenancy::{TenantId, TenantScope};
use ndarray::{Array2, ArrayView1};
use octroi_data::features::FeatureSpec;
use octroi_data::portfolio::Portfolio;
use octroi_data::similar::{SimilarClients, SimilarColumn};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use tokio::sync::Mutex;

/// Clients read from the database in one go.
const CHUNK: u64 = 2_000;

/// The features of all clients whose features are of the current SQL.
pub struct Population {
    pub numbers: Vec<i64>,
    pub specs: Arc<[FeatureSpec]>,
    /// Clients by features.
    pub values: Array2<f64>,
    rows: HashMap<i64, usize>,
    /// What similarity is measured on.
    pub similar_by: Vec<String>,
    similar: Option<SimilarClients>,
}

impl Population {
    /// The column of a feature.
    #[must_use]
    pub fn column(&self, feature: &str) -> Option<usize> {
        self.specs.iter().position(|spec| spec.name == feature)
    }

    /// All clients' values of one feature.
    #[must_use]
    pub fn values_of(&self, column: usize) -> ArrayView1<'_, f64> {
        self.values.column(column)
    }

    /// The row of a client.
    #[must_use]
    pub fn row(&self, number: i64) -> Option<usize> {
        self.rows.get(&number).copied()
    }

    /// Rows of the `k` clients nearest to a client, without the client.
    #[must_use]
    pub fn similar_to(&self, number: i64, k: usize) -> Vec<usize> {
        match (&self.similar, self.row(number)) {
            (Some(similar), Some(row)) => similar.nearest_to(row, k),
            _ => Vec::new(),
        }
    }
}

/// The populations of all tenants that have been asked for.
#[derive(Default)]
pub struct Populations {
    loaded: std::sync::Mutex<HashMap<TenantId, Arc<Loaded>>>,
}

/// The population of one tenant, with the count of changes that it was loaded after.
type Loaded = Mutex<Option<(i64, Arc<Population>)>>;

impl Populations {
    /// The tenant's population as of now.
    pub async fn of(
        &self,
        scope: &TenantScope,
        portfolio: &'static Portfolio,
        specs: &Arc<[FeatureSpec]>,
        sql_digest: &str,
    ) -> Result<Arc<Population>, ClientError> {
        let changes = changes::counted(scope).await?;
        let own = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(scope.tenant_id()).or_default())
        };
        // Held while loading: a second reader waits for the first's work instead of doing it
        // again. Other tenants do not wait.
        let mut loaded = own.lock().await;
        if let Some((known, population)) = &*loaded
            && *known == changes
        {
            return Ok(Arc::clone(population));
        }
        let (numbers, values) = load(scope, specs.len(), sql_digest).await?;
        let specs = Arc::clone(specs);
        let population =
            tokio::task::spawn_blocking(move || build(portfolio, specs, numbers, values))
                .await
                .map_err(|_| ClientError::WorkerStopped)?;
        let population = Arc::new(population);
        *loaded = Some((changes, Arc::clone(&population)));
        Ok(population)
    }
}

async fn load(
    scope: &TenantScope,
    width: usize,
    sql_digest: &str,
) -> Result<(Vec<i64>, Array2<f64>), ClientError> {
    let mut numbers = Vec::new();
    let mut values = Vec::new();
    loop {
        let mut query = scope
            .find::<Entity>()
            .filter(Column::FeaturesSqlDigest.eq(sql_digest))
            .select_only()
            .columns([Column::Number, Column::Features])
            .order_by_asc(Column::Number)
            .limit(CHUNK);
        if let Some(last) = numbers.last() {
            query = query.filter(Column::Number.gt(*last));
        }
        let rows: Vec<(i64, Vec<u8>)> = query.into_tuple().all(scope.reader()).await?;
        let done = (rows.len() as u64) < CHUNK;
        for (number, bytes) in rows {
            let row = client::from_bytes(&bytes).filter(|row| row.len() == width);
            let row = row.ok_or_else(|| ClientError::Damaged {
                number,
                why: "the features are not as many as the SQL computes".to_owned(),
            })?;
            numbers.push(number);
            values.extend(row);
        }
        if done {
            break;
        }
    }
    let values = Array2::from_shape_vec((numbers.len(), width), values).map_err(|error| {
        ClientError::Damaged {
            number: 0,
            why: error.to_string(),
        }
    })?;
    Ok((numbers, values))
}

fn build(
    portfolio: &Portfolio,
    specs: Arc<[FeatureSpec]>,
    numbers: Vec<i64>,
    values: Array2<f64>,
) -> Population {
    let names = specs.iter().map(|spec| spec.name.as_str());
    let columns = SimilarColumn::of_dictionary(&portfolio.dictionary, names);
    let similar = SimilarClients::build(values.view(), &columns).ok();
    let rows = numbers
        .iter()
        .enumerate()
        .map(|(row, number)| (*number, row))
        .collect();
    Population {
        similar_by: columns.into_iter().map(|column| column.name).collect(),
        numbers,
        specs,
        values,
        rows,
        similar,
    }
}
