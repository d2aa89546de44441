//! `octroi model import`: a model file as a version like any other, evaluated on the bank's
//! own labelled clients. The file is read and matched with the portfolio before anything is
//! stored: one that is refused leaves no trace.

use super::{bytes_of, model_in};
use crate::command::train::Labelled;
use crate::command::{CommandError, open_or_create, operator_scope, progress, tenant};
use crate::configuration::{FileSettings, Settings};
use crate::digest;
use crate::models::{Arrangement, first_of};
use clap::Args;
use octroi_data::features::{FeatureKind, FeatureSpec};
use octroi_data::portfolio::{Portfolio, Sentinel};
use octroi_data::reader::bounds::Bounds;
use octroi_model_registry::calibration::Calibration;
use octroi_model_registry::evaluation::Costs;
use octroi_model_registry::forest::{Forest, Node, Test, Tree};
use octroi_model_registry::import::{ImportedFeature, ImportedModel, Source};
use octroi_model_registry::model::Model;
use octroi_model_registry::package::{Origin, Package, PackageFeature, Reference};
use octroi_model_registry::training::imported::ImportedVersion;
use octroi_model_registry::training::{Feature, Parameter, TrainingSet};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(in crate::command) struct ImportArguments {
    /// LightGBM text model, or XGBoost model in JSON or UBJSON.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Portfolio whose features the model takes, by name: home-credit.
    #[arg(long)]
    portfolio: String,
    /// Name of the model that gets a version.
    #[arg(long)]
    name: String,
    /// Alias to point at the version; without it none moves, and nobody is decided about by it.
    #[arg(long)]
    alias: Option<String>,
    /// Folder with the portfolio's tables, application_train labelled, to evaluate the model
    /// on; by default the bank's own under the home, data/TENANT.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// JSON file with the levels of categories that the model file does not list, in the order
    /// of their codes: `{"CODE_GENDER": ["F", "M"]}`.
    #[arg(long, value_name = "FILE")]
    levels: Option<PathBuf>,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    tenant: Option<String>,
}

type LevelLists = BTreeMap<String, Vec<String>>;

pub(super) async fn run(
    config: Option<&Path>,
    arguments: ImportArguments,
) -> Result<(), CommandError> {
    let files = Settings::load(config)?.files;
    let bytes = bytes_of(&arguments.file, &files)?;
    let imported = model_in(&bytes, &arguments.file)?;
    let portfolio = Portfolio::named(&arguments.portfolio)?;
    let given = match &arguments.levels {
        Some(path) => level_lists(path, &files)?,
        None => LevelLists::new(),
    };
    let service = open_or_create(config).await?;
    let features = matched(&imported, service.features.specs(), given)?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), true).await?;
    let folder = match &arguments.data {
        Some(folder) => folder.clone(),
        None => own_data(&service.settings.home, &tenant.slug)?,
    };
    let version = ImportedVersion {
        calibration: Calibration::of_slope(imported.slope),
        origin: Origin::Imported {
            source: imported.source.as_str().to_owned(),
            file: file_name(&arguments.file),
            sha256: digest::sha256(&bytes),
        },
        parameters: parameters(imported.source, &imported.forest),
        model: Model::Forest(imported.forest),
        costs: Costs {
            fn_cost: tenant.fn_cost,
            fp_cost: tenant.fp_cost,
        },
    };
    let package = tokio::task::spawn_blocking(move || {
        evaluated(portfolio, (&folder, files.bounds()), version, &features)
    })
    .await??;
    let scope = operator_scope(&service, tenant);
    let alias = arguments.alias.as_deref();
    let registered = service
        .models
        .register(&scope, &arguments.name, alias, &package, "operator")
        .await?;
    tell(&package);
    tell_sentinels(portfolio, &package);
    let (name, version) = (&arguments.name, registered.version);
    let existed = if registered.existed {
        " (the same package as before)"
    } else {
        ""
    };
    println!(
        "\n{name} version {version}{existed}\ndigest {}",
        registered.digest
    );
    match alias {
        Some(alias) => println!("{name}@{alias} is this version now"),
        None => println!(
            "no alias was moved; import the file again with --alias champion to decide by it"
        ),
    }
    Ok(())
}

