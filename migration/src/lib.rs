//! The database's history, for SQLite and PostgreSQL alike. One file per step, never edited
//! once it has been released: a change of the schema is a new step. Conventions that every
//! table keeps: the tenant comes first in each primary key and index; instants are UTC
//! microseconds since 1970 in a `bigint` (one form in both databases, sortable, exact);
//! identifiers are UUIDs in version 7, so that they sort by creation.

// A step is one long statement in the vocabulary of the schema builder.
#![allow(clippy::wildcard_imports, clippy::too_many_lines)]

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{MigrationTrait, async_trait};

mod m2026_11_22_000001_create_tenants_and_people;
mod m2026_11_22_000002_create_clients_and_models;
mod m2026_11_22_000003_create_decisions_and_audit;
mod m2026_11_22_000004_create_package_keys;
mod m2026_11_25_000005_create_readiness_and_changes;
mod m2026_11_25_000006_wrap_keys;
mod m2026_11_25_000007_end_tokens_and_approve_keys;
mod m2026_11_25_000008_index_clients_of_events;

/// All steps in their order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m2026_11_22_000001_create_tenants_and_people::Migration),
            Box::new(m2026_11_22_000002_create_clients_and_models::Migration),
            Box::new(m2026_11_22_000003_create_decisions_and_audit::Migration),
            Box::new(m2026_11_22_000004_create_package_keys::Migration),
            Box::new(m2026_11_25_000005_create_readiness_and_changes::Migration),
            Box::new(m2026_11_25_000006_wrap_keys::Migration),
            Box::new(m2026_11_25_000007_end_tokens_and_approve_keys::Migration),
            Box::new(m2026_11_25_000008_index_clients_of_events::Migration),
        ]
    }
}
