//! Drift between the training data and the current clients: `GET /drift`, computed by
//! `POST /drift` with `reference` and `current`. Also a self-contained document.

use serde::{Deserialize, Serialize};

use super::View;

/// Data of the drift page.
#[derive(Clone, Debug, Serialize)]
pub struct DriftView {
    /// `None`: nothing computed yet.
    pub report: Option<DriftReport>,
    /// What one can choose as reference and as current population.
    pub references: Vec<Choice>,
    pub currents: Vec<Choice>,
    pub may_compute: bool,
    /// Where the self-contained document is, if a report exists.
    pub download: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

/// A comparison of two populations, worst feature first.
#[derive(Clone, Debug, Serialize)]
pub struct DriftReport {
    /// RFC 3339.
    pub computed_at: String,
    pub computed_by: String,
    /// Names of the two populations as they are to be read.
    pub reference: String,
    pub current: String,
    pub rows_reference: u64,
    pub rows_current: u64,
    pub model: Option<String>,
    /// The drift of the score itself, if both populations were scored.
    pub score: Option<DriftRow>,
    pub rows: Vec<DriftRow>,
    pub left_out: Vec<LeftOut>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DriftRow {
    /// Empty for the score itself.
    pub name: String,
    pub label: String,
    pub family: String,
    /// Population stability index.
    pub psi: f64,
    /// Jensen-Shannon distance, 0 to 1.
    pub jensen_shannon: Option<f64>,
    pub test: DriftTest,
    pub statistic: f64,
    pub p_value: f64,
    /// Corrected for the number of features tested.
    pub p_adjusted: f64,
    /// Shares without a value, 0 to 1.
    pub missing_reference: f64,
    pub missing_current: f64,
    pub verdict: DriftVerdict,
    pub bins: Vec<DriftBin>,
}

/// Shares of the two populations in one bin, 0 to 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DriftBin {
    pub label: String,
    pub reference: f64,
    pub current: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftTest {
    KolmogorovSmirnov,
    ChiSquare,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    Stable,
    Moderate,
    Strong,
}

/// A feature that could not be compared.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    pub name: String,
    pub why: String,
}

impl View for DriftView {
    const TEMPLATE: &'static str = "drift.html";
}

impl DriftVerdict {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Moderate => "moderate",
            Self::Strong => "strong",
        }
    }
}
