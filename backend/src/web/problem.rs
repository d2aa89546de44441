//! Everything that can go wrong towards the outside, in one enum: it becomes an RFC 9457
//! problem document on the API and an error page in the browser. What went wrong inside is
//! logged with the request's id and never leaves.

use crate::admission::NotAdmitted;
use crate::clients::ClientError;
use crate::decisions::DecisionError;
use crate::identity::{
    AccountError, ApprovalError, AuthenticationError, PasswordError, TokenError,
};
use crate::keys::KeyError;
use crate::models::ModelError;
use crate::monitoring::MonitoringError;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError};
use octroi_data::application::{FieldProblem, MAX_PROBLEMS};
use sea_orm::DbErr;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A problem as the outside sees it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    #[error("sign in, or send `Authorization: Bearer` with an API key or an access token")]
    Unauthenticated,
    #[error("e-mail or password is wrong")]
    SignInRefused,
    #[error("this API key has expired; ask the administrator of the bank for a new one")]
    KeyExpired,
    #[error(
        "this API key waits for approval: somebody of the bank who holds its scopes approves it \
         under \"My account\"; until then it opens nothing"
    )]
    KeyWaiting,
    #[error("this needs the permission {0}, which you do not have")]
    Forbidden(&'static str),
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("{0}")]
    BadRequest(String),
    #[error("{}", told(.0))]
    Invalid(Vec<FieldProblem>),
    #[error("this form is from another session or too old; load the page again")]
    FormToken,
    #[error("the Idempotency-Key was used before with another body")]
    IdempotencyConflict,
    #[error("{0}")]
    Conflict(String),
    #[error("the body is larger than the {0} bytes allowed")]
    TooLarge(usize),
    #[error("the body must be sent as {0}")]
    MediaType(&'static str),
    #[error("this address does not know that method")]
    Method,
    /// More than the caller may ask for; in how many seconds to come back.
    #[error("that was too often; try again in {0} s")]
    TooMany(u64),
    #[error("there are too many connections from your address; use fewer at a time")]
    TooManyConnections,
    /// The body came too slowly.
    #[error("the body took too long to arrive; send it again, faster")]
    Timeout,
    /// There is as much of this to do as the service takes on; in how many seconds to come back.
    #[error("too much of this is waiting to be done; try again in {0} s")]
    Busy(u64),
    #[error("the database does not answer; try again shortly")]
    Unavailable,
    /// A stored package that is not what was put there.
    #[error(
        "version {version} of \"{model}\" is refused: its stored package was altered or is \
         missing; other versions go on serving"
    )]
    VersionRefused { model: String, version: i32 },
    #[error("something went wrong on our side; quote the request id when you report it")]
    Internal,
}

/// The most fields that one document names: enough to work on, too few to be a flood.
const MOST_FIELDS: usize = MAX_PROBLEMS - 1;

/// How many fields are named, and whether there are more: reading has ended with those.
fn told(fields: &[FieldProblem]) -> String {
    if fields.len() > MOST_FIELDS {
        format!(
            "more than {MOST_FIELDS} fields cannot be accepted, of which the first {MOST_FIELDS} \
             are named; nothing was stored"
        )
    } else {
        format!(
            "{} field(s) cannot be accepted; nothing was stored",
            fields.len()
        )
    }
}

/// RFC 9457 problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// Stable identifier of the kind of problem.
    #[schema(example = "/problems/invalid")]
    pub r#type: String,
    pub title: String,
    #[schema(example = 422)]
    pub status: u16,
    /// What happened, and the way out.
    pub detail: String,
    /// The fields that cannot be accepted (the first 100), by their JSON pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    #[schema(example = "/tables/application/AMT_CREDIT")]
    pub pointer: String,
    pub problem: String,
}

impl Problem {
    /// Too often; `wait` is told in whole seconds, rounded up.
    #[must_use]
    pub fn too_many(wait: Duration) -> Self {
        Self::TooMany(Self::seconds(wait))
    }

    /// Whole seconds to wait, for `Retry-After`.
    #[must_use]
    pub fn seconds(wait: Duration) -> u64 {
        wait.as_millis().div_ceil(1000).max(1) as u64
    }

