//! Counters and histograms in the OpenMetrics form. Labels are bounded: routes by pattern,
//! outcomes by name; never an identifier or a tenant.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DecisionLabels {
    outcome: &'static str,
    channel: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusedLabels {
    problem: &'static str,
}

/// Connections that were refused before anything was read from them, so that no request counts
/// them; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RefusedConnections(Family<RefusedLabels, Counter>);

impl RefusedConnections {
    pub(crate) fn count(&self, problem: &'static str) {
        self.0.get_or_create(&RefusedLabels { problem }).inc();
    }
}

/// The service's metrics.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    pub(crate) refused_connections: RefusedConnections,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("octroi");
        let requests = Family::<RequestLabels, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.001, 2.0, 14))
        });
        let decisions = Family::<DecisionLabels, Counter>::default();
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer a request",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register("decisions", "Decisions recorded", decisions.clone());
        let refused_connections = RefusedConnections::default();
        registry.register(
            "connections_refused",
            "Connections above a limit, by the problem they were told",
            refused_connections.0.clone(),
        );
        Self {
            registry,
            requests,
            decisions,
            refused_connections,
        }
    }
}

impl Metrics {
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, elapsed: Duration) {
        let labels = RequestLabels {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.requests
            .get_or_create(&labels)
            .observe(elapsed.as_secs_f64());
    }

    pub(crate) fn decision(&self, outcome: &'static str, channel: &'static str) {
        self.decisions
            .get_or_create(&DecisionLabels { outcome, channel })
            .inc();
    }

    /// The metrics as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
