//! Format 1, before there were calibration, signatures and what a note tells of a run: what
//! it lacks is filled in with what it meant, or with nothing.

use serde_json::{Value, json};

use super::{FORMAT, Package};

/// Reads a package of format 1.
pub(super) fn read(bytes: &[u8]) -> Result<Package, serde_json::Error> {
    let mut package: Value = serde_json::from_slice(bytes)?;
    let bins = package
        .pointer("/manifest/evaluation/calibration")
        .cloned()
        .unwrap_or_default();
    add(
        package.pointer_mut("/manifest/evaluation"),
        json!({
            "expected_calibration_error": expected_calibration_error(&bins),
            "lift": [],
            "intervals": null,
        }),
    );
    let candidates = package
        .pointer_mut("/manifest/candidates")
        .and_then(Value::as_array_mut);
    for candidate in candidates.into_iter().flatten() {
        add(
            Some(candidate),
            json!({
                "ks": null,
                "expected_calibration_error": null,
                "auc_interval": null,
                "cost_interval": null,
            }),
        );
    }
    add(
        package.pointer_mut("/manifest"),
        json!({
            "format": FORMAT,
            "origin": "trained",
            "calibration_trials": [],
            "search": null,
            "partial_dependence": [],
            "beeswarm": [],
            "slices": [],
            "holdout": null,
        }),
    );
    // Its PD was the logistic function of the margin.
    add(Some(&mut package), json!({ "calibration": "none" }));
    serde_json::from_value(package)
}

/// Adds members to an object; on anything else the reading that follows says what is wrong.
fn add(object: Option<&mut Value>, members: Value) {
    if let (Some(Value::Object(object)), Value::Object(members)) = (object, members) {
        object.extend(members);
    }
}

/// As [`crate::evaluation::Evaluation::expected_calibration_error`], from the stored bins.
fn expected_calibration_error(bins: &Value) -> f64 {
    let (mut distances, mut rows) = (0.0, 0.0);
    for bin in bins.as_array().into_iter().flatten() {
        let number = |name: &str| bin[name].as_f64().unwrap_or(0.0);
        distances += (number("mean_pd") - number("default_rate")).abs() * number("rows");
        rows += number("rows");
    }
    if rows > 0.0 { distances / rows } else { 0.0 }
}
