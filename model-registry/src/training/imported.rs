//! A model that was trained elsewhere as a version like any other: evaluated and described on
//! labelled clients of the tenant.
//!
//! There are no folds: no client here took part in its training as far as we know, so all of
//! them are predicted by the model itself. Whether that is so only its maker can tell; the
//! origin in the manifest says that it is imported.

use super::{Parameter, Provenance, Resampling, TrainingError, TrainingSet, describe};
use crate::calibration::Calibration;
use crate::evaluation::{Costs, Evaluation};
use crate::model::Model;
use crate::package::{Candidate, FORMAT, Manifest, Origin, Package, TrainingRecord};

/// The name of the candidate and algorithm of every imported model.
pub const IMPORTED: &str = "imported";

/// Enough samples for two digits of an interval's ends.
const RESAMPLING: Resampling = Resampling {
    resamples: 1000,
    seed: 1,
};

/// A model from elsewhere, and what is known of it.
#[derive(Debug, Clone)]
pub struct ImportedVersion {
    /// The model itself.
    pub model: Model,
    /// Its link from margin to PD.
    pub calibration: Calibration,
    /// The file it was read from.
    pub origin: Origin,
    /// What the file tells of its settings.
    pub parameters: Vec<Parameter>,
    /// What mistakes cost.
    pub costs: Costs,
}

impl ImportedVersion {
    /// Evaluates the model on labelled clients and makes its package. `set` has the columns
    /// of the model, in its order, with its own levels.
    ///
    /// # Errors
    /// When `set` is not of the model's shape, or has only one outcome. `on_progress` hears
    /// the share done, from any thread.
    pub fn into_package(
        self,
        set: &TrainingSet<'_>,
        provenance: Provenance,
        on_progress: &(dyn Fn(f64) + Sync),
    ) -> Result<Package, TrainingError> {
        let (found, expected) = (set.values.ncols(), self.model.features());
        if found != expected {
            return Err(TrainingError::Shape {
                what: "columns",
                found,
                expected,
            });
        }
        let margins = self.model.margins(set.values).into_iter();
        let pd: Vec<f64> = margins.map(|margin| self.calibration.pd(margin)).collect();
        let described = describe(
            &self.model,
            &self.calibration,
            set,
            &pd,
            self.costs,
            RESAMPLING,
            on_progress,
        )?;
        let evaluation = described.evaluation;
        let manifest = Manifest {
            format: FORMAT,
            portfolio: provenance.portfolio,
            algorithm: IMPORTED.to_owned(),
            code_version: provenance.code_version,
            features: described.features,
            features_sql_digest: provenance.features_sql_digest,
            threshold: evaluation.threshold,
            fn_cost: self.costs.fn_cost,
            fp_cost: self.costs.fp_cost,
            candidates: vec![candidate(&evaluation)],
            importance: described.importance,
            training: TrainingRecord {
                rows: evaluation.rows,
                defaults: evaluation.defaults,
                seed: 0,
                folds: 0,
                data_fingerprint: described.data_fingerprint,
                tables: provenance.tables,
                absent_tables: provenance.absent_tables,
                parameters: self.parameters,
            },
            evaluation,
            origin: self.origin,
            calibration_trials: Vec::new(),
            search: None,
            partial_dependence: described.partial_dependence,
            beeswarm: described.beeswarm,
            slices: described.slices,
            holdout: None,
        };
        Ok(Package {
            manifest,
            model: self.model,
            calibration: self.calibration,
            sample: described.sample,
        })
    }
}

/// The only one compared; without folds, nothing varies between them.
fn candidate(evaluation: &Evaluation) -> Candidate {
    Candidate {
        name: IMPORTED.to_owned(),
        kind: "boosting".to_owned(),
        description: "Trained elsewhere, and measured here on labelled clients.".to_owned(),
        imbalance: "as the model was trained".to_owned(),
        ..Candidate::measured(evaluation)
    }
}
