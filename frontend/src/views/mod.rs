//! One typed struct a page. The backend fills in data (numbers, RFC 3339 times, labels of
//! the dictionary in the language asked); every other word is in the locales and every
//! number is formatted by the templates, so that a handler holds no text.

mod account;
mod administration;
mod audit;
mod client;
mod clients;
mod comparison;
mod drift;
mod error_page;
mod model_version;
mod models;
mod note;
mod points;
mod portfolio;
mod sign_in;
mod training_run;

use serde::{Deserialize, Serialize};

pub use account::{AccountView, PasswordLinkView, PasswordProblem, PasswordRefusal, WaitingKey};
pub use administration::{
    AdministrationView, KeyRow, KeyScope, NewKey, NewLink, SettingsView, UserRow,
};
pub use audit::{AuditEvent, AuditFilter, AuditRow, AuditView};
pub use client::{
    ClientView, Counterfactual, CounterfactualProposal, Fact, Grouping, HistoryEntry,
    InformationGroup, InformationItem, Reason, ScoredDecision, ShownEntry, Standing, Subject,
};
pub use clients::{ClientRow, ClientSort, ClientsFilter, ClientsView, DecisionFilter, PdBand};
pub use comparison::{ComparisonPanel, ComparisonView, FeatureGroup, FeatureOption, MedianRow};
pub use drift::{
    Choice, DriftBin, DriftReport, DriftRow, DriftTest, DriftVerdict, DriftView, LeftOut,
};
pub use error_page::ErrorView;
pub use model_version::{
    CandidateRow, Confusion, MetricIntervals, Metrics, ModelVersionView, Parameter, TrainingFacts,
    TrainingTable,
};
pub use models::{AliasRow, ModelRow, ModelsView, VersionRow};
pub use note::{MissingShare, NoteView};
pub use points::{PointsBin, PointsCharacteristic, PointsValues, PointsView};
pub use portfolio::PortfolioView;
pub use sign_in::{DemoLogin, SignInError, SignInView};
pub use training_run::{
    CalibrationFacts, CalibrationTrialRow, HoldoutFacts, ImportedFrom, Interval, LiftRow,
    SearchFacts, SearchRangeRow, SliceFeature, SliceFlag, SliceRow, Slices, TrialRow,
    WorkedExample,
};

use crate::charts::Charts;

/// A page that [`crate::Pages::render`] can render.
pub trait View: Serialize {
    /// File under `templates/pages/`.
    const TEMPLATE: &'static str;

    /// The charts of the page, by the name its template uses (`charts.<name>`).
    fn charts(&self) -> Charts<'_> {
        Charts::default()
    }
}

/// What was decided. Shown by word, shape and colour together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    Granted,
    Refused,
}

/// Where one stands in a list cut into pages.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Paging {
    /// From 1.
    pub page: u64,
    pub page_size: u64,
    /// Rows of all pages together.
    pub total: u64,
}