    /// The last part of the problem's type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::SignInRefused => "sign-in-refused",
            Self::KeyExpired => "key-expired",
            Self::KeyWaiting => "key-waiting",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not-found",
            Self::BadRequest(_) => "bad-request",
            Self::Invalid(_) => "invalid",
            Self::FormToken => "form-token",
            Self::IdempotencyConflict => "idempotency-conflict",
            Self::Conflict(_) => "conflict",
            Self::TooLarge(_) => "too-large",
            Self::MediaType(_) => "media-type",
            Self::Method => "method",
            Self::TooMany(_) => "too-many",
            Self::TooManyConnections => "too-many-connections",
            Self::Timeout => "timeout",
            Self::Busy(_) => "busy",
            Self::Unavailable => "unavailable",
            Self::VersionRefused { .. } => "version-refused",
            Self::Internal => "internal",
        }
    }

    /// What an extractor of the framework came to; ours say so by a problem.
    #[must_use]
    pub fn of(error: &actix_web::Error) -> Self {
        error
            .as_error::<Self>()
            .cloned()
            .unwrap_or_else(|| Self::BadRequest(error.to_string()))
    }

    /// Seconds after which it is worth trying again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany(seconds) | Self::Busy(seconds) => Some(*seconds),
            Self::TooManyConnections => Some(1),
            Self::Unavailable => Some(60),
            _ => None,
        }
    }

    /// The document of this problem.
    #[must_use]
    pub fn document(&self) -> ProblemDocument {
        let status = self.status_code();
        let errors = match self {
            Self::Invalid(fields) => fields
                .iter()
                .take(MOST_FIELDS)
                .map(|field| ProblemField {
                    pointer: field.pointer.clone(),
                    problem: field.problem.clone(),
                })
                .collect(),
            _ => Vec::new(),
        };
        ProblemDocument {
            r#type: format!("/problems/{}", self.name()),
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: status.as_u16(),
            detail: self.to_string(),
            errors,
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::SignInRefused | Self::KeyExpired => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden(_) | Self::FormToken | Self::KeyWaiting => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::IdempotencyConflict => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooMany(_) | Self::TooManyConnections => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Unavailable | Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::VersionRefused { .. } | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut builder = HttpResponse::build(self.status_code());
        builder.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        match self {
            Self::Unauthenticated | Self::KeyExpired => {
                builder.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"octroi\""));
            }
            // What is left of the body is not waited for.
            Self::Timeout => {
                builder.force_close();
            }
            _ => {}
        }
        if let Some(seconds) = self.retry_after() {
            builder.insert_header((header::RETRY_AFTER, seconds));
        }
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = builder.body(body);
        // The pages turn this into an error page.
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// Logs what happened inside; the outside learns only that it did.
fn internal(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %error, debug = ?error, "internal error");
    Problem::Internal
}

impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Self {
        tracing::error!(error = %error, "the database did not answer as expected");
        match error {
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Self::Unavailable,
            DbErr::Exec(_) | DbErr::Query(_) if connection_lost(&error) => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

fn connection_lost(error: &DbErr) -> bool {
    let text = error.to_string();
    [
        "pool timed out",
        "onnection",
        "database is locked",
        "disk is full",
        "readonly database",
        "i/o error",
        "disk I/O",
        "io error",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Anonymous | AuthenticationError::Invalid => Self::Unauthenticated,
            AuthenticationError::KeyExpired => Self::KeyExpired,
            AuthenticationError::KeyWaiting => Self::KeyWaiting,
            AuthenticationError::Forbidden(permission) => Self::Forbidden(permission.as_str()),
            AuthenticationError::Database(error) => error.into(),
            AuthenticationError::Account(error) => error.into(),
            AuthenticationError::NotAdmitted(refused) => refused.into(),
        }
    }
}

impl From<NotAdmitted> for Problem {
    fn from(refused: NotAdmitted) -> Self {
        match refused {
            NotAdmitted::OverShare { seconds } => Self::TooMany(seconds),
            NotAdmitted::Full { seconds } => Self::Busy(seconds),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Database(error) => error.into(),
            AccountError::Exists(_) | AccountError::Disabled => Self::Conflict(error.to_string()),
            AccountError::Password(PasswordError::Busy) => Self::Busy(2),
            AccountError::Email(_) | AccountError::Name(_) | AccountError::Password(_) => {
                Self::BadRequest(error.to_string())
            }
            AccountError::StoredRole(_) => internal(&error),
        }
    }
}

impl From<ApprovalError> for Problem {
    fn from(error: ApprovalError) -> Self {
        match error {
            ApprovalError::Database(error) => error.into(),
            ApprovalError::Unknown => Self::NotFound("API key"),
            ApprovalError::NotHeld(permission) => Self::Forbidden(permission.as_str()),
            ApprovalError::NotWaiting
            | ApprovalError::OwnKey
            | ApprovalError::PasswordFromMaker => Self::Conflict(error.to_string()),
            ApprovalError::Json(_) => internal(&error),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Keys(KeyError::Database(error)) => error.into(),
            TokenError::Invalid => Self::Unauthenticated,
            TokenError::Key(_) | TokenError::Keys(_) => internal(&error),
        }
    }
}

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Database(error) | ModelError::Keys(KeyError::Database(error)) => {
                error.into()
            }
            ModelError::UnknownVersion { .. } => Self::NotFound("model version"),
            ModelError::UnknownAlias { .. } => Self::NotFound("model alias"),
            ModelError::Package {
                ref model,
                version,
                ref source,
            } if source.is_refusal() => {
                tracing::error!(error = %error, "a model version is refused");
                Self::VersionRefused {
                    model: model.clone(),
                    version,
                }
            }
            other => internal(&other),
        }
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Database(error) => error.into(),
            ClientError::Unknown(_) => Self::NotFound("client"),
            ClientError::Invalid(fields) => Self::Invalid(fields),
            ClientError::NotAdmitted(refused) => refused.into(),
            other => internal(&other),
        }
    }
}

impl From<DecisionError> for Problem {
    fn from(error: DecisionError) -> Self {
        match error {
            DecisionError::Database(error) => error.into(),
            DecisionError::Unknown(_) => Self::NotFound("decision"),
            DecisionError::Model(error) => error.into(),
            DecisionError::Client(error) => error.into(),
            DecisionError::NotAdmitted(refused) => refused.into(),
            DecisionError::IdempotencyConflict => Self::IdempotencyConflict,
            DecisionError::Granted(_) | DecisionError::Superseded(_) => {
                Self::Conflict(error.to_string())
            }
            other => internal(&other),
        }
    }
}

impl From<MonitoringError> for Problem {
    fn from(error: MonitoringError) -> Self {
        match error {
            MonitoringError::Database(error) => error.into(),
            MonitoringError::Model(error) => error.into(),
            MonitoringError::Client(error) => error.into(),
            MonitoringError::NotAdmitted(refused) => refused.into(),
            MonitoringError::NoClients => Self::Conflict(error.to_string()),
            other => internal(&other),
        }
    }
}

impl From<octroi_frontend::RenderError> for Problem {
    fn from(error: octroi_frontend::RenderError) -> Self {
        internal(&error)
    }
}

impl From<actix_web::error::UrlencodedError> for Problem {
    fn from(error: actix_web::error::UrlencodedError) -> Self {
        use actix_web::error::UrlencodedError as E;
        match error {
            E::Overflow { limit, .. } => Self::TooLarge(limit),
            E::ContentType => Self::MediaType("application/x-www-form-urlencoded"),
            other => Self::BadRequest(other.to_string()),
        }
    }
}

impl From<actix_web::error::JsonPayloadError> for Problem {
    fn from(error: actix_web::error::JsonPayloadError) -> Self {
        use actix_web::error::JsonPayloadError as E;
        match error {
            E::OverflowKnownLength { limit, .. } | E::Overflow { limit } => Self::TooLarge(limit),
            E::ContentType => Self::MediaType("application/json"),
            E::Deserialize(error) => Self::BadRequest(format!("the body is not accepted: {error}")),
            other => Self::BadRequest(other.to_string()),
        }
    }
}
