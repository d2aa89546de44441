//! One installation of Octroi per test: a copy of the fixture, its database, and the service
//! on it. Everything is gone when it is dropped.

use crate::application;
use crate::binary::{self, Ran};
use crate::caller::Caller;
use crate::database::{Connection, DatabaseKind, Rows};
use crate::fixture::{Bank, Fixture, PASSWORD, Role};
use crate::postgres::Postgres;
use crate::server::Server;
use crate::visitor::Visitor;
use serde_json::{Value, json};
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How much is stored, to see that nothing has been added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub clients: i64,
    pub decisions: i64,
    pub explanations: i64,
    pub idempotency_keys: i64,
    /// Events of decisions, explanations and clients created or changed.
    pub events: i64,
}

/// An installation of its own.
pub struct Installation {
    kind: DatabaseKind,
    // Dropped in this order: the service, its database, its files.
    server: Option<Server>,
    postgres: Option<Postgres>,
    folder: TempDir,
    data: PathBuf,
    environment: Vec<(String, String)>,
}

impl Installation {
    /// A copy of the fixture with the service running.
    pub fn serving(kind: DatabaseKind) -> Self {
        let mut installation = Self::prepared(kind);
        installation.serve();
        installation
    }

    /// A copy of the fixture; nothing runs yet.
    pub fn prepared(kind: DatabaseKind) -> Self {
        let fixture = Fixture::on(kind);
        let folder = tempfile::Builder::new()
            .prefix("octroi-")
            .tempdir()
            .expect("a folder");
        let home = folder.path().join("home");
        std::fs::create_dir(&home).expect("the folder is ours");
        std::fs::set_permissions(&home, Permissions::from_mode(0o700)).expect("it is ours");
        for entry in std::fs::read_dir(&fixture.home)
            .expect("the fixture is there")
            .flatten()
        {
            // The generated tables are large, and read only.
            if entry.file_name() != "data" {
                let copied = Command::new("cp")
                    .arg("-a")
                    .arg(entry.path())
                    .arg(&home)
                    .status();
                assert!(copied.expect("cp runs").success());
            }
        }
        Self {
            kind,
            server: None,
            postgres: fixture
                .cluster
                .as_deref()
                .map(|cluster| Postgres::start(Some(cluster))),
            folder,
            data: fixture.home.join("data"),
            environment: Vec::new(),
        }
    }

    /// A variable for the service and for commands, from the next start on.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn kind(&self) -> DatabaseKind {
        self.kind
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The generated tables of a bank, shared by all tests: to be read only.
    pub fn tables(&self, bank: &Bank) -> PathBuf {
        self.data.join(bank.slug)
    }

