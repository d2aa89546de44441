//! The audit trail: what happened, who did it, to what, in a form that later proves itself.
//! Each event is canonical JSON (RFC 8785) without personal data in clear, and its leaf hash
//! is that of an RFC 6962 tree (SHA-256 over a zero byte and the event).

mod event;
mod log;

pub use event::{Action, Actor, ActorKind, Event, Subject};
pub use log::{
    AuditFilter, AuditPage, StoredEvent, append, count, entity, event_viewed, find, last_seen,
    list_viewed, search,
};
