//! Credits with other lenders as the credit bureau reports them: `bureau`, and month by month
//! `bureau_balance`. Weaker clients have younger files, more open credits, more debt on them and
//! more months in arrears.

use super::client::Client;
use super::drift::Drift;
use super::history::History;
use super::identifiers;
use super::marginals::{
    BUREAU_AGE_DAYS, BUREAU_CAR_DAYS, BUREAU_CAR_SUM, BUREAU_CARD_DAYS, BUREAU_CARD_SUM,
    BUREAU_CONSUMER_DAYS, BUREAU_CONSUMER_SUM, BUREAU_MICRO_DAYS, BUREAU_MICRO_SUM,
    BUREAU_MORTGAGE_DAYS, BUREAU_MORTGAGE_SUM,
};
use super::random::{Draws, at_score, logistic};
use super::rows::Rows;

/// Days of a month in the tables that count in months.
pub(super) const MONTH: f64 = 30.4375;

/// What one client's file at the bureau is like.
struct File {
    /// Normal score on which the age of every credit loads.
    age: f64,
    /// Log-odds of falling one instalment behind in a month.
    arrears: f64,
    /// Share of the limit a card is used to.
    card_use: f64,
    reports_months: bool,
    reports_annuities: bool,
}

/// One credit at the bureau; amounts in currency, days before the application negative.
struct Credit {
    kind: &'static str,
    opened: i64,
    planned_end: i64,
    /// Day of the closing; `None`: open.
    closed: Option<i64>,
    amount: f64,
    debt: f64,
    days_overdue: i64,
}

/// Writes the client's credits and their months.
pub(super) fn write(
    client: &Client,
    drift: &Drift,
    draws: &mut Draws,
    bureau: &mut Rows,
    balance: &mut Rows,
    history: &mut History,
) {
    if draws.chance(0.142) {
        return;
    }
    let quality = client.factors.quality;
    let file = File {
        age: draws.loaded(&[
            (0.42, quality),
            (0.3, client.factors.age),
            (0.1, client.factors.stability),
        ]),
        arrears: -4.3 - 0.55 * quality + 0.5 * draws.normal(),
        card_use: logistic(0.4 - 0.6 * quality + 0.8 * draws.normal()),
        reports_months: draws.chance(0.45),
        reports_annuities: draws.chance(0.6),
    };
    let credits = (1 + draws.count(4.6, 1.4)).min(identifiers::PER_CLIENT);
    for number in 0..credits {
        let id = identifiers::bureau(client.id, number);
        let credit = draw_credit(client, &file, drift, draws);
        write_credit(client.id, id, &credit, &file, draws, bureau, history);
        if file.reports_months {
            write_months(id, &credit, &file, draws, balance, history);
        }
    }
}

fn draw_credit(client: &Client, file: &File, drift: &Drift, draws: &mut Draws) -> Credit {
    let quality = client.factors.quality;
    let opened = at_score(&BUREAU_AGE_DAYS, draws.loaded(&[(0.5, file.age)]));
    let opened = -(opened.round().max(1.0) as i64);
    let (kind, amounts, lengths) = draws.pick(&[
        (
            (
                "Consumer credit",
                &BUREAU_CONSUMER_SUM,
                &BUREAU_CONSUMER_DAYS,
            ),
            0.728,
        ),
        (("Credit card", &BUREAU_CARD_SUM, &BUREAU_CARD_DAYS), 0.234),
        (("Car loan", &BUREAU_CAR_SUM, &BUREAU_CAR_DAYS), 0.0157),
        (
            ("Mortgage", &BUREAU_MORTGAGE_SUM, &BUREAU_MORTGAGE_DAYS),
            0.0103,
        ),
        (
            ("Microloan", &BUREAU_MICRO_SUM, &BUREAU_MICRO_DAYS),
            0.0094 * (1.0 - 0.4 * quality.clamp(-2.0, 2.0)),
        ),
        (
            (
                "Loan for business development",
                &BUREAU_CAR_SUM,
                &BUREAU_CONSUMER_DAYS,
            ),
            0.0012,
        ),
        (
            (
                "Another type of loan",
                &BUREAU_CONSUMER_SUM,
                &BUREAU_CONSUMER_DAYS,
            ),
            0.0006,
        ),
    ]);
    let length_score = draws.normal();
    let length = at_score(lengths, length_score).round().max(1.0) as i64;
    let amount_score = draws.loaded(&[(0.3, client.factors.wealth), (0.5, length_score)]);
    let amount = at_score(amounts, amount_score) * drift.credit;
    let amount = (amount * 100.0).round() / 100.0;
    let planned_end = opened + length;
    let closed = closing(kind, opened, planned_end, quality, draws);
    let elapsed = (-opened) as f64 / length as f64;
    let debt = match closed {
        Some(_) => 0.0,
        None if draws.chance(0.13 + 0.04 * quality.clamp(-2.0, 2.0)) => 0.0,
        None if kind == "Credit card" => amount * file.card_use * draws.between(0.6, 1.2).min(1.0),
        None => amount * ((1.0 - elapsed).clamp(0.02, 1.0) * draws.between(1.0, 1.5)).min(1.0),
    };
    let overdue = closed.is_none() && debt > 0.0 && draws.chance(0.008 * (-0.7 * quality).exp());
    Credit {
        kind,
        opened,
        planned_end,
        closed,
        amount,
        debt: (debt * 100.0).round() / 100.0,
        days_overdue: if overdue {
            draws.exponential(60.0).ceil() as i64
        } else {
            0
        },
    }
}