fn level_lists(path: &Path, files: &FileSettings) -> Result<LevelLists, CommandError> {
    serde_json::from_slice(&bytes_of(path, files)?).map_err(|error| {
        CommandError::Usage(format!(
            "{} is no JSON object of lists of levels, like {{\"CODE_GENDER\": [\"F\", \"M\"]}}: {error}",
            path.display()
        ))
    })
}

/// The folder that holds the bank's tables where the demo puts them.
fn own_data(home: &Path, slug: &str) -> Result<PathBuf, CommandError> {
    let folder = home.join("data").join(slug);
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(CommandError::Usage(format!(
        "there are no labelled clients to evaluate the model on: {} is not there; \
         name a folder of the portfolio's tables with --data",
        folder.display()
    )))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The model's features with the levels of their codes, each of them one that the portfolio
/// computes and whose values can be told to the model.
fn matched(
    imported: &ImportedModel,
    specs: &[FeatureSpec],
    mut given: LevelLists,
) -> Result<Vec<PackageFeature>, CommandError> {
    let kinds: BTreeMap<&str, &FeatureKind> = specs
        .iter()
        .map(|spec| (spec.name.as_str(), &spec.kind))
        .collect();
    let names = imported.features.iter().map(|feature| &feature.name);
    let unknown: Vec<String> = names
        .filter(|name| !kinds.contains_key(name.as_str()))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Err(CommandError::Usage(format!(
            "{} of the model's {} features are none that the portfolio computes: {}; features \
             are matched by their names, as data/ defines them",
            unknown.len(),
            imported.features.len(),
            first_of(&unknown)
        )));
    }
    let largest = largest_codes(&imported.forest);
    let mut without_levels = Vec::new();
    let mut features = Vec::with_capacity(imported.features.len());
    for (column, feature) in imported.features.iter().enumerate() {
        let kind = kinds[feature.name.as_str()];
        let levels = levels_of(feature, given.remove(&feature.name))?;
        match &levels {
            Some(levels) => check_levels(&feature.name, levels, kind, largest.get(&column))?,
            None if matches!(kind, FeatureKind::Category { .. }) => {
                without_levels.push(feature.name.clone());
            }
            None => {}
        }
        features.push(PackageFeature {
            name: feature.name.clone(),
            levels,
            reference: Reference {
                missing_share: 0.0,
                quantiles: None,
                level_shares: None,
            },
        });
    }
    if !without_levels.is_empty() {
        return Err(CommandError::Usage(format!(
            "the file does not say which level each code of these categories is: {}; give their \
             levels in the order of the codes with --levels FILE.json, like {{\"{}\": [\"...\", \"...\"]}}",
            first_of(&without_levels),
            without_levels[0]
        )));
    }
    if let Some(name) = given.into_keys().next() {
        return Err(CommandError::Usage(format!(
            "--levels has levels of {name}, which is no feature of the model"
        )));
    }
    Ok(features)
}

