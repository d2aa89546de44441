//! What ends or holds back a credential: the generation of a person's access tokens (one that
//! carries another generation is refused), who has approved a partner's key and which of its
//! scopes still wait, and the one-time links by which a person sets a password.

use crate::m2026_11_22_000001_create_tenants_and_people::tenant_key;
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column per statement.
        for (table, column) in [
            (
                "user_account",
                big_integer("token_generation").default(0).to_owned(),
            ),
            // Scopes, as in `scopes`, that nobody has approved yet; empty: the key works.
            ("api_key", string("awaiting").default("").to_owned()),
            // JSON: `[{"scope": ..., "by": ..., "at": ...}]`.
            ("api_key", text("approvals").default("[]").to_owned()),
            ("api_key", uuid_null("refused_by")),
        ] {
            manager
                .alter_table(Table::alter().table(table).add_column(column).to_owned())
                .await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("password_link")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(string_uniq("token_hash"))
                    .col(uuid("user_id"))
                    .col(uuid_null("made_by"))
                    .col(big_integer("made_at"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("used_at"))
                    .col(big_integer_null("ended_at"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("password_link"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("password_link_of_user")
                    .table("password_link")
                    .col("tenant_id")
                    .col("user_id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("password_link").to_owned())
            .await?;
        for (table, column) in [
            ("api_key", "refused_by"),
            ("api_key", "approvals"),
            ("api_key", "awaiting"),
            ("user_account", "token_generation"),
        ] {
            manager
                .alter_table(Table::alter().table(table).drop_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}
