//! The JSON API, by version.

mod v1;

use crate::web::{Door, Problem, body, headers, texts};
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{HttpResponse, web};
use std::sync::Arc;
use utoipa_swagger_ui::Config;

pub use v1::document;

/// All routes of the API, and of its documentation, which anybody may read.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope("/api")
                .app_data(Door::Api)
                .wrap(from_fn(texts::acceptable))
                .wrap(from_fn(body::paced))
                .service(
                    web::scope("/v1")
                        .configure(v1::routes)
                        .default_service(web::to(nothing_here)),
                )
                .default_service(web::to(nothing_here)),
        )
        .service(
            web::scope("/docs")
                .wrap(
                    DefaultHeaders::new()
                        .add((header::CONTENT_SECURITY_POLICY, headers::SWAGGER_POLICY)),
                )
                .app_data(web::Data::new(Config::from("/api/v1/openapi.json")))
                .service(web::redirect("", "/docs/"))
                .service(web::resource("/{file:.*}").get(documentation)),
        );
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound("resource"))
}

/// Swagger UI.
async fn documentation(
    file: web::Path<String>,
    config: web::Data<Config<'static>>,
) -> Result<HttpResponse, Problem> {
    let found = utoipa_swagger_ui::serve(&file, Arc::clone(&config)).map_err(|error| {
        tracing::error!(error = %error, "Swagger UI is not served");
        Problem::Internal
    })?;
    let file = found.ok_or(Problem::NotFound("file"))?;
    let mut answer = HttpResponse::Ok();
    if file.gzpipped {
        answer.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(answer
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
