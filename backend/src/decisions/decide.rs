//! One decision, from the request to the commit. Either everything is stored (the application
//! in the portfolio, the decision with its inputs, the explanation, the audit events, the
//! answer under its idempotency key) or nothing is.

use super::decision::{self, Channel, DecisionError, Outcome, entity};
use super::explanation::{self, ExplanationDocument, explain, shown_event};
use crate::audit::{Action, Event};
use crate::clients::wording::Wording;
use crate::clients::{self, Inputs, Recorded};
use crate::digest;
use crate::instant;
use crate::models::{Arrangement, ModelReference, ResolvedModel, UnknownFeature};
use crate::service::Service;
use crate::tenancy::{TenantEntity, TenantScope, TenantTransaction};
use octroi_data::application::RawApplication;
use octroi_data::language::Language;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Set, SqlErr};
use serde::Serialize;
use serde_json::json;

pub mod idempotency {
    //! Table `idempotency_key`: the answer that a key has been given.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub request_digest: String,
        pub decision_id: Uuid,
        #[sea_orm(column_type = "Text")]
        pub answer: String,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for idempotency::Entity {
    fn tenant_column() -> Self::Column {
        idempotency::Column::TenantId
    }
}

/// Who is to be decided about.
pub enum Applicant {
    /// A client of the portfolio, with the inputs on file.
    Client(i64),
    /// A whole application, which becomes the client's inputs on file.
    Application(RawApplication),
}

/// A key that makes a repeated request one decision, and the digest of the request.
pub struct Idempotency {
    pub key: String,
    pub request_digest: String,
}

/// What is asked for.
pub struct DecisionRequest {
    pub model: ModelReference,
    pub applicant: Applicant,
    pub channel: Channel,
    pub language: Language,
    /// True when the answer itself tells the reasons: then that is recorded, too.
    pub tells_reasons: bool,
    pub idempotency: Option<Idempotency>,
}

/// A decision that has been committed, with what the answer was made of.
pub struct NewDecision {
    pub decision: entity::Model,
    pub explanation: ExplanationDocument,
    /// The audit event of the decision.
    pub event: Uuid,
}

/// How a request ended. `A` is the answer as the channel writes it.
pub enum Decided<A> {
    New(A),
    /// The key had been used for the same request before: the answer given then, as JSON.
    Repeated(String),
}

/// Decides and records. `answer` makes the channel's answer out of the decision before the
/// commit, so that it can be stored under the idempotency key together with it.
pub async fn decide<A: Serialize>(
    service: &Service,
    scope: &TenantScope,
    request: DecisionRequest,
    answer: impl FnOnce(&NewDecision) -> A,
) -> Result<Decided<A>, DecisionError> {
    if let Some(given) = &request.idempotency
        && let Some(stored) = earlier_answer(scope, given).await?
    {
        return repeated(service, scope, &Asked::of(&request), stored).await;
    }
    let model = service.models.resolve(scope, &request.model).await?;
    let asked = Asked::of(&request);
    let (inputs, is_new_application) = match request.applicant {
        Applicant::Client(number) => (inputs_on_file(service, scope, number).await?, false),
        Applicant::Application(application) => {
            (service.features.compute(scope, application).await?, true)
        }
    };
    let wording = Wording::new(service.portfolio, request.language);
    let (decision, base_value, contributions) =
        score(service, scope, &model, &inputs, request.channel)?;
    let explanation = explain(
        &decision,
        &model.package,
        base_value,
        &contributions,
        wording,
    )?;
    let transaction = scope.begin().await?;
    let mut events = Vec::new();
    if is_new_application
        && let Recorded::Written(event) = clients::record(&transaction, scope, &inputs).await?
    {
        events.push(event);
    }
    let made = decision_event(&decision, &inputs);
    let new = NewDecision {
        event: made.id,
        decision,
        explanation,
    };
    let answer = answer(&new);
    if request.tells_reasons {
        events.push(shown_event(&new.explanation, request.channel)?);
    }
    store(&transaction, scope, &new, base_value, &contributions).await?;
    if let Some(given) = &request.idempotency {
        let stored = remember_answer(&transaction, scope, given, &new, &answer).await;
        match stored {
            Err(DecisionError::Database(error))
                if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) =>
            {
                // Somebody else has just been given an answer under this key.
                drop(transaction);
                return match earlier_answer(scope, given).await? {
                    Some(stored) => repeated(service, scope, &asked, stored).await,
                    None => Err(DecisionError::Database(error)),
                };
            }
            other => other?,
        }
    }
    transaction.commit(made, events).await?;
    let outcome = new.explanation.outcome;
    service
        .metrics
        .decision(outcome.as_str(), request.channel.as_str());
    Ok(Decided::New(answer))
}

/// What a repeated answer needs to know of its request.
struct Asked {
    channel: Channel,
    language: Language,
    tells_reasons: bool,
}

impl Asked {
    fn of(request: &DecisionRequest) -> Self {
        Self {
            channel: request.channel,
            language: request.language,
            tells_reasons: request.tells_reasons,
        }
    }
}

/// The answer given before. It tells the reasons to whoever asks now, so that is recorded
/// before it leaves, like every other showing.
async fn repeated<A>(
    service: &Service,
    scope: &TenantScope,
    asked: &Asked,
    stored: idempotency::Model,
) -> Result<Decided<A>, DecisionError> {
    if asked.tells_reasons {
        let row = decision::find(scope, stored.decision_id).await?;
        let reference = ModelReference::version(row.model.clone(), row.version);
        let model = service.models.resolve(scope, &reference).await?;
        let wording = Wording::new(service.portfolio, asked.language);
        explanation::show(
            scope,
            &row,
            &model.package,
            wording,
            asked.channel,
            Vec::new(),
        )
        .await?;
    }
    Ok(Decided::Repeated(stored.answer))
}

