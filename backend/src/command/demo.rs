//! `octroi demo`: two invented banks on one machine, each with its own clients and model, and
//! one login per role. The first run makes the data, trains and imports; later runs start at
//! once. Everything is under one folder, which can simply be deleted.

use super::synth::population;
use super::train::{self, TrainArguments};
use super::{CommandError, open_with, operator_scope, progress, request_id};
use crate::clients::{self, Import, Names};
use crate::configuration::{LogFormat, Settings};
use crate::database::Absent;
use crate::decisions::{self, Applicant, Channel, DecisionRequest};
use crate::identity::{
    self, KEY_DEFAULT_DAYS, NewAccount, NewApiKey, Password, PasswordOwner, Permission, Role,
};
use crate::models::ModelReference;
use crate::monitoring::Telemetry;
use crate::service::Service;
use crate::tenancy::{self, TenantScope};
use crate::web::Server;
use clap::Args;
use octroi_data::language::Language;
use octroi_data::reader::Applications;
use octroi_frontend::views::DemoLogin;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Anybody may know it: the demo listens on this machine only.
const PASSWORD: &str = "octroi-demo-2026";
const MODEL: &str = "credit";

#[derive(Args)]
pub(super) struct DemoArguments {
    /// Folder of the demo; `var/demo` by default.
    #[arg(long, value_name = "FOLDER")]
    home: Option<PathBuf>,
    /// Labelled clients to train on, per bank.
    #[arg(long, default_value_t = 8_000)]
    clients: usize,
    /// Delete what an earlier run has made and begin again.
    #[arg(long)]
    fresh: bool,
    /// Prepare everything and stop, without serving.
    #[arg(long)]
    prepare_only: bool,
}

struct Bank {
    slug: &'static str,
    name: &'static str,
    domain: &'static str,
    language: Language,
    seed: u64,
    first_id: i64,
    people: [(&'static str, Role); 4],
}

const BANKS: [Bank; 2] = [
    Bank {
        slug: "banque-azur",
        name: "Banque Azur",
        domain: "azur.example",
        language: Language::Fr,
        seed: 11,
        first_id: 100_002,
        people: [
            ("Camille Laurent", Role::Adviser),
            ("Nadia Benali", Role::Analyst),
            ("Hugo Mercier", Role::Compliance),
            ("Jeanne Petit", Role::Admin),
        ],
    },
    Bank {
        slug: "harbour-bank",
        name: "Harbour Bank",
        domain: "harbour.example",
        language: Language::En,
        seed: 23,
        first_id: 500_002,
        people: [
            ("Alice Morgan", Role::Adviser),
            ("Samir Patel", Role::Analyst),
            ("Grace Okafor", Role::Compliance),
            ("Tom Fletcher", Role::Admin),
        ],
    },
];

const WOMEN: [&str; 12] = [
    "Adèle", "Chloé", "Elena", "Gaëlle", "Inès", "Léa", "Nora", "Paula", "Rosa", "Tara", "Vera",
    "Yasmine",
];
const MEN: [&str; 12] = [
    "Bruno", "David", "Farid", "Henri", "Jonas", "Karim", "Marc", "Oscar", "Quentin", "Simon",
    "Ugo", "William",
];
const LAST_NAMES: [&str; 24] = [
    "Abadie", "Bernard", "Castel", "Durand", "Evans", "Fischer", "Garnier", "Hamdi", "Ivanov",
    "Jansen", "Keller", "Lopez", "Martin", "Nguyen", "Olsen", "Perrin", "Quiroga", "Rossi",
    "Silva", "Taylor", "Urban", "Vidal", "Weber", "Young",
];

pub(super) async fn run(
    config: Option<&Path>,
    arguments: DemoArguments,
) -> Result<(), CommandError> {
    let mut settings = Settings::load(config)?;
    settings.home = arguments
        .home
        .clone()
        .unwrap_or_else(|| PathBuf::from("var/demo"));
    settings.server.secure_cookies = false;
    settings.secrets.makes_key = true;
    settings.telemetry.log_format = LogFormat::Text;
    "warn,sqlx=error".clone_into(&mut settings.telemetry.log_filter);
    let _telemetry = Telemetry::start(&settings.telemetry)?;
    let home = settings.home.clone();
    let ready = home.join("ready");
    if arguments.fresh || !ready.exists() {
        clear(&home)?;
    }
    let mut service = open_with(settings, Absent::Create).await?;
    if !ready.exists() {
        for bank in &BANKS {
            prepare(&service, bank, &home, arguments.clients).await?;
        }
        super::write_file(&home, &ready, b"delete this folder to begin again\n")?;
    }
    if arguments.prepare_only {
        println!("the demo is ready in {}", home.display());
        return Ok(());
    }
    service.demo_logins = logins();
    let server = Server::bind(service)?;
    tell(&server, &home)?;
    Ok(server.run().await?)
}

/// Removes only what a demo makes, and only from a folder that holds nothing else.
fn clear(home: &Path) -> Result<(), CommandError> {
    let failed = |source| CommandError::Write {
        path: home.to_owned(),
        source,
    };
    if !home.exists() {
        return Ok(());
    }
    let ours = [
        "ready",
        "data",
        "packages",
        "notes",
        "octroi.db",
        "octroi.db-wal",
        "octroi.db-shm",
        "operator.key",
    ];
    for entry in std::fs::read_dir(home).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if !ours.iter().any(|known| name == *known) {
            return Err(CommandError::Usage(format!(
                "{} holds {}, which no demo made; name an empty folder with --home",
                home.display(),
                name.to_string_lossy()
            )));
        }
    }
    std::fs::remove_dir_all(home).map_err(failed)
}

async fn prepare(
    service: &Service,
    bank: &Bank,
    home: &Path,
    clients: usize,
) -> Result<(), CommandError> {
    println!(
        "\n{}: writing {clients} invented clients with their histories",
        bank.name
    );
    let folder = home.join("data").join(bank.slug);
    population(bank.seed, clients, bank.first_id, &folder)?;
    let (database, language) = (&service.database, bank.language);
    let tenant = tenancy::create(database, bank.slug, bank.name, language, request_id()).await?;
    let scope = operator_scope(service, tenant);
    for (name, role) in bank.people {
        let email = format!("{role}@{}", bank.domain);
        let owner = PasswordOwner {
            name,
            email: &email,
            bank: bank.name,
        };
        let password = Password::chosen(PASSWORD.to_owned(), &owner)?;
        let account = NewAccount {
            email,
            name: name.to_owned(),
            role,
            language: bank.language,
            password,
        };
        identity::create_account(&scope, &service.passwords, account).await?;
    }
    println!("{}: training", bank.name);
    let arguments = TrainArguments {
        data: folder.clone(),
        model: MODEL.to_owned(),
        alias: "champion".to_owned(),
        tenant: None,
        seed: bank.seed,
        folds: 5,
        quick: true,
        candidates: Vec::new(),
        trials: None,
        threads: None,
        holdout: None,
        note: None,
        json: false,
        quiet: true,
    };
    train::train(service, &scope, &arguments).await?;
    let import = Import {
        folder: &folder,
        which: Applications::Test,
        bounds: service.settings.files.bounds(),
        names: names(&folder, service)?,
    };
    let report = clients::import(&scope, service.portfolio, import).await?;
    println!(
        "{}: {} applicants of today imported; deciding",
        bank.name, report.imported
    );
    decide_all(service, &scope).await?;
    let champion = service.models.champion(&scope).await?;
    if let Some(champion) = champion {
        let population = service.population(&scope).await?;
        service
            .drift
            .update(&service.heavy, &scope, champion, population, "operator")
            .await?;
    }
    let new = NewApiKey {
        name: "partner",
        scopes: &[Permission::MakeDecisions, Permission::ViewDecisions],
        within: Permission::ALL,
        days: KEY_DEFAULT_DAYS,
    };
    let key = identity::create_api_key(&scope, new).await?;
    save_key(&folder, &key.secret)
}

/// The demo's partner key, for trying the API; readable by this user only.
fn save_key(folder: &Path, secret: &str) -> Result<(), CommandError> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = folder.join("partner.key");
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{secret}"))
        .map_err(|source| CommandError::Write { path, source })
}

