//! What is recorded of every request: its id (taken from `X-Request-Id` when it is a sane
//! one, given back in the answer), a trace span that continues the caller's trace, one log
//! line, and the metrics by route and status.

use crate::service::Service;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use opentelemetry::propagation::Extractor;
use sea_orm::prelude::Uuid;
use std::time::Instant;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Identifies a request in logs, traces and audit events.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    /// The id of this request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> String {
        request
            .extensions()
            .get::<Self>()
            .map(|id| id.0.clone())
            .unwrap_or_default()
    }

    fn from_headers(headers: &HeaderMap) -> Self {
        let sane = |text: &&str| {
            (1..=64).contains(&text.len())
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        let given = headers
            .get(&HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(sane);
        Self(given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

struct Carrier<'a>(&'a HeaderMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Middleware around every route.
pub(super) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let id = RequestId::from_headers(request.headers());
    let method = request.method().clone();
    // The pattern, not the path: paths hold identifiers, and metrics must stay countable.
    let route = request
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        http.request.method = %method,
        http.route = %route,
        http.response.status_code = tracing::field::Empty,
        request_id = %id.0,
    );
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&Carrier(request.headers()))
    });
    // Without a tracing layer there is no trace to continue.
    let _ = span.set_parent(parent);
    request.extensions_mut().insert(id.clone());
    let service = request.app_data::<web::Data<Service>>().cloned();
    let mut response = next.call(request).instrument(span.clone()).await?;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    span.record("http.response.status_code", status);
    if let Some(service) = service {
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = if known.contains(&method.as_str()) {
            method.as_str()
        } else {
            "other"
        };
        service.metrics.request(method, &route, status, elapsed);
    }
    span.in_scope(|| {
        tracing::info!(
            status,
            milliseconds = elapsed.as_secs_f64() * 1e3,
            "answered"
        );
    });
    Ok(response)
}
