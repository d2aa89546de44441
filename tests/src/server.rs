//! A running `octroi serve`: on a free port, its log in a file, killed when it is dropped.

use crate::binary;
use crate::caller::Caller;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The service as a process.
pub struct Server {
    process: Child,
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// The same, where it answers operators.
    pub operations: String,
    log: PathBuf,
}

impl Server {
    /// Starts and waits until it is ready. `log` is appended to.
    pub(crate) fn start(
        home: &Path,
        database_url: &str,
        environment: &[(String, String)],
        log: &Path,
    ) -> Self {
        Self::start_as(binary::command(), home, database_url, environment, log)
    }

    /// [`Server::start`] by a command that runs the binary.
    pub(crate) fn start_as(
        mut command: Command,
        home: &Path,
        database_url: &str,
        environment: &[(String, String)],
        log: &Path,
    ) -> Self {
        let earlier = std::fs::metadata(log).map_or(0, |file| file.len());
        let file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("the log opens");
        let process = command
            .arg("serve")
            .env("OCTROI_HOME", home)
            .env("OCTROI_DATABASE__URL", database_url)
            .env("OCTROI_SERVER__ADDRESS", "127.0.0.1:0")
            .env("OCTROI_SERVER__SECURE_COOKIES", "false")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("the service starts");
        let mut server = Self {
            process,
            base: String::new(),
            operations: String::new(),
            log: log.to_owned(),
        };
        (server.base, server.operations) =
            server.wait_for(|server| server.addresses_after(earlier as usize), "listen");
        let caller = Caller::new(&server.operations, None);
        server.wait_for(
            |_| {
                caller
                    .try_send("GET", "/health/ready", &[], None)
                    .ok()
                    .filter(|a| a.status == 200)
            },
            "get ready",
        );
        server
    }

    fn wait_for<T>(&mut self, done: impl Fn(&Self) -> Option<T>, what: &str) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = done(self) {
                return found;
            }
            let ended = self.process.try_wait().expect("the process can be asked");
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "the service did not {what} ({ended:?}); its log:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The service logs where it listens, for everybody and for operators.
    fn addresses_after(&self, offset: usize) -> Option<(String, String)> {
        let log = self.log();
        log.get(offset..)?.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let address = line["fields"]["address"].as_str()?;
            let operations = line["fields"]["operations"].as_str().unwrap_or(address);
            Some((format!("http://{address}"), format!("http://{operations}")))
        })
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// `kill -9`, as a power cut would.
    pub fn kill(mut self) {
        self.process.kill().expect("the process is ours");
        self.process.wait().expect("the process is ours");
    }

    /// SIGTERM, as an orchestrator stops a service; use [`Server::wait`] for its end.
    pub fn terminate(&self) {
        signal("TERM", self.process.id());
    }

    /// Waits for the end; true when it ended well.
    pub fn wait(mut self) -> bool {
        self.process.wait().expect("the process is ours").success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a signal to a process that we started.
pub fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string())
        .status();
    assert!(
        status.expect("kill runs").success(),
        "SIG{name} could not be sent to {process}"
    );
}
