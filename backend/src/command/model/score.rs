//! `octroi model score`: what a model file says of the rows of a CSV file, to 17 digits, so
//! that an analyst can lay it beside what the library itself says. No database, no home, no
//! network; rows go through in pieces, so that the file may be larger than the memory.

use super::{bytes_of, model_in};
use crate::command::{CommandError, progress};
use crate::configuration::Settings;
use crate::home;
use crate::models::{RowReader, ScoreWriter, first_of};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use ndarray::ArrayView2;
use octroi_model_registry::background::BackgroundExplainer;
use octroi_model_registry::calibration::Calibration;
use octroi_model_registry::forest::Forest;
use octroi_model_registry::import::ImportedFeature;
use octroi_model_registry::model::{Contributions, Model};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Args)]
pub(in crate::command) struct ScoreArguments {
    /// LightGBM text model, or XGBoost model in JSON or UBJSON.
    #[arg(value_name = "FILE")]
    model: PathBuf,
    /// CSV file with the model's features as columns; an empty cell is missing.
    #[arg(long, value_name = "CSV")]
    rows: PathBuf,
    /// CSV file to write: margin, pd, and with --contributions one column per feature and bias.
    #[arg(long, value_name = "CSV")]
    out: PathBuf,
    /// Add exact Shapley values: by the model's own counts, or against background rows.
    #[arg(long, value_enum, value_name = "KIND")]
    contributions: Option<Kind>,
    /// CSV file of background rows, for --contributions background.
    #[arg(long, value_name = "CSV")]
    background: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Path-dependent: what LightGBM's pred_contrib gives.
    Path,
    /// Interventional, against the rows of --background.
    Background,
}

/// Rows scored at a time.
const PIECE: usize = 4_096;

/// After how long a bar appears.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn run(config: Option<&Path>, arguments: &ScoreArguments) -> Result<(), CommandError> {
    let settings = Settings::load(config)?;
    let (home, files) = (&settings.home, settings.files);
    keep_inputs(arguments)?;
    let imported = model_in(&bytes_of(&arguments.model, &files)?, &arguments.model)?;
    let explaining = Explaining::new(arguments, &imported.forest, &imported.features)?;
    let mut rows = RowReader::open(&arguments.rows, &imported.features)?;
    if !rows.ignored.is_empty() {
        eprintln!(
            "note: columns the model does not take: {}",
            first_of(&rows.ignored)
        );
    }
    let calibration = Calibration::of_slope(imported.slope);
    let names = imported
        .features
        .iter()
        .map(|feature| feature.name.as_str());
    let model = Model::Forest(imported.forest);
    let failed = |source| CommandError::Write {
        path: arguments.out.clone(),
        source,
    };
    if let Some(folder) = arguments.out.parent() {
        home::make_folder(home, folder).map_err(failed)?;
    }
    let mut out = ScoreWriter::create(&arguments.out, explaining.wanted().then_some(names))
        .map_err(failed)?;
    let mut bar = LateBar::new(&arguments.rows);
    let mut scored = 0;
    while let Some(piece) = rows.next_rows(PIECE)? {
        let margins = model.margins(piece.view());
        let contributions = explaining.contributions(&model, piece.view());
        for (row, &margin) in margins.iter().enumerate() {
            let explained = contributions.as_ref().map(|all| &all[row]);
            out.row(margin, calibration.pd(margin), explained)
                .map_err(failed)?;
        }
        scored += margins.len();
        bar.at(rows.bytes_read());
    }
    out.finish().map_err(failed)?;
    home::hand_over(home, &arguments.out).map_err(failed)?;
    bar.clear();
    println!("{scored} rows scored; {}", arguments.out.display());
    Ok(())
}

/// The output replaces what is there; it must not be what is read, nor anything but a file.
fn keep_inputs(arguments: &ScoreArguments) -> Result<(), CommandError> {
    let Ok(out) = arguments.out.canonicalize() else {
        return Ok(());
    };
    if !out.is_file() {
        return Err(CommandError::Usage(format!(
            "{} is there and is no file: name another for --out",
            arguments.out.display()
        )));
    }
    let inputs = [&arguments.model, &arguments.rows];
    let inputs = inputs.into_iter().chain(arguments.background.as_ref());
    for input in inputs {
        if input.canonicalize().is_ok_and(|input| input == out) {
            return Err(CommandError::Usage(format!(
                "--out {} is also read: name another file",
                arguments.out.display()
            )));
        }
    }
    Ok(())
}

/// What is said of a margin besides.
enum Explaining {
    Nothing,
    Path,
    Background(Box<BackgroundExplainer>),
}

impl Explaining {
    fn new(
        arguments: &ScoreArguments,
        forest: &Forest,
        features: &[ImportedFeature],
    ) -> Result<Self, CommandError> {
        let refused = |why: &str| Err(CommandError::Usage(why.to_owned()));
        match (arguments.contributions, &arguments.background) {
            (None, None) => Ok(Self::Nothing),
            (Some(Kind::Path), None) => Ok(Self::Path),
            (Some(Kind::Background), None) => refused(
                "--contributions background needs --background CSV: the rows to compare with",
            ),
            (Some(Kind::Background), Some(path)) => {
                let rows = RowReader::open(path, features)?.all_rows()?;
                let explainer = BackgroundExplainer::new(forest, rows.view());
                let explainer = explainer
                    .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display())))?;
                Ok(Self::Background(Box::new(explainer)))
            }
            (_, Some(_)) => refused("--background is for --contributions background only"),
        }
    }

    fn wanted(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    fn contributions(
        &self,
        model: &Model,
        rows: ArrayView2<'_, f64>,
    ) -> Option<Vec<Contributions>> {
        match self {
            Self::Nothing => None,
            Self::Path => Some(model.contributions_of(rows)),
            Self::Background(explainer) => {
                let values = explainer.explain_rows(rows);
                let of_row = |values: ndarray::ArrayView1<'_, f64>| Contributions {
                    base_value: explainer.base_value(),
                    values: values.to_vec(),
                };
                Some(values.rows().into_iter().map(of_row).collect())
            }
        }
    }
}

/// A bar for those who have waited a while.
struct LateBar {
    started: Instant,
    bytes: u64,
    bar: Option<ProgressBar>,
}

impl LateBar {
    fn new(rows: &Path) -> Self {
        Self {
            started: Instant::now(),
            bytes: std::fs::metadata(rows).map_or(0, |file| file.len()),
            bar: None,
        }
    }

    fn at(&mut self, read: u64) {
        if self.started.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| progress::bar("scoring"));
        progress::at(bar, read as f64 / self.bytes.max(1) as f64);
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
