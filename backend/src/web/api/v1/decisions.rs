//! Asking for decisions, reading them again, and having them explained.

use super::page_size;
use super::strict_json::Body;
use crate::audit::{Action, Event};
use crate::clients::wording::Wording;
use crate::decisions::{
    self, Applicant, Channel, CounterfactualDocument, Decided, DecisionRequest,
    ExplanationDocument, Idempotency, NewDecision, Outcome, ReasonDocument,
};
use crate::digest;
use crate::identity::{Authorized, need};
use crate::instant;
use crate::models::{ModelReference, VersionTarget};
use crate::service::Service;
use crate::web::{Problem, ProblemDocument};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use octroi_data::application::{FieldProblem, MAX_PROBLEMS, RawApplication};
use octroi_data::language::Language;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

/// Who is to be decided about: exactly one of `client_id` and `tables`. Its fields, and what
/// each may hold, are described in `application_schema`.
#[derive(Serialize)]
pub(super) struct DecisionBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tables: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

impl DecisionBody {
    /// Reads the body, naming every field that cannot be accepted.
    fn read(body: Value) -> Result<Self, Problem> {
        let Value::Object(body) = body else {
            return Err(invalid("", "an object is expected"));
        };
        let mut read = Self {
            client_id: None,
            tables: None,
            language: None,
        };
        let mut problems = Vec::new();
        for (name, value) in body {
            if problems.len() == MAX_PROBLEMS {
                break;
            }
            let expected = match (name.as_str(), value) {
                (_, Value::Null) => None,
                ("client_id", value) => {
                    read.client_id = value.as_i64();
                    read.client_id
                        .is_none()
                        .then_some("a client's number is a whole number")
                }
                ("tables", value @ Value::Object(_)) => {
                    read.tables = Some(value);
                    None
                }
                ("tables", _) => Some("an object with the tables is expected"),
                ("language", Value::String(code)) => {
                    read.language = Some(code);
                    None
                }
                ("language", _) => Some("the languages are \"en\" and \"fr\""),
                _ => Some("there is no such field; the fields are client_id, tables and language"),
            };
            if let Some(expected) = expected {
                problems.push(FieldProblem {
                    pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                    problem: expected.to_owned(),
                });
            }
        }
        if problems.is_empty() {
            Ok(read)
        } else {
            Err(Problem::Invalid(problems))
        }
    }
}

/// A decision with its strongest reasons.
#[derive(Serialize, ToSchema)]
struct DecisionAnswer {
    decision_id: Uuid,
    client_id: i64,
    model: String,
    version: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    outcome: Outcome,
    /// Probability of default, 0 to 1.
    pd: f64,
    /// A PD at or above it is refused.
    threshold: f64,
    /// Log-odds of default.
    margin: f64,
    /// Log-odds; with all contributions added it gives the margin.
    base_value: f64,
    language: String,
    /// Strongest first.
    reasons: Vec<ReasonDocument>,
    /// Where the whole explanation is.
    explanation: String,
    /// The entry of the audit trail.
    audit_event: Uuid,
    /// RFC 3339.
    decided_at: String,
}

impl DecisionAnswer {
    fn of(new: &NewDecision) -> Self {
        let row = &new.decision;
        Self {
            decision_id: row.id,
            client_id: row.client_number,
            model: row.model.clone(),
            version: row.version,
            alias: row.alias.clone(),
            outcome: new.explanation.outcome,
            pd: row.pd,
            threshold: row.threshold,
            margin: row.margin,
            base_value: new.explanation.base_value,
            language: new.explanation.language.clone(),
            reasons: new.explanation.reasons.clone(),
            explanation: format!("/api/v1/decisions/{}/explanation", row.id),
            audit_event: new.event,
            decided_at: instant::rfc3339(row.created_at),
        }
    }
}

/// Decide with the version that an alias points at now.
#[utoipa::path(
    post, path = "/models/{name}/aliases/{alias}/decisions",
    operation_id = "decide_by_alias",
    context_path = "/api/v1", tag = "decisions",
    params(
        ("name" = String, Path, example = "credit", pattern = "^[a-z][a-z0-9_-]{0,59}$"),
        ("alias" = String, Path, example = "champion", pattern = "^[a-z][a-z0-9_-]{0,59}$"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]([ -~]*[!-~])?$",
         description = "Up to 200 characters of your choice, one space of keys per bank. The same \
             key with the same model path and the same body gives the same answer and one \
             decision, however often it is sent (200 and `Idempotent-Replayed: true` from the \
             second time on); with another body it is a 422."),
    ),
    request_body = DecisionBody,
    responses(
        (status = 201, body = DecisionAnswer),
        (status = 200, body = DecisionAnswer, description = "Repeated under the same key"),
    )
)]
pub(super) async fn decide_by_alias(
    authorized: Authorized<need::MakeDecisions>,
    request: HttpRequest,
    service: web::Data<Service>,
    path: web::Path<(String, String)>,
    body: Body<Value>,
) -> Result<HttpResponse, Problem> {
    let (model, alias) = path.into_inner();
    let reference = ModelReference {
        model,
        target: VersionTarget::Alias(alias),
    };
    decide(
        &authorized,
        &request,
        &service,
        reference,
        DecisionBody::read(body.0)?,
    )
    .await
}

