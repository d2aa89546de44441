//! A row of the portfolio's features as a model takes it: by name, whatever the SQL has
//! gained since, and with the codes of the model's own levels. A model trained here numbers
//! a category's levels as the portfolio does; one that was imported numbers them as its file
//! does, and only the texts of the levels say which is which.

use ndarray::{Array2, ArrayView2};
use octroi_data::features::{FeatureKind, FeatureSpec};
use octroi_model_registry::package::PackageFeature;
use std::cmp::Ordering;
use std::collections::HashMap;

/// How rows of the portfolio become rows of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrangement {
    columns: Vec<ArrangedColumn>,
    /// The portfolio's own row is the model's.
    same: bool,
}

/// Where one feature of a model comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrangedColumn {
    from: usize,
    codes: Codes,
}

#[derive(Clone, Debug, PartialEq)]
enum Codes {
    /// The value as it is.
    Same,
    /// The model's code of each of the portfolio's levels; missing where it has none.
    OfLevels(Vec<f64>),
    /// The number that each of the model's levels tells.
    OfNumbers(Vec<f64>),
}

/// A feature that the portfolio does not compute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model takes the feature {0}, which this version of Octroi does not compute")]
pub struct UnknownFeature(pub String);

impl Arrangement {
    /// Finds each of the model's features among the portfolio's.
    pub fn new(wanted: &[PackageFeature], specs: &[FeatureSpec]) -> Result<Self, UnknownFeature> {
        let places: HashMap<&str, usize> = specs
            .iter()
            .enumerate()
            .map(|(place, spec)| (spec.name.as_str(), place))
            .collect();
        let column = |feature: &PackageFeature| {
            let place = places.get(feature.name.as_str());
            let from = *place.ok_or_else(|| UnknownFeature(feature.name.clone()))?;
            let codes = codes(feature, &specs[from].kind);
            Ok(ArrangedColumn { from, codes })
        };
        let columns: Vec<ArrangedColumn> = wanted.iter().map(column).collect::<Result<_, _>>()?;
        let in_place = |(place, column): (usize, &ArrangedColumn)| {
            column.from == place && column.codes == Codes::Same
        };
        let same = columns.len() == specs.len() && columns.iter().enumerate().all(in_place);
        Ok(Self { columns, same })
    }

    /// One row.
    #[must_use]
    pub fn row(&self, features: &[f64]) -> Vec<f64> {
        if self.same {
            return features.to_vec();
        }
        let columns = self.columns.iter();
        columns
            .map(|column| column.value(features[column.from]))
            .collect()
    }

    /// Many rows (rows x features).
    #[must_use]
    pub fn rows(&self, features: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut rows = Array2::from_elem((features.nrows(), self.columns.len()), f64::NAN);
        for (column, mut to) in self.columns.iter().zip(rows.columns_mut()) {
            for (to, &value) in to.iter_mut().zip(features.column(column.from)) {
                *to = column.value(value);
            }
        }
        rows
    }

    /// The columns, in the model's order.
    #[must_use]
    pub fn columns(&self) -> &[ArrangedColumn] {
        &self.columns
    }
}

impl ArrangedColumn {
    /// The place among the portfolio's features.
    #[must_use]
    pub fn place(&self) -> usize {
        self.from
    }

    /// A value of the portfolio as the model has it.
    #[must_use]
    pub fn value(&self, value: f64) -> f64 {
        let known = match &self.codes {
            Codes::Same => return value,
            Codes::OfLevels(codes) if value >= 0.0 => codes.get(value as usize).copied(),
            Codes::OfLevels(_) => None,
            Codes::OfNumbers(levels) => levels
                .iter()
                .position(|level| level.partial_cmp(&value).is_some_and(Ordering::is_eq))
                .map(|code| code as f64),
        };
        known.unwrap_or(f64::NAN)
    }
}

