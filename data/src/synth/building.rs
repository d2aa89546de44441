//! The 47 columns about the building the client lives in. They come from one register: mostly
//! they are all present or all missing, some columns miss more often than others, and `_AVG`,
//! `_MODE` and `_MEDI` of one measure miss together and are nearly equal.

use super::client::Client;
use super::marginals::{
    APARTMENTS, BASEMENTAREA, COMMONAREA, ELEVATORS, ENTRANCES, FLOORSMAX, FLOORSMIN, LANDAREA,
    LIVINGAPARTMENTS, LIVINGAREA, NONLIVINGAPARTMENTS, NONLIVINGAREA, Quantiles, TOTALAREA,
    YEARS_BEGINEXPLUATATION, YEARS_BUILD,
};
use super::random::{Draws, at_score};
use super::rows::Rows;

/// One measure: its marginal, its load on the size of the building, its load on the age of the
/// building, the share missing where the building is known and where it is not, and the step of
/// its values where these are counted (floors in 24ths, entrances in 29ths).
struct Measure {
    marginal: &'static Quantiles,
    size: f64,
    newness: f64,
    missing_known: f64,
    missing_unknown: f64,
    step: Option<f64>,
}

const fn measure(
    marginal: &'static Quantiles,
    size: f64,
    newness: f64,
    missing_known: f64,
    missing_unknown: f64,
    step: Option<f64>,
) -> Measure {
    Measure {
        marginal,
        size,
        newness,
        missing_known,
        missing_unknown,
        step,
    }
}

/// In the order of the columns. Loads and shares follow the rank correlations and the missing
/// shares among 16,600 applications whose building is known.
const MEASURES: [Measure; 14] = [
    measure(&APARTMENTS, 0.95, 0.1, 0.0, 1.0, None),
    measure(&BASEMENTAREA, 0.72, 0.0, 0.166, 0.9926, None),
    measure(&YEARS_BEGINEXPLUATATION, 0.4, 0.85, 0.005, 0.958, None),
    measure(&YEARS_BUILD, 0.4, 0.86, 0.325, 0.993, None),
    measure(&COMMONAREA, 0.6, 0.1, 0.389, 0.997, None),
    measure(&ELEVATORS, 0.68, 0.35, 0.063, 0.987, Some(0.04)),
    measure(&ENTRANCES, 0.6, -0.25, 0.016, 0.977, Some(1.0 / 29.0)),
    measure(&FLOORSMAX, 0.72, 0.4, 0.006, 0.975, Some(1.0 / 24.0)),
    measure(&FLOORSMIN, 0.48, 0.25, 0.35, 0.9947, Some(1.0 / 24.0)),
    measure(&LANDAREA, 0.48, 0.0, 0.178, 0.9915, None),
    measure(&LIVINGAPARTMENTS, 0.93, 0.1, 0.358, 0.9968, None),
    measure(&LIVINGAREA, 0.9, 0.15, 0.027, 0.9635, None),
    measure(&NONLIVINGAPARTMENTS, 0.28, 0.0, 0.379, 0.9984, None),
    measure(&NONLIVINGAREA, 0.24, 0.0, 0.096, 0.99, None),
];

/// Writes `APARTMENTS_AVG` to `EMERGENCYSTATE_MODE`.
pub(super) fn write(client: &Client, known: bool, draws: &mut Draws, rows: &mut Rows) {
    let size = draws.loaded(&[
        (0.2, client.factors.urbanity),
        (0.12, client.factors.wealth),
    ]);
    let newness = draws.loaded(&[(0.1, client.factors.wealth)]);
    let values: [Option<f64>; 14] = std::array::from_fn(|i| {
        let measure = &MEASURES[i];
        let missing = if known {
            measure.missing_known
        } else {
            measure.missing_unknown
        };
        let score = draws.loaded(&[(measure.size, size), (measure.newness, newness)]);
        (!draws.chance(missing)).then(|| stepped(at_score(measure.marginal, score), measure.step))
    });
    // Three readings of each measure: mean, mode and median over the building's parts.
    for spread in [0.0, 0.03, 0.008] {
        for (value, measure) in values.iter().zip(&MEASURES) {
            match value {
                Some(value) => {
                    let same = spread == 0.0 || measure.step.is_some() || draws.chance(0.4);
                    let factor = if same {
                        1.0
                    } else {
                        1.0 + spread * draws.normal()
                    };
                    rows.rounded((value * factor).clamp(0.0, 1.0), 4);
                }
                None => rows.missing(),
            }
        }
    }
    write_kind(known, size, draws, rows);
}

fn stepped(value: f64, step: Option<f64>) -> f64 {
    step.map_or(value, |step| ((value / step).round() * step).min(1.0))
}

/// The five columns that are read once per building.
fn write_kind(known: bool, size: f64, draws: &mut Draws, rows: &mut Rows) {
    let mut present = |missing_known: f64, missing_unknown: f64| {
        !draws.chance(if known {
            missing_known
        } else {
            missing_unknown
        })
    };
    let fund = present(0.363, 0.9958);
    let house = present(0.0126, 0.9749);
    let area = present(0.002, 0.95);
    let walls = present(0.0244, 0.9779);
    let emergency = present(0.0, 0.9343);
    let fund = fund.then(|| {
        draws.pick(&[
            ("reg oper account", 0.762),
            ("reg oper spec account", 0.122),
            ("org spec account", 0.059),
            ("not specified", 0.057),
        ])
    });
    rows.optional_text(fund);
    let house = house.then(|| {
        draws.pick(&[
            ("block of flats", 0.981),
            ("specific housing", 0.01),
            ("terraced house", 0.009),
        ])
    });
    rows.optional_text(house);
    let score = draws.loaded(&[(0.85, size)]);
    if area {
        rows.rounded(at_score(&TOTALAREA, score), 4);
    } else {
        rows.missing();
    }
    let walls = walls.then(|| {
        draws.pick(&[
            ("Panel", 0.437 + 0.12 * size.clamp(-2.0, 2.0)),
            ("Stone, brick", 0.429),
            ("Block", 0.064),
            ("Wooden", (0.034 - 0.03 * size).max(0.0)),
            ("Mixed", 0.014),
            ("Monolithic", 0.0115),
            ("Others", 0.011),
        ])
    });
    rows.optional_text(walls);
    let emergency = emergency.then(|| if draws.chance(0.014) { "Yes" } else { "No" });
    rows.optional_text(emergency);
}
