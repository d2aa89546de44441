//! The command line: the way in for operators and analysts. Each command is a file; what they
//! share is opening the service over the configured database.

mod demo;
mod drift;
mod import;
mod keys;
mod manage;
mod model;
mod progress;
mod score;
mod serve;
mod synth;
mod train;

use crate::audit::Actor;
use crate::clients::ClientError;
use crate::configuration::{ConfigurationError, Settings};
use crate::database::{Absent, Database, DatabaseError};
use crate::decisions::DecisionError;
use crate::home;
use crate::identity::{AccountError, PasswordError};
use crate::keys::KeyError;
use crate::models::{ModelError, RowError, UnknownFeature};
use crate::monitoring::{MonitoringError, TelemetryError};
use crate::service::{Service, StartError};
use crate::tenancy::{self, Tenant, TenantError, TenantScope};
use crate::web::ServerError;
use clap::{Parser, Subcommand};
use octroi_data::features::FeatureError;
use octroi_data::language::Language;
use octroi_data::portfolio::UnknownPortfolio;
use octroi_data::reader::ReadError;
use octroi_data::synth::SynthError;
use octroi_model_registry::export::ExportError;
use octroi_model_registry::import::ImportError;
use octroi_model_registry::training::TrainingError;
use sea_orm::DbErr;
use sea_orm::prelude::Uuid;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Octroi: credit scoring that banks share.
#[derive(Parser)]
#[command(
    name = "octroi",
    version,
    about,
    propagate_version = true,
    max_term_width = 100
)]
pub struct Cli {
    /// Configuration file (TOML); variables OCTROI_SECTION__NAME go over it.
    #[arg(long, global = true, env = "OCTROI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what Octroi does: makes data for two banks, trains, and serves.
    Demo(demo::DemoArguments),
    /// Serve the pages and the API.
    Serve,
    /// Bring the database's schema to this version.
    Migrate,
    /// Write a synthetic Home Credit population: all eight tables.
    Synth(synth::SynthArguments),
    /// Train a model on a folder of the portfolio's tables and make it a version.
    Train(train::TrainArguments),
    /// Score a folder of the portfolio's tables to a CSV file.
    Score(score::ScoreArguments),
    /// Score with a model file, make it a version, or write a version as one.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Import clients from a folder of the portfolio's tables.
    Import(import::ImportArguments),
    /// Compare two files of the same table and write a drift report.
    Drift(drift::DriftArguments),
    /// Add a bank.
    TenantAdd(manage::TenantArguments),
    /// Add a person; the password is read from standard input.
    UserAdd(manage::UserArguments),
    /// Make an API key; it is printed once.
    KeyAdd(manage::KeyArguments),
    /// The keys that sign tokens and packages: make new ones, wrap them anew, list them.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Make a one-time link by which a person sets a new password; it is printed once.
    PasswordLink(manage::LinkArguments),
    /// Print the OpenAPI document.
    Openapi,
}

