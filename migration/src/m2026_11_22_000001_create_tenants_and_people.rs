//! Tenants, the people who sign in, their sessions, the keys of partner systems, and the key
//! pairs that sign access tokens. Secrets are stored as hashes only; a session's or key's
//! secret is found by its hash, never compared in the clear.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("tenant")
                    .col(uuid("id").primary_key())
                    .col(string_uniq("slug"))
                    .col(string("name"))
                    .col(string("language"))
                    .col(string("portfolio"))
                    .col(double("fn_cost"))
                    .col(double("fp_cost"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("user_account")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(string_uniq("email"))
                    .col(string("name"))
                    .col(string("role"))
                    .col(string("language"))
                    .col(string("password_hash"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("disabled_at"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("user_account"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("session")
                    .col(string("token_hash").primary_key())
                    .col(uuid("tenant_id"))
                    .col(uuid("user_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("last_seen_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(&mut tenant_key("session"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("session_of_user")
                    .table("session")
                    .col("tenant_id")
                    .col("user_id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("api_key")
                    .col(uuid("tenant_id"))
                    .col(uuid("id"))
                    .col(string_uniq("secret_hash"))
                    .col(string("name"))
                    .col(string("prefix"))
                    .col(string("scopes"))
                    .col(uuid_null("created_by"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("expires_at"))
                    .col(big_integer_null("revoked_at"))
                    .primary_key(Index::create().col("tenant_id").col("id"))
                    .foreign_key(&mut tenant_key("api_key"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("signing_key")
                    .col(string("id").primary_key())
                    .col(blob("private_key"))
                    .col(string("public_key"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "signing_key",
            "api_key",
            "session",
            "user_account",
            "tenant",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

/// Every row belongs to a tenant that exists; a tenant with rows cannot vanish under them.
pub(crate) fn tenant_key(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_tenant"))
        .from(table, "tenant_id")
        .to("tenant", "id")
        .to_owned()
}