    /// A folder of this test for files of its own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn database_url(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres.url("octroi"),
            None => format!("sqlite://{}", self.home().join("octroi.db").display()),
        }
    }

    /// The address of another database of the same server; PostgreSQL only.
    #[track_caller]
    pub fn database_url_of(&self, name: &str) -> String {
        self.postgres
            .as_ref()
            .expect("a database server runs")
            .url(name)
    }

    // --- the process -----------------------------------------------------------------------

    /// Starts the service.
    pub fn serve(&mut self) {
        let log = self.folder.path().join("serve.log");
        let server = Server::start(&self.home(), &self.database_url(), &self.environment, &log);
        self.server = Some(server);
    }

    /// Starts another service over the same home and database.
    pub fn serve_another(&self) -> Server {
        self.serve_by(binary::command())
    }

    /// Starts another service over the same home and database, with this umask.
    pub fn serve_with_umask(&self, umask: &str) -> Server {
        self.serve_by(binary::with_umask(umask))
    }

    fn serve_by(&self, command: Command) -> Server {
        let (home, url) = (self.home(), self.database_url());
        let log = self.folder.path().join("another.log");
        Server::start_as(command, &home, &url, &self.environment, &log)
    }

    #[track_caller]
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the service runs")
    }

    /// Takes the running service out, to end it in one way or another.
    #[track_caller]
    pub fn take_server(&mut self) -> Server {
        self.server.take().expect("the service runs")
    }

    /// `http://127.0.0.1:port`.
    #[track_caller]
    pub fn base(&self) -> &str {
        &self.server().base
    }

    /// Everything the service has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("serve.log")).unwrap_or_default()
    }

    /// Runs a command over the same home and database.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        self.command_with_input(arguments, "")
    }

    /// Runs a command that reads `input`.
    pub fn command_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = binary::command();
        let mut process = command
            .env("OCTROI_HOME", self.home())
            .env("OCTROI_DATABASE__URL", self.database_url())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = process.stdin.take().expect("a pipe");
        // A command that reads nothing may have closed it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        process.wait_with_output().expect("the binary ends").into()
    }

    // --- who calls -------------------------------------------------------------------------

    pub fn anonymous(&self) -> Caller {
        Caller::new(self.base(), None)
    }

    /// The secret of the bank's partner key (decisions:make, decisions:view).
    pub fn partner_key(&self, bank: &Bank) -> String {
        let file = self.tables(bank).join("partner.key");
        let key = std::fs::read_to_string(&file).expect("the demo writes a partner key");
        key.trim().to_owned()
    }

    /// The bank's partner.
    pub fn partner(&self, bank: &Bank) -> Caller {
        Caller::new(self.base(), Some(&self.partner_key(bank)))
    }

    /// A program of a person, with an access token.
    #[track_caller]
    pub fn person(&self, bank: &Bank, role: Role) -> Caller {
        let answer = self.anonymous().post(
            "/api/v1/auth/token",
            &json!({ "email": bank.email(role), "password": PASSWORD }),
        );
        let token = answer.expect(200);
        Caller::new(self.base(), token["access_token"].as_str())
    }

    /// The secret of a new key with these scopes.
    #[track_caller]
    pub fn new_key(&self, bank: &Bank, scopes: &[&str]) -> String {
        let mut arguments = vec!["key-add", "--name", "test", "--tenant", bank.slug];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        self.command(&arguments).expect_success().trim().to_owned()
    }

    /// A caller with a new key.
    #[track_caller]
    pub fn caller(&self, bank: &Bank, scopes: &[&str]) -> Caller {
        Caller::new(self.base(), Some(&self.new_key(bank, scopes)))
    }

    /// Somebody with a browser, not signed in.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.base())
    }

    /// Somebody with a browser, signed in.
    #[track_caller]
    pub fn signed_in(&self, bank: &Bank, role: Role) -> Visitor {
        let mut visitor = self.visitor();
        let answer = visitor.sign_in(&bank.email(role), PASSWORD);
        assert_eq!(answer.status, 303, "signing in failed: {}", answer.text());
        visitor
    }

    // --- what is stored --------------------------------------------------------------------

    fn connection(&self) -> Connection {
        Connection::open(&self.database_url())
    }

    /// The whole numbers of the first column of a query.
    pub fn numbers(&self, sql: &str) -> Vec<i64> {
        self.connection().numbers(sql)
    }

    /// Rows of a query of text columns.
    pub fn texts(&self, sql: &str) -> Rows {
        self.connection().texts(sql)
    }

    /// Changes the database behind the service's back.
    pub fn execute(&self, sql: &str) {
        self.connection().execute(sql);
    }

    /// The numbers of a bank's clients, lowest first.
    pub fn clients(&self, bank: &Bank) -> Vec<i64> {
        self.numbers(&format!(
            "SELECT number FROM client WHERE tenant_id = (SELECT id FROM tenant WHERE slug = '{}') \
             ORDER BY number",
            bank.slug
        ))
    }

    /// SQL for an identifier as 32 hexadecimal digits; SQLite keeps it as bytes.
    pub fn hex_of(&self, column: &str) -> String {
        match self.kind {
            DatabaseKind::Sqlite => format!("lower(hex({column}))"),
            DatabaseKind::Postgresql => format!("replace({column}::text, '-', '')"),
        }
    }

    /// Ends the database under the running service; PostgreSQL only.
    #[track_caller]
    pub fn lose_database(&mut self) {
        drop(self.postgres.take().expect("a database server runs"));
    }

    /// What is stored now.
    pub fn stored(&self) -> Stored {
        let connection = self.connection();
        let count = |table: &str| connection.numbers(&format!("SELECT COUNT(*) FROM {table}"))[0];
        Stored {
            clients: count("client"),
            decisions: count("decision"),
            explanations: count("explanation"),
            idempotency_keys: count("idempotency_key"),
            events: count(
                "audit_event WHERE action IN ('decision_made', 'explanation_shown', \
                 'client_created', 'client_changed')",
            ),
        }
    }

    /// The events of an action, newest first, as a compliance officer of the bank reads them.
    #[track_caller]
    pub fn events(&self, bank: &Bank, action: &str) -> Vec<Value> {
        let officer = self.person(bank, Role::Compliance);
        let path = format!("/api/v1/audit/events?limit=200&action={action}");
        let list = officer.get(&path).expect(200);
        let events = list["events"].as_array().expect("a list of events");
        events.iter().map(|entry| entry["event"].clone()).collect()
    }

    /// A whole application of a client of the generated tables, in the API's form.
    pub fn application(&self, bank: &Bank, number: i64) -> Value {
        application::from_folder(&self.tables(bank), number)
    }
}
