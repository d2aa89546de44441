//! `octroi serve` and `octroi migrate`.

use super::{CommandError, open_with};
use crate::configuration::Settings;
use crate::database::Database;
use crate::monitoring::Telemetry;
use crate::web::Server;
use std::path::Path;

/// Serves until it is asked to stop.
pub(super) async fn run(config: Option<&Path>) -> Result<(), CommandError> {
    let settings = Settings::load(config)?;
    let _telemetry = Telemetry::start(&settings.telemetry)?;
    let server = Server::bind(open_with(settings).await?)?;
    tracing::info!(address = %server.address()?, "listening");
    Ok(server.run().await?)
}

/// Brings the schema up to date and says so.
pub(super) async fn migrate(config: Option<&Path>) -> Result<(), CommandError> {
    let settings = Settings::load(config)?;
    let database = Database::open(&settings).await?;
    database.migrate().await?;
    println!("the database is up to date");
    Ok(())
}
