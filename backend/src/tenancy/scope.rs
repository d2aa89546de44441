//! The only way to the tables that belong to tenants. A read starts with [`TenantScope::find`],
//! which has the tenant in its WHERE clause already; a write happens in a
//! [`TenantTransaction`], which can be committed only together with at least one audit event:
//! this is what makes "an action and its event commit together" hold by construction.

use super::{Tenant, TenantId};
use crate::audit::{self, Actor, Event};
use crate::database::{Database, Transaction};
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, QueryFilter};
use std::sync::Arc;

/// A table whose rows belong to tenants.
pub trait TenantEntity: EntityTrait {
    /// The column that holds the tenant.
    fn tenant_column() -> Self::Column;
}

/// One tenant's tables, and on whose behalf they are used.
#[derive(Clone)]
pub struct TenantScope {
    database: Database,
    tenant: Arc<Tenant>,
    actor: Actor,
    request_id: String,
}

impl TenantScope {
    /// `request_id` goes into every event written through this scope.
    #[must_use]
    pub fn new(database: Database, tenant: Arc<Tenant>, actor: Actor, request_id: String) -> Self {
        Self {
            database,
            tenant,
            actor,
            request_id,
        }
    }

    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    #[must_use]
    pub fn tenant_id(&self) -> TenantId {
        self.tenant.id
    }

    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Rows of this tenant only.
    #[must_use]
    pub fn find<E: TenantEntity>(&self) -> Select<E> {
        E::find().filter(E::tenant_column().eq(self.tenant.id.0))
    }

    /// The pool to run a [`find`](Self::find) on.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        self.database.read()
    }

    /// Begins a transaction; dropping it rolls back.
    pub async fn begin(&self) -> Result<TenantTransaction, DbErr> {
        Ok(TenantTransaction {
            scope: self.clone(),
            transaction: self.database.write().begin().await?,
        })
    }

    /// Commits an event that stands for itself (a denied access, a log viewed).
    pub async fn record(&self, event: Event) -> Result<Uuid, DbErr> {
        let ids = self.begin().await?.commit(event, Vec::new()).await?;
        Ok(ids[0])
    }
}

/// Writes of one tenant that become visible together with their audit events, or not at all.
pub struct TenantTransaction {
    scope: TenantScope,
    transaction: Transaction,
}

impl TenantTransaction {
    /// The connection that the transaction's statements run on.
    #[must_use]
    pub fn connection(&self) -> &Transaction {
        &self.transaction
    }

    #[must_use]
    pub fn tenant_id(&self) -> TenantId {
        self.scope.tenant_id()
    }

    /// On whose behalf it writes.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        self.scope.actor()
    }

    /// Rows of this tenant, read inside the transaction.
    #[must_use]
    pub fn find<E: TenantEntity>(&self) -> Select<E> {
        self.scope.find()
    }

    /// Writes the events and commits; returns their ids in the order given. There is no
    /// commit without an event.
    pub async fn commit(self, first: Event, more: Vec<Event>) -> Result<Vec<Uuid>, DbErr> {
        let mut events = vec![first];
        events.extend(more);
        let ids = audit::append(&self.transaction, &self.scope, &events).await?;
        self.transaction.commit().await?;
        Ok(ids)
    }
}
