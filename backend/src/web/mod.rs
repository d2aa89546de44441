//! The outside of the service: the JSON API, the pages, health and metrics, and what every
//! answer has in common (request id, headers, problems).

pub mod api;
mod caller;
mod headers;
mod health;
mod observe;
pub mod pages;
mod problem;
mod server;

pub use observe::RequestId;
pub use problem::{Problem, ProblemDocument, ProblemField};
pub use server::{Server, ServerError};
