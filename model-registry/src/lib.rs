//! Models as data: the forms a model can take, how they are scored, explained, trained and
//! evaluated, and the immutable packages they are kept in.
//!
//! Nothing here knows the web or the database. The way through: [`training::train`] compares
//! candidates and gives a [`training::TrainedModel`]; put in a [`package::Package`] it is
//! content-addressed and kept by a [`store::PackageStore`]; loaded again, its
//! [`model::Model`] gives margins, probabilities of default and exact contributions.

pub mod background;
pub mod boosting;
pub mod calibration;
pub mod counterfactual;
pub mod evaluation;
pub mod explain;
pub mod export;
pub mod family;
pub mod forest;
pub mod import;
pub mod model;
pub mod package;
pub mod scorecard;
pub mod signature;
pub mod store;
pub mod training;
