//! Users, API keys and settings of one bank: `GET /administration`;
//! `POST /administration/keys` (`name`, repeated `scope`, `days`),
//! `POST /administration/keys/{id}/revoke`,
//! `POST /administration/users/{id}/disable`, `/enable` and `/password-link`.

use serde::Serialize;

use super::View;

/// Data of the administration page.
#[derive(Clone, Debug, Serialize)]
pub struct AdministrationView {
    pub users: Vec<UserRow>,
    pub keys: Vec<KeyRow>,
    /// Scopes a new key may carry.
    pub scopes: Vec<KeyScope>,
    /// Lives that a new key may have, in days, and the one that is chosen already.
    pub lives: Vec<u32>,
    pub life: u32,
    /// A key made just now: the only time its secret is shown.
    pub new_key: Option<NewKey>,
    /// A one-time link made just now: the only time it is shown.
    pub new_link: Option<NewLink>,
    pub settings: SettingsView,
    pub may_manage_keys: bool,
    pub may_manage_users: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct UserRow {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: String,
    pub disabled: bool,
    /// RFC 3339.
    pub last_sign_in: Option<String>,
    /// The reader's own account: no button to disable it.
    pub own: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct KeyRow {
    pub id: String,
    pub name: String,
    /// The part of the key that is no secret.
    pub prefix: String,
    pub scopes: Vec<String>,
    /// Those of them that wait for approval.
    pub awaiting: Vec<String>,
    pub created_at: String,
    pub created_by: String,
    /// Who has approved scopes that the maker does not hold.
    pub approved_by: Vec<String>,
    pub expires_at: Option<String>,
    pub last_used: Option<String>,
    /// `active`, `waiting`, `expired`, `revoked` or `refused`.
    pub state: String,
}

/// A scope that a new key may carry.
#[derive(Clone, Debug, Serialize)]
pub struct KeyScope {
    pub name: String,
    /// The reader does not hold it, so that a colleague must approve it.
    pub beyond: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct NewKey {
    pub name: String,
    pub secret: String,
    /// Scopes that a colleague must approve before the key works.
    pub awaiting: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct NewLink {
    pub name: String,
    pub address: String,
}

/// Read only here.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SettingsView {
    pub fn_cost: f64,
    pub fp_cost: f64,
    pub champion: Option<String>,
    pub threshold: Option<f64>,
    pub portfolio: String,
    pub software_version: String,
}

impl View for AdministrationView {
    const TEMPLATE: &'static str = "administration.html";
}
