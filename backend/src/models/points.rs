//! The points of a version that is a scorecard, as its page and the methodological note show
//! them.

use super::ResolvedModel;
use crate::clients::wording::Wording;
use octroi_frontend::views::{PointsBin, PointsCharacteristic, PointsValues, PointsView};
use octroi_model_registry::model::Model;
use octroi_model_registry::package::PackageFeature;
use octroi_model_registry::scorecard::points::{BinValues, CharacteristicPoints, Points};

/// The view of a scorecard's points; `None` for a version that is no scorecard.
#[must_use]
pub fn points_view(model: &ResolvedModel, wording: Wording) -> Option<PointsView> {
    let Model::Scorecard(scorecard) = &model.package.model else {
        return None;
    };
    let points = Points::default();
    let table = scorecard.points(&points);
    let features = &model.package.manifest.features;
    Some(PointsView {
        name: model.row.model.clone(),
        version: model.row.version.to_string(),
        base_score: points.base_score,
        base_odds: points.base_odds,
        points_to_double: points.points_to_double,
        base_points: table.base_points,
        characteristics: table
            .characteristics
            .iter()
            // A package is only read when its model has as many features as its manifest.
            .filter_map(|one| Some(characteristic(one, features.get(one.feature)?, wording)))
            .collect(),
    })
}

fn characteristic(
    one: &CharacteristicPoints,
    feature: &PackageFeature,
    wording: Wording,
) -> PointsCharacteristic {
    let bins = one.bins.iter().map(|bin| PointsBin {
        values: values(&bin.values, feature, wording),
        share: bin.share,
        default_rate: bin.default_rate,
        woe: bin.woe,
        points: bin.rounded(),
    });
    PointsCharacteristic {
        label: wording.label(&feature.name),
        information_value: one.information_value,
        coefficient: one.coefficient,
        bins: bins.collect(),
    }
}

fn values(values: &BinValues, feature: &PackageFeature, wording: Wording) -> PointsValues {
    let levels = feature.levels.as_deref();
    let read = |value: f64| wording.value(&feature.name, levels, value);
    match values {
        // Days before the application are negative and read as time passed, so that the least
        // number reads as the longest time: then "at most" is "at least".
        BinValues::Range { above, up_to } if wording.reads_backwards(&feature.name) => {
            match (up_to, above) {
                (None, None) => PointsValues::All,
                (Some(from), None) => PointsValues::AtLeast { from: read(*from) },
                (None, Some(to)) => PointsValues::Below { to: read(*to) },
                (Some(from), Some(to)) => PointsValues::FromTo {
                    from: read(*from),
                    to: read(*to),
                },
            }
        }
        BinValues::Range { above, up_to } => match (above, up_to) {
            (None, None) => PointsValues::All,
            (None, Some(to)) => PointsValues::AtMost { to: read(*to) },
            (Some(from), None) => PointsValues::Above { from: read(*from) },
            (Some(from), Some(to)) => PointsValues::Between {
                from: read(*from),
                to: read(*to),
            },
        },
        BinValues::Special(value) => PointsValues::Special {
            value: read(*value),
        },
        BinValues::Levels(levels) => PointsValues::Levels {
            levels: levels.iter().map(|&level| read(level as f64)).collect(),
        },
        BinValues::Missing => PointsValues::Missing,
    }
}
