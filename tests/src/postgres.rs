//! A private PostgreSQL: its own data folder, reached over a Unix socket, durable as in
//! production (`fsync` stays on), gone when it is dropped. `postgres` runs as our child rather
//! than through `pg_ctl`, which would detach it and let it outlive a test that is killed.

use crate::database::Connection;
use crate::server::signal;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SETTINGS: &str = "listen_addresses = ''\n\
    shared_buffers = 32MB\n\
    max_connections = 60\n\
    max_wal_size = 64MB\n\
    min_wal_size = 4MB\n\
    logging_collector = off\n";

/// A running server.
pub(crate) struct Postgres {
    process: Child,
    folder: TempDir,
}

impl Postgres {
    /// Starts on a copy of `template`, or on a new empty cluster.
    pub(crate) fn start(template: Option<&Path>) -> Self {
        // Under the system's temporary folder, because the user postgres must get there, and
        // because the path of a socket is short.
        let folder = tempfile::Builder::new()
            .prefix("octroi-pg-")
            .tempdir()
            .expect("a temporary folder");
        if runs_as_root() {
            let given = Command::new("chown")
                .arg("postgres:")
                .arg(folder.path())
                .status();
            assert!(
                given.expect("chown runs").success(),
                "there is no user postgres"
            );
        }
        let data = folder.path().join("data");
        match template {
            Some(template) => copy(template, &data),
            None => initialise(folder.path(), &data),
        }
        let log = std::fs::File::create(folder.path().join("log")).expect("a log file");
        let process = as_database_user(&program("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("postgres starts");
        let mut server = Self { process, folder };
        server.wait_until_it_answers();
        server
    }

    fn wait_until_it_answers(&mut self) {
        let started = Instant::now();
        while Connection::try_open(&self.url("postgres")).is_none() {
            let ended = self.process.try_wait().expect("the process can be asked");
            let log = self.folder.path().join("log");
            assert!(
                ended.is_none() && started.elapsed() < Duration::from_mins(1),
                "PostgreSQL did not start ({ended:?}):\n{}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://octroi@localhost/{database}?host={}",
            self.folder.path().display()
        )
    }

    /// Stops cleanly and keeps the data folder as `template`.
    pub(crate) fn keep(mut self, template: &Path) {
        signal("INT", self.process.id());
        self.process.wait().expect("the process is ours");
        copy(&self.folder.path().join("data"), template);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            // At once: the data go away with the folder.
            signal("QUIT", self.process.id());
            let _ = self.process.wait();
        }
    }
}

fn initialise(folder: &Path, data: &Path) {
    let made = as_database_user(&program("initdb"))
        .args([
            "--username=octroi",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ])
        .args(["--wal-segsize=1", "--pgdata"])
        .arg(data)
        .current_dir(folder)
        .output()
        .expect("initdb runs");
    assert!(
        made.status.success(),
        "initdb failed: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let settings = data.join("postgresql.conf");
    let mut text = std::fs::read_to_string(&settings).expect("initdb writes its settings");
    text.push_str(SETTINGS);
    std::fs::write(&settings, text).expect("the settings can be written");
}

/// Copies a folder with owners and modes.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp")
        .args(["-a", "--reflink=auto"])
        .arg(from)
        .arg(to)
        .status();
    assert!(
        copied.expect("cp runs").success(),
        "{} could not be copied",
        from.display()
    );
}

fn runs_as_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// PostgreSQL refuses to run as root: then it runs as the user of the system's package.
fn as_database_user(program: &Path) -> Command {
    if !runs_as_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "--",
        ])
        .arg(program);
    command
}

/// A program of the newest PostgreSQL that is installed.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let number = version.file_name().to_string_lossy().parse().ok()?;
            Some((number, version.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found
        .pop()
        .map(|(_, path)| path)
        .or_else(|| {
            std::env::split_paths(&path)
                .map(|bin| bin.join(name))
                .find(|p| p.is_file())
        })
        .unwrap_or_else(|| {
            panic!("{name} is not installed; on Debian it comes with `apt-get install postgresql`")
        })
}
