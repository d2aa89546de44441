//! The pages. A handler gathers data through the capabilities into a typed view of the
//! frontend; no handler holds a rule of the business or a word that is shown.

mod account;
mod administration;
mod audit;
mod client;
mod clients;
mod comparison;
mod drift;
mod frame;
mod models;
mod password_link;
mod portfolio;
mod session;

use crate::identity::SignedIn;
use crate::service::Service;
use crate::web::{Door, Problem, RequestId, body, texts};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use frame::Frame;
use octroi_frontend::views::ErrorView;

/// Everything that is not the API or the operator's; comes last, because it takes whatever
/// is left: what matches no page is a page that does not exist.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("")
            .app_data(Door::Pages)
            .wrap(from_fn(texts::acceptable))
            .wrap(from_fn(body::paced))
            .wrap(from_fn(problems_become_pages))
            .configure(pages)
            .default_service(web::to(nothing_here)),
    );
}

/// Each page by its address: what an address takes is said here and nowhere else.
fn pages(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/assets/{path:.*}").get(session::assets))
        .service(
            web::resource("/sign-in")
                .wrap(from_fn(body::small))
                .get(session::sign_in_page)
                .post(session::sign_in),
        )
        .service(web::resource("/sign-out").post(session::sign_out))
        .service(web::resource("/").get(portfolio::overview))
        .service(web::resource("/clients").get(clients::list))
        .service(web::resource("/clients/{number}").get(client::file))
        .service(web::resource("/clients/{number}/score").post(client::score))
        .service(web::resource("/clients/{number}/comparison").get(comparison::comparison))
        .service(web::resource("/models").get(models::list))
        .service(web::resource("/models/{name}/versions/{version}").get(models::version_page))
        .service(web::resource("/models/{name}/versions/{version}/note").get(models::note))
        .service(web::resource("/models/{name}/versions/{version}/points").get(models::points))
        .service(
            web::resource("/drift")
                .get(drift::page)
                .post(drift::compute),
        )
        .service(web::resource("/drift/report").get(drift::download))
        .service(web::resource("/audit").get(audit::list))
        .service(web::resource("/audit/{id}").get(audit::event_page))
        .service(web::resource("/administration").get(administration::page))
        .service(web::resource("/administration/keys").post(administration::create_key))
        .service(web::resource("/administration/keys/{id}/revoke").post(administration::revoke_key))
        .service(
            web::resource("/administration/users/{id}/disable").post(administration::disable_user),
        )
        .service(
            web::resource("/administration/users/{id}/enable").post(administration::enable_user),
        )
        .service(
            web::resource("/administration/users/{id}/password-link")
                .post(administration::make_password_link),
        )
        .service(web::resource("/account").get(account::page))
        .service(
            web::resource("/account/password")
                .wrap(from_fn(body::small))
                .post(account::change_password),
        )
        .service(web::resource("/account/sign-out-everywhere").post(account::sign_out_everywhere))
        .service(web::resource("/account/language").post(account::set_language))
        .service(web::resource("/account/keys/{id}/approve").post(account::approve_key))
        .service(web::resource("/account/keys/{id}/refuse").post(account::refuse_key))
        .service(
            web::resource("/password/{token}")
                .wrap(from_fn(body::small))
                .get(password_link::page)
                .post(password_link::set),
        );
}

/// Whoever is signed in is recognised, so that the page has their frame and ways out.
async fn nothing_here(_: Option<SignedIn>) -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound("page or resource"))
}

/// In the browser a problem is a page: whoever is not signed in is asked to, everybody else
/// reads what happened in their language.
async fn problems_become_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(redirect) = language_switch(request.request()) {
        return Ok(request.into_response(redirect));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().extensions().get::<Problem>().cloned();
    let refused = response.status() == StatusCode::METHOD_NOT_ALLOWED;
    let Some(problem) = problem.or(refused.then_some(Problem::Method)) else {
        return Ok(response);
    };
    let request = response.request().clone();
    let mut page = problem_page(&request, &problem);
    if let Some(methods) = response.headers().get(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, methods.clone());
    }
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
        Ok(html) => {
            let mut page = html_page(problem.status_code(), html);
            if matches!(problem, Problem::Timeout) {
                page.head_mut().set_connection_type(ConnectionType::Close);
            }
            if let Some(seconds) = problem.retry_after() {
                let headers = page.headers_mut();
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            page
        }
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
    if request.method() != Method::GET || !session::is_local(path) {
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
