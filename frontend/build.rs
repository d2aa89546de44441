//! Fetches what the pages load from npm (pico, htmx, Chart.js) when it is not there yet:
//! no third-party code is committed, only the lock file with its digests.

use std::{env, fs, path::Path, process::Command};

/// The files that `src/assets.rs` embeds.
const NEEDED: [&str; 3] = [
    "node_modules/@picocss/pico/css/pico.min.css",
    "node_modules/htmx.org/dist/htmx.min.js",
    "node_modules/chart.js/dist/chart.umd.min.js",
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
    for file in NEEDED {
        println!("cargo::rerun-if-changed={file}");
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
            if let Some(absent) = NEEDED.iter().find(|file| !here.join(file).exists()) {
                stop(&format!(
                    "`npm ci` in frontend/ ended well but {absent} is not there; package.json and src/assets.rs disagree."
                ));
            }
        }
    }
}

/// Everything is there, and no older than the lock file asks for.
fn is_installed(here: &Path) -> bool {
    let changed = |path: &str| {
        fs::metadata(here.join(path))
            .and_then(|m| m.modified())
            .ok()
    };
    NEEDED.iter().all(|file| here.join(file).exists())
        && changed("node_modules/.package-lock.json") >= changed("package-lock.json")
}

fn stop(why: &str) -> ! {
    println!("cargo::error={why}");
    std::process::exit(1)
}
