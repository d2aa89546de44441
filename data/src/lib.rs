//! Data of a portfolio: what its raw tables are, how files of them are read and checked, how
//! one client's application arrives as JSON, how features are computed from all of it by SQL,
//! and the statistics that compare populations and clients.
//!
//! The way of a row: [`reader::read_folder`] or [`application::RawApplication::parse`] checks
//! it against the schema of a [`portfolio::Portfolio`] and puts it into
//! [`raw_tables::RawTables`]; [`features::compute`] runs the portfolio's SQL over them. Training
//! and serving use the same function, so a feature cannot mean two things.

pub mod application;
pub mod column;
pub mod dictionary;
pub mod distribution;
pub mod drift;
pub mod features;
pub mod language;
pub mod moves;
pub mod portfolio;
pub mod raw_tables;
pub mod reader;
pub mod similar;
pub mod synth;

pub use application::{FieldProblem, RawApplication};
pub use column::{NamedColumn, TableColumns, Values};
pub use features::{FeatureKind, FeatureSpec, FeatureTable};
pub use language::{Language, Text};
pub use portfolio::Portfolio;
pub use raw_tables::{RawTables, ReadReport};
