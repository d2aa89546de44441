//! `octroi keys`: the keys that sign tokens and packages, and the operator's key that wraps
//! them. They belong to the service and not to a bank, so what is done to them is logged, with
//! who typed it, and is no event of an audit log.

use super::CommandError;
use crate::configuration::Settings;
use crate::database::{Absent, Database};
use crate::instant;
use crate::keys::{KeyStore, OperatorKey, Purpose};
use crate::models::ModelLibrary;
use crate::monitoring::Telemetry;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Make new keys that sign from now on; the earlier ones go on verifying.
    Rotate,
    /// Wrap the keys by another operator's key; nothing is signed anew.
    Rewrap(RewrapArguments),
    /// List the keys.
    List,
}

#[derive(Args)]
pub(super) struct RewrapArguments {
    /// File of the new operator's key; it is made when it is not there.
    #[arg(long, value_name = "FILE")]
    new_key_file: PathBuf,
}

pub(super) async fn run(config: Option<&Path>, command: KeysCommand) -> Result<(), CommandError> {
    let settings = Settings::load(config)?;
    let _telemetry = Telemetry::start(&settings.telemetry)?;
    let database = Database::open(&settings, Absent::Refuse).await?;
    database.check_is_current().await?;
    let keys = prepare(&settings, &database).await?;
    match command {
        KeysCommand::Rotate => {
            for (purpose, id) in keys.rotate().await? {
                let purpose = purpose.as_str();
                tracing::warn!(by = whoever(), purpose, key = %id, "a new key signs");
                println!("{purpose}: {id} signs from now on");
            }
            println!(
                "running servers sign with them within a minute; tokens of the earlier keys are \
                 good until they run out, packages for good"
            );
            Ok(())
        }
        KeysCommand::Rewrap(arguments) => rewrap(&keys, &settings, &arguments.new_key_file).await,
        KeysCommand::List => list(&keys).await,
    }
}

/// The keys of the database, made or wrapped now if they have not been.
pub(super) async fn prepare(
    settings: &Settings,
    database: &Database,
) -> Result<Arc<KeyStore>, CommandError> {
    let keys = Arc::new(KeyStore::open(settings, database).await?);
    ModelLibrary::open(settings, database, Arc::clone(&keys)).await?;
    Ok(keys)
}

async fn rewrap(keys: &KeyStore, settings: &Settings, file: &Path) -> Result<(), CommandError> {
    let there = file
        .try_exists()
        .map_err(|source| CommandError::Unreadable {
            path: file.to_owned(),
            source,
        })?;
    let new = if there {
        OperatorKey::read(file)?
    } else {
        OperatorKey::make(file)?
    };
    let old = keys.operator();
    if new.id() == old.id() {
        return Err(CommandError::Usage(format!(
            "{} is the operator's key in use; name another file",
            file.display()
        )));
    }
    let count = keys.rewrap(&new).await?;
    tracing::warn!(
        by = whoever(),
        from = old.id(),
        to = new.id(),
        "the operator's key was replaced"
    );
    println!(
        "{count} keys are wrapped by the operator's key {} now",
        new.id()
    );
    let own = OperatorKey::file_in(&settings.home);
    let next = if old.origin() == own.display().to_string() {
        format!("mv '{}' '{}'", file.display(), own.display())
    } else {
        format!(
            "give it in place of {}: secrets.key_file = \"{}\", or its text as OCTROI_SECRETS__KEY",
            old.origin(),
            file.display()
        )
    };
    println!(
        "before any server or command starts again: {next}\nrunning servers go on with the keys \
         they have; restart them with the new one"
    );
    Ok(())
}

async fn list(keys: &KeyStore) -> Result<(), CommandError> {
    println!(
        "wrapped by the operator's key {}, from {}",
        keys.operator().id(),
        keys.operator().origin()
    );
    println!(
        "{:<9} {:<36} {:<27} {:<8} public key",
        "for", "key", "made", "does"
    );
    for purpose in Purpose::ALL {
        for (place, pair) in keys.keys(purpose).await?.iter().enumerate() {
            println!(
                "{:<9} {:<36} {:<27} {:<8} {}",
                purpose.as_str(),
                pair.id,
                instant::rfc3339(pair.created_at),
                if place == 0 { "signs" } else { "verifies" },
                hex::encode(pair.public())
            );
        }
    }
    Ok(())
}

/// Who typed the command, as far as the system knows.
fn whoever() -> String {
    let id = rustix::process::getuid().as_raw();
    let name = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_default();
    format!("uid {id} {name}").trim_end().to_owned()
}
