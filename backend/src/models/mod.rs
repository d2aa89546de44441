//! Model versions of a tenant and the aliases that point at them. A version is a row that
//! names an immutable package by its digest; an alias (`champion`, `challenger`) is a movable
//! pointer. Packages are loaded once, verified against
//! digest and signature, and shared by all requests.

mod arrangement;
mod entity;
mod library;
mod points;
mod rows;
mod scores;
mod stability;
mod view;
mod worked_example;

pub use arrangement::{ArrangedColumn, Arrangement, UnknownFeature};
pub use entity::{model_alias, model_version};
pub use library::{
    ModelError, ModelLibrary, ModelReference, Registered, ResolvedModel, VersionTarget,
};
pub use points::points_view;
pub use rows::{RowError, RowReader, first_of};
pub use scores::ScoreWriter;
pub use view::{note_view, version_view};
