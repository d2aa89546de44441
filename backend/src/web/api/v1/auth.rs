//! Access tokens for the programs of people.

use super::strict_json::Body;
use crate::audit::{Action, Actor, ActorKind, Event};
use crate::identity::{self, Password, SignIn, SignInAttempt, TokenOwner};
use crate::service::Service;
use crate::tenancy::TenantScope;
use crate::web::{Problem, ProblemDocument, RequestId, caller};
use actix_web::{HttpRequest, Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    #[schema(example = "adviser@azur.example")]
    email: String,
    #[schema(format = Password)]
    password: String,
}

#[derive(Serialize, ToSchema)]
struct TokenAnswer {
    /// Goes into `Authorization: Bearer`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 900)]
    expires_in: u32,
}

/// Get an access token for fifteen minutes.
#[utoipa::path(
    post, path = "/auth/token",
    context_path = "/api/v1", tag = "auth", security(()),
    request_body = TokenRequest,
    responses(
        (status = 200, body = TokenAnswer),
        (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "E-mail or password is wrong"),
        (status = 429, body = ProblemDocument, content_type = "application/problem+json", description = "Too many attempts; `Retry-After` says how many seconds to wait"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json", description = "More than 8 KiB"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "Too many sign-ins are waiting"),
    )
)]
pub(super) async fn token(
    request: HttpRequest,
    service: web::Data<Service>,
    body: Body<TokenRequest>,
) -> Result<impl Responder, Problem> {
    let TokenRequest { email, password } = body.0;
    let request_id = RequestId::of(&request);
    let attempt = SignInAttempt {
        email: &email,
        password: Password::typed(password),
        address: caller::address(&request, &service.proxies),
        request_id: request_id.clone(),
    };
    let (tenant, account) = match identity::sign_in(&service, attempt).await? {
        SignIn::Welcome { tenant, account } => (tenant, account),
        SignIn::Refused => return Err(Problem::SignInRefused),
        SignIn::TooMany(wait) => return Err(Problem::too_many(wait)),
    };
    let access_token = service
        .tokens
        .issue(&TokenOwner {
            tenant: tenant.id.0,
            user: account.id,
            generation: account.token_generation,
        })
        .await?;
    let actor = Actor {
        kind: ActorKind::User,
        id: Some(account.id),
        role: Some(account.role.as_str().to_owned()),
    };
    TenantScope::new(service.database.clone(), tenant, actor, request_id)
        .record(Event::new(Action::TokenIssued, "user", account.id))
        .await?;
    Ok(web::Json(TokenAnswer {
        access_token,
        token_type: "Bearer",
        expires_in: 900,
    }))
}
