//! Style sheets, scripts and icons, embedded in the binary: our own from `assets/`, pico,
//! htmx and Chart.js from `node_modules/`. The entity tag is the digest of the content, and
//! pages link assets with a short form of it, so that a browser may keep them for ever.

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Own;

#[derive(RustEmbed)]
#[folder = "node_modules/"]
#[include = "@picocss/pico/css/pico.min.css"]
#[include = "htmx.org/dist/htmx.min.js"]
#[include = "chart.js/dist/chart.umd.min.js"]
struct Vendor;

/// One file to be served.
#[derive(Clone, Debug)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: &'static str,
    /// Strong entity tag with its quotes.
    pub etag: String,
}

/// The asset at a path below `/assets/`.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let file = embedded(path)?;
    let extension = path.rsplit('.').next()?;
    Some(Asset {
        content_type: content_type(extension),
        etag: format!("\"{}\"", hex(&file, 32)),
        bytes: file.data,
    })
}

/// Address of an asset with its version: `/assets/octroi.css?v=1a2b3c4d5e6f`.
#[must_use]
pub fn asset_url(path: &str) -> Option<String> {
    Some(format!("/assets/{path}?v={}", hex(&embedded(path)?, 6)))
}

/// Paths of all assets below `/assets/`.
#[must_use]
pub fn asset_paths() -> Vec<String> {
    let vendor = ["pico.css", "htmx.js", "chart.js"].map(str::to_owned);
    Own::iter().map(Cow::into_owned).chain(vendor).collect()
}

fn embedded(path: &str) -> Option<EmbeddedFile> {
    match path {
        "pico.css" => Vendor::get("@picocss/pico/css/pico.min.css"),
        "htmx.js" => Vendor::get("htmx.org/dist/htmx.min.js"),
        "chart.js" => Vendor::get("chart.js/dist/chart.umd.min.js"),
        own => Own::get(own),
    }
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

fn hex(file: &EmbeddedFile, bytes: usize) -> String {
    use std::fmt::Write as _;
    file.metadata.sha256_hash()[..bytes]
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_bytes_a_type_and_a_tag() {
        for path in asset_paths() {
            let asset = asset(&path).unwrap_or_else(|| panic!("{path} is not there"));
            assert!(!asset.bytes.is_empty(), "{path} is empty");
            assert_ne!(asset.content_type, "application/octet-stream", "{path}");
            assert_eq!(asset.etag.len(), 66, "{path}");
        }
    }

    #[test]
    fn a_path_outside_is_not_found() {
        assert!(asset("../Cargo.toml").is_none());
        assert!(asset("@picocss/pico/css/pico.css").is_none());
    }

    #[test]
    fn no_style_sheet_loads_anything_from_elsewhere() {
        let own = asset("octroi.css").map(|a| a.bytes).unwrap_or_default();
        let own = String::from_utf8_lossy(&own);
        assert!(!own.contains("http:") && !own.contains("https:") && !own.contains("data:"));
    }
}
