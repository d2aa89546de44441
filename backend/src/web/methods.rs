//! Methods, for all routes at once: HEAD is answered as GET is and without the body, OPTIONS
//! names the methods of the address, and whatever else an address does not take is a 405 that
//! names them, too. What an address takes is what its route was registered with.

use super::Problem;
use actix_web::HttpResponse;
use actix_web::ResponseError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;

/// Middleware around every route.
///
/// A HEAD runs the handler of the GET, so whatever is recorded when a score is shown is
/// recorded then, too; the connection knows that it was a HEAD and sends no body.
pub(super) async fn methods(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let method = request.method().clone();
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return Ok(response);
    }
    let allowed = allowed(&response);
    if method == Method::OPTIONS {
        response = response.into_response(HttpResponse::NoContent().finish());
    } else if !response.headers().contains_key(CONTENT_TYPE) {
        // The pages have said it in a page already.
        response = response.into_response(Problem::Method.error_response());
    }
    response.headers_mut().insert(ALLOW, allowed);
    Ok(response)
}

/// The methods that the route was registered with, and those that follow from them.
fn allowed(response: &ServiceResponse) -> HeaderValue {
    let registered = response.headers().get(ALLOW);
    let registered = registered.and_then(|value| value.to_str().ok());
    let mut methods: Vec<&str> = Vec::new();
    for method in registered.unwrap_or_default().split(',').map(str::trim) {
        methods.extend(Some(method).filter(|method| !method.is_empty()));
        methods.extend((method == "GET").then_some("HEAD"));
    }
    methods.push("OPTIONS");
    HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}
