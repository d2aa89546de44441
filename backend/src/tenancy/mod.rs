//! Tenants and the only way to their tables. A [`TenantScope`] is made from an authenticated
//! principal (or, on the command line, from a tenant's name) and every query starts from it.

mod scope;
mod tenant;

pub use scope::{TenantEntity, TenantScope, TenantTransaction};
pub use tenant::{Tenant, TenantError, TenantId, create, entity, find_by_slug, list};
