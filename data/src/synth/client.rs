//! The latent side of a client: a few standard normal factors that every table loads on, so that
//! the tables agree with each other (a Gaussian copula by factors), and the facts about the person
//! that follow from them: age, sex, work, education, family, home.

use super::drift::Drift;
use super::marginals::{AGE_DAYS, EMPLOYED_DAYS};
use super::random::{Draws, at_score, logistic};

/// The factors behind a client, each standard normal (age moves with the drift).
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    /// How reliably the client pays; the strongest driver of default, seen only through the
    /// external scores and the histories.
    pub(super) quality: f64,
    pub(super) wealth: f64,
    pub(super) age: f64,
    /// Steadiness of work.
    pub(super) stability: f64,
    pub(super) urbanity: f64,
}

/// What a client is, before any loan.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: i64,
    pub(super) factors: Factors,
    pub(super) male: bool,
    pub(super) age_days: i64,
    /// `None`: not employed (pensioners), the sentinel 365243 in the files.
    pub(super) employed_days: Option<i64>,
    pub(super) income_type: &'static str,
    pub(super) education: &'static str,
    pub(super) family_status: &'static str,
    pub(super) children: i64,
    pub(super) housing: &'static str,
    pub(super) has_car: bool,
}

pub(super) const HIGHER: &str = "Higher education";
pub(super) const PENSIONER: &str = "Pensioner";

/// Five-year age bands from under 25 to over 65, for the tables below.
const BANDS: usize = 10;
/// Share of pensioners in each age band.
const PENSIONERS: [f64; BANDS] = [
    0.003, 0.002, 0.003, 0.005, 0.017, 0.032, 0.116, 0.587, 0.82, 0.912,
];
/// Shares of no, one, two, three children in each age band.
const CHILDREN: [[f64; 4]; BANDS] = [
    [0.811, 0.172, 0.014, 0.003],
    [0.583, 0.301, 0.104, 0.012],
    [0.447, 0.332, 0.191, 0.026],
    [0.444, 0.312, 0.208, 0.032],
    [0.566, 0.307, 0.106, 0.019],
    [0.768, 0.189, 0.037, 0.005],
    [0.915, 0.072, 0.011, 0.002],
    [0.966, 0.028, 0.003, 0.001],
    [0.989, 0.009, 0.002, 0.0],
    [0.998, 0.002, 0.0, 0.0],
];
/// Shares of married, single, civil marriage, separated, widowed in each age band.
const STATUS: [[f64; 5]; BANDS] = [
    [0.334, 0.501, 0.151, 0.014, 0.0],
    [0.591, 0.262, 0.114, 0.031, 0.003],
    [0.686, 0.159, 0.102, 0.046, 0.006],
    [0.704, 0.11, 0.113, 0.062, 0.011],
    [0.682, 0.114, 0.106, 0.08, 0.019],
    [0.676, 0.104, 0.102, 0.088, 0.03],
    [0.664, 0.098, 0.088, 0.087, 0.063],
    [0.635, 0.101, 0.073, 0.074, 0.116],
    [0.575, 0.112, 0.055, 0.065, 0.193],
    [0.483, 0.122, 0.053, 0.058, 0.284],
];
const STATUS_NAMES: [&str; 5] = [
    "Married",
    "Single / not married",
    "Civil marriage",
    "Separated",
    "Widow",
];
/// Share living with parents in each age band.
const WITH_PARENTS: [f64; BANDS] = [
    0.214, 0.135, 0.084, 0.047, 0.026, 0.016, 0.008, 0.005, 0.002, 0.0,
];
/// Share with incomplete higher education in each age band.
const INCOMPLETE: [f64; BANDS] = [
    0.164, 0.076, 0.049, 0.035, 0.024, 0.016, 0.016, 0.009, 0.009, 0.007,
];

