//! The methodological note, a document made from the run itself: every number in it is a
//! field here.

use serde::Serialize;

use super::{ModelVersionView, PointsView, WorkedExample};

/// Data of the methodological note (see [`crate::document::note`]).
#[derive(Clone, Debug, Serialize)]
pub struct NoteView {
    pub bank: String,
    /// RFC 3339.
    pub generated_at: String,
    pub model: ModelVersionView,
    /// Share of empty cells over all features, 0 to 1.
    pub missing_share: f64,
    /// Features or families with the most missing values, worst first.
    pub missing: Vec<MissingShare>,
    /// Features without, and with more than half, missing values.
    pub complete_features: u64,
    pub mostly_missing_features: u64,
    /// Of a scorecard.
    pub points: Option<PointsView>,
    /// Absent where the package keeps no rows.
    pub example: Option<WorkedExample>,
    /// Warnings of the readers, as they are to be read.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct MissingShare {
    pub label: String,
    /// 0 to 1.
    pub share: f64,
}
