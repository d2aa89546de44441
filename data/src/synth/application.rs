//! The application itself: the loan asked for, the external scores, the region, the person's
//! circle and documents, and the row of `application_train` or `application_test` they make.
//! What drives default is drawn first ([`Application::draw`]); the columns on which nothing
//! depends are drawn while the row is written.

use super::building;
use super::client::{Client, PENSIONER};
use super::drift::Drift;
use super::marginals::{
    CAR_AGE, CASH_GOODS, EXT_SOURCE_1, EXT_SOURCE_2, EXT_SOURCE_3, ID_PUBLISH_DAYS, INCOME,
    PHONE_CHANGE_DAYS, POPULATION, REGISTRATION_DAYS, REVOLVING_LIMIT, TERM_RATIO,
};
use super::random::{Draws, at_score, logistic, to_step};
use super::rows::Rows;
use super::work;

/// The sentinel of the competition's files for "no such day".
pub(super) const NO_DAY: i64 = 365_243;

/// What the client applies with.
// The flags are independent columns of one row, not states of one thing.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone)]
pub(super) struct Application {
    pub(super) revolving: bool,
    pub(super) income: f64,
    pub(super) credit: f64,
    pub(super) annuity: f64,
    pub(super) goods: f64,
    pub(super) external: [Option<f64>; 3],
    pub(super) region_rating: i64,
    pub(super) car_age: Option<i64>,
    pub(super) occupation: Option<&'static str>,
    pub(super) organization: Option<&'static str>,
    pub(super) phone_change_days: i64,
    pub(super) id_publish_days: i64,
    pub(super) works_in_other_city: bool,
    pub(super) lives_in_other_city: bool,
    /// People seen around the client, and those of them in default (30 days); `None`: unknown.
    pub(super) social_circle: Option<(i64, i64)>,
    pub(super) building_known: bool,
}

impl Application {
    pub(super) fn draw(client: &Client, drift: &Drift, draws: &mut Draws) -> Self {
        let factors = &client.factors;
        let income_score = draws.loaded(&[
            (0.5, factors.wealth),
            (0.22, (f64::from(client.male) - 0.34) / 0.474),
            (0.22, (client.degree() - 0.24) / 0.427),
            (0.2, factors.urbanity),
            (
                -0.12,
                (f64::from(client.employed_days.is_none()) - 0.18) / 0.384,
            ),
        ]);
        let income = to_step(at_score(&INCOME, income_score), 4_500.0) * drift.income;
        let revolving = draws.chance(drift.revolving_share);
        let (credit, annuity, goods) = if revolving {
            revolving_loan(income_score, drift, draws)
        } else {
            cash_loan(client, income_score, drift, draws)
        };
        let rating_score = draws.loaded(&[(0.75, factors.urbanity), (0.25, factors.wealth)]);
        let (occupation, organization) = match client.employed_days {
            Some(_) => work::draw(client, draws),
            None => (None, None),
        };
        let other_city = if client.employed_days.is_some() {
            0.27
        } else {
            0.03
        };
        let phone_score = draws.loaded(&[
            (0.2, factors.quality),
            (0.2, factors.stability),
            (0.08, factors.age),
        ]);
        let id_score = draws.loaded(&[(0.26, factors.age), (0.12, factors.quality)]);
        let home = 0.25 * factors.urbanity + 0.15 * factors.wealth;
        Self {
            revolving,
            income: to_step(income, 450.0),
            credit,
            annuity,
            goods,
            external: external_scores(client, drift, draws),
            region_rating: if rating_score > 1.26 {
                1
            } else if rating_score > -1.015 {
                2
            } else {
                3
            },
            car_age: client.has_car.then(|| {
                let score = draws.loaded(&[(-0.3, factors.wealth), (-0.15, factors.urbanity)]);
                at_score(&CAR_AGE, score).round() as i64
            }),
            occupation,
            organization,
            phone_change_days: at_score(&PHONE_CHANGE_DAYS, phone_score).round() as i64,
            id_publish_days: (at_score(&ID_PUBLISH_DAYS, id_score).round() as i64)
                .min(client.age_days - 14 * 365),
            works_in_other_city: draws.chance(other_city),
            lives_in_other_city: draws.chance(0.078),
            social_circle: (!draws.chance(0.0035)).then(|| social_circle(client, draws)),
            building_known: draws.chance(logistic(-0.05 + 2.0 * home - drift.missing)),
        }
    }
}

