//! What `shift` moves. A shift of 0 is the reference period, 1 a clearly drifted later one, and
//! values between or above scale every move. The moves are chosen so that a drift report has
//! something to find in each family of columns, in the way a lending market ages: inflation,
//! younger clients, weaker scores, thinner files, more revolving credit, more defaults.

/// The moves of one shift; each field says what a shift of 1 does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drift {
    /// Incomes are multiplied by this: +28 % (e^0.25).
    pub(super) income: f64,
    /// Credit amounts and prices are multiplied by this: +42 % (e^0.35).
    pub(super) credit: f64,
    /// Normal score of the age moves by this: -0.4, about five years younger.
    pub(super) age: f64,
    /// Normal scores of the external scores 2 and 3 move by this: -0.45.
    pub(super) external: f64,
    /// Log-odds of missing external scores and building columns move by this: +0.8, which
    /// takes external score 3 from 20 % to 35 % missing, buildings from 51 % to 70 %.
    pub(super) missing: f64,
    /// Share of revolving loans among the applications: 9.8 % to 25.8 %.
    pub(super) revolving_share: f64,
    /// Log-odds of default move by this besides what the drivers bring: +0.45.
    pub(super) default: f64,
}

impl Drift {
    pub(super) fn of(shift: f64) -> Self {
        Self {
            income: (0.25 * shift).exp(),
            credit: (0.35 * shift).exp(),
            age: -0.4 * shift,
            external: -0.45 * shift,
            missing: 0.8 * shift,
            revolving_share: (0.098 + 0.16 * shift).min(0.8),
            default: 0.45 * shift,
        }
    }
}
