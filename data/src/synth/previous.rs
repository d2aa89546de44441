//! Earlier applications with the same lender (`previous_application`) and, of the granted ones,
//! the start of their service: instalment loans and cards. Weaker clients were refused more often.

use super::application::{NO_DAY, hour, weekday};
use super::bureau::MONTH;
use super::client::Client;
use super::credit_card::CreditCard;
use super::drift::Drift;
use super::history::History;
use super::identifiers;
use super::instalment_loan::InstalmentLoan;
use super::marginals::{
    CARD_LIMIT, PREVIOUS_CASH_AGE_DAYS, PREVIOUS_CASH_AMOUNT, PREVIOUS_GOODS_AGE_DAYS,
    PREVIOUS_GOODS_AMOUNT,
};
use super::random::{Draws, at_score, to_step};
use super::rows::Rows;

/// What an earlier application led to.
pub(super) enum Granted {
    Loan(InstalmentLoan),
    Card(CreditCard),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cash,
    Consumer,
    Revolving,
    /// Withdrawn before a kind of contract was chosen.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Approved,
    Canceled,
    Refused,
    Unused,
}

/// Amounts, price and calendar of an offer.
struct Offer {
    application: f64,
    credit: f64,
    annuity: f64,
    term: i64,
    down_payment: Option<f64>,
    yield_group: &'static str,
    insured: bool,
}

/// One row in the making.
struct Previous {
    kind: Kind,
    status: Status,
    decision: i64,
    /// `None`: it ended before amounts were agreed.
    offer: Option<Offer>,
    crossed: bool,
    loan: Option<InstalmentLoan>,
    card: Option<CreditCard>,
}

/// Kinds of goods: name, share, the seller's industry and the product family.
const GOODS: [(&str, f64, &str, &str); 19] = [
    ("Mobile", 0.295, "Connectivity", "mobile"),
    (
        "Consumer Electronics",
        0.175,
        "Consumer electronics",
        "household",
    ),
    ("Computers", 0.141, "Consumer electronics", "household"),
    ("Audio/Video", 0.14, "Consumer electronics", "household"),
    ("Furniture", 0.079, "Furniture", "industry"),
    ("Construction Materials", 0.039, "Construction", "industry"),
    ("Clothing and Accessories", 0.038, "Clothing", "industry"),
    (
        "Photo / Cinema Equipment",
        0.033,
        "Consumer electronics",
        "household",
    ),
    ("Auto Accessories", 0.011, "Auto technology", "other"),
    ("Jewelry", 0.009, "Jewelry", "industry"),
    ("Homewares", 0.007, "Consumer electronics", "household"),
    ("Medical Supplies", 0.006, "Industry", "other"),
    ("Gardening", 0.004, "Construction", "household"),
    ("Sport and Leisure", 0.004, "Industry", "industry"),
    ("Vehicles", 0.004, "Auto technology", "other"),
    (
        "Office Appliances",
        0.003,
        "Consumer electronics",
        "household",
    ),
    ("Tourism", 0.003, "Tourism", "other"),
    ("Other", 0.003, "Industry", "other"),
    ("Medicine", 0.002, "MLM partners", "other"),
];

/// Writes the client's earlier applications and returns what was granted.
pub(super) fn write(
    client: &Client,
    drift: &Drift,
    draws: &mut Draws,
    rows: &mut Rows,
    history: &mut History,
) -> Vec<Granted> {
    if draws.chance(0.043) {
        return Vec::new();
    }
    let number = (1 + draws.count(3.9, 1.1)).min(identifiers::PER_CLIENT);
    // Weaker clients came to the lender more recently.
    let age = draws.loaded(&[(0.25, client.factors.quality), (0.2, client.factors.age)]);
    let mut granted = Vec::new();
    for j in 0..number {
        let previous = draw_previous(client, j, age, drift, draws);
        history.previous_decided += 1.0;
        history.previous_refused += f64::from(previous.status == Status::Refused);
        write_row(
            client,
            identifiers::previous(client.id, j),
            &previous,
            j == 0,
            draws,
            rows,
        );
        granted.extend(previous.loan.map(Granted::Loan));
        granted.extend(previous.card.map(Granted::Card));
    }
    granted
}