/// Limit, monthly minimum of 5 %, and goods price (the limit again).
fn revolving_loan(income_score: f64, drift: &Drift, draws: &mut Draws) -> (f64, f64, f64) {
    let score = draws.loaded(&[(0.45, income_score)]);
    let limit = to_step(at_score(&REVOLVING_LIMIT, score) * drift.credit, 22_500.0);
    let limit = limit.max(135_000.0);
    (limit, limit * 0.05, limit)
}

/// Goods price, the credit that covers it and its insurance, and the annuity by the term.
fn cash_loan(
    client: &Client,
    income_score: f64,
    drift: &Drift,
    draws: &mut Draws,
) -> (f64, f64, f64) {
    let goods_score = draws.loaded(&[
        (0.4, income_score),
        (0.12, client.factors.wealth),
        (0.12, client.factors.quality),
        (-0.05, client.factors.age),
    ]);
    let goods = to_step(at_score(&CASH_GOODS, goods_score) * drift.credit, 4_500.0);
    let insured = draws.chance(logistic(0.62 - 0.22 * client.factors.quality));
    let cover = if insured {
        draws.pick(&[
            (1.06, 0.12),
            (1.1188, 0.2),
            (1.132, 0.2),
            (1.198, 0.2),
            (1.264, 0.1),
            (1.32, 0.08),
            (1.396, 0.1),
        ]) * draws.between(0.985, 1.015)
    } else {
        1.0
    };
    let credit = to_step(goods * cover, 4.5);
    let term_score = draws.loaded(&[
        (0.64, goods_score),
        (-0.1, client.factors.age),
        (0.1, cover - 1.12),
    ]);
    let annuity = to_step(credit / at_score(&TERM_RATIO, term_score), 4.5);
    (credit, annuity, goods)
}

/// The three scores of outside agencies: each sees the client's quality through noise, the first
/// also age and sex, the second the region, the third the age.
fn external_scores(client: &Client, drift: &Drift, draws: &mut Draws) -> [Option<f64>; 3] {
    let Client { factors, male, .. } = client;
    let quality = factors.quality;
    let sex = (f64::from(*male) - 0.34) / 0.474;
    let first = draws.loaded(&[
        (0.43, quality),
        (0.54, factors.age),
        (-0.22, sex),
        (0.1, factors.wealth),
    ]);
    let second = draws.loaded(&[
        (0.55, quality),
        (0.3, factors.urbanity),
        (0.12, factors.wealth),
        (0.05, factors.age),
    ]);
    let third = draws.loaded(&[(0.66, quality), (0.17, factors.age)]);
    let mut seen = |log_odds: f64, value: f64| {
        (!draws.chance(logistic(log_odds))).then_some((value * 1e12).round() / 1e12)
    };
    [
        seen(
            0.27 - 0.15 * factors.wealth + drift.missing,
            at_score(&EXT_SOURCE_1, first + drift.external * 0.5),
        ),
        seen(
            -6.2 + drift.missing,
            at_score(&EXT_SOURCE_2, second + drift.external),
        ),
        seen(
            -1.42 - 0.12 * quality + drift.missing,
            at_score(&EXT_SOURCE_3, third + drift.external),
        ),
    ]
}

fn social_circle(client: &Client, draws: &mut Draws) -> (i64, i64) {
    let seen = draws.count(1.42, 0.6).min(30);
    let in_default = if seen > 0 && draws.chance(0.23 - 0.04 * client.factors.quality) {
        draws
            .pick(&[(1, 0.76), (2, 0.17), (3, 0.05), (4, 0.02)])
            .min(seen)
    } else {
        0
    };
    (seen, in_default)
}

