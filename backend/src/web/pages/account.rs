//! One's own account: the password, the language, signing out everywhere, and the API keys
//! that wait for one's approval.

use super::client::People;
use super::frame::{self, Frame, see};
use super::session::{Nothing, sign_in_page_without_cookie};
use crate::identity::{
    self, AccountError, ApprovalError, OwnForm, Password, PasswordChange, PasswordError,
    PasswordOwner, SignedIn,
};
use crate::instant;
use crate::service::Service;
use crate::web::{Problem, caller};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_data::language::Language;
use octroi_frontend::Section;
use octroi_frontend::views::{AccountView, PasswordProblem, PasswordRefusal, WaitingKey};
use sea_orm::prelude::Uuid;
use serde::Deserialize;

pub(super) async fn page(
    signed_in: SignedIn,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    show(&signed_in, &request, &service, None).await
}

async fn show(
    signed_in: &SignedIn,
    request: &HttpRequest,
    service: &Service,
    problem: Option<PasswordProblem>,
) -> Result<HttpResponse, Problem> {
    let (scope, principal) = (&signed_in.scope, &signed_in.principal);
    let people = People::of(scope).await?;
    let own = identity::find_account(&service.database, principal.tenant.id.0, principal.id)
        .await?
        .ok_or(Problem::Unauthenticated)?;
    let link = identity::last_used_password_link(scope, principal.id).await?;
    let keys = identity::api_keys_waiting_for(scope, principal).await?;
    let status = match problem.as_ref().map(|problem| problem.why) {
        None => StatusCode::OK,
        Some(PasswordRefusal::TooManyAttempts) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let view = AccountView {
        email: own.email,
        language: own.language.as_str().to_owned(),
        problem,
        link_by: link
            .as_ref()
            .map(|link| people.name("operator", link.made_by)),
        link_at: link.map(|link| instant::rfc3339(link.at)),
        keys: keys
            .into_iter()
            .map(|key| {
                let (yours, others): (Vec<_>, Vec<_>) = key
                    .scopes
                    .iter()
                    .partition(|scope| key.awaiting.contains(scope) && principal.may(**scope));
                let names = |scopes: Vec<&identity::Permission>| {
                    scopes
                        .iter()
                        .map(|scope| scope.as_str().to_owned())
                        .collect()
                };
                WaitingKey {
                    created_by: people.name("operator", key.created_by),
                    created_at: instant::rfc3339(key.created_at),
                    expires_at: key.expires_at.map(instant::rfc3339),
                    yours: names(yours),
                    others: names(others),
                    id: key.id.to_string(),
                    name: key.name,
                    prefix: key.prefix,
                }
            })
            .collect(),
    };
    Frame::of_person(
        request,
        service,
        signed_in.session.as_deref(),
        Section::Account,
    )
    .page_with(status, service, &view)
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    old: String,
    new: String,
    again: String,
}

pub(super) async fn change_password(
    form: OwnForm<NewPassword>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let OwnForm { signed_in, fields } = form;
    let (scope, principal) = (&signed_in.scope, &signed_in.principal);
    let own = identity::find_account(&service.database, principal.tenant.id.0, principal.id)
        .await?
        .ok_or(Problem::Unauthenticated)?;
    let refused = |why| PasswordProblem {
        why,
        name: String::new(),
    };
    let owner = PasswordOwner {
        name: &own.name,
        email: &own.email,
        bank: &principal.tenant.name,
    };
    let chosen = match chosen(fields.new, &fields.again, &owner) {
        Ok(chosen) => chosen,
        Err(problem) => return show(&signed_in, &request, &service, Some(problem)).await,
    };
    let cookie = signed_in.session.as_deref().unwrap_or_default();
    // Whoever has found a browser unlocked must not guess here what they cannot guess outside.
    let address = caller::address(&request, &service.proxies);
    let counted = match service.throttle.begin(&own.email, address) {
        Ok(counted) => counted,
        Err(wait) => {
            let problem = refused(PasswordRefusal::TooManyAttempts);
            let mut told = show(&signed_in, &request, &service, Some(problem)).await?;
            let seconds = HeaderValue::from(Problem::seconds(wait));
            told.headers_mut().insert(header::RETRY_AFTER, seconds);
            return Ok(told);
        }
    };
    let passwords = (Password::typed(fields.old), chosen);
    let changed =
        identity::change_password(scope, &service.passwords, principal.id, passwords, cookie).await;
    if !matches!(changed, Ok(PasswordChange::WrongPassword)) {
        counted.forgive();
    }
    let why = match changed {
        Ok(PasswordChange::Done) => return Ok(see("/account?notice=password_changed")),
        Ok(PasswordChange::WrongPassword) => PasswordRefusal::WrongPassword,
        Err(AccountError::Password(PasswordError::Same)) => PasswordRefusal::Same,
        Err(error) => return Err(error.into()),
    };
    show(&signed_in, &request, &service, Some(refused(why))).await
}

/// The password that was typed twice, or why it cannot be taken.
pub(super) fn chosen(
    new: String,
    again: &str,
    owner: &PasswordOwner<'_>,
) -> Result<Password, PasswordProblem> {
    let refused = |why, name| PasswordProblem { why, name };
    if new != again {
        return Err(refused(PasswordRefusal::Different, String::new()));
    }
    Password::chosen(new, owner).map_err(|error| match error {
        PasswordError::Length(_) => refused(PasswordRefusal::Length, String::new()),
        PasswordError::Leaked => refused(PasswordRefusal::Leaked, String::new()),
        PasswordError::Repeated => refused(PasswordRefusal::Repeated, String::new()),
        PasswordError::Sequence => refused(PasswordRefusal::Sequence, String::new()),
        PasswordError::Personal(name) => refused(PasswordRefusal::Personal, name),
        PasswordError::Same => refused(PasswordRefusal::Same, String::new()),
        _ => refused(PasswordRefusal::Guessable, String::new()),
    })
}

pub(super) async fn sign_out_everywhere(
    form: OwnForm<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let signed_in = form.signed_in;
    identity::sign_out_everywhere(&signed_in.scope, signed_in.principal.id).await?;
    sign_in_page_without_cookie(&service, "/sign-in?notice=signed_out_everywhere")
}

#[derive(Deserialize)]
pub(super) struct OwnLanguage {
    language: String,
}

pub(super) async fn set_language(form: OwnForm<OwnLanguage>) -> Result<HttpResponse, Problem> {
    let language: Language = form
        .fields
        .language
        .parse()
        .map_err(|_| Problem::BadRequest("the language is en or fr".to_owned()))?;
    let signed_in = form.signed_in;
    identity::set_language(&signed_in.scope, signed_in.principal.id, language).await?;
    let mut answer = see("/account?notice=language_saved");
    // Otherwise what this browser was asked to remember would go on winning.
    answer
        .add_cookie(&frame::preference_cookie(
            frame::LANGUAGE_COOKIE,
            language.as_str(),
        ))
        .map_err(|error| Problem::BadRequest(error.to_string()))?;
    Ok(answer)
}

pub(super) async fn approve_key(
    form: OwnForm<Nothing>,
    id: web::Path<Uuid>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let signed_in = form.signed_in;
    let approved = identity::approve_api_key(&signed_in.scope, &signed_in.principal, *id).await;
    let notice = match approved {
        Ok(true) => "key_approved",
        Ok(false) => "key_approved_in_part",
        Err(error) => return Err(denied(&service, &signed_in, error).await),
    };
    Ok(see(&format!("/account?notice={notice}")))
}

pub(super) async fn refuse_key(
    form: OwnForm<Nothing>,
    id: web::Path<Uuid>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let signed_in = form.signed_in;
    match identity::refuse_api_key(&signed_in.scope, &signed_in.principal, *id).await {
        Ok(()) => Ok(see("/account?notice=key_refused")),
        Err(error) => Err(denied(&service, &signed_in, error).await),
    }
}

/// Somebody who decided about a scope that they do not hold is recorded, as at every door.
async fn denied(service: &Service, signed_in: &SignedIn, error: ApprovalError) -> Problem {
    if let ApprovalError::NotHeld(permission) = &error {
        let refusals = &service.refusals;
        let route = "/account/keys/{id}";
        refusals
            .record(&signed_in.scope, *permission, "POST", route)
            .await;
    }
    error.into()
}