fn draw_previous(
    client: &Client,
    number: i64,
    age: f64,
    drift: &Drift,
    draws: &mut Draws,
) -> Previous {
    let kind = draws.pick(&[
        (Kind::Cash, 0.4617),
        (Kind::Consumer, 0.4184),
        (Kind::Revolving, 0.135),
        (Kind::Unknown, 0.0003),
    ]);
    let refusals = (-0.45 * client.factors.quality).exp();
    let status = draws.pick(&match kind {
        Kind::Cash => [
            (Status::Approved, 0.403),
            (Status::Canceled, 0.379),
            (Status::Refused, 0.198 * refusals),
            (Status::Unused, 0.0006),
        ],
        Kind::Consumer => [
            (Status::Approved, 0.857),
            (Status::Canceled, 0.002),
            (Status::Refused, 0.095 * refusals),
            (Status::Unused, 0.038),
        ],
        Kind::Revolving => [
            (Status::Approved, 0.498),
            (Status::Canceled, 0.26),
            (Status::Refused, 0.22 * refusals),
            (Status::Unused, 0.0002),
        ],
        Kind::Unknown => [
            (Status::Approved, 0.0),
            (Status::Canceled, 0.95),
            (Status::Refused, 0.05),
            (Status::Unused, 0.0),
        ],
    });
    let decision = decision_day(kind, status, age, draws);
    let agreed = match (kind, status) {
        (Kind::Unknown, _) => false,
        (_, Status::Approved) => true,
        (Kind::Revolving, Status::Refused) => draws.chance(0.95),
        (_, Status::Refused) => draws.chance(0.83),
        (Kind::Cash, Status::Canceled) => draws.chance(0.034),
        (Kind::Consumer, Status::Canceled) => draws.chance(0.16),
        (Kind::Consumer, Status::Unused) => draws.chance(0.02),
        _ => false,
    };
    let offer = agreed.then(|| draw_offer(client, kind, drift, draws));
    let id = identifiers::previous(client.id, number);
    let (mut loan, mut card) = (None, None);
    if let (Status::Approved, Some(offer)) = (status, &offer) {
        if kind == Kind::Revolving {
            card = start_card(id, client, offer, decision, draws);
        } else {
            loan = Some(start_loan(id, client, offer, decision, draws));
        }
    }
    let crossed = draws.chance(match (kind, status) {
        (Kind::Cash, Status::Approved) => 0.862,
        (Kind::Cash, _) => 0.62,
        (_, Status::Approved) => 0.71,
        _ => 0.54,
    });
    Previous {
        kind,
        status,
        decision,
        offer,
        crossed,
        loan,
        card,
    }
}

/// Cancelled offers are recent: they are not kept for long.
fn decision_day(kind: Kind, status: Status, age: f64, draws: &mut Draws) -> i64 {
    let score = draws.loaded(&[(0.5, age)]);
    let days = match (kind, status) {
        (Kind::Consumer, _) => at_score(&PREVIOUS_GOODS_AGE_DAYS, score),
        (_, Status::Canceled) => 260.0 * (0.55 * score).exp(),
        (Kind::Unknown, _) => 500.0,
        // Cards stay, so those that were granted are older.
        (Kind::Revolving, Status::Approved) => at_score(&PREVIOUS_CASH_AGE_DAYS, score + 0.45),
        _ => at_score(&PREVIOUS_CASH_AGE_DAYS, score),
    };
    -(days.round().clamp(2.0, 2_922.0) as i64)
}