fn codes(feature: &PackageFeature, kind: &FeatureKind) -> Codes {
    match (&feature.levels, kind) {
        (None, _) => Codes::Same,
        (Some(theirs), FeatureKind::Category { levels }) if theirs == levels => Codes::Same,
        (Some(theirs), FeatureKind::Category { levels }) => {
            let codes: HashMap<&str, usize> = theirs
                .iter()
                .enumerate()
                .map(|(code, level)| (level.as_str(), code))
                .collect();
            let code = |level: &String| codes.get(level.as_str()).map_or(f64::NAN, |&c| c as f64);
            Codes::OfLevels(levels.iter().map(code).collect())
        }
        (Some(theirs), FeatureKind::Number) => {
            let number = |level: &String| level.parse().unwrap_or(f64::NAN);
            Codes::OfNumbers(theirs.iter().map(number).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use octroi_model_registry::package::Reference;

    fn texts(levels: &[&str]) -> Vec<String> {
        levels.iter().map(|&level| level.to_owned()).collect()
    }

    fn wanted(name: &str, levels: Option<&[&str]>) -> PackageFeature {
        PackageFeature {
            name: name.to_owned(),
            levels: levels.map(texts),
            reference: Reference {
                missing_share: 0.0,
                quantiles: None,
                level_shares: None,
            },
        }
    }

    fn specs() -> Vec<FeatureSpec> {
        let spec = |name: &str, kind| FeatureSpec {
            name: name.to_owned(),
            kind,
        };
        vec![
            spec("income", FeatureKind::Number),
            spec(
                "gender",
                FeatureKind::Category {
                    levels: texts(&["F", "M", "XNA"]),
                },
            ),
            spec("children", FeatureKind::Number),
        ]
    }

    #[test]
    fn columns_are_found_by_name_and_levels_by_text() {
        let wanted = [
            wanted("gender", Some(&["M", "other", "F"])),
            wanted("income", None),
        ];
        let arrangement = Arrangement::new(&wanted, &specs()).expect("both are computed");
        assert_eq!(arrangement.row(&[5.0, 0.0, 2.0]), [2.0, 5.0]);
        assert_eq!(arrangement.row(&[5.0, 1.0, 2.0]), [0.0, 5.0]);
        let unknown = arrangement.row(&[5.0, 2.0, 2.0]);
        assert!(unknown[0].is_nan(), "XNA is no level of the model");
        let missing = arrangement.row(&[5.0, f64::NAN, 2.0]);
        assert!(missing[0].is_nan());
    }

    #[test]
    fn many_rows_are_arranged_like_one() {
        let wanted = [
            wanted("gender", Some(&["M", "F"])),
            wanted("children", Some(&["0", "2.0"])),
        ];
        let arrangement = Arrangement::new(&wanted, &specs()).expect("both are computed");
        let features = ndarray::array![[1.0, 1.0, 2.0], [2.0, 0.0, 0.0], [3.0, 1.0, 1.0]];
        let rows = arrangement.rows(features.view());
        for (row, features) in rows.rows().into_iter().zip(features.rows()) {
            let one = arrangement.row(&features.to_vec());
            let bits = |row: &[f64]| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&row.to_vec()), bits(&one));
        }
        assert_eq!(rows.row(0).to_vec(), [0.0, 1.0]);
        assert_eq!(rows.row(1).to_vec(), [1.0, 0.0]);
        assert!(rows[[2, 1]].is_nan(), "1 is no level of the model");
    }

    #[test]
    fn the_portfolios_own_rows_stay_as_they_are() {
        let own = [
            wanted("income", None),
            wanted("gender", Some(&["F", "M", "XNA"])),
            wanted("children", None),
        ];
        let arrangement = Arrangement::new(&own, &specs()).expect("all are computed");
        assert!(arrangement.same);
        assert_eq!(arrangement.row(&[5.0, 1.0, 2.0]), [5.0, 1.0, 2.0]);
    }

    #[test]
    fn a_feature_nobody_computes_is_named() {
        let refused = Arrangement::new(&[wanted("height", None)], &specs());
        assert_eq!(refused, Err(UnknownFeature("height".to_owned())));
    }
}
