//! The life of an approved cash or consumer loan: when it was due and paid
//! (`installments_payments`) and how it stood at each month's end (`POS_CASH_balance`). Both
//! follow the earlier application's annuity and term; a client's lateness follows their quality.

use super::bureau::MONTH;
use super::client::Client;
use super::history::History;
use super::random::{Draws, logistic};
use super::rows::Rows;

/// How a client pays instalments, drawn once per client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// Share of instalments paid after they are due.
    pub(super) late: f64,
    /// Share of instalments paid exactly when due; the others are paid early.
    pub(super) punctual: f64,
    /// Mean of the days paid early.
    pub(super) days_early: f64,
    /// Share of instalments paid in two parts.
    pub(super) in_parts: f64,
}

impl Habits {
    pub(super) fn draw(client: &Client, draws: &mut Draws) -> Self {
        let quality = client.factors.quality;
        Self {
            late: logistic(-2.85 - 0.6 * quality + 1.0 * draws.normal()),
            punctual: draws.between(0.1, 0.5),
            days_early: draws.between(4.0, 18.0),
            in_parts: logistic(-3.4 - 0.2 * quality + 0.6 * draws.normal()),
        }
    }

    /// Days from due to paid; negative when paid early.
    pub(super) fn delay(&self, draws: &mut Draws) -> i64 {
        if draws.chance(self.late) {
            let mean = if draws.chance(0.06) { 40.0 } else { 5.5 };
            1 + draws.exponential(mean) as i64
        } else if draws.chance(self.punctual) {
            0
        } else {
            -(draws.exponential(self.days_early).min(90.0) as i64)
        }
    }
}

/// An approved loan with its calendar; days before the application are negative.
#[derive(Debug, Clone)]
pub(super) struct InstalmentLoan {
    pub(super) id: i64,
    pub(super) client: i64,
    pub(super) decision: i64,
    pub(super) first_due: i64,
    pub(super) term: i64,
    pub(super) annuity: f64,
    /// Instalments until it is paid back: the term, or fewer when repaid early.
    pub(super) instalments: i64,
}

impl InstalmentLoan {
    /// Day on which instalment `number` (from 1) is due.
    pub(super) fn due(&self, number: i64) -> i64 {
        self.first_due + 30 * (number - 1)
    }

    /// Whether the last instalment was due before the application.
    pub(super) fn finished(&self) -> bool {
        self.due(self.instalments) < 0
    }

    /// Writes what was due before the application and the months until then.
    pub(super) fn write(
        &self,
        habits: &Habits,
        draws: &mut Draws,
        payments: &mut Rows,
        months: &mut Rows,
        history: &mut History,
    ) {
        // Days late by instalment, for the months' days past due.
        let mut delays = Vec::with_capacity(self.instalments as usize);
        for number in 1..=self.instalments {
            let due = self.due(number);
            if due >= 0 {
                break;
            }
            let delay = habits.delay(draws);
            delays.push(delay);
            history.instalments += 1.0;
            history.instalments_late += f64::from(delay > 0);
            self.write_payment(number, delay, habits, draws, payments);
        }
        self.write_months(&delays, draws, months);
    }

    fn write_payment(
        &self,
        number: i64,
        delay: i64,
        habits: &Habits,
        draws: &mut Draws,
        rows: &mut Rows,
    ) {
        let due = self.due(number);
        let early_end = number == self.instalments && self.instalments < self.term;
        let amount = if early_end {
            self.annuity * (1.0 + 0.85 * (self.term - self.instalments) as f64)
        } else if number == self.term {
            // The last instalment takes up what rounding left.
            self.annuity * draws.between(0.93, 1.0)
        } else {
            self.annuity
        };
        let amount = (amount * 1_000.0).round() / 1_000.0;
        let version = if early_end { 2.0 } else { 1.0 };
        let mut row = |entry: i64, paid: f64| {
            rows.integer(self.id);
            rows.integer(self.client);
            rows.amount(version);
            rows.integer(number);
            rows.amount(due as f64);
            // What is not paid on the day of the application has no payment yet.
            rows.optional_number((entry < 0).then_some(entry as f64));
            rows.amount(amount);
            rows.optional_number((entry < 0).then_some(paid));
            rows.end();
        };
        let entry = (due + delay).max(self.decision);
        if draws.chance(habits.in_parts) {
            let part = (amount * draws.between(0.02, 0.98) * 100.0).round() / 100.0;
            row(entry - draws.whole(0, 5).min(entry - self.decision), part);
            row(entry, amount - part);
        } else {
            row(entry, amount);
        }
    }

    /// One row for each month's end from the first to the end or the application, 96 at most.
    fn write_months(&self, delays: &[i64], draws: &mut Draws, rows: &mut Rows) {
        let first = ((self.decision as f64 / MONTH).floor() as i64).max(-96);
        let last_due = self.due(self.instalments);
        let end = if last_due < 0 {
            (last_due as f64 / MONTH).floor() as i64
        } else {
            -1
        };
        let reported_late = draws.between(0.2, 0.6);
        for month in first..=end.min(-1) {
            let day = (month as f64 * MONTH) as i64 + 25;
            let paid = ((day - self.first_due).div_euclid(30) + 1).clamp(0, self.instalments);
            let completed = month == end && last_due < 0;
            let term = if completed {
                self.instalments
            } else {
                self.term
            };
            let late = usize::try_from(paid - 1)
                .ok()
                .and_then(|last| delays.get(last))
                .map_or(0, |delay| (*delay).max(0));
            let past_due = if draws.chance(reported_late) { late } else { 0 };
            rows.integer(self.id);
            rows.integer(self.client);
            rows.integer(month);
            rows.amount(term as f64);
            rows.amount(if completed { 0.0 } else { (term - paid) as f64 });
            rows.text(if completed {
                "Completed"
            } else if month == first && draws.chance(0.09) {
                "Signed"
            } else if past_due > 60 && draws.chance(0.3) {
                "Demand"
            } else {
                "Active"
            });
            rows.integer(past_due);
            rows.integer(if draws.chance(0.45) { past_due } else { 0 });
            rows.end();
        }
    }
}
