//! `octroi drift`: two files of the same table compared, to one self-contained HTML file.

use super::{CommandError, write_file};
use crate::clients::wording::{Wording, page_language};
use crate::configuration::Settings;
use crate::instant;
use crate::monitoring::{DriftHeading, drift_view};
use clap::Args;
use octroi_data::drift;
use octroi_data::language::Language;
use octroi_data::portfolio::Portfolio;
use octroi_data::reader;
use octroi_frontend::document;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct DriftArguments {
    /// The population to measure from: a table as CSV (plain, .zip, .gz) or Parquet.
    #[arg(long)]
    reference: PathBuf,
    /// The population of today: another file of the same table.
    #[arg(long)]
    current: PathBuf,
    /// HTML file to write.
    #[arg(long)]
    out: PathBuf,
    /// en or fr.
    #[arg(long, default_value = "en")]
    language: Language,
}

pub(super) fn run(config: Option<&Path>, arguments: &DriftArguments) -> Result<(), CommandError> {
    let settings = Settings::load(config)?;
    let bounds = settings.files.bounds();
    let portfolio = Portfolio::home_credit();
    let reference = reader::read_table_file_within(portfolio, &arguments.reference, bounds)?;
    let current = reader::read_table_file_within(portfolio, &arguments.current, bounds)?;
    if reference.table != current.table {
        return Err(CommandError::Usage(format!(
            "{} is a file of {}, {} one of {}: two files of the same table can be compared",
            arguments.reference.display(),
            reference.table,
            arguments.current.display(),
            current.table
        )));
    }
    let table = portfolio.table(&reference.table).ok_or_else(|| {
        CommandError::Usage(format!("the portfolio has no table {}", reference.table))
    })?;
    let report = drift::compare_tables(table, &reference, &current);
    let heading = DriftHeading {
        computed_at: instant::rfc3339(instant::now()),
        computed_by: "octroi drift".to_owned(),
        reference: file_name(&arguments.reference),
        current: file_name(&arguments.current),
        model: None,
    };
    let wording = Wording::new(portfolio, arguments.language);
    let view = drift_view(&report, heading, wording);
    let html = document::drift(&view, "", page_language(arguments.language))?;
    write_file(&settings.home, &arguments.out, html.as_bytes())?;
    for feature in report.features.iter().take(5) {
        println!(
            "{:<32} PSI {:.4}  {:?}",
            feature.name, feature.psi, feature.verdict
        );
    }
    println!(
        "{} columns compared; {}",
        report.features.len(),
        arguments.out.display()
    );
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
