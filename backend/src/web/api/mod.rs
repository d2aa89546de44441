//! The JSON API, by version.

mod v1;

pub(super) use v1::routes;
pub use v1::document;
