//! `octroi demo` on a copy of the fixture: what a newcomer starts, and the only way of
//! serving that names its logins on the sign-in page.

use octroi_tests::{DatabaseKind, Installation};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A running demo.
pub(crate) struct Demo {
    process: Child,
    /// `http://127.0.0.1:port`.
    pub(crate) base: String,
    // Its files, gone when it is dropped.
    _installation: Installation,
}

impl Demo {
    pub(crate) fn start() -> Self {
        let installation = Installation::prepared(DatabaseKind::Sqlite);
        let test = std::env::current_exe().expect("a running test has a path");
        let binary = test
            .ancestors()
            .nth(2)
            .expect("tests lie two folders deep")
            .join("octroi");
        let log = File::create(installation.folder().join("demo.log")).expect("a log file");
        let mut process = Command::new(binary)
            .args(["demo", "--home"])
            .arg(installation.home())
            .env("OCTROI_SERVER__ADDRESS", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the demo starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let base = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Octroi is at ").map(str::to_owned));
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let base = base.unwrap_or_else(|| {
            let log = std::fs::read_to_string(installation.folder().join("demo.log"));
            panic!("the demo did not start:\n{}", log.unwrap_or_default())
        });
        Self {
            process,
            base,
            _installation: installation,
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
