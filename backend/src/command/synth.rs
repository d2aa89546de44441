//! `octroi synth`: a synthetic population.

use super::{CommandError, progress};
use crate::configuration::Settings;
use crate::home;
use clap::Args;
use octroi_data::synth::{self, SynthOptions, SynthReport};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct SynthArguments {
    /// Labelled clients, in application_train; a sixth more go unlabelled to application_test.
    #[arg(long)]
    clients: usize,
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder to write to.
    #[arg(long)]
    out: PathBuf,
    /// Drift: 0 is the reference period, 1 a clearly drifted later one.
    #[arg(long, default_value_t = 0.0)]
    shift: f64,
    /// SK_ID_CURR of the first client.
    #[arg(long, default_value_t = SynthOptions::default().first_id)]
    first_id: i64,
    /// Replace tables that are in the folder already.
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(config: Option<&Path>, arguments: &SynthArguments) -> Result<(), CommandError> {
    let home = Settings::load(config)?.home;
    let options = SynthOptions {
        clients: arguments.clients,
        seed: arguments.seed,
        shift: arguments.shift,
        first_id: arguments.first_id,
        overwrite: arguments.overwrite,
        ..SynthOptions::default()
    };
    let failed = |path: &Path, source| CommandError::Write {
        path: path.to_owned(),
        source,
    };
    let made = home::missing(&arguments.out);
    let report = write(&options, &arguments.out)?;
    home::hand_over_folders(&home, &made).map_err(|error| failed(&arguments.out, error))?;
    for table in &report.tables {
        let file = arguments.out.join(&table.file);
        home::hand_over(&home, &file).map_err(|error| failed(&file, error))?;
    }
    for table in &report.tables {
        println!("{}: {} rows", table.file, table.rows);
    }
    if let Some(rate) = report.default_rate {
        println!(
            "{} of {} labelled clients defaulted ({:.2} %)",
            report.defaults,
            report.labelled,
            rate * 100.0
        );
    }
    Ok(())
}

/// A population of the reference period, for the demo.
pub(super) fn population(
    seed: u64,
    clients: usize,
    first_id: i64,
    folder: &Path,
) -> Result<(), CommandError> {
    let options = SynthOptions {
        clients,
        seed,
        first_id,
        ..SynthOptions::default()
    };
    write(&options, folder).map(|_| ())
}

fn write(options: &SynthOptions, folder: &Path) -> Result<SynthReport, CommandError> {
    let bar = progress::bar("writing clients");
    let report = synth::write_population_with(options, folder, &mut |done| {
        progress::at(&bar, done.clients_done as f64 / done.clients.max(1) as f64);
    })?;
    bar.finish_and_clear();
    Ok(report)
}
