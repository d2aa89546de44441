//! `octroi serve` and `octroi migrate`.

use super::{CommandError, keys, open_with};
use crate::configuration::Settings;
use crate::database::{Absent, Database};
use crate::home;
use crate::monitoring::Telemetry;
use crate::web::Server;
use std::path::Path;

/// Serves until it is asked to stop.
pub(super) async fn run(config: Option<&Path>) -> Result<(), CommandError> {
    let settings = Settings::load(config)?;
    let _telemetry = Telemetry::start(&settings.telemetry)?;
    let service = open_with(settings, Absent::Refuse).await?;
    for wider in home::wider(&service.settings) {
        let (path, chmod) = (wider.path.display(), &wider.chmod);
        tracing::warn!(%path, %chmod, "{wider}");
    }
    let server = Server::bind(service)?;
    let operations = server.operations_address().map(tracing::field::display);
    tracing::info!(address = %server.address()?, operations, "listening");
    Ok(server.run().await?)
}

/// Brings the schema up to date and says so.
pub(super) async fn migrate(config: Option<&Path>) -> Result<(), CommandError> {
    let settings = Settings::load(config)?;
    let database = Database::open(&settings, Absent::Create).await?;
    database.migrate().await?;
    // A database of our own gets its keys as well; a server's are for those who hold the key.
    if settings.sqlite_file().is_some() {
        keys::prepare(&settings, &database).await?;
    }
    println!("the database is up to date");
    Ok(())
}
