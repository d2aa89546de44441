//! The true probability of default: logistic in what the tables show, in the client's latent
//! quality, and in a part that no table shows. The weights follow the direction and rough size
//! of the effects in the Home Credit portfolio. On 20,000 clients of seed 1 the true probability
//! ranks defaults with an area under the curve of 0.84; `LightGBM` reaches 0.753 from the columns
//! of the application alone (0.752 on 10,000 clients of the real portfolio).

use super::application::Application;
use super::client::{Client, PENSIONER};
use super::drift::Drift;
use super::history::History;
use super::random::{Draws, logistic};

/// Sets the default rate of the reference period near 8 %.
const INTERCEPT: f64 = -3.42;
/// Weight of the latent quality, the strongest driver.
const QUALITY: f64 = -0.95;
/// Standard deviation of the part no table shows.
const HIDDEN: f64 = 0.4;

/// The true probability of default of a client.
pub(super) fn probability(
    client: &Client,
    application: &Application,
    history: &History,
    drift: &Drift,
    draws: &mut Draws,
) -> f64 {
    logistic(
        INTERCEPT
            + drift.default
            + QUALITY * client.factors.quality
            + HIDDEN * draws.normal()
            + of_person(client)
            + of_application(client, application)
            + of_history(history),
    )
}

fn of_person(client: &Client) -> f64 {
    let age = -0.22 * client.factors.age;
    let sex = if client.male { 0.3 } else { 0.0 };
    let education = match client.education {
        "Lower secondary" => 0.2,
        "Secondary / secondary special" => 0.1,
        "Incomplete higher" => 0.05,
        _ => -0.4,
    };
    let work = match client.income_type {
        PENSIONER => -0.1,
        "State servant" => -0.15,
        "Unemployed" | "Maternity leave" => 1.2,
        _ => 0.05,
    };
    // Up to 15 years of steady work count.
    let years = client
        .employed_days
        .map_or(5.0, |days| (days as f64 / 365.25).min(15.0));
    let home = match client.housing {
        "With parents" | "Rented apartment" => 0.15,
        _ => 0.0,
    };
    let family = match client.family_status {
        "Single / not married" | "Civil marriage" => 0.08,
        _ => 0.0,
    };
    age + sex + education + work - 0.05 * (years - 5.0) + home + family
}

fn of_application(client: &Client, application: &Application) -> f64 {
    let contract = if application.revolving {
        -0.3
    } else {
        1.8 * (application.credit / application.goods - 1.12)
    };
    let burden = 0.8 * ((application.annuity / application.income).min(0.6) - 0.18);
    let region = 0.4 * (application.region_rating as f64 - 2.0);
    let occupation = match application.occupation {
        Some("Low-skill Laborers") => 0.4,
        Some(
            "Laborers"
            | "Drivers"
            | "Security staff"
            | "Sales staff"
            | "Cooking staff"
            | "Cleaning staff"
            | "Waiters/barmen staff",
        ) => 0.2,
        Some("Accountants" | "Core staff" | "Managers" | "IT staff") => -0.22,
        _ => 0.0,
    };
    let organization = match application.organization {
        Some(
            "Construction" | "Self-employed" | "Restaurant" | "Trade: type 3" | "Transport: type 3",
        ) => 0.12,
        Some("Military" | "Police" | "Security Ministries" | "University" | "Bank") => -0.2,
        _ => 0.0,
    };
    let away = 0.2 * f64::from(application.works_in_other_city)
        + 0.1 * f64::from(application.lives_in_other_city);
    let car = match application.car_age {
        Some(years) if years > 15 => 0.1,
        Some(_) => -0.15,
        None if client.male => 0.08,
        None => 0.0,
    };
    let changes = -0.05 * (application.phone_change_days as f64 / 365.25 - 2.5)
        - 0.03 * (application.id_publish_days as f64 / 365.25 - 8.0);
    let circle = application
        .social_circle
        .map_or(0.0, |(_, bad)| 0.15 * bad.min(3) as f64);
    let building = if application.building_known {
        -0.06
    } else {
        0.06
    };
    contract
        + burden
        + region
        + occupation
        + organization
        + away
        + car
        + changes
        + circle
        + building
}

fn of_history(history: &History) -> f64 {
    let file = if history.bureau_credits > 0.0 {
        let active = History::share(history.bureau_active, history.bureau_credits, 0.0);
        let debt = History::share(history.bureau_debt, history.bureau_amount, 0.0).min(1.0);
        let age = history.bureau_age_days / history.bureau_credits / 365.25;
        0.4 * (active - 0.4) + 0.5 * (debt - 0.25) - 0.1 * (age - 3.0)
            + 0.4 * history.bureau_overdue.min(2.0)
    } else {
        0.2
    };
    let arrears = History::share(history.bureau_late_months, history.bureau_months, 0.015);
    let refused = History::share(history.previous_refused, history.previous_decided, 0.15);
    let late = History::share(history.instalments_late, history.instalments, 0.085);
    let card = History::share(history.card_use, history.card_months, 0.25);
    file + 2.0 * (arrears.min(0.3) - 0.015)
        + 0.7 * (refused - 0.15)
        + 1.6 * (late.min(0.6) - 0.085)
        + 0.6 * (card.min(1.1) - 0.25)
}
