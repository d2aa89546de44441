//! Table `package_key`: the key pairs that sign packages. The newest signs, all verify, so
//! that a key can be replaced without refusing what it signed. They stand in the database
//! because all replicas must accept each other's packages.

use crate::database::Database;
use crate::instant;
use octroi_model_registry::signature::PackageKeys;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryOrder, Set};

use super::ModelError;

mod entity {
    //! Table `package_key`.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "package_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub seed: Vec<u8>,
        pub public_key: Vec<u8>,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Identifier of the first key: replicas that start together must not make two.
const FIRST: &str = "first";

/// The keys of this service, the first of them made when there is none.
pub(super) async fn load(database: &Database) -> Result<PackageKeys, ModelError> {
    let mut keys = all(database).await?;
    if keys.is_empty() {
        let seed = rand::random::<[u8; 32]>();
        let row = entity::ActiveModel {
            id: Set(FIRST.to_owned()),
            seed: Set(seed.to_vec()),
            public_key: Set(PackageKeys::new(seed, &[]).public().to_vec()),
            created_at: Set(instant::now()),
        };
        entity::Entity::insert(row)
            .on_conflict(
                OnConflict::column(entity::Column::Id)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(database.write())
            .await?;
        keys = all(database).await?;
    }
    let earlier: Vec<[u8; 32]> = keys
        .iter()
        .filter_map(|key| key.public_key.as_slice().try_into().ok())
        .collect();
    let seed = keys
        .first()
        .and_then(|key| key.seed.as_slice().try_into().ok())
        .ok_or(ModelError::PackageKey)?;
    Ok(PackageKeys::new(seed, &earlier))
}

/// Newest first.
async fn all(database: &Database) -> Result<Vec<entity::Model>, ModelError> {
    Ok(entity::Entity::find()
        .order_by_desc(entity::Column::CreatedAt)
        .order_by_desc(entity::Column::Id)
        .all(database.write())
        .await?)
}