/// The inputs of a client of the portfolio. Features of an older SQL are computed anew from
/// the raw inputs on file.
async fn inputs_on_file(
    service: &Service,
    scope: &TenantScope,
    number: i64,
) -> Result<Inputs, DecisionError> {
    let client = clients::find(scope, number).await?;
    if client.features_sql_digest != service.features.sql_digest() {
        let application = clients::inputs_of(&client)?;
        return Ok(service.features.compute(scope, application).await?);
    }
    let features = clients::current_features(&client)?;
    Ok(Inputs {
        number,
        inputs: client.inputs,
        inputs_digest: client.inputs_digest,
        features,
        features_digest: client.features_digest,
        features_sql_digest: client.features_sql_digest,
        age_years: client.age_years,
        income: client.income,
        credit: client.credit,
    })
}

/// The row of features as the model takes it: by name, whatever the SQL has gained since.
pub(super) fn arranged(
    service: &Service,
    model: &ResolvedModel,
    inputs: &Inputs,
) -> Result<Vec<f64>, DecisionError> {
    let manifest = &model.package.manifest;
    let arrangement = Arrangement::new(&manifest.features, service.features.specs());
    let arrangement =
        arrangement.map_err(|UnknownFeature(feature)| DecisionError::MissingFeature {
            model: model.row.model.clone(),
            feature,
        })?;
    Ok(arrangement.row(&inputs.features))
}

fn score(
    service: &Service,
    scope: &TenantScope,
    model: &ResolvedModel,
    inputs: &Inputs,
    channel: Channel,
) -> Result<(entity::Model, f64, Vec<f64>), DecisionError> {
    let row = arranged(service, model, inputs)?;
    let scored = &model.package.model;
    let margin = scored.margin(&row);
    let pd = model.package.pd(margin);
    let threshold = model.package.manifest.threshold;
    let contributions = scored.contributions(&row);
    let features = clients::to_bytes(&row);
    let decision = entity::Model {
        tenant_id: scope.tenant_id().0,
        id: Uuid::now_v7(),
        client_number: inputs.number,
        model: model.row.model.clone(),
        version: model.row.version,
        alias: model.alias.clone(),
        model_digest: model.row.digest.clone(),
        inputs_digest: inputs.inputs_digest.clone(),
        features_digest: digest::sha256(&features),
        features_sql_digest: inputs.features_sql_digest.clone(),
        inputs: inputs.inputs.clone(),
        features,
        margin,
        pd,
        threshold,
        outcome: Outcome::of(pd, threshold).as_str().to_owned(),
        channel: channel.as_str().to_owned(),
        actor_kind: scope.actor().kind.as_str().to_owned(),
        actor_id: scope.actor().id,
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: instant::now(),
    };
    Ok((decision, contributions.base_value, contributions.values))
}

fn decision_event(decision: &entity::Model, inputs: &Inputs) -> Event {
    Event::new(Action::DecisionMade, "decision", decision.id)
        .about_client(decision.client_number)
        .about_decision(decision.id)
        .with(json!({
            "model": decision.model,
            "version": decision.version,
            "alias": decision.alias,
            "model_digest": decision.model_digest,
            "inputs": inputs.inputs_digest,
            "features": decision.features_digest,
            "features_sql": decision.features_sql_digest,
            "pd": decision.pd,
            "threshold": decision.threshold,
            "outcome": decision.outcome,
            "channel": decision.channel,
            "code_version": decision.code_version,
        }))
}

async fn store(
    transaction: &TenantTransaction,
    scope: &TenantScope,
    new: &NewDecision,
    base_value: f64,
    contributions: &[f64],
) -> Result<(), DecisionError> {
    let decision = &new.decision;
    let row: entity::ActiveModel = decision.clone().into();
    entity::Entity::insert(row.reset_all())
        .exec_without_returning(transaction.connection())
        .await?;
    let bytes = clients::to_bytes(contributions);
    let row = explanation::entity::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        decision_id: Set(decision.id),
        base_value: Set(base_value),
        digest: Set(digest::sha256(&bytes)),
        contributions: Set(bytes),
        created_at: Set(decision.created_at),
    };
    explanation::entity::Entity::insert(row)
        .exec_without_returning(transaction.connection())
        .await?;
    clients::remember_decision(
        transaction,
        decision.client_number,
        decision.id,
        decision.pd,
        decision.threshold,
        &decision.outcome,
        decision.created_at,
    )
    .await?;
    Ok(())
}

/// The answer that this key was given for the same request; another request is a conflict.
async fn earlier_answer(
    scope: &TenantScope,
    given: &Idempotency,
) -> Result<Option<idempotency::Model>, DecisionError> {
    let stored = scope
        .find::<idempotency::Entity>()
        .filter(idempotency::Column::Key.eq(given.key.as_str()))
        .one(scope.reader())
        .await?;
    match stored {
        None => Ok(None),
        Some(row) if row.request_digest == given.request_digest => Ok(Some(row)),
        Some(_) => Err(DecisionError::IdempotencyConflict),
    }
}

async fn remember_answer(
    transaction: &TenantTransaction,
    scope: &TenantScope,
    given: &Idempotency,
    new: &NewDecision,
    answer: &impl Serialize,
) -> Result<(), DecisionError> {
    let row = idempotency::ActiveModel {
        tenant_id: Set(scope.tenant_id().0),
        key: Set(given.key.clone()),
        request_digest: Set(given.request_digest.clone()),
        decision_id: Set(new.decision.id),
        answer: Set(serde_json::to_string(answer)?),
        created_at: Set(instant::now()),
    };
    idempotency::Entity::insert(row)
        .exec_without_returning(transaction.connection())
        .await?;
    Ok(())
}