/// Writes the row; `target` is `None` in `application_test`, which has no such column.
pub(super) fn write(
    client: &Client,
    application: &Application,
    target: Option<bool>,
    drift: &Drift,
    draws: &mut Draws,
    rows: &mut Rows,
) {
    rows.integer(client.id);
    if let Some(target) = target {
        rows.flag(target);
    }
    write_loan_and_family(client, application, draws, rows);
    write_days_and_phones(client, application, draws, rows);
    write_region_and_process(client, application, draws, rows);
    rows.text(application.organization.unwrap_or("XNA"));
    for score in application.external {
        match score {
            Some(score) => rows.number(score),
            None => rows.missing(),
        }
    }
    building::write(client, application.building_known, draws, rows);
    write_circle_and_phone(application, draws, rows);
    write_documents(client, application, draws, rows);
    write_bureau_requests(application, drift, draws, rows);
    rows.end();
}

fn write_loan_and_family(
    client: &Client,
    application: &Application,
    draws: &mut Draws,
    rows: &mut Rows,
) {
    rows.text(if application.revolving {
        "Revolving loans"
    } else {
        "Cash loans"
    });
    rows.text(if client.male { "M" } else { "F" });
    rows.text(if client.has_car { "Y" } else { "N" });
    let owns_home = draws.chance(if client.housing == "With parents" {
        0.45
    } else {
        0.71
    });
    rows.text(if owns_home { "Y" } else { "N" });
    rows.integer(client.children);
    rows.amount(application.income);
    rows.amount(application.credit);
    rows.amount(application.annuity);
    if application.revolving && draws.chance(0.01) {
        rows.missing();
    } else {
        rows.amount(application.goods);
    }
    let partner = if client.has_partner() { 0.057 } else { 0.004 };
    rows.optional_text(draws.pick(&[
        (Some("Unaccompanied"), 0.808),
        (Some("Family"), 0.13),
        (Some("Spouse, partner"), partner),
        (
            Some("Children"),
            if client.children > 0 { 0.011 } else { 0.009 },
        ),
        (Some("Other_B"), 0.0059),
        (Some("Other_A"), 0.0025),
        (Some("Group of people"), 0.001),
        (None, 0.0043),
    ]));
    rows.text(client.income_type);
    rows.text(client.education);
    rows.text(client.family_status);
    rows.text(client.housing);
    let population = draws.loaded(&[(0.8, client.factors.urbanity)]);
    rows.rounded(at_score(&POPULATION, population), 6);
}

fn write_days_and_phones(
    client: &Client,
    application: &Application,
    draws: &mut Draws,
    rows: &mut Rows,
) {
    rows.integer(-client.age_days);
    rows.integer(client.employed_days.map_or(NO_DAY, |days| -days));
    let registration = draws.loaded(&[(0.33, client.factors.age)]);
    let days = at_score(&REGISTRATION_DAYS, registration)
        .round()
        .min(client.age_days as f64);
    rows.amount(-days);
    rows.integer(-application.id_publish_days);
    rows.optional_number(application.car_age.map(|years| years as f64));
    rows.flag(true);
    let employed = client.employed_days.is_some();
    rows.flag(employed);
    rows.flag(employed && draws.chance(0.243));
    rows.flag(!draws.chance(0.002));
    rows.flag(draws.chance(0.28));
    rows.flag(draws.chance(logistic(-2.8 - 0.3 * client.factors.age)));
    rows.optional_text(application.occupation);
    rows.amount((client.children + 1 + i64::from(client.has_partner())) as f64);
}

