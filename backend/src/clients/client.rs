//! One client: the raw application as it came (compressed JSON in its one form, with its
//! digest) and the features computed from it. What is recorded when an application arrives.

use super::changes;
use crate::admission::NotAdmitted;
use crate::audit::{Action, Event};
use crate::digest;
use crate::instant;
use crate::tenancy::{TenantEntity, TenantScope, TenantTransaction};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use octroi_data::application::{ApplicationsError, FieldProblem, RawApplication};
use octroi_data::features::FeatureError;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryFilter, Set};
use serde_json::json;
use std::io::{Read, Write};

pub mod entity {
    //! Table `client`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "client")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: i64,
        pub name: String,
        pub inputs: Vec<u8>,
        pub inputs_digest: String,
        pub features: Vec<u8>,
        pub features_digest: String,
        pub features_sql_digest: String,
        pub age_years: Option<f64>,
        pub income: Option<f64>,
        pub credit: Option<f64>,
        pub decision_id: Option<Uuid>,
        pub pd: Option<f64>,
        pub threshold: Option<f64>,
        pub outcome: Option<String>,
        pub decided_at: Option<i64>,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for entity::Entity {
    fn tenant_column() -> Self::Column {
        entity::Column::TenantId
    }
}

/// A client as stored.
pub type Client = entity::Model;

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("there is no client {0}")]
    Unknown(i64),
    #[error("{} field(s) of the application cannot be accepted", .0.len())]
    Invalid(Vec<FieldProblem>),
    #[error("the stored inputs of client {number} are damaged: {why}")]
    Damaged { number: i64, why: String },
    #[error(transparent)]
    Read(#[from] octroi_data::reader::ReadError),
    #[error(transparent)]
    Applications(#[from] ApplicationsError),
    #[error(transparent)]
    Features(#[from] FeatureError),
    #[error("line {line} of {file}: {problem}")]
    Names {
        file: String,
        line: usize,
        problem: String,
    },
    #[error("the worker that computes features has stopped")]
    WorkerStopped,
    #[error("a run of the features ended in a panic")]
    RunPanicked,
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// An application with its features, ready to be recorded and scored.
#[derive(Clone)]
pub struct Inputs {
    pub number: i64,
    /// Compressed canonical JSON.
    pub inputs: Vec<u8>,
    pub inputs_digest: String,
    /// One value per feature, NaN missing, in the order of the SQL of `features_sql_digest`.
    pub features: Vec<f64>,
    pub features_digest: String,
    pub features_sql_digest: String,
    pub age_years: Option<f64>,
    pub income: Option<f64>,
    pub credit: Option<f64>,
}

impl Inputs {
    /// Digests and compresses an application; `features` were computed from it.
    pub fn new(
        application: &RawApplication,
        features: Vec<f64>,
        features_sql_digest: &str,
    ) -> Result<Self, ClientError> {
        let damaged = |why: String| ClientError::Damaged {
            number: application.id,
            why,
        };
        let canonical =
            serde_jcs::to_vec(&application.content).map_err(|error| damaged(error.to_string()))?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed
            .write_all(&canonical)
            .map_err(|error| damaged(error.to_string()))?;
        let own = &application.content["application"];
        Ok(Self {
            number: application.id,
            inputs_digest: digest::sha256(&canonical),
            inputs: packed
                .finish()
                .map_err(|error| damaged(error.to_string()))?,
            features_digest: digest::sha256(&to_bytes(&features)),
            features,
            features_sql_digest: features_sql_digest.to_owned(),
            age_years: own["DAYS_BIRTH"].as_f64().map(|days| -days / 365.25),
            income: own["AMT_INCOME_TOTAL"].as_f64(),
            credit: own["AMT_CREDIT"].as_f64(),
        })
    }

    /// The row of a new client.
    pub(super) fn row(self, scope: &TenantScope, name: String) -> entity::ActiveModel {
        let at = instant::now();
        entity::ActiveModel {
            tenant_id: Set(scope.tenant_id().0),
            id: Set(Uuid::now_v7()),
            number: Set(self.number),
            name: Set(name),
            features: Set(to_bytes(&self.features)),
            inputs: Set(self.inputs),
            inputs_digest: Set(self.inputs_digest),
            features_digest: Set(self.features_digest),
            features_sql_digest: Set(self.features_sql_digest),
            age_years: Set(self.age_years),
            income: Set(self.income),
            credit: Set(self.credit),
            decision_id: Set(None),
            pd: Set(None),
            threshold: Set(None),
            outcome: Set(None),
            decided_at: Set(None),
            created_at: Set(at),
            updated_at: Set(at),
        }
    }
}

/// Features as the database keeps them: little-endian `f64`, one after the other.
#[must_use]
pub fn to_bytes(values: &[f64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// The inverse of [`to_bytes`]; `None` when the length is no multiple of eight.
#[must_use]
pub fn from_bytes(bytes: &[u8]) -> Option<Vec<f64>> {
    let (values, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| {
        values
            .iter()
            .map(|value| f64::from_le_bytes(*value))
            .collect()
    })
}

/// The client with this number.
pub async fn find(scope: &TenantScope, number: i64) -> Result<Client, ClientError> {
    scope
        .find::<entity::Entity>()
        .filter(entity::Column::Number.eq(number))
        .one(scope.reader())
        .await?
        .ok_or(ClientError::Unknown(number))
}

/// The raw application that a client's row holds, verified against its digest.
pub fn inputs_of(client: &Client) -> Result<RawApplication, ClientError> {
    unpacked(client.number, &client.inputs, &client.inputs_digest)
}

/// A raw application as it is kept with a client or a decision, verified against its digest.
pub fn unpacked(
    number: i64,
    inputs: &[u8],
    inputs_digest: &str,
) -> Result<RawApplication, ClientError> {
    let damaged = |why: String| ClientError::Damaged { number, why };
    let mut canonical = Vec::new();
    GzDecoder::new(inputs)
        .read_to_end(&mut canonical)
        .map_err(|error| damaged(error.to_string()))?;
    if digest::sha256(&canonical) != inputs_digest {
        return Err(damaged(
            "they do not have the digest recorded with them".to_owned(),
        ));
    }
    let content = serde_json::from_slice(&canonical).map_err(|error| damaged(error.to_string()))?;
    Ok(RawApplication {
        id: number,
        content,
    })
}

/// The features a client's row holds.
pub fn current_features(client: &Client) -> Result<Vec<f64>, ClientError> {
    from_bytes(&client.features).ok_or_else(|| ClientError::Damaged {
        number: client.number,
        why: "the features are cut short".to_owned(),
    })
}

/// What recording an application did.
pub enum Recorded {
    Unchanged,
    Written(Event),
}

/// Records an application in the portfolio: a new client, a changed one, or nothing when the
/// very same inputs are there already.
pub async fn record(
    transaction: &TenantTransaction,
    scope: &TenantScope,
    inputs: &Inputs,
) -> Result<Recorded, ClientError> {
    let facts = json!({ "inputs": inputs.inputs_digest, "features": inputs.features_digest });
    let event = |action| {
        Event::new(action, "client", inputs.number)
            .about_client(inputs.number)
            .with(facts)
    };
    let mut known = stored(transaction, inputs.number).await?;
    if known.is_none() {
        let row = inputs.clone().row(scope, String::new());
        if insert_if_absent(transaction, row).await? {
            changes::count_one(transaction).await?;
            return Ok(Recorded::Written(event(Action::ClientCreated)));
        }
        known = stored(transaction, inputs.number).await?;
    }
    match known {
        None => Err(ClientError::Unknown(inputs.number)),
        Some(row)
            if row.inputs_digest == inputs.inputs_digest
                && row.features_sql_digest == inputs.features_sql_digest =>
        {
            Ok(Recorded::Unchanged)
        }
        Some(row) => {
            let mut row: entity::ActiveModel = row.into();
            row.inputs = Set(inputs.inputs.clone());
            row.inputs_digest = Set(inputs.inputs_digest.clone());
            row.features = Set(to_bytes(&inputs.features));
            row.features_digest = Set(inputs.features_digest.clone());
            row.features_sql_digest = Set(inputs.features_sql_digest.clone());
            row.age_years = Set(inputs.age_years);
            row.income = Set(inputs.income);
            row.credit = Set(inputs.credit);
            row.updated_at = Set(instant::now());
            row.update(transaction.connection()).await?;
            changes::count_one(transaction).await?;
            Ok(Recorded::Written(event(Action::ClientChanged)))
        }
    }
}

/// False when somebody else has added the client in the meantime: two first applications of a
/// client may come at once, and the later one is then a change of what the earlier brought.
async fn insert_if_absent(
    transaction: &TenantTransaction,
    row: entity::ActiveModel,
) -> Result<bool, DbErr> {
    let absent = OnConflict::columns([entity::Column::TenantId, entity::Column::Number])
        .do_nothing()
        .to_owned();
    let inserted = entity::Entity::insert(row)
        .on_conflict(absent)
        .exec_without_returning(transaction.connection())
        .await?;
    Ok(inserted > 0)
}

async fn stored(transaction: &TenantTransaction, number: i64) -> Result<Option<Client>, DbErr> {
    transaction
        .find::<entity::Entity>()
        .filter(entity::Column::Number.eq(number))
        .one(transaction.connection())
        .await
}

/// Notes the latest decision in the client's row, for the list and the filters.
pub async fn remember_decision(
    transaction: &TenantTransaction,
    number: i64,
    decision: Uuid,
    pd: f64,
    threshold: f64,
    outcome: &str,
    at: i64,
) -> Result<(), DbErr> {
    use entity::Column;
    entity::Entity::update_many()
        .filter(Column::TenantId.eq(transaction.tenant_id().0))
        .filter(Column::Number.eq(number))
        .col_expr(Column::DecisionId, Expr::value(decision))
        .col_expr(Column::Pd, Expr::value(pd))
        .col_expr(Column::Threshold, Expr::value(threshold))
        .col_expr(Column::Outcome, Expr::value(outcome))
        .col_expr(Column::DecidedAt, Expr::value(at))
        .exec(transaction.connection())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_come_back_bit_for_bit_missing_values_included() {
        let values = [1.5, f64::NAN, -0.0, f64::MAX];
        let back = from_bytes(&to_bytes(&values)).expect("whole");
        let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back), bits(&values));
        assert!(from_bytes(&[0; 9]).is_none());
    }
}
