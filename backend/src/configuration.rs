//! What can be set, and from where: defaults compiled in, then a file, then `OCTROI_*`
//! variables. Everything is checked once at start, and every problem is named at once, so
//! that an operator repairs a configuration in one go instead of one restart per mistake.

use crate::address;
use crate::admission::QueueLimits;
use octroi_model_registry::store::Bucket;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const DEFAULTS: &str = include_str!("configuration.default.toml");

/// All settings, checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Folder of the database, the packages and the reports.
    pub home: PathBuf,
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub packages: PackageSettings,
    pub session: SessionSettings,
    pub limits: LimitSettings,
    pub telemetry: TelemetrySettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub address: String,
    pub secure_cookies: bool,
    pub drain_seconds: u64,
    pub body_bytes: usize,
    /// Addresses and networks, as text.
    pub trusted_proxies: Vec<String>,
}

impl ServerSettings {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.address.parse::<SocketAddr>().is_err() {
            problems.push(format!(
                "server.address = \"{}\" is no address and port; for example 127.0.0.1:8080",
                self.address
            ));
        }
        if self.body_bytes < 1024 {
            problems.push("server.body_bytes is below 1024: no application would fit".into());
        }
        for text in &self.trusted_proxies {
            if address::network(text).is_none() {
                problems.push(format!(
                    "server.trusted_proxies has \"{text}\", which is no address and no network \
                     like 10.0.0.0/8"
                ));
            }
        }
        problems
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// May carry a password: left out of `Debug`.
    pub url: String,
    pub max_connections: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageSettings {
    pub url: String,
    pub endpoint: String,
    pub region: String,
    pub allow_http: bool,
}

impl PackageSettings {
    /// The bucket that packages are kept in; none: they are files under `home`.
    #[must_use]
    pub fn bucket(&self) -> Option<Bucket> {
        (!self.url.is_empty()).then(|| Bucket {
            url: self.url.clone(),
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            allow_http: self.allow_http,
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.url.is_empty() && !self.url.starts_with("s3://") {
            problems.push(format!(
                "packages.url = \"{}\" does not begin with s3://; leave it empty to keep \
                 packages under `home`",
                self.url
            ));
        }
        if self.endpoint.starts_with("http://") && !self.allow_http {
            problems.push(
                "packages.endpoint is not encrypted; packages.allow_http = true accepts that"
                    .to_owned(),
            );
        }
        problems
    }
}

impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSettings {
    pub idle_minutes: u32,
    pub absolute_hours: u32,
}

/// What one bank, key or person may have at a time; all above 0 but `heavy_at_once`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    pub requests_per_second_per_caller: u32,
    pub requests_per_second_per_bank: u32,
    /// 0: as many as there are cores.
    pub heavy_at_once: u32,
    pub heavy_waiting_per_caller: usize,
    pub heavy_waiting_per_bank: usize,
    pub heavy_waiting: usize,
    pub features_waiting_per_caller: usize,
    pub features_waiting_per_bank: usize,
    pub features_waiting: usize,
    pub drift_reports_per_hour: u32,
    pub refusals_recorded: u32,
    pub refusals_window_seconds: u32,
}

impl LimitSettings {
    fn problems(&self) -> Vec<String> {
        let zero = |name: &str, value: u64| {
            (value == 0).then(|| format!("limits.{name} is 0: nothing would be let through"))
        };
        let per_second = [
            (
                "requests_per_second_per_caller",
                self.requests_per_second_per_caller,
            ),
            (
                "requests_per_second_per_bank",
                self.requests_per_second_per_bank,
            ),
            ("drift_reports_per_hour", self.drift_reports_per_hour),
            ("refusals_window_seconds", self.refusals_window_seconds),
        ];
        let waiting = [
            ("heavy_waiting_per_caller", self.heavy_waiting_per_caller),
            ("heavy_waiting_per_bank", self.heavy_waiting_per_bank),
            ("heavy_waiting", self.heavy_waiting),
            (
                "features_waiting_per_caller",
                self.features_waiting_per_caller,
            ),
            ("features_waiting_per_bank", self.features_waiting_per_bank),
            ("features_waiting", self.features_waiting),
        ];
        let per_second = per_second
            .into_iter()
            .filter_map(|(name, value)| zero(name, value.into()));
        let waiting = waiting
            .into_iter()
            .filter_map(|(name, value)| zero(name, value as u64));
        per_second.chain(waiting).collect()
    }

    /// Bounds of the queue before heavy work.
    #[must_use]
    pub fn heavy_queue(&self) -> QueueLimits {
        QueueLimits {
            per_caller: self.heavy_waiting_per_caller,
            per_bank: self.heavy_waiting_per_bank,
            in_all: self.heavy_waiting,
        }
    }

