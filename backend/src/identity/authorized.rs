//! The extractors that are the permission: a handler that takes `Authorized<need::ViewAudit>`
//! runs only for somebody who may. The API takes bearer credentials only (an API key or an
//! access token), the pages take the session cookie only, so that a cookie can never be abused
//! to call the API from another site. Which of the two a route is says its [`Door`].

use super::{Need, Permission, Principal, TokenError, account, api_key, key_approval, session};
use crate::admission::{Caller, NotAdmitted};
use crate::audit::ActorKind;
use crate::keys::KeyError;
use crate::service::Service;
use crate::tenancy::TenantScope;
use crate::web::{Door, FormFields, Problem, RequestId};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use sea_orm::DbErr;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    #[error("nobody is signed in")]
    Anonymous,
    #[error("the credentials are not valid")]
    Invalid,
    #[error("the API key has expired")]
    KeyExpired,
    #[error("the API key waits for approval")]
    KeyWaiting,
    #[error("{} is not permitted", .0.as_str())]
    Forbidden(Permission),
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("{0}")]
    Account(#[from] account::AccountError),
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
}

/// Somebody who has signed in, whatever they may do.
pub struct SignedIn {
    pub principal: Arc<Principal>,
    pub scope: TenantScope,
    /// The session cookie, when they came with a browser.
    pub session: Option<String>,
}

/// Somebody who has the permission `N`.
pub struct Authorized<N: Need> {
    pub principal: Arc<Principal>,
    pub scope: TenantScope,
    /// The session cookie, when they came with a browser.
    pub session: Option<String>,
    need: PhantomData<N>,
}

/// A form posted from one of our pages by somebody with the permission `N`: its hidden field
/// `csrf` has been compared with the session's token.
pub struct BrowserForm<N: Need, T> {
    pub authorized: Authorized<N>,
    pub fields: T,
}

/// A form about oneself, from whoever is signed in; checked as [`BrowserForm`] is.
pub struct OwnForm<T> {
    pub signed_in: SignedIn,
    pub fields: T,
}

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(authenticate(&request).await?) })
    }
}

impl<N: Need> FromRequest for Authorized<N> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authorize(&request).await })
    }
}

impl<N: Need, T: DeserializeOwned + 'static> FromRequest for BrowserForm<N, T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = FormFields::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let authorized: Authorized<N> = authorize(&request).await?;
            let fields = form_fields(&fields.await?, authorized.session.as_deref())?;
            Ok(Self { authorized, fields })
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OwnForm<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = FormFields::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let signed_in = authenticate(&request).await?;
            let fields = form_fields(&fields.await?, signed_in.session.as_deref())?;
            Ok(Self { signed_in, fields })
        })
    }
}

/// The fields of a form that carries the token of its session.
fn form_fields<T: DeserializeOwned>(
    fields: &FormFields,
    cookie: Option<&str>,
) -> Result<T, Problem> {
    let token: FormToken = fields.read()?;
    if token.csrf != session::form_token(cookie.unwrap_or_default()) {
        return Err(Problem::FormToken);
    }
    fields.read()
}

#[derive(serde::Deserialize)]
struct FormToken {
    #[serde(default)]
    csrf: String,
}

async fn authorize<N: Need>(request: &HttpRequest) -> Result<Authorized<N>, Problem> {
    let signed_in = authenticate(request).await?;
    if signed_in.principal.may(N::PERMISSION) {
        return Ok(Authorized {
            principal: signed_in.principal,
            scope: signed_in.scope,
            session: signed_in.session,
            need: PhantomData,
        });
    }
    if let Some(service) = request.app_data::<web::Data<Service>>() {
        let route = request.match_pattern().unwrap_or_default();
        let method = request.method().as_str();
        let scope = &signed_in.scope;
        service
            .refusals
            .record(scope, N::PERMISSION, method, &route)
            .await;
    }
    Err(AuthenticationError::Forbidden(N::PERMISSION).into())
}

