//! The stored log of one tenant: appending inside a transaction, searching, opening one entry.

use super::{Action, Event};
use crate::instant;
use crate::tenancy::{TenantEntity, TenantScope};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{SelectStatement, UnionType};
use sea_orm::{
    ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
};
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

pub mod client_index {
    //! Table `client_of_event`: the clients of events that are about more than one.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "client_of_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub client_number: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for client_index::Entity {
    fn tenant_column() -> Self::Column {
        client_index::Column::TenantId
    }
}

impl TenantEntity for entity::Entity {
    fn tenant_column() -> Self::Column {
        entity::Column::TenantId
    }
}

/// An entry as it stands in the log.
pub type StoredEvent = entity::Model;

/// Clients that one event names at most: with numbers of twenty digits it stays below 16 KiB.
const MOST_CLIENTS: usize = 500;

/// One of the events that an event with many clients is written as.
struct Part<'a> {
    id: Uuid,
    event: &'a Event,
    client_number: Option<i64>,
    client_numbers: &'a [i64],
    /// Which one, from 1, of how many.
    place: Option<(usize, usize)>,
}

/// The first part keeps the event's id.
fn parts(event: &Event) -> Vec<Part<'_>> {
    let whole = Part {
        id: event.id,
        event,
        client_number: event.client_number,
        client_numbers: &[],
        place: None,
    };
    match event.client_numbers.as_slice() {
        [] => vec![whole],
        [number] if event.client_number.is_none_or(|own| own == *number) => vec![Part {
            client_number: Some(*number),
            ..whole
        }],
        numbers => {
            let chunks = numbers.chunks(MOST_CLIENTS);
            let of = chunks.len();
            chunks
                .enumerate()
                .map(|(i, client_numbers)| Part {
                    id: if i == 0 { event.id } else { Uuid::now_v7() },
                    event,
                    client_number: event.client_number,
                    client_numbers,
                    place: (of > 1).then_some((i + 1, of)),
                })
                .collect()
        }
    }
}

/// Appends events inside the caller's transaction; returns their ids in the order given.
pub async fn append(
    connection: &impl ConnectionTrait,
    scope: &TenantScope,
    events: &[Event],
) -> Result<Vec<Uuid>, DbErr> {
    let at = instant::now();
    let mut rows = Vec::with_capacity(events.len());
    let mut about = Vec::new();
    for part in events.iter().flat_map(parts) {
        let event = part.event;
        let bytes = canonical(scope, &part, at)?;
        let mut leaf = Sha256::new();
        leaf.update([0_u8]);
        leaf.update(&bytes);
        rows.push(entity::ActiveModel {
            tenant_id: Set(scope.tenant_id().0),
            id: Set(part.id),
            at: Set(at),
            actor_kind: Set(scope.actor().kind.as_str().to_owned()),
            actor_id: Set(scope.actor().id),
            actor_role: Set(scope.actor().role.clone()),
            action: Set(event.action.as_str().to_owned()),
            subject_kind: Set(event.subject.kind.to_owned()),
            subject_id: Set(event.subject.id.clone()),
            client_number: Set(part.client_number),
            decision_id: Set(event.decision_id),
            request_id: Set(scope.request_id().to_owned()),
            event: Set(bytes),
            leaf_hash: Set(hex::encode(leaf.finalize())),
        });
        for number in part.client_numbers {
            about.push(client_index::ActiveModel {
                tenant_id: Set(scope.tenant_id().0),
                client_number: Set(*number),
                event_id: Set(part.id),
            });
        }
    }
    // SQLite takes at most 32,766 variables in one statement.
    for chunk in rows.chunks(1_000) {
        entity::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(connection)
            .await?;
    }
    for chunk in about.chunks(10_000) {
        client_index::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(events.iter().map(|event| event.id).collect())
}

fn canonical(scope: &TenantScope, part: &Part<'_>, at: i64) -> Result<String, DbErr> {
    let event = part.event;
    let mut value: Value = json!({
        "version": 1,
        "id": part.id,
        "tenant": scope.tenant_id(),
        "at": instant::rfc3339(at),
        "actor": scope.actor(),
        "action": event.action,
        "subject": event.subject,
        "client": part.client_number,
        "decision": event.decision_id,
        "request_id": scope.request_id(),
        "data": event.data,
    });
    if !part.client_numbers.is_empty() {
        value["clients"] = json!(part.client_numbers);
    }
    if let Some((number, of)) = part.place {
        value["part"] = json!({ "number": number, "of": of, "first": event.id });
    }
    serde_jcs::to_string(&value).map_err(|error| DbErr::Custom(error.to_string()))
}

/// The clients that a stored event is about, one or many.
fn clients_of(event: &StoredEvent) -> Vec<i64> {
    let told: Value = serde_json::from_str(&event.event).unwrap_or_default();
    let many = told["clients"].as_array().into_iter().flatten();
    let mut numbers: Vec<i64> = many.filter_map(Value::as_i64).collect();
    numbers.extend(event.client_number);
    numbers
}

/// The event of an entry that was read: about the clients that it is about.
#[must_use]
pub fn event_viewed(event: &StoredEvent, channel: &str) -> Event {
    Event::new(Action::LogViewed, "audit_event", event.id)
        .about_clients(clients_of(event))
        .with(json!({ "channel": channel }))
}

/// The event of a page of the log that was read: about the clients of the entries about one
/// client. The clients of an entry about many are found by way of that entry, whose id lies
/// between the two that are told here; otherwise each look at the log would repeat the clients
/// of all looks before it.
#[must_use]
pub fn list_viewed(events: &[StoredEvent], channel: &str) -> Event {
    let numbers = events.iter().filter_map(|event| event.client_number);
    Event::new(Action::LogViewed, "log", "events")
        .about_clients(numbers)
        .with(json!({
            "channel": channel,
            "events": events.len(),
            "newest": events.first().map(|event| event.id),
            "oldest": events.last().map(|event| event.id),
        }))
}

/// What a compliance officer looks for.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub action: Option<Action>,
    /// One of these; an empty list finds nothing.
    pub actor_ids: Option<Vec<Uuid>>,
    /// A role, `operator` for the command line.
    pub actor_role: Option<String>,
    /// About this client, alone or among others.
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

/// The ids of the events about a client: of those about it alone, and of those about many.
/// Each half is one range of an index, and so is `before`, which on the events themselves would
/// be a range of all events.
fn about(scope: &TenantScope, number: i64, before: Option<Uuid>) -> SelectStatement {
    let mut alone = scope
        .find::<entity::Entity>()
        .filter(entity::Column::ClientNumber.eq(number))
        .apply_if(before, |query, id| query.filter(entity::Column::Id.lt(id)))
        .select_only()
        .column(entity::Column::Id)
        .into_query();
    let among_others = scope
        .find::<client_index::Entity>()
        .filter(client_index::Column::ClientNumber.eq(number))
        .apply_if(before, |query, id| {
            query.filter(client_index::Column::EventId.lt(id))
        })
        .select_only()
        .column(client_index::Column::EventId)
        .into_query();
    alone.union(UnionType::All, among_others).to_owned()
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
        query = query.filter(Column::Id.in_subquery(about(scope, number, filter.before)));
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
    if let Some(before) = filter.before
        && filter.client_number.is_none()
    {
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
