//! What each process writes to know that the database keeps what it takes, and how often the
//! clients of a tenant have changed: what is kept in memory of them is known to be current by
//! that count, because a clock may be set back. The count is kept in several rows, so that those
//! who write at the same time rarely wait for each other.

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
                    .table("readiness_probe")
                    .col(uuid("process"))
                    .col(big_integer("written"))
                    .col(big_integer("written_at"))
                    .col(blob("content"))
                    .primary_key(Index::create().col("process").col("written"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("client_changes")
                    .col(uuid("tenant_id"))
                    .col(integer("stripe"))
                    .col(big_integer("changes"))
                    .primary_key(Index::create().col("tenant_id").col("stripe"))
                    .foreign_key(&mut tenant_key("client_changes"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["client_changes", "readiness_probe"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}