fn levels_of(
    feature: &ImportedFeature,
    given: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, CommandError> {
    match (&feature.levels, given) {
        (Some(listed), Some(given)) if *listed != given => Err(CommandError::Usage(format!(
            "--levels has other levels of {} than the model file itself",
            feature.name
        ))),
        (Some(listed), _) => Ok(Some(listed.clone())),
        (None, given) => Ok(given),
    }
}

/// Levels that cannot be the ones of the codes are refused: with them everything would be
/// scored, and wrong.
fn check_levels(
    name: &str,
    levels: &[String],
    kind: &FeatureKind,
    largest: Option<&u32>,
) -> Result<(), CommandError> {
    let refused = |why: String| Err(CommandError::Usage(format!("{name}: {why}")));
    let different: BTreeSet<&String> = levels.iter().collect();
    if different.len() < levels.len() {
        return refused("a level is there twice".to_owned());
    }
    if let Some(&code) = largest
        && code as usize >= levels.len()
    {
        return refused(format!(
            "the model asks for code {code}, but there are {} levels",
            levels.len()
        ));
    }
    match kind {
        FeatureKind::Category { levels: known } => {
            if known.iter().any(|level| different.contains(level)) {
                return Ok(());
            }
            refused(format!(
                "no level of the model ({}) is one of the portfolio ({})",
                first_of(levels),
                first_of(known)
            ))
        }
        FeatureKind::Number => match levels.iter().find(|level| level.parse::<f64>().is_err()) {
            None => Ok(()),
            Some(level) => refused(format!(
                "the portfolio has numbers there, and the level `{level}` is none"
            )),
        },
    }
}

/// The largest code that a split looks up, by column.
fn largest_codes(forest: &Forest) -> BTreeMap<usize, u32> {
    let mut largest = BTreeMap::new();
    for node in forest.trees().iter().flat_map(Tree::nodes) {
        if let Node::Split {
            feature,
            test: Test::In(set),
            ..
        } = node
            && let Some(&code) = set.codes().last()
        {
            let known = largest.entry(*feature as usize).or_insert(code);
            *known = code.max(*known);
        }
    }
    largest
}

fn parameters(source: Source, forest: &Forest) -> Vec<Parameter> {
    let leaves = |tree: &Tree| {
        let leaf = |node: &&Node| matches!(node, Node::Leaf { .. });
        tree.nodes().iter().filter(leaf).count()
    };
    let most = forest.trees().iter().map(leaves).max().unwrap_or(0);
    [
        ("source", source.as_str().to_owned()),
        ("trees", forest.trees().len().to_string()),
        ("most_leaves", most.to_string()),
    ]
    .map(|(name, value)| Parameter {
        name: name.to_owned(),
        value,
    })
    .into()
}

/// Computes the portfolio's features of a folder and measures the model on them.
fn evaluated(
    portfolio: &'static Portfolio,
    (folder, bounds): (&Path, Bounds),
    version: ImportedVersion,
    features: &[PackageFeature],
) -> Result<Package, CommandError> {
    let labelled = Labelled::read(portfolio, folder, bounds, false)?;
    let table = &labelled.table;
    let values = Arrangement::new(features, &table.features)?.rows(table.values.view());
    let columns: Vec<Feature> = features
        .iter()
        .map(|feature| Feature {
            name: feature.name.clone(),
            levels: feature.levels.clone(),
            monotone: 0,
        })
        .collect();
    let set = TrainingSet {
        ids: &table.ids,
        features: &columns,
        values: values.view(),
        target: &labelled.target,
        slice_by: &labelled.slice_by,
    };
    let bar = progress::bar("measuring the model");
    let package = version.into_package(&set, labelled.provenance(portfolio), &|done| {
        progress::at(&bar, done);
    });
    bar.finish_and_clear();
    Ok(package?)
}

/// A model made from the raw files has seen sentinels as values; here they are missing.
fn tell_sentinels(portfolio: &Portfolio, package: &Package) {
    let columns = portfolio.tables.iter().flat_map(|table| &table.columns);
    for column in columns {
        let taken = |feature: &PackageFeature| feature.name == column.name;
        let numbers: Vec<String> = column
            .missing
            .iter()
            .filter_map(|sentinel| match sentinel {
                Sentinel::Number(number) => Some(number.to_string()),
                Sentinel::Level(_) => None,
            })
            .collect();
        if !numbers.is_empty() && package.manifest.features.iter().any(taken) {
            eprintln!(
                "note: {} of {} is a missing value in this portfolio; a model that was trained \
                 on it as a number gives other margins here than for the raw file",
                numbers.join(", "),
                column.name
            );
        }
    }
}

fn tell(package: &Package) {
    let evaluation = &package.manifest.evaluation;
    println!(
        "evaluated on {} clients, {} of whom defaulted: AUC {:.4}, average precision {:.4}, \
         cost per client {:.4} at the threshold {:.4}",
        evaluation.rows,
        evaluation.defaults,
        evaluation.auc,
        evaluation.average_precision,
        evaluation.cost_per_client,
        evaluation.threshold
    );
    println!(
        "these figures are true if none of these clients took part in the model's training; \
         otherwise they flatter it, and its threshold is too high or too low"
    );
}
