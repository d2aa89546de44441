//! What cannot be trained on is refused by name before any work is done.

use super::{TrainingError, TrainingOptions, TrainingSet};

/// Two folds are left out at a time to choose settings; one must remain.
const LEAST_FOLDS: usize = 3;

/// Rows and columns that fit together, values that are numbers or levels, both outcomes.
pub(super) fn rows(set: &TrainingSet<'_>) -> Result<(), TrainingError> {
    let (rows, columns) = set.values.dim();
    if rows == 0 {
        return Err(TrainingError::NoRows);
    }
    if columns == 0 {
        return Err(TrainingError::NoFeatures);
    }
    for (what, found, expected) in [
        ("ids", set.ids.len(), rows),
        ("outcomes", set.target.len(), rows),
        ("features", set.features.len(), columns),
    ] {
        if found != expected {
            return Err(TrainingError::Shape {
                what,
                found,
                expected,
            });
        }
    }
    let mut names: Vec<&str> = set
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(TrainingError::RepeatedFeature(pair[0].to_owned()));
    }
    let defaults = set.target.iter().filter(|&&default| default).count();
    if defaults == 0 || defaults == rows {
        return Err(TrainingError::SingleClass { rows, defaults });
    }
    values(set)
}

/// Options that make sense for the rows.
pub(super) fn options(
    set: &TrainingSet<'_>,
    options: &TrainingOptions,
) -> Result<(), TrainingError> {
    let folds = options.folds;
    if folds < LEAST_FOLDS {
        return Err(TrainingError::Folds(folds));
    }
    if options.candidates.is_empty() {
        return Err(TrainingError::NoCandidates);
    }
    for (index, kind) in options.candidates.iter().enumerate() {
        if options.candidates[..index].contains(kind) {
            return Err(TrainingError::RepeatedCandidate(kind.as_str()));
        }
    }
    if options.boosting.rounds == 0 {
        return Err(TrainingError::Option("boosting needs at least one round"));
    }
    let defaults = set.target.iter().filter(|&&default| default).count();
    let good = set.target.len() - defaults;
    if defaults < folds || good < folds {
        return Err(TrainingError::TooFewForFolds {
            defaults,
            good,
            folds,
        });
    }
    Ok(())
}

fn values(set: &TrainingSet<'_>) -> Result<(), TrainingError> {
    for (row, &id) in set.values.rows().into_iter().zip(set.ids) {
        for (&value, feature) in row.iter().zip(set.features) {
            if value.is_infinite() {
                return Err(TrainingError::Infinite {
                    id,
                    feature: feature.name.clone(),
                });
            }
            if let Some(levels) = &feature.levels {
                let levels = levels.len();
                let known = value.is_nan()
                    || (value >= 0.0 && value.fract() == 0.0 && (value as usize) < levels);
                if !known {
                    return Err(TrainingError::Level {
                        id,
                        feature: feature.name.clone(),
                        value,
                        levels,
                    });
                }
            }
        }
    }
    Ok(())
}
