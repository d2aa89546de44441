//! The audit trail, for programs.

use super::page_size;
use crate::audit::{self, Action, AuditFilter, StoredEvent};
use crate::identity::{Authorized, need};
use crate::web::Problem;
use actix_web::{Responder, web};
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
struct AuditEntry {
    id: Uuid,
    /// The event as recorded.
    #[schema(value_type = Object)]
    event: Value,
    /// SHA-256 over a zero byte and the canonical event (a leaf of RFC 6962).
    leaf_hash: String,
}

#[derive(Serialize, ToSchema)]
struct AuditList {
    events: Vec<AuditEntry>,
    /// Pass as `before` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

impl From<StoredEvent> for AuditEntry {
    fn from(row: StoredEvent) -> Self {
        Self {
            id: row.id,
            event: serde_json::from_str(&row.event).unwrap_or(Value::Null),
            leaf_hash: row.leaf_hash,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// For example `explanation_shown`.
    #[param(value_type = Option<Action>)]
    action: Option<String>,
    /// About this client, alone or among others (in a list that was shown).
    client: Option<i64>,
    decision: Option<Uuid>,
    actor: Option<Uuid>,
    /// Only those before this one.
    before: Option<Uuid>,
    /// How many.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// Events of the bank, newest first.
#[utoipa::path(
    get, path = "/audit/events",
    operation_id = "list_audit_events",
    context_path = "/api/v1", tag = "audit", params(AuditQuery),
    responses(
        (status = 200, body = AuditList),
    )
)]
pub(super) async fn list(
    authorized: Authorized<need::ViewAudit>,
    query: web::Query<AuditQuery>,
) -> Result<impl Responder, Problem> {
    let action = match &query.action {
        None => None,
        Some(name) => Some(Action::named(name).ok_or_else(|| {
            let known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
            Problem::BadRequest(format!(
                "no action \"{name}\"; actions are {}",
                known.join(", ")
            ))
        })?),
    };
    let filter = AuditFilter {
        action,
        actor_ids: query.actor.map(|actor| vec![actor]),
        client_number: query.client,
        decision_id: query.decision,
        before: query.before,
        limit: page_size(query.limit)?,
        ..AuditFilter::default()
    };
    let page = audit::search(&authorized.scope, &filter).await?;
    authorized
        .scope
        .record(audit::list_viewed(&page.events, "api"))
        .await?;
    Ok(web::Json(AuditList {
        events: page.events.into_iter().map(AuditEntry::from).collect(),
        next: page.next,
    }))
}

/// One event.
#[utoipa::path(
    get, path = "/audit/events/{id}",
    operation_id = "find_audit_event",
    context_path = "/api/v1", tag = "audit", params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = AuditEntry),
    )
)]
pub(super) async fn find(
    authorized: Authorized<need::ViewAudit>,
    id: web::Path<Uuid>,
) -> Result<impl Responder, Problem> {
    let row = audit::find(&authorized.scope, *id)
        .await?
        .ok_or(Problem::NotFound("audit event"))?;
    authorized
        .scope
        .record(audit::event_viewed(&row, "api"))
        .await?;
    Ok(web::Json(AuditEntry::from(row)))
}
