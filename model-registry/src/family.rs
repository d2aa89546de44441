//! Contributions of features that mean the same thing, added up for the reader.
//!
//! Shapley values are additive: what a family of features contributes is the sum of its
//! features' contributions, and the families make the margin as the features do.

use std::cmp::Ordering;

/// What the features of one family contribute together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FamilyContribution<'a> {
    /// Name of the family.
    pub family: &'a str,
    /// Log-odds.
    pub contribution: f64,
}

/// The sum of the contributions of each family, strongest first; families of the same weight
/// by name. `told`: the family of each feature and its contribution.
#[must_use]
pub fn by_family<'a>(
    told: impl IntoIterator<Item = (&'a str, f64)>,
) -> Vec<FamilyContribution<'a>> {
    let mut families: Vec<FamilyContribution<'a>> = Vec::new();
    for (family, contribution) in told {
        match families.iter_mut().find(|known| known.family == family) {
            Some(known) => known.contribution += contribution,
            None => families.push(FamilyContribution {
                family,
                contribution,
            }),
        }
    }
    families.sort_by(stronger_first);
    families
}

fn stronger_first(one: &FamilyContribution<'_>, other: &FamilyContribution<'_>) -> Ordering {
    let weight = |family: &FamilyContribution<'_>| family.contribution.abs();
    weight(other)
        .total_cmp(&weight(one))
        .then_with(|| one.family.cmp(other.family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_a_family_are_added_and_the_strongest_family_comes_first() {
        let told = [
            ("loan", 0.5),
            ("bureau", -0.75),
            ("loan", -0.25),
            ("work", 0.25),
            ("bureau", -0.5),
        ];
        let families: Vec<(&str, f64)> = by_family(told)
            .into_iter()
            .map(|one| (one.family, one.contribution))
            .collect();
        assert_eq!(
            families,
            [("bureau", -1.25), ("loan", 0.25), ("work", 0.25)]
        );
    }

    #[test]
    fn families_add_up_to_what_features_add_up_to() {
        let told: Vec<(&str, f64)> = (0..200)
            .map(|i| (["a", "b", "c"][i % 3], (i as f64 * 0.7).sin()))
            .collect();
        let features: f64 = told.iter().map(|(_, contribution)| contribution).sum();
        let families: f64 = by_family(told).iter().map(|one| one.contribution).sum();
        assert!((features - families).abs() < 1e-12);
    }

    #[test]
    fn nothing_told_is_no_family() {
        assert_eq!(by_family([]), []);
    }
}