fn draw_offer(client: &Client, kind: Kind, drift: &Drift, draws: &mut Draws) -> Offer {
    let wealth = client.factors.wealth;
    let size = draws.loaded(&[(0.35, wealth), (0.1, client.factors.quality)]);
    if kind == Kind::Revolving {
        let limit = to_step(at_score(&CARD_LIMIT, size) * drift.credit, 4_500.0).max(9_000.0);
        return Offer {
            application: if draws.chance(0.5) { 0.0 } else { limit },
            credit: limit,
            annuity: limit * 0.05,
            term: 0,
            down_payment: None,
            yield_group: "XNA",
            insured: false,
        };
    }
    let cash = kind == Kind::Cash;
    let yield_group = draws.pick(&if cash {
        [
            ("high", 0.277),
            ("middle", 0.424),
            ("low_normal", 0.27),
            ("low_action", 0.028),
        ]
    } else {
        [
            ("high", 0.333),
            ("middle", 0.31),
            ("low_normal", 0.26),
            ("low_action", 0.097),
        ]
    });
    let monthly = match yield_group {
        "high" => 0.044,
        "middle" => 0.028,
        "low_normal" => 0.017,
        _ => 0.009,
    } * draws.between(0.85, 1.15);
    let insured = draws.chance(if cash { 0.42 } else { 0.25 });
    let (application, down_payment, credit, term) = if cash {
        let asked = to_step(
            at_score(&PREVIOUS_CASH_AMOUNT, size) * drift.credit,
            4_500.0,
        );
        let asked = asked.max(13_500.0);
        let credit = asked
            * if insured {
                draws.between(1.06, 1.2)
            } else {
                1.0
            };
        (asked, None, credit, cash_term(asked, draws))
    } else {
        let price = to_step(at_score(&PREVIOUS_GOODS_AMOUNT, size) * drift.credit, 0.45);
        let share = if draws.chance(0.5) {
            0.0
        } else {
            draws.between(0.05, 0.35)
        };
        let down = to_step(price * share, 4.5);
        let credit = (price - down)
            * if insured {
                draws.between(1.03, 1.14)
            } else {
                1.0
            };
        let term = draws.pick(&[
            (12, 0.32),
            (6, 0.237),
            (10, 0.196),
            (24, 0.085),
            (8, 0.043),
            (18, 0.038),
            (4, 0.037),
            (14, 0.012),
            (16, 0.009),
            (36, 0.01),
        ]);
        (price, Some(down), credit, term)
    };
    let credit = to_step(credit, 4.5).max(4.5);
    // The annuity formula: what pays `credit` back in `term` months at `monthly` interest.
    let annuity = credit * monthly / (1.0 - (1.0 + monthly).powi(-(term as i32)));
    let annuity = (annuity / 0.045).round() * 0.045;
    Offer {
        application,
        credit,
        annuity,
        term,
        down_payment,
        yield_group,
        insured,
    }
}

/// Larger loans run longer.
fn cash_term(amount: f64, draws: &mut Draws) -> i64 {
    let large = (amount / 250_000.0).min(3.0);
    draws.pick(&[
        (6, 0.09 / (0.4 + large)),
        (12, 0.25 / (0.4 + large)),
        (18, 0.118),
        (24, 0.173),
        (30, 0.03),
        (36, 0.148),
        (42, 0.015),
        (48, 0.09 * large),
        (54, 0.004),
        (60, 0.09 * large),
    ])
}

fn start_loan(
    id: i64,
    client: &Client,
    offer: &Offer,
    decision: i64,
    draws: &mut Draws,
) -> InstalmentLoan {
    let wait = if draws.chance(0.15) {
        draws.whole(32, 52)
    } else {
        draws.whole(30, 31)
    };
    // Repaying early is commoner among better clients and on longer loans.
    let early = 0.27 + 0.05 * client.factors.quality.clamp(-3.0, 3.0);
    let instalments = if offer.term > 5 && draws.chance(early) {
        draws.whole(offer.term / 4, offer.term - 1).max(1)
    } else {
        offer.term
    };
    InstalmentLoan {
        id,
        client: client.id,
        decision,
        first_due: decision + wait,
        term: offer.term,
        annuity: offer.annuity,
        instalments,
    }
}

/// A card has months once a month's end has passed; one in twenty is never taken up.
fn start_card(
    id: i64,
    client: &Client,
    offer: &Offer,
    decision: i64,
    draws: &mut Draws,
) -> Option<CreditCard> {
    let first = ((decision as f64 / MONTH).ceil() as i64).clamp(-96, -1);
    let closed = draws.chance(0.15);
    let last = if closed { draws.whole(first, -1) } else { -1 };
    (decision < -31 && draws.chance(0.95)).then_some(CreditCard {
        id,
        client: client.id,
        limit: offer.credit,
        first,
        last,
        closed,
    })
}

