//! What can be set, and from where: defaults compiled in, then a file, then `OCTROI_*`
//! variables. Everything is checked once at start, and every problem is named at once, so
//! that an operator repairs a configuration in one go instead of one restart per mistake.

use crate::address;
use crate::admission::QueueLimits;
use octroi_data::reader::bounds::{self, Bounds};
use octroi_model_registry::store::Bucket;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use zeroize::Zeroize;

/// Largest configuration file, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// Set apart from the other variables, because its text is a secret and never a number.
const OPERATOR_KEY: &str = "OCTROI_SECRETS__KEY";

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
    pub secrets: SecretSettings,
    pub files: FileSettings,
    pub session: SessionSettings,
    pub limits: LimitSettings,
    pub telemetry: TelemetrySettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub address: String,
    /// Empty: health and metrics are answered at `address`.
    pub operations_address: String,
    pub secure_cookies: bool,
    pub drain_seconds: u64,
    pub body_bytes: usize,
    pub head_seconds: u32,
    pub body_grace_seconds: u32,
    pub body_bytes_per_second: u32,
    pub connections: usize,
    pub connections_per_address: usize,
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
        let operations = &self.operations_address;
        if !operations.is_empty() && operations.parse::<SocketAddr>().is_err() {
            problems.push(format!(
                "server.operations_address = \"{operations}\" is no address and port; for \
                 example 127.0.0.1:9090"
            ));
        }
        for (name, value) in [
            ("head_seconds", self.head_seconds as usize),
            ("body_grace_seconds", self.body_grace_seconds as usize),
            ("body_bytes_per_second", self.body_bytes_per_second as usize),
            ("connections_per_address", self.connections_per_address),
        ] {
            if value == 0 {
                problems.push(format!("server.{name} is 0: no request would get through"));
            }
        }
        if self.connections < self.connections_per_address {
            problems.push(format!(
                "server.connections = {} is below server.connections_per_address = {}",
                self.connections, self.connections_per_address
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
    pub max_megabytes: u64,
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

/// Where the operator's key comes from, under which the keys that sign are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSettings {
    pub key: Secret,
    pub key_file: PathBuf,
    /// Set by the demo, whose home is its own: a key may be made there on any database.
    #[serde(skip)]
    pub makes_key: bool,
}

/// Text that is never printed, and wiped when it is no longer used.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself, for the one that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// How large files may be that commands read.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    pub expansion: u64,
    pub model_bytes: u64,
}

impl FileSettings {
    /// The limits of the reader of tables.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            expansion: self.expansion,
        }
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
    #[error("the configuration file {} cannot be read: {source}", .path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the configuration file {} is not TOML: {why}", .path.display())]
    NotToml { path: PathBuf, why: String },
    #[error("the configuration has {} problem(s):\n  - {}", .0.len(), .0.join("\n  - "))]
    Invalid(Vec<String>),
}

impl Settings {
    /// Reads defaults, then `file` (when given), then the process's `OCTROI_*` variables.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        let mut builder = config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml));
        if let Some(path) = file {
            let text = text_of(path)?;
            builder = builder.add_source(config::File::from_str(&text, config::FileFormat::Toml));
        }
        if let Some(key) = std::env::var(OPERATOR_KEY)
            .ok()
            .filter(|key| !key.is_empty())
        {
            builder = builder.set_override("secrets.key", key)?;
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
                            .filter(|(name, _)| name != "OCTROI_CONFIG" && name != OPERATOR_KEY)
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
        if !self.secrets.key.is_empty() && !self.secrets.key_file.as_os_str().is_empty() {
            problems.push(
                "secrets.key (OCTROI_SECRETS__KEY) and secrets.key_file are both set; one is the \
                 operator's key"
                    .to_owned(),
            );
        }
        if self.files.expansion == 0 || self.files.model_bytes == 0 {
            problems.push("files.expansion and files.model_bytes must be above 0".to_owned());
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

    /// The file of a SQLite database.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let url = self.database_url();
        let path = url.strip_prefix("sqlite:")?.split('?').next()?;
        let path = path.strip_prefix("//").unwrap_or(path);
        (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
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

fn text_of(path: &Path) -> Result<String, ConfigurationError> {
    let file = |source| ConfigurationError::File {
        path: path.to_owned(),
        source,
    };
    let bytes = bounds::read_whole(path, LARGEST_FILE, "").map_err(file)?;
    let not_toml = |why: String| ConfigurationError::NotToml {
        path: path.to_owned(),
        why,
    };
    let text = String::from_utf8(bytes).map_err(|error| not_toml(error.to_string()))?;
    match text.parse::<toml::Table>() {
        Ok(_) => Ok(text),
        // Its own words quote the line, which may hold a secret.
        Err(error) => Err(not_toml(error.message().to_owned())),
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
        settings.server.operations_address = "9090".into();
        settings.server.head_seconds = 0;
        settings.server.connections = 1;
        settings.server.trusted_proxies = vec!["proxy.example".into()];
        let error = settings.checked().expect_err("problems").to_string();
        for name in [
            "server.address",
            "database.url",
            "session.idle_minutes",
            "limits.heavy_waiting",
            "packages.url",
            "packages.endpoint",
            "server.operations_address",
            "server.head_seconds",
            "server.connections =",
            "server.trusted_proxies",
        ] {
            assert!(error.contains(name), "{name} is missing in: {error}");
        }
    }

    #[test]
    fn the_operators_key_is_not_printed_and_has_one_source() {
        let mut settings = defaults();
        settings.secrets.key = "topsecret".into();
        assert!(!format!("{settings:?}").contains("topsecret"));
        settings.secrets.key_file = "operator.key".into();
        let error = settings.checked().expect_err("two sources").to_string();
        assert!(error.contains("secrets.key_file"), "{error}");
        assert!(!error.contains("topsecret"), "{error}");
    }

    #[test]
    fn a_password_in_the_database_address_is_not_printed() {
        let mut settings = defaults();
        settings.database.url = "postgres://u:topsecret@h/d".into();
        assert!(!format!("{settings:?}").contains("topsecret"));
    }
}
