//! The audit trail, for people: filter, read, open one event.

use super::client::People;
use super::frame::{Frame, page_number};
use crate::audit::{self, Action, AuditFilter, StoredEvent};
use crate::identity::{Authorized, need};
use crate::instant::{self, DAY};
use crate::service::Service;
use crate::web::Problem;
use actix_web::{HttpRequest, HttpResponse, web};
use octroi_frontend::views::{self, AuditEvent, AuditRow, AuditView, Paging};
use octroi_frontend::{Section, Words};
use sea_orm::prelude::Uuid;

const PAGE_SIZE: u64 = 50;

pub(super) async fn list(
    authorized: Authorized<need::ViewAudit>,
    request: HttpRequest,
    service: web::Data<Service>,
    asked: web::Query<views::AuditFilter>,
) -> Result<HttpResponse, Problem> {
    show(&authorized, &request, &service, asked.into_inner(), None).await
}

pub(super) async fn event_page(
    authorized: Authorized<need::ViewAudit>,
    request: HttpRequest,
    service: web::Data<Service>,
    id: web::Path<Uuid>,
    asked: web::Query<views::AuditFilter>,
) -> Result<HttpResponse, Problem> {
    let event = audit::find(&authorized.scope, *id)
        .await?
        .ok_or(Problem::NotFound("audit event"))?;
    show(
        &authorized,
        &request,
        &service,
        asked.into_inner(),
        Some(event),
    )
    .await
}

async fn show(
    authorized: &Authorized<need::ViewAudit>,
    request: &HttpRequest,
    service: &Service,
    asked: views::AuditFilter,
    opened: Option<StoredEvent>,
) -> Result<HttpResponse, Problem> {
    let scope = &authorized.scope;
    let frame = Frame::of(request, service, authorized, Section::Audit);
    let words = Words::of(frame.chrome.language);
    let page = page_number(request);
    let people = People::of(scope).await?;
    let filter = AuditFilter {
        offset: (page - 1) * PAGE_SIZE,
        limit: PAGE_SIZE,
        ..filter(&asked, &people)
    };
    let found = audit::search(scope, &filter).await?;
    let total = audit::count(scope, &filter).await?;
    let listed = audit::list_viewed(&found.events, "page");
    let opened_too = opened
        .as_ref()
        .map(|event| audit::event_viewed(event, "page"));
    let transaction = scope.begin().await?;
    transaction
        .commit(listed, opened_too.into_iter().collect())
        .await?;
    let view = AuditView {
        filter: asked,
        actions: Action::ALL
            .iter()
            .map(|action| action.as_str().to_owned())
            .collect(),
        rows: found
            .events
            .iter()
            .map(|event| row(event, &people, words))
            .collect(),
        paging: Paging {
            page,
            page_size: PAGE_SIZE,
            total,
        },
        opened: opened.map(|event| AuditEvent {
            row: row(&event, &people, words),
            request_id: Some(event.request_id.clone()),
            address: None,
            digest: Some(event.leaf_hash.clone()),
            previous_digest: None,
            details: pretty(&event.event),
        }),
    };
    frame.page(service, &view)
}

/// What was typed, as what can be searched for. Text that names nothing finds nothing.
fn filter(asked: &views::AuditFilter, people: &People) -> AuditFilter {
    let typed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let nothing = Uuid::nil();
    let subject = typed(&asked.subject);
    let actor = typed(&asked.actor);
    let roles = ["operator", "adviser", "analyst", "compliance", "admin"];
    let role = actor.clone().filter(|text| roles.contains(&text.as_str()));
    AuditFilter {
        action: Action::named(&asked.action),
        actor_ids: actor
            .clone()
            .filter(|_| role.is_none())
            .map(|text| people.named(&text)),
        actor_role: role,
        client_number: subject.as_deref().and_then(|text| text.parse().ok()),
        subject_id: subject.filter(|text| text.parse::<i64>().is_err()),
        decision_id: typed(&asked.decision).map(|text| text.parse().unwrap_or(nothing)),
        from: instant::midnight(&asked.from),
        until: instant::midnight(&asked.to).map(|day| day + DAY),
        ..AuditFilter::default()
    }
}

fn row(event: &StoredEvent, people: &People, words: &Words) -> AuditRow {
    let (kind, subject) = subject(event, people, words);
    AuditRow {
        id: event.id.to_string(),
        at: instant::rfc3339(event.at),
        actor: people.name(
            event.actor_role.as_deref().unwrap_or(&event.actor_kind),
            event.actor_id,
        ),
        actor_kind: event.actor_kind.clone(),
        action: event.action.clone(),
        subject_kind: kind,
        subject,
        decision: event.decision_id.map(|id| id.to_string()),
    }
}

/// Kind and name of what an event is about, as far as a reader knows it by a name.
fn subject(event: &StoredEvent, people: &People, words: &Words) -> (String, String) {
    if let Some(number) = event.client_number {
        return ("client".to_owned(), number.to_string());
    }
    let id = event.subject_id.as_str();
    let named = match event.subject_kind.as_str() {
        "user" | "api_key" => people.name(id, id.parse().ok()),
        "permission" => words.word("scope", id, id),
        "model_version" | "model_alias" | "portfolio" => id.to_owned(),
        "log" | "tenant" => String::new(),
        _ => id
            .chars()
            .rev()
            .take(8)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect(),
    };
    (event.subject_kind.clone(), named)
}

fn pretty(event: &str) -> String {
    serde_json::from_str::<serde_json::Value>(event)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| event.to_owned())
}
