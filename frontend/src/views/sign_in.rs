//! The sign-in page: `POST /sign-in` with `email`, `password`, `csrf`, `next`.

use serde::Serialize;

use super::View;

/// Data of the sign-in page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignInView {
    /// What was typed, so that it need not be typed again.
    pub email: String,
    pub error: Option<SignInError>,
    /// Local path to go to afterwards (hidden field `next`).
    pub next: Option<String>,
    /// Only in the demo: logins anyone may use. Empty in production.
    pub demo_logins: Vec<DemoLogin>,
}

/// Why nobody came in. Alike for unknown accounts and wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInError {
    WrongCredentials,
    TooManyAttempts,
    FormExpired,
}

/// A login of the demo.
#[derive(Clone, Debug, Serialize)]
pub struct DemoLogin {
    pub email: String,
    pub password: String,
    /// `admin`, `adviser`, `analyst` or `compliance`.
    pub role: String,
}

impl View for SignInView {
    const TEMPLATE: &'static str = "sign_in.html";
}
