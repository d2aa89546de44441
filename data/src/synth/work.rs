//! The work of an employed client: occupation and kind of organisation, by sex, education and
//! income type.

use super::client::Client;
use super::random::Draws;

/// Occupation, its share among women and men who state one, and what a degree multiplies it by.
const OCCUPATIONS: [(&str, f64, f64, f64); 18] = [
    ("Laborers", 0.183, 0.38, 0.4),
    ("Sales staff", 0.234, 0.0435, 0.7),
    ("Core staff", 0.176, 0.0663, 1.9),
    ("Managers", 0.09, 0.1155, 2.4),
    ("Drivers", 0.009, 0.211, 0.4),
    ("High skill tech staff", 0.055, 0.0446, 1.6),
    ("Accountants", 0.0744, 0.0035, 2.4),
    ("Medicine staff", 0.066, 0.003, 0.8),
    ("Security staff", 0.016, 0.0538, 0.6),
    ("Cooking staff", 0.0428, 0.0072, 0.3),
    ("Cleaning staff", 0.033, 0.0037, 0.2),
    ("Private service staff", 0.0202, 0.0009, 0.8),
    ("Low-skill Laborers", 0.0031, 0.0216, 0.2),
    ("Waiters/barmen staff", 0.0094, 0.0023, 0.6),
    ("Secretaries", 0.0093, 0.0006, 1.5),
    ("Realty agents", 0.0054, 0.0006, 1.4),
    ("HR staff", 0.0042, 0.0006, 2.5),
    ("IT staff", 0.001, 0.0047, 2.5),
];

/// Kinds of organisation with their shares; those of the state also apart.
const STATE: [(&str, f64); 10] = [
    ("Medicine", 0.1),
    ("Government", 0.16),
    ("School", 0.15),
    ("Kindergarten", 0.09),
    ("Military", 0.1),
    ("Police", 0.09),
    ("Security Ministries", 0.07),
    ("University", 0.04),
    ("Other", 0.12),
    ("Postal", 0.03),
];
const ORGANIZATIONS: [(&str, f64); 53] = [
    ("Business Entity Type 3", 0.2181),
    ("Self-employed", 0.1285),
    ("Other", 0.047),
    ("Medicine", 0.029),
    ("Government", 0.024),
    ("Business Entity Type 2", 0.0334),
    ("School", 0.02),
    ("Trade: type 7", 0.0257),
    ("Kindergarten", 0.018),
    ("Construction", 0.0223),
    ("Business Entity Type 1", 0.0204),
    ("Transport: type 4", 0.0181),
    ("Trade: type 3", 0.0122),
    ("Industry: type 3", 0.0112),
    ("Industry: type 9", 0.0109),
    ("Housing", 0.0102),
    ("Security", 0.0099),
    ("Industry: type 11", 0.0087),
    ("Bank", 0.0083),
    ("Agriculture", 0.0075),
    ("Transport: type 2", 0.007),
    ("Postal", 0.005),
    ("Trade: type 2", 0.0063),
    ("Services", 0.0054),
    ("Restaurant", 0.0051),
    ("University", 0.002),
    ("Industry: type 7", 0.004),
    ("Industry: type 1", 0.0038),
    ("Transport: type 3", 0.0038),
    ("Hotel", 0.0036),
    ("Electricity", 0.0032),
    ("Industry: type 4", 0.0025),
    ("Telecom", 0.0022),
    ("Trade: type 6", 0.0021),
    ("Industry: type 5", 0.0021),
    ("Insurance", 0.0021),
    ("Emergency", 0.0018),
    ("Industry: type 12", 0.0016),
    ("Industry: type 2", 0.0015),
    ("Advertising", 0.0013),
    ("Culture", 0.0013),
    ("Realtor", 0.0012),
    ("Trade: type 1", 0.0011),
    ("Mobile", 0.0011),
    ("Legal Services", 0.0009),
    ("Transport: type 1", 0.0008),
    ("Cleaning", 0.0007),
    ("Industry: type 6", 0.0006),
    ("Industry: type 10", 0.0005),
    ("Religion", 0.0004),
    ("Trade: type 5", 0.0003),
    ("Industry: type 13", 0.0003),
    ("Trade: type 4", 0.0003),
];

/// Occupation (one in six does not state it) and organisation of an employed client.
pub(super) fn draw(
    client: &Client,
    draws: &mut Draws,
) -> (Option<&'static str>, Option<&'static str>) {
    let degree = client.degree() > 0.0;
    let occupation = (!draws.chance(0.16)).then(|| {
        draws.pick(&OCCUPATIONS.map(|(name, woman, man, with_degree)| {
            let share = if client.male { man } else { woman };
            (name, if degree { share * with_degree } else { share })
        }))
    });
    let organization = if client.income_type == "State servant" {
        draws.pick(&STATE)
    } else {
        draws.pick(&ORGANIZATIONS)
    };
    (occupation, Some(organization))
}
