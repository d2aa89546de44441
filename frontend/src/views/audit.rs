//! The audit log: `GET /audit?actor=&action=&subject=&decision=&from=&to=&page=`, one event
//! opened at `GET /audit/{id}` with the same query.

use serde::{Deserialize, Serialize};

use super::{Paging, View};

/// Data of the audit page.
#[derive(Clone, Debug, Serialize)]
pub struct AuditView {
    pub filter: AuditFilter,
    /// Actions that occur, to choose from.
    pub actions: Vec<String>,
    /// Latest first.
    pub rows: Vec<AuditRow>,
    pub paging: Paging,
    pub opened: Option<AuditEvent>,
}

/// What the reader asked for; deserialises straight from the query string.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditFilter {
    pub actor: String,
    pub action: String,
    /// Client identifier or other subject.
    pub subject: String,
    /// Decision identifier.
    pub decision: String,
    /// Days, `YYYY-MM-DD`, both included.
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct AuditRow {
    /// UUID of the event.
    pub id: String,
    /// RFC 3339.
    pub at: String,
    pub actor: String,
    /// `user`, `api_key`, `operator` or `system`.
    pub actor_kind: String,
    /// `decision.made`, `explanation.shown` and so on; translated when known.
    pub action: String,
    /// What it was done to: `client`, `user`, `api_key`, `decision`, ...; translated when known.
    pub subject_kind: String,
    /// Its name or identifier; empty where the kind says it all.
    pub subject: String,
    pub decision: Option<String>,
}

/// One event with everything that was recorded.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEvent {
    pub row: AuditRow,
    pub request_id: Option<String>,
    pub address: Option<String>,
    /// SHA-256 chain, hexadecimal, when the log has one.
    pub digest: Option<String>,
    pub previous_digest: Option<String>,
    /// The details as JSON, pretty printed.
    pub details: String,
}

impl View for AuditView {
    const TEMPLATE: &'static str = "audit.html";
}
