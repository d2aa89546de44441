//! `octroi model export`: a version as a file that another library loads and scores the same.

use crate::command::{CommandError, open, operator_scope, tenant, write_file};
use crate::models::ModelReference;
use clap::{Args, ValueEnum};
use octroi_model_registry::export::{self, Format};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(in crate::command) struct ExportArguments {
    /// NAME@ALIAS or NAME@VERSION.
    model: ModelReference,
    /// What to write.
    #[arg(long, value_enum)]
    format: WrittenAs,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    tenant: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum WrittenAs {
    /// LightGBM's text model.
    Lightgbm,
    /// XGBoost's JSON model.
    Xgboost,
}

pub(super) async fn run(
    config: Option<&Path>,
    arguments: ExportArguments,
) -> Result<(), CommandError> {
    let service = open(config).await?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), false).await?;
    let scope = operator_scope(&service, tenant);
    let model = service.models.resolve(&scope, &arguments.model).await?;
    let format = match arguments.format {
        WrittenAs::Lightgbm => Format::LightGbm,
        WrittenAs::Xgboost => Format::XgBoost,
    };
    let exported = export::write(&model.package, format)?;
    for remark in &exported.remarks {
        eprintln!("note: {remark}");
    }
    write_file(&service.settings.home, &arguments.out, &exported.bytes)?;
    println!(
        "{} version {} written to {}",
        model.row.model,
        model.row.version,
        arguments.out.display()
    );
    Ok(())
}
