//! From raw tables to features, as a user of the crate sees it: what the readers refuse and
//! accept, applications as JSON, features against figures worked out by hand, and that they do
//! not depend on company. One binary, because each one links the data-frame library.
#![allow(clippy::unwrap_used)]

mod applications;
mod batches;
mod dictionary;
mod features;
mod folder;
mod formats;
mod hostile;
mod real_rows;
mod refusals;
