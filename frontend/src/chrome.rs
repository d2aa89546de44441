//! What surrounds every page: who is signed in and at which bank, what they may open,
//! the language, the theme and the anti-forgery token of the forms.

use serde::{Deserialize, Serialize};

use crate::Language;

/// The frame of a page. One is built for every request.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chrome {
    pub language: Language,
    /// Name of the bank (the tenant); empty before sign-in.
    pub bank: String,
    /// `None` before sign-in: then there is no navigation.
    pub user: Option<SignedIn>,
    /// Goes into a hidden field `csrf` of every POST form.
    pub csrf: String,
    pub section: Section,
    pub may: Permissions,
    /// Path and query of the page, used by the language links; must begin with `/`.
    pub path: String,
    /// From the cookie `octroi_theme` (`light`, `dark`; absent: the system's).
    pub theme: Theme,
    /// One line said once after a POST.
    pub notice: Option<Notice>,
}

/// The person at the keyboard.
#[derive(Clone, Debug, Serialize)]
pub struct SignedIn {
    pub name: String,
    /// `admin`, `adviser`, `analyst` or `compliance`.
    pub role: String,
    /// API keys that wait for the reader's approval.
    pub keys_waiting: u64,
}

/// The part of the navigation that is marked as current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    #[default]
    None,
    Portfolio,
    Clients,
    Models,
    Drift,
    Audit,
    Administration,
    Account,
}

/// Which entries of the navigation are shown. Hiding is a courtesy; the handlers check.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[allow(clippy::struct_excessive_bools)] // one flag per entry of the navigation
pub struct Permissions {
    pub portfolio: bool,
    pub clients: bool,
    pub models: bool,
    pub drift: bool,
    pub audit: bool,
    pub administration: bool,
}

impl Permissions {
    /// Every entry.
    #[must_use]
    pub fn all() -> Self {
        Self {
            portfolio: true,
            clients: true,
            models: true,
            drift: true,
            audit: true,
            administration: true,
        }
    }
}

/// Light, dark, or what the system asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// Reads the cookie's value; anything unknown means the system's theme.
    #[must_use]
    pub fn from_cookie(value: &str) -> Self {
        match value {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// What just happened, said at the top of the next page. `snake_case` in a query or cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    Scored,
    SignedOut,
    SessionExpired,
    KeyCreated,
    KeyRevoked,
    DriftComputed,
    UserDisabled,
    UserEnabled,
    SettingsSaved,
    PasswordChanged,
    PasswordSet,
    SignedOutEverywhere,
    LanguageSaved,
    KeyApproved,
    KeyApprovedInPart,
    KeyRefused,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Scored,
        Self::SignedOut,
        Self::SessionExpired,
        Self::KeyCreated,
        Self::KeyRevoked,
        Self::DriftComputed,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::SettingsSaved,
        Self::PasswordChanged,
        Self::PasswordSet,
        Self::SignedOutEverywhere,
        Self::LanguageSaved,
        Self::KeyApproved,
        Self::KeyApprovedInPart,
        Self::KeyRefused,
    ];
}
