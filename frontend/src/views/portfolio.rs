//! The overview after sign-in: how many clients, how many granted, how the PD is spread.
//! `GET /`.

use serde::Serialize;

use super::View;
use crate::charts::{Charts, DecisionsPerDay, PdHistogram};

/// Data of the overview.
#[derive(Clone, Debug, Serialize)]
pub struct PortfolioView {
    pub clients: u64,
    /// Clients with a decision, and how the last decision of each went.
    pub scored: u64,
    pub granted: u64,
    pub refused: u64,
    pub mean_pd: Option<f64>,
    pub threshold: Option<f64>,
    /// Name and version of the champion.
    pub champion: Option<String>,
    pub champion_href: Option<String>,
    /// RFC 3339 of the latest decision.
    pub last_decision_at: Option<String>,
    pub pd: Option<PdHistogram>,
    pub per_day: Option<DecisionsPerDay>,
}

impl View for PortfolioView {
    const TEMPLATE: &'static str = "portfolio.html";

    fn charts(&self) -> Charts<'_> {
        let mut charts = Charts::default();
        if let Some(pd) = &self.pd {
            charts.add("pd", pd);
        }
        if let Some(per_day) = &self.per_day {
            charts.add("per_day", per_day);
        }
        charts
    }
}
