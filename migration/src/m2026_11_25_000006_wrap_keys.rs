//! Which operator's key a key that signs is wrapped by. NULL is a key in clear, as all were
//! before: the first start with an operator's key wraps them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 2] = ["signing_key", "package_key"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            let alter = Table::alter()
                .table(table)
                .add_column(string_null("wrapped_by"))
                .to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            let alter = Table::alter()
                .table(table)
                .drop_column("wrapped_by")
                .to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}
