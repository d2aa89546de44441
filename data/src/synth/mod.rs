//! The synthetic population: clients of nobody, in exactly the tables of the Home Credit
//! competition, with the true probability of default known. It exists so that training, drift,
//! load and demonstrations need no real data, and so that a model's probabilities can be held to
//! the truth.
//!
//! Each client is a draw from a Gaussian copula by factors ([`client`]); the marginal
//! distributions are summary figures of the real portfolio ([`marginals`]). The histories follow
//! from the same factors, and default from what the tables then show ([`default_risk`]). A
//! client's rows depend on the seed, the shift and the client's index only, so the same options
//! give the same bytes on any number of threads.

mod application;
mod building;
mod bureau;
mod client;
mod credit_card;
mod default_risk;
mod drift;
mod history;
mod identifiers;
mod instalment_loan;
mod marginals;
mod output;
mod previous;
mod random;
mod rows;
mod tables;
mod work;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use application::Application;
use client::Client;
use drift::Drift;
use history::History;
use instalment_loan::Habits;
use output::Output;
use previous::Granted;
use random::Draws;
use rows::Rows;
use tables::TableFile;

/// The most clients of one population, labelled and not.
pub const MAX_CLIENTS: usize = 10_000_000;
/// The largest shift.
pub const MAX_SHIFT: f64 = 3.0;

/// Clients drawn by one task, and tasks drawn before their rows are written: together they bound
/// the memory (peak 29 MB for 350,000 clients) whatever the number of clients.
const CLIENTS_PER_TASK: usize = 64;
const TASKS_PER_BATCH: usize = 32;

/// What population to write.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthOptions {
    /// Clients, at least one; they go to `application_train` with their label.
    pub clients: usize,
    /// Further clients in `application_test`, without label; `None`: a sixth of `clients`.
    pub unlabelled: Option<usize>,
    /// With `false` nobody is labelled: all clients go to `application_test`.
    pub label: bool,
    pub seed: u64,
    /// Drift against the reference period, from 0 (none) over 1 (a clearly drifted later period)
    /// to [`MAX_SHIFT`]. The module `drift` lists what moves.
    pub shift: f64,
    /// `SK_ID_CURR` of the first client; the others follow upward.
    pub first_id: i64,
    /// Whether tables already in the folder may be replaced.
    pub overwrite: bool,
}

