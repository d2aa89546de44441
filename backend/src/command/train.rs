//! `octroi train`: read a folder, compute the features, compare candidates, and make the best
//! of them the next version of a model, with its methodological note. Nothing is registered
//! until everything is done, and what is registered then is not interrupted any more: Ctrl-C
//! leaves all or nothing.

use super::{
    CommandError, open_or_create, operator_scope, progress, tell_reading, tenant, write_file,
};
use crate::clients::wording::{Wording, page_language};
use crate::models::{ModelReference, note_view};
use crate::service::Service;
use crate::tenancy::TenantScope;
use clap::Args;
use octroi_data::features::{self, FeatureKind, FeatureTable};
use octroi_data::language::Language;
use octroi_data::portfolio::Portfolio;
use octroi_data::reader::bounds::Bounds;
use octroi_data::reader::{self, Applications};
use octroi_frontend::document;
use octroi_model_registry::package::{Package, SourceTable};
use octroi_model_registry::training::{
    self, CandidateKind, Feature, Provenance, TrainingOptions, TrainingSet,
};
use serde_json::json;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Exit code of a command that Ctrl-C ended, as shells have it: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

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
    /// Half the boosting rounds at twice the learning rate, nothing searched, fewer bootstrap
    /// samples.
    #[arg(long)]
    pub quick: bool,
    /// What is compared, separated by commas: dummy, scorecard, boosting, boosting_weighted,
    /// boosting_monotone, boosting_tuned; by default all (with --quick all but the last).
    #[arg(long, value_delimiter = ',', value_parser = candidate, value_name = "NAMES")]
    pub candidates: Vec<CandidateKind>,
    /// Settings drawn for boosting_tuned, beside the defaults.
    #[arg(long)]
    pub trials: Option<usize>,
    /// Threads of the training; all cores by default. The version is the same.
    #[arg(long)]
    pub threads: Option<NonZeroUsize>,
    /// Folder with other, labelled clients that the finished version is judged on.
    #[arg(long, value_name = "FOLDER")]
    pub holdout: Option<PathBuf>,
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

fn candidate(name: &str) -> Result<CandidateKind, String> {
    CandidateKind::named(name).ok_or_else(|| {
        let known = CandidateKind::ALL.map(CandidateKind::as_str);
        format!("no such candidate (there are {})", known.join(", "))
    })
}

