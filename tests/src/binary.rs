//! The binary under test: it lies in the folder of the profile that the tests were built with.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The folder of the profile, for example `target/demo`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    // target/PROFILE/deps/SUITE-HASH
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("tests lie two folders deep");
    folder.to_owned()
}

/// The built binary.
pub(crate) fn path() -> PathBuf {
    let path = profile_folder().join("octroi");
    assert!(
        path.is_file(),
        "{} is not there: run `cargo build --workspace --profile demo` first (with the profile \
         that the tests are built with)",
        path.display()
    );
    path
}

/// Where the suites keep what they make once: `target/tmp`.
pub(crate) fn scratch() -> PathBuf {
    let profile = profile_folder();
    profile.parent().unwrap_or(&profile).join("tmp")
}

/// A file of the repository, by its path from the root.
pub fn source_file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the root");
    let file = root.join(path);
    std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", file.display()))
}

/// The binary with nothing of the caller's own configuration.
pub(crate) fn command() -> Command {
    let mut command = Command::new(path());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OCTROI_") {
            command.env_remove(name);
        }
    }
    command
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub succeeded: bool,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The standard output of a command that must succeed.
    #[track_caller]
    pub fn expect_success(self) -> String {
        assert!(
            self.succeeded,
            "the command failed:\n{}\n{}",
            self.out, self.err
        );
        self.out
    }

    /// The standard error of a command that must fail.
    #[track_caller]
    pub fn expect_failure(self) -> String {
        assert!(!self.succeeded, "the command succeeded:\n{}", self.out);
        self.err
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            succeeded: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a command of the binary with its home in `home`.
pub fn octroi<S: AsRef<OsStr>>(home: &Path, arguments: &[S]) -> Ran {
    let mut command = command();
    command.env("OCTROI_HOME", home).args(arguments);
    command.output().expect("the binary starts").into()
}

/// [`octroi`] with this umask.
pub fn octroi_as<S: AsRef<OsStr>>(umask: &str, home: &Path, arguments: &[S]) -> Ran {
    let mut command = with_umask(umask);
    command.env("OCTROI_HOME", home).args(arguments);
    command.output().expect("the binary starts").into()
}

/// The binary as a shell with this umask starts it.
pub(crate) fn with_umask(umask: &str) -> Command {
    let binary = command();
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("umask {umask}; exec \"$@\""))
        .arg("sh")
        .arg(binary.get_program());
    for (name, _) in binary.get_envs() {
        shell.env_remove(name);
    }
    shell
}

/// Starts a command of the binary with its home in `home` and both outputs to be read.
pub fn start<S: AsRef<OsStr>>(home: &Path, arguments: &[S]) -> Child {
    let mut command = command();
    command
        .env("OCTROI_HOME", home)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("the binary starts")
}
