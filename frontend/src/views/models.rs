//! The list of models with their versions and aliases: `GET /models`.

use serde::Serialize;

use super::View;

/// Data of the models page.
#[derive(Clone, Debug, Serialize)]
pub struct ModelsView {
    pub models: Vec<ModelRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ModelRow {
    pub name: String,
    pub portfolio: String,
    pub aliases: Vec<AliasRow>,
    /// Newest first.
    pub versions: Vec<VersionRow>,
}

/// An alias is a movable pointer to a version.
#[derive(Clone, Debug, Serialize)]
pub struct AliasRow {
    pub alias: String,
    pub version: String,
    /// RFC 3339.
    pub since: String,
    pub by: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct VersionRow {
    pub version: String,
    /// Aliases that point here.
    pub aliases: Vec<String>,
    /// Words for it in the language asked (`gradient boosting`).
    pub algorithm: String,
    pub auc: f64,
    pub threshold: f64,
    pub created_at: String,
    pub created_by: String,
    /// SHA-256, hexadecimal; shown shortened.
    pub digest: String,
}

impl View for ModelsView {
    const TEMPLATE: &'static str = "models.html";
}