/// Decide with one particular version.
#[utoipa::path(
    post, path = "/models/{name}/versions/{version}/decisions",
    operation_id = "decide_by_version",
    context_path = "/api/v1", tag = "decisions",
    params(
        ("name" = String, Path, example = "credit", pattern = "^[a-z][a-z0-9_-]{0,59}$"),
        ("version" = i32, Path, example = 1, minimum = 1, maximum = 2_147_483_647),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]([ -~]*[!-~])?$"),
    ),
    request_body = DecisionBody,
    responses(
        (status = 201, body = DecisionAnswer),
        (status = 200, body = DecisionAnswer, description = "Repeated under the same key"),
    )
)]
pub(super) async fn decide_by_version(
    authorized: Authorized<need::MakeDecisions>,
    request: HttpRequest,
    service: web::Data<Service>,
    path: web::Path<(String, i32)>,
    body: Body<Value>,
) -> Result<HttpResponse, Problem> {
    let (model, version) = path.into_inner();
    let reference = ModelReference::version(model, version);
    decide(
        &authorized,
        &request,
        &service,
        reference,
        DecisionBody::read(body.0)?,
    )
    .await
}

async fn decide(
    authorized: &Authorized<need::MakeDecisions>,
    request: &HttpRequest,
    service: &Service,
    model: ModelReference,
    body: DecisionBody,
) -> Result<HttpResponse, Problem> {
    let idempotency = idempotency(request, &model, &body)?;
    let language = language(body.language.as_deref(), authorized.principal.language)?;
    let decision = DecisionRequest {
        model,
        applicant: applicant(service, body)?,
        channel: Channel::Api,
        language,
        tells_reasons: true,
        idempotency,
    };
    let decided =
        decisions::decide(service, &authorized.scope, decision, DecisionAnswer::of).await?;
    Ok(match decided {
        Decided::New(answer) => HttpResponse::Created()
            .insert_header((
                header::LOCATION,
                format!("/api/v1/decisions/{}", answer.decision_id),
            ))
            .json(answer),
        Decided::Repeated(answer) => HttpResponse::Ok()
            .insert_header((
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            ))
            .insert_header(("Idempotent-Replayed", "true"))
            .body(answer),
    })
}

fn invalid(pointer: &str, problem: &str) -> Problem {
    Problem::Invalid(vec![FieldProblem {
        pointer: pointer.to_owned(),
        problem: problem.to_owned(),
    }])
}

fn language(asked: Option<&str>, otherwise: Language) -> Result<Language, Problem> {
    asked.map_or(Ok(otherwise), |code| {
        code.parse()
            .map_err(|_| invalid("/language", "the languages are en and fr"))
    })
}

fn applicant(service: &Service, body: DecisionBody) -> Result<Applicant, Problem> {
    match (body.client_id, body.tables) {
        (Some(number), None) => Ok(Applicant::Client(number)),
        (None, Some(tables)) => RawApplication::parse(service.portfolio, &tables)
            .map(Applicant::Application)
            .map_err(|mut problems| {
                for problem in &mut problems {
                    problem.pointer.insert_str(0, "/tables");
                }
                Problem::Invalid(problems)
            }),
        _ => Err(invalid("", "exactly one of client_id and tables is needed")),
    }
}

fn idempotency(
    request: &HttpRequest,
    model: &ModelReference,
    body: &DecisionBody,
) -> Result<Option<Idempotency>, Problem> {
    let Some(value) = request.headers().get("Idempotency-Key") else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=200).contains(&key.len()))
        .ok_or_else(|| {
            Problem::BadRequest("Idempotency-Key has 1 to 200 printable ASCII characters".into())
        })?;
    let asked = json!({ "model": model.to_string(), "body": body });
    let request_digest =
        digest::canonical_sha256(&asked).map_err(|error| Problem::BadRequest(error.to_string()))?;
    Ok(Some(Idempotency {
        key: key.to_owned(),
        request_digest,
    }))
}

/// A decision without its reasons: reading those is an event of its own.
#[derive(Serialize, ToSchema)]
struct DecisionSummary {
    decision_id: Uuid,
    client_id: i64,
    model: String,
    version: i32,
    #[schema(example = "granted")]
    outcome: String,
    pd: f64,
    threshold: f64,
    /// Where it was asked for: `api`, `page` or `command_line`.
    channel: String,
    decided_at: String,
}