/// Past their planned end nearly all credits are closed, mostly before it; of the running ones
/// better clients pay back more early.
fn closing(
    kind: &str,
    opened: i64,
    planned_end: i64,
    quality: f64,
    draws: &mut Draws,
) -> Option<i64> {
    let ends = planned_end.min(-1);
    let day = if planned_end < 0 && draws.chance(if kind == "Credit card" { 0.8 } else { 0.955 }) {
        if draws.chance(0.45) {
            ends - (draws.uniform() * draws.uniform() * (ends - opened) as f64) as i64
        } else {
            ends + draws.exponential(20.0) as i64
        }
    } else {
        let early = if kind == "Credit card" { 0.22 } else { 0.3 };
        if planned_end < 0 || !draws.chance(early + 0.06 * quality.clamp(-3.0, 3.0)) {
            return None;
        }
        draws.whole(opened, -1)
    };
    Some(day.clamp(opened, -1))
}

fn write_credit(
    client: i64,
    id: i64,
    credit: &Credit,
    file: &File,
    draws: &mut Draws,
    rows: &mut Rows,
    history: &mut History,
) {
    let active = credit.closed.is_none();
    let sold = draws.chance(0.0037);
    rows.integer(client);
    rows.integer(id);
    rows.text(if sold {
        "Sold"
    } else if active {
        "Active"
    } else {
        "Closed"
    });
    rows.text(draws.pick(&[
        ("currency 1", 0.9993),
        ("currency 2", 0.0006),
        ("currency 3", 0.0001),
    ]));
    rows.integer(credit.opened);
    rows.integer(credit.days_overdue);
    let open_ended = draws.chance(if active { 0.117 } else { 0.031 });
    rows.optional_number((!open_ended).then_some(credit.planned_end as f64));
    rows.optional_number(credit.closed.map(|day| day as f64));
    let ever_late = draws.chance(logistic(file.arrears + 2.9));
    let max_overdue = if ever_late || credit.days_overdue > 0 {
        (credit.amount * 0.05 * (0.8 * draws.normal()).exp()).min(credit.amount)
    } else {
        0.0
    };
    rows.optional_number(
        draws
            .chance(0.33)
            .then_some((max_overdue * 100.0).round() / 100.0),
    );
    rows.integer(draws.pick(&[(0, 0.9963), (1, 0.0031), (2, 0.0006)]));
    rows.amount(credit.amount);
    rows.optional_number(
        (!draws.chance(if active { 0.106 } else { 0.165 })).then_some(credit.debt),
    );
    let limit = if credit.kind == "Credit card" && active && draws.chance(0.4) {
        credit.amount - credit.debt
    } else {
        0.0
    };
    rows.optional_number((!draws.chance(if active { 0.3 } else { 0.41 })).then_some(limit));
    rows.amount(if credit.days_overdue > 0 {
        (credit.debt * 0.1).min(max_overdue)
    } else {
        0.0
    });
    rows.text(credit.kind);
    rows.integer(match credit.closed {
        Some(day) => (day + draws.exponential(60.0) as i64).min(0),
        None => -(1 + draws.exponential(22.0) as i64).min(-credit.opened),
    });
    let months = ((credit.planned_end - credit.opened) as f64 / MONTH).max(1.0);
    let annuity = if active {
        (credit.amount / months * 1.15).min(credit.amount)
    } else {
        0.0
    };
    let reported = file.reports_annuities && draws.chance(0.72);
    rows.optional_number(reported.then_some(((annuity / 4.5).round() * 4.5).min(credit.amount)));
    rows.end();

    history.bureau_credits += 1.0;
    history.bureau_active += f64::from(active);
    history.bureau_amount += credit.amount;
    history.bureau_debt += credit.debt;
    history.bureau_age_days -= credit.opened as f64;
    history.bureau_overdue += f64::from(credit.days_overdue > 0);
}

/// From the month of the opening to the last, newest first as in the real file: in order or up
/// to five instalments behind while the credit runs, `C` after its closing, `X` for no report.
fn write_months(
    id: i64,
    credit: &Credit,
    file: &File,
    draws: &mut Draws,
    rows: &mut Rows,
    history: &mut History,
) {
    let first = ((credit.opened as f64 / MONTH).ceil() as i64).max(-96);
    let closed = credit
        .closed
        .map_or(1, |day| (day as f64 / MONTH).ceil() as i64);
    let unreported = if draws.chance(0.2) { 0.9 } else { 0.12 };
    let fall_behind = logistic(file.arrears);
    let mut behind = 0_usize;
    let mut months = Vec::with_capacity((1 - first) as usize);
    for month in first..=0 {
        if month >= closed {
            months.push("C");
            continue;
        }
        behind = if behind > 0 && !draws.chance(0.3) {
            0
        } else if draws.chance(if behind > 0 { 0.8 } else { fall_behind }) {
            (behind + 1).min(5)
        } else {
            behind
        };
        history.bureau_months += 1.0;
        history.bureau_late_months += f64::from(behind > 0);
        months.push(match behind {
            0 if draws.chance(unreported) => "X",
            level => ["0", "1", "2", "3", "4", "5"][level],
        });
    }
    for (ago, status) in months.iter().rev().enumerate() {
        rows.integer(id);
        rows.integer(-(ago as i64));
        rows.text(status);
        rows.end();
    }
}
