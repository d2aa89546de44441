//! The pages. A handler gathers data through the capabilities into a typed view of the
//! frontend; no handler holds a rule of the business or a word that is shown.

mod administration;
mod audit;
mod client;
mod clients;
mod comparison;
mod drift;
mod frame;
mod models;
mod portfolio;
mod session;

use crate::identity::SignedIn;
use crate::service::Service;
use crate::web::{Problem, RequestId};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use frame::Frame;
use octroi_frontend::views::ErrorView;

/// All routes of the pages; whatever matches nothing is a page that does not exist.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(session::assets)
        .service(session::sign_in_page)
        .service(session::sign_in)
        .service(session::sign_out)
        .service(portfolio::overview)
        .service(clients::list)
        .service(client::file)
        .service(client::score)
        .service(comparison::comparison)
        .service(models::list)
        .service(models::version_page)
        .service(models::note)
        .service(models::points)
        .service(drift::page)
        .service(drift::compute)
        .service(drift::download)
        .service(audit::list)
        .service(audit::event_page)
        .service(administration::page)
        .service(administration::create_key)
        .service(administration::revoke_key)
        .service(administration::disable_user)
        .service(administration::enable_user)
        .default_service(web::to(nothing_here));
}

/// Whoever is signed in is recognised, so that the page has their frame and ways out.
async fn nothing_here(request: HttpRequest, _: Option<SignedIn>) -> Result<HttpResponse, Problem> {
    let known = ["GET", "HEAD", "POST"].contains(&request.method().as_str());
    Err(if known {
        Problem::NotFound("page or resource")
    } else {
        Problem::Method
    })
}

/// In the browser a problem is a page: whoever is not signed in is asked to, everybody else
/// reads what happened in their language.
pub(super) async fn problems_become_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(redirect) = language_switch(request.request()) {
        return Ok(request.into_response(redirect));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().extensions().get::<Problem>().cloned();
    let path = response.request().path();
    let for_programs = ["/api/", "/health/", "/metrics", "/docs"]
        .iter()
        .any(|p| path.starts_with(p));
    let Some(problem) = problem.filter(|_| !for_programs) else {
        return Ok(response);
    };
    let request = response.request().clone();
    let page = problem_page(&request, &problem);
    Ok(response.into_response(page))
}

fn problem_page(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    if matches!(problem, Problem::Unauthenticated) {
        let next = if request.method() == Method::GET {
            request.uri().to_string()
        } else {
            "/".into()
        };
        let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
        return HttpResponse::SeeOther()
            .insert_header((header::LOCATION, format!("/sign-in?{query}")))
            .finish();
    }
    let Some(service) = request.app_data::<web::Data<Service>>() else {
        return problem.error_response();
    };
    let view = ErrorView {
        status: problem.status_code().as_u16(),
        request_id: Some(RequestId::of(request)),
        detail: None,
    };
    let frame = Frame::of_request(request, service);
    match service.pages.render(&view, &frame.chrome) {
        Ok(html) => html_page(problem.status_code(), html),
        Err(_) => problem.error_response(),
    }
}

fn html_page(status: StatusCode, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(html)
}

/// `?lang=fr` on any page: remembers the choice and goes on to the page without it.
fn language_switch(request: &HttpRequest) -> Option<HttpResponse> {
    let path = request.path();
    if request.method() != Method::GET || path.starts_with("/api/") || !session::is_local(path) {
        return None;
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.query_string()).ok()?;
    let language = &pairs.iter().find(|(name, _)| name == "lang")?.1;
    let language = octroi_frontend::Language::ALL
        .into_iter()
        .find(|l| l.as_str() == language)?;
    let rest: Vec<_> = pairs.iter().filter(|(name, _)| name != "lang").collect();
    let query = serde_urlencoded::to_string(rest).ok()?;
    let separator = if query.is_empty() { "" } else { "?" };
    Some(
        HttpResponse::SeeOther()
            .cookie(frame::preference_cookie(
                frame::LANGUAGE_COOKIE,
                language.as_str(),
            ))
            .insert_header((
                header::LOCATION,
                format!("{}{separator}{query}", request.path()),
            ))
            .finish(),
    )
}
