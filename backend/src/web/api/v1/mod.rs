//! Version 1 of the API: `/api/v1`, described by the OpenAPI document that the code makes,
//! shown by Swagger UI at `/docs`.

mod application_schema;
mod audit;
mod auth;
mod clients;
mod decisions;
mod models;
mod shared_answers;
mod strict_json;

use crate::audit::Action;
use crate::web::{Problem, body};
use actix_web::middleware::from_fn;
use actix_web::{Responder, web};
use shared_answers::SharedAnswers;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Octroi",
        description = "Credit decisions with their reasons. Send `Authorization: Bearer` with an \
            API key (`octroi_live_...`) or with an access token of `POST /api/v1/auth/token`. \
            Errors are problem documents (RFC 9457) that name each field by its JSON pointer.\n\n\
            Permissions: `decisions:make` to ask for decisions, `decisions:view` to read them, \
            their explanations and what would have changed them, `clients:view`, `models:view` and `audit:view` for those \
            lists. Without the permission the answer is a 403, which is recorded. A body may \
            have 4 MiB by default (413 above) and is `application/json` (415 otherwise). Every \
            answer carries `X-Request-Id`; send your own and it is used."
    ),
    paths(
        auth::token,
        decisions::decide_by_alias,
        decisions::decide_by_version,
        decisions::list,
        decisions::find,
        decisions::explanation,
        decisions::counterfactual,
        models::list,
        models::find,
        clients::list,
        clients::find,
        audit::list,
        audit::find,
    ),
    components(schemas(Action)),
    modifiers(&BearerScheme, &SharedAnswers),
    security(("bearer" = [])),
    tags(
        (name = "decisions", description = "Ask for decisions and read them"),
        (name = "models", description = "Model versions and aliases"),
        (name = "clients", description = "Clients of the portfolio"),
        (name = "audit", description = "The audit trail"),
        (name = "auth", description = "Access tokens for the programs of people"),
    )
)]
struct ApiDocument;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme(
            "bearer",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
    }
}

/// The OpenAPI document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    ApiDocument::openapi()
}

/// The document for programs and for Swagger UI.
async fn api_document() -> impl Responder {
    web::Json(document())
}

/// Each operation by its address, as the document has it.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/openapi.json").get(api_document))
        .service(
            web::resource("/auth/token")
                .wrap(from_fn(body::small))
                .post(auth::token),
        )
        .service(
            web::resource("/models/{name}/aliases/{alias}/decisions")
                .post(decisions::decide_by_alias),
        )
        .service(
            web::resource("/models/{name}/versions/{version}/decisions")
                .post(decisions::decide_by_version),
        )
        .service(web::resource("/decisions").get(decisions::list))
        .service(web::resource("/decisions/{id}").get(decisions::find))
        .service(web::resource("/decisions/{id}/explanation").get(decisions::explanation))
        .service(web::resource("/decisions/{id}/counterfactual").get(decisions::counterfactual))
        .service(web::resource("/models").get(models::list))
        .service(web::resource("/models/{name}/versions/{version}").get(models::find))
        .service(web::resource("/clients").get(clients::list))
        .service(web::resource("/clients/{id}").get(clients::find))
        .service(web::resource("/audit/events").get(audit::list))
        .service(web::resource("/audit/events/{id}").get(audit::find));
}

/// A reader's number of rows, between 1 and 200.
fn page_size(wanted: Option<u64>) -> Result<u64, Problem> {
    match wanted.unwrap_or(50) {
        size @ 1..=200 => Ok(size),
        size => Err(Problem::BadRequest(format!(
            "limit is {size}; it can be 1 to 200"
        ))),
    }
}
