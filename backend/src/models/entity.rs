//! Tables `model_version` and `model_alias`.

use crate::tenancy::TenantEntity;

pub mod model_version {
    //! Table `model_version`: immutable once written.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "model_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub model: String,
        pub version: i32,
        pub digest: String,
        pub portfolio: String,
        pub algorithm: String,
        pub auc: f64,
        pub threshold: f64,
        pub created_by: String,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod model_alias {
    //! Table `model_alias`: one row per alias, moved in place.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "model_alias")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub model: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub alias: String,
        pub version: i32,
        pub updated_by: String,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantEntity for model_version::Entity {
    fn tenant_column() -> Self::Column {
        model_version::Column::TenantId
    }
}

impl TenantEntity for model_alias::Entity {
    fn tenant_column() -> Self::Column {
        model_alias::Column::TenantId
    }
}