fn write_row(
    client: &Client,
    id: i64,
    previous: &Previous,
    first: bool,
    draws: &mut Draws,
    rows: &mut Rows,
) {
    let Previous {
        kind,
        status,
        offer,
        ..
    } = previous;
    rows.integer(id);
    rows.integer(client.id);
    rows.text(match kind {
        Kind::Cash => "Cash loans",
        Kind::Consumer => "Consumer loans",
        Kind::Revolving => "Revolving loans",
        Kind::Unknown => "XNA",
    });
    write_amounts(previous, draws, rows);
    rows.text(
        if *kind == Kind::Cash && *status == Status::Approved && draws.chance(0.4) {
            purpose(draws)
        } else if *kind == Kind::Cash {
            if *status == Status::Refused && draws.chance(0.24) {
                purpose(draws)
            } else {
                "XNA"
            }
        } else {
            "XAP"
        },
    );
    rows.text(match status {
        Status::Approved => "Approved",
        Status::Canceled => "Canceled",
        Status::Refused => "Refused",
        Status::Unused => "Unused offer",
    });
    rows.integer(previous.decision);
    write_reason_and_company(previous, first, draws, rows);
    write_product(previous, draws, rows);
    write_calendar(previous, offer.as_ref(), draws, rows);
    rows.end();
}

/// `AMT_ANNUITY` to `RATE_INTEREST_PRIVILEGED`.
fn write_amounts(previous: &Previous, draws: &mut Draws, rows: &mut Rows) {
    let offer = previous.offer.as_ref();
    // An offer that was not taken up, or a refusal before terms, still has a price in consumer
    // loans and some cash loans.
    let asked = match (offer, previous.kind, previous.status) {
        (Some(offer), ..) => offer.application,
        (None, Kind::Consumer, Status::Refused | Status::Unused) => {
            to_step(at_score(&PREVIOUS_GOODS_AMOUNT, draws.normal()), 0.45)
        }
        _ => 0.0,
    };
    rows.optional_number(offer.map(|offer| offer.annuity));
    rows.amount(asked);
    rows.amount(offer.map_or(asked, |offer| offer.credit));
    let down = offer.and_then(|offer| offer.down_payment);
    rows.optional_number(down);
    rows.optional_number((asked > 0.0).then_some(asked));
    rows.text(weekday(draws));
    rows.integer(hour(draws));
    rows.text(if draws.chance(0.0042) { "N" } else { "Y" });
    rows.flag(!draws.chance(0.0033));
    match (down, offer) {
        (Some(down), Some(offer)) => {
            rows.number((1e9 * down / (offer.credit + down)).round() / 1e9);
        }
        _ => rows.missing(),
    }
    if previous.kind == Kind::Consumer && offer.is_some() && draws.chance(0.0085) {
        rows.rounded(
            draws.pick(&[(0.1424, 0.3), (0.1607, 0.2), (0.1891, 0.4), (0.1969, 0.1)]),
            4,
        );
        rows.rounded(
            draws.pick(&[(0.6379, 0.2), (0.7156, 0.2), (0.8351, 0.4), (0.8673, 0.2)]),
            4,
        );
    } else {
        rows.missing();
        rows.missing();
    }
}

fn purpose(draws: &mut Draws) -> &'static str {
    draws.pick(&[
        ("XNA", 0.55),
        ("Repairs", 0.137),
        ("Other", 0.089),
        ("Urgent needs", 0.053),
        ("Buying a used car", 0.02),
        ("Everyday expenses", 0.017),
        ("Payments on other loans", 0.015),
        ("Building a house or an annex", 0.015),
        ("Medicine", 0.013),
        ("Education", 0.008),
        ("Buying a new car", 0.006),
        ("Buying a holiday home / land", 0.006),
        ("Car repairs", 0.005),
        ("Journey", 0.005),
        ("Purchase of electronic equipment", 0.005),
        ("Buying a home", 0.005),
        ("Furniture", 0.004),
        ("Wedding / gift / holiday", 0.003),
        ("Business development", 0.003),
        ("Hobby", 0.001),
    ])
}

