//! The outside of the service: the JSON API, the pages, health and metrics, and what every
//! answer has in common (request id, headers, problems).

pub mod api;
mod body;
mod caller;
mod connection;
mod connection_limits;
mod doors;
mod headers;
mod health;
mod methods;
mod observe;
pub mod pages;
mod problem;
mod server;
mod texts;

pub use doors::Door;
pub use observe::RequestId;
pub use problem::{Problem, ProblemDocument, ProblemField};
pub use server::{Server, ServerError};
pub(crate) use texts::FormFields;
