//! For the operator's machines: is the process alive, may it get traffic, what has it counted.

use crate::service::Service;
use actix_web::{HttpResponse, Responder, web};

/// All routes of this file.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/health/live").get(live))
        .service(web::resource("/health/ready").get(ready))
        .service(web::resource("/metrics").get(metrics));
}

/// Alive: the process answers.
async fn live() -> impl Responder {
    HttpResponse::Ok().body("alive\n")
}

/// Ready: what is written can be read back, features can be computed, and we
/// are not shutting down. The database's own
/// words are for the log: whoever asks may be anybody.
async fn ready(service: web::Data<Service>) -> impl Responder {
    if service.is_draining() {
        return HttpResponse::ServiceUnavailable().body("draining\n");
    }
    if !service.features.is_alive() {
        return HttpResponse::ServiceUnavailable()
            .body("the worker that computes features ended\n");
    }
    match service.database.readiness().await {
        Ok(()) => HttpResponse::Ok().body("ready\n"),
        Err(_) => {
            HttpResponse::ServiceUnavailable().body("the database does not keep what is written\n")
        }
    }
}

/// Prometheus' text format.
async fn metrics(service: web::Data<Service>) -> impl Responder {
    match service.metrics.text() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