/// `NAME_PAYMENT_TYPE` to `NAME_CLIENT_TYPE`.
fn write_reason_and_company(previous: &Previous, first: bool, draws: &mut Draws, rows: &mut Rows) {
    let Previous { kind, status, .. } = *previous;
    let through_bank = match (kind, status) {
        (Kind::Revolving | Kind::Unknown, _) => 0.0,
        (Kind::Cash, Status::Canceled) => 0.011,
        (Kind::Cash, Status::Refused) => 0.732,
        (Kind::Consumer, Status::Canceled) => 0.18,
        _ => 0.87,
    };
    rows.text(if draws.chance(through_bank) {
        draws.pick(&[
            ("Cash through the bank", 0.9915),
            ("Non-cash from your account", 0.008),
            ("Cashless from the account of the employer", 0.0005),
        ])
    } else {
        "XNA"
    });
    rows.text(match status {
        Status::Refused => draws.pick(&match kind {
            Kind::Consumer => [
                ("HC", 0.287),
                ("LIMIT", 0.42),
                ("SCO", 0.248),
                ("SCOFR", 0.007),
                ("VERIF", 0.01),
                ("XNA", 0.027),
            ],
            _ => [
                ("HC", 0.735),
                ("LIMIT", 0.115),
                ("SCO", 0.067),
                ("SCOFR", 0.055),
                ("VERIF", 0.014),
                ("XNA", 0.013),
            ],
        }),
        Status::Unused => "CLIENT",
        Status::Approved | Status::Canceled => "XAP",
    });
    let accompanied = match (kind, status) {
        (Kind::Cash, Status::Approved) => 0.69,
        (_, Status::Canceled) | (Kind::Unknown, _) => 0.03,
        (Kind::Revolving, _) => 0.45,
        _ => 0.64,
    };
    let suite = draws.chance(accompanied).then(|| {
        draws.pick(&[
            ("Unaccompanied", 0.608),
            ("Family", 0.246),
            ("Spouse, partner", 0.076),
            ("Children", 0.0355),
            ("Other_B", 0.021),
            ("Other_A", 0.0105),
            ("Group of people", 0.003),
        ])
    });
    rows.optional_text(suite);
    rows.text(if first && kind == Kind::Consumer && draws.chance(0.9) {
        "New"
    } else {
        draws.pick(&[
            ("Repeater", 0.83),
            ("Refreshed", 0.093),
            ("New", 0.06),
            ("XNA", 0.001),
        ])
    });
}

/// `NAME_GOODS_CATEGORY` to `PRODUCT_COMBINATION`.
fn write_product(previous: &Previous, draws: &mut Draws, rows: &mut Rows) {
    let Previous {
        kind,
        status,
        crossed,
        ..
    } = *previous;
    let goods = GOODS[draws.pick(&std::array::from_fn::<_, 19, _>(|i| (i, GOODS[i].1)))];
    let agreed = previous.offer.as_ref();
    let of_consumer = kind == Kind::Consumer && (agreed.is_some() || status != Status::Canceled);
    rows.text(if of_consumer { goods.0 } else { "XNA" });
    rows.text(match (agreed, kind) {
        (None, _) | (_, Kind::Unknown) => "XNA",
        (_, Kind::Cash) => "Cash",
        (_, Kind::Consumer) => "POS",
        (_, Kind::Revolving) => "Cards",
    });
    let product = if crossed { "x-sell" } else { "walk-in" };
    rows.text(if agreed.is_some() && kind != Kind::Consumer {
        product
    } else {
        "XNA"
    });
    let channel = channel(kind, draws);
    rows.text(channel);
    let office = matches!(channel, "Credit and cash offices" | "Contact center");
    rows.integer(if office {
        draws.pick(&[(-1, 0.85), (0, 0.1), (20, 0.05)])
    } else {
        (90.0 * (1.6 * draws.normal()).exp()).round().min(20_000.0) as i64
    });
    rows.text(if of_consumer {
        goods.2
    } else if kind != Kind::Consumer && draws.chance(0.11) {
        draws.pick(&[("Consumer electronics", 0.66), ("Connectivity", 0.34)])
    } else {
        "XNA"
    });
    rows.optional_number(agreed.map(|offer| offer.term as f64));
    let yield_group = agreed.map_or("XNA", |offer| offer.yield_group);
    rows.text(yield_group);
    rows.optional_text(combination(
        kind,
        agreed.is_some(),
        crossed,
        yield_group,
        goods.3,
    ));
}

