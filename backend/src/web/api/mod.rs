//! The JSON API, by version.

mod v1;

pub use v1::document;
pub(super) use v1::routes;