impl Client {
    pub(super) fn draw(id: i64, drift: &Drift, draws: &mut Draws) -> Self {
        let factors = Factors {
            quality: draws.normal(),
            wealth: draws.normal(),
            age: draws.normal() + drift.age,
            stability: draws.normal(),
            urbanity: draws.normal(),
        };
        let male = draws.chance(logistic(-0.68 - 0.3 * factors.age));
        let age_days = at_score(&AGE_DAYS, factors.age).round() as i64;
        let band = (((age_days as f64 / 365.25 - 20.0) / 5.0) as usize).min(BANDS - 1);
        let income_type = income_type(band, draws);
        let family_status = draws.pick(&std::array::from_fn::<_, 5, _>(|i| {
            (STATUS_NAMES[i], STATUS[band][i])
        }));
        Self {
            id,
            factors,
            male,
            age_days,
            employed_days: employed_days(income_type, age_days, &factors, draws),
            income_type,
            education: education(band, &factors, draws),
            family_status,
            children: children(band, family_status, draws),
            housing: housing(band, family_status, draws),
            has_car: draws.chance(logistic(
                -1.33 + 1.55 * f64::from(male) + 0.35 * factors.wealth,
            )),
        }
    }

    pub(super) fn has_partner(&self) -> bool {
        matches!(self.family_status, "Married" | "Civil marriage")
    }

    /// 1 with a degree, 0 without: the form in which education enters the amounts.
    pub(super) fn degree(&self) -> f64 {
        f64::from(matches!(self.education, HIGHER | "Academic degree"))
    }
}

fn income_type(band: usize, draws: &mut Draws) -> &'static str {
    if draws.chance(PENSIONERS[band]) {
        return PENSIONER;
    }
    draws.pick(&[
        ("Working", 0.632),
        ("Commercial associate", 0.283),
        ("State servant", 0.0848),
        ("Unemployed", 0.000_07),
        ("Businessman", 0.000_03),
        ("Maternity leave", 0.000_02),
        ("Student", 0.000_06),
    ])
}

/// At most the days since the eighteenth birthday.
fn employed_days(
    income_type: &str,
    age_days: i64,
    factors: &Factors,
    draws: &mut Draws,
) -> Option<i64> {
    if matches!(income_type, PENSIONER | "Unemployed") {
        return None;
    }
    let score = draws.loaded(&[(0.6, factors.stability), (0.3, factors.age)]);
    let days = at_score(&EMPLOYED_DAYS, score).round() as i64;
    Some(days.clamp(1, (age_days - 18 * 365).max(30)))
}

fn education(band: usize, factors: &Factors, draws: &mut Draws) -> &'static str {
    let higher = logistic(
        -1.05 - 0.25 * factors.age
            + 0.35 * factors.wealth
            + 0.2 * factors.urbanity
            + 0.2 * factors.quality,
    );
    if draws.chance(higher * 0.97) {
        return if draws.chance(0.002) {
            "Academic degree"
        } else {
            HIGHER
        };
    }
    let lower = if band >= 8 { 0.045 } else { 0.011 };
    draws.pick(&[
        ("Secondary / secondary special", 0.93 - lower),
        ("Incomplete higher", INCOMPLETE[band] * 1.35),
        ("Lower secondary", lower),
    ])
}

/// People without a partner have fewer children than their age band, the others a few more.
fn children(band: usize, family_status: &str, draws: &mut Draws) -> i64 {
    let partner = matches!(family_status, "Married" | "Civil marriage");
    let factor = if partner { 1.2 } else { 0.45 };
    let [_, one, two, three] = CHILDREN[band].map(|share| share * factor);
    let some = (one + two + three).min(0.9);
    if !draws.chance(some) {
        return 0;
    }
    let number = draws.pick(&[(1, one), (2, two), (3, three)]);
    if number == 3 && draws.chance(0.15) {
        draws.whole(4, 6)
    } else {
        number
    }
}

fn housing(band: usize, family_status: &str, draws: &mut Draws) -> &'static str {
    let single = family_status == "Single / not married";
    if draws.chance(WITH_PARENTS[band] * if single { 1.7 } else { 0.8 }) {
        return "With parents";
    }
    let rented = [
        0.053, 0.03, 0.03, 0.017, 0.015, 0.011, 0.007, 0.005, 0.006, 0.002,
    ][band];
    draws.pick(&[
        ("House / apartment", 0.93 - rented),
        ("Municipal apartment", 0.037),
        ("Rented apartment", rented),
        ("Office apartment", 0.0085),
        ("Co-op apartment", 0.004),
    ])
}
