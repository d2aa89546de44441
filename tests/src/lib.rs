//! What the suites stand on: the built binary, a fixture of two banks made once per build,
//! a private PostgreSQL, one service per test on a copy of the fixture, and clients that talk
//! to it. Nothing of Octroi is linked in: what is tested is what is shipped.

// The functions here fail by panicking, which is how a test says why it failed.
#![allow(clippy::missing_panics_doc, clippy::must_use_candidate)]

mod application;
mod binary;
mod caller;
mod database;
mod fixture;
mod installation;
pub mod openapi;
pub mod pages;
mod postgres;
mod raw;
mod server;
mod visitor;

pub use application::{from_folder, rich_application};
pub use binary::{Ran, octroi, octroi_as, source_file, start};
pub use caller::{Answer, Caller};
pub use database::{DatabaseKind, Rows, numbers};
pub use fixture::{AZUR, Bank, HARBOUR, PASSWORD, Role, sha256_of_canonical};
pub use installation::{Installation, Stored};
pub use raw::{Dialer, Raw};
pub use server::{Server, signal};
pub use visitor::Visitor;

/// Declares tests that run once on SQLite and once on PostgreSQL, each on its own copy of the
/// fixture with the service running.
///
/// ```ignore
/// on_both_databases! {
///     fn a_sentence_about_behaviour(octroi: Installation) { ... }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* fn $name:ident($octroi:ident: $installation:ty) $body:block)+) => {
        $($(#[$attribute])* fn $name($octroi: $installation) $body)+

        mod sqlite {
            $(#[test] fn $name() {
                super::$name($crate::Installation::serving($crate::DatabaseKind::Sqlite));
            })+
        }

        mod postgresql {
            $(#[test] fn $name() {
                super::$name($crate::Installation::serving($crate::DatabaseKind::Postgresql));
            })+
        }
    };
}
