//! Fetches what the pages load from npm (pico, htmx, Chart.js) when it is not there yet:
//! no third-party code is committed, only the lock file with its digests.

use std::{env, fs, path::Path, process::Command};

/// Packages of package.json and the file of each that `src/assets.rs` embeds.
const NEEDED: [(&str, &str); 3] = [
    ("@picocss/pico", "css/pico.min.css"),
    ("htmx.org", "dist/htmx.min.js"),
    ("chart.js", "dist/chart.umd.min.js"),
];

const HOW_TO_INSTALL: &str = "Install Node.js 18 or newer with npm (Debian and Ubuntu: `apt-get install nodejs npm`; \
     macOS: `brew install node`; others: https://nodejs.org) and build again.";

fn main() {
    for watched in [
        "build.rs",
        "package-lock.json",
        "assets",
        "templates",
        "locales",
    ] {
        println!("cargo::rerun-if-changed={watched}");
    }
    for (package, file) in NEEDED {
        println!("cargo::rerun-if-changed=node_modules/{package}/{file}");
    }
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let here = Path::new(&here);
    if is_installed(here) {
        return;
    }
    println!("cargo::warning=fetching pico, htmx and Chart.js from npm (once)");
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let answer = Command::new(npm)
        .args([
            "ci",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ])
        .current_dir(here)
        .output();
    match answer {
        Err(error) => stop(&format!(
            "the pages need pico, htmx and Chart.js from npm, but `npm` could not be started ({error}). {HOW_TO_INSTALL}"
        )),
        Ok(output) if !output.status.success() => stop(&format!(
            "`npm ci` in frontend/ failed, so that pico, htmx and Chart.js are missing. npm needs Node.js 18 or newer \
             and the network (or a filled cache). It said: {}",
            String::from_utf8_lossy(&output.stderr)
                .trim()
                .replace('\n', " | ")
        )),
        Ok(_) => {
            if !is_installed(here) {
                stop(
                    "`npm ci` in frontend/ ended well but a file that src/assets.rs embeds is not there, \
                     or its version is not the one of package.json.",
                );
            }
        }
    }
}

/// Every needed file is there, in the version that package.json names.
fn is_installed(here: &Path) -> bool {
    let text = |path: &str| fs::read_to_string(here.join(path)).unwrap_or_default();
    let asked = text("package.json");
    NEEDED.iter().all(|(package, file)| {
        let manifest = text(&format!("node_modules/{package}/package.json"));
        let version = manifest
            .split_once("\"version\": \"")
            .and_then(|(_, rest)| rest.split_once('"'));
        let is_asked = version
            .is_some_and(|(version, _)| asked.contains(&format!("\"{package}\": \"{version}\"")));
        is_asked && here.join(format!("node_modules/{package}/{file}")).exists()
    })
}

fn stop(why: &str) -> ! {
    println!("cargo::error={why}");
    std::process::exit(1)
}
