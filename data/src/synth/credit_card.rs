//! The months of a credit card (`credit_card_balance`) and the minimum payments it asked for
//! (`installments_payments`). Balances stay near or under the limit; weaker clients draw more
//! cash, pay little more than the minimum and so carry higher balances.

use super::bureau::MONTH;
use super::client::Client;
use super::history::History;
use super::instalment_loan::Habits;
use super::random::{Draws, logistic, to_step};
use super::rows::Rows;

/// A card that was granted; the months run from `first` to `last`, negative.
#[derive(Debug, Clone)]
pub(super) struct CreditCard {
    pub(super) id: i64,
    pub(super) client: i64,
    pub(super) limit: f64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) closed: bool,
}

/// How the card is used, drawn once per card.
struct Use {
    never: bool,
    /// Chance of a drawing in a month.
    draws_in_month: f64,
    /// Mean of a month's drawings as a share of the limit.
    drawn_share: f64,
    /// Chance of paying the balance in full.
    pays_all: f64,
    /// What is paid beyond the minimum, as its multiple.
    beyond_minimum: f64,
    interest: f64,
}

/// The account at a month's end.
#[derive(Default)]
struct Month {
    atm: f64,
    atm_count: i64,
    pos: f64,
    pos_count: i64,
    other: f64,
    minimum: f64,
    paid: f64,
    past_due: i64,
}

impl CreditCard {
    pub(super) fn write(
        &self,
        client: &Client,
        habits: &Habits,
        draws: &mut Draws,
        months: &mut Rows,
        payments: &mut Rows,
        history: &mut History,
    ) {
        let usage = draw_use(client, draws);
        let raised_at = draws.whole(self.first, self.last);
        let starts_lower = draws.chance(0.5) && self.limit > 90_000.0;
        // Whether drawings and payments of months without use are left empty.
        let empty_when_unused = draws.chance(0.75);
        let (mut principal, mut interest, mut minimum) = (0.0_f64, 0.0_f64, 0.0_f64);
        let (mut mature, mut arrears, mut used) = (0_i64, 0_i64, false);
        for month in self.first..=self.last {
            let limit = if starts_lower && month < raised_at {
                to_step(self.limit * 0.5, 4_500.0)
            } else {
                self.limit
            };
            let mut state = Month {
                minimum,
                ..Month::default()
            };
            if minimum > 0.0 {
                mature += 1;
                let delay = habits.delay(draws);
                state.paid = payment(&usage, minimum, principal + interest, draws);
                arrears = if delay > 20 { arrears + delay } else { 0 };
                state.past_due = arrears;
                self.write_payment(month, mature, delay, &state, payments, history);
            }
            let to_interest = state.paid.min(interest);
            interest -= to_interest;
            principal = (principal - (state.paid - to_interest)).max(0.0);
            if !usage.never && draws.chance(usage.draws_in_month) {
                draw_money(
                    &usage,
                    limit,
                    (limit - principal).max(0.0),
                    &mut state,
                    draws,
                );
                principal += state.atm + state.pos + state.other;
            }
            interest += principal * usage.interest;
            used = used || principal > 0.0;
            let balance = principal + interest;
            self.write_month(
                month,
                limit,
                (balance, principal),
                &state,
                (!used && empty_when_unused, mature),
                draws,
                months,
            );
            history.card_months += 1.0;
            history.card_use += balance / limit;
            minimum = if balance > 0.5 {
                (balance * 0.05).max(2_250.0).min(balance)
            } else {
                0.0
            };
        }
    }

    fn write_payment(
        &self,
        month: i64,
        number: i64,
        delay: i64,
        state: &Month,
        rows: &mut Rows,
        history: &mut History,
    ) {
        let due = (month as f64 * MONTH) as i64 + 20;
        if due >= 0 {
            return;
        }
        history.instalments += 1.0;
        history.instalments_late += f64::from(delay > 0);
        let entry = due + delay;
        rows.integer(self.id);
        rows.integer(self.client);
        rows.amount(0.0);
        rows.integer(number);
        rows.amount(due as f64);
        rows.optional_number((entry < 0).then_some(entry as f64));
        rows.amount(state.minimum);
        rows.optional_number((entry < 0).then_some(state.paid));
        rows.end();
    }

