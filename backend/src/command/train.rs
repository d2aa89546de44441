//! `octroi train`: read a folder, compute the features, compare candidates, and make the best
//! of them the next version of a model, with its methodological note. Nothing is registered
//! until everything is done.

use super::{CommandError, open, operator_scope, progress, tell_reading, tenant, write_file};
use crate::clients::wording::{Wording, page_language};
use crate::models::{ModelReference, note_view};
use crate::service::Service;
use crate::tenancy::TenantScope;
use clap::Args;
use octroi_data::features::{self, FeatureKind};
use octroi_data::language::Language;
use octroi_data::portfolio::Portfolio;
use octroi_data::raw_tables::ReadReport;
use octroi_data::reader::{self, Applications};
use octroi_frontend::document;
use octroi_model_registry::package::{Package, SourceTable};
use octroi_model_registry::training::{
    self, Feature, Provenance, TrainedModel, TrainingOptions, TrainingSet,
};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct TrainArguments {
    /// Folder with the portfolio's tables; application_train must have its labels.
    #[arg(long)]
    pub data: PathBuf,
    /// Name of the model.
    #[arg(long, visible_alias = "name", default_value = "credit")]
    pub model: String,
    /// Alias that is pointed at the new version.
    #[arg(long, default_value = "champion")]
    pub alias: String,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Seed of every random choice.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folds of the cross-validation.
    #[arg(long, default_value_t = 5)]
    pub folds: usize,
    /// Half the boosting rounds at twice the learning rate.
    #[arg(long)]
    pub quick: bool,
    /// Where the methodological note goes (English and French); by default under the home.
    #[arg(long, value_name = "FOLDER")]
    pub note: Option<PathBuf>,
    /// Write the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Say nothing of the files read.
    #[arg(long)]
    pub quiet: bool,
}

pub(super) async fn run(
    config: Option<&Path>,
    arguments: TrainArguments,
) -> Result<(), CommandError> {
    let service = open(config).await?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), true).await?;
    let scope = operator_scope(&service, tenant);
    train(&service, &scope, &arguments).await
}

/// Trains for one tenant; also what the demo does.
pub(super) async fn train(
    service: &Service,
    scope: &TenantScope,
    arguments: &TrainArguments,
) -> Result<(), CommandError> {
    let (fn_cost, fp_cost) = (scope.tenant().fn_cost, scope.tenant().fp_cost);
    let base = if arguments.quick {
        TrainingOptions::quick()
    } else {
        TrainingOptions::default()
    };
    let options = TrainingOptions {
        seed: arguments.seed,
        folds: arguments.folds,
        fn_cost,
        fp_cost,
        ..base
    };
    let portfolio = service.portfolio;
    let folder = arguments.data.clone();
    let quiet = arguments.quiet;
    let (package, seconds) =
        tokio::task::spawn_blocking(move || fit(portfolio, &folder, &options, quiet)).await??;
    let registered = service
        .models
        .register(
            scope,
            &arguments.model,
            Some(&arguments.alias),
            &package,
            "operator",
        )
        .await?;
    let notes = write_notes(service, scope, arguments, registered.version).await?;
    if arguments.json {
        let manifest = &package.manifest;
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "model": arguments.model,
                "version": registered.version,
                "alias": arguments.alias,
                "digest": registered.digest,
                "algorithm": manifest.algorithm,
                "threshold": manifest.threshold,
                "candidates": manifest.candidates,
                "seconds": seconds,
                "notes": notes,
            }))?
        );
    } else {
        tell(&package, &seconds);
        let existed = if registered.existed {
            " (the same package as before)"
        } else {
            ""
        };
        println!(
            "\n{}@{} is version {}{existed}\ndigest {}",
            arguments.model, arguments.alias, registered.version, registered.digest
        );
        for note in notes {
            println!("note {}", note.display());
        }
    }
    Ok(())
}

