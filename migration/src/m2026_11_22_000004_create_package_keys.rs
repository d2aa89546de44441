//! The keys that sign model packages. They belong to the service, not to a tenant: a version
//! of one bank is signed like that of another.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("package_key")
                    .col(string("id").primary_key())
                    .col(blob("seed"))
                    .col(blob("public_key"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("package_key").to_owned())
            .await
    }
}
