//! What watches the service and its models: metrics of requests and decisions, traces and
//! logs, and the drift of the clients against the data a model was trained on.

mod callers_faults;
mod drift;
mod metrics;
mod reports;
mod telemetry;
mod view;

pub use drift::{
    MonitoringError, StoredDrift, latest as latest_drift, latest_id as latest_drift_id,
};
pub use metrics::{Metrics, RefusedConnections};
pub use reports::DriftReports;
pub use telemetry::{Telemetry, TelemetryError};
pub use view::{DriftHeading, drift_view};
