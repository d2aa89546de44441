//! The stored log of one tenant: appending inside a transaction, searching, opening one entry.

use super::{Action, Event};
use crate::instant;
use crate::tenancy::{TenantEntity, TenantScope};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

pub mod entity {
    //! Table `audit_event`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: i64,
        pub actor_kind: String,
        pub actor_id: Option<Uuid>,
        pub actor_role: Option<String>,
        pub action: String,
        pub subject_kind: String,
        pub subject_id: String,
        pub client_number: Option<i64>,
        pub decision_id: Option<Uuid>,
        pub request_id: String,
        #[sea_orm(column_type = "Text")]
        pub event: String,
        pub leaf_hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for entity::Entity {
    fn tenant_column() -> Self::Column {
        entity::Column::TenantId
    }
}

/// An entry as it stands in the log.
pub type StoredEvent = entity::Model;

/// Appends events inside the caller's transaction; returns their ids.
pub async fn append(
    connection: &impl ConnectionTrait,
    scope: &TenantScope,
    events: &[Event],
) -> Result<Vec<Uuid>, DbErr> {
    let at = instant::now();
    let mut ids = Vec::with_capacity(events.len());
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let id = event.id;
        let bytes = canonical(scope, event, at)?;
        let mut leaf = Sha256::new();
        leaf.update([0_u8]);
        leaf.update(&bytes);
        rows.push(entity::ActiveModel {
            tenant_id: Set(scope.tenant_id().0),
            id: Set(id),
            at: Set(at),
            actor_kind: Set(scope.actor().kind.as_str().to_owned()),
            actor_id: Set(scope.actor().id),
            actor_role: Set(scope.actor().role.clone()),
            action: Set(event.action.as_str().to_owned()),
            subject_kind: Set(event.subject.kind.to_owned()),
            subject_id: Set(event.subject.id.clone()),
            client_number: Set(event.client_number),
            decision_id: Set(event.decision_id),
            request_id: Set(scope.request_id().to_owned()),
            event: Set(bytes),
            leaf_hash: Set(hex::encode(leaf.finalize())),
        });
        ids.push(id);
    }
    // SQLite takes at most 32,766 variables in one statement.
    for chunk in rows.chunks(1_000) {
        entity::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(ids)
}

fn canonical(scope: &TenantScope, event: &Event, at: i64) -> Result<String, DbErr> {
    let value: Value = json!({
        "version": 1,
        "id": event.id,
        "tenant": scope.tenant_id(),
        "at": instant::rfc3339(at),
        "actor": scope.actor(),
        "action": event.action,
        "subject": event.subject,
        "client": event.client_number,
        "decision": event.decision_id,
        "request_id": scope.request_id(),
        "data": event.data,
    });
    serde_jcs::to_string(&value).map_err(|error| DbErr::Custom(error.to_string()))
}

/// What a compliance officer looks for.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub action: Option<Action>,
    /// One of these; an empty list finds nothing.
    pub actor_ids: Option<Vec<Uuid>>,
    /// A role, `operator` for the command line.
    pub actor_role: Option<String>,
    pub client_number: Option<i64>,
    pub subject_id: Option<String>,
    pub decision_id: Option<Uuid>,
    /// First instant, in microseconds.
    pub from: Option<i64>,
    /// First instant after the period, in microseconds.
    pub until: Option<i64>,
    /// Events before this one (the last of the page before).
    pub before: Option<Uuid>,
    /// Events to skip.
    pub offset: u64,
    pub limit: u64,
}

/// One page of events, newest first.
pub struct AuditPage {
    pub events: Vec<StoredEvent>,
    /// Pass as `before` for the next page.
    pub next: Option<Uuid>,
}

fn matching(scope: &TenantScope, filter: &AuditFilter) -> Select<entity::Entity> {
    use entity::Column;
    let mut query = scope.find::<entity::Entity>();
    if let Some(action) = filter.action {
        query = query.filter(Column::Action.eq(action.as_str()));
    }
    if let Some(actors) = &filter.actor_ids {
        query = query.filter(Column::ActorId.is_in(actors.iter().copied()));
    }
    if let Some(role) = &filter.actor_role {
        query = query.filter(Column::ActorRole.eq(role.as_str()));
    }
    if let Some(number) = filter.client_number {
        query = query.filter(Column::ClientNumber.eq(number));
    }
    if let Some(subject) = &filter.subject_id {
        query = query.filter(Column::SubjectId.eq(subject.as_str()));
    }
    if let Some(decision) = filter.decision_id {
        query = query.filter(Column::DecisionId.eq(decision));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::At.gte(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::At.lt(until));
    }
    if let Some(before) = filter.before {
        query = query.filter(Column::Id.lt(before));
    }
    query
}

/// How many events match.
pub async fn count(scope: &TenantScope, filter: &AuditFilter) -> Result<u64, DbErr> {
    matching(scope, filter).count(scope.reader()).await
}

/// Newest first.
pub async fn search(scope: &TenantScope, filter: &AuditFilter) -> Result<AuditPage, DbErr> {
    let limit = filter.limit.clamp(1, 1_000);
    let mut events = matching(scope, filter)
        .order_by_desc(entity::Column::Id)
        .offset(filter.offset)
        .limit(limit + 1)
        .all(scope.reader())
        .await?;
    let next = if events.len() as u64 > limit {
        events.truncate(limit as usize);
        events.last().map(|event| event.id)
    } else {
        None
    };
    Ok(AuditPage { events, next })
}

/// One entry of this tenant's log.
pub async fn find(scope: &TenantScope, id: Uuid) -> Result<Option<StoredEvent>, DbErr> {
    scope
        .find::<entity::Entity>()
        .filter(entity::Column::Id.eq(id))
        .one(scope.reader())
        .await
}

/// When each actor was last seen in the log, or last did `action`.
pub async fn last_seen(
    scope: &TenantScope,
    action: Option<Action>,
) -> Result<HashMap<Uuid, i64>, DbErr> {
    let filter = AuditFilter {
        action,
        ..AuditFilter::default()
    };
    let rows: Vec<(Uuid, i64)> = matching(scope, &filter)
        .filter(entity::Column::ActorId.is_not_null())
        .select_only()
        .column(entity::Column::ActorId)
        .column_as(entity::Column::At.max(), "at")
        .group_by(entity::Column::ActorId)
        .into_tuple()
        .all(scope.reader())
        .await?;
    Ok(rows.into_iter().collect())
}