    #[allow(clippy::too_many_arguments)]
    fn write_month(
        &self,
        month: i64,
        limit: f64,
        (balance, principal): (f64, f64),
        state: &Month,
        (empty, mature): (bool, i64),
        draws: &mut Draws,
        rows: &mut Rows,
    ) {
        let unless_empty = |value: f64| (!empty).then_some(value);
        let other_count = f64::from(state.other > 0.0);
        rows.integer(self.id);
        rows.integer(self.client);
        rows.integer(month);
        rows.amount(balance);
        rows.integer(limit.round() as i64);
        rows.optional_number(unless_empty(state.atm));
        rows.amount(state.atm + state.pos + state.other);
        rows.optional_number(unless_empty(state.other));
        rows.optional_number(unless_empty(state.pos));
        rows.amount(state.minimum);
        rows.optional_number(unless_empty(state.paid));
        rows.amount(state.paid);
        rows.amount(principal);
        rows.amount(balance);
        rows.amount(balance);
        rows.optional_number(unless_empty(state.atm_count as f64));
        rows.integer(state.atm_count + state.pos_count + other_count as i64);
        rows.optional_number(unless_empty(other_count));
        rows.optional_number(unless_empty(state.pos_count as f64));
        rows.amount(mature as f64);
        rows.text(if self.closed && month == self.last {
            "Completed"
        } else if month == self.first && draws.chance(0.08) {
            "Signed"
        } else {
            "Active"
        });
        rows.integer(state.past_due);
        rows.integer(if draws.chance(0.5) { state.past_due } else { 0 });
        rows.end();
    }
}

fn draw_use(client: &Client, draws: &mut Draws) -> Use {
    let quality = client.factors.quality;
    Use {
        never: draws.chance(0.26 + 0.05 * quality.clamp(-3.0, 3.0)),
        draws_in_month: logistic(-0.6 - 0.35 * quality + 0.8 * draws.normal()),
        drawn_share: 0.3 * (-0.2 * quality + 0.7 * draws.normal()).exp(),
        pays_all: logistic(-2.6 + 0.6 * quality + draws.normal()),
        beyond_minimum: draws.exponential(0.3),
        interest: draws.between(0.02, 0.035),
    }
}

/// The minimum and something beyond it, or all of it; seldom less.
fn payment(usage: &Use, minimum: f64, balance: f64, draws: &mut Draws) -> f64 {
    let paid = if draws.chance(usage.pays_all) {
        balance
    } else if draws.chance(0.05) {
        minimum * draws.uniform()
    } else {
        to_step(
            minimum * (1.0 + usage.beyond_minimum * draws.between(0.5, 1.5)),
            225.0,
        )
    };
    paid.min(balance)
}

/// Cash comes in steps of 4,500 where the free part of the limit allows, purchases in any amount.
fn draw_money(usage: &Use, limit: f64, free: f64, state: &mut Month, draws: &mut Draws) {
    let wanted = (limit * draws.exponential(usage.drawn_share)).min(free);
    if wanted < 500.0 {
        return;
    }
    let cash_share = draws.pick(&[(1.0, 0.55), (0.5, 0.15), (0.0, 0.3)]);
    state.atm = (wanted * cash_share / 4_500.0).floor() * 4_500.0;
    state.atm_count = if state.atm > 0.0 {
        1 + draws.poisson(state.atm / 60_000.0)
    } else {
        0
    };
    let rest = wanted - state.atm;
    if cash_share < 1.0 && rest > 0.0 {
        state.pos = (rest * 100.0).round() / 100.0;
        state.pos_count = 1 + draws.poisson(state.pos / 6_000.0).min(100);
    }
    let left = free - state.atm - state.pos;
    if draws.chance(0.012) && left > 4_500.0 {
        state.other = to_step(draws.between(0.2, 0.8) * left, 450.0).min(left);
    }
}