fn channel(kind: Kind, draws: &mut Draws) -> &'static str {
    draws.pick(&match kind {
        Kind::Consumer => [
            ("Country-wide", 0.577),
            ("Stone", 0.28),
            ("Regional / Local", 0.142),
            ("Car dealer", 0.0005),
            ("Credit and cash offices", 0.0005),
            ("Contact center", 0.0),
        ],
        Kind::Unknown => [
            ("Country-wide", 1.0),
            ("Stone", 0.0),
            ("Regional / Local", 0.0),
            ("Car dealer", 0.0),
            ("Credit and cash offices", 0.0),
            ("Contact center", 0.0),
        ],
        _ => [
            ("Credit and cash offices", 0.77),
            ("Contact center", 0.08),
            ("Country-wide", 0.08),
            ("AP+ (Cash loan)", 0.055),
            ("Channel of corporate sales", 0.006),
            ("Stone", 0.01),
        ],
    })
}

fn combination(
    kind: Kind,
    agreed: bool,
    crossed: bool,
    yield_group: &str,
    family: &str,
) -> Option<&'static str> {
    let free = yield_group == "low_action";
    Some(match kind {
        Kind::Unknown => return None,
        Kind::Cash if !agreed => "Cash",
        Kind::Cash => match (crossed, yield_group) {
            (true, "high") => "Cash X-Sell: high",
            (true, "middle") => "Cash X-Sell: middle",
            (true, _) => "Cash X-Sell: low",
            (false, "high") => "Cash Street: high",
            (false, "middle") => "Cash Street: middle",
            (false, _) => "Cash Street: low",
        },
        Kind::Revolving if crossed && agreed => "Card X-Sell",
        Kind::Revolving => "Card Street",
        Kind::Consumer => match (family, free) {
            ("mobile", false) => "POS mobile with interest",
            ("mobile", true) => "POS mobile without interest",
            ("household", false) => "POS household with interest",
            ("household", true) => "POS household without interest",
            ("industry", false) => "POS industry with interest",
            ("industry", true) => "POS industry without interest",
            (_, false) => "POS other with interest",
            (_, true) => "POS others without interest",
        },
    })
}

/// `DAYS_FIRST_DRAWING` to `NFLAG_INSURED_ON_APPROVAL`: only approved applications have them;
/// 365243 stands for a day that is not (or not yet) there.
fn write_calendar(previous: &Previous, offer: Option<&Offer>, draws: &mut Draws, rows: &mut Rows) {
    let never = NO_DAY as f64;
    match (previous.status, previous.kind, &previous.loan) {
        (Status::Approved, Kind::Revolving, _) => {
            let wait = draws.whole(1, 60);
            let drawn =
                previous.card.is_some() && previous.decision + wait < 0 && draws.chance(0.68);
            let drawing = previous.decision + wait;
            rows.amount(if drawn { drawing as f64 } else { never });
            let due = drawing + 25;
            rows.amount(if drawn && due < 0 { due as f64 } else { never });
            rows.amount(never);
            let closed = previous.card.as_ref().filter(|card| card.closed && drawn);
            let last = closed.map(|card| ((card.last as f64 * MONTH) as i64).max(drawing).min(-1));
            rows.amount(last.map_or(never, |day| day as f64));
            rows.amount(last.map_or(never, |day| (day + 5).min(-1) as f64));
        }
        (Status::Approved, _, Some(loan)) => {
            rows.amount(never);
            rows.amount(if loan.first_due < 0 {
                loan.first_due as f64
            } else {
                never
            });
            rows.amount(loan.due(loan.term) as f64);
            let last = loan.due(loan.instalments);
            rows.amount(if loan.finished() { last as f64 } else { never });
            let ended = (last + draws.whole(2, 12)).min(-1);
            rows.amount(if loan.finished() { ended as f64 } else { never });
        }
        _ => {
            (0..6).for_each(|_| rows.missing());
            return;
        }
    }
    rows.amount(f64::from(offer.is_some_and(|offer| offer.insured)));
}
