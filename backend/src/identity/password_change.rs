//! Changing one's own password, and what a new password always ends: the other sessions, every
//! access token, and the one-time links that are still open.

use super::{
    AccountError, Password, PasswordError, PasswordHasher, account, account_entity, password_link,
    session,
};
use crate::audit::{Action, Event};
use crate::tenancy::{TenantScope, TenantTransaction};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Set};
use serde_json::json;

/// How a change of one's own password ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    Done,
    /// The old password is another one.
    WrongPassword,
}

/// Changes the person's own password, and ends every other session, every token and every
/// link. A wrong old password is an event.
pub async fn change(
    scope: &TenantScope,
    hasher: &PasswordHasher,
    user: Uuid,
    (old, chosen): (Password, Password),
    cookie: &str,
) -> Result<PasswordChange, AccountError> {
    let row = scope
        .find::<account_entity::Entity>()
        .filter(account_entity::Column::Id.eq(user))
        .one(scope.reader())
        .await?;
    let stored = row.map(|row| row.password_hash);
    let same = old.is(&chosen);
    if !hasher.verify(old, stored.clone()).await? {
        let event =
            Event::new(Action::SignInFailed, "user", user).with(json!({ "at": "password change" }));
        scope.record(event).await?;
        return Ok(PasswordChange::WrongPassword);
    }
    if same {
        return Err(PasswordError::Same.into());
    }
    let password_hash = hasher.hash(chosen).await?;
    let transaction = scope.begin().await?;
    let person = account::locked(&transaction, user).await?;
    // Changed or disabled in the meantime: what was checked is not so any more.
    let Some(person) = person
        .filter(|row| row.disabled_at.is_none() && Some(&row.password_hash) == stored.as_ref())
    else {
        return Ok(PasswordChange::WrongPassword);
    };
    replace(&transaction, person, password_hash, cookie).await?;
    transaction
        .commit(
            Event::new(Action::PasswordChanged, "user", user),
            Vec::new(),
        )
        .await?;
    Ok(PasswordChange::Done)
}

/// What a new password always does; the session of `cookie` goes on.
pub(super) async fn replace(
    transaction: &TenantTransaction,
    person: account_entity::Model,
    password_hash: String,
    cookie: &str,
) -> Result<(), DbErr> {
    let user = person.id;
    let mut row: account_entity::ActiveModel = person.into();
    row.password_hash = Set(password_hash);
    row.update(transaction.connection()).await?;
    account::end_tokens(transaction, user).await?;
    session::end_others_of(transaction, user, cookie).await?;
    password_link::end_all_of(transaction, user).await
}