fn write_region_and_process(
    client: &Client,
    application: &Application,
    draws: &mut Draws,
    rows: &mut Rows,
) {
    rows.integer(application.region_rating);
    let with_city = if application.region_rating > 1 && draws.chance(0.018) {
        application.region_rating - 1
    } else {
        application.region_rating
    };
    rows.integer(with_city);
    rows.text(weekday(draws));
    rows.integer(hour(draws));
    let other_region = application.works_in_other_city && draws.chance(0.18);
    let lives_away = application.lives_in_other_city && draws.chance(0.13);
    rows.flag(lives_away);
    rows.flag(other_region || (lives_away && draws.chance(0.7)));
    rows.flag(other_region && !(lives_away && draws.chance(0.4)));
    rows.flag(application.lives_in_other_city);
    let works_away = application.works_in_other_city
        || (client.employed_days.is_some() && application.lives_in_other_city && draws.chance(0.5));
    rows.flag(works_away);
    rows.flag(application.works_in_other_city && draws.chance(0.84));
}

fn write_circle_and_phone(application: &Application, draws: &mut Draws, rows: &mut Rows) {
    match application.social_circle {
        Some((seen, in_default)) => {
            rows.amount(seen as f64);
            rows.amount(in_default as f64);
            let fewer = i64::from(seen > in_default && draws.chance(0.02));
            rows.amount((seen - fewer) as f64);
            let longer = (0..in_default).filter(|_| draws.chance(0.7)).count();
            rows.amount(longer as f64);
        }
        None => (0..4).for_each(|_| rows.missing()),
    }
    rows.amount(-(application.phone_change_days as f64));
}

/// `FLAG_DOCUMENT_2` to `_21`: nearly always one of 3, 6, 8 or 5; the others are rare.
fn write_documents(client: &Client, application: &Application, draws: &mut Draws, rows: &mut Rows) {
    let main = if application.revolving {
        0
    } else if client.income_type == PENSIONER {
        draws.pick(&[(3, 0.45), (6, 0.46), (8, 0.01), (0, 0.08)])
    } else {
        draws.pick(&[
            (3, 0.83),
            (8, 0.105),
            (5, 0.018),
            (9, 0.004),
            (7, 0.0003),
            (0, 0.04),
        ])
    };
    let rare = [
        (2, 0.000_04),
        (4, 0.000_08),
        (10, 0.000_02),
        (11, 0.0039),
        (12, 0.000_01),
        (13, 0.0035),
        (14, 0.0029),
        (15, 0.0012),
        (16, 0.0099),
        (17, 0.0003),
        (18, 0.0081),
        (19, 0.0006),
        (20, 0.0005),
        (21, 0.0003),
    ];
    for document in 2..=21 {
        let share = rare
            .iter()
            .find(|(number, _)| *number == document)
            .map_or(0.0, |(_, s)| *s);
        rows.flag(document == main || (!application.revolving && draws.chance(share)));
    }
}

/// The six counts of bureau requests; all missing together, and only where score 3 is.
fn write_bureau_requests(
    application: &Application,
    drift: &Drift,
    draws: &mut Draws,
    rows: &mut Rows,
) {
    let unknown = application.external[2].is_none() && draws.chance(0.68);
    if unknown {
        (0..6).for_each(|_| rows.missing());
        return;
    }
    for (mean, shape) in [
        (0.0064, 0.2),
        (0.007, 0.2),
        (0.034, 0.5),
        (0.267, 0.12),
        (0.265, 0.8),
    ] {
        rows.amount(draws.count(mean, shape).min(20) as f64);
    }
    rows.amount(draws.count(1.9 * drift.income, 1.8).min(25) as f64);
}

/// The weekday on which an application starts.
pub(super) fn weekday(draws: &mut Draws) -> &'static str {
    draws.pick(&[
        ("MONDAY", 0.163),
        ("TUESDAY", 0.172),
        ("WEDNESDAY", 0.17),
        ("THURSDAY", 0.167),
        ("FRIDAY", 0.163),
        ("SATURDAY", 0.112),
        ("SUNDAY", 0.053),
    ])
}

/// The hour at which an application starts.
pub(super) fn hour(draws: &mut Draws) -> i64 {
    (12.06 + 3.27 * draws.normal()).round().clamp(0.0, 23.0) as i64
}