#[derive(Serialize, ToSchema)]
struct DecisionList {
    decisions: Vec<DecisionSummary>,
    /// Pass as `before` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionQuery {
    /// Only those about this client.
    client: Option<i64>,
    /// Only those before this one.
    before: Option<Uuid>,
    /// How many.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// Decisions of the bank, newest first.
#[utoipa::path(
    get, path = "/decisions",
    operation_id = "list_decisions",
    context_path = "/api/v1", tag = "decisions", params(DecisionQuery),
    responses(
        (status = 200, body = DecisionList),
    )
)]
pub(super) async fn list(
    authorized: Authorized<need::ViewDecisions>,
    query: web::Query<DecisionQuery>,
) -> Result<impl Responder, Problem> {
    let limit = page_size(query.limit)?;
    let rows = decisions::list(&authorized.scope, query.client, query.before, limit).await?;
    let viewed = Event::new(Action::DecisionViewed, "portfolio", "decisions")
        .about_clients(rows.iter().map(|row| row.client_number))
        .with(json!({ "channel": Channel::Api, "decisions": rows.len() }));
    authorized.scope.record(viewed).await?;
    let next = (rows.len() as u64 == limit)
        .then(|| rows.last().map(|row| row.id))
        .flatten();
    let decisions = rows
        .into_iter()
        .map(|row| DecisionSummary {
            decision_id: row.id,
            client_id: row.client_number,
            model: row.model,
            version: row.version,
            outcome: row.outcome,
            pd: row.pd,
            threshold: row.threshold,
            channel: row.channel,
            decided_at: instant::rfc3339(row.created_at),
        })
        .collect();
    Ok(web::Json(DecisionList { decisions, next }))
}

/// One decision.
#[utoipa::path(
    get, path = "/decisions/{id}",
    operation_id = "find_decision",
    context_path = "/api/v1", tag = "decisions",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = DecisionSummary),
    )
)]
pub(super) async fn find(
    authorized: Authorized<need::ViewDecisions>,
    id: web::Path<Uuid>,
) -> Result<impl Responder, Problem> {
    let row = decisions::find(&authorized.scope, *id).await?;
    let viewed = Event::new(Action::DecisionViewed, "decision", row.id)
        .about_client(row.client_number)
        .about_decision(row.id)
        .with(json!({ "channel": Channel::Api }));
    authorized.scope.record(viewed).await?;
    Ok(web::Json(DecisionSummary {
        decision_id: row.id,
        client_id: row.client_number,
        model: row.model,
        version: row.version,
        outcome: row.outcome,
        pd: row.pd,
        threshold: row.threshold,
        channel: row.channel,
        decided_at: instant::rfc3339(row.created_at),
    }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplanationQuery {
    /// The bank's own by default.
    #[param(pattern = "^(en|fr)$", example = "en")]
    language: Option<String>,
}

/// The whole explanation of a decision. That it was shown is recorded before the answer
/// leaves.
#[utoipa::path(
    get, path = "/decisions/{id}/explanation",
    operation_id = "explain_decision",
    context_path = "/api/v1", tag = "decisions",
    params(("id" = Uuid, Path), ExplanationQuery),
    responses(
        (status = 200, body = ExplanationDocument),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn explanation(
    authorized: Authorized<need::ViewDecisions>,
    service: web::Data<Service>,
    id: web::Path<Uuid>,
    query: web::Query<ExplanationQuery>,
) -> Result<impl Responder, Problem> {
    let language = language(query.language.as_deref(), authorized.principal.language)?;
    let row = decisions::find(&authorized.scope, *id).await?;
    let reference = ModelReference::version(row.model.clone(), row.version);
    let model = service
        .models
        .resolve(&authorized.scope, &reference)
        .await?;
    let (document, _) = decisions::show(
        &authorized.scope,
        &row,
        &model.package,
        Wording::new(service.portfolio, language),
        Channel::Api,
        Vec::new(),
    )
    .await?;
    Ok(web::Json(document))
}

/// What would have turned a refusal into a grant: the smallest changes of what the client can
/// change (three at most), each scored again with the version that decided and below its
/// threshold. Searched for on the decision's own inputs, in about a tenth of a second; where
/// nothing is found within the bounds, the answer says so and what was tried. That it was shown
/// is recorded before the answer leaves. A decision that granted is a 409.
#[utoipa::path(
    get, path = "/decisions/{id}/counterfactual",
    operation_id = "counterfactual_of_decision",
    context_path = "/api/v1", tag = "decisions",
    params(("id" = Uuid, Path), ExplanationQuery),
    responses(
        (status = 200, body = CounterfactualDocument),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn counterfactual(
    authorized: Authorized<need::ViewDecisions>,
    service: web::Data<Service>,
    id: web::Path<Uuid>,
    query: web::Query<ExplanationQuery>,
) -> Result<impl Responder, Problem> {
    let language = language(query.language.as_deref(), authorized.principal.language)?;
    let row = decisions::find(&authorized.scope, *id).await?;
    let document = decisions::show_counterfactual(
        &service,
        &authorized.scope,
        &row,
        Wording::new(service.portfolio, language),
        Channel::Api,
    )
    .await?;
    Ok(web::Json(document))
}
