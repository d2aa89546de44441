//! The client file: everything about one client on one screen.
//! `GET /clients/{id}?by=feature|family&counterfactual=true`, `POST /clients/{id}/score`.

use serde::{Deserialize, Serialize};

use super::{DecisionOutcome, View};
use crate::charts::{Charts, Gauge, Waterfall};

/// Data of the client file.
#[derive(Clone, Debug, Serialize)]
pub struct ClientView {
    pub id: i64,
    pub name: Option<String>,
    /// The few facts beside the name (age, occupation, loan asked for).
    pub facts: Vec<Fact>,
    /// `None`: never scored; then everything that explains is left out.
    pub decision: Option<ScoredDecision>,
    /// Which way the contributions are added up.
    pub by: Grouping,
    /// Strongest first; the page splits them into what raises and what lowers.
    pub reasons: Vec<Reason>,
    /// What families of features contribute together, strongest first.
    pub subjects: Vec<Subject>,
    pub waterfall: Option<Waterfall>,
    /// Of a refusal, where the reader may ask for it.
    pub counterfactual: Option<Counterfactual>,
    pub groups: Vec<InformationGroup>,
    /// Latest first, the one on the page included.
    pub history: Vec<HistoryEntry>,
    /// Who has been shown an explanation, latest first.
    pub shown: Vec<ShownEntry>,
    pub may_score: bool,
    pub may_audit: bool,
}

/// A label and a value, both as they are to be read.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

/// The decision the page explains.
#[derive(Clone, Debug, Serialize)]
pub struct ScoredDecision {
    pub id: String,
    pub outcome: DecisionOutcome,
    /// 0 to 1.
    pub pd: f64,
    pub threshold: f64,
    pub model: String,
    pub version: String,
    /// The alias it was reached by (`champion`), if any.
    pub alias: Option<String>,
    /// RFC 3339.
    pub at: String,
    pub by: String,
    pub explanation_id: String,
    /// Identifier of the audit event of the decision.
    pub audit_entry: Option<String>,
    /// SHA-256 of the model package, hexadecimal.
    pub digest: String,
    /// Another version is the champion now: the page proposes to score again.
    pub outdated: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    #[default]
    Feature,
    Family,
}

/// One contribution that becomes a sentence (see [`crate::sentence::reason`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reason {
    /// Name of the feature; links to its comparison.
    pub feature: String,
    pub label: String,
    /// As it is to be read (see [`crate::format::Format::value`]).
    pub value: String,
    /// `true`: towards refusal.
    pub raises: bool,
    /// 1 slightly, 2 (no adverb), 3 strongly.
    pub strength: u8,
    pub standing: Standing,
}

/// What the features of one family contribute together.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    pub label: String,
    /// Log-odds.
    pub contribution: f64,
    /// Of the strongest family's contribution, -1 to 1: the length of the bar and its side.
    pub share: f64,
}

/// Where a value stands among all clients. Shares are 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "share")]
pub enum Standing {
    #[default]
    Unsaid,
    /// Lower than this share of the clients.
    LowerThan(f64),
    HigherThan(f64),
    /// Neither high nor low.
    Middle,
    /// A category or flag that this share of the clients has.
    SharedBy(f64),
}

impl Standing {
    /// From the share of clients strictly below and strictly above the value.
    #[must_use]
    pub fn of(below: f64, above: f64) -> Self {
        if above >= 0.55 {
            Self::LowerThan(above)
        } else if below >= 0.55 {
            Self::HigherThan(below)
        } else {
            Self::Middle
        }
    }
}

/// What would change a refusal: searched for when asked for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counterfactual {
    pub asked: bool,
    /// The decision cannot be computed again; the client is to be scored first.
    pub outdated: bool,
    /// The smallest change first.
    pub proposals: Vec<CounterfactualProposal>,
    /// The sentence that says that none was found (see [`crate::sentence::no_counterfactual`]).
    pub none: Option<String>,
    /// What was moved and how far, a line each (see [`crate::sentence::tried`]).
    pub tried: Vec<String>,
}

/// Changes with which the credit would have been granted.
#[derive(Clone, Debug, Serialize)]
pub struct CounterfactualProposal {
    /// See [`crate::sentence::counterfactual`].
    pub sentence: String,
    /// What else changes with them, a sentence each.
    pub consequences: Vec<String>,
}

/// A family of the dictionary with the client's values.
#[derive(Clone, Debug, Serialize)]
pub struct InformationGroup {
    pub label: String,
    pub items: Vec<InformationItem>,
    /// Items left out because their value is missing.
    pub missing: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct InformationItem {
    /// Name of the feature; links to its comparison.
    pub name: String,
    pub label: String,
    /// As it is to be read.
    pub value: String,
    /// Description of the dictionary.
    pub help: String,
    /// Share of all clients below the value, 0 to 1.
    pub percentile: Option<f64>,
    /// The same among similar clients.
    pub percentile_similar: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct HistoryEntry {
    pub decision_id: String,
    pub at: String,
    pub outcome: DecisionOutcome,
    pub pd: f64,
    pub threshold: f64,
    pub model: String,
    pub version: String,
    pub by: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct ShownEntry {
    pub at: String,
    pub to: String,
    /// Where: `page`, `api`, `letter`.
    pub channel: String,
    pub language: String,
    /// Identifier of the audit event.
    pub audit_entry: Option<String>,
}

impl View for ClientView {
    const TEMPLATE: &'static str = "client.html";

    fn charts(&self) -> Charts<'_> {
        let mut charts = Charts::default();
        if let Some(decision) = &self.decision {
            charts.add(
                "gauge",
                Gauge {
                    pd: decision.pd,
                    threshold: decision.threshold,
                    outcome: decision.outcome,
                },
            );
        }
        if let Some(waterfall) = &self.waterfall {
            charts.add("waterfall", waterfall);
        }
        charts
    }
}
