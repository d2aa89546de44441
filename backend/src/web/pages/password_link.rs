//! The page behind a one-time link, for somebody who cannot sign in. A link that is unknown,
//! used, replaced or too old, or whose account is disabled, gets one and the same answer, and
//! asking is throttled as signing in is.

use super::account::chosen;
use super::frame::{Frame, see};
use super::session::from_elsewhere;
use crate::identity::{self, PasswordLink};
use crate::service::Service;
use crate::web::texts::Form;
use crate::web::{Problem, RequestId, caller};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::views::{PasswordLinkView, PasswordProblem};
use serde::Deserialize;

/// Where the page of a link is.
pub(super) fn path(token: &str) -> String {
    format!("/password/{token}")
}

pub(super) async fn page(
    request: HttpRequest,
    service: web::Data<Service>,
    token: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let link = find(&request, &service, &token).await?;
    show(&request, &service, &token, link.as_ref(), None)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    new: String,
    again: String,
}

pub(super) async fn set(
    request: HttpRequest,
    service: web::Data<Service>,
    token: web::Path<String>,
    form: Form<Chosen>,
) -> Result<HttpResponse, Problem> {
    // Whoever has the link may set the password; another site may not send them here with one.
    if from_elsewhere(&request, &service) {
        return Err(Problem::FormToken);
    }
    let Some(link) = find(&request, &service, &token).await? else {
        return show(&request, &service, &token, None, None);
    };
    let Chosen { new, again } = form.0;
    let chosen = match chosen(new, &again, &link.owner()) {
        Ok(chosen) => chosen,
        Err(problem) => return show(&request, &service, &token, Some(&link), Some(problem)),
    };
    let request_id = RequestId::of(&request);
    let (database, hasher) = (&service.database, &service.passwords);
    if identity::redeem_password_link(database, hasher, link, chosen, request_id).await? {
        Ok(see("/sign-in?notice=password_set"))
    } else {
        show(&request, &service, &token, None, None)
    }
}

async fn find(
    request: &HttpRequest,
    service: &Service,
    token: &str,
) -> Result<Option<PasswordLink>, Problem> {
    let address = caller::address(request, &service.proxies);
    let counted = service.throttle.begin(token, address);
    let counted = counted.map_err(Problem::too_many)?;
    let found = identity::find_password_link(&service.database, token).await;
    if !matches!(found, Ok(None)) {
        counted.forgive();
    }
    Ok(found?)
}

fn show(
    request: &HttpRequest,
    service: &Service,
    token: &str,
    link: Option<&PasswordLink>,
    problem: Option<PasswordProblem>,
) -> Result<HttpResponse, Problem> {
    let status = match (link, &problem) {
        (None, _) => StatusCode::NOT_FOUND,
        (Some(_), None) => StatusCode::OK,
        (Some(_), Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let told = |of: fn(&PasswordLink) -> &str| link.map(of).unwrap_or_default().to_owned();
    let view = PasswordLinkView {
        action: link.map(|_| path(token)),
        name: told(|link| &link.account.name),
        email: told(|link| &link.account.email),
        bank: told(|link| &link.tenant.name),
        problem,
    };
    Frame::of_request(request, service).page_with(status, service, &view)
}
