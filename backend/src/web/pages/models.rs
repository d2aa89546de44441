//! Models, their versions, and the methodological note of a version.

use super::frame::Frame;
use crate::identity::{Authorized, need};
use crate::instant;
use crate::models::{ModelReference, ResolvedModel, note_view, points_view, version_view};
use crate::service::Service;
use crate::web::Problem;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::views::{AliasRow, ModelRow, ModelsView, VersionRow};
use octroi_frontend::{Section, document};

pub(super) async fn list(
    authorized: Authorized<need::ViewModels>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let versions = service.models.versions(&authorized.scope).await?;
    let aliases = service.models.aliases(&authorized.scope).await?;
    let mut models: Vec<ModelRow> = Vec::new();
    for row in versions {
        let version = VersionRow {
            aliases: aliases
                .iter()
                .filter(|alias| alias.model == row.model && alias.version == row.version)
                .map(|alias| alias.alias.clone())
                .collect(),
            version: row.version.to_string(),
            algorithm: row.algorithm,
            auc: row.auc,
            threshold: row.threshold,
            created_at: instant::rfc3339(row.created_at),
            created_by: row.created_by,
            digest: row.digest,
        };
        match models.last_mut().filter(|model| model.name == row.model) {
            Some(model) => model.versions.push(version),
            None => models.push(ModelRow {
                aliases: aliases
                    .iter()
                    .filter(|alias| alias.model == row.model)
                    .map(|alias| AliasRow {
                        alias: alias.alias.clone(),
                        version: alias.version.to_string(),
                        since: instant::rfc3339(alias.updated_at),
                        by: alias.updated_by.clone(),
                    })
                    .collect(),
                name: row.model,
                portfolio: row.portfolio,
                versions: vec![version],
            }),
        }
    }
    Frame::of(&request, &service, &authorized, Section::Models)
        .page(&service, &ModelsView { models })
}

/// The version that a page's address names.
async fn named(
    authorized: &Authorized<need::ViewModels>,
    service: &Service,
    path: web::Path<(String, i32)>,
) -> Result<ResolvedModel, Problem> {
    let (model, version) = path.into_inner();
    let reference = ModelReference::version(model, version);
    Ok(service
        .models
        .resolve(&authorized.scope, &reference)
        .await?)
}

pub(super) async fn version_page(
    authorized: Authorized<need::ViewModels>,
    request: HttpRequest,
    service: web::Data<Service>,
    path: web::Path<(String, i32)>,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&request, &service, &authorized, Section::Models);
    let resolved = named(&authorized, &service, path).await?;
    let aliases = service
        .models
        .aliases(&authorized.scope)
        .await?
        .into_iter()
        .filter(|alias| alias.model == resolved.row.model && alias.version == resolved.row.version)
        .map(|alias| alias.alias)
        .collect();
    let view = version_view(&resolved, aliases, frame.wording(&service));
    frame.page(&service, &view)
}

/// Only a scorecard has points.
pub(super) async fn points(
    authorized: Authorized<need::ViewModels>,
    request: HttpRequest,
    service: web::Data<Service>,
    path: web::Path<(String, i32)>,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&request, &service, &authorized, Section::Models);
    let resolved = named(&authorized, &service, path).await?;
    let view = points_view(&resolved, frame.wording(&service))
        .ok_or(Problem::NotFound("page or resource"))?;
    frame.page(&service, &view)
}

/// The note is a document of its own, with its style inside.
pub(super) async fn note(
    authorized: Authorized<need::ViewModels>,
    request: HttpRequest,
    service: web::Data<Service>,
    path: web::Path<(String, i32)>,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&request, &service, &authorized, Section::Models);
    let resolved = named(&authorized, &service, path).await?;
    let bank = &authorized.principal.tenant.name;
    let view = note_view(bank, &resolved, frame.wording(&service));
    let html = document::note(&view, frame.chrome.language)?;
    Ok(HttpResponse::Ok()
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            document::content_security_policy(),
        ))
        .content_type("text/html; charset=utf-8")
        .body(html))
}
