//! Two banks with clients and a model, as `octroi demo` prepares them, on each database: made
//! once per build of the binary, then copied by every test. Tests run in processes of their
//! own, so a lock file lets the first one make it and the others wait.

use crate::binary;
use crate::database::{Connection, DatabaseKind};
use crate::postgres::Postgres;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The password of everybody in the fixture.
pub const PASSWORD: &str = "octroi-demo-2026";

/// Labelled clients per bank: about as few as training takes.
const CLIENTS: &str = "600";

/// One of the two banks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    pub slug: &'static str,
    pub name: &'static str,
    pub domain: &'static str,
}

/// French by default.
pub const AZUR: Bank = Bank {
    slug: "banque-azur",
    name: "Banque Azur",
    domain: "azur.example",
};
/// English by default.
pub const HARBOUR: Bank = Bank {
    slug: "harbour-bank",
    name: "Harbour Bank",
    domain: "harbour.example",
};

/// The roles of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Adviser,
    Analyst,
    Compliance,
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Adviser, Self::Analyst, Self::Compliance, Self::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adviser => "adviser",
            Self::Analyst => "analyst",
            Self::Compliance => "compliance",
            Self::Admin => "admin",
        }
    }
}

impl Bank {
    /// The address that the person of this role signs in with.
    pub fn email(&self, role: Role) -> String {
        format!("{}@{}", role.as_str(), self.domain)
    }
}

/// SHA-256, in lower-case hexadecimal, of the canonical form (RFC 8785) of a JSON value.
pub fn sha256_of_canonical(value: &Value) -> String {
    let canonical = serde_jcs::to_vec(value).expect("JSON has a canonical form");
    hex::encode(Sha256::digest(canonical))
}

/// The fixture on one database.
pub(crate) struct Fixture {
    /// Home of the service; the generated tables are under `data/<slug>`.
    pub(crate) home: PathBuf,
    /// Data folder of PostgreSQL; absent for SQLite.
    pub(crate) cluster: Option<PathBuf>,
}

impl Fixture {
    /// The fixture for this database, made now if this build has none.
    pub(crate) fn on(kind: DatabaseKind) -> Self {
        let root = binary::scratch().join("octroi-tests");
        fs::create_dir_all(&root).expect("target/tmp can be written");
        let name = match kind {
            DatabaseKind::Sqlite => "sqlite",
            DatabaseKind::Postgresql => "postgresql",
        };
        let build = root.join(build_key());
        let folder = build.join(name);
        let lock = File::create(root.join(format!("{name}.lock"))).expect("a lock file");
        lock.lock().expect("the lock is had");
        if !folder.exists() {
            remove_old(&root, &build);
            let unfinished = build.join(format!("{name}.unfinished"));
            let _ = fs::remove_dir_all(&unfinished);
            fs::create_dir_all(&unfinished).expect("target/tmp can be written");
            make(kind, &unfinished);
            fs::rename(&unfinished, &folder).expect("the fixture can be put in place");
        }
        let cluster = (kind == DatabaseKind::Postgresql).then(|| folder.join("cluster"));
        Self {
            home: folder.join("home"),
            cluster,
        }
    }
}

fn build_key() -> String {
    let binary = fs::metadata(binary::path()).expect("the binary is there");
    format!(
        "{}-{}-{}",
        binary.mtime(),
        binary.mtime_nsec(),
        binary.size()
    )
}

/// Fixtures of earlier builds, unless somebody may still be copying them.
fn remove_old(root: &Path, current: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .ok()
            .and_then(|data| data.modified().ok()?.elapsed().ok());
        let old = age.is_some_and(|age| age > Duration::from_hours(1));
        if old && entry.path().is_dir() && entry.path() != current {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn make(kind: DatabaseKind, folder: &Path) {
    let home = folder.join("home");
    match kind {
        DatabaseKind::Sqlite => demo(&home, None),
        DatabaseKind::Postgresql => {
            let server = Postgres::start(None);
            Connection::open(&server.url("postgres")).execute("CREATE DATABASE octroi");
            demo(&home, Some(&server.url("octroi")));
            server.keep(&folder.join("cluster"));
        }
    }
}

fn demo(home: &Path, database: Option<&str>) {
    let run = |arguments: &[&str]| {
        let mut command = binary::command();
        if let Some(url) = database {
            command.env("OCTROI_DATABASE__URL", url);
        }
        let output = command.env("OCTROI_HOME", home).args(arguments).output();
        let output = output.expect("the binary starts");
        assert!(
            output.status.success(),
            "octroi {} failed:\n{}\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    };
    if database.is_some() {
        run(&["migrate"]);
    }
    let home = home.to_str().expect("target/ has a readable name");
    run(&[
        "demo",
        "--home",
        home,
        "--clients",
        CLIENTS,
        "--prepare-only",
    ]);
}
