//! The keys that sign: access tokens with one kind, model packages with the other. They stand
//! in the database, because all replicas must accept each other's tokens and packages, but
//! wrapped: whoever reads the database or a backup of it has no key without the operator's,
//! which lies elsewhere. They can be replaced while the service runs ([`KeyStore::rotate`]):
//! the newest of a kind signs, the earlier ones go on verifying, and a replica that meets one
//! it does not know reads them again ([`InUse`]).

mod in_use;
mod operator;
mod store;

pub use in_use::InUse;
pub use operator::OperatorKey;
pub use store::{KeyPair, KeyStore, Purpose};

use sea_orm::DbErr;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "no operator's key is configured, and without one the keys that sign tokens and packages \
         are not kept: make one (`openssl rand -base64 32`), keep it where only the service can \
         read it, and name its file with secrets.key_file or give it as OCTROI_SECRETS__KEY"
    )]
    NotConfigured,
    #[error(
        "the keys in the database are wrapped by the operator's key {wrapped_by}, which is not \
         there: {} does not exist, and neither secrets.key_file nor OCTROI_SECRETS__KEY is set; \
         set one of them, or put the file back from its own backup", .looked_at.display()
    )]
    Missing {
        wrapped_by: String,
        looked_at: PathBuf,
    },
    #[error(
        "the keys in the database are wrapped by the operator's key {wrapped_by}, and {origin} \
         is {given}: give the right one with secrets.key_file or OCTROI_SECRETS__KEY"
    )]
    Other {
        wrapped_by: String,
        origin: String,
        given: String,
    },
    #[error(
        "{0} is no operator's key: 32 bytes in base64 or in hexadecimal are expected, as \
         `openssl rand -base64 32` prints them"
    )]
    Unusable(String),
    #[error("the operator's key {} cannot be read: {source}", .path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the operator's key {} cannot be made: {source}", .path.display())]
    Unwritable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "the key {id} of the table {table} is not what this service wrapped: it was altered or \
         exchanged in the database"
    )]
    Altered { table: &'static str, id: String },
    #[error(
        "the table {table} has {what} although the others are wrapped: somebody has changed the \
         database"
    )]
    Mixed {
        table: &'static str,
        what: &'static str,
    },
    #[error("a key cannot be wrapped")]
    Wrapping,
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Tells the operator: in the log where there is one, else on standard error.
fn tell(message: &str) {
    if tracing::dispatcher::has_been_set() {
        tracing::warn!("{message}");
    } else {
        eprintln!("note: {message}");
    }
}
