//! Which clients an event is about when it is about more than one (a list that was shown, a
//! folder that was scored): "who saw this client" finds those events, too. Events about one
//! client have them in their own row and index, so nothing of before has to be filled in.

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
                    .table("client_of_event")
                    .col(uuid("tenant_id"))
                    .col(big_integer("client_number"))
                    .col(uuid("event_id"))
                    .primary_key(
                        Index::create()
                            .col("tenant_id")
                            .col("client_number")
                            .col("event_id"),
                    )
                    .foreign_key(&mut tenant_key("client_of_event"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("client_of_event").to_owned())
            .await
    }
}
