//! The drift page: the last report, computing a new one, and the self-contained document.

use super::frame::{Frame, see};
use super::session::Button;
use crate::clients::wording::{Wording, page_language};
use crate::identity::{Authorized, need};
use crate::instant;
use crate::monitoring::{self, DriftHeading, StoredDrift, drift_view};
use crate::service::Service;
use crate::tenancy::TenantScope;
use crate::web::Problem;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::views::{Choice, DriftReport, DriftView};
use octroi_frontend::{Section, Words, document};

fn view(stored: &StoredDrift, wording: Wording) -> DriftReport {
    let words = Words::of(page_language(wording.language()));
    let model = format!("{} v{}", stored.model, stored.version);
    let heading = DriftHeading {
        computed_at: instant::rfc3339(stored.created_at),
        computed_by: stored.created_by.clone(),
        reference: words.t("drift-training-data"),
        current: words.t("drift-portfolio-clients"),
        model: Some(model),
    };
    drift_view(&stored.report, heading, wording)
}

pub(super) async fn page(
    authorized: Authorized<need::ViewDrift>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&request, &service, &authorized, Section::Drift);
    let words = Words::of(frame.chrome.language);
    let stored = monitoring::latest_drift(&authorized.scope).await?;
    let only = |value: &str, label: String| {
        vec![Choice {
            value: value.to_owned(),
            label,
            selected: true,
        }]
    };
    let view = DriftView {
        report: stored
            .as_ref()
            .map(|stored| view(stored, frame.wording(&service))),
        references: only("training", words.t("drift-training-data")),
        currents: only("clients", words.t("drift-portfolio-clients")),
        may_compute: true,
        download: stored.is_some().then(|| "/drift/report".to_owned()),
    };
    frame.page(&service, &view)
}

pub(super) async fn compute(
    form: Button<need::ViewDrift>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let scope = &form.authorized.scope;
    let champion = service
        .models
        .champion(scope)
        .await?
        .ok_or(Problem::NotFound("model"))?;
    let population = service.population(scope).await?;
    let by = &form.authorized.principal.name;
    service
        .drift
        .update(&service.heavy, scope, champion, population, by)
        .await?;
    Ok(see("/drift?notice=drift_computed"))
}

pub(super) async fn download(
    authorized: Authorized<need::ViewDrift>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&request, &service, &authorized, Section::Drift);
    let scope = &authorized.scope;
    let language = frame.chrome.language;
    let latest = monitoring::latest_drift_id(scope).await?;
    let latest = latest.ok_or(Problem::NotFound("drift report"))?;
    let html = match service.drift.document(scope, latest, language) {
        Some(html) => html,
        None => write(&service, scope, frame.wording(&service)).await?,
    };
    Ok(HttpResponse::Ok()
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"drift.html\"",
        ))
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// Writes the document of the latest report, a piece of work of its own, and keeps it.
async fn write(
    service: &Service,
    scope: &TenantScope,
    wording: Wording,
) -> Result<web::Bytes, Problem> {
    let stored = monitoring::latest_drift(scope).await?;
    let stored = stored.ok_or(Problem::NotFound("drift report"))?;
    let id = stored.id;
    let bank = scope.tenant().name.clone();
    let language = page_language(wording.language());
    let written = move || document::drift(&view(&stored, wording), &bank, language);
    let html = service.heavy.run(scope, written).await?;
    let html = web::Bytes::from(html.map_err(|_| Problem::Internal)??);
    service.drift.keep(scope, id, language, html.clone());
    Ok(html)
}
