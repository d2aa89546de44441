//! The extractors that are the permission: a handler that takes `Authorized<need::ViewAudit>`
//! runs only for somebody who may. The API takes bearer credentials only (an API key or an
//! access token), the pages take the session cookie only, so that a cookie can never be abused
//! to call the API from another site. Which of the two a route is says its [`Door`].

use super::{Need, Permission, Principal, TokenError, account, api_key, session};
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
            let fields = fields.await?;
            let token: FormToken = fields.read()?;
            let cookie = authorized.session.as_deref().unwrap_or_default();
            if token.csrf != session::form_token(cookie) {
                return Err(Problem::FormToken);
            }
            Ok(Self {
                authorized,
                fields: fields.read()?,
            })
        })
    }
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
    let (principal, session) = match Door::of(request) {
        Some(Door::Api) => (by_bearer(request, service).await?, None),
        Some(Door::Pages) => {
            let (principal, cookie) = by_session(request, service).await?;
            (principal, Some(cookie))
        }
        None => return Err(AuthenticationError::Anonymous),
    };
    let principal = Arc::new(principal);
    request.extensions_mut().insert(Arc::clone(&principal));
    let scope = TenantScope::new(
        service.database.clone(),
        Arc::clone(&principal.tenant),
        principal.actor(),
        RequestId::of(request),
    );
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
        let (tenant, key) = api_key::find(&service.database, token)
            .await?
            .ok_or(AuthenticationError::Invalid)?;
        return Ok(Principal {
            language: tenant.language,
            tenant,
            kind: ActorKind::ApiKey,
            id: key.id,
            name: key.name,
            role: None,
            permissions: key.scopes,
        });
    }
    let (tenant_id, user_id) = service
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
    let session = session::Session { tenant_id, user_id };
    person(service, &session)
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
    let principal = person(service, &session)
        .await?
        .ok_or(AuthenticationError::Anonymous)?;
    Ok((principal, cookie.value().to_owned()))
}

/// The person of a session or token, unless the account has been disabled since.
async fn person(
    service: &Service,
    session: &session::Session,
) -> Result<Option<Principal>, AuthenticationError> {
    let Some(tenant) = session::tenant(&service.database, session).await? else {
        return Ok(None);
    };
    let account = account::find(&service.database, session.tenant_id, session.user_id).await?;
    Ok(account
        .filter(|account| !account.disabled)
        .map(|account| Principal {
            tenant,
            kind: ActorKind::User,
            id: account.id,
            name: account.name,
            role: Some(account.role),
            permissions: account.role.permissions().to_vec(),
            language: account.language,
        }))
}
