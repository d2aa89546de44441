//! Users, API keys and settings of the bank.

use super::client::People;
use super::frame::{Frame, see};
use super::session::Button;
use crate::audit::{self, Action};
use crate::identity::{self, Authorized, BrowserForm, Permission, need};
use crate::instant;
use crate::service::Service;
use crate::web::Problem;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::Section;
use octroi_frontend::views::{AdministrationView, KeyRow, NewKey, SettingsView, UserRow};
use sea_orm::prelude::Uuid;

/// Scopes a partner's key can have: never the administration of people and keys.
fn key_scopes() -> Vec<String> {
    Permission::ALL
        .iter()
        .filter(|p| !matches!(p, Permission::ManageKeys | Permission::ManageUsers))
        .map(|permission| permission.as_str().to_owned())
        .collect()
}

pub(super) async fn page(
    authorized: Authorized<need::ManageUsers>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    show(&authorized, &request, &service, None).await
}

async fn show<N: identity::Need>(
    authorized: &Authorized<N>,
    request: &HttpRequest,
    service: &Service,
    new_key: Option<NewKey>,
) -> Result<HttpResponse, Problem> {
    let scope = &authorized.scope;
    let people = People::of(scope).await?;
    let champion = service.models.champion(scope).await?;
    let tenant = &authorized.principal.tenant;
    let signed_in = audit::last_seen(scope, Some(Action::SignedIn)).await?;
    let seen = audit::last_seen(scope, None).await?;
    let view = AdministrationView {
        users: identity::list_accounts(scope)
            .await?
            .into_iter()
            .map(|account| UserRow {
                own: account.id == authorized.principal.id,
                last_sign_in: signed_in.get(&account.id).map(|at| instant::rfc3339(*at)),
                id: account.id.to_string(),
                name: account.name,
                email: account.email,
                role: account.role.as_str().to_owned(),
                disabled: account.disabled,
            })
            .collect(),
        keys: identity::list_api_keys(scope)
            .await?
            .into_iter()
            .map(|key| KeyRow {
                last_used: seen.get(&key.id).map(|at| instant::rfc3339(*at)),
                id: key.id.to_string(),
                name: key.name,
                prefix: key.prefix,
                scopes: key
                    .scopes
                    .iter()
                    .map(|scope| scope.as_str().to_owned())
                    .collect(),
                created_at: instant::rfc3339(key.created_at),
                created_by: people.name("operator", key.created_by),
                revoked: key.revoked,
            })
            .collect(),
        scopes: key_scopes(),
        new_key,
        settings: SettingsView {
            fn_cost: tenant.fn_cost,
            fp_cost: tenant.fp_cost,
            champion: champion
                .as_ref()
                .map(|m| format!("{} v{}", m.row.model, m.row.version)),
            threshold: champion.as_ref().map(|m| m.package.manifest.threshold),
            portfolio: tenant.portfolio.clone(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        may_manage_keys: authorized.principal.may(Permission::ManageKeys),
        may_manage_users: authorized.principal.may(Permission::ManageUsers),
    };
    Frame::of(request, service, authorized, Section::Administration).page(service, &view)
}

/// The form's fields as they come: `scope` may be repeated.
type Pairs = Vec<(String, String)>;

pub(super) async fn create_key(
    form: BrowserForm<need::ManageKeys, Pairs>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let name = form.fields.iter().find(|(field, _)| field == "name");
    let name = name
        .map(|(_, name)| name.trim().to_owned())
        .unwrap_or_default();
    let offered = key_scopes();
    let scopes: Vec<Permission> = form
        .fields
        .iter()
        .filter(|(field, scope)| field == "scope" && offered.contains(scope))
        .filter_map(|(_, scope)| Permission::named(scope))
        .collect();
    if name.is_empty() || name.chars().count() > 80 || scopes.is_empty() {
        return Err(Problem::BadRequest(
            "a key needs a name of 1 to 80 characters and at least one scope".to_owned(),
        ));
    }
    let new = identity::create_api_key(&form.authorized.scope, &name, &scopes).await?;
    // Shown now or never, so this page answers the POST itself.
    let shown = NewKey {
        name,
        secret: new.secret,
    };
    show(&form.authorized, &request, &service, Some(shown)).await
}

pub(super) async fn revoke_key(
    form: Button<need::ManageKeys>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    if identity::revoke_api_key(&form.authorized.scope, *id).await? {
        Ok(see("/administration?notice=key_revoked"))
    } else {
        Err(Problem::NotFound("API key"))
    }
}

pub(super) async fn disable_user(
    form: Button<need::ManageUsers>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    set_disabled(&form, *id, true).await
}

pub(super) async fn enable_user(
    form: Button<need::ManageUsers>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    set_disabled(&form, *id, false).await
}

async fn set_disabled(
    form: &Button<need::ManageUsers>,
    id: Uuid,
    disabled: bool,
) -> Result<HttpResponse, Problem> {
    if id == form.authorized.principal.id {
        return Err(Problem::Conflict(
            "nobody can disable their own account".to_owned(),
        ));
    }
    if !identity::set_account_disabled(&form.authorized.scope, id, disabled).await? {
        return Err(Problem::NotFound("user"));
    }
    let notice = if disabled {
        "user_disabled"
    } else {
        "user_enabled"
    };
    Ok(see(&format!("/administration?notice={notice}")))
}
