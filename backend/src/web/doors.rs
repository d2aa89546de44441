//! Which door a request came in by. It is decided by the route that matched, because the
//! scope of the route carries the door as its data; the text of a path has many spellings
//! (`/%61pi/v1` is `/api/v1`) and decides nothing. A route behind no door lets nobody in.

use actix_web::HttpRequest;

/// What may be shown at a door to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The JSON API: an API key or an access token, never a cookie.
    Api,
    /// The pages: the session cookie, and a form token with every form.
    Pages,
}

impl Door {
    /// The door of the innermost scope that the route lies in.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.app_data::<Self>().copied()
    }
}
