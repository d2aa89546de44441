//! What is done with whatever was read: a model that was accepted must score, explain and be
//! stored without a panic.

use octroi_model_registry::forest::Forest;
use octroi_model_registry::model::Model;

/// Values at which splits go wrong if they do.
const VALUES: [f64; 8] = [
    f64::NAN,
    0.0,
    -0.5,
    1.0,
    1e-36,
    -1e300,
    f64::INFINITY,
    1_048_576.0,
];

/// Columns above which a row is not worth the time.
const COLUMNS: usize = 1000;

/// Scores and explains a few rows.
pub fn use_model(model: &Model) {
    if model.features() > COLUMNS {
        return;
    }
    for shift in 0..VALUES.len() {
        let row: Vec<f64> = (0..model.features())
            .map(|column| VALUES[(column + shift) % VALUES.len()])
            .collect();
        let _ = model.margin(&row);
        let _ = model.contributions(&row);
    }
}

/// Uses a forest, stores it and reads it again: the same forest.
pub fn use_forest(forest: Forest) {
    let stored = serde_json::to_vec(&forest).expect("a forest is finite");
    let read: Forest = serde_json::from_slice(&stored).expect("a stored forest is valid");
    assert!(read == forest, "the stored forest differs");
    use_model(&Model::Forest(forest));
}
