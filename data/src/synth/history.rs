//! What a client's histories come to: the few sums over the rows of bureau, earlier
//! applications, instalments and cards that drive default. They are taken while the rows are
//! written, so the truth about default rests on what a model can read in the tables.

/// Sums over the history rows of one client.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) bureau_credits: f64,
    pub(super) bureau_active: f64,
    pub(super) bureau_amount: f64,
    pub(super) bureau_debt: f64,
    pub(super) bureau_age_days: f64,
    pub(super) bureau_overdue: f64,
    pub(super) bureau_months: f64,
    pub(super) bureau_late_months: f64,
    pub(super) previous_decided: f64,
    pub(super) previous_refused: f64,
    pub(super) instalments: f64,
    pub(super) instalments_late: f64,
    pub(super) card_months: f64,
    /// Sum over the months of balance over limit.
    pub(super) card_use: f64,
}

impl History {
    /// `part / whole`, or `otherwise` where there is no history.
    pub(super) fn share(part: f64, whole: f64, otherwise: f64) -> f64 {
        if whole > 0.0 { part / whole } else { otherwise }
    }
}