    /// Bounds of the queue before the features.
    #[must_use]
    pub fn feature_queue(&self) -> QueueLimits {
        QueueLimits {
            per_caller: self.features_waiting_per_caller,
            per_bank: self.features_waiting_per_bank,
            in_all: self.features_waiting,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    pub log_format: LogFormat,
    pub log_filter: String,
    pub otlp_endpoint: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Text,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    #[error(
        "the configuration cannot be read: {0}; settings are listed in docs/CONFIGURATION.md, \
         a variable is spelled OCTROI_SECTION__NAME"
    )]
    Unreadable(#[from] config::ConfigError),
    #[error("the configuration has {} problem(s):\n  - {}", .0.len(), .0.join("\n  - "))]
    Invalid(Vec<String>),
}

impl Settings {
    /// Reads defaults, then `file` (when given), then the process's `OCTROI_*` variables.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        let mut builder = config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml));
        if let Some(path) = file {
            builder = builder.add_source(config::File::from(path).format(config::FileFormat::Toml));
        }
        let settings: Self = builder
            .add_source(
                config::Environment::with_prefix("OCTROI")
                    .prefix_separator("_")
                    .separator("__")
                    .ignore_empty(true)
                    // OCTROI_CONFIG names the file itself; it is no setting.
                    .source(Some(
                        std::env::vars()
                            .filter(|(name, _)| name != "OCTROI_CONFIG")
                            .collect(),
                    ))
                    .try_parsing(true)
                    .list_separator(",")
                    .with_list_parse_key("server.trusted_proxies"),
            )
            .build()?
            .try_deserialize()?;
        settings.checked()
    }

    fn checked(self) -> Result<Self, ConfigurationError> {
        let mut problems = Vec::new();
        problems.extend(self.server.problems());
        let scheme = self.database.url.split(':').next().unwrap_or_default();
        if !self.database.url.is_empty() && !["sqlite", "postgres", "postgresql"].contains(&scheme)
        {
            problems.push(format!(
                "database.url begins with \"{scheme}:\"; sqlite:// and postgres:// are supported"
            ));
        }
        problems.extend(self.packages.problems());
        problems.extend(self.limits.problems());
        if self.database.max_connections == 0 {
            problems.push("database.max_connections is 0; at least 1 is needed".into());
        }
        if self.session.idle_minutes == 0 || self.session.absolute_hours == 0 {
            problems.push("session.idle_minutes and session.absolute_hours must be above 0".into());
        }
        let otlp = &self.telemetry.otlp_endpoint;
        if !otlp.is_empty() && !otlp.starts_with("http://") && !otlp.starts_with("https://") {
            problems.push(format!(
                "telemetry.otlp_endpoint = \"{otlp}\" does not begin with http:// or https://"
            ));
        }
        if let Err(problem) = tracing_subscriber::EnvFilter::try_new(&self.telemetry.log_filter) {
            problems.push(format!("telemetry.log_filter: {problem}"));
        }
        if problems.is_empty() {
            Ok(self)
        } else {
            Err(ConfigurationError::Invalid(problems))
        }
    }

    /// The database's address: as configured, or a SQLite file under `home`.
    #[must_use]
    pub fn database_url(&self) -> String {
        if self.database.url.is_empty() {
            format!("sqlite://{}", self.home.join("octroi.db").display())
        } else {
            self.database.url.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Settings {
        config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize)
            .expect("the compiled defaults are valid")
    }

    #[test]
    fn the_defaults_are_accepted() {
        assert!(defaults().checked().is_ok());
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let mut settings = defaults();
        settings.server.address = "nowhere".into();
        settings.database.url = "mysql://x".into();
        settings.session.idle_minutes = 0;
        settings.limits.heavy_waiting = 0;
        settings.packages.url = "gs://elsewhere".into();
        settings.packages.endpoint = "http://store:9000".into();
        settings.server.trusted_proxies = vec!["proxy.example".into()];
        let error = settings.checked().expect_err("problems").to_string();
        for name in [
            "server.address",
            "database.url",
            "session.idle_minutes",
            "limits.heavy_waiting",
            "packages.url",
            "packages.endpoint",
            "server.trusted_proxies",
        ] {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }

    #[test]
    fn a_password_in_the_database_address_is_not_printed() {
        let mut settings = defaults();
        settings.database.url = "postgres://u:topsecret@h/d".into();
        assert!(!format!("{settings:?}").contains("topsecret"));
    }
}
