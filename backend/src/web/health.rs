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

/// Ready: the database answers and we are not shutting down.
async fn ready(service: web::Data<Service>) -> impl Responder {
    if service.is_draining() {
        return HttpResponse::ServiceUnavailable().body("draining\n");
    }
    if service.database.answers().await {
        HttpResponse::Ok().body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable().body("the database does not answer\n")
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
