//! Signing in and out, and the files that pages load.

use super::frame::{self, Frame, see};
use crate::audit::{Actor, ActorKind};
use crate::identity::{self, BrowserForm, OwnForm, Password, SignIn, SignInAttempt};
use crate::service::Service;
use crate::tenancy::TenantScope;
use crate::web::texts::Form;
use crate::web::{Problem, RequestId, caller};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::HeaderValue;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::views::{SignInError, SignInView};
use serde::Deserialize;

/// Style sheet, scripts, icons. Their addresses carry a digest, so browsers keep them.
pub(super) async fn assets(
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let asset = octroi_frontend::asset(&path).ok_or(Problem::NotFound("file"))?;
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes());
    let status = if known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((header::ETAG, asset.etag))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
    if known {
        return Ok(answer.finish());
    }
    Ok(answer
        .content_type(asset.content_type)
        .body(asset.bytes.into_owned()))
}

#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

pub(super) async fn sign_in_page(
    request: HttpRequest,
    service: web::Data<Service>,
    query: web::Query<Next>,
) -> Result<HttpResponse, Problem> {
    page(
        &request,
        &service,
        String::new(),
        None,
        query.into_inner().next,
        StatusCode::OK,
    )
}

fn page(
    request: &HttpRequest,
    service: &Service,
    email: String,
    error: Option<SignInError>,
    next: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let view = SignInView {
        email,
        error,
        next: next.filter(|path| is_local(path)),
        demo_logins: service.demo_logins.clone(),
    };
    let mut frame = Frame::of_request(request, service);
    frame.chrome.notice = frame::notice(request);
    let html = service.pages.render(&view, &frame.chrome)?;
    Ok(super::html_page(status, html))
}

/// Only a path on this host may be gone on to. Browsers drop tabs and line ends from an
/// address and read a backslash as a slash, so neither may be in it.
pub(super) fn is_local(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain)
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
    next: Option<String>,
}

pub(super) async fn sign_in(
    request: HttpRequest,
    service: web::Data<Service>,
    form: Form<Credentials>,
) -> Result<HttpResponse, Problem> {
    let Credentials {
        email,
        password,
        next,
    } = form.0;
    let refused = |email: String, error, status| {
        page(&request, &service, email, Some(error), next.clone(), status)
    };
    // Nobody is signed in yet, so there is no session to bind a form token to; browsers say
    // themselves when a form comes from another site.
    if from_elsewhere(&request, &service) {
        return refused(email, SignInError::FormExpired, StatusCode::FORBIDDEN);
    }
    let request_id = RequestId::of(&request);
    let attempt = SignInAttempt {
        email: &email,
        password: Password::typed(password),
        address: caller::address(&request, &service.proxies),
        request_id: request_id.clone(),
    };
    let (tenant, account) = match identity::sign_in(&service, attempt).await? {
        SignIn::Welcome { tenant, account } => (tenant, account),
        SignIn::Refused => {
            return refused(
                email,
                SignInError::WrongCredentials,
                StatusCode::UNAUTHORIZED,
            );
        }
        SignIn::TooMany(wait) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut page = refused(email, SignInError::TooManyAttempts, status)?;
            let seconds = HeaderValue::from(Problem::seconds(wait));
            page.headers_mut().insert(header::RETRY_AFTER, seconds);
            return Ok(page);
        }
    };
    let actor = Actor {
        kind: ActorKind::User,
        id: Some(account.id),
        role: Some(account.role.as_str().to_owned()),
    };
    let scope = TenantScope::new(service.database.clone(), tenant, actor, request_id);
    let limits = &service.settings.session;
    let Some(token) = identity::open_session(&scope, &account, limits).await? else {
        return refused(
            email,
            SignInError::WrongCredentials,
            StatusCode::UNAUTHORIZED,
        );
    };
    let home = if account.role == identity::Role::Admin {
        "/administration"
    } else {
        "/"
    };
    let next = next
        .as_deref()
        .filter(|path| is_local(path) && *path != "/")
        .unwrap_or(home);
    let mut answer = see(next);
    answer
        .add_cookie(&cookie(&service, token))
        .map_err(|error| Problem::BadRequest(error.to_string()))?;
    Ok(answer)
}

/// True when the browser says that the form was on another site.
pub(super) fn from_elsewhere(request: &HttpRequest, service: &Service) -> bool {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(site) = header("Sec-Fetch-Site") {
        return !["same-origin", "none"].contains(&site);
    }
    let hosts = caller::hosts(request, &service.proxies);
    header("Origin").is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        !authority.is_some_and(|authority| hosts.iter().any(|host| host == authority))
    })
}

fn cookie(service: &Service, value: String) -> Cookie<'static> {
    Cookie::build(service.cookie_name(), value)
        .path("/")
        .http_only(true)
        .secure(service.settings.server.secure_cookies)
        .same_site(SameSite::Lax)
        .finish()
}

pub(super) async fn sign_out(
    form: OwnForm<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let signed_in = form.signed_in;
    let token = signed_in.session.unwrap_or_default();
    identity::end_session(&signed_in.scope, &token, signed_in.principal.id).await?;
    sign_in_page_without_cookie(&service, "/sign-in")
}

/// On to the sign-in page, and the browser forgets its session.
pub(super) fn sign_in_page_without_cookie(
    service: &Service,
    location: &str,
) -> Result<HttpResponse, Problem> {
    let mut answer = see(location);
    let mut gone = cookie(service, String::new());
    gone.make_removal();
    answer
        .add_cookie(&gone)
        .map_err(|error| Problem::BadRequest(error.to_string()))?;
    Ok(answer)
}

/// Fields of a form that has none of its own.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// A form with nothing but its token.
pub(super) type Button<N> = BrowserForm<N, Nothing>;