async fn authenticate(request: &HttpRequest) -> Result<SignedIn, AuthenticationError> {
    let Some(service) = request.app_data::<web::Data<Service>>() else {
        return Err(AuthenticationError::Anonymous);
    };
    let (mut principal, session) = match Door::of(request) {
        Some(Door::Api) => (by_bearer(request, service).await?, None),
        Some(Door::Pages) => {
            let (principal, cookie) = by_session(request, service).await?;
            (principal, Some(cookie))
        }
        None => return Err(AuthenticationError::Anonymous),
    };
    let scope = TenantScope::new(
        service.database.clone(),
        Arc::clone(&principal.tenant),
        principal.actor(),
        RequestId::of(request),
    );
    if session.is_some() {
        principal.keys_waiting = key_approval::waiting_for(&scope, &principal).await?.len();
    }
    let principal = Arc::new(principal);
    request.extensions_mut().insert(Arc::clone(&principal));
    count(request, service, Caller::from(&scope), session.is_some())?;
    Ok(SignedIn {
        principal,
        scope,
        session,
    })
}

/// Counts the request against the quotas; programs are told what is left.
fn count(
    request: &HttpRequest,
    service: &Service,
    caller: Caller,
    in_browser: bool,
) -> Result<(), NotAdmitted> {
    if in_browser {
        service.quotas.admit_person(caller)?;
    } else {
        let allowance = service.quotas.admit_program(caller)?;
        request.extensions_mut().insert(allowance);
    }
    Ok(())
}

async fn by_bearer(
    request: &HttpRequest,
    service: &Service,
) -> Result<Principal, AuthenticationError> {
    let value = request
        .headers()
        .get(header::AUTHORIZATION)
        .ok_or(AuthenticationError::Anonymous)?;
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .map(str::trim)
        .ok_or(AuthenticationError::Invalid)?;
    if token.starts_with(api_key::PREFIX) {
        let (tenant, key) = match api_key::find(&service.database, token).await? {
            api_key::Lookup::Living(tenant, key) => (tenant, key),
            api_key::Lookup::Waiting => return Err(AuthenticationError::KeyWaiting),
            api_key::Lookup::Expired => return Err(AuthenticationError::KeyExpired),
            api_key::Lookup::Unknown => return Err(AuthenticationError::Invalid),
        };
        return Ok(Principal {
            language: tenant.language,
            tenant,
            kind: ActorKind::ApiKey,
            id: key.id,
            name: key.name,
            role: None,
            permissions: key.scopes,
            keys_waiting: 0,
        });
    }
    let owner = service
        .tokens
        .check(token)
        .await
        .map_err(|error| match error {
            TokenError::Keys(KeyError::Database(error)) => AuthenticationError::Database(error),
            other => {
                if let TokenError::Keys(error) = &other {
                    tracing::error!(%error, "the keys of tokens cannot be read again");
                }
                AuthenticationError::Invalid
            }
        })?;
    let session = session::Session {
        tenant_id: owner.tenant,
        user_id: owner.user,
    };
    person(service, &session, Some(owner.generation))
        .await?
        .ok_or(AuthenticationError::Invalid)
}

async fn by_session(
    request: &HttpRequest,
    service: &Service,
) -> Result<(Principal, String), AuthenticationError> {
    let cookie = request
        .cookie(service.cookie_name())
        .ok_or(AuthenticationError::Anonymous)?;
    let limits = &service.settings.session;
    let session = session::find(&service.database, cookie.value(), limits)
        .await?
        .ok_or(AuthenticationError::Anonymous)?;
    let principal = person(service, &session, None)
        .await?
        .ok_or(AuthenticationError::Anonymous)?;
    Ok((principal, cookie.value().to_owned()))
}

/// The person of a session or token, unless the account has been disabled since, or the
/// tokens of the given generation have been ended.
async fn person(
    service: &Service,
    session: &session::Session,
    generation: Option<i64>,
) -> Result<Option<Principal>, AuthenticationError> {
    let Some(tenant) = session::tenant(&service.database, session).await? else {
        return Ok(None);
    };
    let account = account::find(&service.database, session.tenant_id, session.user_id).await?;
    Ok(account
        .filter(|account| !account.disabled)
        .filter(|account| generation.is_none_or(|own| own == account.token_generation))
        .map(|account| Principal {
            tenant,
            kind: ActorKind::User,
            id: account.id,
            name: account.name,
            role: Some(account.role),
            permissions: account.role.permissions().to_vec(),
            language: account.language,
            keys_waiting: 0,
        }))
}
