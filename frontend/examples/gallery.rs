//! Writes every page, filled with invented data, in both languages, with all assets, into a
//! folder that any web server can serve: `cargo run --example gallery -- <folder>`.

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

use std::{env, error::Error, fs, path::PathBuf};

use octroi_frontend::{Language, Pages, asset, asset_paths};

fn main() {
    if let Err(error) = write() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn write() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("say which folder to write into")?);
    let pages = Pages::new()?;
    let assets = folder.join("assets");
    fs::create_dir_all(&assets)?;
    for path in asset_paths() {
        let file = asset(&path).ok_or("an asset is listed but absent")?;
        fs::write(assets.join(path), &file.bytes)?;
    }
    let policy = octroi_frontend::document::content_security_policy();
    fs::write(folder.join("document-policy.txt"), policy)?;
    for language in Language::ALL {
        let target = folder.join(language.as_str());
        fs::create_dir_all(&target)?;
        for (name, html) in fixtures::all_pages(&pages, language)? {
            fs::write(target.join(format!("{name}.html")), html)?;
        }
    }
    Ok(())
}
