//! What was decided, on which inputs, why, and who was shown it: decisions with everything
//! that recomputes them, their explanations, the audit events, and the keys that make a
//! repeated request one decision.

use crate::m2026_11_22_000001_create_tenants_and_people::tenant_key;
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("decision")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(big_integer("client_number"))
                    .col(string("model"))
                    .col(integer("version"))
                    .col(string_null("alias"))
                    .col(string("model_digest"))
                    .col(string("inputs_digest"))
                    .col(string("features_digest"))
                    .col(string("features_sql_digest"))
                    .col(blob("inputs"))
                    .col(blob("features"))
                    .col(double("margin"))
                    .col(double("pd"))
                    .col(double("threshold"))
                    .col(string("outcome"))
                    .col(string("channel"))
                    .col(string("actor_kind"))
                    .col(uuid_null("actor_id"))
                    .col(string("code_version"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("decision"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("decision_of_client")
                    .table("decision")
                    .col("tenant_id")
                    .col("client_number")
                    .col("created_at")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("explanation")
                    .col(uuid("tenant_id"))
                    .col(uuid("decision_id"))
                    .col(double("base_value"))
                    .col(blob("contributions"))
                    .col(string("digest"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("tenant_id").col("decision_id"))
                    .foreign_key(&mut tenant_key("explanation"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("audit_event")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(big_integer("at"))
                    .col(string("actor_kind"))
                    .col(uuid_null("actor_id"))
                    .col(string_null("actor_role"))
                    .col(string("action"))
                    .col(string("subject_kind"))
                    .col(string("subject_id"))
                    .col(big_integer_null("client_number"))
                    .col(uuid_null("decision_id"))
                    .col(string("request_id"))
                    .col(text("event"))
                    .col(string("leaf_hash"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("audit_event"))
                    .to_owned(),
            )
            .await?;
        for (name, column) in [
            ("audit_event_action", "action"),
            ("audit_event_client", "client_number"),
            ("audit_event_decision", "decision_id"),
            ("audit_event_actor", "actor_id"),
        ] {
            manager
                .create_index(
                    Index::create()
                        .name(name)
                        .table("audit_event")
                        .col("tenant_id")
                        .col(column)
                        .col("id")
                        .to_owned(),
                )
                .await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("idempotency_key")
                    .col(uuid("tenant_id"))
                    .col(string("key"))
                    .col(string("request_digest"))
                    .col(uuid("decision_id"))
                    .col(text("answer"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("tenant_id").col("key"))
                    .foreign_key(&mut tenant_key("idempotency_key"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["idempotency_key", "audit_event", "explanation", "decision"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}
