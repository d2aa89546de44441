//! One's own account: `GET /account`; `POST /account/password` (`old`, `new`, `again`),
//! `POST /account/sign-out-everywhere`, `POST /account/language` (`language`),
//! `POST /account/keys/{id}/approve` and `/refuse`. And the page of a one-time link:
//! `GET /password/{token}`, `POST /password/{token}` (`new`, `again`).

use serde::Serialize;

use super::View;

/// Data of the account page.
#[derive(Clone, Debug, Serialize)]
pub struct AccountView {
    pub email: String,
    /// `en` or `fr`: what the account is set to.
    pub language: String,
    pub problem: Option<PasswordProblem>,
    /// Who made the link through which the password was last set, and when (RFC 3339).
    pub link_by: Option<String>,
    pub link_at: Option<String>,
    /// API keys that the reader can approve.
    pub keys: Vec<WaitingKey>,
}

/// A key that waits for the reader.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingKey {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub created_at: String,
    pub created_by: String,
    pub expires_at: Option<String>,
    /// Scopes that the reader approves.
    pub yours: Vec<String>,
    /// Scopes that are for somebody else to approve, or approved already.
    pub others: Vec<String>,
}

/// Why a password was not set.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordProblem {
    pub why: PasswordRefusal,
    /// The own name that the password contains.
    pub name: String,
}

/// The vocabulary `password-refusal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordRefusal {
    Length,
    Leaked,
    Repeated,
    Sequence,
    Personal,
    Guessable,
    Same,
    /// The two fields differ.
    Different,
    /// The old password is another one.
    WrongPassword,
    TooManyAttempts,
}

impl PasswordRefusal {
    pub const ALL: [Self; 10] = [
        Self::Length,
        Self::Leaked,
        Self::Repeated,
        Self::Sequence,
        Self::Personal,
        Self::Guessable,
        Self::Same,
        Self::Different,
        Self::WrongPassword,
        Self::TooManyAttempts,
    ];
}

impl View for AccountView {
    const TEMPLATE: &'static str = "account.html";
}

/// Data of the page behind a one-time link.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordLinkView {
    /// Where the form goes; `None`: the link does not work.
    pub action: Option<String>,
    pub name: String,
    pub email: String,
    pub bank: String,
    pub problem: Option<PasswordProblem>,
}

impl View for PasswordLinkView {
    const TEMPLATE: &'static str = "password_link.html";
}
