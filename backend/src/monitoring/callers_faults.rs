//! Whose fault a request is that is no HTTP. The HTTP library logs each as an error, so that a
//! stranger's garbage would wake up the operator; here it becomes what it is, a fact about a
//! caller, at a level of its own.

use std::fmt::{Debug, Write};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Keeps the library's errors about callers out of the log and writes ours in their place.
pub(super) struct CallersFaults;

/// How a connection ends by what the other side does or leaves undone.
const ENDED_EARLY: [&str; 4] = [
    "I/O error",
    "request did not complete",
    "connection shutdown timeout",
    "handler dropped payload",
];

/// The message of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

impl<S: Subscriber> Layer<S> for CallersFaults {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() != Level::ERROR || !metadata.target().starts_with("actix_http::h1") {
            return true;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let message = message.0;
        if let Some(fact) = message.strip_prefix("stream error: ") {
            if fact.starts_with("request parse error") {
                tracing::warn!(fact, "a request cannot be read");
                return false;
            }
            if ENDED_EARLY.iter().any(|begins| fact.starts_with(begins)) {
                tracing::debug!(fact, "a connection ended early");
                return false;
            }
            return true;
        }
        if message.starts_with("MAX_BUFFER_SIZE") {
            tracing::warn!(fact = "its head is too large", "a request cannot be read");
            return false;
        }
        true
    }
}
