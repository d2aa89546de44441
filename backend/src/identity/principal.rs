//! Somebody who has been authenticated: a person or a partner's system, of one tenant.

use super::{Permission, Role};
use crate::audit::{Actor, ActorKind};
use crate::tenancy::Tenant;
use octroi_data::language::Language;
use sea_orm::prelude::Uuid;
use std::sync::Arc;

/// Authenticated, and of one tenant only.
#[derive(Clone, Debug)]
pub struct Principal {
    pub tenant: Arc<Tenant>,
    pub kind: ActorKind,
    pub id: Uuid,
    pub name: String,
    /// `None` for an API key, whose permissions are its scopes.
    pub role: Option<Role>,
    pub permissions: Vec<Permission>,
    pub language: Language,
    /// API keys that wait for this person's approval; known where there is a page to say it.
    pub keys_waiting: usize,
}

impl Principal {
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// As the audit trail names it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            kind: self.kind,
            id: Some(self.id),
            role: self.role.map(|role| role.as_str().to_owned()),
        }
    }
}
