//! What surrounds every page: who is signed in, what they may open, language and theme.

use crate::clients::wording::{Wording, page_language};
use crate::identity::{Authorized, Need, Permission, Principal, session_form_token};
use crate::service::Service;
use crate::web::Problem;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use octroi_data::language::Language;
use octroi_frontend::views::View;
use octroi_frontend::{Chrome, Notice, Permissions, Section, SignedIn, Theme};
use std::sync::Arc;

pub(super) const LANGUAGE_COOKIE: &str = "octroi_language";
const THEME_COOKIE: &str = "octroi_theme";

/// The frame of one page.
pub(super) struct Frame {
    pub(super) chrome: Chrome,
    pub(super) language: Language,
}

impl Frame {
    /// For somebody who is signed in.
    pub(super) fn of<N: Need>(
        request: &HttpRequest,
        service: &Service,
        authorized: &Authorized<N>,
        section: Section,
    ) -> Self {
        Self::of_person(request, service, authorized.session.as_deref(), section)
    }

    /// For somebody who is signed in, whatever they may do.
    pub(super) fn of_person(
        request: &HttpRequest,
        service: &Service,
        session: Option<&str>,
        section: Section,
    ) -> Self {
        let mut frame = Self::of_request(request, service);
        frame.chrome.section = section;
        frame.chrome.csrf = session.map(session_form_token).unwrap_or_default();
        frame.chrome.notice = notice(request);
        frame
    }

    /// For whoever asks, signed in or not: the error pages need a frame, too.
    pub(super) fn of_request(request: &HttpRequest, service: &Service) -> Self {
        let principal = request.extensions().get::<Arc<Principal>>().cloned();
        let chosen = request
            .cookie(LANGUAGE_COOKIE)
            .and_then(|cookie| cookie.value().parse::<Language>().ok());
        let language = chosen
            .or_else(|| principal.as_ref().map(|principal| principal.language))
            .unwrap_or_else(|| from_browser(request));
        let theme = request
            .cookie(THEME_COOKIE)
            .map_or(Theme::System, |cookie| Theme::from_cookie(cookie.value()));
        let csrf = request
            .cookie(service.cookie_name())
            .map(|cookie| session_form_token(cookie.value()))
            .unwrap_or_default();
        let chrome = Chrome {
            language: page_language(language),
            bank: principal
                .as_ref()
                .map(|p| p.tenant.name.clone())
                .unwrap_or_default(),
            user: principal.as_ref().map(|principal| SignedIn {
                name: principal.name.clone(),
                role: principal
                    .role
                    .map(|role| role.as_str().to_owned())
                    .unwrap_or_default(),
                keys_waiting: principal.keys_waiting as u64,
            }),
            csrf,
            section: Section::None,
            may: principal.as_deref().map(navigation).unwrap_or_default(),
            path: request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
            theme,
            notice: None,
        };
        Self { chrome, language }
    }

    /// Words of the portfolio in the page's language.
    pub(super) fn wording(&self, service: &Service) -> Wording {
        Wording::new(service.portfolio, self.language)
    }

    /// The finished page.
    pub(super) fn page<V: View>(
        &self,
        service: &Service,
        view: &V,
    ) -> Result<HttpResponse, Problem> {
        self.page_with(StatusCode::OK, service, view)
    }

    /// The finished page under another status.
    pub(super) fn page_with<V: View>(
        &self,
        status: StatusCode,
        service: &Service,
        view: &V,
    ) -> Result<HttpResponse, Problem> {
        let html = service.pages.render(view, &self.chrome)?;
        Ok(super::html_page(status, html))
    }
}

fn from_browser(request: &HttpRequest) -> Language {
    let accepted = request
        .headers()
        .get("Accept-Language")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    octroi_frontend::Language::preferred(accepted)
        .as_str()
        .parse()
        .unwrap_or(Language::En)
}

fn navigation(principal: &Principal) -> Permissions {
    Permissions {
        portfolio: principal.may(Permission::ViewClients),
        clients: principal.may(Permission::ViewClients),
        models: principal.may(Permission::ViewModels),
        drift: principal.may(Permission::ViewDrift),
        audit: principal.may(Permission::ViewAudit),
        administration: principal.may(Permission::ManageUsers)
            || principal.may(Permission::ManageKeys),
    }
}

/// `?notice=scored` after a POST: said once, at the top of the page that follows.
pub(super) fn notice(request: &HttpRequest) -> Option<Notice> {
    #[derive(serde::Deserialize)]
    struct Said {
        notice: Option<Notice>,
    }
    serde_urlencoded::from_str::<Said>(request.query_string())
        .ok()?
        .notice
}

/// The page of a list that the query asks for, from 1.
pub(super) fn page_number(request: &HttpRequest) -> u64 {
    #[derive(serde::Deserialize)]
    struct Asked {
        page: Option<u64>,
    }
    serde_urlencoded::from_str::<Asked>(request.query_string())
        .ok()
        .and_then(|asked| asked.page)
        .unwrap_or(1)
        .clamp(1, 1_000_000)
}

/// A cookie that holds a preference and nothing personal.
pub(super) fn preference_cookie(name: &'static str, value: &str) -> Cookie<'static> {
    Cookie::build(name, value.to_owned())
        .path("/")
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish()
}

/// After a POST: on to a page that can be loaded again.
pub(super) fn see(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((actix_web::http::header::LOCATION, location.to_owned()))
        .finish()
}
