//! Users, API keys and settings of the bank.

use super::client::People;
use super::frame::{Frame, see};
use super::password_link;
use super::session::Button;
use crate::audit::{self, Action};
use crate::identity::{
    self, Approval, Authorized, BrowserForm, KEY_DEFAULT_DAYS, NewApiKey, Permission, need,
};
use crate::instant;
use crate::name;
use crate::service::Service;
use crate::web::{Problem, caller};
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::Section;
use octroi_frontend::views::{
    AdministrationView, KeyRow, KeyScope, NewKey, NewLink, SettingsView, UserRow,
};
use sea_orm::prelude::Uuid;

/// Scopes a partner's key can have: never the administration of people and keys.
fn key_scopes() -> impl Iterator<Item = Permission> {
    Permission::ALL
        .iter()
        .copied()
        .filter(|p| !matches!(p, Permission::ManageKeys | Permission::ManageUsers))
}

/// Lives that the form offers, in days.
const KEY_LIVES: [u32; 4] = [30, 90, KEY_DEFAULT_DAYS, 730];

/// What is shown once, in the answer to the form that made it.
#[derive(Default)]
struct Made {
    key: Option<NewKey>,
    link: Option<NewLink>,
}

pub(super) async fn page(
    authorized: Authorized<need::ManageUsers>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    show(&authorized, &request, &service, Made::default()).await
}

async fn show<N: identity::Need>(
    authorized: &Authorized<N>,
    request: &HttpRequest,
    service: &Service,
    made: Made,
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
                scopes: names(&key.scopes),
                awaiting: names(&key.awaiting),
                created_at: instant::rfc3339(key.created_at),
                created_by: people.name("operator", key.created_by),
                approved_by: approvers(&key.approvals, &people),
                expires_at: key.expires_at.map(instant::rfc3339),
                state: key.state.as_str().to_owned(),
            })
            .collect(),
        scopes: key_scopes()
            .map(|scope| KeyScope {
                name: scope.as_str().to_owned(),
                beyond: !authorized.principal.may(scope),
            })
            .collect(),
        lives: KEY_LIVES.to_vec(),
        life: KEY_DEFAULT_DAYS,
        new_key: made.key,
        new_link: made.link,
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

fn names(scopes: &[Permission]) -> Vec<String> {
    scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect()
}

/// Who has approved something, each once.
fn approvers(approvals: &[Approval], people: &People) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for approval in approvals {
        let name = people.name("user", Some(approval.by));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The form's fields as they come: `scope` may be repeated.
type Pairs = Vec<(String, String)>;

pub(super) async fn create_key(
    form: BrowserForm<need::ManageKeys, Pairs>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let field = |wanted: &str| {
        let found = form.fields.iter().find(|(field, _)| field == wanted);
        found.map(|(_, value)| value.trim().to_owned())
    };
    let name = name::parse(&field("name").unwrap_or_default())
        .map_err(|error| Problem::BadRequest(error.to_string()))?;
    let days = field("days").map_or(Some(KEY_DEFAULT_DAYS), |days| days.parse().ok());
    let days = days.filter(|days| KEY_LIVES.contains(days));
    let scopes: Vec<Permission> = key_scopes()
        .filter(|scope| {
            let asked =
                |(field, value): &(String, String)| field == "scope" && value == scope.as_str();
            form.fields.iter().any(asked)
        })
        .collect();
    let (Some(days), 1..=80, false) = (days, name.chars().count(), scopes.is_empty()) else {
        return Err(Problem::BadRequest(
            "a key needs a name of 1 to 80 characters, at least one scope and an end".to_owned(),
        ));
    };
    let new = NewApiKey {
        name: &name,
        scopes: &scopes,
        within: &form.authorized.principal.permissions,
        days,
    };
    let new = identity::create_api_key(&form.authorized.scope, new).await?;
    // Shown now or never, so this page answers the POST itself.
    let made = Made {
        key: Some(NewKey {
            awaiting: names(&new.key.awaiting),
            secret: new.secret,
            name,
        }),
        link: None,
    };
    show(&form.authorized, &request, &service, made).await
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

pub(super) async fn make_password_link(
    form: Button<need::ManageUsers>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let authorized = form.authorized;
    if *id == authorized.principal.id {
        return Err(Problem::Conflict(
            "one's own password is changed under \"My account\", with the old one".to_owned(),
        ));
    }
    let token = identity::make_password_link(&authorized.scope, *id)
        .await?
        .ok_or(Problem::NotFound("user"))?;
    let made = Made {
        key: None,
        link: Some(NewLink {
            name: People::of(&authorized.scope).await?.name("user", Some(*id)),
            address: format!(
                "{}{}",
                origin(&request, &service),
                password_link::path(&token)
            ),
        }),
    };
    show(&authorized, &request, &service, made).await
}

/// How the administrator's own browser has reached us: the person will come the same way.
fn origin(request: &HttpRequest, service: &Service) -> String {
    // Behind a trusted proxy the last is what the browser asked the proxy for.
    let host = caller::hosts(request, &service.proxies).pop();
    let scheme = if service.settings.server.secure_cookies {
        "https"
    } else {
        "http"
    };
    host.map(|host| format!("{scheme}://{host}"))
        .unwrap_or_default()
}
