//! `octroi import`: clients of a folder into the portfolio.

use super::{CommandError, open_or_create, operator_scope, tell_reading, tenant};
use crate::clients::{self, Import, Names};
use clap::{Args, ValueEnum};
use octroi_data::reader::Applications;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct ImportArguments {
    /// Folder with the portfolio's tables.
    #[arg(long)]
    data: PathBuf,
    /// Which applications become clients.
    #[arg(long, value_enum, default_value_t = Which::All)]
    applications: Which,
    /// CSV file with the clients' names: SK_ID_CURR,NAME.
    #[arg(long)]
    names: Option<PathBuf>,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    tenant: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Train,
    Test,
    All,
}

pub(super) async fn run(
    config: Option<&Path>,
    arguments: ImportArguments,
) -> Result<(), CommandError> {
    let service = open_or_create(config).await?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), true).await?;
    let scope = operator_scope(&service, tenant);
    let names = match &arguments.names {
        Some(file) => Names::from_csv(file)?,
        None => Names::default(),
    };
    let which = match arguments.applications {
        Which::Train => Applications::Train,
        Which::Test => Applications::Test,
        Which::All => Applications::All,
    };
    let import = Import {
        folder: &arguments.data,
        which,
        bounds: service.settings.files.bounds(),
        names,
    };
    let report = clients::import(&scope, service.portfolio, import).await?;
    tell_reading(&report.read);
    println!(
        "{} clients imported, {} were there already",
        report.imported, report.present
    );
    Ok(())
}
