//! The one binary of Octroi.

use clap::Parser;
use octroi::command::{self, Cli};
use octroi::home;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    home::keep_private();
    match command::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