impl Default for SynthOptions {
    fn default() -> Self {
        Self {
            clients: 10_000,
            unlabelled: None,
            label: true,
            seed: 1,
            shift: 0.0,
            first_id: 100_002,
            overwrite: false,
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SynthReport {
    /// Clients in `application_train` and in `application_test`.
    pub labelled: usize,
    pub unlabelled: usize,
    /// Labelled clients who defaulted.
    pub defaults: usize,
    /// Share of them, 0 to 1; `None` where nobody is labelled.
    pub default_rate: Option<f64>,
    /// Mean of the true probability of default over all clients.
    pub mean_pd: f64,
    pub seed: u64,
    pub shift: f64,
    pub tables: Vec<SynthTable>,
}

/// One file of a population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SynthTable {
    pub table: String,
    pub file: String,
    pub rows: u64,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynthProgress {
    pub clients_done: usize,
    pub clients: usize,
}

/// Why no population was written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    #[error("a synthetic population needs at least one client")]
    NoClients,
    #[error("{clients} clients are more than the {max} that one synthetic population may have")]
    TooManyClients { clients: usize, max: usize },
    #[error(
        "the first client identifier {first_id} must be at least 1 and leave all {clients} clients below {below}"
    )]
    FirstId {
        first_id: i64,
        clients: usize,
        below: i64,
    },
    #[error("the shift {shift} must be between 0 and {max}")]
    Shift { shift: f64, max: f64 },
    #[error("{} is already there; choose another folder, or allow it to be replaced (--overwrite)", path.display())]
    Exists { path: PathBuf },
    #[error("cannot write {}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// Writes a population to `folder` (created if need be): the competition's eight tables and
/// `true_pd.csv` (`SK_ID_CURR`, `PD`: the true probability of default, 0 to 1).
///
/// # Errors
/// Options out of range, a table already there without `overwrite`, or a file that cannot be
/// written; nothing is then left under a table's name that was not there before.
pub fn write_population(options: &SynthOptions, folder: &Path) -> Result<SynthReport, SynthError> {
    write_population_with(options, folder, &mut |_| {})
}

/// [`write_population`], telling `progress` after each batch of clients.
///
/// # Errors
/// As [`write_population`].
pub fn write_population_with(
    options: &SynthOptions,
    folder: &Path,
    progress: &mut dyn FnMut(SynthProgress),
) -> Result<SynthReport, SynthError> {
    let (labelled, clients) = sizes(options)?;
    let mut output = Output::create(folder, &files(options.label), options.overwrite)?;
    let mut defaults = 0;
    let mut pd_sum = 0.0;
    let per_batch = CLIENTS_PER_TASK * TASKS_PER_BATCH;
    for batch in (0..clients).step_by(per_batch) {
        let until = (batch + per_batch).min(clients);
        let starts: Vec<usize> = (batch..until).step_by(CLIENTS_PER_TASK).collect();
        let parts: Vec<Part> = starts
            .into_par_iter()
            .map(|start| {
                draw_part(
                    options,
                    labelled,
                    start,
                    (start + CLIENTS_PER_TASK).min(until),
                )
            })
            .collect();
        for part in &parts {
            for (position, rows) in part.tables(options.label).into_iter().enumerate() {
                output.append(position, rows)?;
            }
            defaults += part.defaults;
            pd_sum += part.pd_sum;
        }
        progress(SynthProgress {
            clients_done: until,
            clients,
        });
    }
    Ok(SynthReport {
        labelled,
        unlabelled: clients - labelled,
        defaults,
        default_rate: (labelled > 0).then(|| defaults as f64 / labelled as f64),
        mean_pd: pd_sum / clients as f64,
        seed: options.seed,
        shift: options.shift,
        tables: output.finish()?,
    })
}

/// Labelled clients and all clients, after checking the options.
fn sizes(options: &SynthOptions) -> Result<(usize, usize), SynthError> {
    if options.clients == 0 {
        return Err(SynthError::NoClients);
    }
    let unlabelled = options.unlabelled.unwrap_or(options.clients / 6);
    let clients = options.clients.saturating_add(unlabelled);
    if clients > MAX_CLIENTS {
        return Err(SynthError::TooManyClients {
            clients,
            max: MAX_CLIENTS,
        });
    }
    let below = identifiers::CLIENTS_BELOW;
    if options.first_id < 1 || options.first_id.saturating_add(clients as i64) > below {
        return Err(SynthError::FirstId {
            first_id: options.first_id,
            clients,
            below,
        });
    }
    if !(0.0..=MAX_SHIFT).contains(&options.shift) {
        return Err(SynthError::Shift {
            shift: options.shift,
            max: MAX_SHIFT,
        });
    }
    Ok((if options.label { options.clients } else { 0 }, clients))
}

/// The files, in the order of [`Part::tables`].
fn files(label: bool) -> Vec<TableFile> {
    let mut files = vec![
        tables::APPLICATION_TEST,
        tables::BUREAU,
        tables::BUREAU_BALANCE,
        tables::PREVIOUS_APPLICATION,
        tables::POS_CASH_BALANCE,
        tables::INSTALLMENTS_PAYMENTS,
        tables::CREDIT_CARD_BALANCE,
        tables::TRUE_PD,
    ];
    if label {
        files.push(tables::APPLICATION_TRAIN);
    }
    files
}

/// The rows of a few clients in a row, table by table.
#[derive(Default)]
struct Part {
    train: Rows,
    test: Rows,
    bureau: Rows,
    balance: Rows,
    previous: Rows,
    pos: Rows,
    payments: Rows,
    cards: Rows,
    truth: Rows,
    defaults: usize,
    pd_sum: f64,
}

impl Part {
    fn tables(&self, label: bool) -> Vec<&Rows> {
        let mut tables = vec![
            &self.test,
            &self.bureau,
            &self.balance,
            &self.previous,
            &self.pos,
            &self.payments,
            &self.cards,
            &self.truth,
        ];
        if label {
            tables.push(&self.train);
        }
        tables
    }
}

fn draw_part(options: &SynthOptions, labelled: usize, start: usize, end: usize) -> Part {
    let drift = Drift::of(options.shift);
    let mut part = Part::default();
    for index in start..end {
        let mut draws = Draws::for_client(options.seed, index as u64);
        let id = options.first_id + index as i64;
        draw_client(id, index < labelled, &drift, &mut draws, &mut part);
    }
    part
}

/// Draws one client with all histories and appends the rows.
fn draw_client(id: i64, labelled: bool, drift: &Drift, draws: &mut Draws, part: &mut Part) {
    let client = Client::draw(id, drift, draws);
    let application = Application::draw(&client, drift, draws);
    let mut history = History::default();
    bureau::write(
        &client,
        drift,
        draws,
        &mut part.bureau,
        &mut part.balance,
        &mut history,
    );
    let habits = Habits::draw(&client, draws);
    for granted in previous::write(&client, drift, draws, &mut part.previous, &mut history) {
        match granted {
            Granted::Loan(loan) => {
                loan.write(
                    &habits,
                    draws,
                    &mut part.payments,
                    &mut part.pos,
                    &mut history,
                );
            }
            Granted::Card(card) => card.write(
                &client,
                &habits,
                draws,
                &mut part.cards,
                &mut part.payments,
                &mut history,
            ),
        }
    }
    let pd = default_risk::probability(&client, &application, &history, drift, draws);
    let defaulted = draws.chance(pd);
    let (target, rows) = if labelled {
        (Some(defaulted), &mut part.train)
    } else {
        (None, &mut part.test)
    };
    application::write(&client, &application, target, drift, draws, rows);
    part.truth.integer(id);
    part.truth.rounded(pd, 9);
    part.truth.end();
    part.defaults += usize::from(labelled && defaulted);
    part.pd_sum += pd;
}
