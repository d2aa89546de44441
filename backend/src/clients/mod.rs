//! The clients of a tenant: their raw inputs, the features made of them, searching and
//! importing them, and comparing one with all of them.

mod changes;
mod client;
mod feature_worker;
mod import;
mod population;
mod search;
pub mod wording;

pub use client::{
    Client, ClientError, Inputs, Recorded, current_features, entity, find, from_bytes, inputs_of,
    record, remember_decision, to_bytes, unpacked,
};
pub use feature_worker::FeatureWorker;
pub use import::{Import, ImportReport, Names, import};
pub use population::{Population, Populations};
pub use search::{
    ClientFilter, ClientLine, ClientOrder, ClientPage, Counts, counts, outcomes, scores, search,
};
