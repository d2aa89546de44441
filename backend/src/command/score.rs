//! `octroi score`: every application of a folder to a CSV file of PD, decision and margin.

use super::{CommandError, open, operator_scope, tell_reading, tenant, write_file};
use crate::audit::{Action, Event};
use crate::decisions::{Channel, Outcome};
use crate::digest;
use crate::models::{Arrangement, ModelReference};
use clap::Args;
use octroi_data::features::{self, FeatureTable};
use octroi_data::reader::{self, Applications};
use octroi_model_registry::package::Package;
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct ScoreArguments {
    /// NAME@ALIAS or NAME@VERSION.
    #[arg(long)]
    model: ModelReference,
    /// Folder with the portfolio's tables; applications with and without label are scored.
    #[arg(long)]
    data: PathBuf,
    /// CSV file to write: SK_ID_CURR, PD, DECISION, MARGIN.
    #[arg(long)]
    out: PathBuf,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn run(
    config: Option<&Path>,
    arguments: ScoreArguments,
) -> Result<(), CommandError> {
    let service = open(config).await?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), false).await?;
    let scope = operator_scope(&service, tenant);
    let model = service.models.resolve(&scope, &arguments.model).await?;
    let portfolio = service.portfolio;
    let bounds = service.settings.files.bounds();
    let folder = arguments.data.clone();
    let package = std::sync::Arc::clone(&model.package);
    let (csv, numbers, refused) = tokio::task::spawn_blocking(move || {
        let every = Applications::All;
        let tables = reader::read_folder_telling(portfolio, &folder, every, bounds, &mut |_| {})?;
        tell_reading(tables.report());
        let table = features::compute(portfolio, &tables)?;
        scored(&package, &table)
    })
    .await??;
    // Whoever reads the file sees these clients, so that they were scored is on record first.
    let rows = numbers.len();
    let event = Event::new(Action::ClientsScored, "model_version", model.row.id)
        .about_clients(numbers)
        .with(json!({
            "channel": Channel::CommandLine,
            "model": model.row.model,
            "version": model.row.version,
            "digest": model.row.digest,
            "clients": rows,
            "refused": refused,
            "file": digest::sha256(csv.as_bytes()),
        }));
    scope.record(event).await?;
    write_file(&service.settings.home, &arguments.out, csv.as_bytes())?;
    println!(
        "{rows} applications scored by {} version {}: {} granted, {refused} refused at {:.4}; {}",
        model.row.model,
        model.row.version,
        rows - refused,
        model.package.manifest.threshold,
        arguments.out.display()
    );
    Ok(())
}

/// The CSV text, whose rows it has, and how many of them are refused.
fn scored(
    package: &Package,
    table: &FeatureTable,
) -> Result<(String, Vec<i64>, usize), CommandError> {
    let rows =
        Arrangement::new(&package.manifest.features, &table.features)?.rows(table.values.view());
    let threshold = package.manifest.threshold;
    let mut refused = 0;
    let mut csv = String::from("SK_ID_CURR,PD,DECISION,MARGIN\n");
    for (id, margin) in table.ids.iter().zip(package.model.margins(rows.view())) {
        let pd = package.pd(margin);
        let outcome = Outcome::of(pd, threshold);
        refused += usize::from(outcome == Outcome::Refused);
        // The shortest digits that read back as the same number. Writing to a string cannot fail.
        let _ = writeln!(csv, "{id},{pd},{},{margin}", outcome.as_str());
    }
    Ok((csv, table.ids.clone(), refused))
}