/// Why a command failed. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the database did not answer: {0}")]
    Query(#[from] DbErr),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Tenant(#[from] TenantError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Decision(#[from] DecisionError),
    #[error(transparent)]
    Monitoring(#[from] MonitoringError),
    #[error(transparent)]
    Synth(#[from] SynthError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Feature(#[from] FeatureError),
    #[error(transparent)]
    Training(#[from] TrainingError),
    #[error("{}: {source}", path.display())]
    ModelFile { path: PathBuf, source: ImportError },
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Rows(#[from] RowError),
    #[error(transparent)]
    UnknownFeature(#[from] UnknownFeature),
    #[error(transparent)]
    Portfolio(#[from] UnknownPortfolio),
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the document cannot be made: {0}")]
    Document(#[from] octroi_frontend::RenderError),
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{0}")]
    Usage(String),
    #[error("the work was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    #[error("the result cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Runs the command that was typed.
pub async fn run(cli: Cli) -> Result<(), CommandError> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Demo(arguments) => demo::run(config, arguments).await,
        Command::Serve => serve::run(config).await,
        Command::Migrate => serve::migrate(config).await,
        Command::Synth(arguments) => synth::run(config, &arguments),
        Command::Train(arguments) => train::run(config, arguments).await,
        Command::Score(arguments) => score::run(config, arguments).await,
        Command::Model(command) => model::run(config, command).await,
        Command::Import(arguments) => import::run(config, arguments).await,
        Command::Drift(arguments) => drift::run(config, &arguments),
        Command::TenantAdd(arguments) => manage::add_tenant(config, arguments).await,
        Command::UserAdd(arguments) => manage::add_user(config, arguments).await,
        Command::KeyAdd(arguments) => manage::add_key(config, arguments).await,
        Command::Keys(command) => keys::run(config, command).await,
        Command::PasswordLink(arguments) => manage::make_link(config, arguments).await,
        Command::Openapi => {
            let document = serde_json::to_string_pretty(&crate::web::api::document())?;
            std::io::stdout()
                .write_all(document.as_bytes())
                .map_err(|source| CommandError::Write {
                    path: PathBuf::from("standard output"),
                    source,
                })?;
            Ok(())
        }
    }
}

/// The service over the configured database, for a command that needs one to be there.
async fn open(config: Option<&Path>) -> Result<Service, CommandError> {
    command_service(config, Absent::Refuse).await
}

/// The service over the configured database, for a command that a first run may begin with.
async fn open_or_create(config: Option<&Path>) -> Result<Service, CommandError> {
    command_service(config, Absent::Create).await
}

/// Says what of the home others can read.
async fn command_service(config: Option<&Path>, absent: Absent) -> Result<Service, CommandError> {
    let service = open_with(Settings::load(config)?, absent).await?;
    for wider in home::wider(&service.settings) {
        eprintln!("warning: {wider}");
    }
    Ok(service)
}

/// A SQLite database of our own is migrated on the way; PostgreSQL, which others share, only
/// by `octroi migrate`.
async fn open_with(settings: Settings, absent: Absent) -> Result<Service, CommandError> {
    let database = Database::open(&settings, absent).await?;
    if settings.database_url().starts_with("sqlite") {
        database.migrate().await?;
    }
    Ok(Service::open(settings, database).await?)
}

/// The tenant a command is about: the one named, or the only one there is. With
/// `make_default`, a database without any tenant gets one called `default`.
async fn tenant(
    service: &Service,
    named: Option<&str>,
    make_default: bool,
) -> Result<Tenant, CommandError> {
    if let Some(slug) = named {
        return Ok(tenancy::find_by_slug(&service.database, slug).await?);
    }
    let mut tenants = tenancy::list(&service.database).await?;
    match tenants.len() {
        1 => Ok(tenants.remove(0)),
        0 if make_default => {
            let (database, language) = (&service.database, Language::En);
            Ok(tenancy::create(database, "default", "Default", language, request_id()).await?)
        }
        0 => Err(CommandError::Usage(
            "there is no bank yet: `octroi train` makes one called \"default\", \
             `octroi tenant-add SLUG --name NAME` one of your own"
                .to_owned(),
        )),
        _ => {
            let slugs: Vec<&str> = tenants.iter().map(|tenant| tenant.slug.as_str()).collect();
            Err(CommandError::Usage(format!(
                "there are several banks: name one with --tenant ({})",
                slugs.join(", ")
            )))
        }
    }
}

/// What stands in events for the request that a command is.
fn request_id() -> String {
    format!("cli-{}", Uuid::now_v7())
}

/// A scope for the operator at the command line.
fn operator_scope(service: &Service, tenant: Tenant) -> TenantScope {
    TenantScope::new(
        service.database.clone(),
        Arc::new(tenant),
        Actor::operator(),
        request_id(),
    )
}

/// Writes a file whole or not at all: first under a temporary name beside it. In the home it is
/// private, elsewhere as the caller's umask says.
fn write_file(home: &Path, path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let failed = |source| CommandError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        home::make_folder(home, folder).map_err(failed)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    std::fs::write(&temporary, bytes).map_err(failed)?;
    let placed = home::hand_over(home, Path::new(&temporary));
    placed
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|source| {
            // What cannot be put in place is not left lying beside it.
            let _ = std::fs::remove_file(&temporary);
            failed(source)
        })
}

/// Tells about a read folder on standard error: absent tables and warnings.
fn tell_reading(report: &octroi_data::raw_tables::ReadReport) {
    for table in &report.tables {
        eprintln!(
            "read {}: {} rows from {}",
            table.table, table.rows, table.file
        );
    }
    if !report.absent.is_empty() {
        eprintln!(
            "not there, so their features are missing: {}",
            report.absent.join(", ")
        );
    }
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }
}
