//! `octroi model`: files of other libraries. Score with one, make it a version of a bank's
//! model, or write a version as one.

mod export;
mod import;
mod score;

use super::CommandError;
use crate::configuration::FileSettings;
use clap::Subcommand;
use octroi_data::reader::bounds;
use octroi_model_registry::import::ImportedModel;
use std::path::Path;

#[derive(Subcommand)]
pub(super) enum ModelCommand {
    /// Score rows of a CSV file with a model file; needs no database.
    Score(score::ScoreArguments),
    /// Make a model file a version, evaluated on the bank's labelled clients.
    Import(import::ImportArguments),
    /// Write a version as a file that another library loads.
    Export(export::ExportArguments),
}

pub(super) async fn run(config: Option<&Path>, command: ModelCommand) -> Result<(), CommandError> {
    match command {
        ModelCommand::Score(arguments) => score::run(config, &arguments),
        ModelCommand::Import(arguments) => import::run(config, arguments).await,
        ModelCommand::Export(arguments) => export::run(config, arguments).await,
    }
}

/// The bytes of a file, as long as it is not larger than any model.
fn bytes_of(path: &Path, files: &FileSettings) -> Result<Vec<u8>, CommandError> {
    bounds::read_whole(path, files.model_bytes, "; files.model_bytes raises that").map_err(
        |source| CommandError::Unreadable {
            path: path.to_owned(),
            source,
        },
    )
}

/// The model in the bytes of a file.
fn model_in(bytes: &[u8], path: &Path) -> Result<ImportedModel, CommandError> {
    octroi_model_registry::import::read(bytes).map_err(|source| CommandError::ModelFile {
        path: path.to_owned(),
        source,
    })
}
