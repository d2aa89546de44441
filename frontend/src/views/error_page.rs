//! The page for everything that went wrong, with a way out.

use serde::Serialize;

use super::View;

/// Data of the error page.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorView {
    /// HTTP status; 400, 401, 403, 404, 408, 409, 413, 422, 429, 500 and 503 have words of their own.
    pub status: u16,
    /// Shown small, to be quoted to whoever looks into it.
    pub request_id: Option<String>,
    /// A fact worth saying ("model `x` has no version 7"), already in the reader's language.
    pub detail: Option<String>,
}

impl View for ErrorView {
    const TEMPLATE: &'static str = "error.html";
}