/// Invented names, the same for the same client each time.
fn names(folder: &Path, service: &Service) -> Result<Names, CommandError> {
    let tables = octroi_data::reader::read_folder(service.portfolio, folder, Applications::Test)?;
    let name = |number: i64, woman: bool| {
        let at = number.unsigned_abs() as usize;
        let first = if woman { WOMEN } else { MEN };
        format!(
            "{} {}",
            first[(at * 7) % first.len()],
            LAST_NAMES[(at / 3) % LAST_NAMES.len()]
        )
    };
    let named: HashMap<i64, String> = tables
        .applications()
        .map(|application| {
            let woman = application.content["application"]["CODE_GENDER"] == "F";
            (application.id, name(application.id, woman))
        })
        .collect();
    Ok(Names::from_map(named))
}

async fn decide_all(service: &Service, scope: &TenantScope) -> Result<(), CommandError> {
    let numbers = service.population(scope).await?.numbers.clone();
    let bar = progress::bar("deciding");
    for (done, number) in numbers.iter().enumerate() {
        let request = DecisionRequest {
            model: ModelReference::champion(MODEL.to_owned()),
            applicant: Applicant::Client(*number),
            channel: Channel::CommandLine,
            language: scope.tenant().language,
            tells_reasons: false,
            idempotency: None,
        };
        decisions::decide(service, scope, request, |new| new.decision.id).await?;
        progress::at(&bar, (done + 1) as f64 / numbers.len() as f64);
    }
    bar.finish_and_clear();
    Ok(())
}

fn logins() -> Vec<DemoLogin> {
    BANKS
        .iter()
        .flat_map(|bank| {
            bank.people.iter().map(|(_, role)| DemoLogin {
                email: format!("{role}@{}", bank.domain),
                password: PASSWORD.to_owned(),
                role: role.as_str().to_owned(),
            })
        })
        .collect()
}

fn tell(server: &Server, home: &Path) -> Result<(), CommandError> {
    println!("\nOctroi is at http://{}", server.address()?);
    println!("password of everybody: {PASSWORD}");
    for bank in &BANKS {
        println!("  {}", bank.name);
        for (name, role) in bank.people {
            println!("    {:<11} {role}@{}  ({name})", role.as_str(), bank.domain);
        }
        let key = home.join("data").join(bank.slug).join("partner.key");
        println!("    API key     in {}", key.display());
    }
    println!("API: http://{}/docs   stop: Ctrl-C", server.address()?);
    Ok(())
}