/// Reads, computes and trains; seconds each candidate took beside the package.
fn fit(
    portfolio: &'static Portfolio,
    folder: &Path,
    options: &TrainingOptions,
    quiet: bool,
) -> Result<(Package, Vec<f64>), CommandError> {
    let tables = reader::read_folder(portfolio, folder, Applications::Train)?;
    if !quiet {
        tell_reading(tables.report());
    }
    let table = features::compute(portfolio, &tables)?;
    let target = table.target.as_deref().ok_or_else(|| {
        CommandError::Usage(format!(
            "{} has applications without TARGET: a model learns from labelled ones only",
            folder.display()
        ))
    })?;
    let columns: Vec<Feature> = table
        .features
        .iter()
        .map(|spec| Feature {
            name: spec.name.clone(),
            levels: match &spec.kind {
                FeatureKind::Number => None,
                FeatureKind::Category { levels } => Some(levels.clone()),
            },
            monotone: portfolio
                .dictionary
                .entry(&spec.name)
                .map_or(0, |entry| entry.monotone),
        })
        .collect();
    eprintln!("{} clients, {} features", table.ids.len(), columns.len());
    let set = TrainingSet {
        ids: &table.ids,
        features: &columns,
        values: table.values.view(),
        target,
    };
    let bar = progress::bar("training");
    let trained: TrainedModel = training::train(&set, options, &mut |progress| {
        bar.set_message(progress.text);
        progress::at(&bar, progress.fraction);
    })?;
    bar.finish_and_clear();
    let report = tables.report();
    let seconds = trained.seconds.clone();
    let package = trained.into_package(provenance(portfolio, report));
    Ok((package, seconds))
}

/// Where the numbers of a version come from: this code, its SQL, the files read.
pub(super) fn provenance(portfolio: &Portfolio, report: &ReadReport) -> Provenance {
    Provenance {
        portfolio: portfolio.name.clone(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        features_sql_digest: features::sql_digest(portfolio),
        tables: report
            .tables
            .iter()
            .map(|table| SourceTable {
                table: table.table.clone(),
                file: table.file.clone(),
                rows: table.rows,
                sha256: table.sha256.clone(),
            })
            .collect(),
        absent_tables: report.absent.clone(),
    }
}

/// The methodological note in both languages.
async fn write_notes(
    service: &Service,
    scope: &TenantScope,
    arguments: &TrainArguments,
    version: i32,
) -> Result<Vec<PathBuf>, CommandError> {
    let reference = ModelReference::version(arguments.model.clone(), version);
    let model = service.models.resolve(scope, &reference).await?;
    let folder = arguments.note.clone().unwrap_or_else(|| {
        service
            .settings
            .home
            .join("notes")
            .join(&scope.tenant().slug)
    });
    let mut written = Vec::new();
    for language in Language::ALL {
        let wording = Wording::new(service.portfolio, language);
        let view = note_view(&scope.tenant().name, &model, wording);
        let html = document::note(&view, page_language(language))?;
        let name = format!("{}-v{version}.{}.html", arguments.model, language.as_str());
        let path = folder.join(name);
        write_file(&path, html.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}

fn tell(package: &Package, seconds: &[f64]) {
    println!(
        "{:<20} {:>8} {:>8} {:>8} {:>10} {:>9} {:>8}",
        "candidate", "AUC", "+/-", "AP", "cost", "threshold", "seconds"
    );
    for (candidate, seconds) in package.manifest.candidates.iter().zip(seconds) {
        let mark = if candidate.name == package.manifest.algorithm {
            "*"
        } else {
            " "
        };
        println!(
            "{:<20} {:>8.4} {:>8.4} {:>8.4} {:>10.4} {:>9.4} {:>8.1}",
            format!("{mark} {}", candidate.name),
            candidate.auc,
            candidate.auc_std,
            candidate.average_precision,
            candidate.cost_per_client,
            candidate.threshold,
            seconds
        );
    }
}
