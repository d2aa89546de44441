//! The list of clients: `GET /clients?q=&decision=&band=&sort=&descending=&page=`.

use serde::{Deserialize, Serialize};

use super::{DecisionOutcome, Paging, View};

/// Data of the clients page.
#[derive(Clone, Debug, Serialize)]
pub struct ClientsView {
    pub filter: ClientsFilter,
    /// The PD bands one can filter by.
    pub bands: Vec<PdBand>,
    pub rows: Vec<ClientRow>,
    pub paging: Paging,
    /// Clients of the portfolio without any filter; 0 shows how to import some.
    pub clients_in_portfolio: u64,
}

/// What the reader asked for; deserialises straight from the query string.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientsFilter {
    /// Fragment of an identifier or a name.
    pub q: String,
    pub decision: DecisionFilter,
    /// `key` of a [`PdBand`], or empty.
    pub band: String,
    pub sort: ClientSort,
    pub descending: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionFilter {
    #[default]
    #[serde(alias = "")]
    Any,
    Granted,
    Refused,
    NotScored,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientSort {
    #[default]
    #[serde(alias = "")]
    Id,
    Pd,
    Age,
    Income,
    Credit,
    Scored,
}

/// A band of probability of default, `from` included, `to` not.
#[derive(Clone, Debug, Serialize)]
pub struct PdBand {
    pub key: String,
    pub from: f64,
    pub to: f64,
}

/// One client of the list.
#[derive(Clone, Debug, Serialize)]
pub struct ClientRow {
    pub id: i64,
    pub name: Option<String>,
    pub age_years: Option<f64>,
    pub income: Option<f64>,
    pub credit: Option<f64>,
    /// Probability of default of the last decision, 0 to 1.
    pub pd: Option<f64>,
    /// Threshold of that decision.
    pub threshold: Option<f64>,
    pub decision: Option<DecisionOutcome>,
    /// RFC 3339.
    pub scored_at: Option<String>,
}

impl View for ClientsView {
    const TEMPLATE: &'static str = "clients.html";
}
