//! How often the clients of a tenant have changed: a count that only grows, raised in the
//! transaction of the change. What is kept in memory of the clients is current as long as the
//! count is the same; instants would not do, because a clock may be set back and two changes
//! may fall into one instant.

use crate::tenancy::{TenantEntity, TenantScope, TenantTransaction};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ExprTrait, QuerySelect, Set};

pub(super) mod entity {
    //! Table `client_changes`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "client_changes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub stripe: i32,
        pub changes: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for entity::Entity {
    fn tenant_column() -> Self::Column {
        entity::Column::TenantId
    }
}

/// Rows that the count of one tenant is spread over: on PostgreSQL whoever raises a row holds
/// it until the commit.
const STRIPES: u8 = 16;

/// Raises the count by one.
pub(super) async fn count_one(transaction: &TenantTransaction) -> Result<(), DbErr> {
    use entity::Column;
    let row = entity::ActiveModel {
        tenant_id: Set(transaction.tenant_id().0),
        stripe: Set(i32::from(rand::random::<u8>() % STRIPES)),
        changes: Set(1),
    };
    let one_more = OnConflict::columns([Column::TenantId, Column::Stripe])
        .value(
            Column::Changes,
            Expr::col((entity::Entity, Column::Changes)).add(1),
        )
        .to_owned();
    entity::Entity::insert(row)
        .on_conflict(one_more)
        .exec_without_returning(transaction.connection())
        .await?;
    Ok(())
}

/// The count as of now.
pub(super) async fn counted(scope: &TenantScope) -> Result<i64, DbErr> {
    let rows: Vec<i64> = scope
        .find::<entity::Entity>()
        .select_only()
        .column(entity::Column::Changes)
        .into_tuple()
        .all(scope.reader())
        .await?;
    Ok(rows.iter().sum())
}