pub(super) async fn run(
    config: Option<&Path>,
    arguments: TrainArguments,
) -> Result<(), CommandError> {
    let service = open_or_create(config).await?;
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
    let options = options(scope, arguments);
    let portfolio = service.portfolio;
    let (folder, holdout) = (arguments.data.clone(), arguments.holdout.clone());
    let (bounds, quiet) = (service.settings.files.bounds(), arguments.quiet);
    let work = tokio::task::spawn_blocking(move || {
        fit(
            portfolio,
            &folder,
            holdout.as_deref(),
            (&options, bounds),
            quiet,
        )
    });
    let (package, seconds) = tokio::select! {
        fitted = work => fitted??,
        _ = tokio::signal::ctrl_c() => {
            // The threads that compute cannot be waited for; they have written nothing.
            eprintln!("interrupted: no version was registered and nothing was written");
            std::process::exit(INTERRUPTED);
        }
    };
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
                "rows": manifest.training.rows,
                "features": manifest.features.len(),
                "parameters": manifest.training.parameters,
                "calibration": manifest.calibration_trials,
                "intervals": manifest.evaluation.intervals,
                "candidates": manifest.candidates,
                "search": manifest.search,
                "holdout": manifest.holdout,
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

fn options(scope: &TenantScope, arguments: &TrainArguments) -> TrainingOptions {
    let base = if arguments.quick {
        TrainingOptions::quick()
    } else {
        TrainingOptions::default()
    };
    let candidates = if arguments.candidates.is_empty() {
        base.candidates.clone()
    } else {
        arguments.candidates.clone()
    };
    TrainingOptions {
        seed: arguments.seed,
        folds: arguments.folds,
        fn_cost: scope.tenant().fn_cost,
        fp_cost: scope.tenant().fp_cost,
        trials: arguments.trials.unwrap_or(base.trials),
        threads: arguments.threads,
        candidates,
        ..base
    }
}

/// Labelled clients of a folder, with their features.
pub(super) struct Labelled {
    pub(super) table: FeatureTable,
    columns: Vec<Feature>,
    pub(super) slice_by: Vec<String>,
    pub(super) target: Vec<bool>,
    files: Vec<SourceTable>,
    absent: Vec<String>,
}

impl Labelled {
    /// The raw tables, which take more room than anything else, are gone when this returns.
    pub(super) fn read(
        portfolio: &'static Portfolio,
        folder: &Path,
        bounds: Bounds,
        quiet: bool,
    ) -> Result<Self, CommandError> {
        let bar = progress::bar("reading");
        let read = reader::read_folder_telling(
            portfolio,
            folder,
            Applications::Train,
            bounds,
            &mut |done| {
                progress::at(&bar, done);
            },
        );
        bar.finish_and_clear();
        let tables = read?;
        if !quiet {
            tell_reading(tables.report());
        }
        let bar = progress::bar("computing features");
        let computed = features::compute_telling(portfolio, &tables, &mut |done| {
            progress::at(&bar, done);
        });
        bar.finish_and_clear();
        let mut table = computed?;
        let target = table.target.take().ok_or_else(|| {
            CommandError::Usage(format!(
                "{} has applications without TARGET: a model learns from labelled ones only, \
                 and is judged on such",
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
        let report = tables.report();
        Ok(Self {
            slice_by: slice_by(portfolio, &columns),
            columns,
            target,
            files: report
                .tables
                .iter()
                .map(|table| SourceTable {
                    table: table.table.clone(),
                    file: table.file.clone(),
                    rows: table.rows,
                    sha256: table.sha256.clone(),
                })
                .collect(),
            absent: report.absent.clone(),
            table,
        })
    }

    /// Where the numbers of a version come from: this code, its SQL, the files read.
    pub(super) fn provenance(&self, portfolio: &Portfolio) -> Provenance {
        Provenance {
            portfolio: portfolio.name.clone(),
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            features_sql_digest: features::sql_digest(portfolio),
            tables: self.files.clone(),
            absent_tables: self.absent.clone(),
        }
    }

    fn set(&self) -> TrainingSet<'_> {
        TrainingSet {
            ids: &self.table.ids,
            features: &self.columns,
            values: self.table.values.view(),
            target: &self.target,
            slice_by: &self.slice_by,
        }
    }
}

/// Levels at most of a category that is not protected and yet makes groups.
const SLICED_LEVELS: usize = 3;

/// The features by which a version's stability is looked at: the protected columns of the
/// application (not all that is derived from them), and the categories of two or three
/// levels, such as the kind of contract.
fn slice_by(portfolio: &Portfolio, columns: &[Feature]) -> Vec<String> {
    let asked = &portfolio.application().columns;
    let protected = |column: &&Feature| {
        let entry = portfolio.dictionary.entry(&column.name);
        entry.is_some_and(|entry| entry.protected)
    };
    let attribute =
        |column: &&Feature| protected(column) && asked.iter().any(|one| one.name == column.name);
    let plain = |column: &&Feature| {
        let levels = column.levels.as_ref().map_or(0, Vec::len);
        !protected(column) && (2..=SLICED_LEVELS).contains(&levels)
    };
    let names = columns.iter().filter(attribute);
    let names = names.chain(columns.iter().filter(plain));
    names.map(|column| column.name.clone()).collect()
}

/// Reads, computes and trains; seconds each candidate took beside the package.
fn fit(
    portfolio: &'static Portfolio,
    folder: &Path,
    holdout: Option<&Path>,
    (options, bounds): (&TrainingOptions, Bounds),
    quiet: bool,
) -> Result<(Package, Vec<f64>), CommandError> {
    let labelled = Labelled::read(portfolio, folder, bounds, quiet)?;
    let held_out = holdout
        .map(|folder| Labelled::read(portfolio, folder, bounds, quiet))
        .transpose()?;
    if let Some(held_out) = &held_out {
        refuse_known(&labelled, held_out)?;
    }
    eprintln!(
        "{} clients, {} features",
        labelled.table.ids.len(),
        labelled.columns.len()
    );
    let bar = progress::bar("training");
    let mut trained = training::train(&labelled.set(), options, &mut |progress| {
        bar.set_message(progress.text);
        progress::at(&bar, progress.fraction);
    })?;
    if let Some(held_out) = &held_out {
        bar.set_message("judging on the clients held out");
        trained.hold_out(&held_out.set(), held_out.files.clone())?;
    }
    bar.finish_and_clear();
    let seconds = trained.seconds.clone();
    let package = trained.into_package(labelled.provenance(portfolio));
    Ok((package, seconds))
}

/// Clients who were trained on judge nothing.
fn refuse_known(labelled: &Labelled, held_out: &Labelled) -> Result<(), CommandError> {
    let known: HashSet<i64> = labelled.table.ids.iter().copied().collect();
    match held_out.table.ids.iter().find(|id| known.contains(id)) {
        Some(id) => Err(CommandError::Usage(format!(
            "client {id} is among those trained on and among those held out: a version is \
             judged on others"
        ))),
        None => Ok(()),
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
        write_file(&service.settings.home, &path, html.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}

fn tell(package: &Package, seconds: &[f64]) {
    let manifest = &package.manifest;
    println!(
        "{:<20} {:>7} {:>15} {:>7} {:>8} {:>15} {:>9} {:>7}",
        "candidate", "AUC", "95%", "AP", "cost", "95%", "threshold", "seconds"
    );
    let range = |interval: Option<[f64; 2]>| match interval {
        Some([low, high]) => format!("{low:.4}-{high:.4}"),
        None => String::new(),
    };
    for (candidate, seconds) in manifest.candidates.iter().zip(seconds) {
        let mark = if candidate.name == manifest.algorithm {
            "*"
        } else {
            " "
        };
        println!(
            "{:<20} {:>7.4} {:>15} {:>7.4} {:>8.4} {:>15} {:>9.4} {:>7.1}",
            format!("{mark} {}", candidate.name),
            candidate.auc,
            range(candidate.auc_interval),
            candidate.average_precision,
            candidate.cost_per_client,
            range(candidate.cost_interval),
            candidate.threshold,
            seconds
        );
    }
    println!(
        "\n{:<20} {:>9} {:>9} {:>9}",
        "calibration", "log loss", "Brier", "error"
    );
    for trial in &manifest.calibration_trials {
        let mark = if trial.chosen { "*" } else { " " };
        println!(
            "{:<20} {:>9.5} {:>9.5} {:>9.5}",
            format!("{mark} {}", trial.method),
            trial.log_loss,
            trial.brier,
            trial.expected_calibration_error
        );
    }
    if let Some(holdout) = &manifest.holdout {
        println!(
            "\nheld out: {} clients, AUC {:.4} ({}), cost {:.4} at the version's threshold",
            holdout.evaluation.rows,
            holdout.evaluation.auc,
            range(holdout.evaluation.intervals.map(|intervals| intervals.auc)),
            holdout.cost_at_threshold
        );
    }
}
