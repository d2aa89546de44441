//! The portfolio of each tenant (clients with their raw inputs and the features made of them)
//! and what scores it: model versions, which are immutable, and aliases, which move.

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
                    .table("client")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(big_integer("number"))
                    .col(string("name"))
                    .col(blob("inputs"))
                    .col(string("inputs_digest"))
                    .col(blob("features"))
                    .col(string("features_digest"))
                    .col(string("features_sql_digest"))
                    .col(double_null("age_years"))
                    .col(double_null("income"))
                    .col(double_null("credit"))
                    .col(uuid_null("decision_id"))
                    .col(double_null("pd"))
                    .col(double_null("threshold"))
                    .col(string_null("outcome"))
                    .col(big_integer_null("decided_at"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("client"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("client_number")
                    .table("client")
                    .col("tenant_id")
                    .col("number")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("client_pd")
                    .table("client")
                    .col("tenant_id")
                    .col("pd")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("model_version")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(string("model"))
                    .col(integer("version"))
                    .col(string("digest"))
                    .col(string("portfolio"))
                    .col(string("algorithm"))
                    .col(double("auc"))
                    .col(double("threshold"))
                    .col(string("created_by"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("model_version"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("model_version_number")
                    .table("model_version")
                    .col("tenant_id")
                    .col("model")
                    .col("version")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("model_alias")
                    .col(uuid("tenant_id"))
                    .col(string("model"))
                    .col(string("alias"))
                    .col(integer("version"))
                    .col(string("updated_by"))
                    .col(big_integer("updated_at"))
                    .primary_key(Index::create().col("tenant_id").col("model").col("alias"))
                    .foreign_key(&mut tenant_key("model_alias"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("drift_report")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(string("model"))
                    .col(integer("version"))
                    .col(text("report"))
                    .col(string("created_by"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("drift_report"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["drift_report", "model_alias", "model_version", "client"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}
